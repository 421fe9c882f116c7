//! Locks the rows that a check-in changes, and reads the rows that it depends on.
//!
//! Many people check in at the same time, and each statement is a round trip to the database while locks are held. So
//! there are two statements: one locks, and one reads. The second must come after the first, because a statement does
//! not see what was committed while it waited for a lock.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    sync::{Arc, LazyLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{CheckInId, PersonId, SessionId, SessionInstanceId},
    news::Location,
    placement::Candidate,
    status::Mode,
};
use entity::{check_in, person, session, session_instance};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryFilter, QuerySelect, sea_query::LockType,
};

use crate::{
    App, Error, Refusal, Result,
    db::{Tx, next_id, rows},
    log::ChangeTarget,
    people::is_someone,
    rights,
    sessions::find_organized,
    status::{
        placement::lock_people_of,
        update::{self, LockedInstance, decision_context},
    },
};

/// An instance whose status cannot change, and a person, both locked.
pub(super) struct Locked {
    pub item: LockedInstance,
    pub person: person::Model,
    pub is_organizer: bool,
}

/// Locks the instance, and then the person: the viewer, or the person whom an administrator or an organiser of the
/// session names. The lock on the instance is shared, because many people check in at the same time. If the instance is
/// due and no sweep has handled it yet, the lock is exclusive, and the status is updated here.
pub(super) async fn lock(
    tx: &Tx,
    app: &App,
    viewer: Viewer,
    instance: SessionInstanceId,
    person: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Locked> {
    rights::require_signed_in(viewer, "to check in")?;
    let wanted = person.or(viewer.person);
    let Some(found) = lock_both(tx, viewer, instance, wanted, now).await? else {
        return lock_due(tx, app, viewer, instance, wanted, now).await;
    };
    let person = authorize(viewer, wanted, found.is_organizer)?;
    let row = found.person.filter(is_someone).ok_or_else(|| unknown_person(viewer, person))?;
    let item = LockedInstance { instance: found.instance, session: Arc::new(found.session) };
    Ok(Locked { item, person: row, is_organizer: found.is_organizer })
}

/// Finds the person who is to be checked in, and checks that the viewer may do that.
fn authorize(viewer: Viewer, person: Option<PersonId>, is_organizer: bool) -> Result<PersonId> {
    let Some(person) = person else {
        return Err(rights::person_required("personId"));
    };
    let is_allowed = viewer.may_check_in(person, is_organizer);
    rights::require(is_allowed, Refusal::OrganizersOnly("check in others"))?;
    Ok(person)
}

fn unknown_person(viewer: Viewer, person: PersonId) -> Error {
    if viewer.is(person) { rights::unknown_person() } else { Error::not_found("person", person) }
}

struct Both {
    instance: session_instance::Model,
    session: session::Model,
    person: Option<person::Model>,
    is_organizer: bool,
}

impl FromQueryResult for Both {
    fn from_query_result(row: &sea_orm::QueryResult, _: &str) -> Result<Self, sea_orm::DbErr> {
        Ok(Self {
            instance: session_instance::Model::from_query_result(row, "i_")?,
            session: session::Model::from_query_result(row, "s_")?,
            person: person::Model::from_query_result_optional(row, "p_")?,
            is_organizer: row.try_get("", "is_organizer")?,
        })
    }
}

/// The columns of a table, each with the name of the table before its own.
fn columns_of<C: Iterable + IdenStatic>(table: &str) -> String {
    C::iter().fold(String::new(), |mut list, column| {
        let column = column.as_str();
        // Writing to a String does not fail.
        let _ = write!(list, "{table}.{column} AS {table}_{column}, ");
        list
    })
}

/// Locks an instance that is not due, and then a person. Returns nothing if the instance is due, deleted or missing.
///
/// The statement reads the person's row only if the instance exists. So the instance is locked first, and the person
/// second.
async fn lock_both(
    tx: &Tx,
    viewer: Viewer,
    instance: SessionInstanceId,
    person: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Option<Both>> {
    static COLUMNS: LazyLock<String> = LazyLock::new(|| {
        let (instance, session) = (columns_of::<session_instance::Column>("i"), columns_of::<session::Column>("s"));
        instance + &session + &columns_of::<person::Column>("p")
    });
    let sql = format!(
        "WITH i AS (SELECT * FROM session_instance WHERE id = :instance AND deleted_at IS NULL \
             AND (due_at IS NULL OR due_at > :now) {}), \
           p AS (SELECT * FROM person WHERE id = :person AND EXISTS (SELECT 1 FROM i) {}) \
         SELECT {} EXISTS (SELECT 1 FROM session_organizer o \
             WHERE o.session_id = s.id AND o.person_id = :viewer) AS is_organizer \
         FROM i JOIN session s ON s.id = i.session_id LEFT JOIN p ON TRUE",
        tx.locking("FOR SHARE"),
        tx.locking("FOR NO KEY UPDATE"),
        *COLUMNS,
    );
    let values = [
        ("instance", instance.into()),
        ("person", person.map(|person| person.0).into()),
        ("viewer", viewer.person.map(|viewer| viewer.0).into()),
        ("now", now.into()),
    ];
    Ok(rows(tx, &sql, values).await?.pop())
}

/// Locks an instance that is due, updates its status, and locks the person. All people whose placement this may change
/// are locked in the order of their ids.
async fn lock_due(
    tx: &Tx,
    app: &App,
    viewer: Viewer,
    instance: SessionInstanceId,
    person: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Locked> {
    let row = session_instance::Entity::find_by_id(instance)
        .filter(session_instance::Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .ok_or_else(|| Error::not_found("session instance", instance))?;
    let session = session::Entity::find_by_id(row.session_id).one(tx).await?;
    let session = session.ok_or_else(|| Error::not_found("session", row.session_id))?;
    let is_organizer = find_organized(tx, viewer, &[session.id]).await?.contains(&session.id);
    let person = authorize(viewer, person, is_organizer)?;
    let item = LockedInstance { instance: row, session: Arc::new(session) };
    lock_people_of(tx, instance, person).await?;
    let changes = update::update_statuses(tx, decision_context(app, now, Mode::Exact), vec![item.clone()]).await?;
    let mut updated = update::move_people(tx, decision_context(app, now, Mode::Exact), changes).await?;
    let item = updated.activated.pop().or(updated.deactivated.pop()).unwrap_or(item);
    let row = person::Entity::find_by_id(person).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.filter(is_someone).ok_or_else(|| unknown_person(viewer, person))?;
    Ok(Locked { item, person: row, is_organizer })
}

/// A check-in of the person, with the facts about its instance that a placement depends on.
pub(super) struct KnownCheckIn {
    pub check_in: check_in::Model,
    is_active: bool,
    starts_at: Option<DateTime<Utc>>,
    /// Whether the instance is locked, and active.
    is_held: bool,
    target: ChangeTarget,
}

/// The check-ins of a locked person, as they were before this answer.
pub(super) struct PersonCheckIns {
    /// The id of a new check-in.
    pub next_id: CheckInId,
    known: Vec<KnownCheckIn>,
}

impl PersonCheckIns {
    /// Reads the check-ins of a locked person that matter for an answer to this instance:
    ///
    /// - the check-in to this instance, and the one to the person's placement
    /// - each check-in whose arrival is at `now` or later
    /// - each yes to an active instance
    ///
    /// If the answer `may_move` the person to another instance, this also tries to lock the active instances to which
    /// the person said yes. These locks are out of order (rule 21), so the statement skips instances that are not free.
    pub(super) async fn read(
        tx: &Tx,
        person: &person::Model,
        instance: SessionInstanceId,
        may_move: bool,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let sql = format!(
            "WITH held AS (SELECT id FROM session_instance WHERE :may_move AND is_active AND id <> :instance AND id IN (\
               SELECT session_instance_id FROM check_in WHERE person_id = :person AND attendance = 'YES') {}) \
             SELECT n.next_id, a.* FROM (SELECT {} AS next_id) n LEFT JOIN (\
               SELECT c.id, c.session_instance_id, c.person_id, c.attendance, c.checked_in_at, c.arrived_at, \
                 i.is_active, i.starts_at, i.session_id, s.city, s.country, \
                 EXISTS (SELECT 1 FROM held WHERE held.id = i.id) AS is_held \
               FROM check_in c JOIN session_instance i ON i.id = c.session_instance_id \
                 JOIN session s ON s.id = i.session_id \
               WHERE c.id IN (\
                 SELECT id FROM check_in WHERE person_id = :person AND session_instance_id IN (:instance, :placement) \
                 UNION SELECT id FROM check_in WHERE person_id = :person AND arrived_at >= :now \
                 UNION SELECT y.id FROM check_in y JOIN session_instance o ON o.id = y.session_instance_id AND o.is_active \
                   WHERE y.person_id = :person AND y.attendance = 'YES')) a ON TRUE",
            tx.locking("FOR SHARE SKIP LOCKED"),
            next_id(tx, "check_in"),
        );
        let placement = person.active_session_instance_id.unwrap_or(instance);
        let values = [
            ("person", person.id.into()),
            ("instance", instance.into()),
            ("placement", placement.into()),
            ("may_move", may_move.into()),
            ("now", now.into()),
        ];
        let found: Vec<AnswerRow> = rows(tx, &sql, values).await?;
        let next_id = found.first().map(|row| row.next_id);
        let next_id = next_id.ok_or_else(|| Error::internal("no next id of a check-in was read"))?;
        Ok(Self { next_id, known: found.into_iter().filter_map(|row| row.known).collect() })
    }

    /// The check-in to this instance.
    pub(super) fn to(&self, instance: SessionInstanceId) -> Option<&check_in::Model> {
        self.known.iter().map(|known| &known.check_in).find(|row| row.session_instance_id == instance)
    }

    /// The instant of an arrival: now, or just after the person's last arrival if that is later. It can be later if
    /// another server's clock is ahead, or if the clock was set back. So the latest arrival is always the one that came
    /// last.
    pub(super) fn after_all_arrivals(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let last = self.known.iter().filter_map(|known| known.check_in.arrived_at).max();
        last.filter(|last| *last >= now).map_or(now, |last| last + TimeDelta::milliseconds(1))
    }

    /// The yeses to active instances other than this one.
    pub(super) fn yeses_besides(&self, instance: SessionInstanceId) -> Vec<Candidate> {
        let counts = |known: &&KnownCheckIn| {
            let row = &known.check_in;
            known.is_active && row.attendance == Attendance::Yes && row.session_instance_id != instance
        };
        self.known.iter().filter(counts).map(|known| candidate(&known.check_in, known.starts_at)).collect()
    }

    /// The instances that are locked, and active.
    pub(super) fn held(&self) -> BTreeSet<SessionInstanceId> {
        let held = self.known.iter().filter(|known| known.is_held);
        held.map(|known| known.check_in.session_instance_id).collect()
    }

    /// The target of changes for each instance of these check-ins.
    pub(super) fn targets(self) -> HashMap<SessionInstanceId, ChangeTarget> {
        self.known.into_iter().map(|known| (known.target.instance, known.target)).collect()
    }
}

pub(super) fn candidate(row: &check_in::Model, starts_at: Option<DateTime<Utc>>) -> Candidate {
    Candidate {
        instance: row.session_instance_id,
        starts_at,
        arrived_at: row.arrived_at,
        checked_in_at: row.checked_in_at,
    }
}

struct AnswerRow {
    next_id: CheckInId,
    known: Option<KnownCheckIn>,
}

impl FromQueryResult for AnswerRow {
    fn from_query_result(row: &sea_orm::QueryResult, _: &str) -> Result<Self, sea_orm::DbErr> {
        let next_id = row.try_get("", "next_id")?;
        let Some(check_in) = check_in::Model::from_query_result_optional(row, "")? else {
            return Ok(Self { next_id, known: None });
        };
        let session: SessionId = row.try_get("", "session_id")?;
        let location = Location { city: row.try_get("", "city")?, country: row.try_get("", "country")? };
        let target = ChangeTarget { session, instance: check_in.session_instance_id, location };
        let (is_active, starts_at) = (row.try_get("", "is_active")?, row.try_get("", "starts_at")?);
        let is_held = row.try_get("", "is_held")?;
        Ok(Self { next_id, known: Some(KnownCheckIn { check_in, is_active, starts_at, is_held, target }) })
    }
}
