//! Settling a queue: removing the places that are over, and making or ending offers.

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{ActivityId, PresenceId, QueuePlaceId},
    presence::{Due, OfferChange, PlaceFacts, PresenceRules, Uptime, offer_change},
};
use entity::activity;
use sea_orm::FromQueryResult;

use super::{
    as_count, limit_of, lock_queues,
    places::{look_at_all_again, put_instants},
    rules_of,
};
use crate::{
    App, Error, Result,
    db::{Tx, execute, ids, is_in, list, rows},
    transaction,
};

/// How long before the due instant a place is checked. With this, a long queue is checked a few times a minute, and not
/// at each instant at which a place would be over if no heartbeat came.
const LOOKAHEAD: TimeDelta = TimeDelta::seconds(10);

/// Removes the places that are over, and makes or ends offers. The activity must be locked for writing. Checks the
/// places that are due at `until` or before.
pub(crate) async fn settle(
    tx: &Tx,
    rules: &PresenceRules,
    activity: &activity::Model,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<()> {
    remove_over(tx, rules, activity, now, until).await?;
    change_offers(tx, activity, now).await
}

/// Removes the places that are over.
pub(crate) async fn remove_over(
    tx: &Tx,
    rules: &PresenceRules,
    activity: &activity::Model,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Row {
        id: QueuePlaceId,
        joined_at: DateTime<Utc>,
        leaves_at: DateTime<Utc>,
        offer_ends_at: Option<DateTime<Utc>>,
        visit_seen: Option<DateTime<Utc>>,
        person_seen: Option<DateTime<Utc>>,
        seen_at: Option<DateTime<Utc>>,
        up_since: Option<DateTime<Utc>>,
    }
    let sql = "SELECT q.id, q.joined_at, q.leaves_at, q.offer_ends_at, \
                 (SELECT p.last_seen_at FROM presence p WHERE p.id = q.presence_id AND p.status <> 'COMPLETED') \
                   AS visit_seen, \
                 (SELECT MAX(p.last_seen_at) FROM presence p WHERE p.person_id = q.person_id \
                   AND p.status <> 'COMPLETED') AS person_seen, \
                 (SELECT u.seen_at FROM uptime u) AS seen_at, (SELECT u.up_since FROM uptime u) AS up_since \
               FROM queue_place q \
               WHERE q.activity_id = :activity AND (q.offer_ends_at <= :now OR q.leaves_at <= :until) ORDER BY q.id";
    let values = [("activity", activity.id.0.into()), ("now", now.into()), ("until", until.into())];
    let found: Vec<Row> = rows(tx, sql, values).await?;
    let queue = rules_of(activity);
    let (mut over, mut later, mut renewed) = (Vec::new(), Vec::new(), Vec::new());
    for row in found {
        let mut place = PlaceFacts { last_seen: row.visit_seen.max(row.person_seen), offer_ends_at: row.offer_ends_at };
        if let (Some(seen_at), Some(up_since)) = (row.seen_at, row.up_since) {
            let uptime = Uptime { seen_at, up_since }.joined_at(row.joined_at);
            if uptime.is_paused(rules, now) {
                // As if the pause ended now.
                let begun = uptime.seen_at;
                let offer_ends_at = row.offer_ends_at.map(|ends| queue.offer_end_after_pause(ends, begun, now));
                place = PlaceFacts { offer_ends_at, ..place.after_pause(rules, queue, now) };
            } else if row.joined_at < up_since {
                place = place.after_pause(rules, queue, up_since);
            }
        }
        if let Some(ends) = place.offer_ends_at.filter(|_| place.offer_ends_at != row.offer_ends_at) {
            renewed.push((row.id, ends));
        }
        match place.due(rules, queue, now) {
            Due::Over(_) => {
                let fell_due = row.offer_ends_at.map_or(row.leaves_at, |ends| ends.min(row.leaves_at));
                tx.log(|news| news.fell_due(fell_due));
                over.push(row.id);
            }
            Due::At(at) if at != row.leaves_at => later.push((row.id, at)),
            Due::At(_) => {}
        }
    }
    if !over.is_empty() {
        let sql = format!("DELETE FROM queue_place WHERE {}", is_in(tx, "id", "places"));
        execute(tx, &sql, [("places", list(tx, over))]).await?;
        tx.log(|news| news.occupancy_changed(activity.id));
    }
    if !renewed.is_empty() {
        tx.log(|news| news.occupancy_changed(activity.id));
    }
    put_instants(tx, "offer_ends_at", &renewed).await?;
    put_instants(tx, "leaves_at", &later).await
}

/// Offers the free seats to those who wait longest, or ends the newest offers, as the limit says ([`offer_change`]).
async fn change_offers(tx: &Tx, activity: &activity::Model, now: DateTime<Utc>) -> Result<()> {
    let taken = count_taken(tx, activity.id, None, None).await?;
    let (ends, count, places) = match offer_change(limit_of(activity), taken.seats, taken.offers) {
        OfferChange::Make(0) => return Ok(()),
        OfferChange::Make(_) if !taken.is_waited_for => return Ok(()),
        OfferChange::Make(count) => (Some(now + rules_of(activity).offer), count, "offer_ends_at IS NULL ORDER BY id"),
        OfferChange::End(count) => (None, count, "offer_ends_at IS NOT NULL ORDER BY id DESC"),
    };
    let sql = format!(
        "UPDATE queue_place SET offer_ends_at = :ends WHERE id IN \
           (SELECT id FROM queue_place WHERE activity_id = :activity AND {places} LIMIT :count)"
    );
    let values = [("activity", activity.id.0.into()), ("ends", ends.into()), ("count", i64::from(count).into())];
    if execute(tx, &sql, values).await? > 0 {
        tx.log(|news| news.occupancy_changed(activity.id));
    }
    Ok(())
}

/// The taken seats of an activity, and whether anybody waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub seats: u32,
    pub offers: u32,
    /// Whether somebody waits to whom no seat is offered.
    pub is_waited_for: bool,
}

/// Counts seats and offers, except those of one visit and one place. The counts are exact while the activity is locked.
pub(crate) async fn count_taken(
    tx: &Tx,
    activity: ActivityId,
    visit: Option<PresenceId>,
    place: Option<QueuePlaceId>,
) -> Result<Taken> {
    #[derive(FromQueryResult)]
    struct Row {
        seats: i64,
        offers: i64,
        waiting: i64,
    }
    let sql = "SELECT (SELECT COUNT(*) FROM presence WHERE activity_id = :activity AND id <> :visit) AS seats, \
                 (SELECT COUNT(*) FROM queue_place WHERE activity_id = :activity AND offer_ends_at IS NOT NULL \
                   AND id <> :place) AS offers, \
                 (SELECT COUNT(*) FROM (SELECT id FROM queue_place WHERE activity_id = :activity \
                   AND offer_ends_at IS NULL AND id <> :place LIMIT 1) AS first) AS waiting";
    let visit = visit.map(PresenceId::uuid).unwrap_or_default();
    let place = place.map_or(0, |place| place.0);
    let values = [("activity", activity.0.into()), ("visit", visit.into()), ("place", place.into())];
    let found: Vec<Row> = rows(tx, sql, values).await?;
    let row = found.into_iter().next().ok_or_else(|| Error::internal("a count returned nothing"))?;
    Ok(Taken { seats: as_count(row.seats), offers: as_count(row.offers), is_waited_for: row.waiting > 0 })
}

/// Locks an activity and settles its queue.
pub(crate) async fn settle_activity(
    tx: &Tx,
    rules: &PresenceRules,
    id: ActivityId,
    now: impl Fn() -> DateTime<Utc>,
) -> Result<()> {
    let (_, mut locked) = lock_queues(tx, iter::once(id).collect()).await?;
    // Read the clock after taking the lock. Otherwise this decision could be as of an earlier instant than the previous
    // one.
    let now = now();
    match locked.remove(&id) {
        Some(activity) => settle(tx, rules, &activity, now, now + LOOKAHEAD).await,
        None => Ok(()),
    }
}

/// Locks an activity, checks all places of its queue, whenever they are due, and settles it.
pub(crate) async fn settle_all_again(
    tx: &Tx,
    rules: &PresenceRules,
    id: ActivityId,
    now: impl Fn() -> DateTime<Utc>,
) -> Result<()> {
    lock_queues(tx, iter::once(id).collect()).await?;
    look_at_all_again(tx, id, now()).await?;
    settle_activity(tx, rules, id, now).await
}

/// Settles the queues of these activities, so that seats that have just become free are offered at once. If this fails,
/// the timers do it.
pub(crate) async fn settle_queues(app: &App, activities: impl IntoIterator<Item = ActivityId>) {
    for id in activities {
        if let Err(error) = settle_now(app, id).await {
            tracing::warn!(%error, activity = %id, "a queue was not settled, and is left to the timers");
        }
    }
}

async fn settle_now(app: &App, id: ActivityId) -> Result<()> {
    let sql = "SELECT id FROM queue_place WHERE activity_id = :activity LIMIT 1";
    let first: Vec<i64> = ids(app.db.pool(), sql, [("activity", id.0.into())]).await?;
    if first.is_empty() {
        return Ok(());
    }
    transaction!(app, app.now(), |tx| { settle_activity(tx, &app.presence.rules, id, || app.now()).await })
}

/// The activities in which a free seat can be offered.
pub(crate) const FREE_SEATS: &str = "SELECT a.id FROM activity a \
     WHERE EXISTS (SELECT 1 FROM queue_place q WHERE q.activity_id = a.id AND q.offer_ends_at IS NULL) \
       AND (a.max_concurrent IS NULL OR a.max_concurrent > \
         (SELECT COUNT(*) FROM presence p WHERE p.activity_id = a.id) \
         + (SELECT COUNT(*) FROM queue_place o WHERE o.activity_id = a.id AND o.offer_ends_at IS NOT NULL))";

/// The activities with places that are due at `:now`.
pub(crate) const DUE_PLACES: &str =
    "SELECT DISTINCT activity_id FROM queue_place WHERE offer_ends_at <= :now OR leaves_at <= :now";
