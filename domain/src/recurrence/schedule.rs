//! One schedule, and the errors of invalid schedules.

use std::{borrow::Cow, fmt};

use chrono::{NaiveTime, Timelike, Weekday};

use super::Recurrence;

/// A rule that gives meetings, in local times. An end before the start is on the next day. Times are whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schedule {
    pub(super) pattern: Pattern,
    pub(super) months: Months,
    pub(super) start: NaiveTime,
    pub(super) end: NaiveTime,
}

/// The dates of a schedule, before it is limited to months. Intervals are counted from the week or the month of
/// [`Calendar::anchor`](super::Calendar::anchor).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    Weekly {
        weekday: Weekday,
        /// The interval in weeks, 1 to 520.
        every_n_weeks: u32,
        /// The first day of a week, as WKST in RFC 5545. It matters if the interval is more than one week.
        week_start: Weekday,
    },
    Monthly {
        weekday: Weekday,
        /// The positions of the weekday in the month: 1 to 5 count from the start, -1 to -5 from the end. The session
        /// meets at each position that the month has.
        which: Vec<i8>,
        /// The interval in months, 1 to 120.
        every_n_months: u32,
    },
    MonthDay {
        /// The days of the month: 1 to 31 count from the start, -1 to -31 from the end. The session meets on each day
        /// that the month has.
        days: Vec<i8>,
        /// The interval in months, 1 to 120.
        every_n_months: u32,
    },
}

/// A set of months of the year. Bit 0 is January.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Months(u16);

impl Months {
    pub const ALL: Self = Self(0xFFF);

    /// The months with these numbers, 1 to 12. `None` if there is none, or if a number is out of range.
    fn new(numbers: &[i64]) -> Option<Self> {
        let bits = numbers.iter().try_fold(0, |bits, number| {
            let number = u16::try_from(*number).ok().filter(|number| (1..=12).contains(number))?;
            Some(bits | 1 << (number - 1))
        });
        bits.filter(|bits| *bits != 0).map(Self)
    }

    /// Whether the set has the month with this number, 1 to 12.
    pub const fn contains(self, number: u32) -> bool {
        self.0 >> (number.wrapping_sub(1) & 15) & 1 == 1
    }

    pub(super) const fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// The numbers in ascending order. `None` if all months are in the set.
    pub fn limit(self) -> Option<Vec<u32>> {
        (self != Self::ALL).then(|| (1..=12).filter(|number| self.contains(*number)).collect())
    }
}

/// A field of a schedule, by its name in the GraphQL API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Type,
    Weekday,
    EveryNWeeks,
    WeekStart,
    Which,
    EveryNMonths,
    Days,
    Months,
    Rrule,
    StartTime,
    EndTime,
}

impl Field {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Weekday => "weekday",
            Self::EveryNWeeks => "everyNWeeks",
            Self::WeekStart => "weekStart",
            Self::Which => "which",
            Self::EveryNMonths => "everyNMonths",
            Self::Days => "days",
            Self::Months => "months",
            Self::Rrule => "rrule",
            Self::StartTime => "startTime",
            Self::EndTime => "endTime",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with a field of a schedule, or with a list of schedules. The text continues a sentence that begins with the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleProblem {
    #[error("must be 1 to {0}")]
    Interval(u32),
    #[error("must contain at least one position")]
    NoPosition,
    #[error("must contain at least one day")]
    NoDay,
    #[error("must only contain 1 to 31 and -1 to -31")]
    Days,
    #[error("must contain at least one month, and only 1 to 12")]
    Months,
    #[error("must not be the same as startTime")]
    EndIsStart,
    #[error("must fit the other fields: this schedule never gives a meeting")]
    NeverMeets,
    #[error("must have at most {} schedules", Recurrence::MAX_SCHEDULES)]
    TooMany,
    /// Any other problem, such as one of an RRULE.
    #[error("{0}")]
    Other(Cow<'static, str>),
}

impl<T: Into<Cow<'static, str>>> From<T> for ScheduleProblem {
    fn from(text: T) -> Self {
        Self::Other(text.into())
    }
}

/// Why one schedule is not valid. The message is `field` `problem`, such as 'everyNWeeks must be 1 to 520'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct ScheduleError {
    pub field: Field,
    pub problem: ScheduleProblem,
}

impl ScheduleError {
    pub(super) fn at(self, index: usize) -> RecurrenceError {
        RecurrenceError { schedule: Some(index), field: Some(self.field), problem: self.problem }
    }
}

/// Why a list of schedules is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurrenceError {
    /// The index of the schedule, from 0. `None` if the problem is the list as a whole.
    pub schedule: Option<usize>,
    pub field: Option<Field>,
    /// The end of the message.
    pub problem: ScheduleProblem,
}

impl RecurrenceError {
    pub(super) fn of_the_list(problem: impl Into<ScheduleProblem>) -> Self {
        Self { schedule: None, field: None, problem: problem.into() }
    }
}

/// Such as 'schedule 2: everyNWeeks must be 1 to 520'. The message counts schedules from 1.
impl fmt::Display for RecurrenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schedule {
            Some(index) => write!(f, "schedule {}: ", index.saturating_add(1))?,
            None => f.write_str("the recurrence ")?,
        }
        if let Some(field) = self.field {
            write!(f, "{field} ")?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for RecurrenceError {}

const EVERY_N_WEEKS: ScheduleError =
    ScheduleError { field: Field::EveryNWeeks, problem: ScheduleProblem::Interval(Schedule::MAX_WEEKS) };
const WHICH: ScheduleError = ScheduleError {
    field: Field::Which,
    problem: ScheduleProblem::Other(Cow::Borrowed("must only contain 1 to 5 and -1 to -5")),
};
const WHICH_IS_EMPTY: ScheduleError = ScheduleError { field: Field::Which, problem: ScheduleProblem::NoPosition };
const EVERY_N_MONTHS: ScheduleError =
    ScheduleError { field: Field::EveryNMonths, problem: ScheduleProblem::Interval(Schedule::MAX_MONTHS) };
const NOT_EVERY_N_MONTHS: ScheduleError = ScheduleError {
    field: Field::EveryNMonths,
    problem: ScheduleProblem::Other(Cow::Borrowed("must be 1 in a weekly schedule")),
};
const DAYS: ScheduleError = ScheduleError { field: Field::Days, problem: ScheduleProblem::Days };
const DAYS_IS_EMPTY: ScheduleError = ScheduleError { field: Field::Days, problem: ScheduleProblem::NoDay };
const MONTHS: ScheduleError = ScheduleError { field: Field::Months, problem: ScheduleProblem::Months };

impl Schedule {
    /// The longest intervals, in weeks and in months: ten years.
    pub(super) const MAX_WEEKS: u32 = 520;
    pub(super) const MAX_MONTHS: u32 = 120;

    /// A weekly schedule from user input.
    ///
    /// # Errors
    /// If `every_n_weeks` is not 1 to 520, or the times are equal or have fractions of a second.
    pub fn weekly(
        weekday: Weekday,
        every_n_weeks: i64,
        start: NaiveTime,
        end: NaiveTime,
    ) -> Result<Self, ScheduleError> {
        let every_n_weeks = u32::try_from(every_n_weeks).map_err(|_| EVERY_N_WEEKS)?;
        let pattern = Pattern::Weekly { weekday, every_n_weeks, week_start: Weekday::Mon };
        Self { pattern, months: Months::ALL, start, end }.checked()
    }

    /// A monthly schedule from user input. A position that is given twice is stored once.
    ///
    /// # Errors
    /// If `which` is empty or contains anything but 1 to 5 and -1 to -5, or the times are equal or have fractions of a
    /// second.
    pub fn monthly(weekday: Weekday, which: &[i64], start: NaiveTime, end: NaiveTime) -> Result<Self, ScheduleError> {
        let which = unique(which).ok_or(WHICH)?;
        let pattern = Pattern::Monthly { weekday, which, every_n_months: 1 };
        Self { pattern, months: Months::ALL, start, end }.checked()
    }

    /// A schedule on days of the month, from user input. A day that is given twice is stored once.
    ///
    /// # Errors
    /// If `days` is empty or contains anything but 1 to 31 and -1 to -31, or the times are equal or have fractions of a
    /// second.
    pub fn month_day(days: &[i64], start: NaiveTime, end: NaiveTime) -> Result<Self, ScheduleError> {
        let days = unique(days).ok_or(DAYS)?;
        let pattern = Pattern::MonthDay { days, every_n_months: 1 };
        Self { pattern, months: Months::ALL, start, end }.checked()
    }

    /// The same schedule, every few months.
    ///
    /// # Errors
    /// If the interval is not 1 to 120, or if the schedule is weekly.
    pub fn every_n_months(mut self, months: i64) -> Result<Self, ScheduleError> {
        match &mut self.pattern {
            Pattern::Weekly { .. } if months == 1 => {}
            Pattern::Weekly { .. } => return Err(NOT_EVERY_N_MONTHS),
            Pattern::Monthly { every_n_months, .. } | Pattern::MonthDay { every_n_months, .. } => {
                *every_n_months = u32::try_from(months).map_err(|_| EVERY_N_MONTHS)?;
            }
        }
        self.checked()
    }

    /// The same schedule, limited to these months, 1 to 12. Intervals keep counting through the other months.
    ///
    /// # Errors
    /// If there is no month, or a number is out of range.
    pub fn in_months(mut self, months: &[i64]) -> Result<Self, ScheduleError> {
        self.months = Months::new(months).ok_or(MONTHS)?;
        Ok(self)
    }

    /// The same schedule, with weeks that start on this day. That only matters to weekly schedules with an interval of
    /// two weeks or more.
    #[must_use]
    pub fn with_week_start(mut self, day: Weekday) -> Self {
        if let Pattern::Weekly { every_n_weeks: 2.., week_start, .. } = &mut self.pattern {
            *week_start = day;
        }
        self
    }

    /// Takes over the positions or days of another schedule. Returns false if the schedules differ in anything else.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let mut alike = self.clone();
        let (numbers, more) = match (&mut alike.pattern, &other.pattern) {
            (Pattern::Monthly { which, .. }, Pattern::Monthly { which: more, .. }) => (which, more),
            (Pattern::MonthDay { days, .. }, Pattern::MonthDay { days: more, .. }) => (days, more),
            _ => return false,
        };
        let own = std::mem::replace(numbers, more.clone());
        if alike != *other {
            return false;
        }
        let numbers: Vec<i64> = own.iter().chain(more).copied().map(i64::from).collect();
        if let (Some(joined), Pattern::Monthly { which: numbers, .. } | Pattern::MonthDay { days: numbers, .. }) =
            (unique(&numbers), &mut self.pattern)
        {
            *numbers = joined;
        }
        true
    }

    pub const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The interval in weeks or months.
    pub const fn interval(&self) -> u32 {
        match &self.pattern {
            Pattern::Weekly { every_n_weeks: n, .. }
            | Pattern::Monthly { every_n_months: n, .. }
            | Pattern::MonthDay { every_n_months: n, .. } => *n,
        }
    }

    /// The months to which the schedule is limited.
    pub const fn months(&self) -> Months {
        self.months
    }

    /// The local time of day at which it starts.
    pub const fn start(&self) -> NaiveTime {
        self.start
    }

    /// The local time of day at which it ends.
    pub const fn end(&self) -> NaiveTime {
        self.end
    }

    /// The error of a schedule that never gives a meeting. It names the field that limits the schedule most.
    pub(super) const fn never_meets(&self) -> ScheduleError {
        let field = match &self.pattern {
            Pattern::Weekly { .. } => Field::EveryNWeeks,
            Pattern::Monthly { every_n_months: 2.., .. } | Pattern::MonthDay { every_n_months: 2.., .. } => {
                Field::EveryNMonths
            }
            Pattern::Monthly { .. } => Field::Which,
            Pattern::MonthDay { .. } => Field::Days,
        };
        ScheduleError { field, problem: ScheduleProblem::NeverMeets }
    }

    fn checked(self) -> Result<Self, ScheduleError> {
        self.check()?;
        Ok(self)
    }

    pub(super) fn check(&self) -> Result<(), ScheduleError> {
        match &self.pattern {
            Pattern::Weekly { every_n_weeks, .. } if !(1..=Self::MAX_WEEKS).contains(every_n_weeks) => {
                return Err(EVERY_N_WEEKS);
            }
            Pattern::Monthly { every_n_months: n, .. } | Pattern::MonthDay { every_n_months: n, .. }
                if !(1..=Self::MAX_MONTHS).contains(n) =>
            {
                return Err(EVERY_N_MONTHS);
            }
            Pattern::Monthly { which, .. } if which.is_empty() => return Err(WHICH_IS_EMPTY),
            Pattern::Monthly { which, .. } if !which.iter().all(|position| is_position(*position)) => {
                return Err(WHICH);
            }
            Pattern::MonthDay { days, .. } if days.is_empty() => return Err(DAYS_IS_EMPTY),
            Pattern::MonthDay { days, .. } if !days.iter().all(|day| is_day(*day)) => return Err(DAYS),
            Pattern::Weekly { .. } | Pattern::Monthly { .. } | Pattern::MonthDay { .. } => {}
        }
        for (field, time) in [(Field::StartTime, self.start), (Field::EndTime, self.end)] {
            if time.nanosecond() != 0 {
                return Err(ScheduleError { field, problem: "must be in whole seconds".into() });
            }
        }
        if self.start == self.end {
            return Err(ScheduleError { field: Field::EndTime, problem: ScheduleProblem::EndIsStart });
        }
        Ok(())
    }
}

/// The numbers, each once. `None` if one is far out of every range.
fn unique(numbers: &[i64]) -> Option<Vec<i8>> {
    let mut unique = Vec::new();
    for number in numbers {
        let number = i8::try_from(*number).ok()?;
        if !unique.contains(&number) {
            unique.push(number);
        }
    }
    Some(unique)
}

const fn is_position(position: i8) -> bool {
    matches!(position, 1..=5 | -5..=-1)
}

const fn is_day(day: i8) -> bool {
    matches!(day, 1..=31 | -31..=-1)
}
