//! Turns rows into the facts that `domain` decides on, and its decisions into columns. Callers of the service get the same
//! facts from [`Session`](crate::sessions::Session) and [`Instance`](crate::instances::Instance).

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    news::Location,
    recurrence::{Calendar, Recurrence, RecurrenceError, SkippedDates, Skips},
    status::{self, InstanceFacts, Override, Times, is_past_termination},
    window::{Buffers, Instants, Meeting, Window},
    zone::{UnknownZone, Zone, ZoneData},
};
use entity::{session, session_instance, session_skip};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::{
    db::{Tx, is_one_of},
    error::Result,
    log::ChangeTarget,
};

pub fn zone_of(data: ZoneData, session: &session::Model) -> Result<Zone, UnknownZone> {
    data.zone(&session.time_zone)
}

/// `None` if the session has no regular schedule.
pub fn recurrence_of(session: &session::Model) -> Result<Option<Recurrence>, RecurrenceError> {
    Recurrence::stored(session.recurrence.as_deref())
}

pub fn buffers_of(session: &session::Model) -> Buffers {
    Buffers::stored(session.active_buffer_minutes_before, session.active_buffer_minutes_after)
}

pub fn calendar_of(session: &session::Model, zone: Zone, skips: Skips) -> Calendar {
    Calendar::of_session(zone, session.created_at, session.initiation_date, session.termination_date, skips)
}

pub fn location_of(session: &session::Model) -> Location {
    Location { city: session.city.clone(), country: session.country.clone() }
}

pub fn target_of(session: &session::Model, instance: SessionInstanceId) -> ChangeTarget {
    ChangeTarget { session: session.id, instance, location: location_of(session) }
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

/// Explains why an instance is active or not.
pub fn explain(
    data: ZoneData,
    instance: &session_instance::Model,
    session: &session::Model,
    now: DateTime<Utc>,
) -> String {
    let times = Times {
        zone: zone_of(data, session).unwrap_or_else(|_| Zone::utc()),
        start: instance.start_time,
        end: instance.end_time,
        meeting: Meeting::stored(instance.starts_at, instance.ends_at),
    };
    status::explain(&facts_of(instance, session), &times, instance.is_active, now)
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
pub fn computed_instants(instance: &session_instance::Model, session: &session::Model, zone: Zone) -> Instants {
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

/// The skipped dates of each of these sessions that has any. They only change while their session is locked.
pub async fn find_skipped_dates(tx: &Tx, sessions: &[SessionId]) -> Result<HashMap<SessionId, Skips>> {
    let of_sessions = is_one_of(tx, session_skip::Column::SessionId, sessions.iter().copied());
    let mut ranges: HashMap<SessionId, Vec<SkippedDates>> = HashMap::new();
    for row in session_skip::Entity::find().filter(of_sessions).order_by_asc(session_skip::Column::Id).all(tx).await? {
        ranges.entry(row.session_id).or_default().push(SkippedDates::stored(row.from_date, row.to_date));
    }
    Ok(ranges.into_iter().map(|(id, ranges)| (id, Skips::new(ranges))).collect())
}
