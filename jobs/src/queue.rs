//! The queue, whichever it is.

use std::{sync::Arc, time::Duration};

use domain::ids::SessionId;
use futures_util::future::BoxFuture;
use service::app::Queue;

use crate::{
    job::{Context, Job},
    local::LocalQueue,
    redis::RedisQueue,
};

/// A queue as [`crate::Workers`] take it: to take jobs from, and to put ticks in.
#[derive(Clone)]
pub struct QueueHandle(Kind);

#[derive(Clone)]
enum Kind {
    Local(LocalQueue),
    Redis(Arc<RedisQueue>),
}

/// A queue within this process: for installations without Redis, where the server itself runs the jobs.
pub fn local_queue() -> (Arc<dyn Queue>, QueueHandle) {
    both(Kind::Local(LocalQueue::default()))
}

/// A queue in Redis, among all processes that use the same `namespace`, such as `insession:{installation}`. Needs no
/// Redis to be there yet: jobs are refused, soon, while it is away.
pub fn redis_queue(client: redis::Client, namespace: &str) -> (Arc<dyn Queue>, QueueHandle) {
    both(Kind::Redis(Arc::new(RedisQueue::new(client, namespace))))
}

fn both(kind: Kind) -> (Arc<dyn Queue>, QueueHandle) {
    let handle = QueueHandle(kind);
    (Arc::new(handle.clone()), handle)
}

impl Queue for QueueHandle {
    fn enqueue_recompute(&self, session: SessionId) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.push(Job::Recompute { session }))
    }

    fn depth(&self) -> BoxFuture<'_, Option<u32>> {
        Box::pin(async {
            match &self.0 {
                // Nothing outside of the process looks into it.
                Kind::Local(_) => None,
                Kind::Redis(queue) => queue.depth().await.ok(),
            }
        })
    }
}

impl QueueHandle {
    /// Puts a job in, unless one of that name waits there already; or says, within half a second, why not.
    pub(crate) async fn push(&self, job: Job) -> Result<(), String> {
        match &self.0 {
            Kind::Local(queue) => queue.push(job).await,
            Kind::Redis(queue) => queue.push(job).await,
        }
    }

    /// To be called when a job begins to read: from here on, its name may be put in again.
    pub(crate) async fn release(&self, job: Job) {
        match &self.0 {
            // What has begun no longer waits in the queue.
            Kind::Local(_) => {}
            Kind::Redis(queue) => queue.release(job).await,
        }
    }

    /// Takes and runs jobs under the name `worker`, until shutdown or until it dies.
    pub(crate) async fn work(&self, worker: String, context: Arc<Context>) -> Result<(), String> {
        match &self.0 {
            Kind::Local(queue) => queue.work(worker, context).await,
            Kind::Redis(queue) => queue.work(worker, context).await,
        }
    }

    /// Removes the traces of jobs that finished at least `kept` ago; of how many.
    pub(crate) async fn vacuum(&self, kept: Duration) -> Result<usize, String> {
        match &self.0 {
            Kind::Local(_) => Ok(0),
            Kind::Redis(queue) => queue.vacuum(kept).await,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match &self.0 {
            Kind::Local(_) => "process",
            Kind::Redis(_) => "redis",
        }
    }

    pub(crate) fn is_in_redis(&self) -> bool {
        matches!(self.0, Kind::Redis(_))
    }
}
