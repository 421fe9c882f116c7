//! Visits as rows: finding, listing, ending, erasing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId, PresenceId, QueuePlaceId},
    presence::{PresenceRules, VisitStatus},
};
use entity::{
    activity,
    presence::{self, Column, Model},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait, Select};

use super::{
    activities::by_key,
    note_freed,
    queue::{self, LockedQueues},
};
use crate::{
    App, Result,
    db::{self, Tx, execute, is_in, rows, text_list, values_table},
    lists::{self, Key, Page, Slice},
    presence::hours::{Tally, tally},
};

/// One visit of one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub id: PresenceId,
    /// `None` for an anonymous visit.
    pub person_id: Option<PersonId>,
    pub language_code: Option<String>,
    pub current_page: Option<String>,
    /// The activity in which the visit last had a seat: see [`seat`](Self::seat).
    pub activity_id: Option<ActivityId>,
    pub status: VisitStatus,
    pub started_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    /// The instant from which the visit is idle (rule 27).
    pub idle_since: Option<DateTime<Utc>>,
    /// The place in a queue at which the visit last asked to wait. The place may be gone.
    pub waits_at: Option<QueuePlaceId>,
}

impl Visit {
    fn facts(&self) -> domain::presence::VisitFacts {
        domain::presence::VisitFacts {
            status: self.status,
            last_seen: self.last_seen_at,
            seat: self.activity_id,
            idle_since: self.idle_since,
        }
    }

    /// The activity in which the visit has a seat now.
    pub fn seat(&self, rules: &PresenceRules, now: DateTime<Utc>) -> Option<ActivityId> {
        self.facts().at(rules, now).seat
    }

    /// Whose places and seats are meant: those of this visit and of its person.
    pub fn owner(&self) -> queue::Owner {
        queue::Owner { visit: self.id, person: self.person_id, waits_at: self.waits_at }
    }

    /// Whether the visit is active, and its last heartbeat is within the online window (rule 15).
    pub fn is_online(&self, rules: &PresenceRules, now: DateTime<Utc>) -> bool {
        self.facts().is_online(rules, now)
    }
}

impl From<Model> for Visit {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            person_id: row.person_id,
            language_code: row.language_code,
            current_page: row.current_page,
            activity_id: row.activity_id,
            status: row.status,
            started_at: row.started_at,
            last_seen_at: row.last_seen_at,
            completed_at: row.completed_at,
            idle_since: row.idle_since,
            waits_at: row.waits_at_id,
        }
    }
}

/// A filter for visits. A visit must match everything that is given.
#[derive(Debug, Clone, Default)]
pub struct VisitFilter {
    pub is_online: Option<bool>,
    pub status: Option<VisitStatus>,
    /// Only visits with a seat in this activity now.
    pub activity_key: Option<String>,
    pub language_code: Option<String>,
    pub person: Option<PersonId>,
}

impl VisitFilter {
    fn query(&self, app: &App) -> Select<presence::Entity> {
        let online = || {
            Condition::all()
                .add(Column::IsLive.eq(true))
                .add(Column::LastSeenAt.gte(app.presence.rules.online_since(app.now())))
        };
        presence::Entity::find()
            .apply_if(self.is_online, |query, is_online| {
                query.filter(if is_online { online() } else { online().not() })
            })
            .apply_if(self.status, |query, status| query.filter(Column::Status.eq(status)))
            .apply_if(self.activity_key.clone(), |query, key| {
                let ids = by_key(&key).select_only().column(activity::Column::Id).into_query();
                query.filter(Column::ActivityId.in_subquery(ids)).filter(online())
            })
            .apply_if(self.language_code.clone(), |query, code| query.filter(Column::LanguageCode.eq(code)))
            .apply_if(self.person, |query, person| query.filter(Column::PersonId.eq(person.0)))
    }
}

/// A visit, if the viewer is its person or an administrator. `None` for others, as if it did not exist.
pub async fn find_visible_visit(app: &App, viewer: Viewer, id: PresenceId) -> Result<Option<Visit>> {
    let row = presence::Entity::find_by_id(id).one(app.db.pool()).await?;
    Ok(row.filter(|row| viewer.may_see_visit_of(row.person_id)).map(Visit::from))
}

/// A page of visits, newest first. `None` for viewers who are not administrators.
pub async fn list_visits(app: &App, viewer: Viewer, filter: &VisitFilter, page: &Page) -> Result<Option<Slice<Visit>>> {
    if !viewer.may_list_visits() {
        return Ok(None);
    }
    let order = (Column::StartedAt, Column::Id);
    Ok(Some(page.of(app.db.pool(), filter.query(app), order, Key::InstantOfText, true).await?))
}

pub async fn count_visits(app: &App, filter: &VisitFilter) -> Result<i64> {
    lists::count(app.db.pool(), filter.query(app), Column::Id).await
}

/// How many visits are online, and how many of them have a seat. Counts the visits of all servers, for metrics.
pub async fn count_online(app: &App) -> Result<(i64, i64)> {
    #[derive(FromQueryResult)]
    struct Row {
        online: i64,
        seats: i64,
    }
    // A visit with a seat is live.
    let sql =
        "SELECT COUNT(*) AS online, COUNT(activity_id) AS seats FROM presence WHERE is_live AND last_seen_at >= :since";
    let since = app.presence.rules.online_since(app.now());
    let found: Vec<Row> = rows(app.db.pool(), sql, [("since", since.into())]).await?;
    Ok(found.first().map_or((0, 0), |row| (row.online, row.seats)))
}

/// Frees the seats of these visits, which must be locked and offline, and stores when each is to be abandoned.
pub(crate) async fn end_leases(tx: &Tx, rules: &PresenceRules, visits: &[Model]) -> Result<()> {
    if visits.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = visits.iter().map(|row| row.id.uuid()).collect();
    let due = |row: &Model| Some(rules.abandoned_at(row.last_seen_at));
    let columns = [
        db::Column::Text("visit", ids.iter().map(|id| Some(id.as_str())).collect()),
        db::Column::Instant("due", visits.iter().map(due).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!(
        "UPDATE presence SET is_live = FALSE, activity_id = NULL, seat_since = NULL, abandon_at = v.due FROM {table} \
         WHERE id = v.visit"
    );
    execute(tx, &sql, [values]).await?;
    for visit in visits {
        note_freed(tx, visit, rules.offline_at(visit.last_seen_at));
    }
    Ok(())
}

/// Frees the seats of these visits, which must be locked. They stay online.
pub(crate) async fn free_seats(tx: &Tx, visits: &[Model], at: DateTime<Utc>) -> Result<()> {
    if visits.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE presence SET activity_id = NULL, seat_since = NULL WHERE {}", is_in(tx, "id", "visits"));
    execute(tx, &sql, [("visits", text_list(tx, visits.iter().map(|row| row.id.uuid())))]).await?;
    for visit in visits {
        note_freed(tx, visit, at);
    }
    Ok(())
}

/// Frees the seats of a person, and takes their places in queues. Returns the activities concerned.
pub(crate) async fn take_seats_and_places(
    tx: &Tx,
    locked: &LockedQueues,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<BTreeSet<ActivityId>> {
    let sql = format!(
        "SELECT * FROM presence WHERE person_id = :person AND activity_id IS NOT NULL ORDER BY id {}",
        tx.locking("FOR NO KEY UPDATE")
    );
    let visits: Vec<Model> = rows(tx, &sql, [("person", person.into())]).await?;
    free_seats(tx, &visits, now).await?;
    let mut activities = queue::remove_all_of(tx, locked, person).await?;
    activities.extend(visits.iter().filter_map(|visit| visit.activity_id));
    Ok(activities)
}

/// Logs that the rosters of the activities in which a person has a seat have changed.
pub(crate) async fn note_roster_changed(tx: &Tx, person: PersonId) -> Result<()> {
    let sql = "SELECT activity_id FROM presence WHERE person_id = :person AND activity_id IS NOT NULL";
    let activities: Vec<ActivityId> = db::ids(tx, sql, [("person", person.into())]).await?;
    tx.log(|news| activities.into_iter().for_each(|activity| news.occupancy_changed(activity)));
    Ok(())
}

/// Deletes the visits of a person who is being erased. The sums by hour still count them. Returns the activities in which
/// a seat or a place became free.
pub(crate) async fn erase_visits(
    tx: &Tx,
    locked: &LockedQueues,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<BTreeSet<ActivityId>> {
    let sql = format!("SELECT * FROM presence WHERE person_id = :person ORDER BY id {}", tx.locking("FOR UPDATE"));
    let visits: Vec<Model> = rows(tx, &sql, [("person", person.into())]).await?;
    let active = || visits.iter().filter(|visit| visit.status == VisitStatus::Active);
    tally(tx, active().map(|visit| Tally::completed(visit.started_at, now)).collect()).await?;
    active().for_each(|visit| note_freed(tx, visit, now));
    let mut activities = queue::remove_all_of(tx, locked, person).await?;
    activities.extend(active().filter_map(|visit| visit.activity_id));
    execute(tx, "DELETE FROM presence WHERE person_id = :person", [("person", person.into())]).await?;
    Ok(activities)
}

/// Marks the visits that are still due as abandoned, and returns them.
pub(crate) async fn abandon(tx: &Tx, ids: &[PresenceId], now: DateTime<Utc>) -> Result<Vec<Model>> {
    let sql = format!(
        "SELECT * FROM presence WHERE {} AND abandon_at <= :now ORDER BY id {}",
        is_in(tx, "id", "visits"),
        tx.locking("FOR NO KEY UPDATE")
    );
    let values = [("visits", text_list(tx, ids.iter().map(|id| id.uuid()))), ("now", now.into())];
    let due: Vec<Model> = rows(tx, &sql, values).await?;
    let sql =
        format!("UPDATE presence SET status = 'ABANDONED', abandon_at = NULL WHERE {}", is_in(tx, "id", "visits"));
    execute(tx, &sql, [("visits", text_list(tx, due.iter().map(|row| row.id.uuid())))]).await?;
    Ok(due)
}
