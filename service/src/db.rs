//! The database: connecting, migrating, transactions, and the few differences between PostgreSQL and SQLite.
//!
//! A statement is written once, with `$1` parameters, which both databases understand. A list of values is one
//! parameter: an array on PostgreSQL, JSON on SQLite. So a statement has the same text however long the list is.

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

/// The advisory locks of PostgreSQL. They are listed here so that no two uses share a number.
pub(crate) mod advisory {
    pub const MIGRATE: i64 = 0x1A5E_0001;
    pub const PUBLISH: i64 = 0x1A5E_0002;
    pub const STANDING: i64 = 0x1A5E_0003;
}

/// How long a process waits while another one migrates.
const MIGRATION_TURN: &str = "10min";

/// How long a migration waits for a table that is in use, and how long it pauses before it tries again.
const MIGRATION_LOCK: &str = "500ms";
const MIGRATION_PAUSE: Duration = Duration::from_secs(2);

/// How long closing the connections may take.
const CLOSE: Duration = Duration::from_secs(2);

/// A pool of connections.
#[derive(Clone, Debug)]
pub struct Db {
    pool: DatabaseConnection,
    /// Connections that only queries use.
    queries: Option<DatabaseConnection>,
    /// SQLite has one writer at a time. Writers of this process queue here, in order, and do not poll SQLite's lock.
    turn: Option<Arc<Mutex<()>>>,
}

impl Db {
    /// Connects, without migrating.
    ///
    /// # Errors
    /// If the address is not one of a database, or if the database is unreachable or unusable.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self> {
        let pool = connect::connect(url, max_connections).await?;
        let turn = (pool.get_database_backend() == DbBackend::Sqlite).then(Arc::default);
        Ok(Self { pool, queries: None, turn })
    }

    /// Opens connections that only queries use, see [`for_queries`](Self::for_queries).
    ///
    /// # Errors
    /// If the database is unreachable.
    pub async fn with_query_connections(self, url: &str, max_connections: u32) -> Result<Self> {
        let queries = Some(connect::connect(url, max_connections).await?);
        Ok(Self { queries, ..self })
    }

    /// The same database, for queries. Queries have their own connections, if any were opened. So many queries leave
    /// connections for everything else.
    #[must_use]
    pub fn for_queries(&self) -> Self {
        let pool = self.queries.as_ref().unwrap_or(&self.pool).clone();
        Self { pool, queries: None, turn: self.turn.clone() }
    }

    /// Closes all connections. Call this when nothing in the process needs them. With SQLite, the whole database is
    /// then in one file, because the last connection writes the write-ahead log back.
    pub async fn close(&self) {
        let close = async {
            if let Some(queries) = &self.queries {
                drop(queries.close_by_ref().await);
            }
            drop(self.pool.close_by_ref().await);
        };
        if tokio::time::timeout(CLOSE, close).await.is_err() {
            tracing::info!("some connections to the database were still in use at the end");
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

    /// Migrates the schema to this version. Only one process migrates at a time.
    ///
    /// # Errors
    /// Among others, if the locks that a migration needs were not free for one minute.
    pub async fn migrate(&self) -> Result<()> {
        self.migrate_with::<Migrator>(Duration::from_mins(1)).await
    }

    /// The same as [`migrate`](Self::migrate), with other migrations. `patience` is how long each tries to get its
    /// locks while others use the tables.
    pub async fn migrate_with<M: MigratorTrait>(&self, patience: Duration) -> Result<()> {
        loop {
            let began = Instant::now();
            let has_migrated = loop {
                match self.migrate_once::<M>().await {
                    Err(error) if error.met_a_lock() && began.elapsed() < patience => {
                        tracing::info!(
                            error = error.describe(),
                            "a migration could not lock its tables, and is tried again"
                        );
                        tokio::time::sleep(MIGRATION_PAUSE).await;
                    }
                    Err(error) if error.met_a_lock() => {
                        return Err(Error::internal(format!(
                            "the tables of a migration stayed locked for {} seconds, probably by an open transaction; end it and migrate again: {}",
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

    /// Applies the next migration in one transaction, so that a crash leaves nothing half done. Returns whether there
    /// was one.
    async fn migrate_once<M: MigratorTrait>(&self) -> Result<bool> {
        let tx = self.begin().await?;
        if tx.is_postgres() {
            execute(&tx, &format!("SET LOCAL lock_timeout = '{MIGRATION_TURN}'"), []).await?;
            let turn = execute(&tx, "SELECT pg_advisory_xact_lock($1)", [advisory::MIGRATE.into()]).await;
            turn.map_err(|error| {
                Error::internal(format!("could not get the migration lock, which another process may hold: {error}"))
            })?;
            // Other statements queue behind a migration that waits for a table, so it must not wait long.
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
    async fn begin_wholly(&self, options: TransactionOptions) -> Result<DatabaseTransaction> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with_options(options).await }).await;
        Ok(begun.map_err(|failure| Error::internal(failure.to_string()))??)
    }

    /// Begins a writing transaction. Use cases call [`transaction!`](crate::transaction).
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

/// A source of data for finders: the database of an [`App`](crate::App), or a
/// [`Snapshot`](crate::changes::Snapshot) of it.
pub trait Reads: source::Source + Sync {}

impl<T: source::Source + Sync> Reads for T {}

/// The connection behind [`Reads`], which other crates cannot use.
pub(crate) mod source {
    pub trait Source {
        type Connection: sea_orm::ConnectionTrait;

        fn connection(&self) -> &Self::Connection;
    }
}

impl source::Source for crate::App {
    type Connection = DatabaseConnection;

    fn connection(&self) -> &DatabaseConnection {
        self.db.pool()
    }
}

/// A writing transaction. It collects its changes for the change log and its entries for the audit log.
pub struct Tx {
    inner: DatabaseTransaction,
    news: std::sync::Mutex<News>,
    entries: std::sync::Mutex<Vec<Entry>>,
    // Fields are dropped in order, so this is released after the transaction.
    _turn: Option<OwnedMutexGuard<()>>,
    /// For traces: from the request for the transaction until its end.
    _span: Span,
}

impl Tx {
    pub fn is_postgres(&self) -> bool {
        self.inner.get_database_backend() == DbBackend::Postgres
    }

    /// Collects changes, which are written before the commit.
    pub fn tell(&self, note: impl FnOnce(&mut News)) {
        note(&mut self.news.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    pub(crate) fn take_news(&self) -> News {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Collects an entry of the audit log; see [`Tx::audit`].
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

    /// `clause`, such as `FOR SHARE`, on PostgreSQL. Nothing on SQLite, where a writer is alone.
    pub fn locking(&self, clause: &'static str) -> &'static str {
        if self.is_postgres() { clause } else { "" }
    }
}

/// Lets use cases and sea-orm's entities run statements in the transaction.
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

/// Runs one statement. Returns how many rows it affected.
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

/// Reads the first column of each row as a number.
pub(crate) async fn numbers<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<i64>> {
    ids(db, sql, values).await
}

/// Reads the first column of each row as an id.
pub(crate) async fn ids<T: TryGetable, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>> {
    let found = db.query_all_raw(statement(db, sql, values)).await?;
    found.iter().map(|row| row.try_get_by_index::<T>(0).map_err(Error::from)).collect()
}

/// The condition that `column` is in the list that is parameter `n`; see [`list`] and [`text_list`].
pub(crate) fn is_in<C: ConnectionTrait>(db: &C, column: &str, n: usize) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => format!("{column} = ANY(${n})"),
        _ => format!("{column} IN (SELECT value FROM json_each(${n}))"),
    }
}

/// The condition that `column` is one of these numbers, for a query that sea-orm builds. On PostgreSQL its text does
/// not depend on their count.
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

/// One column of a table of values that is passed to a statement as a parameter.
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

    /// Writes the value into a row's object. A NULL is left out, which both databases read as NULL.
    fn put<M: SerializeMap>(&self, row: usize, object: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Number(name, values) => put(object, name, values.get(row).copied().flatten()),
            Self::Flag(name, values) => put(object, name, values.get(row)),
            // The text format that SQLite's driver uses for instants. It sorts like the instants, and PostgreSQL reads
            // it.
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

/// Columns as JSON: an array of rows, each an object.
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

/// A table of values for a FROM clause, named `v`, and its one parameter, number `n`. The parameter is JSON, because
/// the driver's arrays cannot contain NULLs.
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
