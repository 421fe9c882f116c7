use super::*;

/// Seconds after some instant; the window of these tests is open from 1000 to 2000.
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

/// (is it active, does an override remain, what is due).
fn outcome(facts: &InstanceFacts, is_active_now: bool, now: i64, mode: Mode) -> (bool, bool, Option<i64>) {
    let decision = decide(facts, is_active_now, second(now), mode);
    (decision.is_active, decision.override_.is_some(), decision.due_at.map(|due| due.timestamp()))
}

#[test]
fn windows() {
    use Mode::{Exact, Periodic};
    // stored, now, mode -> active, due.
    for (stored, now, mode, active, due) in [
        (false, 0, Periodic, false, Some(1000)),
        (true, 0, Exact, false, Some(1000)),
        // Before the last minute nobody opens, and what is open is closed.
        (false, 939, Periodic, false, Some(1000)),
        (true, 939, Periodic, false, Some(1000)),
        (true, 939, Exact, false, Some(1000)),
        // In the last minute periodic sweeps open; others leave it as it is.
        (false, 940, Periodic, true, Some(2000)),
        (false, 940, Exact, false, Some(1000)),
        (true, 940, Exact, true, Some(2000)),
        (true, 999, Periodic, true, Some(2000)),
        (false, 999, Exact, false, Some(1000)),
        (false, 1000, Exact, true, Some(2000)),
        (true, 1000, Periodic, true, Some(2000)),
        // Nobody looks ahead to close.
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
fn a_window_of_a_second() {
    let short = InstanceFacts { window: Window::from_instants(second(1000), second(1001)), ..facts(None) };
    assert_eq!(outcome(&short, false, 940, Mode::Periodic), (true, false, Some(1001)));
    assert_eq!(outcome(&short, false, 1000, Mode::Exact), (true, false, Some(1001)));
    assert_eq!(outcome(&short, true, 1001, Mode::Exact), (false, false, None));
}

#[test]
fn overrides() {
    use Mode::{Exact, Periodic};
    // override, stored, now, mode -> active, does it remain, due.
    for (override_, stored, now, mode, expected) in [
        // Wins over the window until its time comes, then the window counts again.
        ((true, Some(500)), false, 499, Exact, (true, true, Some(500))),
        ((true, Some(500)), true, 499, Periodic, (true, true, Some(500))),
        ((true, Some(500)), true, 500, Exact, (false, false, Some(1000))),
        ((false, Some(1500)), false, 1400, Periodic, (false, true, Some(1500))),
        ((false, Some(1500)), false, 1500, Exact, (true, false, Some(2000))),
        ((false, Some(1500)), true, 900, Exact, (false, true, Some(1000))),
        ((true, Some(2500)), true, 1999, Exact, (true, true, Some(2000))),
        ((true, Some(2500)), true, 2000, Exact, (true, true, Some(2500))),
        // Without a time: until the next periodic sweep.
        ((true, None), true, 500, Exact, (true, true, Some(1000))),
        ((true, None), true, 500, Periodic, (false, false, Some(1000))),
        ((false, None), false, 1500, Exact, (false, true, Some(2000))),
        ((false, None), false, 1500, Periodic, (true, false, Some(2000))),
        ((true, None), true, 2500, Exact, (true, true, None)),
        // One that ends in the minute before the opening: what is stored stays, unless a sweep opens.
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
fn an_override_needs_no_window() {
    let timeless = |override_| InstanceFacts { window: None, ..facts(override_) };
    assert_eq!(outcome(&timeless(None), true, 1500, Mode::Exact), (false, false, None));
    assert_eq!(outcome(&timeless(Some((true, Some(50)))), false, 0, Mode::Exact), (true, true, Some(50)));
    assert_eq!(outcome(&timeless(Some((true, Some(50)))), true, 50, Mode::Exact), (false, false, None));
    assert_eq!(outcome(&timeless(Some((true, None))), false, 0, Mode::Exact), (true, true, None));
}

#[test]
fn cancelled_deleted_and_terminated_ones_are_never_active() {
    let held = facts(Some((true, Some(5000))));
    for barred in [
        InstanceFacts { is_cancelled: true, ..held },
        InstanceFacts { is_deleted: true, ..held },
        InstanceFacts { is_past_termination: true, ..held },
    ] {
        for mode in [Mode::Periodic, Mode::Exact] {
            assert_eq!(outcome(&barred, true, 1500, mode), (false, true, None));
            assert_eq!(outcome(&barred, true, 5000, mode), (false, false, None));
        }
    }
}
