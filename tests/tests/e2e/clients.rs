//! Published GraphQL clients from npm and PyPI, against a real server. Each has a script in `tests/clients`, which
//! exits with an error if a check fails. `.ci/setup` installs them.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use insession_tests::{LIMIT, Program, Settings, TestDatabase, on_both_databases, token, within};
use tokio::process::Command;

on_both_databases!(
    apollo_client_falls_back_from_hashes_and_subscribes,
    graphql_sse_subscribes_and_resumes,
    graphql_ws_sends_and_renews_tokens,
    python_gql_queries_subscribes_and_resumes,
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

#[tokio::test]
async fn graphql_codegen_of_the_docs_has_types_of_all_scalars() -> Result<()> {
    node("codegen.mjs", &[]).await
}

async fn python_gql_queries_subscribes_and_resumes(database: TestDatabase) -> Result<()> {
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let packages = folder().join("python");
    ensure!(packages.join(".installed").exists(), "the Python client is not installed: run .ci/setup");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    run_script(python, "gql_client.py", &[&server.url(), &token::admin()]).await
}

async fn urql_subscribes_by_events_and_by_multipart(database: TestDatabase) -> Result<()> {
    run("urql.mjs", &database).await
}

async fn run(script: &str, database: &TestDatabase) -> Result<()> {
    let server = Program::serve(&Settings::new(&database.url)).await?;
    node(script, &[&server.url(), &token::admin()]).await
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Runs a script of `tests/clients` in Node.js.
pub async fn node(script: &str, arguments: &[&str]) -> Result<()> {
    ensure!(folder().join("node_modules").exists(), "the clients are not installed: run .ci/setup");
    run_script(Command::new("node"), script, arguments).await
}

async fn run_script(mut interpreter: Command, script: &str, arguments: &[&str]) -> Result<()> {
    interpreter.arg(script).args(arguments).current_dir(folder()).stdin(Stdio::null()).kill_on_drop(true);
    let ended = within(LIMIT, script, interpreter.output()).await?;
    let ended = ended.context("Node.js or Python is missing: run .ci/setup")?;
    ensure!(ended.status.success(), "{script}: {}", String::from_utf8_lossy(&ended.stderr));
    Ok(())
}
