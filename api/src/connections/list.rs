//! The open connections, and what each of them is doing.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    fmt,
    net::IpAddr,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{ConnectionLimits, SHUTDOWN_GRACE};
use crate::admission::group_of;

/// A handle to the connections of one server.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    limits: ConnectionLimits,
    open: Mutex<Open>,
    /// How many connections were closed to make room, or were refused.
    displaced: AtomicU64,
}

#[derive(Default)]
struct Open {
    count: usize,
    /// The number of connections per address. Addresses without connections have no entry.
    of_address: HashMap<IpAddr, usize>,
    /// The waiting connections, in the order in which they are closed to make room for others.
    waiting: BTreeMap<Turn, Arc<Connection>>,
    waiting_of_address: BTreeMap<(IpAddr, Turn), Arc<Connection>>,
    last: u64,
}

/// The order in which waiting connections are closed to make room. Connections that have served no request come first. Among
/// equals, the one that has waited longest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    has_served: bool,
    number: u64,
}

impl Turn {
    const FIRST: Self = Self { has_served: false, number: 0 };
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("count", &self.count()).finish_non_exhaustive()
    }
}

impl Connections {
    pub fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Shared { limits, open: Mutex::default(), displaced: AtomicU64::new(0) }))
    }

    /// How many connections are open, including those that became WebSockets.
    pub fn count(&self) -> usize {
        self.0.open.lock().count
    }

    /// How many connections were refused, or closed to make room for others, since the start.
    pub fn displaced(&self) -> u64 {
        self.0.displaced.load(Ordering::Relaxed)
    }

    /// Counts a new connection. `None` if a limit is reached and no other connection can make room.
    pub(super) fn open(&self, peer: IpAddr) -> Option<OpenConnection> {
        let limits = &self.0.limits;
        let address = group_of(peer);
        let mut open = self.0.open.lock();
        let of_address = open.of_address.get(&address).copied().unwrap_or_default();
        let is_address_full = limits.connections_per_address.is_some_and(|most| of_address >= most);
        if is_address_full || open.count >= limits.connections {
            self.0.displaced.fetch_add(1, Ordering::Relaxed);
            let other = if is_address_full { open.first_of(address) } else { open.first() }?;
            other.is_displaced.store(true, Ordering::Release);
            other.waker.wake();
        }
        open.count += 1;
        open.of_address.insert(address, of_address + 1);
        let activity = Activity {
            requests: 0,
            turn: None,
            waits_for: WaitsFor::FirstRequest,
            since: Instant::now(),
            is_http2: false,
            has_ended: false,
        };
        let connection = Arc::new(Connection {
            shared: Arc::clone(&self.0),
            address,
            activity: Mutex::new(activity),
            is_displaced: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        let turn = open.wait(&connection, false);
        connection.activity.lock().turn = Some(turn);
        Some(OpenConnection(connection))
    }
}

impl Open {
    fn wait(&mut self, connection: &Arc<Connection>, has_served: bool) -> Turn {
        self.last += 1;
        let turn = Turn { has_served, number: self.last };
        self.waiting.insert(turn, Arc::clone(connection));
        self.waiting_of_address.insert((connection.address, turn), Arc::clone(connection));
        turn
    }

    fn remove(&mut self, address: IpAddr, turn: Turn) {
        self.waiting.remove(&turn);
        self.waiting_of_address.remove(&(address, turn));
    }

    /// Removes and returns the connection that has to make room first.
    fn first(&mut self) -> Option<Arc<Connection>> {
        let (turn, connection) = self.waiting.pop_first()?;
        self.waiting_of_address.remove(&(connection.address, turn));
        Some(connection)
    }

    /// Does the same as [`Open::first`], for the connections of one address.
    fn first_of(&mut self, address: IpAddr) -> Option<Arc<Connection>> {
        let (key, _) = self.waiting_of_address.range((address, Turn::FIRST)..).next()?;
        let key = *key;
        if key.0 != address {
            return None;
        }
        self.waiting.remove(&key.1);
        self.waiting_of_address.remove(&key)
    }
}

/// A connection as its task holds it. Dropping it ends the connection, or leaves it to its WebSocket.
pub(super) struct OpenConnection(Arc<Connection>);

impl OpenConnection {
    pub(super) fn share(&self) -> Arc<Connection> {
        Arc::clone(&self.0)
    }
}

impl Deref for OpenConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// One connection. It counts until the last handle is dropped: a WebSocket's stream holds one.
pub(super) struct Connection {
    shared: Arc<Shared>,
    address: IpAddr,
    activity: Mutex<Activity>,
    is_displaced: AtomicBool,
    waker: AtomicWaker,
}

/// What a connection is doing.
struct Activity {
    /// How many requests are in progress.
    requests: u32,
    /// Its key in the list of waiting connections. `None` while a request is in progress. After the
    /// connection was displaced, the list no longer has the key.
    turn: Option<Turn>,
    /// What it waits for while no request is in progress.
    waits_for: WaitsFor,
    /// When it began to wait for this.
    since: Instant,
    is_http2: bool,
    /// The connection has ended, or has become a WebSocket.
    has_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitsFor {
    /// The first bytes of a new connection.
    FirstRequest,
    /// The rest of the head of a request.
    RestOfHead,
    NextRequest,
    /// The end. The server has announced to an HTTP/2 client that it closes the connection.
    Goodbye,
}

impl WaitsFor {
    /// The longest wait, after which the connection is closed.
    fn limit(self, limits: &ConnectionLimits) -> Duration {
        match self {
            Self::FirstRequest | Self::RestOfHead => limits.head,
            Self::NextRequest => limits.keep_alive,
            Self::Goodbye => SHUTDOWN_GRACE,
        }
    }
}

impl Activity {
    fn wait_for(&mut self, waits_for: WaitsFor) {
        self.waits_for = waits_for;
        self.since = Instant::now();
    }
}

impl Connection {
    pub(super) fn limits(&self) -> &ConnectionLimits {
        &self.shared.limits
    }

    /// Notes that a request has arrived. The request is in progress until the returned value is dropped.
    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> RequestInProgress {
        let mut activity = self.activity.lock();
        activity.requests += 1;
        activity.is_http2 = is_http2;
        if let Some(turn) = activity.turn.take() {
            self.shared.open.lock().remove(self.address, turn);
        }
        RequestInProgress(Arc::clone(self))
    }

    fn finish(self: &Arc<Self>) {
        let mut activity = self.activity.lock();
        activity.requests -= 1;
        if activity.requests > 0 || activity.has_ended {
            return;
        }
        activity.wait_for(WaitsFor::NextRequest);
        activity.turn = Some(self.shared.open.lock().wait(self, true));
        drop(activity);
        self.waker.wake();
    }

    /// Notes that bytes were read.
    pub(super) fn note_read(&self) {
        let mut activity = self.activity.lock();
        let is_head = match activity.waits_for {
            WaitsFor::FirstRequest => true,
            // Over HTTP/2, bytes also arrive without a request, such as a ping.
            WaitsFor::NextRequest => !activity.is_http2,
            WaitsFor::RestOfHead | WaitsFor::Goodbye => false,
        };
        if activity.requests == 0 && is_head {
            activity.wait_for(WaitsFor::RestOfHead);
        }
    }

    /// Notes that bytes were written. The wait begins only after the last bytes of an answer are written, which may take long.
    pub(super) fn note_write(&self) {
        let mut activity = self.activity.lock();
        // HTTP/2 also writes without a request: it answers pings.
        if activity.requests == 0 && activity.waits_for == WaitsFor::NextRequest && !activity.is_http2 {
            activity.wait_for(WaitsFor::NextRequest);
        }
    }

    /// When the connection is to be closed. `None` while a request is in progress.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let activity = self.activity.lock();
        (activity.requests == 0).then(|| activity.since + activity.waits_for.limit(self.limits()))
    }

    /// Notes that the server has announced that it closes the connection.
    pub(super) fn say_goodbye(&self) {
        self.activity.lock().wait_for(WaitsFor::Goodbye);
    }

    pub(super) fn is_http2(&self) -> bool {
        self.activity.lock().is_http2
    }

    /// Whether the connection has to be closed to make room for another one. A connection that has just begun a request stays
    /// open.
    pub(super) fn is_displaced(&self) -> bool {
        self.is_displaced.load(Ordering::Acquire) && self.activity.lock().requests == 0
    }

    /// Registers the waker of the connection's task, which is woken when the deadline changes.
    pub(super) fn wake_with(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// The connection has ended or become a WebSocket, so it no longer counts for its address. WebSockets have limits of their
    /// own.
    fn end(&self) {
        let mut activity = self.activity.lock();
        if std::mem::replace(&mut activity.has_ended, true) {
            return;
        }
        let mut open = self.shared.open.lock();
        if let Some(turn) = activity.turn.take() {
            open.remove(self.address, turn);
        }
        if let Entry::Occupied(mut count) = open.of_address.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.open.lock().count -= 1;
    }
}

/// Marks a request in progress. Dropping it ends the request.
pub(super) struct RequestInProgress(Arc<Connection>);

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        self.0.finish();
    }
}
