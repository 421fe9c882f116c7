//! The context that jobs and all other background work of a process share.

use std::time::Duration;

use service::App;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{health::Status, queue::JobQueueHandle};

pub(crate) struct Context {
    pub app: App,
    pub queue: JobQueueHandle,
    pub status: Status,
    /// All tasks that must end before the process does.
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
}

impl Context {
    /// Waits for `period`, or until shutdown. False after shutdown.
    pub async fn pause(&self, period: Duration) -> bool {
        self.shutdown.run_until_cancelled(tokio::time::sleep(period)).await.is_some()
    }
}
