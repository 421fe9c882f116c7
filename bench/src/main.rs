//! Benchmarks. `cargo run --release -p insession-bench -- --help` lists them.
//!
//! `start`, `fanout`, `idle`, `query`, `soak`, `abuse` and `worst` run the real program. Build it first: `cargo build --release --bin insession`.
//!
//! Each benchmark except `soak` measures InSession and a baseline in the same run, in turn. So a machine that is slow
//! or busy for a while slows both down. A figure is the median of the repetitions. The benchmarks check that both sides
//! do the same work. They never fail because of a time. `soak` compares the program with itself at an earlier time.
//! `worst` has no baseline.

mod abuse;
mod all;
mod checkin;
mod fanout;
mod figures;
mod heartbeat;
mod log;
mod measure;
mod pinned;
mod query;
mod queue;
mod recurrence;
mod soak;
mod stage;
mod start;
mod sweep;
mod worst;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use self::figures::Figures;

#[derive(Parser)]
#[command(name = "insession-bench", about = "Benchmarks, each against its baseline in the same run")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
    /// Also write the figures to this file, as JSON
    #[arg(long, global = true)]
    json: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Benchmark {
    /// All benchmarks one after the other, except soak
    All,
    /// The time from exec until a server is ready (needs PostgreSQL and Redis)
    Start(start::Options),
    /// Occurrences a second, compared with the rrule crate
    Recurrence {
        /// Only print the rules, for recurrence_dateutil.py
        #[arg(long)]
        rules: bool,
    },
    /// The periodic sweep of large tables, compared with minimal SQL for the same changes (needs PostgreSQL)
    Sweep(sweep::Options),
    /// One change to thousands of sockets, compared with a raw broadcast of the same bytes (needs PostgreSQL and Redis)
    Fanout(fanout::Options),
    /// The memory of many idle sockets, compared with those of a raw broadcast (needs PostgreSQL and Redis)
    Idle(fanout::idle::Options),
    /// Changes from commit to the hubs of several servers, compared with inserts without readers (needs PostgreSQL and Redis)
    Log(log::Options),
    /// Beats of visits, compared with pgbench upserts of the same rows, and counts among old visits (needs PostgreSQL)
    Heartbeat(heartbeat::Options),
    /// Check-ins, compared with pgbench and a hand-written transaction that writes the same rows (needs PostgreSQL)
    Checkin(checkin::Options),
    /// Joining, leaving and admission with thousands in the queue for a few seats, compared with hand-written
    /// transactions (needs PostgreSQL)
    Queue(queue::Options),
    /// A query for the active instances over HTTP, compared with a handler with minimal SQL (needs PostgreSQL)
    Query(query::Options),
    /// Twenty minutes of mixed load; fails if memory, files, threads or connections grow (needs PostgreSQL and Redis)
    Soak(soak::Options),
    /// Hostile clients beside well-behaved ones, compared with the well-behaved ones alone (needs PostgreSQL)
    Abuse(abuse::Options),
    /// A search for the documents that cost most, and their price (needs PostgreSQL)
    Worst(worst::Options),
    /// The baseline server of `fanout`, `idle` and `start`
    #[command(hide = true)]
    RawBroadcast { port: u16, topics: usize },
    /// The baseline server of `query`
    #[command(hide = true)]
    QueryByHand { port: u16, connections: u32, url: String },
    /// The clients of one server of `idle`
    #[command(hide = true)]
    IdleClients { port: u16, count: usize, subscribe: String },
    /// The hostile clients of `abuse`
    #[command(hide = true)]
    AbuseAttack { url: String, clients: u8, at_once: usize },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { benchmark, json } = Arguments::parse();
    let figures = match benchmark {
        Benchmark::All => return all::run(json).await,
        Benchmark::Soak(options) => return soak::run(options).await,
        Benchmark::Recurrence { rules: true } => return recurrence::print_rules(),
        Benchmark::RawBroadcast { port, topics } => return fanout::raw::serve(port, topics).await,
        Benchmark::QueryByHand { port, connections, url } => {
            return query::by_hand::serve(port, connections, &url).await;
        }
        Benchmark::IdleClients { port, count, subscribe } => {
            return fanout::idle::keep_clients(port, count, &subscribe).await;
        }
        Benchmark::AbuseAttack { url, clients, at_once } => return abuse::attack(&url, clients, at_once).await,
        Benchmark::Recurrence { rules: false } => measured("recurrence", async |it| recurrence::run(it)).await?,
        Benchmark::Start(options) => measured("start", async |it| start::run(options, it).await).await?,
        Benchmark::Sweep(options) => measured("sweep", async |it| sweep::run(options, it).await).await?,
        Benchmark::Fanout(options) => measured("fanout", async |it| fanout::run(options, it).await).await?,
        Benchmark::Idle(options) => measured("idle", async |it| fanout::idle::run(options, it).await).await?,
        Benchmark::Log(options) => measured("log", async |it| log::run(options, it).await).await?,
        Benchmark::Heartbeat(options) => measured("heartbeat", async |it| heartbeat::run(options, it).await).await?,
        Benchmark::Checkin(options) => measured("checkin", async |it| checkin::run(options, it).await).await?,
        Benchmark::Queue(options) => measured("queue", async |it| queue::run(options, it).await).await?,
        Benchmark::Query(options) => measured("query", async |it| query::run(options, it).await).await?,
        Benchmark::Abuse(options) => measured("abuse", async |it| abuse::run(options, it).await).await?,
        Benchmark::Worst(options) => measured("worst", async |it| worst::run(options, it).await).await?,
    };
    if let Some(file) = json {
        Figures::write(&file, &figures)?;
    }
    Ok(())
}

async fn measured(
    name: &str,
    benchmark: impl AsyncFnOnce(&mut Figures) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<figures::Figure>> {
    let mut figures = Figures::of(name);
    benchmark(&mut figures).await?;
    Ok(figures.into_all())
}
