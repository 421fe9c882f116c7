//! Writes the status of instances and the placements of people, as `domain` decides them, together with their changes.
//! The sweep, and everything that saves an instance or a check-in, uses this module.

pub(crate) mod facts;
pub(crate) mod placement;
pub(crate) mod update;
