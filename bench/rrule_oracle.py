"""Compares the occurrences of random RRULEs with those of python-dateutil, through a running server.

    python3 bench/rrule_oracle.py http://localhost:8080/graphql [RULES] [SEED]

A rule that the server refuses is counted by its reason. Any other difference is printed, and makes the script fail.
"""

import collections
import json
import random
import sys
import urllib.request
from datetime import datetime, timedelta

from dateutil.rrule import rrulestr

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
SHOWN = 100
QUERY = """query($input: PreviewRecurrenceInput!, $first: Int!) {
    previewRecurrence(input: $input) { occurrences(first: $first) { date } }
}"""


def some(values, most):
    return random.sample(values, random.randint(1, min(most, len(values))))


def rule(start):
    frequency = random.choice(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={frequency}"]
    positions = [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]

    def add(name, values):
        parts.append(f"{name}={','.join(map(str, values))}")

    if random.random() < 0.4 and frequency != "DAILY":
        add("INTERVAL", [random.choice([1, 2, 2, 3, 4, 6, 12])])
    if random.random() < 0.3:
        add("WKST", [random.choice(DAYS)])
    if random.random() < 0.4 or frequency == "YEARLY":
        add("BYMONTH", some(range(1, 13), 4))
    chosen = random.random()
    if frequency == "DAILY":
        if chosen < 0.3:
            add("BYDAY", some(DAYS, 4))
    elif frequency == "WEEKLY":
        if chosen < 0.8:
            add("BYDAY", some(DAYS, 4))
    elif chosen < 0.35:
        add("BYDAY", [f"{position}{random.choice(DAYS)}" for position in some(positions, 3)])
    elif chosen < 0.55:
        add("BYMONTHDAY", some([*range(1, 32), *range(-31, 0)], 4))
    elif chosen < 0.7:
        add("BYDAY", some(DAYS, 5))
        add("BYSETPOS", some([-2, -1, 1, 2, 3], 2))
    elif chosen < 0.8:
        add("BYDAY", some(DAYS, 2))
        add("BYMONTHDAY", random.choice([range(1, 8), range(8, 15), range(15, 22), range(-7, 0), [13]]))
    elif chosen < 0.9:
        add("BYDAY", some(DAYS, 3))
    ended = random.random()
    if ended < 0.2:
        add("COUNT", [random.randint(1, 40)])
    elif ended < 0.4:
        until = start + timedelta(days=random.randint(0, 900))
        add("UNTIL", [until.strftime("%Y%m%dT%H%M%SZ")])
    return ";".join(parts)


def ask(address, variables):
    body = json.dumps({"query": QUERY, "variables": variables}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        answer = json.load(urllib.request.urlopen(request, timeout=60))
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    if answer.get("errors"):
        return None, answer["errors"][0]["message"]
    return [it["date"] for it in answer["data"]["previewRecurrence"]["occurrences"]], None


def main():
    address = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    random.seed(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    refused, compared, wrong = collections.Counter(), 0, 0
    for _ in range(count):
        start = datetime(random.randint(2024, 2030), random.randint(1, 12), random.randint(1, 28), 19)
        text = rule(start)
        day = start.date().isoformat()
        schedule = {"rrule": {"rrule": text, "startTime": "19:00", "endTime": "22:00"}}
        variables = {
            "input": {"timeZone": "UTC", "initiationDate": day, "from": day, "schedules": [schedule]},
            "first": SHOWN,
        }
        dates, reason = ask(address, variables)
        if reason is not None:
            refused[reason[:90]] += 1
            continue
        compared += 1
        zone = "+00:00" if "UNTIL" in text else ""
        found = rrulestr(text, dtstart=datetime.fromisoformat(f"{day}T19:00:00{zone}"))
        last = start.replace(year=start.year + 12).date().isoformat()
        expected = []
        for at in found:
            if len(expected) == SHOWN or at.date().isoformat() > last:
                break
            expected.append(at.date().isoformat())
        if [date for date in dates if date <= last] != expected:
            wrong += 1
            print(f"DIFFERS {day} {text}\n  here     {dates[:12]}\n  dateutil {expected[:12]}")
    print(f"{compared} rules compared, {wrong} differ, {sum(refused.values())} refused:")
    for reason, number in refused.most_common():
        print(f"{number:6} {reason}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
