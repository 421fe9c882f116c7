//! Deciding only at due instants gives the same status as deciding at every second.

use chrono::{DateTime, TimeDelta, Utc};
use insession_domain::{
    status::{InstanceFacts, LOOKAHEAD, Mode, Override, decide},
    window::Window,
};
use proptest::{option, prelude::*};

/// An instant, by its number of seconds.
fn second(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn facts() -> impl Strategy<Value = InstanceFacts> {
    let window = option::weighted(0.9, (0..300i64, 1..300i64));
    let override_ = option::of((any::<bool>(), option::weighted(0.8, 0..600i64)));
    (window, override_, 0..12u8).prop_map(|(window, override_, barred)| InstanceFacts {
        window: window.map(|(opens, length)| Window::from_instants(second(opens), second(opens + length)).unwrap()),
        override_: override_.map(|(active, until)| Override { active, until: until.map(second) }),
        is_cancelled: barred == 0,
        is_deleted: barred == 1,
        is_past_termination: barred == 2,
    })
}

/// The expected status by an independent implementation of the rules. `None` in the minute before the opening, when
/// both are right.
fn expected(facts: &InstanceFacts, now: DateTime<Utc>) -> Option<bool> {
    if facts.is_cancelled || facts.is_deleted || facts.is_past_termination {
        return Some(false);
    }
    match (facts.override_, facts.window) {
        (Some(Override { active, until: None }), _) => Some(active),
        (Some(Override { active, until: Some(until) }), _) if now < until => Some(active),
        (_, None) => Some(false),
        (_, Some(window)) if window.opens() - LOOKAHEAD <= now && now < window.opens() => None,
        (_, Some(window)) => Some(window.opens() <= now && now < window.closes()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn timers_keep_the_status_right_at_every_second(facts in facts(), is_active_at_first in any::<bool>()) {
        let mut decision = decide(&facts, is_active_at_first, second(0), Mode::Exact);
        for now in (0..700).map(second) {
            if decision.due_at.is_some_and(|due_at| due_at <= now) {
                let facts = InstanceFacts { override_: decision.override_, ..facts };
                decision = decide(&facts, decision.is_active, now, Mode::Exact);
            }
            prop_assert!(decision.due_at.is_none_or(|due_at| now < due_at));
            prop_assert!(expected(&facts, now).is_none_or(|expected| expected == decision.is_active), "at {}", now);
            // A second decision changes nothing.
            let remaining = InstanceFacts { override_: decision.override_, ..facts };
            let again = decide(&remaining, decision.is_active, now, Mode::Exact);
            prop_assert_eq!(again.is_active, decision.is_active);
            prop_assert_eq!(again.due_at.is_some(), decision.due_at.is_some());
        }
    }

    /// Periodic sweeps run beside the timers. They end overrides without `until`.
    #[test]
    fn sweeps_and_timers_together_keep_the_status_right_at_every_second(mut facts in facts(), sweep_every in 1..200i64) {
        let mut decision = decide(&facts, false, second(0), Mode::Exact);
        for now in 0..700 {
            let is_swept = now % sweep_every == 0;
            let is_due = |by: DateTime<Utc>| decision.due_at.is_some_and(|due_at| due_at <= by);
            let ends_an_override = decision.override_.is_some_and(|override_| override_.until.is_none());
            let now = second(now);
            facts.override_ = decision.override_;
            if is_swept && (is_due(now + LOOKAHEAD) || ends_an_override) {
                decision = decide(&facts, decision.is_active, now, Mode::Periodic);
                facts.override_ = decision.override_;
            }
            if decision.due_at.is_some_and(|due_at| due_at <= now) {
                decision = decide(&facts, decision.is_active, now, Mode::Exact);
                facts.override_ = decision.override_;
            }
            prop_assert!(expected(&facts, now).is_none_or(|expected| expected == decision.is_active), "at {}", now);
        }
        prop_assert_eq!(decision.due_at.filter(|due_at| *due_at < second(700)), None);
    }
}
