//! Writes and reads the rows of the change log.
//!
//! A later version may have written rows of a kind that this version does not know. They are read as
//! [`Event::Unknown`], which no client gets, so that readers move past their positions.

use domain::{
    booking::BookingStatus,
    ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId},
    news::{BookingStep, Change, ChangeKind, Event, Location, Position, SessionChange},
};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult};

use crate::{
    db::{Column, Db, execute, rows, values_table},
    error,
};

/// Kinds in the table, in addition to those of [`ChangeKind`].
const BOOKING_STEP: &str = "BOOKING_STEP";
const OCCUPANCY: &str = "OCCUPANCY";

/// Writes the rows of a batch. Columns that no row needs are left out of the statement.
pub(super) async fn insert_events<C: ConnectionTrait>(db: &C, batch: i64, events: &[Event]) -> error::Result<()> {
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
    let (table, values) = values_table(db, 2, &columns);
    let names: Vec<_> = columns.iter().map(Column::name).collect();
    let sql = format!(
        "INSERT INTO change_log (batch_id, {}) SELECT $1, v.{} FROM {table}",
        names.join(", "),
        names.join(", v.")
    );
    execute(db, &sql, [batch.into(), values]).await?;
    Ok(())
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

/// Reads a row as a change. Reads only the columns of its kind, because sea-orm formats an error text for each NULL
/// that it reads.
struct LogRow(Change);

impl FromQueryResult for LogRow {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        let kind: String = row.try_get("", "kind")?;
        let event = match kind.as_str() {
            BOOKING_STEP => step_of(row)?.map(Event::Booking),
            OCCUPANCY => number(row, "activity_id")?.map(|id| Event::Occupancy(ActivityId(id))),
            kind => ChangeKind::parse(kind).map(|kind| session_change_of(row, kind)).transpose()?.map(Event::Session),
        };
        Ok(Self(Change {
            position: Position(row.try_get("", "position")?),
            occurred_at: row.try_get("", "occurred_at")?,
            due_at: row.try_get("", "due_at")?,
            event: event.unwrap_or(Event::Unknown),
        }))
    }
}

fn number(row: &QueryResult, column: &str) -> Result<Option<i64>, DbErr> {
    row.try_get("", column)
}

fn text(row: &QueryResult, column: &str) -> Result<Option<String>, DbErr> {
    row.try_get("", column)
}

fn session_change_of(row: &QueryResult, kind: ChangeKind) -> Result<SessionChange, DbErr> {
    let mut change = SessionChange {
        session: number(row, "session_id")?.map(SessionId),
        instance: number(row, "session_instance_id")?.map(SessionInstanceId),
        location: Location { city: text(row, "city")?, country: text(row, "country")? },
        ..SessionChange::of(kind)
    };
    if row.try_get("", "has_previous_place")? {
        let (city, country) = (text(row, "previous_city")?, text(row, "previous_country")?);
        change.previous_location = Some(Location { city, country });
    }
    if kind == ChangeKind::PersonMoved {
        change.person = number(row, "person_id")?.map(PersonId);
        change.previous_instance = number(row, "previous_session_instance_id")?.map(SessionInstanceId);
        change.previous_session = number(row, "previous_session_id")?.map(SessionId);
    }
    Ok(change)
}

fn step_of(row: &QueryResult) -> Result<Option<BookingStep>, DbErr> {
    let (booking, mentor, student) =
        (number(row, "booking_id")?, number(row, "mentor_id")?, number(row, "student_id")?);
    let (old_status, new_status) = (text(row, "old_status")?, text(row, "new_status")?);
    let (is_delayed, reason) = (row.try_get("", "is_delayed")?, text(row, "reason")?);
    let step = || {
        let old_status = match old_status {
            Some(text) => Some(BookingStatus::parse(&text)?),
            None => None,
        };
        Some(BookingStep {
            booking: BookingId(booking?),
            mentor: PersonId(mentor?),
            student: PersonId(student?),
            old_status,
            new_status: BookingStatus::parse(&new_status?)?,
            is_delayed,
            reason: reason.unwrap_or_default(),
        })
    };
    Ok(step())
}

/// At most `limit` published changes after `position`, in order.
pub async fn read_after(db: &Db, position: Position, limit: u64) -> error::Result<Vec<Change>> {
    let sql = "SELECT b.first_position + l.ordinal AS position, b.occurred_at, b.due_at, l.kind, \
                 l.session_id, l.session_instance_id, l.city, l.country, l.has_previous_place, l.previous_city, l.previous_country, \
                 l.person_id, l.previous_session_instance_id, l.previous_session_id, l.booking_id, l.mentor_id, \
                 l.student_id, l.old_status, l.new_status, l.is_delayed, l.reason, l.activity_id \
               FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
               WHERE b.first_position >= COALESCE((SELECT MAX(first_position) FROM change_batch WHERE first_position <= $1), 0) \
                 AND b.first_position + l.ordinal > $1 \
               ORDER BY b.first_position, l.ordinal LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found: Vec<LogRow> = rows(db.pool(), sql, [position.0.into(), limit.into()]).await?;
    Ok(found.into_iter().map(|row| row.0).collect())
}
