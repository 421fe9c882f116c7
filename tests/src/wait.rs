//! Waiting: for a condition, with a limit. The only place in the tests that sleeps, and only between two looks.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::{Clock, SystemClock};
use tokio::time::Instant;

/// How long is waited for what has to come. Only something that hangs takes as long, on however slow a machine.
pub const LIMIT: Duration = Duration::from_mins(2);

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// The machine's time, for tests that compare it with what the program says.
pub fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// Tries `check` until it succeeds. An error means "not yet"; when `limit` has passed, the last one says what was missing.
///
/// `what` completes the sentence "waited 5s for ...".
pub async fn eventually<T>(limit: Duration, what: &str, mut check: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        let last = match tokio::time::timeout_at(end, check()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => anyhow!("the last look had no answer"),
        };
        if Instant::now() + BETWEEN_LOOKS >= end {
            return Err(last).with_context(|| format!("waited {limit:?} for {what}"));
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// Gives `future` until `limit`. `what` completes the sentence "waited 5s for ...".
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(limit, future).await.map_err(|_| anyhow!("waited {limit:?} for {what}"))
}

/// It came, and later than it had to.
#[derive(Debug, Clone, Copy)]
struct Late(TimeDelta);

impl std::fmt::Display for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} late", self.0)
    }
}

impl std::error::Error for Late {}

/// Whether what was due at `due` came at most `tolerance` later. For what [`in_one_of_three`] does.
pub fn in_time(came: DateTime<Utc>, due: DateTime<Utc>, tolerance: TimeDelta) -> Result<()> {
    let late = came - due;
    if late > tolerance { Err(Late(late).into()) } else { Ok(()) }
}

/// Does `act` once more when something came too late, and once more again. A machine that others use as well is slow now
/// and then; a fault is there every time.
pub async fn in_one_of_three<T>(mut act: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    for _ in 0..2 {
        match act().await {
            Err(error) if error.is::<Late>() => println!("once more: {error:#}"),
            result => return result,
        }
    }
    act().await
}
