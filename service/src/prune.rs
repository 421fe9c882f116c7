//! Deletes what is no longer needed: old batches of the change log, deleted instances and sessions that the log no
//! longer names, old visits, old entries of the audit log, old idempotency keys, and sign-ins that have ended. Erases old
//! guests.
//!
//! The change log is deleted from its beginning, so what is left is always everything after some position. A cursor is
//! then either valid or too old. The last batch stays, however old it is, because it holds the log's position.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    App, Result,
    db::{Named, execute, numbers, rows},
    door::erase_old_guests,
    idempotency, transaction,
};

/// How many rows were deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Batches of the change log.
    pub batches: u64,
    /// Deleted instances.
    pub instances: u64,
    /// Visits.
    pub visits: u64,
    /// Entries of the audit log.
    pub audit_entries: u64,
    /// Idempotency keys.
    pub idempotency_keys: u64,
    /// Sign-ins of browsers.
    pub sign_ins: u64,
    /// Guests, who were erased.
    pub guests: u64,
}

/// How many rows one transaction deletes.
const BATCH_SIZE: u64 = 1_000;

/// How long a deleted instance is kept after its date. While it exists, its occurrence gets no other instance (rule
/// 10). The time is longer than any window lasts, in any zone, and longer than sweeps look back.
const DELETED_RETENTION: TimeDelta = TimeDelta::days(9);

/// Deletes everything whose retention is over. Any number of processes may do this at once. An interrupted run is
/// continued by the next one.
pub async fn prune(app: &App) -> Result<Pruned> {
    let now = app.now();
    let batches = prune_log(app, now).await?;
    let instances = prune_instances(app, now).await?;
    let visits = prune_visits(app, now).await?;
    let sql = "DELETE FROM audit_entry WHERE id IN \
               (SELECT id FROM audit_entry WHERE occurred_at < :before ORDER BY occurred_at LIMIT :limit)";
    let audit_entries = delete_in_batches(app, now, sql, || [("before", (now - app.audit_log_kept).into())]).await?;
    let sql = "DELETE FROM idempotency_key WHERE (actor, client_key, position) IN \
               (SELECT actor, client_key, position FROM idempotency_key WHERE created_at <= :until \
                ORDER BY created_at LIMIT :limit)";
    let idempotency_keys =
        delete_in_batches(app, now, sql, || [("until", (now - idempotency::RETENTION).into())]).await?;
    // The last revocation stays, because servers remember its number.
    let sql = "DELETE FROM api_key WHERE id IN \
               (SELECT id FROM api_key WHERE is_sign_in AND expires_at < :now AND (revoked_revision IS NULL \
                  OR revoked_revision < (SELECT MAX(revoked_revision) FROM api_key)) ORDER BY expires_at LIMIT :limit)";
    let sign_ins = delete_in_batches(app, now, sql, || [("now", now.into())]).await?;
    let guests = erase_old_guests(app).await?;
    Ok(Pruned { batches, instances, visits, audit_entries, idempotency_keys, sign_ins, guests })
}

async fn prune_log(app: &App, now: DateTime<Utc>) -> Result<u64> {
    let Some(first_kept) = find_first_kept(app, now - app.change_log_kept).await? else { return Ok(0) };
    // Delete the oldest first, so that no commit leaves a gap.
    let sql = "DELETE FROM change_batch WHERE id IN \
               (SELECT id FROM change_batch WHERE first_position < :first_kept ORDER BY first_position LIMIT :limit)";
    delete_in_batches(app, now, sql, || [("first_kept", first_kept.into())]).await
}

/// The position from which on the log is kept: that of the first batch that is not older than `since`, or else of the
/// last batch. A later batch may be older than `since`, because clocks differ and transactions last. It stays, too.
async fn find_first_kept(app: &App, since: DateTime<Utc>) -> Result<Option<i64>> {
    let young = "SELECT first_position FROM change_batch WHERE first_position IS NOT NULL AND occurred_at >= :since \
                 ORDER BY first_position LIMIT 1";
    let last = "SELECT first_position FROM change_batch WHERE first_position IS NOT NULL \
                ORDER BY first_position DESC LIMIT 1";
    if let Some(position) = numbers(app.db.pool(), young, [("since", since.into())]).await?.first() {
        return Ok(Some(*position));
    }
    Ok(numbers(app.db.pool(), last, []).await?.first().copied())
}

async fn prune_instances(app: &App, now: DateTime<Utc>) -> Result<u64> {
    #[derive(sea_orm::FromQueryResult)]
    struct Oldest {
        occurred_at: DateTime<Utc>,
    }
    let sql = "SELECT occurred_at FROM change_batch WHERE first_position IS NOT NULL ORDER BY first_position LIMIT 1";
    let oldest: Vec<Oldest> = rows(app.db.pool(), sql, []).await?;
    // An empty log names no instance. But the change about a very recent deletion may still follow, so the retention
    // decides.
    let oldest = oldest.first().map_or(now - app.change_log_kept, |oldest| oldest.occurred_at);
    let skip_locked = if app.db.is_postgres() { "FOR UPDATE SKIP LOCKED" } else { "" };
    let sql = format!(
        "DELETE FROM session_instance WHERE id IN \
         (SELECT id FROM session_instance WHERE deleted_at < :oldest AND date < :over \
            AND (occurrence_date IS NULL OR occurrence_date < :over) AND NOT is_active \
          ORDER BY id LIMIT :limit {skip_locked})"
    );
    let over = (now - DELETED_RETENTION).date_naive();
    let instances = delete_in_batches(app, now, &sql, || [("oldest", oldest.into()), ("over", over.into())]).await?;
    // Delete sessions last, when they have no instances left.
    let sql = "DELETE FROM session WHERE id IN (SELECT id FROM session s WHERE deleted_at < :oldest \
                 AND NOT EXISTS (SELECT 1 FROM session_instance WHERE session_id = s.id) LIMIT :limit)";
    delete_in_batches(app, now, sql, || [("oldest", oldest.into())]).await?;
    Ok(instances)
}

/// Deletes visits that started long ago and are not active, and the sums of these hours.
async fn prune_visits(app: &App, now: DateTime<Utc>) -> Result<u64> {
    let since = now - app.presence.kept;
    let sql = "DELETE FROM presence WHERE id IN \
               (SELECT id FROM presence WHERE started_at < :since AND status <> 'ACTIVE' ORDER BY started_at LIMIT :limit)";
    let visits = delete_in_batches(app, now, sql, || [("since", since.into())]).await?;
    let sql = "DELETE FROM presence_hour WHERE id IN \
               (SELECT id FROM presence_hour WHERE hour < :before ORDER BY hour LIMIT :limit)";
    // The hour in which the retention ends is not over yet.
    delete_in_batches(app, now, sql, || [("before", (since - TimeDelta::hours(1)).into())]).await?;
    Ok(visits)
}

/// Repeats a statement until it finds no more rows. `:limit` is the number of rows that it may delete. Returns how many
/// it deleted.
async fn delete_in_batches<const N: usize>(
    app: &App,
    now: DateTime<Utc>,
    sql: &str,
    values: impl Fn() -> [Named; N],
) -> Result<u64> {
    let mut total = 0;
    loop {
        let limit = i64::try_from(BATCH_SIZE).unwrap_or(i64::MAX);
        let values = || values().into_iter().chain([("limit", limit.into())]);
        let count = transaction!(app, now, |tx| { Ok(execute(tx, sql, values()).await?) })?;
        total += count;
        if count < BATCH_SIZE {
            return Ok(total);
        }
    }
}
