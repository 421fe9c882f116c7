//! Reading the log.
//!
//! A row of a kind that this version does not know was written by a later version. It is read as an event that nobody
//! sees, so that its position is passed.

use domain::{
    booking::BookingStatus,
    ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId},
    news::{BookingStep, Change, ChangeKind, Event, Location, Position, SessionChange},
};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult};

use super::write::{BOOKING_STEP, OCCUPANCY};
use crate::{
    app::App,
    db::{Db, numbers, rows},
    error::Result,
};

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
pub async fn read_after(db: &Db, position: Position, limit: u64) -> Result<Vec<Change>> {
    let sql = "SELECT b.first_position + l.ordinal AS position, b.occurred_at, b.due_at, l.kind, \
                 l.session_id, l.session_instance_id, l.city, l.country, l.has_previous_place, l.previous_city, l.previous_country, \
                 l.person_id, l.previous_session_instance_id, l.previous_session_id, l.booking_id, l.mentor_id, \
                 l.student_id, l.old_status, l.new_status, l.is_delayed, l.reason, l.activity_id \
               FROM change_batch b JOIN change_log l ON l.batch_id = b.id \
               WHERE b.first_position >= COALESCE((SELECT MAX(first_position) FROM change_batch WHERE first_position <= :position), 0) \
                 AND b.first_position + l.ordinal > :position \
               ORDER BY b.first_position, l.ordinal LIMIT :limit";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found: Vec<LogRow> = rows(db.pool(), sql, [("position", position.0.into()), ("limit", limit.into())]).await?;
    Ok(found.into_iter().map(|row| row.0).collect())
}

/// The position of the last published change; 0 if there is none.
pub async fn head(app: &App) -> Result<Position> {
    head_in(app.db.pool()).await
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

pub(crate) async fn head_in<C: ConnectionTrait>(db: &C) -> Result<Position> {
    let sql = "SELECT first_position + size - 1 FROM change_batch WHERE first_position IS NOT NULL \
               ORDER BY first_position DESC LIMIT 1";
    Ok(Position(numbers(db, sql, []).await?.first().copied().unwrap_or(0)))
}
