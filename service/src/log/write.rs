//! Writing the log: the news of a transaction as rows.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    booking::BookingStatus,
    ids::{ActivityId, ApiKeyId, PersonId},
    news::{BookingStep, Event, SessionChange},
};

use super::news::News;
use crate::{
    db::{Column, Tx, Writes, advisory, execute, is_in, list, values_table},
    error::Result,
};

/// Kinds in the table, in addition to those of [`ChangeKind`](domain::news::ChangeKind).
pub(super) const BOOKING_STEP: &str = "BOOKING_STEP";
pub(super) const OCCUPANCY: &str = "OCCUPANCY";

/// Adds the rows of a batch. Columns that no row needs are left out of the statement.
fn add_events(tx: &Tx, writes: &mut Writes, events: &[Event]) {
    let kind = |event: &Event| match event {
        Event::Session(change) => Some(change.kind.as_str()),
        Event::Booking(_) => Some(BOOKING_STEP),
        Event::Occupancy(_) => Some(OCCUPANCY),
        Event::Unknown => None,
    };
    let mut columns = vec![
        Column::Number("ordinal", (0..).take(events.len()).map(Some).collect()),
        Column::Text("kind", events.iter().map(kind).collect()),
    ];
    let sessions: Vec<_> = events.iter().map(Event::as_session).collect();
    if sessions.iter().any(Option::is_some) {
        columns.extend(session_columns(&sessions));
    }
    let steps: Vec<_> = events.iter().map(Event::as_booking).collect();
    if steps.iter().any(Option::is_some) {
        columns.extend(booking_columns(&steps));
    }
    let activities: Vec<_> = events.iter().map(Event::as_occupancy).collect();
    if activities.iter().any(Option::is_some) {
        columns.push(Column::Number("activity_id", activities.into_iter().map(|activity| Some(activity?.0)).collect()));
    }
    // On SQLite a writer is alone, so the newest batch is its own.
    let batch = if tx.is_postgres() { "SELECT id FROM batch" } else { "SELECT MAX(id) FROM change_batch" };
    let (table, values) = values_table(tx, "v", &columns);
    let names: Vec<_> = columns.iter().map(Column::name).collect();
    let sql = format!(
        "INSERT INTO change_log (batch_id, {}) SELECT ({batch}), v.{} FROM {table}",
        names.join(", "),
        names.join(", v.")
    );
    writes.add(sql, [values]);
}

fn session_columns<'a>(changes: &[Option<&'a SessionChange>]) -> Vec<Column<'a>> {
    let number = |name, of: fn(&SessionChange) -> Option<i64>| {
        Column::Number(name, changes.iter().map(|change| of((*change)?)).collect())
    };
    let text = |name, of: fn(&'a SessionChange) -> Option<&'a str>| {
        Column::Text(name, changes.iter().map(|change| of((*change)?)).collect())
    };
    let has_previous_place = |change: Option<&SessionChange>| change.is_some_and(|it| it.previous_location.is_some());
    vec![
        number("session_id", |change| change.session.map(|id| id.0)),
        number("session_instance_id", |change| change.instance.map(|id| id.0)),
        text("city", |change| change.location.city.as_deref()),
        text("country", |change| change.location.country.as_deref()),
        Column::Flag("has_previous_place", changes.iter().copied().map(has_previous_place).collect()),
        text("previous_city", |change| change.previous_location.as_ref()?.city.as_deref()),
        text("previous_country", |change| change.previous_location.as_ref()?.country.as_deref()),
        number("person_id", |change| change.person.map(|id| id.0)),
        number("previous_session_instance_id", |change| change.previous_instance.map(|id| id.0)),
        number("previous_session_id", |change| change.previous_session.map(|id| id.0)),
    ]
}

fn booking_columns<'a>(steps: &[Option<&'a BookingStep>]) -> Vec<Column<'a>> {
    let number =
        |name, of: fn(&BookingStep) -> i64| Column::Number(name, steps.iter().map(|step| step.map(of)).collect());
    let text = |name, of: fn(&'a BookingStep) -> Option<&'a str>| {
        Column::Text(name, steps.iter().map(|step| of((*step)?)).collect())
    };
    vec![
        number("booking_id", |step| step.booking.0),
        number("mentor_id", |step| step.mentor.0),
        number("student_id", |step| step.student.0),
        text("old_status", |step| step.old_status.map(BookingStatus::as_str)),
        text("new_status", |step| Some(step.new_status.as_str())),
        Column::Flag("is_delayed", steps.iter().map(|step| step.is_some_and(|step| step.is_delayed)).collect()),
        text("reason", |step| Some(&step.reason)),
    ]
}

impl Tx {
    /// Collects changes, which the transaction writes into the log before it commits.
    pub fn log(&self, note: impl FnOnce(&mut News)) {
        self.note(note);
    }

    pub(crate) fn take_news(&self) -> News {
        self.take_notes()
    }
}

/// Adds the changes of a transaction to its last writes. Returns whether everyone must be woken after the commit.
pub(crate) async fn add_news(tx: &Tx, writes: &mut Writes, now: DateTime<Utc>) -> Result<bool> {
    let News { mut events, mut occupancies, holds, mut counts, standings, revoked_keys, due, wakes } = tx.take_news();
    occupancies.sort_unstable();
    occupancies.dedup();
    events.extend(occupancies.into_iter().map(Event::Occupancy));
    let wakes = wakes || !events.is_empty() || !counts.is_empty() || !standings.is_empty() || !revoked_keys.is_empty();
    if !standings.is_empty() || !revoked_keys.is_empty() {
        number_revocations(tx, &standings, &revoked_keys).await?;
    }
    if !events.is_empty() {
        // A sweep that looks ahead acts before the instant. Its changes are not late, so they have no due instant.
        let due = due.filter(|due| *due <= now);
        add_batch(tx, writes, &events, &Batch { now, first_position: None, due });
    }
    add_holds(tx, writes, &holds);
    counts.sort_unstable();
    counts.dedup();
    if !counts.is_empty() {
        let ids = counts.iter().map(|id| Some(id.0)).collect();
        let (table, values) = values_table(tx, "v", &[Column::Number("id", ids)]);
        let sql = format!("INSERT INTO count_change (session_instance_id) SELECT v.id FROM {table}");
        writes.add(sql, [values]);
    }
    Ok(wakes)
}

/// Adds the times for which seats were held. Estimates of waits use them.
fn add_holds(tx: &Tx, writes: &mut Writes, holds: &[(ActivityId, TimeDelta)]) {
    if holds.is_empty() {
        return;
    }
    let columns = [
        Column::ids("activity", holds.iter().map(|(activity, _)| Some(*activity))),
        Column::Number("held", holds.iter().map(|(_, held)| Some(held.num_milliseconds().max(0))).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!("INSERT INTO seat_hold (activity_id, held_ms) SELECT v.activity, v.held FROM {table}");
    writes.add(sql, [values]);
}

/// The data of a batch besides its events.
pub(super) struct Batch {
    pub now: DateTime<Utc>,
    /// `None` if it is to be published later.
    pub first_position: Option<i64>,
    pub due: Option<DateTime<Utc>>,
}

/// Adds a batch and its events.
pub(super) fn add_batch(tx: &Tx, writes: &mut Writes, events: &[Event], batch: &Batch) {
    let &Batch { now, first_position, due } = batch;
    let sql = "INSERT INTO change_batch (occurred_at, size, first_position, due_at) VALUES (:now, :size, :first, :due) RETURNING id";
    let size = i32::try_from(events.len()).unwrap_or(i32::MAX);
    let values = [("now", now.into()), ("size", size.into()), ("first", first_position.into()), ("due", due.into())];
    writes.returning("batch", sql, values);
    add_events(tx, writes, events);
}

/// Gives these people's standings and these revoked API keys the next number of their table.
async fn number_revocations(tx: &Tx, people: &[PersonId], keys: &[ApiKeyId]) -> Result<()> {
    if tx.is_postgres() {
        execute(tx, advisory::TAKE, [("lock", advisory::STANDING.into())]).await?;
    }
    if !people.is_empty() {
        let sql = format!(
            "UPDATE person SET standing_revision = \
             (SELECT COALESCE(MAX(standing_revision), 0) + 1 FROM person WHERE standing_revision IS NOT NULL) WHERE {}",
            is_in(tx, "id", "people")
        );
        execute(tx, &sql, [("people", list(tx, people.iter().copied()))]).await?;
    }
    if !keys.is_empty() {
        let sql = format!(
            "UPDATE api_key SET revoked_revision = \
             (SELECT COALESCE(MAX(revoked_revision), 0) + 1 FROM api_key WHERE revoked_revision IS NOT NULL) WHERE {}",
            is_in(tx, "id", "keys")
        );
        execute(tx, &sql, [("keys", list(tx, keys.iter().copied()))]).await?;
    }
    Ok(())
}
