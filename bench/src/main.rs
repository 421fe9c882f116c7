//! Benchmarks: `cargo run --release -p insession-bench -- recurrence`, or `-- sweep`.
//!
//! Every figure is held against a baseline measured in the same run, its repetitions in turn with the baseline's, and is
//! the median of them: so a machine that is slow, or busy for a while, is so for both. Nothing is asserted about time;
//! that both sides did the same work is.

mod measure;
mod recurrence;
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
        /// How often each sweep with something due is repeated
        #[arg(long, default_value_t = 5)]
        repetitions: usize,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().benchmark {
        Benchmark::Recurrence { rules: true } => recurrence::print_rules(),
        Benchmark::Recurrence { rules: false } => recurrence::run(),
        Benchmark::Sweep { sizes, repetitions } => sweep::run(&sizes, repetitions).await,
    }
}
