"""Compares imported calendar files with recurring-ical-events, meeting by meeting, through a running server.

    pip install recurring-ical-events
    INSESSION_TOKEN=$(insession token --admin) python3 bench/calendar_oracle.py http://localhost:8080/graphql [FILE|FOLDER...]

Without files, it takes those of the tests. Each file is imported, so use a database of its own. Two years are compared, from the
first meeting of each event on. What is refused is counted by its reason. Any other difference is printed, and makes the script fail.

Good files to compare are in the tests of other projects: fetch some of them into a folder outside of the repository.
"""

import collections
import json
import os
import pathlib
import re
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar.timezone import tzp

# The zone of times that name none.
ZONE = "Europe/Berlin"
DAYS = 730
# A page of a list.
PAGE = 100
LONGEST = 200 * 1024
FILES = pathlib.Path(__file__).parent.parent / "tests/data/calendars"

IMPORT = """mutation($input: ImportCalendarInput!) { importCalendar(input: $input) {
    imported { uid session { id } } refused { uid reason }
} }"""
MEETINGS = """query($id: ID!, $from: Date!) { session(id: $id) {
    occurrences(first: 100, from: $from) { startsAt endsAt sessionInstance { id } }
    instances(first: 100, from: $from) { nodes { startsAt endsAt isCancelled } }
} }"""


class Asked:
    def __init__(self, address, token):
        self.address = address
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def data(self, document, variables):
        body = json.dumps({"query": document, "variables": variables}).encode()
        try:
            answer = json.load(urllib.request.urlopen(urllib.request.Request(self.address, body, self.headers), timeout=120))
        except urllib.error.HTTPError as error:
            answer = json.load(error)
        if answer.get("errors"):
            return None, answer["errors"][0]["message"]
        return answer["data"], None

    def meetings(self, session, first):
        """The starts and ends of the first meetings from a date on. A meeting without an end ends as it starts."""
        data, problem = self.data(MEETINGS, {"id": session, "from": first.isoformat()})
        if problem:
            raise RuntimeError(problem)
        found = data["session"]
        meetings = [it for it in found["occurrences"] if it["sessionInstance"] is None]
        meetings += [it for it in found["instances"]["nodes"] if not it["isCancelled"]]
        return sorted((it["startsAt"][:19], (it["endsAt"] or it["startsAt"])[:19]) for it in meetings if it["startsAt"])


def date_of(value):
    return value.date() if isinstance(value, datetime) else value


def in_utc(local):
    local = local if local.tzinfo else local.replace(tzinfo=ZoneInfo(ZONE))
    return local.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def expected(calendars, uids):
    """The first date, and the starts and ends of all meetings in two years, as the library has them."""
    one = icalendar.Calendar()
    events = []
    for calendar in calendars:
        for zone in calendar.walk("VTIMEZONE"):
            one.add_component(zone)
        events += [event for event in calendar.walk("VEVENT") if str(event.get("UID")).strip() in uids]
    for event in events:
        one.add_component(event)
    first = min(date_of(event["DTSTART"].dt) for event in events)
    if not 1900 <= first.year <= 2200:
        return first, None
    first -= timedelta(days=2)
    meetings = []
    for event in recurring_ical_events.of(one).between(first, first + timedelta(days=DAYS)):
        start = event["DTSTART"].dt
        if str(event.get("STATUS", "")).upper() == "CANCELLED" or not isinstance(start, datetime):
            continue
        end = event["DTEND"].dt if "DTEND" in event else start
        if start < end and in_utc(end) <= in_utc(start):
            # The clocks skip the start. Then the meeting keeps its length (rule 3 of ARCHITECTURE.md).
            end = start.astimezone(timezone.utc) + (end - start)
        meetings.append((in_utc(start), in_utc(end)))
    return first, sorted(meetings)


def compare(asked, file, number, counts, refused):
    # The same UID in two files would be one session.
    text = re.sub(r"(?m)^(UID:[^\r\n]{0,180})", rf"\1-file-{number}", file.read_bytes().decode("utf-8", "replace"))
    if len(text.encode()) > LONGEST:
        counts["files that are too long for a request"] += 1
        return
    data, problem = asked.data(IMPORT, {"input": {"ics": text, "timeZone": ZONE}})
    if problem:
        counts["files that are refused as a whole"] += 1
        refused[problem[:90]] += 1
        return
    report = data["importCalendar"]
    for event in report["refused"]:
        counts["events refused"] += 1
        refused[re.sub(r'"[^"]*"|\d+', "…", event["reason"])[:110]] += 1
    if not report["imported"]:
        return
    # The library keeps the time zones of files by their names, and another file may have another one of this name.
    tzp.use_default()
    try:
        calendars = icalendar.Calendar.from_ical(text, multiple=True)
    except Exception as error:  # The library has many of its own.
        counts["files that the library cannot read"] += 1
        print(f"LIBRARY {file}: {type(error).__name__} {str(error)[:90]}")
        return
    # All events of a feed of InSession are one session.
    sessions = collections.defaultdict(list)
    for event in report["imported"]:
        sessions[event["session"]["id"]].append(event["uid"])
    for session, uids in sessions.items():
        try:
            first, meetings = expected(calendars, uids)
        except Exception as error:
            counts["events that the library cannot read"] += 1
            print(f"LIBRARY {file} {uids[0][:60]}: {type(error).__name__} {str(error)[:90]}")
            continue
        if meetings is None:
            counts["events in years that the library does not compute"] += 1
            continue
        found = asked.meetings(session, first)
        end = (first + timedelta(days=DAYS - 1)).isoformat()
        # A list has one page of each kind, so only so many of the first meetings can be compared.
        here, there = ([it for it in all if it[0] < end][: PAGE - 10] for all in (found, meetings))
        counts["sessions compared"] += 1
        counts["meetings compared"] += len(here)
        if here != there:
            counts["sessions that differ"] += 1
            print(f"DIFFERS {file} {uids[0][:60]}")
            print(f"  missing {[it for it in there if it not in here][:5]}")
            print(f"  extra   {[it for it in here if it not in there][:5]}")


def main():
    asked = Asked(sys.argv[1], os.environ["INSESSION_TOKEN"])
    folders = [pathlib.Path(name) for name in sys.argv[2:]] or [FILES]
    files = [file for one in folders for file in ([one] if one.is_file() else sorted(one.rglob("*.ics")))]
    counts, refused = collections.Counter({"sessions that differ": 0}), collections.Counter()
    for number, file in enumerate(files):
        compare(asked, file, number, counts, refused)
    print(f"{len(files):6} files")
    for name, number in counts.items():
        print(f"{number:6} {name}")
    print("refused:")
    for reason, number in refused.most_common():
        print(f"{number:6} {reason}")
    sys.exit(counts["sessions that differ"] > 0)


if __name__ == "__main__":
    main()
