//! The disk of an SQLite database is full.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use insession_tests::{Deployment, LIMIT, Shim, TestDatabase, eventually};
use serde_json::json;
use tokio::time::sleep;

use super::{DATABASE_MAY_FAIL, SIZE, size};
use crate::{
    fixtures::{CHANGES, create_person},
    load::Load,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_refuses_changes_and_loses_none() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let shim = Shim::new().await?;
    let file = database.url.strip_prefix("sqlite://").context("a file")?.to_owned();
    let folder = Path::new(&file).parent().context("a file is in a folder")?;
    let mut deployment = Deployment::start_with(&database, |settings| shim.before(settings, folder)).await?;
    let load = Load::start(&database, &deployment, SIZE, DATABASE_MAY_FAIL).await?;

    for round in 0..size(2, 10) {
        shim.fill_disk(true)?;
        let admin = deployment.admin();
        eventually(LIMIT, "a change to be refused", async || {
            let name = format!("Somebody {round}");
            let made = create_person(&admin, &name).await;
            ensure!(made.is_err(), "the change was accepted");
            Ok(())
        })
        .await?;
        // Queries and subscriptions still work.
        admin.data("{ sessions(first: 5) { nodes { name isActive } } changeCursor }", json!({})).await?;
        let mut socket = deployment.first().socket(None).await?;
        socket.subscribe("1", CHANGES, json!({}))?;
        socket.next_for("1", LIMIT).await?;
        // How long the fault lasts.
        sleep(size(Duration::from_secs(2), Duration::from_secs(20))).await;
        shim.fill_disk(false)?;
        load.expect_recovery(&deployment.servers).await?;
    }

    let outcome = load.finish(&database).await?;
    ensure!(outcome.ledgers.iter().any(|ledger| ledger.refused > 0), "no writer was refused");
    deployment.servers[0].expect_running()
}
