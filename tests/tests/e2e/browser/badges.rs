//! The elements of `insession.js` on another site.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use domain::access::Viewer;
use insession_tests::{Browser, Deployment, LIMIT, Page, Screen, TestDatabase, database::execute, eventually, token};
use serde_json::{Value, json};
use service::{instances, log, prune};

use super::other_site::OtherSite;
use crate::{
    fixtures::{cancel, check_in, create_active_instance, create_instance, create_person, create_session, in_seconds},
    load::{app_on, test_error},
};

/// True when the badge knows whether its session is active.
const KNOWN: &str = "document.querySelector('live-now-badge').instances !== undefined";
const LIVE: &str = "getComputedStyle(document.querySelector('live-now-badge')).visibility === 'visible'";
const NOT_LIVE: &str = "getComputedStyle(document.querySelector('live-now-badge')).visibility === 'hidden'";
const DOT: &str = "document.querySelector('in-session-badge')";
const POPUP: &str = "document.querySelector('in-session-badge').shadowRoot.querySelector('.popup')";

#[tokio::test]
async fn badge_follows_the_status_without_a_reload() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let content = format!("<p>Monday <live-now-badge session='{session}'></live-now-badge><i>after</i></p>");
    let site = OtherSite::start(deployment.first(), None, &content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until(KNOWN).await?;
    page.until(NOT_LIVE).await?;
    let place = "JSON.stringify(document.querySelector('i').getBoundingClientRect())";
    let before = page.evaluate(place).await?;

    // The meeting is active for long enough to be seen, even on a slow machine.
    create_instance(&admin, &session, in_seconds(2), in_seconds(12)).await?;
    page.until(LIVE).await?;
    assert_eq!(page.evaluate(place).await?, before, "the badge moved the text beside it");
    assert_eq!(page.evaluate("document.querySelector('live-now-badge').shadowRoot.textContent").await?, "LIVE NOW");
    page.until("document.querySelector('[aria-live=polite]')?.textContent === 'Monday is live now.'").await?;
    page.until(NOT_LIVE).await?;
    page.until("document.querySelector('[aria-live=polite]').textContent === 'Monday is no longer live.'").await?;
    assert_eq!(kinds(&page).await?, json!(["ACTIVATED", "DEACTIVATED"]));
    browser.close().await
}

#[tokio::test]
async fn in_session_dot_follows_the_person_and_shows_the_session() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let person = create_person(&admin, "Ann").await?;
    let monday = create_active_instance(&admin, &create_session(&admin, "Monday").await?).await?;
    let tuesday = create_active_instance(&admin, &create_session(&admin, "Tuesday").await?).await?;
    let content = "<button>before</button> <in-session-badge></in-session-badge>";
    let site = OtherSite::start(deployment.first(), Some(&token::of(&person)), content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until(&format!("{DOT}.place !== undefined")).await?;
    page.until(&format!("getComputedStyle({DOT}).visibility === 'hidden'")).await?;

    let ann = deployment.first().client_of(&person);
    check_in(&ann, &monday, "YES", None).await?;
    page.until(&format!("getComputedStyle({DOT}).visibility === 'visible'")).await?;
    check_in(&ann, &tuesday, "YES", None).await?;
    page.until(&format!("{POPUP}.querySelector('.name').textContent === 'Tuesday'")).await?;

    // By mouse.
    page.until(&format!("getComputedStyle({POPUP}).display === 'none'")).await?;
    page.point_at(DOT).await?;
    page.until(&format!("getComputedStyle({POPUP}).display === 'block'")).await?;
    let text = page.evaluate(&format!("{POPUP}.innerText")).await?;
    let text = text.as_str().context("a text")?;
    for part in ["Tuesday", "Austin", "UTC", "1 person is here"] {
        ensure!(text.contains(part), "no {part} in {text:?}");
    }
    page.move_mouse_away().await?;
    page.until(&format!("getComputedStyle({POPUP}).display === 'none'")).await?;

    // By keyboard.
    page.evaluate("document.querySelector('button').focus()").await?;
    page.press("Tab").await?;
    page.until(&format!("getComputedStyle({POPUP}).display === 'block'")).await?;
    page.press("Escape").await?;
    page.until(&format!("getComputedStyle({POPUP}).display === 'none'")).await?;
    assert_eq!(page.evaluate("document.activeElement.localName").await?, "in-session-badge", "the focus stays");

    // The dot follows her back to Monday and disappears when she leaves. A click opens the session's page.
    check_in(&ann, &tuesday, "NO", None).await?;
    page.until(&format!("{POPUP}.querySelector('.name').textContent === 'Monday'")).await?;
    check_in(&ann, &monday, "NO", None).await?;
    page.until(&format!("getComputedStyle({DOT}).visibility === 'hidden'")).await?;
    check_in(&ann, &monday, "YES", None).await?;
    page.until(&format!("getComputedStyle({DOT}).visibility === 'visible'")).await?;
    page.click(DOT).await?;
    page.until("location.pathname === '/sessions/monday' && document.readyState === 'complete'").await?;
    browser.close().await
}

#[tokio::test]
async fn page_reconnects_with_a_fresh_token_when_one_expires() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let person = create_person(&admin, "Ann").await?;
    let monday = create_active_instance(&admin, &create_session(&admin, "Monday").await?).await?;
    let site = OtherSite::start(deployment.first(), None, "<in-session-badge></in-session-badge>").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    let (short, long) = (token::lasting(&person, TimeDelta::seconds(4)), token::of(&person));
    page.evaluate(&format!(
        "window.asked = []; configure({{ token: ({{ refresh }}) => {{ asked.push(refresh); return refresh ? '{long}' : '{short}'; }} }})"
    ))
    .await?;
    page.until("connection.some(({ code }) => code === 4403)").await?;
    page.until("connection.at(-1).state === 'online'").await?;
    check_in(&deployment.first().client_of(&person), &monday, "YES", None).await?;
    page.until(&format!("getComputedStyle({DOT}).visibility === 'visible'")).await?;
    assert_eq!(page.evaluate("asked").await?, json!([false, true]));
    assert_eq!(page.evaluate("location.href.includes('ey')").await?, false, "no token in the address");
    browser.close().await
}

#[tokio::test]
async fn page_misses_no_change_while_its_server_restarts() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::start(&database).await?;
    let elsewhere = deployment.second().admin();
    let session = create_session(&elsewhere, "Monday").await?;
    let content = format!("<live-now-badge session='{session}'></live-now-badge>");
    let site = OtherSite::start(deployment.first(), None, &content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until(KNOWN).await?;
    let first = create_active_instance(&elsewhere, &session).await?;
    page.until(LIVE).await?;

    deployment.servers[0].terminate().await?;
    page.until("connection.some(({ state, code }) => state === 'offline' && code === 1012)").await?;
    cancel(&elsewhere, &first).await?;
    let second = create_active_instance(&elsewhere, &session).await?;
    cancel(&elsewhere, &second).await?;
    deployment.servers[0].start_again().await?;
    page.until(NOT_LIVE).await?;
    page.until("changes.length >= 4").await?;
    let reported = page.evaluate("changes.map(({ kind, sessionInstanceId }) => [kind, sessionInstanceId])").await?;
    let expected =
        json!([["ACTIVATED", first], ["DEACTIVATED", first], ["ACTIVATED", second], ["DEACTIVATED", second]]);
    assert_eq!(reported, expected, "each change once and in order");

    // Later changes arrive too.
    create_active_instance(&elsewhere, &session).await?;
    page.until(LIVE).await?;
    page.ignore_problems("WebSocket connection to")?;
    browser.close().await
}

#[tokio::test]
async fn page_reads_its_state_again_when_its_cursor_has_expired() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let mut deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (monday, tuesday) = (create_session(&admin, "Monday").await?, create_session(&admin, "Tuesday").await?);
    let badge = |session: &str| format!("<live-now-badge session='{session}'></live-now-badge>");
    let site = OtherSite::start(deployment.first(), None, &(badge(&monday) + &badge(&tuesday))).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until(KNOWN).await?;
    let gone = create_active_instance(&admin, &monday).await?;
    let come = create_instance(&admin, &tuesday, in_seconds(3_600), in_seconds(7_200)).await?;
    page.until(LIVE).await?;

    // Changes are made while the server is down. When it runs again, the log has only the last of them.
    deployment.servers[0].terminate().await?;
    let (app, until) = (app_on(&database).await?, Some(in_seconds(3_600)));
    for (instance, active) in [(&gone, false), (&come, true)] {
        instances::set_override(&app, Viewer::ADMIN, instance.parse()?, active, until).await.map_err(test_error)?;
    }
    log::publish(&app).await.map_err(test_error)?;
    let connection = database.connect().await?;
    execute(&connection, "UPDATE change_batch SET occurred_at = '2020-01-01T00:00:00+00:00'").await?;
    let pruned = prune::prune(&app).await.map_err(test_error)?;
    ensure!(pruned.batches > 1, "{} were pruned", pruned.batches);
    deployment.servers[0].start_again().await?;

    page.until(&format!("document.querySelector(\"[session='{tuesday}']\").hasAttribute('active')")).await?;
    page.until(NOT_LIVE).await?;
    let reported = page.evaluate("changes.map(({ kind, sessionInstanceId }) => [kind, sessionInstanceId])").await?;
    let expected = json!([["ACTIVATED", gone], ["DEACTIVATED", gone], ["ACTIVATED", come]]);
    assert_eq!(reported, expected, "the page reports each difference once");
    // Later changes arrive too.
    cancel(&admin, &come).await?;
    page.until("document.querySelectorAll('[active]').length === 0").await?;
    page.ignore_problems("WebSocket connection to")?;
    browser.close().await
}

#[tokio::test]
async fn badges_use_the_theme_of_their_attribute_the_page_or_the_visitor() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let badge = |theme: &str| format!("<live-now-badge {theme} session='{session}'></live-now-badge>");
    let content = ["", "theme=light", "theme=dark", "theme=auto"].map(badge).concat();
    let site = OtherSite::start(deployment.first(), None, &content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until("customElements.get('live-now-badge') !== undefined").await?;
    let (light, dark) = ("rgb(163, 18, 31)", "rgb(255, 179, 176)");
    let colors = "[...document.querySelectorAll('live-now-badge')].map((it) =>
        getComputedStyle(it.shadowRoot.querySelector('.badge')).color)";
    for (is_dark, scheme, expected) in [
        (false, "normal", [light, light, dark, light]),
        (true, "normal", [light, light, dark, dark]),
        // A page with `color-scheme: light dark` follows the visitor's preference.
        (true, "light dark", [dark, light, dark, dark]),
        (false, "dark", [dark, light, dark, light]),
    ] {
        page.emulate_screen(Screen { width: 800, height: 600, density: 1, is_dark }).await?;
        page.evaluate(&format!("document.documentElement.style.colorScheme = '{scheme}'")).await?;
        assert_eq!(page.evaluate(colors).await?, json!(expected), "{is_dark} {scheme}");
    }
    // The attribute can change while the badge is shown.
    page.evaluate("document.querySelector('[theme=light]').setAttribute('theme', 'dark')").await?;
    assert_eq!(page.evaluate(colors).await?[1], dark);
    browser.close().await
}

#[tokio::test]
async fn all_badges_of_a_page_share_one_socket() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let mut sessions = Vec::new();
    for number in 0..103 {
        sessions.push(create_session(&admin, &format!("Session {number}")).await?);
    }
    let badge = |session: &String| format!("<live-now-badge session='{session}'></live-now-badge>");
    // Fifty badges. The last one names a session that does not exist.
    let content = sessions[..49].iter().map(badge).collect::<String>() + &badge(&"Session:999999".to_owned());
    let site = OtherSite::start(deployment.first(), None, &content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until(KNOWN).await?;
    for session in [&sessions[0], &sessions[48]] {
        create_active_instance(&admin, session).await?;
        page.until(&format!("document.querySelector(\"[session='{session}']\").hasAttribute('active')")).await?;
    }

    // More badges are added later than one subscription can name.
    let more = json!(sessions.iter().map(badge).collect::<String>());
    page.evaluate(&format!("document.body.insertAdjacentHTML('beforeend', {more})")).await?;
    create_active_instance(&admin, &sessions[102]).await?;
    page.until("document.querySelectorAll('[active]').length === 5").await?;
    page.evaluate(&format!("document.querySelectorAll(\"[session='{}']\").forEach((it) => it.remove())", sessions[0]))
        .await?;
    create_active_instance(&admin, &sessions[50]).await?;
    page.until("document.querySelectorAll('[active]').length === 4").await?;
    assert_eq!(page.sockets(), 1);

    // Without elements, the page closes its socket.
    page.evaluate("document.body.replaceChildren()").await?;
    eventually(LIMIT, "the socket to be closed", async || {
        let health = deployment.first().health().await?;
        ensure!(health["sockets"] == 0, "{health}");
        Ok(())
    })
    .await?;
    browser.close().await
}

async fn kinds(page: &Page) -> Result<Value> {
    page.evaluate("changes.map(({ kind }) => kind).filter((kind) => kind !== 'UPDATED')").await
}
