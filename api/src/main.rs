//! The `insession` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let command = commands::Cli::parse();
    match commands::run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped");
            eprintln!("insession: {error:#}");
            ExitCode::FAILURE
        }
    }
}
