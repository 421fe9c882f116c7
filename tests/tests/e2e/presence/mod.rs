//! Visits: the rules through the service on both databases, and through the program as clients see it.

mod abuse;
mod clients;
pub mod race;
mod rules;
mod sockets;
mod statistics;
mod vectors;
pub mod visitors;
