//! A change log in memory, and changes to append to it, for tests of the hub and of the crates that use it.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::DateTime;
use domain::{
    ids::{PersonId, SessionId, SessionInstanceId},
    news::{Change, ChangeKind, Event, Location, Position, SessionChange},
};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{ChangeSource, Hub, HubSettings, SourceError};

/// Waits for a future, up to a time limit.
///
/// # Panics
/// When it takes too long.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("took too long")
}

/// Waits until a condition holds, up to a time limit.
///
/// # Panics
/// When it takes too long.
pub async fn until(mut holds: impl FnMut() -> bool) {
    within(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A change log in memory.
#[derive(Debug, Clone, Default)]
pub struct FakeLog(Arc<Log>);

#[derive(Debug, Default)]
struct Log {
    changes: Mutex<Vec<Change>>,
    /// How many of the oldest changes have been pruned.
    pruned: AtomicI64,
    reads: AtomicUsize,
    fails: AtomicBool,
    wake: watch::Sender<u64>,
}

impl FakeLog {
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a change, and returns it with its position.
    pub fn append(&self, change: Change) -> Change {
        let mut changes = self.0.changes.lock();
        let change = Change { position: Position(position_of(changes.len()) + 1), ..change };
        changes.push(change.clone());
        drop(changes);
        self.0.wake.send_modify(|count| *count += 1);
        change
    }

    /// A hub that follows this log.
    pub async fn hub(&self, settings: HubSettings, shutdown: &CancellationToken) -> Result<Hub, SourceError> {
        Hub::start(self.clone(), self.0.wake.subscribe(), settings, shutdown.clone()).await
    }

    pub fn changes(&self) -> Vec<Change> {
        self.0.changes.lock().clone()
    }

    /// How many times the log was read.
    pub fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    /// Removes all changes before this position.
    pub fn prune_before(&self, position: Position) {
        self.0.pruned.store(position.0 - 1, Ordering::SeqCst);
    }

    /// Makes every later read fail, or succeed again.
    pub fn set_failing(&self, fails: bool) {
        self.0.fails.store(fails, Ordering::SeqCst);
    }
}

impl ChangeSource for FakeLog {
    type Error = &'static str;

    async fn head(&self) -> Result<Position, &'static str> {
        Ok(Position(position_of(self.0.changes.lock().len())))
    }

    async fn oldest(&self) -> Result<Position, &'static str> {
        Ok(Position(self.0.pruned.load(Ordering::SeqCst) + 1))
    }

    async fn read_after(&self, after: Position, limit: u64) -> Result<Vec<Change>, &'static str> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.0.fails.load(Ordering::SeqCst) {
            return Err("the log is unavailable");
        }
        let first = after.0.max(self.0.pruned.load(Ordering::SeqCst));
        let (first, limit) = (usize::try_from(first).unwrap_or(0), usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(self.0.changes.lock().iter().skip(first).take(limit).cloned().collect())
    }
}

fn position_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A change that is in no log yet.
pub fn unpublished(event: Event) -> Change {
    Change { position: Position(0), occurred_at: DateTime::UNIX_EPOCH, due_at: None, event }
}

/// A change of a session's only instance. The instance's id is ten times the session's.
pub fn change(kind: ChangeKind, session: i64, city: &str) -> Change {
    unpublished(Event::Session(SessionChange {
        session: Some(SessionId(session)),
        instance: Some(SessionInstanceId(session * 10)),
        location: location(city),
        ..SessionChange::of(kind)
    }))
}

/// A person moved from one session's instance to another's.
pub fn moved(person: i64, from: Option<i64>, to: Option<i64>) -> Change {
    unpublished(Event::Session(SessionChange {
        session: to.map(SessionId),
        instance: to.map(|session| SessionInstanceId(session * 10)),
        location: location("Austin"),
        previous_location: from.map(|_| location("Austin")),
        person: Some(PersonId(person)),
        previous_instance: from.map(|session| SessionInstanceId(session * 10)),
        previous_session: from.map(SessionId),
        ..SessionChange::of(ChangeKind::PersonMoved)
    }))
}

/// A city and its country.
pub fn location(city: &str) -> Location {
    Location { city: Some(city.to_owned()), country: Some(if city == "Paris" { "FR" } else { "US" }.to_owned()) }
}
