//! Waiting for a seat: `startHeartbeat({ activity, wait: true })`, the element `activity-queue`, and the page of an activity.

use anyhow::{Context, Result, ensure};
use insession_tests::{
    Browser, Client, Deployment, LIMIT, Page, Screen, TestDatabase, database::execute, eventually, token,
};
use reqwest::header::COOKIE;
use serde_json::{Value, json};

use super::{away::CLOCK, other_site::OtherSite, sign_in};
use crate::{
    docs::snippet,
    fixtures::{beat, create_person, enter_activity, new_visit},
};

const QUEUE: &str = "document.querySelector('activity-queue')";
const STATUS: &str = "document.querySelector('activity-queue').shadowRoot.querySelector('[part=status]').textContent";
const JOIN: &str = "document.querySelector('activity-queue').shadowRoot.querySelector('[part~=join]')";
const LEAVE: &str = "document.querySelector('activity-queue').shadowRoot.querySelector('[part~=leave]')";

/// A server with one activity. Its seats count people. A visit stays online for minutes without a heartbeat, so that no seat
/// ends by itself on a slow machine.
async fn serve(database: &TestDatabase, seats: i32, more: &Value) -> Result<Deployment> {
    let deployment = Deployment::start_with(database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "600")).await?;
    let mut input = json!({ "key": "interview", "name": "The interview", "maxConcurrent": seats });
    if let (Some(input), Some(more)) = (input.as_object_mut(), more.as_object()) {
        input.extend(more.clone());
    }
    let document = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    deployment.admin().data(document, json!({ "input": input })).await?;
    Ok(deployment)
}

/// Somebody else, who has a seat.
struct Other {
    client: Client,
    visit: String,
}

impl Other {
    async fn enter(deployment: &Deployment, name: &str) -> Result<Self> {
        let person = create_person(&deployment.admin(), name).await?;
        let other = Self { client: deployment.first().client_of(&person), visit: new_visit() };
        beat(&other.client, &other.visit).await?;
        assert_eq!(enter_activity(&other.client, &other.visit, "interview").await?["admitted"], true);
        Ok(other)
    }

    async fn leave(&self) -> Result<()> {
        let document = "mutation($id: ID!) { leaveActivity(presenceId: $id) { presence { id } } }";
        self.client.data(document, json!({ "id": self.visit })).await?;
        Ok(())
    }
}

/// Changes the number of seats.
async fn limit(admin: &Client, seats: i32) -> Result<()> {
    let document = "mutation($seats: Int!) {
        saveActivity(input: { key: \"interview\", name: \"The interview\", maxConcurrent: $seats }) { activity { id } } }";
    admin.data(document, json!({ "seats": seats })).await?;
    Ok(())
}

/// How many have a seat, and how many wait.
async fn counts(admin: &Client) -> Result<Value> {
    let data = admin.data("{ activity(key: \"interview\") { occupancy queueLength } }", json!({})).await?;
    Ok(json!([data["activity"]["occupancy"], data["activity"]["queueLength"]]))
}

async fn until_counts(admin: &Client, expected: &Value) -> Result<()> {
    eventually(LIMIT, "seats and places", async || {
        let counts = counts(admin).await?;
        ensure!(counts == *expected, "{counts}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_documented_page_shows_its_place_and_takes_the_offered_seat() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 1, &json!({})).await?;
    let admin = deployment.admin();
    let ben = Other::enter(&deployment, "Ben").await?;
    let ann = create_person(&admin, "Ann").await?;
    let content = snippet("docs/badges.md", "### Waiting for a seat", "html")?
        .replace("https://insession.example", &deployment.first().url())
        .replace("<script type=\"module\">", "<script type=\"module\" nonce=\"page\">");
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), &content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.run_first(
        "window.steps = [];
        document.addEventListener('activity-queue-changed', ({ detail }) => steps.push(detail));",
    )
    .await?;
    page.goto(&site.url).await?;
    let status = |text: &str| format!("document.getElementById('status').textContent === '{text}'");
    page.until(&status("1 of 1 in the queue")).await?;
    until_counts(&admin, &json!([1, 1])).await?;

    // A reload keeps the place.
    page.goto(&site.url).await?;
    page.until(&status("1 of 1 in the queue")).await?;
    until_counts(&admin, &json!([1, 1])).await?;

    ben.leave().await?;
    page.until(&status("Welcome to the interview")).await?;
    until_counts(&admin, &json!([1, 0])).await?;
    let states = page.evaluate("steps.map(({ state }) => state)").await?;
    let states: Vec<&str> = states.as_array().context("a list")?.iter().filter_map(Value::as_str).collect();
    // After a reload, the place may be known before the page asks for a seat again.
    let begins = matches!(states.first(), Some(&"entering" | &"waiting"));
    ensure!(begins && states.last() == Some(&"admitted"), "{states:?}");
    let offers =
        page.evaluate("steps.filter(({ state }) => state === 'offered').map(({ queuePlace }) => queuePlace)").await?;
    ensure!(offers[0]["offer"]["expiresAt"].is_string(), "{offers}");

    // So does the seat.
    page.goto(&site.url).await?;
    page.until(&status("Welcome to the interview")).await?;
    until_counts(&admin, &json!([1, 0])).await?;
    page.click("document.getElementById('leave')").await?;
    page.until(&status("Goodbye")).await?;
    until_counts(&admin, &json!([0, 0])).await?;
    browser.close().await
}

#[tokio::test]
async fn two_tabs_of_one_person_share_one_seat() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 1, &json!({})).await?;
    let admin = deployment.admin();
    let ben = Other::enter(&deployment, "Ben").await?;
    let ann = create_person(&admin, "Ann").await?;
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "").await?;
    let browser = Browser::launch().await?;
    let first = browser.page().await?;
    wait(&first, &site).await?;
    first.until("visit.state === 'waiting'").await?;
    let second = first.another_tab().await?;
    wait(&second, &site).await?;
    for page in [&first, &second] {
        page.until("visit.state === 'waiting' && visit.position === 1 && visit.queueLength === 1").await?;
    }
    assert_eq!(counts(&admin).await?, json!([1, 1]));

    ben.leave().await?;
    for page in [&first, &second] {
        page.until("visit.isAdmitted").await?;
    }
    assert_eq!(counts(&admin).await?, json!([1, 0]));

    // The seat is in the tab that is used. The other one shows it all the same. The first movement may come before this tab has
    // heard that the other one has the seat.
    eventually(LIMIT, "the seat in the tab that is used", async || {
        second.move_mouse_away().await?;
        let has_seat = second.evaluate("visit.beat().then(() => visit.presence.activity?.key === 'interview')").await?;
        ensure!(has_seat == json!(true), "the seat is elsewhere");
        Ok(())
    })
    .await?;
    first.until("visit.beat().then(() => visit.presence.activity === null && visit.isAdmitted)").await?;

    // When it is closed, the other tab has the seat.
    second.close_tab().await?;
    first.until("visit.beat().then(() => visit.presence.activity?.key === 'interview')").await?;
    assert_eq!(counts(&admin).await?, json!([1, 0]));
    assert_eq!(first.evaluate("seen.includes('lost')").await?, false);

    // Who leaves in one tab has left.
    let third = first.another_tab().await?;
    wait(&third, &site).await?;
    third.until("visit.isAdmitted").await?;
    first.evaluate("visit.leave()").await?;
    third.until("visit.state === 'online'").await?;
    until_counts(&admin, &json!([0, 0])).await?;
    drop(third);
    browser.close().await
}

#[tokio::test]
async fn place_of_a_person_stays_while_one_of_the_devices_waits() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 1, &json!({})).await?;
    let admin = deployment.admin();
    let lecture = "mutation { saveActivity(input: { key: \"lecture\", name: \"A lecture\", maxConcurrent: 0 }) { activity { id } } }";
    admin.data(lecture, json!({})).await?;
    let ben = Other::enter(&deployment, "Ben").await?;
    let ann = create_person(&admin, "Ann").await?;
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "").await?;
    let browser = Browser::launch().await?;
    let phone = browser.page().await?;
    wait(&phone, &site).await?;
    phone.until("visit.state === 'waiting'").await?;

    // Another device shows the place, and ends without having asked to wait.
    let tablet = browser.page().await?;
    for end in ["stop", "leave", "complete"] {
        start(&tablet, &site, "{ activity: 'interview' }").await?;
        tablet.until("visit.state === 'waiting' && visit.position === 1").await?;
        tablet.evaluate(&format!("visit.{end}()")).await?;
        assert_eq!(counts(&admin).await?, json!([1, 1]), "after {end}()");
    }
    start(&tablet, &site, "{}").await?;
    tablet.evaluate("visit.beat()").await?;
    tablet.close_tab().await?;

    // Two devices wait, and one of them stops. The person also waits for something else.
    let laptop = browser.page().await?;
    wait(&laptop, &site).await?;
    laptop.until("visit.state === 'waiting'").await?;
    phone.evaluate("visit.stop()").await?;
    let desk = browser.page().await?;
    start(&desk, &site, "{ activity: 'lecture', wait: true }").await?;
    desk.until("visit.state === 'waiting' && visit.position === 1").await?;
    assert_eq!(counts(&admin).await?, json!([1, 1]));
    ben.leave().await?;
    laptop.until("visit.isAdmitted").await?;
    desk.until("visit.beat().then(() => visit.state === 'waiting' && visit.position === 1)").await?;
    assert_eq!(laptop.evaluate("seen.includes('lost')").await?, false);

    // The seat moves, and the laptop is told.
    start(&phone, &site, "{ activity: 'interview' }").await?;
    phone.until("visit.isAdmitted").await?;
    laptop.until("visit.presence.activity === null && visit.isAdmitted").await?;
    assert_eq!(counts(&admin).await?, json!([1, 0]));
    browser.close().await
}

#[tokio::test]
async fn a_phone_that_nobody_uses_loses_its_seat() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 1, &json!({ "maxIdleMinutes": 1 })).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.run_first(&format!("window.aheadBy = 0; {CLOCK}")).await?;
    wait(&page, &site).await?;
    page.until("visit.isAdmitted && !visit.isIdle").await?;

    page.evaluate("skip(6 * 60_000)").await?;
    page.until("visit.isIdle && visit.presence.isIdle").await?;
    assert_eq!(page.evaluate("visit.state").await?, "admitted");
    // The visit has been idle for longer than the activity allows.
    let since =
        if database.url.starts_with("sqlite") { "'2020-01-01T00:00:00+00:00'" } else { "now() - interval '1 hour'" };
    execute(&database.connect().await?, &format!("UPDATE presence SET idle_since = {since}")).await?;
    let ben = Other::enter(&deployment, "Ben").await?;
    page.until("visit.state === 'lost' && visit.lostReason === 'idle'").await?;

    // Somebody is back. The page asks when they say so.
    page.move_mouse_away().await?;
    page.until("!visit.isIdle && visit.beat().then(() => !visit.presence.isIdle)").await?;
    assert_eq!(page.evaluate("visit.state").await?, "lost");
    page.evaluate("visit.enter()").await?;
    page.until("visit.state === 'waiting'").await?;
    ben.leave().await?;
    page.until("visit.isAdmitted").await?;
    browser.close().await
}

#[tokio::test]
async fn element_joins_confirms_and_leaves_by_keyboard() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let mut deployment = serve(&database, 1, &json!({ "offerSeconds": 600 })).await?;
    let admin = deployment.admin();
    let ben = Other::enter(&deployment, "Ben").await?;
    let ann = create_person(&admin, "Ann").await?;
    let content = "<activity-queue activity=interview confirm>The interview</activity-queue>";
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until(&says("1 of 1 seat is taken.")).await?;
    let region = format!("[{QUEUE}.shadowRoot.querySelector('[part=status]')].map((it) => [it.role, it.ariaLive])[0]");
    assert_eq!(page.evaluate(&region).await?, json!(["status", "polite"]));

    page.press("Tab").await?;
    assert_eq!(focused(&page).await?, "Join the queue");
    page.press("Enter").await?;
    page.until(&says("You are number 1 of 1 in the queue.")).await?;
    // The button that had the focus is gone, and the other one has it.
    assert_eq!(focused(&page).await?, "Leave the queue");
    // A closed activity keeps the place, and nobody can say how long it takes.
    let details =
        |text: &str| format!("{QUEUE}.shadowRoot.querySelector('[part=details]').textContent.startsWith('{text}')");
    page.until(&details("The time to wait is not known yet.")).await?;
    limit(&admin, 0).await?;
    page.until(&details("This is closed at the moment. Your place in the queue is kept")).await?;
    page.until(&says("You are number 1 of 1 in the queue.")).await?;
    limit(&admin, 1).await?;
    page.until(&details("The time to wait is not known yet.")).await?;
    ben.leave().await?;
    page.until(&format!("{STATUS}.startsWith('A seat is kept for you until ')")).await?;
    page.until(&format!("{QUEUE}.shadowRoot.querySelector('[part=details]').textContent.endsWith(' left')")).await?;
    assert_eq!(counts(&admin).await?, json!([0, 1]));
    page.evaluate(&format!("{JOIN}.focus()")).await?;
    assert_eq!(focused(&page).await?, "Take the seat");
    page.press("Enter").await?;
    page.until(&says("You have a seat.")).await?;
    assert_eq!(page.evaluate(&format!("{QUEUE}.getAttribute('state')")).await?, "admitted");

    // It says when it may be out of date.
    let note = format!("{QUEUE}.shadowRoot.querySelector('[part=note]')?.checkVisibility() === true");
    assert_eq!(page.evaluate(&note).await?, false);
    deployment.servers[0].terminate().await?;
    page.until(&note).await?;
    deployment.servers[0].start_again().await?;
    page.until(&format!("!({note})")).await?;
    page.until(&says("You have a seat.")).await?;

    page.until(&format!("{QUEUE}.shadowRoot.activeElement === {LEAVE}")).await?;
    page.press("Enter").await?;
    page.until(&says("0 of 1 seat is taken.")).await?;
    assert_eq!(focused(&page).await?, "Join");
    page.ignore_problems("WebSocket connection to")?;
    browser.close().await
}

#[tokio::test]
async fn tabs_with_a_seat_for_each_visit_are_independent() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 2, &json!({ "seatsPer": "VISIT" })).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let content = "<activity-queue activity=interview>The interview</activity-queue>";
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), content).await?;
    let browser = Browser::launch().await?;
    let first = browser.page().await?;
    first.goto(&site.url).await?;
    first.until(&says("0 of 2 seats are taken.")).await?;
    first.click(JOIN).await?;
    first.until(&says("You have a seat.")).await?;

    // Another tab shows what everybody sees, and a duplicated tab does so too.
    let storage = first.evaluate("JSON.stringify({ ...sessionStorage })").await?;
    let second = first.another_tab().await?;
    second.goto(&site.url).await?;
    second.until(&says("1 of 2 seats are taken.")).await?;
    second.evaluate(&format!("Object.assign(sessionStorage, JSON.parse({storage}))")).await?;
    second.goto(&site.url).await?;
    let ben = Other::enter(&deployment, "Ben").await?;
    second.until(&says("2 of 2 seats are taken.")).await?;
    assert_eq!(second.evaluate(&format!("{QUEUE}.state")).await?, "out");
    assert_eq!(counts(&admin).await?, json!([2, 0]));

    // It waits for a seat of its own, and the first tab keeps its own.
    second.click(JOIN).await?;
    second.until(&says("You are number 1 of 1 in the queue.")).await?;
    second.move_mouse_away().await?;
    assert_eq!(first.evaluate(STATUS).await?, "You have a seat.");
    ben.leave().await?;
    second.until(&says("You have a seat.")).await?;
    until_counts(&admin, &json!([2, 0])).await?;
    first.click(LEAVE).await?;
    first.until(&says("1 of 2 seats are taken.")).await?;
    assert_eq!(second.evaluate(STATUS).await?, "You have a seat.");
    first.close_tab().await?;
    second.click(LEAVE).await?;
    until_counts(&admin, &json!([0, 0])).await?;
    browser.close().await
}

#[tokio::test]
async fn place_that_the_person_left_elsewhere_ends_in_all_tabs() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 1, &json!({})).await?;
    let admin = deployment.admin();
    let _ben = Other::enter(&deployment, "Ben").await?;
    let ann = create_person(&admin, "Ann").await?;
    let phone = Other { client: deployment.first().client_of(&ann), visit: new_visit() };
    let content = "<activity-queue activity=interview>The interview</activity-queue>";
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), content).await?;
    let browser = Browser::launch().await?;
    let first = browser.page().await?;
    first.goto(&site.url).await?;
    first.until(&says("1 of 1 seat is taken.")).await?;
    first.click(JOIN).await?;
    first.until(&says("You are number 1 of 1 in the queue.")).await?;
    let second = first.another_tab().await?;
    second.goto(&site.url).await?;
    second.until(&says("You are number 1 of 1 in the queue.")).await?;

    beat(&phone.client, &phone.visit).await?;
    let leave = "mutation($id: ID!) { leaveQueue(presenceId: $id) { presence { id } } }";
    phone.client.data(leave, json!({ "id": phone.visit })).await?;
    for page in [&first, &second] {
        page.until(&says("Your place here has ended. Perhaps you went on elsewhere.")).await?;
    }
    // Nothing but the person's own act joins again: neither the use of the page nor a reload.
    second.move_mouse_away().await?;
    second.evaluate(&format!("{QUEUE}.visit.beat()")).await?;
    assert_eq!(second.evaluate(&format!("{QUEUE}.state")).await?, "lost");
    second.goto(&site.url).await?;
    second.until(&says("1 of 1 seat is taken.")).await?;
    assert_eq!(counts(&admin).await?, json!([1, 0]));
    first.bring_to_front().await?;
    first.click(JOIN).await?;
    for page in [&first, &second] {
        page.until(&says("You are number 1 of 1 in the queue.")).await?;
    }
    browser.close().await
}

#[tokio::test]
async fn element_says_that_an_offer_has_lapsed_and_joins_again_when_asked() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 1, &json!({ "seatsPer": "VISIT", "offerSeconds": 1 })).await?;
    let admin = deployment.admin();
    let ben = Other::enter(&deployment, "Ben").await?;
    let ann = create_person(&admin, "Ann").await?;
    let content = "<activity-queue activity=interview confirm>The interview</activity-queue>";
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.until(&says("1 of 1 seat is taken.")).await?;
    page.click(JOIN).await?;
    page.until(&says("You are number 1 of 1 in the queue.")).await?;
    ben.leave().await?;
    page.until(&says("A seat was kept for you, but nobody took it in time, so your place has ended.")).await?;
    page.move_mouse_away().await?;
    page.evaluate(&format!("{QUEUE}.visit.beat()")).await?;
    assert_eq!(page.evaluate(&format!("{QUEUE}.visit.lostReason")).await?, "lapsed");
    assert_eq!(counts(&admin).await?, json!([0, 0]));
    page.click(JOIN).await?;
    page.until(&says("You have a seat.")).await?;
    browser.close().await
}

#[tokio::test]
async fn page_of_an_activity_works_on_a_phone_and_says_what_scripts_are_for() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = serve(&database, 1, &json!({})).await?;
    let admin = deployment.admin();
    let ben = Other::enter(&deployment, "Ben").await?;
    let ann = create_person(&admin, "Ann").await?;
    let client = deployment.first().client();

    // Without scripts.
    let read = async |path: &str, token: Option<&str>| {
        let mut request = client.http().get(client.address(path));
        if let Some(token) = token {
            request = request.header(COOKIE, format!("insession_token={token}"));
        }
        anyhow::Ok(request.send().await?.error_for_status()?.text().await?)
    };
    ensure!(read("/", None).await?.contains("<a href=\"/activities/interview\">The interview</a>"));
    let text = read("/activities/interview", None).await?;
    ensure!(text.contains("1 of 1 seat is taken.") && text.contains("Sign in to join"), "{text}");
    let text = read("/activities/interview", Some(&token::of(&ann))).await?;
    for part in ["1 of 1 seat is taken.", "<noscript>", "Join the queue"] {
        ensure!(text.contains(part), "no {part:?} in {text}");
    }
    ensure!(!text.contains("Ben"), "only administrators see who has a seat: {text}");
    let text = read("/activities/interview", Some(&token::admin())).await?;
    ensure!(text.contains("Who has a seat") && text.contains("Ben"), "{text}");
    let missing = client.http().get(client.address("/activities/nothing")).send().await?;
    assert_eq!(missing.status(), 404);

    // With them.
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.emulate_screen(Screen { width: 360, height: 640, density: 2, is_dark: false }).await?;
    sign_in(&page, deployment.first(), &ann).await?;
    page.goto(&client.address("/activities/interview")).await?;
    page.until(&says("1 of 1 seat is taken.")).await?;
    page.click(JOIN).await?;
    page.until(&says("You are number 1 of 1 in the queue.")).await?;
    assert_eq!(page.evaluate("document.documentElement.scrollWidth <= innerWidth").await?, true);
    let height = page.evaluate(&format!("{LEAVE}.getBoundingClientRect().height")).await?;
    ensure!(height.as_f64().is_some_and(|height| height >= 44.0), "a thumb does not hit {height} pixels");

    // A reload goes on waiting, and so does another tab. When the page loads itself again, nothing is lost.
    page.goto(&client.address("/activities/interview")).await?;
    page.until(&says("You are number 1 of 1 in the queue.")).await?;
    let tab = page.another_tab().await?;
    tab.goto(&client.address("/activities/interview")).await?;
    tab.until(&says("You are number 1 of 1 in the queue.")).await?;
    assert_eq!(counts(&admin).await?, json!([1, 1]));
    ben.leave().await?;
    for page in [&page, &tab] {
        page.until(&says("You have a seat.")).await?;
    }
    tab.click(LEAVE).await?;
    for page in [&page, &tab] {
        page.until(&says("0 of 1 seat is taken.")).await?;
    }
    until_counts(&admin, &json!([0, 0])).await?;
    browser.close().await
}

/// Opens a page and waits for a seat there.
async fn wait(page: &Page, site: &OtherSite) -> Result<()> {
    start(page, site, "{ activity: 'interview', wait: true }").await
}

/// Opens a page and starts heartbeats with these options there.
async fn start(page: &Page, site: &OtherSite, options: &str) -> Result<()> {
    page.goto(&site.url).await?;
    page.until("window.startHeartbeat !== undefined").await?;
    page.evaluate(&format!(
        "window.visit = startHeartbeat({options});
        window.seen = [];
        visit.addEventListener('changed', ({{ detail }}) => seen.push(detail.state));
        visit.entered"
    ))
    .await?;
    Ok(())
}

/// True if the element says this.
fn says(text: &str) -> String {
    format!("{STATUS} === '{text}'")
}

/// The text of the element's button that has the focus.
async fn focused(page: &Page) -> Result<Value> {
    page.evaluate(&format!("{QUEUE}.shadowRoot.activeElement?.textContent")).await
}
