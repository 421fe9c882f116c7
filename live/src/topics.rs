//! An index from a change to the subscriptions that may see it.
//!
//! Each narrowing is indexed under one kind of topic:
//!
//! - Sessions: the person, else the sessions, else the location, else every session.
//! - Bookings: the booking, else the person who takes part, else every booking.
//! - Occupancy: the activity, else every activity.
//!
//! A lookup finds candidates. `Narrowing::sees` decides.

use std::collections::{BTreeMap, HashMap};

use domain::{
    ids::{ActivityId, BookingId, PersonId, SessionId},
    news::{BookingNarrowing, BookingStep, ChangeKind, Event, Location, Narrowing, SessionChange, SessionNarrowing},
};

/// The keys of one topic, with how many times each was added. Ordered, so that earlier subscriptions are served first.
type KeyCounts<K> = BTreeMap<K, u32>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Topic {
    EverySession,
    Session(SessionId),
    Location(Location),
    /// The moves of a person, and the session at which they are.
    Person(PersonId),
    EveryBooking,
    Booking(BookingId),
    /// The bookings in which a person is the mentor or the student.
    BookingsOf(PersonId),
    EveryOccupancy,
    Occupancy(ActivityId),
}

#[derive(Debug)]
pub(super) struct Topics<K>(HashMap<Topic, KeyCounts<K>>);

impl<K> Default for Topics<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Ord> Topics<K> {
    pub(super) fn add(&mut self, narrowing: &Narrowing, key: K) {
        for topic in narrowing_topics(narrowing) {
            *self.0.entry(topic).or_default().entry(key).or_default() += 1;
        }
    }

    /// Undoes one [`Topics::add`] with the same arguments.
    pub(super) fn remove(&mut self, narrowing: &Narrowing, key: K) {
        for topic in narrowing_topics(narrowing) {
            let Some(filed) = self.0.get_mut(&topic) else { continue };
            if let Some(times) = filed.get_mut(&key) {
                *times -= 1;
                if *times == 0 {
                    filed.remove(&key);
                }
            }
            if filed.is_empty() {
                self.0.remove(&topic);
            }
        }
    }

    /// Adds to `found` the keys that may see the event, except those that follow a person. A key that has several topics of
    /// the event is added several times.
    pub(super) fn find(&self, event: &Event, found: &mut Vec<K>) {
        for topic in event_topics(event) {
            found.extend(self.filed(&topic));
        }
    }

    /// The keys that follow a person.
    pub(super) fn of_person(&self, person: PersonId) -> impl Iterator<Item = K> {
        self.filed(&Topic::Person(person))
    }

    pub(super) fn has_person(&self, person: PersonId) -> bool {
        self.0.contains_key(&Topic::Person(person))
    }

    fn filed(&self, topic: &Topic) -> impl Iterator<Item = K> + use<'_, K> {
        self.0.get(topic).into_iter().flat_map(KeyCounts::keys).copied()
    }
}

/// The topics of a narrowing, without duplicates.
fn narrowing_topics(narrowing: &Narrowing) -> Vec<Topic> {
    match narrowing {
        Narrowing::Sessions(narrowing) => session_topics(narrowing),
        Narrowing::Bookings(BookingNarrowing::One(booking)) => vec![Topic::Booking(*booking)],
        Narrowing::Bookings(BookingNarrowing::Of(person)) => vec![Topic::BookingsOf(*person)],
        Narrowing::Bookings(BookingNarrowing::All) => vec![Topic::EveryBooking],
        Narrowing::Occupancy(activity) => vec![Topic::Occupancy(*activity)],
        Narrowing::EveryOccupancy => vec![Topic::EveryOccupancy],
    }
}

fn session_topics(narrowing: &SessionNarrowing) -> Vec<Topic> {
    let location = Location { city: narrowing.city.clone(), country: narrowing.country.clone() };
    if let Some(person) = narrowing.person {
        vec![Topic::Person(person)]
    } else if let Some(sessions) = &narrowing.sessions {
        let mut sessions = sessions.clone();
        sessions.sort_unstable();
        sessions.dedup();
        sessions.into_iter().map(Topic::Session).collect()
    } else if location != Location::default() {
        vec![Topic::Location(location)]
    } else {
        vec![Topic::EverySession]
    }
}

/// The topics of an event, without duplicates. A move has none here: [`Topics::of_person`] finds its subscriptions.
fn event_topics(event: &Event) -> Vec<Topic> {
    match event {
        Event::Session(SessionChange { kind: ChangeKind::PersonMoved, .. }) | Event::Unknown => Vec::new(),
        Event::Session(change) => {
            let mut topics = vec![Topic::EverySession];
            topics.extend(change.session.map(Topic::Session));
            add_locations(change, &mut topics);
            topics
        }
        Event::Booking(BookingStep { booking, mentor, student, .. }) => {
            let mut topics = vec![Topic::EveryBooking, Topic::Booking(*booking), Topic::BookingsOf(*mentor)];
            topics.extend((student != mentor).then_some(Topic::BookingsOf(*student)));
            topics
        }
        Event::Occupancy(activity) => vec![Topic::EveryOccupancy, Topic::Occupancy(*activity)],
    }
}

/// Adds the location topics of a change: its present and its previous location, each by city, by country and by both.
fn add_locations(change: &SessionChange, topics: &mut Vec<Topic>) {
    for location in std::iter::once(&change.location).chain(&change.previous_location) {
        let both = location.clone();
        let city = Location { city: location.city.clone(), country: None };
        let country = Location { city: None, country: location.country.clone() };
        for location in [both, city, country] {
            let topic = Topic::Location(location);
            if topic != Topic::Location(Location::default()) && !topics.contains(&topic) {
                topics.push(topic);
            }
        }
    }
}
