//! Connecting: what every connection is set to, and what a PostgreSQL is checked for before it is used.
//!
//! The defaults of a database or a role may be anything, so each connection states those that change what a statement
//! means. It states them in one message after it has connected, not as start-up parameters, which poolers refuse.

use std::{path::PathBuf, str::FromStr, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbBackend, FromQueryResult,
    sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool, Row as _, sqlite::SqliteJournalMode},
};

use super::rows;
use crate::error::{Error, Result};

/// How long a caller waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// How long the check for a pooler waits for its second connection.
const SECOND_CONNECTION: Duration = Duration::from_secs(2);

/// PostgreSQL 17 has one limit more. Others don't know it.
const TRANSACTION_TIMEOUT: (&str, &str) = ("transaction_timeout", "0");
const TRANSACTION_TIMEOUT_SINCE: u32 = 170_000;

/// What every connection to PostgreSQL is set to.
const SETTINGS: &[(&str, &str)] = &[
    // First, so that the rest of this list is not cut off by a limit that was meant for other programs. A long sweep or
    // migration takes the time that it needs; how long a request may take is the server's own setting.
    ("statement_timeout", "0"),
    // A lock that is not had soon is better asked for again.
    ("lock_timeout", "15s"),
    // A process that stands still in the middle of a transaction must not keep what it locked, such as publishing.
    ("idle_in_transaction_session_timeout", "30s"),
    ("idle_session_timeout", "0"),
    // For statements outside a transaction; each transaction states its own. At a higher level, a count under a lock
    // reads a snapshot from before the lock was had.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("default_transaction_deferrable", "off"),
    // How values are written and read as text.
    ("client_encoding", "UTF8"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    // JIT and parallel workers cost more than all of a sweep.
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

/// Connects to either kind of database, and refuses a PostgreSQL that the program can't work with.
pub(super) async fn connect(url: &str, max_connections: u32) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(create_if_missing(url));
    options
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE)
        .sqlx_logging(false)
        .map_sqlx_postgres_pool_opts(|options| {
            options.after_connect(|connection, _| {
                Box::pin(async move {
                    let sql = settings_for(connection);
                    connection.execute(AssertSqlSafe(sql)).await.map(drop)
                })
            })
        })
        // A connection that did not get out of its transaction is of no use to the next who gets it, as after a ROLLBACK
        // that failed: SQLite had rolled back by itself, for want of room on the disk.
        .map_sqlx_sqlite_before_acquire(|connection, _| {
            Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
        })
        .map_sqlx_sqlite_opts(|options| {
            options
                .journal_mode(SqliteJournalMode::Wal)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .pragma("synchronous", "NORMAL")
        });
    let pool = Database::connect(options).await?;
    if pool.get_database_backend() == DbBackend::Postgres {
        let checked = async {
            refuse_unusable(&pool).await?;
            if max_connections > 1 {
                refuse_transaction_pooling(pool.get_postgres_connection_pool()).await?;
            }
            Ok(())
        };
        if let Err(error) = checked.await {
            pool.close_by_ref().await?;
            return Err(error);
        }
    }
    Ok(pool)
}

/// One message that sets everything.
fn settings_for(connection: &PgConnection) -> String {
    let has_transaction_timeout =
        connection.server_version_num().is_some_and(|version| version >= TRANSACTION_TIMEOUT_SINCE);
    let settings = SETTINGS.iter().chain(has_transaction_timeout.then_some(&TRANSACTION_TIMEOUT));
    let statements: Vec<_> = settings.map(|(name, value)| format!("SET {name} = '{value}'")).collect();
    statements.join("; ")
}

/// What can't be set by this program, or not by every role.
#[derive(Debug, FromQueryResult)]
struct Server {
    encoding: String,
    search_path: String,
    has_schema: bool,
    is_standby: bool,
    session_replication_role: String,
}

impl Server {
    /// What is wrong with it, and what to do about it.
    fn problem(&self) -> Option<String> {
        if self.encoding != "UTF8" {
            return Some(format!(
                "the database's encoding (server_encoding) is {}, and has to be UTF8: create it with ENCODING 'UTF8'",
                self.encoding
            ));
        }
        if self.is_standby {
            return Some("the database is a standby, which is read-only: connect to the primary".to_owned());
        }
        if !self.has_schema {
            return Some(format!(
                "search_path is {:?}, and names no schema that exists and that this role may use: \
                 set it with ALTER ROLE ... SET search_path, or grant USAGE on the schema",
                self.search_path
            ));
        }
        if self.session_replication_role != "origin" {
            return Some(format!(
                "session_replication_role is {:?}, under which foreign keys are not checked: it has to be origin",
                self.session_replication_role
            ));
        }
        None
    }
}

async fn refuse_unusable(pool: &DatabaseConnection) -> Result<()> {
    let sql = "SELECT current_setting('server_encoding') AS encoding, \
                 current_setting('search_path') AS search_path, current_schema() IS NOT NULL AS has_schema, \
                 pg_is_in_recovery() AS is_standby, \
                 current_setting('session_replication_role') AS session_replication_role";
    let found: Vec<Server> = rows(pool, sql, []).await?;
    found.first().and_then(Server::problem).map_or(Ok(()), |problem| Err(Error::internal(problem)))
}

/// A pooler in transaction mode keeps neither settings nor prepared statements of a connection. It shows by this: two
/// connections that are open at the same time are served by one process of the server.
async fn refuse_transaction_pooling(pool: &PgPool) -> Result<()> {
    const BACKEND: &str = "SELECT pg_backend_pid()";
    let Ok(Ok(mut first)) = tokio::time::timeout(SECOND_CONNECTION, pool.acquire()).await else { return Ok(()) };
    // Where there are no more connections to be had, the start does not fail.
    let Ok(Ok(mut second)) = tokio::time::timeout(SECOND_CONNECTION, pool.acquire()).await else { return Ok(()) };
    let mut served_by = [0; 2];
    for (pid, connection) in served_by.iter_mut().zip([&mut first, &mut second]) {
        let Ok(row) = connection.fetch_one(BACKEND).await else { return Ok(()) };
        *pid = row.try_get(0).unwrap_or_default();
    }
    if served_by[0] != served_by[1] {
        return Ok(());
    }
    Err(Error::internal(
        "the database is reached through a pooler in transaction mode, which keeps neither settings nor prepared \
         statements of a connection: use its session mode (PgBouncer: pool_mode=session), or connect to PostgreSQL itself",
    ))
}

/// `sqlite://file.db` opens only what exists; the embedded database is made when it is missing.
fn create_if_missing(url: &str) -> String {
    if url.starts_with("sqlite:") && !url.contains("mode=") && !url.contains(":memory:") {
        let separator = if url.contains('?') { '&' } else { '?' };
        return format!("{url}{separator}mode=rwc");
    }
    url.to_owned()
}

/// The file of an embedded database; `None` for one in memory, and for PostgreSQL.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from_str(path).unwrap_or_default())
}
