//! Instances: listing, creating, changing, deleting, overriding.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{SessionId, SessionInstanceId},
    recurrence::OccurrenceKey,
    status::Mode,
};
use entity::{check_in, person, session, session_instance};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, Select, sea_query::LockType,
};

use crate::{
    App, Error, Result,
    audit::Changes,
    db::{self, Reads, Tx},
    error::expect,
    facts::{self, Instants},
    lists::{self, Key, Page, Slice},
    sessions::{authorize_edit, lock_session},
    settle::{self, Item, Moment},
    sweep, transaction, validate,
};

/// How many sessions one request may name.
pub const MAX_SESSION_IDS: usize = 100;

/// A filter for active instances.
#[derive(Debug, Clone, Default)]
pub struct ActiveFilter {
    pub city: Option<String>,
    pub country: Option<String>,
    pub sessions: Option<Vec<SessionId>>,
    pub instances: Option<Vec<SessionInstanceId>>,
}

#[derive(Debug, Clone)]
pub struct NewInstance {
    pub session: SessionId,
    pub date: NaiveDate,
    pub start_time: Option<NaiveTime>,
    pub end_time: Option<NaiveTime>,
    pub location_override: Option<String>,
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

/// Instances that are not deleted. Deleted ones are only marked (rule 26).
fn existing() -> Select<session_instance::Entity> {
    session_instance::Entity::find().filter(session_instance::Column::DeletedAt.is_null())
}

pub async fn find_instances(app: &App, ids: &[SessionInstanceId]) -> Result<Vec<session_instance::Model>> {
    let db = app.db.pool();
    Ok(existing().filter(db::is_one_of(db, session_instance::Column::Id, ids.iter().map(|id| id.0))).all(db).await?)
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

pub async fn list_instances(app: &App, range: InstanceRange, page: &Page) -> Result<Slice<session_instance::Model>> {
    page.of(app.db.pool(), range.query(), BY_START, Key::Instant, false).await
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

/// A page of active instances, ordered by start.
pub async fn list_active(app: &App, filter: &ActiveFilter, page: &Page) -> Result<Slice<session_instance::Model>> {
    page.of(app.db.pool(), active(filter), BY_START, Key::Instant, false).await
}

pub async fn count_active(app: &App, filter: &ActiveFilter) -> Result<i64> {
    lists::count(app.db.pool(), active(filter), session_instance::Column::Id).await
}

/// At most `limit` instances that will open, in that order, with their sessions.
pub async fn find_upcoming(
    app: &App,
    city: Option<&str>,
    limit: u64,
) -> Result<Vec<(session_instance::Model, session::Model)>> {
    // The index contains only instances that have a `due_at` (rule 19). Cancelled instances and those that are over
    // have none.
    let mut query = existing()
        .filter(session_instance::Column::DueAt.is_not_null())
        .filter(session_instance::Column::IsActive.eq(false))
        .filter(session_instance::Column::OpensAt.gt(app.now()))
        .find_also_related(session::Entity)
        .order_by_asc(session_instance::Column::DueAt)
        .order_by_asc(session_instance::Column::Id);
    if let Some(city) = city {
        query = query.filter(session::Column::City.eq(city));
    }
    let rows = query.limit(limit).all(app.db.pool()).await?;
    Ok(rows.into_iter().filter_map(|(instance, session)| Some((instance, session?))).collect())
}

/// All matching active instances, ordered by start. `None` if there are more than `limit`.
pub async fn find_active(
    db: &impl Reads,
    filter: &ActiveFilter,
    limit: u64,
) -> Result<Option<Vec<session_instance::Model>>> {
    let query = active(filter).order_by_asc(BY_START.0).order_by_asc(BY_START.1);
    let rows = query.limit(limit + 1).all(db.connection()).await?;
    Ok((rows.len() as u64 <= limit).then_some(rows))
}

/// The active instances of these sessions, ordered by start.
pub async fn find_active_of_sessions(app: &App, sessions: &[SessionId]) -> Result<Vec<session_instance::Model>> {
    let db = app.db.pool();
    let filter = ActiveFilter { sessions: Some(sessions.to_vec()), ..ActiveFilter::default() };
    Ok(active(&filter).order_by_asc(BY_START.0).order_by_asc(BY_START.1).all(db).await?)
}

/// The active instances in these pairs of city and country, with their sessions.
pub async fn find_active_at(
    app: &App,
    places: &[(String, String)],
) -> Result<Vec<(session_instance::Model, session::Model)>> {
    let any = places.iter().fold(Condition::any(), |any, (city, country)| {
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
    Ok(rows.into_iter().filter_map(|(instance, session)| Some((instance, session?))).collect())
}

/// The instances of these sessions whose date, or whose occurrence's date, is `from` to `to`, both included.
pub async fn find_meetings(
    app: &App,
    sessions: &[SessionId],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<session_instance::Model>> {
    let db = app.db.pool();
    let dated = Condition::any()
        .add(session_instance::Column::Date.between(from, to))
        .add(session_instance::Column::OccurrenceDate.between(from, to));
    let query = existing()
        .filter(db::is_one_of(db, session_instance::Column::SessionId, sessions.iter().map(|id| id.0)))
        .filter(dated)
        .order_by_asc(session_instance::Column::Id);
    Ok(query.all(db).await?)
}

/// The instance for an occurrence: the one made from it, or else one made by hand for the same local time.
pub fn find_for_occurrence<'a>(
    instances: &'a [session_instance::Model],
    key: &OccurrenceKey,
) -> Option<&'a session_instance::Model> {
    let is_made_from = |row: &&session_instance::Model| {
        row.occurrence_date == Some(key.date)
            && row.occurrence_start == Some(key.start)
            && !row.is_cancelled_by_recurrence
    };
    let is_at = |row: &&session_instance::Model| {
        row.occurrence_date.is_none() && row.date == key.date && row.start_time == Some(key.start)
    };
    instances.iter().find(is_made_from).or_else(|| instances.iter().find(is_at))
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
        db::is_in(app.db.pool(), "i.id", 1)
    );
    let found: Vec<Row> = db::rows(app.db.pool(), &sql, [db::list(app.db.pool(), ids.iter().map(|id| id.0))]).await?;
    let counts = |row: Row| (row.id, Counts { present: row.present, attending: row.attending });
    Ok(found.into_iter().map(counts).collect())
}

pub(crate) fn moment(app: &App, now: DateTime<Utc>, mode: Mode) -> Moment {
    Moment { now, mode, placement_rule: app.placement_rule }
}

/// Locks an instance and its session for changes.
async fn lock_instance(tx: &Tx, id: SessionInstanceId) -> Result<Item> {
    let missing = || Error::not_found("session instance", id);
    let session = existing().filter(session_instance::Column::Id.eq(id.0)).one(tx).await?.ok_or_else(missing)?;
    let session = lock_session(tx, session.session_id, LockType::NoKeyUpdate).await?;
    let query = existing().filter(session_instance::Column::Id.eq(id.0));
    let instance = query.lock(LockType::NoKeyUpdate).one(tx).await?.ok_or_else(missing)?;
    Ok(Item { instance, session: Arc::new(session) })
}

/// Checks that the viewer may edit the instance's session.
async fn authorize(tx: &Tx, viewer: Viewer, id: SessionInstanceId) -> Result<()> {
    expect::signed_in(viewer, "sign in to change meetings")?;
    let row = existing().filter(session_instance::Column::Id.eq(id.0)).one(tx).await?;
    let row = row.ok_or_else(|| Error::not_found("session instance", id))?;
    authorize_edit(tx, viewer, row.session_id).await
}

/// Computes the instants of an instance from its local times (rule 1).
///
/// # Errors
/// [`Error::Conflict`] if the session's time zone cannot be read (rule 20).
pub(crate) fn put_instants(instance: &mut session_instance::Model, session: &session::Model) -> Result<()> {
    let zone = facts::zone_of(session)
        .map_err(|problem| Error::Conflict(format!("correct the time zone of the session first: {problem}")))?;
    let buffers = facts::buffers_of(session);
    Instants::compute(zone, buffers, instance.date, instance.start_time, instance.end_time).put(instance);
    Ok(())
}

/// Creates an instance by hand. Only for organisers and administrators. If its window is open, it is active at once.
///
/// # Errors
/// [`Error::Invalid`] if the end equals the start (rule 2) or a value is out of range. [`Error::Conflict`] if the
/// session's time zone cannot be read (rule 20).
pub async fn insert_instance(app: &App, viewer: Viewer, new: NewInstance) -> Result<session_instance::Model> {
    let now = app.now();
    let date = validate::date("date", new.date)?;
    validate::times(new.start_time, new.end_time)?;
    let location_override = validate::optional_text("locationOverride", new.location_override.as_deref())?;
    transaction!(app, now, |tx| {
        authorize_edit(tx, viewer, new.session).await?;
        let session = lock_session(tx, new.session, LockType::Share).await?;
        let mut instance = blank(new.session, date, now);
        instance.start_time = new.start_time;
        instance.end_time = new.end_time;
        instance.location_override.clone_from(&location_override);
        put_instants(&mut instance, &session)?;
        let item = Item { instance, session: Arc::new(session) };
        let saved = save(tx, moment(app, now, Mode::Exact), None, item).await?;
        tx.audit(viewer, "createSessionInstance", saved.id, Changes::between(None, Some(&saved)));
        Ok(saved)
    })
}

/// A new row with only a session and a date.
pub(crate) fn blank(session: SessionId, date: NaiveDate, now: DateTime<Utc>) -> session_instance::Model {
    session_instance::Model {
        id: SessionInstanceId(0),
        session_id: session,
        date,
        start_time: None,
        end_time: None,
        location_override: None,
        starts_at: None,
        ends_at: None,
        opens_at: None,
        closes_at: None,
        listed_at: now,
        due_at: None,
        is_active: false,
        is_cancelled: false,
        override_active: None,
        override_until: None,
        occurrence_date: None,
        occurrence_start: None,
        has_own_times: false,
        is_cancelled_by_recurrence: false,
        is_removed_by_recurrence: false,
        deleted_at: None,
        created_at: now,
        erased_count: 0,
    }
}

/// Changes an instance: checks rights, locks it, calls `change`, saves, settles, and writes the audit entry of the
/// mutation `action`. If a date may now lack the instance of its occurrence, the session is recomputed, because rule 10
/// may call for another instance.
async fn change_instance(
    app: &App,
    viewer: Viewer,
    (action, id): (&'static str, SessionInstanceId),
    change: impl Fn(&mut Item, DateTime<Utc>) -> Result<()>,
) -> Result<session_instance::Model> {
    let now = app.now();
    let (saved, is_marked) = transaction!(app, now, |tx| {
        authorize(tx, viewer, id).await?;
        let mut item = lock_instance(tx, id).await?;
        // Read the clock after taking the lock, so that no decision that was made since is undone.
        let now = app.now();
        let before = item.instance.clone();
        change(&mut item, now)?;
        let stands_for =
            |row: &session_instance::Model| (row.date, row.start_time, row.occurrence_date, row.deleted_at.is_some());
        let is_marked = item.session.auto_create_instances && stands_for(&before) != stands_for(&item.instance);
        if is_marked {
            mark_session(tx, &item.session).await?;
        }
        let saved = save(tx, moment(app, now, Mode::Exact), Some(&before), item).await?;
        tx.audit(viewer, action, id, Changes::between(Some(&before), Some(&saved)));
        Ok((saved, is_marked))
    })?;
    if is_marked {
        sweep::recompute_soon(app, saved.session_id).await;
    }
    Ok(saved)
}

/// Marks a locked session for recompute (rule 12).
async fn mark_session(tx: &Tx, session: &session::Model) -> Result<()> {
    let sql = "UPDATE session SET needs_recompute = TRUE, revision = revision + 1 WHERE id = $1";
    db::execute(tx, sql, [session.id.into()]).await?;
    Ok(())
}

/// Saves and settles one instance, and computes the placements that follow.
async fn save(
    tx: &Tx,
    moment: Moment,
    before: Option<&session_instance::Model>,
    item: Item,
) -> Result<session_instance::Model> {
    let (saved, turned) = settle::save(tx, moment, before, item).await?;
    settle::place(tx, moment, turned).await?;
    Ok(saved)
}

/// Changes an instance. Only for organisers and administrators. Its status and the placements follow in the same
/// transaction.
pub async fn update_instance(
    app: &App,
    viewer: Viewer,
    id: SessionInstanceId,
    patch: InstancePatch,
) -> Result<session_instance::Model> {
    let saved = change_instance(app, viewer, ("updateSessionInstance", id), |item, _| {
        let row = &mut item.instance;
        let times = (row.date, row.start_time, row.end_time);
        if let Some(date) = patch.date {
            row.date = validate::date("date", date)?;
        }
        row.start_time = patch.start_time.unwrap_or(row.start_time);
        row.end_time = patch.end_time.unwrap_or(row.end_time);
        if let Some(location) = &patch.location_override {
            row.location_override = validate::optional_text("locationOverride", location.as_deref())?;
        }
        if let Some(is_cancelled) = patch.is_cancelled {
            row.is_cancelled = is_cancelled;
        }
        let has_new_times = times != (row.date, row.start_time, row.end_time);
        if has_new_times {
            validate::times(row.start_time, row.end_time)?;
            row.has_own_times = true;
            put_instants(row, &item.session)?;
        }
        if (has_new_times || patch.is_cancelled.is_some()) && has_lost_its_occurrence(row, &item.session) {
            // A person's decision must not be undone by a sweep. From now on the instance counts as made by hand.
            row.is_cancelled_by_recurrence = false;
            (row.occurrence_date, row.occurrence_start) = (None, None);
        }
        Ok(())
    });
    saved.await
}

/// Whether the instance was made from an occurrence that the recurrence no longer has.
fn has_lost_its_occurrence(instance: &session_instance::Model, session: &session::Model) -> bool {
    let key = instance.occurrence_date.zip(instance.occurrence_start);
    let Some(key) = key.map(|(date, start)| OccurrenceKey { date, start }) else { return false };
    let (Ok(zone), Ok(recurrence)) = (facts::zone_of(session), facts::recurrence_of(session)) else { return false };
    let mut occurrences =
        recurrence.unwrap_or_default().occurrences(&facts::calendar_of(session, zone), key.date, key.date);
    instance.is_cancelled_by_recurrence || !occurrences.any(|occurrence| occurrence.key() == key)
}

/// Deletes an instance. Only for organisers and administrators. The row stays, marked, while the change log names it
/// (rule 26).
pub async fn delete_instance(app: &App, viewer: Viewer, id: SessionInstanceId) -> Result<SessionId> {
    let deleted = change_instance(app, viewer, ("deleteSessionInstance", id), |item, now| {
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
) -> Result<session_instance::Model> {
    let saved = change_instance(app, viewer, ("setActiveOverride", id), |item, now| {
        if until.is_some_and(|until| until <= now) {
            return Err(Error::invalid("until", "must be in the future"));
        }
        item.instance.override_active = Some(active);
        item.instance.override_until = until;
        Ok(())
    });
    saved.await
}

/// Ends an override. Does nothing if there is none.
pub async fn clear_override(app: &App, viewer: Viewer, id: SessionInstanceId) -> Result<session_instance::Model> {
    let saved = change_instance(app, viewer, ("clearActiveOverride", id), |item, _| {
        item.instance.override_active = None;
        item.instance.override_until = None;
        Ok(())
    });
    saved.await
}

/// Recomputes one instance from its facts. Only for organisers and administrators.
pub async fn recompute_instance(app: &App, viewer: Viewer, id: SessionInstanceId) -> Result<session_instance::Model> {
    let saved = change_instance(app, viewer, ("updateActiveStatus", id), |item, _| {
        put_instants(&mut item.instance, &item.session)
    });
    saved.await
}

/// Those of these instances to which a person said yes.
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
pub async fn find_present(app: &App, id: SessionInstanceId) -> Result<Vec<person::Model>> {
    let query = person::Entity::find().filter(person::Column::ActiveSessionInstanceId.eq(id.0));
    Ok(query.order_by_asc(person::Column::NameKey).order_by_asc(person::Column::Id).all(app.db.pool()).await?)
}
