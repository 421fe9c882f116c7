//! The vacuum: apalis never removes what finished jobs leave behind in Redis.

use std::time::Duration;

use crate::job::Context;

/// Traces keep a tick from being put in again, so this is to be longer than the clocks of workers differ.
const KEPT: Duration = Duration::from_mins(10);

pub(crate) async fn run(context: &Context) -> Result<(), String> {
    let removed = context.queue.vacuum(KEPT).await?;
    tracing::debug!(removed, "vacuumed the queue");
    Ok(())
}
