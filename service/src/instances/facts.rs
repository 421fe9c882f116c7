//! Turns rows into the facts that `domain` decides on, and its decisions into columns. Callers of the service get the same
//! facts from [`Session`](crate::sessions::Session) and [`Instance`](super::Instance).

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    news::Location,
    recurrence::{Calendar, Recurrence, RecurrenceError, Skips},
    status::{InstanceFacts, Override, is_past_termination},
    window::{Buffers, Instants, Window},
    zone::{self, Tz, UnknownZone},
};
use entity::{session, session_instance};

use crate::log::Told;

pub fn zone_of(session: &session::Model) -> Result<Tz, UnknownZone> {
    zone::parse_zone(&session.time_zone)
}

/// `None` if the session has no regular schedule.
pub fn recurrence_of(session: &session::Model) -> Result<Option<Recurrence>, RecurrenceError> {
    Recurrence::stored(session.recurrence.as_deref())
}

pub fn buffers_of(session: &session::Model) -> Buffers {
    Buffers::stored(session.active_buffer_minutes_before, session.active_buffer_minutes_after)
}

pub fn calendar_of(session: &session::Model, zone: Tz, skips: Skips) -> Calendar {
    Calendar::of_session(zone, session.created_at, session.initiation_date, session.termination_date, skips)
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
        window: Window::stored(instance.opens_at, instance.closes_at),
        is_cancelled: instance.is_cancelled,
        is_deleted: instance.deleted_at.is_some(),
        is_past_termination: is_past_termination(instance.date, session.termination_date),
        override_: Override::stored(instance.override_active, instance.override_until),
    }
}

/// The stored instants.
pub fn instants_of(instance: &session_instance::Model) -> Instants {
    Instants {
        starts_at: instance.starts_at,
        ends_at: instance.ends_at,
        opens_at: instance.opens_at,
        closes_at: instance.closes_at,
        listed_at: instance.listed_at,
    }
}

/// The instants computed from the local times.
pub fn computed_instants(instance: &session_instance::Model, session: &session::Model, zone: Tz) -> Instants {
    Instants::compute(zone, buffers_of(session), instance.date, instance.start_time, instance.end_time)
}

pub fn put_instants(instance: &mut session_instance::Model, instants: Instants) {
    instance.starts_at = instants.starts_at;
    instance.ends_at = instants.ends_at;
    instance.opens_at = instants.opens_at;
    instance.closes_at = instants.closes_at;
    instance.listed_at = instants.listed_at;
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
        is_by_hand: false,
        is_cancelled_by_recurrence: false,
        is_removed_by_recurrence: false,
        deleted_at: None,
        created_at: now,
        erased_count: 0,
    }
}
