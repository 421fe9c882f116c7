//! The protocol graphql-transport-ws, over real sockets.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use insession_tests::{LIMIT, Program, Settings, Socket, TestDatabase, now, token};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::fixtures::CHANGES;

const PROTOCOL: Option<&str> = Some(insession_tests::socket::PROTOCOL);

/// A server on SQLite, and its database.
async fn start() -> Result<(Program, TestDatabase)> {
    let database = TestDatabase::sqlite()?;
    Ok((Program::serve(&Settings::new(&database.url)).await?, database))
}

#[tokio::test]
async fn invalid_message_closes_with_4400() -> Result<()> {
    let (server, _database) = start().await?;
    let wrong = [
        Message::text("{"),
        Message::text("[]"),
        Message::text("{}"),
        Message::text(r#"{"type":"start","id":"1","payload":{}}"#),
        Message::text(r#"{"type":"subscribe","id":1,"payload":{"query":"{ viewerIsAdmin }"}}"#),
        Message::text(r#"{"type":"subscribe","id":"","payload":{"query":"{ viewerIsAdmin }"}}"#),
        Message::text(r#"{"type":"subscribe","id":"1"}"#),
        Message::text(r#"{"type":"subscribe","id":"1","payload":{}}"#),
        Message::binary(Bytes::from_static(b"\x00\x01")),
    ];
    for message in wrong {
        let mut socket = server.socket(None).await?;
        socket.send_raw(message.clone())?;
        assert_eq!(socket.closed(LIMIT).await?.code, 4400, "{message:?}");
    }
    Ok(())
}

#[tokio::test]
async fn subscribing_before_the_ack_closes_with_4401() -> Result<()> {
    let (server, _database) = start().await?;
    let mut socket = Socket::open(&server.url(), PROTOCOL).await?;
    socket.subscribe("1", CHANGES, json!({}))?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4401);
    Ok(())
}

#[tokio::test]
async fn invalid_tokens_close_with_4403() -> Result<()> {
    let (server, _database) = start().await?;
    let forged = token::signed(&json!({ "sub": "Person:1", "exp": now().timestamp() + 60 }), "another secret");
    for token in ["undefined", "", &forged, &token::lasting("Person:1", TimeDelta::seconds(-120))] {
        let mut socket = Socket::open(&server.url(), PROTOCOL).await?;
        socket.init(Some(token))?;
        assert_eq!(socket.closed(LIMIT).await?.code, 4403, "{token}");
    }

    let mut socket = server.socket(Some(&token::lasting("Person:1", TimeDelta::seconds(3)))).await?;
    socket.subscribe("1", CHANGES, json!({}))?;
    socket.next_for("1", LIMIT).await?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4403, "a socket is closed when its token expires");
    Ok(())
}

#[tokio::test]
async fn unknown_subprotocol_closes_with_4406() -> Result<()> {
    let (server, _database) = start().await?;
    // The older protocol is answered, because a client that gets no subprotocol disconnects before it sees a reason.
    for offered in [None, Some("graphql-ws")] {
        let mut socket = Socket::open(&server.url(), offered).await?;
        let closed = socket.closed(LIMIT).await?;
        assert_eq!(closed.code, 4406, "{offered:?}");
        let says_what_to_do =
            closed.reason.contains("graphql-transport-ws") && closed.reason.contains("docs/clients.md");
        ensure!(says_what_to_do && closed.reason.len() <= 123, "{closed:?}");
    }
    let mut socket = server.socket(None).await?;
    socket.send(&json!({ "type": "start", "id": "1", "payload": { "query": "{ viewerIsAdmin }" } }))?;
    let closed = socket.closed(LIMIT).await?;
    ensure!(closed.code == 4400 && closed.reason.contains("graphql-transport-ws"), "{closed:?}");
    Ok(())
}

#[tokio::test]
async fn token_in_an_unsupported_place_closes_with_4401() -> Result<()> {
    let (server, _database) = start().await?;
    let token = token::admin();
    for payload in [
        json!({ "authToken": token }),
        json!({ "token": token }),
        json!({ "context": { "Authorization": format!("Bearer {token}") } }),
    ] {
        let mut socket = Socket::open(&server.url(), PROTOCOL).await?;
        socket.send(&json!({ "type": "connection_init", "payload": payload }))?;
        let closed = socket.closed(LIMIT).await?;
        ensure!(closed.code == 4401 && closed.reason.contains("docs/clients.md"), "{closed:?}");
    }
    let mut socket = Socket::open(&server.url(), PROTOCOL).await?;
    let payload = json!({ "headers": { "Authorization": format!("Bearer {token}") } });
    socket.send(&json!({ "type": "connection_init", "payload": payload }))?;
    socket.expect_ack().await?;
    socket.subscribe("1", "{ viewerIsAdmin }", json!({}))?;
    assert_eq!(socket.next_for("1", LIMIT).await?.field("viewerIsAdmin"), true);
    Ok(())
}

#[tokio::test]
async fn token_is_renewed_on_an_open_socket() -> Result<()> {
    let (server, _database) = start().await?;
    let ends_at = now() + TimeDelta::seconds(10);
    let mut socket = server.socket(Some(&token::lasting("Person:1", ends_at - now()))).await?;
    socket.subscribe("1", CHANGES, json!({}))?;
    socket.next_for("1", LIMIT).await?;
    let renewed = format!("Bearer {}", token::of("Person:1"));
    socket.send(&json!({ "type": "ping", "payload": { "authorization": renewed } }))?;
    let pong = socket.receive("a pong", LIMIT, |received| received.kind() == "pong").await?;
    assert_eq!(pong.message, json!({ "type": "pong" }), "the token is not sent back");
    // The socket outlives its first token.
    tokio::time::sleep((ends_at - now()).to_std().unwrap_or_default()).await;
    socket.subscribe("2", "{ viewerIsAdmin }", json!({}))?;
    assert_eq!(socket.next_for("2", LIMIT).await?.field("viewerIsAdmin"), false);
    Ok(())
}

#[tokio::test]
async fn missing_init_closes_with_4408() -> Result<()> {
    let (server, _database) = start().await?;
    let opened = Instant::now();
    let mut socket = Socket::open(&server.url(), PROTOCOL).await?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4408);
    // The server gives a client time to send it. A slow machine only gives more.
    ensure!(opened.elapsed() > Duration::from_secs(2), "closed after {:?}", opened.elapsed());
    Ok(())
}

#[tokio::test]
async fn duplicate_operation_id_closes_with_4409() -> Result<()> {
    let (server, _database) = start().await?;
    let mut socket = server.socket(None).await?;
    socket.subscribe("1", CHANGES, json!({}))?;
    socket.next_for("1", LIMIT).await?;
    socket.subscribe("1", CHANGES, json!({}))?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4409);
    Ok(())
}

#[tokio::test]
async fn second_init_closes_with_4429() -> Result<()> {
    let (server, _database) = start().await?;
    let mut socket = server.socket(None).await?;
    socket.init(None)?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4429);
    Ok(())
}

#[tokio::test]
async fn operation_that_cannot_start_is_an_error_and_the_socket_stays_open() -> Result<()> {
    let (server, _database) = start().await?;
    let mut socket = server.socket(None).await?;
    let wrong = [
        ("subscription {", json!({})),
        ("subscription { nothing }", json!({})),
        ("subscription { activeSessionChanged { kind nothing } }", json!({})),
        (CHANGES, json!({ "sessionIds": 7.5 })),
        (CHANGES, json!({ "sessionIds": ["Person:1"] })),
        (CHANGES, json!({ "after": "made up" })),
    ];
    for (number, (document, variables)) in wrong.into_iter().enumerate() {
        let id = number.to_string();
        socket.subscribe(&id, document, variables)?;
        let answer = socket.any_for(&id, LIMIT).await?;
        assert_eq!(answer.kind(), "error", "{document}: {}", answer.message);
        let error = &answer.message["payload"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{document}: {error}");
        ensure!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "no message: {error}");
    }
    // After an error the id is free again, and no complete follows it.
    socket.subscribe("0", "{ viewerIsAdmin }", json!({}))?;
    assert_eq!(socket.next_for("0", LIMIT).await?.field("viewerIsAdmin"), false);
    assert_eq!(socket.any_for("0", LIMIT).await?.kind(), "complete");
    ensure!(socket.take_all().is_empty(), "there were more messages");
    Ok(())
}

#[tokio::test]
async fn queries_and_mutations_work_over_the_socket() -> Result<()> {
    let (server, _database) = start().await?;
    let mut socket = server.socket(Some(&token::admin())).await?;
    let create = r#"mutation { createPerson(input: { displayName: "Ann" }) { person { id displayName } } }"#;
    socket.subscribe("create", create, json!({}))?;
    let created = socket.next_for("create", LIMIT).await?;
    let person = &created.field("createPerson")["person"];
    assert_eq!(person["displayName"], "Ann");
    assert_eq!(socket.any_for("create", LIMIT).await?.kind(), "complete");

    socket.subscribe("query", "query($id: ID!) { person(id: $id) { displayName } }", json!({ "id": person["id"] }))?;
    assert_eq!(socket.next_for("query", LIMIT).await?.field("person")["displayName"], "Ann");
    assert_eq!(socket.any_for("query", LIMIT).await?.kind(), "complete");
    Ok(())
}

#[tokio::test]
async fn completed_subscription_frees_its_id() -> Result<()> {
    let (server, _database) = start().await?;
    let mut socket = server.socket(None).await?;
    for _ in 0..3 {
        socket.subscribe("1", CHANGES, json!({}))?;
        assert_eq!(socket.next_for("1", LIMIT).await?.field("activeSessionChanged")["kind"], "SNAPSHOT");
        socket.complete("1")?;
    }
    // Completing an operation that has ended or never existed is not an error.
    socket.complete("1")?;
    socket.complete("never started")?;
    socket.send(&json!({ "type": "ping", "payload": { "n": 1 } }))?;
    socket.receive("a pong", LIMIT, |received| received.kind() == "pong").await?;
    socket.send(&json!({ "type": "pong" }))?;
    socket.subscribe("2", "{ viewerIsAdmin }", json!({}))?;
    socket.next_for("2", LIMIT).await?;
    Ok(())
}

#[tokio::test]
async fn stopping_server_closes_with_1012() -> Result<()> {
    let (mut server, _database) = start().await?;
    let mut socket = server.socket(None).await?;
    socket.subscribe("1", CHANGES, json!({}))?;
    socket.next_for("1", LIMIT).await?;
    let (status, closed) = futures_util::join!(server.terminate(), socket.closed(LIMIT));
    assert_eq!(closed?.code, 1012);
    ensure!(status?.success(), "the server did not stop cleanly");
    Ok(())
}
