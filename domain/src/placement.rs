//! Placement: at which active instance a person is (rules 13 and 14), as a function of stored facts.
//!
//! A *candidate* is a YES of the person to an active instance. A yes that was given there and then is an *arrival*;
//! the latest arrival wins. Yeses given beforehand only count when there is no arrival.

use std::{cmp::Ordering, str::FromStr};

use chrono::{DateTime, Utc};

use crate::{
    ids::SessionInstanceId,
    status::{InstanceFacts, LOOKAHEAD},
};

/// Among yeses given beforehand, which instance's start counts (the setting `PLACEMENT_RULE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PlacementRule {
    #[default]
    EarliestStart,
    LatestStart,
}

/// Not the name of a placement rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown placement rule '{0}': use earliest-start or latest-start")]
pub struct UnknownPlacementRule(pub String);

impl FromStr for PlacementRule {
    type Err = UnknownPlacementRule;

    fn from_str(text: &str) -> Result<Self, UnknownPlacementRule> {
        match text {
            "earliest-start" => Ok(Self::EarliestStart),
            "latest-start" => Ok(Self::LatestStart),
            _ => Err(UnknownPlacementRule(text.to_owned())),
        }
    }
}

/// A YES of a person to an active instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub instance: SessionInstanceId,
    /// When the instance starts; an instance that only an override holds active may have no start.
    pub starts_at: Option<DateTime<Utc>>,
    /// When the latest yes that was an arrival was given (see [`is_arrival`]).
    pub arrived_at: Option<DateTime<Utc>>,
    /// When the latest yes was given, arrival or not.
    pub checked_in_at: DateTime<Utc>,
}

/// Where the person is: the instance of the latest arrival; without one, of the first start (or the last, by the
/// rule), instances without a start coming last under either. Ties go to the latest check-in, then to the highest id,
/// so that the answer does not depend on the order of the candidates.
pub fn decide_placement(rule: PlacementRule, candidates: &[Candidate]) -> Option<SessionInstanceId> {
    candidates.iter().max_by(|one, other| compare(rule, one, other)).map(|winner| winner.instance)
}

/// Greater: wins.
fn compare(rule: PlacementRule, one: &Candidate, other: &Candidate) -> Ordering {
    let by_start = match (one.starts_at, other.starts_at) {
        (Some(one), Some(other)) => match rule {
            PlacementRule::EarliestStart => other.cmp(&one),
            PlacementRule::LatestStart => one.cmp(&other),
        },
        (one, other) => one.is_some().cmp(&other.is_some()),
    };
    one.arrived_at
        .cmp(&other.arrived_at)
        .then(by_start)
        .then(one.checked_in_at.cmp(&other.checked_in_at))
        .then(one.instance.cmp(&other.instance))
}

/// Is a yes given at `at` an arrival? Inside the window, from a minute before it opens, or while an override in force
/// holds the instance active; never at one that is cancelled, deleted or past its session's termination.
pub fn is_arrival(facts: &InstanceFacts, at: DateTime<Utc>) -> bool {
    if facts.is_barred() {
        return false;
    }
    let is_held = facts.override_in_force(at).is_some_and(|override_| override_.active);
    is_held || facts.window.is_some_and(|window| at < window.closes() && window.opens() - at <= LOOKAHEAD)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{status::Override, window::Window};

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn candidate(id: i64, start: Option<i64>, arrived: Option<i64>, checked_in: i64) -> Candidate {
        Candidate {
            instance: SessionInstanceId(id),
            starts_at: start.map(minute),
            arrived_at: arrived.map(minute),
            checked_in_at: minute(checked_in),
        }
    }

    #[test]
    fn who_is_where() {
        // Candidates -> under earliest start, under latest start.
        for (candidates, earliest, latest) in [
            (vec![], None, None),
            (vec![candidate(1, Some(60), None, 0), candidate(2, Some(90), None, 5)], Some(1), Some(2)),
            // The latest arrival wins, whatever starts when; a later yes that was no arrival does not count.
            (vec![candidate(1, Some(60), Some(70), 70), candidate(2, Some(90), Some(80), 80)], Some(2), Some(2)),
            (vec![candidate(1, Some(60), Some(70), 70), candidate(2, Some(90), None, 80)], Some(1), Some(1)),
            // Ties.
            (vec![candidate(1, Some(60), None, 7), candidate(2, Some(60), None, 5)], Some(1), Some(1)),
            (vec![candidate(2, Some(60), None, 5), candidate(1, Some(60), None, 5)], Some(2), Some(2)),
            // Without a start: last, under both rules.
            (vec![candidate(1, None, None, 9), candidate(2, Some(60), None, 5)], Some(2), Some(2)),
            (vec![candidate(1, None, None, 9)], Some(1), Some(1)),
        ] {
            for (rule, expected) in [(PlacementRule::EarliestStart, earliest), (PlacementRule::LatestStart, latest)] {
                assert_eq!(
                    decide_placement(rule, &candidates),
                    expected.map(SessionInstanceId),
                    "{rule:?} {candidates:?}"
                );
                let reversed: Vec<_> = candidates.iter().rev().copied().collect();
                assert_eq!(decide_placement(rule, &reversed), expected.map(SessionInstanceId), "{rule:?} {reversed:?}");
            }
        }
    }

    #[test]
    fn arrivals() {
        let facts = InstanceFacts { window: Window::from_instants(minute(10), minute(20)), ..InstanceFacts::default() };
        for (at, expected) in [(8, false), (9, true), (10, true), (19, true), (20, false)] {
            assert_eq!(is_arrival(&facts, minute(at)), expected, "minute {at}");
        }
        let held = |active, until: Option<i64>| InstanceFacts {
            override_: Some(Override { active, until: until.map(minute) }),
            ..facts
        };
        assert!(is_arrival(&held(true, None), minute(30)));
        assert!(is_arrival(&held(true, Some(31)), minute(30)));
        assert!(!is_arrival(&held(true, Some(30)), minute(30)));
        assert!(!is_arrival(&held(false, None), minute(30)));
        assert!(!is_arrival(&InstanceFacts { is_cancelled: true, ..held(true, None) }, minute(15)));
    }

    #[test]
    fn rules_have_names() {
        assert_eq!("earliest-start".parse(), Ok(PlacementRule::default()));
        assert_eq!("latest-start".parse(), Ok(PlacementRule::LatestStart));
        assert!("Latest".parse::<PlacementRule>().is_err());
    }
}
