//! The queue: within the process, or in Redis.

mod local;
mod own_keys;
mod redis;
mod rights;

use std::{sync::Arc, time::Duration};

use domain::ids::SessionId;
use futures_util::future::BoxFuture;
use service::app::{JobQueue, JobQueueError};

pub use self::rights::watch_rights;
pub(crate) use self::{local::LocalQueue, redis::RedisQueue};
use crate::{error::Result, job::Job};

/// How many jobs a process runs at the same time.
pub(crate) const CONCURRENCY: usize = 4;

/// The end of a queue that [`crate::Workers`] take jobs from.
#[derive(Clone)]
pub struct JobQueueHandle(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Local(LocalQueue),
    Redis(Arc<RedisQueue>),
}

/// A queue within this process, for installations without Redis. The server itself runs the jobs.
pub fn local_queue() -> (Arc<dyn JobQueue>, JobQueueHandle) {
    both(Kind::Local(LocalQueue::default()))
}

/// A queue in Redis, shared by all processes that use the same `namespace`, such as `insession:{installation}`. Redis need not
/// be reachable yet. While it is not, jobs are refused within half a second.
pub fn redis_queue(client: ::redis::Client, namespace: &str) -> (Arc<dyn JobQueue>, JobQueueHandle) {
    both(Kind::Redis(Arc::new(RedisQueue::new(client, namespace))))
}

fn both(kind: Kind) -> (Arc<dyn JobQueue>, JobQueueHandle) {
    let handle = JobQueueHandle(kind);
    (Arc::new(handle.clone()), handle)
}

impl JobQueue for JobQueueHandle {
    fn enqueue_recompute(&self, session: SessionId) -> BoxFuture<'_, Result<(), JobQueueError>> {
        Box::pin(async move { Ok(self.push(Job::Recompute { session }).await?) })
    }

    fn depth(&self) -> BoxFuture<'_, Option<u32>> {
        Box::pin(async {
            match &self.0 {
                // Nothing outside of the process reads this number.
                Kind::Local(_) => None,
                Kind::Redis(queue) => queue.depth().await.ok(),
            }
        })
    }
}

impl JobQueueHandle {
    /// Adds a job, unless a job with this name is already waiting.
    ///
    /// # Errors
    /// When the queue cannot be reached. The answer takes at most half a second.
    pub(crate) async fn push(&self, job: Job) -> Result<()> {
        match &self.0 {
            Kind::Local(queue) => queue.push(job).await,
            Kind::Redis(queue) => queue.push(job).await,
        }
    }

    /// Allows the name of a job again. A job calls this before it reads from the database.
    pub(crate) async fn release(&self, job: Job) {
        match &self.0 {
            // A job that has begun is no longer in the queue.
            Kind::Local(_) => {}
            Kind::Redis(queue) => queue.release(job).await,
        }
    }

    /// Removes the data of jobs that finished at least `retention` ago. Returns the number of these jobs.
    pub(crate) async fn vacuum(&self, retention: Duration) -> Result<usize> {
        match &self.0 {
            Kind::Local(_) => Ok(0),
            Kind::Redis(queue) => queue.vacuum(retention).await,
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
