//! Tests of the rules against the vectors in `tests/vectors`, and against independent, naive implementations.

#![expect(clippy::unwrap_used, reason = "a missing value fails the test at that line")]

mod autocreate_property;
mod naive;
mod presence;
mod queue_model;
mod queue_property;
mod recurrence_property;
mod status_property;
mod vectors;
