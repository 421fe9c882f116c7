//! The server's own pages.

use anyhow::{Context, Result, ensure};
use insession_tests::{Browser, Deployment, LIMIT, TestDatabase, token};
use reqwest::header::{CONTENT_SECURITY_POLICY, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};

use super::sign_in;
use crate::fixtures::{
    add_organizer, beat, cancel, check_in, create_active_instance, create_instance, create_person, create_session,
    enter_activity, in_seconds, new_visit, save_activity,
};

const NAME_WITH_SCRIPT: &str = "<img src=x onerror=\"alert('mine')\"> & Sons";

#[tokio::test]
async fn front_page_updates_without_a_reload() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&deployment.first().url()).await?;
    page.until("document.body.innerText.includes('No session is on right now.')").await?;
    page.evaluate("document.getElementById('city').value = 'half typed'; window.marker = 1").await?;
    page.evaluate("document.getElementById('city').focus()").await?;

    let instance = create_active_instance(&admin, &session).await?;
    page.until("document.querySelector('.card h3')?.textContent.startsWith('Monday')").await?;
    page.until("document.querySelector('.card live-now-badge').hasAttribute('active')").await?;
    let person = create_person(&admin, "Ann").await?;
    check_in(&deployment.first().client_of(&person), &instance, "YES", None).await?;
    page.until("document.querySelector('.counts').textContent.startsWith('1')").await?;
    cancel(&admin, &instance).await?;
    page.until("document.body.innerText.includes('No session is on right now.')").await?;

    assert_eq!(page.evaluate("[window.marker, document.activeElement.value]").await?, json!([1, "half typed"]));
    assert_eq!(page.sockets(), 1);
    browser.close().await
}

#[tokio::test]
async fn city_search_matches_prefixes_in_any_case() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    create_active_instance(&deployment.admin(), &create_session(&deployment.admin(), "Monday").await?).await?;
    let client = deployment.first().client();
    for (asked, part) in [
        ("austin", "In session now in Austin"),
        ("Aus", "In session now in Austin"),
        ("Nowhere", "There is no session in a city with this name. Check the spelling, or look everywhere."),
        ("%", "There is no session in a city with this name. Check the spelling, or look everywhere."),
        ("\0", "There is no session in a city with this name. Check the spelling, or look everywhere."),
    ] {
        let address = reqwest::Url::parse_with_params(&client.address("/"), [("city", asked)])?;
        let text = client.http().get(address).send().await?.error_for_status()?.text().await?;
        ensure!(text.contains(part), "{asked:?}: no {part:?} in {text}");
    }
    Ok(())
}

#[tokio::test]
async fn check_in_forms_work_without_scripts() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    create_active_instance(&admin, &session).await?;
    create_instance(&admin, &create_session(&admin, "Later").await?, in_seconds(3600), in_seconds(7200)).await?;
    let person = create_person(&admin, "Ann").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.call("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await?;
    sign_in(&page, deployment.first(), &person).await?;
    page.until("document.body.innerText.includes('You are not at a session right now.')").await?;

    page.goto(&deployment.first().client().address("/sessions/monday")).await?;
    page.until("document.querySelector('live-now-badge').textContent === 'LIVE NOW'").await?;
    page.click("document.querySelector('[name=answer][value=yes]')").await?;
    page.until("document.querySelector('[value=yes]')?.getAttribute('aria-pressed') === 'true'").await?;
    page.until("document.querySelector('.answers').innerText.includes('Ann (checked in at the meeting)')").await?;
    page.goto(&deployment.first().client().address("/me")).await?;
    page.until("document.querySelector('#place + ul h3 a').textContent === 'Monday'").await?;

    // The profile form sets `hidesPlace`.
    page.click("document.querySelector('[name=hides_place]')").await?;
    page.evaluate("document.body.className = 'before'").await?;
    page.click("document.querySelector('form[action=\"/me/profile\"] button')").await?;
    page.until("!document.body.className && document.querySelector('[name=hides_place]')?.checked").await?;
    let ann = deployment.first().client_of(&person);
    let data = ann.data("{ viewer { hidesPlace activeSessionInstance { id } } }", json!({})).await?;
    assert_eq!(data["viewer"]["hidesPlace"], true);

    page.click("[...document.querySelectorAll('button')].find((it) => it.textContent === 'I left')").await?;
    page.until("document.querySelector('[value=no]')?.getAttribute('aria-pressed') === 'true'").await?;
    page.click("[...document.querySelectorAll('button')].find((it) => it.textContent === 'Sign out')").await?;
    page.until("document.body.innerText.includes('Sign in')").await?;
    browser.close().await
}

#[tokio::test]
async fn whereabouts_are_shown_to_people_at_the_same_session_only() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let instance = create_active_instance(&admin, &create_session(&admin, "Monday").await?).await?;
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    check_in(&deployment.first().client_of(&ann), &instance, "YES", None).await?;
    let address = format!("{}/people/{}", deployment.first().url(), ann.trim_start_matches("Person:"));
    let status = admin.http().get(&address).send().await?.status();
    assert_eq!(status, 404, "the page of a person who is in no public list");
    // Organisers are public.
    add_organizer(&admin, &create_session(&admin, "Tuesday").await?, &ann).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&address).await?;
    page.until("document.body.innerText.includes('Only people at the same session')").await?;
    sign_in(&page, deployment.first(), &ben).await?;
    page.goto(&address).await?;
    page.until("document.body.innerText.includes('Only people at the same session')").await?;
    check_in(&deployment.first().client_of(&ben), &instance, "YES", None).await?;
    page.until("document.querySelector('.card h3 a')?.textContent === 'Monday'").await?;
    browser.close().await
}

#[tokio::test]
async fn names_are_escaped_on_every_page() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, NAME_WITH_SCRIPT).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let person = create_person(&admin, NAME_WITH_SCRIPT).await?;
    check_in(&deployment.first().client_of(&person), &instance, "YES", None).await?;
    let data = admin.data("query($id: ID!) { session(id: $id) { path } }", json!({ "id": session })).await?;
    let path = data["session"]["path"].as_str().context("a path")?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    sign_in(&page, deployment.first(), &person).await?;
    let client = deployment.first().client();
    for address in ["/", "/?city=<script>alert(1)</script>", "/me", "/people/1", &format!("/sessions/{path}")] {
        page.goto(&client.address(address)).await?;
        page.until("document.querySelector('in-session-badge').hasAttribute('active')").await?;
        let popup = page
            .evaluate("document.querySelector('in-session-badge').shadowRoot.querySelector('.name').textContent")
            .await?;
        assert_eq!(popup, NAME_WITH_SCRIPT);
        if !address.contains('?') {
            page.until(&format!("document.body.innerText.includes({})", json!(NAME_WITH_SCRIPT))).await?;
        }
        assert_eq!(page.evaluate("document.querySelectorAll('img, script:not([src])').length").await?, 0, "{address}");
    }
    browser.close().await
}

#[tokio::test]
async fn admin_page_shows_statuses_and_overrides_them() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    create_active_instance(&admin, &create_session(&admin, "Monday").await?).await?;
    let later = create_session(&admin, "Later").await?;
    create_instance(&admin, &later, in_seconds(3600), in_seconds(7200)).await?;
    let person = create_person(&admin, "Ann").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    sign_in(&page, deployment.first(), &person).await?;
    page.goto(&deployment.first().client().address("/admin")).await?;
    page.until("document.body.innerText.includes('This page is for admins.')").await?;
    page.ignore_problems("403 (Forbidden)")?;

    let page = browser.page().await?;
    page.goto(&deployment.first().client().address("/admin")).await?;
    page.until("location.pathname === '/sign-in' && document.getElementById('token') !== null").await?;
    page.evaluate("document.getElementById('token').focus()").await?;
    page.type_text(&token::admin()).await?;
    page.press("Enter").await?;
    page.until("document.querySelector('h1')?.textContent === 'Admin'").await?;
    page.until("document.querySelector('tbody tr').innerText.includes('Live since')").await?;
    // The override buttons deactivate the instance and clear the override.
    page.click("document.querySelector('tbody button[value=off]')").await?;
    page.until("document.querySelector('tbody button[value=clear]') !== null").await?;
    page.until("document.getElementById('active')?.textContent === 'Active instances: 0'").await?;
    page.click("document.querySelector('tbody button[value=clear]')").await?;
    page.until("document.getElementById('active')?.textContent === 'Active instances: 1'").await?;
    // The page updates itself.
    create_active_instance(&admin, &later).await?;
    page.until("document.getElementById('active').textContent === 'Active instances: 2'").await?;
    // The page shows who is online and where, and the seats that are taken.
    save_activity(&admin, "interview", Some(3)).await?;
    let (ann, visit) = (deployment.first().client_of(&person), new_visit());
    beat(&ann, &visit).await?;
    enter_activity(&ann, &visit, "interview").await?;
    page.goto(&deployment.first().client().address("/admin")).await?;
    page.until("document.querySelector('#online + .scroll tbody tr').innerText.match(/Ann.*interview/s) !== null")
        .await?;
    page.until("document.getElementById('activity-interview').innerText.includes('1 of 3 taken')").await?;
    page.until("document.querySelectorAll('.chart rect').length === 24").await?;
    page.until("document.querySelector('.chart rect:last-of-type title').textContent.endsWith(': 1')").await?;
    // A dry run shows what a sweep would do in an hour and a half.
    let at = in_seconds(5400).format("%Y-%m-%dT%H:%M:%S");
    page.evaluate(&format!("document.getElementById('try-at').value = '{at}'")).await?;
    page.click("[...document.querySelectorAll('button')].find((it) => it.textContent === 'Dry run')").await?;
    page.until("document.querySelector('[role=status].card')?.innerText.includes('Later (SessionInstance:2)')").await?;
    page.until("document.querySelector('[role=status].card').innerText.includes('Deactivated: 2')").await?;
    browser.close().await
}

#[tokio::test]
async fn pages_send_security_headers_and_refuse_cross_site_forms() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let deployment = Deployment::start(&database).await?;
    let person = create_person(&deployment.admin(), "Ann").await?;
    let client = deployment.first().client();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;

    for (path, status) in [
        ("/", 200),
        ("/sign-in", 200),
        ("/me", 303),
        ("/nowhere", 404),
        ("/sessions/none", 404),
        ("/sessions/%00", 404),
        ("/people/x", 404),
    ] {
        let answer = http.get(client.address(path)).send().await?;
        assert_eq!(answer.status(), status, "{path}");
        if status != 303 {
            let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str()?.to_owned();
            ensure!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        }
    }

    // Sign-in refuses an invalid token. It keeps a valid one in a cookie that scripts cannot read, never in the address.
    let token = token::of(&person);
    let sign_in = |token: &str| http.post(client.address("/sign-in")).form(&[("token", token), ("next", "/me")]);
    assert_eq!(sign_in("nonsense").send().await?.status(), 422);
    let answer = sign_in(&token).header("x-forwarded-proto", "https").send().await?;
    assert_eq!((answer.status().as_u16(), answer.headers()[LOCATION].to_str()?), (303, "/me"));
    let cookie = answer.headers()[SET_COOKIE].to_str()?.to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=35"] {
        ensure!(cookie.contains(part), "no {part} in {cookie}");
    }
    assert_eq!(sign_in(&token).header(ORIGIN, "http://evil.example").send().await?.status(), 403);

    // The page's script gets a ticket for its socket from the same site only. GraphQL never accepts the cookie.
    let cookie = cookie.split(';').next().context("a cookie")?;
    let own =
        |site: &str| http.post(client.address("/web/token")).header(COOKIE, cookie).header("sec-fetch-site", site);
    let answer = own("same-origin").send().await?;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let ticket = answer.json::<Value>().await?["token"].as_str().context("a ticket")?.to_owned();
    // The browser does not keep the token, and the script does not get the secret.
    let secret = cookie.trim_start_matches("insession_token=");
    ensure!(secret != token && !ticket.contains(secret), "{ticket}");
    let mut socket = deployment.first().socket(Some(&ticket)).await?;
    socket.subscribe("who", "{ viewer { id } }", json!({}))?;
    assert_eq!(socket.next_for("who", LIMIT).await?.field("viewer")["id"], person);
    assert_eq!(own("cross-site").send().await?.status(), 403);
    assert_eq!(http.get(client.address("/web/token")).header(COOKIE, cookie).send().await?.status(), 405);
    let query =
        http.post(client.address("/graphql")).header(COOKIE, cookie).json(&json!({ "query": "{ viewer { id } }" }));
    assert_eq!(query.send().await?.json::<Value>().await?["data"]["viewer"], Value::Null);

    // Any site may load the module.
    let module = http.get(client.address("/web/insession.js")).send().await?;
    assert_eq!(module.headers()["access-control-allow-origin"], "*");
    let etag = module.headers()["etag"].clone();
    let again = http.get(client.address("/web/insession.js")).header("if-none-match", etag).send().await?;
    assert_eq!(again.status(), 304);
    Ok(())
}
