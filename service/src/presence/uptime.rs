//! Each server says every few seconds that it takes heartbeats, while anybody waits in a queue (rule 29). So whoever settles a
//! queue knows whether visits were silent because no server could hear them.

use chrono::{DateTime, Utc};
use domain::{
    ids::{ActivityId, QueuePlaceId},
    presence::Uptime,
};
use sea_orm::{EntityTrait, FromQueryResult};

use super::queue;
use crate::{
    App, Result,
    db::{Tx, execute, ids, rows},
    transaction,
};

/// Says that this process takes heartbeats, until the future is dropped.
pub async fn follow(app: App) {
    let rules = app.presence.rules;
    let period = Uptime::period(&rules).to_std().unwrap_or_default();
    let mut since = app.now();
    let mut last = since;
    loop {
        let now = app.now();
        // Without the database, nobody takes heartbeats. And the clock may have been set, or the computer may have slept.
        if now < last || Uptime::pause_threshold(&rules) < now - last {
            since = now;
        }
        match note(&app, since).await {
            Ok(()) => last = now,
            Err(error) => tracing::warn!(%error, "this server could not say that it takes heartbeats"),
        }
        tokio::time::sleep(period).await;
    }
}

/// Says that a server takes heartbeats now, and has done so since `since`. After a pause, offers that were made before it
/// can be claimed again.
pub async fn note(app: &App, since: DateTime<Utc>) -> Result<()> {
    let first: Vec<i64> = ids(app.db.pool(), "SELECT id FROM queue_place LIMIT 1", []).await?;
    if first.is_empty() {
        return Ok(());
    }
    let rules = &app.presence.rules;
    transaction!(app, app.now(), |tx| {
        let now = app.now();
        let before = entity::uptime::Entity::find_by_id(1).one(tx).await?;
        let before = before.map(|row| Uptime { seen_at: row.seen_at, up_since: row.up_since });
        let after =
            before.map_or(Uptime { seen_at: now, up_since: since }, |before| before.with_report(rules, since, now));
        if before.is_some_and(|before| {
            after.up_since == before.up_since && after.seen_at - before.seen_at < Uptime::period(rules) / 2
        }) {
            // Another server has just said so.
            return Ok(());
        }
        let sql = "INSERT INTO uptime (id, seen_at, up_since) VALUES (1, :seen_at, :up_since) \
                   ON CONFLICT (id) DO UPDATE SET seen_at = :seen_at, up_since = :up_since";
        execute(tx, sql, [("seen_at", after.seen_at.into()), ("up_since", after.up_since.into())]).await?;
        if let Some(before) = before.filter(|before| before.is_paused(rules, now)) {
            renew_offers(tx, before.seen_at, after.up_since).await?;
        }
        Ok(())
    })
}

/// Renews the offers that ended, or nearly ended, in the pause from `begun` to `ended`. Locks their queues.
async fn renew_offers(tx: &Tx, begun: DateTime<Utc>, ended: DateTime<Utc>) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Row {
        id: QueuePlaceId,
        activity_id: ActivityId,
        offer_ends_at: DateTime<Utc>,
    }
    let sql = "SELECT DISTINCT activity_id FROM queue_place WHERE offer_ends_at > :begun AND joined_at < :ended";
    let values = || [("begun", begun.into()), ("ended", ended.into())];
    let offering: Vec<ActivityId> = ids(tx, sql, values()).await?;
    let (_, activities) = queue::lock_queues(tx, offering.into_iter().collect()).await?;
    let sql = "SELECT id, activity_id, offer_ends_at FROM queue_place \
               WHERE offer_ends_at > :begun AND joined_at < :ended ORDER BY id";
    let offers: Vec<Row> = rows(tx, sql, values()).await?;
    let mut renewed = Vec::new();
    for row in offers {
        // An offer in another queue was made meanwhile, after the pause.
        let Some(activity) = activities.get(&row.activity_id) else { continue };
        let ends = queue::rules_of(activity).offer_end_after_pause(row.offer_ends_at, begun, ended);
        if ends != row.offer_ends_at {
            renewed.push((row.id, ends));
            tx.log(|news| news.occupancy_changed(row.activity_id));
        }
    }
    queue::put_offers(tx, &renewed).await
}
