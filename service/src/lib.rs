//! The use cases of InSession, whichever interface a request comes through. A use case checks rights, loads the facts,
//! lets `domain` decide, writes the result and its changes, and answers.
//!
//! Terms:
//!
//! - An [`App`] is the context of a use case: the database, the clock, the zone data, the wake-ups, the queue.
//! - A [`db::Tx`] is a writing transaction. It collects its changes for the log and writes them as its last statements.

pub mod app;
pub mod audit;
pub mod bookings;
pub mod calendar;
pub mod check_ins;
pub mod db;
pub mod door;
pub mod error;
pub mod idempotency;
pub mod import;
pub mod instances;
pub mod lists;
pub mod log;
pub mod operations;
pub mod people;
pub mod presence;
pub mod prune;
pub mod rate;
mod refusal;
mod rights;
mod seal;
mod secret;
pub mod sessions;
pub mod settings;
mod status;
pub mod sweep;
pub mod validate;
pub mod zones;

pub use app::App;
pub use error::{Error, FieldError, FieldErrors, Result, TRY_AGAIN_AFTER};
pub use refusal::Refusal;
