//! Saving sessions, and locking them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    access::Viewer,
    autocreate,
    door::CheckInCodes,
    geo::GeoPoint,
    ids::SessionId,
    recurrence::{self, BoundedRecurrence, ScheduleSource},
    search,
    window::Buffers,
    zone::{self, Tz, Zone, ZoneData},
};
use entity::{session, session_instance};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LikeExpr, LockType},
};
use serde_json::{Value, json};

use super::{NewSkip, Session, list::lock_session, organizers::authorize_edit, skips};
use crate::{
    App, Error, Refusal, Result, audit::Changes, db::Tx, error::FieldErrors, idempotency, rights, status::facts, sweep,
    transaction, validate,
};

/// The fields of a new session.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub name: String,
    pub path: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub location: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub time_zone: Tz,
    pub recurrence: Option<Vec<ScheduleSource>>,
    pub active_buffer_minutes_before: i32,
    pub active_buffer_minutes_after: i32,
    pub auto_create_instances: bool,
    pub auto_create_hours_ahead: i32,
    pub initiation_date: Option<NaiveDate>,
    pub termination_date: Option<NaiveDate>,
    pub skips: Vec<NewSkip>,
    pub check_in_codes: CheckInCodes,
    pub requires_code: bool,
    pub description: Option<String>,
    pub website: Option<String>,
    pub picture_url: Option<String>,
}

/// Changes to a session. An outer `None` keeps a field; an inner `None` clears it.
#[derive(Debug, Clone, Default)]
pub struct SessionPatch {
    pub name: Option<String>,
    pub path: Option<String>,
    pub city: Option<Option<String>>,
    pub state: Option<Option<String>>,
    pub country: Option<Option<String>>,
    pub location: Option<Option<String>>,
    pub latitude: Option<Option<f64>>,
    pub longitude: Option<Option<f64>>,
    pub time_zone: Option<Tz>,
    /// UNTIL and COUNT of an RRULE replace the termination date. The date that they gave goes with the rule.
    pub recurrence: Option<Option<Vec<ScheduleSource>>>,
    pub active_buffer_minutes_before: Option<i32>,
    pub active_buffer_minutes_after: Option<i32>,
    pub auto_create_instances: Option<bool>,
    pub auto_create_hours_ahead: Option<i32>,
    pub initiation_date: Option<Option<NaiveDate>>,
    pub termination_date: Option<Option<NaiveDate>>,
    pub check_in_codes: Option<CheckInCodes>,
    pub requires_code: Option<bool>,
    pub description: Option<Option<String>>,
    pub website: Option<Option<String>>,
    pub picture_url: Option<Option<String>>,
}

/// Creates a session. Only for administrators. Without a path, a free one is made from the name.
///
/// # Errors
/// [`Error::Conflict`] if another session has the requested path.
pub async fn insert_session(app: &App, viewer: Viewer, new: NewSession) -> Result<Session> {
    rights::require_admin(viewer, "to create sessions", "create sessions")?;
    let now = app.now();
    let (row, skips) = checked_new(app, &new, now)?;
    let wanted = new.path;
    let base = row.path.clone();
    let mut number = 1;
    let row = loop {
        let mut attempt = row.clone();
        if number > 1 {
            attempt.path = format!("{base}-{number}");
        }
        let attempt = session::ActiveModel { id: NotSet, ..attempt.into_active_model().reset_all() };
        let inserted = transaction!(app, now, |tx| {
            if let Some(id) = idempotency::claim_key(tx, app, viewer, "createSession", now).await? {
                return lock_session(tx, id, LockType::Share).await;
            }
            let row = attempt.clone().insert(tx).await?;
            idempotency::record_created(tx, app, viewer, row.id).await?;
            let skips = skips::insert_checked_skips(tx, row.id, &skips, now).await?;
            let mut made = Changes::between(None, Some(&row));
            if !skips.is_empty() {
                made = made.with("skips", Value::Null, json!(skips));
            }
            tx.audit(viewer, "createSession", row.id, made);
            Ok(row)
        });
        match inserted {
            Ok(row) => break row,
            Err(error) if error.is_duplicate() && wanted.is_some() => {
                return Err(Error::Conflict(Refusal::PathTaken(base)));
            }
            Err(error) if error.is_duplicate() && number < 1_000 => number = next_number(app.db.pool(), &base).await?,
            Err(error) => return Err(error),
        }
    };
    if row.needs_recompute {
        sweep::recompute_soon(app, row.id).await;
    }
    Ok(row.into())
}

/// Checks the fields of a new session, and creates nothing.
///
/// # Errors
/// [`Error::Invalid`] with all wrong fields.
pub fn check_new_session(app: &App, new: &NewSession) -> Result<()> {
    checked_new(app, new, app.now()).map(drop)
}

fn checked_new(app: &App, new: &NewSession, now: DateTime<Utc>) -> Result<(session::Model, Vec<NewSkip>)> {
    let mut errors = FieldErrors::default();
    let name = errors.note(validate::required_text("name", &new.name))?;
    let path = match &new.path {
        Some(path) => errors.note(validate::path("path", path))?,
        None => validate::path_from_name(&name),
    };
    let coordinates = errors.note(validate::coordinates(new.latitude, new.longitude))?;
    let (latitude, longitude) = coordinates.map(GeoPoint::to_stored).unzip();
    let schedules = new.recurrence.as_deref().unwrap_or_default();
    let zone = errors.note_or(app.zone(new.time_zone), Zone::utc())?;
    let anchor = new.initiation_date.unwrap_or_else(|| zone::local_date(zone, now));
    let bounds = (new.initiation_date, new.termination_date);
    let bounded = errors.note(validate::recurrence(schedules, zone, anchor, bounds))?;
    let row = session::Model {
        id: SessionId(0),
        name_key: search::key(&name),
        path,
        name,
        city: errors.note(validate::optional_text("city", new.city.as_deref()))?,
        state: errors.note(validate::optional_text("state", new.state.as_deref()))?,
        country: errors.note(validate::optional_text("country", new.country.as_deref()))?,
        location: errors.note(validate::optional_text("location", new.location.as_deref()))?,
        latitude,
        longitude,
        time_zone: new.time_zone.name().to_owned(),
        recurrence: stored(&bounded, new.termination_date),
        active_buffer_minutes_before: new.active_buffer_minutes_before,
        active_buffer_minutes_after: new.active_buffer_minutes_after,
        auto_create_instances: new.auto_create_instances,
        auto_create_hours_ahead: new.auto_create_hours_ahead,
        initiation_date: bounded.initiation,
        termination_date: bounded.termination,
        problem: None,
        next_create_at: None,
        needs_recompute: new.auto_create_instances,
        revision: 1,
        changed_at: Some(now),
        created_at: now,
        deleted_at: None,
        check_in_codes: new.check_in_codes,
        requires_code: new.requires_code,
        description: errors.note(validate::long_text("description", new.description.as_deref()))?,
        website: errors.note(validate::website("website", new.website.as_deref()))?,
        picture_url: errors.note(validate::picture_url("pictureUrl", new.picture_url.as_deref()))?,
    };
    check_numbers_and_dates(&row, &mut errors)?;
    let skips = errors.note(skips::checked(&new.skips))?;
    errors.finish()?;
    Ok((row, skips))
}

/// A number that, appended to a taken path, gives a free one.
pub(crate) async fn next_number<C: ConnectionTrait>(db: &C, base: &str) -> Result<u32> {
    let paths: Vec<String> = session::Entity::find()
        .select_only()
        .column(session::Column::Path)
        .filter(contains_exactly(base))
        .into_tuple()
        .all(db)
        .await?;
    let taken = paths.iter().filter_map(|path| path.strip_prefix(base)?.strip_prefix('-')?.parse::<u32>().ok());
    Ok(taken.max().unwrap_or(1).saturating_add(1))
}

fn contains_exactly(base: &str) -> Expr {
    let escaped = base.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    session::Column::Path.like(LikeExpr::new(format!("{escaped}-%")).escape('\\'))
}

/// Changes a session and recomputes what follows from it. Only for organisers and administrators.
///
/// # Errors
/// [`Error::Conflict`] if another session has the new path.
pub async fn update_session(app: &App, viewer: Viewer, id: SessionId, patch: SessionPatch) -> Result<Session> {
    let now = app.now();
    let saved =
        transaction!(app, now, |tx| {
            authorize_edit(tx, viewer, id).await?;
            let before = lock_session(tx, id, LockType::NoKeyUpdate).await?;
            let mut after = patched(app.zone_data(), before.clone(), &patch)?;
            if after == before {
                return Ok(after);
            }
            after.needs_recompute |= calls_for_recompute(&before, &after);
            after.revision += 1;
            after.changed_at = Some(now);
            let after =
                after.into_active_model().reset_all().update(tx).await.map_err(Error::from).map_err(|error| {
                    if error.is_duplicate() { Error::Conflict(Refusal::NewPathTaken) } else { error }
                })?;
            log_updates_of_active_instances(tx, &before, &after).await?;
            tx.audit(viewer, "updateSession", id, Changes::between(Some(&before), Some(&after)));
            Ok(after)
        })?;
    if !saved.needs_recompute {
        return Ok(saved.into());
    }
    sweep::recompute_now(app, id).await;
    let recomputed = session::Entity::find_by_id(id).one(app.db.pool()).await?;
    Ok(recomputed.unwrap_or(saved).into())
}

/// Checks the changed fields of a session, and changes nothing.
///
/// # Errors
/// [`Error::Invalid`] with all wrong fields.
pub async fn check_session_patch(app: &App, id: SessionId, patch: &SessionPatch) -> Result<()> {
    let found = session::Entity::find_by_id(id).one(app.db.pool()).await?;
    let row = found.ok_or_else(|| Error::not_found("session", id))?;
    patched(app.zone_data(), row, patch).map(drop)
}

fn patched(data: ZoneData, mut row: session::Model, patch: &SessionPatch) -> Result<session::Model> {
    let mut errors = FieldErrors::default();
    if let Some(name) = &patch.name {
        row.name = errors.note(validate::required_text("name", name))?;
        row.name_key = search::key(&row.name);
    }
    if let Some(path) = &patch.path {
        row.path = errors.note(validate::path("path", path))?;
    }
    for (field, change, column) in [
        ("city", &patch.city, &mut row.city),
        ("state", &patch.state, &mut row.state),
        ("country", &patch.country, &mut row.country),
        ("location", &patch.location, &mut row.location),
    ] {
        if let Some(value) = change {
            *column = errors.note(validate::optional_text(field, value.as_deref()))?;
        }
    }
    if patch.latitude.is_some() || patch.longitude.is_some() {
        let coordinates = GeoPoint::stored(row.latitude, row.longitude);
        let latitude = patch.latitude.unwrap_or_else(|| coordinates.map(GeoPoint::latitude));
        let longitude = patch.longitude.unwrap_or_else(|| coordinates.map(GeoPoint::longitude));
        let coordinates = errors.note(validate::coordinates(latitude, longitude))?;
        (row.latitude, row.longitude) = coordinates.map(GeoPoint::to_stored).unzip();
    }
    if let Some(zone) = patch.time_zone {
        zone.name().clone_into(&mut row.time_zone);
    }
    let set = |column: &mut i32, value: Option<i32>| *column = value.unwrap_or(*column);
    set(&mut row.active_buffer_minutes_before, patch.active_buffer_minutes_before);
    set(&mut row.active_buffer_minutes_after, patch.active_buffer_minutes_after);
    set(&mut row.auto_create_hours_ahead, patch.auto_create_hours_ahead);
    row.auto_create_instances = patch.auto_create_instances.unwrap_or(row.auto_create_instances);
    row.initiation_date = patch.initiation_date.unwrap_or(row.initiation_date);
    row.termination_date = patch.termination_date.unwrap_or(row.termination_date);
    row.check_in_codes = patch.check_in_codes.unwrap_or(row.check_in_codes);
    row.requires_code = patch.requires_code.unwrap_or(row.requires_code);
    if let Some(schedules) = &patch.recurrence {
        let schedules = schedules.as_deref().unwrap_or_default();
        errors.note(put_recurrence(data, &mut row, schedules, patch.termination_date.flatten()))?;
    } else if patch.termination_date.is_some() {
        // A date that a person gives stays when the rule goes.
        row.recurrence = row.recurrence.map(|stored| recurrence::with_rule_end(&stored, None));
    }
    if let Some(description) = &patch.description {
        row.description = errors.note(validate::long_text("description", description.as_deref()))?;
    }
    if let Some(website) = &patch.website {
        row.website = errors.note(validate::website("website", website.as_deref()))?;
    }
    if let Some(picture) = &patch.picture_url {
        row.picture_url = errors.note(validate::picture_url("pictureUrl", picture.as_deref()))?;
    }
    check_numbers_and_dates(&row, &mut errors)?;
    errors.finish()?;
    Ok(row)
}

/// Gives a session these schedules. `termination` is the date that the client gives at the same time. Without an end, a rule goes
/// on until the date that a person gave earlier. The end that an earlier rule gave goes with that rule.
fn put_recurrence(
    data: ZoneData,
    row: &mut session::Model,
    schedules: &[ScheduleSource],
    termination: Option<NaiveDate>,
) -> Result<()> {
    // Without a zone, schedules can still be stored. Only an RRULE needs it.
    let zone = match facts::zone_of(data, row) {
        Err(problem) if schedules.iter().any(|it| matches!(it, ScheduleSource::Rrule { .. })) => {
            return Err(Error::Conflict(Refusal::ZoneFirst(problem)));
        }
        zone => zone.unwrap_or_else(|_| Zone::utc()),
    };
    let anchor = row.initiation_date.unwrap_or_else(|| zone::local_date(zone, row.created_at));
    let bounded = validate::recurrence(schedules, zone, anchor, (row.initiation_date, termination))?;
    let given = recurrence::given_end(row.recurrence.as_deref(), row.termination_date);
    row.recurrence = stored(&bounded, termination);
    row.initiation_date = bounded.initiation;
    row.termination_date = bounded.termination.or(given);
    Ok(())
}

/// The column of a recurrence. It is NULL if there is no regular schedule. `given` is the termination date that a person gives: any
/// other one is that of a rule.
fn stored(bounded: &BoundedRecurrence, given: Option<NaiveDate>) -> Option<String> {
    let of_rule = bounded.termination.filter(|date| given != Some(*date));
    let stored = recurrence::with_rule_end(&bounded.recurrence.to_json(), of_rule);
    (!bounded.recurrence.is_empty()).then_some(stored)
}

/// Checks what depends on no text: the numbers, the dates and the codes of a session.
fn check_numbers_and_dates(row: &session::Model, errors: &mut FieldErrors) -> Result<()> {
    let minutes = 0..=Buffers::MAX_MINUTES;
    for (field, value, range) in [
        ("activeBufferMinutesBefore", row.active_buffer_minutes_before, minutes.clone()),
        ("activeBufferMinutesAfter", row.active_buffer_minutes_after, minutes),
        ("autoCreateHoursAhead", row.auto_create_hours_ahead, autocreate::HOURS_AHEAD),
    ] {
        errors.note(validate::in_range(field, value, range))?;
    }
    for (field, date) in [("initiationDate", row.initiation_date), ("terminationDate", row.termination_date)] {
        errors.note(date.map(|date| validate::date(field, date)).transpose())?;
    }
    errors.note(validate::termination(row.initiation_date, row.termination_date))?;
    if row.requires_code && row.check_in_codes == CheckInCodes::None {
        errors.add("requiresCode", Refusal::NoCodes);
    }
    Ok(())
}

/// Whether the change affects windows, occurrences or automatic creation.
fn calls_for_recompute(before: &session::Model, after: &session::Model) -> bool {
    let facts = |row: &session::Model| {
        (
            (row.time_zone.clone(), row.recurrence.clone(), row.initiation_date, row.termination_date),
            (row.active_buffer_minutes_before, row.active_buffer_minutes_after),
            (row.auto_create_instances, row.auto_create_hours_ahead),
        )
    };
    facts(before) != facts(after)
}

/// Logs an UPDATED for each active instance if something visible to clients changed in the session.
pub(crate) async fn log_updates_of_active_instances(
    tx: &Tx,
    before: &session::Model,
    after: &session::Model,
) -> Result<()> {
    let shown = |row: &session::Model| {
        (
            (row.name.clone(), row.path.clone(), facts::location_of(row), row.state.clone(), row.location.clone()),
            (row.description.clone(), row.website.clone(), row.picture_url.clone(), row.latitude, row.longitude),
        )
    };
    if shown(before) == shown(after) {
        return Ok(());
    }
    let active = session_instance::Entity::find()
        .filter(session_instance::Column::SessionId.eq(after.id))
        .filter(session_instance::Column::IsActive.eq(true))
        .order_by_asc(session_instance::Column::Id)
        .lock(LockType::Share)
        .all(tx)
        .await?;
    let previous = facts::location_of(before);
    tx.log(|news| {
        for instance in active {
            let target = facts::target_of(after, instance.id);
            if target.location == previous {
                news.updated(target);
            } else {
                news.updated_location(target, previous.clone());
            }
        }
    });
    Ok(())
}
