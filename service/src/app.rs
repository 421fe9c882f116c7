//! What a use case needs at hand, and the writing transaction every one of them goes through.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{clock::Clock, ids::SessionId, placement::PlacementRule};
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::{
    audit, changes,
    config::PresenceSettings,
    cursor::CursorKey,
    db::{Db, Tx},
    error::{Error, Result},
    wake::Wake,
};

/// Where the recompute of a saved session is handed to: apalis on Redis, or the queue in the process.
pub trait Queue: Send + Sync {
    /// Takes the job, or says why it can't be taken, soon.
    fn enqueue_recompute(&self, session: SessionId) -> BoxFuture<'_, Result<(), String>>;

    /// How many jobs wait for a worker, if that can be told.
    fn depth(&self) -> BoxFuture<'_, Option<u32>> {
        Box::pin(std::future::ready(None))
    }
}

/// A queue that takes nothing, so that everything is recomputed at once in the process: for commands and tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoQueue;

impl Queue for NoQueue {
    fn enqueue_recompute(&self, _session: SessionId) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(std::future::ready(Err("there is no queue".to_owned())))
    }
}

/// Database, clock, wake-ups, queue and the rules that are settings.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub wake: Wake,
    pub queue: Arc<dyn Queue>,
    pub placement_rule: PlacementRule,
    /// How long the change log keeps what happened.
    pub change_log_kept: TimeDelta,
    /// How long the audit log keeps who changed what.
    pub audit_log_kept: TimeDelta,
    pub presence: PresenceSettings,
    cursor_key: Arc<OnceCell<CursorKey>>,
}

impl App {
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        wake: Wake,
        queue: Arc<dyn Queue>,
        placement_rule: PlacementRule,
    ) -> Self {
        let (change_log_kept, audit_log_kept) = (TimeDelta::days(7), TimeDelta::days(365));
        let presence = PresenceSettings::default();
        let cursor_key = Arc::default();
        Self { db, clock, wake, queue, placement_rule, change_log_kept, audit_log_kept, presence, cursor_key }
    }

    #[must_use]
    pub fn keeping_audit_for(self, audit_log_kept: TimeDelta) -> Self {
        Self { audit_log_kept, ..self }
    }

    #[must_use]
    pub fn keeping_changes_for(self, change_log_kept: TimeDelta) -> Self {
        Self { change_log_kept, ..self }
    }

    #[must_use]
    pub fn with_presence(self, presence: PresenceSettings) -> Self {
        Self { presence, ..self }
    }

    /// The same for queries: with connections of their own, see [`Db::for_queries`].
    #[must_use]
    pub fn for_queries(&self) -> Self {
        Self { db: self.db.for_queries(), ..self.clone() }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What signs this database's cursors.
    pub async fn cursor_key(&self) -> Result<&CursorKey> {
        self.cursor_key.get_or_try_init(|| CursorKey::load(&self.db)).await
    }

    /// Begins one attempt at a writing transaction. What [`transaction!`](crate::transaction) calls.
    #[doc(hidden)]
    pub async fn begin(&self) -> Result<Tx> {
        let mut attempt = 1;
        loop {
            match self.db.begin().await {
                // A database that restarts; nothing has been done yet.
                Err(error) if error.is_disconnection() && attempt < CONNECT_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(10 << attempt.min(5))).await;
                    attempt += 1;
                }
                // SQLite, written to by another process so much that its turn did not come within the busy timeout.
                Err(error) if error.is_transient() && attempt < BEGIN_ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    /// Ends one attempt at a writing transaction: writes its news last, commits and wakes everyone; or rolls back.
    /// What [`transaction!`](crate::transaction) calls.
    #[doc(hidden)]
    pub async fn conclude<T>(&self, tx: Tx, now: DateTime<Utc>, result: Result<T>, attempt: &mut u32) -> Conclusion<T> {
        match self.try_conclude(tx, now, result).await {
            Err(error) if error.is_transient() && *attempt < ATTEMPTS => {
                *attempt += if error.is_disconnection() { ATTEMPTS / CONNECT_ATTEMPTS } else { 1 };
                tracing::debug!(attempt, reason = error.describe(), "transaction is done again");
                // Not all at the same moment again: who failed oftener waits longer, and nobody long.
                let jitter = u64::from(getrandom::u32().unwrap_or_default() % 8);
                tokio::time::sleep(Duration::from_millis(u64::from((*attempt).min(10)) * (1 + jitter))).await;
                Conclusion::Again
            }
            Err(Error::Again(reason)) => {
                Conclusion::Done(Err(Error::internal(format!("gave up after {ATTEMPTS} attempts: {reason}"))))
            }
            result => Conclusion::Done(result),
        }
    }

    async fn try_conclude<T>(&self, tx: Tx, now: DateTime<Utc>, result: Result<T>) -> Result<T> {
        let told = match result {
            Ok(value) => write_notes(&tx, now).await.map(|told| (value, told)),
            Err(error) => Err(error),
        };
        match told {
            Ok((value, told)) => {
                tx.commit().await.map_err(outcome_unknown)?;
                if told {
                    self.wake.everyone();
                }
                Ok(value)
            }
            Err(error) => {
                // The error that stopped the work is the one to tell; a failed rollback ends the connection anyway.
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }
}

/// The news come last: see [`changes`].
async fn write_notes(tx: &Tx, now: DateTime<Utc>) -> Result<bool> {
    audit::write_entries(tx, now).await?;
    changes::write_news(tx, now).await
}

/// A commit whose answer was lost may have been done: doing it again might do it twice, so it is told as it is.
fn outcome_unknown(error: Error) -> Error {
    if !error.is_disconnection() {
        return error;
    }
    Error::internal(format!("it is not known whether a transaction was committed: {}", error.describe()))
}

/// How often a transaction that collides is tried: for some ten seconds, which is longer than any batch holds its locks.
const ATTEMPTS: u32 = 200;

/// How often a transaction that can't begin is tried.
const BEGIN_ATTEMPTS: u32 = 5;

/// How often one whose connection ends is tried: some two seconds, beside the time that the pool waits for a connection.
const CONNECT_ATTEMPTS: u32 = 10;

/// What became of an attempt at a transaction.
#[doc(hidden)]
pub enum Conclusion<T> {
    Again,
    Done(Result<T>),
}

/// Runs a block in a writing transaction, `tx: &Tx`; its news are written last, then it commits and everyone is woken.
/// The block's value is a [`Result`], and so is the macro's; `?` leaves the block, which rolls the transaction back.
///
/// Transactions that collide (a deadlock, a busy SQLite, a lock out of order that was not free), or whose connection ends
/// before they commit, are done again from the start, so the block must leave nothing behind but what is in the
/// transaction. A commit whose answer is lost is an error, and not done again.
///
/// It is a macro, not a function that takes an async closure: the future of a closure that borrows from its use case is
/// not known to be `Send` for every lifetime of its `&Tx` (Rust 1.95), and a spawned task has to be `Send`.
#[macro_export]
macro_rules! transaction {
    ($app:expr, $now:expr, |$tx:ident| $body:block) => {{
        let app: &$crate::App = $app;
        let mut attempt = 0;
        loop {
            let transaction = match app.begin().await {
                Ok(transaction) => transaction,
                Err(error) => break Err(error),
            };
            let result: $crate::Result<_> = async {
                let $tx = &transaction;
                $body
            }
            .await;
            match app.conclude(transaction, $now, result, &mut attempt).await {
                $crate::app::Conclusion::Again => {}
                $crate::app::Conclusion::Done(result) => break result,
            }
        }
    }};
}
