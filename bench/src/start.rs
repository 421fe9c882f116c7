//! The time from exec until a server is ready. The database already has the current schema.
//!
//! The baseline is the baseline server of `fanout`: an axum server without a database.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use insession_tests::{Postgres, Redis, TemporaryFolder, ports::free_port, process::Process, program::binary, token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::{
    figures::{Aim, Figures},
    measure::milliseconds,
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Number of starts of each kind
    #[arg(long, default_value_t = 21)]
    repetitions: usize,
}

/// The pause between two checks whether the server is ready.
const PAUSE: Duration = Duration::from_millis(1);
const TIMEOUT: Duration = Duration::from_secs(30);

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    let (postgres, redis) = (Postgres::start().await?, Redis::start().await?);
    let folder = TemporaryFolder::new()?;
    let sqlite = format!("sqlite://{}?mode=rwc", folder.join("insession.db").display());
    let (database, redis) = (postgres.create_database().await?, redis.url());
    let cases = [
        ("exec to ready, SQLite", vec![("DATABASE_URL", sqlite.as_str())], 100.0),
        ("exec to ready, PostgreSQL and Redis", vec![("DATABASE_URL", &database), ("REDIS_URL", &redis)], 300.0),
    ];
    let this = std::env::current_exe()?;
    for (work, variables, most) in cases {
        let (mut ours, mut baseline) = (Vec::new(), Vec::new());
        // The first start creates the tables, and is not counted.
        for repetition in 0..=options.repetitions {
            let time = start(&binary()?, |_| vec!["serve".to_owned()], "/health/ready", &variables).await?;
            let arguments = |port: u16| vec!["raw-broadcast".to_owned(), port.to_string(), "1".to_owned()];
            let hand = start(&this, arguments, "/subscribers", &[]).await?;
            if repetition > 0 {
                ours.push(milliseconds(time));
                baseline.push(milliseconds(hand));
            }
        }
        figures.add_medians(work, "ms", ours, Some(baseline), Aim::AtMost(most));
    }
    Ok(())
}

/// Starts a server. Returns how long it took until it answered with 200.
async fn start(
    program: &Path,
    arguments: impl Fn(u16) -> Vec<String>,
    path: &str,
    variables: &[(&str, &str)],
) -> Result<Duration> {
    let (folder, port) = (TemporaryFolder::new()?, free_port()?);
    let mut command = Command::new(program);
    command.args(arguments(port)).current_dir(folder.path()).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("PORT", port.to_string()).env("JWT_SECRET", token::SECRET).envs(variables.iter().copied());
    let begun = Instant::now();
    let mut process = Process::spawn(&mut command, "the server", &folder.join("log"), "KILL")?;
    while !is_ready(port, path).await.unwrap_or(false) {
        process.expect_running()?;
        ensure!(begun.elapsed() < TIMEOUT, "the server is not ready:\n{}", process.log());
        sleep(PAUSE).await;
    }
    let time = begun.elapsed();
    process.kill().context("the server cannot be stopped")?;
    Ok(time)
}

async fn is_ready(port: u16, path: &str) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}
