//! The messages and close codes of graphql-transport-ws.
//!
//! <https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md>

use async_graphql::{Request, Variables};
use axum::extract::ws::{CloseFrame, Utf8Bytes};
use graphql::trusted::DOCUMENT_ID;
use serde_json::{Map, Value};

pub(super) const SUBPROTOCOL: &str = "graphql-transport-ws";

/// The subprotocol of 2018, which the libraries subscriptions-transport-ws and Apollo of that time speak. The server answers
/// it only to say why it closes the socket: a client whose subprotocols are all refused sees no reason.
pub(super) const LEGACY_SUBPROTOCOL: &str = "graphql-ws";

/// The longest id, in bytes. Every message of an operation contains its id.
const MAX_ID_BYTES: usize = 1024;

/// Why the server closes a socket. The client library graphql-ws reconnects after `Forbidden`, `Restart`, `Behind` and
/// `TryAgain`, and not after the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Close {
    /// 1002: invalid WebSocket frames.
    NotWebSocket,
    /// 1009: a message above the size limit.
    TooBig,
    /// 1012: the server is shutting down.
    Restart,
    /// 1013: the client does not read fast enough, or the server cannot keep up. The client may resume from its cursor.
    Behind,
    /// 1013: something that the server needs is unavailable. With the reason.
    TryAgain(String),
    /// 4400: an invalid message. With the reason.
    BadRequest(String),
    /// 4401: an operation before the connection was acknowledged.
    Unauthorized,
    /// 4401: a token in a place that is not read. With that place.
    UnreadToken(String),
    /// 4403: the token is not valid, or no longer valid. With the reason.
    Forbidden(String),
    /// 4406: the client does not offer the supported subprotocol. With the old subprotocol, if it offers that.
    SubprotocolNotAcceptable(Option<&'static str>),
    /// 4408: no `connection_init` in time.
    InitTimeout,
    /// 4409: the id is already in use. With the reason.
    SubscriberExists(String),
    /// 4429: a second `connection_init`.
    TooManyInits,
}

impl Close {
    pub(super) fn frame(&self) -> CloseFrame {
        let text;
        let (code, reason) = match self {
            Self::NotWebSocket => (1002, "Protocol error"),
            Self::TooBig => (1009, "Message too big"),
            Self::Restart => (1012, "Service restart"),
            Self::Behind => (1013, "Too far behind: resume with the last cursor"),
            Self::TryAgain(reason) => (1013, reason.as_str()),
            Self::BadRequest(reason) => (4400, reason.as_str()),
            Self::Unauthorized => (4401, "Unauthorized"),
            Self::UnreadToken(place) => {
                let place: String = place.chars().take(30).collect();
                text = format!(
                    "A token in '{place}' is not read: send 'authorization' in connection_init, see docs/clients.md#tokens"
                );
                (4401, text.as_str())
            }
            Self::Forbidden(reason) => (4403, reason.as_str()),
            Self::SubprotocolNotAcceptable(None) => {
                (4406, "Offer the subprotocol graphql-transport-ws: see docs/clients.md#websockets")
            }
            Self::SubprotocolNotAcceptable(Some(offered)) => {
                text = format!(
                    "The subprotocol {offered} is not supported: use graphql-transport-ws, see docs/clients.md#websockets"
                );
                (4406, text.as_str())
            }
            Self::InitTimeout => (4408, "Connection initialisation timeout"),
            Self::SubscriberExists(reason) => (4409, reason.as_str()),
            Self::TooManyInits => (4429, "Too many initialisation requests"),
        };
        CloseFrame { code, reason: Utf8Bytes::from(shortened(reason)) }
    }
}

/// Shortens a reason to 123 bytes: a control frame has at most 125 bytes, and the code takes 2 of them.
fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(123)]
}

/// A message from the client, with its request as it was sent, or after it was read.
#[derive(Debug)]
pub(super) enum ClientMessage<R = Request> {
    ConnectionInit(Option<Map<String, Value>>),
    Ping(Option<Map<String, Value>>),
    Pong,
    Subscribe { id: String, request: Box<R> },
    Complete { id: String },
}

impl<R> ClientMessage<R> {
    pub(super) fn map_request<S>(self, read: impl FnOnce(R) -> S) -> ClientMessage<S> {
        match self {
            Self::ConnectionInit(payload) => ClientMessage::ConnectionInit(payload),
            Self::Ping(payload) => ClientMessage::Ping(payload),
            Self::Pong => ClientMessage::Pong,
            Self::Subscribe { id, request } => ClientMessage::Subscribe { id, request: Box::new(read(*request)) },
            Self::Complete { id } => ClientMessage::Complete { id },
        }
    }
}

/// What is wrong with a message of a client. The text is for the client.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MessageError {
    #[error("A message must be a JSON object")]
    NotAnObject,
    #[error("The message has no 'type'")]
    NoType,
    #[error("The 'type' of a message must be a string")]
    TypeIsNoString,
    #[error("'{0}' is of the old graphql-ws: speak graphql-transport-ws, see docs/clients.md#websockets")]
    OldSubprotocol(String),
    #[error("Unknown message type '{0}'")]
    UnknownType(String),
    #[error("The 'id' of '{0}' must be a string of 1 to {MAX_ID_BYTES} bytes")]
    Id(String),
    #[error("The '{part}' of '{of}' must be {expected}")]
    Part { part: &'static str, of: String, expected: &'static str },
    #[error("The 'extensions' of 'subscribe' are not valid")]
    Extensions,
}

impl MessageError {
    /// The error for a part of the payload of `subscribe`.
    fn of_subscribe(part: &'static str, expected: &'static str) -> Self {
        Self::Part { part, of: "subscribe".to_owned(), expected }
    }
}

const OBJECT: &str = "an object, or absent";
const STRING: &str = "a string, or absent";

pub(super) fn parse(text: &str) -> Result<ClientMessage, MessageError> {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return Err(MessageError::NotAnObject);
    };
    let kind = match message.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(MessageError::TypeIsNoString),
        None => return Err(MessageError::NoType),
    };
    match kind.as_str() {
        "connection_init" => Ok(ClientMessage::ConnectionInit(payload(&mut message, &kind)?)),
        "ping" => Ok(ClientMessage::Ping(payload(&mut message, &kind)?)),
        "pong" => payload(&mut message, &kind).map(|_| ClientMessage::Pong),
        "subscribe" => {
            Ok(ClientMessage::Subscribe { id: id(&mut message, &kind)?, request: Box::new(request(&mut message)?) })
        }
        "complete" => Ok(ClientMessage::Complete { id: id(&mut message, &kind)? }),
        "start" | "stop" | "connection_terminate" => Err(MessageError::OldSubprotocol(kind)),
        _ => Err(MessageError::UnknownType(kind)),
    }
}

fn payload(message: &mut Map<String, Value>, kind: &str) -> Result<Option<Map<String, Value>>, MessageError> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(MessageError::Part { part: "payload", of: kind.to_owned(), expected: OBJECT }),
    }
}

fn id(message: &mut Map<String, Value>, kind: &str) -> Result<String, MessageError> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= MAX_ID_BYTES => Ok(id),
        _ => Err(MessageError::Id(kind.to_owned())),
    }
}

fn request(message: &mut Map<String, Value>) -> Result<Request, MessageError> {
    let Some(Value::Object(mut payload)) = message.remove("payload") else {
        return Err(MessageError::of_subscribe("payload", "an object"));
    };
    let names_document = payload.contains_key(DOCUMENT_ID)
        || payload.get("extensions").is_some_and(|extensions| extensions.get("persistedQuery").is_some());
    let mut request = match payload.remove("query") {
        Some(Value::String(query)) => Request::new(query),
        None | Some(Value::Null) if names_document => Request::new(""),
        _ => return Err(MessageError::of_subscribe("query", "a string")),
    };
    request.operation_name = match payload.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(MessageError::of_subscribe("operationName", STRING)),
    };
    request.variables = match payload.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(variables @ Value::Object(_)) => Variables::from_json(variables),
        Some(_) => return Err(MessageError::of_subscribe("variables", OBJECT)),
    };
    match payload.remove("extensions") {
        None | Some(Value::Null) => {}
        Some(extensions @ Value::Object(_)) => {
            request.extensions = serde_json::from_value(extensions).map_err(|_| MessageError::Extensions)?;
        }
        Some(_) => return Err(MessageError::of_subscribe("extensions", OBJECT)),
    }
    match payload.remove(DOCUMENT_ID) {
        None | Some(Value::Null) => {}
        Some(Value::String(id)) => drop(request.extensions.insert(DOCUMENT_ID.to_owned(), id.into())),
        Some(_) => return Err(MessageError::of_subscribe(DOCUMENT_ID, STRING)),
    }
    Ok(request)
}

pub(super) const CONNECTION_ACK: &str = r#"{"type":"connection_ack"}"#;

pub(super) const PONG: &str = r#"{"type":"pong"}"#;

pub(super) fn pong(payload: Option<Map<String, Value>>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{}}}"#, Value::Object(payload)),
        None => PONG.to_owned(),
    }
}

/// An id as a JSON string, as messages contain it.
pub(super) fn quoted(id: &str) -> Box<str> {
    Value::from(id).to_string().into()
}

pub(super) fn next(quoted_id: &str, payload: &str) -> String {
    concat([r#"{"id":"#, quoted_id, r#","type":"next","payload":"#, payload, "}"])
}

pub(super) fn error(quoted_id: &str, payload: &str) -> String {
    concat([r#"{"id":"#, quoted_id, r#","type":"error","payload":"#, payload, "}"])
}

pub(super) fn complete(quoted_id: &str) -> String {
    concat([r#"{"id":"#, quoted_id, r#","type":"complete"}"#, "", ""])
}

/// Concatenates with one allocation of the right size, because this runs for each message of each socket.
fn concat(parts: [&str; 5]) -> String {
    let mut message = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        message.push_str(part);
    }
    message
}
