//! Starts everything that runs in the background, and restarts what dies.
//!
//! The `Monitor` of apalis restarts without a delay, and polls all its workers in one task. An unreachable Redis would keep it
//! busy.

use std::{sync::Arc, time::Duration};

use service::App;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    context::Context,
    error::{JobError, Result},
    health::{Health, Status},
    job::Job,
    queue::JobQueueHandle,
    schedule::{SCHEDULES, Schedule, follow},
    timers,
    workers::work,
};

/// The part that takes jobs from the queue.
const QUEUE: &str = "queue";

const RESTART_DELAY: Duration = Duration::from_millis(500);

/// The delay while Redis refuses its user or a right. The rights are tried as often.
const REFUSED_DELAY: Duration = Duration::from_secs(10);

/// How long running jobs have to finish after shutdown.
const FINISH_TIMEOUT: Duration = Duration::from_secs(20);

/// Everything that runs in the background of this process. Clones are handles to the same workers.
#[derive(Clone)]
pub struct Workers {
    context: Arc<Context>,
}

impl Workers {
    /// Starts the workers, within a Tokio runtime, and returns at once. Redis and the database may be unreachable at first:
    /// each part begins its work when it can. `queue` is the handle of the queue of `app`. Cancelling `shutdown` stops the
    /// workers; see [`Workers::finished`].
    pub fn start(app: App, queue: JobQueueHandle, shutdown: CancellationToken) -> Self {
        Self::start_with(app, queue, shutdown, SCHEDULES)
    }

    pub(crate) fn start_with(
        app: App,
        queue: JobQueueHandle,
        shutdown: CancellationToken,
        schedules: impl IntoIterator<Item = Schedule>,
    ) -> Self {
        let status = Status::new(queue.kind());
        let context = Arc::new(Context { app, queue, status, tasks: TaskTracker::new(), shutdown });
        let tasks = &context.tasks;
        tasks.spawn(keep_running(Arc::clone(&context), "timers", timers::run));
        tasks.spawn(keep_running(Arc::clone(&context), QUEUE, work));
        for schedule in schedules {
            if is_needed(schedule, &context.queue) {
                let follow = move |context| follow(schedule, context);
                tasks.spawn(keep_running(Arc::clone(&context), "schedule", follow));
            }
        }
        tasks.close();
        Self { context }
    }

    /// Waits for shutdown, and then until everything has finished. No new jobs begin, and running jobs have 20 seconds. A job
    /// that does not finish is run again elsewhere, or at the next start.
    pub async fn finished(&self) {
        self.context.shutdown.cancelled().await;
        if timeout(FINISH_TIMEOUT, self.context.tasks.wait()).await.is_err() {
            tracing::warn!(unfinished = self.context.tasks.len(), "shutting down before everything has finished");
        }
    }

    /// The state of the workers.
    pub fn health(&self) -> Health {
        self.context.status.health(self.context.app.now())
    }
}

/// Runs `part` until shutdown. Starts it again whenever it ends before, even by an error or a panic.
async fn keep_running<F>(context: Arc<Context>, part: &'static str, start: impl Fn(Arc<Context>) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    loop {
        let ended = tokio::spawn(start(Arc::clone(&context))).await;
        if context.shutdown.is_cancelled() {
            return;
        }
        let error = match ended {
            Ok(Ok(())) => JobError::other("it ended"),
            Ok(Err(error)) => error,
            Err(panic) => panic.into(),
        };
        // While Redis is unreachable, only the first failure is a warning.
        if part != QUEUE || context.status.queue_ended() {
            tracing::warn!(%error, part, "died, and is restarted");
        } else {
            tracing::debug!(%error, part, "could not start, and is retried");
        }
        context.status.failed(context.app.now(), part, &error);
        let is_refused = part == QUEUE && context.app.wake.is_refused();
        if !context.pause(if is_refused { REFUSED_DELAY } else { RESTART_DELAY }).await {
            return;
        }
    }
}

/// Whether a queue needs a schedule. A queue within the process needs no vacuum.
fn is_needed(schedule: Schedule, queue: &JobQueueHandle) -> bool {
    queue.is_in_redis() || !matches!((schedule.job)(chrono::DateTime::UNIX_EPOCH), Job::Vacuum { .. })
}
