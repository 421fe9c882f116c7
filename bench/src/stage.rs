//! A private PostgreSQL that writes to the disk before a commit returns, as in production, and an application in this
//! process that works on it as a server would.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use domain::{clock::SystemClock, placement::PlacementRule};
use insession_tests::{Postgres, PostgresOptions, TemporaryFolder};
use sea_orm::{ConnectionTrait, Statement, Value};
use service::{App, app::NoJobQueue, db::Db, log::wake::Wake, sweep::renew_zone_data};
use tokio::time::{Instant, sleep};

const SETTINGS: &[(&str, &str)] = &[
    ("shared_buffers", "2GB"),
    ("maintenance_work_mem", "1GB"),
    ("random_page_cost", "1.1"),
    ("checkpoint_timeout", "1h"),
    ("max_wal_size", "32GB"),
    ("log_min_duration_statement", "-1"),
];

pub struct Stage {
    pub app: App,
    pub url: String,
    pub postgres: Postgres,
}

impl Stage {
    /// Starts PostgreSQL, creates the tables, and connects. `further` settings are for this benchmark only.
    pub async fn set(connections: u32, further: &[(&str, &str)]) -> Result<Self> {
        let settings = SETTINGS.iter().chain(further).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let options = PostgresOptions { durable: true, settings: settings.collect(), ..PostgresOptions::default() };
        let postgres = Postgres::start_with(options).await?;
        let url = postgres.create_database().await?;
        Ok(Self { app: prepare(&url, connections).await?, url, postgres })
    }

    pub async fn execute(&self, sql: &str) -> Result<()> {
        execute(self.app.db.pool(), sql).await
    }

    pub async fn number(&self, sql: &str) -> Result<i64> {
        number(self.app.db.pool(), sql, []).await
    }

    /// Runs a script with pgbench, over this many connections, with prepared statements. Returns the runs a second.
    pub async fn pgbench(
        &self,
        script: &str,
        clients: u32,
        duration: Duration,
        defines: &[(&str, i64)],
    ) -> Result<f64> {
        let folder = TemporaryFolder::new()?;
        let file = folder.join("script.sql");
        std::fs::write(&file, script)?;
        let mut command = self.postgres.program("pgbench", &self.url);
        command
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", duration.as_secs()))
            .args(defines.iter().map(|(name, value)| format!("--define={name}={value}")))
            .arg(format!("--file={}", file.display()));
        let output = tokio::task::spawn_blocking(move || command.output()).await?.context("cannot run pgbench")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench failed:\n{text}\n{errors}");
        let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).with_context(|| format!("pgbench gave no tps:\n{text}"))
    }
}

/// Creates the tables, and stores the version of the zone data, as a server does at its start. So a server that starts
/// later does not compute all windows again.
pub async fn prepare(url: &str, connections: u32) -> Result<App> {
    let db = Db::connect(url, connections).await?;
    db.migrate().await?;
    let app = app_on(db, Wake::local());
    renew_zone_data(&app, false).await?;
    Ok(app)
}

pub fn app_on(db: Db, wake: Wake) -> App {
    App::new(db, Arc::new(SystemClock), wake, Arc::new(NoJobQueue), PlacementRule::default())
}

/// Runs statements that take no parameters.
pub async fn execute(db: &impl ConnectionTrait, sql: &str) -> Result<()> {
    db.execute_unprepared(sql).await.with_context(|| format!("the database refused: {sql}"))?;
    Ok(())
}

/// The number that a query returns; 0 without a row.
pub async fn number(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<i64> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let row = db.query_one_raw(statement).await.with_context(|| sql.to_owned())?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Runs this many tasks in closed loops: each begins again when it is done. Returns the runs a second.
pub async fn closed_loops<W, F>(tasks: u32, duration: Duration, task: impl Fn(u32) -> W) -> Result<f64>
where
    W: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let stop = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|number| {
            let (mut work, stop) = (task(number), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut count = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    work().await?;
                    count += 1;
                }
                Ok::<_, anyhow::Error>(count)
            })
        })
        .collect();
    sleep(duration).await;
    stop.store(true, Ordering::Relaxed);
    let mut sum = 0;
    for task in running {
        sum += task.await??;
    }
    Ok(f64::from(sum) / start.elapsed().as_secs_f64())
}
