//! HTTP routes for programs: GraphQL and cron. Pages for browsers are in the crate `web`.

pub mod cron;
pub mod graphql;
