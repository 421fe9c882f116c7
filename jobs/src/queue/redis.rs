//! The queue in Redis: apalis' storage.
//!
//! apalis-redis 1.0 needs the following, and was seen to fail without it: an idempotency key with a time to live (otherwise the
//! key has no effect, or stays for ever), and a vacuum. What its workers need is in `workers::redis`.

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

use super::CONCURRENCY;
use crate::job::{Job, Message};

/// How long a request may take. Whoever saved a session waits for it, and recomputes in the process when it fails.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(400);

/// A worker that missed three heartbeats is dead, and others get its jobs.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: usize = 3;

/// How long a job that is lost before it begins keeps out others of its name.
const NAME_TTL: Duration = Duration::from_secs(30);

/// How long Redis keeps the name of a worker, which is for people to look at.
const WORKER_TTL_SECONDS: u64 = 24 * 60 * 60;

#[derive(Clone)]
pub(crate) struct RedisQueue {
    client: Client,
    config: Config,
    /// The connection for requests. It is replaced after a failure.
    connection: Arc<Mutex<Option<ConnectionManager>>>,
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
        Self { client, config, connection: Arc::default() }
    }

    pub async fn push(&self, job: Job) -> Result<(), String> {
        let mut task = TaskBuilder::new(Message::Job(job)).idempotency_key(job.name());
        if let Some(id) = job.unique_id() {
            task = task.task_id(TaskId::from_string(id));
        }
        self.request(async move |connection| {
            self.storage(connection).push_task(task.build()).await.map_err(|error| error.to_string())
        })
        .await
    }

    /// Allows the name of a job again. When that fails, the name expires a little later, and timers do the work that was kept
    /// out until then.
    pub async fn release(&self, job: Job) {
        let key = format!("{}:{}", self.config.idempotency_key_set(), job.name());
        let released = self.request(async move |mut connection| {
            let deleted: RedisResult<()> = ::redis::cmd("DEL").arg(key).query_async(&mut connection).await;
            deleted.map_err(|error| error.to_string())
        });
        if let Err(error) = released.await {
            tracing::debug!(error, "a job's name was not released");
        }
    }

    /// How many jobs are waiting for a worker.
    pub async fn depth(&self) -> Result<u32, String> {
        let key = self.config.active_jobs_list();
        self.request(async move |mut connection| {
            let length: RedisResult<u32> = ::redis::cmd("LLEN").arg(key).query_async(&mut connection).await;
            length.map_err(|error| error.to_string())
        })
        .await
    }

    /// Removes what is kept of jobs that finished at least `retention` ago. Returns how many jobs those were.
    pub async fn vacuum(&self, retention: Duration) -> Result<usize, String> {
        let mut connection = self.connect(Duration::from_secs(30)).await?;
        let removed = self.storage(connection.clone()).vacuum_before(retention).await;
        let removed = removed.map_err(|error| error.to_string())?;
        // apalis also keeps their ids, and never uses them.
        let mut ids = ::redis::cmd("UNLINK");
        ids.arg(self.config.done_jobs_set()).arg(self.config.dead_jobs_set());
        let unlinked: RedisResult<()> = ids.query_async(&mut connection).await;
        unlinked.map_err(|error| error.to_string())?;
        Ok(removed)
    }

    /// Lets what Redis keeps of a worker expire.
    pub async fn expire_worker(self, key: String) {
        let expired = self.request(async move |mut connection| {
            let mut expire = ::redis::cmd("EXPIRE");
            let expires: RedisResult<()> = expire.arg(key).arg(WORKER_TTL_SECONDS).query_async(&mut connection).await;
            expires.map_err(|error| error.to_string())
        });
        if let Err(error) = expired.await {
            tracing::debug!(error, "a worker's name was not set to expire");
        }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A connection of its own, whose answers take at most `timeout`.
    pub async fn connect(&self, timeout: Duration) -> Result<ConnectionManager, String> {
        let connection = ConnectionManager::new_with_config(self.client.clone(), connection_config(timeout));
        connection.await.map_err(|error| error.to_string())
    }

    pub fn storage(&self, connection: ConnectionManager) -> RedisStorage<Message> {
        RedisStorage::new(connection).with_config(self.config.clone())
    }

    /// Sends a request over the shared connection. After a failure the connection is dropped: the next request makes a new one
    /// at once, while an old one may hang for long.
    async fn request<T>(&self, send: impl AsyncFnOnce(ConnectionManager) -> Result<T, String>) -> Result<T, String> {
        let connection = self.connection().map_err(|error| error.to_string())?;
        let answer = match timeout(REQUEST_TIMEOUT, send(connection)).await {
            Ok(answer) => answer,
            Err(_) => Err("Redis did not answer in time".to_owned()),
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
        // Connects when it is first used.
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), connection_config(REQUEST_TIMEOUT))?;
        *slot = Some(made.clone());
        Ok(made)
    }
}

/// Without retries: the caller knows what to do instead.
fn connection_config(timeout: Duration) -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(timeout))
}
