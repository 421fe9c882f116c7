//! What every InSession process does, whichever front door the request came through: say who may, load the facts,
//! let `domain` decide, write the result together with its news, answer.
//!
//! Terms: an [`App`] is what a use case needs (database, clock, wake-ups, queue); a [`db::Tx`] is a writing transaction
//! that gathers its news and writes them as its last statements.

pub mod app;
pub mod audit;
pub mod bookings;
pub mod calendar;
pub mod changes;
pub mod check_ins;
pub mod config;
pub mod cursor;
pub mod db;
pub mod erasure;
pub mod error;
pub mod facts;
pub mod instances;
pub mod lists;
pub mod meetings;
pub mod merging;
pub mod operations;
pub mod people;
pub mod placing;
pub mod presence;
pub mod prune;
pub mod session_deletion;
pub mod sessions;
pub mod settle;
pub mod sign_in;
pub mod sweep;
pub mod time_slots;
pub mod validate;
pub mod wake;

pub use app::App;
pub use entity;
pub use error::{Error, Result};
