//! Several processes of the program, as in production.

use anyhow::Result;

use crate::{Backend, Client, Program, Redis, Settings, TestDatabase};

/// Servers and workers that share one database.
#[derive(Debug)]
pub struct Deployment {
    pub servers: Vec<Program>,
    pub workers: Vec<Program>,
    /// With PostgreSQL only.
    pub redis: Option<Redis>,
    pub settings: Settings,
}

impl Deployment {
    /// Starts the usual deployment of the database. SQLite has one server that also runs the jobs. PostgreSQL has Redis,
    /// two servers and two workers.
    pub async fn start(database: &TestDatabase) -> Result<Self> {
        Self::start_with(database, |settings| settings).await
    }

    /// The same with changed settings.
    pub async fn start_with(database: &TestDatabase, change: impl FnOnce(Settings) -> Settings) -> Result<Self> {
        match database.backend {
            Backend::Sqlite => {
                let settings = change(Settings::new(&database.url));
                let servers = vec![Program::serve(&settings).await?];
                Ok(Self { servers, workers: Vec::new(), redis: None, settings })
            }
            Backend::Postgres => Self::sized(database, 2, 2, change).await,
        }
    }

    /// Starts this many servers and workers on PostgreSQL and Redis, all at once.
    pub async fn sized(
        database: &TestDatabase,
        servers: usize,
        workers: usize,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Result<Self> {
        let redis = Redis::start().await?;
        let settings = change(Settings::new(&database.url).redis(&redis.url()));
        let start_servers = futures_util::future::try_join_all((0..servers).map(|_| Program::serve(&settings)));
        let start_workers = futures_util::future::try_join_all((0..workers).map(|_| Program::worker(&settings)));
        let (servers, workers) = futures_util::future::try_join(start_servers, start_workers).await?;
        Ok(Self { servers, workers, redis: Some(redis), settings })
    }

    pub fn first(&self) -> &Program {
        &self.servers[0]
    }

    /// The second server, or the only one.
    pub fn second(&self) -> &Program {
        &self.servers[self.servers.len().min(2) - 1]
    }

    /// A client of the first server with an admin's token.
    pub fn admin(&self) -> Client {
        self.first().admin()
    }
}
