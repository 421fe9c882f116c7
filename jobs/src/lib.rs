//! What happens without a request: queued jobs, the periodic sweeps, timers.
//!
//! Terms: a *job* is something to do that can be named in a few bytes ([`job::Job`]); the *queue* brings it to a
//! worker, through Redis or within the process; a *tick* is an instant that a schedule calls for; *timers* wait for the
//! instant at which something falls due.
//!
//! It always holds that the database is the truth and everything here only a trigger. A job that is lost is found by
//! its mark in the database, by the timers within a second; one that runs twice changes nothing the second time; a tick
//! is run once by its row in `sweep_run`. So Redis may stop, lose everything and come back, and workers may die at any
//! point: news come later, and nothing else.
//!
//! A program makes the queue first ([`redis_queue`] or [`local_queue`]), then its `App` with it, then, where jobs are
//! to run, starts [`Workers`] with both.

mod health;
mod job;
mod local;
mod periodic;
mod prune;
mod queue;
mod recompute;
mod redis;
mod supervise;
#[cfg(test)]
mod tests;
mod timers;
mod vacuum;
mod workers;
mod zone_data;

pub use health::{Failure, Health};
pub use queue::{QueueHandle, local_queue, redis_queue};
pub use workers::Workers;
