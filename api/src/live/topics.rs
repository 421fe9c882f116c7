//! Who may be concerned by a change, without asking everyone.
//!
//! Each narrowing is filed under one kind of topic: its person, else its sessions, else its place, else everything. So
//! the entries found for a change are those that may see it; `Narrowing::sees` has the last word.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use domain::{
    ids::{PersonId, SessionId},
    news::{Change, ChangeKind, Narrowing, Place},
};

/// Keys with how often each was filed here. Ordered, so that those who asked first are told first.
type Filed<K> = BTreeMap<K, u32>;

#[derive(Debug)]
pub(super) struct Topics<K> {
    everything: Filed<K>,
    sessions: HashMap<SessionId, Filed<K>>,
    places: HashMap<Place, Filed<K>>,
    people: HashMap<PersonId, Filed<K>>,
}

impl<K> Default for Topics<K> {
    fn default() -> Self {
        Self { everything: Filed::new(), sessions: HashMap::new(), places: HashMap::new(), people: HashMap::new() }
    }
}

impl<K: Copy + Ord> Topics<K> {
    pub(super) fn add(&mut self, narrowing: &Narrowing, key: K) {
        let file = |filed: &mut Filed<K>| *filed.entry(key).or_default() += 1;
        if let Some(person) = narrowing.person {
            file(self.people.entry(person).or_default());
        } else if let Some(sessions) = &narrowing.sessions {
            for session in distinct(sessions) {
                file(self.sessions.entry(session).or_default());
            }
        } else if let Some(place) = place_of(narrowing) {
            file(self.places.entry(place).or_default());
        } else {
            file(&mut self.everything);
        }
    }

    /// Takes back one [`Topics::add`] with the same arguments.
    pub(super) fn remove(&mut self, narrowing: &Narrowing, key: K) {
        if let Some(person) = narrowing.person {
            unfile(&mut self.people, &person, key);
        } else if let Some(sessions) = &narrowing.sessions {
            for session in distinct(sessions) {
                unfile(&mut self.sessions, &session, key);
            }
        } else if let Some(place) = place_of(narrowing) {
            unfile(&mut self.places, &place, key);
        } else {
            take_one(&mut self.everything, key);
        }
    }

    /// Adds to `found` whoever may see the change and does not ask for a person. A key filed under several topics of
    /// the change is found several times.
    pub(super) fn find(&self, change: &Change, found: &mut Vec<K>) {
        if change.kind == ChangeKind::PersonMoved {
            return;
        }
        found.extend(self.everything.keys());
        if let Some(filed) = change.session.and_then(|session| self.sessions.get(&session)) {
            found.extend(filed.keys());
        }
        if !self.places.is_empty() {
            for place in topics_of(change) {
                found.extend(self.places.get(&place).into_iter().flat_map(Filed::keys));
            }
        }
    }

    /// Whoever asks for that person.
    pub(super) fn of_person(&self, person: PersonId) -> impl Iterator<Item = K> {
        self.people.get(&person).into_iter().flat_map(Filed::keys).copied()
    }

    pub(super) fn has_person(&self, person: PersonId) -> bool {
        self.people.contains_key(&person)
    }
}

fn distinct(sessions: &[SessionId]) -> Vec<SessionId> {
    let mut sessions = sessions.to_vec();
    sessions.sort_unstable();
    sessions.dedup();
    sessions
}

fn place_of(narrowing: &Narrowing) -> Option<Place> {
    let place = Place { city: narrowing.city.clone(), country: narrowing.country.clone() };
    (place != Place::default()).then_some(place)
}

/// The places under which someone may ask for this change: each of where it is and was, by city, country and both.
fn topics_of(change: &Change) -> Vec<Place> {
    let mut topics = Vec::with_capacity(6);
    for place in std::iter::once(&change.place).chain(&change.previous_place) {
        let both = place.clone();
        let city = Place { city: place.city.clone(), country: None };
        let country = Place { city: None, country: place.country.clone() };
        for topic in [both, city, country] {
            if topic != Place::default() && !topics.contains(&topic) {
                topics.push(topic);
            }
        }
    }
    topics
}

fn unfile<T: Eq + Hash, K: Copy + Ord>(topics: &mut HashMap<T, Filed<K>>, topic: &T, key: K) {
    if let Some(filed) = topics.get_mut(topic) {
        take_one(filed, key);
        if filed.is_empty() {
            topics.remove(topic);
        }
    }
}

fn take_one<K: Copy + Ord>(filed: &mut Filed<K>, key: K) {
    if let Some(times) = filed.get_mut(&key) {
        *times -= 1;
        if *times == 0 {
            filed.remove(&key);
        }
    }
}
