//! When the servers took heartbeats (rule 29 of ARCHITECTURE.md). In a *pause* no server did: all of them, or the database, were
//! away. Nobody could send a heartbeat or claim an offer then, so a pause ends neither places nor offers.

use chrono::{DateTime, TimeDelta, Utc};

use super::PresenceRules;

/// How many times in a row a server may fail to say that it takes heartbeats, before that is a pause.
const MISSED_REPORTS: i32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uptime {
    /// The last instant at which a server said that it takes heartbeats.
    pub seen_at: DateTime<Utc>,
    /// Since when the servers have said so without a pause.
    pub up_since: DateTime<Utc>,
}

impl Uptime {
    /// How often a server says that it takes heartbeats.
    pub fn period(rules: &PresenceRules) -> TimeDelta {
        (rules.online_window / 12).clamp(TimeDelta::milliseconds(250), TimeDelta::seconds(5))
    }

    /// After how long without a word from any server there is a pause.
    pub fn pause_threshold(rules: &PresenceRules) -> TimeDelta {
        Self::period(rules) * MISSED_REPORTS
    }

    /// Whether no server has said lately that it takes heartbeats.
    pub fn is_paused(&self, rules: &PresenceRules, now: DateTime<Utc>) -> bool {
        Self::pause_threshold(rules) < now - self.seen_at
    }

    /// Says that a server takes heartbeats, and has done so since `since`.
    #[must_use]
    pub fn with_report(self, rules: &PresenceRules, since: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        // If the clock was set back, the instants are in the future.
        let is_from_the_future = Self::pause_threshold(rules) < self.seen_at - now;
        if self.is_paused(rules, now) || is_from_the_future {
            return Self { seen_at: now, up_since: since };
        }
        Self { seen_at: self.seen_at.max(now), ..self }
    }

    /// The uptime as a place tells it that was joined at `joined_at`: a server was there then.
    #[must_use]
    pub fn joined_at(self, joined_at: DateTime<Utc>) -> Self {
        Self { seen_at: self.seen_at.max(joined_at), ..self }
    }

    /// How long a place is kept after a pause: an online window, or a minute if that is shorter.
    pub fn grace_after_pause(rules: &PresenceRules) -> TimeDelta {
        rules.online_window.min(TimeDelta::minutes(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn pause_begins_when_no_server_has_spoken_for_three_periods() {
        let rules = PresenceRules::default();
        let start = Uptime { seen_at: at(0), up_since: at(-100) };
        for (now, is_paused) in [(-1, false), (0, false), (15, false), (16, true)] {
            assert_eq!(start.is_paused(&rules, at(now)), is_paused, "{now}");
        }
        // A visit joined a queue, so there was a server.
        assert!(!start.joined_at(at(1)).is_paused(&rules, at(16)) && start.joined_at(at(-1)).is_paused(&rules, at(16)));
        // Before and after a pause. The other server's clock is late.
        assert_eq!(start.with_report(&rules, at(9), at(10)), Uptime { seen_at: at(10), ..start });
        assert_eq!(start.with_report(&rules, at(-9), at(-1)), start);
        assert_eq!(start.with_report(&rules, at(19), at(20)), Uptime { seen_at: at(20), up_since: at(19) });
        // The clock was set back by an hour.
        assert_eq!(
            start.with_report(&rules, at(-3_600), at(-3_590)),
            Uptime { seen_at: at(-3_590), up_since: at(-3_600) }
        );
    }

    #[test]
    fn servers_speak_several_times_in_an_online_window() {
        for (window, milliseconds) in [(1, 250), (12, 1_000), (60, 5_000), (3_600, 5_000)] {
            let rules = PresenceRules { online_window: TimeDelta::seconds(window), ..PresenceRules::default() };
            assert_eq!(Uptime::period(&rules), TimeDelta::milliseconds(milliseconds), "{window}");
        }
    }
}
