//! The queue for the seats of an activity (rule 28). [`domain::presence`] decides; this module loads and writes.
//!
//! Terms:
//!
//! - A *place* is a place in the queue. Places are in the order of their ids, which the database gives while the activity
//!   is locked. Positions are counted when somebody asks; no row stores one.
//! - An *offer* is a seat that is kept for one place.
//! - To *settle* the queue of an activity is to remove the places that are over, and to offer the free seats to those who
//!   wait longest. If the limit was lowered, offers end instead until it is kept.
//!
//! Invariants:
//!
//! - Places are added, changed and removed, and seats are offered, while the activity is locked ([`LockedQueues`]). So seats and
//!   offers together are never more than the limit, each free seat is offered once, and of several visits that wait at a
//!   place, the last one that stops ends it.
//! - Whether a queue must be settled follows from the stored facts alone. Mutations settle the queues that they may have
//!   changed, so that nobody waits. The timers and the sweep find the other queues.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    iter,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId, PresenceId, QueuePlaceId},
    presence::{
        Due, OfferChange, PlaceFacts, PresenceRules, QueueRules, SeatsPer, Uptime, estimated_wait, offer_change, shown,
    },
};
use entity::{activity, presence, queue_place::Model};
use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};

use super::{Claimant, not_found};
use crate::{
    App, Error, Result,
    db::{Column, Tx, execute, ids, is_in, is_one_of, list, rows, text_list, values_table},
    log::News,
    transaction,
};

/// How long before the due instant a place is checked. With this, a long queue is checked a few times a minute, and not
/// at each instant at which a place would be over if no heartbeat came.
pub(crate) const LOOKAHEAD: TimeDelta = TimeDelta::seconds(10);

/// How many seats an estimated wait is based on: those that were given back last.
const HOLDS: i64 = 20;

/// A place in a queue, as clients see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlace {
    pub id: QueuePlaceId,
    pub activity_id: ActivityId,
    /// 1 is the first.
    pub position: u32,
    pub length: u32,
    pub joined_at: DateTime<Utc>,
    pub estimated_wait: Option<TimeDelta>,
    /// `None` if no seat is offered.
    pub offer_ends_at: Option<DateTime<Utc>>,
}

/// The number of places in the queue of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueCounts {
    pub length: u32,
    /// How many of these places have an offer.
    pub offers: u32,
}

pub(super) fn rules_of(activity: &activity::Model) -> QueueRules {
    QueueRules::of_seconds(activity.offer_seconds, activity.queue_grace_seconds)
}

pub(super) fn limit_of(activity: &activity::Model) -> Option<u32> {
    activity.max_concurrent.map(|limit| u32::try_from(limit).unwrap_or_default())
}

fn as_count(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The queues that a transaction has locked, by their activities. It removes and changes places in no other queue.
#[derive(Debug, Default)]
pub(crate) struct LockedQueues(BTreeSet<ActivityId>);

impl LockedQueues {
    /// # Errors
    /// [`Error::Again`] if one of these places is in another queue, which was joined meanwhile.
    pub(super) fn check<'a>(&self, places: impl IntoIterator<Item = &'a Model>) -> Result<()> {
        if places.into_iter().all(|place| self.0.contains(&place.activity_id)) {
            return Ok(());
        }
        Err(Error::Again("a queue was joined meanwhile"))
    }
}

/// Locks the queues of these activities in the order of their ids (rule 21). Returns the activities too.
pub(super) async fn lock_queues(
    tx: &Tx,
    ids: BTreeSet<ActivityId>,
) -> Result<(LockedQueues, BTreeMap<ActivityId, activity::Model>)> {
    if ids.is_empty() {
        return Ok(Default::default());
    }
    let locked = activity::Entity::find()
        .filter(is_one_of(tx, activity::Column::Id, ids.iter().map(|id| id.0)))
        .order_by_asc(activity::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    Ok((LockedQueues(ids), locked.into_iter().map(|row| (row.id, row)).collect()))
}

/// Locks the queues in which these people, or any of their visits, have a place.
pub(crate) async fn lock_queues_of_people(tx: &Tx, people: &[PersonId]) -> Result<LockedQueues> {
    let sql = format!(
        "SELECT DISTINCT activity_id FROM queue_place WHERE {} \
           OR presence_id IN (SELECT id FROM presence WHERE {})",
        is_in(tx, "person_id", "people"),
        is_in(tx, "person_id", "people")
    );
    let found: Vec<ActivityId> = ids(tx, &sql, [("people", list(tx, people.iter().copied()))]).await?;
    Ok(lock_queues(tx, found.into_iter().collect()).await?.0)
}

/// Locks the queues in which a visit or its person has a place.
pub(super) async fn lock_queues_of_visit(tx: &Tx, owner: Owner) -> Result<LockedQueues> {
    let places = find_places_of(tx, owner).await?;
    Ok(lock_queues(tx, places.iter().map(|place| place.activity_id).collect()).await?.0)
}

/// The place of a visit, or of its person, in the queue of an activity.
pub(super) async fn find_place(
    tx: &Tx,
    activity: ActivityId,
    visit: PresenceId,
    person: Option<PersonId>,
) -> Result<Option<Model>> {
    let sql = "SELECT * FROM queue_place WHERE activity_id = :activity AND (presence_id = :visit OR person_id = :person) \
               ORDER BY id LIMIT 1";
    let person = person.map(|person| person.0);
    let values = [("activity", activity.0.into()), ("visit", visit.into()), ("person", person.into())];
    Ok(rows(tx, sql, values).await?.pop())
}

/// Whose places and seats are meant: those of a visit, and of its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    pub visit: PresenceId,
    pub person: Option<PersonId>,
    /// The place at which the visit last asked to wait.
    pub waits_at: Option<QueuePlaceId>,
}

impl Owner {
    /// Whether the visit has asked to wait at this place. Another visit of the person may have entered since.
    pub(super) fn waits_at(&self, place: &Model) -> bool {
        place.presence_id == self.visit || (Some(place.id) == self.waits_at && self.is_of_person(place))
    }

    fn has(&self, place: &Model) -> bool {
        place.presence_id == self.visit || self.is_of_person(place)
    }

    fn is_of_person(&self, place: &Model) -> bool {
        place.person_id.is_some() && place.person_id == self.person
    }
}

impl From<&presence::Model> for Owner {
    fn from(row: &presence::Model) -> Self {
        Self { visit: row.id, person: row.person_id, waits_at: row.waits_at_id }
    }
}

/// The places of a visit and of its person in all queues. Those at which the visit waits come first.
pub(super) async fn find_places_of(tx: &Tx, owner: Owner) -> Result<Vec<Model>> {
    let sql = "SELECT * FROM queue_place WHERE presence_id = :visit OR person_id = :person ORDER BY activity_id";
    let values = [("visit", owner.visit.into()), ("person", owner.person.map(|person| person.0).into())];
    let mut places: Vec<Model> = rows(tx, sql, values).await?;
    places.sort_by_key(|place| !owner.waits_at(place));
    Ok(places)
}

/// Adds a place at the end. The activity is locked, so the order of the ids is the order of joining.
pub(super) async fn join(
    tx: &Tx,
    rules: &PresenceRules,
    activity: &activity::Model,
    visit: PresenceId,
    owner: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Model> {
    // On PostgreSQL, all servers use the clock of the database here. The clock may have been set back since the last
    // place was added.
    let (joined_at, start) = if tx.is_postgres() {
        let last = "SELECT joined_at FROM queue_place WHERE activity_id = :activity ORDER BY id DESC LIMIT 1";
        (format!("GREATEST(date_trunc('milliseconds', clock_timestamp()), ({last}))"), None)
    } else {
        (":now".to_owned(), Some(("now", now.into())))
    };
    let sql = format!(
        "INSERT INTO queue_place (activity_id, presence_id, person_id, joined_at, leaves_at) \
         VALUES (:activity, :visit, :owner, {joined_at}, :leaves_at) RETURNING *"
    );
    let mut values = vec![
        ("activity", activity.id.0.into()),
        ("visit", visit.into()),
        ("owner", owner.map(|owner| owner.0).into()),
        ("leaves_at", rules_of(activity).leaves_at(rules, now).into()),
    ];
    values.extend(start);
    let joined: Vec<Model> = rows(tx, &sql, values).await?;
    tx.log(|news| news.occupancy_changed(activity.id));
    joined.into_iter().next().ok_or_else(|| Error::internal("INSERT ... RETURNING returned nothing"))
}

/// Moves a place to another visit of the same person, which keeps it from now on.
pub(super) async fn carry(tx: &Tx, place: &mut Model, visit: PresenceId) -> Result<()> {
    let sql = "UPDATE queue_place SET presence_id = :visit WHERE id = :place";
    execute(tx, sql, [("visit", visit.into()), ("place", place.id.0.into())]).await?;
    place.presence_id = visit;
    // Both visits are told which of them has the place.
    note_changed(tx, std::slice::from_ref(place));
    Ok(())
}

/// A visit no longer waits at a place. The visit and the queue are locked. Another visit of the person that waits there keeps the
/// place. Otherwise the place is removed. Returns whether it was.
pub(super) async fn stop_waiting(
    tx: &Tx,
    rules: &PresenceRules,
    visit: PresenceId,
    place: Model,
    now: DateTime<Utc>,
) -> Result<bool> {
    #[derive(FromQueryResult)]
    struct Other {
        id: PresenceId,
        last_seen_at: DateTime<Utc>,
        queue_grace_seconds: i32,
    }
    let sql = "SELECT p.id, p.last_seen_at, a.queue_grace_seconds \
               FROM queue_place q JOIN activity a ON a.id = q.activity_id JOIN presence p ON p.person_id = q.person_id \
               WHERE q.id = :place AND p.id <> :visit AND p.status <> 'COMPLETED' \
                 AND (p.waits_at_id = q.id OR p.id = q.presence_id) ORDER BY p.last_seen_at DESC, p.id LIMIT 1";
    let others: Vec<Other> = rows(tx, sql, [("place", place.id.0.into()), ("visit", visit.into())]).await?;
    let keeps = |other: &Other| {
        let grace = TimeDelta::seconds(other.queue_grace_seconds.into());
        now < rules.offline_at(other.last_seen_at) + grace
    };
    match others.into_iter().find(keeps) {
        Some(other) if place.presence_id == visit => carry(tx, &mut { place }, other.id).await.map(|()| false),
        Some(_) => {
            // The visit is told that only others wait there.
            note_changed(tx, &[place]);
            Ok(false)
        }
        None => remove(tx, &[place]).await.map(|()| true),
    }
}

/// Removes places.
pub(super) async fn remove(tx: &Tx, places: &[Model]) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let sql = format!("DELETE FROM queue_place WHERE {}", is_in(tx, "id", "places"));
    execute(tx, &sql, [("places", list(tx, places.iter().map(|place| place.id)))]).await?;
    note_changed(tx, places);
    Ok(())
}

/// Logs that these places change or are removed.
fn note_changed(tx: &Tx, places: &[Model]) {
    let activities: BTreeSet<ActivityId> = places.iter().map(|place| place.activity_id).collect();
    tx.log(|news| activities.into_iter().for_each(|activity| news.occupancy_changed(activity)));
}

/// Makes these places due at once. A visit that kept them is completed, so they may be over.
pub(super) async fn look_again(tx: &Tx, places: &[Model], now: DateTime<Utc>) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE queue_place SET leaves_at = :now WHERE {}", is_in(tx, "id", "places"));
    execute(tx, &sql, [("places", list(tx, places.iter().map(|place| place.id))), ("now", now.into())]).await?;
    tx.log(News::due_changed);
    Ok(())
}

/// Makes all places of an activity due at once, because a setting has changed.
pub(super) async fn look_at_all_again(tx: &Tx, activity: ActivityId, now: DateTime<Utc>) -> Result<()> {
    let sql = "UPDATE queue_place SET leaves_at = :now WHERE activity_id = :activity";
    execute(tx, sql, [("activity", activity.0.into()), ("now", now.into())]).await?;
    Ok(())
}

/// Removes the places of a person and of the person's visits, which are locked. Returns the activities concerned.
pub(super) async fn remove_all_of(tx: &Tx, locked: &LockedQueues, person: PersonId) -> Result<BTreeSet<ActivityId>> {
    let sql = "SELECT * FROM queue_place WHERE person_id = :person \
               OR presence_id IN (SELECT id FROM presence WHERE person_id = :person)";
    let places: Vec<Model> = rows(tx, sql, [("person", person.0.into())]).await?;
    locked.check(&places)?;
    remove(tx, &places).await?;
    Ok(places.into_iter().map(|place| place.activity_id).collect())
}

/// Moves the places of `from` to `into`, because they are the same person. If both wait in a queue, the earlier place
/// is kept. If one of them has a seat in the activity, and a heartbeat since `online_since`, no place in its queue is
/// kept. Returns the activities concerned.
pub(crate) async fn merge_places(
    tx: &Tx,
    locked: &LockedQueues,
    from: PersonId,
    into: PersonId,
    online_since: DateTime<Utc>,
) -> Result<BTreeSet<ActivityId>> {
    let both = || [("from", from.0.into()), ("into", into.0.into())];
    let sql = "SELECT * FROM queue_place WHERE person_id = :from OR person_id = :into ORDER BY id";
    let places: Vec<Model> = rows(tx, sql, both()).await?;
    locked.check(&places)?;
    let sql = "SELECT DISTINCT activity_id FROM presence WHERE (person_id = :from OR person_id = :into) \
               AND activity_id IS NOT NULL AND last_seen_at >= :online_since";
    let [from_value, into_value] = both();
    let seated: Vec<ActivityId> = ids(tx, sql, [from_value, into_value, ("online_since", online_since.into())]).await?;
    let mut seen: BTreeSet<ActivityId> = seated.into_iter().collect();
    let concerned: BTreeSet<ActivityId> = places.iter().map(|place| place.activity_id).collect();
    let (kept, needless): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| seen.insert(place.activity_id));
    for place in &needless {
        if let Some(kept) = kept.iter().find(|kept| kept.activity_id == place.activity_id) {
            wait_at(tx, &[from, into], kept.id, place).await?;
        }
    }
    remove(tx, &needless).await?;
    let sql = "UPDATE queue_place SET person_id = :into WHERE person_id = :from";
    execute(tx, sql, both()).await?;
    note_changed(tx, &kept);
    Ok(concerned)
}

/// Visits of these people, who are one person, that wait at the second place wait at the first one from now on.
pub(super) async fn wait_at(tx: &Tx, people: &[PersonId], kept: QueuePlaceId, needless: &Model) -> Result<()> {
    let sql = format!(
        "UPDATE presence SET waits_at_id = :kept WHERE id = :visit OR (waits_at_id = :needless AND {})",
        is_in(tx, "person_id", "people")
    );
    let values = [
        ("kept", kept.0.into()),
        ("needless", needless.id.0.into()),
        ("visit", needless.presence_id.into()),
        ("people", list(tx, people.iter().copied())),
    ];
    execute(tx, &sql, values).await?;
    Ok(())
}

/// Removes the places that are over, and makes or ends offers. The activity must be locked for writing. Checks the
/// places that are due at `until` or before.
pub(super) async fn settle(
    tx: &Tx,
    rules: &PresenceRules,
    activity: &activity::Model,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<()> {
    remove_over(tx, rules, activity, now, until).await?;
    change_offers(tx, activity, now).await
}

/// Removes the places that are over.
pub(super) async fn remove_over(
    tx: &Tx,
    rules: &PresenceRules,
    activity: &activity::Model,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Row {
        id: QueuePlaceId,
        joined_at: DateTime<Utc>,
        leaves_at: DateTime<Utc>,
        offer_ends_at: Option<DateTime<Utc>>,
        visit_seen: Option<DateTime<Utc>>,
        person_seen: Option<DateTime<Utc>>,
        seen_at: Option<DateTime<Utc>>,
        up_since: Option<DateTime<Utc>>,
    }
    let sql = "SELECT q.id, q.joined_at, q.leaves_at, q.offer_ends_at, \
                 (SELECT p.last_seen_at FROM presence p WHERE p.id = q.presence_id AND p.status <> 'COMPLETED') \
                   AS visit_seen, \
                 (SELECT MAX(p.last_seen_at) FROM presence p WHERE p.person_id = q.person_id \
                   AND p.status <> 'COMPLETED') AS person_seen, \
                 (SELECT u.seen_at FROM uptime u) AS seen_at, (SELECT u.up_since FROM uptime u) AS up_since \
               FROM queue_place q \
               WHERE q.activity_id = :activity AND (q.offer_ends_at <= :now OR q.leaves_at <= :until) ORDER BY q.id";
    let values = [("activity", activity.id.0.into()), ("now", now.into()), ("until", until.into())];
    let found: Vec<Row> = rows(tx, sql, values).await?;
    let queue = rules_of(activity);
    let (mut over, mut later, mut renewed) = (Vec::new(), Vec::new(), Vec::new());
    for row in found {
        let mut place = PlaceFacts { last_seen: row.visit_seen.max(row.person_seen), offer_ends_at: row.offer_ends_at };
        if let (Some(seen_at), Some(up_since)) = (row.seen_at, row.up_since) {
            let uptime = Uptime { seen_at, up_since }.joined_at(row.joined_at);
            if uptime.is_paused(rules, now) {
                // As if the pause ended now.
                let begun = uptime.seen_at;
                let offer_ends_at = row.offer_ends_at.map(|ends| queue.offer_end_after_pause(ends, begun, now));
                place = PlaceFacts { offer_ends_at, ..place.after_pause(rules, queue, now) };
            } else if row.joined_at < up_since {
                place = place.after_pause(rules, queue, up_since);
            }
        }
        if let Some(ends) = place.offer_ends_at.filter(|_| place.offer_ends_at != row.offer_ends_at) {
            renewed.push((row.id, ends));
        }
        match place.due(rules, queue, now) {
            Due::Over(_) => {
                let fell_due = row.offer_ends_at.map_or(row.leaves_at, |ends| ends.min(row.leaves_at));
                tx.log(|news| news.fell_due(fell_due));
                over.push(row.id);
            }
            Due::At(at) if at != row.leaves_at => later.push((row.id, at)),
            Due::At(_) => {}
        }
    }
    if !over.is_empty() {
        let sql = format!("DELETE FROM queue_place WHERE {}", is_in(tx, "id", "places"));
        execute(tx, &sql, [("places", list(tx, over))]).await?;
        tx.log(|news| news.occupancy_changed(activity.id));
    }
    if !renewed.is_empty() {
        tx.log(|news| news.occupancy_changed(activity.id));
    }
    put_instants(tx, "offer_ends_at", &renewed).await?;
    put_instants(tx, "leaves_at", &later).await
}

/// Writes when these offers end.
pub(super) async fn put_offers(tx: &Tx, offers: &[(QueuePlaceId, DateTime<Utc>)]) -> Result<()> {
    put_instants(tx, "offer_ends_at", offers).await
}

/// Writes an instant of each of these places.
async fn put_instants(tx: &Tx, column: &str, instants: &[(QueuePlaceId, DateTime<Utc>)]) -> Result<()> {
    if instants.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::ids("place", instants.iter().map(|(id, _)| Some(*id))),
        Column::Instant("at", instants.iter().map(|(_, at)| Some(*at)).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!("UPDATE queue_place SET {column} = v.at FROM {table} WHERE id = v.place");
    execute(tx, &sql, [values]).await?;
    Ok(())
}

/// Offers the free seats to those who wait longest, or ends the newest offers, as the limit says ([`offer_change`]).
async fn change_offers(tx: &Tx, activity: &activity::Model, now: DateTime<Utc>) -> Result<()> {
    let taken = count_taken(tx, activity.id, None, None).await?;
    let (ends, count, places) = match offer_change(limit_of(activity), taken.seats, taken.offers) {
        OfferChange::Make(0) => return Ok(()),
        OfferChange::Make(_) if !taken.is_waited_for => return Ok(()),
        OfferChange::Make(count) => (Some(now + rules_of(activity).offer), count, "offer_ends_at IS NULL ORDER BY id"),
        OfferChange::End(count) => (None, count, "offer_ends_at IS NOT NULL ORDER BY id DESC"),
    };
    let sql = format!(
        "UPDATE queue_place SET offer_ends_at = :ends WHERE id IN \
           (SELECT id FROM queue_place WHERE activity_id = :activity AND {places} LIMIT :count)"
    );
    let values = [("activity", activity.id.0.into()), ("ends", ends.into()), ("count", i64::from(count).into())];
    if execute(tx, &sql, values).await? > 0 {
        tx.log(|news| news.occupancy_changed(activity.id));
    }
    Ok(())
}

/// The taken seats of an activity, and whether anybody waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub seats: u32,
    pub offers: u32,
    /// Whether somebody waits to whom no seat is offered.
    pub is_waited_for: bool,
}

/// Counts seats and offers, except those of one visit and one place. The counts are exact while the activity is locked.
pub(super) async fn count_taken(
    tx: &Tx,
    activity: ActivityId,
    visit: Option<PresenceId>,
    place: Option<QueuePlaceId>,
) -> Result<Taken> {
    #[derive(FromQueryResult)]
    struct Row {
        seats: i64,
        offers: i64,
        waiting: i64,
    }
    let sql = "SELECT (SELECT COUNT(*) FROM presence WHERE activity_id = :activity AND id <> :visit) AS seats, \
                 (SELECT COUNT(*) FROM queue_place WHERE activity_id = :activity AND offer_ends_at IS NOT NULL \
                   AND id <> :place) AS offers, \
                 (SELECT COUNT(*) FROM (SELECT id FROM queue_place WHERE activity_id = :activity \
                   AND offer_ends_at IS NULL AND id <> :place LIMIT 1) AS first) AS waiting";
    let visit = visit.map(PresenceId::uuid).unwrap_or_default();
    let place = place.map_or(0, |place| place.0);
    let values = [("activity", activity.0.into()), ("visit", visit.into()), ("place", place.into())];
    let found: Vec<Row> = rows(tx, sql, values).await?;
    let row = found.into_iter().next().ok_or_else(|| Error::internal("a count returned nothing"))?;
    Ok(Taken { seats: as_count(row.seats), offers: as_count(row.offers), is_waited_for: row.waiting > 0 })
}

/// Locks an activity and settles its queue.
pub(crate) async fn settle_activity(
    tx: &Tx,
    rules: &PresenceRules,
    id: ActivityId,
    now: impl Fn() -> DateTime<Utc>,
) -> Result<()> {
    let (_, mut locked) = lock_queues(tx, iter::once(id).collect()).await?;
    // Read the clock after taking the lock. Otherwise this decision could be as of an earlier instant than the previous
    // one.
    let now = now();
    match locked.remove(&id) {
        Some(activity) => settle(tx, rules, &activity, now, now + LOOKAHEAD).await,
        None => Ok(()),
    }
}

/// Locks an activity, checks all places of its queue, whenever they are due, and settles it.
pub(crate) async fn settle_all_again(
    tx: &Tx,
    rules: &PresenceRules,
    id: ActivityId,
    now: impl Fn() -> DateTime<Utc>,
) -> Result<()> {
    lock_queues(tx, iter::once(id).collect()).await?;
    look_at_all_again(tx, id, now()).await?;
    settle_activity(tx, rules, id, now).await
}

/// Settles the queues of these activities, so that seats that have just become free are offered at once. If this fails,
/// the timers do it.
pub(crate) async fn settle_queues(app: &App, activities: impl IntoIterator<Item = ActivityId>) {
    for id in activities {
        if let Err(error) = settle_now(app, id).await {
            tracing::warn!(%error, activity = %id, "a queue was not settled, and is left to the timers");
        }
    }
}

async fn settle_now(app: &App, id: ActivityId) -> Result<()> {
    let sql = "SELECT id FROM queue_place WHERE activity_id = :activity LIMIT 1";
    let first: Vec<i64> = ids(app.db.pool(), sql, [("activity", id.0.into())]).await?;
    if first.is_empty() {
        return Ok(());
    }
    transaction!(app, app.now(), |tx| { settle_activity(tx, &app.presence.rules, id, || app.now()).await })
}

/// The activities in which a free seat can be offered.
pub(crate) const FREE_SEATS: &str = "SELECT a.id FROM activity a \
     WHERE EXISTS (SELECT 1 FROM queue_place q WHERE q.activity_id = a.id AND q.offer_ends_at IS NULL) \
       AND (a.max_concurrent IS NULL OR a.max_concurrent > \
         (SELECT COUNT(*) FROM presence p WHERE p.activity_id = a.id) \
         + (SELECT COUNT(*) FROM queue_place o WHERE o.activity_id = a.id AND o.offer_ends_at IS NOT NULL))";

/// The activities with places that are due at `:now`.
pub(crate) const DUE_PLACES: &str =
    "SELECT DISTINCT activity_id FROM queue_place WHERE offer_ends_at <= :now OR leaves_at <= :now";

/// A place in the queue of an activity, or a seat in it, that a visit or its person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub activity: ActivityId,
    /// `None` for a seat.
    pub place: Option<QueuePlace>,
    /// The visit has the seat, or has asked to wait at this place. Otherwise only other visits of its person have.
    pub is_own: bool,
}

impl Holding {
    pub(super) fn of_place(place: QueuePlace, is_own: bool) -> Self {
        Self { activity: place.activity_id, place: Some(place), is_own }
    }

    /// The facts by which `domain` chooses what a visit shows.
    pub fn facts(&self) -> domain::presence::HoldingFacts {
        domain::presence::HoldingFacts { activity: self.activity, is_seat: self.place.is_none(), is_own: self.is_own }
    }
}

/// A visit that its owner follows, and everything that it and its person have.
#[derive(Debug, Clone)]
pub struct Followed {
    pub owner: Owner,
    pub holdings: BTreeMap<ActivityId, Holding>,
}

impl Followed {
    /// What the visit shows first.
    pub fn shown(&self) -> Option<&Holding> {
        self.holdings.get(&shown(self.holdings.values().map(Holding::facts), None)?.activity())
    }
}

/// The places and seats that a visit and its person have now. Only for its owner.
///
/// # Errors
/// [`Error::NotFound`] if there is no such visit, or it belongs to somebody else.
pub async fn follow(app: &App, viewer: Viewer, secret: Option<&str>, id: PresenceId) -> Result<Followed> {
    let claimant = Claimant::new(app, viewer, secret)?;
    let row = presence::Entity::find_by_id(id).one(app.db.pool()).await?;
    let owner = Owner::from(&row.filter(|row| claimant.owns(row)).ok_or_else(|| not_found(id))?);
    find_holdings(app, owner).await
}

/// The places and seats that the viewer has with other visits, for a browser that has no visit yet. `id`: the visit that it will have.
pub async fn find_of_person(app: &App, viewer: Viewer, id: PresenceId) -> Result<Followed> {
    find_holdings(app, Owner { visit: id, person: viewer.person, waits_at: None }).await
}

async fn find_holdings(app: &App, owner: Owner) -> Result<Followed> {
    // Read the seats last. If somebody is admitted in between, both lists contain them, and nobody is missed.
    let places = find_places(app, &[owner]).await?.remove(&owner).unwrap_or_default();
    let mut holdings = find_seats(app, owner).await?;
    holdings.extend(places.into_iter().map(|place| (place.activity, place)));
    Ok(Followed { owner, holdings })
}

/// The seats of a visit. If seats count people, also those of other visits of its person.
async fn find_seats(app: &App, owner: Owner) -> Result<BTreeMap<ActivityId, Holding>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: PresenceId,
        activity_id: ActivityId,
    }
    let sql = "SELECT p.id, p.activity_id FROM presence p JOIN activity a ON a.id = p.activity_id \
               WHERE (p.id = :visit OR (p.person_id = :person AND a.seats_per = :per_person)) \
                 AND p.last_seen_at >= :online_since";
    let values = [
        ("visit", owner.visit.into()),
        ("person", owner.person.map(|person| person.0).into()),
        ("per_person", SeatsPer::Person.as_str().into()),
        ("online_since", app.presence.rules.online_since(app.now()).into()),
    ];
    let mut seats: Vec<Row> = rows(app.db.pool(), sql, values).await?;
    seats.sort_by_key(|seat| seat.id == owner.visit);
    let holding = |Row { id, activity_id }| {
        (activity_id, Holding { activity: activity_id, place: None, is_own: id == owner.visit })
    };
    Ok(seats.into_iter().map(holding).collect())
}

/// The numbers of places in the queues of these activities.
pub async fn find_counts(app: &App, activities: &[ActivityId]) -> Result<BTreeMap<ActivityId, QueueCounts>> {
    #[derive(FromQueryResult)]
    struct Row {
        activity_id: ActivityId,
        length: i64,
        offers: i64,
    }
    let db = app.db.pool();
    let sql = format!(
        "SELECT activity_id, COUNT(*) AS length, COUNT(offer_ends_at) AS offers FROM queue_place \
         WHERE {} GROUP BY activity_id",
        is_in(db, "activity_id", "activities")
    );
    let found: Vec<Row> = rows(db, &sql, [("activities", list(db, activities.iter().copied()))]).await?;
    let counts = |row: Row| QueueCounts { length: as_count(row.length), offers: as_count(row.offers) };
    Ok(found.into_iter().map(|row| (row.activity_id, counts(row))).collect())
}

/// The place that each of these visits shows (rule 28).
pub async fn find_shown_places(app: &App, owners: &[Owner]) -> Result<HashMap<Owner, QueuePlace>> {
    let shown = |(owner, places): (Owner, Vec<Holding>)| {
        let holdings = places.into_iter().map(|place| (place.activity, place)).collect();
        Some((owner, Followed { owner, holdings }.shown()?.place.clone()?))
    };
    Ok(find_places(app, owners).await?.into_iter().filter_map(shown).collect())
}

/// The places that these visits and their people have.
async fn find_places(app: &App, owners: &[Owner]) -> Result<HashMap<Owner, Vec<Holding>>> {
    let db = app.db.pool();
    let sql = format!(
        "SELECT * FROM queue_place WHERE {} OR {} ORDER BY id",
        is_in(db, "presence_id", "visits"),
        is_in(db, "person_id", "people")
    );
    let values = [
        ("visits", text_list(db, owners.iter().map(|owner| owner.visit.uuid()))),
        ("people", list(db, owners.iter().filter_map(|owner| owner.person))),
    ];
    let places: Vec<Model> = rows(db, &sql, values).await?;
    let described = describe(db, &places, app.now()).await?;
    let places_of = |owner: &Owner| {
        let own = places.iter().filter(|place| owner.has(place));
        let holding = |place: &Model| Some(Holding::of_place(described.get(&place.id)?.clone(), owner.waits_at(place)));
        (*owner, own.filter_map(holding).collect())
    };
    Ok(owners.iter().map(places_of).collect())
}

/// A place, as clients see it. `None` if its offer has ended.
pub(super) async fn describe_one<C: ConnectionTrait>(
    db: &C,
    place: &Model,
    now: DateTime<Utc>,
) -> Result<Option<QueuePlace>> {
    Ok(describe(db, std::slice::from_ref(place), now).await?.remove(&place.id))
}

async fn describe<C: ConnectionTrait>(
    db: &C,
    places: &[Model],
    now: DateTime<Utc>,
) -> Result<HashMap<QueuePlaceId, QueuePlace>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: QueuePlaceId,
        activity_id: ActivityId,
        joined_at: DateTime<Utc>,
        offer_ends_at: Option<DateTime<Utc>>,
        max_concurrent: Option<i32>,
        position: i64,
        length: i64,
    }
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT q.id, q.activity_id, q.joined_at, q.offer_ends_at, a.max_concurrent, \
           (SELECT COUNT(*) FROM queue_place o WHERE o.activity_id = q.activity_id AND o.id <= q.id) AS position, \
           (SELECT COUNT(*) FROM queue_place o WHERE o.activity_id = q.activity_id) AS length \
         FROM queue_place q JOIN activity a ON a.id = q.activity_id WHERE {}",
        is_in(db, "q.id", "places")
    );
    let found: Vec<Row> = rows(db, &sql, [("places", list(db, places.iter().map(|place| place.id)))]).await?;
    let mut holds: BTreeMap<ActivityId, Vec<TimeDelta>> = BTreeMap::new();
    for row in &found {
        if let Entry::Vacant(unknown) = holds.entry(row.activity_id) {
            unknown.insert(find_holds(db, row.activity_id).await?);
        }
    }
    let is_over = |row: &Row| row.offer_ends_at.is_some_and(|ends| ends <= now);
    let shown = found.into_iter().filter(|row| !is_over(row)).map(|row| {
        let position = as_count(row.position);
        let limit = row.max_concurrent.map(|limit| u32::try_from(limit).unwrap_or_default());
        let holds = holds.get(&row.activity_id).map(Vec::as_slice).unwrap_or_default();
        let place = QueuePlace {
            id: row.id,
            activity_id: row.activity_id,
            position,
            length: as_count(row.length),
            joined_at: row.joined_at,
            estimated_wait: estimated_wait(position, holds, limit),
            offer_ends_at: row.offer_ends_at,
        };
        (row.id, place)
    });
    Ok(shown.collect())
}

/// For how long each of the seats that were given back last was held.
pub(super) async fn find_holds<C: ConnectionTrait>(db: &C, activity: ActivityId) -> Result<Vec<TimeDelta>> {
    let sql = "SELECT held_ms FROM seat_hold WHERE activity_id = :activity ORDER BY id DESC LIMIT :count";
    let found: Vec<i64> = ids(db, sql, [("activity", activity.0.into()), ("count", HOLDS.into())]).await?;
    Ok(found.into_iter().map(TimeDelta::milliseconds).collect())
}

/// Deletes the oldest entries about how long seats were held. No estimate uses them.
pub(crate) async fn forget_old_holds(app: &App) -> Result<()> {
    let sql = "DELETE FROM seat_hold WHERE id IN (SELECT id FROM \
                 (SELECT id, ROW_NUMBER() OVER (PARTITION BY activity_id ORDER BY id DESC) AS place FROM seat_hold) AS h \
               WHERE h.place > :count)";
    transaction!(app, app.now(), |tx| { Ok(execute(tx, sql, [("count", (HOLDS * 2).into())]).await?) })?;
    Ok(())
}
