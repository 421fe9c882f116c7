//! Which changes a subscription gets, and as what it sees them (rule 25).

use super::{Change, ChangeKind, Event, Location, SessionChange};
use crate::ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId};

/// What a subscription asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrowing {
    /// Changes of who is in session.
    Sessions(SessionNarrowing),
    /// The steps of some bookings.
    Bookings(BookingNarrowing),
    /// The occupancy of an activity.
    Occupancy(ActivityId),
}

/// Narrows changes of who is in session. Everything that is set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionNarrowing {
    pub sessions: Option<Vec<SessionId>>,
    pub person: Option<PersonId>,
    pub city: Option<String>,
    pub country: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingNarrowing {
    One(BookingId),
    /// Those in which this person is mentor or student.
    Of(PersonId),
    /// For admins who are nobody in particular.
    All,
}

/// As what a subscription sees a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// Not always the change's own kind: who leaves a city is deactivated there.
    Session(ChangeKind),
    Booking,
    Occupancy,
}

impl Narrowing {
    /// As what this subscription sees the change; `None`: not at all.
    ///
    /// `person_at`: only with [`Narrowing::followed`], where that person was just before this change.
    pub fn sees(&self, change: &Change, person_at: Option<SessionInstanceId>) -> Option<Seen> {
        match (self, &change.event) {
            (Self::Sessions(narrowing), Event::Session(change)) => narrowing.sees(change, person_at).map(Seen::Session),
            (Self::Bookings(narrowing), Event::Booking(step)) => {
                let is_meant = match narrowing {
                    BookingNarrowing::One(booking) => step.booking == *booking,
                    BookingNarrowing::Of(person) => step.mentor == *person || step.student == *person,
                    BookingNarrowing::All => true,
                };
                is_meant.then_some(Seen::Booking)
            }
            (Self::Occupancy(asked), Event::Occupancy(activity)) => (asked == activity).then_some(Seen::Occupancy),
            _ => None,
        }
    }

    /// The person whose moves it follows, and with them what happens where they are.
    pub const fn followed(&self) -> Option<PersonId> {
        match self {
            Self::Sessions(narrowing) => narrowing.person,
            Self::Bookings(_) | Self::Occupancy(_) => None,
        }
    }
}

impl SessionNarrowing {
    /// Does a session at `location` belong to what is asked for?
    fn includes_location(&self, location: &Location) -> bool {
        let fits = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        fits(&self.city, &location.city) && fits(&self.country, &location.country)
    }

    fn includes_session(&self, session: Option<SessionId>) -> bool {
        match (&self.sessions, session) {
            (None, _) => true,
            (Some(wanted), Some(session)) => wanted.contains(&session),
            (Some(_), None) => false,
        }
    }

    /// An instance that leaves the narrowing by moving to another city is deactivated there, and one that enters it is
    /// activated.
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
    fn a_session_that_moves_leaves_one_city_and_enters_another() {
        let city = |name: &str| SessionNarrowing { city: Some(name.into()), ..SessionNarrowing::default() };
        let change = updated("Austin", Some("Dallas"));
        assert_eq!(city("Dallas").sees(&change, None), Some(ChangeKind::Deactivated));
        assert_eq!(city("Austin").sees(&change, None), Some(ChangeKind::Activated));
        assert_eq!(city("Waco").sees(&change, None), None);
        assert_eq!(SessionNarrowing::default().sees(&change, None), Some(ChangeKind::Updated));
    }

    #[test]
    fn moves_appear_only_where_that_person_is_asked_for() {
        let person = |id| SessionNarrowing { person: Some(PersonId(id)), ..SessionNarrowing::default() };
        assert_eq!(person(1).sees(&moved(1), None), Some(ChangeKind::PersonMoved));
        assert_eq!(person(2).sees(&moved(1), None), None);
        assert_eq!(SessionNarrowing::default().sees(&moved(1), None), None);
        let elsewhere = SessionNarrowing { sessions: Some(vec![SessionId(9)]), ..person(1) };
        assert_eq!(elsewhere.sees(&moved(1), None), None);
    }

    #[test]
    fn a_person_sees_what_happens_where_they_are() {
        let person = SessionNarrowing { person: Some(PersonId(1)), ..SessionNarrowing::default() };
        assert_eq!(person.sees(&updated("Austin", None), Some(SessionInstanceId(70))), Some(ChangeKind::Updated));
        assert_eq!(person.sees(&updated("Austin", None), Some(SessionInstanceId(71))), None);
        assert_eq!(person.sees(&updated("Austin", None), None), None);
    }

    #[test]
    fn a_booking_s_steps_are_seen_by_who_asks_for_it_or_takes_part() {
        let step = booked(5, 1, 2);
        let sees = |narrowing| Narrowing::Bookings(narrowing).sees(&step, None).is_some();
        assert!(sees(BookingNarrowing::One(BookingId(5))) && !sees(BookingNarrowing::One(BookingId(6))));
        assert!(sees(BookingNarrowing::Of(PersonId(1))) && sees(BookingNarrowing::Of(PersonId(2))));
        assert!(!sees(BookingNarrowing::Of(PersonId(5))) && sees(BookingNarrowing::All));
    }

    #[test]
    fn nobody_sees_what_they_did_not_ask_about() {
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
        for (event, seeing) in events {
            let found = narrowings.iter().position(|narrowing| narrowing.sees(&event, None).is_some());
            assert_eq!(found, seeing, "{event:?}");
        }
        assert_eq!(Narrowing::Occupancy(ActivityId(4)).sees(&change(Event::Occupancy(ActivityId(3))), None), None);
    }
}
