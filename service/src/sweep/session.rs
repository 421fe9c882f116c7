//! Recomputes sessions from their facts: applies a changed recurrence, computes windows, creates instances, and
//! updates their status.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    autocreate,
    ids::{SessionId, SessionInstanceId},
    matching::{Existence, ExistingInstance},
    recurrence::{Calendar, Occurrence, Recurrence, Skips},
    retime::{self, RetimeAction},
    window::oldest_open_date,
    zone::{Zone, ZoneData},
};
use entity::{session, session_instance};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};

use super::Timing;
use crate::{
    Result,
    db::{Tx, is_in, is_one_of, list, rows},
    status::{
        facts::{self, as_made, blank, find_answered, is_over, key_of, put_key},
        update::{
            DecisionContext, LockedInstance, StatusChanges, Updated, move_people, release_keys, save_instance,
            update_statuses,
        },
    },
    zones::for_windows,
};

/// The result of recomputing one session, apart from the changed statuses.
pub(super) struct Swept {
    pub id: SessionId,
    pub name: String,
    pub created: Vec<NaiveDate>,
    pub problem: Option<String>,
}

/// Recomputes sessions, and those of their instances that are not long over. Clears the marks: the sessions are locked,
/// so nobody has changed them since they were read (rule 12).
pub(super) async fn sweep_batch(tx: &Tx, timing: Timing<'_>, ids: &[SessionId]) -> Result<(Vec<Swept>, Updated)> {
    // Take all locks of one kind before those of the next (rule 21).
    let locked = lock_sessions(tx, ids).await?;
    let Some(data) = for_windows(tx, &timing.app.zones).await? else {
        // The marks stay for a process that has newer zone data (rule 1).
        return Ok((Vec::new(), Updated::default()));
    };
    let mut instances = lock_instances(tx, ids, timing.context().now).await?;
    // Skips only change while their session is locked.
    let mut skips = facts::find_skipped_dates(tx, ids).await?;
    let context = timing.context();
    let (mut swept, mut changes) = (Vec::new(), StatusChanges::default());
    for session in locked {
        let theirs = instances.remove(&session.id).unwrap_or_default();
        let skips = skips.remove(&session.id).unwrap_or_default();
        swept.push(sweep_session(tx, context, data, Arc::new(session), skips, theirs, &mut changes).await?);
    }
    Ok((swept, move_people(tx, context, changes).await?))
}

async fn sweep_session(
    tx: &Tx,
    context: DecisionContext,
    data: ZoneData,
    session: Arc<session::Model>,
    skips: Skips,
    before: Vec<session_instance::Model>,
    changes: &mut StatusChanges,
) -> Result<Swept> {
    let id = session.id;
    let zone = facts::zone_of(data, &session);
    let recurrence = facts::recurrence_of(&session);
    let of_zone = zone.as_ref().err().map(ToString::to_string);
    let problem = of_zone.or_else(|| recurrence.as_ref().err().map(ToString::to_string));
    let mut swept = Swept { id, name: session.name.clone(), created: Vec::new(), problem };
    let mut next_create_at = None;

    let mut after = before.clone();
    if let Ok(zone) = zone {
        if let Ok(recurrence) = &recurrence {
            let recurrence = recurrence.clone().unwrap_or_default();
            let calendar = facts::calendar_of(&session, zone, skips.clone());
            let made = after.iter().filter(|row| key_of(row).is_some()).map(|row| row.id);
            let answered = find_answered(tx, made).await?;
            retime_instances(&session, &recurrence, &calendar, &mut after, &answered, context.now);
        }
        for row in &mut after {
            renew_instants_unless_over(row, &session, zone, context.now);
        }
    }
    release_keys(tx, before.iter().zip(&after)).await?;
    let mut unchanged = Vec::new();
    for (old, new) in before.iter().zip(&after) {
        let item = LockedInstance { instance: new.clone(), session: Arc::clone(&session) };
        if old == new {
            unchanged.push(item);
        } else {
            changes.extend(save_instance(tx, context, Some(old), item).await?.1);
        }
    }
    changes.extend(update_statuses(tx, context, unchanged).await?);

    if let (Ok(zone), Ok(Some(recurrence)), true) = (zone, &recurrence, session.auto_create_instances) {
        let calendar = facts::calendar_of(&session, zone, skips);
        let buffers = facts::buffers_of(&session);
        let existing: Vec<_> = after.iter().map(as_existing).collect();
        let hours = session.auto_create_hours_ahead;
        let plan = autocreate::plan(recurrence, &calendar, buffers, hours, &existing, context.now);
        for occurrence in plan.create {
            let instance = made_from(id, &occurrence, &session, zone, context.now);
            let item = LockedInstance { instance, session: Arc::clone(&session) };
            changes.extend(save_instance(tx, context, None, item).await?.1);
            swept.created.push(occurrence.date);
        }
        next_create_at = plan.next_due;
    }
    let computed = session::Model {
        next_create_at,
        needs_recompute: false,
        problem: swept.problem.clone(),
        ..session::Model::clone(&session)
    };
    if computed != *session {
        if computed.problem != session.problem {
            tracing::warn!(session = %id, problem = computed.problem, "the problem of a session changed");
        }
        computed.into_active_model().reset_all().update(tx).await?;
    }
    Ok(swept)
}

async fn lock_sessions(tx: &Tx, ids: &[SessionId]) -> Result<Vec<session::Model>> {
    let query = session::Entity::find()
        .filter(is_one_of(tx, session::Column::Id, ids.iter().copied()))
        .filter(session::Column::DeletedAt.is_null())
        .order_by_asc(session::Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(query.all(tx).await?)
}

/// Locks the instances of these sessions that are not long over, in the order of their ids. Deleted instances are
/// included. The result is by session.
async fn lock_instances(
    tx: &Tx,
    ids: &[SessionId],
    now: DateTime<Utc>,
) -> Result<HashMap<SessionId, Vec<session_instance::Model>>> {
    let since = oldest_open_date(now);
    let sql = format!(
        "SELECT * FROM session_instance WHERE {} \
           AND (date >= :since OR occurrence_date >= :since OR due_at IS NOT NULL OR is_active) ORDER BY id {}",
        is_in(tx, "session_id", "sessions"),
        tx.locking("FOR NO KEY UPDATE")
    );
    let values = [("sessions", list(tx, ids.iter().copied())), ("since", since.into())];
    let found: Vec<session_instance::Model> = rows(tx, &sql, values).await?;
    let mut instances: HashMap<SessionId, Vec<session_instance::Model>> = HashMap::new();
    for row in found {
        instances.entry(row.session_id).or_default().push(row);
    }
    Ok(instances)
}

fn put_times(row: &mut session_instance::Model, occurrence: &Occurrence) {
    put_key(row, occurrence.key());
    row.date = occurrence.date;
    row.start_time = Some(occurrence.start);
    row.end_time = Some(occurrence.end);
}

/// Applies rule 11 to the instances that were made from the recurrence. `answered` are those that have a check-in.
pub(crate) fn retime_instances(
    session: &session::Model,
    recurrence: &Recurrence,
    calendar: &Calendar,
    instances: &mut [session_instance::Model],
    answered: &BTreeSet<SessionInstanceId>,
    now: DateTime<Utc>,
) {
    let as_made = |row: &session_instance::Model| {
        let is_over = is_over(row, facts::computed_instants(row, session, calendar.zone), now);
        as_made(row, answered.contains(&row.id), is_over)
    };
    let (facts, indices): (Vec<_>, Vec<usize>) =
        instances.iter().enumerate().filter_map(|(index, row)| Some((as_made(row)?, index))).unzip();
    for (verdict, index) in retime::retime(recurrence, calendar, &facts).into_iter().zip(indices) {
        let row = &mut instances[index];
        match verdict {
            RetimeAction::Keep => {}
            RetimeAction::Adopt(key) => put_key(row, key),
            RetimeAction::Retime(occurrence) => put_times(row, &occurrence),
            RetimeAction::Restore { occurrence, keeps_times } => {
                row.is_cancelled &= !row.is_cancelled_by_recurrence;
                row.is_cancelled_by_recurrence = false;
                row.is_removed_by_recurrence = false;
                row.deleted_at = None;
                if keeps_times {
                    put_key(row, occurrence.key());
                } else {
                    put_times(row, &occurrence);
                }
            }
            RetimeAction::Cancel => {
                row.is_cancelled = true;
                row.is_cancelled_by_recurrence = true;
            }
            RetimeAction::Remove => {
                row.deleted_at = Some(now);
                row.is_removed_by_recurrence = true;
            }
        }
    }
}

pub(crate) fn as_existing(row: &session_instance::Model) -> ExistingInstance {
    ExistingInstance {
        date: row.date,
        start: row.start_time,
        occurrence: key_of(row),
        existence: Existence::stored(
            row.deleted_at.is_some(),
            row.is_removed_by_recurrence,
            row.is_cancelled_by_recurrence,
        ),
    }
}

/// Computes the window again. An instance that is over keeps its stored one (rule 11).
fn renew_instants_unless_over(
    row: &mut session_instance::Model,
    session: &session::Model,
    zone: Zone,
    now: DateTime<Utc>,
) {
    let computed = facts::computed_instants(row, session, zone);
    if !is_over(row, computed, now) {
        facts::put_instants(row, computed);
    }
}

/// A new instance for an occurrence. Its local times are stored as scheduled.
fn made_from(
    id: SessionId,
    occurrence: &Occurrence,
    session: &session::Model,
    zone: Zone,
    now: DateTime<Utc>,
) -> session_instance::Model {
    let mut row = blank(id, occurrence.date, now);
    put_times(&mut row, occurrence);
    let computed = facts::computed_instants(&row, session, zone);
    facts::put_instants(&mut row, computed);
    row
}
