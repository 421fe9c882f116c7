//! Checks that must pass for any input from outside. Each kind of input has one function, which takes any bytes and
//! panics when a check fails.
//!
//! The tests of this crate run the checks on some hundreds of inputs. The targets in `fuzz` run them on millions.

pub mod cursors;
pub mod documents;
pub mod ids;
pub mod recurrence;
pub mod sockets;
mod stage;
pub mod values;
