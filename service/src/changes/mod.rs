//! The change log: changes are written in the transaction that makes them, published in order, and read by subscribers.
//!
//! Terms:
//!
//! - A *change* is one row of the log: one thing that happened.
//! - A *batch* is the changes of one transaction.
//! - *News* is what a transaction collects for the log, before it writes the batch.
//! - A *position* is the number of a change in the order of the log.
//! - *Publishing* gives positions to batches that are committed.
//!
//! How the order comes about (rule 22):
//!
//! - A transaction inserts its batch last, while everything that it changed is still locked. So for one instance or
//!   person, the ids of batches grow in the order of the commits.
//! - A batch is published after it has become visible. All publishing happens under one lock, so positions become
//!   visible in order, and no reader skips one.
//! - An open transaction is not visible. It delays its own changes, and no others.
//!
//! Counts are published at most once a second for each instance (rule 24). A transaction that changes them inserts a
//! row into `count_change`. The publisher turns all rows of an instance into one `UPDATED`.

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
    db::{Column, Tx, advisory, execute, is_in, list, numbers, rows, source::Source, values_table},
    error::Result,
    transaction,
};

/// The least time between an UPDATED of an instance and the next one for its counts.
const COUNT_PERIOD: TimeDelta = TimeDelta::seconds(1);

/// How many batches, or instances with new counts, one publishing transaction takes.
const PUBLISH_LIMIT: i64 = 5_000;

/// How many times [`snapshot`] publishes and tries again before it accepts unpublished batches.
const SNAPSHOT_ATTEMPTS: u32 = 5;

/// What a change says about the instance that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub session: SessionId,
    pub instance: SessionInstanceId,
    pub location: Location,
}

/// The changes that a transaction has collected. They are written just before the commit.
#[derive(Debug, Default)]
pub struct News {
    events: Vec<Event>,
    occupancies: Vec<ActivityId>,
    counts: Vec<SessionInstanceId>,
    standings: Vec<PersonId>,
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

    /// Something that is visible to clients changed in an active instance.
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

    /// A booking was created, or its status changed.
    pub fn booking_step(&mut self, step: BookingStep) {
        self.events.push(Event::Booking(step));
    }

    /// The number of taken seats, or the limit, of an activity may have changed.
    pub fn occupancy_changed(&mut self, activity: ActivityId) {
        self.occupancies.push(activity);
    }

    /// Some of these changes fell due at this instant. The earliest instant counts; delays are measured from it.
    pub fn fell_due(&mut self, at: DateTime<Utc>) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Something falls due at another instant than before. Clients get nothing, but the timers must look again.
    pub fn due_changed(&mut self) {
        self.wakes = true;
    }

    /// The validity of this person's tokens changed: they were revoked, or the person was erased, merged or
    /// deactivated. Clients get nothing, but the servers check the person's open sockets again.
    ///
    /// The change gets the next number, `person.standing_revision`. Numbers are given under a lock that is held until
    /// the commit, so they become visible in order. A server that reads from the last number that it knows misses
    /// nothing, whatever its clock says.
    pub fn standing_changed(&mut self, person: PersonId) {
        self.standings.push(person);
    }

    /// The number of people who are at an instance, or who said yes to it, changed.
    pub fn counts_changed(&mut self, instance: SessionInstanceId) {
        self.counts.push(instance);
    }
}

/// Writes the changes of a transaction that is about to commit. Returns whether everyone must be woken after the
/// commit.
pub(crate) async fn write_news(tx: &Tx, now: DateTime<Utc>) -> Result<bool> {
    let News { mut events, mut occupancies, mut counts, standings, due, wakes } = tx.take_news();
    occupancies.sort_unstable();
    occupancies.dedup();
    events.extend(occupancies.into_iter().map(Event::Occupancy));
    let told = wakes || !events.is_empty() || !counts.is_empty() || !standings.is_empty();
    if !standings.is_empty() {
        number_standings(tx, &standings).await?;
    }
    if !events.is_empty() {
        // A sweep that looks ahead acts before the instant. Its changes are not late, so they have no due instant.
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

/// Gives these people's standings the next number.
async fn number_standings(tx: &Tx, people: &[PersonId]) -> Result<()> {
    if tx.is_postgres() {
        execute(tx, "SELECT pg_advisory_xact_lock($1)", [advisory::STANDING.into()]).await?;
    }
    let sql = format!(
        "UPDATE person SET standing_revision = \
         (SELECT COALESCE(MAX(standing_revision), 0) + 1 FROM person WHERE standing_revision IS NOT NULL) WHERE {}",
        is_in(tx, "id", 1)
    );
    execute(tx, &sql, [list(tx, people.iter().map(|id| id.0))]).await?;
    Ok(())
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

/// What is left to do after publishing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// When to publish again, because some counts must still wait.
    pub retry_at: Option<DateTime<Utc>>,
}

/// Gives each visible batch its position, and publishes the counts that are due. Any process may call this at any time.
/// If there is nothing to publish, it costs one read.
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
    // A batch may have become visible after `publish_batches` ran. Its positions will come after those that are given
    // here. So the counts of an instance that such a batch names wait for the next call. A change with a time in the
    // future, from before somebody set the clock back, delays nothing.
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
    let done = list(tx, due.iter().map(|row| row.id));
    let sql = format!("DELETE FROM count_change WHERE id <= $1 AND {}", is_in(tx, "session_instance_id", 2));
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

/// The position of the last published change; 0 if there is none.
pub async fn head(app: &App) -> Result<Position> {
    head_in(app.db.pool()).await
}

async fn head_in<C: ConnectionTrait>(db: &C) -> Result<Position> {
    let sql = "SELECT first_position + size - 1 FROM change_batch WHERE first_position IS NOT NULL \
               ORDER BY first_position DESC LIMIT 1";
    Ok(Position(numbers(db, sql, []).await?.first().copied().unwrap_or(0)))
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

/// A snapshot ([`Db::snapshot`]) and the position of the log in it. Everything that the snapshot shows is at or before
/// that position. So a client that continues from there gets no change that the snapshot shows already (rule 23).
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
                error = error.describe(),
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

/// The position of the oldest change in the log; 1 if the log is empty.
pub async fn oldest(app: &App) -> Result<Position> {
    let sql =
        "SELECT first_position FROM change_batch WHERE first_position IS NOT NULL ORDER BY first_position LIMIT 1";
    match numbers(app.db.pool(), sql, []).await?.first() {
        Some(first) => Ok(Position(*first)),
        None => Ok(Position(1)),
    }
}
