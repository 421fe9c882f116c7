//! The change log: changes are written in the transaction that makes them, published in order, and read by subscribers.
//!
//! Terms:
//!
//! - A *change* is one row of the log: one thing that happened.
//! - A *batch* is the changes of one transaction.
//! - *News* is what a transaction collects for the log, before it writes the batch.
//! - A *position* is the number of a change in the order of the log.
//! - *Publishing* gives positions to batches that are committed.
//!
//! How the order comes about (rule 22):
//!
//! - A transaction inserts its batch last, while everything that it changed is still locked. So for one instance or
//!   person, the ids of batches grow in the order of the commits.
//! - A batch is published after it has become visible. All publishing happens under one lock, so positions become
//!   visible in order, and no reader skips one.
//! - An open transaction is not visible. It delays its own changes, and no others.
//!
//! Counts are published at most once a second for each instance (rule 24). A transaction that changes them inserts a
//! row into `count_change`. The publisher turns all rows of an instance into one `UPDATED`.

pub mod cursor;
mod news;
mod publish;
mod read;
pub mod wake;
mod write;

pub(crate) use self::write::add_news;
pub use self::{
    cursor::InstallationKey,
    news::{ChangeTarget, News},
    publish::{Published, publish, snapshot},
    read::{head, oldest, read_after},
};
