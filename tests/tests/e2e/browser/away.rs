//! Badges while their server is down.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use insession_tests::{Browser, Client, Deployment, LIMIT, Page, TestDatabase, eventually, now, token};
use serde_json::{Value, json};

use super::other_site::OtherSite;
use crate::fixtures::{cancel, check_in, create_active_instance, create_person, create_session};

/// A clock that runs as usual and that `skip` moves ahead by a number of milliseconds. Timers of 4 seconds and more
/// wait for `skip`, so that a slow machine changes nothing. `aheadBy` is the error of the visitor's date.
pub const CLOCK: &str = "{
    const [date, ticks, start, stop] = [Date.now, performance.now.bind(performance), setTimeout, clearTimeout];
    const timers = new Map();
    let skipped = 0;
    Date.now = () => date() + skipped + window.aheadBy;
    performance.now = () => ticks() + skipped;
    window.setTimeout = (callback, delay = 0, ...rest) => {
        const run = () => timers.delete(id) && callback(...rest);
        const id = delay < 4_000 ? start(run, delay) : start(() => {}, 2 ** 31 - 1);
        timers.set(id, { due: performance.now() + delay, run });
        return id;
    };
    window.clearTimeout = (id) => { timers.delete(id); stop(id); };
    window.skip = (ms) => {
        skipped += ms;
        for (const { due, run } of [...timers.values()].sort((one, other) => one.due - other.due)) {
            if (due <= performance.now()) run();
        }
    };
}";

/// Moves the page's clock ahead by `ms` until the condition holds. After each step, what began has time to end: a second at first,
/// then twice as long each time. Without that time, limits of the page would end an attempt to connect on a slow machine.
pub async fn skip_until(page: &Page, ms: u32, what: &str, condition: impl AsyncFn() -> Result<()>) -> Result<()> {
    let end = Instant::now() + LIMIT;
    let mut patience = Duration::from_secs(1);
    loop {
        page.evaluate(&format!("skip({ms})")).await?;
        let left = end.saturating_duration_since(Instant::now());
        match eventually(patience.min(left), what, &condition).await {
            Err(_) if Instant::now() < end => patience *= 2,
            result => return result,
        }
    }
}

/// [`skip_until`] an expression is true.
pub async fn skip_until_true(page: &Page, ms: u32, expression: &str) -> Result<()> {
    let check = async || {
        let value = page.evaluate(expression).await?;
        ensure!(value == json!(true), "it is {value}");
        Ok(())
    };
    skip_until(page, ms, expression, check).await
}

const ACTIVE: &str =
    "[...document.querySelectorAll('live-now-badge, in-session-badge')].map((it) => it.hasAttribute('active'))";
const OUT_OF_TOUCH: &str =
    "[...document.querySelectorAll('live-now-badge, in-session-badge')].map((it) => it.hasAttribute('out-of-touch'))";

#[tokio::test]
async fn badges_end_by_the_servers_clock_while_the_server_is_down() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let mut deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    check_in(&admin, &instance, "YES", Some(&ann)).await?;
    let content =
        format!("<live-now-badge session='{session}'></live-now-badge> <in-session-badge></in-session-badge>");
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), &content).await?;
    let browser = Browser::launch().await?;
    // The visitor's clock is right, or days ahead, or behind.
    let mut pages = Vec::new();
    for days in [0, 3, -3] {
        let page = browser.page().await?;
        page.run_first(&format!("window.aheadBy = {days} * 86_400_000; {CLOCK}")).await?;
        page.goto(&site.url).await?;
        page.until(&format!("{ACTIVE}.every(Boolean)")).await?;
        pages.push(page);
    }
    let ends_at = active_until(&admin, &instance).await?;

    deployment.servers[0].terminate().await?;
    for page in &pages {
        page.until("connection.some(({ state }) => state === 'offline')").await?;
        assert_eq!(page.evaluate(OUT_OF_TOUCH).await?, json!([false, false]), "a short break does not show");
        page.evaluate("skip(5_000)").await?;
        assert_eq!(page.evaluate(OUT_OF_TOUCH).await?, json!([true, true]));
        let note = "document.querySelector('live-now-badge').shadowRoot.querySelector('[part=note]').textContent";
        assert_eq!(page.evaluate(note).await?, "No connection: this may be out of date.");

        // The badge is shown until a minute before the end, and not after the end.
        let left = (ends_at - now()).num_milliseconds();
        page.evaluate(&format!("skip({})", left - 5_000 - 60_000)).await?;
        assert_eq!(page.evaluate(ACTIVE).await?, json!([true, true]));
        page.evaluate("skip(61_000)").await?;
        assert_eq!(page.evaluate(ACTIVE).await?, json!([false, false]));
    }

    // By the server's clock the meeting is not over yet. The pages show that when the server runs again.
    deployment.servers[0].start_again().await?;
    for page in &pages {
        skip_until_true(page, 30_000, &format!("{ACTIVE}.every(Boolean)")).await?;
        assert_eq!(page.evaluate(OUT_OF_TOUCH).await?, json!([false, false]));
    }
    cancel(&admin, &instance).await?;
    for page in &pages {
        page.until(&format!("!{ACTIVE}.some(Boolean)")).await?;
        page.ignore_problems("WebSocket connection to")?;
    }
    browser.close().await
}

async fn active_until(admin: &Client, instance: &str) -> Result<DateTime<Utc>> {
    let document = "query($id: ID!) { node(id: $id) { ... on SessionInstance { activeUntil } } }";
    let data: Value = admin.data(document, json!({ "id": instance })).await?;
    Ok(data["node"]["activeUntil"].as_str().context("an end")?.parse()?)
}
