//! The rules held against the vectors in `tests/vectors`, and against second, naive versions of themselves.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing where something must be fails right there")]

mod autocreate_property;
mod naive;
mod presence;
mod recurrence_property;
mod status_property;
mod vectors;
