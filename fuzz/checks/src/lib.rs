//! Checks that must hold for any input from outside. There is one function for each kind of input. It takes any bytes, and panics
//! when a check fails.
//!
//! The tests of this crate run the checks on some hundreds of inputs, the targets in `fuzz` on millions.

pub mod cursors;
pub mod documents;
pub mod ids;
pub mod recurrence;
pub mod sockets;
mod stage;
pub mod values;
