//! The screen at the door follows each change, and recovers by itself from everything that ends its connection.

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use insession_tests::{Browser, Page, Program, Settings, Shim, TestDatabase, token};
use reqwest::header::COOKIE;
use serde_json::{Value, json};

use super::away::{CLOCK, skip_until, skip_until_true};
use crate::fixtures::{
    add_organizer, check_in, create_active_instance, create_instance, create_person, create_session, in_seconds,
};

/// A browser that can keep the screen on, and counts how often it is asked to.
const WAKE_LOCK: &str = "
    window.asked = 0;
    const request = async () => { asked += 1; return (window.lock = { released: false }); };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });";

const NO_WAKE_LOCK: &str = "Object.defineProperty(navigator, 'wakeLock', { value: undefined });";

/// The timers of the page wait for `skip`. So what happens before `skip` happens because of a message from the server.
#[tokio::test]
async fn door_screen_follows_each_change_and_recovers_by_itself() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let shim = Shim::new().await?;
    let mut server = Program::serve(&shim.before(Settings::new(&database.url), "/nonexistent".as_ref())).await?;
    let admin = server.admin();
    let [organizer, ann] = [create_person(&admin, "Orla").await?, create_person(&admin, "Ann").await?];
    let session = create_session(&admin, "Monday").await?;
    add_organizer(&admin, &session, &organizer).await?;
    let codes = "mutation($id: ID!) { updateSession(input: { id: $id, checkInCodes: ROTATING }) { session { id } } }";
    admin.data(codes, json!({ "id": session })).await?;
    let instance = create_active_instance(&admin, &session).await?;
    check_in(&admin, &instance, "YES", Some(&ann)).await?;
    let hide =
        "mutation($id: ID!, $is: Boolean!) { updatePerson(input: { id: $id, hidesPlace: $is }) { person { id } } }";
    let hide = async |is: bool| admin.data(hide, json!({ "id": ann, "is": is })).await.map(|_| ());

    let browser = Browser::launch().await?;
    let screen = browser.page().await?;
    screen.run_first(&format!("window.aheadBy = 0; {CLOCK} {WAKE_LOCK}")).await?;
    let cookie = sign_in(&screen, &server, &organizer).await?;
    let address = server.client().address("/sessions/monday/door");
    screen.goto(&address).await?;
    screen.until(&shows("Ann")).await?;
    screen.until("asked === 1 && document.body.hasAttribute('data-live')").await?;
    hide(true).await?;
    screen.until(&shows("")).await?;
    hide(false).await?;
    screen.until(&shows("Ann")).await?;

    // The browser ends the lock of a tab that is hidden.
    let other = screen.another_tab().await?;
    screen.until("document.visibilityState === 'hidden'").await?;
    screen.evaluate("lock.released = true").await?;
    screen.bring_to_front().await?;
    screen.until("asked === 2").await?;
    other.close_tab().await?;

    // The code rotates.
    let code = "document.querySelector('.code').textContent";
    let before = screen.evaluate(code).await?;
    shim.set_clock(TimeDelta::seconds(91))?;
    skip_until_true(&screen, 10_000, &format!("{code} !== {before}")).await?;

    // After two hours the meeting is over, and the socket has ended with its ticket.
    let sockets = screen.sockets();
    shim.set_clock(TimeDelta::hours(2))?;
    skip_until_true(&screen, 10_000, "document.querySelector('.code') === null").await?;
    skip_until(&screen, 10_000, "another socket", async || {
        ensure!(screen.sockets() > sockets, "the page still has the same socket");
        Ok(())
    })
    .await?;
    // That socket may end too, and the page then waits by its own clock.
    skip_until_true(&screen, 1_000, "!document.body.hasAttribute('data-offline')").await?;
    let next = create_instance(&admin, &session, in_seconds(7_200 - 60), in_seconds(9_000)).await?;
    screen.until("document.querySelector('.code') !== null").await?;
    check_in(&admin, &next, "YES", Some(&ann)).await?;
    screen.until(&shows("Ann")).await?;

    // If somebody hides while the server is down, the page soon stops showing the name.
    server.terminate().await?;
    skip_until_true(&screen, 10_000, &shows("")).await?;
    server.start_again().await?;
    let is_back = format!("{} && !document.body.hasAttribute('data-offline')", shows("Ann"));
    skip_until_true(&screen, 10_000, &is_back).await?;
    hide(true).await?;
    screen.until(&shows("")).await?;
    hide(false).await?;
    screen.until(&shows("Ann")).await?;
    screen.ignore_problems("")?;

    // The browser of an old television cannot run the page's script, and does not keep the screen on. Another browser
    // has no scripts.
    let television = browser.page().await?;
    television.run_first(&format!("window.aheadBy = 0; {CLOCK} {NO_WAKE_LOCK}")).await?;
    television.call("Network.setBlockedURLs", json!({ "urls": ["*/web/pages.*.js"] })).await?;
    sign_in(&television, &server, &organizer).await?;
    television.goto(&address).await?;
    television.until(&shows("Ann")).await?;
    assert_eq!(television.evaluate("document.body.hasAttribute('data-live')").await?, json!(false));
    hide(true).await?;
    skip_until_true(&television, 10_000, &shows("")).await?;
    television.ignore_problems("ERR_BLOCKED_BY_CLIENT")?;
    let modern = browser.page().await?;
    modern.run_first(NO_WAKE_LOCK).await?;
    sign_in(&modern, &server, &organizer).await?;
    modern.goto(&address).await?;
    modern.until("document.body.hasAttribute('data-live')").await?;
    let page = admin.http().get(&address).header(COOKIE, cookie).send().await?.error_for_status()?.text().await?;
    ensure!(page.contains(r#"<noscript><meta http-equiv="refresh" content="10"></noscript>"#), "{page}");

    // A person who is no longer an organiser sees no names.
    let remove = "mutation($session: ID!, $person: ID!) {
        removeOrganizer(sessionId: $session, personId: $person) { session { id } } }";
    admin.data(remove, json!({ "session": session, "person": organizer })).await?;
    for page in [&screen, &television] {
        let is_refused = "document.getElementById('main').textContent.includes('Only organisers')";
        skip_until_true(page, 10_000, is_refused).await?;
        page.ignore_problems("403")?;
    }
    browser.close().await
}

fn shows(names: &str) -> String {
    format!("document.querySelector('.names')?.innerText === '{names}'")
}

/// Signs in, and returns the cookie.
async fn sign_in(page: &Page, server: &Program, person: &str) -> Result<String> {
    page.goto(&format!("{}/sign-in?next=/me", server.url())).await?;
    page.evaluate("document.getElementById('token').focus()").await?;
    page.type_text(&token::lasting(person, TimeDelta::hours(20))).await?;
    page.press("Enter").await?;
    page.until("location.pathname === '/me' && document.readyState === 'complete'").await?;
    let cookies: Value = page.call("Network.getCookies", json!({})).await?;
    let secret = cookies["cookies"][0]["value"].as_str().unwrap_or_default().to_owned();
    Ok(format!("insession_token={secret}"))
}
