//! The whole queue of an activity as it was at one moment, for subscriptions. Thousands may follow one queue. They share
//! one reading of it, and each looks its own position up.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{ActivityId, PersonId, PresenceId, QueuePlaceId},
    presence::{SeatsPer, estimated_wait},
};
use entity::{activity, queue_place};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};

use super::queue::{Holding, Owner, QueuePlace, find_holds, limit_of};
use crate::{App, Result, db::rows};

#[derive(Debug, Clone)]
pub struct QueueView {
    activity: ActivityId,
    read_at: DateTime<Utc>,
    limit: Option<u32>,
    holds: Vec<TimeDelta>,
    places: Vec<queue_place::Model>,
    of_visits: HashMap<PresenceId, usize>,
    of_people: HashMap<PersonId, usize>,
    /// The visits that have asked to wait at the place of their person.
    waiting: HashMap<PresenceId, QueuePlaceId>,
    /// The visits that have a seat.
    seats: HashSet<PresenceId>,
    /// The people who have a seat.
    seated: HashSet<PersonId>,
}

impl QueueView {
    /// Reads the queue, and who has a seat.
    pub async fn read(app: &App, id: ActivityId) -> Result<Option<Self>> {
        #[derive(FromQueryResult)]
        struct Waiting {
            visit: PresenceId,
            place: QueuePlaceId,
        }
        #[derive(FromQueryResult)]
        struct Seat {
            id: PresenceId,
            person_id: Option<PersonId>,
        }
        let db = app.db.pool();
        let read_at = app.now();
        let Some(activity) = activity::Entity::find_by_id(id).one(db).await? else { return Ok(None) };
        // Read the seats last. If somebody is admitted in between, both lists contain them, and nobody is missed.
        let places = queue_place::Entity::find()
            .filter(queue_place::Column::ActivityId.eq(id))
            .order_by_asc(queue_place::Column::Id)
            .all(db)
            .await?;
        let sql = "SELECT p.id AS visit, q.id AS place FROM queue_place q \
                   JOIN presence p ON p.person_id = q.person_id AND p.waits_at_id = q.id WHERE q.activity_id = :activity";
        let waiting: Vec<Waiting> = rows(db, sql, [("activity", id.into())]).await?;
        let sql = "SELECT id, person_id FROM presence WHERE activity_id = :activity AND last_seen_at >= :online_since";
        let online_since = app.presence.rules.online_since(read_at);
        let seats: Vec<Seat> = rows(db, sql, [("activity", id.into()), ("online_since", online_since.into())]).await?;
        let of_visits = places.iter().enumerate().map(|(at, place)| (place.presence_id, at)).collect();
        let of_people = places.iter().enumerate().filter_map(|(at, place)| Some((place.person_id?, at))).collect();
        Ok(Some(Self {
            activity: id,
            read_at,
            limit: limit_of(&activity),
            holds: find_holds(db, id).await?,
            of_visits,
            of_people,
            places,
            waiting: waiting.into_iter().map(|Waiting { visit, place }| (visit, place)).collect(),
            seats: seats.iter().map(|seat| seat.id).collect(),
            seated: match activity.seats_per {
                SeatsPer::Person => seats.iter().filter_map(|seat| seat.person_id).collect(),
                SeatsPer::Visit => HashSet::new(),
            },
        }))
    }

    /// What a visit or its person has here: a place, or a seat. Whether the visit waits at the place is as it was read.
    pub fn holding_of(&self, owner: Owner) -> Option<Holding> {
        let owner = Owner { waits_at: self.waiting.get(&owner.visit).copied(), ..owner };
        let of_person = || owner.person.and_then(|person| self.of_people.get(&person));
        let index = self.of_visits.get(&owner.visit).or_else(of_person).copied();
        index.and_then(|index| self.place_at(index, owner)).or_else(|| self.seat_of(owner))
    }

    /// `None` if the offer of the place had ended.
    fn place_at(&self, index: usize, owner: Owner) -> Option<Holding> {
        let place = self.places.get(index)?;
        let position = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let is_over = place.offer_ends_at.is_some_and(|ends| ends <= self.read_at);
        let shown = (!is_over).then(|| QueuePlace {
            id: place.id,
            activity_id: self.activity,
            position,
            length: u32::try_from(self.places.len()).unwrap_or(u32::MAX),
            joined_at: place.joined_at,
            estimated_wait: estimated_wait(position, &self.holds, self.limit),
            offer_ends_at: place.offer_ends_at,
        })?;
        Some(Holding::of_place(shown, owner.waits_at(place)))
    }

    /// The seat of a visit or, if the seats count people, of its person.
    fn seat_of(&self, owner: Owner) -> Option<Holding> {
        let is_own = self.seats.contains(&owner.visit);
        let is_seated = is_own || owner.person.is_some_and(|person| self.seated.contains(&person));
        is_seated.then_some(Holding { activity: self.activity, place: None, is_own })
    }

    pub fn activity(&self) -> ActivityId {
        self.activity
    }

    pub fn length(&self) -> usize {
        self.places.len()
    }
}
