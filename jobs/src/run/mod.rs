//! Runs jobs. Each job has a file.

mod prune;
mod recompute;
mod sweep;
mod sweep_minute;
mod vacuum;

use std::sync::Arc;

use tracing::Instrument;

use crate::{context::Context, error::Result, job::Job};

/// Runs a job to its end in its own task. So the job goes on if the worker that took it dies.
///
/// # Errors
/// When the job failed. The failure has been logged and recorded in the status.
pub(crate) async fn run(job: Job, context: &Arc<Context>) -> Result<()> {
    let shared = Arc::clone(context);
    let work = async move {
        let result = perform(job, &shared).await;
        record(&shared, &result);
        result
    };
    let span = tracing::info_span!("job", name = job.name());
    context.tasks.spawn(work.instrument(span)).await.unwrap_or_else(|panic| {
        let result = Err(panic.into());
        record(context, &result);
        result
    })
}

async fn perform(job: Job, context: &Context) -> Result<()> {
    match job {
        Job::Recompute { session } => recompute::run(context, session).await,
        Job::Sweep { tick, all } => sweep::run(context, tick, all).await,
        Job::SweepMinute { .. } => sweep_minute::run(context).await,
        Job::Vacuum { .. } => vacuum::run(context).await,
        Job::Prune { .. } => prune::run(context).await,
    }
}

fn record(context: &Context, result: &Result<()>) {
    match result {
        Ok(()) => {
            tracing::debug!("job done");
            context.status.job_done();
        }
        Err(error) => {
            tracing::error!(%error, "job failed");
            context.status.job_failed(context.app.now(), error);
        }
    }
}
