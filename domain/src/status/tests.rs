use super::*;

/// An instant, by its number of seconds. The window of these tests opens at 1000 and closes at 2000.
fn second(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn facts(override_: Option<(bool, Option<i64>)>) -> InstanceFacts {
    InstanceFacts {
        window: Window::from_instants(second(1000), second(2000)),
        override_: override_.map(|(active, until)| Override { active, until: until.map(second) }),
        ..InstanceFacts::default()
    }
}

/// The decision: whether the instance is active, whether an override remains, and the next due second.
fn outcome(facts: &InstanceFacts, is_active_now: bool, now: i64, mode: Mode) -> (bool, bool, Option<i64>) {
    let decision = decide(facts, is_active_now, second(now), mode);
    (decision.is_active, decision.override_.is_some(), decision.due_at.map(|due| due.timestamp()))
}

#[test]
fn instance_is_active_within_its_window_and_the_lookahead() {
    use Mode::{Exact, Periodic};
    // Stored status, now, mode; expected status and due second.
    for (stored, now, mode, active, due) in [
        (false, 0, Periodic, false, Some(1000)),
        (true, 0, Exact, false, Some(1000)),
        // Earlier than a minute before the opening, the instance is inactive.
        (false, 939, Periodic, false, Some(1000)),
        (true, 939, Periodic, false, Some(1000)),
        (true, 939, Exact, false, Some(1000)),
        // In the minute before the opening, a periodic sweep activates. Other triggers keep the stored status.
        (false, 940, Periodic, true, Some(2000)),
        (false, 940, Exact, false, Some(1000)),
        (true, 940, Exact, true, Some(2000)),
        (true, 999, Periodic, true, Some(2000)),
        (false, 999, Exact, false, Some(1000)),
        (false, 1000, Exact, true, Some(2000)),
        (true, 1000, Periodic, true, Some(2000)),
        // There is no lookahead for the closing.
        (true, 1999, Periodic, true, Some(2000)),
        (false, 1999, Exact, true, Some(2000)),
        (true, 2000, Periodic, false, None),
        (true, 2000, Exact, false, None),
        (true, 9000, Exact, false, None),
    ] {
        assert_eq!(outcome(&facts(None), stored, now, mode), (active, false, due), "{stored} {now} {mode:?}");
    }
}

#[test]
fn window_of_one_second_is_not_missed() {
    let short = InstanceFacts { window: Window::from_instants(second(1000), second(1001)), ..facts(None) };
    assert_eq!(outcome(&short, false, 940, Mode::Periodic), (true, false, Some(1001)));
    assert_eq!(outcome(&short, false, 1000, Mode::Exact), (true, false, Some(1001)));
    assert_eq!(outcome(&short, true, 1001, Mode::Exact), (false, false, None));
}

#[test]
fn override_takes_precedence_until_it_ends() {
    use Mode::{Exact, Periodic};
    // Override, stored status, now, mode; expected status, whether the override remains, and due second.
    for (override_, stored, now, mode, expected) in [
        // With an end: the override wins until then, and the window decides afterwards.
        ((true, Some(500)), false, 499, Exact, (true, true, Some(500))),
        ((true, Some(500)), true, 499, Periodic, (true, true, Some(500))),
        ((true, Some(500)), true, 500, Exact, (false, false, Some(1000))),
        ((false, Some(1500)), false, 1400, Periodic, (false, true, Some(1500))),
        ((false, Some(1500)), false, 1500, Exact, (true, false, Some(2000))),
        ((false, Some(1500)), true, 900, Exact, (false, true, Some(1000))),
        ((true, Some(2500)), true, 1999, Exact, (true, true, Some(2000))),
        ((true, Some(2500)), true, 2000, Exact, (true, true, Some(2500))),
        // Without an end: the override wins until the next periodic sweep.
        ((true, None), true, 500, Exact, (true, true, Some(1000))),
        ((true, None), true, 500, Periodic, (false, false, Some(1000))),
        ((false, None), false, 1500, Exact, (false, true, Some(2000))),
        ((false, None), false, 1500, Periodic, (true, false, Some(2000))),
        ((true, None), true, 2500, Exact, (true, true, None)),
        // The override ends in the minute before the opening: the stored status stays, unless a periodic sweep
        // activates.
        ((true, Some(950)), true, 950, Exact, (true, false, Some(2000))),
        ((false, Some(950)), false, 950, Exact, (false, false, Some(1000))),
        ((false, Some(950)), false, 950, Periodic, (true, false, Some(2000))),
    ] {
        assert_eq!(
            outcome(&facts(Some(override_)), stored, now, mode),
            expected,
            "{override_:?} {stored} {now} {mode:?}"
        );
    }
}

#[test]
fn override_works_without_a_window() {
    let timeless = |override_| InstanceFacts { window: None, ..facts(override_) };
    assert_eq!(outcome(&timeless(None), true, 1500, Mode::Exact), (false, false, None));
    assert_eq!(outcome(&timeless(Some((true, Some(50)))), false, 0, Mode::Exact), (true, true, Some(50)));
    assert_eq!(outcome(&timeless(Some((true, Some(50)))), true, 50, Mode::Exact), (false, false, None));
    assert_eq!(outcome(&timeless(Some((true, None))), false, 0, Mode::Exact), (true, true, None));
}

#[test]
fn cancelled_deleted_and_terminated_instances_are_never_active() {
    let overridden = facts(Some((true, Some(5000))));
    for barred in [
        InstanceFacts { is_cancelled: true, ..overridden },
        InstanceFacts { is_deleted: true, ..overridden },
        InstanceFacts { is_past_termination: true, ..overridden },
    ] {
        for mode in [Mode::Periodic, Mode::Exact] {
            assert_eq!(outcome(&barred, true, 1500, mode), (false, true, None));
            assert_eq!(outcome(&barred, true, 5000, mode), (false, false, None));
        }
    }
}
