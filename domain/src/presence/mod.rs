//! Presence: whether a visit is online, when it is abandoned, who gets a seat, and who waits for one (rules 15 to 17, 27
//! and 28 of ARCHITECTURE.md).
//!
//! - A *visit* is one visit of one browser. Its client keeps it alive with *beats* (heartbeats).
//! - A visit is *online* during the *online window* after its last beat, including the last instant of the window.
//! - A *seat* lets a visit take part in an activity. It is a lease: it ends when the visit leaves, is completed, or
//!   goes offline. If the activity says so, it also ends when the visit has been idle for long.
//! - A visit is *idle* from a beat that says so until a beat that says otherwise.
//! - A visit is *abandoned* if no beat has come for a long time. The next beat makes it active again.
//! - A visit is *completed* if its user has finished. This is final.
//!
//! Instants are whole milliseconds.

mod admission;
mod queue;
mod shown;
mod uptime;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::{
    admission::{Requester, SeatCounts, Takes, Verdict, admit},
    queue::{Due, OfferChange, PlaceFacts, PlaceState, QueueRules, estimated_wait, offer_change},
    shown::{HoldingFacts, Shown, shown},
    uptime::Uptime,
};
use crate::ids::ActivityId;

/// The resolution of instants: from the last instant of a period to the first one after it.
const RESOLUTION: TimeDelta = TimeDelta::milliseconds(1);

/// Whether the seats of an activity count people or visits (`Activity.seatsPer`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType), sea_orm(value_type = "String", column_type = "Text"))]
pub enum SeatsPer {
    /// A person has at most one seat, however many visits they have. Anonymous visits count one by one.
    #[default]
    Person,
    Visit,
}

impl SeatsPer {
    /// The text that the database keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "PERSON",
            Self::Visit => "VISIT",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Visit].into_iter().find(|per| per.as_str() == text)
    }
}

kept_as_text!(SeatsPer);

/// The stored status of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType), sea_orm(value_type = "String", column_type = "Text"))]
pub enum VisitStatus {
    Active,
    /// The user has finished. This status is final.
    Completed,
    /// No beat has come for [`PresenceRules::abandon_after`]. A later beat makes the visit active again.
    Abandoned,
}

impl VisitStatus {
    /// The text that the database keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Abandoned => "ABANDONED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Completed, Self::Abandoned].into_iter().find(|status| status.as_str() == text)
    }
}

kept_as_text!(VisitStatus);

/// The settings of presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceRules {
    /// How long a visit is online after a beat (`ONLINE_WINDOW_SECONDS`; 60 seconds by default).
    pub online_window: TimeDelta,
    /// How long after its last beat a visit is abandoned (`ABANDON_AFTER_HOURS`; 3 hours by default).
    pub abandon_after: TimeDelta,
}

impl Default for PresenceRules {
    fn default() -> Self {
        Self { online_window: TimeDelta::seconds(60), abandon_after: TimeDelta::hours(3) }
    }
}

impl PresenceRules {
    /// An active visit is online at `now` if its last beat came at this instant or later.
    pub fn online_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - self.online_window
    }

    /// The longest interval between the beats of a client. A visit then stays online if one or two of its beats are lost.
    pub fn longest_beat_interval(&self) -> TimeDelta {
        self.online_window / 3
    }

    /// The first instant at which a visit is offline, if no further beat comes.
    pub fn offline_at(&self, last_seen: DateTime<Utc>) -> DateTime<Utc> {
        last_seen + self.online_window + RESOLUTION
    }

    /// The first instant at which a visit is abandoned, if no further beat comes. It is never earlier than
    /// [`PresenceRules::offline_at`].
    pub fn abandoned_at(&self, last_seen: DateTime<Utc>) -> DateTime<Utc> {
        last_seen + self.abandon_after.max(self.online_window) + RESOLUTION
    }
}

/// The stored facts about a visit that decide its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitFacts {
    pub status: VisitStatus,
    /// The instant of the last beat.
    pub last_seen: DateTime<Utc>,
    /// The activity in which it has a seat. The lease may have expired.
    pub seat: Option<ActivityId>,
    /// The instant from which the visit is idle (rule 27). `None` if it is not idle.
    pub idle_since: Option<DateTime<Utc>>,
}

/// The visit is completed, so it takes no more beats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the visit is completed: begin a new visit with a new id")]
pub struct VisitCompleted;

impl VisitFacts {
    /// A new visit with its first beat.
    pub const fn begun(at: DateTime<Utc>) -> Self {
        Self { status: VisitStatus::Active, last_seen: at, seat: None, idle_since: None }
    }

    /// Whether the visit is online at `now` (rule 15).
    pub fn is_online(&self, rules: &PresenceRules, now: DateTime<Utc>) -> bool {
        self.status == VisitStatus::Active && rules.online_since(now) <= self.last_seen
    }

    /// The visit at `now`, if no beat has come since: possibly abandoned, possibly without its seat (rules 16 and 17).
    #[must_use]
    pub fn at(self, rules: &PresenceRules, now: DateTime<Utc>) -> Self {
        let status = match self.status {
            VisitStatus::Active if rules.abandoned_at(self.last_seen) <= now => VisitStatus::Abandoned,
            status => status,
        };
        Self { status, seat: self.seat.filter(|_| self.is_online(rules, now)), ..self }
    }

    /// The next instant after `now` at which [`VisitFacts::at`] gives another result. `None` if there is none.
    pub fn next_due(&self, rules: &PresenceRules, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.status != VisitStatus::Active {
            return None;
        }
        let edges = [rules.offline_at(self.last_seen), rules.abandoned_at(self.last_seen)];
        edges.into_iter().find(|edge| now < *edge)
    }

    /// The visit after a beat that came at `at`. An abandoned visit becomes active again. A seat is lost if its lease
    /// has expired. Beats may be processed out of order, so `last_seen` never decreases. `is_idle` says whether the
    /// visit is idle; `None` if the beat does not say.
    ///
    /// # Errors
    /// If the visit is completed.
    pub fn beat(self, rules: &PresenceRules, at: DateTime<Utc>, is_idle: Option<bool>) -> Result<Self, VisitCompleted> {
        if self.status == VisitStatus::Completed {
            return Err(VisitCompleted);
        }
        let idle_since = match is_idle {
            Some(true) => self.idle_since.or(Some(at)),
            Some(false) => None,
            None => self.idle_since,
        };
        let last_seen = self.last_seen.max(at);
        Ok(Self { status: VisitStatus::Active, last_seen, seat: self.at(rules, at).seat, idle_since })
    }

    /// The instant at which the visit has been idle for `max_idle`, if it stays idle. `None` if it is not idle, or
    /// there is no limit.
    pub fn idle_out_at(&self, max_idle: Option<TimeDelta>) -> Option<DateTime<Utc>> {
        Some(self.idle_since? + max_idle?)
    }

    /// The visit after its user has finished. Its seat is free. Completing a visit twice has no further effect.
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

    fn seated() -> VisitFacts {
        VisitFacts { seat: Some(ActivityId(1)), ..VisitFacts::begun(at(0)) }
    }

    #[test]
    fn online_window_and_abandonment_include_their_last_instant() {
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
    fn next_due_is_the_next_instant_at_which_the_visit_changes() {
        let (mut now, mut steps) = (at(0), Vec::new());
        while let Some(due) = seated().next_due(&RULES, now) {
            assert_ne!(seated().at(&RULES, due), seated().at(&RULES, due - RESOLUTION), "{due}");
            steps.push((due - at(0)).num_milliseconds());
            now = due;
        }
        assert_eq!(steps, [60_001, 10_800_001]);
        assert_eq!(seated().complete().next_due(&RULES, at(0)), None);
    }

    #[test]
    fn beat_keeps_the_seat_only_within_the_online_window() {
        let beaten = seated().beat(&RULES, at(60), None).unwrap();
        assert_eq!(beaten, VisitFacts { last_seen: at(60), ..seated() });
        let late = seated().beat(&RULES, at(61), None).unwrap();
        assert_eq!((late.status, late.seat), (VisitStatus::Active, None));
        // A beat that is older than the last one changes nothing.
        assert_eq!(beaten.beat(&RULES, at(50), None).unwrap(), beaten);
    }

    #[test]
    fn visit_is_idle_from_the_first_beat_that_says_so() {
        let max_idle = Some(TimeDelta::minutes(5));
        let idle = seated().beat(&RULES, at(10), Some(true)).unwrap();
        assert_eq!(idle.idle_out_at(max_idle), Some(at(310)));
        assert_eq!(idle.idle_out_at(None), None);
        // Later beats say the same, or nothing.
        let still = idle.beat(&RULES, at(30), Some(true)).unwrap().beat(&RULES, at(50), None).unwrap();
        assert_eq!(still.idle_since, Some(at(10)));
        assert_eq!(still.beat(&RULES, at(60), Some(false)).unwrap().idle_out_at(max_idle), None);
    }

    #[test]
    fn beat_revives_an_abandoned_visit_but_not_a_completed_one() {
        let abandoned = seated().at(&RULES, at(20_000));
        assert_eq!(abandoned.beat(&RULES, at(20_001), None).unwrap(), VisitFacts::begun(at(20_001)));
        assert_eq!(seated().complete().beat(&RULES, at(1), None), Err(VisitCompleted));
        assert_eq!(seated().complete().complete(), seated().complete());
    }
}
