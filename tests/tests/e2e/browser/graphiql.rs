//! GraphiQL, as the server serves it.

use anyhow::Result;
use chrono::TimeDelta;
use insession_tests::{Browser, Deployment, Page, TestDatabase, token};
use serde_json::json;

use crate::fixtures::{create_active_instance, create_session};

const RUN: &str = "document.querySelector('.graphiql-execute-button')";
const TABS: &str = "[...document.querySelectorAll('.graphiql-tab-button')]";
const EDITOR: &str = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror";
const RESULT: &str = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()";
const VIEWER: &str = "document.getElementById('viewer').textContent";
/// Whether GraphiQL knows the schema, with which its editor checks a document.
const KNOWS_SCHEMA: &str =
    "Boolean(document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.options.lint?.schema)";

#[tokio::test]
async fn graphiql_runs_queries_and_subscriptions_with_a_token() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&deployment.first().client().address("/graphiql")).await?;
    page.until(&format!("{TABS}.length >= 3 && {RUN} !== null")).await?;
    give_token(&page, &token::admin()).await?;
    page.until(&format!("{VIEWER} === 'admin'")).await?;

    // A query.
    run(&page, "WhatIsOn", "totalCount").await?;
    page.click(&tab("Why")).await?;
    run(&page, "Why", "sessionInstance").await?;
    // A subscription over the socket.
    page.click(&tab("Watch")).await?;
    run(&page, "Watch", "SNAPSHOT").await?;
    create_active_instance(&admin, &session).await?;
    page.until(&format!("{RESULT}.includes('ACTIVATED')")).await?;
    page.click(RUN).await?;
    // A mutation that only admins may run.
    page.click(&tab("DryRunSweep")).await?;
    run(&page, "DryRunSweep", "\"dryRun\": true").await?;

    assert_eq!(page.evaluate("location.search + location.hash").await?, json!(""), "no token in the address");
    browser.close().await
}

/// Where the browser blocks cookies, each use of a storage fails. The token lasts as long as the page then.
#[tokio::test]
async fn graphiql_works_without_storage() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    let block = "for (const name of ['sessionStorage', 'localStorage']) Object.defineProperty(window, name, \
                 { get() { throw new DOMException('blocked', 'SecurityError'); } });";
    page.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": block })).await?;
    page.goto(&deployment.first().client().address("/graphiql")).await?;
    page.until(&format!("{TABS}.length >= 3 && {RUN} !== null && {VIEWER} === 'nobody'")).await?;
    give_token(&page, &token::admin()).await?;
    page.until(&format!("{VIEWER} === 'admin'")).await?;
    run(&page, "WhatIsOn", "totalCount").await?;
    browser.close().await
}

#[tokio::test]
async fn graphiql_subscribes_without_a_token() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&deployment.first().client().address("/graphiql")).await?;
    page.until(&format!("{TABS}.length >= 3 && {RUN} !== null && {VIEWER} === 'nobody'")).await?;
    page.click(&tab("Watch")).await?;
    run(&page, "Watch", "SNAPSHOT").await?;
    create_active_instance(&admin, &session).await?;
    page.until(&format!("{RESULT}.includes('ACTIVATED')")).await?;
    browser.close().await
}

#[tokio::test]
async fn graphiql_asks_for_another_token_when_one_is_refused_or_expires() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment =
        Deployment::start_with(&database, |settings| settings.with("INTROSPECTION", "admins").with("GRAPHIQL", "true"))
            .await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&deployment.first().client().address("/graphiql")).await?;
    // Nobody may read the schema.
    page.until(&format!("{TABS}.length >= 3 && {RUN} !== null && {RESULT}.includes('UNAUTHENTICATED')")).await?;
    assert_eq!(page.evaluate(KNOWS_SCHEMA).await?, false);

    give_token(&page, "not.a.token").await?;
    page.until(&format!("{VIEWER}.endsWith('Paste another token.')")).await?;
    page.click(&tab("Watch")).await?;
    run(&page, "Watch", "The server closed the socket: 4403").await?;

    // The schema of an administrator is there without a reload.
    give_token(&page, &token::admin()).await?;
    page.until(&format!("{VIEWER} === 'admin'")).await?;
    page.until(KNOWS_SCHEMA).await?;
    run(&page, "Watch", "SNAPSHOT").await?;
    page.click(RUN).await?;

    // A subscription whose token expires, and a page that asks the server for nothing meanwhile.
    for subscribes in [true, false] {
        give_token(&page, &token::admin_lasting(TimeDelta::seconds(10))).await?;
        page.until(&format!("{VIEWER} === 'admin'")).await?;
        if subscribes {
            run(&page, "Watch", "SNAPSHOT").await?;
        }
        page.until(&format!("/expired.*Paste another token/.test({VIEWER})")).await?;
    }
    page.ignore_problems("Failed to load resource")?;
    browser.close().await
}

async fn give_token(page: &Page, token: &str) -> Result<()> {
    page.evaluate("document.getElementById('token').select()").await?;
    page.type_text(token).await?;
    page.press("Enter").await
}

/// Runs the operation of the tab once GraphiQL knows it, and waits for a text in the answer.
async fn run(page: &Page, operation: &str, text: &str) -> Result<()> {
    page.until(&format!("{EDITOR}.operationName === '{operation}'")).await?;
    page.click(RUN).await?;
    page.until(&format!("{RESULT}.includes({})", json!(text))).await
}

fn tab(name: &str) -> String {
    format!("{TABS}.find((tab) => tab.textContent === '{name}')")
}
