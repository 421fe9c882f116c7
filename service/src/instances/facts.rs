//! Turns rows into the facts that `domain` decides on, and its decisions into columns.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    news::Location,
    recurrence::{Calendar, Recurrence},
    status::{self, InstanceFacts, Override, Times},
    window::{Buffers, Meeting, Window},
    zone::{self, Tz},
};
use entity::{session, session_instance};

use crate::log::Told;

/// The session's time zone.
///
/// # Errors
/// What is wrong with it, for people who can repair it (rule 20).
pub fn zone_of(session: &session::Model) -> Result<Tz, String> {
    zone::parse_zone(&session.time_zone).map_err(|error| error.to_string())
}

/// The session's recurrence. `None` if it has no regular schedule.
///
/// # Errors
/// What is wrong with it, for people who can repair it (rule 20).
pub fn recurrence_of(session: &session::Model) -> Result<Option<Recurrence>, String> {
    session.recurrence.as_deref().map(Recurrence::from_json).transpose().map_err(|error| error.to_string())
}

/// The session's buffers. The database refuses values that are out of range (rule 4); if there is one, the nearest
/// allowed value counts.
pub fn buffers_of(session: &session::Model) -> Buffers {
    Buffers::new(
        session.active_buffer_minutes_before.clamp(0, Buffers::MAX_MINUTES),
        session.active_buffer_minutes_after.clamp(0, Buffers::MAX_MINUTES),
    )
    .unwrap_or_default()
}

/// The dates that bound and anchor the session's recurrence (rule 8).
pub fn calendar_of(session: &session::Model, zone: Tz) -> Calendar {
    Calendar {
        zone,
        anchor: Some(session.initiation_date.unwrap_or_else(|| zone::local_date(zone, session.created_at))),
        initiation: session.initiation_date,
        termination: session.termination_date,
    }
}

pub fn location_of(session: &session::Model) -> Location {
    Location { city: session.city.clone(), country: session.country.clone() }
}

pub fn told(session: &session::Model, instance: SessionInstanceId) -> Told {
    Told { session: session.id, instance, location: location_of(session) }
}

/// The stored facts that an instance's status depends on.
pub fn facts_of(instance: &session_instance::Model, session: &session::Model) -> InstanceFacts {
    InstanceFacts {
        window: instance
            .opens_at
            .zip(instance.closes_at)
            .and_then(|(opens, closes)| Window::from_instants(opens, closes)),
        is_cancelled: instance.is_cancelled,
        is_deleted: instance.deleted_at.is_some(),
        is_past_termination: session.termination_date.is_some_and(|last| instance.date > last),
        override_: instance.override_active.map(|active| Override { active, until: instance.override_until }),
    }
}

/// Explains to people why an instance is active or not.
pub fn explain(instance: &session_instance::Model, session: &session::Model, now: DateTime<Utc>) -> String {
    let meeting = instance.starts_at.zip(instance.ends_at);
    let times = Times {
        zone: zone_of(session).unwrap_or(Tz::UTC),
        start: instance.start_time,
        end: instance.end_time,
        meeting: meeting.and_then(|(starts, ends)| Meeting::from_instants(starts, ends)),
    };
    status::explain(&facts_of(instance, session), &times, instance.is_active, now)
}

/// The times of an instance as instants, computed when it or its session is saved (rule 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instants {
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    pub listed_at: DateTime<Utc>,
}

impl Instants {
    /// Computes the instants. Without a start or an end there is no window (rule 5); what is known is still computed.
    pub fn compute(
        zone: Tz,
        buffers: Buffers,
        date: NaiveDate,
        start: Option<NaiveTime>,
        end: Option<NaiveTime>,
    ) -> Self {
        let midnight = zone::instant_of(zone, date.and_time(NaiveTime::MIN));
        let meeting = start.zip(end).and_then(|(start, end)| Meeting::new(zone, date, start, end).ok());
        let window = meeting.map(|meeting| Window::around(meeting, buffers));
        let starts_at = meeting
            .map(|meeting| meeting.starts_at())
            .or_else(|| start.map(|start| zone::instant_of(zone, date.and_time(start))));
        Self {
            starts_at,
            ends_at: meeting.map(|meeting| meeting.ends_at()),
            opens_at: window.map(|window| window.opens()),
            closes_at: window.map(|window| window.closes()),
            listed_at: starts_at.unwrap_or(midnight),
        }
    }

    pub fn of(instance: &session_instance::Model) -> Self {
        Self {
            starts_at: instance.starts_at,
            ends_at: instance.ends_at,
            opens_at: instance.opens_at,
            closes_at: instance.closes_at,
            listed_at: instance.listed_at,
        }
    }

    pub fn put(self, instance: &mut session_instance::Model) {
        instance.starts_at = self.starts_at;
        instance.ends_at = self.ends_at;
        instance.opens_at = self.opens_at;
        instance.closes_at = self.closes_at;
        instance.listed_at = self.listed_at;
    }
}

/// A new row with only a session and a date.
pub(crate) fn blank(session: SessionId, date: NaiveDate, now: DateTime<Utc>) -> session_instance::Model {
    session_instance::Model {
        id: SessionInstanceId(0),
        session_id: session,
        date,
        start_time: None,
        end_time: None,
        location_override: None,
        starts_at: None,
        ends_at: None,
        opens_at: None,
        closes_at: None,
        listed_at: now,
        due_at: None,
        is_active: false,
        is_cancelled: false,
        override_active: None,
        override_until: None,
        occurrence_date: None,
        occurrence_start: None,
        has_own_times: false,
        is_cancelled_by_recurrence: false,
        is_removed_by_recurrence: false,
        deleted_at: None,
        created_at: now,
        erased_count: 0,
    }
}
