//! Waits for a condition, with a limit.
//!
//! No test asserts how long something took: other work on the machine makes everything slow. A test waits for what must
//! happen, for up to [`LIMIT`], and compares only instants that the program itself states.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};
use domain::clock::{Clock, SystemClock};
use tokio::time::Instant;

/// How long a test waits for what must happen. It is far longer than a slow machine needs, so only a test that hangs
/// reaches it.
pub const LIMIT: Duration = Duration::from_mins(5);

const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The machine's clock, which the programs under test also read.
pub fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// Calls `check` until it succeeds. An error means "not yet".
///
/// `what` completes the sentence "waited 5s for ...".
///
/// # Errors
/// The last error of `check`, once `limit` has passed.
pub async fn eventually<T>(limit: Duration, what: &str, mut check: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        let last = match tokio::time::timeout_at(end, check()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => anyhow!("the last check did not finish"),
        };
        if Instant::now() + POLL_INTERVAL >= end {
            return Err(last).with_context(|| format!("waited {limit:?} for {what}"));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Awaits `future` for at most `limit`. `what` completes the sentence "waited 5s for ...".
///
/// # Errors
/// When `limit` has passed.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(limit, future).await.map_err(|_| anyhow!("waited {limit:?} for {what}"))
}
