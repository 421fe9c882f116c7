//! Sweeps: repeated, concurrent, looking ahead, dry, with broken sessions, and after a crash.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
    news::ChangeKind,
    status::Mode,
};
use entity::{session, session_instance};
use futures_util::future::join_all;
use insession_tests::{TestDatabase, on_both_databases};
use sea_orm::{FromQueryResult, JsonValue, Statement};
use service::{
    instances,
    sessions::{self, SessionPatch},
    sweep::{Changed, Report, Request, Scope, find_next_due, forget_later_ticks, run_recorded, sweep},
};

use super::world::{Done, World, blank_session, date, time, utc};

on_both_databases!(
    repeated_sweep_changes_nothing,
    concurrent_sweeps_make_each_change_once,
    only_periodic_sweeps_look_ahead,
    overrides_end_at_their_end_or_at_the_next_periodic_sweep,
    dry_run_reports_what_a_run_does_and_writes_nothing,
    broken_session_is_reported_until_it_is_repaired,
    marked_session_is_recomputed_without_its_job,
    concurrent_save_and_recompute_lose_no_mark,
    due_sweep_skips_what_is_not_due,
    full_sweep_repairs_manual_edits,
    periodic_tick_runs_once,
);

/// Inserts a session in UTC with one instance from 19:00 to 22:00 on 11 June 2025, which is not swept yet. `people` said yes
/// in advance.
async fn insert_evening(world: &World, name: &str, people: &[PersonId]) -> Result<session_instance::Model> {
    let session = world.insert_session(blank_session(name, "UTC")).await?;
    let times = Some((time("19:00"), time("22:00")));
    let row = world.insert_instance(&session, date("2025-06-11"), times, |row| row.due_at = row.opens_at).await?;
    for person in people {
        let said = utc("2025-06-10 12:00");
        world.insert_check_in(*person, row.id, Attendance::Yes, said).await?;
    }
    Ok(row)
}

async fn insert_people(world: &World, count: usize) -> Result<Vec<PersonId>> {
    let mut people = Vec::new();
    for number in 1..=count {
        people.push(world.insert_person(&format!("Person {number}")).await?);
    }
    Ok(people)
}

fn ids(list: &[Changed]) -> Vec<SessionInstanceId> {
    list.iter().map(|changed| changed.instance_id).collect()
}

fn is_empty(report: &Report) -> bool {
    report.activated.is_empty()
        && report.deactivated.is_empty()
        && report.auto_created.is_empty()
        && report.people_moved == 0
}

const ALL_SCOPES: [(Scope, Mode); 4] =
    [(Scope::Due, Mode::Exact), (Scope::Due, Mode::Periodic), (Scope::All, Mode::Exact), (Scope::All, Mode::Periodic)];

async fn repeated_sweep_changes_nothing(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 18:00").await?;
    let people = insert_people(&world, 3).await?;
    let row = insert_evening(&world, "Evening", &people).await?;
    for (now, activated, deactivated) in
        [("2025-06-11 18:00", vec![row.id], vec![]), ("2025-06-11 23:00", vec![], vec![row.id])]
    {
        world.at(now);
        let report = world.sweep_exactly().await?;
        assert_eq!(
            (ids(&report.activated), ids(&report.deactivated), report.people_moved),
            (activated, deactivated, 3)
        );
        let before = contents(&world).await?;
        ensure!(before.iter().any(|row| row.contains("Evening")), "{before:?}");
        for (scope, mode) in ALL_SCOPES {
            let report = world.sweep(scope, mode).await?;
            ensure!(is_empty(&report), "{scope:?} {mode:?}: {report:?}");
            assert_eq!(contents(&world).await?, before, "{scope:?} {mode:?}");
        }
        world.check_consistent().await?;
    }
    Ok(())
}

async fn concurrent_sweeps_make_each_change_once(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 17:00").await?;
    let people = insert_people(&world, 20).await?;
    let mut rows = Vec::new();
    for number in 0..60 {
        rows.push(insert_evening(&world, &format!("Evening {number}"), &people[number % 20..][..1]).await?);
    }
    let apps = [world.app.clone(), world.another_app().await?, world.another_app().await?];
    for (now, kind) in [("2025-06-11 18:00", ChangeKind::Activated), ("2025-06-11 23:00", ChangeKind::Deactivated)] {
        world.at(now);
        let head = world.head().await?;
        let mut reported = Vec::new();
        let mut moved = 0;
        for report in join_all(apps.iter().map(|app| sweep(app, Request::EXACT))).await {
            let report = report.done()?;
            reported.extend(ids(&report.activated).into_iter().chain(ids(&report.deactivated)));
            moved += report.people_moved;
        }
        reported.sort_unstable();
        assert_eq!(
            reported,
            rows.iter().map(|row| row.id).collect::<Vec<_>>(),
            "each instance is in exactly one report"
        );
        assert_eq!(moved, people.len());
        let log = world.log().await?;
        let news = log.iter().filter(|change| head < change.position);
        let news: Vec<_> = news.filter_map(|change| change.event.as_session()).collect();
        let mut changed: Vec<_> =
            news.iter().filter(|change| change.kind == kind).filter_map(|change| change.instance).collect();
        changed.sort_unstable();
        assert_eq!(changed, rows.iter().map(|row| row.id).collect::<Vec<_>>());
        assert_eq!(news.len(), rows.len() + people.len(), "a row for each change and each move");
        world.check_consistent().await?;
    }
    Ok(())
}

async fn only_periodic_sweeps_look_ahead(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 17:00").await?;
    let row = insert_evening(&world, "Evening", &[]).await?;
    let id = row.id;
    for (now, scope, mode, is_active) in [
        ("2025-06-11 17:58:59", Scope::Due, Mode::Periodic, false),
        ("2025-06-11 17:58:59", Scope::All, Mode::Periodic, false),
        ("2025-06-11 17:59:00", Scope::Due, Mode::Exact, false),
        ("2025-06-11 17:59:59", Scope::All, Mode::Exact, false),
        ("2025-06-11 17:59:00", Scope::Session(row.session_id), Mode::Exact, false),
        ("2025-06-11 17:59:00", Scope::Due, Mode::Periodic, true),
        // Other sweeps do not change it back.
        ("2025-06-11 17:59:00", Scope::All, Mode::Exact, true),
        ("2025-06-11 17:59:30", Scope::Session(row.session_id), Mode::Exact, true),
        // No sweep looks ahead at closings.
        ("2025-06-11 22:59:59", Scope::All, Mode::Periodic, true),
        ("2025-06-11 22:59:59", Scope::Due, Mode::Periodic, true),
        ("2025-06-11 23:00:00", Scope::Due, Mode::Periodic, false),
    ] {
        world.at(now);
        world.sweep(scope, mode).await?;
        assert_eq!(world.is_active(id).await?, is_active, "{now} {scope:?} {mode:?}");
    }
    let log = world.log().await?;
    let kinds: Vec<_> = log.iter().filter_map(|change| Some(change.event.as_session()?.kind)).collect();
    assert_eq!(kinds, [ChangeKind::Activated, ChangeKind::Deactivated]);
    Ok(())
}

async fn overrides_end_at_their_end_or_at_the_next_periodic_sweep(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 12:00").await?;
    let app = &world.app;
    let row = insert_evening(&world, "Evening", &[]).await?;
    let id = row.id;
    // An override without an end lasts until the next periodic sweep. Then the window counts again.
    instances::set_override(app, Viewer::ADMIN, id, true, None).await.done()?;
    ensure!(world.is_active(id).await?);
    world.advance_seconds(3600);
    for (scope, mode) in
        [(Scope::Due, Mode::Exact), (Scope::All, Mode::Exact), (Scope::Session(row.session_id), Mode::Exact)]
    {
        world.sweep(scope, mode).await?;
        ensure!(world.is_active(id).await?, "{scope:?} {mode:?}");
    }
    world.sweep(Scope::Due, Mode::Periodic).await?;
    ensure!(!world.is_active(id).await? && world.instance(id).await?.override_active.is_none());

    // An override with an end has its own due instant. The window opens meanwhile and counts after the end.
    world.at("2025-06-11 17:30");
    let until = utc("2025-06-11 18:30");
    instances::set_override(app, Viewer::ADMIN, id, false, Some(until)).await.done()?;
    for (now, is_active, due) in [
        ("2025-06-11 17:30:00", false, Some("2025-06-11 18:00")),
        ("2025-06-11 18:00:00", false, Some("2025-06-11 18:30")),
        ("2025-06-11 18:29:59", false, Some("2025-06-11 18:30")),
        ("2025-06-11 18:30:00", true, Some("2025-06-11 23:00")),
    ] {
        world.at(now);
        for mode in [Mode::Exact, Mode::Periodic] {
            world.sweep(Scope::Due, mode).await?;
            assert_eq!(world.is_active(id).await?, is_active, "{now} {mode:?}");
            assert_eq!(find_next_due(app).await.done()?, due.map(utc), "{now} {mode:?}");
        }
    }
    // The end of an override closes an instance that was kept active beyond its window.
    let until = Some(utc("2025-06-11 23:30"));
    instances::set_override(app, Viewer::ADMIN, id, true, until).await.done()?;
    for (now, is_active) in
        [("2025-06-11 23:00:00", true), ("2025-06-11 23:29:59", true), ("2025-06-11 23:30:00", false)]
    {
        world.at(now);
        world.sweep_exactly().await?;
        assert_eq!(world.is_active(id).await?, is_active, "{now}");
    }
    assert_eq!(find_next_due(app).await.done()?, None);
    // An override never activates a cancelled instance.
    world.raw(&format!("UPDATE session_instance SET is_cancelled = true WHERE id = {}", id.0)).await?;
    instances::set_override(app, Viewer::ADMIN, id, true, None).await.done()?;
    ensure!(!world.is_active(id).await?);
    world.sweep(Scope::All, Mode::Periodic).await?;
    ensure!(!world.is_active(id).await? && world.instance(id).await?.override_active.is_none());
    world.check_consistent().await
}

/// Every row of every table, as text.
async fn contents(world: &World) -> Result<Vec<String>> {
    let db = world.db();
    let backend = db.get_database_backend();
    let mut contents = Vec::new();
    for table in [
        "session",
        "session_organizer",
        "session_instance",
        "person",
        "check_in",
        "change_batch",
        "change_log",
        "count_change",
        "sweep_run",
    ] {
        let rows = JsonValue::find_by_statement(Statement::from_string(backend, format!("SELECT * FROM {table}")));
        let mut rows: Vec<_> = rows.all(db).await?.iter().map(|row| format!("{table}: {row}")).collect();
        rows.sort();
        contents.extend(rows);
    }
    Ok(contents)
}

async fn dry_run_reports_what_a_run_does_and_writes_nothing(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 17:59").await?;
    let people = insert_people(&world, 4).await?;
    insert_evening(&world, "Opens", &people[..2]).await?;
    let closes = insert_evening(&world, "Closes", &people[2..3]).await?;
    instances::set_override(&world.app, Viewer::ADMIN, closes.id, true, None).await.done()?;
    let sql = format!("UPDATE session_instance SET override_active = false WHERE id = {}", closes.id.0);
    world.raw(&sql).await?;
    world.raw("UPDATE session SET time_zone = 'Mars/Base', needs_recompute = true WHERE name = 'Closes'").await?;
    let made = session::Model {
        recurrence: Some(
            r#"[{"type":"weekly","weekday":"wednesday","start_time":"18:30","end_time":"20:00"}]"#.to_owned(),
        ),
        auto_create_instances: true,
        needs_recompute: true,
        ..blank_session("Made", "UTC")
    };
    world.insert_session(made).await?;
    for (scope, mode) in ALL_SCOPES {
        let before = contents(&world).await?;
        let dry = Request { scope, mode, at: None, is_dry_run: true };
        let foreseen = sweep(&world.app, dry).await.done()?;
        ensure!(foreseen.dry_run);
        assert_eq!(contents(&world).await?, before, "{scope:?} {mode:?} wrote");
        // A second dry run reports the same: the first one changed nothing.
        assert_eq!(same(&foreseen, &sweep(&world.app, dry).await.done()?), Ok(()));
        let report = sweep(&world.app, Request { is_dry_run: false, ..dry }).await.done()?;
        assert_eq!(same(&foreseen, &report), Ok(()), "{scope:?} {mode:?}");
        assert_eq!(foreseen.errors.len(), 1, "{scope:?} {mode:?}: {:?}", foreseen.errors);
    }
    world.sweep_exactly().await?;
    world.check_consistent().await
}

/// Whether two reports agree. The ids of created instances may differ.
fn same(one: &Report, other: &Report) -> Result<(), String> {
    let summary = |report: &Report| {
        let names = |list: &[Changed]| list.iter().map(|it| it.session_name.clone()).collect::<Vec<_>>();
        let created: Vec<_> =
            report.auto_created.iter().map(|it| (it.session_id, it.instances_created, it.dates.clone())).collect();
        (
            (names(&report.activated), names(&report.deactivated), created),
            (report.people_moved, report.errors.clone(), report.at),
        )
    };
    if summary(one) == summary(other) { Ok(()) } else { Err(format!("{one:?} and {other:?}")) }
}

async fn broken_session_is_reported_until_it_is_repaired(database: TestDatabase) -> Result<()> {
    for (broken, mended) in [
        ("time_zone = 'Mars/Base'", "time_zone = 'UTC'"),
        ("recurrence = '[{\"type\":\"hourly\"}]'", "recurrence = NULL"),
        ("recurrence = 'not JSON'", "recurrence = '[]'"),
    ] {
        let database = TestDatabase::new(database.backend).await?;
        let world = World::new(database, "2025-06-11 12:00").await?;
        let people = insert_people(&world, 2).await?;
        let theirs = insert_evening(&world, "Broken", &people[..1]).await?;
        let other = insert_evening(&world, "Whole", &people[1..]).await?;
        let id = theirs.session_id;
        world.raw(&format!("UPDATE session SET {broken}, auto_create_instances = true WHERE id = {}", id.0)).await?;

        // The problem is found when something new is computed from the session.
        let report = world.sweep(Scope::Due, Mode::Periodic).await?;
        ensure!(report.errors.is_empty(), "nothing was computed: {:?}", report.errors);
        let report = world.sweep(Scope::All, Mode::Exact).await?;
        expect_error(&report, id).with_context(|| broken.to_owned())?;
        ensure!(world.session(id).await?.problem.is_some());

        // Every sweep reports it. Stored windows still open and close, and all other work is done.
        for (now, scope, mode, is_active) in [
            ("2025-06-11 13:14:00", Scope::Due, Mode::Periodic, false),
            ("2025-06-11 17:59:00", Scope::Due, Mode::Periodic, true),
            ("2025-06-11 18:00:00", Scope::Due, Mode::Exact, true),
            ("2025-06-11 18:14:00", Scope::All, Mode::Periodic, true),
            ("2025-06-11 23:00:00", Scope::Due, Mode::Exact, false),
        ] {
            world.at(now);
            let report = world.sweep(scope, mode).await?;
            expect_error(&report, id).with_context(|| format!("{broken} {now}"))?;
            for row in [&theirs, &other] {
                assert_eq!(world.is_active(row.id).await?, is_active, "{broken} {now}");
            }
            world.check_consistent().await?;
        }
        world.raw(&format!("UPDATE session SET {mended} WHERE id = {}", id.0)).await?;
        let report = world.sweep(Scope::Due, Mode::Periodic).await?;
        ensure!(report.errors.is_empty(), "{mended}: {:?}", report.errors);
        ensure!(world.session(id).await?.problem.is_none(), "{mended}");
    }
    Ok(())
}

fn expect_error(report: &Report, session: SessionId) -> Result<()> {
    let reported: Vec<_> = report.errors.iter().map(|error| error.session_id).collect();
    ensure!(reported == [Some(session)], "{:?}", report.errors);
    Ok(())
}

/// This is the state when a process dies between its commit and its job.
async fn marked_session_is_recomputed_without_its_job(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 22:30").await?;
    let people = insert_people(&world, 1).await?;
    let row = insert_evening(&world, "Evening", &people).await?;
    world.sweep_exactly().await?;
    ensure!(world.is_active(row.id).await?);
    world.raw("UPDATE session SET active_buffer_minutes_after = 0, needs_recompute = true").await?;
    assert_eq!(find_next_due(&world.app).await.done()?, Some(world.now()), "a marked session is due at once");
    let report = world.sweep_exactly().await?;
    assert_eq!((ids(&report.deactivated), report.people_moved), (vec![row.id], 1));
    ensure!(!world.session(row.session_id).await?.needs_recompute);
    assert_eq!(find_next_due(&world.app).await.done()?, None);
    world.check_consistent().await
}

/// A recompute clears the mark only of what it has read, not of a save that came in between.
async fn concurrent_save_and_recompute_lose_no_mark(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 22:30").await?;
    let row = insert_evening(&world, "Evening", &[]).await?;
    let id = row.session_id;
    let another = world.another_app().await?;
    let save = |minutes| {
        let patch = SessionPatch { active_buffer_minutes_after: Some(minutes), ..SessionPatch::default() };
        sessions::update_session(&world.app, Viewer::ADMIN, id, patch)
    };
    for round in 0..20 {
        let before = world.session(id).await?.revision;
        let (saved, swept) = futures_util::join!(save(round % 2 * 60), sweep(&another, Request::EXACT));
        saved.done()?;
        swept.done()?;
        let session = world.session(id).await?;
        ensure!(!session.needs_recompute && session.revision > before, "{session:?}");
        let closes = utc("2025-06-11 22:00") + TimeDelta::minutes((round % 2 * 60).into());
        let stored: Option<DateTime<Utc>> = world.instance(row.id).await?.closes_at;
        assert_eq!(stored, Some(closes), "round {round}");
        world.check_consistent().await?;
    }
    Ok(())
}

/// The due sweep skips an instance that is neither due nor marked, whatever is stored in it.
async fn due_sweep_skips_what_is_not_due(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let row = insert_evening(&world, "Evening", &[]).await?;
    world.raw("UPDATE session_instance SET due_at = NULL").await?;
    for mode in [Mode::Exact, Mode::Periodic] {
        ensure!(is_empty(&world.sweep(Scope::Due, mode).await?), "{mode:?}");
    }
    let report = world.sweep(Scope::Session(row.session_id), Mode::Exact).await?;
    assert_eq!(ids(&report.activated), [row.id]);
    Ok(())
}

async fn full_sweep_repairs_manual_edits(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let people = insert_people(&world, 3).await?;
    let row = insert_evening(&world, "Evening", &people[..2]).await?;
    let over = insert_evening(&world, "Long over", &[]).await?;
    world.raw(&format!("UPDATE session_instance SET date = '2024-06-11' WHERE id = {}", over.id.0)).await?;
    world.sweep(Scope::All, Mode::Exact).await?;
    // One person is at an instance that is over, one is nowhere, and one is where they never said yes.
    for (person, place) in
        [(people[0], over.id.0.to_string()), (people[1], "NULL".into()), (people[2], row.id.0.to_string())]
    {
        let sql = format!("UPDATE person SET active_session_instance_id = {place} WHERE id = {}", person.0);
        world.raw(&sql).await?;
    }
    let report = world.sweep(Scope::All, Mode::Periodic).await?;
    assert_eq!(report.people_moved, 3);
    world.stored().await?.check_places(world.app.placement_rule)?;
    // A wrong status without a due instant is repaired too.
    let sql = format!("UPDATE session_instance SET is_active = false, due_at = NULL WHERE id = {}", row.id.0);
    world.raw(&sql).await?;
    let report = world.sweep(Scope::All, Mode::Periodic).await?;
    assert_eq!(ids(&report.activated), [row.id]);
    world.stored().await?.check_statuses(world.now())
}

async fn periodic_tick_runs_once(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 17:59").await?;
    insert_evening(&world, "Evening", &[]).await?;
    let apps = [world.app.clone(), world.another_app().await?, world.another_app().await?];
    let tick = Some(utc("2025-06-11 17:59"));
    let mut activated = 0;
    for report in join_all(apps.iter().map(|app| run_recorded(app, Request::PERIODIC, tick))).await {
        activated += report.done()?.map_or(0, |report| report.activated.len());
    }
    assert_eq!(activated, 1);
    ensure!(run_recorded(&world.app, Request::PERIODIC, tick).await.done()?.is_none(), "the tick had been run");
    // A run that never finished is followed by another one.
    world.raw("UPDATE sweep_run SET finished_at = NULL").await?;
    ensure!(run_recorded(&world.app, Request::PERIODIC, tick).await.done()?.is_some(), "it had not been finished");
    // When the clock is set back, a tick that comes a second time is run again.
    forget_later_ticks(&world.app, utc("2025-06-11 17:59")).await.done()?;
    ensure!(run_recorded(&world.app, Request::PERIODIC, tick).await.done()?.is_none(), "the tick is past");
    forget_later_ticks(&world.app, utc("2025-06-11 17:58")).await.done()?;
    ensure!(run_recorded(&world.app, Request::PERIODIC, tick).await.done()?.is_some(), "the tick is to come");
    // Runs without a tick are not limited.
    for _ in 0..2 {
        ensure!(run_recorded(&world.app, Request::PERIODIC, None).await.done()?.is_some());
    }
    Ok(())
}
