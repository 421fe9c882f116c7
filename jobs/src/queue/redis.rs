//! The queue in Redis: apalis' storage.
//!
//! apalis-redis 1.0 was seen to fail without the following: an idempotency key with a time to live (otherwise the key has no
//! effect, or stays for ever), a vacuum, and a connection that limits it to its own keys (`own_keys`). What its workers need is
//! in `workers::redis`.

use std::{sync::Arc, time::Duration};

use ::redis::{
    Client, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use apalis_core::{
    backend::{TaskSink, Vacuum},
    task::{builder::TaskBuilder, task_id::TaskId},
};
use apalis_redis::{Config, RedisStorage};
use parking_lot::Mutex;
use tokio::time::timeout;

use super::{
    CONCURRENCY,
    own_keys::{OwnKeys, Scripts},
};
use crate::{
    error::{JobError, Result},
    job::{Job, Message},
};

/// The time limit of a request. The save of a session waits for it, and recomputes in the process when it fails.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(400);

/// A worker that has missed three heartbeats counts as dead, and others get its jobs.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: usize = 3;

/// How long a job that is lost before it begins blocks other jobs of its name.
const NAME_TTL: Duration = Duration::from_secs(30);

/// How long Redis keeps the name of a worker, which is for people to look at.
const WORKER_TTL_SECONDS: u64 = 24 * 60 * 60;

#[derive(Clone)]
pub(crate) struct RedisQueue {
    client: Client,
    config: Config,
    /// The connection for requests. It is replaced after a failure.
    connection: Arc<Mutex<Option<ConnectionManager>>>,
    scripts: Scripts,
}

impl RedisQueue {
    pub fn new(client: Client, namespace: &str) -> Self {
        let config = Config::default()
            .queue(format!("{namespace}:jobs"))
            .batch_size(CONCURRENCY)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(MISSED_HEARTBEATS)
            .idempotency_ttl(Some(NAME_TTL))
            .lock_tasks(false)
            .emit_events(false);
        Self { client, config, connection: Arc::default(), scripts: Scripts::default() }
    }

    pub async fn push(&self, job: Job) -> Result<()> {
        let mut task = TaskBuilder::new(Message::Job(job)).idempotency_key(job.name());
        if let Some(id) = job.unique_id() {
            task = task.task_id(TaskId::from_string(id));
        }
        self.request(async move |connection| {
            self.storage(connection).push_task(task.build()).await.map_err(JobError::other)
        })
        .await
    }

    /// Allows the name of a job again. If that fails, the name expires within 30 seconds. Until then jobs of this name are
    /// refused, and timers do their work.
    pub async fn release(&self, job: Job) {
        let key = format!("{}:{}", self.config.idempotency_key_set(), job.name());
        let released = self.request(async move |mut connection| {
            Ok(::redis::cmd("DEL").arg(key).query_async::<()>(&mut connection).await?)
        });
        if let Err(error) = released.await {
            tracing::debug!(%error, "a job's name was not released");
        }
    }

    /// How many jobs are waiting for a worker.
    pub async fn depth(&self) -> Result<u32> {
        let key = self.config.active_jobs_list();
        self.request(async move |mut connection| Ok(::redis::cmd("LLEN").arg(key).query_async(&mut connection).await?))
            .await
    }

    /// Removes the data of jobs that finished at least `retention` ago. Returns the number of these jobs.
    pub async fn vacuum(&self, retention: Duration) -> Result<usize> {
        let mut connection = self.connect(Duration::from_secs(30)).await?;
        let removed = self.storage(connection.clone()).vacuum_before(retention).await.map_err(JobError::other)?;
        // apalis also keeps the ids of these jobs, and never uses them.
        let mut ids = ::redis::cmd("UNLINK");
        ids.arg(self.config.done_jobs_set()).arg(self.config.dead_jobs_set());
        ids.query_async::<()>(&mut connection).await?;
        Ok(removed)
    }

    /// Makes the data that Redis keeps of a worker expire.
    pub async fn expire_worker(self, key: String) {
        let expired = self.request(async move |mut connection| {
            let mut expire = ::redis::cmd("EXPIRE");
            Ok(expire.arg(key).arg(WORKER_TTL_SECONDS).query_async::<()>(&mut connection).await?)
        });
        if let Err(error) = expired.await {
            tracing::debug!(%error, "a worker's name was not set to expire");
        }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Makes a separate connection, whose answers take at most `timeout`.
    pub async fn connect(&self, timeout: Duration) -> Result<ConnectionManager> {
        Ok(ConnectionManager::new_with_config(self.client.clone(), connection_config(timeout)).await?)
    }

    pub fn storage(&self, connection: ConnectionManager) -> RedisStorage<Message, OwnKeys> {
        RedisStorage::new(OwnKeys::new(connection, self.scripts.clone())).with_config(self.config.clone())
    }

    /// Sends a request over the shared connection. After a failure the connection is dropped. The next request makes a new one
    /// at once, because the old one may hang for long.
    async fn request<T>(&self, send: impl AsyncFnOnce(ConnectionManager) -> Result<T>) -> Result<T> {
        let connection = self.connection()?;
        let answer = match timeout(REQUEST_TIMEOUT, send(connection)).await {
            Ok(answer) => answer,
            Err(_) => Err(JobError::NoAnswer),
        };
        if answer.is_err() {
            self.connection.lock().take();
        }
        answer
    }

    fn connection(&self) -> RedisResult<ConnectionManager> {
        let mut slot = self.connection.lock();
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        // The connection is made when it is first used.
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), connection_config(REQUEST_TIMEOUT))?;
        *slot = Some(made.clone());
        Ok(made)
    }
}

/// There are no retries, because the callers handle a failure.
fn connection_config(timeout: Duration) -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(timeout))
}
