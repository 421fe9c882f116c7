//! Visits that pongs of a socket keep online.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{
    Client, Deployment, LIMIT, Received, Settings, Socket, TestDatabase, eventually, now, on_both_databases, token,
};
use serde_json::{Value, json};

use crate::fixtures::{
    beat, create_person, enter_activity, instant, new_visit, next_sweep_of_visits, save_activity,
    wait_until_clear_of_sweeps,
};

on_both_databases!(
    pongs_keep_a_visit_online,
    dead_socket_takes_its_visit_offline,
    pongs_do_not_revive_a_completed_visit,
    pongs_keep_a_visit_that_left_only_after_it_enters_again,
);

/// Seconds. Long enough that a slow machine answers each ping in time.
const WINDOW: i64 = 6;
const BEAT: &str = "mutation($id: ID!) { heartbeat(input: { presenceId: $id }) { presence { lastSeenAt } } }";

async fn start(database: &TestDatabase) -> Result<(Deployment, String)> {
    let quick = |settings: Settings| settings.with("ONLINE_WINDOW_SECONDS", &WINDOW.to_string());
    let deployment = Deployment::start_with(database, quick).await?;
    let person = create_person(&deployment.admin(), "Ann").await?;
    save_activity(&deployment.admin(), "interview", Some(5)).await?;
    Ok((deployment, person))
}

/// Opens a tab whose timers the browser throttles: it sends one heartbeat over its socket, takes a seat, and then only
/// answers pings.
async fn open_tab(deployment: &Deployment, person: &str, visit: &str) -> Result<Socket> {
    let mut socket = deployment.second().socket(Some(&token::of(person))).await?;
    socket.subscribe("beat", BEAT, json!({ "id": visit }))?;
    socket.next_for("beat", LIMIT).await?;
    let entered = enter_activity(&deployment.first().client_of(person), visit, "interview").await?;
    assert_eq!(entered["admitted"], true);
    Ok(socket)
}

async fn look(admin: &Client, visit: &str) -> Result<Value> {
    let document = "query($id: ID!) { presence(id: $id) { isOnline status lastSeenAt activity { key } } }";
    Ok(admin.data(document, json!({ "id": format!("Presence:{visit}") })).await?["presence"].take())
}

fn last_seen(visit: &Value) -> Result<DateTime<Utc>> {
    instant(&visit["lastSeenAt"])
}

async fn watch(deployment: &Deployment) -> Result<Socket> {
    let mut socket = deployment.first().socket(None).await?;
    let document = "subscription { presenceChanged(activityKey: \"interview\") { occupancy occurredAt } }";
    socket.subscribe("seats", document, json!({}))?;
    socket.next_for("seats", LIMIT).await?;
    Ok(socket)
}

fn is_empty(received: &Received) -> bool {
    received.field("presenceChanged")["occupancy"] == 0
}

async fn pongs_keep_a_visit_online(database: TestDatabase) -> Result<()> {
    let (deployment, person) = start(&database).await?;
    let (admin, visit) = (deployment.admin(), new_visit());
    let socket = open_tab(&deployment, &person, &visit).await?;
    let begin = now();
    eventually(LIMIT, "pongs for more than two windows", async || {
        let seen = last_seen(&look(&admin, &visit).await?)?;
        ensure!(seen - begin > TimeDelta::seconds(2 * WINDOW), "last seen {} after the beginning", seen - begin);
        Ok(())
    })
    .await?;
    // A visit that went offline meanwhile would have lost its seat, and nobody would have asked for it again.
    let seen = look(&admin, &visit).await?;
    assert_eq!((&seen["isOnline"], &seen["activity"]["key"]), (&json!(true), &json!("interview")), "{seen}");
    drop(socket);
    Ok(())
}

async fn dead_socket_takes_its_visit_offline(database: TestDatabase) -> Result<()> {
    let (deployment, person) = start(&database).await?;
    let admin = deployment.admin();
    // One socket is cut off. The other stays connected and answers no pings.
    for is_cut_off in [true, false] {
        wait_until_clear_of_sweeps().await?;
        let visit = new_visit();
        let mut seats = watch(&deployment).await?;
        let socket = open_tab(&deployment, &person, &visit).await?;
        let deaf = if is_cut_off {
            drop(socket);
            None
        } else {
            socket.stop_reading()?;
            Some(socket)
        };
        let freed = seats.next_where("seats", LIMIT, is_empty).await?;
        let seen = look(&admin, &visit).await?;
        assert_eq!((&seen["isOnline"], &seen["status"]), (&json!(false), &json!("ACTIVE")));
        let freed_at = instant(&freed.field("presenceChanged")["occurredAt"])?;
        let ends_at = last_seen(&seen)? + TimeDelta::seconds(WINDOW);
        let sweep = next_sweep_of_visits(ends_at);
        ensure!(
            ends_at <= freed_at && freed_at < sweep,
            "the lease ended at {ends_at}, the seat was freed at {freed_at}; the next sweep is at {sweep}"
        );
        drop(deaf);
    }
    Ok(())
}

async fn pongs_do_not_revive_a_completed_visit(database: TestDatabase) -> Result<()> {
    let (deployment, person) = start(&database).await?;
    let (admin, visit) = (deployment.admin(), new_visit());
    let socket = open_tab(&deployment, &person, &visit).await?;
    // The visit is completed at another server, so the socket does not know it.
    let client = deployment.first().client_of(&person);
    let document = "mutation($id: ID!) { completePresence(presenceId: $id) { presence { status } } }";
    client.data(document, json!({ "id": visit })).await?;
    let refused = async || -> Result<u64> {
        let metrics = deployment.second().metrics().await?;
        let line = metrics.lines().find(|line| line.starts_with("insession_beats_refused_total"));
        Ok(line.and_then(|line| line.rsplit(' ').next()).context("a count")?.parse()?)
    };
    eventually(LIMIT, "the next pong to be refused", async || {
        ensure!(refused().await? == 1, "not yet");
        Ok(())
    })
    .await?;
    // The socket itself goes on, and keeps another visit online.
    let other = new_visit();
    beat(&client, &other).await?;
    socket.subscribe("other", BEAT, json!({ "id": other }))?;
    let begin = now();
    eventually(LIMIT, "pongs of the other visit", async || {
        let seen = last_seen(&look(&admin, &other).await?)?;
        ensure!(seen - begin > TimeDelta::seconds(WINDOW), "last seen {}", seen - begin);
        Ok(())
    })
    .await?;
    // The pongs of a whole window have not tried the completed visit again.
    assert_eq!(refused().await?, 1);
    assert_eq!(look(&admin, &visit).await?["status"], "COMPLETED");
    Ok(())
}

async fn pongs_keep_a_visit_that_left_only_after_it_enters_again(database: TestDatabase) -> Result<()> {
    let (deployment, person) = start(&database).await?;
    let (admin, visit) = (deployment.admin(), new_visit());
    let mut socket = open_tab(&deployment, &person, &visit).await?;
    let leave = "mutation($id: ID!) { leaveActivity(presenceId: $id) { presence { activity { key } } } }";
    socket.subscribe("leave", leave, json!({ "id": visit }))?;
    assert_eq!(socket.next_for("leave", LIMIT).await?.field("leaveActivity")["presence"]["activity"], Value::Null);
    eventually(LIMIT, "the visit to be offline", async || {
        let seen = look(&admin, &visit).await?;
        ensure!(seen["isOnline"] == false, "{seen}");
        Ok(())
    })
    .await?;

    let enter =
        "mutation($id: ID!) { enterActivity(input: { presenceId: $id, activityKey: \"interview\" }) { admitted } }";
    socket.subscribe("enter", enter, json!({ "id": visit }))?;
    assert_eq!(socket.next_for("enter", LIMIT).await?.field("enterActivity")["admitted"], true);
    let begin = now();
    eventually(LIMIT, "pongs for longer than the window", async || {
        let seen = look(&admin, &visit).await?;
        ensure!(seen["activity"]["key"] == "interview", "the seat is lost: {seen}");
        ensure!(last_seen(&seen)? - begin > TimeDelta::seconds(WINDOW), "{seen}");
        Ok(())
    })
    .await
}
