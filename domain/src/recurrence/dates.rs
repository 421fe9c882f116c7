//! The dates of one schedule, in ascending order.
//!
//! The first date is computed with day numbers: day 1 is Monday, 1 January of the year 1.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::{Calendar, Schedule};

/// 1 January 1 and 31 December 9999.
const FIRST_DAY: i32 = 1;
const LAST_DAY: i32 = 3_652_059;

/// Monday, 5 January 1970. Its week is week 0 of 'every n weeks' if the calendar has no anchor and no initiation date.
const DEFAULT_ANCHOR: i32 = 719_167;

/// The dates on which a schedule meets, ascending.
#[derive(Debug, Clone)]
pub(super) struct Dates {
    pattern: Pattern,
    last: NaiveDate,
}

#[derive(Debug, Clone)]
enum Pattern {
    Weekly {
        /// `None` at the end of chrono's calendar.
        next: Option<NaiveDate>,
        step: Days,
    },
    Monthly(Monthly),
}

#[derive(Debug, Clone)]
struct Monthly {
    weekday: i32,
    /// Bit 0 is the first such weekday of the month.
    from_start: u8,
    /// Bit 1 is the last such weekday of the month, bit 2 the second to last.
    from_end: u8,
    /// Dates before this one are skipped.
    first: NaiveDate,
    /// The first day of the next month to read. `None` at the end of chrono's calendar.
    next_month: Option<NaiveDate>,
    /// The weeks of the current month that are still to come, as bits.
    pending: u8,
    /// The date of week 0 of the current month.
    week_zero: NaiveDate,
}

impl Dates {
    /// The dates from `from` to `to`, both included, as far as the calendar allows. The cost does not depend on how far
    /// `from` is from the anchor.
    pub(super) fn new(schedule: &Schedule, calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Self {
        let day = |date: NaiveDate| date.num_days_from_ce();
        let mut first = day(from).max(FIRST_DAY);
        let mut last = day(to).min(LAST_DAY);
        if let Some(initiation) = calendar.initiation {
            first = first.max(day(initiation));
        }
        if let Some(termination) = calendar.termination {
            last = last.min(day(termination));
        }
        let weekday = days_from_monday(schedule.weekday());
        let pattern = match schedule {
            Schedule::Weekly { every_n_weeks: 0 | 1, .. } => weekly(on_or_after(first, weekday), 7),
            Schedule::Weekly { every_n_weeks, .. } => {
                let anchor = calendar.anchor.or(calendar.initiation).map(day);
                first = first.max(anchor.unwrap_or(first));
                let anchor = anchor.unwrap_or(DEFAULT_ANCHOR);
                // A valid interval is at most 520.
                let step = 7 * i32::try_from(*every_n_weeks).unwrap_or(520).min(520);
                // The weekday of week 0, which may be before the anchor.
                let base = anchor - weekday_of(anchor) + weekday;
                let elapsed = (first - base).rem_euclid(step);
                weekly(if elapsed == 0 { first } else { first - elapsed + step }, step)
            }
            Schedule::Monthly { which, .. } => monthly(weekday, which, first),
        };
        Self { pattern, last: date_of(last).unwrap_or(NaiveDate::MIN) }
    }
}

impl Iterator for Dates {
    type Item = NaiveDate;

    fn next(&mut self) -> Option<NaiveDate> {
        let date = match &mut self.pattern {
            Pattern::Weekly { next, step } => {
                let date = (*next)?;
                *next = date.checked_add_days(*step);
                date
            }
            Pattern::Monthly(monthly) => monthly.next(self.last)?,
        };
        (date <= self.last).then_some(date)
    }
}

fn weekly(next: i32, step: i32) -> Pattern {
    Pattern::Weekly { next: date_of(next), step: Days::new(step.unsigned_abs().into()) }
}

fn monthly(weekday: i32, which: &[i8], first: i32) -> Pattern {
    let first = date_of(first).unwrap_or(NaiveDate::MAX);
    let bits = |sign: i8| which.iter().filter(move |position| position.signum() == sign);
    Pattern::Monthly(Monthly {
        weekday,
        from_start: bits(1).fold(0, |bits, position| bits | 1 << ((position - 1) & 7)),
        from_end: bits(-1).fold(0, |bits, position| bits | 1 << (-position & 7)),
        first,
        next_month: first.with_day(1),
        pending: 0,
        week_zero: first,
    })
}

impl Monthly {
    fn next(&mut self, last: NaiveDate) -> Option<NaiveDate> {
        loop {
            while self.pending == 0 {
                self.begin_month(last)?;
            }
            let week = self.pending.trailing_zeros();
            self.pending &= self.pending - 1;
            let date = self.week_zero.checked_add_days(Days::new(7 * u64::from(week)))?;
            if date >= self.first {
                return Some(date);
            }
        }
    }

    /// Begins the next month. `None` if it begins after `last`.
    fn begin_month(&mut self, last: NaiveDate) -> Option<()> {
        let begins = self.next_month.filter(|begins| *begins <= last)?;
        // The number of days from the first of the month to the first such weekday, and the number of such weekdays.
        let first = (self.weekday - days_from_monday(begins.weekday())).rem_euclid(7).unsigned_abs();
        let length = u32::from(begins.num_days_in_month());
        let weeks = if first + 28 < length { 5 } else { 4 };
        self.week_zero = begins.checked_add_days(Days::new(first.into()))?;
        self.next_month = begins.checked_add_days(Days::new(length.into()));
        // Bit 1 of `from_end` is the last week, which is bit `weeks - 1` of `pending`; bit 2 is the week before, and so
        // on.
        let from_end = self.from_end.reverse_bits() >> (7 - weeks);
        self.pending = (self.from_start | from_end) & ((1 << weeks) - 1);
        Some(())
    }
}

fn date_of(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day)
}

fn days_from_monday(weekday: Weekday) -> i32 {
    // The number is 0 to 6, so the conversion never fails.
    i32::try_from(weekday.num_days_from_monday()).unwrap_or(0)
}

/// The weekday of a day number. 0 is Monday.
const fn weekday_of(day: i32) -> i32 {
    (day - 1).rem_euclid(7)
}

const fn on_or_after(day: i32, weekday: i32) -> i32 {
    day + (weekday - weekday_of(day)).rem_euclid(7)
}
