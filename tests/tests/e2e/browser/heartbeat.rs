//! Visits that a page keeps online by heartbeats.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{
    Browser, Client, Deployment, LIMIT, Page, TestDatabase, browser::NAMED_HOST, eventually, now, token,
};
use serde_json::{Value, json};

use super::other_site::OtherSite;
use crate::fixtures::{
    beat, create_active_instance, create_person, create_session, enter_activity, new_visit, save_activity,
};

#[tokio::test]
async fn visit_stays_online_in_a_hidden_tab_and_ends_when_it_closes() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "3")).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(1)).await?;
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    let browser = Browser::launch().await?;

    let first = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "Ann's").await?;
    let page = browser.page().await?;
    let answer = enter(&page, &first).await?;
    assert_eq!((&answer["admitted"], &answer["occupancy"]), (&json!(true), &json!(1)), "{answer}");

    // A second person is refused, because the only seat is taken.
    let second = OtherSite::start(deployment.first(), Some(&token::of(&ben)), "Ben's").await?;
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

#[tokio::test]
async fn stopping_a_visit_frees_its_seat_while_badges_keep_the_socket_open() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "3")).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(1)).await?;
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    let session = create_session(&admin, "Monday").await?;
    let badges = format!("<live-now-badge session='{session}'></live-now-badge>").repeat(2);
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), &badges).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    assert_eq!(enter(&page, &site).await?["admitted"], true);
    page.until("document.querySelector('live-now-badge').instances !== undefined").await?;

    page.evaluate("visit.stop()").await?;
    assert_eq!(occupancy(&admin).await?, 0);
    let other = new_visit();
    let ben = deployment.first().client_of(&ben);
    beat(&ben, &other).await?;
    assert_eq!(enter_activity(&ben, &other, "interview").await?["admitted"], true);
    eventually(LIMIT, "the visit to be off line", async || {
        let visit = visit_of(&admin, &ann).await?;
        ensure!(visit["isOnline"] == false && visit["status"] == "ACTIVE", "{visit}");
        Ok(())
    })
    .await?;

    // The badges have noticed nothing.
    create_active_instance(&admin, &session).await?;
    page.until("document.querySelectorAll('live-now-badge[active]').length === 2").await?;
    assert_eq!(page.sockets(), 1);
    browser.close().await
}

#[tokio::test]
async fn cancelled_entry_takes_no_seat() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(1)).await?;
    let ann = create_person(&admin, "Ann").await?;
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    page.evaluate(
        "{ const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (text) {
            send.call(this, text);
            if (text.includes('enterActivity')) window.onEntry?.();
        }; }",
    )
    .await?;
    for end in ["stop", "leave", "complete"] {
        let end_when = [
            format!("ended = visit.{end}();"),
            format!("await new Promise((resolve) => window.onEntry = resolve); ended = visit.{end}();"),
        ];
        for end_it in end_when {
            let script = format!(
                "(async () => {{
                    window.visit = startHeartbeat({{ activity: 'interview' }});
                    let ended;
                    {end_it}
                    const answer = await visit.entered;
                    await ended;
                    window.onEntry = undefined;
                    return answer;
                }})()"
            );
            let answer = page.evaluate(&script).await?;
            assert_eq!((&answer["admitted"], &answer["cancelled"]), (&json!(false), &json!(true)), "{end_it} {answer}");
            assert_eq!(occupancy(&admin).await?, 0, "{end_it}");
            if end == "leave" {
                assert_eq!(visit_of(&admin, &ann).await?["isOnline"], true);
                page.evaluate("visit.stop()").await?;
            }
        }
    }
    assert_eq!(visit_of(&admin, &ann).await?["status"], "COMPLETED");
    browser.close().await
}

#[tokio::test]
async fn visit_keeps_one_seat_until_all_its_heartbeats_have_stopped() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "3")).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(5)).await?;
    let ann = create_person(&admin, "Ann").await?;
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    // The heartbeat is started, stopped and started again, as React does in its strict mode.
    let answers = page
        .evaluate(
            "window.first = startHeartbeat({ activity: 'interview' }); first.stop();
            window.second = startHeartbeat({ activity: 'interview' });
            Promise.all([first.entered, second.entered])",
        )
        .await?;
    assert_eq!((&answers[0]["cancelled"], &answers[1]["admitted"]), (&json!(true), &json!(true)), "{answers}");
    assert_eq!(occupancy(&admin).await?, 1);
    let begin = now();
    eventually(LIMIT, "heartbeats for longer than the online window", async || {
        let visit = visit_of(&admin, &ann).await?;
        ensure!(visit["activity"]["key"] == "interview", "the seat is lost: {visit}");
        let seen: DateTime<Utc> = visit["lastSeenAt"].as_str().context("an instant")?.parse()?;
        ensure!(seen - begin > TimeDelta::seconds(4), "seen at {seen}");
        Ok(())
    })
    .await?;

    // Two parts of a page ask for a seat in the same activity.
    page.evaluate("window.third = startHeartbeat({ activity: 'interview' }); third.entered").await?;
    page.evaluate("second.stop()").await?;
    assert_eq!(occupancy(&admin).await?, 1, "the other part still needs the seat");
    page.evaluate("window.online = startHeartbeat(); third.stop()").await?;
    assert_eq!(occupancy(&admin).await?, 0);
    assert_eq!(visit_of(&admin, &ann).await?["isOnline"], true, "the heartbeats that need no seat continue");
    browser.close().await
}

#[tokio::test]
async fn visit_has_the_language_tag_of_its_page() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;
    for (written, stored) in [
        ("en_US", json!("en-US")),
        ("zh-Hant-TW", json!("zh-Hant-TW")),
        ("pt-br", json!("pt-BR")),
        ("x-klingon", Value::Null),
        ("", Value::Null),
        ("no language", Value::Null),
    ] {
        let script = format!(
            "document.documentElement.lang = '{written}';
            window.visit = startHeartbeat();
            visit.addEventListener('failed', ({{ detail }}) => console.error(detail));
            visit.entered"
        );
        page.evaluate(&script).await?;
        assert_eq!(visit_of(&admin, &ann).await?["languageCode"], stored, "{written}");
        page.evaluate("visit.complete()").await?;
    }
    browser.close().await
}

#[tokio::test]
async fn page_without_storage_has_its_own_visit() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(1)).await?;
    let ann = create_person(&admin, "Ann").await?;
    let session = create_session(&admin, "Monday").await?;
    let badge = format!("<live-now-badge session='{session}'></live-now-badge>");
    let site = OtherSite::start_sandboxed(deployment.first(), Some(&token::of(&ann)), &badge).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    assert_eq!(enter(&page, &site).await?["admitted"], true);
    let refused = "(() => { try { return sessionStorage.length; } catch ({ name }) { return name; } })()";
    assert_eq!(page.evaluate(refused).await?, "SecurityError");
    create_active_instance(&admin, &session).await?;
    page.until("document.querySelector('live-now-badge').hasAttribute('active')").await?;
    page.evaluate("window.again = startHeartbeat(), again.entered").await?;
    assert_eq!(page.evaluate("again.id === visit.id").await?, true);
    page.evaluate("again.stop(), visit.complete()").await?;
    assert_eq!(visit_of(&admin, &ann).await?["status"], "COMPLETED");
    browser.close().await
}

#[tokio::test]
async fn page_in_an_insecure_context_has_a_visit() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(1)).await?;
    let ann = create_person(&admin, "Ann").await?;
    let mut site = OtherSite::start(deployment.first(), Some(&token::of(&ann)), "").await?;
    site.url = site.url.replace("127.0.0.1", NAMED_HOST);
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    assert_eq!(enter(&page, &site).await?["admitted"], true);
    let has = "[isSecureContext, crypto.randomUUID !== undefined, navigator.locks !== undefined]";
    assert_eq!(page.evaluate(has).await?, json!([false, false, false]));
    page.evaluate("visit.complete()").await?;
    assert_eq!(visit_of(&admin, &ann).await?["status"], "COMPLETED");
    browser.close().await
}

/// How many seats are taken.
async fn occupancy(admin: &Client) -> Result<Value> {
    let data = admin.data("{ activity(key: \"interview\") { occupancy } }", json!({})).await?;
    Ok(data["activity"]["occupancy"].clone())
}

/// Opens the page and asks for a seat.
async fn enter(page: &Page, site: &OtherSite) -> Result<Value> {
    page.goto(&site.url).await?;
    page.evaluate("window.visit = startHeartbeat({ activity: 'interview' }), visit.entered").await
}

/// The newest visit of a person.
async fn visit_of(admin: &Client, person: &str) -> Result<Value> {
    let document = "query($person: ID!) { presences(filter: { personId: $person }, first: 1) {
        nodes { id status isOnline lastSeenAt languageCode activity { key } }
    } }";
    let data = admin.data(document, json!({ "person": person })).await?;
    Ok(data["presences"]["nodes"][0].clone())
}
