//! The public test vectors of `presence.json`, through the service.

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use domain::{
    access::Viewer,
    presence::{SeatCounts, VisitStatus},
};
use futures_util::future::try_join_all;
use insession_tests::{TestDatabase, on_both_databases};
use serde_json::{Map, Value, json};
use service::presence::{
    seats::{self, IfFull},
    statistics::find_statistics,
};

use super::visitors::{KEY, Visitors, save, visit};
use crate::service::world::{Done, World};

on_both_databases!(visits_follow_the_public_test_vectors, concurrent_admissions_follow_the_public_test_vectors);

fn cases(list: &str) -> Result<Vec<Value>> {
    let path = format!("{}/../domain/tests/vectors/presence.json", env!("CARGO_MANIFEST_DIR"));
    let mut file: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    serde_json::from_value(file[list].take()).context("a list of cases")
}

async fn visits_follow_the_public_test_vectors(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 00:00").await?;
    let mut visitors = Visitors::in_world(world, None).await?;
    for case in cases("presence")? {
        run(&mut visitors, &case).await.with_context(|| format!("case {}", case["id"]))?;
    }
    Ok(())
}

async fn run(visitors: &mut Visitors, case: &Value) -> Result<()> {
    visitors.world.raw("DELETE FROM presence").await?;
    let seconds = case["config"]["online_window_seconds"].as_i64().context("a window")?;
    visitors.world.app.presence.rules.online_window = TimeDelta::seconds(seconds);
    let limit = i32::try_from(case["config"]["max_concurrent"].as_i64().context("a limit")?)?;
    save(visitors.app(), Some(limit)).await?;

    let mut names: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for event in case["events"].as_array().context("events")? {
        visitors.world.clock.set(event["t"].as_str().context("an instant")?.parse()?);
        let mut look = match (event["op"].as_str().context("an op")?, event["s"].as_str()) {
            (op, Some(name)) => {
                let number = names.iter().position(|known| known == name).unwrap_or_else(|| {
                    names.push(name.to_owned());
                    names.len() - 1
                });
                act(visitors, op, u32::try_from(number)?, event["page"].as_str()).await?;
                continue;
            }
            ("check", None) => check(visitors, &names, limit).await?,
            ("cleanup", None) => json!({ "cleanup_marked": visitors.world.sweep_exactly().await?.presences_abandoned }),
            (other, None) => bail!("{other} is not known"),
        };
        look["t"] = event["t"].clone();
        seen.push(look);
    }
    assert_eq!(Value::from(seen), case["expect"]);
    Ok(())
}

async fn act(visitors: &Visitors, op: &str, number: u32, page: Option<&str>) -> Result<()> {
    let id = visit(number);
    if op == "complete" {
        visitors.complete(id).await?;
        return Ok(());
    }
    // A heartbeat of a completed visit is refused.
    if visitors.beat_as(visitors.viewer(), None, id).await?.is_err() {
        return Ok(());
    }
    match page {
        Some("learning" | "study" | "interview") => drop(visitors.enter(id).await?),
        Some(_) => drop(visitors.leave(id).await?),
        None => {}
    }
    Ok(())
}

async fn check(visitors: &Visitors, names: &[String], limit: i32) -> Result<Value> {
    let statistics = find_statistics(visitors.app(), Viewer::ADMIN, None, None).await.done()?.context("for admins")?;
    let online: i64 = statistics.online_by_language.iter().map(|counted| counted.count).sum();
    let taken = visitors.occupancy().await?;
    let mut statuses = Map::new();
    for (number, name) in (0..).zip(names) {
        let status = match visitors.row(visit(number)).await?.status {
            VisitStatus::Active => "active",
            VisitStatus::Completed => "completed",
            VisitStatus::Abandoned => "abandoned",
        };
        statuses.insert(name.clone(), status.into());
    }
    let room = SeatCounts { limit: Some(u32::try_from(limit)?), seats: u32::try_from(taken)?, ..SeatCounts::default() };
    let may_start = room.is_free();
    Ok(json!({ "online": online, "in_interview": taken, "may_start": may_start, "status": statuses }))
}

async fn concurrent_admissions_follow_the_public_test_vectors(database: TestDatabase) -> Result<()> {
    let visitors = Visitors::new(database, "2025-06-11 12:00", None).await?;
    // Three instances of the service, each with its own connections, as three servers have.
    let apps = [visitors.world.app.clone(), visitors.world.another_app().await?, visitors.world.another_app().await?];
    for case in cases("concurrency")? {
        visitors.world.raw("DELETE FROM presence").await?;
        let number = |key: &str| case[key].as_u64().and_then(|number| u32::try_from(number).ok()).context("a number");
        let (before, requests) = (number("already_in_interview")?, number("simultaneous_requests")?);
        save(visitors.app(), Some(i32::try_from(number("max_concurrent")?)?)).await?;
        for id in (0..before + requests).map(visit) {
            visitors.beat(id).await?;
        }
        for id in (0..before).map(visit) {
            assert!(visitors.enter(id).await?.verdict.is_admitted, "{case}");
        }
        let asked = (before..before + requests).map(|number| {
            let app = &apps[number as usize % apps.len()];
            seats::enter_activity(app, visitors.viewer(), None, visit(number), KEY, IfFull::Refuse)
        });
        let entered = try_join_all(asked).await.done()?;
        let admitted = entered.iter().filter(|entered| entered.verdict.is_admitted).count();
        assert_eq!(admitted as u64, u64::from(number("expect_admitted")?), "{case}");
        assert_eq!(visitors.occupancy().await?, i64::from(before) + i64::try_from(admitted)?, "{case}");
        for entered in &entered {
            assert!(!entered.verdict.message().is_empty());
            assert!(entered.verdict.is_admitted || entered.verdict.message().starts_with("Platform at capacity ("));
        }
    }
    Ok(())
}
