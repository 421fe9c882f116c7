//! Jobs: what a queue carries, and how a worker runs one.
//!
//! A job is at-least-once, so each is idempotent. One that fails is not tried again by the queue: whatever it was to do
//! is still marked in the database, where timers and sweeps find it.

use std::sync::Arc;

use apalis_core::{error::AbortError, task::data::Data};
use chrono::{DateTime, Utc};
use domain::ids::SessionId;
use serde::{Deserialize, Serialize};
use service::App;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{health::Status, periodic, prune, queue::QueueHandle, recompute, vacuum};

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Job {
    /// Recompute a session that was saved.
    Recompute { session: SessionId },
    /// The periodic sweep of a tick, or the daily one over everything.
    Sweep { tick: DateTime<Utc>, all: bool },
    /// What is swept every minute.
    SweepMinute { tick: DateTime<Utc> },
    /// Remove what finished jobs leave behind in Redis.
    Vacuum { tick: DateTime<Utc> },
    /// Remove what is long past from the database.
    Prune { tick: DateTime<Utc> },
}

impl Job {
    /// What the job is about. While one waits in the queue, another of the same name is not taken in beside it.
    pub fn name(&self) -> String {
        match self {
            Self::Recompute { session } => format!("recompute-{}", session.0),
            Self::Sweep { tick, all: false } => format!("sweep-{}", tick.timestamp()),
            Self::Sweep { tick, all: true } => format!("sweep-all-{}", tick.timestamp()),
            Self::SweepMinute { tick } => format!("sweep-minute-{}", tick.timestamp()),
            Self::Vacuum { tick } => format!("vacuum-{}", tick.timestamp()),
            Self::Prune { tick } => format!("prune-{}", tick.timestamp()),
        }
    }

    /// The name, of a job that is to be done once ever and not once a queueing.
    pub fn unique_id(&self) -> Option<String> {
        match self {
            Self::Recompute { .. } => None,
            Self::Sweep { .. } | Self::SweepMinute { .. } | Self::Vacuum { .. } | Self::Prune { .. } => {
                Some(self.name())
            }
        }
    }

    async fn perform(self, context: &Context) -> Result<(), String> {
        match self {
            Self::Recompute { session } => recompute::run(context, session).await,
            Self::Sweep { tick, all } => periodic::run(context, tick, all).await,
            Self::SweepMinute { .. } => periodic::run_minute(context).await,
            Self::Vacuum { .. } => vacuum::run(context).await,
            Self::Prune { .. } => prune::run(context).await,
        }
    }
}

/// A job as it comes out of a queue: also one of another version of the program, which this one doesn't know. (What
/// can't be decoded at all would stop the worker, and the next one that gets it.)
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Message {
    Job(Job),
    Unknown(serde_json::Value),
}

/// What everything that runs in a process shares.
pub(crate) struct Context {
    pub app: App,
    pub queue: QueueHandle,
    pub status: Status,
    /// Everything that is to end before the process does.
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}

impl Context {
    /// Runs a job to its end, in a task of its own: a queue's worker that dies half-way doesn't take it along.
    pub async fn run(self: &Arc<Self>, job: Job) -> Result<(), String> {
        let context = Arc::clone(self);
        let work = async move {
            let result = job.perform(&context).await;
            context.note(&result);
            result
        };
        let span = tracing::info_span!("job", name = job.name());
        self.tasks.spawn(work.instrument(span)).await.unwrap_or_else(|panic| {
            let result = Err(panic.to_string());
            self.note(&result);
            result
        })
    }

    fn note(&self, result: &Result<(), String>) {
        match result {
            Ok(()) => {
                tracing::debug!("job done");
                self.status.job_done();
            }
            Err(error) => {
                tracing::error!(error, "job failed");
                self.status.job_failed(self.app.now(), error);
            }
        }
    }

    /// Waits, but no longer than until shutdown. Is there reason to go on?
    pub async fn pause(&self, period: std::time::Duration) -> bool {
        self.shutdown.run_until_cancelled(tokio::time::sleep(period)).await.is_some()
    }
}

/// What apalis calls for each job. A failure is final for the queue ([`AbortError`]).
pub(crate) async fn handle(message: Message, context: Data<Arc<Context>>) -> Result<(), AbortError> {
    match message {
        Message::Job(job) => context.run(job).await.map_err(AbortError::new),
        Message::Unknown(message) => {
            tracing::warn!(%message, "a job that this version doesn't know is left to the sweeps");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_keep_their_form_on_the_wire_and_unknown_ones_are_read_too() {
        let tick = DateTime::from_timestamp(1_705_346_040, 0).unwrap();
        for (job, text) in [
            (Job::Recompute { session: SessionId(7) }, r#"{"kind":"recompute","session":7}"#),
            (Job::Sweep { tick, all: false }, r#"{"kind":"sweep","tick":"2024-01-15T19:14:00Z","all":false}"#),
            (Job::SweepMinute { tick }, r#"{"kind":"sweep_minute","tick":"2024-01-15T19:14:00Z"}"#),
            (Job::Vacuum { tick }, r#"{"kind":"vacuum","tick":"2024-01-15T19:14:00Z"}"#),
            (Job::Prune { tick }, r#"{"kind":"prune","tick":"2024-01-15T19:14:00Z"}"#),
        ] {
            assert_eq!(serde_json::to_string(&Message::Job(job)).unwrap(), text);
            assert!(matches!(serde_json::from_str(text).unwrap(), Message::Job(read) if read == job), "{text}");
        }
        let later = r#"{"kind":"archive","older_than":90}"#;
        assert!(matches!(serde_json::from_str(later).unwrap(), Message::Unknown(_)));
    }
}
