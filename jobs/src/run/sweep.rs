//! The periodic sweep of a tick: a sweep of what is due or, once a day, of everything. A row in `sweep_run` records each.

use std::time::Duration;

use chrono::{DateTime, Utc};
use service::sweep::{Request, run_recorded};

use crate::{context::Context, error::Result};

/// Runs the sweep of a tick. Does nothing if another worker has run it.
pub(super) async fn run(context: &Context, tick: DateTime<Utc>, all: bool) -> Result<()> {
    let request = if all { Request::ALL } else { Request::PERIODIC };
    let mut pauses = [1, 5, 20].into_iter().map(Duration::from_secs);
    loop {
        let error = match run_recorded(&context.app, request, Some(tick)).await {
            Ok(report) => {
                context.status.periodic_sweep_done(context.app.now());
                if let Some(report) = report {
                    tracing::info!(
                        %tick,
                        all,
                        activated = report.activated.len(),
                        deactivated = report.deactivated.len(),
                        people_moved = report.people_moved,
                        bookings = report.bookings.len(),
                        presences_abandoned = report.presences_abandoned,
                        errors = report.errors.len(),
                        "periodic sweep"
                    );
                }
                return Ok(());
            }
            Err(error) => error,
        };
        match pauses.next() {
            Some(pause) if context.pause(pause).await => {
                tracing::warn!(%error, %tick, "periodic sweep failed and is retried");
            }
            _ => return Err(error.into()),
        }
    }
}
