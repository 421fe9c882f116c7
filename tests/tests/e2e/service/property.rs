//! After any sequence of saves, check-ins, cancellations, deletions, overrides and sweeps, the world is consistent.

use std::fmt::Write as _;

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, Weekday};
use domain::{
    access::Viewer,
    autocreate,
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
    matching::{Existence, ExistingInstance},
    recurrence::{OccurrenceKey, Recurrence, Schedule, Skips},
    status::Mode,
    zone::ZoneData,
};
use entity::{session, session_instance};
use insession_tests::{Backend, TestDatabase, on_both_databases};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRunner},
};
use service::{
    check_ins,
    instances::{self, InstancePatch, NewInstance},
    people::{self, PersonPatch},
    sessions::{self, Session, SessionPatch},
    sweep::{Report, Request, Scope, sweep},
};

use super::world::{Done, World, blank_session, date, time};

on_both_databases!(statuses_places_and_log_are_consistent_after_any_sequence_of_steps);

const SESSIONS: usize = 3;
const PEOPLE: usize = 4;

/// In the following night, clocks go forward in Europe. A week later they go back in New Zealand.
const START: &str = "2025-03-29 18:00";
const DAY: &str = "2025-03-29";
const ZONES: [&str; 5] = ["Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"];

/// An index into the items that exist, modulo their number. Without items, the step is skipped.
type Index = usize;

#[derive(Debug, Clone)]
enum Step {
    Wait { seconds: i64 },
    Sweep { scope: Extent, mode: Mode },
    Zone(Index, &'static str),
    Buffers(Index, i32, i32),
    Recurrence(Index, Option<Recurrence>),
    AutoCreate(Index, bool, i32),
    Termination(Index, Option<u64>),
    Initiation(Index, Option<u64>),
    Move(Index, &'static str),
    NewInstance { session: Index, day: u64, times: Option<(NaiveTime, NaiveTime)> },
    Retime { instance: Index, day: Option<u64>, times: Option<(NaiveTime, NaiveTime)> },
    TakeTimesAway(Index),
    Cancel(Index, bool),
    Delete(Index),
    Override { instance: Index, active: bool, minutes: Option<i64> },
    ClearOverride(Index),
    Recompute(Index),
    CheckIn { instance: Index, person: Index, attendance: Attendance },
    DeleteCheckIn { instance: Index, person: Index },
    Deactivate(Index, bool),
}

#[derive(Debug, Clone, Copy)]
enum Extent {
    Due,
    All,
    Session(Index),
}

/// Two sessions begin with a recurrence. The third may begin with two overlapping instances this evening, to which everyone
/// said yes. So the steps have something to change.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let begun = |session| {
        (recurrences(), 1..60i32).prop_map(move |(it, hours)| {
            vec![Step::Recurrence(session, Some(it)), Step::AutoCreate(session, true, hours)]
        })
    };
    let evening = |start: &str| Step::NewInstance { session: 2, day: 0, times: Some((time(start), time("19:00"))) };
    let mut evenings = vec![evening("16:00"), evening("16:30")];
    for instance in [1, 3] {
        let yes = |person| Step::CheckIn { instance, person, attendance: Attendance::Yes };
        evenings.extend((0..PEOPLE).map(yes));
    }
    let evenings = prop_oneof![Just(vec![]), Just(evenings)];
    (evenings, begun(0), begun(1), vec(step(), 1..60))
        .prop_map(|(evenings, one, other, steps)| [evenings, one, other, steps].concat())
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..30usize;
    let mode = || prop_oneof![Just(Mode::Exact), Just(Mode::Periodic)];
    let day = || prop_oneof![4 => Just(0), 2 => Just(1), 1 => 2..5u64];
    let wait = prop_oneof![
        1..120i64,
        (1..8i64).prop_map(|quarters| quarters * 900),
        (1..12i64).prop_map(|hours| hours * 3600 - 60),
        Just(86_400),
    ];
    let extent = prop_oneof![
        4 => Just(Extent::Due),
        2 => Just(Extent::All),
        1 => index().prop_map(Extent::Session),
    ];
    let minutes = || prop_oneof![Just(0), Just(30), Just(60), Just(180), Just(1440)];
    let attendance = prop_oneof![4 => Just(Attendance::Yes), 1 => Just(Attendance::Maybe), 1 => Just(Attendance::No)];
    let about_sessions = prop_oneof![
        (index(), prop::sample::select(&ZONES[..])).prop_map(|(session, zone)| Step::Zone(session, zone)),
        (index(), minutes(), minutes()).prop_map(|(session, before, after)| Step::Buffers(session, before, after)),
        (index(), option::weighted(0.8, recurrences())).prop_map(|(session, it)| Step::Recurrence(session, it)),
        (index(), any::<bool>(), 1..60i32).prop_map(|(session, is_on, hours)| Step::AutoCreate(session, is_on, hours)),
        (index(), option::of(0..5u64)).prop_map(|(session, day)| Step::Termination(session, day)),
        (index(), option::of(0..3u64)).prop_map(|(session, day)| Step::Initiation(session, day)),
        (index(), prop::sample::select(&["Austin", "Berlin"][..]))
            .prop_map(|(session, city)| Step::Move(session, city)),
    ];
    let about_instances = prop_oneof![
        3 => (index(), day(), option::weighted(0.9, times()))
            .prop_map(|(session, day, times)| Step::NewInstance { session, day, times }),
        3 => (index(), option::of(day()), option::of(times()))
            .prop_map(|(instance, day, times)| Step::Retime { instance, day, times }),
        1 => index().prop_map(Step::TakeTimesAway),
        2 => (index(), any::<bool>()).prop_map(|(instance, is_cancelled)| Step::Cancel(instance, is_cancelled)),
        1 => index().prop_map(Step::Delete),
        2 => (index(), any::<bool>(), option::of(1..600i64))
            .prop_map(|(instance, active, minutes)| Step::Override { instance, active, minutes }),
        1 => index().prop_map(Step::ClearOverride),
        1 => index().prop_map(Step::Recompute),
    ];
    let about_people = prop_oneof![
        8 => (index(), index(), attendance)
            .prop_map(|(instance, person, attendance)| Step::CheckIn { instance, person, attendance }),
        1 => (index(), index()).prop_map(|(instance, person)| Step::DeleteCheckIn { instance, person }),
        1 => (index(), any::<bool>()).prop_map(|(person, it)| Step::Deactivate(person, it)),
    ];
    prop_oneof![
        4 => wait.prop_map(|seconds| Step::Wait { seconds }),
        3 => (extent, mode()).prop_map(|(scope, mode)| Step::Sweep { scope, mode }),
        3 => about_sessions,
        4 => about_instances,
        4 => about_people,
    ]
}

/// Times in quarters of an hour, so that windows often touch.
fn times() -> impl Strategy<Value = (NaiveTime, NaiveTime)> {
    (0..96u32, 1..40u32).prop_map(|(start, length)| {
        let quarter = |quarter: u32| {
            NaiveTime::from_num_seconds_from_midnight_opt(quarter % 96 * 900, 0).expect("a time of the day")
        };
        (quarter(start), quarter(start + length))
    })
}

fn recurrences() -> impl Strategy<Value = Recurrence> {
    let weekday = prop::sample::select(&[Weekday::Sat, Weekday::Sun, Weekday::Mon][..]);
    let schedule = (weekday, times(), 0..4u8).prop_map(|(weekday, (start, end), kind)| match kind {
        0 => Schedule::monthly(weekday, &[1, -1], start, end),
        _ => Schedule::weekly(weekday, 1, start, end),
    });
    vec(schedule, 1..4).prop_map(|schedules| {
        let schedules = schedules.into_iter().collect::<Result<_, _>>().expect("valid schedules");
        Recurrence::new(schedules).expect("a valid recurrence")
    })
}

fn day(day: u64) -> NaiveDate {
    date(DAY) + Days::new(day)
}

/// What a step saves of a session.
fn patch(step: &Step) -> SessionPatch {
    let none = SessionPatch::default();
    match step {
        Step::Zone(_, zone) => SessionPatch { time_zone: zone.parse().ok(), ..none },
        Step::Buffers(_, before, after) => SessionPatch {
            active_buffer_minutes_before: Some(*before),
            active_buffer_minutes_after: Some(*after),
            ..none
        },
        Step::Recurrence(_, recurrence) => {
            SessionPatch { recurrence: Some(recurrence.clone().map(Into::into)), ..none }
        }
        Step::AutoCreate(_, is_on, hours) => {
            SessionPatch { auto_create_instances: Some(*is_on), auto_create_hours_ahead: Some(*hours), ..none }
        }
        Step::Termination(_, last) => SessionPatch { termination_date: Some(last.map(day)), ..none },
        Step::Initiation(_, first) => SessionPatch { initiation_date: Some(first.map(day)), ..none },
        Step::Move(_, city) => SessionPatch { city: Some(Some((*city).to_owned())), ..none },
        _ => none,
    }
}

/// A world in the middle of a case.
struct Case<'a> {
    world: &'a World,
    sessions: Vec<SessionId>,
    people: Vec<PersonId>,
}

impl<'a> Case<'a> {
    async fn begin(world: &'a World) -> Result<Self> {
        world.clear().await?;
        world.at(START);
        let (mut sessions, mut people) = (Vec::new(), Vec::new());
        for (number, zone) in (1..=SESSIONS).zip(ZONES) {
            let row = session::Model {
                created_at: world.now() - TimeDelta::days(30),
                ..blank_session(&format!("Session {number}"), zone)
            };
            sessions.push(world.insert_session(row).await?.id);
        }
        for number in 1..=PEOPLE {
            people.push(world.insert_person(&format!("Person {number}")).await?);
        }
        Ok(Self { world, sessions, people })
    }

    fn session(&self, index: Index) -> SessionId {
        self.sessions[index % SESSIONS]
    }

    fn person(&self, index: Index) -> PersonId {
        self.people[index % PEOPLE]
    }

    /// Every other index selects among the instances that are active or will be soon, if there are any.
    async fn instance(&self, index: Index) -> Result<Option<SessionInstanceId>> {
        let soon = self.world.now() + TimeDelta::hours(8);
        let mut rows = self.world.all_instances().await?;
        rows.retain(|row| row.deleted_at.is_none());
        let is_near = |row: &session_instance::Model| row.is_active || row.due_at.is_some_and(|due| due < soon);
        if index.is_multiple_of(2) && rows.iter().any(is_near) {
            rows.retain(is_near);
        }
        Ok((!rows.is_empty()).then(|| rows[index / 2 % rows.len()].id))
    }

    async fn take(&self, step: &Step) -> Result<()> {
        let (world, app) = (self.world, &self.world.app);
        let done = match step {
            Step::Wait { seconds } => {
                world.advance_seconds(*seconds);
                Ok(())
            }
            Step::Sweep { scope, mode } => return self.sweep(*scope, *mode).await,
            Step::NewInstance { session, day: on, times } => {
                let (start_time, end_time) = times.unzip();
                let session = self.session(*session);
                let new = NewInstance {
                    session,
                    date: day(*on),
                    start_time,
                    end_time,
                    location_override: None,
                    allows_duplicate: true,
                };
                instances::insert_instance(app, Viewer::ADMIN, new).await.map(drop)
            }
            Step::CheckIn { instance, person, attendance } => {
                let Some(instance) = self.instance(*instance).await? else { return Ok(()) };
                let person = Some(self.person(*person));
                check_ins::check_in(app, Viewer::ADMIN, instance, *attendance, person).await.map(drop)
            }
            Step::DeleteCheckIn { instance, person } => {
                let Some(instance) = self.instance(*instance).await? else { return Ok(()) };
                let person = Some(self.person(*person));
                check_ins::delete_check_in(app, Viewer::ADMIN, instance, person).await.map(drop)
            }
            Step::Deactivate(person, it) => {
                let patch = PersonPatch { is_deactivated: Some(*it), ..PersonPatch::default() };
                people::update_person(app, Viewer::ADMIN, self.person(*person), patch).await.map(drop)
            }
            Step::Zone(index, ..)
            | Step::Buffers(index, ..)
            | Step::Recurrence(index, ..)
            | Step::AutoCreate(index, ..)
            | Step::Termination(index, ..)
            | Step::Initiation(index, ..)
            | Step::Move(index, ..) => {
                sessions::update_session(app, Viewer::ADMIN, self.session(*index), patch(step)).await.map(drop)
            }
            Step::Retime { instance: index, .. }
            | Step::TakeTimesAway(index)
            | Step::Cancel(index, _)
            | Step::Delete(index)
            | Step::Override { instance: index, .. }
            | Step::ClearOverride(index)
            | Step::Recompute(index) => {
                let Some(id) = self.instance(*index).await? else { return Ok(()) };
                self.change_instance(id, step).await
            }
        };
        match done {
            Err(error @ (service::Error::Internal(_) | service::Error::Again(_))) => Err(anyhow!("{error:?}")),
            // Other errors are refusals, such as of a termination before the initiation.
            _ => Ok(()),
        }
    }

    /// Sweeps, and checks that a dry run reports the same.
    async fn sweep(&self, scope: Extent, mode: Mode) -> Result<()> {
        let scope = match scope {
            Extent::Due => Scope::Due,
            Extent::All => Scope::All,
            Extent::Session(index) => Scope::Session(self.session(index)),
        };
        let dry = Request { scope, mode, at: None, is_dry_run: true };
        let foreseen = sweep(&self.world.app, dry).await.done()?;
        let report = sweep(&self.world.app, Request { is_dry_run: false, ..dry }).await.done()?;
        ensure!(report.errors.is_empty(), "{:?}", report.errors);
        let counts = |report: &Report| {
            let made: usize = report.auto_created.iter().map(|it| it.instances_created).sum();
            (report.activated.len(), report.deactivated.len(), report.people_moved, made)
        };
        ensure!(counts(&report) == counts(&foreseen), "the dry run said {foreseen:?}, the run {report:?}");
        Ok(())
    }

    async fn change_instance(&self, id: SessionInstanceId, step: &Step) -> service::Result<()> {
        let app = &self.world.app;
        match step {
            Step::Retime { day, times, .. } => {
                let patch = InstancePatch {
                    date: day.map(self::day),
                    start_time: times.map(|it| Some(it.0)),
                    end_time: times.map(|it| Some(it.1)),
                    ..InstancePatch::default()
                };
                instances::update_instance(app, Viewer::ADMIN, id, patch).await?;
            }
            Step::TakeTimesAway(_) => {
                let patch = InstancePatch { start_time: Some(None), end_time: Some(None), ..InstancePatch::default() };
                instances::update_instance(app, Viewer::ADMIN, id, patch).await?;
            }
            Step::Cancel(_, is_cancelled) => {
                let patch = InstancePatch { is_cancelled: Some(*is_cancelled), ..InstancePatch::default() };
                instances::update_instance(app, Viewer::ADMIN, id, patch).await?;
            }
            Step::Delete(_) => {
                instances::delete_instance(app, Viewer::ADMIN, id).await?;
            }
            Step::Override { active, minutes, .. } => {
                let until = minutes.map(|minutes| app.now() + TimeDelta::minutes(minutes));
                instances::set_override(app, Viewer::ADMIN, id, *active, until).await?;
            }
            Step::ClearOverride(_) => {
                instances::clear_override(app, Viewer::ADMIN, id).await?;
            }
            _ => {
                instances::recompute_instance(app, Viewer::ADMIN, id).await?;
            }
        }
        Ok(())
    }

    /// Placements and the log must be consistent after each step, without a sweep.
    async fn check_between(&self) -> Result<()> {
        let stored = self.world.stored().await?;
        stored.check_places(self.world.app.placement_rule)?;
        self.world.check_log(&stored).await
    }

    /// After a sweep of what is due, the world must be consistent, each occurrence must have one instance, and
    /// computing everything again must change nothing.
    async fn check_at_last(&self) -> Result<()> {
        self.world.sweep_exactly().await?;
        self.world.check_consistent().await?;
        let stored = self.world.stored().await?;
        for session in &stored.sessions {
            let theirs: Vec<_> = stored.instances.iter().filter(|row| row.session_id == session.id).collect();
            self.check_creation(session, &theirs)?;
        }
        let report = self.world.sweep(Scope::All, Mode::Exact).await?;
        let (mut stored, mut again) = (stored, self.world.stored().await?);
        // A cancelled instance never falls due, so its expired override may or may not be stored.
        for row in stored.instances.iter_mut().chain(&mut again.instances) {
            if row.override_until.is_some_and(|until| until <= self.world.now()) {
                (row.override_active, row.override_until) = (None, None);
            }
        }
        ensure!(
            again.instances == stored.instances,
            "{:?}\nwas, {report:?}\nmade it\n{:?}",
            stored.instances,
            again.instances
        );
        for (old, new) in stored.sessions.iter_mut().zip(&again.sessions) {
            // Checking too early costs one check. Checking too late would miss an instance.
            ensure!(old.next_create_at.is_some() || new.next_create_at.is_none(), "{old:?} became {new:?}");
            ensure!(old.next_create_at <= new.next_create_at, "{old:?} became {new:?}");
            old.next_create_at = new.next_create_at;
            ensure!(old == new, "{old:?} became {new:?}");
        }
        ensure!(again.people == stored.people, "{:?} became {:?}", stored.people, again.people);
        Ok(())
    }

    fn check_creation(&self, session: &session::Model, theirs: &[&session_instance::Model]) -> Result<()> {
        ensure!(!session.needs_recompute && session.problem.is_none(), "{session:?}");
        let value = Session::from(session.clone());
        let Some(recurrence) = value.recurrence()?.filter(|_| session.auto_create_instances) else {
            ensure!(session.next_create_at.is_none(), "{session:?}");
            return Ok(());
        };
        let zone = value.zone(ZoneData::compiled())?;
        let existing = theirs.iter().map(|row| ExistingInstance {
            date: row.date,
            start: row.start_time,
            occurrence: row
                .occurrence_date
                .zip(row.occurrence_start)
                .map(|(date, start)| OccurrenceKey { date, start }),
            existence: match (row.is_removed_by_recurrence, row.deleted_at, row.is_cancelled_by_recurrence) {
                (true, ..) => Existence::RemovedByRetiming,
                (false, Some(_), _) => Existence::Deleted,
                (false, None, true) => Existence::CancelledByRetiming,
                (false, None, false) => Existence::Present,
            },
        });
        let plan = autocreate::plan(
            &recurrence,
            &value.calendar(zone, Skips::NONE),
            value.buffers(),
            session.auto_create_hours_ahead,
            &existing.collect::<Vec<_>>(),
            self.world.now(),
        );
        ensure!(plan.create.is_empty(), "no instance for {:?} of {session:?}: {theirs:?}", plan.create);
        Ok(())
    }
}

async fn run(world: &World, steps: &[Step]) -> Result<()> {
    let case = Case::begin(world).await?;
    for (number, step) in steps.iter().enumerate() {
        case.take(step).await.with_context(|| format!("step {number}"))?;
        case.check_between().await.with_context(|| format!("after step {number}"))?;
    }
    case.check_at_last().await.context("at the end")
}

async fn statuses_places_and_log_are_consistent_after_any_sequence_of_steps(database: TestDatabase) -> Result<()> {
    let cases = match database.backend {
        Backend::Sqlite => 120,
        Backend::Postgres => 40,
    };
    let cases = if std::env::var_os("INSESSION_FULL").is_some() { cases * 10 } else { cases };
    let world = World::new(database, START).await?;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let steps = steps();
    for _ in 0..cases {
        let mut tree = steps.new_tree(&mut runner).map_err(|reason| anyhow!("no steps: {reason}"))?;
        if let Err(error) = run(&world, &tree.current()).await {
            let (steps, error) = smallest(&world, &mut tree, error).await;
            let mut list = String::new();
            for (number, step) in steps.iter().enumerate() {
                write!(list, "\n  {number}: {step:?}")?;
            }
            return Err(error.context(format!("these steps:{list}")));
        }
    }
    Ok(())
}

/// Shrinks a failing sequence to a simpler one that fails too.
async fn smallest(
    world: &World,
    tree: &mut impl ValueTree<Value = Vec<Step>>,
    error: anyhow::Error,
) -> (Vec<Step>, anyhow::Error) {
    let mut best = (tree.current(), error);
    let mut can_go_on = tree.simplify();
    for _ in 0..500 {
        if !can_go_on {
            break;
        }
        let steps = tree.current();
        can_go_on = match run(world, &steps).await {
            Ok(()) => tree.complicate(),
            Err(error) => {
                best = (steps, error);
                tree.simplify()
            }
        };
    }
    best
}
