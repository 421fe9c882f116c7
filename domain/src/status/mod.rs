//! Whether an instance is active, and when that changes next (rules 1 to 7): the only place where it is decided.
//!
//! Facts and an instant go in, a [`Decision`] comes out. Whoever stores it stores `is_active`, what remains of the
//! override, and `due_at`, by which the next sweep or timer finds the instance: a periodic sweep takes those with
//! `due_at <= now + LOOKAHEAD`, and those whose override has no `until`; a timer those with `due_at <= now`.

mod explain;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::explain::{Times, explain};
use crate::window::Window;

/// How far ahead periodic sweeps look when they activate (rule 6).
pub const LOOKAHEAD: TimeDelta = TimeDelta::minutes(1);

/// Set by an admin; wins over the window (rule 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Override {
    pub active: bool,
    /// `None`: until the next periodic sweep.
    pub until: Option<DateTime<Utc>>,
}

/// What is stored of an instance and its session, as far as its status goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstanceFacts {
    /// `None` without start or end time (rule 5).
    pub window: Option<Window>,
    pub is_cancelled: bool,
    pub is_deleted: bool,
    /// Is it dated after its session's termination date?
    pub is_past_termination: bool,
    pub override_: Option<Override>,
}

impl InstanceFacts {
    /// Never active, whatever window and override say (rules 5 and 7).
    pub const fn is_barred(&self) -> bool {
        self.is_cancelled || self.is_deleted || self.is_past_termination
    }

    /// The override, unless its time has come. One without `until` is in force until a periodic sweep ends it.
    pub fn override_in_force(&self, now: DateTime<Utc>) -> Option<Override> {
        self.override_.filter(|override_| override_.until.is_none_or(|until| now < until))
    }

    /// The first opening or closing of the window after `now`.
    fn next_edge(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let window = self.window?;
        [window.opens(), window.closes()].into_iter().find(|edge| now < *edge)
    }
}

/// On whose behalf is decided (rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A periodic sweep: looks a minute ahead when it activates, and ends overrides without `until`.
    Periodic,
    /// Timers, saves and triggers: neither.
    Exact,
}

/// What should be stored of an instance from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub is_active: bool,
    /// What remains of the override: `None` once its time has come.
    pub override_: Option<Override>,
    /// The next instant, after now, at which something falls due: the earlier of the window's edge and the override's
    /// end. `None`: never.
    pub due_at: Option<DateTime<Utc>>,
}

/// Decides. `is_active_now`: the stored status, which stays as it is in the minute before a window opens unless a
/// periodic sweep activates then.
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
