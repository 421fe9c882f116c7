//! Random sequences of steps on bookings. After each step the stored state must be what `domain::booking` computes, and at
//! the end the log must have exactly the steps that were taken.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context, Result, anyhow, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    booking::{BookingStatus, Slot, State},
    ids::{BookingId, PersonId, TimeSlotId},
    status::Mode,
};
use insession_tests::{Backend, TestDatabase, on_both_databases};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use service::{
    Error,
    bookings::{self, Action, time_slots},
    sweep::{Request, Scope, find_next_due, sweep},
};

use super::{ADMIN, Stage, in_short, state_of};
use crate::service::world::Done;

on_both_databases!(bookings_match_the_rules_after_any_sequence_of_steps);

const START: &str = "2025-09-06 05:00";

/// An index into the items that exist, modulo their number. Without items, the step is skipped.
type Index = usize;

#[derive(Debug, Clone)]
enum Step {
    Wait { minutes: i64 },
    Offer { mentor: Index, in_quarters: i64, quarters: i64 },
    Delete(Index),
    Book { slot: Index, student: Index },
    Act(Index, Action),
    Sweep(Scope, Mode),
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..20usize;
    let action = prop_oneof![Just(Action::Start), Just(Action::Complete), Just(Action::Cancel)];
    let scope = prop_oneof![2 => Just(Scope::Due), 2 => Just(Scope::EveryMinute), 1 => Just(Scope::All)];
    let mode = prop_oneof![Just(Mode::Exact), Just(Mode::Periodic)];
    prop_oneof![
        3 => prop_oneof![1..20i64, (1..6i64).prop_map(|quarters| quarters * 15)]
            .prop_map(|minutes| Step::Wait { minutes }),
        3 => (index(), -2..8i64, 1..6i64)
            .prop_map(|(mentor, in_quarters, quarters)| Step::Offer { mentor, in_quarters, quarters }),
        1 => index().prop_map(Step::Delete),
        4 => (index(), index()).prop_map(|(slot, student)| Step::Book { slot, student }),
        4 => (index(), action).prop_map(|(booking, action)| Step::Act(booking, action)),
        3 => (scope, mode).prop_map(|(scope, mode)| Step::Sweep(scope, mode)),
    ]
}

struct OfferedSlot {
    id: TimeSlotId,
    mentor: PersonId,
    time: Slot,
    is_deleted: bool,
}

struct BookedSlot {
    id: BookingId,
    slot: usize,
    student: PersonId,
    state: State,
    /// The steps so far, as [`in_short`] writes them.
    steps: Vec<String>,
}

/// The expected state beside the stored one.
struct Case<'a> {
    stage: &'a Stage,
    people: Vec<PersonId>,
    slots: Vec<OfferedSlot>,
    bookings: Vec<BookedSlot>,
}

/// The outcome of a request.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Conflict,
    Invalid,
    InvalidTransition,
    NotFound,
}

fn outcome<T: std::fmt::Debug>(result: service::Result<T>) -> Result<(Outcome, Option<T>)> {
    Ok(match result {
        Ok(value) => (Outcome::Done, Some(value)),
        Err(Error::Conflict(_)) => (Outcome::Conflict, None),
        Err(Error::Invalid { .. }) => (Outcome::Invalid, None),
        Err(Error::InvalidTransition(_)) => (Outcome::InvalidTransition, None),
        Err(Error::NotFound(_)) => (Outcome::NotFound, None),
        Err(error) => bail!("{error:?}"),
    })
}

impl Case<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.stage.world.now()
    }

    fn is_booked(&self, slot: usize) -> bool {
        self.bookings.iter().any(|it| it.slot == slot && it.state.status != BookingStatus::Cancelled)
    }

    /// Whether a person offers or has booked a slot that overlaps with this one.
    fn is_busy(&self, person: PersonId, time: &Slot) -> bool {
        let overlaps = |other: &Slot| other.starts_at() < time.ends_at() && time.starts_at() < other.ends_at();
        let is_on = |it: &&BookedSlot| matches!(it.state.status, BookingStatus::Scheduled | BookingStatus::Ongoing);
        self.slots.iter().any(|it| !it.is_deleted && it.mentor == person && overlaps(&it.time))
            || self.bookings.iter().filter(is_on).any(|it| it.student == person && overlaps(&self.slots[it.slot].time))
    }

    async fn take(&mut self, step: &Step) -> Result<()> {
        let app = &self.stage.world.app;
        match step {
            Step::Wait { minutes } => self.stage.world.clock.advance(TimeDelta::minutes(*minutes)),
            Step::Offer { mentor, in_quarters, quarters } => {
                let mentor = self.people[mentor % self.people.len()];
                let from = self.now() + TimeDelta::minutes(15 * in_quarters);
                let to = from + TimeDelta::minutes(15 * quarters);
                let is_taken = self.is_busy(mentor, &Slot::stored(from, to));
                let (done, id) = outcome(self.stage.slot_of(mentor, from, to).await)?;
                let expected = if to <= self.now() {
                    Outcome::Invalid
                } else if is_taken {
                    Outcome::Conflict
                } else {
                    Outcome::Done
                };
                ensure!(done == expected, "{done:?} instead of {expected:?}");
                let time = Slot::stored(from, to);
                self.slots.extend(id.map(|id| OfferedSlot { id, mentor, time, is_deleted: false }));
            }
            Step::Delete(slot) if !self.slots.is_empty() => {
                let slot = slot % self.slots.len();
                let (done, _) = outcome(time_slots::delete_slot(app, ADMIN, self.slots[slot].id).await)?;
                let expected = if self.slots[slot].is_deleted {
                    Outcome::NotFound
                } else if self.is_booked(slot) {
                    Outcome::Conflict
                } else {
                    Outcome::Done
                };
                ensure!(done == expected, "{done:?} instead of {expected:?}");
                self.slots[slot].is_deleted |= done == Outcome::Done;
            }
            Step::Book { slot, student } if !self.slots.is_empty() => self.book(*slot, *student).await?,
            Step::Act(booking, action) if !self.bookings.is_empty() => {
                let booking = booking % self.bookings.len();
                let (done, _) = outcome(bookings::act(app, ADMIN, self.bookings[booking].id, *action).await)?;
                let state = self.bookings[booking].state;
                let step = match action {
                    Action::Start => state.start(),
                    Action::Complete => state.complete(),
                    Action::Cancel => state.cancel(),
                };
                ensure!((done == Outcome::Done) == step.is_ok(), "the service says {done:?}, the domain {step:?}");
                if let Ok(step) = step {
                    self.bookings[booking].go(step.to);
                }
            }
            Step::Sweep(scope, mode) => self.sweep(*scope, *mode).await?,
            Step::Delete(_) | Step::Book { .. } | Step::Act(..) => {}
        }
        Ok(())
    }

    async fn book(&mut self, slot: Index, student: Index) -> Result<()> {
        let slot = slot % self.slots.len();
        let student = self.people[student % self.people.len()];
        let offered = &self.slots[slot];
        let result = bookings::book(&self.stage.world.app, ADMIN, offered.id, Some(student)).await;
        let (done, row) = outcome(result)?;
        let expected = if offered.is_deleted {
            Outcome::NotFound
        } else if offered.mentor == student {
            Outcome::Invalid
        } else if !offered.time.is_bookable(self.now()) || self.is_booked(slot) || self.is_busy(student, &offered.time)
        {
            Outcome::Conflict
        } else {
            Outcome::Done
        };
        ensure!(done == expected, "{done:?} instead of {expected:?}");
        self.bookings.extend(row.map(|row| BookedSlot {
            id: row.id,
            slot,
            student,
            state: State::BOOKED,
            steps: vec!["- to SCHEDULED".to_owned()],
        }));
        Ok(())
    }

    async fn sweep(&mut self, scope: Scope, mode: Mode) -> Result<()> {
        let now = self.now();
        let mut expected = Vec::new();
        for booking in &mut self.bookings {
            if let Some(step) = booking.state.fall_due(&self.slots[booking.slot].time, now) {
                booking.go(step.to);
                expected.push(booking.id);
            }
        }
        let report = sweep(&self.stage.world.app, Request { scope, mode, at: None, is_dry_run: false }).await.done()?;
        let mut reported: Vec<_> = report.bookings.iter().map(|step| step.booking_id).collect();
        reported.sort_unstable();
        ensure!(reported == expected, "{reported:?} instead of {expected:?}");
        Ok(())
    }

    async fn check(&self) -> Result<()> {
        for booking in &self.bookings {
            let row = self.stage.row(booking.id).await?;
            ensure!(state_of(&row) == booking.state, "{row:?} should be {:?}", booking.state);
            let due_at = booking.state.due_at(&self.slots[booking.slot].time);
            ensure!(row.due_at == due_at, "{row:?} is due at {due_at:?}");
        }
        let next = self.bookings.iter().filter_map(|it| it.state.due_at(&self.slots[it.slot].time)).min();
        let found = find_next_due(&self.stage.world.app).await.done()?;
        ensure!(found == next, "next due is {next:?}, not {found:?}");
        Ok(())
    }

    async fn check_log(&self) -> Result<()> {
        let mut logged: BTreeMap<BookingId, Vec<String>> = BTreeMap::new();
        for step in self.stage.steps().await? {
            logged.entry(step.booking).or_default().push(in_short(&step));
        }
        let expected = self.bookings.iter().map(|it| (it.id, it.steps.clone())).collect();
        ensure!(logged == expected, "the log has {logged:?} instead of {expected:?}");
        Ok(())
    }
}

impl BookedSlot {
    fn go(&mut self, to: State) {
        let delayed = if to.is_delayed { " (delayed)" } else { "" };
        self.steps.push(format!("{} to {}{delayed}", self.state.status.as_str(), to.status.as_str()));
        self.state = to;
    }
}

async fn run(stage: &Stage, steps: &[Step]) -> Result<()> {
    stage.world.clear().await?;
    stage.world.at(START);
    let mut people = Vec::new();
    for number in 0..3 {
        people.push(stage.world.insert_person(&format!("Person {number}")).await?);
    }
    let mut case = Case { stage, people, slots: Vec::new(), bookings: Vec::new() };
    for (number, step) in steps.iter().enumerate() {
        case.take(step).await.with_context(|| format!("step {number}"))?;
        case.check().await.with_context(|| format!("after step {number}"))?;
    }
    case.check_log().await
}

async fn bookings_match_the_rules_after_any_sequence_of_steps(database: TestDatabase) -> Result<()> {
    let cases = if database.backend == Backend::Sqlite { 60 } else { 30 };
    let cases = if std::env::var_os("INSESSION_FULL").is_some() { cases * 20 } else { cases };
    let stage = Stage::new(database, START).await?;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let strategy = vec(step(), 1..50);
    for _ in 0..cases {
        let tree = strategy.new_tree(&mut runner).map_err(|reason| anyhow!("no steps: {reason}"))?;
        let steps = tree.current();
        if let Err(error) = run(&stage, &steps).await {
            let mut list = String::new();
            for (number, step) in steps.iter().enumerate() {
                write!(list, "\n  {number}: {step:?}")?;
            }
            return Err(error.context(format!("these steps:{list}")));
        }
    }
    Ok(())
}
