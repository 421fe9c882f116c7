//! The change log: written with the change, published in order, read by subscribers.
//!
//! Terms: a *batch* is the news of one transaction. Its rows are written as the last statements of that transaction,
//! so its id is drawn while everything it changed is still locked: for one instance or person, ids grow in the order
//! of the commits. A batch is *published* when it gets its position, after it has become visible; the publisher works
//! under one lock, so positions become visible in order and no reader skips one. A transaction that is still open is
//! not visible: it delays its own news and nobody else's (rule 22).
//!
//! Counts are told at most once a second an instance (rule 24): a transaction that changes them leaves a `count_change`
//! row, and the publisher turns what has gathered into one UPDATED.

mod log;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{ActivityId, PersonId, SessionId, SessionInstanceId},
    news::{BookingStep, ChangeKind, Event, Location, Position, SessionChange},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};

use self::log::insert_events;
pub use self::log::read_after;
use crate::{
    app::App,
    db::{self, Column, Tx, advisory, execute, numbers, rows, values_table},
    error::Result,
    transaction,
};

/// How long after an UPDATED the counts of the same instance wait.
const COUNT_PERIOD: TimeDelta = TimeDelta::seconds(1);

/// How many batches or instances one publishing transaction takes.
const PUBLISH_LIMIT: i64 = 5_000;

/// How often a snapshot without unpublished batches is tried for.
const SNAPSHOT_ATTEMPTS: u32 = 5;

/// An instance as its news name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub session: SessionId,
    pub instance: SessionInstanceId,
    pub location: Location,
}

/// What a transaction has to tell.
#[derive(Debug, Default)]
pub struct News {
    events: Vec<Event>,
    occupancies: Vec<ActivityId>,
    counts: Vec<SessionInstanceId>,
    due: Option<DateTime<Utc>>,
    wakes: bool,
}

impl News {
    fn about(&mut self, kind: ChangeKind, told: Told, previous_location: Option<Location>) {
        self.events.push(Event::Session(SessionChange {
            session: Some(told.session),
            instance: Some(told.instance),
            location: told.location,
            previous_location,
            ..SessionChange::of(kind)
        }));
    }

    pub fn activated(&mut self, told: Told) {
        self.about(ChangeKind::Activated, told, None);
    }

    pub fn deactivated(&mut self, told: Told) {
        self.about(ChangeKind::Deactivated, told, None);
    }

    /// Something that a badge shows changed, of an instance that is active.
    pub fn updated(&mut self, told: Told) {
        self.about(ChangeKind::Updated, told, None);
    }

    /// The session of an active instance moved from another city or country.
    pub fn updated_location(&mut self, told: Told, previous: Location) {
        self.about(ChangeKind::Updated, told, Some(previous));
    }

    pub fn person_moved(&mut self, person: PersonId, before: Option<Told>, now: Option<Told>) {
        self.events.push(Event::Session(SessionChange {
            kind: ChangeKind::PersonMoved,
            session: now.as_ref().map(|told| told.session),
            instance: now.as_ref().map(|told| told.instance),
            location: now.map(|told| told.location).unwrap_or_default(),
            person: Some(person),
            previous_instance: before.as_ref().map(|told| told.instance),
            previous_session: before.as_ref().map(|told| told.session),
            previous_location: before.map(|told| told.location),
        }));
    }

    /// A booking took a step, or was made.
    pub fn booking_step(&mut self, step: BookingStep) {
        self.events.push(Event::Booking(step));
    }

    /// How many are on line in the activity may have changed.
    pub fn occupancy_changed(&mut self, activity: ActivityId) {
        self.occupancies.push(activity);
    }

    /// The clock called for some of it, at this instant.
    pub fn fell_due(&mut self, at: DateTime<Utc>) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Something falls due at another instant: nothing to tell to clients, but timers are to look again.
    pub fn due_changed(&mut self) {
        self.wakes = true;
    }

    /// Somebody's tokens no longer count: nothing to tell to clients, but their sockets are to be closed.
    pub fn tokens_revoked(&mut self) {
        self.wakes = true;
    }

    /// How many are there, or said yes, changed.
    pub fn counts_changed(&mut self, instance: SessionInstanceId) {
        self.counts.push(instance);
    }
}

/// Writes the news of a transaction that is about to commit; whether there were any for which to wake everyone.
pub(crate) async fn write_news(tx: &Tx, now: DateTime<Utc>) -> Result<bool> {
    let News { mut events, mut occupancies, mut counts, due, wakes } = tx.take_news();
    occupancies.sort_unstable();
    occupancies.dedup();
    events.extend(occupancies.into_iter().map(Event::Occupancy));
    let told = wakes || !events.is_empty() || !counts.is_empty();
    if !events.is_empty() {
        // What a sweep did ahead of time is not late.
        let due = due.filter(|due| *due <= now);
        let batch = insert_batch(tx, now, events.len(), None, due).await?;
        insert_events(tx, batch, &events).await?;
    }
    counts.sort_unstable();
    counts.dedup();
    if !counts.is_empty() {
        let ids = counts.iter().map(|id| Some(id.0)).collect();
        let (table, values) = values_table(tx, 1, &[Column::Number("id", ids)]);
        let sql = format!("INSERT INTO count_change (session_instance_id) SELECT v.id FROM {table}");
        execute(tx, &sql, [values]).await?;
    }
    Ok(told)
}

async fn insert_batch<C: ConnectionTrait>(
    db: &C,
    now: DateTime<Utc>,
    size: usize,
    first_position: Option<i64>,
    due: Option<DateTime<Utc>>,
) -> Result<i64> {
    let sql =
        "INSERT INTO change_batch (occurred_at, size, first_position, due_at) VALUES ($1, $2, $3, $4) RETURNING id";
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    let ids = numbers(db, sql, [now.into(), size.into(), first_position.into(), due.into()]).await?;
    ids.first().copied().ok_or_else(|| crate::Error::internal("INSERT ... RETURNING returned nothing"))
}

/// What publishing left to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// When counts that had to wait may be told.
    pub retry_at: Option<DateTime<Utc>>,
}

/// Gives every visible batch its position, and tells the counts that are due. Any process may call this at any time;
/// when there is nothing to publish it costs one read.
pub async fn publish(app: &App) -> Result<Published> {
    let waiting = "SELECT CASE WHEN EXISTS (SELECT 1 FROM change_batch WHERE first_position IS NULL) \
                   OR EXISTS (SELECT 1 FROM count_change) THEN 1 ELSE 0 END";
    let waiting = if app.db.is_postgres() {
        waiting.replace("THEN 1 ELSE 0", "THEN 1::bigint ELSE 0::bigint")
    } else {
        waiting.to_owned()
    };
    if numbers(app.db.pool(), &waiting, []).await?.first() != Some(&1) {
        return Ok(Published::default());
    }
    let now = app.now();
    transaction!(app, now, |tx| {
        if tx.is_postgres() {
            execute(tx, "SELECT pg_advisory_xact_lock($1)", [advisory::PUBLISH.into()]).await?;
        }
        let mut next = head(tx).await?.0 + 1;
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
    let sql = "SELECT id, size FROM change_batch WHERE first_position IS NULL ORDER BY id LIMIT $1";
    let waiting: Vec<Waiting> = rows(tx, sql, [PUBLISH_LIMIT.into()]).await?;
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
    let (table, values) = values_table(tx, 1, &[Column::Number("id", ids), Column::Number("position", positions)]);
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
        told_at: Option<DateTime<Utc>>,
    }
    let last = numbers(tx, "SELECT id FROM count_change ORDER BY id DESC LIMIT 1", []).await?;
    let Some(last) = last.first().copied() else { return Ok(Published::default()) };
    // Batches that became visible since the others got their positions come after what is written here: counts of an
    // instance that such a batch names wait for it. What was told in the time to come, before somebody set the clock back,
    // holds nothing up.
    let sql = "SELECT i.id, i.session_id, s.city, s.country, i.is_active, \
                 EXISTS (SELECT 1 FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
                  WHERE b.first_position IS NULL AND l.session_instance_id = i.id) AS is_in_unpublished, \
                 (SELECT MAX(b.occurred_at) FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
                  WHERE b.occurred_at > $2 AND b.occurred_at <= $4 AND l.kind = 'UPDATED' \
                  AND l.session_instance_id = i.id) AS told_at \
               FROM session_instance i JOIN session s ON s.id = i.session_id \
               WHERE i.id IN (SELECT session_instance_id FROM count_change WHERE id <= $1) ORDER BY i.id LIMIT $3";
    let counted: Vec<Counted> =
        rows(tx, sql, [last.into(), (now - COUNT_PERIOD).into(), PUBLISH_LIMIT.into(), now.into()]).await?;
    let (wait, due): (Vec<_>, Vec<_>) =
        counted.into_iter().partition(|row| row.is_active && (row.told_at.is_some() || row.is_in_unpublished));
    let retry_at = wait.iter().map(|row| row.told_at.map_or(now, |at| at + COUNT_PERIOD)).min();
    let done = db::list(tx, due.iter().map(|row| row.id));
    let sql = format!("DELETE FROM count_change WHERE id <= $1 AND {}", db::is_in(tx, "session_instance_id", 2));
    execute(tx, &sql, [last.into(), done]).await?;
    let mut news = News::default();
    for row in due.into_iter().filter(|row| row.is_active) {
        news.updated(Told {
            session: row.session_id,
            instance: row.id,
            location: Location { city: row.city, country: row.country },
        });
    }
    if !news.events.is_empty() {
        let size = news.events.len();
        let batch = insert_batch(tx, now, size, Some(*next), None).await?;
        insert_events(tx, batch, &news.events).await?;
        *next += i64::try_from(size).unwrap_or_default();
    }
    Ok(Published { retry_at })
}

/// The position of the last published change; 0 when there is none.
pub async fn head<C: ConnectionTrait>(db: &C) -> Result<Position> {
    let sql = "SELECT first_position + size - 1 FROM change_batch WHERE first_position IS NOT NULL \
               ORDER BY first_position DESC LIMIT 1";
    Ok(Position(numbers(db, sql, []).await?.first().copied().unwrap_or(0)))
}

/// A snapshot ([`Db::snapshot`]) with the log's position in it, in which everything that can be seen is before that
/// position: whoever goes on from there is told nothing that the snapshot shows already.
pub async fn snapshot(app: &App) -> Result<(DatabaseTransaction, Position)> {
    for _ in 0..SNAPSHOT_ATTEMPTS {
        let tx = app.db.snapshot().await?;
        let unpublished = "SELECT id FROM change_batch WHERE first_position IS NULL LIMIT 1";
        if numbers(&tx, unpublished, []).await?.is_empty() {
            let position = head(&tx).await?;
            return Ok((tx, position));
        }
        tx.rollback().await?;
        if let Err(error) = publish(app).await {
            // A disk that is full, say. Who only looks need not know.
            tracing::warn!(error = error.describe(), "a snapshot is taken without publishing first");
            break;
        }
    }
    // So much is going on, or so little works, that there is always something unpublished. What it changed is told once
    // more: nothing is lost.
    let tx = app.db.snapshot().await?;
    let position = head(&tx).await?;
    Ok((tx, position))
}

/// The position of the oldest change that the log still has; one past the head when it has none.
pub async fn oldest<C: ConnectionTrait>(db: &C) -> Result<Position> {
    let sql =
        "SELECT first_position FROM change_batch WHERE first_position IS NOT NULL ORDER BY first_position LIMIT 1";
    match numbers(db, sql, []).await?.first() {
        Some(first) => Ok(Position(*first)),
        None => Ok(Position(1)),
    }
}
