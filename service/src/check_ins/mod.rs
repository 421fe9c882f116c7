//! Check-ins: saying yes, maybe or no to an instance. The placement that follows is computed in the same transaction
//! (rule 14).

mod locked;

use std::collections::HashSet;

use chrono::{DateTime, NaiveTime, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{CheckInId, PersonId, SessionId, SessionInstanceId},
    placement::{self, Candidate},
};
use entity::{check_in, person, session_instance};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use serde_json::json;

use self::locked::{Locked, PersonCheckIns};
use crate::{
    App, Error, Result,
    audit::Changes,
    db::{Tx, is_one_of},
    lists::{self, Key, Page, RowCursor, Slice, values},
    people::Person,
    seal::Seal,
    sessions::find_organized,
    status::{
        facts,
        placement::{Move, update_placement_of},
        update::LockedInstance,
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

#[derive(Debug, Clone)]
pub struct CheckedIn {
    pub check_in: CheckIn,
    pub person: PersonId,
    pub instance: SessionInstanceId,
    /// The person's placement before, if it changed and there was one.
    pub previous_instance: Option<SessionInstanceId>,
}

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

/// The cursors of check-ins. They contain `checkedInAt`, which some viewers of the list may not see. So they are sealed.
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

/// The instances, of these, whose check-ins the viewer may see. Each is named with its session.
pub async fn find_visible_lists(
    app: &App,
    viewer: Viewer,
    instances: &[(SessionInstanceId, SessionId)],
) -> Result<HashSet<SessionInstanceId>> {
    let (mut organized, mut attended) = (HashSet::new(), HashSet::new());
    // Who may see every list anyway needs no reading.
    if let Some(person) = viewer.person.filter(|_| !viewer.may_see_check_ins(false, false)) {
        let (ids, sessions): (Vec<_>, Vec<_>) = instances.iter().copied().unzip();
        organized = find_organized(app.db.pool(), viewer, &sessions).await?;
        let answers = find_answers(app, person, &ids).await?.into_iter();
        let yeses = answers.filter(|answer| answer.attendance == Attendance::Yes);
        attended = yeses.map(|answer| answer.session_instance_id).collect();
    }
    let is_visible = |(instance, session): &(SessionInstanceId, SessionId)| {
        viewer.may_see_check_ins(organized.contains(session), attended.contains(instance))
    };
    Ok(instances.iter().filter(|it| is_visible(it)).map(|(instance, _)| *instance).collect())
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
    let Locked { item, person, is_organizer } = locked::lock(tx, app, viewer, instance, person, now).await?;
    let is_yes_to_active = attendance == Attendance::Yes && item.instance.is_active;
    let check_ins = PersonCheckIns::read(tx, &person, instance, !is_yes_to_active, now).await?;
    let before = check_ins.to(instance);
    let facts = facts::facts_of(&item.instance, &item.session);
    let is_arrival = attendance == Attendance::Yes && placement::is_arrival(&facts, now);
    let had_arrived = before.is_some_and(|before| before.arrived_at.is_some());
    let needs_code = is_arrival && !had_arrived && item.session.requires_code;
    if needs_code && !has_code && !viewer.may_check_in_others(is_organizer) {
        let message = "is required: this session shows a code at the door. Scan it, or type it";
        return Err(Error::invalid("code", message));
    }
    let arrived_at = if is_arrival {
        Some(check_ins.after_all_arrivals(now))
    } else if attendance == Attendance::Yes {
        // A yes that is repeated after the meeting keeps the arrival.
        before.and_then(|before| before.arrived_at)
    } else {
        None
    };
    let check_in = check_in::Model {
        id: before.map_or(check_ins.next_id, |before| before.id),
        session_instance_id: instance,
        person_id: person.id,
        attendance,
        checked_in_at: now,
        arrived_at,
    };
    write_later(tx, &check_in, before.is_none());
    let said = before.map(|before| before.attendance);
    audit(tx, viewer, "checkIn", &check_in, (said, Some(attendance)));
    let said_yes = said == Some(Attendance::Yes);
    if said_yes != (attendance == Attendance::Yes) {
        tx.log(|news| news.counts_changed(instance));
    }
    let yes = is_yes_to_active.then(|| locked::candidate(&check_in, item.instance.starts_at));
    let moved = update_placement(tx, app, &person, &item, check_ins, yes).await?;
    let previous_instance = moved.and_then(|moved| moved.from);
    Ok(CheckedIn { person: person.id, check_in: check_in.into(), instance, previous_instance })
}

/// Writes a check-in of a locked person at the end of the transaction.
fn write_later(tx: &Tx, row: &check_in::Model, is_new: bool) {
    let sql = if is_new {
        "INSERT INTO check_in (id, session_instance_id, person_id, attendance, checked_in_at, arrived_at) \
         VALUES (:id, :instance, :person, :attendance, :checked_in_at, :arrived_at)"
    } else {
        "UPDATE check_in SET attendance = :attendance, checked_in_at = :checked_in_at, arrived_at = :arrived_at \
         WHERE id = :id AND session_instance_id = :instance AND person_id = :person"
    };
    let values = [
        ("id", row.id.into()),
        ("instance", row.session_instance_id.into()),
        ("person", row.person_id.into()),
        ("attendance", row.attendance.into()),
        ("checked_in_at", row.checked_in_at.into()),
        ("arrived_at", row.arrived_at.into()),
    ];
    tx.write_later(sql, values);
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
        let Locked { item, person, .. } = locked::lock(tx, app, viewer, instance, person, now).await?;
        let check_ins = PersonCheckIns::read(tx, &person, instance, true, now).await?;
        let mut removed = Removed { check_in: None, person: person.id, instance };
        if let Some(before) = check_ins.to(instance) {
            removed.check_in = Some(before.id);
            if before.attendance == Attendance::Yes {
                tx.log(|news| news.counts_changed(instance));
            }
            audit(tx, viewer, "removeCheckIn", before, (Some(before.attendance), None));
            tx.write_later("DELETE FROM check_in WHERE id = :id", [("id", before.id.into())]);
            update_placement(tx, app, &person, &item, check_ins, None).await?;
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

/// Computes the placement of a person after their answer to `item`. `yes` is this answer, if it can give a placement.
async fn update_placement(
    tx: &Tx,
    app: &App,
    person: &person::Model,
    item: &LockedInstance,
    check_ins: PersonCheckIns,
    yes: Option<Candidate>,
) -> Result<Option<Move>> {
    let instance = item.instance.id;
    let mut yeses = check_ins.yeses_besides(instance);
    yeses.extend(yes);
    let mut held = check_ins.held();
    held.insert(instance);
    let mut targets = check_ins.targets();
    targets.insert(instance, facts::target_of(&item.session, instance));
    update_placement_of(tx, app.placement_rule, person, &yeses, &held, targets).await
}
