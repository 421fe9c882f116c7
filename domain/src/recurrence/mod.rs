//! Recurrence: when a session meets (rules 8 and 9).
//!
//! A [`Recurrence`] is a list of [`Schedule`]s with local times. A [`Calendar`] says in which zone and between which
//! dates it holds. An [`Occurrence`] is one meeting that it calls for, whether or not an instance exists; its date is
//! the local one as scheduled, even where a change of the clocks carries its start past midnight.
//!
//! What always holds: occurrences come in the order of their start instants, of which no two are the same; the cost
//! of finding one does not depend on how long ago the series began; years are 1 to 9999.

mod dates;
mod meetings;
mod occurrences;
mod rfc5545;
mod schedule;
mod stored;
mod words;

use chrono::{NaiveDate, NaiveTime};

pub use self::{
    occurrences::Occurrences,
    rfc5545::Series,
    schedule::{Field, RecurrenceError, Schedule, ScheduleError},
};
use crate::{window::Meeting, zone::Tz};

/// A valid list of schedules; an empty one never meets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Recurrence {
    schedules: Vec<Schedule>,
}

impl Recurrence {
    pub const MAX_SCHEDULES: usize = 50;

    /// # Errors
    /// When there are too many schedules, or one is not valid: which, and its field.
    pub fn new(schedules: Vec<Schedule>) -> Result<Self, RecurrenceError> {
        if schedules.len() > Self::MAX_SCHEDULES {
            return Err(RecurrenceError::of_the_list(format!("must be at most {} schedules", Self::MAX_SCHEDULES)));
        }
        for (index, schedule) in schedules.iter().enumerate() {
            schedule.check().map_err(|error| error.at(index))?;
        }
        Ok(Self { schedules })
    }

    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    pub fn is_empty(&self) -> bool {
        self.schedules.is_empty()
    }
}

/// Where and between which local dates a recurrence holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Calendar {
    pub zone: Tz,
    /// DTSTART of 'every n weeks': the initiation date, or the day the session was made. Its week, from Monday, is week
    /// 0. Nothing that meets every second week or less meets before it; other schedules don't look at it. `None`: the
    /// initiation date, and without that the week of 5 January 1970, then with no bound.
    pub anchor: Option<NaiveDate>,
    /// Nothing meets before it.
    pub initiation: Option<NaiveDate>,
    /// Nothing meets after it; on it, yes.
    pub termination: Option<NaiveDate>,
}

/// One meeting that the recurrence calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Occurrence {
    /// The local date and times as scheduled.
    pub date: NaiveDate,
    pub start: NaiveTime,
    pub end: NaiveTime,
    /// The same as instants.
    pub meeting: Meeting,
}

impl Occurrence {
    pub const fn key(&self) -> OccurrenceKey {
        OccurrenceKey { date: self.date, start: self.start }
    }
}

/// By what an instance remembers the occurrence it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceKey {
    pub date: NaiveDate,
    pub start: NaiveTime,
}
