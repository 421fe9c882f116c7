//! The hub itself: reads the log, and lets the registry hand each change to those it concerns.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::news::{Change, Position};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    feed::ReplayError,
    registry::Registry,
    ring::Ring,
    source::{AnySource, ChangeSource, SourceError},
};

#[derive(Debug, Clone, Copy)]
pub struct HubSettings {
    /// How many changes are kept in memory for those who resume.
    pub ring: usize,
    /// How many changes may wait for one group's execution before its subscribers are cut off: more than are ever
    /// published at once, such as when all instances of an evening open.
    pub queue: usize,
    /// How long until the log is read without a wake-up.
    pub interval: Duration,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self { ring: 16_384, queue: 65_536, interval: Duration::from_secs(1) }
    }
}

/// What the hub of this process has to do, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubStats {
    pub position: Position,
    pub groups: usize,
    /// Groups with live subscriptions, and single streams.
    pub followers: usize,
    pub subscriptions: u64,
    /// How many responses were made for groups, ever.
    pub executions: u64,
    /// How many letters were put into mailboxes with news, ever.
    pub deliveries: u64,
}

/// How a cursor stands to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorStanding {
    /// Everything after it is still there.
    Resumable,
    /// Older than the log.
    Expired,
    /// Beyond the log's end: no server gave it.
    Future,
}

/// How many changes are read from the log at once.
const READ: u64 = 512;
/// How many of them are handed out under one lock.
const DISPATCH: usize = 64;
/// How many changes a resumer gets from the ring at once.
const PAGE: usize = 256;
/// How many resumers may read the log itself at the same time.
const OLD_READERS: usize = 4;

/// A handle to the hub of this process.
#[derive(Clone)]
pub struct Hub(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) settings: HubSettings,
    source: Box<dyn AnySource>,
    pub(super) registry: Mutex<Registry>,
    rounds: watch::Sender<Rounds>,
    wanted: Notify,
    old_readers: Semaphore,
    pub(super) counters: Counters,
    deliveries_observer: OnceLock<Observer>,
    changes_observer: OnceLock<Observer>,
}

type Observer = Box<dyn Fn(&Change) + Send + Sync>;

/// Readings of the log: how many were begun, and the last that reached its end.
#[derive(Debug, Clone, Copy, Default)]
struct Rounds {
    begun: u64,
    done: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) subscriptions: AtomicU64,
    pub(super) executions: AtomicU64,
    pub(super) deliveries: AtomicU64,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Hub {
    /// Fills the ring from the log and follows it until `shutdown`, which also ends all streams. `wake` changes
    /// whenever there may be something to read.
    ///
    /// # Errors
    /// When the log can't be read now. Later failures are logged and tried again.
    pub async fn start(
        source: impl ChangeSource,
        wake: watch::Receiver<u64>,
        settings: HubSettings,
        shutdown: CancellationToken,
    ) -> Result<Self, SourceError> {
        let source: Box<dyn AnySource> = Box::new(source);
        let ring = filled_ring(&*source, settings.ring).await?;
        let hub = Self(Arc::new(Shared {
            settings,
            source,
            registry: Mutex::new(Registry::new(ring)),
            rounds: watch::Sender::default(),
            wanted: Notify::new(),
            old_readers: Semaphore::new(OLD_READERS),
            counters: Counters::default(),
            deliveries_observer: OnceLock::new(),
            changes_observer: OnceLock::new(),
        }));
        tokio::spawn(hub.clone().follow_log(wake, shutdown));
        Ok(hub)
    }

    /// Can a subscription resume after this cursor? Reads the log only when the ring can't tell.
    pub async fn standing(&self, cursor: Position) -> Result<CursorStanding, SourceError> {
        let (covers, position) = {
            let registry = self.0.registry.lock();
            (registry.ring.covers(cursor), registry.ring.position())
        };
        Ok(if cursor > position {
            // Another server may be a moment ahead.
            let head = self.0.source.head().await?;
            if cursor > head { CursorStanding::Future } else { CursorStanding::Resumable }
        } else if covers || cursor.0 + 1 >= self.0.source.oldest().await?.0 {
            CursorStanding::Resumable
        } else {
            CursorStanding::Expired
        })
    }

    pub fn stats(&self) -> HubStats {
        let registry = self.0.registry.lock();
        HubStats {
            position: registry.ring.position(),
            groups: registry.groups.len(),
            followers: registry.followers.len(),
            subscriptions: self.0.counters.subscriptions.load(Ordering::Relaxed),
            executions: self.0.counters.executions.load(Ordering::Relaxed),
            deliveries: self.0.counters.deliveries.load(Ordering::Relaxed),
        }
    }

    /// Calls `observer`, for metrics, whenever a group's subscribers have been given a change. The first call of this counts.
    pub fn observe_deliveries(&self, observer: impl Fn(&Change) + Send + Sync + 'static) {
        let _ = self.0.deliveries_observer.set(Box::new(observer));
    }

    /// The same for each change that the log tells of from now on, whoever subscribes to it.
    pub fn observe_changes(&self, observer: impl Fn(&Change) + Send + Sync + 'static) {
        let _ = self.0.changes_observer.set(Box::new(observer));
    }

    pub(super) fn note_delivery(&self, change: &Change) {
        if let Some(observer) = self.0.deliveries_observer.get() {
            observer(change);
        }
    }

    async fn follow_log(self, mut wake: watch::Receiver<u64>, shutdown: CancellationToken) {
        let mut failures = 0;
        let mut may_wake = true;
        loop {
            self.0.rounds.send_modify(|rounds| rounds.begun += 1);
            match self.read_new().await {
                Ok(()) => {
                    failures = 0;
                    self.0.rounds.send_modify(|rounds| rounds.done = rounds.begun);
                }
                Err(error) => {
                    failures += 1;
                    warn!(%error, failures, "subscriptions wait");
                }
            }
            let pause = if failures == 0 { self.0.settings.interval } else { back_off(failures) };
            tokio::select! {
                () = shutdown.cancelled() => break,
                woken = wake.changed(), if failures == 0 && may_wake => may_wake = woken.is_ok(),
                () = self.0.wanted.notified(), if failures == 0 => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        let mut registry = self.0.registry.lock();
        registry.is_closed = true;
        registry.followers.values().for_each(|follower| follower.close());
    }

    async fn read_new(&self) -> Result<(), SourceError> {
        loop {
            let after = self.0.registry.lock().ring.position();
            let changes = self.0.source.read_after(after, READ).await?;
            let is_last = (changes.len() as u64) < READ;
            let changes: Vec<_> = changes.into_iter().map(Arc::new).collect();
            for chunk in changes.chunks(DISPATCH) {
                self.0.registry.lock().dispatch(chunk);
                if let Some(observer) = self.0.changes_observer.get() {
                    for change in chunk {
                        observer(change);
                    }
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Returns when everything that had committed before the call has been dispatched: while the database is away, when it
    /// is back. However many ask at once, the log is read once.
    pub(super) async fn read_log(&self) {
        let mut rounds = self.0.rounds.subscribe();
        let goal = rounds.borrow().begun + 1;
        self.0.wanted.notify_one();
        // The hub has the sender.
        let _ = rounds.wait_for(|rounds| rounds.done >= goal).await;
    }

    /// Some of the next changes after a position; none when there are none yet.
    pub(super) async fn page(&self, after: Position) -> Result<Vec<Arc<Change>>, ReplayError> {
        let mut failures = 0;
        loop {
            if let Some(page) = self.0.registry.lock().ring.page(after, PAGE) {
                return Ok(page);
            }
            match self.old_page(after).await {
                Ok(Some(page)) => return Ok(page),
                Ok(None) => return Err(ReplayError::Expired),
                Err(error) => {
                    failures += 1;
                    warn!(%error, failures, "a subscription waits to resume");
                    tokio::time::sleep(back_off(failures)).await;
                }
            }
        }
    }

    /// From the log itself; `None` when it no longer has all of it.
    async fn old_page(&self, after: Position) -> Result<Option<Vec<Arc<Change>>>, SourceError> {
        // The semaphore is never closed, so this only waits.
        let _permit = self.0.old_readers.acquire().await;
        let changes = self.0.source.read_after(after, READ).await?;
        // Asked last, so that what is pruned meanwhile is noticed.
        let oldest = self.0.source.oldest().await?;
        let is_whole = after.0 + 1 >= oldest.0 && !changes.is_empty();
        Ok(is_whole.then(|| changes.into_iter().map(Arc::new).collect()))
    }
}

async fn filled_ring(source: &dyn AnySource, capacity: usize) -> Result<Ring, SourceError> {
    let head = source.head().await?;
    let first = head.0.saturating_sub(i64::try_from(capacity).unwrap_or(i64::MAX)).max(0);
    let mut ring = Ring::starting_after(Position(first), capacity);
    loop {
        let changes = source.read_after(ring.position(), READ).await?;
        let is_last = (changes.len() as u64) < READ;
        for change in changes {
            ring.push(Arc::new(change));
        }
        if is_last {
            break;
        }
    }
    if ring.position() < head {
        // All of it has been pruned.
        return Ok(Ring::starting_after(head, capacity));
    }
    let oldest = source.oldest().await?;
    ring.is_complete_only_after(Position(oldest.0 - 1));
    Ok(ring)
}

/// A tenth of a second, then twice as long each time, up to 5 seconds.
fn back_off(failures: u32) -> Duration {
    Duration::from_millis(100 << failures.saturating_sub(1).min(6)).min(Duration::from_secs(5))
}
