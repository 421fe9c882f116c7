//! The stored status of instances, and the placements of people: what `domain` decides, written with its changes. The
//! sweep, and everything that saves an instance or a check-in, writes them through this module.

pub(crate) mod facts;
pub(crate) mod placement;
pub(crate) mod update;
