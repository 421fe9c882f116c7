//! Visits, through the service on both databases and through the real program.

mod abuse;
mod at_once;
mod clients;
mod devices;
mod model;
mod people;
mod queue;
pub mod race;
mod roster;
mod rules;
mod sockets;
mod statistics;
mod storm;
mod vectors;
pub mod visitors;
mod waiting;
