//! The vacuum removes the data of finished jobs from Redis. apalis itself never does.

use std::time::Duration;

use crate::{context::Context, error::Result};

/// The data of a finished job prevents its tick from being queued again. So the retention is longer than the difference between
/// the clocks of workers.
const RETENTION: Duration = Duration::from_mins(10);

pub(super) async fn run(context: &Context) -> Result<()> {
    let removed = context.queue.vacuum(RETENTION).await?;
    tracing::debug!(removed, "vacuumed the queue");
    Ok(())
}
