//! News: the rows of the change log as subscribers see them, and which of them a subscription gets (rules 24 and 25).

mod narrowing;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::narrowing::{BookingNarrowing, Narrowing, Seen, SessionNarrowing};
use crate::{
    booking::BookingStatus,
    ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId},
};

/// A change's place in the log. Positions become visible in order and have no end; the first is 1, and 0 is before all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub i64);

/// One change of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub position: Position,
    pub occurred_at: DateTime<Utc>,
    /// Since when it had been due, if the clock called for it: of all that its transaction did, the first.
    pub due_at: Option<DateTime<Utc>>,
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// To a session's instance, or to where a person is.
    Session(SessionChange),
    /// A booking took a step.
    Booking(BookingStep),
    /// How many are on line in an activity changed. No cursor promises it: a later one may stand for all before it.
    Occupancy(ActivityId),
    /// Something that a later version of the program wrote. Nobody sees it, but it has its position.
    Unknown,
}

impl Event {
    pub const fn as_session(&self) -> Option<&SessionChange> {
        match self {
            Self::Session(change) => Some(change),
            _ => None,
        }
    }

    pub const fn as_booking(&self) -> Option<&BookingStep> {
        match self {
            Self::Booking(step) => Some(step),
            _ => None,
        }
    }

    pub const fn as_occupancy(&self) -> Option<ActivityId> {
        match self {
            Self::Occupancy(activity) => Some(*activity),
            _ => None,
        }
    }

    /// Who moved from one meeting to another, or from or to nowhere.
    pub fn as_move(&self) -> Option<(PersonId, &SessionChange)> {
        let change = self.as_session().filter(|change| change.kind == ChangeKind::PersonMoved)?;
        Some((change.person?, change))
    }
}

/// What happened to an instance, or to a person.
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

/// The city and country in which a session meets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Location {
    pub city: Option<String>,
    pub country: Option<String>,
}

/// A change of who is in session. Of a `PersonMoved`, `instance` and `session` are where the person is now (`None`:
/// nowhere).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    pub kind: ChangeKind,
    pub session: Option<SessionId>,
    pub instance: Option<SessionInstanceId>,
    /// The session's location when this happened.
    pub location: Location,
    /// Set in two cases. In an `Updated` by which the session moved to another city or country: its location before.
    /// In a `PersonMoved`: the location of `previous_session`.
    pub previous_location: Option<Location>,
    /// Only of a `PersonMoved`.
    pub person: Option<PersonId>,
    /// Only of a `PersonMoved`: where the person was.
    pub previous_instance: Option<SessionInstanceId>,
    pub previous_session: Option<SessionId>,
}

impl SessionChange {
    /// Of that kind, and about nothing yet.
    pub const fn of(kind: ChangeKind) -> Self {
        Self {
            kind,
            session: None,
            instance: None,
            location: Location { city: None, country: None },
            previous_location: None,
            person: None,
            previous_instance: None,
            previous_session: None,
        }
    }
}

/// A step that a booking took (rule 18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingStep {
    pub booking: BookingId,
    pub mentor: PersonId,
    pub student: PersonId,
    /// `None`: it was made.
    pub old_status: Option<BookingStatus>,
    pub new_status: BookingStatus,
    pub is_delayed: bool,
    /// For people.
    pub reason: String,
}
