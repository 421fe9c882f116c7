//! GraphiQL, as the server serves it.

use anyhow::Result;
use insession_tests::{Browser, Deployment, Page, TestDatabase, token};
use serde_json::json;

use crate::fixtures::{create_active_instance, create_session};

const RUN: &str = "document.querySelector('.graphiql-execute-button')";
const TABS: &str = "[...document.querySelectorAll('.graphiql-tab-button')]";
const EDITOR: &str = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror";
const RESULT: &str = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()";

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
    page.evaluate("document.getElementById('token').focus()").await?;
    page.type_text(&token::admin()).await?;
    page.press("Enter").await?;
    page.until("document.getElementById('viewer').textContent === 'admin'").await?;

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

/// Runs the operation of the tab once GraphiQL knows it, and waits for a text in the answer.
async fn run(page: &Page, operation: &str, text: &str) -> Result<()> {
    page.until(&format!("{EDITOR}.operationName === '{operation}'")).await?;
    page.click(RUN).await?;
    page.until(&format!("{RESULT}.includes({})", json!(text))).await
}

fn tab(name: &str) -> String {
    format!("{TABS}.find((tab) => tab.textContent === '{name}')")
}
