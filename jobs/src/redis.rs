//! The queue in Redis: apalis' storage.
//!
//! What apalis-redis 1.0 asks for, each seen to go wrong otherwise: a poll strategy of one's own (the heartbeat alone
//! polls each 5 s); an idempotency key with a time to live (without, it does nothing or stays for ever); a new name for
//! each start of a worker (under the old one an interrupted job stays in flight for ever); a restart after any lost
//! connection; a vacuum.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use ::redis::{
    Client, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use apalis::{layers::WorkerBuilderExt, prelude::WorkerBuilder};
use apalis_core::{
    backend::{
        TaskSink, Vacuum,
        ext::{
            BackendExt,
            poll_strategy::{PollSnapshot, PollStrategy},
        },
    },
    task::{builder::TaskBuilder, task_id::TaskId},
    worker::{event::Event, ext::event_listener::EventListenerExt},
};
use apalis_redis::{Config, RedisStorage};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use crate::{
    job::{Context, Job, Message, handle},
    local::Never,
    supervise::AT_ONCE,
};

/// How long a push may take: whoever saves is waiting, and recomputes in the process after that.
const PUSH_LIMIT: Duration = Duration::from_millis(400);

/// How often a worker looks for jobs.
const POLL: Duration = Duration::from_millis(50);

/// A worker that was not heard of for three of these is dead, and its jobs go to others.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: usize = 3;

/// For how long a job that was put in keeps others of its name out, should it be lost before it begins.
const NAME_KEPT: Duration = Duration::from_secs(30);

/// How long the name of a worker is kept, which only serves to look at.
const WORKER_KEPT_SECONDS: u64 = 24 * 60 * 60;

#[derive(Clone)]
pub(crate) struct RedisQueue {
    client: Client,
    config: Config,
    /// What pushes go through; made anew after a failure.
    connection: Arc<Mutex<Option<ConnectionManager>>>,
}

impl RedisQueue {
    pub fn new(client: Client, namespace: &str) -> Self {
        let config = Config::default()
            .queue(format!("{namespace}:jobs"))
            .batch_size(AT_ONCE)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(MISSED_HEARTBEATS)
            .idempotency_ttl(Some(NAME_KEPT))
            .lock_tasks(false)
            .emit_events(false);
        Self { client, config, connection: Arc::default() }
    }

    pub async fn push(&self, job: Job) -> Result<(), String> {
        let mut task = TaskBuilder::new(Message::Job(job)).idempotency_key(job.name());
        if let Some(id) = job.unique_id() {
            task = task.task_id(TaskId::from_string(id));
        }
        self.ask(PUSH_LIMIT, async move |connection| {
            self.storage(connection).push_task(task.build()).await.map_err(|error| error.to_string())
        })
        .await
    }

    /// Lets the name of a job in again. When that doesn't work, the name comes free by itself a little later, and the
    /// timers do what was kept out until then.
    pub async fn release(&self, job: Job) {
        let key = format!("{}:{}", self.config.idempotency_key_set(), job.name());
        let released = self.ask(PUSH_LIMIT, async move |mut connection| {
            let deleted: RedisResult<()> = ::redis::cmd("DEL").arg(key).query_async(&mut connection).await;
            deleted.map_err(|error| error.to_string())
        });
        if let Err(error) = released.await {
            tracing::debug!(error, "a job's name was not released");
        }
    }

    /// How many jobs wait for a worker.
    pub async fn depth(&self) -> Result<u32, String> {
        let key = self.config.active_jobs_list();
        self.ask(PUSH_LIMIT, async move |mut connection| {
            let length: RedisResult<u32> = ::redis::cmd("LLEN").arg(key).query_async(&mut connection).await;
            length.map_err(|error| error.to_string())
        })
        .await
    }

    pub async fn work(&self, worker: String, context: Arc<Context>) -> Result<(), String> {
        let connection = ConnectionManager::new_with_config(self.client.clone(), settings(Duration::from_secs(2)));
        let connection = connection.await.map_err(|error| error.to_string())?;
        let shutdown = context.shutdown.clone();
        let (queue, noted, is_registered) = (self.clone(), Arc::clone(&context), AtomicBool::new(false));
        let worker = WorkerBuilder::new(worker)
            .backend(self.storage(connection).poll_with_strategy(Ticks::every(POLL)))
            .data(context)
            .concurrency(AT_ONCE)
            .on_event(move |worker, event| match event {
                Event::HeartBeat => {
                    if noted.status.queue_is_alive(Some(noted.app.now())) {
                        tracing::info!(worker = worker.name(), "taking jobs from Redis");
                    }
                    if !is_registered.swap(true, Ordering::Relaxed) {
                        noted.tasks.spawn(queue.clone().forget_later(queue.config.worker_metadata_key(worker)));
                    }
                }
                Event::Error(error) => tracing::debug!(%error, "job ended with an error"),
                _ => {}
            })
            .build(handle);
        let stop = async move {
            shutdown.cancelled().await;
            Ok::<(), Never>(())
        };
        worker.run_until(stop).await.map_err(|error| error.to_string())
    }

    /// Removes the traces of jobs that finished at least `kept` ago; of how many.
    pub async fn vacuum(&self, kept: Duration) -> Result<usize, String> {
        let limit = Duration::from_secs(30);
        let connection = ConnectionManager::new_with_config(self.client.clone(), settings(limit));
        let mut connection = connection.await.map_err(|error| error.to_string())?;
        let removed = self.storage(connection.clone()).vacuum_before(kept).await;
        let removed = removed.map_err(|error| error.to_string())?;
        // apalis keeps their ids too, and never needs them.
        let mut ids = ::redis::cmd("UNLINK");
        ids.arg(self.config.done_jobs_set()).arg(self.config.dead_jobs_set());
        let unlinked: RedisResult<()> = ids.query_async(&mut connection).await;
        unlinked.map_err(|error| error.to_string())?;
        Ok(removed)
    }

    async fn forget_later(self, key: String) {
        let asked = self.ask(PUSH_LIMIT, async move |mut connection| {
            let mut expire = ::redis::cmd("EXPIRE");
            let expires: RedisResult<()> = expire.arg(key).arg(WORKER_KEPT_SECONDS).query_async(&mut connection).await;
            expires.map_err(|error| error.to_string())
        });
        if let Err(error) = asked.await {
            tracing::debug!(error, "a worker's name stays in Redis");
        }
    }

    fn storage(&self, connection: ConnectionManager) -> RedisStorage<Message> {
        RedisStorage::new(connection).with_config(self.config.clone())
    }

    /// Asks Redis something over the shared connection, and drops the connection when that fails: a new one is made
    /// at once by whoever comes next, where an old one may hang for long.
    async fn ask<T>(
        &self,
        limit: Duration,
        question: impl AsyncFnOnce(ConnectionManager) -> Result<T, String>,
    ) -> Result<T, String> {
        let connection = self.connection().map_err(|error| error.to_string())?;
        let answer = match timeout(limit, question(connection)).await {
            Ok(answer) => answer,
            Err(_) => Err("Redis did not answer in time".to_owned()),
        };
        if answer.is_err() {
            self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        answer
    }

    fn connection(&self) -> RedisResult<ConnectionManager> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        // Connects when it is first used.
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), settings(PUSH_LIMIT))?;
        *slot = Some(made.clone());
        Ok(made)
    }
}

/// No retries: who asks knows better what to do instead.
fn settings(limit: Duration) -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(limit))
}

/// Looks for jobs at each tick of an interval.
struct Ticks(Interval);

impl Ticks {
    fn every(period: Duration) -> Self {
        let mut interval = interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }
}

impl PollStrategy for Ticks {
    fn poll_drive(&mut self, cx: &mut TaskContext<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        // Until it is pending: only then does the interval wake this task again.
        let mut is_due = false;
        while self.0.poll_tick(cx).is_ready() {
            is_due = true;
        }
        if is_due { Poll::Ready(Some(())) } else { Poll::Pending }
    }
}
