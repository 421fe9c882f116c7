//! Subscriptions over HTTP, as a multipart response that does not end by itself.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_graphql::Response;
use auth::{Authenticator, Identity};
use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
};
use futures_util::{Stream, StreamExt as _, stream, stream::BoxStream};
use graphql::error::{ApiError, add_missing_codes, is_failure, is_request_error};
use tokio_util::sync::CancellationToken;

use super::{answer::Errors, token_error};
use crate::admission::Permit;

/// The interval between the heartbeats of a multipart subscription.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Apollo's multipart protocol for subscriptions, version 1.0.
///
/// `permit` is held as long as the stream.
pub(super) fn multipart_answer(
    responses: BoxStream<'static, Response>,
    identity: Identity,
    authenticator: Arc<Authenticator>,
    closing: CancellationToken,
    permit: Option<Permit>,
) -> axum::response::Response {
    let chunks = multipart_chunks(responses, identity, authenticator, closing);
    let chunks = chunks.map(move |chunk| {
        let _ = &permit;
        Ok::<_, Infallible>(chunk)
    });
    let mut answer = axum::response::Response::new(Body::from_stream(chunks));
    let headers = answer.headers_mut();
    let content_type = HeaderValue::from_static("multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0");
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Asks proxies not to buffer the response.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}

/// The body of a multipart answer. A delimiter follows each part at once, not with the next part: a client sees the
/// end of a part only there.
fn multipart_chunks(
    responses: BoxStream<'static, Response>,
    identity: Identity,
    authenticator: Arc<Authenticator>,
    closing: CancellationToken,
) -> impl Stream<Item = Bytes> + Send {
    let first = stream::once(async { Bytes::from_static(b"--graphql") });
    first.chain(stream::unfold(Some(responses), move |responses| {
        let (authenticator, closing) = (Arc::clone(&authenticator), closing.clone());
        async move {
            let mut responses = responses?;
            if let Err(error) = authenticator.expect_valid(&identity) {
                return Some((last_part(token_error(error)), None));
            }
            let patience = authenticator.time_left(&identity).map_or(HEARTBEAT, |left| left.min(HEARTBEAT));
            tokio::select! {
                () = closing.cancelled() => Some((Bytes::from_static(b"--\r\n"), None)),
                response = responses.next() => match response {
                    Some(mut response) => {
                        add_missing_codes(&mut response);
                        // An incomplete item is not sent. The client gets an error, and resumes from its last cursor.
                        if is_failure(&response) {
                            return Some((last_part(ApiError::internal("an item of a subscription failed")), None));
                        }
                        Some((response_part(&response), Some(responses)))
                    }
                    None => Some((Bytes::from_static(b"--\r\n"), None)),
                },
                () = tokio::time::sleep(patience) => Some((part("{}"), Some(responses))),
            }
        }
    }))
}

fn response_part(response: &Response) -> Bytes {
    let json = if is_request_error(response) {
        serde_json::to_string(&Errors { errors: &response.errors })
    } else {
        serde_json::to_string(response)
    };
    match json {
        Ok(json) => part(&format!("{{\"payload\":{json}}}")),
        Err(error) => {
            let response = ApiError::internal(error).into_response();
            let json = serde_json::to_string(&Errors { errors: &response.errors }).unwrap_or_default();
            part(&format!("{{\"payload\":{json}}}"))
        }
    }
}

/// A transport error. In this protocol it is beside the payload, which is null.
fn last_part(error: ApiError) -> Bytes {
    let response = error.into_response();
    let errors = serde_json::to_string(&response.errors).unwrap_or_default();
    let mut bytes = part(&format!("{{\"payload\":null,\"errors\":{errors}}}")).to_vec();
    bytes.extend_from_slice(b"--\r\n");
    bytes.into()
}

fn part(json: &str) -> Bytes {
    Bytes::from(format!("\r\nContent-Type: application/json\r\n\r\n{json}\r\n--graphql"))
}
