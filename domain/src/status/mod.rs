//! Status: whether an instance is active, and when that changes next (rules 5 to 7 of ARCHITECTURE.md). No other code
//! decides it.
//!
//! [`decide`] takes the stored facts and an instant, and returns a [`Decision`]. The caller stores the whole decision.
//! The next sweep or timer finds the instance by its `due_at`:
//!
//! - A timer handles the instances with `due_at <= now`.
//! - A periodic sweep handles the instances with `due_at <= now + LOOKAHEAD`, and those whose override has no `until`.

mod explain;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

pub use self::explain::{Times, explain};
use crate::window::Window;

/// How far ahead a periodic sweep activates instances (rule 6).
pub const LOOKAHEAD: TimeDelta = TimeDelta::minutes(1);

/// A status that an admin or organiser has set. It takes precedence over the window (rule 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Override {
    pub active: bool,
    /// The end of the override. `None` means the next periodic sweep.
    pub until: Option<DateTime<Utc>>,
}

impl Override {
    /// An override from columns of the database. `active` is NULL if there is none.
    pub fn stored(active: Option<bool>, until: Option<DateTime<Utc>>) -> Option<Self> {
        active.map(|active| Self { active, until })
    }
}

/// Whether an instance on this date is after the termination date of its session (rule 5).
pub fn is_past_termination(date: NaiveDate, termination: Option<NaiveDate>) -> bool {
    termination.is_some_and(|last| date > last)
}

/// The stored facts about an instance and its session that decide the instance's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstanceFacts {
    /// `None` if the start or the end time is missing (rule 5).
    pub window: Option<Window>,
    pub is_cancelled: bool,
    pub is_deleted: bool,
    /// See [`is_past_termination`].
    pub is_past_termination: bool,
    pub override_: Option<Override>,
}

impl InstanceFacts {
    /// Whether the instance is never active, whatever its window and its override (rules 5 and 7).
    pub const fn is_barred(&self) -> bool {
        self.is_cancelled || self.is_deleted || self.is_past_termination
    }

    /// The override, unless it has ended. An override without `until` stays in force until a periodic sweep ends it.
    pub fn override_in_force(&self, now: DateTime<Utc>) -> Option<Override> {
        self.override_.filter(|override_| override_.until.is_none_or(|until| now < until))
    }

    /// The next opening or closing of the window after `now`.
    fn next_edge(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let window = self.window?;
        [window.opens(), window.closes()].into_iter().find(|edge| now < *edge)
    }
}

/// What triggered the decision (rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A periodic sweep. It activates up to [`LOOKAHEAD`] early, and ends overrides without `until`.
    Periodic,
    /// A timer, a save or a mutation. It never activates early, and keeps overrides without `until`.
    Exact,
}

/// The values to store with the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub is_active: bool,
    /// The override, or `None` if there is none or it has ended.
    pub override_: Option<Override>,
    /// The next instant after `now` at which the status must be decided again: the next opening or closing of the
    /// window, or the end of the override, whichever is earlier. `None` if there is none.
    pub due_at: Option<DateTime<Utc>>,
}

/// Decides the status of an instance at `now` (rules 5 to 7).
///
/// `is_active_now` is the stored status. During the minute before the window opens, a periodic sweep activates the
/// instance; every other trigger leaves the stored status as it is.
pub fn decide(facts: &InstanceFacts, is_active_now: bool, now: DateTime<Utc>, mode: Mode) -> Decision {
    let override_ = facts.override_in_force(now).filter(|override_| mode == Mode::Exact || override_.until.is_some());
    if facts.is_barred() {
        return Decision { is_active: false, override_, due_at: None };
    }
    if let Some(Override { active, until }) = override_ {
        let due_at = [until, facts.next_edge(now)].into_iter().flatten().min();
        return Decision { is_active: active, override_, due_at };
    }
    let Some(window) = facts.window else {
        return Decision { is_active: false, override_, due_at: None };
    };
    let opens_within_a_minute = now < window.opens() && window.opens() - now <= LOOKAHEAD;
    let is_active = window.contains(now) || (opens_within_a_minute && (mode == Mode::Periodic || is_active_now));
    let due_at = if is_active { Some(window.closes()) } else { facts.next_edge(now) };
    Decision { is_active, override_, due_at }
}

#[cfg(test)]
mod tests;
