//! What production does to a service: databases that restart, refuse, hang or lose an answer, full disks, clocks that
//! jump, a Redis that is away, orders to stop. Under load, against the real program; what must hold of the load is said in
//! [`crate::load`].
//!
//! `INSESSION_FULL=1` breaks things for as long as they are broken in production.

mod clock;
mod disk;
mod postgres;
mod redis;
mod shutdown;

use anyhow::{Result, ensure};
use insession_tests::{LIMIT, Program, eventually};

use crate::load::{Size, Tolerance};

const SIZE: Size = Size { subscribers: 20, writers: 4 };

/// The database is away for a while.
const AWAY: Tolerance = Tolerance { internal: true, servers_end: false };

/// `small` in CI, `full` when asked for.
fn size<T>(small: T, full: T) -> T {
    if std::env::var_os("INSESSION_FULL").is_some() { full } else { small }
}

/// Waits until a server says that it is not ready, because of its database.
async fn is_unready(server: &Program) -> Result<()> {
    let client = server.client();
    eventually(LIMIT, "the server to say that it is not ready", async || {
        let answer = client.http().get(client.address("/health/ready")).send().await?;
        ensure!(answer.status().as_u16() == 503, "it says {}", answer.status());
        let body: serde_json::Value = answer.json().await?;
        ensure!(body["database"] == "down", "{body}");
        Ok(())
    })
    .await
}
