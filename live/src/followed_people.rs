//! The instances at which followed people are, as of the last change that the hub dispatched.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    ids::{PersonId, SessionInstanceId},
    news::Change,
};

#[derive(Debug, Default)]
pub(super) struct FollowedPeople {
    people: HashMap<PersonId, Option<SessionInstanceId>>,
    /// The reverse index of `people`.
    present: HashMap<SessionInstanceId, BTreeSet<PersonId>>,
}

impl FollowedPeople {
    /// Starts to follow a person. `at` counts only if the person is not followed yet.
    pub(super) fn follow(&mut self, person: PersonId, at: Option<SessionInstanceId>) {
        if !self.people.contains_key(&person) {
            self.set(person, at);
        }
    }

    /// Forgets a person whom no subscription follows any more.
    pub(super) fn unfollow(&mut self, person: PersonId) {
        self.set(person, None);
        self.people.remove(&person);
    }

    /// The instance at which a person is. `None` when no subscription follows the person.
    #[expect(
        clippy::option_option,
        reason = "the outer option says whether the person is followed, the inner one where they are"
    )]
    pub(super) fn get(&self, person: PersonId) -> Option<Option<SessionInstanceId>> {
        self.people.get(&person).copied()
    }

    /// The followed people at an instance.
    pub(super) fn present_at(&self, instance: SessionInstanceId) -> impl Iterator<Item = PersonId> {
        self.present.get(&instance).into_iter().flatten().copied()
    }

    /// Sets each person to the origin of their first move in `changes`. This corrects a start instance that was read from the
    /// tables and was newer than the hub's position.
    pub(super) fn expect_moves(&mut self, changes: &[Arc<Change>]) {
        for (person, moved) in changes.iter().rev().filter_map(|change| change.event.as_move()) {
            if self.people.contains_key(&person) {
                self.set(person, moved.previous_instance);
            }
        }
    }

    pub(super) fn set(&mut self, person: PersonId, instance: Option<SessionInstanceId>) {
        let before = self.people.insert(person, instance).flatten();
        if before == instance {
            return;
        }
        if let Some(instance) = before
            && let Some(people) = self.present.get_mut(&instance)
        {
            people.remove(&person);
            if people.is_empty() {
                self.present.remove(&instance);
            }
        }
        if let Some(instance) = instance {
            self.present.entry(instance).or_default().insert(person);
        }
    }
}
