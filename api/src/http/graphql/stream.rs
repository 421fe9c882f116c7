//! Subscriptions over HTTP: a response that does not end by itself. There is one stream of parts, and two encodings of it:
//!
//! - Apollo's multipart protocol for subscriptions, version 1.0;
//! - GraphQL over server-sent events, in the mode of distinct connections. The id of an event is the cursor of its message.
//!
//! An event stream that the server ends early has no `complete`. So its client connects again, and resumes with the id of
//! the last event.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_graphql::Response;
use auth::{Authenticator, Identity};
use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE, VARY},
    },
};
use futures_util::{Stream, StreamExt as _, stream, stream::BoxStream};
use graphql::{
    error::{ApiError, ErrorCode, add_missing_codes, is_failure, is_request_error},
    subscribe::LastCursor,
};
use tokio_util::sync::CancellationToken;

use super::{answer::Errors, negotiation::StreamType, token_error};
use crate::admission::Permit;

/// The interval between the heartbeats of a stream.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What a stream needs besides its responses.
pub(super) struct Streaming {
    pub(super) identity: Identity,
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) closing: CancellationToken,
    /// The cursor of the last message that was made.
    pub(super) cursor: LastCursor,
    #[expect(dead_code, reason = "held as long as the stream")]
    pub(super) permit: Option<Permit>,
}

/// The response to a subscription.
pub(super) fn stream_answer(
    responses: BoxStream<'static, Response>,
    encoding: StreamType,
    streaming: Streaming,
) -> axum::response::Response {
    let begin = stream::once(async move { encoding.begin() });
    let parts = parts(responses, streaming).map(move |part| encoding.encode(part));
    encoding.answer(Body::from_stream(begin.chain(parts).map(Ok::<_, Infallible>)))
}

/// Encodes a single response as a stream of events.
pub(super) fn single_event_answer(response: Response) -> axum::response::Response {
    let encoding = StreamType::Events;
    let item = encoding.encode(Part::Item(Box::new(response), None));
    let complete = encoding.encode(Part::Complete);
    encoding.answer(Body::from([item, complete].concat()))
}

/// One part of a stream.
enum Part {
    /// A response, and the cursor of its message.
    Item(Box<Response>, Option<String>),
    Heartbeat,
    /// The token is no longer valid. This is the last part.
    Refused(ApiError),
    /// A message could not be made. The client resumes after its last one. This is the last part.
    Failed(ApiError),
    /// There are no more messages. This is the last part.
    Complete,
    /// The server stops, and another server continues the stream. This is the last part.
    Closed(ApiError),
}

impl Part {
    const fn is_last(&self) -> bool {
        !matches!(self, Self::Item(..) | Self::Heartbeat)
    }
}

fn parts(responses: BoxStream<'static, Response>, streaming: Streaming) -> impl Stream<Item = Part> + Send {
    stream::unfold(Some((responses, streaming)), |open| async move {
        let (mut responses, streaming) = open?;
        let part = next_part(&mut responses, &streaming).await;
        let is_last = part.is_last();
        Some((part, (!is_last).then_some((responses, streaming))))
    })
}

async fn next_part(responses: &mut BoxStream<'static, Response>, streaming: &Streaming) -> Part {
    let Streaming { identity, authenticator, closing, cursor, .. } = streaming;
    if let Err(error) = authenticator.expect_valid(identity) {
        return Part::Refused(token_error(error));
    }
    let patience = authenticator.time_left(identity).map_or(HEARTBEAT, |left| left.min(HEARTBEAT));
    tokio::select! {
        biased;
        () = closing.cancelled() => Part::Closed(stopping()),
        response = responses.next() => match response {
            Some(mut response) => {
                // The message may have been long in coming.
                if let Err(error) = authenticator.expect_valid(identity) {
                    return Part::Refused(token_error(error));
                }
                add_missing_codes(&mut response);
                // A response in which a part failed is not sent, because it is incomplete.
                if is_failure(&response) {
                    return Part::Failed(ApiError::internal("an item of a subscription failed"));
                }
                Part::Item(Box::new(response), cursor.take())
            }
            // The hub's responses end, too, when the server stops.
            None if closing.is_cancelled() => Part::Closed(stopping()),
            None => Part::Complete,
        },
        () = tokio::time::sleep(patience) => Part::Heartbeat,
    }
}

/// The error of a stream that ends because the server stops. It is not a failure, so it is not written to the log.
fn stopping() -> ApiError {
    ApiError::new(ErrorCode::Internal, "The server stops, such as for a restart: subscribe again with the last cursor.")
}

impl StreamType {
    fn answer(self, body: Body) -> axum::response::Response {
        let mut answer = axum::response::Response::new(body);
        let headers = answer.headers_mut();
        let content_type = match self {
            Self::Multipart => "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0",
            Self::Events => "text/event-stream; charset=utf-8",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("accept, authorization"));
        // Asks proxies not to buffer the response.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        answer
    }

    /// The bytes before the first part. With multipart, the delimiter follows each part at once and not with the next part,
    /// because a client takes a part for complete only at the delimiter.
    fn begin(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Multipart => b"--graphql",
            // A comment. It shows clients and proxies at once that the stream is open.
            Self::Events => b":\n\n",
        })
    }

    fn encode(self, part: Part) -> Bytes {
        match self {
            Self::Multipart => multipart_bytes(part),
            Self::Events => event_bytes(part),
        }
    }
}

fn multipart_bytes(part: Part) -> Bytes {
    const END: &str = "--\r\n";

    let with_body = |json: &str, end: &str| {
        Bytes::from(format!("\r\nContent-Type: application/json\r\n\r\n{json}\r\n--graphql{end}"))
    };
    match part {
        Part::Item(response, _) => with_body(&format!("{{\"payload\":{}}}", response_json(&response)), ""),
        Part::Heartbeat => with_body("{}", ""),
        // In this protocol, errors of the transport stand beside the payload, which is then null.
        Part::Refused(error) | Part::Failed(error) | Part::Closed(error) => {
            let response = error.into_response();
            let errors = serde_json::to_string(&response.errors).unwrap_or_default();
            with_body(&format!("{{\"payload\":null,\"errors\":{errors}}}"), END)
        }
        Part::Complete => Bytes::from_static(END.as_bytes()),
    }
}

fn event_bytes(part: Part) -> Bytes {
    // Browsers dispatch an event only if it has the field `data`, which may be empty.
    const COMPLETE: &str = "event: complete\ndata:\n\n";

    // JSON has no line breaks, so it is one line of data.
    let next = |response: &Response| format!("event: next\ndata: {}\n\n", response_json(response));
    match part {
        Part::Item(response, Some(cursor)) => Bytes::from(format!("id: {cursor}\n{}", next(&response))),
        Part::Item(response, None) => Bytes::from(next(&response)),
        Part::Heartbeat => Bytes::from_static(b":\n\n"),
        Part::Refused(error) => Bytes::from(next(&error.into_response()) + COMPLETE),
        Part::Failed(error) => Bytes::from(next(&error.into_response())),
        Part::Complete => Bytes::from_static(COMPLETE.as_bytes()),
        // Without `complete`, the client connects again by itself.
        Part::Closed(_) => Bytes::new(),
    }
}

fn response_json(response: &Response) -> String {
    let errors = |response: &Response| serde_json::to_string(&Errors { errors: &response.errors });
    let json = if is_request_error(response) { errors(response) } else { serde_json::to_string(response) };
    json.unwrap_or_else(|error| errors(&ApiError::internal(error).into_response()).unwrap_or_default())
}
