//! What holds whatever a stranger sends: one function for each thing that is read from outside, which takes any bytes and
//! panics when it does not hold.
//!
//! The tests of this crate ask that of some hundreds of inputs, the targets in `fuzz` of millions.

pub mod cursors;
pub mod documents;
pub mod ids;
pub mod recurrence;
pub mod sockets;
mod stage;
pub mod values;
