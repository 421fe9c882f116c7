//! The `insession` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

/// Returns memory to the system after thousands of sockets have closed. The allocator of glibc does not.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let command = commands::Cli::parse();
    // The future of all commands together is too large for the stack of a thread.
    let ended = Box::pin(commands::run(command)).await;
    insession::telemetry::finish().await;
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("insession: {error:#}");
            ExitCode::FAILURE
        }
    }
}
