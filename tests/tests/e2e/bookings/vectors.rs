//! The public test vectors of `bookings.json`, through the service and the database.

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{booking::BookingStatus, ids::BookingId};
use insession_tests::{Backend, TestDatabase, on_both_databases};
use serde_json::Value;
use service::{
    Error,
    bookings::{self, Action},
};

use super::{ADMIN, Stage};
use crate::service::world::Done;

on_both_databases!(bookings_follow_the_public_test_vectors, bulk_sweeps_follow_the_public_test_vectors);

fn vectors() -> Result<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/tests/vectors/bookings.json");
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

fn cases<'a>(vectors: &'a Value, list: &str) -> Result<&'a Vec<Value>> {
    vectors[list].as_array().filter(|cases| !cases.is_empty()).with_context(|| format!("no {list}"))
}

fn instant(value: &Value) -> Result<DateTime<Utc>> {
    Ok(value.as_str().context("an instant")?.parse()?)
}

async fn bookings_follow_the_public_test_vectors(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-01-01 00:00").await?;
    let vectors = vectors()?;
    for case in cases(&vectors, "bookings")? {
        run(&stage, case).await.with_context(|| case["id"].to_string())?;
    }
    Ok(())
}

async fn run(stage: &Stage, case: &Value) -> Result<()> {
    let (starts_at, ends_at) = (instant(&case["slot"]["start"])?, instant(&case["slot"]["end"])?);
    // Each case has its own people, because the slots of all cases overlap.
    stage.world.clock.set(starts_at - TimeDelta::days(1));
    let id = stage.book_for_others(starts_at, ends_at).await?;
    let expected = case["expect"].as_array().context("what is expected")?;
    for (action, expected) in case["actions"].as_array().context("actions")?.iter().zip(expected) {
        stage.world.clock.set(instant(&action["at"])?);
        match action["op"].as_str() {
            Some("sweep") => {
                let report = stage.sweep().await?;
                let steps = report.bookings.iter().filter(|step| step.booking_id == id);
                let reported = steps.map(|it| format!("{}->{}", it.old_status.as_str(), it.new_status.as_str()));
                let reported: Vec<_> = reported.collect();
                assert_eq!(reported, Vec::from_iter(expected["change"].as_str()), "{action}");
            }
            Some(op) => {
                let done = bookings::act(&stage.world.app, ADMIN, id, action_of(op)?).await;
                let is_refused = matches!(done, Err(Error::InvalidTransition(_)));
                ensure!(is_refused || done.is_ok(), "{action}: {done:?}");
                if let Some(http) = expected["http"].as_i64() {
                    assert_eq!(is_refused, http == 400, "{action}");
                }
            }
            None => bail!("{action}"),
        }
        let state = stage.state(id).await?;
        assert_eq!(state.status.as_str(), expected["status"], "{action}");
        assert_eq!(state.is_delayed, expected["isDelayed"], "{action}");
    }
    Ok(())
}

fn action_of(op: &str) -> Result<Action> {
    Ok(match op {
        "start" => Action::Start,
        "complete" => Action::Complete,
        "cancel" => Action::Cancel,
        _ => bail!("{op}"),
    })
}

/// Many bookings are due at once, and the database refuses to change some of them.
async fn bulk_sweeps_follow_the_public_test_vectors(database: TestDatabase) -> Result<()> {
    let backend = database.backend;
    let stage = Stage::new(database, "2025-09-06 06:00").await?;
    let vectors = vectors()?;
    for case in cases(&vectors, "bulk")? {
        let count = |name: &str| case[name].as_u64().map_or(Ok(0), usize::try_from);
        let (due, later, failing) = (count("ongoing_due")?, count("ongoing_not_due")?, count("failing")?);
        stage.world.at("2025-09-06 06:00");
        let mut ids = Vec::new();
        for number in 0..due + later {
            let ends_at = stage.world.now() + TimeDelta::hours(if number < due { 1 } else { 9 });
            let starts_at = stage.world.now() + TimeDelta::minutes(1);
            let id = stage.book_for_others(starts_at, ends_at).await?;
            bookings::act(&stage.world.app, ADMIN, id, Action::Start).await.done()?;
            ids.push(id);
        }
        let refused = &ids[..failing];
        for id in refused {
            refuse_updates_of(&stage, backend, *id).await?;
        }
        stage.world.at("2025-09-06 07:00");
        let report = stage.sweep().await?;
        assert_eq!(report.bookings.len(), count("expect_completed")?, "{}", case["id"]);
        let reported: Vec<_> = report.errors.iter().map(|error| error.error.as_str()).collect();
        let expected: Vec<_> = refused.iter().map(|id| format!("{id} could not be swept; see the log")).collect();
        assert_eq!(reported, expected, "{}", case["id"]);
        for id in &ids {
            let is_completed = stage.state(*id).await?.status == BookingStatus::Completed;
            let is_reported = report.bookings.iter().any(|step| step.booking_id == *id);
            assert_eq!((is_completed, is_reported), (is_reported, !refused.contains(id) && is_completed), "{id}");
        }
        // The next sweep reports only the refused bookings again.
        let again = stage.sweep().await?;
        assert_eq!((again.bookings.len(), again.errors.len()), (0, failing), "{}", case["id"]);
        let steps = stage.steps().await?;
        for id in &ids {
            let mine = steps.iter().filter(|step| step.booking == *id).count();
            assert_eq!(mine, if refused.contains(id) { 2 } else { 3 }, "booked, started, completed: {id}");
        }
    }
    Ok(())
}

async fn refuse_updates_of(stage: &Stage, backend: Backend, id: BookingId) -> Result<()> {
    let id = id.0;
    let sql = match backend {
        Backend::Sqlite => format!(
            "CREATE TRIGGER refuse_{id} BEFORE UPDATE ON booking WHEN NEW.id = {id} \
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        ),
        Backend::Postgres => format!(
            "CREATE FUNCTION refuse_{id}() RETURNS trigger LANGUAGE plpgsql AS $$ \
               BEGIN RAISE EXCEPTION 'refused'; END $$; \
             CREATE TRIGGER refuse_{id} BEFORE UPDATE ON booking FOR EACH ROW WHEN (NEW.id = {id}) \
               EXECUTE FUNCTION refuse_{id}()"
        ),
    };
    stage.world.raw(&sql).await
}
