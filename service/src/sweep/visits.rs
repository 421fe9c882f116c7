//! Visits without heartbeats. First they go offline and their seats are freed. Hours later they are abandoned (rules
//! 15, 16).

use domain::ids::PresenceId;
use entity::presence::Model;

use super::{Runner, Timing, step};
use crate::{
    Result,
    db::{Tx, is_in, rows, text_list},
    presence::{Tally, tally, visits},
};

/// How many visits one transaction marks.
const VISITS_PER_BATCH: usize = 1_000;

pub(super) async fn sweep_visits(runner: &mut Runner<'_>) -> Result<()> {
    let timing = runner.timing;
    let since = timing.app.presence.rules.online_since(timing.context().now);
    let sql = "SELECT id FROM presence WHERE is_live AND last_seen_at < :since ORDER BY id";
    let gone: Vec<PresenceId> = runner.ids(sql, [("since", since.into())]).await?;
    runner.progress.find(gone.len());
    for batch in gone.chunks(VISITS_PER_BATCH) {
        step!(runner, |tx| { end_batch(tx, timing, batch).await })?;
        runner.progress.finish(batch.len());
    }

    let sql = "SELECT id FROM presence WHERE abandon_at <= :now ORDER BY id";
    let due: Vec<PresenceId> = runner.ids(sql, [("now", timing.context().now.into())]).await?;
    runner.progress.find(due.len());
    for batch in due.chunks(VISITS_PER_BATCH) {
        let count = step!(runner, |tx| { abandon_batch(tx, timing, batch).await })?;
        tracing::debug!(count, "visits marked as abandoned");
        runner.report.presences_abandoned += count;
        runner.progress.finish(batch.len());
    }
    Ok(())
}

/// Sweeps all visits that went offline: computes again when each is abandoned, which a changed setting may have moved.
/// Then sweeps what is due.
pub(super) async fn sweep_all(runner: &mut Runner<'_>) -> Result<()> {
    let timing = runner.timing;
    let gone: Vec<PresenceId> =
        runner.ids("SELECT id FROM presence WHERE abandon_at IS NOT NULL ORDER BY id", []).await?;
    for batch in gone.chunks(VISITS_PER_BATCH) {
        step!(runner, |tx| { mark_batch(tx, timing, batch).await })?;
    }
    sweep_visits(runner).await
}

/// Locks the visits that are still offline, in the order of their ids, and ends their leases.
async fn end_batch(tx: &Tx, timing: Timing<'_>, ids: &[PresenceId]) -> Result<()> {
    let rules = &timing.app.presence.rules;
    let sql = format!(
        "SELECT * FROM presence WHERE {} AND is_live AND last_seen_at < :since ORDER BY id {}",
        is_in(tx, "id", "visits"),
        tx.locking("FOR NO KEY UPDATE")
    );
    let since = rules.online_since(timing.context().now);
    let values = [("visits", text_list(tx, ids.iter().map(|id| id.uuid()))), ("since", since.into())];
    let gone: Vec<Model> = rows(tx, &sql, values).await?;
    if let Some(seen) = gone.iter().filter(|row| row.activity_id.is_some()).map(|row| row.last_seen_at).min() {
        tx.log(|news| news.fell_due(rules.offline_at(seen)));
    }
    visits::end_leases(tx, rules, &gone).await
}

async fn mark_batch(tx: &Tx, timing: Timing<'_>, ids: &[PresenceId]) -> Result<()> {
    let rules = &timing.app.presence.rules;
    let sql = format!(
        "SELECT * FROM presence WHERE {} AND abandon_at IS NOT NULL ORDER BY id {}",
        is_in(tx, "id", "visits"),
        tx.locking("FOR NO KEY UPDATE")
    );
    let mut gone: Vec<Model> = rows(tx, &sql, [("visits", text_list(tx, ids.iter().map(|id| id.uuid())))]).await?;
    gone.retain(|row| row.abandon_at != Some(rules.abandoned_at(row.last_seen_at)));
    visits::end_leases(tx, rules, &gone).await
}

async fn abandon_batch(tx: &Tx, timing: Timing<'_>, ids: &[PresenceId]) -> Result<usize> {
    let abandoned = visits::abandon(tx, ids, timing.context().now).await?;
    tally(tx, abandoned.iter().map(|row| Tally::abandoned(row.started_at, 1)).collect()).await?;
    Ok(abandoned.len())
}
