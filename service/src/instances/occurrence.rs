//! Creates the instance of an occurrence earlier than automatic creation does: because somebody answers, or an
//! organiser changes the meeting.

use std::sync::Arc;

use domain::{
    access::Viewer,
    ids::{SessionId, SessionInstanceId},
    matching::Matcher,
    recurrence::OccurrenceKey,
    status::Mode,
};
use sea_orm::sea_query::LockType;

use super::{
    Instance,
    list::find_meetings_in,
    meetings,
    save::{compute_instants, mark_session, save},
};
use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    rights,
    sessions::{Skip, find_sessions, find_skips, lock_session},
    status::{
        facts::{self, blank, find_skipped_dates},
        update::{LockedInstance, decision_context},
    },
    transaction,
    zones::for_windows,
};

/// How many of the next meetings may get their instance early. Without a limit, somebody could fill the table with the
/// meetings of many years.
const EARLY: usize = 12;

/// Finds the instance that stands for one of the next occurrences of a session. If there is none, creates it. Everybody
/// who is signed in may do this: the session meets then anyway, and the instance follows the recurrence like one of
/// automatic creation.
///
/// # Errors
/// [`Error::NotFound`] if the session does not meet then, or if this is not one of its next 12 meetings.
pub async fn insert_for_occurrence(
    app: &App,
    viewer: Viewer,
    session: SessionId,
    key: OccurrenceKey,
) -> Result<SessionInstanceId> {
    rights::require_signed_in(viewer, "to answer")?;
    let not_found = || Error::NotFound(Refusal::NoLongerThen);
    let found = find_sessions(app, &[session]).await?.pop().ok_or_else(|| Error::not_found("session", session))?;
    let zone = found.zone(app.zone_data()).map_err(|_| not_found())?;
    let skips = find_skips(app, &[session]).await?;
    let next = meetings::find_next(app, &found, Skip::all_dates(&skips), EARLY).await?;
    let stands_for = |row: &Instance| row.occurrence_date.zip(row.occurrence_start) == Some((key.date, key.start));
    if let Some(instance) = next.iter().filter_map(|meeting| meeting.instance.as_ref()).find(|row| stands_for(row)) {
        return Ok(instance.id);
    }
    let now = app.now();
    transaction!(app, now, |tx| {
        let row = lock_session(tx, session, LockType::NoKeyUpdate).await?;
        // Skips only change while their session is locked.
        let skips = find_skipped_dates(tx, &[session]).await?.into_values().next().unwrap_or_default();
        let calendar = facts::calendar_of(&row, zone, skips);
        let recurrence = facts::recurrence_of(&row).ok().flatten().ok_or_else(not_found)?;
        let same_date: Vec<_> = recurrence.occurrences(&calendar, key.date, key.date).collect();
        let position = same_date.iter().position(|it| it.key() == key).ok_or_else(not_found)?;
        let existing = find_meetings_in(tx, &[session], key.date, key.date).await?;
        let standing = Matcher::new(existing.iter().map(Instance::existing)).stand_for(key.date, &same_date, |_| true);
        if let Some(index) = standing[position] {
            // A deleted instance stands for an occurrence that does not take place.
            let instance = &existing[index];
            return if instance.deleted_at.is_none() { Ok(instance.id) } else { Err(not_found()) };
        }
        let occurrence = same_date[position];
        let is_soon = next.iter().any(|meeting| meeting.starts_at == Some(occurrence.meeting.starts_at()));
        if !is_soon {
            return Err(not_found());
        }
        let mut instance = blank(session, key.date, now);
        (instance.start_time, instance.end_time) = (Some(occurrence.start), Some(occurrence.end));
        (instance.occurrence_date, instance.occurrence_start) = (Some(key.date), Some(key.start));
        let data = for_windows(tx, &app.zones).await?;
        compute_instants(data, &mut instance, &row)?;
        if data.is_none() {
            mark_session(tx, &row).await?;
        }
        let item = LockedInstance { instance, session: Arc::new(row) };
        let saved = save(tx, decision_context(app, now, Mode::Exact), None, item).await?;
        tx.audit(viewer, "createSessionInstance", saved.id, Changes::between(None, Some(&saved)));
        Ok(saved.id)
    })
}
