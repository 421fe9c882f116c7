//! The `insession` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

/// Gives memory back when thousands of sockets are gone, which the system's own allocator keeps.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let command = commands::Cli::parse();
    match commands::run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("insession: {error:#}");
            ExitCode::FAILURE
        }
    }
}
