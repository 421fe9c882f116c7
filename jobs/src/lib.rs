//! Background work: queued jobs, periodic sweeps, timers.
//!
//! Terms: a *job* is a piece of work that can be named in a few bytes ([`job::Job`]). The *queue* brings jobs to workers,
//! through Redis or within the process. A *tick* is an instant at which a schedule puts a job into the queue. *Timers* wait
//! for the instant at which something falls due.
//!
//! Invariants:
//! - The database is the truth, and everything here only triggers work. A lost job delays the work by at most a second: the
//!   session is still marked in the database, where timers find the mark.
//! - Each job is idempotent. It may run twice, late or never. Each tick runs once, because it has one row in `sweep_run`.
//! - So Redis may stop, lose its data and return, and workers may die at any point. Changes are then late, and nothing else.
//!
//! Each module uses only modules that stand before it in this list: `job`, `health` and `error`; `queue`; `context`, which jobs
//! share; `run`, with one file for each job; `workers`, which take jobs from the queue; `schedule` and `timers`, which find
//! work by themselves; and `supervise`, which starts everything and restarts what dies.
//!
//! A program first makes the queue ([`redis_queue`] or [`local_queue`]), then its `App` with it. If the process is to run jobs,
//! it then starts [`Workers`] with both. Every process also runs [`follow_zone_data`].

mod context;
mod error;
mod health;
mod job;
mod queue;
mod run;
mod schedule;
mod supervise;
#[cfg(test)]
mod tests;
mod timers;
mod workers;
mod zone_data;

pub use health::{Failure, Health};
pub use queue::{JobQueueHandle, local_queue, redis_queue, watch_rights};
pub use supervise::Workers;
pub use zone_data::follow_zone_data;
