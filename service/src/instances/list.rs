//! Finding and listing instances, and counting the people at them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    check_in::Attendance,
    ids::{SessionId, SessionInstanceId},
};
use entity::{check_in, person, session, session_instance};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Select,
};

use super::Instance;
use crate::{
    App, Result,
    db::{self, Reads},
    lists::{self, Key, Page, Slice, values},
    people::Person,
    sessions::{self, Near, Session, SessionFilter},
};

/// A filter for active instances.
#[derive(Debug, Clone, Default)]
pub struct ActiveFilter {
    pub city: Option<String>,
    pub country: Option<String>,
    pub sessions: Option<Vec<SessionId>>,
    pub instances: Option<Vec<SessionInstanceId>>,
    pub near: Option<Near>,
}

/// Instances that are not deleted. Deleted ones are only marked (rule 26).
pub(super) fn existing() -> Select<session_instance::Entity> {
    session_instance::Entity::find().filter(session_instance::Column::DeletedAt.is_null())
}

pub async fn find_instances(app: &App, ids: &[SessionInstanceId]) -> Result<Vec<Instance>> {
    let db = app.db.pool();
    let found = existing().filter(db::is_one_of(db, session_instance::Column::Id, ids.iter().map(|id| id.0)));
    Ok(values(found.all(db).await?))
}

/// The instances of a session with dates in `[from, to)`.
#[derive(Debug, Clone, Copy)]
pub struct InstanceRange {
    pub session: SessionId,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl InstanceRange {
    fn query(self) -> Select<session_instance::Entity> {
        let mut condition = Condition::all().add(session_instance::Column::SessionId.eq(self.session.0));
        if let Some(from) = self.from {
            condition = condition.add(session_instance::Column::Date.gte(from));
        }
        if let Some(to) = self.to {
            condition = condition.add(session_instance::Column::Date.lt(to));
        }
        existing().filter(condition)
    }
}

const BY_START: (session_instance::Column, session_instance::Column) =
    (session_instance::Column::ListedAt, session_instance::Column::Id);

pub async fn list_instances(app: &App, range: InstanceRange, page: &Page) -> Result<Slice<Instance>> {
    page.of(app.db.pool(), range.query(), BY_START, Key::Instant, false).await
}

/// The first instances of a range, ordered by start.
pub(super) async fn find_first_in<C: ConnectionTrait>(
    db: &C,
    range: InstanceRange,
    count: usize,
) -> Result<Vec<Instance>> {
    let query = range.query().order_by_asc(BY_START.0).order_by_asc(BY_START.1);
    Ok(values(query.limit(u64::try_from(count).unwrap_or(u64::MAX)).all(db).await?))
}

pub async fn count_instances(app: &App, range: InstanceRange) -> Result<i64> {
    lists::count(app.db.pool(), range.query(), session_instance::Column::Id).await
}

fn active(filter: &ActiveFilter) -> Select<session_instance::Entity> {
    let mut query = existing().filter(session_instance::Column::IsActive.eq(true));
    if let Some(sessions) = &filter.sessions {
        query = query.filter(session_instance::Column::SessionId.is_in(sessions.iter().map(|id| id.0)));
    }
    if let Some(instances) = &filter.instances {
        query = query.filter(session_instance::Column::Id.is_in(instances.iter().map(|id| id.0)));
    }
    if filter.city.is_some() || filter.country.is_some() {
        query = query.join(JoinType::InnerJoin, session_instance::Relation::Session.def());
        if let Some(city) = &filter.city {
            query = query.filter(session::Column::City.eq(city));
        }
        if let Some(country) = &filter.country {
            query = query.filter(session::Column::Country.eq(country));
        }
    }
    query
}

/// A page of active instances, ordered by start. With `near`, they are ordered by distance.
pub async fn list_active(app: &App, filter: &ActiveFilter, page: &Page) -> Result<Slice<Instance>> {
    if let Some(near) = &filter.near {
        let position = |it: &Instance| (lists::distance_key(it.metres_away.unwrap_or_default()), it.id.0);
        return page.of_sorted(find_active_near(app, filter, near).await?, position);
    }
    page.of(app.db.pool(), active(filter), BY_START, Key::Instant, false).await
}

/// All matching active instances near a place, ordered by distance.
pub async fn find_active_near(app: &App, filter: &ActiveFilter, near: &Near) -> Result<Vec<Instance>> {
    let db = app.db.pool();
    let distances = sessions::find_distances(db, near).await?;
    let there = db::is_one_of(db, session_instance::Column::SessionId, distances.keys().copied());
    let found: Vec<Instance> = values(active(filter).filter(there).all(db).await?);
    let mut found: Vec<Instance> =
        found.into_iter().map(|it| Instance { metres_away: distances.get(&it.session_id).copied(), ..it }).collect();
    found.sort_by_key(|it| (it.metres_away, it.id));
    Ok(found)
}

pub async fn count_active(app: &App, filter: &ActiveFilter) -> Result<i64> {
    if let Some(near) = &filter.near {
        return Ok(i64::try_from(find_active_near(app, filter, near).await?.len()).unwrap_or(i64::MAX));
    }
    lists::count(app.db.pool(), active(filter), session_instance::Column::Id).await
}

/// At most `limit` instances of the matching sessions that will open or are held off, in the order of their due instants.
pub(super) async fn find_opening(app: &App, filter: &SessionFilter, limit: usize) -> Result<Vec<(Instance, Session)>> {
    // The index contains only instances that have a `due_at` (rule 19). Cancelled instances and those that are over
    // have none.
    let rows = existing()
        .filter(session_instance::Column::DueAt.is_not_null())
        .filter(session_instance::Column::IsActive.eq(false))
        .filter(session_instance::Column::SessionId.in_subquery(sessions::matching_ids(filter, app.now())))
        .find_also_related(session::Entity)
        .order_by_asc(session_instance::Column::DueAt)
        .order_by_asc(session_instance::Column::Id)
        .limit(u64::try_from(limit).unwrap_or(u64::MAX))
        .all(app.db.pool())
        .await?;
    Ok(with_sessions(rows))
}

/// At most `limit` instances of the matching sessions that are listed in `[from, to]` and never open by the clock: those that
/// are cancelled or have no times. Ordered by start.
pub(super) async fn find_without_opening(
    app: &App,
    filter: &SessionFilter,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: usize,
) -> Result<Vec<(Instance, Session)>> {
    let rows = existing()
        .filter(session_instance::Column::DueAt.is_null())
        .filter(session_instance::Column::IsActive.eq(false))
        .filter(session_instance::Column::ListedAt.between(from, to))
        .filter(session_instance::Column::SessionId.in_subquery(sessions::matching_ids(filter, app.now())))
        .find_also_related(session::Entity)
        .order_by_asc(BY_START.0)
        .order_by_asc(BY_START.1)
        .limit(u64::try_from(limit).unwrap_or(u64::MAX))
        .all(app.db.pool())
        .await?;
    Ok(with_sessions(rows))
}

fn with_sessions(rows: Vec<(session_instance::Model, Option<session::Model>)>) -> Vec<(Instance, Session)> {
    rows.into_iter().filter_map(|(instance, session)| Some((instance.into(), session?.into()))).collect()
}

/// All matching active instances, ordered by start. `None` if there are more than `limit`.
pub async fn find_active(db: &impl Reads, filter: &ActiveFilter, limit: u64) -> Result<Option<Vec<Instance>>> {
    let query = active(filter).order_by_asc(BY_START.0).order_by_asc(BY_START.1);
    let rows = query.limit(limit + 1).all(db.connection()).await?;
    Ok((rows.len() as u64 <= limit).then(|| values(rows)))
}

/// The active instances of these sessions, ordered by start.
pub async fn find_active_of_sessions(app: &App, sessions: &[SessionId]) -> Result<Vec<Instance>> {
    find_active_in(app.db.pool(), sessions).await
}

/// The same as [`find_active_of_sessions`], over a connection of the caller, such as a snapshot.
pub(super) async fn find_active_in<C: ConnectionTrait>(db: &C, sessions: &[SessionId]) -> Result<Vec<Instance>> {
    let filter = ActiveFilter { sessions: Some(sessions.to_vec()), ..ActiveFilter::default() };
    Ok(values(active(&filter).order_by_asc(BY_START.0).order_by_asc(BY_START.1).all(db).await?))
}

/// The active instances in these pairs of city and country, with their sessions.
pub async fn find_active_in_cities(app: &App, cities: &[(String, String)]) -> Result<Vec<(Instance, Session)>> {
    let any = cities.iter().fold(Condition::any(), |any, (city, country)| {
        any.add(Condition::all().add(session::Column::City.eq(city)).add(session::Column::Country.eq(country)))
    });
    let rows = existing()
        .filter(session_instance::Column::IsActive.eq(true))
        .find_also_related(session::Entity)
        .filter(any)
        .order_by_asc(BY_START.0)
        .order_by_asc(BY_START.1)
        .all(app.db.pool())
        .await?;
    Ok(with_sessions(rows))
}

/// The instances of these sessions whose date, or whose occurrence's date, is `from` to `to`, both included. Those that a
/// person has deleted are included, because they stand for their occurrence (rule 10).
pub async fn find_meetings(app: &App, sessions: &[SessionId], from: NaiveDate, to: NaiveDate) -> Result<Vec<Instance>> {
    find_meetings_in(app.db.pool(), sessions, from, to).await
}

/// The same as [`find_meetings`], over a connection of the caller, such as a transaction.
pub(super) async fn find_meetings_in<C: ConnectionTrait>(
    db: &C,
    sessions: &[SessionId],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Instance>> {
    let dated = Condition::any()
        .add(session_instance::Column::Date.between(from, to))
        .add(session_instance::Column::OccurrenceDate.between(from, to));
    let query = session_instance::Entity::find()
        .filter(db::is_one_of(db, session_instance::Column::SessionId, sessions.iter().map(|id| id.0)))
        .filter(session_instance::Column::IsRemovedByRecurrence.eq(false))
        .filter(dated)
        .order_by_asc(session_instance::Column::Id);
    Ok(values(query.all(db).await?))
}

/// How many people are at an instance, and how many said yes to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub present: i64,
    pub attending: i64,
}

pub async fn find_counts(app: &App, ids: &[SessionInstanceId]) -> Result<Vec<(SessionInstanceId, Counts)>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: SessionInstanceId,
        present: i64,
        attending: i64,
    }
    let sql = format!(
        "SELECT i.id, (SELECT COUNT(*) FROM person p WHERE p.active_session_instance_id = i.id) AS present, \
           i.erased_count + (SELECT COUNT(*) FROM check_in c \
             WHERE c.session_instance_id = i.id AND c.attendance = 'YES') AS attending \
         FROM session_instance i WHERE {}",
        db::is_in(app.db.pool(), "i.id", "instances")
    );
    let instances = db::list(app.db.pool(), ids.iter().copied());
    let found: Vec<Row> = db::rows(app.db.pool(), &sql, [("instances", instances)]).await?;
    let counts = |row: Row| (row.id, Counts { present: row.present, attending: row.attending });
    Ok(found.into_iter().map(counts).collect())
}

/// The instances, of these, to which a person said yes.
pub async fn find_said_yes(
    app: &App,
    person: domain::ids::PersonId,
    ids: &[SessionInstanceId],
) -> Result<Vec<SessionInstanceId>> {
    let rows = check_in::Entity::find()
        .filter(check_in::Column::PersonId.eq(person.0))
        .filter(db::is_one_of(app.db.pool(), check_in::Column::SessionInstanceId, ids.iter().map(|id| id.0)))
        .filter(check_in::Column::Attendance.eq(Attendance::Yes))
        .all(app.db.pool())
        .await?;
    Ok(rows.into_iter().map(|row| row.session_instance_id).collect())
}

/// The people who are placed at an instance, ordered by name.
pub async fn find_present(app: &App, id: SessionInstanceId) -> Result<Vec<Person>> {
    let query = person::Entity::find().filter(person::Column::ActiveSessionInstanceId.eq(id.0));
    let by_name = query.order_by_asc(person::Column::NameKey).order_by_asc(person::Column::Id);
    Ok(values(by_name.all(app.db.pool()).await?))
}
