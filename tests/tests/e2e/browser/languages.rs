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

/// The elements of the module, in a page of any site: each speaks the language of its part of the page.
#[tokio::test]
async fn elements_speak_the_language_of_their_part_of_the_page() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let document = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    let input = json!({ "key": "interview", "name": "The interview", "maxConcurrent": 2 });
    deployment.admin().data(document, json!({ "input": input })).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&deployment.first().client().address("/sign-in")).await?;
    page.until("customElements.get('activity-queue') !== undefined").await?;
    for (tag, seats, join) in [
        ("en", "0 of 2 seats are taken.", "Join"),
        ("de-AT", "0 von 2 Plätzen sind belegt.", "Mitmachen"),
        ("nl", "0 van 2 plaatsen zijn bezet.", "Meedoen"),
        ("fr_CA", "Places prises : 0 sur 2.", "Participer"),
        ("es", "0 de 2 plazas ocupadas.", "Participar"),
        ("tr", "2 yerden 0 tanesi dolu.", "Katıl"),
        ("sq", "Të zëna: 0 nga 2 vende.", "Merr pjesë"),
        ("hi", "2 में से 0 सीटें भरी हैं।", "शामिल हों"),
        ("zh-Hant-TW", "0 of 2 seats are taken.", "Join"),
        ("", "0 of 2 seats are taken.", "Join"),
    ] {
        page.evaluate(&format!(
            "document.body.insertAdjacentHTML('beforeend', `<div lang='{tag}'><activity-queue activity='interview'></activity-queue></div>`)"
        ))
        .await?;
        let texts = format!("{} {}", json!(seats), json!(join));
        page.until(&format!(
            "(({{ shadowRoot }}) => JSON.stringify(shadowRoot.querySelector('[part=status]').textContent) + ' '
                + JSON.stringify(shadowRoot.querySelector('[part~=join]').textContent))
                ([...document.querySelectorAll('activity-queue')].at(-1)) === {}",
            json!(texts)
        ))
        .await?;
    }
    // What screen readers say is marked with its language.
    let spoken = "[...document.querySelectorAll('activity-queue')].map(({ shadowRoot }) => shadowRoot.firstElementChild.lang).join(' ')";
    assert_eq!(page.evaluate(spoken).await?, "en de nl fr es tr sq hi en en");
    browser.close().await
}
