//! Soak test: twenty minutes of mixed load, after which memory, files, threads and connections must not have grown.
//!
//! The real program runs as one server and one worker, with PostgreSQL and Redis. Samples are taken at regular
//! intervals. The last third of the time is compared with the middle third. Pools and caches fill during the first
//! third.

use std::{
    num::NonZero,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use insession_tests::{
    Deployment, Postgres, TestDatabase,
    soak::{Sample, Size, Stage, sample},
};

use crate::measure::middle;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Duration of the load
    #[arg(long, default_value_t = NonZero::<u64>::MIN.saturating_add(1_199))]
    seconds: NonZero<u64>,
    /// Number of sockets at any time; they connect and disconnect all the time
    #[arg(long, default_value_t = 200)]
    sockets: usize,
    /// Number of clients that run mutations
    #[arg(long, default_value_t = 4)]
    writers: usize,
    /// Number of clients that run queries
    #[arg(long, default_value_t = 4)]
    readers: usize,
}

const SAMPLES: u32 = 60;

/// A figure grows if the median of the last third exceeds that of the middle third by more than this share, and by more
/// than the figure's own tolerance.
const RELATIVE_TOLERANCE: f64 = 0.05;

pub async fn run(options: Options) -> Result<()> {
    let many = "1000000";
    let postgres = Postgres::start().await?;
    let database = TestDatabase::on(&postgres).await?;
    let deployment = Deployment::sized(&database, 1, 1, |settings| {
        let names = ["MAX_SOCKETS_PER_ADDRESS", "SOCKETS_PER_SECOND_PER_ADDRESS", "SOCKET_BURST_PER_ADDRESS"];
        names.into_iter().fold(settings.quiet().with("RUST_LOG", "warn,insession::commands=info"), |settings, name| {
            settings.with(name, many)
        })
    })
    .await?;
    let connection = database.connect().await?;
    let size = Size {
        sockets: options.sockets,
        writers: options.writers,
        readers: options.readers,
        sessions: 50,
        people: 200,
    };
    let stage = Stage::set(&deployment, size).await?;
    let idle = sample(&deployment, &connection).await?;

    println!("time     memory   worker  files threads tasks sockets groups pg redis   queries mutations messages");
    println!("{}", line("idle", &idle, &stage));
    let mut load = stage.start(size);
    let began = Instant::now();
    let period = Duration::from_secs(options.seconds.get()) / SAMPLES;
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        load.run_for(period).await?;
        let now = sample(&deployment, &connection).await?;
        println!("{}", line(&format!("{} s", began.elapsed().as_secs()), &now, &stage));
        samples.push(now);
    }
    load.stop().await?;
    tokio::time::sleep(Duration::from_secs(15)).await;
    println!("{}", line("stopped", &sample(&deployment, &connection).await?, &stage));
    verdict(&samples)
}

fn line(time: &str, sample: &Sample, stage: &Stage) -> String {
    let counters = &stage.counters;
    let count = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    format!(
        "{time:8} {:5.1} M {:5.1} M {:6} {:7} {:5} {:7} {:6} {:2} {:5} {:9} {:9} {:8}",
        mebibytes(sample.memory),
        mebibytes(sample.worker_memory),
        sample.files,
        sample.threads,
        sample.tasks,
        sample.sockets,
        sample.groups,
        sample.connections,
        sample.redis_clients,
        count(&counters.queries),
        count(&counters.mutations),
        count(&counters.messages)
    )
}

#[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}

/// The name of a figure, its value in a sample, and its absolute tolerance.
type Figure = (&'static str, fn(&Sample) -> f64, f64);

#[expect(clippy::cast_precision_loss, reason = "these are small")]
const FIGURES: [Figure; 8] = [
    ("memory of the server, MiB", |sample| mebibytes(sample.memory), 2.0),
    ("memory of the worker, MiB", |sample| mebibytes(sample.worker_memory), 2.0),
    ("open files", |sample| sample.files as f64, 20.0),
    ("threads", |sample| sample.threads as f64, 1.0),
    ("tasks", |sample| sample.tasks, 20.0),
    ("groups of subscriptions", |sample| sample.groups, 20.0),
    ("connections to PostgreSQL", |sample| sample.connections as f64, 2.0),
    ("clients of Redis", |sample| sample.redis_clients as f64, 2.0),
];

/// Prints the medians of the middle and the last third.
///
/// # Errors
/// If a figure grows.
fn verdict(samples: &[Sample]) -> Result<()> {
    let third = samples.len() / 3;
    let (middle, last) = (&samples[third..2 * third], &samples[2 * third..]);
    let mut growing = Vec::new();
    println!("\n{:28} {:>8} {:>8}", "median of a third", "middle", "last");
    for (name, figure, tolerance) in FIGURES {
        let (before, after) = (median(middle, figure), median(last, figure));
        let grows = after - before > tolerance.max(before * RELATIVE_TOLERANCE);
        println!("{name:28} {before:8.1} {after:8.1} {}", if grows { "grows" } else { "flat" });
        if grows {
            growing.push(name);
        }
    }
    ensure!(growing.is_empty(), "these grow: {}", growing.join(", "));
    println!("flat");
    Ok(())
}

fn median(samples: &[Sample], figure: fn(&Sample) -> f64) -> f64 {
    middle(samples.iter().map(figure).collect())
}
