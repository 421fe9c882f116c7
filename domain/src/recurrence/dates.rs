//! The dates of one schedule, one after the other, as day numbers: day 1 is Monday, 1 January of the year 1.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Calendar, Schedule};

/// 31 December 9999.
const LAST_DAY: i32 = 3_652_059;

/// Monday, 5 January 1970: week 0 of 'every n weeks' where nothing else says.
const DEFAULT_ANCHOR: i32 = 719_167;

/// The dates on which a schedule meets, as day numbers, ascending.
#[derive(Debug, Clone)]
pub(super) struct Dates {
    pattern: Pattern,
    last: i32,
}

#[derive(Debug, Clone)]
enum Pattern {
    Weekly { next: i32, step: i32 },
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
    first: i32,
    /// The first of the month that comes after that of `pending`; `None` after the year 9999.
    next_month: Option<NaiveDate>,
    /// Of the month under way: which weeks are still to come, by bits, and the day of week 0.
    pending: u8,
    week_zero: i32,
}

impl Dates {
    /// Those from `from` to `to`, both included, as far as the calendar allows. Goes there straight.
    pub(super) fn new(schedule: &Schedule, calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Self {
        let mut first = from.num_days_from_ce().max(1);
        let mut last = to.num_days_from_ce().min(LAST_DAY);
        if let Some(initiation) = calendar.initiation {
            first = first.max(initiation.num_days_from_ce());
        }
        if let Some(termination) = calendar.termination {
            last = last.min(termination.num_days_from_ce());
        }
        let weekday = days_from_monday(schedule.weekday());
        let pattern = match schedule {
            Schedule::Weekly { every_n_weeks: 0 | 1, .. } => {
                Pattern::Weekly { next: on_or_after(first, weekday), step: 7 }
            }
            Schedule::Weekly { every_n_weeks, .. } => {
                let anchor = calendar.anchor.or(calendar.initiation).map(|date| date.num_days_from_ce());
                first = first.max(anchor.unwrap_or(first));
                let anchor = anchor.unwrap_or(DEFAULT_ANCHOR);
                // A valid interval is 520 at most.
                let step = 7 * i32::try_from(*every_n_weeks).unwrap_or(520).min(520);
                // The weekday of week 0; it may be before the anchor.
                let base = anchor - weekday_of(anchor) + weekday;
                let passed = (first - base).rem_euclid(step);
                Pattern::Weekly { next: if passed == 0 { first } else { first - passed + step }, step }
            }
            Schedule::Monthly { which, .. } => {
                let bits = |sign: i8| which.iter().filter(move |position| position.signum() == sign);
                Pattern::Monthly(Monthly {
                    weekday,
                    from_start: bits(1).fold(0, |bits, position| bits | 1 << ((position - 1) & 7)),
                    from_end: bits(-1).fold(0, |bits, position| bits | 1 << (-position & 7)),
                    first,
                    next_month: first_of_month(first),
                    pending: 0,
                    week_zero: 0,
                })
            }
        };
        Self { pattern, last }
    }
}

impl Iterator for Dates {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        let day = match &mut self.pattern {
            Pattern::Weekly { next, step } => {
                let day = *next;
                *next = day.saturating_add(*step);
                day
            }
            Pattern::Monthly(monthly) => monthly.next(self.last)?,
        };
        (day <= self.last).then_some(day)
    }
}

impl Monthly {
    fn next(&mut self, last: i32) -> Option<i32> {
        loop {
            while self.pending == 0 {
                self.begin_month(last)?;
            }
            let week = self.pending.trailing_zeros();
            self.pending &= self.pending - 1;
            let day = self.week_zero + 7 * i32::try_from(week).ok()?;
            if day >= self.first {
                return Some(day);
            }
        }
    }

    /// Goes on to the next month; `None` when it begins after `last`.
    fn begin_month(&mut self, last: i32) -> Option<()> {
        let month = self.next_month?;
        let begins = month.num_days_from_ce();
        if begins > last {
            return None;
        }
        let (year, number) = (month.year(), month.month());
        let next = if number == 12 { (year + 1, 1) } else { (year, number + 1) };
        // Years end at 9999, but chrono knows 10000 too, which ends December.
        self.next_month = NaiveDate::from_ymd_opt(next.0, next.1, 1);
        let ends = self.next_month?.num_days_from_ce();
        self.week_zero = on_or_after(begins, self.weekday);
        let weeks = if self.week_zero + 28 < ends { 5 } else { 4 };
        // Bit 1 of `from_end` belongs to the last week, which is bit `weeks - 1`; so each is mirrored around it.
        let from_end = (0..weeks).filter(|week| self.from_end >> (weeks - week) & 1 == 1);
        self.pending = (self.from_start & ((1 << weeks) - 1)) | from_end.fold(0, |bits, week| bits | 1 << week);
        Some(())
    }
}

fn first_of_month(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day)?.with_day(1)
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
