//! Offset periods: ranges of local times that have the same offset from UTC. Recurrence uses them, because it converts
//! thousands of local times.
//!
//! Rule 3 gives each local time one offset. A time in a gap has the offset before the gap. A time that occurs twice is
//! the first one, so it also has the offset before the change. Each clock change therefore has one boundary: the later
//! of the two local times that clocks show just before and just after it. Earlier local times have the old offset, and
//! the boundary and all later ones have the new offset. An *offset period* lies between two boundaries.
//!
//! chrono-tz can look up an offset, but it does not list the changes. They are found by looking up the offset for every
//! second day, once for each zone. Changes are at least six days apart (a test checks this). Only the years 1970 to
//! 2099 are listed; for other years the caller must convert each time by itself.

use std::{
    iter,
    sync::{LazyLock, OnceLock},
};

use chrono::{Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};

use super::{ClockChange, Tz};

/// The local times from `from` up to, but not including, `until`. They have the offset `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffsetPeriod {
    pub(crate) from: NaiveDateTime,
    pub(crate) until: NaiveDateTime,
    pub(crate) offset: FixedOffset,
}

impl OffsetPeriod {
    /// The period that contains a local time. `None` if the time is outside the listed years.
    pub(crate) fn around(zone: Tz, local: NaiveDateTime) -> Option<Self> {
        let periods = offset_periods(zone);
        let index = periods.partition_point(|period| period.until <= local);
        periods.get(index).filter(|period| period.from <= local).copied()
    }
}

/// The listed clock changes of a zone, in ascending order.
pub(super) fn clock_changes(zone: Tz) -> impl Iterator<Item = ClockChange> {
    offset_periods(zone).windows(2).filter_map(|pair| {
        let (before, after) = (pair.first()?, pair.last()?);
        let later = if after.offset.local_minus_utc() > before.offset.local_minus_utc() { after } else { before };
        let at = before.until.checked_sub_offset(later.offset)?.and_utc();
        Some(ClockChange { at, before: before.offset, after: after.offset })
    })
}

/// The begin and the end of the listed years, in UTC.
const FIRST: NaiveDateTime = NaiveDateTime::new(year_begins(1970), NaiveTime::MIN);
const LAST: NaiveDateTime = NaiveDateTime::new(year_begins(2100), NaiveTime::MIN);

const fn year_begins(year: i32) -> NaiveDate {
    match NaiveDate::from_yo_opt(year, 1) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

/// The distance between two instants for which the offset is looked up.
const STEP: TimeDelta = TimeDelta::days(2);

fn zone_offset(zone: Tz, utc: NaiveDateTime) -> FixedOffset {
    zone.offset_from_utc_datetime(&utc).fix()
}

/// The offset periods of a zone, in ascending order. They are computed on first use.
fn offset_periods(zone: Tz) -> &'static [OffsetPeriod] {
    static ALL: LazyLock<Vec<OnceLock<Box<[OffsetPeriod]>>>> =
        LazyLock::new(|| iter::repeat_with(OnceLock::new).take(chrono_tz::TZ_VARIANTS.len()).collect());
    ALL.get(zone as usize).map_or(&[], |periods| periods.get_or_init(|| compute_offset_periods(zone)))
}

fn compute_offset_periods(zone: Tz) -> Box<[OffsetPeriod]> {
    let mut periods = Vec::new();
    // The boundary of an unlisted change may be up to a day inside the listed years, so a day is left out at either
    // end.
    let day = Days::new(1);
    let mut from = FIRST.checked_add_days(day).unwrap_or(FIRST);
    let mut offset = zone_offset(zone, FIRST);
    for change in changes(zone) {
        let after = zone_offset(zone, change);
        let later = if after.local_minus_utc() > offset.local_minus_utc() { after } else { offset };
        let until = change.checked_add_offset(later).unwrap_or(change);
        periods.push(OffsetPeriod { from, until, offset });
        (from, offset) = (until, after);
    }
    periods.push(OffsetPeriod { from, until: LAST.checked_sub_days(day).unwrap_or(LAST), offset });
    periods.into_boxed_slice()
}

/// The first instant of each new offset, in UTC.
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

/// The first second between two instants at which the offset differs from that of the first instant.
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

    /// Compares with [`instant_of`], around every listed change and on every eleventh day.
    #[test]
    fn offset_periods_agree_with_single_conversions() {
        for zone in chrono_tz::TZ_VARIANTS {
            let check = |local: NaiveDateTime| {
                let period = OffsetPeriod::around(zone, local).unwrap();
                assert_eq!((local - period.offset).and_utc(), instant_of(zone, local), "{local} {zone}");
            };
            for period in offset_periods(zone).split_last().unwrap().1 {
                for minutes in [-1441, -61, -60, -30, -1, 0, 1, 30] {
                    check(period.until + TimeDelta::minutes(minutes));
                }
            }
            for days in (1..47_000).step_by(11) {
                check(FIRST + TimeDelta::days(days) + TimeDelta::minutes(days % 1440));
            }
        }
        for outside in [FIRST, LAST] {
            assert_eq!(OffsetPeriod::around(Tz::UTC, outside), None);
        }
    }

    #[test]
    fn clock_changes_are_recovered_from_the_offset_periods() {
        for zone in chrono_tz::TZ_VARIANTS {
            let found: Vec<_> = clock_changes(zone).map(|change| change.at.naive_utc()).collect();
            assert_eq!(found, changes(zone), "{zone}");
            for ClockChange { at, before, after } in clock_changes(zone) {
                let second = TimeDelta::seconds(1);
                let seen = (zone_offset(zone, at.naive_utc() - second), zone_offset(zone, at.naive_utc()));
                assert_eq!((before, after), seen, "{at} {zone}");
            }
        }
    }

    /// If this fails with newer zone data, STEP must be shorter.
    #[test]
    fn changes_are_farther_apart_than_the_step() {
        let mut shortest = TimeDelta::MAX;
        for zone in chrono_tz::TZ_VARIANTS {
            let changes = changes(zone);
            let apart = changes.windows(2).map(|pair| pair[1] - pair[0]);
            shortest = apart.fold(shortest, TimeDelta::min);
            // Halfway between two lookups there must be no unlisted change.
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
