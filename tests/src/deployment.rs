//! The program as it runs in production.

use anyhow::Result;

use crate::{Backend, Client, Program, Redis, Settings, TestDatabase};

/// Servers and workers on one database.
#[derive(Debug)]
pub struct Deployment {
    pub servers: Vec<Program>,
    pub workers: Vec<Program>,
    /// Beside PostgreSQL.
    pub redis: Option<Redis>,
    pub settings: Settings,
}

impl Deployment {
    /// What each database is for: SQLite has one server that does everything, PostgreSQL has Redis, two servers and two
    /// workers.
    pub async fn start(database: &TestDatabase) -> Result<Self> {
        Self::start_with(database, |settings| settings).await
    }

    /// The same, with other settings.
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

    /// On PostgreSQL and Redis: so many servers and workers, all started at once.
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

    /// Another server than the first, where there is one.
    pub fn second(&self) -> &Program {
        &self.servers[self.servers.len().min(2) - 1]
    }

    /// An admin at the first server.
    pub fn admin(&self) -> Client {
        self.first().admin()
    }
}
