//! Workers: they take jobs from the queue and run them.

mod local;
mod redis;

use std::{convert::Infallible, sync::Arc};

use apalis_core::{
    error::{AbortError, WorkerError},
    task::data::Data,
};

use crate::{
    context::Context,
    error::{JobError, Result},
    job::Message,
    queue::Kind,
    run::run,
};

/// Takes and runs jobs until shutdown. Each start of a worker uses a new name. With its old name, apalis-redis would never
/// deliver an interrupted job again.
///
/// # Errors
/// When the worker dies before shutdown.
pub(crate) async fn work(context: Arc<Context>) -> Result<()> {
    let random = || getrandom::u64().map_err(JobError::other);
    let name = format!("insession-{:016x}{:016x}", random()?, random()?);
    match context.queue.0.clone() {
        Kind::Local(queue) => local::work(&queue, name, context).await,
        Kind::Redis(queue) => redis::work(&queue, name, context).await,
    }
}

/// The function that apalis calls for each job. With [`AbortError`], the queue does not retry a failed job.
async fn handle(message: Message, context: Data<Arc<Context>>) -> Result<(), AbortError> {
    match message {
        Message::Job(job) => run(job, &context).await.map_err(AbortError::new),
        Message::Unknown(message) => {
            tracing::warn!(%message, "a job that this version does not know is left to the sweeps");
            Ok(())
        }
    }
}

/// Completes at shutdown, when the worker must stop.
async fn stopped(context: Arc<Context>) -> Result<(), Never> {
    context.shutdown.cancelled().await;
    Ok(())
}

/// An error that never happens, of a type that apalis accepts.
struct Never(Infallible);

impl From<Never> for WorkerError {
    fn from(never: Never) -> Self {
        match never.0 {}
    }
}
