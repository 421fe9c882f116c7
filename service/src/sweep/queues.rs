//! Seats of visits that have been idle for too long (rule 27), and the queues for seats (rule 28).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{ActivityId, PresenceId};
use entity::presence::Model;
use sea_orm::FromQueryResult;

use super::{Runner, Timing, step};
use crate::{
    App, Result,
    db::{Tx, is_in, rows, text_list},
    presence::{
        queue::{DUE_PLACES, FREE_SEATS, settle_activity, settle_all_again},
        visits::free_seats,
    },
};

/// How many idle visits lose their seats in one transaction.
const VISITS_PER_BATCH: usize = 1_000;

/// An activity in which idle visits lose their seats.
#[derive(FromQueryResult)]
struct IdleRule {
    id: ActivityId,
    max_idle_minutes: i32,
    /// The instant from which the longest idle visit with a seat is idle.
    idle_since: Option<DateTime<Utc>>,
}

impl IdleRule {
    fn max_idle(&self) -> TimeDelta {
        TimeDelta::minutes(self.max_idle_minutes.into())
    }
}

const IDLE_RULES: &str = "SELECT a.id, a.max_idle_minutes, \
     (SELECT MIN(p.idle_since) FROM presence p WHERE p.activity_id = a.id) AS idle_since \
   FROM activity a WHERE a.max_idle_minutes IS NOT NULL ORDER BY a.id";

/// Frees the seats of visits that have been idle for too long. Then settles the queues in which something is due.
pub(super) async fn sweep_queues(runner: &mut Runner<'_>) -> Result<()> {
    let timing = runner.timing;
    let rules: Vec<IdleRule> = match &runner.dry {
        Some(tx) => rows(tx, IDLE_RULES, []).await?,
        None => rows(runner.app.db.pool(), IDLE_RULES, []).await?,
    };
    for rule in rules {
        let since = timing.context().now - rule.max_idle();
        if rule.idle_since.is_some_and(|idle_since| idle_since <= since) {
            free_idle_seats(runner, rule.id, since).await?;
        }
    }
    let mut unsettled: BTreeSet<ActivityId> = runner.ids(FREE_SEATS, vec![]).await?.into_iter().collect();
    unsettled.extend(runner.ids::<ActivityId>(DUE_PLACES, vec![("now", timing.context().now.into())]).await?);
    settle(runner, unsettled).await
}

/// Checks all places, because a changed setting may have changed when they are over. Then sweeps what is due.
pub(super) async fn sweep_all(runner: &mut Runner<'_>) -> Result<()> {
    let timing = runner.timing;
    let waited_for: Vec<ActivityId> =
        runner.ids("SELECT DISTINCT activity_id FROM queue_place ORDER BY activity_id", vec![]).await?;
    for id in waited_for {
        let rules = &timing.app.presence.rules;
        step!(runner, |tx| { settle_all_again(tx, rules, id, || timing.context().now).await })?;
    }
    sweep_queues(runner).await
}

async fn free_idle_seats(runner: &mut Runner<'_>, activity: ActivityId, since: DateTime<Utc>) -> Result<()> {
    let timing = runner.timing;
    let sql = "SELECT id FROM presence WHERE activity_id = :activity AND idle_since <= :since ORDER BY id";
    let idle: Vec<PresenceId> = runner.ids(sql, vec![("activity", activity.0.into()), ("since", since.into())]).await?;
    runner.progress.find(idle.len());
    for batch in idle.chunks(VISITS_PER_BATCH) {
        step!(runner, |tx| { free_batch(tx, timing, activity, since, batch).await })?;
        runner.progress.finish(batch.len());
    }
    Ok(())
}

/// Locks the visits that are still idle in their seats, in the order of their ids, and frees these seats.
async fn free_batch(
    tx: &Tx,
    timing: Timing<'_>,
    activity: ActivityId,
    since: DateTime<Utc>,
    ids: &[PresenceId],
) -> Result<()> {
    let sql = format!(
        "SELECT * FROM presence WHERE {} AND activity_id = :activity AND idle_since <= :since ORDER BY id {}",
        is_in(tx, "id", "visits"),
        tx.locking("FOR NO KEY UPDATE")
    );
    let values = [
        ("visits", text_list(tx, ids.iter().map(|id| id.uuid()))),
        ("activity", activity.0.into()),
        ("since", since.into()),
    ];
    let idle: Vec<Model> = rows(tx, &sql, values).await?;
    free_seats(tx, &idle, timing.context().now).await
}

async fn settle(runner: &mut Runner<'_>, activities: BTreeSet<ActivityId>) -> Result<()> {
    let timing = runner.timing;
    runner.progress.find(activities.len());
    for id in activities {
        let rules = &timing.app.presence.rules;
        step!(runner, |tx| { settle_activity(tx, rules, id, || timing.context().now).await })?;
        runner.progress.finish(1);
    }
    Ok(())
}

/// The next instant at which a seat is lost because its visit is idle.
pub(super) async fn find_next_idle_seat(app: &App) -> Result<Option<DateTime<Utc>>> {
    let rules: Vec<IdleRule> = rows(app.db.pool(), IDLE_RULES, []).await?;
    Ok(rules.iter().filter_map(|rule| Some(rule.idle_since? + rule.max_idle())).min())
}
