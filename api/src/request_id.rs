//! The id of a request: what the client or a proxy gave it, or one of ours. The log names it, and the answer has it.

use axum::http::{HeaderMap, HeaderName};
use graphql::document::shortened;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request with these headers; empty where the server's layers have not seen it.
pub fn of(headers: &HeaderMap) -> String {
    shortened(headers.get(HEADER).and_then(|id| id.to_str().ok()).unwrap_or_default())
}
