//! Published GraphQL clients, as they come from npm, against a real server. Each has a script in `tests/clients`, which
//! fails by itself. `.ci/setup` installs them.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use insession_tests::{LIMIT, Program, Settings, TestDatabase, on_both_databases, token, within};
use tokio::process::Command;

on_both_databases!(
    apollo_client_falls_back_from_hashes_and_subscribes,
    graphql_sse_subscribes_and_resumes,
    graphql_ws_sends_and_renews_tokens,
    urql_subscribes_by_events_and_by_multipart,
);

async fn apollo_client_falls_back_from_hashes_and_subscribes(database: TestDatabase) -> Result<()> {
    run("apollo.mjs", &database).await
}

async fn graphql_sse_subscribes_and_resumes(database: TestDatabase) -> Result<()> {
    run("graphql-sse.mjs", &database).await
}

async fn graphql_ws_sends_and_renews_tokens(database: TestDatabase) -> Result<()> {
    run("graphql-ws.mjs", &database).await
}

async fn urql_subscribes_by_events_and_by_multipart(database: TestDatabase) -> Result<()> {
    run("urql.mjs", &database).await
}

async fn run(script: &str, database: &TestDatabase) -> Result<()> {
    let server = Program::serve(&Settings::new(&database.url)).await?;
    node(script, &[&server.url(), &token::admin()]).await
}

/// Runs a script of `tests/clients`.
pub async fn node(script: &str, arguments: &[&str]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    ensure!(folder.join("node_modules").exists(), "the clients are not installed: run .ci/setup");
    let node = Command::new("node")
        .arg(script)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = within(LIMIT, script, node).await?.context("there is no Node.js here: run .ci/setup")?;
    ensure!(ended.status.success(), "{script}: {}", String::from_utf8_lossy(&ended.stderr));
    Ok(())
}
