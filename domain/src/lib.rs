//! The rules of InSession as pure functions: stored facts and an instant in, status out, and the next instant at
//! which that status changes.
//!
//! Nothing here awaits, reads a clock of its own accord, or knows a database: whoever calls brings the facts and the
//! instant. Rule numbers in the documentation are those of ARCHITECTURE.md, "The rules".

pub mod access;
pub mod autocreate;
pub mod booking;
pub mod clock;
pub mod ids;
pub mod news;
pub mod placement;
pub mod presence;
pub mod recurrence;
pub mod retime;
pub mod status;
pub mod window;
pub mod zone;
