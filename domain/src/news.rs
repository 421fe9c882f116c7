//! News: the rows of the change log as subscribers see them, and which of them a subscription gets (rules 24 and 25).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, SessionId, SessionInstanceId};

/// A change's place in the log. Positions become visible in order and have no end; the first is 1, and 0 is before all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub i64);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Activated,
    Deactivated,
    /// Something shown on a badge changed while active: times, place, counts.
    Updated,
    /// The person is somewhere else now, or nowhere.
    PersonMoved,
}

impl ChangeKind {
    /// The text that the log keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "ACTIVATED",
            Self::Deactivated => "DEACTIVATED",
            Self::Updated => "UPDATED",
            Self::PersonMoved => "PERSON_MOVED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Activated, Self::Deactivated, Self::Updated, Self::PersonMoved]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Where a session meets, as far as narrowing goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Place {
    pub city: Option<String>,
    pub country: Option<String>,
}

/// One change of the log. Of a `PersonMoved`, `instance` and `session` are where the person is now (`None`: nowhere).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub position: Position,
    pub occurred_at: DateTime<Utc>,
    pub kind: ChangeKind,
    pub session: Option<SessionId>,
    pub instance: Option<SessionInstanceId>,
    /// The session's place when this happened.
    pub place: Place,
    /// Of an `Updated` by which the session moved to another place: where it was. Of a `PersonMoved`: the place of
    /// `previous_session`. Else nothing.
    pub previous_place: Option<Place>,
    /// Only of a `PersonMoved`.
    pub person: Option<PersonId>,
    /// Only of a `PersonMoved`: where the person was.
    pub previous_instance: Option<SessionInstanceId>,
    pub previous_session: Option<SessionId>,
}

/// What a subscription asks for. Everything that is set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Narrowing {
    pub sessions: Option<Vec<SessionId>>,
    pub person: Option<PersonId>,
    pub city: Option<String>,
    pub country: Option<String>,
}

impl Narrowing {
    /// Does a session at `place` belong to what is asked for?
    fn includes_place(&self, place: &Place) -> bool {
        let fits = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        fits(&self.city, &place.city) && fits(&self.country, &place.country)
    }

    fn includes_session(&self, session: Option<SessionId>) -> bool {
        match (&self.sessions, session) {
            (None, _) => true,
            (Some(wanted), Some(session)) => wanted.contains(&session),
            (Some(_), None) => false,
        }
    }

    /// As what this subscription sees the change; `None`: not at all.
    ///
    /// `person_at`: only with `person`, where that person was just before this change. An instance that leaves the
    /// narrowing by moving to another city is deactivated there, and one that enters it is activated (rule 25).
    pub fn sees(&self, change: &Change, person_at: Option<SessionInstanceId>) -> Option<ChangeKind> {
        if change.kind == ChangeKind::PersonMoved {
            let is_theirs = self.person.is_some() && self.person == change.person;
            let is_here = self.includes_session(change.session) && self.includes_place(&change.place);
            let was_here = self.includes_session(change.previous_session)
                && self.includes_place(change.previous_place.as_ref().unwrap_or(&Place::default()));
            return (is_theirs && (is_here || was_here)).then_some(ChangeKind::PersonMoved);
        }
        if !self.includes_session(change.session) || (self.person.is_some() && person_at != change.instance) {
            return None;
        }
        let is_inside = self.includes_place(&change.place);
        let was_inside = change.previous_place.as_ref().map_or(is_inside, |place| self.includes_place(place));
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
    use super::*;

    fn updated(place: &str, previous: Option<&str>) -> Change {
        let at = |city: &str| Place { city: Some(city.into()), country: None };
        Change {
            position: Position(1),
            occurred_at: DateTime::UNIX_EPOCH,
            kind: ChangeKind::Updated,
            session: Some(SessionId(7)),
            instance: Some(SessionInstanceId(70)),
            place: at(place),
            previous_place: previous.map(at),
            person: None,
            previous_instance: None,
            previous_session: None,
        }
    }

    fn moved(person: i64) -> Change {
        Change {
            kind: ChangeKind::PersonMoved,
            person: Some(PersonId(person)),
            previous_instance: Some(SessionInstanceId(10)),
            previous_session: Some(SessionId(1)),
            ..updated("Austin", None)
        }
    }

    #[test]
    fn a_session_that_moves_leaves_one_city_and_enters_another() {
        let city = |name: &str| Narrowing { city: Some(name.into()), ..Narrowing::default() };
        let change = updated("Austin", Some("Dallas"));
        assert_eq!(city("Dallas").sees(&change, None), Some(ChangeKind::Deactivated));
        assert_eq!(city("Austin").sees(&change, None), Some(ChangeKind::Activated));
        assert_eq!(city("Waco").sees(&change, None), None);
        assert_eq!(Narrowing::default().sees(&change, None), Some(ChangeKind::Updated));
    }

    #[test]
    fn moves_appear_only_where_that_person_is_asked_for() {
        let person = |id| Narrowing { person: Some(PersonId(id)), ..Narrowing::default() };
        assert_eq!(person(1).sees(&moved(1), None), Some(ChangeKind::PersonMoved));
        assert_eq!(person(2).sees(&moved(1), None), None);
        assert_eq!(Narrowing::default().sees(&moved(1), None), None);
        let elsewhere = Narrowing { sessions: Some(vec![SessionId(9)]), ..person(1) };
        assert_eq!(elsewhere.sees(&moved(1), None), None);
    }

    #[test]
    fn a_person_sees_what_happens_where_they_are() {
        let person = Narrowing { person: Some(PersonId(1)), ..Narrowing::default() };
        assert_eq!(person.sees(&updated("Austin", None), Some(SessionInstanceId(70))), Some(ChangeKind::Updated));
        assert_eq!(person.sees(&updated("Austin", None), Some(SessionInstanceId(71))), None);
        assert_eq!(person.sees(&updated("Austin", None), None), None);
    }
}
