//! What clients send.

pub mod booking;
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

/// Left out: as it is. Null: cleared.
#[expect(clippy::option_option, reason = "the form of the service's patches")]
pub fn clearable<T, U>(value: MaybeUndefined<T>, convert: impl FnOnce(T) -> U) -> Option<Option<U>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(convert(value))),
    }
}

/// Left out: as it is. Null is refused.
pub fn lasting<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => {
            Err(ApiError::bad_user_input(format!("{field} can't be cleared: leave it out to keep it")).at_field(field))
        }
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// Reads an id that may be left out.
pub fn optional_id(field: &str, id: Option<&ID>) -> Result<Option<PersonId>> {
    id.map(|id| parse_id(field, id)).transpose()
}
