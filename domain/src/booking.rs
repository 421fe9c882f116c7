//! Bookings and their status (rule 18 of ARCHITECTURE.md).
//!
//! A *booking* is a student's claim on a mentor's time slot. A *step* takes it from one status to the next:
//!
//! - SCHEDULED becomes ONGOING when the mentor starts the booking, or automatically when its slot begins. In the second
//!   case the booking is *delayed*.
//! - ONGOING becomes COMPLETED when a participant completes the booking, or automatically when its slot ends. A delayed
//!   booking is never completed automatically.
//! - SCHEDULED becomes CANCELLED when a participant cancels the booking.
//! - COMPLETED and CANCELLED are final.
//!
//! A function takes a [`State`] and returns a [`Step`], or the reason why there is none. The caller stores the new
//! state together with its [`State::due_at`]. The next sweep or timer finds the booking by that instant. Sweeps do not
//! look ahead at bookings.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType), sea_orm(value_type = "String", column_type = "Text"))]
pub enum BookingStatus {
    Scheduled,
    Ongoing,
    Completed,
    Cancelled,
}

impl BookingStatus {
    pub const ALL: [Self; 4] = [Self::Scheduled, Self::Ongoing, Self::Completed, Self::Cancelled];

    /// The text in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Ongoing => "ONGOING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The reverse of [`BookingStatus::as_str`]. `None` if the text is not a status.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

kept_as_text!(BookingStatus);

/// The time of a slot: from the start up to, but not including, the end. It is never empty and never longer than
/// [`Slot::MAX_LENGTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// Why two instants are not a valid slot. The message completes a sentence about the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    #[error("must be after the start")]
    EndsBeforeStart,
    #[error("must be at most 24 hours after the start")]
    TooLong,
}

impl Slot {
    /// One day. The limit catches mistyped dates.
    pub const MAX_LENGTH: TimeDelta = TimeDelta::hours(24);

    /// A slot from user input.
    ///
    /// # Errors
    /// If the end is not after the start, or the slot is longer than [`Slot::MAX_LENGTH`].
    pub fn new(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Result<Self, SlotError> {
        if ends_at <= starts_at {
            Err(SlotError::EndsBeforeStart)
        } else if ends_at - starts_at > Self::MAX_LENGTH {
            Err(SlotError::TooLong)
        } else {
            Ok(Self { starts_at, ends_at })
        }
    }

    /// A slot from the database. It is not checked, because it was checked when it was written.
    pub const fn stored(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Self {
        Self { starts_at, ends_at }
    }

    pub const fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    pub const fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }

    /// Whether the slot begins after `now`. A slot that has begun can't be booked, because the booking would be delayed
    /// at once.
    pub fn is_bookable(&self, now: DateTime<Utc>) -> bool {
        now < self.starts_at
    }
}

/// The facts about a booking that decide its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub status: BookingStatus,
    /// The slot began before anyone started the booking. It stays set when the booking is completed.
    pub is_delayed: bool,
}

/// Why a booking took a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Booked,
    Started,
    Completed,
    Cancelled,
    /// The slot began before anyone started the booking.
    SlotBegan,
    SlotEnded,
}

impl Reason {
    /// A sentence for users. The change log stores it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Booked => "It was booked.",
            Self::Started => "It was started.",
            Self::Completed => "It was marked as completed.",
            Self::Cancelled => "It was cancelled.",
            Self::SlotBegan => "Its start time passed and nobody had started it.",
            Self::SlotEnded => "Its end time passed.",
        }
    }
}

/// A change from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// `None` for a new booking.
    pub from: Option<State>,
    pub to: State,
    pub reason: Reason,
}

/// The booking's status does not allow the requested step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this booking is {}: only one that is {} can be {asked}", .status.as_str(), .required.as_str())]
pub struct InvalidTransition {
    pub status: BookingStatus,
    /// The status that the step requires.
    pub required: BookingStatus,
    /// The participle of the step, such as "started".
    pub asked: &'static str,
}

impl State {
    /// The state of a new booking.
    pub const BOOKED: Self = Self { status: BookingStatus::Scheduled, is_delayed: false };

    /// The step that creates a booking.
    pub const fn book() -> Step {
        Step { from: None, to: Self::BOOKED, reason: Reason::Booked }
    }

    /// Starts the booking. This is possible days early. It is also possible after the slot began, as long as the
    /// automatic step has not been taken.
    ///
    /// # Errors
    /// If the booking is not SCHEDULED.
    pub fn start(self) -> Result<Step, InvalidTransition> {
        self.step(BookingStatus::Scheduled, BookingStatus::Ongoing, Reason::Started, "started")
    }

    /// Completes the booking, delayed or not.
    ///
    /// # Errors
    /// If the booking is not ONGOING.
    pub fn complete(self) -> Result<Step, InvalidTransition> {
        self.step(BookingStatus::Ongoing, BookingStatus::Completed, Reason::Completed, "completed")
    }

    /// Cancels the booking.
    ///
    /// # Errors
    /// If the booking is not SCHEDULED.
    pub fn cancel(self) -> Result<Step, InvalidTransition> {
        self.step(BookingStatus::Scheduled, BookingStatus::Cancelled, Reason::Cancelled, "cancelled")
    }

    /// The automatic step that is due at `now`, if any. A booking takes at most one automatic step in its life. If the
    /// whole slot passes before the first sweep, the booking ends up ONGOING and delayed.
    pub fn fall_due(self, slot: &Slot, now: DateTime<Utc>) -> Option<Step> {
        if self.due_at(slot)? > now {
            return None;
        }
        let (to, reason) = match self.status {
            BookingStatus::Scheduled => (Self { status: BookingStatus::Ongoing, is_delayed: true }, Reason::SlotBegan),
            _ => (Self { status: BookingStatus::Completed, ..self }, Reason::SlotEnded),
        };
        Some(Step { from: Some(self), to, reason })
    }

    /// The instant of the next automatic step. `None` if there is none.
    pub fn due_at(self, slot: &Slot) -> Option<DateTime<Utc>> {
        match self {
            Self { status: BookingStatus::Scheduled, .. } => Some(slot.starts_at),
            Self { status: BookingStatus::Ongoing, is_delayed: false } => Some(slot.ends_at),
            _ => None,
        }
    }

    fn step(
        self,
        from: BookingStatus,
        to: BookingStatus,
        reason: Reason,
        asked: &'static str,
    ) -> Result<Step, InvalidTransition> {
        if self.status != from {
            return Err(InvalidTransition { status: self.status, required: from, asked });
        }
        Ok(Step { from: Some(self), to: Self { status: to, ..self }, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 8] = {
        let mut states = [State::BOOKED; 8];
        let mut n = 0;
        while n < 8 {
            states[n] = State { status: BookingStatus::ALL[n / 2], is_delayed: n % 2 == 1 };
            n += 1;
        }
        states
    };

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    #[test]
    fn slot_ends_after_its_start_and_within_a_day() {
        assert_eq!(Slot::new(at(1), at(1)), Err(SlotError::EndsBeforeStart));
        assert_eq!(Slot::new(at(2), at(1)), Err(SlotError::EndsBeforeStart));
        assert_eq!(Slot::new(at(0), at(25)), Err(SlotError::TooLong));
        assert!(Slot::new(at(0), at(24)).is_ok());
        let slot = Slot::stored(at(1), at(2));
        assert!(slot.is_bookable(at(0)) && !slot.is_bookable(at(1)) && !slot.is_bookable(at(3)));
    }

    #[test]
    fn only_the_allowed_steps_are_possible() {
        use BookingStatus::{Cancelled, Completed, Ongoing, Scheduled};
        for state in STATES {
            let to = |result: Result<Step, InvalidTransition>| result.ok().map(|step| step.to);
            let with = |status| Some(State { status, ..state });
            let [start, complete, cancel] = match state.status {
                Scheduled => [with(Ongoing), None, with(Cancelled)],
                Ongoing => [None, with(Completed), None],
                Completed | Cancelled => [None, None, None],
            };
            assert_eq!([to(state.start()), to(state.complete()), to(state.cancel())], [start, complete, cancel]);
        }
        let refused = State { status: Completed, is_delayed: false }.start().unwrap_err();
        assert_eq!(refused.to_string(), "this booking is COMPLETED: only one that is SCHEDULED can be started");
    }

    #[test]
    fn due_booking_takes_exactly_one_automatic_step() {
        let slot = Slot::stored(at(1), at(2));
        for state in STATES {
            for now in [at(0), at(1), at(2), at(9)] {
                let step = state.fall_due(&slot, now);
                assert_eq!(step.is_some(), state.due_at(&slot).is_some_and(|due| due <= now), "{state:?} {now}");
                if let Some(step) = step {
                    assert_eq!(step.from, Some(state));
                    assert_eq!(step.to.fall_due(&slot, at(1_000)), None, "a second step: {state:?} {now}");
                }
            }
        }
        let late = State::BOOKED.fall_due(&slot, at(9)).unwrap();
        assert_eq!(late.to, State { status: BookingStatus::Ongoing, is_delayed: true });
    }
}
