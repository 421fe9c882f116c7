//! All benchmarks, one after the other, each in a process of its own, because some pin their process to a core.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use insession_tests::TemporaryFolder;
use tokio::process::Command;

use crate::figures::Figures;

/// `soak` is not in the list, because it has no figures.
const ALL: [&str; 12] = [
    "start",
    "recurrence",
    "checkin",
    "heartbeat",
    "queue",
    "log",
    "query",
    "fanout",
    "idle",
    "sweep",
    "abuse",
    "worst",
];

pub async fn run(json: Option<PathBuf>) -> Result<()> {
    let folder = TemporaryFolder::new()?;
    let (mut figures, mut failed) = (Vec::new(), Vec::new());
    for name in ALL {
        println!("\n# {name}\n");
        let file = folder.join(name);
        let status = Command::new(std::env::current_exe()?).arg("--json").arg(&file).arg(name).status().await?;
        if status.success() {
            figures.extend(Figures::read(&file)?);
        } else {
            failed.push(name);
        }
        if let Some(json) = &json {
            Figures::write(json, &figures)?;
        }
    }
    ensure!(failed.is_empty(), "these failed: {}", failed.join(", "));
    Ok(())
}
