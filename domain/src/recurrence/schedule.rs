//! One schedule, and the errors of invalid schedules.

use std::{borrow::Cow, fmt};

use chrono::{NaiveTime, Timelike, Weekday};

/// A rule that gives meetings, in local times. An end before the start is on the next day. Times are whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Schedule {
    Weekly {
        weekday: Weekday,
        /// The interval in weeks, 1 to 520. Weeks are counted from the week of
        /// [`Calendar::anchor`](super::Calendar::anchor).
        every_n_weeks: u32,
        start: NaiveTime,
        end: NaiveTime,
    },
    Monthly {
        weekday: Weekday,
        /// The positions of the weekday in the month: 1 to 5 count from the start, -1 to -5 from the end. The session
        /// meets at each position that the month has.
        which: Vec<i8>,
        start: NaiveTime,
        end: NaiveTime,
    },
}

/// A field of a schedule, by its name in the GraphQL API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Type,
    Weekday,
    EveryNWeeks,
    Which,
    StartTime,
    EndTime,
}

impl Field {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Weekday => "weekday",
            Self::EveryNWeeks => "everyNWeeks",
            Self::Which => "which",
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

/// Why one schedule is not valid. The message is `field` `problem`, such as 'everyNWeeks must be 1 to 520'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct ScheduleError {
    pub field: Field,
    pub problem: &'static str,
}

impl ScheduleError {
    pub(super) fn at(self, index: usize) -> RecurrenceError {
        RecurrenceError { schedule: Some(index), field: Some(self.field), problem: self.problem.into() }
    }
}

/// Why a list of schedules is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurrenceError {
    /// The index of the schedule, from 0. `None` if the problem is the list as a whole.
    pub schedule: Option<usize>,
    pub field: Option<Field>,
    /// The end of the message, such as 'must be 1 to 520'.
    pub problem: Cow<'static, str>,
}

impl RecurrenceError {
    pub(super) fn of_the_list(problem: impl Into<Cow<'static, str>>) -> Self {
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
        f.write_str(&self.problem)
    }
}

impl std::error::Error for RecurrenceError {}

const EVERY_N_WEEKS: ScheduleError = ScheduleError { field: Field::EveryNWeeks, problem: "must be 1 to 520" };
const WHICH: ScheduleError = ScheduleError { field: Field::Which, problem: "must only contain 1 to 5 and -1 to -5" };
const WHICH_IS_EMPTY: ScheduleError =
    ScheduleError { field: Field::Which, problem: "must contain at least one position" };

impl Schedule {
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
        let schedule = Self::Weekly { weekday, every_n_weeks, start, end };
        schedule.check()?;
        Ok(schedule)
    }

    /// A monthly schedule from user input. A position that is given twice is stored once.
    ///
    /// # Errors
    /// If `which` is empty or contains anything but 1 to 5 and -1 to -5, or the times are equal or have fractions of a
    /// second.
    pub fn monthly(weekday: Weekday, which: &[i64], start: NaiveTime, end: NaiveTime) -> Result<Self, ScheduleError> {
        let mut unique = Vec::new();
        for position in which {
            let position = i8::try_from(*position).map_err(|_| WHICH)?;
            if !is_position(position) {
                return Err(WHICH);
            }
            if !unique.contains(&position) {
                unique.push(position);
            }
        }
        let schedule = Self::Monthly { weekday, which: unique, start, end };
        schedule.check()?;
        Ok(schedule)
    }

    /// The weekday of the start.
    pub const fn weekday(&self) -> Weekday {
        match self {
            Self::Weekly { weekday, .. } | Self::Monthly { weekday, .. } => *weekday,
        }
    }

    /// The local time of day at which it starts.
    pub const fn start(&self) -> NaiveTime {
        match self {
            Self::Weekly { start, .. } | Self::Monthly { start, .. } => *start,
        }
    }

    /// The local time of day at which it ends.
    pub const fn end(&self) -> NaiveTime {
        match self {
            Self::Weekly { end, .. } | Self::Monthly { end, .. } => *end,
        }
    }

    pub(super) fn check(&self) -> Result<(), ScheduleError> {
        match self {
            Self::Weekly { every_n_weeks, .. } if !(1..=520).contains(every_n_weeks) => return Err(EVERY_N_WEEKS),
            Self::Monthly { which, .. } if which.is_empty() => return Err(WHICH_IS_EMPTY),
            Self::Monthly { which, .. } if !which.iter().all(|position| is_position(*position)) => return Err(WHICH),
            Self::Weekly { .. } | Self::Monthly { .. } => {}
        }
        for (field, time) in [(Field::StartTime, self.start()), (Field::EndTime, self.end())] {
            if time.nanosecond() != 0 {
                return Err(ScheduleError { field, problem: "must be in whole seconds" });
            }
        }
        if self.start() == self.end() {
            return Err(ScheduleError { field: Field::EndTime, problem: "must not be the same as startTime" });
        }
        Ok(())
    }
}

const fn is_position(position: i8) -> bool {
    matches!(position, 1..=5 | -5..=-1)
}
