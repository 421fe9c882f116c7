//! The `insession` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

/// Gives memory back when thousands of sockets are gone, which the allocator of glibc keeps.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let command = commands::Cli::parse();
    let ended = commands::run(command).await;
    insession::telemetry::finish().await;
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("insession: {error:#}");
            ExitCode::FAILURE
        }
    }
}
