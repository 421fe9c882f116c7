//! Visits, through the service on both databases and through the real program.

mod abuse;
mod clients;
mod devices;
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
