//! What clients see of queues: the places and seats that a visit and its person have, the numbers of places, and estimated waits.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    ids::{ActivityId, PresenceId, QueuePlaceId},
    presence::{SeatsPer, estimated_wait, shown},
};
use entity::{presence, queue_place::Model};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};

use super::{
    super::{Claimant, not_found},
    Owner, as_count,
};
use crate::{
    App, Result,
    db::{execute, ids, is_in, list, rows, text_list},
    transaction,
};

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
    pub(crate) fn of_place(place: QueuePlace, is_own: bool) -> Self {
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
pub(crate) async fn describe_one<C: ConnectionTrait>(
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
pub(crate) async fn find_holds<C: ConnectionTrait>(db: &C, activity: ActivityId) -> Result<Vec<TimeDelta>> {
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
