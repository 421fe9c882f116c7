//! The service in this process, on both databases, with the real migrations, a clock that the test moves, and no queue.
//!
//! Terms: a *world* is a database with the service on it. *Raw* rows are written directly into the database, so that
//! nothing follows from them; other rows are written by the service. A world is *consistent* when every stored status
//! and placement is what `domain` computes from the stored facts, and when replaying the whole log gives the same.

mod consistency;
mod log;
mod near;
mod property;
pub mod races;
mod removal_races;
mod round_trips;
mod saves;
mod sweeps;
mod vectors;
pub mod world;
mod year;
