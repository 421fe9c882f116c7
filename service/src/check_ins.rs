//! Check-ins: saying yes, maybe or no to an instance. The placement that follows is computed in the same transaction
//! (rule 14).

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{CheckInId, PersonId, SessionInstanceId},
    placement,
    status::Mode,
};
use entity::{check_in, person, session, session_instance};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, sea_query::LockType,
};
use serde_json::json;

use crate::{
    App, Error, Result,
    audit::Changes,
    db::{Tx, is_one_of},
    error::expect,
    instances::Instance,
    lists::{self, Key, Page, RowCursor, Slice, values},
    people::{Person, is_someone},
    seal::Seal,
    sessions::is_organizer,
    status::{
        facts,
        placement::{Affected, Move, lock_people_of, update_placements},
        update::{self, LockedInstance, moment},
    },
    transaction,
};

/// One person's yes, maybe or no to one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckIn {
    pub id: CheckInId,
    pub session_instance_id: SessionInstanceId,
    pub person_id: PersonId,
    pub attendance: Attendance,
    /// Not everybody may see the times: see [`visible_times`].
    pub checked_in_at: DateTime<Utc>,
    pub arrived_at: Option<DateTime<Utc>>,
}

impl From<check_in::Model> for CheckIn {
    fn from(row: check_in::Model) -> Self {
        Self {
            id: row.id,
            session_instance_id: row.session_instance_id,
            person_id: row.person_id,
            attendance: row.attendance,
            checked_in_at: row.checked_in_at,
            arrived_at: row.arrived_at,
        }
    }
}

/// The result of a check-in.
#[derive(Debug, Clone)]
pub struct CheckedIn {
    pub check_in: CheckIn,
    pub person: PersonId,
    pub instance: SessionInstanceId,
    /// The person's placement before, if it changed and there was one.
    pub previous_instance: Option<SessionInstanceId>,
}

/// The result of removing a check-in.
#[derive(Debug, Clone)]
pub struct Removed {
    pub check_in: Option<CheckInId>,
    pub person: PersonId,
    pub instance: SessionInstanceId,
}

/// Which check-ins to list, newest first.
#[derive(Debug, Clone, Copy)]
pub enum CheckInsOf {
    Person(PersonId),
    Instance(SessionInstanceId, Option<Attendance>),
}

impl CheckInsOf {
    fn query(self) -> Select<check_in::Entity> {
        let all = check_in::Entity::find();
        match self {
            // Check-ins to deleted instances are not shown.
            Self::Person(person) => all
                .inner_join(session_instance::Entity)
                .filter(session_instance::Column::DeletedAt.is_null())
                .filter(check_in::Column::PersonId.eq(person.0)),
            Self::Instance(instance, attendance) => {
                let of = all.filter(check_in::Column::SessionInstanceId.eq(instance.0));
                match attendance {
                    Some(attendance) => of.filter(check_in::Column::Attendance.eq(attendance)),
                    None => of,
                }
            }
        }
    }
}

/// The cursors of check-ins. They contain `checkedInAt`, which not everybody may know who may see the list. So they are
/// sealed.
pub struct CheckInCursors<'a>(Seal<'a>);

impl<'a> CheckInCursors<'a> {
    pub async fn of(app: &'a App) -> Result<Self> {
        Ok(Self(Seal::new(app.cursor_key().await?)?))
    }

    pub fn write(&self, row: &CheckIn) -> Result<String> {
        RowCursor::of_instant(row.checked_in_at, row.id).write_sealed(&self.0)
    }
}

pub async fn list_check_ins(app: &App, of: CheckInsOf, page: &Page) -> Result<Slice<CheckIn>> {
    let order = (check_in::Column::CheckedInAt, check_in::Column::Id);
    let page = page.unsealed(&CheckInCursors::of(app).await?.0)?;
    page.of(app.db.pool(), of.query(), order, Key::Instant, true).await
}

pub async fn count_check_ins(app: &App, of: CheckInsOf) -> Result<i64> {
    lists::count(app.db.pool(), of.query(), check_in::Column::Id).await
}

/// Whether the viewer may see who checked in to this instance.
pub async fn may_see_answers(app: &App, viewer: Viewer, instance: &Instance) -> Result<bool> {
    let Some(person) = viewer.person else { return Ok(viewer.may_see_check_ins(false, false)) };
    let is_organizer = is_organizer(app.db.pool(), viewer, instance.session_id).await?;
    let answers = find_answers(app, person, &[instance.id]).await?;
    let said_yes = answers.iter().any(|answer| answer.attendance == Attendance::Yes);
    Ok(viewer.may_see_check_ins(is_organizer, said_yes))
}

/// The times of a check-in and of its arrival, as the viewer may see them. Other viewers see less of a person who hides
/// their placement: no arrival, and only the day (in UTC) of the check-in, because a yes in the middle of a meeting is
/// an arrival.
pub fn visible_times(viewer: Viewer, check_in: &CheckIn, person: &Person) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
    if viewer.may_see_times_of(check_in.person_id, person.hides_place) {
        return (check_in.checked_in_at, check_in.arrived_at);
    }
    (check_in.checked_in_at.date_naive().and_time(NaiveTime::MIN).and_utc(), None)
}

pub async fn find_check_in(app: &App, id: CheckInId) -> Result<Option<CheckIn>> {
    Ok(check_in::Entity::find_by_id(id).one(app.db.pool()).await?.map(CheckIn::from))
}

/// A person's check-ins to these instances.
pub async fn find_answers(app: &App, person: PersonId, ids: &[SessionInstanceId]) -> Result<Vec<CheckIn>> {
    let query = check_in::Entity::find().filter(check_in::Column::PersonId.eq(person.0)).filter(is_one_of(
        app.db.pool(),
        check_in::Column::SessionInstanceId,
        ids.iter().map(|id| id.0),
    ));
    Ok(values(query.all(app.db.pool()).await?))
}

/// Finds the person to check in: the viewer, or the person whom an administrator or an organiser of the session names.
async fn authorize(
    tx: &Tx,
    viewer: Viewer,
    instance: SessionInstanceId,
    person: Option<PersonId>,
) -> Result<(session_instance::Model, PersonId)> {
    expect::signed_in(viewer, "sign in to check in")?;
    let row = session_instance::Entity::find_by_id(instance)
        .filter(session_instance::Column::DeletedAt.is_null())
        .one(tx)
        .await?
        .ok_or_else(|| Error::not_found("session instance", instance))?;
    let Some(person) = person.or(viewer.person) else {
        return Err(Error::invalid("personId", "is required, because this token names no person"));
    };
    if !viewer.may_act_for(person) && !viewer.may_edit_session(is_organizer(tx, viewer, row.session_id).await?) {
        return Err(Error::Forbidden("only organisers of this session and admins may check in others"));
    }
    if !person::Entity::find_by_id(person).one(tx).await?.is_some_and(|row| is_someone(&row)) {
        return Err(if viewer.is(person) {
            Error::Unauthenticated("the person that this token names does not exist")
        } else {
            Error::not_found("person", person)
        });
    }
    Ok((row, person))
}

/// Locks the instance, so that its status cannot change, then the person. The lock on the instance is shared, because
/// many people check in at the same time. If the instance is due at this moment and no sweep has handled it yet, the
/// lock is exclusive, and the status is updated here.
async fn lock_for_check_in(
    tx: &Tx,
    app: &App,
    unlocked: &session_instance::Model,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<LockedInstance> {
    let is_due = |row: &session_instance::Model| row.due_at.is_some_and(|due| due <= now);
    let session = session::Entity::find_by_id(unlocked.session_id).one(tx).await?;
    let session = Arc::new(session.ok_or_else(|| Error::not_found("session", unlocked.session_id))?);
    let lock = if is_due(unlocked) { LockType::NoKeyUpdate } else { LockType::Share };
    let instance = session_instance::Entity::find_by_id(unlocked.id)
        .filter(session_instance::Column::DeletedAt.is_null())
        .lock(lock)
        .one(tx)
        .await?
        .ok_or_else(|| Error::not_found("session instance", unlocked.id))?;
    let item = LockedInstance { instance, session };
    match (is_due(&item.instance), lock) {
        (false, _) => {
            lock_someone(tx, person).await?;
            Ok(item)
        }
        (true, LockType::Share) => Err(Error::Again("the instance falls due while someone checks in")),
        (true, _) => {
            let moment = moment(app, now, Mode::Exact);
            lock_people_of(tx, item.instance.id, person).await?;
            lock_someone(tx, person).await?;
            let changes = update::update_statuses(tx, moment, vec![item.clone()]).await?;
            let mut updated = update::move_people(tx, moment, changes).await?;
            let changed = updated.activated.pop().or(updated.deactivated.pop());
            Ok(changed.unwrap_or(item))
        }
    }
}

async fn lock_someone(tx: &Tx, person: PersonId) -> Result<()> {
    let row = person::Entity::find_by_id(person).lock(LockType::NoKeyUpdate).one(tx).await?;
    if !row.is_some_and(|row| is_someone(&row)) {
        return Err(Error::Again("the person was erased or merged meanwhile"));
    }
    Ok(())
}

/// Says yes, maybe or no. A yes to an active instance moves the person there in the same transaction (rules 13, 14).
///
/// # Errors
/// [`Error::NotFound`] if there is no such instance or person. [`Error::Forbidden`] if the viewer may not check in this
/// person. [`Error::Invalid`] if the session requires a code.
pub async fn check_in(
    app: &App,
    viewer: Viewer,
    instance: SessionInstanceId,
    attendance: Attendance,
    person: Option<PersonId>,
) -> Result<CheckedIn> {
    let now = app.now();
    let answer = NewAnswer { instance, attendance, person, has_code: false };
    transaction!(app, now, |tx| { answer_in(tx, app, viewer, answer, now).await })
}

/// An answer that a transaction writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAnswer {
    pub instance: SessionInstanceId,
    pub attendance: Attendance,
    pub person: Option<PersonId>,
    /// A valid code of this instance came with the answer.
    pub has_code: bool,
}

/// Writes an answer in a transaction: see [`check_in`].
pub(crate) async fn answer_in(
    tx: &Tx,
    app: &App,
    viewer: Viewer,
    answer: NewAnswer,
    now: DateTime<Utc>,
) -> Result<CheckedIn> {
    let NewAnswer { instance, attendance, person, has_code } = answer;
    let (row, person) = authorize(tx, viewer, instance, person).await?;
    let item = lock_for_check_in(tx, app, &row, person, now).await?;
    let facts = facts::facts_of(&item.instance, &item.session);
    let is_arrival = attendance == Attendance::Yes && placement::is_arrival(&facts, now);
    let before = check_in::Entity::find()
        .filter(check_in::Column::SessionInstanceId.eq(instance.0))
        .filter(check_in::Column::PersonId.eq(person.0))
        .one(tx)
        .await?;
    let is_there = before.as_ref().is_some_and(|before| before.arrived_at.is_some());
    if is_arrival && !is_there && !has_code && item.session.requires_code {
        let is_organizer = is_organizer(tx, viewer, item.session.id).await?;
        if !viewer.may_edit_session(is_organizer) {
            let message = "is required: this session shows a code at the door. Scan it, or type it";
            return Err(Error::invalid("code", message));
        }
    }
    let said_yes = before.as_ref().is_some_and(|before| before.attendance == Attendance::Yes);
    let arrived_at = if is_arrival {
        Some(after_all_arrivals(tx, person, now).await?)
    } else if attendance == Attendance::Yes {
        // A yes that is repeated after the meeting keeps the arrival.
        before.as_ref().and_then(|before| before.arrived_at)
    } else {
        None
    };
    let new = check_in::Model {
        id: before.as_ref().map_or(CheckInId(0), |before| before.id),
        session_instance_id: instance,
        person_id: person,
        attendance,
        checked_in_at: now,
        arrived_at,
    };
    let new = new.into_active_model().reset_all();
    let said = before.as_ref().map(|before| before.attendance);
    let check_in = match before {
        Some(_) => new.update(tx).await?,
        None => check_in::ActiveModel { id: NotSet, ..new }.insert(tx).await?,
    };
    audit(tx, viewer, "checkIn", &check_in, (said, Some(attendance)));
    if said_yes != (attendance == Attendance::Yes) {
        tx.log(|news| news.counts_changed(instance));
    }
    let moved = update_placement(tx, app, person, instance).await?;
    let previous_instance = moved.and_then(|moved| moved.from);
    Ok(CheckedIn { check_in: check_in.into(), person, instance, previous_instance })
}

/// The instant of an arrival: now, or just after the person's last arrival if that is later. It can be later if another
/// server's clock is ahead, or if the clock was set back. So the latest arrival is always the one that came last.
async fn after_all_arrivals(tx: &Tx, person: PersonId, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let last = check_in::Entity::find()
        .filter(check_in::Column::PersonId.eq(person.0))
        .filter(check_in::Column::ArrivedAt.gte(now))
        .order_by_desc(check_in::Column::ArrivedAt)
        .one(tx)
        .await?;
    let last = last.and_then(|last| last.arrived_at);
    Ok(last.map_or(now, |last| last + TimeDelta::milliseconds(1)))
}

/// Removes a check-in. Does nothing if there is none.
pub async fn delete_check_in(
    app: &App,
    viewer: Viewer,
    instance: SessionInstanceId,
    person: Option<PersonId>,
) -> Result<Removed> {
    let now = app.now();
    transaction!(app, now, |tx| {
        let (row, person) = authorize(tx, viewer, instance, person).await?;
        lock_for_check_in(tx, app, &row, person, now).await?;
        let before = check_in::Entity::find()
            .filter(check_in::Column::SessionInstanceId.eq(instance.0))
            .filter(check_in::Column::PersonId.eq(person.0))
            .one(tx)
            .await?;
        let mut removed = Removed { check_in: None, person, instance };
        if let Some(before) = before {
            removed.check_in = Some(before.id);
            if before.attendance == Attendance::Yes {
                tx.log(|news| news.counts_changed(instance));
            }
            audit(tx, viewer, "removeCheckIn", &before, (Some(before.attendance), None));
            before.delete(tx).await?;
            update_placement(tx, app, person, instance).await?;
        }
        Ok(removed)
    })
}

/// Writes an audit entry if somebody checked in another person. A person's own check-ins are not audited.
fn audit(
    tx: &Tx,
    viewer: Viewer,
    action: &'static str,
    row: &check_in::Model,
    (from, to): (Option<Attendance>, Option<Attendance>),
) {
    if !viewer.is(row.person_id) {
        let text = |attendance: Option<Attendance>| json!(attendance.map(Attendance::as_str));
        tx.audit(viewer, action, row.id, Changes::default().with("attendance", text(from), text(to)));
    }
}

async fn update_placement(tx: &Tx, app: &App, person: PersonId, held: SessionInstanceId) -> Result<Option<Move>> {
    let rule = app.placement_rule;
    let moves = update_placements(tx, rule, Affected::People(&[person]), &BTreeSet::from([held])).await?;
    Ok(moves.first().copied())
}
