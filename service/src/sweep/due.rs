//! The scope "due": sessions that are marked or need a new instance, and instances whose window or override begins or
//! ends.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    status::{LOOKAHEAD, Mode},
};
use entity::{session, session_instance};
use sea_orm::{EntityTrait, QueryFilter};

use super::{AutoCreated, Runner, Timing, session::sweep_batch, step};
use crate::{
    Result,
    db::{Named, Tx, is_in, is_one_of, list, rows},
    status::update::{DecisionContext, LockedInstance, Updated, move_people, update_statuses},
};

/// How many instances one transaction updates. This bounds how long it holds its locks.
const INSTANCES_PER_BATCH: usize = 1_000;

/// How many sessions one transaction recomputes.
const SESSIONS_PER_BATCH: usize = 50;

/// Recomputes sessions that are marked, that need a new instance, or that are broken (they may have been repaired
/// since).
pub(super) async fn sweep_sessions(runner: &mut Runner<'_>) -> Result<()> {
    let sql = "SELECT id FROM session WHERE needs_recompute \
               UNION SELECT id FROM session WHERE next_create_at <= :now \
               UNION SELECT id FROM session WHERE problem IS NOT NULL";
    let mut ids: Vec<SessionId> = runner.ids(sql, [("now", runner.timing.context().now.into())]).await?;
    ids.sort_unstable();
    sweep_session_list(runner, &ids).await
}

/// Recomputes these sessions. If a batch fails, each of its sessions is tried alone, so that one failure does not stop
/// the others.
pub(super) async fn sweep_session_list(runner: &mut Runner<'_>, ids: &[SessionId]) -> Result<()> {
    runner.progress.find(ids.len());
    for batch in ids.chunks(SESSIONS_PER_BATCH) {
        match try_sessions(runner, batch).await {
            Ok(()) => {}
            Err(_) if batch.len() > 1 && runner.dry.is_none() => {
                for id in batch {
                    if let Err(error) = try_sessions(runner, &[*id]).await {
                        let session = *id;
                        tracing::error!(%session, %error, "session could not be swept");
                        runner.report.error(Some(session), "could not be swept; see the log".to_owned());
                    }
                }
            }
            Err(error) => return Err(error),
        }
        runner.progress.finish(batch.len());
    }
    Ok(())
}

async fn try_sessions(runner: &mut Runner<'_>, ids: &[SessionId]) -> Result<()> {
    let timing = runner.timing;
    let (swept, updated) = step!(runner, |tx| { sweep_batch(tx, timing, ids).await })?;
    for session in swept {
        if !session.created.is_empty() {
            tracing::debug!(session = %session.id, dates = ?session.created, "instances created");
            runner.report.auto_created.push(AutoCreated {
                session_id: session.id,
                session_name: session.name,
                instances_created: session.created.len(),
                dates: session.created,
            });
        }
        if let Some(problem) = session.problem {
            runner.report.error(Some(session.id), problem);
        }
    }
    runner.note(updated);
    Ok(())
}

/// The conditions of which one makes an instance due in this mode.
const fn conditions(mode: Mode) -> &'static [&'static str] {
    match mode {
        Mode::Exact => &["due_at <= :now"],
        Mode::Periodic => &[
            "due_at <= :lookahead AND (NOT is_active OR due_at <= :now)",
            "override_active IS NOT NULL AND override_until IS NULL",
        ],
    }
}

/// The values in [`conditions`].
fn instants_of(mode: Mode, now: DateTime<Utc>) -> Vec<Named> {
    match mode {
        Mode::Exact => vec![("now", now.into())],
        Mode::Periodic => vec![("now", now.into()), ("lookahead", (now + LOOKAHEAD).into())],
    }
}

pub(super) async fn sweep_instances(runner: &mut Runner<'_>) -> Result<()> {
    let timing = runner.timing;
    let DecisionContext { now, mode, .. } = timing.context();
    // A SELECT for each condition: for an OR of both, PostgreSQL reads no partial index.
    let selects: Vec<_> =
        conditions(mode).iter().map(|is_due| format!("SELECT id FROM session_instance WHERE {is_due}")).collect();
    let mut ids: Vec<SessionInstanceId> = runner.ids(&selects.join(" UNION "), instants_of(mode, now)).await?;
    ids.sort_unstable();
    runner.progress.find(ids.len());
    for batch in ids.chunks(INSTANCES_PER_BATCH) {
        let updated = step!(runner, |tx| { update_batch(tx, timing, batch).await })?;
        runner.note(updated);
        runner.progress.finish(batch.len());
    }
    Ok(())
}

/// Locks those of these instances that are still due, in the order of their ids (rule 21), and updates their status.
async fn update_batch(tx: &Tx, timing: Timing<'_>, ids: &[SessionInstanceId]) -> Result<Updated> {
    let DecisionContext { now, mode, .. } = timing.context();
    let (is_wanted, is_due) = (is_in(tx, "id", "instances"), conditions(mode).join(" OR "));
    let lock = tx.locking("FOR NO KEY UPDATE");
    let sql = format!("SELECT * FROM session_instance WHERE {is_wanted} AND ({is_due}) ORDER BY id {lock}");
    let mut values = instants_of(mode, now);
    values.push(("instances", list(tx, ids.iter().copied())));
    let instances: Vec<session_instance::Model> = rows(tx, &sql, values).await?;
    if instances.is_empty() {
        return Ok(Updated::default());
    }
    let items = with_sessions(tx, instances).await?;
    let context = timing.context();
    let changes = update_statuses(tx, context, items).await?;
    move_people(tx, context, changes).await
}

async fn with_sessions(tx: &Tx, instances: Vec<session_instance::Model>) -> Result<Vec<LockedInstance>> {
    let session_ids: BTreeSet<SessionId> = instances.iter().map(|row| row.session_id).collect();
    let sessions = session::Entity::find().filter(is_one_of(tx, session::Column::Id, session_ids)).all(tx).await?;
    let sessions: HashMap<SessionId, Arc<session::Model>> =
        sessions.into_iter().map(|row| (row.id, Arc::new(row))).collect();
    let item = |instance: session_instance::Model| {
        let session = Arc::clone(sessions.get(&instance.session_id)?);
        Some(LockedInstance { instance, session })
    };
    Ok(instances.into_iter().filter_map(item).collect())
}
