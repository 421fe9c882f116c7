//! What is served over HTTP.

pub mod calendar;
pub mod graphiql;
pub mod graphql;
