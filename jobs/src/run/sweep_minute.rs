//! The sweep that runs every minute, of bookings, visits and queues. It is neither recorded nor retried: the next one follows a minute
//! later.

use service::sweep::{Request, sweep};

use crate::{context::Context, error::Result};

pub(super) async fn run(context: &Context) -> Result<()> {
    let report = sweep(&context.app, Request::EVERY_MINUTE).await?;
    for error in &report.errors {
        tracing::warn!(error = error.error, "the sweep of every minute found an error");
    }
    let (bookings, abandoned) = (report.bookings.len(), report.presences_abandoned);
    if bookings > 0 || abandoned > 0 {
        tracing::info!(bookings, presences_abandoned = abandoned, "sweep of every minute");
    }
    Ok(())
}
