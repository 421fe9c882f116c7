//! SIGTERM under load: open requests are answered or refused with a code, sockets are closed with 1012 so that clients
//! reconnect, and the process ends by itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result, ensure};
use insession_tests::{
    Deployment, LIMIT, Program, Settings, TestDatabase,
    database::{execute, number},
    eventually,
    program::run,
    within,
};
use sea_orm::{DatabaseConnection, TransactionTrait};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{SIZE, size};
use crate::{
    fixtures::{CHANGES, create_instance, create_person, create_session, in_seconds},
    load::{Load, Tolerance},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_stops_cleanly_under_load() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::sized(&database, 2, 1, |settings| settings).await?;
    let tolerance = Tolerance { servers_end: true, ..Tolerance::default() };
    let load = Load::start(&database, &deployment, SIZE, tolerance).await?;
    for round in 0..size(4, 20) {
        let server = round % 2;
        let mut sockets = Vec::new();
        for _ in 0..10 {
            let mut socket = deployment.servers[server].socket(None).await?;
            socket.subscribe("1", CHANGES, json!({}))?;
            socket.next_for("1", LIMIT).await?;
            sockets.push(socket);
        }
        stop(&mut deployment.servers[server]).await?;
        for mut socket in sockets {
            let closed = socket.closed(LIMIT).await?;
            ensure!(closed.code == 1012, "a socket was closed with {closed:?}");
        }
        deployment.servers[server].start_again().await?;
        load.expect_recovery(&deployment.servers).await?;
        stop(&mut deployment.workers[0]).await?;
        deployment.workers[0].start_again().await?;
    }
    load.finish(&database).await?;
    Ok(())
}

/// Waits until this many statements wait for locks.
async fn wait_for_locks(connection: &DatabaseConnection, statements: i64) -> Result<()> {
    let sql = "SELECT count(*) FROM pg_locks WHERE NOT granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually(LIMIT, "statements to wait for locks", async || {
        let waiting = number(connection, sql).await?;
        ensure!(waiting >= statements, "only {waiting} wait");
        Ok(())
    })
    .await
}

/// Asks a program to stop. It must end by itself, with success.
async fn stop(program: &mut Program) -> Result<()> {
    let status = program.terminate().await?;
    ensure!(status.success(), "it ended with {status}");
    Ok(())
}

/// Connects again and again, with a request on each connection, until `done`. No connection may be refused. Returns how many
/// requests were answered.
async fn expect_no_refusal(address: &str, done: &AtomicBool) -> Result<u32> {
    let mut answered = 0;
    while !done.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(address).await.context("a connection was refused")?;
        stream.write_all(format!("GET /health/live HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        // The kernel resets a connection that was just being made when a listener was closed.
        if stream.read_to_string(&mut answer).await.is_ok() {
            answered += u32::from(answer.contains(" 200 "));
        }
    }
    Ok(answered)
}

#[tokio::test]
async fn new_server_on_the_same_port_refuses_no_connection() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let settings = Settings::new(&database.url);
    let mut old = Program::serve(&settings).await?;
    let port = old.port().context("a server has a port")?;
    let address = format!("127.0.0.1:{port}");
    let done = Arc::new(AtomicBool::default());
    let connecting = tokio::spawn({
        let (address, done) = (address.clone(), Arc::clone(&done));
        async move { expect_no_refusal(&address, &done).await }
    });
    for _ in 0..2 {
        let new = Program::serve_on(port, &settings).await?;
        stop(&mut old).await?;
        old = new;
    }
    done.store(true, Ordering::Relaxed);
    ensure!(connecting.await?? > 0, "no request was answered");
    create_person(&old.admin(), "Ann").await?;

    // A server of another installation does not start, because the port is in use.
    let other = TestDatabase::sqlite()?;
    let refused = run(&Settings::new(&other.url).with("PORT", &port.to_string()), &["serve"]).await?;
    ensure!(!refused.status.success() && refused.stderr.contains("cannot listen on"), "{}", refused.stderr);
    Ok(())
}

#[tokio::test]
async fn connections_wait_in_a_passed_socket_while_the_server_restarts() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?.to_string();
    let mut server = Program::serve(&Settings::new(&database.url).passing(socket)).await?;
    create_person(&server.admin(), "Ann").await?;
    stop(&mut server).await?;
    let mut waiting = TcpStream::connect(&address).await?;
    waiting.write_all(format!("GET /health/live HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
    server.start_again().await?;
    let mut answer = String::new();
    within(LIMIT, "an answer", waiting.read_to_string(&mut answer)).await??;
    ensure!(answer.contains(" 200 "), "{answer}");
    Ok(())
}

#[tokio::test]
async fn server_stops_despite_clients_that_hang() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let person = create_person(&admin, "Ann").await?;

    // A query and a mutation that hang.
    let connection = database.connect().await?;
    let hold = connection.begin().await?;
    execute(&hold, "LOCK TABLE person").await?;
    for document in [
        "query($id: ID!) { person(id: $id) { displayName } }",
        "mutation($id: ID!) { updatePerson(input: { id: $id, displayName: \"Bea\" }) { person { id } } }",
    ] {
        let (admin, variables) = (admin.clone(), json!({ "id": person }));
        tokio::spawn(async move { admin.query(document, variables).await });
    }
    // The server itself also reads this table, each second.
    wait_for_locks(&connection, 3).await?;

    let address = server.url().replace("http://", "");
    let begin = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(&address).await?;
        stream.write_all(bytes).await?;
        Ok::<_, anyhow::Error>(stream)
    };
    let upgrade = format!(
        "GET /graphql/ws HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    );
    let page = format!("GET /web/insession.js HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let post = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{{"
    );
    let _hanging = [
        // A connection that sends nothing, half of a request's head, and half of a body.
        begin(b"").await?,
        begin(b"POST /graphql HT").await?,
        begin(post.as_bytes()).await?,
        // A socket that does not answer, and a client that does not read its answers.
        begin(upgrade.as_bytes()).await?,
        begin(page.repeat(500).as_bytes()).await?,
    ];
    eventually(LIMIT, "the socket", async || {
        let sockets = &server.health().await?["sockets"];
        ensure!(*sockets == 1, "{sockets}");
        Ok(())
    })
    .await?;
    stop(&mut server).await?;

    hold.rollback().await?;
    server.start_again().await?;
    create_person(&server.admin(), "Cleo").await?;
    Ok(())
}

#[tokio::test]
async fn worker_stops_despite_a_job_that_hangs() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::sized(&database, 1, 1, |settings| settings).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let connection = database.connect().await?;
    // It falls due when the table is locked, even on a slow machine.
    let instance = create_instance(&admin, &session, in_seconds(10), in_seconds(600)).await?;
    let hold = connection.begin().await?;
    execute(&hold, "LOCK TABLE session_instance IN SHARE MODE").await?;
    // The instance falls due, and the sweep waits for the lock.
    wait_for_locks(&connection, 1).await?;
    stop(&mut deployment.workers[0]).await?;

    hold.rollback().await?;
    deployment.workers[0].start_again().await?;
    eventually(LIMIT, "it to open", async || {
        let document = "query($id: ID!) { sessionInstance(id: $id) { isActive } }";
        let data = admin.data(document, json!({ "id": instance })).await?;
        ensure!(data["sessionInstance"]["isActive"] == true, "{data}");
        Ok(())
    })
    .await
}
