//! Tests of the protocol over real sockets, against a schema with a subscription like InSession's.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{Context, Object, Response, Schema, SimpleObject, Subscription, Value as GraphValue};
use axum::{Router, routing::get};
use chrono::{DateTime, TimeDelta};
use domain::{
    access::Viewer,
    clock::ManualClock,
    ids::{PersonId, SessionId},
    news::{ChangeKind, Narrowing, Position, SessionNarrowing, View},
};
use futures_util::{
    FutureExt as _, SinkExt, Stream, StreamExt, future,
    stream::{self, BoxStream},
};
use graphql::{
    budget::Budgets,
    document::Reader,
    registry::Types,
    sharing::ShareableFields,
    subscribe::{Beginning, subscribe},
};
use live::{
    CursorStatus, Hub, HubSettings, LiveEvent, Registration,
    testing::{FakeLog, change, moved, until, within},
};
use serde_json::{Value, json};
use service::{rate, settings::Limits};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;

use super::{AuthError, Identity, Site, SocketLimits, SocketSettings, Sockets, request::SocketRequest, upgrade};
use crate::{admission::Admission, documents::Documents, large_requests::LargeRequests};

/// Counts the calls of the schema's resolvers. Some of them wait at its gate.
struct Probe {
    resolved: AtomicUsize,
    finished: AtomicUsize,
    gate: Semaphore,
}

struct Query;

#[Object]
impl Query {
    async fn city(&self) -> &str {
        "Austin"
    }

    async fn viewer(&self, ctx: &Context<'_>) -> Option<i64> {
        ctx.data_unchecked::<Viewer>().person.map(|person| person.0)
    }

    async fn fails(&self) -> async_graphql::Result<Option<i32>> {
        future::ready(Err("no".into())).await
    }

    async fn waits(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Arc<Probe>>().gate.acquire().await.is_ok()
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn change(&self, ctx: &Context<'_>) -> usize {
        let probe = ctx.data_unchecked::<Arc<Probe>>();
        probe.resolved.fetch_add(1, Ordering::SeqCst);
        probe.gate.acquire().await.unwrap().forget();
        probe.finished.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct Item {
    kind: String,
    cursor: i64,
    session: Option<i64>,
    person: Option<i64>,
}

#[async_graphql::ComplexObject]
impl Item {
    /// Counts its resolutions.
    async fn name(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<Arc<Probe>>().resolved.fetch_add(1, Ordering::SeqCst);
        "Monday".to_owned()
    }

    async fn location(&self) -> String {
        "x".repeat(16 * 1024)
    }

    async fn viewer(&self, ctx: &Context<'_>) -> Option<i64> {
        ctx.data_unchecked::<Viewer>().person.map(|person| person.0)
    }
}

impl From<LiveEvent> for Item {
    fn from(event: LiveEvent) -> Self {
        Self {
            kind: match event.view {
                View::Session(kind) => kind.as_str().to_owned(),
                seen => format!("{seen:?}"),
            },
            cursor: event.change.position.0,
            session: event.change.event.as_session().and_then(|change| Some(change.session?.0)),
            person: event.person.map(|person| person.0),
        }
    }
}

/// The fields of this schema that are the same for every viewer.
const SHAREABLE: ShareableFields = &[
    ("Changes", "activeSessionChanged"),
    ("Item", "kind"),
    ("Item", "cursor"),
    ("Item", "session"),
    ("Item", "name"),
    ("Item", "location"),
];

struct Changes;

#[Subscription]
impl Changes {
    async fn active_session_changed(
        &self,
        ctx: &Context<'_>,
        session_ids: Option<Vec<i64>>,
        person_id: Option<i64>,
        city: Option<String>,
        after: Option<i64>,
    ) -> async_graphql::Result<BoxStream<'static, Item>> {
        let begin = async {
            let hub = ctx.data_unchecked::<Hub>();
            let narrowing = SessionNarrowing {
                sessions: session_ids.map(|ids| ids.into_iter().map(SessionId).collect()),
                person: person_id.map(PersonId),
                city,
                country: None,
            };
            if narrowing.person.is_some_and(|person| !ctx.data_unchecked::<Viewer>().may_act_for(person)) {
                return Err(coded("FORBIDDEN"));
            }
            let mut from = hub.stats().position;
            let mut first =
                Some(Item { kind: "SNAPSHOT".to_owned(), cursor: from.0, session: None, person: person_id });
            if let Some(after) = after {
                from = Position(after);
                match hub.cursor_status(from).await? {
                    CursorStatus::Resumable => first = None,
                    CursorStatus::Expired => return Err(coded("CURSOR_EXPIRED")),
                    CursorStatus::Future => return Err(coded("BAD_USER_INPUT")),
                }
            }
            let registration = Registration { narrowing: Narrowing::Sessions(narrowing), from, person_at: None };
            Ok(Beginning { registration, first })
        };
        subscribe(ctx, begin, |event| Some(event.into())).await
    }

    async fn counting(&self, up_to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=up_to)
    }

    async fn endless(&self) -> impl Stream<Item = i32> {
        stream::once(future::ready(0)).chain(stream::pending())
    }
}

fn coded(code: &str) -> async_graphql::Error {
    let mut error = async_graphql::Error::new("refused");
    error.extensions.get_or_insert_default().set("code", code);
    error
}

fn complete_errors(response: &mut Response) {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_USER_INPUT");
        }
    }
}

struct Server {
    address: SocketAddr,
    sockets: Sockets,
    hub: Hub,
    log: FakeLog,
    probe: Arc<Probe>,
    clock: Arc<ManualClock>,
    shutdown: CancellationToken,
    schema: Schema<Query, Mutation, Changes>,
}

impl Server {
    async fn start() -> Self {
        Self::with(SocketLimits::default()).await
    }

    async fn with(limits: SocketLimits) -> Self {
        Self::admitting(limits, Limits::default()).await
    }

    async fn admitting(limits: SocketLimits, all: Limits) -> Self {
        let (log, shutdown) = (FakeLog::new(), CancellationToken::new());
        let hub = log.hub(HubSettings::default(), &shutdown).await.unwrap();
        let probe =
            Arc::new(Probe { resolved: AtomicUsize::new(0), finished: AtomicUsize::new(0), gate: Semaphore::new(0) });
        let schema = Schema::build(Query, Mutation, Changes).data(hub.clone()).data(Arc::clone(&probe)).finish();
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let settings = SocketSettings {
            reader: Reader::new(Types::read(&schema.sdl()).unwrap(), SHAREABLE),
            limits,
            admission: Admission::new(all.into()),
            documents: Documents::new(Arc::new(Budgets::new(&all)), all.into()),
            large_requests: LargeRequests::new(),
            origins: ["https://listed.example".to_owned()].into(),
            site: Site::default(),
            authenticate: Arc::new(|token| Box::pin(future::ready(authenticate(token.as_deref())))),
            expect_valid: Arc::new(|_| Ok(())),
            complete_errors,
            clock: clock.clone(),
            shutdown: shutdown.clone(),
        };
        let sockets = Sockets::new(schema.clone(), hub.clone(), settings);
        let router = Router::new().route("/graphql/ws", get(upgrade)).with_state(sockets.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, sockets, hub, log, probe, clock, shutdown, schema }
    }

    async fn open(&self, subprotocol: Option<&str>) -> Client {
        self.open_at("/graphql/ws", subprotocol, None).await
    }

    /// Opens a socket at a path, with this value of the header `Authorization`.
    async fn open_at(&self, path: &str, subprotocol: Option<&str>, authorization: Option<&str>) -> Client {
        let mut request = format!("ws://{}{path}", self.address).into_client_request().unwrap();
        if let Some(subprotocol) = subprotocol {
            request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        }
        if let Some(authorization) = authorization {
            request.headers_mut().insert("authorization", authorization.parse().unwrap());
        }
        let tcp = TcpStream::connect(self.address).await.unwrap();
        match client_async(request, tcp).await {
            Ok((socket, _)) => Client { socket },
            Err(error) => panic!("{error}"),
        }
    }

    /// A client with an acknowledged connection. The token is the number of a person.
    async fn client(&self, token: Option<&str>) -> Client {
        let mut client = self.open(Some("graphql-transport-ws")).await;
        client.say(json!({"type": "connection_init", "payload": {"authorization": token}})).await;
        assert_eq!(client.hear().await, json!({"type": "connection_ack"}));
        client
    }

    fn append(&self, session: i64) {
        self.log.append(change(ChangeKind::Updated, session, "Austin"));
    }
}

/// A token is a person's number, 'admin', or a number and the second at which the token expires.
fn authenticate(token: Option<&str>) -> Result<Identity, AuthError> {
    let Some(token) = token else { return Ok(Identity::default()) };
    if token == "admin" {
        return Ok(Identity { viewer: Viewer::ADMIN, ..Identity::NOBODY });
    }
    let (person, second) = token.split_once('@').map_or((token, None), |(person, second)| (person, Some(second)));
    let person = person.parse().map_err(|_| AuthError::Malformed)?;
    let expires_at = second.map(|second| DateTime::from_timestamp(second.parse().unwrap(), 0).unwrap());
    Ok(Identity { viewer: Viewer::person(PersonId(person)), expires_at, ..Identity::NOBODY })
}

struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
    }

    /// The next message. Answers pings of the socket.
    async fn hear(&mut self) -> Value {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Reads and answers this number of pings.
    async fn answer_pings(&mut self, count: usize) {
        let mut pings = 0;
        while pings < count {
            match within(self.socket.next()).await {
                Some(Ok(Message::Ping(_))) => pings += 1,
                other => panic!("{other:?}"),
            }
        }
    }

    /// The data of the next message, which is a `next`.
    async fn hear_item(&mut self, id: &str) -> Value {
        let message = self.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        message["payload"]["data"]["activeSessionChanged"].clone()
    }

    async fn hear_code(&mut self, id: &str) -> Value {
        let message = self.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        message["payload"][0]["extensions"]["code"].clone()
    }

    /// Waits until the server closes the socket. Returns the code and the reason.
    async fn closed(&mut self) -> (u16, String) {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table of what clients do wrong")]
async fn each_protocol_violation_has_its_close_code() {
    let server =
        Server::with(SocketLimits { init_timeout: Duration::from_millis(100), ..SocketLimits::default() }).await;
    let (offer, legacy) = (
        "Offer the subprotocol graphql-transport-ws: see docs/clients.md#websockets",
        "The subprotocol graphql-ws is not supported: use graphql-transport-ws, see docs/clients.md#websockets",
    );
    for (subprotocol, reason) in [(None, offer), (Some("graphql-ws"), legacy), (Some("soap, wamp"), offer)] {
        // A client that offers a subprotocol disconnects by itself if the server does not answer one of them.
        let mut request = format!("ws://{}/graphql/ws", server.address).into_client_request().unwrap();
        if let Some(subprotocol) = subprotocol {
            request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        }
        let tcp = TcpStream::connect(server.address).await.unwrap();
        if let Ok((socket, _)) = client_async(request, tcp).await {
            let closed = Client { socket }.closed().await;
            assert_eq!(closed, (4406, reason.to_owned()), "{subprotocol:?}");
        } else {
            assert_eq!(subprotocol, Some("soap, wamp"));
        }
    }
    let mut silent = server.open(Some("graphql-transport-ws")).await;
    assert_eq!(silent.closed().await, (4408, "Connection initialisation timeout".to_owned()));

    let init = json!({"type": "connection_init"});
    let endless = |id: &str| json!({"id": id, "type": "subscribe", "payload": {"query": "subscription { endless }"}});
    let cases = [
        (vec![endless("1")], 4401, "Unauthorized"),
        (vec![init.clone(), init.clone()], 4429, "Too many initialisation requests"),
        (vec![init.clone(), endless("a\"b"), endless("a\"b")], 4409, "Subscriber for a\"b already exists"),
        (
            vec![json!({"type": "connection_init", "payload": {"authorization": 7}})],
            4403,
            "The authorization must be a string",
        ),
        (
            vec![json!({"type": "connection_init", "payload": 7})],
            4400,
            "The 'payload' of 'connection_init' must be an object, or absent",
        ),
        (vec![json!([])], 4400, "A message must be a JSON object"),
        (vec![json!({"id": "1"})], 4400, "The message has no 'type'"),
        (vec![json!({"type": 1})], 4400, "The 'type' of a message must be a string"),
        (
            vec![json!({"type": "start", "id": "1", "payload": {"query": "{ city }"}})],
            4400,
            "'start' is of the old graphql-ws: speak graphql-transport-ws, see docs/clients.md#websockets",
        ),
        (vec![json!({"type": "next", "id": "1", "payload": {}})], 4400, "Unknown message type 'next'"),
        (
            vec![init.clone(), json!({"type": "complete"})],
            4400,
            "The 'id' of 'complete' must be a string of 1 to 1024 bytes",
        ),
        (
            vec![init.clone(), json!({"type": "subscribe", "id": "", "payload": {"query": ""}})],
            4400,
            "The 'id' of 'subscribe' must be a string of 1 to 1024 bytes",
        ),
        (
            vec![init.clone(), json!({"type": "subscribe", "id": "1"})],
            4400,
            "The 'payload' of 'subscribe' must be an object",
        ),
        (
            vec![init.clone(), json!({"type": "subscribe", "id": "1", "payload": {"query": 1}})],
            4400,
            "The 'query' of 'subscribe' must be a string",
        ),
        (
            vec![
                init.clone(),
                json!({"type": "subscribe", "id": "1", "payload": {"query": "{city}", "variables": []}}),
            ],
            4400,
            "The 'variables' of 'subscribe' must be an object, or absent",
        ),
        (
            vec![
                init.clone(),
                json!({"type": "subscribe", "id": "1", "payload": {"query": "{city}", "operationName": {}}}),
            ],
            4400,
            "The 'operationName' of 'subscribe' must be a string, or absent",
        ),
    ];
    for (messages, code, reason) in cases {
        let mut client = server.open(Some("graphql-transport-ws")).await;
        for message in &messages {
            client.say(message.clone()).await;
        }
        assert_eq!(client.closed().await, (code, reason.to_owned()), "{messages:?}");
    }
    for (message, code, reason) in [
        (Message::text("{"), 4400, "A message must be a JSON object"),
        (Message::binary(vec![1]), 4400, "A message must be text, not binary"),
        (Message::text("x".repeat(300 * 1024)), 1009, "Message too big"),
    ] {
        let mut client = server.open(Some("graphql-transport-ws")).await;
        // The server may close before the whole message is sent.
        let _ = client.socket.send(message).await;
        assert_eq!(client.closed().await, (code, reason.to_owned()));
    }
    let mut client = server.open(Some("graphql-transport-ws")).await;
    client.say(json!({"type": "connection_init", "payload": {"Authorization": "Bearer wrong"}})).await;
    assert_eq!(client.closed().await, (4403, AuthError::Malformed.to_string()));
    let mut client = server.open(Some("graphql-transport-ws")).await;
    client.say(json!({"type": "é".repeat(200)})).await;
    let (code, reason) = client.closed().await;
    assert_eq!((code, reason.chars().count()), (4400, "Unknown message type '".len() + 50), "shortened");
    until(|| server.sockets.count() == 0).await;
}

#[tokio::test]
async fn a_large_message_waits_until_it_may_be_read_and_others_do_not() {
    let server = Server::start().await;
    let (mut large, mut small) = (server.client(None).await, server.client(None).await);
    let permit = server.sockets.0.settings.large_requests.permit(Some(server.address.ip())).await.ok();
    assert!(permit.is_some());
    large.subscribe("1", &format!("{{ city }}{}", " ".repeat(LargeRequests::BYTES))).await;
    large.subscribe("2", "{ city }").await;
    small.subscribe("3", "{ city }").await;
    assert_eq!(small.hear().await["id"], "3");
    assert!(large.socket.next().now_or_never().is_none(), "no message was read");
    drop(permit);
    assert_eq!((large.hear().await["id"].clone(), large.hear().await["type"].clone()), (json!("1"), json!("complete")));
    assert_eq!(large.hear().await["id"], "2");
}

#[tokio::test]
async fn server_answers_pings_and_ignores_pongs() {
    let server = Server::start().await;
    let mut client = server.open(Some("graphql-transport-ws")).await;
    client.say(json!({"type": "pong"})).await;
    client.say(json!({"type": "ping", "payload": {"at": 7}})).await;
    assert_eq!(
        client.hear().await,
        json!({"type": "pong", "payload": {"at": 7}}),
        "a ping is answered before the acknowledgement too"
    );
    client.say(json!({"type": "connection_init", "payload": null})).await;
    assert_eq!(client.hear().await, json!({"type": "connection_ack"}));
    client.say(json!({"type": "ping", "payload": null})).await;
    assert_eq!(client.hear().await, json!({"type": "pong"}));
    client.say(json!({"type": "complete", "id": "unknown"})).await;
    client.say(json!({"type": "ping"})).await;
    assert_eq!(client.hear().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn token_is_read_where_it_is_documented_and_refused_elsewhere() {
    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";

    let server = Server::start().await;
    let who = async |client: &mut Client| {
        client.subscribe("1", "{ viewer }").await;
        client.hear().await["payload"]["data"]["viewer"].clone()
    };
    let cases = [
        (None, json!({"authorization": "7"}), json!(7)),
        (None, json!({"Authorization": "7"}), json!(7)),
        (None, json!({"headers": {"Authorization": "7"}}), json!(7)),
        (None, json!({"headers": {"authorization": "7"}, "authorization": null}), json!(7)),
        (None, json!({"authorization": "7", "headers": {"Authorization": "8"}, "token": "9"}), json!(7)),
        (Some("7"), json!({}), json!(7)),
        (Some("7"), json!({"authorization": null}), json!(7)),
        (Some("7"), json!({"authorization": "8"}), json!(8)),
        (None, json!({"client": "web", "headers": {}, "authToken": null}), json!(null)),
    ];
    for (header, payload, viewer) in cases {
        let mut client = server.open_at("/graphql/ws", Some("graphql-transport-ws"), header).await;
        client.say(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(client.hear().await, json!({"type": "connection_ack"}), "{payload}");
        assert_eq!(who(&mut client).await, viewer, "{header:?} {payload}");
    }
    for payload in [
        json!({"authToken": "7"}),
        json!({"token": "7"}),
        json!({"access_token": "7"}),
        json!({"AUTHORIZATION": "Bearer 7"}),
        json!({"bearer": "7"}),
        json!({"user": {"jwt": JWT}}),
        json!({"headers": {"x-auth-token": "7"}}),
        json!({"session": JWT}),
    ] {
        for header in [None, Some("7")] {
            let mut client = server.open_at("/graphql/ws", Some("graphql-transport-ws"), header).await;
            client.say(json!({"type": "connection_init", "payload": payload})).await;
            let (code, reason) = client.closed().await;
            assert_eq!(code, 4401, "{payload}");
            assert!(reason.contains("is not read: send 'authorization'") && reason.len() <= 123, "{reason}");
        }
    }
    let in_the_subprotocol = format!("graphql-transport-ws, {JWT}");
    for (path, subprotocol) in
        [("/graphql/ws?access_token=7", "graphql-transport-ws"), ("/graphql/ws", &in_the_subprotocol)]
    {
        let mut client = server.open_at(path, Some(subprotocol), None).await;
        client.say(json!({"type": "connection_init"})).await;
        assert_eq!(client.closed().await.0, 4401, "{path} {subprotocol}");
        let mut client = server.open_at(path, Some(subprotocol), None).await;
        client.say(json!({"type": "connection_init", "payload": {"authorization": "7"}})).await;
        assert_eq!(client.hear().await, json!({"type": "connection_ack"}), "a token that is read is enough");
    }
    let mut wrong = server.open_at("/graphql/ws", Some("graphql-transport-ws"), Some("nobody")).await;
    wrong.say(json!({"type": "connection_init"})).await;
    assert_eq!(wrong.closed().await, (4403, AuthError::Malformed.to_string()));
}

#[tokio::test]
async fn token_is_renewed_on_an_open_socket() {
    let server = Server::start().await;
    let renewals = [
        (json!({"type": "ping", "payload": {"authorization": "7@120"}}), json!({"type": "pong"})),
        (json!({"type": "ping", "payload": {"headers": {"Authorization": "7@120"}}}), json!({"type": "pong"})),
        (json!({"type": "connection_init", "payload": {"authorization": "7@120"}}), json!({"type": "connection_ack"})),
    ];
    for (renewal, answer) in renewals {
        server.clock.set(DateTime::UNIX_EPOCH);
        let mut client = server.client(Some("7@60")).await;
        client.subscribe("1", "subscription { activeSessionChanged { kind } }").await;
        assert_eq!(client.hear_item("1").await["kind"], "SNAPSHOT");
        client.say(renewal).await;
        assert_eq!(client.hear().await, answer);
        server.clock.advance(TimeDelta::seconds(90));
        server.append(1);
        assert_eq!(client.hear_item("1").await["kind"], "UPDATED", "the subscription goes on with the new token");
        server.clock.advance(TimeDelta::seconds(30));
        client.subscribe("2", "{ viewer }").await;
        assert_eq!(client.closed().await, (4403, "Token expired".to_owned()), "the new token ends too");
    }
    server.clock.set(DateTime::UNIX_EPOCH);
    for (token, reason) in [
        ("8@120", "The new token has another viewer: open another socket".to_owned()),
        ("wrong", AuthError::Malformed.to_string()),
    ] {
        let mut client = server.client(Some("7@60")).await;
        client.say(json!({"type": "ping", "payload": {"authorization": token}})).await;
        assert_eq!(client.closed().await, (4403, reason));
    }
    let mut client = server.client(Some("7@60")).await;
    client.say(json!({"type": "ping", "payload": {"token": "7@120"}})).await;
    assert_eq!(client.closed().await.0, 4401);
    let mut early = server.open(Some("graphql-transport-ws")).await;
    early.say(json!({"type": "ping", "payload": {"authorization": "7"}})).await;
    assert_eq!(early.closed().await.0, 4401, "a ping does not open a connection");
}

#[tokio::test]
async fn queries_and_mutations_are_answered_over_the_socket() {
    let server = Server::start().await;
    let mut client = server.client(Some("7")).await;
    client.subscribe("1", "{ city viewer }").await;
    assert_eq!(
        client.hear().await,
        json!({"id": "1", "type": "next", "payload": {"data": {"city": "Austin", "viewer": 7}}})
    );
    assert_eq!(client.hear().await, json!({"id": "1", "type": "complete"}));
    // The id can be used again. An error of a field is part of an answer.
    client.subscribe("1", "{ fails }").await;
    let answer = client.hear().await;
    assert_eq!((&answer["type"], &answer["payload"]["data"]), (&json!("next"), &json!(null)));
    assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(client.hear().await["type"], "complete");
    for invalid in [
        "{",
        "{ nothing }",
        "query A { city } query B { city }",
        "subscription { nothing }",
        "subscription { counting }",
        "subscription { endless counting(upTo: 1) }",
        "subscription { __typename endless }",
        "subscription { ...Missing }",
    ] {
        client.subscribe("1", invalid).await;
        assert_eq!(client.hear_code("1").await, "BAD_USER_INPUT", "{invalid}");
    }
    let by_name = json!({"query": "query A { city } query B { viewer }", "operationName": "B"});
    client.say(json!({"id": "1", "type": "subscribe", "payload": by_name})).await;
    assert_eq!(client.hear().await["payload"]["data"], json!({"viewer": 7}));
    assert_eq!(client.hear().await["type"], "complete");
    // A stream that does not register with the hub is passed on as it is.
    client.subscribe("1", "subscription { counting(upTo: 2) }").await;
    for n in 1..=2 {
        assert_eq!(client.hear().await["payload"]["data"], json!({"counting": n}));
    }
    assert_eq!(client.hear().await, json!({"id": "1", "type": "complete"}));

    // A waiting operation does not block others. A mutation is finished even when the client completes it early.
    client.subscribe("slow", "{ waits }").await;
    client.subscribe("change", "mutation { change }").await;
    until(|| server.probe.resolved.load(Ordering::SeqCst) == 1).await;
    client.say(json!({"type": "complete", "id": "change"})).await;
    client.subscribe("slow too", "{ waits }").await;
    client.say(json!({"type": "complete", "id": "slow too"})).await;
    client.say(json!({"type": "ping"})).await;
    assert_eq!(client.hear().await, json!({"type": "pong"}));
    server.probe.gate.add_permits(3);
    until(|| server.probe.finished.load(Ordering::SeqCst) == 1).await;
    assert_eq!(client.hear().await["id"], "slow");
    assert_eq!(client.hear().await, json!({"id": "slow", "type": "complete"}));
}

#[tokio::test]
async fn subscription_sends_a_snapshot_and_then_events_until_completed() {
    let server = Server::start().await;
    server.append(1);
    until(|| server.hub.stats().position == Position(1)).await;
    let mut client = server.client(None).await;
    client.subscribe("a", "subscription { activeSessionChanged { kind cursor session } }").await;
    client
        .subscribe(
            "b",
            "subscription { ...Root } fragment Root on Changes { activeSessionChanged(sessionIds: [2]) { cursor } }",
        )
        .await;
    assert_eq!(client.hear_item("a").await, json!({"kind": "SNAPSHOT", "cursor": 1, "session": null}));
    assert_eq!(client.hear_item("b").await, json!({"cursor": 1}));
    until(|| server.hub.stats().subscriptions == 2).await;
    server.append(1);
    assert_eq!(client.hear_item("a").await, json!({"kind": "UPDATED", "cursor": 2, "session": 1}));
    server.append(2);
    let (one, other) = (client.hear().await, client.hear().await);
    let mut ids = [one["id"].as_str(), other["id"].as_str()];
    ids.sort_unstable();
    assert_eq!(ids, [Some("a"), Some("b")]);

    client.say(json!({"type": "complete", "id": "a"})).await;
    until(|| server.hub.stats().subscriptions == 1).await;
    server.append(1);
    server.append(2);
    assert_eq!(client.hear_item("b").await, json!({"cursor": 5}));
    // A subscription that resumes under the same id receives what it missed.
    client.subscribe("a", "subscription { activeSessionChanged(after: 3) { cursor } }").await;
    assert_eq!(client.hear_item("a").await, json!({"cursor": 4}));
    assert_eq!(client.hear_item("a").await, json!({"cursor": 5}));
    client.subscribe("c", "subscription { activeSessionChanged(after: 99) { cursor } }").await;
    assert_eq!(client.hear_code("c").await, "BAD_USER_INPUT");
    drop(client);
    until(|| server.sockets.count() == 0 && server.hub.stats().subscriptions == 0 && server.hub.stats().groups == 0)
        .await;
}

#[tokio::test]
async fn identical_public_subscriptions_share_one_execution_and_private_ones_do_not() {
    let server = Server::start().await;
    let public =
        "subscription S($ids: [Int!], $a: Int) { activeSessionChanged(sessionIds: $ids, after: $a) { name cursor } }";
    let mut clients = Vec::new();
    for n in 0..20 {
        let mut client = server.client(Some(&(n + 1).to_string())).await;
        let variables = json!({"ids": if n % 2 == 0 { json!([1, n + 10]) } else { json!(null) }, "a": 0});
        client
            .say(
                json!({"id": n.to_string(), "type": "subscribe", "payload": {"query": public, "variables": variables}}),
            )
            .await;
        clients.push(client);
    }
    until(|| server.hub.stats().subscriptions == 20).await;
    for _ in 0..5 {
        server.append(1);
    }
    for (n, client) in clients.iter_mut().enumerate() {
        for cursor in 1..=5 {
            assert_eq!(client.hear_item(&n.to_string()).await, json!({"name": "Monday", "cursor": cursor}));
        }
    }
    assert_eq!(server.hub.stats().groups, 1);
    assert_eq!(server.probe.resolved.load(Ordering::SeqCst), 5, "each event is resolved once");

    // An answer that depends on the viewer is shared only among subscriptions of this viewer.
    for client in &mut clients[..2] {
        client.subscribe("mine", "subscription { activeSessionChanged(sessionIds: [2], after: 5) { viewer } }").await;
    }
    let mut again = server.client(Some("1")).await;
    again.subscribe("mine", "subscription { activeSessionChanged(sessionIds: [2], after: 5) { viewer } }").await;
    until(|| server.hub.stats().subscriptions == 23).await;
    assert_eq!(server.hub.stats().groups, 3);
    server.append(2);
    for (client, viewer) in clients[..2].iter_mut().zip([1, 2]) {
        let mut messages = Vec::new();
        for _ in 0..if viewer == 1 { 1 } else { 2 } {
            messages.push(client.hear().await);
        }
        let mine = messages.iter().find(|message| message["id"] == "mine").unwrap();
        assert_eq!(mine["payload"]["data"]["activeSessionChanged"]["viewer"], viewer);
    }
    assert_eq!(again.hear_item("mine").await, json!({"viewer": 1}));
}

#[test]
fn only_answers_that_are_the_same_for_everyone_are_shared() {
    let reader = graphql::reader(false).unwrap();
    let group = |query: &str, variables: Value, viewer: i64, person: Option<i64>| {
        let request = async_graphql::Request::new(query).variables(async_graphql::Variables::from_json(variables));
        SocketRequest::read(&reader, request).unwrap().group(Viewer::person(PersonId(viewer)), person.map(PersonId))
    };
    let narrowed = "subscription($c: String) { activeSessionChanged(city: $c) { kind } }";
    assert_eq!(group(narrowed, json!({"c": "A"}), 1, None), group(narrowed, json!({"c": "B"}), 2, None));
    assert_ne!(group(narrowed, json!({"c": "A"}), 1, Some(1)), group(narrowed, json!({"c": "A"}), 2, Some(1)));
    assert_ne!(group(narrowed, json!({"c": "A"}), 1, Some(1)), group(narrowed, json!({"c": "A"}), 1, Some(2)));
    // A variable that the document does not declare changes nothing, nor do comments and spaces.
    assert_eq!(group(narrowed, json!({"x": 1}), 1, None), group(narrowed, json!({"x": 2}), 1, None));
    let spaced = narrowed.replace(' ', "  ,\n") + "# comment";
    assert_eq!(group(narrowed, json!({}), 1, None), group(&spaced, json!({}), 1, None));
    // A variable that changes the answer is not only a narrowing.
    let used = "subscription($c: Boolean!, $d: String) { activeSessionChanged(city: $d) { kind @include(if: $c) } }";
    assert_ne!(group(used, json!({"c": true}), 1, None), group(used, json!({"c": false}), 1, None));
    assert_eq!(group(used, json!({"c": true, "d": "A"}), 1, None), group(used, json!({"c": true, "d": "B"}), 1, None));
    let both = "subscription($c: String) { activeSessionChanged(city: $c) { session { instances(after: $c) { totalCount } } } }";
    assert_ne!(group(both, json!({"c": "A"}), 1, None), group(both, json!({"c": "B"}), 1, None));
    for private in [
        "subscription { activeSessionChanged { session { viewerCanEdit } } }",
        "subscription { activeSessionChanged { x: session { ... on Session { ...F } } } } fragment F on Session { problem }",
        "subscription { activeSessionChanged { fieldThatNobodyThoughtOf } }",
        "subscription { bookingStatusChanged { reason } }",
    ] {
        assert_ne!(group(private, json!({}), 1, None), group(private, json!({}), 2, None), "{private}");
        assert_eq!(group(private, json!({}), 1, None), group(private, json!({}), 1, None), "{private}");
    }
}

#[tokio::test]
async fn moves_of_a_person_are_visible_to_that_person_and_admins_only() {
    let server = Server::start().await;
    let mine = "subscription { activeSessionChanged(personId: 7) { kind cursor person } }";
    let mut stranger = server.client(Some("8")).await;
    stranger.subscribe("1", mine).await;
    assert_eq!(stranger.hear_code("1").await, "FORBIDDEN");
    let mut person = server.client(Some("7")).await;
    let mut admin = server.client(Some("admin")).await;
    for client in [&mut person, &mut admin] {
        client.subscribe("1", mine).await;
        assert_eq!(client.hear_item("1").await, json!({"kind": "SNAPSHOT", "cursor": 0, "person": 7}));
    }
    until(|| server.hub.stats().subscriptions == 2).await;
    server.append(1);
    server.log.append(moved(8, None, Some(1)));
    server.log.append(moved(7, None, Some(1)));
    server.append(1);
    for client in [&mut person, &mut admin] {
        assert_eq!(client.hear_item("1").await, json!({"kind": "PERSON_MOVED", "cursor": 3, "person": 7}));
        assert_eq!(client.hear_item("1").await, json!({"kind": "UPDATED", "cursor": 4, "person": 7}));
    }
}

#[tokio::test]
async fn limits_of_operations_per_socket_are_enforced() {
    let limits = SocketLimits { subscriptions_per_socket: 2, operations_in_flight: 1, ..SocketLimits::default() };
    let server = Server::with(limits).await;
    let mut client = server.client(None).await;
    for id in ["1", "2"] {
        client.subscribe(id, "subscription { endless }").await;
        assert_eq!(client.hear().await["id"], id);
    }
    client.subscribe("3", "subscription { endless }").await;
    assert_eq!(client.hear_code("3").await, "RATE_LIMITED");
    client.say(json!({"type": "complete", "id": "1"})).await;
    client.subscribe("3", "subscription { endless }").await;
    assert_eq!(client.hear().await["type"], "next");
    client.subscribe("change", "mutation { change }").await;
    client.say(json!({"type": "complete", "id": "change"})).await;
    client.subscribe("4", "{ city }").await;
    assert_eq!(
        client.hear_code("4").await,
        "RATE_LIMITED",
        "a running mutation counts, even after the client has completed it"
    );
    server.probe.gate.add_permits(1);
    until(|| server.probe.finished.load(Ordering::SeqCst) == 1).await;
    loop {
        client.subscribe("5", "{ city }").await;
        if client.hear().await["type"] == "next" {
            break;
        }
    }
}

#[tokio::test]
async fn documents_are_validated_before_anything_runs() {
    let server = Server::start().await;
    let mut client = server.client(None).await;
    let mut doubling = String::from("subscription { activeSessionChanged { ...F0 } }");
    for n in 0..60 {
        let next = n + 1;
        write!(doubling, " fragment F{n} on Item {{ ...F{next} ...F{next} }}").unwrap();
    }
    doubling.push_str(" fragment F60 on Item { kind }");
    within(async {
        client.subscribe("1", &doubling).await;
        assert_eq!(client.hear_code("1").await, "QUERY_TOO_COMPLEX");
        client.subscribe("2", "query($city: String!) { city }").await;
        assert_eq!(client.hear_code("2").await, "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test]
async fn subscriptions_beyond_the_rate_limit_are_refused() {
    let limits = SocketLimits { subscription_quota: rate::per_minute(3), ..SocketLimits::default() };
    let server = Server::with(limits).await;
    let mut client = server.client(None).await;
    for _ in 0..3 {
        client.subscribe("1", "subscription { endless }").await;
        assert_eq!(client.hear().await["type"], "next");
        client.say(json!({"type": "complete", "id": "1"})).await;
    }
    client.subscribe("1", "subscription { endless }").await;
    assert_eq!(client.hear_code("1").await, "RATE_LIMITED");
    client.subscribe("2", "{ city }").await;
    assert_eq!(client.hear().await["type"], "next", "queries are not counted");
}

#[tokio::test]
async fn an_address_with_too_many_sockets_is_refused_by_429() {
    let limits = Limits { sockets_per_address: 2, ..Limits::default() };
    let server = Server::admitting(SocketLimits::default(), limits).await;
    let (first, _second) = (server.client(None).await, server.client(None).await);
    let refused = async || {
        let mut request = format!("ws://{}/graphql/ws", server.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let tcp = TcpStream::connect(server.address).await.unwrap();
        match client_async(request, tcp).await {
            Err(tungstenite::Error::Http(answer)) => Some(*answer),
            _ => None,
        }
    };
    let answer = within(refused()).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
    let body: Value = serde_json::from_slice(answer.body().as_deref().unwrap_or_default()).unwrap_or_default();
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{body}");
    drop(first);
    until(|| server.sockets.count() == 1).await;
    assert!(within(refused()).await.is_none(), "there is room again");
}

#[tokio::test]
async fn slow_reader_is_disconnected_and_the_others_continue() {
    let limits = SocketLimits { queue_messages: 20, queue_bytes: 256 * 1024, ..SocketLimits::default() };
    let server = Server::with(limits).await;
    let query = "subscription { activeSessionChanged(after: 0) { cursor location } }";
    let mut slow = server.client(None).await;
    slow.subscribe("slow", query).await;
    let mut fast = Vec::new();
    for _ in 0..3 {
        let mut client = server.client(None).await;
        client.subscribe("fast", query).await;
        fast.push(client);
    }
    until(|| server.hub.stats().subscriptions == 4).await;
    let mut cursor = 0;
    within(async {
        while server.hub.stats().subscriptions == 4 {
            // Not updates, because those would be coalesced.
            server.log.append(change(ChangeKind::Activated, 1, "Austin"));
            cursor += 1;
            for client in &mut fast {
                assert_eq!(client.hear_item("fast").await["cursor"], cursor);
            }
        }
    })
    .await;
    until(|| server.sockets.count() == 3).await;
    // The slow client received the first events without a gap, and can resume after them.
    let mut last = 0;
    while let Some(Ok(Message::Text(text))) = within(slow.socket.next()).await {
        let message: Value = serde_json::from_str(&text).unwrap();
        last += 1;
        assert_eq!(message["payload"]["data"]["activeSessionChanged"]["cursor"], last);
    }
    assert!((1..cursor).contains(&last), "{last} of {cursor}");
    let mut resumed = server.client(None).await;
    resumed
        .subscribe("1", &format!("subscription {{ activeSessionChanged(after: {last}) {{ cursor location }} }}"))
        .await;
    for expected in last + 1..=cursor {
        assert_eq!(resumed.hear_item("1").await["cursor"], expected);
    }
}

#[tokio::test]
async fn socket_is_closed_when_its_token_expires() {
    let server =
        Server::with(SocketLimits { ping_interval: Duration::from_millis(50), ..SocketLimits::default() }).await;
    let mut client = server.client(Some("7@60")).await;
    client.subscribe("1", "{ viewer }").await;
    assert_eq!(client.hear().await["payload"]["data"]["viewer"], 7);
    assert_eq!(client.hear().await["type"], "complete");
    server.clock.advance(TimeDelta::seconds(60));
    assert_eq!(client.closed().await, (4403, "Token expired".to_owned()));
    let mut late = server.open(Some("graphql-transport-ws")).await;
    late.say(json!({"type": "connection_init", "payload": {"authorization": "7@60"}})).await;
    assert_eq!(late.closed().await, (4403, "Token expired".to_owned()));

    // With a running clock, the socket is closed at the expiry itself, not only at the next ping.
    let server = Server::with(SocketLimits { ping_interval: Duration::from_mins(10), ..SocketLimits::default() }).await;
    server.clock.set(DateTime::from_timestamp_millis(59_900).unwrap());
    let mut client = server.client(Some("7@60")).await;
    let clock = Arc::clone(&server.clock);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            clock.advance(TimeDelta::milliseconds(10));
        }
    });
    assert_eq!(client.closed().await, (4403, "Token expired".to_owned()));
}

#[tokio::test]
async fn dead_peers_are_dropped_and_idle_peers_are_not() {
    let server =
        Server::with(SocketLimits { ping_interval: Duration::from_millis(100), ..SocketLimits::default() }).await;
    let mut silent = server.client(None).await;
    let dead = server.client(None).await;
    assert_eq!(server.sockets.count(), 2);
    // This client reads its messages, and so answers pings. The other client does not.
    silent.answer_pings(5).await;
    assert_eq!(server.sockets.count(), 1);
    silent.subscribe("1", "{ city }").await;
    assert_eq!(silent.hear().await["type"], "next");
    drop(dead);
}

#[tokio::test]
async fn peer_is_not_dropped_while_its_large_message_waits() {
    let server =
        Server::with(SocketLimits { ping_interval: Duration::from_millis(100), ..SocketLimits::default() }).await;
    let mut client = server.client(None).await;
    let permit = server.sockets.0.settings.large_requests.permit(Some(server.address.ip())).await.ok();
    assert!(permit.is_some());
    client.subscribe("1", &format!("{{ city }}{}", " ".repeat(LargeRequests::BYTES))).await;
    // The server reads no pongs meanwhile.
    client.answer_pings(5).await;
    drop(permit);
    assert_eq!(client.hear().await["id"], "1");
}

#[tokio::test]
async fn shutdown_closes_all_sockets() {
    let server = Server::start().await;
    let mut client = server.client(None).await;
    client.subscribe("1", "subscription { activeSessionChanged { cursor } }").await;
    assert_eq!(client.hear_item("1").await, json!({"cursor": 0}));
    let mut opened = server.open(Some("graphql-transport-ws")).await;
    server.shutdown.cancel();
    assert_eq!(client.closed().await, (1012, "Service restart".to_owned()));
    assert_eq!(opened.closed().await, (1012, "Service restart".to_owned()));
    within(server.sockets.closed()).await;
    let mut late = server.open(Some("graphql-transport-ws")).await;
    assert_eq!(late.closed().await, (1012, "Service restart".to_owned()));
}

#[tokio::test]
async fn resolver_streams_by_itself_on_other_transports() {
    let server = Server::start().await;
    server.append(1);
    let request =
        async_graphql::Request::new("subscription { activeSessionChanged(after: 0) { cursor } }").data(Viewer::NOBODY);
    let mut responses = server.schema.execute_stream(request);
    for cursor in 1..=3 {
        let response = within(responses.next()).await.unwrap();
        let expected = GraphValue::from_json(json!({"activeSessionChanged": {"cursor": cursor}})).unwrap();
        assert_eq!(response.data, expected);
        server.append(1);
    }
}
