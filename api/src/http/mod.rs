//! What is served over HTTP.

pub mod graphiql;
pub mod graphql;
