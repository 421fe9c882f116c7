//! The server: GraphQL over HTTP and WebSockets, health, metrics, and the pages of the crate `web`.

pub mod admission;
mod client_address;
mod connections;
pub mod documents;
pub mod http;
pub mod large_requests;
mod listening;
pub mod log_source;
pub mod metrics;
mod page_limit;
pub mod repeats;
pub mod request_id;
pub mod server;
mod stopping;
pub mod telemetry;
pub mod ws;
