//! InSession's front door: GraphQL over HTTP and WebSockets, and what browsers are served.

pub mod admission;
pub mod http;
pub mod log_source;
pub mod metrics;
pub mod request_id;
pub mod server;
mod stopping;
pub mod telemetry;
pub mod ws;
