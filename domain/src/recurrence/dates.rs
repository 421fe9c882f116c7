//! The dates of one schedule, one after the other.
//!
//! Seeking is done with day numbers, of which 1 is Monday, 1 January of the year 1.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::{Calendar, Schedule};

/// 1 January 1 and 31 December 9999.
const FIRST_DAY: i32 = 1;
const LAST_DAY: i32 = 3_652_059;

/// Monday, 5 January 1970: in week 0 of 'every n weeks' where nothing else says.
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
        /// `None` at the end of the calendar.
        next: Option<NaiveDate>,
        step: Days,
    },
    Monthly(Monthly),
}

#[derive(Debug, Clone)]
struct Monthly {
    weekday: i32,
    /// Bit 0: the first one of the month.
    from_start: u8,
    /// Bit 1: the last one, bit 2: the last but one.
    from_end: u8,
    /// Nothing before it.
    first: NaiveDate,
    /// The first day of the month that comes next; `None` at the end of the calendar.
    next_month: Option<NaiveDate>,
    /// Of the month under way: which weeks are still to come, by bits, and the date of week 0.
    pending: u8,
    week_zero: NaiveDate,
}

impl Dates {
    /// Those from `from` to `to`, both included, as far as the calendar allows. Goes there straight.
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
                // A valid interval is 520 at most.
                let step = 7 * i32::try_from(*every_n_weeks).unwrap_or(520).min(520);
                // The weekday of week 0, which may be before the anchor.
                let base = anchor - weekday_of(anchor) + weekday;
                let passed = (first - base).rem_euclid(step);
                weekly(if passed == 0 { first } else { first - passed + step }, step)
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

    /// Goes on to the next month; `None` when it begins after `last`.
    fn begin_month(&mut self, last: NaiveDate) -> Option<()> {
        let begins = self.next_month.filter(|begins| *begins <= last)?;
        // How many days after the first of the month the weekday is for the first time, and how often it is there.
        let first = (self.weekday - days_from_monday(begins.weekday())).rem_euclid(7).unsigned_abs();
        let length = u32::from(begins.num_days_in_month());
        let weeks = if first + 28 < length { 5 } else { 4 };
        self.week_zero = begins.checked_add_days(Days::new(first.into()))?;
        self.next_month = begins.checked_add_days(Days::new(length.into()));
        // Bit 1 of `from_end` is the last week, which is bit `weeks - 1`, and so on backwards.
        let from_end = self.from_end.reverse_bits() >> (7 - weeks);
        self.pending = (self.from_start | from_end) & ((1 << weeks) - 1);
        Some(())
    }
}

fn date_of(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day)
}

fn days_from_monday(weekday: Weekday) -> i32 {
    // 0 to 6.
    i32::try_from(weekday.num_days_from_monday()).unwrap_or(0)
}

/// 0 is Monday.
const fn weekday_of(day: i32) -> i32 {
    (day - 1).rem_euclid(7)
}

const fn on_or_after(day: i32, weekday: i32) -> i32 {
    day + (weekday - weekday_of(day)).rem_euclid(7)
}
