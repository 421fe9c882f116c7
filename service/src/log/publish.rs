//! Publishing: each batch gets its position, and counts that changed become changes.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    news::{Location, Position},
};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use super::{
    news::{ChangeTarget, News},
    read::head_in,
    write::{Batch, add_batch},
};
use crate::{
    app::App,
    db::{Column, Tx, Writes, advisory, execute, is_in, list, numbers, rows, source::Source, values_table},
    error::Result,
    transaction,
};

/// The least time between an UPDATED of an instance and the next one for its counts.
const COUNT_PERIOD: TimeDelta = TimeDelta::seconds(1);

/// How many batches, or instances with new counts, one publishing transaction takes.
const PUBLISH_LIMIT: i64 = 5_000;

/// How many times [`snapshot`] publishes and tries again before it accepts unpublished batches.
const SNAPSHOT_ATTEMPTS: u32 = 5;

/// The result of publishing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// When to publish again, because some counts must still wait.
    pub retry_at: Option<DateTime<Utc>>,
}

/// Gives each visible batch its position, and publishes the counts that are due. Any process may call this at any time.
/// If there is nothing to publish, it costs one read.
pub async fn publish(app: &App) -> Result<Published> {
    let waiting = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM change_batch WHERE first_position IS NULL) \
                   OR EXISTS (SELECT 1 FROM count_change) THEN 1 ELSE 0 END AS bigint)";
    if numbers(app.db.pool(), waiting, []).await?.first() != Some(&1) {
        return Ok(Published::default());
    }
    let now = app.now();
    transaction!(app, now, |tx| {
        if tx.is_postgres() {
            execute(tx, advisory::TAKE, [("lock", advisory::PUBLISH.into())]).await?;
        }
        let mut next = head_in(tx).await?.0 + 1;
        publish_batches(tx, &mut next).await?;
        publish_counts(tx, &mut next, now).await
    })
}

async fn publish_batches(tx: &Tx, next: &mut i64) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Waiting {
        id: i64,
        size: i32,
    }
    let sql = "SELECT id, size FROM change_batch WHERE first_position IS NULL ORDER BY id LIMIT :limit";
    let waiting: Vec<Waiting> = rows(tx, sql, [("limit", PUBLISH_LIMIT.into())]).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let positions = waiting.iter().map(|batch| {
        let position = *next;
        *next += i64::from(batch.size);
        Some(position)
    });
    let positions = positions.collect();
    let ids = waiting.iter().map(|batch| Some(batch.id)).collect();
    let (table, values) = values_table(tx, "v", &[Column::Number("id", ids), Column::Number("position", positions)]);
    let sql = format!("UPDATE change_batch SET first_position = v.position FROM {table} WHERE change_batch.id = v.id");
    execute(tx, &sql, [values]).await?;
    Ok(())
}

async fn publish_counts(tx: &Tx, next: &mut i64, now: DateTime<Utc>) -> Result<Published> {
    #[derive(FromQueryResult)]
    struct Counted {
        id: SessionInstanceId,
        session_id: SessionId,
        city: Option<String>,
        country: Option<String>,
        is_active: bool,
        is_in_unpublished: bool,
        last_updated_at: Option<DateTime<Utc>>,
    }
    let last = numbers(tx, "SELECT id FROM count_change ORDER BY id DESC LIMIT 1", []).await?;
    let Some(last) = last.first().copied() else { return Ok(Published::default()) };
    // A batch may have become visible after `publish_batches` ran. Its positions will come after those that are given
    // here. So the counts of an instance that such a batch names wait for the next call. A change with a time in the
    // future, from before somebody set the clock back, delays nothing.
    let sql = "SELECT i.id, i.session_id, s.city, s.country, i.is_active, \
                 EXISTS (SELECT 1 FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
                  WHERE b.first_position IS NULL AND l.session_instance_id = i.id) AS is_in_unpublished, \
                 (SELECT MAX(b.occurred_at) FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
                  WHERE b.occurred_at > :since AND b.occurred_at <= :now AND l.kind = 'UPDATED' \
                  AND l.session_instance_id = i.id) AS last_updated_at \
               FROM session_instance i JOIN session s ON s.id = i.session_id \
               WHERE i.id IN (SELECT session_instance_id FROM count_change WHERE id <= :last) ORDER BY i.id LIMIT :limit";
    let values = [
        ("last", last.into()),
        ("since", (now - COUNT_PERIOD).into()),
        ("now", now.into()),
        ("limit", PUBLISH_LIMIT.into()),
    ];
    let counted: Vec<Counted> = rows(tx, sql, values).await?;
    let (wait, due): (Vec<_>, Vec<_>) =
        counted.into_iter().partition(|row| row.is_active && (row.last_updated_at.is_some() || row.is_in_unpublished));
    let retry_at = wait.iter().map(|row| row.last_updated_at.map_or(now, |at| at + COUNT_PERIOD)).min();
    let done = list(tx, due.iter().map(|row| row.id));
    let sql = format!("DELETE FROM count_change WHERE id <= :last AND {}", is_in(tx, "session_instance_id", "done"));
    execute(tx, &sql, [("last", last.into()), ("done", done)]).await?;
    let mut news = News::default();
    for row in due.into_iter().filter(|row| row.is_active) {
        news.updated(ChangeTarget {
            session: row.session_id,
            instance: row.id,
            location: Location { city: row.city, country: row.country },
        });
    }
    if !news.events.is_empty() {
        let mut writes = Writes::default();
        add_batch(tx, &mut writes, &news.events, &Batch { now, first_position: Some(*next), due: None });
        writes.run(tx).await?;
        *next += i64::try_from(news.events.len()).unwrap_or_default();
    }
    Ok(Published { retry_at })
}

/// The database at one instant, and the position of the log in it. Dropping it ends its transaction.
pub struct Snapshot {
    tx: DatabaseTransaction,
    pub position: Position,
}

impl Source for Snapshot {
    type Connection = DatabaseTransaction;

    fn connection(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

/// A snapshot ([`Db::snapshot`](crate::db::Db::snapshot)) and the position of the log in it. Everything that the
/// snapshot shows is at or before that position. So a client that continues from there misses no change. It may get
/// one that the snapshot shows already (rule 23).
pub async fn snapshot(app: &App) -> Result<Snapshot> {
    for _ in 0..SNAPSHOT_ATTEMPTS {
        let tx = app.db.snapshot().await?;
        let unpublished = "SELECT id FROM change_batch WHERE first_position IS NULL LIMIT 1";
        if numbers(&tx, unpublished, []).await?.is_empty() {
            let position = head_in(&tx).await?;
            return Ok(Snapshot { tx, position });
        }
        tx.rollback().await?;
        if let Err(error) = publish(app).await {
            // Publishing may fail, for example because the disk is full. A reader should still get its snapshot.
            tracing::warn!(
                %error,
                "publishing failed: the snapshot may show changes that follow its position"
            );
            break;
        }
    }
    // There are always unpublished batches, or publishing fails. Clients will get the changes of these batches again;
    // none is lost.
    let tx = app.db.snapshot().await?;
    let position = head_in(&tx).await?;
    Ok(Snapshot { tx, position })
}
