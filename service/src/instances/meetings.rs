//! The upcoming meetings of a session: its instances, and the occurrences that have no instance yet.

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::{recurrence::Occurrence, zone};
use entity::session_instance;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::{
    App, Result,
    instances::{Instance, InstanceRange, list_instances},
    lists::Page,
    sessions::Session,
};

/// A meeting that has not begun.
#[derive(Debug, Clone)]
pub struct Meeting {
    /// The local date in the session's zone.
    pub date: NaiveDate,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    /// `None` if the meeting is an occurrence whose instance does not exist yet.
    pub instance: Option<Instance>,
}

impl From<Instance> for Meeting {
    fn from(instance: Instance) -> Self {
        let Instance { date, starts_at, ends_at, .. } = instance;
        Self { date, starts_at, ends_at, instance: Some(instance) }
    }
}

impl From<Occurrence> for Meeting {
    fn from(occurrence: Occurrence) -> Self {
        let (starts_at, ends_at) = (occurrence.meeting.starts_at(), occurrence.meeting.ends_at());
        Self { date: occurrence.date, starts_at: Some(starts_at), ends_at: Some(ends_at), instance: None }
    }
}

/// At most `count` upcoming meetings of a session, ordered by start. Cancelled meetings are included, so that people
/// see the cancellation.
pub async fn find_next(app: &App, session: &Session, count: usize) -> Result<Vec<Meeting>> {
    let now = app.now();
    let Ok(zone) = session.zone() else { return Ok(Vec::new()) };
    let today = zone::local_date(zone, now);
    // A meeting that began yesterday may still be running.
    let from = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let range = InstanceRange { session: session.id, from: Some(from), to: None };
    let page = Page { first: i32::try_from(count + 10).ok(), ..Page::default() };
    let is_to_come = |row: &Instance| {
        let is_over = row.ends_at.map_or(row.date < today, |ends_at| ends_at <= now);
        !row.is_active && !is_over
    };
    let made = list_instances(app, range, &page).await?.rows.into_iter().filter(is_to_come);
    let mut meetings: Vec<Meeting> = made.map(Meeting::from).collect();
    meetings.extend(find_unmade(app, session, now, from, count).await?.into_iter().map(Meeting::from));
    meetings.sort_by_key(|meeting| (meeting.date, meeting.starts_at));
    meetings.truncate(count);
    Ok(meetings)
}

/// Upcoming occurrences that never had an instance. An occurrence whose instance was moved or deleted does not take
/// place.
async fn find_unmade(
    app: &App,
    session: &Session,
    now: DateTime<Utc>,
    from: NaiveDate,
    count: usize,
) -> Result<Vec<Occurrence>> {
    let (Ok(zone), Ok(Some(recurrence))) = (session.zone(), session.recurrence()) else {
        return Ok(Vec::new());
    };
    let calendar = session.calendar(zone);
    let to_come: Vec<Occurrence> = recurrence
        .occurrences(&calendar, from, NaiveDate::MAX)
        .filter(|occurrence| now < occurrence.meeting.starts_at())
        .take(count)
        .collect();
    let Some(last) = to_come.last().map(|occurrence| occurrence.date) else { return Ok(to_come) };
    let dated = Condition::any()
        .add(session_instance::Column::Date.between(from, last))
        .add(session_instance::Column::OccurrenceDate.between(from, last));
    let rows = session_instance::Entity::find()
        .filter(session_instance::Column::SessionId.eq(session.id))
        .filter(session_instance::Column::IsRemovedByRecurrence.eq(false))
        .filter(dated)
        .all(app.db.pool())
        .await?;
    let is_unmade = |occurrence: &Occurrence| {
        let stands_for = |row: &session_instance::Model| match (row.occurrence_date, row.occurrence_start) {
            (Some(date), Some(start)) => (date, start) == (occurrence.date, occurrence.start),
            _ => row.deleted_at.is_none() && row.date == occurrence.date && row.start_time == Some(occurrence.start),
        };
        !rows.iter().any(stands_for)
    };
    Ok(to_come.into_iter().filter(is_unmade).collect())
}
