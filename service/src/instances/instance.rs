//! An instance, as callers of the service see it.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    matching::{Existence, ExistingInstance},
    recurrence::OccurrenceKey,
    status::{self, InstanceFacts, Override, Times, is_past_termination},
    window::{MeetingTimes, Window},
    zone::{Zone, ZoneData},
};
use entity::session_instance;

use crate::sessions::Session;

/// One dated meeting of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Instance {
    pub id: SessionInstanceId,
    pub session_id: SessionId,
    /// The local date, in the zone of the session. So are the times.
    pub date: NaiveDate,
    pub start_time: Option<NaiveTime>,
    pub end_time: Option<NaiveTime>,
    pub location_override: Option<String>,
    /// The distance of its session in metres, in a list of instances near a place.
    pub metres_away: Option<u32>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    /// The instant by which lists are ordered.
    pub listed_at: DateTime<Utc>,
    pub is_active: bool,
    pub is_cancelled: bool,
    pub override_active: Option<bool>,
    pub override_until: Option<DateTime<Utc>>,
    /// The local date and time of the occurrence from which it was made, or that it stood for.
    pub occurrence_date: Option<NaiveDate>,
    pub occurrence_start: Option<NaiveTime>,
    pub is_cancelled_by_recurrence: bool,
    pub is_removed_by_recurrence: bool,
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Instance {
    /// The stored facts that its status depends on.
    pub fn facts(&self, session: &Session) -> InstanceFacts {
        InstanceFacts {
            window: Window::stored(self.opens_at, self.closes_at),
            is_cancelled: self.is_cancelled,
            is_deleted: self.deleted_at.is_some(),
            is_past_termination: is_past_termination(self.date, session.termination_date),
            override_: Override::stored(self.override_active, self.override_until),
        }
    }

    /// The facts by which it is matched with an occurrence.
    pub fn existing(&self) -> ExistingInstance {
        let occurrence = self.occurrence_date.zip(self.occurrence_start);
        ExistingInstance {
            date: self.date,
            start: self.start_time,
            occurrence: occurrence.map(|(date, start)| OccurrenceKey { date, start }),
            existence: Existence::stored(
                self.deleted_at.is_some(),
                self.is_removed_by_recurrence,
                self.is_cancelled_by_recurrence,
            ),
        }
    }

    /// Explains to people why it is active or not.
    pub fn explain(&self, data: ZoneData, session: &Session, now: DateTime<Utc>) -> String {
        let times = Times {
            zone: session.zone(data).unwrap_or_else(|_| Zone::utc()),
            start: self.start_time,
            end: self.end_time,
            meeting: MeetingTimes::stored(self.starts_at, self.ends_at),
        };
        status::explain(&self.facts(session), &times, self.is_active, now)
    }
}

impl From<session_instance::Model> for Instance {
    fn from(row: session_instance::Model) -> Self {
        Self {
            id: row.id,
            session_id: row.session_id,
            date: row.date,
            start_time: row.start_time,
            end_time: row.end_time,
            location_override: row.location_override,
            metres_away: None,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            listed_at: row.listed_at,
            is_active: row.is_active,
            is_cancelled: row.is_cancelled,
            override_active: row.override_active,
            override_until: row.override_until,
            occurrence_date: row.occurrence_date,
            occurrence_start: row.occurrence_start,
            is_cancelled_by_recurrence: row.is_cancelled_by_recurrence,
            is_removed_by_recurrence: row.is_removed_by_recurrence,
            deleted_at: row.deleted_at,
        }
    }
}
