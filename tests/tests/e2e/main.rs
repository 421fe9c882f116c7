//! One binary, so that its tests share one PostgreSQL and link once.

mod audit;
mod bookings;
mod browser;
mod crash;
mod delivery;
mod faults;
mod field_rights;
mod fixtures;
mod fuzz;
mod harness;
mod input;
mod limits;
mod live;
mod load;
mod migrations;
mod operations;
mod presence;
mod protocol;
mod rights;
mod service;
mod sign_in;
mod soak;
mod statements;
mod tls;
mod traces;
mod upkeep;
