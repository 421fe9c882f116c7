"""Occurrences a second of python-dateutil, on the rules of the benchmark `recurrence`.

    cargo run --release -p insession-bench -- recurrence --rules | python3 bench/recurrence_dateutil.py

Rules are expanded on local times; the zone is then applied to each occurrence, which gives its instant.
"""

import statistics
import sys
import time
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

REPETITIONS = 5


def expand(starts, until, rule, zone):
    rule = rrulestr(rule, dtstart=starts).replace(until=until)
    return [at.replace(tzinfo=zone).astimezone(timezone.utc) for at in rule]


def main():
    print(f"{'rule':<58} {'occurrences a second (millions)':>32}")
    for line in sys.stdin:
        name, starts, until, rule = line.rstrip("\n").split("\t")
        starts, until = datetime.fromisoformat(starts), datetime.fromisoformat(until)
        times = []
        for _ in range(REPETITIONS):
            begin = time.perf_counter()
            count = len(expand(starts, until, rule, ZoneInfo(name)))
            times.append(time.perf_counter() - begin)
        print(f"{name + ' ' + rule:<58} {count / statistics.median(times) / 1e6:>32.4f}")


if __name__ == "__main__":
    main()
