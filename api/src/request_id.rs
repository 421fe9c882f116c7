//! The request id. It comes from the client or a proxy, or else is generated here. It is in the server's log and in the
//! response.

use axum::http::{HeaderMap, HeaderName};
use graphql::document::shortened;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The request id in these headers, shortened. It is empty when the request has not passed the server's layers.
pub fn of(headers: &HeaderMap) -> String {
    shortened(headers.get(HEADER).and_then(|id| id.to_str().ok()).unwrap_or_default())
}
