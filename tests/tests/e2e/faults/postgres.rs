//! PostgreSQL restarts, crashes, refuses connections, hangs, becomes read-only, and commits without an answer.

use std::time::Duration;

use anyhow::{Result, ensure};
use insession_tests::{
    Deployment, LIMIT, Postgres, Program, Proxy, Settings, TestDatabase, database::number, eventually,
};
use reqwest::{
    StatusCode,
    header::{ACCEPT_LANGUAGE, RETRY_AFTER},
};
use serde_json::json;
use tokio::time::sleep;

use super::{DATABASE_MAY_FAIL, SIZE, is_unready, size};
use crate::{fixtures::create_person, load::Load};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_changes_survive_a_postgres_restart_and_crash() -> Result<()> {
    let mut postgres = Postgres::start().await?;
    let database = TestDatabase::on(&postgres).await?;
    let mut deployment = Deployment::sized(&database, 2, 1, |settings| settings).await?;
    let load = Load::start(&database, &deployment, SIZE, DATABASE_MAY_FAIL).await?;
    for crashes in [false, true] {
        if crashes {
            postgres.kill().await?;
        } else {
            postgres.stop().await?;
        }
        postgres.start_again().await?;
        load.expect_recovery(&deployment.servers).await?;
        println!("crashes: {crashes}; works again");
    }
    load.finish(&database).await?;
    expect_running(&mut deployment)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_recover_after_the_database_refused_connections() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let (mut proxy, url) = Proxy::before(&database.url).await?;
    let mut deployment = Deployment::sized(&database, 2, 1, |it| it.with("DATABASE_URL", &url)).await?;
    let load = Load::start(&database, &deployment, SIZE, DATABASE_MAY_FAIL).await?;

    proxy.refuse();
    is_unready(deployment.first()).await?;
    // Pages wait for a connection, and then say what to do, in the reader's language. So the fault lasts longer than a request
    // waits.
    let client = deployment.first().client();
    let get = |address: &str| client.http().get(client.address(address)).header(ACCEPT_LANGUAGE, "de").send();
    let (page, feed) = tokio::try_join!(get("/"), get("/feed.atom"))?;
    for answer in [&page, &feed] {
        ensure!(answer.status() == StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        ensure!(answer.headers().contains_key(RETRY_AFTER), "{answer:?}");
    }
    let text = page.text().await?;
    ensure!(text.contains("Versuchen Sie es in einer Minute noch einmal."), "{text}");
    sleep(size(Duration::from_secs(2), Duration::from_mins(1))).await;
    proxy.allow().await?;
    load.expect_recovery(&deployment.servers).await?;

    let outcome = load.finish(&database).await?;
    ensure!(outcome.ledgers.iter().any(|ledger| ledger.refused > 0), "no writer was refused");
    expect_running(&mut deployment)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_answered_while_the_database_hangs() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let (proxy, url) = Proxy::before(&database.url).await?;
    let mut deployment = Deployment::sized(&database, 2, 1, |it| it.with("DATABASE_URL", &url)).await?;
    let load = Load::start(&database, &deployment, SIZE, DATABASE_MAY_FAIL).await?;

    proxy.silence(true);
    is_unready(deployment.first()).await?;
    // How long the fault lasts.
    sleep(size(Duration::from_secs(5), Duration::from_mins(1))).await;
    proxy.silence(false);
    load.expect_recovery(&deployment.servers).await?;

    load.finish(&database).await?;
    expect_running(&mut deployment)
}

/// A failover leads to a standby, which is read-only. Then its connections stay in the pool, although new connections
/// would lead to a server that accepts writes. At the end the standby is promoted while the connections stay open.
#[tokio::test]
async fn server_recovers_after_the_database_was_read_only() -> Result<()> {
    let primary = Postgres::start().await?;
    let database = TestDatabase::on(&primary).await?;
    let (mut proxy, url) = Proxy::before(&database.url).await?;
    let mut server = Program::serve(&Settings::new(&url)).await?;
    let admin = server.admin();
    create_person(&admin, "Ann").await?;
    let standby = primary.start_standby().await?;
    let standby_url = database.url.replace(&primary.port().to_string(), &standby.port().to_string());

    let state = async |status: u16, database: &str| {
        eventually(LIMIT, &format!("the server to say that the database is {database}"), async || {
            let answer = admin.http().get(admin.address("/health/ready")).send().await?;
            let answered = answer.status().as_u16();
            let body: serde_json::Value = answer.json().await?;
            ensure!(answered == status && body["database"] == database, "{answered}: {body}");
            Ok(())
        })
        .await
    };
    for is_promoted in [false, true] {
        proxy.refuse();
        proxy.redirect(&standby_url)?;
        proxy.allow().await?;
        state(503, "read-only").await?;
        let document = "mutation { createPerson(input: { displayName: \"Bob\" }) { person { id } } }";
        assert_eq!(admin.error_code(document, json!({})).await?, "INTERNAL");
        admin.data("{ sessions { nodes { id } } }", json!({})).await?;
        if is_promoted {
            standby.promote().await?;
        } else {
            proxy.redirect(&database.url)?;
        }
        state(200, "up").await?;
        create_person(&admin, "Cleo").await?;
    }
    server.expect_running()
}

/// If the server retried, it could make the change twice. So the client gets an error, and can query whether the change
/// was made.
#[tokio::test]
async fn commit_with_a_lost_answer_is_not_retried() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let (proxy, url) = Proxy::before(&database.url).await?;
    let settings = Settings::new(&url);
    let server = Program::serve(&settings).await?;
    let connection = database.connect().await?;
    let document = "mutation($name: String!) { createPerson(input: { displayName: $name }) { person { id } } }";
    for round in 0..10 {
        let name = format!("Ann {round}");
        proxy.lose_commits(1);
        let answer = server.admin().query(document, json!({ "name": name })).await?;
        ensure!(answer.error().is_none_or(|error| error.code == "INTERNAL"), "{}", answer.body);
        eventually(LIMIT, "the commit to be lost", async || {
            ensure!(proxy.commits_to_lose() == 0, "not yet");
            Ok(())
        })
        .await?;
        let made = number(&connection, &format!("SELECT count(*) FROM person WHERE display_name = '{name}'")).await?;
        ensure!(made == 1, "{made} people were created, and the answer was {}", answer.body);
        eventually(LIMIT, "the server to work again", async || {
            server.admin().data(document, json!({ "name": "Bob" })).await.map(drop)
        })
        .await?;
    }
    Ok(())
}

fn expect_running(deployment: &mut Deployment) -> Result<()> {
    deployment.servers.iter_mut().chain(&mut deployment.workers).try_for_each(Program::expect_running)
}
