//! Pages in the language of a real browser.

use anyhow::{Result, ensure};
use insession_tests::{Browser, Client, Deployment, Page, TestDatabase};
use serde_json::json;

use super::paths::looks_right;
use crate::fixtures::{create_active_instance, create_person, create_session};

/// Sets the languages that the browser asks for, as its settings do.
async fn prefer(page: &Page, languages: &str) -> Result<()> {
    let agent = page.evaluate("navigator.userAgent").await?;
    let parameters = json!({ "userAgent": agent, "acceptLanguage": languages });
    page.call("Network.setUserAgentOverride", parameters).await?;
    Ok(())
}

async fn check_in(person: &Client, instance: &str) -> Result<()> {
    let document =
        "mutation($id: ID!) { checkIn(input: { sessionInstanceId: $id, attendance: YES }) { person { id } } }";
    person.data(document, json!({ "id": instance })).await?;
    Ok(())
}

#[tokio::test]
async fn german_page_has_german_times_and_stays_german_when_it_updates() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let anna = create_person(&admin, "Anna").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    prefer(&page, "de-DE,de").await?;
    page.goto(&deployment.first().client().address("/sessions/monday")).await?;
    page.until("document.documentElement.lang === 'de'").await?;
    page.until("document.querySelector('h1').innerText.includes('JETZT LIVE')").await?;
    page.until("document.querySelector('.counts').innerText === 'Noch niemand da'").await?;
    let when = page.evaluate("document.querySelector('.card .when time').innerText").await?;
    let when = when.as_str().unwrap_or_default();
    let clock = when.rsplit(' ').next().unwrap_or_default();
    ensure!(clock.len() == 5 && clock.contains(':'), "{when}");
    looks_right(&page).await?;

    // The script writes German too.
    check_in(&deployment.first().client_of(&anna), &instance).await?;
    page.until("document.querySelector('.counts').innerText.startsWith('Gerade da: 1')").await?;
    page.until("document.querySelector('.until').innerText.startsWith('endet in ')").await?;

    // The visitor chooses another language, and stays on the page.
    page.click("document.querySelector('.languages [lang=tr]')").await?;
    page.until("document.documentElement.lang === 'tr' && document.readyState === 'complete'").await?;
    ensure!(page.evaluate("location.pathname").await? == "/sessions/monday");
    page.until("document.querySelector('.counts').innerText.startsWith('Şu anda 1 kişi burada')").await?;
    looks_right(&page).await?;
    browser.close().await
}
