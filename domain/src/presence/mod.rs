//! Visits: whether one is on line, when it is given up, and who gets a seat (rules 15 to 17): the only place where it is
//! decided.
//!
//! Terms: a *visit* is one visit of one browser, kept alive by *beats*; the *window* is how long after its last beat it
//! counts as *on line*, the last instant included. A *seat* is a place in an activity; it is a lease, held no longer than
//! the visit is on line without a break. A visit that is not seen for long is *abandoned*.

mod admission;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::admission::{Verdict, admit};
use crate::ids::ActivityId;

/// Instants are whole milliseconds: the first one after the last one of something.
const AFTER: TimeDelta = TimeDelta::milliseconds(1);

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitStatus {
    Active,
    /// Its person is done. Final.
    Completed,
    /// It was not seen for long; a later beat makes it active again.
    Abandoned,
}

/// The settings by which is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceRules {
    /// How long after a beat a visit is on line (60 s).
    pub online_window: TimeDelta,
    /// How long without a beat until it is abandoned (3 hours).
    pub abandon_after: TimeDelta,
}

impl Default for PresenceRules {
    fn default() -> Self {
        Self { online_window: TimeDelta::seconds(60), abandon_after: TimeDelta::hours(3) }
    }
}

impl PresenceRules {
    /// Whoever was last seen then, or later, is on line at `now`, if active.
    pub fn online_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - self.online_window
    }

    /// The first instant at which a visit is off line that is not seen again.
    pub fn off_line_at(&self, last_seen: DateTime<Utc>) -> DateTime<Utc> {
        last_seen + self.online_window + AFTER
    }

    /// The first instant at which it is abandoned.
    pub fn abandoned_at(&self, last_seen: DateTime<Utc>) -> DateTime<Utc> {
        last_seen + self.abandon_after.max(self.online_window) + AFTER
    }
}

/// What is stored of a visit, as far as its status goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    pub status: VisitStatus,
    pub last_seen: DateTime<Utc>,
    /// The activity that it has a seat in. The lease may have run out.
    pub seat: Option<ActivityId>,
}

/// Why nothing can be done with a visit any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the visit is completed, and that is final")]
pub struct VisitCompleted;

impl Visit {
    /// One that begins.
    pub const fn begun(at: DateTime<Utc>) -> Self {
        Self { status: VisitStatus::Active, last_seen: at, seat: None }
    }

    pub fn is_online(&self, rules: &PresenceRules, now: DateTime<Utc>) -> bool {
        self.status == VisitStatus::Active && rules.online_since(now) <= self.last_seen
    }

    /// What it has become by `now` without anybody's doing.
    #[must_use]
    pub fn at(self, rules: &PresenceRules, now: DateTime<Utc>) -> Self {
        let status = match self.status {
            VisitStatus::Active if rules.abandoned_at(self.last_seen) <= now => VisitStatus::Abandoned,
            status => status,
        };
        Self { status, seat: self.seat.filter(|_| self.is_online(rules, now)), ..self }
    }

    /// When it becomes something else without anybody's doing; `None`: never.
    pub fn next_due(&self, rules: &PresenceRules, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.status != VisitStatus::Active {
            return None;
        }
        let edges = [rules.off_line_at(self.last_seen), rules.abandoned_at(self.last_seen)];
        edges.into_iter().find(|edge| now < *edge)
    }

    /// A beat: seen now, and active again if it was abandoned. A seat whose lease has run out is lost. Beats may be
    /// written later than they came: the last one seen counts.
    pub fn beat(self, rules: &PresenceRules, at: DateTime<Utc>) -> Result<Self, VisitCompleted> {
        if self.status == VisitStatus::Completed {
            return Err(VisitCompleted);
        }
        let last_seen = self.last_seen.max(at);
        Ok(Self { status: VisitStatus::Active, last_seen, seat: self.at(rules, at).seat })
    }

    /// Its person is done: the seat is free. Done again, nothing changes.
    #[must_use]
    pub fn complete(self) -> Self {
        Self { status: VisitStatus::Completed, seat: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PresenceRules =
        PresenceRules { online_window: TimeDelta::seconds(60), abandon_after: TimeDelta::hours(3) };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn seated() -> Visit {
        Visit { seat: Some(ActivityId(1)), ..Visit::begun(at(0)) }
    }

    #[test]
    fn the_window_and_the_three_hours_include_their_last_instant() {
        let visit = seated();
        for (milliseconds, is_online, status) in [
            (0, true, VisitStatus::Active),
            (60_000, true, VisitStatus::Active),
            (60_001, false, VisitStatus::Active),
            (10_800_000, false, VisitStatus::Active),
            (10_800_001, false, VisitStatus::Abandoned),
        ] {
            let now = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds);
            assert_eq!(visit.is_online(&RULES, now), is_online, "{milliseconds}");
            assert_eq!(visit.at(&RULES, now).status, status, "{milliseconds}");
            assert_eq!(visit.at(&RULES, now).seat.is_some(), is_online, "{milliseconds}");
        }
    }

    #[test]
    fn what_is_due_next_is_the_instant_at_which_something_changes() {
        let (mut now, mut steps) = (at(0), Vec::new());
        while let Some(due) = seated().next_due(&RULES, now) {
            assert_ne!(seated().at(&RULES, due), seated().at(&RULES, due - AFTER), "{due}");
            steps.push((due - at(0)).num_milliseconds());
            now = due;
        }
        assert_eq!(steps, [60_001, 10_800_001]);
        assert_eq!(seated().complete().next_due(&RULES, at(0)), None);
    }

    #[test]
    fn a_beat_keeps_the_seat_within_the_window_and_loses_it_after() {
        let beaten = seated().beat(&RULES, at(60)).unwrap();
        assert_eq!(beaten, Visit { last_seen: at(60), ..seated() });
        let late = seated().beat(&RULES, at(61)).unwrap();
        assert_eq!((late.status, late.seat), (VisitStatus::Active, None));
        // One that was overtaken changes nothing.
        assert_eq!(beaten.beat(&RULES, at(50)).unwrap(), beaten);
    }

    #[test]
    fn abandoned_is_not_for_ever_and_completed_is() {
        let abandoned = seated().at(&RULES, at(20_000));
        assert_eq!(abandoned.beat(&RULES, at(20_001)).unwrap(), Visit::begun(at(20_001)));
        assert_eq!(seated().complete().beat(&RULES, at(1)), Err(VisitCompleted));
        assert_eq!(seated().complete().complete(), seated().complete());
    }
}
