//! The hub: reads the change log, and dispatches each change to the followers it concerns.

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
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
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
    /// How many changes the ring keeps in memory for subscriptions that resume.
    pub ring: usize,
    /// How many changes may wait for one group before its subscribers are disconnected. Must be more than one transaction
    /// publishes, such as a sweep that opens all instances of an evening.
    pub queue: usize,
    /// How many groups render at the same time. The others wait for a permit, so that many groups do not take all
    /// processors and connections at once.
    pub rendering: usize,
    /// How long the hub waits for a wake-up before it reads the log anyway.
    pub interval: Duration,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self { ring: 16_384, queue: 65_536, rendering: 32, interval: Duration::from_secs(1) }
    }
}

/// The state of this process's hub, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubStats {
    pub position: Position,
    pub groups: usize,
    /// Groups and single streams.
    pub followers: usize,
    pub subscriptions: u64,
    /// How many responses groups have rendered since the start.
    pub executions: u64,
    /// How many live events were queued in mailboxes since the start.
    pub deliveries: u64,
}

/// Whether a subscription can resume from a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorStatus {
    /// The log has every change after the cursor.
    Resumable,
    /// The log no longer has every change after the cursor.
    Expired,
    /// The cursor is past the end of the log, so no server issued it.
    Future,
}

/// How many changes one read of the log fetches.
const READ_BATCH: u64 = 512;
/// How many changes are dispatched under one lock.
const DISPATCH_BATCH: usize = 64;
/// How many changes a replay takes from the ring at once.
const RING_PAGE: usize = 256;
/// How many replays may read the log, past the ring, at the same time.
const MAX_LOG_READERS: usize = 4;

/// A handle to the hub of this process.
#[derive(Clone)]
pub struct Hub(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) settings: HubSettings,
    source: Box<dyn AnySource>,
    pub(super) registry: Mutex<Registry>,
    rounds: watch::Sender<LogReads>,
    wanted: Notify,
    log_readers: Semaphore,
    turns: Arc<Semaphore>,
    pub(super) counters: Counters,
    deliveries_observer: OnceLock<Observer>,
    changes_observer: OnceLock<Observer>,
}

type Observer = Box<dyn Fn(&Change) + Send + Sync>;

/// Reads of the log, by number: the last that began, and the last that reached the end of the log.
#[derive(Debug, Clone, Copy, Default)]
struct LogReads {
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
    /// Fills the ring and follows the log until `shutdown`, which also ends all streams. `wake` changes whenever the log may
    /// have new changes.
    ///
    /// # Errors
    /// When the log cannot be read now. Later failures are logged and retried.
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
            log_readers: Semaphore::new(MAX_LOG_READERS),
            turns: Arc::new(Semaphore::new(settings.rendering)),
            counters: Counters::default(),
            deliveries_observer: OnceLock::new(),
            changes_observer: OnceLock::new(),
        }));
        tokio::spawn(hub.clone().follow_log(wake, shutdown));
        Ok(hub)
    }

    /// Whether a subscription can resume after this cursor. Reads the log only when the ring does not cover the cursor.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn cursor_status(&self, cursor: Position) -> Result<CursorStatus, SourceError> {
        let (covers, position) = {
            let registry = self.0.registry.lock();
            (registry.ring.covers(cursor), registry.ring.position())
        };
        Ok(if cursor > position {
            // Another server may have read further than this one.
            let head = self.0.source.head().await?;
            if cursor > head { CursorStatus::Future } else { CursorStatus::Resumable }
        } else if covers || cursor.0 + 1 >= self.0.source.oldest().await?.0 {
            CursorStatus::Resumable
        } else {
            CursorStatus::Expired
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

    /// Sets the observer that is called, for metrics, each time a group has delivered a change to its members. Only the first
    /// call has an effect.
    pub fn observe_deliveries(&self, observer: impl Fn(&Change) + Send + Sync + 'static) {
        let _ = self.0.deliveries_observer.set(Box::new(observer));
    }

    /// Sets the observer that is called for each change read from the log from now on, with or without subscribers. Only the
    /// first call has an effect.
    pub fn observe_changes(&self, observer: impl Fn(&Change) + Send + Sync + 'static) {
        let _ = self.0.changes_observer.set(Box::new(observer));
    }

    /// Waits until a group may render.
    pub(super) async fn render_permit(self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.turns).acquire_owned().await.ok()
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
                    warn!(%error, failures, "reading the change log failed; subscriptions wait until it succeeds");
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
        drop(registry);
        // No caller may wait for a round that never comes. A subscription that replays the log finds the hub closed when it
        // tries to join.
        self.0.rounds.send_modify(|rounds| rounds.done = u64::MAX);
    }

    async fn read_new(&self) -> Result<(), SourceError> {
        loop {
            let after = self.0.registry.lock().ring.position();
            let changes = self.0.source.read_after(after, READ_BATCH).await?;
            let is_last = (changes.len() as u64) < READ_BATCH;
            let changes: Vec<_> = changes.into_iter().map(Arc::new).collect();
            for chunk in changes.chunks(DISPATCH_BATCH) {
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

    /// Returns when every change that had committed before the call has been dispatched. While the database is unavailable,
    /// this waits until it is back. Concurrent callers share one read of the log. Returns at once after the shutdown.
    pub(super) async fn read_log(&self) {
        let mut rounds = self.0.rounds.subscribe();
        let goal = rounds.borrow().begun + 1;
        self.0.wanted.notify_one();
        // This fails only when the sender is gone, and the hub owns it.
        let _ = rounds.wait_for(|rounds| rounds.done >= goal).await;
    }

    /// The next changes after a position; empty at the end of the log. Waits while the log cannot be read.
    ///
    /// # Errors
    /// [`ReplayError::Expired`] when the log no longer has them all.
    pub(super) async fn page(&self, after: Position) -> Result<Vec<Arc<Change>>, ReplayError> {
        let mut failures = 0;
        loop {
            if let Some(page) = self.0.registry.lock().ring.page(after, RING_PAGE) {
                return Ok(page);
            }
            match self.old_page(after).await {
                Ok(Some(page)) => return Ok(page),
                Ok(None) => return Err(ReplayError::Expired),
                Err(error) => {
                    failures += 1;
                    warn!(%error, failures, "reading the change log failed; a subscription waits to resume");
                    tokio::time::sleep(back_off(failures)).await;
                }
            }
        }
    }

    /// A page from the log, past the ring. `None` when the log no longer has all changes after the position.
    async fn old_page(&self, after: Position) -> Result<Option<Vec<Arc<Change>>>, SourceError> {
        // The semaphore is never closed, so this cannot fail.
        let _permit = self.0.log_readers.acquire().await;
        let changes = self.0.source.read_after(after, READ_BATCH).await?;
        // Read last, so that changes pruned in the meantime are noticed.
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
        let changes = source.read_after(ring.position(), READ_BATCH).await?;
        let is_last = (changes.len() as u64) < READ_BATCH;
        for change in changes {
            ring.push(Arc::new(change));
        }
        if is_last {
            break;
        }
    }
    if ring.position() < head {
        // The rest has been pruned.
        return Ok(Ring::starting_after(head, capacity));
    }
    let oldest = source.oldest().await?;
    ring.is_complete_only_after(Position(oldest.0 - 1));
    Ok(ring)
}

/// 100 ms after the first failure, doubled after each further one, up to 5 seconds.
fn back_off(failures: u32) -> Duration {
    Duration::from_millis(100 << failures.saturating_sub(1).min(6)).min(Duration::from_secs(5))
}
