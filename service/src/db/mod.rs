//! The database: connecting, migrating, transactions, and the few differences between PostgreSQL and SQLite.
//!
//! A statement is written once, for both databases, and names its values: see [`statement`]. A list of values is one
//! value: an array on PostgreSQL, JSON on SQLite. So a statement has the same text however long the list is.

mod address;
mod bulk;
mod connect;
mod migrate;
mod statement;
mod tx;

use std::{sync::Arc, time::Duration};

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::{Error, Result, is_disconnection};

use self::connect::Renewal;
pub use self::{address::sqlite_file, tx::Tx};
pub(crate) use self::{
    bulk::{Column, is_in, is_one_of, list, next_id, text_list, values_table},
    statement::{Named, Writes, execute, ids, numbers, rows},
};

/// The advisory locks of PostgreSQL. They are listed here so that no two uses share a number.
pub(crate) mod advisory {
    pub const MIGRATE: i64 = 0x1A5E_0001;
    pub const PUBLISH: i64 = 0x1A5E_0002;
    pub const STANDING: i64 = 0x1A5E_0003;

    /// Takes `:lock` for the rest of the transaction.
    pub const TAKE: &str = "SELECT pg_advisory_xact_lock(:lock)";
}

/// One in this many of the connections for queries is for expensive queries.
const EXPENSIVE_SHARE: u32 = 4;

/// How long closing the connections may take.
const CLOSE: Duration = Duration::from_secs(2);

/// A pool of connections.
#[derive(Clone, Debug)]
pub struct Db {
    pool: DatabaseConnection,
    /// Connections that only queries use.
    queries: Option<DatabaseConnection>,
    /// Connections that only expensive queries use.
    expensive_queries: Option<DatabaseConnection>,
    /// SQLite has one writer at a time. Writers of this process queue here, in order, and do not poll SQLite's lock.
    turn: Option<Arc<Mutex<()>>>,
    renewal: Renewal,
}

impl Db {
    /// Connects, without migrating.
    ///
    /// # Errors
    /// If the address is not one of a database, or if the database is unreachable or unusable.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self> {
        let renewal = Renewal::default();
        let pool = connect::connect(url, max_connections, &renewal).await?;
        let turn = (pool.get_database_backend() == DbBackend::Sqlite).then(Arc::default);
        Ok(Self { pool, queries: None, expensive_queries: None, turn, renewal })
    }

    /// Opens connections that only queries use, see [`for_queries`](Self::for_queries). If there are enough, a quarter of them
    /// is for expensive queries.
    ///
    /// # Errors
    /// If the database is unreachable.
    pub async fn with_query_connections(self, url: &str, max_connections: u32) -> Result<Self> {
        let for_expensive = max_connections / EXPENSIVE_SHARE;
        let queries = Some(connect::connect(url, max_connections - for_expensive, &self.renewal).await?);
        let expensive_queries = match for_expensive {
            0 => None,
            _ => Some(connect::connect(url, for_expensive, &self.renewal).await?),
        };
        Ok(Self { queries, expensive_queries, ..self })
    }

    /// The same database, for queries. Queries have their own connections, if any were opened. So there are
    /// connections for everything else, however many queries run.
    #[must_use]
    pub fn for_queries(&self) -> Self {
        self.with_pool(self.queries.as_ref())
    }

    /// The same database, for expensive queries. One of them may ask for many statements at once. They have their own
    /// connections, if any were opened, so that other queries do not wait behind all these statements.
    #[must_use]
    pub fn for_expensive_queries(&self) -> Self {
        self.with_pool(self.expensive_queries.as_ref().or(self.queries.as_ref()))
    }

    fn with_pool(&self, pool: Option<&DatabaseConnection>) -> Self {
        let pool = pool.unwrap_or(&self.pool).clone();
        Self { pool, queries: None, expensive_queries: None, turn: self.turn.clone(), renewal: self.renewal.clone() }
    }

    /// Closes all connections. Call this when nothing in the process needs them. With SQLite, the whole database is
    /// then in one file, because the last connection writes the write-ahead log back.
    pub async fn close(&self) {
        let close = async {
            for pool in self.expensive_queries.iter().chain(&self.queries) {
                drop(pool.close_by_ref().await);
            }
            drop(self.pool.close_by_ref().await);
        };
        if tokio::time::timeout(CLOSE, close).await.is_err() {
            tracing::info!("some connections to the database were still in use at the end");
        }
    }

    /// The connections. It is public for the fixtures of tests and benchmarks; other crates have no use for it.
    pub fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    pub fn backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    pub fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// A transaction that reads everything from one snapshot (rule 23). Drop it; do not commit it.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction> {
        let mut options = TransactionOptions::default();
        if self.is_postgres() {
            options.isolation_level = Some(IsolationLevel::RepeatableRead);
            options.access_mode = Some(AccessMode::ReadOnly);
        }
        self.begin_wholly(options).await
    }

    /// The options of a writing transaction. Rules that count under a lock, such as rule 17, must see what was
    /// committed before they got the lock. So each statement reads its own snapshot.
    fn writing(&self) -> TransactionOptions {
        if self.is_postgres() {
            TransactionOptions {
                isolation_level: Some(IsolationLevel::ReadCommitted),
                access_mode: Some(AccessMode::ReadWrite),
                ..TransactionOptions::default()
            }
        } else {
            TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            }
        }
    }

    /// Begins a transaction in a task of its own. The task continues if the caller is dropped, for example because a
    /// socket closes. Otherwise sqlx would return the connection to the pool although its BEGIN was not awaited, and
    /// the next user would unknowingly be inside a transaction.
    ///
    /// The first attempt tests the connection by beginning. If it has ended, so may have others, so the second attempt
    /// takes one that was tested.
    async fn begin_wholly(&self, options: TransactionOptions) -> Result<DatabaseTransaction> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move {
            match connect::untested(pool.begin_with_options(options)).await {
                Err(error) if is_disconnection(&error) => pool.begin_with_options(options).await,
                begun => begun,
            }
        })
        .await;
        Ok(begun.map_err(|failure| Error::internal(failure.to_string()))??)
    }

    /// Begins a writing transaction. Use cases call [`transaction!`](crate::transaction).
    pub async fn begin(&self) -> Result<Tx> {
        let span = tracing::debug_span!("transaction");
        let turn = self.take_turn().await;
        let inner = self.begin_writing().await?;
        Ok(Tx { inner, notes: parking_lot::Mutex::default(), _turn: turn, _span: span })
    }

    async fn begin_writing(&self) -> Result<DatabaseTransaction> {
        let begun = self.begin_wholly(self.writing()).await;
        begun.inspect_err(|error| self.renew_connections_after(error))
    }

    /// Replaces the connections of the pool if the error shows that they are unusable. Each one is replaced when it is
    /// next needed.
    pub(crate) fn renew_connections_after(&self, error: &Error) {
        if error.requires_reconnect() {
            self.renewal.request();
        }
    }

    /// Whether a write would work now. If no transaction begins within `limit`, the answer is `false` on PostgreSQL. On
    /// SQLite it is `true`, because another process is writing.
    pub async fn is_writable(&self, limit: Duration) -> bool {
        let turn = match &self.turn {
            Some(turn) => match Arc::clone(turn).try_lock_owned() {
                Ok(turn) => Some(turn),
                // Somebody is writing.
                Err(_) => return true,
            },
            None => None,
        };
        match tokio::time::timeout(limit, self.begin_writing()).await {
            Ok(Ok(tx)) => tx.rollback().await.is_ok(),
            Ok(Err(error)) => error.is_lock_conflict(),
            // On SQLite another process is writing.
            Err(_) => turn.is_some(),
        }
    }

    async fn take_turn(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.turn {
            Some(turn) => Some(Arc::clone(turn).lock_owned().await),
            None => None,
        }
    }
}

/// A source of data for finders: the database of an [`App`](crate::App), or a
/// [`Snapshot`](crate::log::Snapshot) of it.
pub trait Reads: source::Source + Sync {}

impl<T: source::Source + Sync> Reads for T {}

/// The connection behind [`Reads`], which other crates cannot use.
pub(crate) mod source {
    pub trait Source {
        type Connection: sea_orm::ConnectionTrait;

        fn connection(&self) -> &Self::Connection;
    }
}
