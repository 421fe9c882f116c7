//! The context of each use case, and the writing transaction that each use case runs in.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    clock::Clock,
    ids::SessionId,
    placement::PlacementRule,
    zone::{Tz, Zone, ZoneData},
};
use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;
use tokio::sync::OnceCell;

use crate::{
    audit,
    db::{Db, Tx, Writes, source::Source},
    door::{DoorRates, GuestSettings},
    error::{Error, Result},
    idempotency::HashedAttempt,
    log::{self, cursor::InstallationKey, wake::Wake},
    settings::{PresenceSettings, PublicUrl},
    zones::Zones,
};

/// The reason why a queue refused a job. It is for the log only.
pub type JobQueueError = Box<dyn std::error::Error + Send + Sync>;

/// A queue of jobs that recompute saved sessions: apalis on Redis, or a queue in the process.
pub trait JobQueue: Send + Sync {
    /// Adds a job that recomputes this session. Returns soon. An error says why the queue refused the job.
    fn enqueue_recompute(&self, session: SessionId) -> BoxFuture<'_, Result<(), JobQueueError>>;

    /// The number of jobs that wait for a worker; `None` if it is unknown.
    fn depth(&self) -> BoxFuture<'_, Option<u32>> {
        Box::pin(std::future::ready(None))
    }
}

/// A queue that refuses every job, so that sessions are recomputed at once in the process. For commands and tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJobQueue;

impl JobQueue for NoJobQueue {
    fn enqueue_recompute(&self, _session: SessionId) -> BoxFuture<'_, Result<(), JobQueueError>> {
        Box::pin(std::future::ready(Err("there is no queue".into())))
    }
}

/// The context of a use case: the database, the clock, the zone data, the wake-ups, the queue, and the settings that
/// rules depend on. For one attempt at a mutation, also its idempotency key.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub zones: Zones,
    pub wake: Wake,
    pub queue: Arc<dyn JobQueue>,
    pub placement_rule: PlacementRule,
    /// The retention of the change log.
    pub change_log_kept: TimeDelta,
    /// The retention of the audit log.
    pub audit_log_kept: TimeDelta,
    pub presence: PresenceSettings,
    pub(crate) attempt: Option<HashedAttempt>,
    pub guests: GuestSettings,
    /// The address at which browsers reach the server (`PUBLIC_URL`), if it is set.
    pub public_url: Option<Arc<PublicUrl>>,
    /// The limits of wrong check-in codes and of new guests, for each address.
    pub door: Arc<DoorRates>,
    cursor_key: Arc<OnceCell<InstallationKey>>,
}

impl App {
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        wake: Wake,
        queue: Arc<dyn JobQueue>,
        placement_rule: PlacementRule,
    ) -> Self {
        let (change_log_kept, audit_log_kept) = (TimeDelta::days(7), TimeDelta::days(365));
        let presence = PresenceSettings::default();
        Self {
            db,
            clock,
            zones: Zones::compiled(),
            wake,
            queue,
            placement_rule,
            change_log_kept,
            audit_log_kept,
            presence,
            attempt: None,
            guests: GuestSettings::default(),
            public_url: None,
            door: Arc::default(),
            cursor_key: Arc::default(),
        }
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

    #[must_use]
    pub fn with_public_url(self, public_url: Option<PublicUrl>) -> Self {
        Self { public_url: public_url.map(Arc::new), ..self }
    }

    #[must_use]
    pub fn with_guests(self, guests: GuestSettings) -> Self {
        Self { guests, ..self }
    }

    #[must_use]
    pub fn with_zones(self, zones: Zones) -> Self {
        Self { zones, ..self }
    }

    /// A copy for one answer or one sweep. It uses one release of the zone data from start to end.
    #[must_use]
    pub fn pinned(&self) -> Self {
        Self { zones: self.zones.pinned(), ..self.clone() }
    }

    /// The rules of a zone that a client names.
    ///
    /// # Errors
    /// If the zone data does not have it.
    pub fn zone(&self, name: Tz) -> Result<Zone> {
        self.zone_data().zone(name.name()).map_err(|error| Error::invalid("timeZone", error))
    }

    /// The zone data to compute with.
    pub fn zone_data(&self) -> ZoneData {
        self.zones.data()
    }

    /// A copy for queries, which have connections of their own; see [`Db::for_queries`].
    #[must_use]
    pub fn for_queries(&self) -> Self {
        Self { db: self.db.for_queries(), ..self.clone() }
    }

    /// A copy for expensive queries; see [`Db::for_expensive_queries`].
    #[must_use]
    pub fn for_expensive_queries(&self) -> Self {
        Self { db: self.db.for_expensive_queries(), ..self.clone() }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The key that signs this database's cursors.
    pub async fn cursor_key(&self) -> Result<&InstallationKey> {
        self.cursor_key.get_or_try_init(|| InstallationKey::load(&self.db)).await
    }

    /// An identifier of the installation: the same for all processes on one database. It reveals nothing else.
    pub async fn installation(&self) -> Result<String> {
        self.cursor_key().await?.identifier()
    }

    /// Begins one attempt at a writing transaction. Only [`transaction!`](crate::transaction) calls this.
    #[doc(hidden)]
    pub async fn begin(&self) -> Result<Tx> {
        let mut attempt = 1;
        loop {
            match self.db.begin().await {
                // The database may be restarting. Nothing has been done yet, so try again.
                Err(error) if error.is_disconnection() && attempt < CONNECT_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(10 << attempt.min(5))).await;
                    attempt += 1;
                }
                // Another process writes to SQLite so much that the busy timeout ran out.
                Err(error) if error.is_transient() && attempt < BEGIN_ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    /// Ends one attempt at a writing transaction. Writes its changes last, commits, and wakes everyone; or rolls back.
    /// Only [`transaction!`](crate::transaction) calls this.
    #[doc(hidden)]
    pub async fn conclude<T>(&self, tx: Tx, now: DateTime<Utc>, result: Result<T>, attempt: &mut u32) -> Conclusion<T> {
        match self.try_conclude(tx, now, result).await {
            Err(error) if error.is_transient() && *attempt < ATTEMPTS => {
                *attempt += if error.is_disconnection() { ATTEMPTS / CONNECT_ATTEMPTS } else { 1 };
                tracing::debug!(attempt, reason = %error, "retrying the transaction");
                // Backoff with jitter, so that colliding transactions do not start again at the same moment.
                let jitter = u64::from(getrandom::u32().unwrap_or_default() % 8);
                tokio::time::sleep(Duration::from_millis(u64::from((*attempt).min(10)) * (1 + jitter))).await;
                Conclusion::Again
            }
            result => Conclusion::Done(result),
        }
    }

    async fn try_conclude<T>(&self, tx: Tx, now: DateTime<Utc>, result: Result<T>) -> Result<T> {
        let written = match result {
            Ok(value) => write_notes(&tx, now).await.map(|wakes| (value, wakes)),
            Err(error) => Err(error),
        };
        match written {
            Ok((value, wakes)) => {
                tx.commit().await.map_err(outcome_unknown)?;
                if wakes {
                    self.wake.everyone();
                }
                Ok(value)
            }
            Err(error) => {
                self.db.renew_connections_after(&error);
                // Return the error that stopped the work. If the rollback fails, the connection ends anyway.
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }
}

impl Source for App {
    type Connection = DatabaseConnection;

    fn connection(&self) -> &DatabaseConnection {
        self.db.pool()
    }
}

/// Sends the last writes of a transaction: its audit entries, its changes, and the writes that it postponed. They come
/// last, while everything that the changes name is locked. Returns whether the commit must wake the readers of the
/// change log.
async fn write_notes(tx: &Tx, now: DateTime<Utc>) -> Result<bool> {
    let mut writes: Writes = tx.take_notes();
    audit::add_entries(tx, &mut writes, now);
    let wakes = log::add_news(tx, &mut writes, now).await?;
    writes.run(tx).await?;
    Ok(wakes)
}

/// If the answer to a commit is lost, the transaction may be committed. Repeating it might do everything twice, so the
/// client gets an error.
fn outcome_unknown(error: Error) -> Error {
    if !error.is_disconnection() {
        return error;
    }
    Error::internal(format!("the commit of a transaction got no answer, so its outcome is unknown: {error}"))
}

/// How many times a transaction that collides is tried. This takes some ten seconds, longer than any batch holds its
/// locks.
const ATTEMPTS: u32 = 200;

/// How many times a transaction that cannot begin is tried. SQLite waits five seconds for its lock each time.
const BEGIN_ATTEMPTS: u32 = 3;

/// How many times a transaction is tried if its connection ends. This takes some two seconds, plus the pool's wait for
/// a connection.
const CONNECT_ATTEMPTS: u32 = 10;

/// The outcome of an attempt at a transaction.
#[doc(hidden)]
pub enum Conclusion<T> {
    Again,
    Done(Result<T>),
}

/// Runs a block in a writing transaction, `tx: &Tx`. Writes its changes last, commits, and wakes everyone. The block's
/// value is a [`Result`], and so is the macro's. A `?` leaves the block, and the transaction is rolled back.
///
/// The transaction is retried from the start if it collides with another (a deadlock, a busy SQLite, a lock out of
/// order that is not free), or if its connection ends before the commit. So the block must have no effects outside the
/// transaction. If the answer to the commit is lost, the macro returns an error and does not retry.
///
/// This is a macro and not a function with an async closure. The compiler (Rust 1.95) cannot prove that the future of a
/// borrowing closure is `Send` for every lifetime of its `&Tx`, and a spawned task must be `Send`.
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
