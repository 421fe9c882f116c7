//! Where the people are whom subscriptions follow, as of the last change that the hub handed out.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    ids::{PersonId, SessionInstanceId},
    news::Change,
};

#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    people: HashMap<PersonId, Option<SessionInstanceId>>,
    /// The same the other way round.
    present: HashMap<SessionInstanceId, BTreeSet<PersonId>>,
}

impl Whereabouts {
    /// A subscription follows a person, who is there unless that is known already.
    pub(super) fn begin(&mut self, person: PersonId, at: Option<SessionInstanceId>) {
        if !self.people.contains_key(&person) {
            self.set(person, at);
        }
    }

    /// Nobody follows the person any more.
    pub(super) fn end(&mut self, person: PersonId) {
        self.set(person, None);
        self.people.remove(&person);
    }

    /// Where a person is; `None` of one whom nobody follows.
    #[expect(clippy::option_option, reason = "nowhere is a place too")]
    pub(super) fn of(&self, person: PersonId) -> Option<Option<SessionInstanceId>> {
        self.people.get(&person).copied()
    }

    /// The followed people who are at an instance.
    pub(super) fn present_at(&self, instance: SessionInstanceId) -> impl Iterator<Item = PersonId> {
        self.present.get(&instance).into_iter().flatten().copied()
    }

    /// Each person is where the first of their moves says they came from. That is known already, unless the place a
    /// subscription started with was newer than the log.
    pub(super) fn expect_moves(&mut self, changes: &[Arc<Change>]) {
        for (person, moved) in changes.iter().rev().filter_map(|change| change.event.as_move()) {
            if self.people.contains_key(&person) {
                self.set(person, moved.previous_instance);
            }
        }
    }

    pub(super) fn set(&mut self, person: PersonId, place: Option<SessionInstanceId>) {
        let before = self.people.insert(person, place).flatten();
        if before == place {
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
        if let Some(instance) = place {
            self.present.entry(instance).or_default().insert(person);
        }
    }
}
