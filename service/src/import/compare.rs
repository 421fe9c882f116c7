//! Compares a session with the meetings of a file that came from its own feed.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{
    import::{ImportedSession, MeetingState},
    matching::{Existence, ExistingInstance, Matcher},
    recurrence::{Calendar, Recurrence, SkippedDates, Skips},
    zone::{ZoneData, local_date},
};
use entity::{session, session_instance};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    Result,
    db::Tx,
    instances::Instance,
    status::facts::{self, find_skipped_dates},
};

/// The range of dates that is compared, in days before and after today.
const BEFORE: Days = Days::new(30);
const AFTER: Days = Days::new(750);

/// A meeting as people see it: its date, start and end, and whether it is cancelled.
type Shown = (NaiveDate, Option<NaiveTime>, Option<NaiveTime>, bool);

/// Whether both sessions have the same name, zone and meetings. Compares the meetings of about two years.
pub(super) async fn has_the_same_meetings(
    tx: &Tx,
    data: ZoneData,
    now: DateTime<Utc>,
    row: &session::Model,
    imported: &ImportedSession,
) -> Result<bool> {
    let (Ok(zone), Ok(recurrence)) = (facts::zone_of(data, row), facts::recurrence_of(row)) else { return Ok(false) };
    let (Ok(imported_zone), Ok(imported_recurrence)) =
        (data.zone(&imported.time_zone), Recurrence::stored(imported.recurrence.as_deref()))
    else {
        return Ok(false);
    };
    if row.name != imported.name {
        return Ok(false);
    }
    let today = local_date(zone, now);
    let range = (
        today.checked_sub_days(BEFORE).unwrap_or(NaiveDate::MIN),
        today.checked_add_days(AFTER).unwrap_or(NaiveDate::MAX),
    );
    let skips = find_skipped_dates(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
    let rows = session_instance::Entity::find()
        .filter(session_instance::Column::SessionId.eq(row.id))
        .filter(session_instance::Column::IsRemovedByRecurrence.eq(false))
        .order_by_asc(session_instance::Column::Id)
        .all(tx)
        .await?;
    let instances = rows.into_iter().map(|row| {
        let shown = (row.date, row.start_time, row.end_time, row.is_cancelled);
        let is_shown = row.deleted_at.is_none();
        (Instance::from(row).existing(), is_shown.then_some(shown))
    });
    let here = shown(
        &recurrence.unwrap_or_default(),
        &facts::calendar_of(row, zone, skips),
        &instances.collect::<Vec<_>>(),
        range,
    );
    let calendar = Calendar {
        zone: imported_zone,
        anchor: imported.initiation,
        initiation: imported.initiation,
        termination: imported.termination,
        skips: Skips::new(imported.skips.iter().map(|date| SkippedDates::stored(*date, *date))),
    };
    let meetings = imported.meetings.iter().map(|meeting| {
        let existing = ExistingInstance {
            date: meeting.date,
            start: Some(meeting.start),
            occurrence: meeting.occurrence(),
            existence: Existence::stored(meeting.state == MeetingState::Deleted, false),
        };
        let shown = (meeting.date, Some(meeting.start), meeting.end, meeting.state == MeetingState::Cancelled);
        (existing, (meeting.state != MeetingState::Deleted).then_some(shown))
    });
    let there = shown(&imported_recurrence.unwrap_or_default(), &calendar, &meetings.collect::<Vec<_>>(), range);
    Ok(zone == imported_zone && here == there)
}

/// The meetings that people see in a range of dates.
fn shown(
    recurrence: &Recurrence,
    calendar: &Calendar,
    instances: &[(ExistingInstance, Option<Shown>)],
    (from, to): (NaiveDate, NaiveDate),
) -> BTreeSet<Shown> {
    let matcher = Matcher::new(instances.iter().map(|(existing, _)| *existing));
    let occurrences = recurrence.occurrences(calendar, from, to);
    let matched = matcher.with_instances(recurrence, calendar, occurrences).into_iter();
    let unmade = matched
        .filter(|(_, instance)| instance.is_none())
        .map(|(it, _)| (it.date, Some(it.start), Some(it.end), false));
    let made = instances.iter().filter_map(|(_, shown)| *shown).filter(|shown| from <= shown.0 && shown.0 <= to);
    unmade.chain(made).collect()
}
