//! Servers that render pages import the module too.

use std::{fs, process::Command};

use anyhow::{Context, Result, ensure};
use insession_tests::{Deployment, TemporaryFolder, TestDatabase};

#[tokio::test]
async fn importing_the_module_on_a_server_does_nothing() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let module = reqwest::get(format!("{}/web/insession.js", deployment.first().url())).await?.text().await?;
    let folder = TemporaryFolder::new()?;
    fs::write(folder.join("insession.js"), module)?;
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#)?;
    let script = "const before = Object.keys(globalThis).join();
        const module = await import('./insession.js');
        if (Object.keys(globalThis).join() !== before) throw new Error('it changed the globals');
        console.log(Object.keys(module).join(' '));";
    let node = Command::new("node")
        .args(["--input-type=module", "-e", script])
        .current_dir(folder.path())
        .output()
        .context("there is no Node.js here: run .ci/setup")?;
    let (printed, errors) = (String::from_utf8(node.stdout)?, String::from_utf8(node.stderr)?);
    ensure!(node.status.success() && errors.is_empty(), "{}: {errors}", node.status);
    assert_eq!(
        printed.trim(),
        "configure query startHeartbeat subscribe watch watchActivity watchBooking watchBookings watchConnection watchPlace watchSession"
    );
    Ok(())
}
