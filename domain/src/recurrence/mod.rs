//! Recurrence: when a session meets (rules 8 and 9 of ARCHITECTURE.md).
//!
//! - A [`Recurrence`] is a list of [`Schedule`]s with local times.
//! - A [`Calendar`] is the time zone and the range of dates in which a recurrence holds, without the dates in [`Skips`].
//! - An [`Occurrence`] is one meeting that the recurrence calls for, whether or not an instance exists. Its date is the
//!   scheduled local date, even if a clock change moves its start past midnight.
//!
//! Three invariants hold:
//!
//! - Occurrences are ordered by start instant, and no two start at the same instant.
//! - The cost of finding an occurrence does not depend on the age of the series.
//! - Dates are in the years 2 to 9998.

mod dates;
mod meetings;
mod occurrences;
mod rfc5545;
mod rrule;
mod schedule;
mod skips;
mod stored;
mod words;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

pub use self::{
    occurrences::Occurrences,
    rfc5545::Series,
    rrule::{BoundedRecurrence, RruleProblem, ScheduleSource, YearlyRule, YearlyRuleProblem},
    schedule::{Field, Months, Pattern, RecurrenceError, Schedule, ScheduleError, ScheduleProblem},
    skips::{SkipError, SkippedDates, Skips},
    stored::{given_end, rule_end, with_rule_end},
    words::in_order,
};
use crate::{
    window::MeetingTimes,
    zone::{Zone, local_date},
};

/// A valid list of schedules. A session with an empty list never meets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Recurrence {
    schedules: Vec<Schedule>,
}

impl Recurrence {
    pub const MAX_SCHEDULES: usize = 50;

    /// # Errors
    /// If there are more than [`Recurrence::MAX_SCHEDULES`], or one is not valid. The error names the schedule and the
    /// field.
    pub fn new(schedules: Vec<Schedule>) -> Result<Self, RecurrenceError> {
        if schedules.len() > Self::MAX_SCHEDULES {
            return Err(RecurrenceError::of_the_list(ScheduleProblem::TooMany));
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

/// The time zone and the local dates in which a recurrence holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Calendar {
    pub zone: Zone,
    /// The date that anchors 'every n weeks', like DTSTART in RFC 5545: see
    /// [`of_session`](Self::of_session). The week of the anchor, from Monday, is week 0.
    ///
    /// The month of the anchor is month 0 of 'every n months'.
    ///
    /// Only schedules with an interval of two weeks or months, or more, use the anchor; none of their occurrences is
    /// before it. `None` means the initiation date. If that is missing too, week 0 and month 0 are those of 5 January
    /// 1970, and occurrences may be before it.
    pub anchor: Option<NaiveDate>,
    /// The first date on which the session may meet.
    pub initiation: Option<NaiveDate>,
    /// The last date on which the session may meet.
    pub termination: Option<NaiveDate>,
    /// The dates on which the session does not meet. An occurrence that is dated on one of them does not exist, even if
    /// a clock change moves its start to another date. Intervals keep counting through them.
    pub skips: Skips,
}

impl Calendar {
    /// The calendar of a session. Its anchor is the initiation date, or the date on which the session was created
    /// (rule 8).
    pub fn of_session(
        zone: Zone,
        created_at: DateTime<Utc>,
        initiation: Option<NaiveDate>,
        termination: Option<NaiveDate>,
        skips: Skips,
    ) -> Self {
        let anchor = initiation.unwrap_or_else(|| local_date(zone, created_at));
        Self { zone, anchor: Some(anchor), initiation, termination, skips }
    }
}

/// One meeting that the recurrence calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Occurrence {
    /// The scheduled local date.
    pub date: NaiveDate,
    /// The scheduled local start time.
    pub start: NaiveTime,
    /// The scheduled local end time. An end before the start is on the next day.
    pub end: NaiveTime,
    /// The start and the end as instants.
    pub meeting: MeetingTimes,
}

impl Occurrence {
    /// The key by which an instance refers to this occurrence.
    pub const fn key(&self) -> OccurrenceKey {
        OccurrenceKey { date: self.date, start: self.start }
    }
}

/// The key by which an instance refers to the occurrence from which it was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceKey {
    pub date: NaiveDate,
    pub start: NaiveTime,
}
