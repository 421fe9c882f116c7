//! Benchmarks: `cargo run --release -p insession-bench -- recurrence`, or `-- sweep`, `-- heartbeat`, `-- fanout`, `-- query`. The
//! last two run the real program: `cargo build --release --bin insession` first; so does `-- soak`, which compares itself with
//! itself.
//!
//! Every other figure is held against a baseline measured in the same run, its repetitions in turn with the baseline's, and is
//! the median of them: so a machine that is slow, or busy for a while, is so for both. Nothing is asserted about time;
//! that both sides did the same work is.

mod fanout;
mod heartbeat;
mod measure;
mod pinned;
mod query;
mod recurrence;
mod soak;
mod sweep;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "insession-bench", about = "Benchmarks, each against its baseline in the same run")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// Occurrences a second, with their instants, against the rrule crate
    Recurrence {
        /// Print the rules, for recurrence_dateutil.py, instead
        #[arg(long)]
        rules: bool,
    },
    /// The periodic sweep of large tables, against the least SQL for the same changes (needs PostgreSQL installed)
    Sweep {
        /// How many upcoming instances
        #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
        sizes: Vec<i64>,
        /// How many bookings that are due at once
        #[arg(long, value_delimiter = ',', default_value = "10000,250000")]
        bookings: Vec<i64>,
        /// How often each sweep with something due is repeated
        #[arg(long, default_value_t = 5)]
        repetitions: usize,
    },
    /// One change to thousands of sockets, against a raw broadcast of the same bytes (needs PostgreSQL and Redis installed)
    Fanout(fanout::Options),
    /// Beats of visits, against pgbench's upserts of the same rows, and counts among old visits (needs PostgreSQL installed)
    Heartbeat(heartbeat::Options),
    /// What is in session, asked over HTTP, against the least SQL by hand (needs PostgreSQL installed)
    Query(query::Options),
    /// Twenty minutes of mixed load: does anything grow? (needs PostgreSQL and Redis installed)
    Soak(soak::Options),
    /// The baseline of `fanout`, as a process of its own
    #[command(hide = true)]
    RawBroadcast { port: u16, topics: usize },
    /// The baseline of `query`, as a process of its own
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
        Benchmark::Query(options) => query::run(options).await,
        Benchmark::Soak(options) => soak::run(options).await,
        Benchmark::RawBroadcast { port, topics } => fanout::raw::serve(port, topics).await,
        Benchmark::QueryByHand { port, connections, url } => query::by_hand::serve(port, connections, &url).await,
    }
}
