//! Mistakes in pages that use the module. The console names each mistake once, and badges without a mistake work.

use anyhow::{Result, ensure};
use insession_tests::{Browser, Deployment, Page, TestDatabase};
use serde_json::{Value, json};

use super::other_site::OtherSite;
use crate::fixtures::{create_active_instance, create_session};

/// Collects the warnings in the console.
const COLLECT_WARNINGS: &str =
    "window.warnings = []; console.warn = (...texts) => window.warnings.push(texts.join(' '));";

#[tokio::test]
async fn wrong_ids_are_named_in_the_console_once() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    create_active_instance(&admin, &session).await?;
    let badge = |id: &str| format!("<live-now-badge session='{id}'></live-now-badge>");
    let booking = |id: &str| format!("<booking-status booking='{id}'>a booking</booking-status>");
    let queue = |key: &str| format!("<activity-queue activity='{key}'></activity-queue>");
    let content = [
        badge("monday"),
        badge("monday"),
        badge("Session:999"),
        badge("Session:999"),
        "<live-now-badge></live-now-badge>".to_owned(),
        booking("7"),
        booking("Booking:999"),
        queue(""),
        queue("The interview"),
        queue("nothing"),
        queue("nothing"),
        badge(&session),
    ]
    .concat();
    let site = OtherSite::start(deployment.first(), None, &content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.run_first(COLLECT_WARNINGS).await?;
    page.goto(&site.url).await?;
    page.until("document.querySelectorAll('live-now-badge[active]').length === 1").await?;
    page.until("warnings.length >= 8").await?;
    for named in [
        "session=\"monday\"",
        "Session:999",
        "session=\"\"",
        "booking=\"7\"",
        "Booking:999",
        "activity=\"\"",
        "activity=\"The interview\"",
        "there is no activity nothing",
    ] {
        assert_eq!(warnings(&page, named).await?, 1, "{named}");
    }
    // Another badge with the same mistake adds no warning.
    let more = json!(badge("Session:999") + &badge("monday") + &queue("nothing") + &badge(&session));
    page.evaluate(&format!("document.body.insertAdjacentHTML('beforeend', {more})")).await?;
    page.until("document.querySelectorAll('live-now-badge[active]').length === 2").await?;
    assert_eq!(page.evaluate("warnings.length").await?, 8, "{}", page.evaluate("warnings").await?);
    browser.close().await
}

#[tokio::test]
async fn public_badges_work_whatever_the_token_function_returns() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    create_active_instance(&admin, &session).await?;
    let badges = format!("<live-now-badge session='{session}'></live-now-badge><in-session-badge></in-session-badge>");
    let site = OtherSite::start(deployment.first(), None, "").await?;
    let browser = Browser::launch().await?;
    for (token, named) in [
        // The address of the token requires a sign-in, and answers with a page.
        ("async () => document.documentElement.outerHTML", "something that is not a token: <html"),
        ("async () => JSON.parse(document.documentElement.outerHTML).token", "the token function failed: "),
        // The server refuses the token, and the fresh one too.
        ("async () => 'not.a.token'", "the server refused the token: "),
    ] {
        let page = browser.page().await?;
        page.run_first(COLLECT_WARNINGS).await?;
        page.goto(&site.url).await?;
        page.until("window.configure !== undefined").await?;
        page.evaluate(&format!("configure({{ token: {token} }}); document.body.innerHTML = `{badges}`")).await?;
        page.until("document.querySelector('live-now-badge').hasAttribute('active')").await?;
        page.until("document.querySelector('in-session-badge').place === null").await?;
        assert_eq!(warnings(&page, named).await?, 1, "{token}");
        ensure!(page.evaluate("connection.at(-1).state").await? == "online", "{token}");
    }
    browser.close().await
}

#[tokio::test]
async fn connections_and_heartbeats_that_fail_are_named_in_the_console() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let mut deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let badge = format!("<live-now-badge session='{session}'></live-now-badge>");
    let site = OtherSite::start(deployment.first(), None, &badge).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.run_first(COLLECT_WARNINGS).await?;
    page.goto(&site.url).await?;
    // Without a token there is no visit here.
    page.until("window.startHeartbeat !== undefined").await?;
    page.evaluate("window.visit = startHeartbeat({ activity: 'interview' }); visit.entered.catch(() => {})").await?;
    page.until("warnings.some((text) => /a heartbeat.* failed: UNAUTHENTICATED/.test(text))").await?;
    page.evaluate("visit.stop()").await?;
    deployment.servers[0].terminate().await?;
    page.until("warnings.some((text) => /the connection to http.* was lost: 1012/.test(text))").await?;
    page.ignore_problems("WebSocket connection to")?;
    browser.close().await
}

/// How many warnings contain a text.
async fn warnings(page: &Page, text: &str) -> Result<Value> {
    page.evaluate(&format!("warnings.filter((warning) => warning.includes({})).length", json!(text))).await
}
