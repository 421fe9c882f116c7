//! Visits and queues after somebody has set the clock back. Then the latest heartbeats, and the ends of offers, are in the
//! future. A visit that is gone would keep its seat until then, and an offer that nobody claims would last until then.

use std::iter;

use chrono::{DateTime, Utc};
use domain::{
    ids::{ActivityId, PresenceId},
    presence::Uptime,
};

use super::queue;
use crate::{
    App, Result,
    db::{execute, ids, is_in, text_list},
    transaction,
};

/// Makes heartbeats count as of now that are in the future, and lets offers end as if they were made now.
pub async fn forget_future(app: &App, now: DateTime<Utc>) -> Result<()> {
    transaction!(app, now, |tx| {
        let sql = format!(
            "SELECT id FROM presence WHERE last_seen_at > :now OR idle_since > :now OR seat_since > :now ORDER BY id {}",
            tx.locking("FOR NO KEY UPDATE")
        );
        let ahead: Vec<PresenceId> = ids(tx, &sql, [("now", now.into())]).await?;
        let sql = format!(
            "UPDATE presence SET last_seen_at = CASE WHEN last_seen_at > :now THEN :now ELSE last_seen_at END, \
               idle_since = CASE WHEN idle_since > :now THEN :now ELSE idle_since END, \
               seat_since = CASE WHEN seat_since > :now THEN :now ELSE seat_since END WHERE {}",
            is_in(tx, "id", "visits")
        );
        let visits = text_list(tx, ahead.into_iter().map(PresenceId::uuid));
        execute(tx, &sql, [("now", now.into()), ("visits", visits)]).await?;
        let sql = "UPDATE uptime SET seen_at = CASE WHEN seen_at > :now THEN :now ELSE seen_at END, \
                     up_since = CASE WHEN up_since > :now THEN :now ELSE up_since END";
        execute(tx, sql, [("now", now.into())]).await?;
        Ok(())
    })?;
    let sql = "SELECT DISTINCT activity_id FROM queue_place WHERE offer_ends_at > :now";
    let offering: Vec<ActivityId> = ids(app.db.pool(), sql, [("now", now.into())]).await?;
    for id in offering {
        transaction!(app, now, |tx| {
            let (_, locked) = queue::lock_queues(tx, iter::once(id).collect()).await?;
            let Some(activity) = locked.get(&id) else { return Ok(()) };
            let latest = now + queue::rules_of(activity).offer.max(Uptime::grace_after_pause(&app.presence.rules));
            let sql = "UPDATE queue_place SET offer_ends_at = :latest \
                       WHERE activity_id = :activity AND offer_ends_at > :latest";
            if execute(tx, sql, [("latest", latest.into()), ("activity", id.0.into())]).await? > 0 {
                tx.log(|news| news.occupancy_changed(id));
            }
            Ok(())
        })?;
    }
    Ok(())
}
