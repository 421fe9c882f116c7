//! The `insession` command.

mod commands;

use std::{any::Any, io, panic::AssertUnwindSafe, process::ExitCode};

use clap::Parser;
use futures_util::FutureExt as _;

/// An allocator that returns memory to the system after thousands of sockets have closed. The one of glibc does not.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let command = commands::Cli::parse();
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_broken_pipe(panic.payload()) {
            usual(panic);
        }
    }));
    // The future of all commands together is too large for the stack of a thread.
    let ended = AssertUnwindSafe(Box::pin(commands::run(command))).catch_unwind().await;
    insession::telemetry::finish().await;
    match ended {
        Ok(Ok(())) => ExitCode::SUCCESS,
        // In `insession scenario evening | head`, `head` closes the pipe when it has read enough.
        Ok(Err(error)) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            eprintln!("insession: {error:#}");
            ExitCode::FAILURE
        }
        Err(panic) if is_broken_pipe(&*panic) => ExitCode::SUCCESS,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Whether standard output was closed while a command wrote to it.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.map(io::Error::kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}

/// Whether this is the panic of `println!` when nobody reads standard output any more.
fn is_broken_pipe(panic: &(dyn Any + Send)) -> bool {
    let message = panic.downcast_ref::<String>().map_or("", String::as_str);
    message.starts_with("failed printing to stdout") && message.contains("Broken pipe")
}
