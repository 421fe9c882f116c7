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

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{PersonId, SessionId, SessionInstanceId},
    news::{Change, ChangeKind, Place, Position},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};

use crate::{
    app::App,
    db::{self, Column, Db, Tx, advisory, execute, numbers, rows, values_table},
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
    pub place: Place,
}

/// What a transaction has to tell.
#[derive(Debug, Default)]
pub struct News {
    rows: Vec<Row>,
    counts: Vec<SessionInstanceId>,
    is_due_changed: bool,
}

#[derive(Debug)]
struct Row {
    kind: ChangeKind,
    now: Option<Told>,
    previous_place: Option<Place>,
    person: Option<PersonId>,
    before: Option<Told>,
}

impl News {
    fn about(&mut self, kind: ChangeKind, told: Told) {
        self.rows.push(Row { kind, now: Some(told), previous_place: None, person: None, before: None });
    }

    pub fn activated(&mut self, told: Told) {
        self.about(ChangeKind::Activated, told);
    }

    pub fn deactivated(&mut self, told: Told) {
        self.about(ChangeKind::Deactivated, told);
    }

    /// Something that a badge shows changed, of an instance that is active.
    pub fn updated(&mut self, told: Told) {
        self.about(ChangeKind::Updated, told);
    }

    /// The session of an active instance moved from another city or country.
    pub fn updated_place(&mut self, told: Told, previous: Place) {
        self.updated(told);
        if let Some(row) = self.rows.last_mut() {
            row.previous_place = Some(previous);
        }
    }

    pub fn person_moved(&mut self, person: PersonId, before: Option<Told>, now: Option<Told>) {
        self.rows.push(Row {
            kind: ChangeKind::PersonMoved,
            previous_place: before.as_ref().map(|told| told.place.clone()),
            now,
            person: Some(person),
            before,
        });
    }

    /// Something falls due at another instant: nothing to tell to clients, but timers are to look again.
    pub fn due_changed(&mut self) {
        self.is_due_changed = true;
    }

    /// How many are there, or said yes, changed.
    pub fn counts_changed(&mut self, instance: SessionInstanceId) {
        self.counts.push(instance);
    }
}

/// Writes the news of a transaction that is about to commit; whether there were any for which to wake everyone.
pub(crate) async fn write_news(tx: &Tx, now: DateTime<Utc>) -> Result<bool> {
    let News { rows, mut counts, is_due_changed } = tx.take_news();
    let told = is_due_changed || !rows.is_empty() || !counts.is_empty();
    if !rows.is_empty() {
        let batch = insert_batch(&**tx, now, rows.len(), None).await?;
        insert_rows(&**tx, batch, &rows).await?;
    }
    counts.sort_unstable();
    counts.dedup();
    if !counts.is_empty() {
        let ids = counts.iter().map(|id| Some(id.0)).collect();
        let (table, values) = values_table(&**tx, 1, &[Column::Number("id", ids)]);
        let sql = format!("INSERT INTO count_change (session_instance_id) SELECT v.id FROM {table}");
        execute(&**tx, &sql, [values]).await?;
    }
    Ok(told)
}

async fn insert_batch<C: ConnectionTrait>(
    db: &C,
    now: DateTime<Utc>,
    size: usize,
    first_position: Option<i64>,
) -> Result<i64> {
    let sql = "INSERT INTO change_batch (occurred_at, size, first_position) VALUES ($1, $2, $3) RETURNING id";
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    let ids = numbers(db, sql, [now.into(), size.into(), first_position.into()]).await?;
    ids.first().copied().ok_or_else(|| crate::Error::internal("INSERT ... RETURNING returned nothing"))
}

async fn insert_rows<C: ConnectionTrait>(db: &C, batch: i64, rows: &[Row]) -> Result<()> {
    fn texts<'a>(rows: &'a [Row], of: impl Fn(&'a Row) -> Option<&'a str>) -> Vec<Option<&'a str>> {
        rows.iter().map(of).collect()
    }
    let number = |of: &dyn Fn(&Row) -> Option<i64>| rows.iter().map(of).collect::<Vec<_>>();
    let columns = vec![
        Column::Number("ordinal", (0..).take(rows.len()).map(Some).collect()),
        Column::Text("kind", texts(rows, |row| Some(row.kind.as_str()))),
        Column::Number("session_id", number(&|row| row.now.as_ref().map(|told| told.session.0))),
        Column::Number("session_instance_id", number(&|row| row.now.as_ref().map(|told| told.instance.0))),
        Column::Text("city", texts(rows, |row| row.now.as_ref()?.place.city.as_deref())),
        Column::Text("country", texts(rows, |row| row.now.as_ref()?.place.country.as_deref())),
        Column::Flag("has_previous_place", rows.iter().map(|row| row.previous_place.is_some()).collect()),
        Column::Text("previous_city", texts(rows, |row| row.previous_place.as_ref()?.city.as_deref())),
        Column::Text("previous_country", texts(rows, |row| row.previous_place.as_ref()?.country.as_deref())),
        Column::Number("person_id", number(&|row| row.person.map(|person| person.0))),
        Column::Number("previous_session_instance_id", number(&|row| row.before.as_ref().map(|told| told.instance.0))),
        Column::Number("previous_session_id", number(&|row| row.before.as_ref().map(|told| told.session.0))),
    ];
    let (table, values) = values_table(db, 2, &columns);
    let sql = format!(
        "INSERT INTO change_log (batch_id, ordinal, kind, session_id, session_instance_id, city, country, \
         has_previous_place, previous_city, previous_country, person_id, previous_session_instance_id, \
         previous_session_id) SELECT $1, v.ordinal, v.kind, v.session_id, v.session_instance_id, v.city, v.country, \
         v.has_previous_place, v.previous_city, v.previous_country, v.person_id, v.previous_session_instance_id, \
         v.previous_session_id FROM {table}"
    );
    execute(db, &sql, [batch.into(), values]).await?;
    Ok(())
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
            execute(&**tx, "SELECT pg_advisory_xact_lock($1)", [advisory::PUBLISH.into()]).await?;
        }
        let mut next = head(&**tx).await?.0 + 1;
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
    let waiting: Vec<Waiting> = rows(&**tx, sql, [PUBLISH_LIMIT.into()]).await?;
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
    let (table, values) = values_table(&**tx, 1, &[Column::Number("id", ids), Column::Number("position", positions)]);
    let sql = format!("UPDATE change_batch SET first_position = v.position FROM {table} WHERE change_batch.id = v.id");
    execute(&**tx, &sql, [values]).await?;
    Ok(())
}

async fn publish_counts(tx: &Tx, next: &mut i64, now: DateTime<Utc>) -> Result<Published> {
    #[derive(FromQueryResult)]
    struct Counted {
        id: i64,
        session_id: i64,
        city: Option<String>,
        country: Option<String>,
        is_active: bool,
        is_in_unpublished: bool,
        told_at: Option<DateTime<Utc>>,
    }
    let last = numbers(&**tx, "SELECT id FROM count_change ORDER BY id DESC LIMIT 1", []).await?;
    let Some(last) = last.first().copied() else { return Ok(Published::default()) };
    // Batches that became visible since the others got their positions come after what is written here: counts of an
    // instance that such a batch names wait for it.
    let sql = "SELECT i.id, i.session_id, s.city, s.country, i.is_active, \
                 EXISTS (SELECT 1 FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
                  WHERE b.first_position IS NULL AND l.session_instance_id = i.id) AS is_in_unpublished, \
                 (SELECT MAX(b.occurred_at) FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
                  WHERE b.occurred_at > $2 AND l.kind = 'UPDATED' AND l.session_instance_id = i.id) AS told_at \
               FROM session_instance i JOIN session s ON s.id = i.session_id \
               WHERE i.id IN (SELECT session_instance_id FROM count_change WHERE id <= $1) ORDER BY i.id LIMIT $3";
    let counted: Vec<Counted> =
        rows(&**tx, sql, [last.into(), (now - COUNT_PERIOD).into(), PUBLISH_LIMIT.into()]).await?;
    let (wait, due): (Vec<_>, Vec<_>) =
        counted.into_iter().partition(|row| row.is_active && (row.told_at.is_some() || row.is_in_unpublished));
    let retry_at = wait.iter().map(|row| row.told_at.map_or(now, |at| at + COUNT_PERIOD)).min();
    let done = db::list(&**tx, due.iter().map(|row| row.id));
    let sql = format!("DELETE FROM count_change WHERE id <= $1 AND {}", db::is_in(&**tx, "session_instance_id", 2));
    execute(&**tx, &sql, [last.into(), done]).await?;
    let mut news = News::default();
    for row in due.into_iter().filter(|row| row.is_active) {
        news.updated(Told {
            session: SessionId(row.session_id),
            instance: SessionInstanceId(row.id),
            place: Place { city: row.city, country: row.country },
        });
    }
    if !news.rows.is_empty() {
        let size = news.rows.len();
        let batch = insert_batch(&**tx, now, size, Some(*next)).await?;
        insert_rows(&**tx, batch, &news.rows).await?;
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
        publish(app).await?;
    }
    // So much is going on that there is always something unpublished. What it changed is told once more: nothing is lost.
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

#[derive(FromQueryResult)]
struct LogRow {
    position: i64,
    occurred_at: DateTime<Utc>,
    kind: String,
    session_id: Option<i64>,
    session_instance_id: Option<i64>,
    city: Option<String>,
    country: Option<String>,
    has_previous_place: bool,
    previous_city: Option<String>,
    previous_country: Option<String>,
    person_id: Option<i64>,
    previous_session_instance_id: Option<i64>,
    previous_session_id: Option<i64>,
}

impl LogRow {
    fn into_change(self) -> Option<Change> {
        Some(Change {
            position: Position(self.position),
            occurred_at: self.occurred_at,
            kind: ChangeKind::parse(&self.kind)?,
            session: self.session_id.map(SessionId),
            instance: self.session_instance_id.map(SessionInstanceId),
            place: Place { city: self.city, country: self.country },
            previous_place: self
                .has_previous_place
                .then_some(Place { city: self.previous_city, country: self.previous_country }),
            person: self.person_id.map(PersonId),
            previous_instance: self.previous_session_instance_id.map(SessionInstanceId),
            previous_session: self.previous_session_id.map(SessionId),
        })
    }
}

/// The published changes after `position`, in order, `limit` at most.
pub async fn read_after(db: &Db, position: Position, limit: u64) -> Result<Vec<Change>> {
    let sql = "SELECT b.first_position + l.ordinal AS position, b.occurred_at, l.kind, l.session_id, \
                 l.session_instance_id, l.city, l.country, l.has_previous_place, l.previous_city, l.previous_country, \
                 l.person_id, l.previous_session_instance_id, l.previous_session_id \
               FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
               WHERE b.first_position >= COALESCE((SELECT MAX(first_position) FROM change_batch WHERE first_position <= $1), 0) \
                 AND b.first_position + l.ordinal > $1 \
               ORDER BY b.first_position, l.ordinal LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found: Vec<LogRow> = rows(db.pool(), sql, [position.0.into(), limit.into()]).await?;
    Ok(found.into_iter().filter_map(LogRow::into_change).collect())
}
