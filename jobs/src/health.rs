//! The state of the workers of this process, for `/health/ready` and metrics.

use std::fmt::Display;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;

/// The state of the workers of this process.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// Where jobs wait: `redis`, or `process`.
    pub queue: &'static str,
    /// Whether jobs are taken from the queue. If not, timers and sweeps do the work, up to a second later.
    pub queue_is_alive: bool,
    /// When Redis last answered the worker's heartbeat.
    pub queue_heartbeat_at: Option<DateTime<Utc>>,
    /// When timers last read from the database what falls due next. They read at least once a second.
    pub timers_looked_at: Option<DateTime<Utc>>,
    /// When this process last saw that a periodic sweep was done, by itself or by another worker.
    pub periodic_sweep_at: Option<DateTime<Utc>>,
    pub jobs_done: u64,
    pub jobs_failed: u64,
    pub last_failure: Option<Failure>,
}

/// A failure. The work is retried, or left to the next sweep.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    pub at: DateTime<Utc>,
    /// What failed: `queue`, `job`, `timers` or `schedule`.
    pub part: &'static str,
    /// For the log only. It may contain internal details, so it is not serialized.
    #[serde(skip)]
    pub error: String,
}

/// A queue without a heartbeat for this long counts as dead.
const HEARTBEAT_TIMEOUT: TimeDelta = TimeDelta::seconds(15);

/// The state as each part records it.
#[derive(Debug)]
pub(crate) struct Status(Mutex<Health>);

impl Status {
    pub fn new(queue: &'static str) -> Self {
        Self(Mutex::new(Health {
            queue,
            queue_is_alive: false,
            queue_heartbeat_at: None,
            timers_looked_at: None,
            periodic_sweep_at: None,
            jobs_done: 0,
            jobs_failed: 0,
            last_failure: None,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Health> {
        self.0.lock()
    }

    pub fn health(&self, now: DateTime<Utc>) -> Health {
        let mut health = self.lock().clone();
        health.queue_is_alive &= health.queue_heartbeat_at.is_none_or(|at| now - at <= HEARTBEAT_TIMEOUT);
        health
    }

    /// Records that the queue's worker runs. True if it did not run before.
    pub fn queue_is_alive(&self, heartbeat_at: Option<DateTime<Utc>>) -> bool {
        let mut health = self.lock();
        health.queue_heartbeat_at = heartbeat_at;
        !std::mem::replace(&mut health.queue_is_alive, true)
    }

    /// Records that the queue's worker ended. True if it ran before.
    pub fn queue_ended(&self) -> bool {
        std::mem::take(&mut self.lock().queue_is_alive)
    }

    pub fn timers_looked(&self, at: DateTime<Utc>) {
        self.lock().timers_looked_at = Some(at);
    }

    pub fn periodic_sweep_done(&self, at: DateTime<Utc>) {
        self.lock().periodic_sweep_at = Some(at);
    }

    pub fn job_done(&self) {
        self.lock().jobs_done += 1;
    }

    pub fn job_failed(&self, at: DateTime<Utc>, error: &impl Display) {
        self.lock().jobs_failed += 1;
        self.failed(at, "job", error);
    }

    pub fn failed(&self, at: DateTime<Utc>, part: &'static str, error: &impl Display) {
        self.lock().last_failure = Some(Failure { at, part, error: error.to_string() });
    }
}
