"""Prints, for each zone in PYTHONTZPATH that is named on standard input, its offset at the beginning of 1970, and its changes
until 2120. With each change come the offsets of local times around it, by rule 3 (fold=0)."""

import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

# No zone keeps an offset for less than six days.
STEP = 5 * 86400
FIRST = int(datetime(1970, 1, 1, tzinfo=timezone.utc).timestamp())
LAST = int(datetime(2120, 1, 1, tzinfo=timezone.utc).timestamp())
EPOCH = datetime(1970, 1, 1)


def offset(zone, at):
    return int(datetime.fromtimestamp(at, zone).utcoffset().total_seconds())


def change_between(zone, low, high):
    """The first second with the offset that `high` has."""
    before = offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def local_offsets(zone, at, before, after):
    found = []
    for base in (at + before, at + after):
        for seconds in (-86400, -3601, -3600, -1800, -1, 0, 1, 1799, 1800, 3599, 3600, 86400):
            local = base + seconds
            naive = EPOCH + timedelta(seconds=local)
            found.append((local, int(naive.replace(tzinfo=zone).utcoffset().total_seconds())))
    return found


for name in json.load(sys.stdin):
    zone = ZoneInfo(name)
    at = FIRST
    changes = []
    while at < LAST:
        later = at + STEP
        before = offset(zone, at)
        if offset(zone, later) == before:
            at = later
            continue
        at = change_between(zone, at, later)
        after = offset(zone, at)
        changes.append((at, after, local_offsets(zone, at, before, after)))
    print(json.dumps({"name": name, "first": offset(zone, FIRST), "changes": changes}))
