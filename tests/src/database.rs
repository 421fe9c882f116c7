//! Creates an empty database for each test, on SQLite or PostgreSQL.

use std::time::Duration;

use anyhow::{Context, Result};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::{Postgres, TemporaryFolder};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Settings for a test's own connections. Without them, time limits that a database has as defaults could end these
/// connections.
const UNLIMITED: [(&str, &str); 4] = [
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
];

/// An empty database. The program that uses it first migrates it: a server, a worker or `insession migrate`.
#[derive(Debug)]
pub struct TestDatabase {
    pub url: String,
    pub backend: Backend,
    /// Holds the SQLite file.
    _folder: Option<TemporaryFolder>,
}

impl TestDatabase {
    pub async fn new(backend: Backend) -> Result<Self> {
        match backend {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => Self::postgres().await,
        }
    }

    /// A file in a temporary folder.
    pub fn sqlite() -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        let url = format!("sqlite://{}", folder.join("insession.db").display());
        Ok(Self { url, backend: Backend::Sqlite, _folder: Some(folder) })
    }

    /// A database on the server that the tests of this process share.
    pub async fn postgres() -> Result<Self> {
        Self::on(Postgres::shared().await?).await
    }

    /// A database on this server.
    pub async fn on(server: &Postgres) -> Result<Self> {
        Ok(Self { url: server.create_database().await?, backend: Backend::Postgres, _folder: None })
    }

    /// A database of the shared server with its own defaults, such as `("TimeZone", "Asia/Kolkata")`.
    pub async fn postgres_with_defaults(defaults: &[(&str, &str)]) -> Result<Self> {
        Self::postgres().await?.with_defaults(defaults).await
    }

    /// Sets defaults of this database, which is on PostgreSQL.
    pub async fn with_defaults(self, defaults: &[(&str, &str)]) -> Result<Self> {
        let connection = self.connect().await?;
        let alter = |(name, value): &(&str, &str)| {
            format!("EXECUTE format('ALTER DATABASE %I SET {name} = %L', current_database(), '{value}');")
        };
        let all: String = defaults.iter().map(alter).collect();
        execute(&connection, &format!("DO $$ BEGIN {all} END $$")).await?;
        connection.close().await?;
        Ok(self)
    }

    /// Opens connections of the test's own, to read and edit rows without the program.
    pub async fn connect(&self) -> Result<DatabaseConnection> {
        self.connect_up_to(4).await
    }

    /// The same with a number of connections. No time limit that the database has as a default ends them.
    pub async fn connect_up_to(&self, max_connections: u32) -> Result<DatabaseConnection> {
        let url = match self.backend {
            Backend::Sqlite => format!("{}?mode=rwc", self.url),
            Backend::Postgres => self.url.clone(),
        };
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(5))
            .sqlx_logging(false)
            .map_sqlx_postgres_opts(|options| options.options(UNLIMITED));
        Database::connect(options).await.with_context(|| format!("cannot connect to {}", self.url))
    }
}

/// Runs one or more statements.
pub async fn execute(connection: &impl ConnectionTrait, sql: &str) -> Result<()> {
    connection.execute_unprepared(sql).await.with_context(|| format!("the database refused: {sql}"))?;
    Ok(())
}

/// Runs a query such as `SELECT count(*) ...` and returns its number.
pub async fn number(connection: &impl ConnectionTrait, sql: &str) -> Result<i64> {
    let backend: DbBackend = connection.get_database_backend();
    let row = connection.query_one_raw(Statement::from_string(backend, sql)).await;
    let row = row.with_context(|| format!("the database refused: {sql}"))?.with_context(|| format!("no row: {sql}"))?;
    Ok(row.try_get_by_index(0)?)
}

/// Makes two tests of each function `async fn name(database: TestDatabase) -> Result<()>`: `on_sqlite::name` and
/// `on_postgres::name`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[::tokio::test]
            async fn $name() -> ::anyhow::Result<()> {
                super::$name($crate::TestDatabase::sqlite()?).await
            })+
        }
        mod on_postgres {
            $(#[::tokio::test]
            async fn $name() -> ::anyhow::Result<()> {
                super::$name($crate::TestDatabase::postgres().await?).await
            })+
        }
    };
}
