//! The database: connecting, migrating, and the few things in which PostgreSQL and SQLite differ.
//!
//! Statements are written once with `$1` parameters, which both understand. Where lists of values go in, PostgreSQL
//! gets arrays and SQLite gets JSON, so that a statement has one text however long the list is.

mod connect;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    FromQueryResult, IsolationLevel, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, TryGetable, Value,
    sea_query::{ArrayType, Expr},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::Instant,
};
use tracing::Span;

pub use self::connect::sqlite_file;
use crate::{
    audit::Entry,
    changes::News,
    error::{Error, Result},
};

/// Advisory locks of PostgreSQL, so that no two uses share a number.
pub(crate) mod advisory {
    pub const MIGRATE: i64 = 0x1A5E_0001;
    pub const PUBLISH: i64 = 0x1A5E_0002;
    pub const STANDING: i64 = 0x1A5E_0003;
}

/// How long a process waits while another one migrates.
const MIGRATION_TURN: &str = "10min";

/// How long a migration waits for a table that is in use, and for how long it then lets others go first.
const MIGRATION_LOCK: &str = "500ms";
const MIGRATION_PAUSE: Duration = Duration::from_secs(2);

/// How long connections may take to end.
const CLOSE: Duration = Duration::from_secs(2);

/// A pool of connections.
#[derive(Clone, Debug)]
pub struct Db {
    pool: DatabaseConnection,
    /// Connections that only queries take.
    queries: Option<DatabaseConnection>,
    /// SQLite has one writer at a time: the turn is waited for here, in order, rather than by polling its lock.
    turn: Option<Arc<Mutex<()>>>,
}

impl Db {
    /// Connects, without migrating.
    ///
    /// # Errors
    /// When the address is no database's, or the database can't be reached or used.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self> {
        let pool = connect::connect(url, max_connections).await?;
        let turn = (pool.get_database_backend() == DbBackend::Sqlite).then(Arc::default);
        Ok(Self { pool, queries: None, turn })
    }

    /// Opens connections that are for queries alone, see [`for_queries`](Self::for_queries).
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn with_query_connections(self, url: &str, max_connections: u32) -> Result<Self> {
        let queries = Some(connect::connect(url, max_connections).await?);
        Ok(Self { queries, ..self })
    }

    /// The same database for queries. They have connections of their own, if there are any, so that however many they are,
    /// the rest is left to everything else.
    #[must_use]
    pub fn for_queries(&self) -> Self {
        let pool = self.queries.as_ref().unwrap_or(&self.pool).clone();
        Self { pool, queries: None, turn: self.turn.clone() }
    }

    /// Ends all connections, once nothing of this process needs them any more. Then all of SQLite's database is in its one
    /// file: the last connection puts it there.
    pub async fn close(&self) {
        let close = async {
            if let Some(queries) = &self.queries {
                drop(queries.close_by_ref().await);
            }
            drop(self.pool.close_by_ref().await);
        };
        if tokio::time::timeout(CLOSE, close).await.is_err() {
            tracing::info!("some connections to the database were still in use");
        }
    }

    pub fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    pub fn backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    pub fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// Brings the schema up to date, one process at a time.
    ///
    /// # Errors
    /// When the locks that it takes were not to be had for a minute, among others.
    pub async fn migrate(&self) -> Result<()> {
        self.migrate_with::<Migrator>(Duration::from_mins(1)).await
    }

    /// The same with other migrations. `patience`: for how long the locks of each are tried for, while others use the tables.
    pub async fn migrate_with<M: MigratorTrait>(&self, patience: Duration) -> Result<()> {
        loop {
            let began = Instant::now();
            let has_migrated = loop {
                match self.migrate_once::<M>().await {
                    Err(error) if error.met_a_lock() && began.elapsed() < patience => {
                        tracing::info!(error = error.describe(), "a migration met others at work, and is tried again");
                        tokio::time::sleep(MIGRATION_PAUSE).await;
                    }
                    Err(error) if error.met_a_lock() => {
                        return Err(Error::internal(format!(
                            "its tables stayed locked for {} seconds, probably by a transaction that is still open: {}",
                            patience.as_secs(),
                            error.describe()
                        )));
                    }
                    result => break result?,
                }
            };
            if !has_migrated {
                return Ok(());
            }
        }
    }

    /// Applies the next migration, if there is one, in a transaction: all of it or nothing, whatever happens to this process.
    async fn migrate_once<M: MigratorTrait>(&self) -> Result<bool> {
        let tx = self.begin().await?;
        if tx.is_postgres() {
            execute(&tx, &format!("SET LOCAL lock_timeout = '{MIGRATION_TURN}'"), []).await?;
            let turn = execute(&tx, "SELECT pg_advisory_xact_lock($1)", [advisory::MIGRATE.into()]).await;
            turn.map_err(|error| Error::internal(format!("waiting while another process migrates: {error}")))?;
            // Whoever uses a table waits behind a migration that waits for it: so it does not wait for long.
            execute(&tx, &format!("SET LOCAL lock_timeout = '{MIGRATION_LOCK}'"), []).await?;
        }
        if M::get_pending_migrations(&tx.inner).await?.is_empty() {
            tx.rollback().await?;
            return Ok(false);
        }
        M::up(&tx.inner, Some(1)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// A transaction in which everything is read as of one moment (rule 23). To be dropped, not committed.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction> {
        let mut options = TransactionOptions::default();
        if self.is_postgres() {
            options.isolation_level = Some(IsolationLevel::RepeatableRead);
            options.access_mode = Some(AccessMode::ReadOnly);
        }
        self.begin_wholly(options).await
    }

    /// What a writing transaction is to be. Rules that count under a lock, such as that of the seats, need to see what was
    /// committed before they had the lock: each statement reads a snapshot of its own.
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

    /// Begins a transaction in a task of its own, which goes on when whoever waits for it no longer does, as when the
    /// socket of a subscription ends. For sqlx gives a connection whose BEGIN was not waited for back to the pool as it
    /// is, and whoever gets it next is in a transaction without knowing.
    async fn begin_wholly(&self, options: TransactionOptions) -> Result<DatabaseTransaction> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with_options(options).await }).await;
        Ok(begun.map_err(|failure| Error::internal(failure.to_string()))??)
    }

    /// Begins a writing transaction; [`transaction!`](crate::transaction) is what use cases call.
    pub async fn begin(&self) -> Result<Tx> {
        let span = tracing::debug_span!("transaction");
        let turn = self.take_turn().await;
        let inner = self.begin_wholly(self.writing()).await?;
        Ok(Tx {
            inner,
            news: std::sync::Mutex::default(),
            entries: std::sync::Mutex::default(),
            _turn: turn,
            _span: span,
        })
    }

    async fn take_turn(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.turn {
            Some(turn) => Some(Arc::clone(turn).lock_owned().await),
            None => None,
        }
    }
}

/// A writing transaction, with the news of what it changed, and who changed it.
pub struct Tx {
    inner: DatabaseTransaction,
    news: std::sync::Mutex<News>,
    entries: std::sync::Mutex<Vec<Entry>>,
    // Let go after the transaction: fields are dropped in order.
    _turn: Option<OwnedMutexGuard<()>>,
    /// From when it was wanted until it has ended, for traces.
    _span: Span,
}

impl Tx {
    pub fn is_postgres(&self) -> bool {
        self.inner.get_database_backend() == DbBackend::Postgres
    }

    /// Notes what is to be told when this transaction commits.
    pub fn tell(&self, note: impl FnOnce(&mut News)) {
        note(&mut self.news.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    pub(crate) fn take_news(&self) -> News {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Notes an entry of the audit log; see [`Tx::audit`].
    pub(crate) fn note(&self, entry: Entry) {
        self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(entry);
    }

    pub(crate) fn take_entries(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub(crate) async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    /// `clause` on PostgreSQL, such as `FOR SHARE`; nothing on SQLite, where a writer is alone.
    pub fn locking(&self, clause: &'static str) -> &'static str {
        if self.is_postgres() { clause } else { "" }
    }
}

/// Statements of a use case, and of sea-orm's entities, run in the transaction itself.
#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}

fn statement<C: ConnectionTrait>(db: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// Runs one statement; how many rows it touched.
pub(crate) async fn execute<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    Ok(db.execute_raw(statement(db, sql, values)).await?.rows_affected())
}

/// Reads rows into `T`.
pub(crate) async fn rows<T: FromQueryResult, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>> {
    Ok(T::find_by_statement(statement(db, sql, values)).all(db).await?)
}

/// Reads the first column, a number, of every row.
pub(crate) async fn numbers<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<i64>> {
    ids(db, sql, values).await
}

/// Reads the first column of every row: ids.
pub(crate) async fn ids<T: TryGetable, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>> {
    let found = db.query_all_raw(statement(db, sql, values)).await?;
    found.iter().map(|row| row.try_get_by_index::<T>(0).map_err(Error::from)).collect()
}

/// `column` is one of what parameter `n` holds: see [`list`] and [`text_list`].
pub(crate) fn is_in<C: ConnectionTrait>(db: &C, column: &str, n: usize) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => format!("{column} = ANY(${n})"),
        _ => format!("{column} IN (SELECT value FROM json_each(${n}))"),
    }
}

/// `column` is one of these, for a query that sea-orm builds: one statement on PostgreSQL, however many there are.
pub(crate) fn is_one_of<C: ConnectionTrait>(
    db: &C,
    column: impl ColumnTrait,
    numbers: impl IntoIterator<Item: Into<i64>>,
) -> Expr {
    let numbers = numbers.into_iter().map(Into::into);
    match db.get_database_backend() {
        DbBackend::Postgres => column.eq_any(numbers),
        _ => column.is_in(numbers),
    }
}

/// A list of numbers as one parameter.
pub(crate) fn list<C: ConnectionTrait>(db: &C, numbers: impl IntoIterator<Item: Into<i64>>) -> Value {
    let numbers = numbers.into_iter().map(Into::<i64>::into);
    match db.get_database_backend() {
        DbBackend::Postgres => Value::Array(ArrayType::BigInt, Some(Box::new(numbers.map(Value::from).collect()))),
        _ => serde_json::Value::from(numbers.collect::<Vec<_>>()).to_string().into(),
    }
}

/// A list of texts as one parameter.
pub(crate) fn text_list<C: ConnectionTrait>(db: &C, texts: impl IntoIterator<Item = String>) -> Value {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            Value::Array(ArrayType::String, Some(Box::new(texts.into_iter().map(Value::from).collect())))
        }
        _ => serde_json::Value::from(texts.into_iter().collect::<Vec<_>>()).to_string().into(),
    }
}

/// One column of a table of values that goes into a statement as parameters, named.
pub(crate) enum Column<'a> {
    Number(&'static str, Vec<Option<i64>>),
    Flag(&'static str, Vec<bool>),
    Instant(&'static str, Vec<Option<DateTime<Utc>>>),
    Text(&'static str, Vec<Option<&'a str>>),
}

impl Column<'_> {
    /// A column of ids.
    pub(crate) fn ids<T: Into<i64>>(name: &'static str, ids: impl IntoIterator<Item = Option<T>>) -> Self {
        Self::Number(name, ids.into_iter().map(|id| id.map(Into::into)).collect())
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Number(name, _) | Self::Flag(name, _) | Self::Instant(name, _) | Self::Text(name, _) => name,
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Self::Number(..) => "bigint",
            Self::Flag(..) => "boolean",
            Self::Instant(..) => "timestamptz",
            Self::Text(..) => "text",
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Number(_, values) => values.len(),
            Self::Flag(_, values) => values.len(),
            Self::Instant(_, values) => values.len(),
            Self::Text(_, values) => values.len(),
        }
    }

    /// Puts its value in a row's object. What is null is left out: both databases read that as null.
    fn put<M: SerializeMap>(&self, row: usize, object: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Number(name, values) => put(object, name, values.get(row).copied().flatten()),
            Self::Flag(name, values) => put(object, name, values.get(row)),
            // The text that SQLite's driver writes for an instant, which sorts as the instants do; PostgreSQL reads it.
            Self::Instant(name, values) => {
                let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, false);
                put(object, name, values.get(row).copied().flatten().map(text))
            }
            Self::Text(name, values) => put(object, name, values.get(row).copied().flatten()),
        }
    }
}

fn put<M: SerializeMap>(object: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| object.serialize_entry(name, &value))
}

/// Columns as JSON: a list of rows, each an object.
struct Rows<'a>(&'a [Column<'a>]);

struct Row<'a>(&'a [Column<'a>], usize);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = self.0.first().map_or(0, Column::len);
        serializer.collect_seq((0..count).map(|row| Row(self.0, row)))
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for column in self.0 {
            column.put(self.1, &mut object)?;
        }
        object.end()
    }
}

/// A table of values, named `v`, for a FROM clause, and its one parameter, number `n`. JSON, as the driver's arrays
/// can't hold nulls.
pub(crate) fn values_table<C: ConnectionTrait>(db: &C, n: usize, columns: &[Column<'_>]) -> (String, Value) {
    let sql = if db.get_database_backend() == DbBackend::Postgres {
        let types: Vec<_> =
            columns.iter().map(|column| format!("{} {}", column.name(), column.postgres_type())).collect();
        format!("json_to_recordset(${n}::text::json) AS v({})", types.join(", "))
    } else {
        let values: Vec<_> = columns.iter().map(|column| format!("value ->> '{0}' AS {0}", column.name())).collect();
        format!("(SELECT {} FROM json_each(${n})) AS v", values.join(", "))
    };
    (sql, serde_json::to_string(&Rows(columns)).unwrap_or_default().into())
}
