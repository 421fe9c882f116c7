//! The worker of the queue in Redis.
//!
//! apalis-redis 1.0 was seen to fail without the following: its own poll strategy, a new name for each start of a worker, and a
//! restart after any lost connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use apalis::{layers::WorkerBuilderExt, prelude::WorkerBuilder};
use apalis_core::{
    backend::ext::{
        BackendExt,
        poll_strategy::{PollSnapshot, PollStrategy},
    },
    worker::{event::Event, ext::event_listener::EventListenerExt},
};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{handle, stopped};
use crate::{
    context::Context,
    error::Result,
    queue::{CONCURRENCY, RedisQueue},
};

/// The interval at which a worker looks for jobs.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) async fn work(queue: &RedisQueue, name: String, context: Arc<Context>) -> Result<()> {
    let connection = queue.connect(RESPONSE_TIMEOUT).await?;
    let (stop, observer) = (stopped(Arc::clone(&context)), Arc::clone(&context));
    let (requests, is_registered) = (queue.clone(), AtomicBool::new(false));
    let worker = WorkerBuilder::new(name)
        .backend(queue.storage(connection).poll_with_strategy(Ticks::every(POLL_INTERVAL)))
        .data(context)
        .concurrency(CONCURRENCY)
        .on_event(move |worker, event| match event {
            Event::HeartBeat => {
                if observer.status.queue_is_alive(Some(observer.app.now())) {
                    tracing::info!(worker = worker.name(), "taking jobs from Redis");
                }
                if !is_registered.swap(true, Ordering::Relaxed) {
                    let key = requests.config().worker_metadata_key(worker);
                    observer.tasks.spawn(requests.clone().expire_worker(key));
                }
            }
            Event::Error(error) => tracing::debug!(%error, "a job ended with an error"),
            _ => {}
        })
        .build(handle);
    Ok(worker.run_until(stop).await?)
}

/// Looks for jobs at each tick of an interval. Without this, apalis-redis looks only at its heartbeat, every five seconds.
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
        // Polls until the interval is pending, because only then it wakes this task again.
        let mut is_due = false;
        while self.0.poll_tick(cx).is_ready() {
            is_due = true;
        }
        if is_due { Poll::Ready(Some(())) } else { Poll::Pending }
    }
}
