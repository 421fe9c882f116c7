//! Finding and listing sessions.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::SessionId;
use entity::{session, session_instance};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Func, LockType},
};

use super::Session;
use crate::{
    App, Error, Result,
    db::{Reads, Tx, is_one_of},
    lists::{self, Key, Page, Slice, containing, contains, values},
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
    pub include_terminated: bool,
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

/// A page of the matching sessions, ordered by name.
pub async fn list_sessions(app: &App, filter: &SessionFilter, page: &Page) -> Result<Slice<Session>> {
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

/// Locks a session: with `Share` against changes, with `NoKeyUpdate` for changing it.
pub(crate) async fn lock_session(tx: &Tx, id: SessionId, lock: LockType) -> Result<session::Model> {
    let row = session::Entity::find_by_id(id).lock(lock).one(tx).await?;
    row.filter(|row| row.deleted_at.is_none()).ok_or_else(|| Error::not_found("session", id))
}
