//! The registry: which followers exist, and which of them receive a change.

use std::{collections::HashMap, sync::Arc};

use domain::{
    ids::SessionInstanceId,
    news::{Change, Narrowing, Position},
};

use super::{
    feed::ReplayError,
    followed_people::FollowedPeople,
    follower::{Follower, FollowerId, Routed},
    group::{GroupEntry, GroupKey},
    ring::Ring,
    topics::Topics,
};

/// Lock order: the registry first, then a group's members, then a follower's queue or a mailbox.
pub(super) struct Registry {
    pub(super) ring: Ring,
    topics: Topics<FollowerId>,
    pub(super) followers: HashMap<FollowerId, Arc<Follower>>,
    last_follower: FollowerId,
    followed_people: FollowedPeople,
    pub(super) groups: HashMap<Arc<GroupKey>, GroupEntry>,
    pub(super) is_closed: bool,
}

/// A subscription that has received every change up to a position.
pub(super) struct CaughtUp<'a> {
    pub(super) narrowing: &'a Narrowing,
    pub(super) position: Position,
    pub(super) person_at: Option<SessionInstanceId>,
}

impl Registry {
    pub(super) fn new(ring: Ring) -> Self {
        Self {
            ring,
            topics: Topics::default(),
            followers: HashMap::new(),
            last_follower: 0,
            followed_people: FollowedPeople::default(),
            groups: HashMap::new(),
            is_closed: false,
        }
    }

    pub(super) fn add_follower(&mut self, follower: Arc<Follower>) -> FollowerId {
        if self.is_closed {
            follower.close();
        }
        self.last_follower += 1;
        self.followers.insert(self.last_follower, follower);
        self.last_follower
    }

    pub(super) fn remove_follower(&mut self, id: FollowerId) {
        self.followers.remove(&id);
    }

    /// Routes every change after the subscription's position to its follower. Returns `false` when the hub has already
    /// dispatched changes after that position: the subscription must fetch those first. The hub may also be behind the
    /// subscription. Then the follower receives changes that the subscription already has.
    pub(super) fn join(&mut self, id: FollowerId, caught_up: &CaughtUp<'_>) -> Result<bool, ReplayError> {
        if self.is_closed {
            return Err(ReplayError::Closed);
        }
        if self.ring.position() > caught_up.position {
            return Ok(false);
        }
        self.topics.add(caught_up.narrowing, id);
        if let Some(person) = caught_up.narrowing.followed() {
            self.followed_people.follow(person, caught_up.person_at);
        }
        Ok(true)
    }

    /// Undoes one [`Registry::join`].
    pub(super) fn leave(&mut self, id: FollowerId, narrowing: &Narrowing) {
        self.topics.remove(narrowing, id);
        if let Some(person) = narrowing.followed()
            && !self.topics.has_person(person)
        {
            self.followed_people.unfollow(person);
        }
    }

    /// Sends changes, in order, to the followers they concern. Keeps them in the ring for subscriptions that resume.
    pub(super) fn dispatch(&mut self, changes: &[Arc<Change>]) {
        self.followed_people.expect_moves(changes);
        let mut found = Vec::new();
        for change in changes {
            if change.position > self.ring.position() {
                self.route(change, &mut found);
                self.ring.push(Arc::clone(change));
            }
        }
    }

    fn route(&mut self, change: &Arc<Change>, found: &mut Vec<FollowerId>) {
        found.clear();
        self.topics.find(&change.event, found);
        found.sort_unstable();
        found.dedup();
        for id in found.iter() {
            self.send_to(*id, change, None);
        }
        if let Some((person, moved)) = change.event.as_move() {
            let Some(at) = self.followed_people.get(person) else { return };
            for id in self.topics.of_person(person) {
                self.send_to(id, change, at);
            }
            self.followed_people.set(person, moved.instance);
        } else if let Some(instance) = change.event.as_session().and_then(|change| change.instance) {
            for person in self.followed_people.present_at(instance) {
                for id in self.topics.of_person(person) {
                    self.send_to(id, change, Some(instance));
                }
            }
        }
    }

    fn send_to(&self, id: FollowerId, change: &Arc<Change>, person_at: Option<SessionInstanceId>) {
        if let Some(follower) = self.followers.get(&id) {
            follower.push(Routed { change: Arc::clone(change), person_at });
        }
    }
}
