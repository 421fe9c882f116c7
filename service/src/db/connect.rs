//! Connecting: the settings of each connection, and the checks of a PostgreSQL server before it is used.
//!
//! The defaults of a database or a role may be anything. So each connection sets everything that changes the meaning of
//! a statement. It does so in one message after connecting, because poolers refuse start-up parameters.

use std::{collections::BTreeSet, io::ErrorKind, path::Path, sync::Arc, time::Duration};

use parking_lot::Mutex;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr, FromQueryResult, RuntimeErr,
    sqlx::{
        self, AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool, Row as _,
        postgres::PgConnectOptions, sqlite::SqliteJournalMode,
    },
};

use tokio::time::Instant;

use super::{address, rows};
use crate::error::{Error, Result};

/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection needs no test after it was used. The test is a round trip, so without it a busy server makes half as
/// many. If a connection ends in this time, the next statement on it fails. The test prevents that only for longer pauses.
const TRUSTED_FOR: Duration = Duration::from_millis(50);

/// How long the start waits for a PostgreSQL server that cannot be reached, for example because it is still starting.
const REACH_TIMEOUT: Duration = Duration::from_secs(3);
const REACH_INTERVAL: Duration = Duration::from_millis(250);

/// SQLite's code for a database that cannot be written.
const SQLITE_READONLY: i32 = 8;

/// The code of PostgreSQL's error while it starts or stops.
const CANNOT_CONNECT_NOW: &str = "57P03";

/// How long the check for a pooler waits for each of its two connections.
const POOLER_CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// How often it asks each of them which process serves it.
const POOLER_CHECKS: u32 = 4;

/// One more limit that exists since PostgreSQL 17. Older versions refuse it.
const TRANSACTION_TIMEOUT: (&str, &str) = ("transaction_timeout", "0");
const TRANSACTION_TIMEOUT_SINCE: u32 = 170_000;

/// The settings of each connection to PostgreSQL.
const SETTINGS: &[(&str, &str)] = &[
    // First, so that a limit meant for other programs does not stop the rest of this list. Long sweeps and migrations
    // take the time that they need. The server limits the time of requests itself.
    ("statement_timeout", "0"),
    // After a longer wait, it is better to start the transaction again.
    ("lock_timeout", "15s"),
    // A process that hangs inside a transaction must not keep its locks, such as the one for publishing.
    ("idle_in_transaction_session_timeout", "30s"),
    ("idle_session_timeout", "0"),
    // For statements outside a transaction; each transaction states its own. At a higher level, a count under a lock
    // would read a snapshot from before the lock.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("default_transaction_deferrable", "off"),
    // How values are written and read as text.
    ("client_encoding", "UTF8"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    // By default the driver sends it as a start-up parameter, which poolers refuse.
    ("extra_float_digits", "1"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    // JIT and parallel workers cost more than a whole sweep.
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

/// The last instant at which connections of the process were found unusable. Connections that were opened before it are
/// replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct Renewal(Arc<Mutex<Option<Instant>>>);

impl Renewal {
    pub(super) fn request(&self) {
        *self.0.lock() = Some(Instant::now());
    }

    fn is_outdated(&self, age: Duration) -> bool {
        self.0.lock().is_some_and(|at| age > at.elapsed())
    }
}

tokio::task_local! {
    /// Set while connections are used without a test.
    static UNTESTED: ();
}

/// Does work, for example begins a transaction, with a connection that is not tested before. The test would be a round
/// trip more. The work fails if the connection has ended in the meantime.
pub(super) async fn untested<W: Future>(work: W) -> W::Output {
    UNTESTED.scope((), work).await
}

fn is_untested() -> bool {
    UNTESTED.try_with(|()| ()).is_ok()
}

/// Connects to either database. Refuses a PostgreSQL server that the program cannot work with.
pub(super) async fn connect(url: &str, max_connections: u32, renewal: &Renewal) -> Result<DatabaseConnection> {
    if !url.starts_with("sqlite:") {
        reach_postgres(url).await?;
    }
    let renewal = renewal.clone();
    let mut options = ConnectOptions::new(address::for_driver(url));
    options
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|options| options.extra_float_digits(None))
        .map_sqlx_postgres_pool_opts(move |options| {
            let renewal = renewal.clone();
            // The pool would test each connection. Here it depends on who needs it, and when it was used last.
            let options = options.test_before_acquire(false).before_acquire(move |connection, about| {
                let is_outdated = renewal.is_outdated(about.age);
                let is_trusted = is_untested() || about.idle_for < TRUSTED_FOR;
                Box::pin(async move { Ok(!is_outdated && (is_trusted || connection.ping().await.is_ok())) })
            });
            options.after_connect(|connection, _| {
                Box::pin(async move {
                    let sql = settings_for(connection);
                    connection.execute(AssertSqlSafe(sql)).await.map(drop)
                })
            })
        })
        // Do not reuse a connection that is still in a transaction. This happens if a ROLLBACK fails: SQLite has
        // already rolled back by itself, for example because the disk is full.
        .map_sqlx_sqlite_before_acquire(|connection, _| {
            Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
        })
        .map_sqlx_sqlite_opts(|options| {
            options
                .journal_mode(SqliteJournalMode::Wal)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .pragma("synchronous", "NORMAL")
                // What is deleted, such as the data of an erased person, is overwritten.
                .pragma("secure_delete", "ON")
        });
    let pool = Database::connect(options).await.map_err(|error| match address::sqlite_file(url) {
        Some(file) => {
            let file = std::path::absolute(&file).unwrap_or(file);
            let error = error.to_string();
            Error::internal(format!(
                "cannot open {}: {}. The folder must exist, and this user must be allowed to write to it",
                file.display(),
                error.trim_end_matches('.')
            ))
        }
        None => error.into(),
    })?;
    if let Some(file) = address::sqlite_file(url) {
        refuse_read_only(&pool, &file).await?;
    }
    if pool.get_database_backend() == DbBackend::Postgres {
        let checked = async {
            // First, because the other check prepares a statement, which such a pooler may refuse.
            if max_connections > 1 {
                refuse_transaction_pooling(pool.get_postgres_connection_pool()).await?;
            }
            refuse_unusable(&pool).await
        };
        if let Err(error) = checked.await {
            pool.close_by_ref().await?;
            return Err(error);
        }
    }
    Ok(pool)
}

/// Refuses a file that this user may not write. SQLite opens such a file, and would refuse only the first change.
async fn refuse_read_only(pool: &DatabaseConnection, file: &Path) -> Result<()> {
    // `BEGIN IMMEDIATE` is not enough: for such a file it begins a transaction that only reads.
    let change = "BEGIN; CREATE TABLE insession_write_test (id INTEGER); ROLLBACK";
    let Err(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        pool.execute_unprepared(change).await
    else {
        return Ok(());
    };
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    // Extended codes say more in their upper bits.
    if code.is_none_or(|code| code & 0xff != SQLITE_READONLY) {
        return Ok(());
    }
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    Err(Error::internal(format!(
        "cannot write to {}: {error}. This user must be allowed to write to the file and to its folder",
        file.display()
    )))
}

/// Opens one connection, and closes it. A pool that cannot connect would only say that it timed out.
///
/// # Errors
/// Names the server, and says why it cannot be used. A server that cannot be reached is tried again for some seconds.
async fn reach_postgres(url: &str) -> Result<()> {
    let options: PgConnectOptions =
        address::for_driver(url).parse().map_err(|error: sqlx::Error| Error::internal(error.to_string()))?;
    // Poolers refuse this start-up parameter.
    let options = options.extra_float_digits(None);
    let server = match options.get_socket() {
        Some(socket) => format!("the socket {}", socket.display()),
        None if options.get_host().starts_with('/') => format!("the socket in {}", options.get_host()),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let start = Instant::now();
    let mut last = format!("no answer within {} seconds", REACH_TIMEOUT.as_secs());
    loop {
        let left = REACH_TIMEOUT.saturating_sub(start.elapsed());
        let problem = match tokio::time::timeout(left, PgConnection::connect_with(&options)).await {
            Ok(Ok(connection)) => {
                // If this fails, the server notices the end of the connection.
                let _ = connection.close().await;
                return Ok(());
            }
            Ok(Err(error)) if is_unreachable(&error) && start.elapsed() + REACH_INTERVAL < REACH_TIMEOUT => {
                last = text_of(&error);
                tokio::time::sleep(REACH_INTERVAL).await;
                continue;
            }
            Ok(Err(error)) => text_of(&error),
            // The last attempt may have too little time to fail by itself.
            Err(_) => last,
        };
        return Err(Error::internal(format!("PostgreSQL at {server}: {problem}")));
    }
}

/// The text of an error. For an error of the operating system, its own text is enough: "Connection refused".
fn text_of(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Whether another attempt may succeed a moment later.
fn is_unreachable(error: &sqlx::Error) -> bool {
    match error {
        // A certificate that is not accepted is invalid data. Another attempt does not help.
        sqlx::Error::Io(error) => error.kind() != ErrorKind::InvalidData,
        sqlx::Error::Database(error) => error.code().as_deref() == Some(CANNOT_CONNECT_NOW),
        _ => false,
    }
}

/// The statements that apply all settings to a connection, as one message.
fn settings_for(connection: &PgConnection) -> String {
    let has_transaction_timeout =
        connection.server_version_num().is_some_and(|version| version >= TRANSACTION_TIMEOUT_SINCE);
    let settings = SETTINGS.iter().chain(has_transaction_timeout.then_some(&TRANSACTION_TIMEOUT));
    let statements: Vec<_> = settings.map(|(name, value)| format!("SET {name} = '{value}'")).collect();
    statements.join("; ")
}

/// Properties of a server that the program cannot set, or that not every role may set.
#[derive(Debug, FromQueryResult)]
struct Server {
    encoding: String,
    search_path: String,
    has_schema: bool,
    is_standby: bool,
    session_replication_role: String,
}

impl Server {
    /// The problem of the server, and how to solve it. `None` if there is none.
    fn problem(&self) -> Option<String> {
        if self.encoding != "UTF8" {
            return Some(format!(
                "the database's encoding (server_encoding) is {}, but must be UTF8: create it with ENCODING 'UTF8'",
                self.encoding
            ));
        }
        if self.is_standby {
            return Some("the database is a standby, which is read-only: connect to the primary".to_owned());
        }
        if !self.has_schema {
            return Some(format!(
                "search_path is {:?}, which contains no existing schema that this role may use: \
                 set it with ALTER ROLE ... SET search_path, or grant USAGE on the schema",
                self.search_path
            ));
        }
        if self.session_replication_role != "origin" {
            return Some(format!(
                "session_replication_role is {:?}, under which foreign keys are not checked: set it to origin",
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

/// Refuses a pooler in transaction mode, which keeps neither the settings nor the prepared statements of a connection.
/// The check opens two connections at the same time. It finds such a pooler if one process of the server serves both,
/// or if several processes serve one of them. It asks several times, because other clients may use the pooler too.
async fn refuse_transaction_pooling(pool: &PgPool) -> Result<()> {
    const BACKEND: &str = "SELECT pg_backend_pid()";
    let Ok(Ok(mut first)) = tokio::time::timeout(POOLER_CHECK_TIMEOUT, pool.acquire()).await else { return Ok(()) };
    // If there is no second connection, the start must not fail.
    let Ok(Ok(mut second)) = tokio::time::timeout(POOLER_CHECK_TIMEOUT, pool.acquire()).await else { return Ok(()) };
    let mut served_by: [BTreeSet<i32>; 2] = [BTreeSet::new(), BTreeSet::new()];
    for _ in 0..POOLER_CHECKS {
        // Each connection asks twice in a row. If they took turns, a pooler that also takes turns with two processes would give
        // each connection the same process every time.
        for (processes, connection) in served_by.iter_mut().zip([&mut first, &mut second]) {
            for _ in 0..2 {
                let Ok(row) = connection.fetch_one(BACKEND).await else { return Ok(()) };
                processes.insert(row.try_get(0).unwrap_or_default());
            }
        }
    }
    if served_by.iter().all(|processes| processes.len() == 1) && served_by[0] != served_by[1] {
        return Ok(());
    }
    Err(Error::internal(
        "the database is reached through a pooler in transaction mode or statement mode, which keeps neither settings \
         nor prepared statements of a connection: use its session mode (PgBouncer: pool_mode=session), or connect to PostgreSQL itself",
    ))
}
