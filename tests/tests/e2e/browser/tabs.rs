//! Several tabs of one browser.

use anyhow::{Context, Result, ensure};
use insession_tests::{Browser, Deployment, TestDatabase, token};
use serde_json::json;

use super::{other_site::OtherSite, sign_in};
use crate::fixtures::create_person;

#[tokio::test]
async fn duplicated_tab_starts_its_own_visit() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let person = create_person(&deployment.admin(), "Ann").await?;
    let site = OtherSite::start(deployment.first(), Some(&token::of(&person)), "").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.evaluate("window.visit = startHeartbeat(), visit.entered").await?;
    // A window that a page opens starts with a copy of its session storage, as a duplicated tab does.
    let open = json!({ "expression": "window.copy = open(location.href)", "userGesture": true });
    page.call("Runtime.evaluate", open).await?;
    page.until("copy.startHeartbeat !== undefined").await?;
    page.until("copy.sessionStorage.length === 1").await?;
    page.evaluate("copy.visit = copy.startHeartbeat(), copy.visit.entered").await?;
    page.until("copy.visit.presence.isOnline && visit.presence.isOnline").await?;
    let ids = page.evaluate("[visit.id, copy.visit.id, visit.presence.id, copy.visit.presence.id]").await?;
    ensure!(ids[0] != ids[1] && ids[2] != ids[3], "{ids}");

    // After a reload, the page continues its own visit.
    let own = ids[0].as_str().context("an id")?;
    page.goto(&site.url).await?;
    page.evaluate("window.visit = startHeartbeat(), visit.entered").await?;
    assert_eq!(page.evaluate("visit.id").await?, own);
    // Two heartbeats in one page share one visit.
    page.evaluate("window.again = startHeartbeat(), again.entered").await?;
    assert_eq!(page.evaluate("again.id").await?, own);
    browser.close().await
}

#[tokio::test]
async fn tab_of_one_person_reloads_when_another_tab_signs_in_somebody_else() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    sign_in(&page, deployment.first(), &ann).await?;
    page.until(&format!("document.body.dataset.viewer === '{ann}'")).await?;
    page.evaluate("window.marker = 1").await?;
    let other = page.another_tab().await?;
    sign_in(&other, deployment.first(), &ben).await?;
    page.bring_to_front().await?;
    page.until(&format!("window.marker === undefined && document.body.dataset.viewer === '{ben}'")).await?;

    // The same after a sign-out. Scripts get no token of another person for their socket either.
    page.evaluate("window.marker = 1").await?;
    other.bring_to_front().await?;
    other.click("[...document.querySelectorAll('button')].find((it) => it.textContent === 'Sign out')").await?;
    other.until("location.pathname === '/' && document.body.dataset.viewer === undefined").await?;
    page.bring_to_front().await?;
    page.until("window.marker === undefined && location.pathname === '/sign-in'").await?;
    browser.close().await
}

#[tokio::test]
async fn page_that_its_person_leaves_does_not_reload_instead() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let mut deployment = Deployment::start(&database).await?;
    let ann = create_person(&deployment.admin(), "Ann").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    sign_in(&page, deployment.first(), &ann).await?;
    // The sign-out is sent, and its answer takes a while. Meanwhile the page learns that nobody is signed in any more.
    deployment.servers[0].signal("STOP")?;
    page.evaluate(
        "new Promise((done) => { \
           const text = async () => (setTimeout(done), ''); \
           fetch = async () => ({ redirected: true, ok: true, status: 200, text }); \
           [...document.querySelectorAll('button')].find((it) => it.textContent === 'Sign out').click(); \
           document.dispatchEvent(new Event('visibilitychange')); })",
    )
    .await?;
    deployment.servers[0].signal("CONT")?;
    page.until("location.pathname === '/' && document.body.dataset.viewer === undefined").await?;
    browser.close().await
}
