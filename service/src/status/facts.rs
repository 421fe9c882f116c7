//! Turns rows into the facts that `domain` decides on, and its decisions into columns. Callers of the service get the same
//! facts from [`Session`](crate::sessions::Session) and [`Instance`](crate::instances::Instance).

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    news::Location,
    recurrence::{Calendar, OccurrenceKey, Recurrence, RecurrenceError, SkippedDates, Skips},
    retime::{MadeInstance, PlanState},
    status::{self, InstanceFacts, Override, Times, is_past_termination},
    window::{Buffers, Instants, MeetingTimes, Window},
    zone::{UnknownZone, Zone, ZoneData},
};
use entity::{session, session_instance, session_skip};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::{
    db::{Tx, ids, is_in, is_one_of, list},
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
        meeting: MeetingTimes::stored(instance.starts_at, instance.ends_at),
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

pub(crate) fn key_of(row: &session_instance::Model) -> Option<OccurrenceKey> {
    row.occurrence_date.zip(row.occurrence_start).map(|(date, start)| OccurrenceKey { date, start })
}

pub(crate) fn put_key(row: &mut session_instance::Model, key: OccurrenceKey) {
    row.occurrence_date = Some(key.date);
    row.occurrence_start = Some(key.start);
}

/// Those of these instances that have a check-in.
pub(crate) async fn find_answered(
    tx: &Tx,
    instances: impl Iterator<Item = SessionInstanceId>,
) -> Result<BTreeSet<SessionInstanceId>> {
    let instances: Vec<_> = instances.collect();
    if instances.is_empty() {
        return Ok(BTreeSet::new());
    }
    let is_wanted = is_in(tx, "session_instance_id", "instances");
    let sql = format!("SELECT DISTINCT session_instance_id FROM check_in WHERE {is_wanted}");
    Ok(ids(tx, &sql, [("instances", list(tx, instances))]).await?.into_iter().collect())
}

/// What rule 11 needs to know of an instance. `None` if it was not made from the recurrence.
pub(crate) fn as_made(row: &session_instance::Model, has_check_ins: bool, is_over: bool) -> Option<MadeInstance> {
    let state = if row.is_by_hand {
        PlanState::MadeByHand
    } else if row.is_removed_by_recurrence {
        PlanState::RemovedByRetiming
    } else if row.deleted_at.is_some() {
        PlanState::DeletedByPerson
    } else if row.is_cancelled_by_recurrence {
        PlanState::CancelledByRetiming
    } else if row.is_cancelled {
        PlanState::CancelledByPerson
    } else {
        PlanState::Planned
    };
    let occurrence = key_of(row)?;
    let (date, has_own_times) = (row.date, row.has_own_times);
    Some(MadeInstance { occurrence, date, state, has_own_times, is_over, has_check_ins })
}

/// Whether the window is closed, both as stored and as computed now. With new times or buffers, an instance that was
/// over may not be.
pub(crate) fn is_over(row: &session_instance::Model, computed: Instants, now: DateTime<Utc>) -> bool {
    let has_closed = |closes: Option<DateTime<Utc>>| closes.is_some_and(|closes| closes <= now);
    has_closed(row.closes_at) && has_closed(computed.closes_at)
}
