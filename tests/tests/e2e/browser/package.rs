//! The npm package in `clients/js`: its own tests, and its React hooks in a browser.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use insession_tests::{Browser, Client, Deployment, LIMIT, TemporaryFolder, TestDatabase, eventually, token};
use serde_json::{Value, json};

use super::other_site::OtherSite;
use crate::fixtures::{check_in, create_active_instance, create_person, create_session, save_activity};

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/js");

#[tokio::test]
async fn npm_package_has_types_and_its_hooks_work_on_a_server_and_in_strict_mode() -> Result<()> {
    let folder = TemporaryFolder::new()?;
    copy(Path::new(PACKAGE), folder.path())?;
    run(folder.path(), "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    run(folder.path(), "npm", &["test"])?;
    run(folder.path(), "npm", &["run", "bundle"])?;

    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "3")).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(1)).await?;
    let ann = create_person(&admin, "Ann").await?;
    let session = create_session(&admin, "Monday").await?;

    // A server has rendered the page. React hydrates it in the browser, and logs an error if anything differs.
    let render = format!(
        "import {{ createElement }} from 'react'; import {{ renderToString }} from 'react-dom/server';
        import {{ App }} from './test/components.js';
        process.stdout.write(renderToString(createElement(App, {{ session: '{session}' }})));"
    );
    let html = run(folder.path(), "node", &["--input-type=module", "-e", &render])?;
    let script = fs::read_to_string(folder.join("test/app.bundle.js"))?;
    let (endpoint, token) = (deployment.first().url(), token::of(&ann));
    let content = format!(
        "<div id=root data-endpoint='{endpoint}' data-token='{token}' data-session='{session}'>{html}</div>
        <script type=module nonce=page>{script}</script>"
    );
    let site = OtherSite::start(deployment.first(), None, &content).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&site.url).await?;

    let text = |id: &str, text: &str| format!("document.getElementById('{id}').textContent === '{text}'");
    page.until(&text("live", "live: false, present: 0")).await?;
    page.until(&text("place", "nowhere")).await?;
    page.until(&text("interview", "admittedLeaveEnter")).await?;
    let instance = create_active_instance(&admin, &session).await?;
    page.until(&text("live", "live: true, present: 0")).await?;
    check_in(&deployment.first().client_of(&ann), &instance, "YES", None).await?;
    page.until(&text("place", "Monday")).await?;
    page.until(&text("live", "live: true, present: 1")).await?;
    // Strict mode mounts every component twice. There is one socket and one seat.
    assert_eq!(page.sockets(), 1);
    assert_eq!(occupancy(&admin).await?, 1);

    page.click("document.querySelector('#interview button')").await?;
    page.until(&text("interview", "onlineLeaveEnter")).await?;
    page.until("seats.at(-1) === 0").await?;
    page.click("document.querySelector('#interview button:last-child')").await?;
    page.until(&text("interview", "admittedLeaveEnter")).await?;
    page.until("seats.at(-1) === 1").await?;
    page.click("document.getElementById('unmount')").await?;
    page.until("seats.at(-1) === 0").await?;
    page.evaluate("unsubscribe(), app.unmount()").await?;
    eventually(LIMIT, "the socket to be closed", async || {
        let health = deployment.first().health().await?;
        ensure!(health["sockets"] == 0, "{health}");
        Ok(())
    })
    .await?;
    browser.close().await
}

async fn occupancy(admin: &Client) -> Result<Value> {
    let data = admin.data("{ activity(key: \"interview\") { occupancy } }", json!({})).await?;
    Ok(data["activity"]["occupancy"].clone())
}

/// Copies a folder with its subfolders, without what npm has made.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if ["node_modules", "snippets"].iter().any(|made| entry.file_name() == *made) {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Runs a program in a folder. Returns what it printed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .with_context(|| format!("there is no {program} here: run .ci/setup"))?;
    let (printed, errors) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(output.status.success(), "{program} {}: {}\n{printed}\n{errors}", arguments.join(" "), output.status);
    Ok(printed)
}
