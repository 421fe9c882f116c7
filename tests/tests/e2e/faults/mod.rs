//! Faults of production, under load: a database that restarts, refuses connections, hangs or loses an answer, a full disk, a
//! clock that jumps, Redis that is down, and SIGTERM. [`crate::load`] says what must hold of the load.
//!
//! `INSESSION_FULL=1` makes the faults last as long as in production.

mod away;
mod clock;
mod disk;
mod postgres;
mod redis;
mod shutdown;

use anyhow::{Result, ensure};
use insession_tests::{LIMIT, Program, eventually};

use crate::load::{Size, Tolerance};

const SIZE: Size = Size { subscribers: 20, writers: 4 };

/// What the load tolerates while the database is down.
const DATABASE_MAY_FAIL: Tolerance = Tolerance { internal: true, servers_end: false };

/// `small` in CI, `full` when asked for.
fn size<T>(small: T, full: T) -> T {
    if std::env::var_os("INSESSION_FULL").is_some() { full } else { small }
}

/// Waits until a server reports that it is not ready, because its database is down.
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
