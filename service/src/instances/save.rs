//! Making, changing, deleting and overriding instances.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    access::Viewer,
    ids::{SessionId, SessionInstanceId},
    matching::Matcher,
    recurrence::Skips,
    status::Mode,
    window::Instants,
    zone::ZoneData,
};
use entity::{session, session_instance};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};

use super::{
    Instance,
    list::{existing, find_meetings_in},
};
use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    db::{self, Tx},
    error::FieldErrors,
    idempotency, rights,
    sessions::{authorize_edit, lock_session},
    status::{
        facts::{self, blank, find_skipped_dates},
        update::{self, DecisionContext, LockedInstance, decision_context},
    },
    sweep, transaction, validate,
    zones::for_windows,
};

#[derive(Debug, Clone)]
pub struct NewInstance {
    pub session: SessionId,
    pub date: NaiveDate,
    pub start_time: Option<NaiveTime>,
    pub end_time: Option<NaiveTime>,
    pub location_override: Option<String>,
    /// Whether the session may already have an instance with this date and these times.
    pub allows_duplicate: bool,
}

/// Changes to an instance. An outer `None` keeps a field; an inner `None` clears it.
#[derive(Debug, Clone, Default)]
pub struct InstancePatch {
    pub date: Option<NaiveDate>,
    pub start_time: Option<Option<NaiveTime>>,
    pub end_time: Option<Option<NaiveTime>>,
    pub location_override: Option<Option<String>>,
    pub is_cancelled: Option<bool>,
}

async fn existing_instance(tx: &Tx, id: SessionInstanceId) -> Result<session_instance::Model> {
    let row = existing().filter(session_instance::Column::Id.eq(id.0)).one(tx).await?;
    row.ok_or_else(|| Error::not_found("session instance", id))
}

/// Locks an instance and its session for changes.
async fn lock_instance(tx: &Tx, id: SessionInstanceId) -> Result<LockedInstance> {
    let session = existing_instance(tx, id).await?.session_id;
    let session = lock_session(tx, session, LockType::NoKeyUpdate).await?;
    let query = existing().filter(session_instance::Column::Id.eq(id.0));
    let instance = query.lock(LockType::NoKeyUpdate).one(tx).await?;
    let instance = instance.ok_or_else(|| Error::not_found("session instance", id))?;
    Ok(LockedInstance { instance, session: Arc::new(session) })
}

/// Checks that the viewer may edit the instance's session. Somebody without a token is told to sign in even if there is no such
/// instance.
async fn authorize(tx: &Tx, viewer: Viewer, id: SessionInstanceId) -> Result<()> {
    rights::require_signed_in(viewer, "to change meetings")?;
    authorize_edit(tx, viewer, existing_instance(tx, id).await?.session_id).await
}

/// Computes the instants of an instance from its local times (rule 1). Without zone data they are unknown, until a process
/// with newer zone data recomputes the session.
///
/// # Errors
/// [`Error::Conflict`] if the session's time zone cannot be read (rule 20).
pub(super) fn compute_instants(
    data: Option<ZoneData>,
    instance: &mut session_instance::Model,
    session: &session::Model,
) -> Result<()> {
    let Some(data) = data else {
        let unknown = Instants::unknown(instance.date);
        facts::put_instants(instance, unknown);
        return Ok(());
    };
    let zone = facts::zone_of(data, session).map_err(|problem| Error::Conflict(Refusal::ZoneFirst(problem)))?;
    let computed = facts::computed_instants(instance, session, zone);
    facts::put_instants(instance, computed);
    Ok(())
}

/// Creates an instance by hand. Only for organisers and administrators. If its window is open, it is active at once.
///
/// # Errors
/// [`Error::Invalid`] if the end equals the start (rule 2) or a value is out of range. [`Error::Conflict`] if the
/// session's time zone cannot be read (rule 20), or if the session has an instance with the same date and times.
pub async fn insert_instance(app: &App, viewer: Viewer, new: NewInstance) -> Result<Instance> {
    let now = app.now();
    let mut errors = FieldErrors::default();
    let date = errors.note(validate::date("date", new.date))?;
    errors.note(validate::times(new.start_time, new.end_time))?;
    let location = validate::optional_text("locationOverride", new.location_override.as_deref());
    let location_override = errors.note(location)?;
    errors.finish()?;
    transaction!(app, now, |tx| {
        authorize_edit(tx, viewer, new.session).await?;
        if let Some(id) = idempotency::claim_key(tx, app, viewer, "createSessionInstance", now).await? {
            return Ok(existing_instance(tx, id).await?.into());
        }
        // If two requests create the same instance, the second one must see the row of the first one.
        let session = lock_session(tx, new.session, LockType::NoKeyUpdate).await?;
        if !new.allows_duplicate {
            refuse_duplicate(tx, &new).await?;
        }
        let mut instance = blank(new.session, date, now);
        instance.start_time = new.start_time;
        instance.end_time = new.end_time;
        instance.location_override.clone_from(&location_override);
        let data = for_windows(tx, &app.zones).await?;
        compute_instants(data, &mut instance, &session)?;
        if data.is_none() {
            mark_session(tx, &session).await?;
        }
        note_change(tx, session.id, now).await?;
        let item = LockedInstance { instance, session: Arc::new(session) };
        let saved = save(tx, decision_context(app, now, Mode::Exact), None, item).await?;
        idempotency::record_created(tx, app, viewer, saved.id).await?;
        tx.audit(viewer, "createSessionInstance", saved.id, Changes::between(None, Some(&saved)));
        Ok(saved.into())
    })
}

async fn refuse_duplicate(tx: &Tx, new: &NewInstance) -> Result<()> {
    let is = |column: session_instance::Column, time: Option<NaiveTime>| match time {
        Some(time) => column.eq(time),
        None => column.is_null(),
    };
    let same = existing()
        .filter(session_instance::Column::SessionId.eq(new.session))
        .filter(session_instance::Column::Date.eq(new.date))
        .filter(is(session_instance::Column::StartTime, new.start_time))
        .filter(is(session_instance::Column::EndTime, new.end_time))
        .order_by_asc(session_instance::Column::Id);
    let Some(row) = same.one(tx).await? else { return Ok(()) };
    Err(Error::Conflict(Refusal::MeetingExists { id: row.id, is_cancelled: row.is_cancelled }))
}

/// The facts that a change of an instance depends on.
#[derive(Clone, Copy)]
struct Basis<'a> {
    now: DateTime<Utc>,
    /// The skips of the session.
    skips: &'a Skips,
    /// The zone data for windows. `None` if this process may not compute them (rule 1).
    data: Option<ZoneData>,
}

/// Changes an instance: checks rights, locks it, calls `change`, saves, updates the status, and writes the audit entry of the
/// mutation `action`. The session is recomputed if this process may not compute windows. It is also recomputed if a date may
/// now lack the instance of its occurrence, because rule 10 may call for another instance.
async fn change_instance(
    app: &App,
    viewer: Viewer,
    (action, id): (&'static str, SessionInstanceId),
    change: impl Fn(&mut LockedInstance, Basis<'_>) -> Result<()>,
) -> Result<Instance> {
    let now = app.now();
    let (saved, is_marked) = transaction!(app, now, |tx| {
        authorize(tx, viewer, id).await?;
        let mut item = lock_instance(tx, id).await?;
        // Read the clock after taking the lock. Otherwise a decision that was made in the meantime could be undone.
        let now = app.now();
        let before = item.instance.clone();
        // Skips only change while their session is locked.
        let skips = find_skipped_dates(tx, &[item.session.id]).await?;
        let skips = skips.into_values().next().unwrap_or_default();
        let data = for_windows(tx, &app.zones).await?;
        change(&mut item, Basis { now, skips: &skips, data })?;
        keep_occurrence(tx, app.zone_data(), &before, &mut item, skips).await?;
        leave_taken_occurrence(tx, &before, &mut item.instance).await?;
        let stands_for =
            |row: &session_instance::Model| (row.date, row.start_time, row.occurrence_date, row.deleted_at.is_some());
        let is_marked = (item.session.auto_create_instances && stands_for(&before) != stands_for(&item.instance))
            || (data.is_none() && facts::instants_of(&before) != facts::instants_of(&item.instance));
        if differs_in_calendars(&before, &item.instance) {
            note_change(tx, item.session.id, now).await?;
        }
        if is_marked {
            mark_session(tx, &item.session).await?;
        }
        let saved = save(tx, decision_context(app, now, Mode::Exact), Some(&before), item).await?;
        tx.audit(viewer, action, id, Changes::between(Some(&before), Some(&saved)));
        Ok((saved, is_marked))
    })?;
    if is_marked {
        sweep::recompute_now(app, saved.session_id).await;
    }
    Ok(saved.into())
}

/// If a person moves or deletes an instance that was made by hand, it keeps the occurrence that it stood for (rule 10).
/// Otherwise that occurrence would be listed again. With automatic creation, the occurrence gets another instance
/// instead.
async fn keep_occurrence(
    tx: &Tx,
    data: ZoneData,
    before: &session_instance::Model,
    item: &mut LockedInstance,
    skips: Skips,
) -> Result<()> {
    let after = &mut item.instance;
    let is_gone = after.deleted_at.is_some() || after.date != before.date;
    if item.session.auto_create_instances || before.occurrence_date.is_some() || !is_gone {
        return Ok(());
    }
    let session = &item.session;
    let (Ok(zone), Ok(Some(recurrence))) = (facts::zone_of(data, session), facts::recurrence_of(session)) else {
        return Ok(());
    };
    let calendar = facts::calendar_of(&item.session, zone, skips);
    let occurrences: Vec<_> = recurrence.occurrences(&calendar, before.date, before.date).collect();
    let same_date = find_meetings_in(tx, &[item.session.id], before.date, before.date).await?;
    let standing =
        Matcher::new(same_date.iter().map(Instance::existing)).stand_for(before.date, &occurrences, |_| true);
    let is_this = |index: &Option<usize>| index.is_some_and(|index| same_date[index].id == before.id);
    if let Some(occurrence) = standing.iter().position(is_this).and_then(|position| occurrences.get(position)) {
        after.is_by_hand = true;
        (after.occurrence_date, after.occurrence_start) = (Some(occurrence.date), Some(occurrence.start));
    }
    Ok(())
}

/// An instance that a changed recurrence cancelled has its occurrence beside another instance. If a person restores it, it leaves the
/// occurrence to the other one.
async fn leave_taken_occurrence(
    tx: &Tx,
    before: &session_instance::Model,
    after: &mut session_instance::Model,
) -> Result<()> {
    if !before.is_cancelled_by_recurrence || after.is_cancelled_by_recurrence {
        return Ok(());
    }
    let other = session_instance::Entity::find()
        .filter(session_instance::Column::SessionId.eq(after.session_id))
        .filter(session_instance::Column::Id.ne(after.id))
        .filter(session_instance::Column::OccurrenceDate.eq(after.occurrence_date))
        .filter(session_instance::Column::OccurrenceStart.eq(after.occurrence_start))
        .filter(session_instance::Column::IsCancelledByRecurrence.eq(false))
        .filter(session_instance::Column::IsRemovedByRecurrence.eq(false));
    if other.one(tx).await?.is_some() {
        (after.occurrence_date, after.occurrence_start) = (None, None);
    }
    Ok(())
}

/// Marks a locked session for recompute (rule 12).
pub(super) async fn mark_session(tx: &Tx, session: &session::Model) -> Result<()> {
    let sql = "UPDATE session SET needs_recompute = TRUE WHERE id = :session";
    db::execute(tx, sql, [("session", session.id.into())]).await?;
    Ok(())
}

/// Gives a locked session a new revision for calendars, because one of its meetings has changed.
async fn note_change(tx: &Tx, session: SessionId, now: DateTime<Utc>) -> Result<()> {
    let sql = "UPDATE session SET revision = revision + 1, changed_at = :now WHERE id = :session";
    db::execute(tx, sql, [("session", session.into()), ("now", now.into())]).await?;
    Ok(())
}

/// Whether calendars show the instance differently.
fn differs_in_calendars(one: &session_instance::Model, other: &session_instance::Model) -> bool {
    let shown = |row: &session_instance::Model| {
        let times = (row.date, row.start_time, row.end_time);
        (times, row.location_override.clone(), row.is_cancelled, row.deleted_at.is_some())
    };
    shown(one) != shown(other)
}

/// Saves one instance, updates its status, and computes the placements that follow.
pub(super) async fn save(
    tx: &Tx,
    context: DecisionContext,
    before: Option<&session_instance::Model>,
    item: LockedInstance,
) -> Result<session_instance::Model> {
    let (saved, changes) = update::save_instance(tx, context, before, item).await?;
    update::move_people(tx, context, changes).await?;
    Ok(saved)
}

/// Changes an instance. Only for organisers and administrators. Its status and the placements follow in the same
/// transaction.
pub async fn update_instance(
    app: &App,
    viewer: Viewer,
    id: SessionInstanceId,
    patch: InstancePatch,
) -> Result<Instance> {
    let saved = change_instance(app, viewer, ("updateSessionInstance", id), |item, Basis { skips, data, .. }| {
        let row = &mut item.instance;
        let mut errors = FieldErrors::default();
        let times = (row.date, row.start_time, row.end_time);
        if let Some(date) = patch.date {
            row.date = errors.note(validate::date("date", date))?;
        }
        row.start_time = patch.start_time.unwrap_or(row.start_time);
        row.end_time = patch.end_time.unwrap_or(row.end_time);
        if let Some(location) = &patch.location_override {
            row.location_override = errors.note(validate::optional_text("locationOverride", location.as_deref()))?;
        }
        if let Some(is_cancelled) = patch.is_cancelled {
            row.is_cancelled = is_cancelled;
        }
        let has_new_times = times != (row.date, row.start_time, row.end_time);
        if has_new_times {
            errors.note(validate::times(row.start_time, row.end_time))?;
        }
        errors.finish()?;
        if has_new_times {
            row.has_own_times = true;
            compute_instants(data, row, &item.session)?;
        }
        if (has_new_times || patch.is_cancelled.is_some())
            && has_lost_its_occurrence(app.zone_data(), row, &item.session, skips)
        {
            // A person's decision must not be undone by a sweep. From now on the instance counts as made by hand. It still has its
            // occurrence, so that this gets no other instance when it comes back.
            row.is_cancelled_by_recurrence = false;
            row.is_by_hand = true;
        }
        Ok(())
    });
    saved.await
}

/// Whether the instance was made from an occurrence that rule 11 no longer gives it.
fn has_lost_its_occurrence(
    data: ZoneData,
    instance: &session_instance::Model,
    session: &session::Model,
    skips: &Skips,
) -> bool {
    let Some(made) = facts::as_made(instance, false, false) else { return false };
    let (Ok(zone), Ok(recurrence)) = (facts::zone_of(data, session), facts::recurrence_of(session)) else {
        return false;
    };
    let calendar = facts::calendar_of(session, zone, skips.clone());
    !made.keeps_its_occurrence(&recurrence.unwrap_or_default(), &calendar)
}

/// Deletes an instance. Only for organisers and administrators. The row stays, marked, while the change log names it
/// (rule 26).
pub async fn delete_instance(app: &App, viewer: Viewer, id: SessionInstanceId) -> Result<SessionId> {
    let deleted = change_instance(app, viewer, ("deleteSessionInstance", id), |item, Basis { now, .. }| {
        item.instance.deleted_at = Some(now);
        Ok(())
    });
    Ok(deleted.await?.session_id)
}

/// Sets an override: the instance is active or inactive until `until`, or without it until the next periodic sweep
/// (rule 7).
///
/// # Errors
/// [`Error::Invalid`] if `until` is not in the future.
pub async fn set_override(
    app: &App,
    viewer: Viewer,
    id: SessionInstanceId,
    active: bool,
    until: Option<DateTime<Utc>>,
) -> Result<Instance> {
    let saved = change_instance(app, viewer, ("setActiveOverride", id), |item, Basis { now, .. }| {
        if until.is_some_and(|until| until <= now) {
            return Err(Error::invalid("until", Refusal::NotInFuture));
        }
        item.instance.override_active = Some(active);
        item.instance.override_until = until;
        Ok(())
    });
    saved.await
}

/// Ends an override. Does nothing if there is none.
pub async fn clear_override(app: &App, viewer: Viewer, id: SessionInstanceId) -> Result<Instance> {
    let saved = change_instance(app, viewer, ("clearActiveOverride", id), |item, _| {
        item.instance.override_active = None;
        item.instance.override_until = None;
        Ok(())
    });
    saved.await
}

/// Recomputes one instance from its facts. Only for organisers and administrators.
pub async fn recompute_instance(app: &App, viewer: Viewer, id: SessionInstanceId) -> Result<Instance> {
    let saved = change_instance(app, viewer, ("updateActiveStatus", id), |item, Basis { data, .. }| match data {
        Some(_) => compute_instants(data, &mut item.instance, &item.session),
        None => Ok(()),
    });
    saved.await
}
