//! GraphQL over HTTP, by the draft specification "GraphQL over HTTP": queries by GET and POST, mutations by POST, subscriptions
//! as multipart or as server-sent events.
//!
//! Invariants:
//!
//! - A POST is `application/json`, so a page of another site cannot send one without a CORS preflight.
//! - A GET never changes anything.
//! - Every error, including those of HTTP itself, is a GraphQL error with a code.
//! - A mutation that has begun is finished, even when its client disconnects.
//!
//! Terms:
//!
//! - *request error*: the request was not executed (GraphQL specification, 7.1). The answer has no `data`. Its status is 400,
//!   or 200 if the client accepts only `application/json`, as the draft wants.
//! - *refusal*: the HTTP request itself is wrong, or requests come too often. The status shows this, whatever media types the
//!   client accepts.

mod answer;
mod negotiation;
mod reading;
mod stream;
#[cfg(test)]
mod tests;

use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Executor, Request, Response, parser::types::OperationType};
use auth::{
    AuthError, Authenticator, Identity,
    unread::{has_unread_token, is_unread_header},
};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::AUTHORIZATION, request::Parts},
    routing::any,
};
use domain::access::Viewer;
use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use graphql::{
    document::Reader,
    error::{ApiError, ErrorCode, add_missing_codes},
    idempotency::{self, IdempotencyKey},
    operation::Operation,
    query_permits::QueryPermit,
    subscribe::{LastCursor, ResumeAfter},
};
use service::TRY_AGAIN_AFTER;
use sha2::{Digest as _, Sha256};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::util::MapRequestLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tracing::{Instrument as _, Span};

use self::{
    answer::{Refusal, single_answer},
    negotiation::{Accept, MediaType, StreamType},
    reading::{last_event_id, name_gzip, read_address, read_body, receive},
    stream::{Streaming, single_event_answer, stream_answer},
};
pub use self::{
    answer::{refuse_connection, refuse_origin},
    reading::BODY_LIMIT,
};
use crate::{
    admission::Admission,
    documents::{DocumentKey, Documents, HeldDocument},
    large_requests::LargeRequests,
};

/// The response header with the price of the operation, in points.
const COST: HeaderName = HeaderName::from_static("x-query-cost");

/// A function that adds data to a request before it is read, such as the client's address.
type PrepareRequest = dyn Fn(Request, &Parts) -> Request + Send + Sync;

/// The endpoint `/graphql`: the executor of requests, with everything that a request needs.
pub struct GraphqlEndpoint<E> {
    executor: E,
    reader: Reader,
    authenticator: Arc<Authenticator>,
    prepare: Arc<PrepareRequest>,
    mutations: TaskTracker,
    admission: Option<Admission>,
    documents: Option<Documents>,
    large_requests: LargeRequests,
    closing: CancellationToken,
}

impl<E: Clone> Clone for GraphqlEndpoint<E> {
    fn clone(&self) -> Self {
        Self {
            executor: self.executor.clone(),
            reader: self.reader.clone(),
            authenticator: Arc::clone(&self.authenticator),
            prepare: Arc::clone(&self.prepare),
            mutations: self.mutations.clone(),
            admission: self.admission.clone(),
            documents: self.documents.clone(),
            large_requests: self.large_requests.clone(),
            closing: self.closing.clone(),
        }
    }
}

impl<E> fmt::Debug for GraphqlEndpoint<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphqlEndpoint").finish_non_exhaustive()
    }
}

impl<E: Executor> GraphqlEndpoint<E> {
    /// `reader` must read documents for the schema that `executor` executes.
    pub fn new(executor: E, reader: Reader, authenticator: Arc<Authenticator>) -> Self {
        Self {
            executor,
            reader,
            authenticator,
            prepare: Arc::new(|request, _| request),
            mutations: TaskTracker::new(),
            admission: None,
            documents: None,
            large_requests: LargeRequests::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Subscriptions need a permit of `admission`, as sockets do.
    #[must_use]
    pub fn admit_with(self, admission: Admission) -> Self {
        Self { admission: Some(admission), ..self }
    }

    /// The memory that subscriptions over HTTP keep is counted in `documents`, as that of subscriptions on sockets is.
    #[must_use]
    pub fn hold_in(self, documents: Documents) -> Self {
        Self { documents: Some(documents), ..self }
    }

    /// Large bodies share the permits to read them with the messages of sockets.
    #[must_use]
    pub fn read_large_with(self, large_requests: LargeRequests) -> Self {
        Self { large_requests, ..self }
    }

    /// Every request goes through `prepare` before it is read. At that point it already has the data
    /// [`Viewer`](domain::access::Viewer).
    #[must_use]
    pub fn prepare_with(self, prepare: impl Fn(Request, &Parts) -> Request + Send + Sync + 'static) -> Self {
        Self { prepare: Arc::new(prepare), ..self }
    }

    /// Mutations run as tasks of `mutations`. A shutdown waits for them.
    #[must_use]
    pub fn track_mutations_with(self, mutations: TaskTracker) -> Self {
        Self { mutations, ..self }
    }

    /// Cancelling `closing` ends the subscriptions, which do not end by themselves.
    #[must_use]
    pub fn close_with(self, closing: CancellationToken) -> Self {
        Self { closing, ..self }
    }

    /// The route `/graphql`.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        // The layer passes on a body whose encoding it does not know. [`read_body`] refuses it.
        let decompression = RequestDecompressionLayer::new().pass_through_unaccepted(true);
        Router::new()
            .route("/graphql", any(serve::<E>))
            .layer((MapRequestLayer::new(name_gzip), decompression))
            .with_state(self)
    }
}

/// The handler behind [`GraphqlEndpoint::router`].
pub async fn serve<E: Executor>(
    State(endpoint): State<GraphqlEndpoint<E>>,
    http_request: axum::extract::Request,
) -> axum::response::Response {
    let (parts, body) = http_request.into_parts();
    let accept = Accept::of(&parts.headers);
    match endpoint.answer(&parts, body, accept).await {
        Ok(answer) => answer,
        Err(refusal) => refusal.into_answer(accept.single.unwrap_or(MediaType::Json)),
    }
}

impl<E: Executor> GraphqlEndpoint<E> {
    async fn answer(&self, parts: &Parts, body: Body, accept: Accept) -> Result<axum::response::Response, Refusal> {
        let by_get = parts.method == Method::GET || parts.method == Method::HEAD;
        if !by_get && parts.method != Method::POST {
            return Err(Refusal::method("GET, POST", "send queries by GET or POST, mutations by POST"));
        }
        if accept.single.is_none() && accept.stream.is_none() {
            let message = "accept application/graphql-response+json, application/json or text/event-stream";
            return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, ApiError::bad_user_input(message)));
        }
        let identity = self.identify(parts).await?;
        let body = if by_get { Vec::new() } else { receive(parts, body).await? };
        let is_large = body.len() > LargeRequests::BYTES;
        let permit = if is_large { Some(self.permit_to_read(parts).await?) } else { None };
        let request =
            if by_get { read_address(parts)? } else { self.read(is_large, move || read_body(&body)).await?? };
        let mut request = (self.prepare)(request.data(identity.viewer), parts);
        let reader = self.reader.clone();
        let read = self.read(is_large, move || reader.read(&mut request).map(|operation| (operation, request))).await?;
        let (operation, request) = match read {
            Ok(read) => read,
            Err(error) => return Ok(accept.answer(Response::from_errors(vec![error]))),
        };
        drop(permit);
        let streams_by_get = parts.method == Method::GET && accept.stream == Some(StreamType::Events);
        let is_read = match operation.kind {
            OperationType::Query => true,
            OperationType::Subscription => streams_by_get,
            OperationType::Mutation => false,
        };
        if by_get && !is_read {
            return Err(Refusal::method("POST", "only queries can be sent by GET: send this by POST"));
        }
        let answer = self.execute(request, &operation, parts, accept, identity).await;
        answer.map(|mut answer| {
            answer.headers_mut().insert(COST, HeaderValue::from(operation.cost.points()));
            answer
        })
    }

    /// Waits until a large body may be read.
    async fn permit_to_read(&self, parts: &Parts) -> Result<QueryPermit, Refusal> {
        let address = self.admission.as_ref().map(|admission| admission.client_of(parts));
        let permit = self.large_requests.permit(address).await;
        permit.map_err(|error| Refusal::new(StatusCode::TOO_MANY_REQUESTS, error))
    }

    /// Does a part of the reading of a request.
    async fn read<T: Send + 'static>(
        &self,
        is_large: bool,
        reading: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        if !is_large {
            return Ok(reading());
        }
        let read = self.large_requests.read(reading).await;
        read.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error))
    }

    async fn execute(
        &self,
        request: Request,
        operation: &Operation,
        parts: &Parts,
        accept: Accept,
        identity: Identity,
    ) -> Result<axum::response::Response, Refusal> {
        let span = operation_span(operation);
        match operation.kind {
            OperationType::Query => {
                let query = self.executor.execute(request).instrument(span);
                let executed = AssertUnwindSafe(query).catch_unwind().await;
                Ok(accept.answer(executed.map_err(|_| Refusal::panicked())?))
            }
            OperationType::Mutation => {
                let request = match read_idempotency_key(&parts.headers)? {
                    Some(key) => request.data(key),
                    None => request,
                };
                let executor = self.executor.clone();
                let mutation = async move { executor.execute(request).await }.instrument(span);
                let executed = self.mutations.spawn(mutation).await;
                Ok(accept.answer(executed.map_err(|_| Refusal::panicked())?))
            }
            OperationType::Subscription => {
                let Some(encoding) = accept.stream else {
                    let message = "subscriptions need the WebSocket on /graphql/ws, or 'Accept: text/event-stream', or \
                                   'Accept: multipart/mixed; subscriptionSpec=1.0'";
                    return Err(Refusal::new(StatusCode::BAD_REQUEST, ApiError::bad_user_input(message)));
                };
                let permit = self.admission.as_ref().map(|admission| admission.admit(parts)).transpose()?;
                let cursor = LastCursor::default();
                let document = self.hold(&request, operation, parts)?;
                let mut request = request.data(cursor.clone());
                if let Some(id) = last_event_id(&parts.headers) {
                    request = request.data(ResumeAfter(id));
                }
                let responses = span.in_scope(|| self.executor.execute_stream(request, None));
                let responses = paying(responses, document, identity.viewer, operation.cost.points());
                let (authenticator, closing) = (Arc::clone(&self.authenticator), self.closing.clone());
                let streaming = Streaming { identity, authenticator, closing, cursor, permit };
                Ok(stream_answer(responses, encoding, streaming))
            }
        }
    }

    /// Counts the document of a subscription. Over HTTP no two subscriptions share a document, so its key is random.
    fn hold(&self, request: &Request, operation: &Operation, parts: &Parts) -> Result<Option<HeldDocument>, Refusal> {
        let (Some(admission), Some(documents)) = (&self.admission, &self.documents) else { return Ok(None) };
        let mut key = DocumentKey::default();
        if getrandom::fill(&mut key).is_err() {
            key = Sha256::digest(&request.query).into();
        }
        Ok(Some(documents.hold(admission.client_of(parts), None, key, operation.kept_bytes)?))
    }

    fn pay_for_token(&self, parts: &Parts) -> Result<(), Refusal> {
        let address = self.admission.as_ref().map(|admission| admission.client_of(parts));
        let paid = self.reader.pay_for_token(address);
        paid.map_err(|error| Refusal::new(StatusCode::TOO_MANY_REQUESTS, error))
    }

    async fn identify(&self, parts: &Parts) -> Result<Identity, Refusal> {
        let authenticated = match authorization(&parts.headers) {
            Ok(None) if has_unread_token(parts.uri.query()) => {
                let message = "a token in the address is not read, because addresses end up in logs: send it in the \
                               header Authorization";
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, ApiError::unauthenticated(message)));
            }
            Ok(None) if has_unread_header(&parts.headers) => {
                let message =
                    "a token is read only from the header Authorization: send 'Authorization: Bearer' and the token";
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, ApiError::unauthenticated(message)));
            }
            Ok(text) => {
                if text.is_some() {
                    self.pay_for_token(parts)?;
                }
                self.authenticator.authenticate(text).await
            }
            Err(error) => Err(error),
        };
        authenticated.map_err(|error| {
            let is_ours = error == AuthError::Unavailable;
            let status = if is_ours { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNAUTHORIZED };
            Refusal::new(status, token_error(error))
        })
    }
}

impl Accept {
    /// Encodes a single response in a form that the client accepts.
    fn answer(self, mut response: Response) -> axum::response::Response {
        match (self.single, self.stream) {
            (None, Some(StreamType::Events)) => {
                add_missing_codes(&mut response);
                single_event_answer(response)
            }
            (single, _) => single_answer(response, single.unwrap_or(MediaType::Json)),
        }
    }
}

fn read_idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Refusal> {
    let mut values = headers.get_all(idempotency::HEADER).iter();
    let key = values.next().map(|value| IdempotencyKey::parse(value.as_bytes())).transpose();
    let key = match values.next() {
        Some(_) => Err(ApiError::invalid("Idempotency-Key", "is given twice: send one key for each request")),
        None => key,
    };
    key.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))
}

/// The value of the header `Authorization`, if there is one.
///
/// # Errors
/// If there are several, or the value is not text.
pub fn authorization(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| AuthError::NotBearer),
        (Some(_), Some(_)) => Err(AuthError::NotBearer),
    }
}

/// Whether a header other than `Authorization` has a token.
pub fn has_unread_header(headers: &HeaderMap) -> bool {
    headers.iter().any(|(name, value)| is_unread_header(name.as_str(), value.as_bytes()))
}

/// Every response except the first waits until it is paid for.
fn paying(
    responses: BoxStream<'static, Response>,
    document: Option<HeldDocument>,
    viewer: Viewer,
    points: u64,
) -> BoxStream<'static, Response> {
    let Some(document) = document else { return responses };
    let mut is_first = true;
    let paid = responses.then(move |response| {
        let payer = (!std::mem::take(&mut is_first)).then(|| document.payer());
        async move {
            if let Some(payer) = payer {
                payer.pay(viewer, points).await;
            }
            response
        }
    });
    paid.boxed()
}

/// The error for a token that was refused.
fn token_error(error: AuthError) -> ApiError {
    match error {
        AuthError::Unavailable => ApiError::new(ErrorCode::Internal, error.to_string()).after(TRY_AGAIN_AFTER),
        error => ApiError::unauthenticated(error.to_string()),
    }
}

/// The span in which a query or mutation runs, and a subscription begins. It has no values that may be secret, such as
/// variables.
fn operation_span(Operation { kind, name, .. }: &Operation) -> Span {
    tracing::info_span!("operation", %kind, name, transport = "http")
}
