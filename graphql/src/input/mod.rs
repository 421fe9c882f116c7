//! Input types: what clients send, and how it is checked.

pub mod api_key;
pub mod booking;
pub mod calendar;
pub mod instance;
pub mod person;
pub mod presence;
pub mod session;

use async_graphql::{ID, MaybeUndefined};
use domain::ids::PersonId;

use crate::{
    context::{Result, parse_id},
    error::ApiError,
};

/// A field of a patch that may be cleared: if it is left out, the value stays; null clears it.
#[expect(clippy::option_option, reason = "the form of the service's patches")]
pub fn clearable<T, U>(value: MaybeUndefined<T>, convert: impl FnOnce(T) -> U) -> Option<Option<U>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(convert(value))),
    }
}

/// A field of a patch that can't be cleared: if it is left out, the value stays; null is an error.
pub fn lasting<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(ApiError::invalid(field, "can't be null: leave it out to keep its value")),
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// Parses an id that may be left out.
pub fn optional_id(field: &str, id: Option<&ID>) -> Result<Option<PersonId>> {
    id.map(|id| parse_id(field, id)).transpose()
}
