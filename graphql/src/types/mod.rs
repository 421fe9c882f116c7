//! Output types. Each wraps a value that the service returns.
//!
//! async-graphql makes a future for each field of an answer. It is as large as that of the type's largest resolver. So large
//! resolvers of types with many fields are boxed.

pub mod activity;
pub mod api_key;
pub mod audit;
pub mod booking;
pub mod connection;
pub mod instance;
pub mod node;
pub mod person;
pub mod presence;
pub mod queue;
pub mod scalars;
pub mod session;
pub mod statistics;
pub mod sweep;

/// A count as an `Int` of GraphQL.
pub fn as_int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
