//! GraphQL over HTTP, by the draft of that name: queries by GET and POST, mutations by POST, subscriptions as multipart.
//!
//! What always holds: a POST is `application/json`, so no foreign page can make one without asking; a GET never
//! changes anything; every error, also those of HTTP itself, is a GraphQL error with a code; a mutation that has begun
//! is finished, even when its client leaves.
//!
//! - *request error*: the request was not executed (GraphQL, 7.1). The answer has no `data`; its status is 400, unless
//!   the client only takes `application/json`: for that the draft wants 200.
//! - *refusal*: what is wrong is the HTTP request, or that it comes too often; the status tells, whatever the client takes.

use std::{cmp::Ordering, convert::Infallible, fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Executor, Request, Response, ServerError, Value, Variables, parser::types::OperationType};
use auth::{AuthError, Authenticator, Identity};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE},
        request::Parts,
    },
    routing::any,
};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream, stream::BoxStream};
use graphql::{
    document::{check_document, operation_name},
    error::{ApiError, ErrorCode, add_missing_codes, is_failure, is_request_error},
};
use serde::Serialize;
use serde_json::Value as Json;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument as _, Span};

use crate::admission::{Admission, Permit, Refused};

/// The longest body that is read.
pub const BODY_LIMIT: usize = 256 * 1024;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(20);

/// How often a multipart subscription says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What else a request is given before it is executed: loaders, the peer's address, whether introspection is allowed.
type PrepareRequest = dyn Fn(Request, &Parts) -> Request + Send + Sync;

/// `/graphql`: what executes requests, who may make them, and what they are given.
pub struct GraphqlEndpoint<E> {
    executor: E,
    authenticator: Arc<Authenticator>,
    prepare: Arc<PrepareRequest>,
    mutations: TaskTracker,
    admission: Option<Admission>,
    closing: CancellationToken,
}

impl<E: Clone> Clone for GraphqlEndpoint<E> {
    fn clone(&self) -> Self {
        Self {
            executor: self.executor.clone(),
            authenticator: Arc::clone(&self.authenticator),
            prepare: Arc::clone(&self.prepare),
            mutations: self.mutations.clone(),
            admission: self.admission.clone(),
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
    pub fn new(executor: E, authenticator: Arc<Authenticator>) -> Self {
        Self {
            executor,
            authenticator,
            prepare: Arc::new(|request, _| request),
            mutations: TaskTracker::new(),
            admission: None,
            closing: CancellationToken::new(),
        }
    }

    /// Multipart subscriptions need a permit of `admission`, as sockets do.
    #[must_use]
    pub fn admit_with(self, admission: Admission) -> Self {
        Self { admission: Some(admission), ..self }
    }

    /// Every request goes through `prepare` before it is executed. It already holds its
    /// [`Viewer`](domain::access::Viewer).
    #[must_use]
    pub fn prepare_with(self, prepare: impl Fn(Request, &Parts) -> Request + Send + Sync + 'static) -> Self {
        Self { prepare: Arc::new(prepare), ..self }
    }

    /// Mutations run as tasks of `mutations`: whoever shuts the server down waits for them.
    #[must_use]
    pub fn track_mutations_with(self, mutations: TaskTracker) -> Self {
        Self { mutations, ..self }
    }

    /// Multipart subscriptions, which never end by themselves, end when `closing` is cancelled.
    #[must_use]
    pub fn close_with(self, closing: CancellationToken) -> Self {
        Self { closing, ..self }
    }

    /// The route `/graphql`.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new().route("/graphql", any(serve::<E>)).with_state(self)
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
        if accept.single.is_none() && !accept.multipart {
            let message = "accept application/graphql-response+json or application/json";
            return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, ApiError::bad_user_input(message)));
        }
        let identity = self.identify(&parts.headers).await?;
        let mut request = if by_get { read_address(parts)? } else { read_body(parts, body).await? };

        let media_type = accept.single.unwrap_or(MediaType::Json);
        let operation = match check_document(&mut request) {
            Ok(operation) => operation,
            Err(error) => return Ok(single_answer(Response::from_errors(vec![error]), media_type)),
        };
        if by_get && operation != OperationType::Query {
            return Err(Refusal::method("POST", "only queries can be sent by GET: send this by POST"));
        }
        let span = operation_span(&mut request, operation);
        let request = (self.prepare)(request.data(identity.viewer), parts);
        match operation {
            OperationType::Query => {
                let query = self.executor.execute(request).instrument(span);
                let executed = AssertUnwindSafe(query).catch_unwind().await;
                Ok(single_answer(executed.map_err(|_| Refusal::panicked())?, media_type))
            }
            OperationType::Mutation => {
                let executor = self.executor.clone();
                let mutation = async move { executor.execute(request).await }.instrument(span);
                let executed = self.mutations.spawn(mutation).await;
                Ok(single_answer(executed.map_err(|_| Refusal::panicked())?, media_type))
            }
            OperationType::Subscription if accept.multipart => {
                let permit = self.admission.as_ref().map(|admission| admission.admit(parts)).transpose()?;
                Ok(span.in_scope(|| self.multipart_answer(request, identity, permit)))
            }
            OperationType::Subscription => {
                let message = "subscriptions need the WebSocket on /graphql/ws, or 'Accept: multipart/mixed; \
                               subscriptionSpec=1.0'";
                Err(Refusal::new(StatusCode::BAD_REQUEST, ApiError::bad_user_input(message)))
            }
        }
    }

    async fn identify(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let authenticated = match (values.next(), values.next()) {
            (None, _) => Ok(Identity::NOBODY),
            (Some(value), None) => match value.to_str() {
                Ok(text) => self.authenticator.authenticate(Some(text)).await,
                Err(_) => Err(AuthError::NotBearer),
            },
            (Some(_), Some(_)) => Err(AuthError::NotBearer),
        };
        authenticated.map_err(|error| {
            let is_ours = error == AuthError::Unavailable;
            let status = if is_ours { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNAUTHORIZED };
            Refusal::new(status, token_error(error))
        })
    }

    /// Apollo's multipart protocol for subscriptions, version 1.0.
    fn multipart_answer(
        &self,
        request: Request,
        identity: Identity,
        permit: Option<Permit>,
    ) -> axum::response::Response {
        let responses = self.executor.execute_stream(request, None);
        let chunks = multipart_chunks(responses, identity, Arc::clone(&self.authenticator), self.closing.clone());
        let chunks = chunks.map(move |chunk| {
            // Held as long as the stream.
            let _ = &permit;
            Ok::<_, Infallible>(chunk)
        });
        let mut answer = axum::response::Response::new(Body::from_stream(chunks));
        let headers = answer.headers_mut();
        let content_type = HeaderValue::from_static("multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0");
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Proxies that collect answers before they pass them on are asked not to.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        answer
    }
}

/// Why a token was refused, as clients are told.
fn token_error(error: AuthError) -> ApiError {
    let code = if error == AuthError::Unavailable { ErrorCode::Internal } else { ErrorCode::Unauthenticated };
    ApiError::new(code, error.to_string())
}

/// In which an operation runs; of a subscription, in which it begins. Without what may be secret, such as variables.
fn operation_span(request: &mut Request, kind: OperationType) -> Span {
    let chosen = request.operation_name.take();
    let document = request.parsed_query();
    let name = document.ok().and_then(|document| operation_name(document, chosen.as_deref()));
    request.operation_name = chosen;
    tracing::info_span!("operation", %kind, name, transport = "http")
}

/// The two forms of a single answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MediaType {
    /// `application/graphql-response+json`
    GraphqlResponse,
    /// `application/json`
    Json,
}

impl MediaType {
    const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// What a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Accept {
    single: Option<MediaType>,
    /// `multipart/mixed; subscriptionSpec=1.0`
    multipart: bool,
}

impl Accept {
    fn of(headers: &HeaderMap) -> Self {
        const EXACT: u8 = 3;

        let mut ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if ranges.peek().is_none() {
            return Self { single: Some(MediaType::Json), multipart: false };
        }

        // Of the ranges that hold a form the most exact one counts. Of the forms that one is taken which the client
        // likes better, then the one it names more exactly, then the newer one; but for a wildcard the older one, which
        // everybody reads.
        let mut multipart = false;
        let mut graphql_response = (0, 0.0);
        let mut json = (0, 0.0);
        for range in ranges.flat_map(|value| value.split(',')) {
            let (name, parameters) = parse_media_type(range);
            let quality: f32 = parameter(&parameters, "q").map_or(1.0, |q| q.parse().unwrap_or(0.0));
            match name.as_str() {
                "application/graphql-response+json" => graphql_response = (EXACT, quality),
                "application/json" => json = (EXACT, quality),
                "application/*" | "*/*" => {
                    let exactness = if name == "*/*" { 1 } else { 2 };
                    for form in [&mut graphql_response, &mut json].into_iter().filter(|form| form.0 < exactness) {
                        *form = (exactness, quality);
                    }
                }
                "multipart/mixed" => {
                    multipart |= quality > 0.0
                        && parameter(&parameters, "subscriptionspec") == Some("1.0")
                        && parameter(&parameters, "boundary").is_none_or(|boundary| boundary == "graphql");
                }
                _ => {}
            }
        }
        let is_newer_liked = match graphql_response.1.partial_cmp(&json.1) {
            Some(Ordering::Equal) => graphql_response.0 > json.0 || graphql_response.0 == EXACT,
            order => order == Some(Ordering::Greater),
        };
        let single = if is_newer_liked && graphql_response.1 > 0.0 {
            Some(MediaType::GraphqlResponse)
        } else {
            (json.1 > 0.0).then_some(MediaType::Json)
        };
        Self { single, multipart }
    }
}

/// The type in lower case, and its parameters, with names in lower case and values without quotes.
fn parse_media_type(text: &str) -> (String, Vec<(String, &str)>) {
    let mut sections = text.split(';').map(str::trim);
    let name = sections.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = sections.filter_map(|section| {
        let (name, value) = section.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"')))
    });
    (name, parameters.collect())
}

fn parameter<'a>(parameters: &[(String, &'a str)], wanted: &str) -> Option<&'a str> {
    parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value)
}

fn read_address(parts: &Parts) -> Result<Request, Refusal> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map_err(|_| Refusal::bad_request("the address could not be read"))?;
    let mut fields = serde_json::Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "operationName" | "variables" | "extensions" if text.is_empty() => Json::Null,
            "query" | "operationName" => Json::String(text),
            "variables" | "extensions" => serde_json::from_str(&text)
                .map_err(|error| Refusal::bad_request(format!("'{name}' is not JSON: {error}")))?,
            _ => continue,
        };
        if fields.insert(name, value).is_some() {
            return Err(Refusal::bad_request("a parameter is given twice"));
        }
    }
    request_of(fields)
}

async fn read_body(parts: &Parts, body: Body) -> Result<Request, Refusal> {
    if !is_json(&parts.headers) {
        let message = "send the request as 'Content-Type: application/json', in UTF-8";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ApiError::bad_user_input(message)));
    }
    let late = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, ApiError::bad_user_input("the body took too long"));
    let bytes = tokio::time::timeout(BODY_PATIENCE, read_bytes(body)).await.map_err(late)??;
    match serde_json::from_slice(&bytes) {
        Ok(Json::Object(fields)) => request_of(fields),
        Ok(Json::Array(_)) => Err(Refusal::bad_request("batches are not taken: send each operation by itself")),
        Ok(_) => Err(Refusal::bad_request("the body must be a JSON object with 'query'")),
        Err(error) => Err(Refusal::bad_request(format!("the body is not JSON: {error}"))),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next().and_then(|value| value.to_str().ok()), values.next()) else {
        return false;
    };
    let (name, parameters) = parse_media_type(value);
    name == "application/json"
        && parameter(&parameters, "charset").is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

async fn read_bytes(body: Body) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad_request("the body could not be read"))?;
        if bytes.len() + chunk.len() > BODY_LIMIT {
            let message = format!("the body is longer than {} KiB", BODY_LIMIT / 1024);
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, ApiError::bad_user_input(message)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn request_of(mut fields: serde_json::Map<String, Json>) -> Result<Request, Refusal> {
    let mut request = match fields.remove("query") {
        Some(Json::String(query)) => Request::new(query),
        None | Some(Json::Null) => return Err(Refusal::bad_request("'query' is missing")),
        Some(_) => return Err(Refusal::bad_request("'query' must be a string")),
    };
    match fields.remove("operationName") {
        None | Some(Json::Null) => {}
        Some(Json::String(name)) => request.operation_name = Some(name),
        Some(_) => return Err(Refusal::bad_request("'operationName' must be a string")),
    }
    match fields.remove("variables") {
        None | Some(Json::Null) => {}
        Some(variables @ Json::Object(_)) => request.variables = Variables::from_json(variables),
        Some(_) => return Err(Refusal::bad_request("'variables' must be an object")),
    }
    match fields.remove("extensions") {
        None | Some(Json::Null) => {}
        Some(Json::Object(extensions)) => {
            let values = extensions.into_iter().filter_map(|(name, value)| Some((name, Value::from_json(value).ok()?)));
            request.extensions.0 = values.collect();
        }
        Some(_) => return Err(Refusal::bad_request("'extensions' must be an object")),
    }
    Ok(request)
}

/// A request error, as it is printed: without `data`.
#[derive(Serialize)]
struct Errors<'a> {
    errors: &'a [ServerError],
}

fn single_answer(mut response: Response, media_type: MediaType) -> axum::response::Response {
    add_missing_codes(&mut response);
    let refused = is_request_error(&response);
    let status = if refused && is_rate_limited(&response) {
        StatusCode::TOO_MANY_REQUESTS
    } else if refused && media_type == MediaType::GraphqlResponse {
        if is_failure(&response) { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST }
    } else {
        StatusCode::OK
    };
    let json =
        if refused { serde_json::to_vec(&Errors { errors: &response.errors }) } else { serde_json::to_vec(&response) };
    match json {
        Ok(json) => {
            let mut answer = answer_with(status, media_type, json);
            answer.headers_mut().extend(response.http_headers);
            note_retry(&mut answer);
            answer
        }
        Err(error) => {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal(error)).into_answer(media_type)
        }
    }
}

fn is_rate_limited(response: &Response) -> bool {
    let code = Value::from(ErrorCode::RateLimited.as_str());
    response.errors.iter().any(|error| error.extensions.as_ref().and_then(|it| it.get("code")) == Some(&code))
}

/// Says when it is worth trying again.
fn note_retry(answer: &mut axum::response::Response) {
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
}

fn answer_with(status: StatusCode, media_type: MediaType, json: Vec<u8>) -> axum::response::Response {
    let mut answer = axum::response::Response::new(Body::from(json));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, media_type.content_type());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept, authorization"));
    answer
}

/// An HTTP request that is answered with a status and one error.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: ApiError,
    /// The methods to use instead.
    allowed: Option<&'static str>,
}

impl Refusal {
    const fn new(status: StatusCode, error: ApiError) -> Self {
        Self { status, error, allowed: None }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ApiError::bad_user_input(message))
    }

    fn method(allowed: &'static str, message: &str) -> Self {
        let error = ApiError::bad_user_input(message);
        Self { allowed: Some(allowed), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, error) }
    }

    fn panicked() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal("a request panicked"))
    }

    fn into_answer(self, media_type: MediaType) -> axum::response::Response {
        let response = self.error.into_response();
        let json = serde_json::to_vec(&Errors { errors: &response.errors }).unwrap_or_default();
        let mut answer = answer_with(self.status, media_type, json);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        note_retry(&mut answer);
        if let Some(allowed) = self.allowed {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        answer
    }
}

impl From<Refused> for Refusal {
    fn from(Refused(reason): Refused) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, ApiError::rate_limited(reason))
    }
}

/// The answer to whoever may not open a connection now.
pub fn refuse_connection(refused: Refused) -> axum::response::Response {
    Refusal::from(refused).into_answer(MediaType::Json)
}

/// The answer to a page of another site that may not open a connection.
pub fn refuse_origin() -> axum::response::Response {
    let error = ApiError::forbidden("pages of this site may not connect: see CORS_ORIGINS");
    Refusal::new(StatusCode::FORBIDDEN, error).into_answer(MediaType::Json)
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
                        // An item with holes is none: the client is told so, and goes on from its last cursor.
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

/// An error of the transport: there it stands beside the payload, which is null.
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

    use std::sync::atomic::{self, AtomicBool};

    use async_graphql::{Context, Object, Schema, Subscription};
    use axum::http::Request as HttpRequest;
    use chrono::{DateTime, TimeDelta};
    use domain::{access::Viewer, clock::ManualClock, ids::PersonId};
    use serde_json::json;
    use tokio::sync::Notify;
    use tower::ServiceExt as _;

    use super::*;
    use auth::Keys;

    fn break_down() -> i32 {
        panic!("a secret of the inside")
    }

    struct Queries;

    #[Object]
    impl Queries {
        async fn viewer(&self, ctx: &Context<'_>) -> Option<String> {
            ctx.data_unchecked::<Viewer>().person.map(|person| person.to_string())
        }

        async fn note(&self, ctx: &Context<'_>) -> Option<String> {
            ctx.data_opt::<String>().cloned()
        }

        async fn echo(&self, ids: Option<Vec<i32>>, at: Option<graphql::types::scalars::DateTime>) -> usize {
            ids.unwrap_or_default().len() + usize::from(at.is_some())
        }

        async fn fails(&self) -> Result<Option<i32>, ApiError> {
            Err(ApiError::not_found("no such session"))
        }

        async fn panics(&self) -> i32 {
            break_down()
        }

        async fn queries(&self) -> Self {
            Self
        }
    }

    /// What a slow mutation waits for, and whether it came to its end.
    #[derive(Default)]
    struct Slow {
        go_on: Notify,
        done: AtomicBool,
    }

    struct Mutations;

    #[Object]
    impl Mutations {
        async fn slow(&self, ctx: &Context<'_>) -> bool {
            let slow = ctx.data_unchecked::<Arc<Slow>>();
            slow.go_on.notified().await;
            slow.done.store(true, atomic::Ordering::SeqCst);
            true
        }

        async fn panics(&self) -> i32 {
            break_down()
        }
    }

    struct Subscriptions;

    #[Subscription]
    impl Subscriptions {
        async fn count(&self, to: i32) -> Result<BoxStream<'static, i32>, ApiError> {
            if to < 0 {
                return Err(ApiError::bad_user_input("count up"));
            }
            Ok(stream::iter(1..=to).boxed())
        }

        async fn nothing(&self) -> BoxStream<'static, i32> {
            stream::pending().boxed()
        }
    }

    struct App {
        router: Router,
        clock: Arc<ManualClock>,
        authenticator: Arc<Authenticator>,
        slow: Arc<Slow>,
        mutations: TaskTracker,
        closing: CancellationToken,
    }

    struct Answer {
        status: StatusCode,
        headers: HeaderMap,
        body: String,
    }

    impl Answer {
        fn json(&self) -> Json {
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
        }

        fn code(&self) -> Json {
            self.json()["errors"][0]["extensions"]["code"].clone()
        }

        fn content_type(&self) -> &str {
            self.headers[CONTENT_TYPE].to_str().unwrap()
        }
    }

    impl App {
        fn new() -> Self {
            let clock = Arc::new(ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap()));
            let keys = Keys::Secret("a secret of more than thirty-two bytes".into());
            let authenticator = Arc::new(Authenticator::new(&keys, Arc::clone(&clock) as _).unwrap());
            let slow = Arc::new(Slow::default());
            let (mutations, closing) = (TaskTracker::new(), CancellationToken::new());
            let schema = Schema::build(Queries, Mutations, Subscriptions).data(Arc::clone(&slow)).finish();
            let router = GraphqlEndpoint::new(schema, Arc::clone(&authenticator))
                .prepare_with(|request, parts| match parts.headers.get("x-note") {
                    Some(note) => request.data(String::from_utf8_lossy(note.as_bytes()).into_owned()),
                    None => request,
                })
                .track_mutations_with(mutations.clone())
                .close_with(closing.clone())
                .router();
            Self { router, clock, authenticator, slow, mutations, closing }
        }

        async fn send(&self, request: HttpRequest<Body>) -> axum::response::Response {
            self.router.clone().oneshot(request).await.unwrap()
        }

        async fn ask(&self, request: HttpRequest<Body>) -> Answer {
            let answer = self.send(request).await;
            let (parts, body) = answer.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.into()).unwrap() }
        }

        async fn post(&self, accept: &str, body: Json) -> Answer {
            self.ask(post(&[("accept", accept)], body.to_string())).await
        }

        async fn get(&self, address: &str) -> Answer {
            self.ask(HttpRequest::get(address).body(Body::empty()).unwrap()).await
        }
    }

    fn post(headers: &[(&str, &str)], body: impl Into<Body>) -> HttpRequest<Body> {
        let mut request = HttpRequest::post("/graphql").header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.into()).unwrap()
    }

    const NEWER: &str = "application/graphql-response+json";
    const OLDER: &str = "application/json";
    const MULTIPART: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"";

    #[test]
    fn accept_is_negotiated() {
        let newer = Some(MediaType::GraphqlResponse);
        let older = Some(MediaType::Json);
        let cases = [
            (NEWER, newer, false),
            (OLDER, older, false),
            ("*/*", older, false),
            ("application/*", older, false),
            ("", None, false),
            ("text/html", None, false),
            ("text/html, */*;q=0.8", older, false),
            ("application/json, application/graphql-response+json", newer, false),
            ("application/graphql-response+json;q=0.5, application/json", older, false),
            ("application/graphql-response+json, application/json;q=0.9", newer, false),
            ("application/json, */*", older, false),
            ("application/graphql-response+json, */*", newer, false),
            ("application/json;q=0, */*", newer, false),
            ("Application/JSON; charset=utf-8", older, false),
            ("application/json;q=0", None, false),
            ("application/json;q=NaN", None, false),
            ("multipart/mixed", None, false),
            ("multipart/mixed; subscriptionSpec=1.0", None, true),
            ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", older, true),
            ("multipart/mixed;boundary=other;subscriptionSpec=1.0", None, false),
            (MULTIPART, None, true),
        ];
        for (text, single, multipart) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(Accept::of(&headers), Accept { single, multipart }, "{text}");
        }
        assert_eq!(Accept::of(&HeaderMap::new()), Accept { single: older, multipart: false });
    }

    #[tokio::test]
    async fn queries_run_by_post_and_by_get() {
        let app = App::new();
        for accept in [NEWER, OLDER] {
            let variables = json!({ "ids": [1, 2], "at": "2027-01-15T08:00:00Z" });
            let query = "query A($ids: [Int!]!, $at: DateTime) { echo(ids: $ids, at: $at) } query B { note }";
            let body = json!({ "query": query, "operationName": "A", "variables": variables, "extensions": {} });
            let answer = app.post(accept, body).await;
            assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "data": { "echo": 3 } })));
            assert_eq!(answer.content_type(), format!("{accept}; charset=utf-8"));
        }
        let answer =
            app.get("/graphql?query=query($ids:[Int!])%7Becho(ids:$ids)%7D&variables=%7B%22ids%22:[7]%7D").await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "data": { "echo": 1 } })));
        let answer = app.get("/graphql?query=%7Bnote%7D&variables=&extensions=%7B%7D&operationName=&other=1").await;
        assert_eq!(answer.json(), json!({ "data": { "note": null } }));

        let answer = app.ask(post(&[("x-note", "hello")], r#"{"query": "{ note }"}"#)).await;
        assert_eq!(answer.json(), json!({ "data": { "note": "hello" } }));
    }

    #[tokio::test]
    async fn request_errors_have_no_data_and_a_status_by_media_type() {
        let app = App::new();
        let several = "query A { note } query B { note }";
        let bodies = [
            json!({ "query": "{" }),
            json!({ "query": "" }),
            json!({ "query": "{ nothing }" }),
            json!({ "query": several }),
            json!({ "query": several, "operationName": "C" }),
            json!({ "query": "{ note }", "operationName": "A" }),
            json!({ "query": "query($id: ID!) { note }", "variables": { "id": null } }),
            json!({ "query": "query($ids: [Int!]!) { echo(ids: $ids) }" }),
            json!({ "query": "query($ids: [Int!]) { echo(ids: $ids) }", "variables": { "ids": [1, null] } }),
            json!({ "query": "query($ids: [Int!]) { echo(ids: $ids) }", "variables": { "ids": ["x"] } }),
        ];
        for body in bodies {
            for (accept, status) in [(NEWER, StatusCode::BAD_REQUEST), (OLDER, StatusCode::OK)] {
                let answer = app.post(accept, body.clone()).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (status, json!("BAD_USER_INPUT")),
                    "{body}: {}",
                    answer.body
                );
                assert_eq!(answer.json().get("data"), None, "{body}");
            }
        }
        // Errors of fields are no request errors.
        let answer = app.post(NEWER, json!({ "query": "{ fails note }" })).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::OK, json!("NOT_FOUND")));
        assert!(answer.json()["data"].is_object(), "{}", answer.body);
        let answer = app.post(NEWER, json!({ "query": "{ echo(at: \"x\") }" })).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::OK, json!("BAD_USER_INPUT")));
        assert_eq!(answer.json()["data"], Json::Null);
    }

    #[tokio::test]
    async fn malformed_requests_are_refused_whatever_the_client_takes() {
        let app = App::new();
        let bodies = [
            "",
            "{ \"not a JSON",
            "3",
            "null",
            "{}",
            "[]",
            r#"[{"query": "{ note }"}]"#,
            r#"{"qeury": "{ note }"}"#,
            r#"{"query": null}"#,
            r#"{"query": ["{ note }"]}"#,
            r#"{"query": "{ note }", "operationName": 1}"#,
            r#"{"query": "{ note }", "variables": "{}"}"#,
            r#"{"query": "{ note }", "variables": []}"#,
            r#"{"query": "{ note }", "extensions": false}"#,
        ];
        for body in bodies {
            for accept in [NEWER, OLDER, "*/*"] {
                let answer = app.ask(post(&[("accept", accept)], body)).await;
                let seen = (answer.status, answer.code());
                assert_eq!(seen, (StatusCode::BAD_REQUEST, json!("BAD_USER_INPUT")), "{body}: {}", answer.body);
            }
        }
        for address in [
            "/graphql",
            "/graphql?query=%7Bnote%7D&variables=%7B",
            "/graphql?query=%7Bnote%7D&variables=[]",
            "/graphql?query=%7Bnote%7D&query=%7Bnote%7D",
        ] {
            let answer = app.get(address).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, json!("BAD_USER_INPUT")), "{address}");
        }
    }

    #[tokio::test]
    async fn http_is_kept_to() {
        let app = App::new();
        let query = r#"{"query": "{ note }"}"#;
        for (content_type, status) in [
            ("application/json", StatusCode::OK),
            ("application/json; charset=UTF-8", StatusCode::OK),
            ("application/json; charset=latin1", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/graphql", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/x-www-form-urlencoded", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("multipart/form-data; boundary=x", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ] {
            let request = HttpRequest::post("/graphql").header(CONTENT_TYPE, content_type).body(query.into()).unwrap();
            assert_eq!(app.ask(request).await.status, status, "{content_type}");
        }
        let untyped = app.ask(HttpRequest::post("/graphql").body(query.into()).unwrap()).await;
        assert_eq!((untyped.status, untyped.code()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, json!("BAD_USER_INPUT")));

        let unreadable = app.post("text/html", json!({ "query": "{ note }" })).await;
        assert_eq!((unreadable.status, unreadable.code()), (StatusCode::NOT_ACCEPTABLE, json!("BAD_USER_INPUT")));

        let fits = format!("{{\"query\": \"{{ note }}{}\"}}", " ".repeat(BODY_LIMIT - 21));
        assert_eq!(fits.len(), BODY_LIMIT);
        assert_eq!(app.ask(post(&[], fits.clone())).await.status, StatusCode::OK);
        let long = app.ask(post(&[], format!("{fits} "))).await;
        assert_eq!((long.status, long.code()), (StatusCode::PAYLOAD_TOO_LARGE, json!("BAD_USER_INPUT")));

        for address in ["/graphql?query=mutation%7Bpanics%7D", "/graphql?query=subscription%7Bnothing%7D"] {
            let answer = app.get(address).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::METHOD_NOT_ALLOWED, json!("BAD_USER_INPUT")));
            assert_eq!(answer.headers[ALLOW], "POST");
        }
        let answer = app.ask(HttpRequest::put("/graphql").body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::METHOD_NOT_ALLOWED, json!("BAD_USER_INPUT")));
        assert_eq!(answer.headers[ALLOW], "GET, POST");
    }

    #[tokio::test]
    async fn the_token_says_who_asks() {
        let app = App::new();
        let token = app.authenticator.issue(Some(PersonId(7)), false, TimeDelta::hours(1)).unwrap();
        let query = r#"{"query": "{ viewer }"}"#;
        let authorization = format!("Bearer {token}");
        let answer = app.ask(post(&[("authorization", &authorization)], query)).await;
        assert_eq!(answer.json(), json!({ "data": { "viewer": "Person:7" } }));
        assert_eq!(app.ask(post(&[], query)).await.json(), json!({ "data": { "viewer": null } }));

        let mut refused = vec![
            app.ask(post(&[("authorization", "Bearer undefined")], query)).await,
            app.ask(post(&[("authorization", "")], query)).await,
            app.ask(post(&[("authorization", "Bearer \u{e9}")], query)).await,
            app.ask(post(&[("authorization", &authorization), ("authorization", &authorization)], query)).await,
            app.ask(post(&[("authorization", "Basic x"), ("accept", NEWER)], "not even JSON")).await,
        ];
        app.clock.advance(TimeDelta::hours(1));
        refused.push(app.ask(post(&[("authorization", &authorization)], query)).await);
        for answer in refused {
            assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, json!("UNAUTHENTICATED")));
            assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer");
            assert_eq!(answer.json().get("data"), None);
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let app = App::new();
        for query in ["{ panics }", "mutation { panics }"] {
            let answer = app.post(NEWER, json!({ "query": query })).await;
            assert_eq!(answer.json()["errors"][0]["message"], "Internal error", "{query}");
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::INTERNAL_SERVER_ERROR, json!("INTERNAL")),
                "{query}"
            );
        }
    }

    #[tokio::test]
    async fn a_mutation_is_finished_when_its_client_leaves() {
        let app = App::new();
        let request = post(&[], r#"{"query": "mutation { slow }"}"#);
        let mut answer = Box::pin(app.send(request));
        while app.mutations.is_empty() {
            assert!(futures_util::poll!(&mut answer).is_pending());
            tokio::task::yield_now().await;
        }
        drop(answer);
        app.slow.go_on.notify_one();
        app.mutations.close();
        app.mutations.wait().await;
        assert!(app.slow.done.load(atomic::Ordering::SeqCst));
    }

    #[tokio::test]
    async fn fragments_cannot_multiply() {
        use fmt::Write as _;

        let mut query = String::from("{ ...F0 }");
        for n in 0..60 {
            let next = n + 1;
            write!(query, " fragment F{n} on Queries {{ ...F{next} queries {{ ...F{next} }} }}").unwrap();
        }
        query.push_str(" fragment F60 on Queries { note }");
        let answer = App::new().post(NEWER, json!({ "query": query })).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, json!("QUERY_TOO_COMPLEX")));

        let cycle = "{ ...F } fragment F on Queries { ...G ...G } fragment G on Queries { ...F ...F }";
        let answer = App::new().post(NEWER, json!({ "query": cycle })).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);

        let mut chain = String::from("{ ...F0 }");
        for n in 0..5000 {
            write!(chain, " fragment F{n} on Queries {{ ...F{} }}", n + 1).unwrap();
        }
        let answer = App::new().post(NEWER, json!({ "query": chain })).await;
        assert_eq!(answer.code(), json!("QUERY_TOO_COMPLEX"));
    }

    #[tokio::test]
    async fn subscriptions_need_a_transport_that_streams() {
        for accept in [NEWER, OLDER] {
            let answer = App::new().post(accept, json!({ "query": "subscription { nothing }" })).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, json!("BAD_USER_INPUT")));
            assert!(answer.body.contains("/graphql/ws"), "{}", answer.body);
        }
    }

    /// The parts of a multipart body that has ended.
    fn parts_of(body: &str) -> Vec<Json> {
        let inner = body.strip_prefix("--graphql\r\n").unwrap().strip_suffix("\r\n--graphql--\r\n").unwrap();
        let parts = inner.split("\r\n--graphql\r\n").map(|part| {
            let json = part.strip_prefix("Content-Type: application/json\r\n\r\n").unwrap();
            serde_json::from_str(json).unwrap()
        });
        parts.collect()
    }

    #[tokio::test]
    async fn subscriptions_stream_as_multipart() {
        let app = App::new();
        let answer = app.post(MULTIPART, json!({ "query": "subscription { count(to: 2) }" })).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.content_type(), "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0");
        let counted = |n: i32| json!({ "payload": { "data": { "count": n } } });
        assert_eq!(parts_of(&answer.body), [counted(1), counted(2)]);

        let answer = app.post(MULTIPART, json!({ "query": "subscription { count(to: -1) }" })).await;
        let parts = parts_of(&answer.body);
        assert_eq!(parts[0]["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{parts:?}");

        // What gives one answer is answered as ever.
        let answer = app.post(MULTIPART, json!({ "query": "{ note }" })).await;
        assert_eq!(answer.json(), json!({ "data": { "note": null } }));
        let answer = app.post(MULTIPART, json!({ "query": "subscription { nowhere }" })).await;
        assert_eq!(parts_of(&answer.body)[0]["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_be_slow_and_not_too_slow() {
        let app = App::new();
        let in_pieces = |between: Duration| {
            let pieces = r#"{"query": "{ note }"}"#.as_bytes().chunks(3);
            Body::from_stream(stream::iter(pieces).then(move |piece| async move {
                tokio::time::sleep(between).await;
                Ok::<_, Infallible>(Bytes::from_static(piece))
            }))
        };
        let answer = app.ask(post(&[], in_pieces(Duration::from_secs(1)))).await;
        assert_eq!(answer.json(), json!({ "data": { "note": null } }));
        let answer = app.ask(post(&[], in_pieces(Duration::from_secs(5)))).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::REQUEST_TIMEOUT, json!("BAD_USER_INPUT")));
        let answer = app.ask(post(&[], Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()))).await;
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_stream_beats_and_ends_with_its_token_or_the_server() {
        let app = App::new();
        let token = app.authenticator.issue(Some(PersonId(7)), false, TimeDelta::hours(1)).unwrap();
        let headers = [("accept", MULTIPART), ("authorization", &format!("Bearer {token}"))];
        let answer = app.send(post(&headers, r#"{"query": "subscription { nothing }"}"#)).await;
        let mut chunks = answer.into_body().into_data_stream();
        let mut text = String::new();
        for _ in 0..3 {
            text.push_str(std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap());
        }
        app.clock.advance(TimeDelta::hours(1));
        while let Some(chunk) = chunks.next().await {
            text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
        let parts = parts_of(&text);
        assert_eq!(parts[..2], [json!({}), json!({})]);
        assert_eq!(parts[2]["payload"], Json::Null);
        assert_eq!(parts[2]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

        app.closing.cancel();
        let answer = app.post(MULTIPART, json!({ "query": "subscription { nothing }" })).await;
        assert_eq!(answer.body, "--graphql--\r\n");
    }
}
