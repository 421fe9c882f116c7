//! Visits that a page keeps online by heartbeats.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{Browser, Client, Deployment, LIMIT, Page, TestDatabase, eventually, now, token};
use serde_json::{Value, json};

use super::elsewhere::Elsewhere;
use crate::fixtures::{create_person, save_activity};

#[tokio::test]
async fn visit_stays_online_in_a_hidden_tab_and_ends_when_it_closes() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "3")).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(1)).await?;
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    let browser = Browser::launch().await?;

    let first = Elsewhere::start(deployment.first(), Some(&token::of(&ann)), "Ann's").await?;
    let page = browser.page().await?;
    let answer = enter(&page, &first).await?;
    assert_eq!((&answer["admitted"], &answer["occupancy"]), (&json!(true), &json!(1)), "{answer}");

    // A second person is refused, because the only seat is taken.
    let second = Elsewhere::start(deployment.first(), Some(&token::of(&ben)), "Ben's").await?;
    let waiting = browser.page().await?;
    let answer = enter(&waiting, &second).await?;
    assert_eq!(answer["admitted"], false);
    ensure!(answer["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");

    // In a hidden tab the visit stays online for longer than the online window.
    let front = page.another_tab().await?;
    page.until("document.visibilityState === 'hidden'").await?;
    let hidden_at = now();
    eventually(LIMIT, "heartbeats of a hidden tab", async || {
        let visit = visit_of(&admin, &ann).await?;
        ensure!(visit["isOnline"] == true && visit["activity"]["key"] == "interview", "it is offline: {visit}");
        let seen: DateTime<Utc> = visit["lastSeenAt"].as_str().context("an instant")?.parse()?;
        ensure!(seen - hidden_at > TimeDelta::seconds(5), "seen at {seen}");
        Ok(())
    })
    .await?;

    // A reload continues the same visit.
    let visit = visit_of(&admin, &ann).await?;
    page.bring_to_front().await?;
    let answer = enter(&page, &first).await?;
    assert_eq!(answer["presence"]["id"], visit["id"]);

    // Closing the tab frees the seat, and the visit goes offline.
    page.close_tab().await?;
    waiting.until("visit.enter().then(({ admitted }) => admitted)").await?;
    eventually(LIMIT, "the visit to be offline", async || {
        let visit = visit_of(&admin, &ann).await?;
        ensure!(visit["isOnline"] == false, "{visit}");
        Ok(())
    })
    .await?;

    // A completed visit stays completed; the page starts another one.
    waiting.evaluate("window.done = visit.id; visit.complete()").await?;
    assert_eq!(visit_of(&admin, &ben).await?["status"], "COMPLETED");
    let answer = enter(&waiting, &second).await?;
    assert_eq!(answer["admitted"], true);
    drop(front);
    browser.close().await
}

/// Opens the page and asks for a seat.
async fn enter(page: &Page, site: &Elsewhere) -> Result<Value> {
    page.goto(&site.url).await?;
    page.evaluate("window.visit = startHeartbeat({ activity: 'interview' }), visit.entered").await
}

/// The newest visit of a person.
async fn visit_of(admin: &Client, person: &str) -> Result<Value> {
    let document = "query($person: ID!) { presences(filter: { personId: $person }, first: 1) {
        nodes { id status isOnline lastSeenAt activity { key } }
    } }";
    let data = admin.data(document, json!({ "person": person })).await?;
    Ok(data["presences"]["nodes"][0].clone())
}
