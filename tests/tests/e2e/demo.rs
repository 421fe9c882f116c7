//! `insession demo`: the examples that it prints work, and its data keeps changing.

use std::{collections::BTreeSet, fs, process::Command};

use anyhow::{Context, Result, ensure};
use insession_tests::{Browser, Client, LIMIT, TemporaryFolder, eventually, process::Process, program::binary};
use serde_json::{Value, json};

#[tokio::test]
async fn demo_prints_working_examples_and_keeps_changing() -> Result<()> {
    let folder = TemporaryFolder::new()?;
    let mut command = Command::new(binary()?);
    command.args(["demo", "--port", "0"]).env("TMPDIR", folder.path()).current_dir(folder.path());
    let mut process = Process::spawn(&mut command, "insession demo", &folder.join("log"), "TERM")?;
    eventually(LIMIT, "the demo to print its tokens", async || {
        process.expect_running()?;
        ensure!(process.log().contains("Cleo Concertina (Person:"), "not yet: {}", process.log());
        Ok(())
    })
    .await?;
    let log = process.log();
    let line =
        |start: &str| log.lines().find_map(|line| line.strip_prefix(start)).with_context(|| format!("no {start}"));
    let base = line("  GraphiQL    ")?.strip_suffix("/graphiql").context("an address")?;
    let token = log.lines().find_map(|line| line.strip_prefix("  admin ")).context("a token")?.trim();
    let admin = Client::new(base).with_token(token);

    // The page that the demo prints is saved as a file and opened.
    let lines = log.lines().skip_while(|line| *line != "  <!doctype html>").take_while(|line| !line.is_empty());
    let file = folder.join("badges.html");
    fs::write(&file, lines.collect::<Vec<_>>().join("\n"))?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&format!("file://{}", file.display())).await?;
    page.until("document.querySelectorAll('live-now-badge').length >= 3").await?;
    page.until("document.querySelectorAll('live-now-badge[active]').length >= 3").await?;
    let before = page.evaluate(ACTIVE).await?;
    page.until(&format!("({ACTIVE}) !== {before}")).await?;

    // Sessions open and close, and people come and go.
    let first = state(&admin).await?;
    ensure!(first.active.len() >= 3, "{first:?}");
    eventually(LIMIT, "sessions and people to move", async || {
        let now = state(&admin).await?;
        ensure!(now.active.difference(&first.active).next().is_some(), "no session has opened: {now:?}");
        ensure!(first.active.difference(&now.active).next().is_some(), "no session has closed: {now:?}");
        ensure!(now.places != first.places, "nobody has moved: {now:?}");
        Ok(())
    })
    .await?;

    // The administrator sees all of it.
    let admin_page = browser.page().await?;
    admin_page.goto(&format!("{base}/sign-in?next=/admin")).await?;
    admin_page.evaluate("document.getElementById('token').focus()").await?;
    admin_page.type_text(token).await?;
    admin_page.press("Enter").await?;
    admin_page.until("document.querySelector('h1')?.textContent === 'Admin'").await?;
    for text in ["Pop-up", " of 3 taken", "Dara Pipes"] {
        admin_page.until(&format!("document.body.innerText.includes({})", json!(text))).await?;
    }

    // Anybody may sign in as one of the sample people, without a token.
    let page = browser.page().await?;
    page.goto(&format!("{base}/sign-in?next=/me")).await?;
    let choose =
        |name: &str| format!("[...document.querySelectorAll('button')].find((it) => it.textContent === '{name}')");
    page.click(&choose("Ada Fiddle")).await?;
    page.until("location.pathname === '/me' && document.querySelector('h1').textContent === 'Ada Fiddle'").await?;
    page.goto(&format!("{base}/sign-in?next=/admin")).await?;
    page.click(&choose("Administrator")).await?;
    page.until("location.pathname === '/admin' && document.querySelector('h1').textContent === 'Admin'").await?;
    browser.close().await?;

    process.signal("TERM")?;
    ensure!(process.wait(LIMIT).await?.success(), "{}", process.log());
    Ok(())
}

/// Which badges are on.
const ACTIVE: &str =
    "[...document.querySelectorAll('live-now-badge')].map((badge) => badge.hasAttribute('active')).join()";

#[derive(Debug)]
struct State {
    active: BTreeSet<String>,
    places: Value,
}

async fn state(admin: &Client) -> Result<State> {
    let document = "{
        activeSessionInstances(first: 20) { nodes { id } }
        people(first: 20) { nodes { id activeSessionInstance { id } } }
    }";
    let data = admin.data(document, json!({})).await?;
    let active = data["activeSessionInstances"]["nodes"].as_array().context("a list")?;
    let active = active.iter().filter_map(|node| node["id"].as_str()).map(str::to_owned).collect();
    Ok(State { active, places: data["people"]["nodes"].clone() })
}
