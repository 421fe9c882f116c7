//! How the workers of this process are, for `/health/ready` and metrics.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// A look at the workers of this process.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// Where jobs wait: `redis`, or `process`.
    pub queue: &'static str,
    /// Are jobs being taken from the queue? When not, timers and sweeps do their work, up to a second later.
    pub queue_is_alive: bool,
    /// When Redis last answered the worker's heartbeat.
    pub queue_heartbeat_at: Option<DateTime<Utc>>,
    /// When timers last read what falls due next; they do so at least once a second.
    pub timers_looked_at: Option<DateTime<Utc>>,
    /// When this process last knew the periodic sweep of a tick to be done, by itself or by another worker.
    pub periodic_sweep_at: Option<DateTime<Utc>>,
    pub jobs_done: u64,
    pub jobs_failed: u64,
    pub last_failure: Option<Failure>,
}

/// Something that did not work. It is being tried again, or left to the next sweep.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    pub at: DateTime<Utc>,
    /// Of what: `queue`, `job`, `timers`, `schedule`, `zone data`.
    pub part: &'static str,
    /// For the log: not serialized, for it may tell of the inside.
    #[serde(skip)]
    pub error: String,
}

/// After so long without a heartbeat a queue counts as dead.
const SILENCE: TimeDelta = TimeDelta::seconds(15);

/// Where the parts note how they are.
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn look(&self, now: DateTime<Utc>) -> Health {
        let mut health = self.lock().clone();
        health.queue_is_alive &= health.queue_heartbeat_at.is_none_or(|at| now - at <= SILENCE);
        health
    }

    /// The queue's worker runs; whether it didn't before.
    pub fn queue_is_alive(&self, heartbeat_at: Option<DateTime<Utc>>) -> bool {
        let mut health = self.lock();
        health.queue_heartbeat_at = heartbeat_at;
        !std::mem::replace(&mut health.queue_is_alive, true)
    }

    /// The queue's worker ended; whether it was alive.
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

    pub fn job_failed(&self, at: DateTime<Utc>, error: &str) {
        self.lock().jobs_failed += 1;
        self.failed(at, "job", error);
    }

    pub fn failed(&self, at: DateTime<Utc>, part: &'static str, error: &str) {
        self.lock().last_failure = Some(Failure { at, part, error: error.to_owned() });
    }
}
