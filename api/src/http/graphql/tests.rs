//! The endpoint over a schema of its own, without a socket.

#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use std::{
    convert::Infallible,
    iter,
    sync::atomic::{self, AtomicBool},
    time::Duration,
};

use async_graphql::{Context, Object, Schema, Subscription};
use auth::Keys;
use axum::{
    body::Bytes,
    http::{
        HeaderValue, Request as HttpRequest,
        header::{ACCEPT, ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
};
use chrono::{DateTime, TimeDelta};
use domain::{access::Viewer, clock::ManualClock, ids::PersonId};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use graphql::registry::Types;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::*;

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

/// A slow mutation waits for `go_on`, and sets `done` at its end.
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
        let reader = Reader::new(Types::read(&schema.sdl()).unwrap(), &[]);
        let router = GraphqlEndpoint::new(schema, reader, Arc::clone(&authenticator))
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
const EVENTS: &str = "text/event-stream";
const MULTIPART: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"";

#[test]
fn accept_is_negotiated() {
    let newer = Some(MediaType::GraphqlResponse);
    let older = Some(MediaType::Json);
    let (multipart, events) = (Some(StreamType::Multipart), Some(StreamType::Events));
    let cases = [
        (NEWER, newer, None),
        (OLDER, older, None),
        ("*/*", older, None),
        ("application/*", older, None),
        ("", None, None),
        ("text/html", None, None),
        ("text/html, */*;q=0.8", older, None),
        ("application/json, application/graphql-response+json", newer, None),
        ("application/graphql-response+json;q=0.5, application/json", older, None),
        ("application/graphql-response+json, application/json;q=0.9", newer, None),
        ("application/json, */*", older, None),
        ("application/graphql-response+json, */*", newer, None),
        ("application/json;q=0, */*", newer, None),
        ("Application/JSON; charset=utf-8", older, None),
        ("application/json;q=0", None, None),
        ("application/json;q=NaN", None, None),
        ("multipart/mixed", None, multipart),
        ("multipart/mixed; subscriptionSpec=1.0", None, multipart),
        ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", older, multipart),
        ("multipart/mixed;boundary=other;subscriptionSpec=1.0", None, None),
        (MULTIPART, None, multipart),
        ("multipart/mixed; subscriptionSpec=2.0", None, None),
        ("multipart/mixed;deferSpec=20220824,application/json", older, None),
        ("text/event-stream", None, events),
        ("text/event-stream;q=0", None, None),
        ("application/json, text/event-stream", older, events),
        ("application/json;q=0.5, text/event-stream", None, events),
        ("text/event-stream, multipart/mixed", None, events),
        ("multipart/mixed;subscriptionSpec=1.0, text/event-stream", None, multipart),
        ("multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream", None, events),
        ("application/graphql-response+json, application/json, text/event-stream, multipart/mixed", newer, events),
    ];
    for (text, single, stream) in cases {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(text).unwrap())]);
        assert_eq!(Accept::of(&headers), Accept { single, stream }, "{text}");
    }
    assert_eq!(Accept::of(&HeaderMap::new()), Accept { single: older, stream: None });
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
    let answer = app.get("/graphql?query=query($ids:[Int!])%7Becho(ids:$ids)%7D&variables=%7B%22ids%22:[7]%7D").await;
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
            assert_eq!((answer.status, answer.code()), (status, json!("BAD_USER_INPUT")), "{body}: {}", answer.body);
            assert_eq!(answer.json().get("data"), None, "{body}");
        }
    }
    // Errors of fields are not request errors.
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
async fn http_requests_get_the_right_status() {
    let app = App::new();
    let query = r#"{"query": "{ note }"}"#;
    for (content_type, status) in [
        ("application/json", StatusCode::OK),
        ("application/json; charset=UTF-8", StatusCode::OK),
        ("application/json; charset=utf8", StatusCode::OK),
        ("application/json;charset=\"UTF-8\"", StatusCode::OK),
        ("application/graphql-response+json", StatusCode::UNSUPPORTED_MEDIA_TYPE),
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
async fn viewer_is_the_person_of_the_token() {
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
        assert_eq!(answer.json()["errors"][0]["message"], "Internal error. Try again later.", "{query}");
        assert_eq!((answer.status, answer.code()), (StatusCode::INTERNAL_SERVER_ERROR, json!("INTERNAL")), "{query}");
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

    // Operations with a single response are answered as without multipart.
    let answer = app.post(MULTIPART, json!({ "query": "{ note }" })).await;
    assert_eq!(answer.json(), json!({ "data": { "note": null } }));
    let answer = app.post(MULTIPART, json!({ "query": "subscription { nowhere }" })).await;
    assert_eq!(parts_of(&answer.body)[0]["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

/// The events of a body: id, name and data.
fn events_of(body: &str) -> Vec<(Option<&str>, &str, Json)> {
    let blocks = body.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    blocks
        .map(|block| {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let data = field("data").unwrap().trim();
            let data = if data.is_empty() { Json::Null } else { serde_json::from_str(data).unwrap() };
            (field("id").map(str::trim), field("event").unwrap().trim(), data)
        })
        .collect()
}

#[tokio::test]
async fn operations_stream_as_server_sent_events() {
    let app = App::new();
    let answer = app.post(EVENTS, json!({ "query": "subscription { count(to: 2) }" })).await;
    assert_eq!((answer.status, answer.content_type()), (StatusCode::OK, "text/event-stream; charset=utf-8"));
    let counted = |n: i32| (None, "next", json!({ "data": { "count": n } }));
    let complete = (None, "complete", Json::Null);
    assert_eq!(events_of(&answer.body), [counted(1), counted(2), complete.clone()]);

    let by_get = HttpRequest::get("/graphql?query=subscription%7Bcount(to:1)%7D").header(ACCEPT, EVENTS);
    let answer = app.ask(by_get.body(Body::empty()).unwrap()).await;
    assert_eq!(events_of(&answer.body), [counted(1), complete.clone()]);
    let by_get = HttpRequest::get("/graphql?query=mutation%7Bpanics%7D").header(ACCEPT, EVENTS);
    assert_eq!(app.ask(by_get.body(Body::empty()).unwrap()).await.status, StatusCode::METHOD_NOT_ALLOWED);

    app.slow.go_on.notify_one();
    for (query, data) in [("{ note }", json!({ "note": null })), ("mutation { slow }", json!({ "slow": true }))] {
        let answer = app.post(EVENTS, json!({ "query": query })).await;
        assert_eq!(events_of(&answer.body), [(None, "next", json!({ "data": data })), complete.clone()], "{query}");
    }
    // Errors of the operation are sent in the stream, because a browser's EventSource shows nothing else.
    for query in ["{", "{ nothing }", "subscription { nowhere }", "subscription { count(to: -1) }"] {
        let answer = app.post(EVENTS, json!({ "query": query })).await;
        let events = events_of(&answer.body);
        assert_eq!((answer.status, events.len(), &events[1]), (StatusCode::OK, 2, &complete), "{query}");
        assert_eq!(events[0].2["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{query}");
    }
    let refused = app.ask(post(&[("accept", EVENTS), ("authorization", "Bearer x")], r#"{"query": "{ note }"}"#)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::UNAUTHORIZED, json!("UNAUTHENTICATED")));
}

#[tokio::test]
async fn tokens_in_the_address_are_refused() {
    let app = App::new();
    let answer = app.get("/graphql?query=%7Bviewer%7D&access_token=abc").await;
    assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, json!("UNAUTHENTICATED")));
}

#[tokio::test]
async fn bodies_are_decompressed_within_the_limit() {
    use std::io::Write as _;

    /// The text of the query below, in Brotli.
    const BROTLI: &[u8] = b"\x0b\x0a\x80{\"query\": \"{ note }\"}\x03";

    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zlib = |text: &str| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let app = App::new();
    let query = r#"{"query": "{ note }"}"#;
    for (encoding, body) in [
        ("gzip", gzip(query)),
        ("x-gzip", gzip(query)),
        ("X-GZip", gzip(query)),
        ("deflate", zlib(query)),
        ("br", BROTLI.to_vec()),
        ("identity", query.into()),
    ] {
        let answer = app.ask(post(&[("content-encoding", encoding)], body)).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "data": { "note": null } })), "{encoding}");
    }
    // Some programs begin a text with a byte order mark.
    for (encoding, body) in
        [("identity", format!("\u{feff}{query}").into()), ("gzip", gzip(&format!("\u{feff}{query}")))]
    {
        let answer = app.ask(post(&[("content-encoding", encoding)], body)).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "data": { "note": null } })), "{encoding}");
    }
    let bomb = gzip(&format!("{{\"query\": \"{{ note }}{}\"}}", " ".repeat(100 * 1024 * 1024)));
    assert!(bomb.len() < BODY_LIMIT, "{}", bomb.len());
    let answer = app.ask(post(&[("content-encoding", "gzip")], bomb)).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, json!("BAD_USER_INPUT")));
    for (encoding, body) in [("zstd", query.into()), ("gzip, gzip", gzip(query)), ("x", query.into())] {
        let answer = app.ask(post(&[("content-encoding", encoding)], body)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, json!("BAD_USER_INPUT")));
        assert!(answer.body.contains(encoding) && answer.body.contains("gzip, br, deflate"), "{}", answer.body);
    }
    let answer = app.ask(post(&[("content-encoding", "gzip")], query)).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, json!("BAD_USER_INPUT")));
}

#[tokio::test]
async fn large_bodies_are_all_read() {
    let app = App::new();
    let large = format!(r#"{{"query": "{{ note }}"{}}}"#, " ".repeat(2 * LargeRequests::BYTES));
    let answers = futures_util::future::join_all((0..20).map(|_| app.ask(post(&[], large.clone())))).await;
    for answer in answers {
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "data": { "note": null } })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_quiet_event_stream_has_comments_and_ends_with_its_token_or_the_server() {
    let app = App::new();
    let token = app.authenticator.issue(Some(PersonId(7)), false, TimeDelta::hours(1)).unwrap();
    let headers = [("accept", EVENTS), ("authorization", &format!("Bearer {token}"))];
    let answer = app.send(post(&headers, r#"{"query": "subscription { nothing }"}"#)).await;
    let mut chunks = answer.into_body().into_data_stream();
    for _ in 0..3 {
        assert_eq!(chunks.next().await.unwrap().unwrap(), ":\n\n");
    }
    app.clock.advance(TimeDelta::hours(1));
    let mut text = String::new();
    while let Some(chunk) = chunks.next().await {
        text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
    }
    let events = events_of(&text);
    assert_eq!(events[0].2["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!((events.len(), events[1].1), (2, "complete"), "the client does not try again with this token");

    // Without `complete`, the client connects again, to another server. The stop of the server also ends the responses.
    app.closing.cancel();
    for subscription in iter::once("nothing").chain(iter::repeat_n("count(to: 0)", 20)) {
        let answer = app.post(EVENTS, json!({ "query": format!("subscription {{ {subscription} }}") })).await;
        assert_eq!(answer.body, ":\n\n", "{subscription}");
    }
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
    // The 20 seconds after which a pause ends the request are enforced by the layer of the connection, which this test does not
    // have.
    let answer = app.ask(post(&[], in_pieces(Duration::from_secs(15)))).await;
    assert_eq!(answer.json(), json!({ "data": { "note": null } }));
    let answer = app.ask(post(&[], in_pieces(Duration::from_mins(1)))).await;
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
    let last = parts_of(&answer.body).remove(0);
    assert_eq!((&last["payload"], &last["errors"][0]["extensions"]["code"]), (&Json::Null, &json!("INTERNAL")));
}
