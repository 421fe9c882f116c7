//! Between which local times an offset is the same: for recurrence, which reads local times by the thousand.
//!
//! Rule 3 says by which offset a local time is read: in a gap the one before, in a fold the first, that is the one
//! before too. So with every change of the clocks goes one local time, the later of what they show right before and
//! right after it: what is earlier is read with the offset before the change, and everything else with the one after.
//! Between two such times an offset is *steady*.
//!
//! chrono-tz looks changes up but does not list them. They are found by asking for the offset every second day, once a
//! zone: changes of its data are six days apart at least (a test holds that). Before 1970 and after 2099 nothing is
//! listed: there every time is to be asked for by itself.

use std::{
    iter,
    sync::{LazyLock, OnceLock},
};

use chrono::{Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};

use super::{ClockChange, Tz};

/// Local times from `from` up to, not including, `until` are read with `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steady {
    pub(crate) from: NaiveDateTime,
    pub(crate) until: NaiveDateTime,
    pub(crate) offset: FixedOffset,
}

impl Steady {
    /// Those to which a local time belongs, if they are listed.
    pub(crate) fn around(zone: Tz, local: NaiveDateTime) -> Option<Self> {
        let all = steady_times(zone);
        let place = all.partition_point(|steady| steady.until <= local);
        all.get(place).filter(|steady| steady.from <= local).copied()
    }
}

/// The changes of a zone's clocks, in order, as far as they are listed.
pub(super) fn clock_changes(zone: Tz) -> impl Iterator<Item = ClockChange> {
    steady_times(zone).windows(2).filter_map(|pair| {
        let (before, after) = (pair.first()?, pair.last()?);
        let later = if after.offset.local_minus_utc() > before.offset.local_minus_utc() { after } else { before };
        let at = before.until.checked_sub_offset(later.offset)?.and_utc();
        Some(ClockChange { at, before: before.offset, after: after.offset })
    })
}

/// Where the listed changes begin and end.
const FIRST: NaiveDateTime = NaiveDateTime::new(year_begins(1970), NaiveTime::MIN);
const LAST: NaiveDateTime = NaiveDateTime::new(year_begins(2100), NaiveTime::MIN);

const fn year_begins(year: i32) -> NaiveDate {
    match NaiveDate::from_yo_opt(year, 1) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

const STEP: TimeDelta = TimeDelta::days(2);

fn zone_offset(zone: Tz, utc: NaiveDateTime) -> FixedOffset {
    zone.offset_from_utc_datetime(&utc).fix()
}

/// A zone's steady times, one after the other; computed when they are first asked for.
fn steady_times(zone: Tz) -> &'static [Steady] {
    static ALL: LazyLock<Vec<OnceLock<Box<[Steady]>>>> =
        LazyLock::new(|| iter::repeat_with(OnceLock::new).take(chrono_tz::TZ_VARIANTS.len()).collect());
    ALL.get(zone as usize).map_or(&[], |times| times.get_or_init(|| compute_steady_times(zone)))
}

fn compute_steady_times(zone: Tz) -> Box<[Steady]> {
    let mut times = Vec::new();
    // A change before the first day may reach a day into it, and one after the last a day back.
    let day = Days::new(1);
    let mut from = FIRST.checked_add_days(day).unwrap_or(FIRST);
    let mut offset = zone_offset(zone, FIRST);
    for change in changes(zone) {
        let after = zone_offset(zone, change);
        let later = if after.local_minus_utc() > offset.local_minus_utc() { after } else { offset };
        let until = change.checked_add_offset(later).unwrap_or(change);
        times.push(Steady { from, until, offset });
        (from, offset) = (until, after);
    }
    times.push(Steady { from, until: LAST.checked_sub_days(day).unwrap_or(LAST), offset });
    times.into_boxed_slice()
}

/// The instants (in UTC) from which on another offset holds.
fn changes(zone: Tz) -> Vec<NaiveDateTime> {
    let mut changes = Vec::new();
    let mut at = FIRST;
    while let Some(next) = at.checked_add_signed(STEP).filter(|next| *next <= LAST) {
        let offset = zone_offset(zone, at);
        at = if zone_offset(zone, next) == offset {
            next
        } else {
            let change = first_other(zone, at, next);
            changes.push(change);
            change
        };
    }
    changes
}

/// The second between two instants from which on the offset is not that of the first.
fn first_other(zone: Tz, mut same: NaiveDateTime, mut other: NaiveDateTime) -> NaiveDateTime {
    let offset = zone_offset(zone, same);
    loop {
        let half = other.signed_duration_since(same).num_seconds() / 2;
        match same.checked_add_signed(TimeDelta::seconds(half)) {
            Some(middle) if half > 0 => {
                if zone_offset(zone, middle) == offset {
                    same = middle;
                } else {
                    other = middle;
                }
            }
            _ => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::instant_of, *};

    /// As the zone reads them one by one: around every listed change, and on odd days between.
    #[test]
    fn steady_times_are_read_right() {
        for zone in chrono_tz::TZ_VARIANTS {
            let check = |local: NaiveDateTime| {
                let steady = Steady::around(zone, local).unwrap();
                assert_eq!((local - steady.offset).and_utc(), instant_of(zone, local), "{local} {zone}");
            };
            for steady in steady_times(zone).split_last().unwrap().1 {
                for minutes in [-1441, -61, -60, -30, -1, 0, 1, 30] {
                    check(steady.until + TimeDelta::minutes(minutes));
                }
            }
            for days in (1..47_000).step_by(11) {
                check(FIRST + TimeDelta::days(days) + TimeDelta::minutes(days % 1440));
            }
        }
        for outside in [FIRST, LAST] {
            assert_eq!(Steady::around(Tz::UTC, outside), None);
        }
    }

    #[test]
    fn changes_of_the_clocks_are_what_they_were_made_from() {
        for zone in chrono_tz::TZ_VARIANTS {
            let told: Vec<_> = clock_changes(zone).map(|change| change.at.naive_utc()).collect();
            assert_eq!(told, changes(zone), "{zone}");
            for ClockChange { at, before, after } in clock_changes(zone) {
                let second = TimeDelta::seconds(1);
                let seen = (zone_offset(zone, at.naive_utc() - second), zone_offset(zone, at.naive_utc()));
                assert_eq!((before, after), seen, "{at} {zone}");
            }
        }
    }

    /// If that should fail with newer zone data, STEP must be shorter.
    #[test]
    fn changes_are_farther_apart_than_the_step() {
        let mut shortest = TimeDelta::MAX;
        for zone in chrono_tz::TZ_VARIANTS {
            let changes = changes(zone);
            let apart = changes.windows(2).map(|pair| pair[1] - pair[0]);
            shortest = apart.fold(shortest, TimeDelta::min);
            // Halfway between two probes nothing else is to be seen.
            let mut at = FIRST + STEP / 2;
            while at < LAST {
                let known = changes.partition_point(|change| *change <= at);
                let since = known.checked_sub(1).map_or(FIRST, |index| changes[index]);
                assert_eq!(zone_offset(zone, at), zone_offset(zone, since), "{at} {zone}");
                at += STEP;
            }
        }
        assert!(shortest > TimeDelta::days(6), "{shortest}");
    }
}
