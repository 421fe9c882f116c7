//! Check-ins, saves and sweeps run concurrently while the clock advances.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionInstanceId},
    news::ChangeKind,
    status::Mode,
};
use entity::{session, session_instance};
use futures_util::future::join_all;
use insession_tests::{Backend, LIMIT, TestDatabase, database::number, eventually, on_both_databases};

use service::{
    App, check_ins,
    instances::{self, InstancePatch, NewInstance},
    log,
    people::{self, PersonPatch},
    sessions::{self, SessionPatch},
    sweep::{Request, Scope, sweep},
};

use super::world::{Dice, Done, World, blank_session, date, time, utc};

on_both_databases!(
    concurrent_check_ins_saves_and_sweeps_stay_consistent,
    delayed_sweep_never_undoes_a_later_one,
    concurrent_sweeps_create_each_instance_once,
    check_in_waits_for_a_locked_target_instance,
);

/// The work that is left. Every task continues until there is none.
struct Storm {
    left: AtomicI64,
    start: DateTime<Utc>,
    /// How many sweeps of everything that is due have ended.
    sweeps: AtomicI64,
}

impl Storm {
    fn new(count: i64, world: &World) -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(count), start: world.now(), sweeps: AtomicI64::new(0) })
    }

    fn is_over(&self) -> bool {
        self.left.load(Ordering::Relaxed) <= 0
    }

    fn take(&self) -> bool {
        self.left.fetch_sub(1, Ordering::Relaxed) > 0
    }
}

/// Inserts instances that open one after the other, some at the same instant. Each lasts six minutes.
async fn insert_instances(world: &World, sessions: usize, each: usize) -> Result<Vec<session_instance::Model>> {
    let mut rows = Vec::new();
    for number in 0..sessions {
        let session = session::Model {
            active_buffer_minutes_before: 0,
            active_buffer_minutes_after: 0,
            ..blank_session(&format!("Session {number}"), "UTC")
        };
        let session = world.insert_session(session).await?;
        for turn in 0..each {
            let offset = i64::try_from(turn * 5 + number % 3 * 2)?;
            let opens = world.now() + TimeDelta::minutes(offset);
            let closes = opens + TimeDelta::minutes(6);
            let times = Some((opens.time(), closes.time()));
            rows.push(
                world.insert_instance(&session, opens.date_naive(), times, |row| row.due_at = Some(opens)).await?,
            );
        }
    }
    Ok(rows)
}

/// Fails on internal errors and on collisions. An error that a client may be sent is fine.
fn expect_done<T>(result: service::Result<T>) -> Result<()> {
    match result {
        Err(error @ (service::Error::Internal(_) | service::Error::Again(_))) => Err(anyhow!("{error:?}")),
        _ => Ok(()),
    }
}

/// Runs thousands of interleavings. Nobody is ever placed at an inactive instance, no collision reaches a client, and the
/// world is consistent at the end.
pub async fn concurrent_check_ins_saves_and_sweeps_stay_consistent(database: TestDatabase) -> Result<()> {
    let backend = database.backend;
    let world = World::new(database, "2025-06-11 00:00").await?;
    let rows = Arc::new(insert_instances(&world, 6, 20).await?);
    let mut people = Vec::new();
    for number in 0..12 {
        people.push(world.insert_person(&format!("Person {number}")).await?);
    }
    let people = Arc::new(people);
    let count = if backend == Backend::Postgres { 2_500 } else { 1_000 };
    let count = if std::env::var_os("INSESSION_FULL").is_some() { count * 20 } else { count };
    let storm = Storm::new(count, &world);

    let mut tasks = Vec::new();
    for seed in 0..6 {
        let (app, rows, people) = (world.app.clone(), Arc::clone(&rows), Arc::clone(&people));
        tasks.push(tokio::spawn(check_in_often(Arc::clone(&storm), app, seed, rows, people)));
    }
    for request in [Request::EXACT, Request::EXACT, Request::PERIODIC, Request { mode: Mode::Exact, ..Request::ALL }] {
        tasks.push(tokio::spawn(sweep_often(Arc::clone(&storm), world.app.clone(), request)));
    }
    tasks.push(tokio::spawn(save_often(Arc::clone(&storm), world.app.clone(), Arc::clone(&rows), Arc::clone(&people))));
    tasks.push(tokio::spawn(look_often(Arc::clone(&storm), world.app.clone())));
    tasks.push(tokio::spawn(publish_often(Arc::clone(&storm), world.app.clone())));
    let another = world.another_app().await?;
    tasks.push(tokio::spawn(publish_often(Arc::clone(&storm), another.clone())));
    // The clock advances with the work that is done.
    let clock = Arc::clone(&world.clock);
    let passing = Arc::clone(&storm);
    tasks.push(tokio::spawn(async move {
        while !passing.is_over() {
            let done = count - passing.left.load(Ordering::Relaxed);
            clock.set(passing.start + TimeDelta::milliseconds(done * 110 * 60_000 / count));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }));
    for result in join_all(tasks).await {
        result??;
    }
    world.sweep_exactly().await?;
    world.check_consistent().await?;
    if backend == Backend::Postgres {
        another.db.pool().clone().close().await?;
        expect_no_deadlock(&world).await?;
    }
    Ok(())
}

async fn check_in_often(
    storm: Arc<Storm>,
    app: App,
    seed: u64,
    rows: Arc<Vec<session_instance::Model>>,
    people: Arc<Vec<PersonId>>,
) -> Result<()> {
    let mut dice = Dice(seed);
    while storm.take() {
        let near: Vec<_> = rows
            .iter()
            .filter(|row| row.opens_at.is_some_and(|opens| (opens - app.now()).abs() < TimeDelta::minutes(8)))
            .collect();
        if near.is_empty() {
            continue;
        }
        let instance = dice.pick(&near).id;
        let person = Some(*dice.pick(&people));
        let attendance = *dice.pick(&[Attendance::Yes, Attendance::Yes, Attendance::Yes, Attendance::No]);
        if dice.one_in(12) {
            expect_done(check_ins::delete_check_in(&app, Viewer::ADMIN, instance, person).await)?;
        } else {
            expect_done(check_ins::check_in(&app, Viewer::ADMIN, instance, attendance, person).await)?;
        }
    }
    Ok(())
}

async fn sweep_often(storm: Arc<Storm>, app: App, request: Request) -> Result<()> {
    while !storm.is_over() {
        let report = sweep(&app, request).await.done()?;
        ensure!(report.errors.is_empty(), "{:?}", report.errors);
        if matches!((request.scope, request.mode), (Scope::Due, Mode::Exact)) {
            storm.sweeps.fetch_add(1, Ordering::Relaxed);
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn save_often(
    storm: Arc<Storm>,
    app: App,
    rows: Arc<Vec<session_instance::Model>>,
    people: Arc<Vec<PersonId>>,
) -> Result<()> {
    let mut dice = Dice(1_000);
    while !storm.is_over() {
        let row = dice.pick(&rows);
        let id = row.id;
        match dice.below(6) {
            0 => {
                let until = (!dice.one_in(3)).then(|| app.now() + TimeDelta::seconds(90));
                expect_done(instances::set_override(&app, Viewer::ADMIN, id, dice.one_in(2), until).await)?;
            }
            1 => expect_done(instances::clear_override(&app, Viewer::ADMIN, id).await)?,
            2 => {
                let patch = InstancePatch { is_cancelled: Some(dice.one_in(3)), ..InstancePatch::default() };
                expect_done(instances::update_instance(&app, Viewer::ADMIN, id, patch).await)?;
            }
            3 => {
                let patch = PersonPatch { is_deactivated: Some(dice.one_in(4)), ..PersonPatch::default() };
                expect_done(people::update_person(&app, Viewer::ADMIN, *dice.pick(&people), patch).await)?;
            }
            4 => {
                let patch = SessionPatch {
                    active_buffer_minutes_after: Some(dice.between(0, 2)),
                    city: Some(Some((*dice.pick(&["Austin", "Waco"])).to_owned())),
                    ..SessionPatch::default()
                };
                expect_done(sessions::update_session(&app, Viewer::ADMIN, row.session_id, patch).await)?;
            }
            _ => expect_done(instances::recompute_instance(&app, Viewer::ADMIN, id).await)?,
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Checks again and again that nobody is at an inactive instance. One statement reads one snapshot of the database.
async fn look_often(storm: Arc<Storm>, app: App) -> Result<()> {
    while !storm.is_over() {
        let misplaced = number(
            app.db.pool(),
            "SELECT count(*) FROM person p JOIN session_instance i ON i.id = p.active_session_instance_id
             WHERE NOT i.is_active OR p.is_deactivated",
        );
        ensure!(misplaced.await? == 0, "someone is at an inactive instance");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

async fn publish_often(storm: Arc<Storm>, app: App) -> Result<()> {
    while !storm.is_over() {
        log::publish(&app).await.done()?;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    Ok(())
}

/// PostgreSQL adds up the deadlocks of a connection only when the connection ends.
async fn expect_no_deadlock(world: &World) -> Result<()> {
    let looking = world.connect().await?;
    world.db().clone().close().await?;
    eventually(LIMIT, "the connections to end", async || {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                      AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        ensure!(number(&looking, others).await? == 0, "some are there");
        Ok(())
    })
    .await?;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(number(&looking, deadlocks).await?, 0, "each deadlock delays its transactions by a second");
    Ok(())
}

/// A sweep decides for the instant at which it holds its locks. So nothing closes early, and nothing opens twice.
async fn delayed_sweep_never_undoes_a_later_one(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 00:00").await?;
    let rows = insert_instances(&world, 6, 10).await?;
    let person = world.insert_person("Ada").await?;
    for row in &rows {
        let said_yes = world.now() - TimeDelta::days(1);
        world.insert_check_in(person, row.id, Attendance::Yes, said_yes).await?;
    }
    let storm = Storm::new(400, &world);
    let mut tasks = Vec::new();
    let requests = [
        Request::EXACT,
        Request::PERIODIC,
        Request::ALL,
        Request { mode: Mode::Exact, ..Request::ALL },
        Request { scope: Scope::Session(rows[0].session_id), ..Request::EXACT },
    ];
    for request in requests {
        tasks.push(tokio::spawn(sweep_often(Arc::clone(&storm), world.app.clone(), request)));
    }
    while storm.take() {
        world.advance_seconds(10);
        if storm.is_over() {
            break;
        }
        // The first sweep to end may have begun before the clock went on; the second has not.
        let enough = storm.sweeps.load(Ordering::Relaxed) + 2;
        eventually(LIMIT, "a sweep at this instant", async || {
            ensure!(tasks.iter().all(|task| !task.is_finished()), "a task has ended");
            ensure!(storm.sweeps.load(Ordering::Relaxed) >= enough, "not yet");
            Ok(())
        })
        .await?;
    }
    for result in join_all(tasks).await {
        result??;
    }
    world.sweep_exactly().await?;
    world.check_consistent().await?;
    let mut turns: BTreeMap<SessionInstanceId, Vec<ChangeKind>> = BTreeMap::new();
    for change in world.log().await? {
        let Some(change) = change.event.as_session() else { continue };
        if let (Some(instance), ChangeKind::Activated | ChangeKind::Deactivated) = (change.instance, change.kind) {
            turns.entry(instance).or_default().push(change.kind);
        }
    }
    for row in &rows {
        let turns = turns.remove(&row.id).unwrap_or_default();
        assert_eq!(turns, [ChangeKind::Activated, ChangeKind::Deactivated], "{}", row.id);
    }
    Ok(())
}

async fn concurrent_sweeps_create_each_instance_once(database: TestDatabase) -> Result<()> {
    const SESSIONS: i64 = 70;
    let world = World::new(database, "2025-06-13 20:00").await?;
    for number in 0..SESSIONS {
        let session = session::Model {
            recurrence: Some(
                r#"[{"type":"weekly","weekday":"saturday","start_time":"19:00","end_time":"22:00"}]"#.to_owned(),
            ),
            auto_create_instances: true,
            next_create_at: Some(utc("2025-06-13 19:00")),
            ..blank_session(&format!("Session {number}"), "UTC")
        };
        world.insert_session(session).await?;
    }
    let mut apps = vec![world.app.clone()];
    for _ in 0..3 {
        apps.push(world.another_app().await?);
    }
    let requests = [Request::EXACT, Request::PERIODIC, Request::ALL, Request::EXACT];
    let reports = apps.iter().zip(requests).map(|(app, request)| sweep(app, request));
    let mut made = 0;
    for report in join_all(reports).await {
        let report = report.done()?;
        ensure!(report.errors.is_empty(), "{:?}", report.errors);
        made += report.auto_created.iter().map(|it| it.instances_created).sum::<usize>();
    }
    assert_eq!(i64::try_from(made)?, SESSIONS, "as reported");
    let sql = "SELECT count(*) FROM session_instance";
    assert_eq!(number(world.db(), sql).await?, SESSIONS);
    Ok(())
}

/// A person who withdraws here is placed where they said yes before. That instance is locked for a while, as by a long
/// batch.
async fn check_in_waits_for_a_locked_target_instance(database: TestDatabase) -> Result<()> {
    if database.backend == Backend::Sqlite {
        return Ok(());
    }
    let world = World::new(database, "2025-06-11 19:30").await?;
    let mut instances = Vec::new();
    for name in ["Here", "There"] {
        let session = world.insert_session(blank_session(name, "UTC")).await?;
        let new = NewInstance {
            session: session.id,
            date: date("2025-06-11"),
            start_time: Some(time("19:00")),
            end_time: Some(time("22:00")),
            location_override: None,
            allows_duplicate: false,
        };
        instances.push(instances::insert_instance(&world.app, Viewer::ADMIN, new).await.done()?.id);
    }
    let (here, there) = (instances[0], instances[1]);
    let person = world.insert_person("Ada").await?;
    for instance in [there, here] {
        check_ins::check_in(&world.app, Viewer::ADMIN, instance, Attendance::Yes, Some(person)).await.done()?;
        world.advance_seconds(1);
    }
    assert_eq!(world.place(person).await?, Some(here));

    let batch = world.app.db.begin().await.done()?;
    let lock = format!("UPDATE session_instance SET location_override = 'Hall' WHERE id = {}", there.0);
    insession_tests::database::execute(&batch, &lock).await?;
    let app = world.app.clone();
    let mut says_no = tokio::spawn(async move {
        check_ins::check_in(&app, Viewer::ADMIN, here, Attendance::No, Some(person)).await.done()
    });
    if let Ok(early) = tokio::time::timeout(Duration::from_secs(3), &mut says_no).await {
        bail!("it did not wait: {early:?}");
    }
    drop(batch);
    says_no.await?.context("after the batch")?;
    assert_eq!(world.place(person).await?, Some(there));
    Ok(())
}
