//! News: the rows of the change log as subscribers receive them (rules 22, 24 and 25 of ARCHITECTURE.md).
//!
//! A [`Change`] is one row of the change log. Its [`Event`] says what happened. A [`Narrowing`] is the filter of one
//! subscription: it decides which changes the subscription receives, and never what they say.

mod narrowing;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::narrowing::{BookingNarrowing, Narrowing, SessionNarrowing, View};
use crate::{
    booking::BookingStatus,
    ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId},
};

/// The position of a change in the log (rule 22). Positions become visible in ascending order. The first is 1; 0 is
/// before all changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub i64);

/// One row of the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub position: Position,
    pub occurred_at: DateTime<Utc>,
    /// The instant at which the change fell due, for a change that the clock caused. If a transaction makes several
    /// such changes, all have the earliest instant. `None` for what people did.
    pub due_at: Option<DateTime<Utc>>,
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An instance changed, or the placement of a person.
    Session(SessionChange),
    /// The status of a booking changed.
    Booking(BookingStep),
    /// The occupancy, the limit or the queue of an activity changed. One such event may replace all earlier ones of the
    /// same activity (rule 24).
    Occupancy(ActivityId),
    /// An event of a newer version of the program. It has a position, but no subscription receives it.
    Unknown,
}

impl Event {
    /// The change of an instance or a placement, if it is one.
    pub const fn as_session(&self) -> Option<&SessionChange> {
        match self {
            Self::Session(change) => Some(change),
            _ => None,
        }
    }

    /// The booking's step, if it is one.
    pub const fn as_booking(&self) -> Option<&BookingStep> {
        match self {
            Self::Booking(step) => Some(step),
            _ => None,
        }
    }

    /// The activity whose occupancy changed, if it is such an event.
    pub const fn as_occupancy(&self) -> Option<ActivityId> {
        match self {
            Self::Occupancy(activity) => Some(*activity),
            _ => None,
        }
    }

    /// The person whose placement changed, if the event is a `PersonMoved`.
    pub fn as_move(&self) -> Option<(PersonId, &SessionChange)> {
        let change = self.as_session().filter(|change| change.kind == ChangeKind::PersonMoved)?;
        Some((change.person?, change))
    }
}

/// The kind of a [`SessionChange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Activated,
    Deactivated,
    /// Something that badges show changed while the instance is active: times, location, counts.
    Updated,
    /// The placement of a person changed.
    PersonMoved,
}

impl ChangeKind {
    /// The text in the change log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "ACTIVATED",
            Self::Deactivated => "DEACTIVATED",
            Self::Updated => "UPDATED",
            Self::PersonMoved => "PERSON_MOVED",
        }
    }

    /// The reverse of [`ChangeKind::as_str`]. `None` for a kind of a newer version of the program.
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

/// A change of an instance or of a person's placement. In a `PersonMoved`, `instance` and `session` are the person's
/// new placement, or `None` if the person has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    pub kind: ChangeKind,
    pub session: Option<SessionId>,
    pub instance: Option<SessionInstanceId>,
    /// The location of `session` at the time of the change.
    pub location: Location,
    /// Set in two cases. In an `Updated` by which the session moved to another city or country: its location before.
    /// In a `PersonMoved`: the location of `previous_session`.
    pub previous_location: Option<Location>,
    /// Only in a `PersonMoved`.
    pub person: Option<PersonId>,
    /// Only in a `PersonMoved`: the instance of the previous placement.
    pub previous_instance: Option<SessionInstanceId>,
    /// Only in a `PersonMoved`: the session of the previous placement.
    pub previous_session: Option<SessionId>,
}

impl SessionChange {
    /// A change of this kind with all other fields empty.
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

/// A change of a booking's status (rule 18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingStep {
    pub booking: BookingId,
    pub mentor: PersonId,
    pub student: PersonId,
    /// `None` for a new booking.
    pub old_status: Option<BookingStatus>,
    pub new_status: BookingStatus,
    pub is_delayed: bool,
    /// A sentence for users.
    pub reason: String,
}
