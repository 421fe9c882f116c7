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

mod holdings;
mod places;
mod settle;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{ActivityId, PersonId, PresenceId, QueuePlaceId},
    presence::QueueRules,
};
use entity::{activity, presence, queue_place::Model};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};

pub use self::holdings::{
    Followed, Holding, QueueCounts, QueuePlace, find_counts, find_of_person, find_shown_places, follow,
};
pub(crate) use self::{
    holdings::forget_old_holds,
    places::merge_places,
    settle::{DUE_PLACES, FREE_SEATS, settle_activity, settle_all_again, settle_queues},
};
pub(super) use self::{
    holdings::{describe_one, find_holds},
    places::{
        carry, find_place, find_places_of, join, look_again, look_at_all_again, put_offers, remove, remove_all_of,
        stop_waiting, wait_at,
    },
    settle::{count_taken, remove_over, settle},
};
use crate::{
    Error, Result,
    db::{Tx, ids, is_in, is_one_of, list},
};

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
