//! Sessions and their organisers.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::{
    access::Viewer,
    autocreate,
    ids::{PersonId, SessionId},
    recurrence::Recurrence,
    window::Buffers,
    zone::Tz,
};
use entity::{person, session, session_instance, session_organizer};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Func, LikeExpr, LockType, OnConflict},
};
use serde_json::Value;

use crate::{
    App, Error, Result,
    audit::Changes,
    db::{Reads, Tx, is_one_of},
    error::expect,
    facts,
    lists::{self, Key, Page, Slice},
    sign_in::is_someone,
    sweep, transaction, validate,
};

/// A filter for sessions.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    pub name_contains: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub is_active: Option<bool>,
    pub include_terminated: bool,
}

/// The fields of a new session.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub name: String,
    pub path: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub location: Option<String>,
    pub time_zone: Tz,
    pub recurrence: Option<Recurrence>,
    pub active_buffer_minutes_before: i32,
    pub active_buffer_minutes_after: i32,
    pub auto_create_instances: bool,
    pub auto_create_hours_ahead: i32,
    pub initiation_date: Option<NaiveDate>,
    pub termination_date: Option<NaiveDate>,
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
    pub time_zone: Option<Tz>,
    pub recurrence: Option<Option<Recurrence>>,
    pub active_buffer_minutes_before: Option<i32>,
    pub active_buffer_minutes_after: Option<i32>,
    pub auto_create_instances: Option<bool>,
    pub auto_create_hours_ahead: Option<i32>,
    pub initiation_date: Option<Option<NaiveDate>>,
    pub termination_date: Option<Option<NaiveDate>>,
}

pub async fn find_sessions(db: &impl Reads, ids: &[SessionId]) -> Result<Vec<session::Model>> {
    Ok(find_named_sessions(db, ids).await?.into_iter().filter(|row| row.deleted_at.is_none()).collect())
}

/// Sessions with these ids, deleted ones included. The change log names them, and a message about a meeting that ended
/// says of which session it was.
pub async fn find_named_sessions(db: &impl Reads, ids: &[SessionId]) -> Result<Vec<session::Model>> {
    let db = db.connection();
    let ids = ids.iter().map(|id| id.0);
    Ok(session::Entity::find().filter(is_one_of(db, session::Column::Id, ids)).all(db).await?)
}

pub async fn find_session_by_path(app: &App, path: &str) -> Result<Option<session::Model>> {
    // PostgreSQL refuses a NUL in a text, so no path has one.
    if path.contains('\0') {
        return Ok(None);
    }
    let existing = session::Entity::find().filter(session::Column::DeletedAt.is_null());
    Ok(existing.filter(session::Column::Path.eq(path)).one(app.db.pool()).await?)
}

/// A page of the matching sessions, ordered by name.
pub async fn list_sessions(app: &App, filter: &SessionFilter, page: &Page) -> Result<Slice<session::Model>> {
    let order = (session::Column::NameKey, session::Column::Id);
    page.of(app.db.pool(), matching(filter, app.now()), order, Key::Text, false).await
}

pub async fn count_sessions(app: &App, filter: &SessionFilter) -> Result<i64> {
    lists::count(app.db.pool(), matching(filter, app.now()), session::Column::Id).await
}

/// At most `limit` cities of sessions whose city's name contains the text, in upper or lower case, ordered by name.
pub async fn find_cities(app: &App, text: &str, limit: u64) -> Result<Vec<String>> {
    if text.contains('\0') {
        return Ok(Vec::new());
    }
    let lower = Expr::expr(Func::lower(Expr::col(session::Column::City)));
    let query = session::Entity::find()
        .select_only()
        .column(session::Column::City)
        .filter(session::Column::City.is_not_null())
        .filter(session::Column::DeletedAt.is_null())
        // SQLite lowers ASCII only. For other letters, the text must have the same case as the city's name.
        .filter(
            Condition::any()
                .add(ExprTrait::like(lower, containing(&text.to_lowercase())))
                .add(session::Column::City.like(containing(text))),
        )
        .group_by(session::Column::City)
        .order_by_asc(session::Column::City)
        .limit(limit);
    Ok(query.into_tuple().all(app.db.pool()).await?)
}

fn matching(filter: &SessionFilter, now: DateTime<Utc>) -> Select<session::Entity> {
    let mut condition = Condition::all().add(session::Column::DeletedAt.is_null());
    if let Some(text) = filter.name_contains.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        condition = condition.add(contains(session::Column::NameKey, text));
    }
    if let Some(city) = &filter.city {
        condition = condition.add(session::Column::City.eq(city));
    }
    if let Some(country) = &filter.country {
        condition = condition.add(session::Column::Country.eq(country));
    }
    if !filter.include_terminated {
        // The last meeting may be running, or its date may not be over in a zone further west.
        let today = (now - TimeDelta::hours(36)).date_naive();
        condition = condition.add(
            Condition::any()
                .add(session::Column::TerminationDate.is_null())
                .add(session::Column::TerminationDate.gte(today)),
        );
    }
    if let Some(is_active) = filter.is_active {
        let active = session_instance::Entity::find()
            .select_only()
            .column(session_instance::Column::SessionId)
            .filter(session_instance::Column::IsActive.eq(true));
        let active = sea_orm::QueryTrait::into_query(active);
        condition = condition.add(if is_active {
            session::Column::Id.in_subquery(active)
        } else {
            session::Column::Id.not_in_subquery(active)
        });
    }
    session::Entity::find().filter(condition)
}

/// Whether a lower-case column contains the text, in upper or lower case.
pub(crate) fn contains(column: impl ColumnTrait, text: &str) -> Expr {
    column.like(containing(&text.to_lowercase()))
}

fn containing(text: &str) -> LikeExpr {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("%{escaped}%")).escape('\\')
}

/// Whether the viewer is an organiser of the session.
pub async fn is_organizer<C: ConnectionTrait>(db: &C, viewer: Viewer, session: SessionId) -> Result<bool> {
    let Some(person) = viewer.person else { return Ok(false) };
    let found = session_organizer::Entity::find_by_id((session, person)).count(db).await?;
    Ok(found > 0)
}

/// Those of these sessions that the viewer organises.
pub async fn find_organized(app: &App, viewer: Viewer, sessions: &[SessionId]) -> Result<HashSet<SessionId>> {
    let db = app.db.pool();
    let Some(person) = viewer.person else { return Ok(HashSet::new()) };
    let rows = session_organizer::Entity::find()
        .filter(session_organizer::Column::PersonId.eq(person.0))
        .filter(is_one_of(db, session_organizer::Column::SessionId, sessions.iter().map(|id| id.0)))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.session_id).collect())
}

/// The organisers of these sessions, ordered by name.
pub async fn find_organizers(app: &App, sessions: &[SessionId]) -> Result<Vec<(SessionId, person::Model)>> {
    let db = app.db.pool();
    let links = session_organizer::Entity::find()
        .filter(is_one_of(db, session_organizer::Column::SessionId, sessions.iter().map(|id| id.0)))
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(is_one_of(db, person::Column::Id, links.iter().map(|link| link.person_id)))
        .order_by_asc(person::Column::NameKey)
        .order_by_asc(person::Column::Id)
        .all(db)
        .await?;
    let of = |person: &person::Model| {
        let id = person.id;
        links.iter().filter(move |link| link.person_id == id).map(|link| link.session_id).collect::<Vec<_>>()
    };
    Ok(people.into_iter().flat_map(|person| of(&person).into_iter().map(move |id| (id, person.clone()))).collect())
}

/// Checks that the viewer may edit the session. Everybody may know whether a session exists.
pub(crate) async fn authorize_edit<C: ConnectionTrait>(db: &C, viewer: Viewer, session: SessionId) -> Result<()> {
    expect::signed_in(viewer, "sign in to change sessions")?;
    if viewer.may_edit_session(viewer.is_admin || is_organizer(db, viewer, session).await?) {
        return Ok(());
    }
    let existing = session::Entity::find_by_id(session).filter(session::Column::DeletedAt.is_null());
    if existing.count(db).await? == 0 {
        return Err(Error::not_found("session", session));
    }
    Err(Error::Forbidden("only organisers of this session and admins may do this"))
}

/// Locks a session: with `Share` against changes, with `NoKeyUpdate` for changing it.
pub(crate) async fn lock_session(tx: &Tx, id: SessionId, lock: LockType) -> Result<session::Model> {
    let row = session::Entity::find_by_id(id).lock(lock).one(tx).await?;
    row.filter(|row| row.deleted_at.is_none()).ok_or_else(|| Error::not_found("session", id))
}

/// Creates a session. Only for administrators. Without a path, a free one is made from the name.
///
/// # Errors
/// [`Error::Conflict`] if another session has the requested path.
pub async fn insert_session(app: &App, viewer: Viewer, new: NewSession) -> Result<session::Model> {
    expect::admin(viewer, "sign in to create sessions", "only admins may create sessions")?;
    let now = app.now();
    let name = validate::required_text("name", &new.name)?;
    let wanted = new.path.as_deref().map(|path| validate::path("path", path)).transpose()?;
    let row = checked(session::Model {
        id: SessionId(0),
        name_key: name.to_lowercase(),
        path: wanted.clone().unwrap_or_else(|| validate::path_from_name(&name)),
        name,
        city: validate::optional_text("city", new.city.as_deref())?,
        state: validate::optional_text("state", new.state.as_deref())?,
        country: validate::optional_text("country", new.country.as_deref())?,
        location: validate::optional_text("location", new.location.as_deref())?,
        time_zone: new.time_zone.name().to_owned(),
        recurrence: new.recurrence.as_ref().map(Recurrence::to_json),
        active_buffer_minutes_before: new.active_buffer_minutes_before,
        active_buffer_minutes_after: new.active_buffer_minutes_after,
        auto_create_instances: new.auto_create_instances,
        auto_create_hours_ahead: new.auto_create_hours_ahead,
        initiation_date: new.initiation_date,
        termination_date: new.termination_date,
        problem: None,
        next_create_at: None,
        needs_recompute: new.auto_create_instances,
        revision: 1,
        created_at: now,
        deleted_at: None,
    })?;
    let base = row.path.clone();
    let mut number = 1;
    let row = loop {
        let mut attempt = row.clone();
        if number > 1 {
            attempt.path = format!("{base}-{number}");
        }
        let attempt = session::ActiveModel { id: NotSet, ..attempt.into_active_model().reset_all() };
        let inserted = transaction!(app, now, |tx| {
            let row = attempt.clone().insert(tx).await?;
            tx.audit(viewer, "createSession", row.id, Changes::between(None, Some(&row)));
            Ok(row)
        });
        match inserted {
            Ok(row) => break row,
            Err(error) if error.is_duplicate() && wanted.is_some() => {
                return Err(Error::Conflict(format!("another session has the path {base:?}: choose another path")));
            }
            Err(error) if error.is_duplicate() && number < 1_000 => number = next_number(app, &base).await?,
            Err(error) => return Err(error),
        }
    };
    if row.needs_recompute {
        sweep::recompute_soon(app, row.id).await;
    }
    Ok(row)
}

/// A number that, appended to a taken path, gives a free one.
async fn next_number(app: &App, base: &str) -> Result<u32> {
    let paths: Vec<String> = session::Entity::find()
        .select_only()
        .column(session::Column::Path)
        .filter(contains_exactly(base))
        .into_tuple()
        .all(app.db.pool())
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
pub async fn update_session(app: &App, viewer: Viewer, id: SessionId, patch: SessionPatch) -> Result<session::Model> {
    let now = app.now();
    let saved = transaction!(app, now, |tx| {
        authorize_edit(tx, viewer, id).await?;
        let before = lock_session(tx, id, LockType::NoKeyUpdate).await?;
        let mut after = checked(patched(before.clone(), &patch)?)?;
        if after == before {
            return Ok(after);
        }
        after.needs_recompute |= calls_for_recompute(&before, &after);
        after.revision += 1;
        let after = after.into_active_model().reset_all().update(tx).await.map_err(Error::from).map_err(|error| {
            if error.is_duplicate() {
                Error::Conflict("another session has this path: choose another path".to_owned())
            } else {
                error
            }
        })?;
        tell_active_instances(tx, &before, &after).await?;
        tx.audit(viewer, "updateSession", id, Changes::between(Some(&before), Some(&after)));
        Ok(after)
    })?;
    if saved.needs_recompute {
        sweep::recompute_soon(app, id).await;
    }
    Ok(saved)
}

fn patched(mut row: session::Model, patch: &SessionPatch) -> Result<session::Model> {
    if let Some(name) = &patch.name {
        row.name = validate::required_text("name", name)?;
        row.name_key = row.name.to_lowercase();
    }
    if let Some(path) = &patch.path {
        row.path = validate::path("path", path)?;
    }
    for (field, change, column) in [
        ("city", &patch.city, &mut row.city),
        ("state", &patch.state, &mut row.state),
        ("country", &patch.country, &mut row.country),
        ("location", &patch.location, &mut row.location),
    ] {
        if let Some(value) = change {
            *column = validate::optional_text(field, value.as_deref())?;
        }
    }
    if let Some(zone) = patch.time_zone {
        zone.name().clone_into(&mut row.time_zone);
    }
    if let Some(recurrence) = &patch.recurrence {
        row.recurrence = recurrence.as_ref().map(Recurrence::to_json);
    }
    let set = |column: &mut i32, value: Option<i32>| *column = value.unwrap_or(*column);
    set(&mut row.active_buffer_minutes_before, patch.active_buffer_minutes_before);
    set(&mut row.active_buffer_minutes_after, patch.active_buffer_minutes_after);
    set(&mut row.auto_create_hours_ahead, patch.auto_create_hours_ahead);
    row.auto_create_instances = patch.auto_create_instances.unwrap_or(row.auto_create_instances);
    row.initiation_date = patch.initiation_date.unwrap_or(row.initiation_date);
    row.termination_date = patch.termination_date.unwrap_or(row.termination_date);
    Ok(row)
}

fn checked(row: session::Model) -> Result<session::Model> {
    let minutes = 0..=Buffers::MAX_MINUTES;
    validate::in_range("activeBufferMinutesBefore", row.active_buffer_minutes_before, minutes.clone())?;
    validate::in_range("activeBufferMinutesAfter", row.active_buffer_minutes_after, minutes)?;
    validate::in_range("autoCreateHoursAhead", row.auto_create_hours_ahead, autocreate::HOURS_AHEAD)?;
    row.initiation_date.map(|date| validate::date("initiationDate", date)).transpose()?;
    row.termination_date.map(|date| validate::date("terminationDate", date)).transpose()?;
    validate::termination(row.initiation_date, row.termination_date)?;
    Ok(row)
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
async fn tell_active_instances(tx: &Tx, before: &session::Model, after: &session::Model) -> Result<()> {
    let shown = |row: &session::Model| {
        (row.name.clone(), row.path.clone(), facts::location_of(row), row.state.clone(), row.location.clone())
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
    tx.tell(|news| {
        for instance in active {
            let told = facts::told(after, instance.id);
            if told.location == previous {
                news.updated(told);
            } else {
                news.updated_location(told, previous.clone());
            }
        }
    });
    Ok(())
}

/// Adds an organiser. Does nothing if the person is one already. Only for organisers and administrators.
///
/// # Errors
/// [`Error::NotFound`] if the person does not exist, or is erased or merged into another.
pub async fn insert_organizer(app: &App, viewer: Viewer, id: SessionId, person: PersonId) -> Result<session::Model> {
    transaction!(app, app.now(), |tx| {
        authorize_edit(tx, viewer, id).await?;
        let row = lock_session(tx, id, LockType::Share).await?;
        let named = person::Entity::find_by_id(person).lock(LockType::KeyShare).one(tx).await?;
        if !named.is_some_and(|named| is_someone(&named)) {
            return Err(Error::not_found("person", person));
        }
        let link = session_organizer::Model { session_id: id, person_id: person };
        let inserted = session_organizer::Entity::insert(link.into_active_model().reset_all())
            .on_conflict(
                OnConflict::columns([session_organizer::Column::SessionId, session_organizer::Column::PersonId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        if inserted > 0 {
            let named = Changes::default().with("organizers", Value::Null, person.to_string().into());
            tx.audit(viewer, "addOrganizer", id, named);
        }
        Ok(row)
    })
}

/// Removes an organiser. Does nothing if the person is none. Only for organisers and administrators.
pub async fn delete_organizer(app: &App, viewer: Viewer, id: SessionId, person: PersonId) -> Result<session::Model> {
    transaction!(app, app.now(), |tx| {
        authorize_edit(tx, viewer, id).await?;
        let row = lock_session(tx, id, LockType::Share).await?;
        let deleted = session_organizer::Entity::delete_by_id((id, person)).exec(tx).await?;
        if deleted.rows_affected > 0 {
            let unnamed = Changes::default().with("organizers", person.to_string().into(), Value::Null);
            tx.audit(viewer, "removeOrganizer", id, unnamed);
        }
        Ok(row)
    })
}
