//! Visits that live as long as their socket.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{
    Client, Deployment, LIMIT, Received, Settings, Socket, TestDatabase, eventually, now, on_both_databases, token,
};
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, enter_activity, new_visit, save_activity};

on_both_databases!(
    a_socket_that_answers_keeps_its_visit_on_line,
    a_socket_that_dies_takes_its_visit_off_line,
    a_socket_keeps_no_visit_that_is_over,
);

const WINDOW: i64 = 3;
const BEAT: &str = "mutation($id: ID!) { heartbeat(input: { presenceId: $id }) { presence { lastSeenAt } } }";

async fn start(database: &TestDatabase) -> Result<(Deployment, String)> {
    let quick = |settings: Settings| settings.with("ONLINE_WINDOW_SECONDS", &WINDOW.to_string());
    let deployment = Deployment::start_with(database, quick).await?;
    let person = create_person(&deployment.admin(), "Ann").await?;
    save_activity(&deployment.admin(), "interview", Some(5)).await?;
    Ok((deployment, person))
}

/// A tab whose timers the browser throttles: it beats once over its socket, takes a seat, and then only answers pings.
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
    Ok(visit["lastSeenAt"].as_str().context("an instant")?.parse()?)
}

async fn watch(deployment: &Deployment) -> Result<Socket> {
    let mut socket = deployment.first().socket(None).await?;
    let document = "subscription { presenceChanged(activityKey: \"interview\") { occupancy } }";
    socket.subscribe("seats", document, json!({}))?;
    socket.next_for("seats", LIMIT).await?;
    Ok(socket)
}

fn is_empty(received: &Received) -> bool {
    received.field("presenceChanged")["occupancy"] == 0
}

async fn a_socket_that_answers_keeps_its_visit_on_line(database: TestDatabase) -> Result<()> {
    let (deployment, person) = start(&database).await?;
    let (admin, visit) = (deployment.admin(), new_visit());
    let socket = open_tab(&deployment, &person, &visit).await?;
    let (begin, end) = (now(), now() + TimeDelta::seconds(4 * WINDOW));
    while now() < end {
        let seen = look(&admin, &visit).await?;
        assert_eq!((&seen["isOnline"], &seen["activity"]["key"]), (&json!(true), &json!("interview")), "{seen}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(last_seen(&look(&admin, &visit).await?)? - begin > TimeDelta::seconds(3 * WINDOW), "pongs are beats");
    drop(socket);
    Ok(())
}

async fn a_socket_that_dies_takes_its_visit_off_line(database: TestDatabase) -> Result<()> {
    let (deployment, person) = start(&database).await?;
    let admin = deployment.admin();
    // Cut off, or there and deaf: it answers no pings.
    for is_cut_off in [true, false] {
        let visit = new_visit();
        let mut seats = watch(&deployment).await?;
        let socket = open_tab(&deployment, &person, &visit).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let deaf = if is_cut_off {
            drop(socket);
            None
        } else {
            socket.stop_reading()?;
            Some(socket)
        };
        let heard = seats.next_where("seats", LIMIT, is_empty).await?;
        let seen = look(&admin, &visit).await?;
        assert_eq!((&seen["isOnline"], &seen["status"]), (&json!(false), &json!("ACTIVE")));
        let after = heard.at - last_seen(&seen)?;
        ensure!(
            TimeDelta::seconds(WINDOW) <= after && after < TimeDelta::seconds(WINDOW + 1),
            "the seat was free {after} after the last sign of life"
        );
        drop(deaf);
    }
    Ok(())
}

async fn a_socket_keeps_no_visit_that_is_over(database: TestDatabase) -> Result<()> {
    let (deployment, person) = start(&database).await?;
    let (admin, visit) = (deployment.admin(), new_visit());
    let socket = open_tab(&deployment, &person, &visit).await?;
    // Completed elsewhere, so the socket does not know.
    let client = deployment.first().client_of(&person);
    let document = "mutation($id: ID!) { completePresence(presenceId: $id) { presence { status } } }";
    client.data(document, json!({ "id": visit })).await?;
    let refused = async || -> Result<u64> {
        let metrics = deployment.second().metrics().await?;
        let line = metrics.lines().find(|line| line.starts_with("insession_beats_refused_total"));
        Ok(line.and_then(|line| line.rsplit(' ').next()).context("a count")?.parse()?)
    };
    eventually(LIMIT, "the next pong to find out", async || {
        ensure!(refused().await? == 1, "not yet");
        Ok(())
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(refused().await?, 1, "it is not tried again");
    assert_eq!(look(&admin, &visit).await?["status"], "COMPLETED");
    // The socket itself lives, and so does another visit of it.
    let other = new_visit();
    beat(&client, &other).await?;
    socket.subscribe("other", BEAT, json!({ "id": other }))?;
    let begin = now();
    eventually(LIMIT, "pongs of the other", async || {
        let seen = last_seen(&look(&admin, &other).await?)?;
        ensure!(seen - begin > TimeDelta::seconds(WINDOW), "last seen {}", seen - begin);
        Ok(())
    })
    .await
}
