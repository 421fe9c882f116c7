//! Everything that runs in a worker: the queue's worker, the schedules, the timers.

use std::{sync::Arc, time::Duration};

use service::App;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    health::{Health, Status},
    job::{Context, Job},
    periodic::{SCHEDULES, Schedule, follow},
    queue::QueueHandle,
    supervise::{QUEUE, keep_running, work},
    timers, zone_data,
};

/// How long what runs at shutdown has to finish.
const FINISH: Duration = Duration::from_secs(20);

/// The workers of this process. Clones are handles to the same.
#[derive(Clone)]
pub struct Workers {
    context: Arc<Context>,
}

impl Workers {
    /// Starts, within a tokio runtime, and returns at once. Neither Redis nor the database need be there: each part
    /// begins its work when what it needs is. `app` has the queue that `queue` is the handle of. Cancelling `shutdown`
    /// ends it; see [`Workers::finished`].
    pub fn start(app: App, queue: QueueHandle, shutdown: CancellationToken) -> Self {
        Self::start_with(app, queue, shutdown, SCHEDULES)
    }

    pub(crate) fn start_with(
        app: App,
        queue: QueueHandle,
        shutdown: CancellationToken,
        schedules: impl IntoIterator<Item = Schedule>,
    ) -> Self {
        let status = Status::new(queue.kind());
        let context = Arc::new(Context { app, queue, status, tasks: TaskTracker::new(), shutdown });
        let tasks = &context.tasks;
        tasks.spawn(zone_data::renew(Arc::clone(&context)));
        tasks.spawn(keep_running(Arc::clone(&context), "timers", timers::run));
        tasks.spawn(keep_running(Arc::clone(&context), QUEUE, work));
        for schedule in schedules {
            if is_of_use(schedule, &context.queue) {
                let follow = move |context| follow(schedule, context);
                tasks.spawn(keep_running(Arc::clone(&context), "schedule", follow));
            }
        }
        tasks.close();
        Self { context }
    }

    /// Waits for shutdown and then until everything has finished: no new jobs are begun, and those that run have 20
    /// seconds. What doesn't finish is done again elsewhere, or at the next start.
    pub async fn finished(&self) {
        self.context.shutdown.cancelled().await;
        if timeout(FINISH, self.context.tasks.wait()).await.is_err() {
            tracing::warn!(unfinished = self.context.tasks.len(), "shutting down before everything has finished");
        }
    }

    /// How the workers are.
    pub fn health(&self) -> Health {
        self.context.status.look(self.context.app.now())
    }
}

/// There is nothing to vacuum within the process.
fn is_of_use(schedule: Schedule, queue: &QueueHandle) -> bool {
    queue.is_in_redis() || !matches!((schedule.job)(chrono::DateTime::UNIX_EPOCH), Job::Vacuum { .. })
}
