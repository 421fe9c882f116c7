//! The dates of one schedule, in ascending order.
//!
//! The first date is computed with day numbers: day 1 is Monday, 1 January of the year 1.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::{
    Calendar, Schedule, Skips,
    schedule::{self, Months},
};

/// 1 January 2 and 31 December 9998: the first and the last date of [`crate::dates`].
const FIRST_DAY: i32 = 366;
const LAST_DAY: i32 = 3_651_694;

/// Monday, 5 January 1970. Its week is week 0 of 'every n weeks', and its month is month 0 of 'every n months', if the
/// calendar has no anchor and no initiation date.
const DEFAULT_ANCHOR: i32 = 719_167;

/// The dates on which a schedule meets, ascending.
#[derive(Debug, Clone)]
pub(super) struct Dates {
    pattern: Pattern,
    last: NaiveDate,
    months: Months,
    skips: Skips,
    /// Whether the months or the skips may leave out a date of the pattern.
    is_limited: bool,
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

/// The days of certain months.
#[derive(Debug, Clone)]
struct Monthly {
    days: MonthDays,
    months: Months,
    /// The number of months from one month to the next. 12 of them are a year.
    step: i32,
    /// Dates before this one are left out.
    first: NaiveDate,
    /// The next month to read, and the last one: numbers of months since January of the year 0.
    next_month: i32,
    last_month: i32,
    /// The first day of the current month.
    begins: NaiveDate,
    /// The days of the current month that are still to come. Bit 0 is the first day.
    pending: u64,
}

/// Which days of a month, as bits.
#[derive(Debug, Clone, Copy)]
enum MonthDays {
    /// The weekday, as days from Monday. In a month whose first day is such a weekday, and with five of them, bit 0 is
    /// the first one, bit 7 the second, and so on.
    Weekday { weekday: i32, from_start: u64, from_end: u64 },
    /// In a month with 31 days, bit 0 is the first one.
    Day { from_start: u64, from_end: u64 },
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
        let anchor = calendar.anchor.or(calendar.initiation).map(day);
        if schedule.interval() > 1 {
            first = first.max(anchor.unwrap_or(first));
        }
        let anchor = anchor.unwrap_or(DEFAULT_ANCHOR);
        let months = schedule.months;
        let pattern = match &schedule.pattern {
            schedule::Pattern::Weekly { weekday, every_n_weeks: 0 | 1, .. } => {
                weekly(on_or_after(first, days_from_monday(*weekday)), 7)
            }
            schedule::Pattern::Weekly { weekday, every_n_weeks, week_start } => {
                // A valid interval is at most 520.
                let step = 7 * bounded(*every_n_weeks, Schedule::MAX_WEEKS);
                let week_start = days_from_monday(*week_start);
                // The weekday of week 0, which may be before the anchor.
                let base = on_or_before(anchor, week_start) + (days_from_monday(*weekday) - week_start).rem_euclid(7);
                let elapsed = (first - base).rem_euclid(step);
                weekly(if elapsed == 0 { first } else { first - elapsed + step }, step)
            }
            schedule::Pattern::Monthly { weekday, which, every_n_months } => {
                let days = MonthDays::Weekday {
                    weekday: days_from_monday(*weekday),
                    from_start: bits(which, 1, |position| 7 * (position - 1)),
                    from_end: bits(which, -1, |position| 35 - 7 * position),
                };
                monthly(days, *every_n_months, months, (first, last), anchor)
            }
            schedule::Pattern::MonthDay { days, every_n_months } => {
                let days = MonthDays::Day {
                    from_start: bits(days, 1, |day| day - 1),
                    from_end: bits(days, -1, |day| 31 - day),
                };
                monthly(days, *every_n_months, months, (first, last), anchor)
            }
        };
        let skips = calendar.skips.clone();
        let is_limited = months != Months::ALL || skips != Skips::NONE;
        Self { pattern, last: date_of(last).unwrap_or(NaiveDate::MIN), months, skips, is_limited }
    }
}

impl Iterator for Dates {
    type Item = NaiveDate;

    #[inline]
    fn next(&mut self) -> Option<NaiveDate> {
        loop {
            let date = match &mut self.pattern {
                Pattern::Weekly { next, step } => {
                    let date = (*next)?;
                    *next = date.checked_add_days(*step);
                    date
                }
                Pattern::Monthly(monthly) => monthly.next()?,
            };
            if self.last < date {
                return None;
            }
            if !self.is_limited || self.includes(date) {
                return Some(date);
            }
        }
    }
}

impl Dates {
    fn includes(&self, date: NaiveDate) -> bool {
        self.months.contains(date.month()) && !self.skips.contains(date)
    }
}

fn weekly(next: i32, step: i32) -> Pattern {
    Pattern::Weekly { next: date_of(next), step: Days::new(step.unsigned_abs().into()) }
}

fn monthly(days: MonthDays, every_n_months: u32, months: Months, (first, last): (i32, i32), anchor: i32) -> Pattern {
    let first = date_of(first).unwrap_or(NaiveDate::MAX);
    let last_month = date_of(last).map_or(i32::MIN, month_of);
    let anchor = date_of(anchor).map_or(0, month_of);
    // A valid interval is at most 120.
    let step = bounded(every_n_months, Schedule::MAX_MONTHS);
    // The first month in step with the anchor that is not before the first date.
    let next_month = month_of(first) + (anchor - month_of(first)).rem_euclid(step);
    Pattern::Monthly(Monthly { days, months, step, first, next_month, last_month, begins: first, pending: 0 })
}

/// The bits of the numbers with this sign. `bit` gives the bit of a number without its sign.
fn bits(numbers: &[i8], sign: i8, bit: impl Fn(u32) -> u32) -> u64 {
    let of_sign = numbers.iter().filter(|number| number.signum() == sign);
    of_sign.fold(0, |bits, number| bits | 1 << (bit(number.unsigned_abs().into()) & 63))
}

impl Monthly {
    fn next(&mut self) -> Option<NaiveDate> {
        loop {
            while self.pending == 0 {
                self.begin_month()?;
            }
            let day = self.pending.trailing_zeros();
            self.pending &= self.pending - 1;
            let date = self.begins.checked_add_days(Days::new(day.into()))?;
            if date >= self.first {
                return Some(date);
            }
        }
    }

    /// Begins the next month in which the schedule may meet. `None` after the last one.
    fn begin_month(&mut self) -> Option<()> {
        while self.next_month <= self.last_month {
            let (year, month) = (self.next_month.div_euclid(12), self.next_month.rem_euclid(12).unsigned_abs() + 1);
            self.next_month += self.step;
            if self.months.contains(month) {
                self.begins = NaiveDate::from_ymd_opt(year, month, 1)?;
                self.pending = self.days.of_month(self.begins);
                return Some(());
            }
        }
        None
    }
}

impl MonthDays {
    /// The days of the month that begins on this date. Bit 0 is the first day.
    fn of_month(self, begins: NaiveDate) -> u64 {
        let length = u32::from(begins.num_days_in_month());
        let days = match self {
            Self::Weekday { weekday, from_start, from_end } => {
                // The number of days from the first of the month to the first such weekday.
                let first = (weekday - days_from_monday(begins.weekday())).rem_euclid(7).unsigned_abs();
                // A month with four such weekdays has its last one a week earlier than a month with five.
                let missing = if first + 28 < length { 0 } else { 7 };
                (from_start | from_end >> missing) << first
            }
            Self::Day { from_start, from_end } => from_start | from_end >> (31 - length),
        };
        days & ((1 << length) - 1)
    }
}

/// The number of months since January of the year 0.
fn month_of(date: NaiveDate) -> i32 {
    date.year() * 12 + date.month0().cast_signed()
}

fn bounded(number: u32, max: u32) -> i32 {
    number.clamp(1, max).cast_signed()
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

const fn on_or_before(day: i32, weekday: i32) -> i32 {
    day - (weekday_of(day) - weekday).rem_euclid(7)
}
