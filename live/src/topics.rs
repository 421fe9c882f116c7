//! Who may be concerned by a change, without asking everyone.
//!
//! Each narrowing is filed under one kind of topic. One of sessions: its person, else its sessions, else its location, else
//! everything; one of bookings: the booking, else the person who takes part, else all of them; one of an occupancy: its
//! activity. So the entries found for a change are those that may see it; `Narrowing::sees` has the last word.

use std::collections::{BTreeMap, HashMap};

use domain::{
    ids::{ActivityId, BookingId, PersonId, SessionId},
    news::{BookingNarrowing, BookingStep, ChangeKind, Event, Location, Narrowing, SessionChange, SessionNarrowing},
};

/// Keys with how often each was filed here. Ordered, so that those who asked first are told first.
type Filed<K> = BTreeMap<K, u32>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Topic {
    EverySession,
    Session(SessionId),
    Location(Location),
    /// Where that person is, and goes.
    Person(PersonId),
    EveryBooking,
    Booking(BookingId),
    /// The bookings in which that person is mentor or student.
    BookingsOf(PersonId),
    Occupancy(ActivityId),
}

#[derive(Debug)]
pub(super) struct Topics<K>(HashMap<Topic, Filed<K>>);

impl<K> Default for Topics<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Ord> Topics<K> {
    pub(super) fn add(&mut self, narrowing: &Narrowing, key: K) {
        for topic in asked_for(narrowing) {
            *self.0.entry(topic).or_default().entry(key).or_default() += 1;
        }
    }

    /// Takes back one [`Topics::add`] with the same arguments.
    pub(super) fn remove(&mut self, narrowing: &Narrowing, key: K) {
        for topic in asked_for(narrowing) {
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

    /// Adds to `found` whoever may see the event and does not follow a person. A key filed under several topics of the
    /// event is found several times.
    pub(super) fn find(&self, event: &Event, found: &mut Vec<K>) {
        for topic in told_by(event) {
            found.extend(self.filed(&topic));
        }
    }

    /// Whoever follows that person.
    pub(super) fn of_person(&self, person: PersonId) -> impl Iterator<Item = K> {
        self.filed(&Topic::Person(person))
    }

    pub(super) fn has_person(&self, person: PersonId) -> bool {
        self.0.contains_key(&Topic::Person(person))
    }

    fn filed(&self, topic: &Topic) -> impl Iterator<Item = K> + use<'_, K> {
        self.0.get(topic).into_iter().flat_map(Filed::keys).copied()
    }
}

/// Under what a narrowing is filed: each topic once.
fn asked_for(narrowing: &Narrowing) -> Vec<Topic> {
    match narrowing {
        Narrowing::Sessions(narrowing) => sessions_asked_for(narrowing),
        Narrowing::Bookings(BookingNarrowing::One(booking)) => vec![Topic::Booking(*booking)],
        Narrowing::Bookings(BookingNarrowing::Of(person)) => vec![Topic::BookingsOf(*person)],
        Narrowing::Bookings(BookingNarrowing::All) => vec![Topic::EveryBooking],
        Narrowing::Occupancy(activity) => vec![Topic::Occupancy(*activity)],
    }
}

fn sessions_asked_for(narrowing: &SessionNarrowing) -> Vec<Topic> {
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

/// Under what those are filed who may see the event, each topic once. Moves are found by [`Topics::of_person`] alone.
fn told_by(event: &Event) -> Vec<Topic> {
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
        Event::Occupancy(activity) => vec![Topic::Occupancy(*activity)],
    }
}

/// The locations under which someone may ask for this change: each of where it is and was, by city, country and both.
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
