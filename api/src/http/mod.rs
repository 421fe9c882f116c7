//! What is served over HTTP.

mod assets;
pub mod calendar;
pub mod cron;
pub mod graphiql;
pub mod graphql;
pub mod origin;
pub mod pages;
