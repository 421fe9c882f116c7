//! GraphQL over WebSockets: `graphql-transport-ws`, to the letter.
//!
//! Terms: a *socket* is one WebSocket; its *connection* is acknowledged once `connection_init` named who is there. An
//! *operation* is what a `subscribe` message starts: a query or mutation, or a subscription, which is *live* once it is a
//! member of a group of the hub ([`live::Hub`]).
//!
//! What always holds:
//!
//! - A socket is one task. While its peer does not read, the task goes on reading, and answers nothing more; what is for it
//!   waits in its mailbox, which is bounded.
//! - After the `complete` of an operation, from either side, no message names it, unless a new one takes its id.
//! - What stops an operation from starting is an `error` message, never `next`.
//! - A mutation that began is finished, whether or not anyone still waits for its answer.
//! - No operation starts, and no socket stays open beyond the next ping, after its token's end.

mod connection;
mod document;
mod operation;
mod protocol;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use async_graphql::{Executor, Request};
use auth::{AuthError, Identity};
use axum::{
    extract::{FromRequestParts, Request as HttpRequest, State, WebSocketUpgrade, ws::WebSocket},
    response::{IntoResponse, Response},
};
use domain::clock::Clock;
use futures_util::{
    future::{BoxFuture, FutureExt},
    stream::BoxStream,
};
use governor::Quota;
use graphql::rate;
use live::{CutOff, Hub, Mailbox, MailboxLimits};
use parking_lot::Mutex;
use service::config::Limits;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};
use web::origin::{is_listed, is_own};

pub use document::{SAME_FOR_EVERYONE, VIEWER_DEPENDENT, is_classified};

use crate::{
    admission::{Admission, Permit},
    http::graphql::{refuse_connection, refuse_origin},
    request_id,
};

/// Maps the `authorization` of `connection_init`, if there is one, to who that is; or says why it is not valid.
pub type Authenticate = Arc<dyn Fn(Option<String>) -> BoxFuture<'static, Result<Identity, AuthError>> + Send + Sync>;

/// Whether an identity still holds; asked often, so that it waits for nothing.
pub type ExpectValid = Arc<dyn Fn(&Identity) -> Result<(), AuthError> + Send + Sync>;

#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    pub subscriptions_per_socket: usize,
    /// How often one socket may subscribe.
    pub subscription_quota: Quota,
    /// Queries and mutations under way on one socket.
    pub operations_in_flight: usize,
    pub max_message_bytes: usize,
    /// How long `connection_init` may take.
    pub init_timeout: Duration,
    /// How often a socket is pinged. One that gives no sign of life from one ping to the next is dropped.
    pub ping_interval: Duration,
    /// How many messages may wait for one socket.
    pub queue_messages: usize,
    /// How large they may be together.
    pub queue_bytes: usize,
    /// How long the peer may take to answer a close.
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
    pub limits: SocketLimits,
    /// Who may open one.
    pub admission: Admission,
    /// Which other sites' pages may open one: `CORS_ORIGINS`. When there are none, all may.
    pub origins: Arc<[String]>,
    pub authenticate: Authenticate,
    pub expect_valid: ExpectValid,
    /// Gives a code to each error that has none.
    pub complete_errors: fn(&mut async_graphql::Response),
    pub clock: Arc<dyn Clock>,
    /// Closes all sockets, with 1012.
    pub shutdown: CancellationToken,
}

impl fmt::Debug for SocketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSettings").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// All sockets of this process: the state of the route that opens them.
#[derive(Clone)]
pub struct Sockets(Arc<Shared>);

struct Shared {
    executor: Box<dyn Execute>,
    hub: Hub,
    settings: SocketSettings,
    open: Mutex<Open>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Open {
    sockets: HashMap<u64, Listed>,
    last: u64,
    is_closed: bool,
    /// How many were closed by the server, ever, by code.
    closed: BTreeMap<u16, u64>,
}

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sockets").field("count", &self.count()).finish_non_exhaustive()
    }
}

/// A socket as others reach it.
struct Listed {
    mailbox: Arc<Mailbox>,
    /// Whose it is, once it is acknowledged.
    identity: Option<Identity>,
}

impl Sockets {
    /// Must be called within a runtime.
    pub fn new(executor: impl Executor, hub: Hub, settings: SocketSettings) -> Self {
        let shutdown = settings.shutdown.clone();
        let tasks = TaskTracker::new();
        let sockets =
            Self(Arc::new(Shared { executor: Box::new(executor), hub, settings, open: Mutex::default(), tasks }));
        let watched = Arc::downgrade(&sockets.0);
        tokio::spawn(async move {
            shutdown.cancelled().await;
            if let Some(shared) = watched.upgrade() {
                let mut open = shared.open.lock();
                open.is_closed = true;
                open.sockets.values().for_each(|socket| socket.mailbox.cut_off(CutOff::Restart));
            }
        });
        sockets
    }

    /// How many are open, for metrics.
    pub fn count(&self) -> usize {
        self.0.open.lock().sockets.len()
    }

    /// How many were closed by the server, ever, by code; for metrics.
    pub fn closed_by_code(&self) -> BTreeMap<u16, u64> {
        self.0.open.lock().closed.clone()
    }

    /// Closes those whose tokens have been revoked, or whose person's account has changed.
    pub fn close_revoked(&self) {
        let is_revoked = |socket: &&Listed| {
            let check = |identity| (self.0.settings.expect_valid)(&identity);
            socket.identity.is_some_and(|it| matches!(check(it), Err(AuthError::Revoked | AuthError::Changed)))
        };
        let open = self.0.open.lock();
        open.sockets.values().filter(is_revoked).for_each(|socket| socket.mailbox.cut_off(CutOff::Revoked));
    }

    /// Returns when no socket is left, and no mutation of one under way; after the shutdown.
    pub async fn closed(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Enters a new socket into the list, until the entry is dropped.
    fn enter(self, permit: Permit, request_id: Box<str>) -> Entry {
        let limits = &self.0.settings.limits;
        let limits = MailboxLimits { letters: limits.queue_messages, bytes: limits.queue_bytes };
        let mailbox = Arc::new(Mailbox::new(limits));
        let mut open = self.0.open.lock();
        if open.is_closed {
            mailbox.cut_off(CutOff::Restart);
        }
        open.last += 1;
        let number = open.last;
        open.sockets.insert(number, Listed { mailbox: Arc::clone(&mailbox), identity: None });
        drop(open);
        let task = self.0.tasks.token();
        Entry { sockets: self, number, mailbox, permit, request_id, _task: task }
    }
}

/// One socket in the list of all.
struct Entry {
    sockets: Sockets,
    number: u64,
    mailbox: Arc<Mailbox>,
    permit: Permit,
    /// Of the request that opened it, by which the log names what happens on it.
    request_id: Box<str>,
    _task: TaskTrackerToken,
}

impl Entry {
    /// Whose it is. Asks once more whether that still holds, after others know of it: what is revoked at this moment is
    /// seen here or there.
    fn identify(&self, identity: Identity) -> Result<(), AuthError> {
        let shared = &self.sockets.0;
        if let Some(listed) = shared.open.lock().sockets.get_mut(&self.number) {
            listed.identity = Some(identity);
        }
        (shared.settings.expect_valid)(&identity)
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

/// `GET /graphql/ws`. Refused with 403 when a browser asks for a page of a site that is not in the list, and with 429
/// when there are too many, or they come too fast.
pub async fn upgrade(State(sockets): State<Sockets>, request: HttpRequest) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    // Browsers let any page open sockets anywhere, and say which page it is. Without a list badges are for any site: a
    // socket has no rights but those of the token that its page sends.
    let origins = &sockets.0.settings.origins;
    if !origins.is_empty() && !is_own(&parts.headers) && !is_listed(&parts.headers, origins) {
        return refuse_origin();
    }
    let permit = match sockets.0.settings.admission.admit(&parts) {
        Ok(permit) => permit,
        Err(refused) => return refuse_connection(refused),
    };
    let request_id = request_id::of(&parts.headers).into();
    let limits = sockets.0.settings.limits;
    // Buffers make up most of what an idle socket costs; messages are written at once anyway.
    let upgrade = upgrade
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_message_size(limits.max_message_bytes)
        .max_frame_size(limits.max_message_bytes)
        .protocols([protocol::SUBPROTOCOL]);
    let speaks_protocol = upgrade.selected_protocol().is_some();
    upgrade.on_upgrade(move |socket: WebSocket| {
        connection::serve(socket, sockets.enter(permit, request_id), speaks_protocol)
    })
}

/// [`Executor`] without its type.
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
