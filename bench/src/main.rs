//! Benchmarks. `cargo run --release -p insession-bench -- --help` lists them.
//!
//! `fanout`, `query`, `soak`, `abuse` and `worst` run the real program. Build it first: `cargo build --release --bin insession`.
//!
//! Each benchmark except `soak` measures InSession and a baseline in the same run, in turn. A machine that is slow or
//! busy for a while thus slows both down. A figure is the median of the repetitions. The benchmarks check that both
//! sides do the same work. They never check times. `soak` compares the program with itself at an earlier time. `worst` has
//! no baseline.

mod abuse;
mod checkin;
mod fanout;
mod heartbeat;
mod measure;
mod pinned;
mod query;
mod queue;
mod recurrence;
mod soak;
mod sweep;
mod worst;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "insession-bench", about = "Benchmarks, each against its baseline in the same run")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// Occurrences a second, compared with the rrule crate
    Recurrence {
        /// Only print the rules, for recurrence_dateutil.py
        #[arg(long)]
        rules: bool,
    },
    /// The periodic sweep of large tables, compared with minimal SQL for the same changes (needs PostgreSQL)
    Sweep {
        /// Numbers of upcoming instances
        #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
        sizes: Vec<i64>,
        /// Numbers of bookings that are due at once
        #[arg(long, value_delimiter = ',', default_value = "10000,250000")]
        bookings: Vec<i64>,
        /// Number of repetitions of each sweep that has something to do
        #[arg(long, default_value_t = 5)]
        repetitions: usize,
    },
    /// One change to thousands of sockets, compared with a raw broadcast of the same bytes (needs PostgreSQL and Redis)
    Fanout(fanout::Options),
    /// Beats of visits, compared with pgbench upserts of the same rows, and counts among old visits (needs PostgreSQL)
    Heartbeat(heartbeat::Options),
    /// Check-ins, compared with pgbench and a transaction by hand that writes the same rows (needs PostgreSQL)
    Checkin(checkin::Options),
    /// Joining, leaving and admission with thousands in the queue for a few seats, compared with the same by hand (needs
    /// PostgreSQL)
    Queue(queue::Options),
    /// A query for the active instances over HTTP, compared with a handler with minimal SQL (needs PostgreSQL)
    Query(query::Options),
    /// Twenty minutes of mixed load; fails if memory, files, threads or connections grow (needs PostgreSQL and Redis)
    Soak(soak::Options),
    /// Hostile clients beside well-behaved ones, compared with the well-behaved ones alone (needs PostgreSQL)
    Abuse(abuse::Options),
    /// A search for the documents that cost most, and their price (needs PostgreSQL)
    Worst(worst::Options),
    /// The baseline server of `fanout`
    #[command(hide = true)]
    RawBroadcast { port: u16, topics: usize },
    /// The baseline server of `query`
    #[command(hide = true)]
    QueryByHand { port: u16, connections: u32, url: String },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().benchmark {
        Benchmark::Recurrence { rules: true } => recurrence::print_rules(),
        Benchmark::Recurrence { rules: false } => recurrence::run(),
        Benchmark::Sweep { sizes, bookings, repetitions } => sweep::run(&sizes, &bookings, repetitions).await,
        Benchmark::Fanout(options) => fanout::run(options).await,
        Benchmark::Heartbeat(options) => heartbeat::run(options).await,
        Benchmark::Checkin(options) => checkin::run(options).await,
        Benchmark::Queue(options) => queue::run(options).await,
        Benchmark::Query(options) => query::run(options).await,
        Benchmark::Soak(options) => soak::run(options).await,
        Benchmark::Abuse(options) => abuse::run(options).await,
        Benchmark::Worst(options) => worst::run(options).await,
        Benchmark::RawBroadcast { port, topics } => fanout::raw::serve(port, topics).await,
        Benchmark::QueryByHand { port, connections, url } => query::by_hand::serve(port, connections, &url).await,
    }
}
