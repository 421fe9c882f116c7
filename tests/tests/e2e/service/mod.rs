//! The service in this process, on both databases: the real migrations, a clock that the test moves, no queue.
//!
//! Terms: a *world* is a database with the service upon it. Rows are written *raw* when nothing is to follow from it,
//! as by hand in the database; else by the service's own functions. A world is *right* when every stored status and
//! place is what `domain` decides upon the stored facts, and the log, replayed from nothing, gives the same.

mod gone;
mod log;
mod property;
pub mod races;
mod right;
mod saves;
mod sweeps;
mod vectors;
pub mod world;
mod year;
