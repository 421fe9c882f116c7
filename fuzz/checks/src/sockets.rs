//! Sockets. Whatever a client sends, the server answers as graphql-transport-ws says, and releases everything when the
//! client has disconnected.
//!
//! The input is a script. Two clients send its lines to a server in the same process. The clock is simulated. The
//! second client sends the lines that begin with `2`. The rest of a line is a message, except for these:
//!
//! | line | meaning |
//! | --- | --- |
//! | `+7` | a change of session 7 |
//! | `~30` | 30 seconds pass |
//! | `!text` | a binary message |
//! | `?` | a ping of the WebSocket |
//! | `.` | the client closes |

use std::{collections::BTreeSet, future, io, sync::Arc, time::Duration};

use api::{
    admission::Admission,
    documents::Documents,
    large_requests::LargeRequests,
    ws::{Site, SocketLimits, SocketSettings, Sockets, upgrade},
};
use auth::{AuthError, Identity, unread::find_unread_token};
use axum::{Router, routing::get, serve::Listener};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{access::Viewer, clock::Clock, ids::PersonId};
use futures_util::{SinkExt, StreamExt, future::join};
use graphql::{
    budget::Budgets,
    error::add_missing_codes,
    execute::{Execution, Guard},
};
use live::{Hub, HubSettings, testing::FakeLog};
use serde_json::{Map, Value, json};
use service::settings::{Introspection, Limits};
use tokio::{
    io::{DuplexStream, duplex},
    runtime::Builder,
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;

use crate::stage::{self, VIEWER};

/// Further lines are ignored, so that a run is short.
const MAX_LINES: usize = 64;
const MAX_WAIT_SECONDS: u64 = 100;
/// Everything that needs no timer is done within this time of the simulated clock.
const MOMENT: Duration = Duration::from_millis(1);

/// # Panics
/// When an answer breaks the protocol, or the server keeps something after the clients have disconnected.
pub fn check(bytes: &[u8]) {
    let runtime =
        Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime can be made");
    runtime.block_on(play(&String::from_utf8_lossy(bytes)));
}

async fn play(script: &str) {
    let server = Server::start().await;
    let mut first = server.open().await;
    let mut second = server.open().await;
    for line in script.split('\n').take(MAX_LINES) {
        let (client, line) = line.strip_prefix('2').map_or((&mut first, line), |line| (&mut second, line));
        let number = |text: &str| text.trim().parse::<u64>().unwrap_or(1);
        let mut wait = MOMENT;
        if let Some(session) = line.strip_prefix('+') {
            server.log.append(stage::change_of(i64::try_from(number(session) % 4).unwrap_or_default()));
        } else if let Some(seconds) = line.strip_prefix('~') {
            wait = Duration::from_secs(number(seconds).min(MAX_WAIT_SECONDS));
        } else {
            client.send_line(line).await;
        }
        let until = Instant::now() + wait;
        join(first.read_until(until), second.read_until(until)).await;
    }
    let until = Instant::now() + MOMENT;
    first.send_line(".").await;
    second.send_line(".").await;
    join(first.read_until(until), second.read_until(until)).await;
    drop((first, second));
    sleep(MOMENT).await;
    let stats = server.hub.stats();
    assert_eq!((server.sockets.count(), stats.groups, stats.followers), (0, 0, 0), "something remains");
    server.shutdown.cancel();
    server.sockets.closed().await;
}

struct Server {
    connections: mpsc::Sender<DuplexStream>,
    sockets: Sockets,
    hub: Hub,
    log: FakeLog,
    limits: SocketLimits,
    started_at: Instant,
    shutdown: CancellationToken,
}

impl Server {
    async fn start() -> Self {
        let (log, shutdown, started_at) = (FakeLog::new(), CancellationToken::new(), Instant::now());
        let hub = log.hub(HubSettings::default(), &shutdown).await;
        let hub = hub.expect("a log in memory can be read");
        let (limits, socket_limits) = (Limits::default(), SocketLimits::default());
        let settings = SocketSettings {
            reader: stage::reader(),
            limits: socket_limits,
            admission: Admission::new(limits.into()),
            documents: Documents::new(Arc::new(Budgets::new(&limits)), limits.into()),
            large_requests: LargeRequests::new(),
            origins: Arc::default(),
            site: Site::default(),
            authenticate: Arc::new(|token| Box::pin(future::ready(Token::read(token.as_deref()).map(Token::identity)))),
            expect_valid: Arc::new(|_| Ok(())),
            complete_errors: add_missing_codes,
            clock: Arc::new(SimulatedClock(started_at)),
            shutdown: shutdown.clone(),
        };
        let executor = Execution::new(
            stage::schema(Some(hub.clone())),
            Guard::new(Introspection::Nobody, &limits, stage::reader()),
        );
        let sockets = Sockets::new(executor, hub.clone(), settings);
        let router = Router::new().route("/graphql/ws", get(upgrade)).with_state(sockets.clone());
        let (connections, opened) = mpsc::channel(1);
        tokio::spawn(async move { axum::serve(ChannelListener(opened), router).await });
        Self { connections, sockets, hub, log, limits: socket_limits, started_at, shutdown }
    }

    async fn open(&self) -> Client {
        let (ours, theirs) = duplex(1024 * 1024);
        self.connections.send(theirs).await.expect("the server runs");
        let mut request = "ws://localhost/graphql/ws".into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        let (socket, _) = client_async(request, ours).await.expect("the socket is opened");
        Client {
            socket,
            limits: self.limits,
            started_at: self.started_at,
            phase: Phase::Opened,
            operations: BTreeSet::new(),
            pongs: Vec::new(),
            fault: None,
            is_closed: false,
            has_ended: false,
        }
    }
}

/// Follows the simulated timers, and starts in 1970.
struct SimulatedClock(Instant);

impl Clock for SimulatedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::from_std(self.0.elapsed()).unwrap_or_default()
    }
}

/// A listener that gets its connections through a channel.
struct ChannelListener(mpsc::Receiver<DuplexStream>);

impl Listener for ChannelListener {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(pipe) => (pipe, ()),
            None => future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A person's number, optionally with `@` and the second at which the token expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    person: Option<i64>,
    ends_at: Option<u32>,
}

impl Token {
    fn read(text: Option<&str>) -> Result<Self, AuthError> {
        let Some(text) = text else { return Ok(Self { person: None, ends_at: None }) };
        let (person, ends_at) = text.split_once('@').map_or((text, None), |(person, second)| (person, Some(second)));
        let person = person.parse().map_err(|_| AuthError::Malformed)?;
        let ends_at = ends_at.map(str::parse).transpose().map_err(|_| AuthError::Malformed)?;
        Ok(Self { person: Some(person), ends_at })
    }

    fn identity(self) -> Identity {
        Identity {
            viewer: self.person.map_or(Viewer::NOBODY, |person| Viewer::person(PersonId(person))),
            expires_at: self.ends_at.and_then(|second| DateTime::from_timestamp(second.into(), 0)),
            ..Identity::NOBODY
        }
    }

    fn has_ended(self, after: Duration) -> bool {
        self.ends_at.is_some_and(|second| Duration::from_secs(second.into()) <= after)
    }
}

/// A client that knows which answers are right.
struct Client {
    socket: WebSocketStream<DuplexStream>,
    limits: SocketLimits,
    started_at: Instant,
    phase: Phase,
    /// The ids of the operations that may still be answered.
    operations: BTreeSet<String>,
    pongs: Vec<Option<Map<String, Value>>>,
    /// The code with which the server must close after the last message.
    fault: Option<u16>,
    is_closed: bool,
    has_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Opened,
    /// `connection_init` was sent.
    InitSent(Token),
    Acknowledged(Token),
}

impl Client {
    async fn send_line(&mut self, line: &str) {
        if self.is_closed {
            return;
        }
        let message = match line.chars().next() {
            Some('!') => {
                self.fault = Some(4400);
                Message::binary(line.as_bytes().to_vec())
            }
            Some('?') => Message::Ping(Vec::new().into()),
            Some('.') => {
                self.is_closed = true;
                Message::Close(None)
            }
            _ => {
                self.fault =
                    if line.len() > self.limits.max_message_bytes { Some(1009) } else { self.expect(line).err() };
                Message::text(line)
            }
        };
        self.socket.send(message).await.expect("the message is sent");
    }

    /// Records which answers a message must get. `Err` is the code with which the server must close.
    fn expect(&mut self, text: &str) -> Result<(), u16> {
        const BAD: u16 = 4400;

        let Ok(Value::Object(message)) = serde_json::from_str(text) else { return Err(BAD) };
        let payload = match message.get("payload").filter(|value| !value.is_null()) {
            None => Ok(None),
            Some(Value::Object(payload)) => Ok(Some(payload)),
            Some(_) => Err(BAD),
        };
        let id = match message.get("id") {
            Some(Value::String(id)) if (1..=1024).contains(&id.len()) => Ok(id.clone()),
            _ => Err(BAD),
        };
        match message.get("type").and_then(Value::as_str).ok_or(BAD)? {
            "connection_init" => {
                let payload = payload?;
                let given = payload.map(given_token).transpose()?.flatten();
                if self.phase != Phase::Opened {
                    return given.map(|_| self.renew()).ok_or(4429);
                }
                let token = Token::read(given.as_deref()).map_err(|_| 4403_u16)?;
                if token.has_ended(self.started_at.elapsed()) {
                    return Err(4403);
                }
                self.phase = Phase::InitSent(token);
            }
            "ping" => {
                let payload = payload?;
                match (payload.map(given_token).transpose()?.flatten(), self.phase) {
                    (None, _) => self.pongs.push(payload.cloned()),
                    (Some(_), Phase::Opened) => return Err(4401),
                    (Some(_), _) => self.renew(),
                }
            }
            "pong" => drop(payload?),
            "subscribe" => {
                let (id, payload) = (id?, payload?.ok_or(BAD)?);
                let is_right = payload.get("query").is_some_and(Value::is_string)
                    && payload.get("operationName").is_none_or(|it| it.is_null() || it.is_string())
                    && payload.get("variables").is_none_or(|it| it.is_null() || it.is_object())
                    && payload.get("extensions").is_none_or(|it| it.is_null() || it.is_object());
                if !is_right {
                    return Err(BAD);
                }
                if !matches!(self.phase, Phase::Acknowledged(_)) {
                    return Err(4401);
                }
                if !self.operations.insert(id) {
                    return Err(4409);
                }
            }
            "complete" => drop(self.operations.remove(&id?)),
            _ => return Err(BAD),
        }
        Ok(())
    }

    /// A new token on an open socket. The answer depends on what the server has checked so far.
    fn renew(&mut self) {
        self.is_closed = true;
    }

    /// Reads and checks the messages of the server until an instant, by which everything must be answered.
    async fn read_until(&mut self, until: Instant) {
        while !self.has_ended {
            match timeout_at(until, self.socket.next()).await {
                Err(_) => break,
                Ok(Some(Ok(message))) => self.check_message(message),
                Ok(Some(Err(_)) | None) => {
                    assert!(self.is_closed, "the connection ended without a close frame");
                    self.has_ended = true;
                }
            }
        }
        sleep_until(until).await;
        assert!(self.is_closed || self.fault.is_none(), "the server should have closed by {:?}", self.fault);
        assert!(self.is_closed || self.pongs.is_empty(), "pings without an answer: {:?}", self.pongs);
        assert!(self.is_closed || !matches!(self.phase, Phase::InitSent(_)), "there was no acknowledgement");
    }

    fn check_message(&mut self, message: Message) {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(Some(frame)) if !self.is_closed => {
                return self.check_close(frame.code.into(), &frame.reason);
            }
            Message::Close(_) if self.is_closed => return,
            Message::Ping(_) | Message::Pong(_) => return,
            other => panic!("the server never sends {other:?}"),
        };
        let message: Value = serde_json::from_str(&text).expect("messages are JSON");
        let kind = message["type"].as_str().unwrap_or_default();
        match (kind, self.phase) {
            ("connection_ack" | "pong", _) if self.is_closed => {}
            ("connection_ack", Phase::InitSent(token)) => {
                assert_eq!(message, json!({ "type": "connection_ack" }));
                self.phase = Phase::Acknowledged(token);
            }
            ("pong", _) => {
                assert!(!self.pongs.is_empty(), "a pong without a ping");
                let expected = match self.pongs.remove(0) {
                    Some(payload) => json!({ "type": "pong", "payload": payload }),
                    None => json!({ "type": "pong" }),
                };
                assert_eq!(message, expected);
            }
            ("next" | "error" | "complete", Phase::Acknowledged(token)) => self.check_answer(kind, &message, token),
            _ => panic!("{text} when {:?}", self.phase),
        }
    }

    fn check_answer(&mut self, kind: &str, message: &Value, token: Token) {
        let id = message["id"].as_str().unwrap_or_default();
        // The server may have answered before it read that the client completes the operation.
        let is_known = if kind == "next" { self.operations.contains(id) } else { self.operations.remove(id) };
        assert!(is_known || self.is_closed, "{message} answers nothing");
        let payload = &message["payload"];
        let errors = match kind {
            "next" => {
                assert!(payload.get("data").is_some(), "{message}");
                check_viewer(&payload["data"], &format!("{VIEWER}{}", token.person.unwrap_or_default()));
                payload.get("errors")
            }
            "error" => Some(payload),
            _ => return assert_eq!(message.as_object().map(Map::len), Some(2), "{message}"),
        };
        if let Some(errors) = errors {
            let errors = errors.as_array().expect("errors are a list");
            let is_right = |error: &Value| {
                let code = error["extensions"]["code"].as_str();
                error["message"].is_string() && code.is_some_and(|code| code != "INTERNAL")
            };
            assert!(!errors.is_empty() && errors.iter().all(is_right), "{message}");
        }
    }

    fn check_close(&mut self, code: u16, reason: &str) {
        let now = self.started_at.elapsed();
        let is_due = match (code, self.phase) {
            (4408, Phase::Opened) => self.limits.init_timeout <= now,
            (4403, Phase::Acknowledged(token)) => token.has_ended(now),
            _ => false,
        };
        assert!(self.fault == Some(code) || is_due, "closed by {code}, {reason}, and not by {:?}", self.fault);
        self.is_closed = true;
    }
}

/// The token of a payload. `Err` is the code with which the server must close.
fn given_token(payload: &Map<String, Value>) -> Result<Option<String>, u16> {
    let header = || {
        let headers = payload.get("headers")?.as_object()?;
        let is_header =
            |(name, value): &(&String, &Value)| name.eq_ignore_ascii_case("authorization") && !value.is_null();
        headers.iter().find(is_header).map(|(_, value)| value)
    };
    let given = ["authorization", "Authorization"].into_iter().filter_map(|name| payload.get(name));
    match given.into_iter().find(|value| !value.is_null()).or_else(header) {
        Some(Value::String(token)) => Ok(Some(token.clone())),
        Some(_) => Err(4403),
        None if find_unread_token(payload).is_some() => Err(4401),
        None => Ok(None),
    }
}

/// Checks that no client gets the data of the other one.
fn check_viewer(data: &Value, own: &str) {
    match data {
        Value::String(text) => assert!(!text.starts_with(VIEWER) || text == own, "{text} is shown to {own}"),
        Value::Array(items) => items.iter().for_each(|item| check_viewer(item, own)),
        Value::Object(fields) => fields.values().for_each(|field| check_viewer(field, own)),
        _ => {}
    }
}
