//! What is served over HTTP, beside what browsers are.

pub mod cron;
pub mod graphql;
