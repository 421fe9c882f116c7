//! The rules of InSession as pure functions.
//!
//! A function takes stored facts and an instant. It returns the status, and the next instant at which that status
//! changes.
//!
//! This crate does no I/O: no function awaits, and none knows a database. The caller loads the facts and passes the
//! instant. Only [`clock::SystemClock`] reads the wall clock.
//!
//! Rule numbers in this documentation are those of ARCHITECTURE.md, "The rules".

#[macro_use]
pub mod text;

pub mod access;
pub mod autocreate;
pub mod booking;
pub mod characters;
pub mod check_in;
pub mod clock;
pub mod dates;
pub mod door;
pub mod geo;
pub mod ids;
pub mod import;
pub mod language;
pub mod matching;
pub mod news;
pub mod placement;
pub mod presence;
pub mod recurrence;
pub mod retime;
pub mod search;
pub mod status;
pub mod window;
pub mod zone;
