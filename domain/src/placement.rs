//! Placement: the active instance that a person is at (rules 13 and 14 of ARCHITECTURE.md).
//!
//! A *candidate* is a YES check-in of the person to an active instance. An *arrival* is a yes that was given in the
//! window, in the minute before it, or while an override held the instance active. The latest arrival wins. An earlier
//! yes counts only if the person has no arrival.

use std::{cmp::Ordering, str::FromStr};

use chrono::{DateTime, Utc};

use crate::{
    ids::SessionInstanceId,
    status::{InstanceFacts, LOOKAHEAD},
};

/// Which instance wins if the person has no arrival (the setting `PLACEMENT_RULE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PlacementRule {
    #[default]
    EarliestStart,
    LatestStart,
}

/// The text is not the name of a placement rule.
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

/// A YES check-in of a person to an active instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub instance: SessionInstanceId,
    /// The start of the instance. `None` if it has no start time; an override can still make it active.
    pub starts_at: Option<DateTime<Utc>>,
    /// The instant of the latest arrival (see [`is_arrival`]).
    pub arrived_at: Option<DateTime<Utc>>,
    /// The instant of the latest yes, arrival or not.
    pub checked_in_at: DateTime<Utc>,
}

/// Decides the placement of a person (rule 13). `None` if there are no candidates.
///
/// The candidate with the latest arrival wins. If none is an arrival, the instance that starts first wins (or last, by
/// `rule`). An instance without a start loses to one with a start. Ties go to the latest check-in, then to the highest
/// instance id, so the result does not depend on the order of `candidates`.
pub fn decide_placement(rule: PlacementRule, candidates: &[Candidate]) -> Option<SessionInstanceId> {
    candidates.iter().max_by(|one, other| compare(rule, one, other)).map(|winner| winner.instance)
}

/// Compares two candidates. The greater one wins.
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

/// Whether a yes that is given at `at` is an arrival (rule 13).
///
/// It is one while the window is open, during the minute before it opens, and while an override makes the instance
/// active. It never is one if the instance is cancelled, deleted, or dated after the session's termination date.
pub fn is_arrival(facts: &InstanceFacts, at: DateTime<Utc>) -> bool {
    if facts.is_barred() {
        return false;
    }
    let is_overridden = facts.override_in_force(at).is_some_and(|override_| override_.active);
    is_overridden || facts.window.is_some_and(|window| at < window.closes() && window.opens() - at <= LOOKAHEAD)
}

/// Whether the doors are open at `at`, so that check-in codes work: whenever a yes would be an arrival, unless an override
/// holds the instance inactive.
pub fn doors_are_open(facts: &InstanceFacts, at: DateTime<Utc>) -> bool {
    facts.override_in_force(at).is_none_or(|override_| override_.active) && is_arrival(facts, at)
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
    fn latest_arrival_wins_and_then_the_start_that_the_rule_prefers() {
        // Candidates, placement under earliest-start, placement under latest-start.
        for (candidates, earliest, latest) in [
            (vec![], None, None),
            (vec![candidate(1, Some(60), None, 0), candidate(2, Some(90), None, 5)], Some(1), Some(2)),
            // The latest arrival wins, whatever the starts. A later yes that is not an arrival does not count.
            (vec![candidate(1, Some(60), Some(70), 70), candidate(2, Some(90), Some(80), 80)], Some(2), Some(2)),
            (vec![candidate(1, Some(60), Some(70), 70), candidate(2, Some(90), None, 80)], Some(1), Some(1)),
            // Ties.
            (vec![candidate(1, Some(60), None, 7), candidate(2, Some(60), None, 5)], Some(1), Some(1)),
            (vec![candidate(2, Some(60), None, 5), candidate(1, Some(60), None, 5)], Some(2), Some(2)),
            // An instance without a start loses under both rules.
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
    fn yes_is_an_arrival_while_the_instance_is_on() {
        let facts = InstanceFacts { window: Window::from_instants(minute(10), minute(20)), ..InstanceFacts::default() };
        for (at, expected) in [(8, false), (9, true), (10, true), (19, true), (20, false)] {
            assert_eq!(is_arrival(&facts, minute(at)), expected, "minute {at}");
        }
        let overridden = |active, until: Option<i64>| InstanceFacts {
            override_: Some(Override { active, until: until.map(minute) }),
            ..facts
        };
        assert!(is_arrival(&overridden(true, None), minute(30)));
        assert!(is_arrival(&overridden(true, Some(31)), minute(30)));
        assert!(!is_arrival(&overridden(true, Some(30)), minute(30)));
        assert!(!is_arrival(&overridden(false, None), minute(30)));
        assert!(!is_arrival(&InstanceFacts { is_cancelled: true, ..overridden(true, None) }, minute(15)));
    }

    #[test]
    fn placement_rule_is_read_from_its_exact_name() {
        assert_eq!("earliest-start".parse(), Ok(PlacementRule::default()));
        assert_eq!("latest-start".parse(), Ok(PlacementRule::LatestStart));
        assert!("Latest".parse::<PlacementRule>().is_err());
    }
}
