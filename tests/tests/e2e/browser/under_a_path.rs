//! A proxy serves the program under a path, and `PUBLIC_URL` says so.

use anyhow::{Context, Result, ensure};
use insession_tests::{
    Browser, Nginx, Page, Program, Settings, TestDatabase, ports::free_port, program::CRON_SECRET, token,
};
use reqwest::header::{HOST, LOCATION, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};

use crate::fixtures::{create_active_instance, create_person, create_session};

/// A server behind nginx, at `url`.
struct Proxied {
    server: Program,
    _nginx: Nginx,
    origin: String,
    url: String,
}

impl Proxied {
    /// `removes_path`: whether nginx takes `/insession` from the requests that it passes on.
    async fn start(database: &TestDatabase, removes_path: bool) -> Result<Self> {
        let port = free_port()?;
        let origin = format!("http://127.0.0.1:{port}");
        let url = format!("{origin}/insession");
        let settings = Settings::new(&database.url).with("PUBLIC_URL", &format!("{url}/")).with("TRUSTED_PROXIES", "1");
        let server = Program::serve(&settings).await?;
        let target = format!("{}{}", server.url(), if removes_path { "/" } else { "" });
        // As in many installations, the program does not get the host that the browser asked for.
        let locations = format!(
            "location /insession/ {{
                proxy_pass {target}; proxy_http_version 1.1; proxy_buffering off;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
            }}
            location / {{ return 404 'this is another program'; }}"
        );
        Ok(Self { server, _nginx: Nginx::start(port, &locations).await?, origin, url })
    }
}

#[tokio::test]
async fn pages_work_when_the_proxy_removes_the_path() -> Result<()> {
    pages_work(true).await
}

#[tokio::test]
async fn pages_work_when_the_proxy_keeps_the_path() -> Result<()> {
    pages_work(false).await
}

async fn pages_work(removes_path: bool) -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let proxied = Proxied::start(&database, removes_path).await?;
    let (url, admin) = (&proxied.url, proxied.server.admin());
    let session = create_session(&admin, "Monday").await?;
    let person = create_person(&admin, "Ann").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;

    // A page follows changes over the socket.
    page.goto(&format!("{url}/")).await?;
    page.until("document.body.innerText.includes('No session is on right now.')").await?;
    addresses_are_below_the_path(&page).await?;
    create_active_instance(&admin, &session).await?;
    page.until("document.querySelector('.card live-now-badge')?.hasAttribute('active')").await?;
    assert_eq!(page.sockets(), 1);

    // Signing in sets the cookie for this path.
    page.goto(&format!("{url}/me")).await?;
    page.until("location.pathname === '/insession/sign-in'").await?;
    addresses_are_below_the_path(&page).await?;
    page.evaluate("document.getElementById('token').focus()").await?;
    page.type_text(&token::of(&person)).await?;
    page.press("Enter").await?;
    page.until("location.pathname === '/insession/me' && document.readyState === 'complete'").await?;
    addresses_are_below_the_path(&page).await?;
    let cookies = page.call("Network.getCookies", json!({ "urls": [format!("{url}/")] })).await?;
    assert_eq!(
        (&cookies["cookies"][0]["path"], cookies["cookies"][0]["secure"].as_bool()),
        (&json!("/insession/"), Some(false))
    );
    let elsewhere = page.call("Network.getCookies", json!({ "urls": [format!("{}/other", proxied.origin)] })).await?;
    assert_eq!(elsewhere["cookies"], json!([]));

    // A form posts and redirects. Links lead on.
    page.goto(&format!("{url}/sessions/monday")).await?;
    page.click("document.querySelector('[name=answer][value=yes]')").await?;
    page.until("document.querySelector('[value=yes]')?.getAttribute('aria-pressed') === 'true'").await?;
    assert_eq!(page.evaluate("location.pathname").await?, "/insession/sessions/monday");
    addresses_are_below_the_path(&page).await?;
    page.until("document.querySelector('in-session-badge')?.hasAttribute('active')").await?;
    page.click("document.querySelector('.answers a')").await?;
    page.until("location.pathname.startsWith('/insession/people/')").await?;
    addresses_are_below_the_path(&page).await?;
    page.goto(&format!("{url}/nowhere")).await?;
    addresses_are_below_the_path(&page).await?;
    page.ignore_problems("404")?;
    page.click("[...document.querySelectorAll('button')].find((it) => it.textContent === 'Sign out')").await?;
    page.until("location.pathname === '/insession/' && document.body.innerText.includes('Sign in')").await?;

    // GraphiQL, with its socket.
    page.goto(&format!("{url}/graphiql")).await?;
    page.until("document.querySelector('.graphiql-query-editor .CodeMirror') !== null").await?;
    page.until("document.getElementById('viewer').textContent === 'nobody'").await?;
    let tab = "[...document.querySelectorAll('.graphiql-tab-button')].find((tab) => tab.textContent === 'Watch')";
    page.click(tab).await?;
    page.until("document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.operationName === 'Watch'")
        .await?;
    page.click("document.querySelector('.graphiql-execute-button')").await?;
    page.until("document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes('SNAPSHOT')")
        .await?;
    browser.close().await
}

/// Every address in the page is below the path, or within the page. The canonical address is a whole one.
async fn addresses_are_below_the_path(page: &Page) -> Result<()> {
    let found = page
        .evaluate(
            "[...document.querySelectorAll('[href], [src], [action]')]
                .flatMap((it) => ['href', 'src', 'action'].map((name) => it.getAttribute(name)))
                .filter((address) => address !== null)
                .map((address) => address.startsWith(location.origin) ? address.slice(location.origin.length) : address)",
        )
        .await?;
    let found: Vec<&str> = found.as_array().context("a list")?.iter().filter_map(Value::as_str).collect();
    ensure!(found.len() > 5, "only {found:?}");
    let wrong: Vec<_> = found.iter().filter(|it| !it.starts_with("/insession/") && !it.starts_with('#')).collect();
    ensure!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}

#[tokio::test]
async fn whole_addresses_and_checks_of_origins_follow_the_public_url() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let proxied = Proxied::start(&database, true).await?;
    create_active_instance(&proxied.server.admin(), &create_session(&proxied.server.admin(), "Monday").await?).await?;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let calendar = client.get(format!("{}/sessions/monday/calendar.ics", proxied.url)).send().await?.text().await?;
    let page = format!("URL:{}/sessions/monday", proxied.url);
    ensure!(calendar.replace("\r\n ", "").contains(&page), "{calendar}");

    let form = [("token", token::admin()), ("next", "/admin".to_owned())];
    // The server itself is asked, as a proxy asks it.
    for (path, origin, status) in [
        ("/sign-in", proxied.origin.as_str(), 303),
        ("/insession/sign-in", proxied.origin.as_str(), 303),
        ("/sign-in", "http://insession.internal", 403),
        ("/insession/sign-in", "null", 403),
    ] {
        let request = client.post(format!("{}{path}", proxied.server.url())).form(&form);
        let answer = request.header(ORIGIN, origin).header(HOST, "insession.internal").send().await?;
        assert_eq!(answer.status().as_u16(), status, "{path} from {origin}");
        if status == 303 {
            assert_eq!(answer.headers()[LOCATION], "/insession/admin");
            let cookie = answer.headers()[SET_COOKIE].to_str()?;
            ensure!(cookie.contains("Path=/insession/;"), "{cookie}");
        }
    }
    // Every address of the program is there, also for other programs.
    for path in ["/health/ready", "/graphql?query={__typename}", "/web/insession.js", "/graphiql"] {
        for prefix in ["", "/insession"] {
            let answer = client.get(format!("{}{prefix}{path}", proxied.server.url())).send().await?;
            assert_eq!(answer.status().as_u16(), 200, "{prefix}{path}");
        }
    }
    let sweep = client.post(format!("{}/cron/sweep", proxied.url)).bearer_auth(CRON_SECRET);
    assert_eq!(sweep.send().await?.status().as_u16(), 200);
    Ok(())
}

#[tokio::test]
async fn default_port_of_a_host_equals_none() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    for (host, origin, status) in [
        ("pub.lan:80", "http://pub.lan", 303),
        ("pub.lan", "http://pub.lan", 303),
        ("pub.lan:443", "https://pub.lan", 303),
        ("pub.lan:8080", "http://pub.lan", 403),
        ("pub.lan:80", "http://other.lan", 403),
    ] {
        let request = client.post(format!("{}/sign-out", server.url())).header(ORIGIN, origin).header(HOST, host);
        assert_eq!(request.send().await?.status().as_u16(), status, "{origin} to {host}");
    }
    Ok(())
}
