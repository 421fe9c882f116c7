//! The resources that a program holds at one moment.

use std::fs;

use anyhow::{Context, Result};
use sea_orm::ConnectionTrait;

use crate::{Deployment, Program, database::number};

/// Resources at one moment. Unless stated otherwise, they are those of the first server.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    /// Resident memory in KiB.
    pub memory: u64,
    pub worker_memory: u64,
    pub files: u64,
    pub threads: u64,
    pub tasks: f64,
    pub sockets: f64,
    pub subscriptions: f64,
    pub groups: f64,
    /// All connections to the database.
    pub connections: i64,
    /// All clients of Redis.
    pub redis_clients: u64,
    pub redis_keys: u64,
}

/// Samples the first server and worker, the database and Redis.
pub async fn sample(deployment: &Deployment, connection: &impl ConnectionTrait) -> Result<Sample> {
    let server = deployment.first();
    let metrics = server.metrics().await?;
    let metric = |name: &str| -> Result<f64> {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(Ok(0.0), |value| value.parse().with_context(|| format!("{name} is {value}")))
    };
    let (mut redis_clients, mut redis_keys) = (0, 0);
    if let Some(redis) = &deployment.redis {
        let info = redis.ask("INFO clients").await?;
        let clients = info.lines().find_map(|line| line.trim().strip_prefix("connected_clients:"));
        redis_clients = clients.context("no connected_clients")?.parse()?;
        redis_keys = redis.ask("DBSIZE").await?.trim().trim_start_matches(':').parse()?;
    }
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    Ok(Sample {
        memory: status(server, "VmRSS:")?,
        worker_memory: deployment.workers.first().map_or(Ok(0), |worker| status(worker, "VmRSS:"))?,
        files: fs::read_dir(format!("/proc/{}/fd", server.id()))?.count() as u64,
        threads: status(server, "Threads:")?,
        tasks: metric("insession_tasks")?,
        sockets: metric("insession_sockets")?,
        subscriptions: metric("insession_subscriptions")?,
        groups: metric("insession_subscription_groups")?,
        connections: number(connection, connections).await?,
        redis_clients,
        redis_keys,
    })
}

/// A number of `/proc/{pid}/status`.
fn status(program: &Program, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
