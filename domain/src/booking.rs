//! Bookings: a student's claim on a mentor's time slot, and the steps it may take (rule 18).
//!
//! SCHEDULED becomes ONGOING when someone starts it, or by itself when its slot begins: then it is *delayed*. An ONGOING
//! one that is not delayed becomes COMPLETED by itself when its slot ends; a delayed one waits for someone to complete it.
//! A SCHEDULED one can be cancelled. Nothing follows COMPLETED and CANCELLED.
//!
//! Facts and an instant go in, a [`Step`] comes out, or why there is none. Whoever stores the step stores [`State::due_at`]
//! beside it, by which the next sweep or timer finds the booking. Sweeps don't look ahead at bookings.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BookingStatus {
    Scheduled,
    Ongoing,
    Completed,
    Cancelled,
}

impl BookingStatus {
    pub const ALL: [Self; 4] = [Self::Scheduled, Self::Ongoing, Self::Completed, Self::Cancelled];

    /// The text that the database keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Ongoing => "ONGOING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// The time of a slot, half open: never empty, and no longer than [`Slot::MAX_LENGTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// Why two instants are no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    #[error("must be after the start")]
    EndsBeforeStart,
    #[error("must be at most 24 hours after the start")]
    TooLong,
}

impl Slot {
    /// A day: longer than anyone talks to anyone, and short enough that a mistaken date is noticed.
    pub const MAX_LENGTH: TimeDelta = TimeDelta::hours(24);

    /// # Errors
    /// When it would be empty, or too long.
    pub fn new(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Result<Self, SlotError> {
        if ends_at <= starts_at {
            Err(SlotError::EndsBeforeStart)
        } else if ends_at - starts_at > Self::MAX_LENGTH {
            Err(SlotError::TooLong)
        } else {
            Ok(Self { starts_at, ends_at })
        }
    }

    /// A slot as it is stored: whoever wrote it saw to it that it is one.
    pub const fn stored(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Self {
        Self { starts_at, ends_at }
    }

    pub const fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    pub const fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }

    /// Only what has not begun can be booked, so that a booking never begins its life delayed.
    pub fn is_bookable(&self, now: DateTime<Utc>) -> bool {
        now < self.starts_at
    }
}

/// What of a booking its steps depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub status: BookingStatus,
    /// It began by itself, as nobody had started it by then. Stays so when it is completed.
    pub is_delayed: bool,
}

/// Why a booking took a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Booked,
    Started,
    Completed,
    Cancelled,
    /// The slot began and nobody had started it.
    SlotBegan,
    /// The slot ended.
    SlotEnded,
}

impl Reason {
    /// For people; kept in the log.
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

/// From one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Of a new booking nothing.
    pub from: Option<State>,
    pub to: State,
    pub reason: Reason,
}

/// The booking's status does not allow what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a booking that is {} can't be {asked}", .status.as_str())]
pub struct InvalidTransition {
    pub status: BookingStatus,
    /// As in "can't be started".
    pub asked: &'static str,
}

impl State {
    /// As every booking begins.
    pub const BOOKED: Self = Self { status: BookingStatus::Scheduled, is_delayed: false };

    /// The step by which a booking comes to be.
    pub const fn book() -> Step {
        Step { from: None, to: Self::BOOKED, reason: Reason::Booked }
    }

    /// By the mentor: days early, or late as long as it has not begun by itself.
    ///
    /// # Errors
    /// When it is not SCHEDULED.
    pub fn start(self) -> Result<Step, InvalidTransition> {
        self.step(BookingStatus::Scheduled, BookingStatus::Ongoing, Reason::Started, "started")
    }

    /// # Errors
    /// When it is not ONGOING.
    pub fn complete(self) -> Result<Step, InvalidTransition> {
        self.step(BookingStatus::Ongoing, BookingStatus::Completed, Reason::Completed, "completed")
    }

    /// # Errors
    /// When it is not SCHEDULED.
    pub fn cancel(self) -> Result<Step, InvalidTransition> {
        self.step(BookingStatus::Scheduled, BookingStatus::Cancelled, Reason::Cancelled, "cancelled")
    }

    /// The step that it takes by itself at this instant. There is never a second one after it: a slot that passed wholly
    /// unnoticed ends as ONGOING and delayed.
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

    /// The instant of the next step that it takes by itself; `None`: it takes none.
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
            return Err(InvalidTransition { status: self.status, asked });
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
    fn a_slot_is_never_upside_down_nor_too_long() {
        assert_eq!(Slot::new(at(1), at(1)), Err(SlotError::EndsBeforeStart));
        assert_eq!(Slot::new(at(2), at(1)), Err(SlotError::EndsBeforeStart));
        assert_eq!(Slot::new(at(0), at(25)), Err(SlotError::TooLong));
        assert!(Slot::new(at(0), at(24)).is_ok());
        let slot = Slot::stored(at(1), at(2));
        assert!(slot.is_bookable(at(0)) && !slot.is_bookable(at(1)) && !slot.is_bookable(at(3)));
    }

    #[test]
    fn every_step_that_is_allowed_and_no_other() {
        use BookingStatus::{Cancelled, Completed, Ongoing, Scheduled};
        for state in STATES {
            let to = |result: Result<Step, InvalidTransition>| result.ok().map(|step| step.to);
            let keeping = |status| Some(State { status, ..state });
            let [start, complete, cancel] = match state.status {
                Scheduled => [keeping(Ongoing), None, keeping(Cancelled)],
                Ongoing => [None, keeping(Completed), None],
                Completed | Cancelled => [None, None, None],
            };
            assert_eq!([to(state.start()), to(state.complete()), to(state.cancel())], [start, complete, cancel]);
        }
        let refused = State { status: Completed, is_delayed: false }.start().unwrap_err();
        assert_eq!(refused.to_string(), "a booking that is COMPLETED can't be started");
    }

    #[test]
    fn what_falls_due_takes_one_step_and_is_due_no_more_at_that_instant() {
        let slot = Slot::stored(at(1), at(2));
        for state in STATES {
            for now in [at(0), at(1), at(2), at(9)] {
                let step = state.fall_due(&slot, now);
                assert_eq!(step.is_some(), state.due_at(&slot).is_some_and(|due| due <= now), "{state:?} {now}");
                if let Some(step) = step {
                    assert_eq!(step.from, Some(state));
                    assert_eq!(step.to.fall_due(&slot, at(1_000)), None, "never a second one: {state:?} {now}");
                }
            }
        }
        let unnoticed = State::BOOKED.fall_due(&slot, at(9)).unwrap();
        assert_eq!(unnoticed.to, State { status: BookingStatus::Ongoing, is_delayed: true });
    }
}
