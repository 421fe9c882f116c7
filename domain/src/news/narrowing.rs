//! The filter of a subscription: which changes it receives, and as which kind (rule 25 of ARCHITECTURE.md).

use super::{Change, ChangeKind, Event, Location, SessionChange};
use crate::ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId};

/// The filter of one subscription.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Narrowing {
    /// Changes of instances and placements.
    Sessions(SessionNarrowing),
    /// Changes of bookings.
    Bookings(BookingNarrowing),
    /// Changes of the occupancy of one activity.
    Occupancy(ActivityId),
    /// Changes of the occupancy of all activities.
    EveryOccupancy,
}

/// The filter for changes of instances and placements. A change must match every field that is set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SessionNarrowing {
    pub sessions: Option<Vec<SessionId>>,
    /// Receive this person's moves, and the changes of the instance at which the person is placed.
    pub person: Option<PersonId>,
    pub city: Option<String>,
    pub country: Option<String>,
}

/// The filter for changes of bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingNarrowing {
    One(BookingId),
    /// Bookings in which this person is mentor or student.
    Of(PersonId),
    /// All bookings. Admins whose token names no person get this.
    All,
}

/// The form in which a subscription receives a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The kind may differ from the change's own: an instance that moves to another city counts as deactivated in the
    /// old city.
    Session(ChangeKind),
    Booking,
    Occupancy,
}

impl Narrowing {
    /// The form in which this subscription receives the change. `None` if it does not receive it.
    ///
    /// `person_at` is the placement, just before this change, of the person that [`Narrowing::followed`] gives.
    pub fn sees(&self, change: &Change, person_at: Option<SessionInstanceId>) -> Option<View> {
        match (self, &change.event) {
            (Self::Sessions(narrowing), Event::Session(change)) => narrowing.sees(change, person_at).map(View::Session),
            (Self::Bookings(narrowing), Event::Booking(step)) => {
                let is_included = match narrowing {
                    BookingNarrowing::One(booking) => step.booking == *booking,
                    BookingNarrowing::Of(person) => step.mentor == *person || step.student == *person,
                    BookingNarrowing::All => true,
                };
                is_included.then_some(View::Booking)
            }
            (Self::Occupancy(asked), Event::Occupancy(activity)) => (asked == activity).then_some(View::Occupancy),
            (Self::EveryOccupancy, Event::Occupancy(_)) => Some(View::Occupancy),
            _ => None,
        }
    }

    /// The person whose moves, and whose instance's changes, this subscription follows.
    pub const fn followed(&self) -> Option<PersonId> {
        match self {
            Self::Sessions(narrowing) => narrowing.person,
            Self::Bookings(_) | Self::Occupancy(_) | Self::EveryOccupancy => None,
        }
    }
}

impl SessionNarrowing {
    /// Whether `location` matches the city and country of the filter.
    fn includes_location(&self, location: &Location) -> bool {
        let matches = |wanted: &Option<String>, actual: &Option<String>| wanted.is_none() || wanted == actual;
        matches(&self.city, &location.city) && matches(&self.country, &location.country)
    }

    fn includes_session(&self, session: Option<SessionId>) -> bool {
        match (&self.sessions, session) {
            (None, _) => true,
            (Some(wanted), Some(session)) => wanted.contains(&session),
            (Some(_), None) => false,
        }
    }

    /// The kind under which the subscription receives the change. An instance that leaves the filter because its
    /// session moved to another city or country counts as deactivated. One that enters the filter counts as activated.
    fn sees(&self, change: &SessionChange, person_at: Option<SessionInstanceId>) -> Option<ChangeKind> {
        if change.kind == ChangeKind::PersonMoved {
            let is_theirs = self.person.is_some() && self.person == change.person;
            let is_here = self.includes_session(change.session) && self.includes_location(&change.location);
            let was_here = self.includes_session(change.previous_session)
                && self.includes_location(change.previous_location.as_ref().unwrap_or(&Location::default()));
            return (is_theirs && (is_here || was_here)).then_some(ChangeKind::PersonMoved);
        }
        if !self.includes_session(change.session) || (self.person.is_some() && person_at != change.instance) {
            return None;
        }
        let is_inside = self.includes_location(&change.location);
        let was_inside =
            change.previous_location.as_ref().map_or(is_inside, |location| self.includes_location(location));
        match (was_inside, is_inside) {
            (true, true) => Some(change.kind),
            (true, false) => Some(ChangeKind::Deactivated),
            (false, true) => Some(ChangeKind::Activated),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{
        booking::BookingStatus,
        news::{BookingStep, Position},
    };

    fn change(event: Event) -> Change {
        Change { position: Position(1), occurred_at: DateTime::UNIX_EPOCH, due_at: None, event }
    }

    fn updated(location: &str, previous: Option<&str>) -> SessionChange {
        let at = |city: &str| Location { city: Some(city.into()), country: None };
        SessionChange {
            session: Some(SessionId(7)),
            instance: Some(SessionInstanceId(70)),
            location: at(location),
            previous_location: previous.map(at),
            ..SessionChange::of(ChangeKind::Updated)
        }
    }

    fn moved(person: i64) -> SessionChange {
        SessionChange {
            kind: ChangeKind::PersonMoved,
            person: Some(PersonId(person)),
            previous_instance: Some(SessionInstanceId(10)),
            previous_session: Some(SessionId(1)),
            ..updated("Austin", None)
        }
    }

    fn booked(booking: i64, mentor: i64, student: i64) -> Change {
        change(Event::Booking(BookingStep {
            booking: BookingId(booking),
            mentor: PersonId(mentor),
            student: PersonId(student),
            old_status: None,
            new_status: BookingStatus::Scheduled,
            is_delayed: false,
            reason: String::new(),
        }))
    }

    #[test]
    fn session_that_changes_city_is_deactivated_in_the_old_and_activated_in_the_new() {
        let city = |name: &str| SessionNarrowing { city: Some(name.into()), ..SessionNarrowing::default() };
        let change = updated("Austin", Some("Dallas"));
        assert_eq!(city("Dallas").sees(&change, None), Some(ChangeKind::Deactivated));
        assert_eq!(city("Austin").sees(&change, None), Some(ChangeKind::Activated));
        assert_eq!(city("Waco").sees(&change, None), None);
        assert_eq!(SessionNarrowing::default().sees(&change, None), Some(ChangeKind::Updated));
    }

    #[test]
    fn moves_are_received_only_by_subscriptions_to_that_person() {
        let person = |id| SessionNarrowing { person: Some(PersonId(id)), ..SessionNarrowing::default() };
        assert_eq!(person(1).sees(&moved(1), None), Some(ChangeKind::PersonMoved));
        assert_eq!(person(2).sees(&moved(1), None), None);
        assert_eq!(SessionNarrowing::default().sees(&moved(1), None), None);
        let elsewhere = SessionNarrowing { sessions: Some(vec![SessionId(9)]), ..person(1) };
        assert_eq!(elsewhere.sees(&moved(1), None), None);
    }

    #[test]
    fn subscription_to_a_person_receives_changes_of_their_instance() {
        let person = SessionNarrowing { person: Some(PersonId(1)), ..SessionNarrowing::default() };
        assert_eq!(person.sees(&updated("Austin", None), Some(SessionInstanceId(70))), Some(ChangeKind::Updated));
        assert_eq!(person.sees(&updated("Austin", None), Some(SessionInstanceId(71))), None);
        assert_eq!(person.sees(&updated("Austin", None), None), None);
    }

    #[test]
    fn booking_steps_are_received_by_booking_by_participant_and_by_all() {
        let step = booked(5, 1, 2);
        let sees = |narrowing| Narrowing::Bookings(narrowing).sees(&step, None).is_some();
        assert!(sees(BookingNarrowing::One(BookingId(5))) && !sees(BookingNarrowing::One(BookingId(6))));
        assert!(sees(BookingNarrowing::Of(PersonId(1))) && sees(BookingNarrowing::Of(PersonId(2))));
        assert!(!sees(BookingNarrowing::Of(PersonId(5))) && sees(BookingNarrowing::All));
    }

    #[test]
    fn subscription_receives_only_events_of_its_own_kind() {
        let events = [
            (change(Event::Session(updated("Austin", None))), Some(0)),
            (booked(5, 1, 2), Some(1)),
            (change(Event::Occupancy(ActivityId(3))), Some(2)),
            (change(Event::Unknown), None),
        ];
        let narrowings = [
            Narrowing::Sessions(SessionNarrowing::default()),
            Narrowing::Bookings(BookingNarrowing::All),
            Narrowing::Occupancy(ActivityId(3)),
        ];
        for (event, seeing) in &events {
            let found = narrowings.iter().position(|narrowing| narrowing.sees(event, None).is_some());
            assert_eq!(found, *seeing, "{event:?}");
        }
        assert_eq!(Narrowing::EveryOccupancy.sees(&events[2].0, None), Some(View::Occupancy));
        assert_eq!(Narrowing::EveryOccupancy.sees(&events[1].0, None), None);
        assert_eq!(Narrowing::Occupancy(ActivityId(4)).sees(&change(Event::Occupancy(ActivityId(3))), None), None);
    }
}
