//! Finding and listing sessions.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{PersonId, SessionId},
    search,
};
use entity::{session, session_instance, session_organizer};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockType, SelectStatement},
};

use super::{Near, Session};
use crate::{
    App, Error, Result,
    db::{Reads, Tx, ids, is_one_of},
    lists::{self, Key, Page, Slice, finds, values},
};

/// How many sessions one request may name.
pub const MAX_SESSION_IDS: usize = 100;

/// A filter for sessions.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    pub name_contains: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub is_active: Option<bool>,
    /// Only sessions that this person organises (`true`), or does not organise (`false`). Nobody
    /// (`None`) organises no session.
    pub organizer: Option<(Option<PersonId>, bool)>,
    pub include_terminated: bool,
    pub near: Option<Near>,
}

pub async fn find_sessions(db: &impl Reads, ids: &[SessionId]) -> Result<Vec<Session>> {
    Ok(find_named_sessions(db, ids).await?.into_iter().filter(|row| row.deleted_at.is_none()).collect())
}

/// Sessions with these ids, deleted ones included. The change log names them, and a message about a meeting that ended
/// says of which session it was.
pub async fn find_named_sessions(db: &impl Reads, ids: &[SessionId]) -> Result<Vec<Session>> {
    let db = db.connection();
    let ids = ids.iter().map(|id| id.0);
    Ok(values(session::Entity::find().filter(is_one_of(db, session::Column::Id, ids)).all(db).await?))
}

pub async fn find_session_by_path(app: &App, path: &str) -> Result<Option<Session>> {
    // PostgreSQL refuses a NUL in a text, so no path has one.
    if path.contains('\0') {
        return Ok(None);
    }
    let existing = session::Entity::find().filter(session::Column::DeletedAt.is_null());
    Ok(existing.filter(session::Column::Path.eq(path)).one(app.db.pool()).await?.map(Session::from))
}

/// A page of the matching sessions, ordered by name. With `near`, they are ordered by distance.
pub async fn list_sessions(app: &App, filter: &SessionFilter, page: &Page) -> Result<Slice<Session>> {
    if let Some(near) = &filter.near {
        let position = |it: &Session| (lists::distance_key(it.metres_away.unwrap_or_default()), it.id.0);
        return page.of_sorted(find_near(app, filter, near).await?, position);
    }
    let order = (session::Column::NameKey, session::Column::Id);
    page.of(app.db.pool(), matching(filter, app.now()), order, Key::Text, false).await
}

/// All matching sessions near a point, ordered by distance.
async fn find_near(app: &App, filter: &SessionFilter, near: &Near) -> Result<Vec<Session>> {
    let query = matching(filter, app.now()).filter(near.condition());
    let found: Vec<Session> = values(query.all(app.db.pool()).await?);
    let within =
        found.into_iter().filter_map(|it| Some(Session { metres_away: Some(near.metres_to(it.coordinates)?), ..it }));
    let mut sessions: Vec<Session> = within.collect();
    sessions.sort_by_key(|it| (it.metres_away, it.id));
    Ok(sessions)
}

pub async fn count_sessions(app: &App, filter: &SessionFilter) -> Result<i64> {
    if let Some(near) = &filter.near {
        return Ok(i64::try_from(find_near(app, filter, near).await?.len()).unwrap_or(i64::MAX));
    }
    lists::count(app.db.pool(), matching(filter, app.now()), session::Column::Id).await
}

/// How many cities are read at most.
const CITIES: i64 = 5_000;

/// A city that a search names. It has its country if the search needed it to find the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCity {
    pub city: String,
    pub country: Option<String>,
}

/// At most `limit` cities of sessions that a search finds by their name, ordered by name. If it finds none, those that it finds
/// by their name and their state or country.
///
/// Reads each city once from the index, however many sessions it has.
pub async fn find_cities(app: &App, text: &str, limit: usize) -> Result<Vec<FoundCity>> {
    const ALL: &str = "WITH RECURSIVE known(city) AS (
            SELECT min(city) FROM session WHERE deleted_at IS NULL
            UNION ALL
            SELECT (
                SELECT min(session.city) FROM session
                WHERE session.deleted_at IS NULL AND session.city > known.city
            )
            FROM known WHERE known.city IS NOT NULL
        )
        SELECT city FROM known WHERE city IS NOT NULL LIMIT :limit";

    let words = search::words(text);
    let all: Vec<String> = ids(app.db.pool(), ALL, [("limit", CITIES.into())]).await?;
    let found = all.iter().filter(|city| search::finds_city_by_name(&words, city)).take(limit);
    let found: Vec<FoundCity> = found.map(|city| FoundCity { city: city.clone(), country: None }).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let named = all.into_iter().filter(|city| search::names_part_of(&words, city)).take(limit).collect();
    find_cities_in(app, &words, named).await
}

/// The cities, of these, that a search finds with their state or country.
async fn find_cities_in(app: &App, words: &[String], cities: Vec<String>) -> Result<Vec<FoundCity>> {
    type Row = (String, Option<String>, Option<String>);
    if cities.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = session::Entity::find()
        .filter(session::Column::DeletedAt.is_null())
        .filter(session::Column::City.is_in(cities))
        .select_only()
        .distinct()
        .columns([session::Column::City, session::Column::State, session::Column::Country])
        .order_by_asc(session::Column::City)
        .order_by_asc(session::Column::Country)
        .into_tuple()
        .all(app.db.pool())
        .await?;
    let is_found = |(city, state, country): &Row| search::finds_city(words, city, state.as_deref(), country.as_deref());
    let mut found: Vec<FoundCity> =
        rows.into_iter().filter(is_found).map(|(city, _, country)| FoundCity { city, country }).collect();
    found.dedup();
    Ok(found)
}

/// A city with sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    pub name: String,
    pub country: Option<String>,
    pub sessions: i64,
    /// How many of its sessions' instances are active.
    pub live: i64,
}

/// The cities of all sessions, ordered by name: at most 5,000.
pub async fn list_cities(app: &App) -> Result<Vec<City>> {
    const CITY: (session::Column, session::Column) = (session::Column::City, session::Column::Country);
    let db = app.db.pool();
    let all: Vec<(String, Option<String>, i64)> = matching(&SessionFilter::default(), app.now())
        .filter(session::Column::City.is_not_null())
        .select_only()
        .column(CITY.0)
        .column(CITY.1)
        .column_as(session::Column::Id.count(), "sessions")
        .group_by(CITY.0)
        .group_by(CITY.1)
        .order_by_asc(CITY.0)
        .order_by_asc(CITY.1)
        .limit(CITIES.unsigned_abs())
        .into_tuple()
        .all(db)
        .await?;
    let live: Vec<(String, Option<String>, i64)> = session_instance::Entity::find()
        .inner_join(session::Entity)
        .filter(session_instance::Column::IsActive.eq(true))
        .filter(session_instance::Column::DeletedAt.is_null())
        .filter(session::Column::City.is_not_null())
        .select_only()
        .column_as(CITY.0, "city")
        .column_as(CITY.1, "country")
        .column_as(session_instance::Column::Id.count(), "live")
        .group_by(CITY.0)
        .group_by(CITY.1)
        .into_tuple()
        .all(db)
        .await?;
    let live: HashMap<(String, Option<String>), i64> =
        live.into_iter().map(|(name, country, live)| ((name, country), live)).collect();
    let city = |(name, country, sessions): (String, Option<String>, i64)| {
        let live = live.get(&(name.clone(), country.clone())).copied().unwrap_or_default();
        City { name, country, sessions, live }
    };
    Ok(all.into_iter().map(city).collect())
}

fn matching(filter: &SessionFilter, now: DateTime<Utc>) -> Select<session::Entity> {
    let mut condition = Condition::all().add(session::Column::DeletedAt.is_null());
    if let Some(text) = &filter.name_contains {
        condition = condition.add(finds(session::Column::NameKey, text));
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
    if let Some((person, is_organizer)) = filter.organizer {
        let organized = session_organizer::Entity::find()
            .select_only()
            .column(session_organizer::Column::SessionId)
            .filter(person.map_or_else(|| Expr::cust("1 = 0"), |id| session_organizer::Column::PersonId.eq(id)));
        let organized = sea_orm::QueryTrait::into_query(organized);
        condition = condition.add(if is_organizer {
            session::Column::Id.in_subquery(organized)
        } else {
            session::Column::Id.not_in_subquery(organized)
        });
    }
    session::Entity::find().filter(condition)
}

/// The ids of the matching sessions, for a condition.
pub(crate) fn matching_ids(filter: &SessionFilter, now: DateTime<Utc>) -> SelectStatement {
    sea_orm::QueryTrait::into_query(matching(filter, now).select_only().column(session::Column::Id))
}

/// At most `limit` of the matching sessions that may have an occurrence within this time for which no instance exists.
/// Automatic creation has made the instances of the hours that it looks ahead (rule 10).
pub(crate) async fn find_with_recurrence(
    app: &App,
    filter: &SessionFilter,
    within: TimeDelta,
    limit: u64,
) -> Result<Vec<Session>> {
    let is_unmade = Condition::any()
        .add(session::Column::AutoCreateInstances.eq(false))
        .add(session::Column::NeedsRecompute.eq(true))
        .add(session::Column::AutoCreateHoursAhead.lte(i32::try_from(within.num_hours()).unwrap_or(i32::MAX)));
    let query = matching(filter, app.now()).filter(session::Column::Recurrence.is_not_null()).filter(is_unmade);
    Ok(values(query.order_by_asc(session::Column::Id).limit(limit).all(app.db.pool()).await?))
}

/// Locks a session: with `Share` against changes, with `NoKeyUpdate` for changing it.
pub(crate) async fn lock_session(tx: &Tx, id: SessionId, lock: LockType) -> Result<session::Model> {
    let row = session::Entity::find_by_id(id).lock(lock).one(tx).await?;
    row.filter(|row| row.deleted_at.is_none()).ok_or_else(|| Error::not_found("session", id))
}
