//! "Near me" with the coordinates of the browser.

use anyhow::{Result, ensure};
use insession_tests::{Browser, Program, Settings, TestDatabase};
use serde_json::json;

use crate::fixtures::create_active_instance;

const BUTTON: &str = "document.querySelector('form[data-near] button')";

#[tokio::test]
async fn near_me_lists_sessions_by_distance_after_a_click() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let create = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    for (name, latitude) in [("Far", 52.5), ("Second", 48.3), ("First", 48.22)] {
        let input =
            json!({ "name": name, "timeZone": "UTC", "city": name, "latitude": latitude, "longitude": -116.372 });
        let data = admin.data(create, json!({ "input": input })).await?;
        create_active_instance(&admin, data["createSession"]["session"]["id"].as_str().unwrap_or_default()).await?;
    }
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    // A page that asks before the click would fail here.
    page.run_first(
        "window.asked = 0; \
         const ask = Geolocation.prototype.getCurrentPosition; \
         Geolocation.prototype.getCurrentPosition = function (...all) { window.asked += 1; return ask.apply(this, all); };",
    )
    .await?;
    page.set_position(&server.url(), Some((48.2, -116.372))).await?;
    page.goto(&server.client().address("/")).await?;
    page.until("customElements.get('live-now-badge') !== undefined").await?;
    ensure!(page.evaluate("window.asked").await? == json!(0), "the page asked before the click");
    page.click(BUTTON).await?;
    page.until("location.pathname === '/near' && document.readyState === 'complete'").await?;
    page.until("document.querySelector('h1').innerText === 'Sessions near you'").await?;
    let names = page.evaluate("[...document.querySelectorAll('.cards h3 a')].map((it) => it.innerText)").await?;
    assert_eq!(names, json!(["First", "Second"]));
    page.until("document.querySelector('.cards').innerText.includes('2.2 km away')").await?;
    page.until("document.querySelector('.plain').innerText.includes('Second, 11 km away')").await?;
    ensure!(page.evaluate("location.search").await? == json!(""), "the coordinates are in the address");
    ensure!(!server.log().contains("116.372"), "the coordinates are in the log");

    // If the browser does not give its coordinates, the page shows a form.
    let other = browser.page().await?;
    other.set_position(&server.url(), None).await?;
    other.goto(&server.client().address("/")).await?;
    other.until("customElements.get('live-now-badge') !== undefined").await?;
    other.click(BUTTON).await?;
    other.until("document.querySelector('main').innerText.includes('This browser did not say where you are')").await?;
    other.evaluate("document.querySelector('[name=place]').focus()").await?;
    other.type_text("48.2, -116.372").await?;
    other.press("Enter").await?;
    other.until("document.querySelector('.cards')?.innerText.includes('First')").await?;
    browser.close().await
}
