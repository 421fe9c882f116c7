//! Tests of the harness itself.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use insession_tests::{
    Backend, Closed, LIMIT, Postgres, Redis, Socket, TemporaryFolder, TestDatabase,
    database::{execute, number},
    eventually, on_both_databases, ports, within,
};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Callback, ErrorResponse, Request, Response},
        http::header::SEC_WEBSOCKET_PROTOCOL,
        protocol::CloseFrame,
    },
};

on_both_databases!(test_databases_are_empty_and_separate);

async fn test_databases_are_empty_and_separate(database: TestDatabase) -> Result<()> {
    let other = TestDatabase::new(database.backend).await?;
    let (here, there) = (database.connect().await?, other.connect().await?);
    execute(&here, "CREATE TABLE thing (id bigint); INSERT INTO thing VALUES (1), (2)").await?;
    execute(&there, "CREATE TABLE thing (id bigint)").await?;
    assert_eq!(number(&here, "SELECT count(*) FROM thing").await?, 2);
    assert_eq!(number(&there, "SELECT count(*) FROM thing").await?, 0);
    Ok(())
}

#[tokio::test]
async fn postgres_keeps_committed_data_when_stopped_or_killed() -> Result<()> {
    let mut server = Postgres::start().await?;
    let database = TestDatabase::on(&server).await?;
    let before = database.connect().await?;
    execute(&before, "CREATE TABLE thing (id bigint); INSERT INTO thing VALUES (1)").await?;

    server.stop().await?;
    ensure!(number(&before, "SELECT count(*) FROM thing").await.is_err(), "it still answers");
    server.start_again().await?;
    let after = database.connect().await?;
    execute(&after, "INSERT INTO thing VALUES (2)").await?;

    server.kill().await?;
    server.start_again().await?;
    assert_eq!(number(&database.connect().await?, "SELECT count(*) FROM thing").await?, 2);
    Ok(())
}

#[tokio::test]
async fn private_servers_run_side_by_side() -> Result<()> {
    let (first, second, third) = futures_util::try_join!(Postgres::start(), Postgres::start(), Postgres::shared())?;
    assert_ne!(first.port(), second.port());
    for server in [&first, &second, third] {
        let database = TestDatabase::on(server).await?;
        assert_eq!(database.backend, Backend::Postgres);
        assert_eq!(number(&database.connect().await?, "SELECT 7::bigint").await?, 7);
        server.drop_database(&database.url).await?;
    }
    let servers = futures_util::future::try_join_all((0..4).map(|_| Redis::start())).await?;
    for server in &servers {
        server.ask(&format!("SET port {}", server.port())).await?;
    }
    for server in &servers {
        ensure!(server.ask("GET port").await?.ends_with(&server.port().to_string()), "the servers share their data");
    }
    Ok(())
}

#[tokio::test]
async fn redis_restarts_on_its_port() -> Result<()> {
    for keeps_data in [false, true] {
        let mut server = if keeps_data { Redis::start_keeping_data().await? } else { Redis::start().await? };
        let url = server.url();
        server.ask("SET kept yes").await?;
        server.stop().await?;
        ensure!(server.ask("PING").await.is_err(), "it still answers");
        server.start_again().await?;
        assert_eq!(server.url(), url);
        assert_eq!(server.ask("EXISTS kept").await?, if keeps_data { ":1" } else { ":0" });
        server.kill()?;
        ensure!(server.ask("PING").await.is_err(), "it still answers");
        server.start_again().await?;
        server.freeze()?;
        ensure!(within(Duration::from_millis(100), "an answer", server.ask("PING")).await.is_err(), "it isn't frozen");
        server.thaw()?;
        assert_eq!(within(LIMIT, "an answer", server.ask("PING")).await??, "+PONG");
    }
    Ok(())
}

#[tokio::test]
async fn expired_wait_reports_the_last_error() -> Result<()> {
    let mut checks = 0;
    let found = eventually(LIMIT, "the third check", async || {
        checks += 1;
        ensure!(checks == 3, "only {checks}");
        Ok(checks)
    });
    assert_eq!(found.await?, 3);

    let never = eventually(Duration::from_millis(30), "a condition", async || -> Result<()> { bail!("it is not met") });
    let error = format!("{:#}", never.await.expect_err("the condition is never met"));
    assert_eq!(error, "waited 30ms for a condition: it is not met");
    let stuck = eventually(Duration::from_millis(30), "an answer", async || {
        std::future::pending::<()>().await;
        Ok(())
    });
    ensure!(stuck.await.is_err(), "a check that hangs was not cut off");
    Ok(())
}

#[tokio::test]
async fn ports_are_never_given_twice() -> Result<()> {
    let mut ports: Vec<u16> = (0..200).map(|_| ports::free_port()).collect::<Result<_>>()?;
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 200);
    Ok(())
}

/// Runs this test in another process, which starts servers and hangs. Kills that process and checks what is left.
#[tokio::test]
async fn nothing_outlives_the_test_process() -> Result<()> {
    if let Some(notes) = std::env::var_os(NOTES) {
        let server = Postgres::start().await?;
        let folder = TemporaryFolder::new()?;
        fs::write(Path::new(&notes).join("started"), format!("{} {}.", server.port(), folder.path().display()))?;
        return std::future::pending().await;
    }
    let notes = TemporaryFolder::new()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["harness::nothing_outlives_the_test_process", "--exact"])
        .env(NOTES, notes.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let started = eventually(LIMIT, "the servers to start", async || {
        let started = fs::read_to_string(notes.join("started"))?;
        let (port, folder) = started.strip_suffix('.').and_then(|line| line.split_once(' ')).context("half written")?;
        Ok((port.parse::<u16>()?, folder.to_owned()))
    });
    let started = started.await;
    child.kill()?;
    child.wait()?;
    let (port, folder) = started?;
    eventually(LIMIT, "PostgreSQL and its folder to go", async || {
        ensure!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "it still answers");
        ensure!(!Path::new(&folder).exists(), "{folder} is still there");
        Ok(())
    })
    .await
}

const NOTES: &str = "INSESSION_TEST_NOTES";

/// The server sends three messages for two subscriptions, then a ping, and closes when that is answered.
#[tokio::test]
async fn socket_client_keeps_every_message_and_the_close_code() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let server = async {
        let (stream, _) = listener.accept().await?;
        let mut stream = accept_hdr_async(stream, AcceptProtocol).await?;
        let init = stream.next().await.context("no connection_init")??.into_text()?;
        ensure!(init.contains("Bearer abc"), "no token in {init}");
        for message in [
            json!({ "type": "connection_ack" }),
            json!({ "type": "next", "id": "a", "payload": { "data": { "n": 1 } } }),
            json!({ "type": "next", "id": "b", "payload": { "data": { "n": 2 } } }),
            json!({ "type": "next", "id": "a", "payload": { "data": { "n": 3 } } }),
            json!({ "type": "ping" }),
        ] {
            stream.send(Message::text(message.to_string())).await?;
        }
        let pong = stream.next().await.context("no pong")??;
        ensure!(pong.to_text()?.contains("pong"), "{pong} instead of a pong");
        stream.send(Message::Close(Some(CloseFrame { code: 4409.into(), reason: "in use".into() }))).await?;
        // The client answers the close frame. Then the connection ends.
        while let Some(Ok(_)) = stream.next().await {}
        Ok(())
    };
    let client = async {
        let mut socket = Socket::connect(&address, Some("abc")).await?;
        assert_eq!(socket.next_for("b", LIMIT).await?.field("n"), 2);
        let closed = socket.closed(LIMIT).await?;
        assert_eq!(closed, Closed { code: 4409, reason: "in use".into() });
        assert_eq!(socket.next_for("a", LIMIT).await?.field("n"), 1);
        assert_eq!(socket.next_for("a", LIMIT).await?.field("n"), 3);
        let after = format!("{:#}", socket.next_for("a", LIMIT).await.expect_err("it is closed"));
        ensure!(after.contains("4409"), "{after}");
        Ok(())
    };
    within(LIMIT, "both sides", Box::pin(futures_util::future::try_join(server, client))).await??;
    Ok(())
}

struct AcceptProtocol;

impl Callback for AcceptProtocol {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let protocol = request.headers().get("sec-websocket-protocol").cloned();
        response.headers_mut().extend(protocol.map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol)));
        Ok(response)
    }
}
