//! The public test vectors that concern the service, through the database. Raw rows get their windows computed, but not
//! their statuses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
    placement::PlacementRule,
    recurrence::Recurrence,
    status::Mode,
};
use entity::session;
use insession_tests::{TestDatabase, on_both_databases};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::Value;
use service::sweep::{Report, Request, Scope, sweep};

use super::world::{Done, World, blank_session, put_instants};

on_both_databases!(
    sweeps_follow_the_public_test_vectors,
    auto_creation_follows_the_public_test_vectors,
    placement_follows_the_public_test_vectors
);

fn cases(file: &str, list: &str) -> Result<Vec<Value>> {
    let path = format!("{}/../domain/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let value: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let cases = value[list].as_array().context("a list of cases")?.clone();
    ensure!(!cases.is_empty(), "no cases");
    Ok(cases)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

fn minutes(value: &Value) -> i32 {
    i32::try_from(number(value)).expect("minutes")
}

/// `None` for null. Panics when a text cannot be parsed.
fn optional<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> Option<T> {
    value.as_str().map(|text| text.parse().expect("as the README says"))
}

fn instant(value: &Value) -> DateTime<Utc> {
    optional(value).expect("an instant")
}

fn attendance(value: &Value) -> Attendance {
    match value.as_str() {
        Some("yes") => Attendance::Yes,
        Some("no") => Attendance::No,
        _ => Attendance::Maybe,
    }
}

/// The ids of the rows, by the ids in the case.
#[derive(Default)]
struct Ids {
    sessions: BTreeMap<i64, i64>,
    instances: BTreeMap<i64, i64>,
    people: BTreeMap<i64, i64>,
}

impl Ids {
    fn session(&self, id: &Value) -> SessionId {
        SessionId(self.sessions[&number(id)])
    }

    fn instance(&self, id: &Value) -> SessionInstanceId {
        SessionInstanceId(self.instances[&number(id)])
    }

    fn person(&self, id: &Value) -> PersonId {
        PersonId(self.people[&number(id)])
    }

    fn place(&self, id: &Value) -> Option<SessionInstanceId> {
        (!id.is_null()).then(|| self.instance(id))
    }

    fn all_instances(&self, list: &Value) -> BTreeSet<SessionInstanceId> {
        items(list).map(|id| self.instance(id)).collect()
    }
}

/// Inserts the sessions, instances, people and check-ins of a case into an empty database.
async fn insert_case(world: &World, case: &Value) -> Result<Ids> {
    let mut ids = Ids::default();
    let mut sessions: BTreeMap<i64, session::Model> = BTreeMap::new();
    for given in items(&case["sessions"]) {
        let id = number(&given["id"]);
        let row = world.insert_session(session::Model {
            active_buffer_minutes_before: minutes(&given["buffer_before"]),
            active_buffer_minutes_after: minutes(&given["buffer_after"]),
            termination_date: optional(&given["termination_date"]),
            ..blank_session(&format!("Session {id}"), given["timezone"].as_str().context("a zone")?)
        });
        let row = row.await?;
        ids.sessions.insert(id, row.id.0);
        sessions.insert(id, row);
    }
    for given in items(&case["instances"]) {
        let session = &sessions[&number(&given["session_id"])];
        let date: NaiveDate = optional(&given["date"]).context("a date")?;
        let row = world.insert_instance(session, date, None, |row| {
            row.start_time = optional(&given["start_time"]);
            row.end_time = optional(&given["end_time"]);
            row.is_cancelled = given["is_cancelled"] == true;
            row.is_active = given["is_active"] == true;
            put_instants(row, session);
        });
        ids.instances.insert(number(&given["id"]), row.await?.id.0);
    }
    for given in items(&case["people"]).chain(case.get("person")) {
        let id = number(&given["id"]);
        let person = world.insert_person(&format!("Person {id}")).await?;
        ids.people.insert(id, person.0);
        set_person(world, person, given).await?;
        if let Some(place) = given.get("at").and_then(|at| ids.place(at)) {
            world
                .raw(&format!("UPDATE person SET active_session_instance_id = {} WHERE id = {}", place.0, person.0))
                .await?;
        }
    }
    for given in items(&case["checkins"]) {
        insert_check_in(world, &ids, given).await?;
    }
    Ok(ids)
}

async fn set_person(world: &World, person: PersonId, given: &Value) -> Result<()> {
    world.raw(&format!("UPDATE person SET is_deactivated = {} WHERE id = {}", given["active"] == false, person.0)).await
}

async fn insert_check_in(world: &World, ids: &Ids, given: &Value) -> Result<()> {
    let (person, instance) = (ids.person(&given["person_id"]), ids.instance(&given["instance_id"]));
    world.insert_check_in(person, instance, attendance(&given["attendance"]), instant(&given["at"])).await
}

/// Applies an edit of a step directly to the rows, so that nothing follows from it.
async fn edit(world: &World, ids: &Ids, edit: &Value) -> Result<()> {
    let (what, given) = edit.as_object().and_then(|edit| edit.iter().next()).context("an edit")?;
    match what.as_str() {
        "checkin" => insert_check_in(world, ids, given).await,
        "set_person" => set_person(world, ids.person(&given["id"]), given).await,
        "delete_instance" => {
            world.raw(&format!("DELETE FROM session_instance WHERE id = {}", ids.instance(given).0)).await
        }
        "set_session" => {
            let mut row = world.session(ids.session(&given["id"])).await?;
            row.termination_date = optional(&given["termination_date"]);
            row.into_active_model().reset_all().update(world.db()).await?;
            Ok(())
        }
        "set_instance" => {
            let mut row = world.instance(ids.instance(&given["id"])).await?;
            row.date = optional(&given["date"]).unwrap_or(row.date);
            row.start_time = optional(&given["start_time"]).or(row.start_time);
            row.end_time = optional(&given["end_time"]).or(row.end_time);
            row.is_cancelled = given["is_cancelled"].as_bool().unwrap_or(row.is_cancelled);
            row.into_active_model().reset_all().update(world.db()).await?;
            Ok(())
        }
        other => anyhow::bail!("an unknown edit: {other}"),
    }
}

/// The activated and deactivated instances of a report, and the sessions with errors.
fn reported(report: &Report) -> ([BTreeSet<SessionInstanceId>; 2], BTreeSet<SessionId>) {
    let ids = |list: &[service::sweep::Changed]| list.iter().map(|changed| changed.instance_id).collect();
    let errors = report.errors.iter().filter_map(|error| error.session_id).collect();
    ([ids(&report.activated), ids(&report.deactivated)], errors)
}

async fn sweeps_follow_the_public_test_vectors(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-01-01 00:00").await?;
    for case in cases("sweep.json", "sweeps")? {
        world.clear().await?;
        let ids = insert_case(&world, &case).await?;
        let name = &case["id"];
        let mut head = world.head().await?;
        for step in items(&case["steps"]) {
            let now = instant(&step["now"]);
            let context = format!("{name} at {now}");
            for edit_ in items(&step["edits"]) {
                edit(&world, &ids, edit_).await.with_context(|| context.clone())?;
            }
            let before = world.stored().await?.places();
            world.clock.set(now);
            let request = Request { scope: Scope::All, mode: Mode::Periodic, at: Some(now), is_dry_run: false };
            let report = sweep(&world.app, request).await.done().with_context(|| context.clone())?;

            let expected = &step["expect"];
            let errors = items(&expected["errors"]).map(|id| ids.session(id)).collect();
            let lists = ["activated", "deactivated"].map(|list| ids.all_instances(&expected[list]));
            assert_eq!(reported(&report), (lists, errors), "{context}: activated, deactivated, errors");
            let stored = world.stored().await?;
            assert_eq!(stored.active(), ids.all_instances(&expected["active"]), "{context}: active");
            let places = expected["places"].as_object().context("places")?.iter().map(|(person, place)| {
                let person: i64 = person.parse().expect("a person");
                (PersonId(ids.people[&person]), ids.place(place))
            });
            assert_eq!(stored.places(), places.collect(), "{context}: places");

            let moved: Vec<_> = items(&expected["moved"])
                .map(|it| (ids.person(&it[0]), ids.place(&it[1]), ids.place(&it[2])))
                .collect();
            let moves = |(person, to): (&PersonId, &Option<SessionInstanceId>)| {
                (before[person] != *to).then_some((*person, before[person], *to))
            };
            assert_eq!(stored.places().iter().filter_map(moves).collect::<Vec<_>>(), moved, "{context}: moved");
            assert_eq!(report.people_moved, moved.len(), "{context}: people moved, as reported");
            // The log has one row for each move.
            let log = world.log().await?;
            let mut logged: Vec<_> = log
                .iter()
                .filter(|change| head < change.position)
                .filter_map(|change| change.event.as_move())
                .map(|(person, moved)| (person, moved.previous_instance, moved.instance))
                .collect();
            logged.sort_unstable();
            assert_eq!(logged, moved, "{context}: moved, as logged");
            head = log.last().map_or(head, |change| change.position);
        }
    }
    Ok(())
}

async fn auto_creation_follows_the_public_test_vectors(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-01-01 00:00").await?;
    for case in cases("autocreate.json", "autocreate")? {
        world.clear().await?;
        let (name, given) = (&case["id"], &case["session"]);
        let recurrence = Recurrence::from_json(&given["schedules"].to_string())?;
        let session = world.insert_session(session::Model {
            recurrence: Some(recurrence.to_json()),
            auto_create_instances: given["auto_create"] == true,
            auto_create_hours_ahead: minutes(&given["hours_ahead"]),
            initiation_date: optional(&given["initiation_date"]),
            termination_date: optional(&given["termination_date"]),
            ..blank_session("Session", given["timezone"].as_str().context("a zone")?)
        });
        let session = session.await?;
        for existing in items(&case["existing"]) {
            let start: NaiveTime = optional(&existing["start_time"]).context("a start")?;
            let end = start.overflowing_add_signed(chrono::TimeDelta::hours(2)).0;
            let date = optional(&existing["date"]).context("a date")?;
            let is_cancelled = existing["is_cancelled"] == true;
            world.insert_instance(&session, date, Some((start, end)), |row| row.is_cancelled = is_cancelled).await?;
        }
        let before = world.all_instances().await?;
        world.clock.set(instant(&case["now"]));
        let report = world.sweep(Scope::All, Mode::Periodic).await?;
        assert_eq!(!report.errors.is_empty(), case["expect_error"] == true, "{name}");

        let mut made = world.all_instances().await?;
        made.retain(|row| before.iter().all(|old| old.id != row.id));
        made.sort_by_key(|row| row.starts_at);
        let found: Vec<_> = made.iter().map(|row| (row.date, row.start_time, row.end_time, row.starts_at)).collect();
        let expected: Vec<_> = items(&case["expect_created"])
            .map(|it| {
                let date: NaiveDate = optional(&it["date"]).expect("a date");
                (date, optional(&it["start_time"]), optional(&it["end_time"]), optional(&it["start_utc"]))
            })
            .collect();
        assert_eq!(found, expected, "{name}");
        let dates: Vec<NaiveDate> = report.auto_created.iter().flat_map(|made| made.dates.clone()).collect();
        assert_eq!(dates, expected.iter().map(|it| it.0).collect::<Vec<_>>(), "{name}: as reported");
        world.check_consistent().await.with_context(|| name.to_string())?;

        // No later sweep creates an instance again.
        for (scope, mode) in [(Scope::All, Mode::Periodic), (Scope::Due, Mode::Exact), (Scope::Due, Mode::Periodic)] {
            ensure!(world.sweep(scope, mode).await?.auto_created.is_empty(), "{name}: made again");
        }
    }
    Ok(())
}

/// Overrides keep the active instances of a case active and all others inactive, so that the time does not matter.
async fn placement_follows_the_public_test_vectors(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-12 12:00").await?;
    for case in cases("placement.json", "placement")? {
        for (rule, expected) in
            [(PlacementRule::EarliestStart, "expect"), (PlacementRule::LatestStart, "expect_latest_start")]
        {
            world.clear().await?;
            let ids = insert_case(&world, &case).await?;
            let active = ids.all_instances(&case["active_instances"]);
            for id in ids.instances.values() {
                let is_active = active.contains(&SessionInstanceId(*id));
                let sql = format!("UPDATE session_instance SET override_active = {is_active} WHERE id = {id}");
                world.raw(&sql).await?;
            }
            let request = Request { scope: Scope::All, mode: Mode::Exact, at: None, is_dry_run: false };
            sweep(&world.placing_by(rule), request).await.done()?;
            let stored = world.stored().await?;
            assert_eq!(stored.active(), active, "{}", case["id"]);
            let place = stored.places()[&ids.person(&case["person"]["id"])];
            assert_eq!(place, ids.place(&case[expected]), "{} {rule:?}", case["id"]);
        }
    }
    Ok(())
}
