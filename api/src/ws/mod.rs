//! GraphQL over WebSockets, by the protocol `graphql-transport-ws`.
//!
//! Terms:
//!
//! - A *socket* is one WebSocket. Its *connection* is acknowledged once the token of `connection_init` has been checked.
//! - An *operation* is what a `subscribe` message starts: a query, a mutation or a subscription.
//! - A subscription is *live* once it is a member of a group of the hub ([`live::Hub`]).
//!
//! Invariants:
//!
//! - A socket has one task. While the peer does not read, the task still reads, and outgoing messages wait in the bounded
//!   mailbox.
//! - After the `complete` of an operation, from either side, no message has its id, unless a new operation reuses the id.
//! - An operation that cannot start is answered with `error`, never with `next`.
//! - A mutation that has begun is finished, even when its client disconnects.
//! - After the token expires, no operation starts, and the socket is closed at the next ping at the latest.
//! - A client may renew its token on the open socket. The new token names the same viewer.
//! - A client that sends a token where it is not read is refused. It is never anonymous without knowing it.

mod connection;
mod operation;
mod protocol;
mod request;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    future::ready,
    sync::Arc,
    time::Duration,
};

use async_graphql::{Executor, Request};
use auth::{
    AuthError, Identity,
    unread::{has_unread_token, is_unread_subprotocol},
};
use axum::{
    extract::{FromRequestParts, Request as HttpRequest, State, WebSocketUpgrade, ws::WebSocket},
    http::{header::SEC_WEBSOCKET_PROTOCOL, request::Parts},
    response::{IntoResponse, Response},
};
use domain::clock::Clock;
use futures_util::{
    future::{BoxFuture, FutureExt},
    stream::BoxStream,
};
use governor::Quota;
use graphql::document::Reader;
use live::{CloseReason, Hub, Mailbox, MailboxLimits};
use parking_lot::Mutex;
use service::{rate, settings::Limits};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};
use web::origin::{is_listed, is_own};
pub use web::site::Site;

use self::protocol::Close;
use crate::{
    admission::{Admission, Permit},
    documents::Documents,
    http::graphql::{authorization, has_unread_header, refuse_connection, refuse_origin},
    large_requests::LargeRequests,
    request_id,
};

/// Checks the authorization of a connection, if there is one, and returns the identity.
pub type Authenticate = Arc<dyn Fn(Option<String>) -> BoxFuture<'static, Result<Identity, AuthError>> + Send + Sync>;

/// Checks whether an identity is still valid. Called often, so it must not block.
pub type ExpectValid = Arc<dyn Fn(&Identity) -> Result<(), AuthError> + Send + Sync>;

#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    pub subscriptions_per_socket: usize,
    /// The rate limit for new subscriptions on one socket.
    pub subscription_quota: Quota,
    /// How many queries and mutations one socket may run at once.
    pub operations_in_flight: usize,
    pub max_message_bytes: usize,
    /// How long `connection_init` may take.
    pub init_timeout: Duration,
    /// The interval between pings. A socket without a sign of life from one ping to the next is dropped.
    pub ping_interval: Duration,
    /// How many messages may be queued for one socket.
    pub queue_messages: u32,
    /// The total size of the queued messages.
    pub queue_bytes: u32,
    /// How long the peer may take to answer a close frame.
    pub close_timeout: Duration,
}

impl From<Limits> for SocketLimits {
    fn from(limits: Limits) -> Self {
        let at_once = u32::try_from(limits.subscriptions_per_socket * 2).unwrap_or(u32::MAX);
        Self {
            subscriptions_per_socket: limits.subscriptions_per_socket,
            subscription_quota: rate::per_second(limits.subscriptions_per_second_per_socket, at_once),
            operations_in_flight: 32,
            max_message_bytes: limits.socket_message_bytes,
            init_timeout: limits.connection_init,
            ping_interval: Duration::from_secs(20),
            queue_messages: 1024,
            queue_bytes: 2 * 1024 * 1024,
            close_timeout: Duration::from_secs(2),
        }
    }
}

impl Default for SocketLimits {
    fn default() -> Self {
        Limits::default().into()
    }
}

#[derive(Clone)]
pub struct SocketSettings {
    /// Reads documents for the schema that is executed.
    pub reader: Reader,
    pub limits: SocketLimits,
    /// The limits on open connections, shared with subscriptions over HTTP.
    pub admission: Admission,
    /// The documents of open subscriptions, shared with subscriptions over HTTP.
    pub documents: Documents,
    /// The permits to read large messages, shared with requests over HTTP.
    pub large_requests: LargeRequests,
    /// The other sites whose pages may open a socket: `CORS_ORIGINS`. When empty, every site may.
    pub origins: Arc<[String]>,
    /// The server's own site, whose pages may always open a socket.
    pub site: Site,
    pub authenticate: Authenticate,
    pub expect_valid: ExpectValid,
    /// Adds a code to each error that has none.
    pub complete_errors: fn(&mut async_graphql::Response),
    pub clock: Arc<dyn Clock>,
    /// Closes all sockets with code 1012 when it is cancelled.
    pub shutdown: CancellationToken,
}

impl fmt::Debug for SocketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSettings").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The open sockets of this process. This is the state of the route that opens them.
#[derive(Clone)]
pub struct Sockets(Arc<Shared>);

struct Shared {
    executor: Box<dyn Execute>,
    hub: Hub,
    settings: SocketSettings,
    open: Mutex<Open>,
    tasks: TaskTracker,
    /// The identity of all sockets without a token, which are most.
    nobody: Arc<Identity>,
}

#[derive(Default)]
struct Open {
    sockets: HashMap<u64, Listed>,
    last: u64,
    is_closed: bool,
    /// How many sockets the server has closed since the start, by code.
    closed: BTreeMap<u16, u64>,
}

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sockets").field("count", &self.count()).finish_non_exhaustive()
    }
}

/// A socket in the list of open sockets. Other tasks use this to close it.
struct Listed {
    mailbox: Arc<Mailbox>,
    /// The identity, once the connection is acknowledged.
    identity: Option<Arc<Identity>>,
}

impl Sockets {
    /// Must be called within a Tokio runtime.
    pub fn new(executor: impl Executor, hub: Hub, settings: SocketSettings) -> Self {
        let shutdown = settings.shutdown.clone();
        let tasks = TaskTracker::new();
        let (executor, nobody) = (Box::new(executor), Arc::new(Identity::NOBODY));
        let sockets = Self(Arc::new(Shared { executor, hub, settings, open: Mutex::default(), tasks, nobody }));
        let watched = Arc::downgrade(&sockets.0);
        tokio::spawn(async move {
            shutdown.cancelled().await;
            if let Some(shared) = watched.upgrade() {
                let mut open = shared.open.lock();
                open.is_closed = true;
                open.sockets.values().for_each(|socket| socket.mailbox.close(CloseReason::Restart));
            }
        });
        sockets
    }

    /// How many sockets are open, for metrics.
    pub fn count(&self) -> usize {
        self.0.open.lock().sockets.len()
    }

    /// How many sockets the server has closed since the start, by code, for metrics.
    pub fn closed_by_code(&self) -> BTreeMap<u16, u64> {
        self.0.open.lock().closed.clone()
    }

    /// Closes the sockets whose tokens have been revoked, or whose person's account has changed.
    pub fn close_revoked(&self) {
        let is_revoked = |socket: &&Listed| {
            let check = |identity| (self.0.settings.expect_valid)(identity);
            socket
                .identity
                .as_deref()
                .is_some_and(|it| matches!(check(it), Err(AuthError::Revoked | AuthError::Changed)))
        };
        let open = self.0.open.lock();
        open.sockets.values().filter(is_revoked).for_each(|socket| socket.mailbox.close(CloseReason::Revoked));
    }

    /// Returns when no socket is open and no mutation of a socket is running. Called after the shutdown began.
    pub async fn closed(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Adds a new socket to the list. Dropping the entry removes it.
    fn enter(self, permit: Permit, request_id: Box<str>) -> Entry {
        let limits = &self.0.settings.limits;
        let limits = MailboxLimits { messages: limits.queue_messages, bytes: limits.queue_bytes };
        let mailbox = Arc::new(Mailbox::new(limits));
        let mut open = self.0.open.lock();
        if open.is_closed {
            mailbox.close(CloseReason::Restart);
        }
        open.last += 1;
        let number = open.last;
        open.sockets.insert(number, Listed { mailbox: Arc::clone(&mailbox), identity: None });
        drop(open);
        let task = self.0.tasks.token();
        Entry { sockets: self, number, mailbox, permit, request_id, _task: task }
    }
}

/// A socket's entry in the list.
struct Entry {
    sockets: Sockets,
    number: u64,
    mailbox: Arc<Mailbox>,
    permit: Permit,
    /// The id of the request that opened the socket, for the server's log.
    request_id: Box<str>,
    _task: TaskTrackerToken,
}

impl Entry {
    /// Records the identity, and checks again whether it is still valid. A token revoked at this moment is noticed either
    /// here or by [`Sockets::close_revoked`].
    fn identify(&self, identity: Identity) -> Result<Arc<Identity>, AuthError> {
        let shared = &self.sockets.0;
        let identity = if identity == Identity::NOBODY { Arc::clone(&shared.nobody) } else { Arc::new(identity) };
        if let Some(listed) = shared.open.lock().sockets.get_mut(&self.number) {
            listed.identity = Some(Arc::clone(&identity));
        }
        (shared.settings.expect_valid)(&identity)?;
        Ok(identity)
    }

    fn note_close(&self, code: u16) {
        *self.sockets.0.open.lock().closed.entry(code).or_default() += 1;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.sockets.0.open.lock().sockets.remove(&self.number);
    }
}

/// `GET /graphql/ws`: opens a socket. Answers 403 to a browser on a page of a site that is not listed, and 429 when there
/// are too many connections or they come too fast.
pub async fn upgrade(State(sockets): State<Sockets>, request: HttpRequest) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    // Browsers let any page open sockets to any server, and send the page's origin. Without a list every site is allowed,
    // for badges: a socket has only the rights of the token that its page sends.
    let origins = &sockets.0.settings.origins;
    if !origins.is_empty() && !is_own(&parts.headers, &sockets.0.settings.site) && !is_listed(&parts.headers, origins) {
        return refuse_origin();
    }
    let permit = match sockets.0.settings.admission.admit(&parts) {
        Ok(permit) => permit,
        Err(refused) => return refuse_connection(refused),
    };
    let request_id = request_id::of(&parts.headers).into();
    let limits = sockets.0.settings.limits;
    // Buffers are most of the memory of an idle socket. Messages are written at once, so they need no buffer. The library reads
    // at most 128 bytes at once then, also of a long message. Most messages of clients are short.
    let upgrade = upgrade
        .read_buffer_size(128)
        .write_buffer_size(0)
        .max_message_size(limits.max_message_bytes)
        .max_frame_size(limits.max_message_bytes)
        .protocols([protocol::SUBPROTOCOL, protocol::LEGACY_SUBPROTOCOL]);
    // `GraphQLProtocol` of async-graphql-axum speaks the older protocol `graphql-ws` too, prefers what the client lists
    // first, and does not say which it chose.
    let is_legacy = upgrade.selected_protocol().is_some_and(|chosen| chosen == protocol::LEGACY_SUBPROTOCOL);
    let opening = if is_legacy {
        Opening::Refused(Close::SubprotocolNotAcceptable(Some(protocol::LEGACY_SUBPROTOCOL)))
    } else if upgrade.selected_protocol().is_none() {
        Opening::Refused(Close::SubprotocolNotAcceptable(None))
    } else {
        Opening::of(&parts)
    };
    // axum upgrades in a task that keeps its arguments as long as it runs. So the socket gets a task of its own.
    upgrade.on_upgrade(move |socket: WebSocket| {
        tokio::spawn(connection::serve(socket, sockets.enter(permit, request_id), opening));
        ready(())
    })
}

/// What the request that opens a socket says about its viewer.
enum Opening {
    Anonymous,
    /// The request has the header `Authorization`. It counts unless `connection_init` has a token too.
    Authorization(Box<str>),
    /// The request has a token in a place that is not read. The socket is closed, unless `connection_init` has a token too.
    UnreadToken(&'static str),
    Refused(Close),
}

impl Opening {
    fn of(parts: &Parts) -> Self {
        let offered = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        let mut offered = offered.flat_map(|value| value.split(',')).map(str::trim);
        match authorization(&parts.headers) {
            Err(error) => Self::Refused(error.into()),
            Ok(Some(text)) => Self::Authorization(text.into()),
            Ok(None) if has_unread_token(parts.uri.query()) => Self::UnreadToken("the address"),
            Ok(None) if offered.any(is_unread_subprotocol) => Self::UnreadToken("a subprotocol"),
            Ok(None) if has_unread_header(&parts.headers) => Self::UnreadToken("a header"),
            Ok(None) => Self::Anonymous,
        }
    }
}

/// An object-safe [`Executor`].
trait Execute: Send + Sync {
    fn execute(&self, request: Request) -> BoxFuture<'static, async_graphql::Response>;
    fn execute_stream(&self, request: Request) -> BoxStream<'static, async_graphql::Response>;
}

impl<E: Executor> Execute for E {
    fn execute(&self, request: Request) -> BoxFuture<'static, async_graphql::Response> {
        let executor = self.clone();
        async move { Executor::execute(&executor, request).await }.boxed()
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, async_graphql::Response> {
        Executor::execute_stream(self, request, None)
    }
}
