//! The commands of `insession`, one file each.

mod completions;
mod demo;
mod import;
mod progress;
mod scenario;
mod serve;
mod setup;
mod sweep;
mod token;

use std::{cell::RefCell, collections::BTreeSet};

use clap::{Parser, Subcommand};
use service::settings::{Settings, Source};

/// The version, and the commit of which the program was built.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("INSESSION_COMMIT"), ")");

/// InSession: shows who is in session right now, and sends every change to everyone who watches.
#[derive(Debug, Parser)]
#[command(name = "insession", version = VERSION, about, after_help = settings_help())]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server. Without REDIS_URL it also runs the jobs.
    #[command(after_help = settings_help())]
    Serve(serve::Args),
    /// Run jobs, periodic sweeps and timers. Any number of workers may run.
    #[command(after_help = settings_help())]
    Worker,
    /// Run one periodic sweep and print its report.
    Sweep(sweep::Args),
    /// Make sessions of the events in a calendar file.
    #[command(after_help = settings_help())]
    Import(import::Args),
    /// Set up a sample in a temporary database, and run sweeps on it.
    Scenario(scenario::Args),
    /// Run a server with a temporary database and sample sessions.
    Demo(demo::Args),
    /// Bring the schema of the database up to date.
    Migrate,
    /// Print a token for a person or an admin.
    Token(token::Args),
    /// Print the GraphQL schema.
    Schema(SchemaArgs),
    /// Print a script that completes commands and options in a shell.
    Completions(completions::Args),
}

#[derive(Debug, clap::Args)]
struct SchemaArgs {
    /// Print the schema of a subgraph for a gateway of Apollo Federation.
    #[arg(long)]
    federation: bool,
}

/// The names of the settings, for `--help`.
fn settings_help() -> String {
    let names = RefCell::new(BTreeSet::new());
    // Without any setting nothing can be wrong, so there is no error.
    let _ = Settings::from(&Source(&|name| {
        names.borrow_mut().insert(name.to_owned());
        None
    }));
    let mut lines = vec![String::from(" ")];
    for name in names.into_inner() {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < 98 => *line = format!("{line} {name}"),
            _ => lines.push(format!("  {name}")),
        }
    }
    format!("Settings (environment variables, described in docs/settings.md):\n{}", lines.join("\n"))
}

pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve(args) => serve::serve(args).await,
        Command::Worker => Box::pin(serve::worker()).await,
        Command::Sweep(args) => sweep::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Scenario(args) => scenario::run(args).await,
        Command::Demo(args) => Box::pin(demo::run(args)).await,
        Command::Migrate => setup::migrate().await,
        Command::Token(args) => token::run(&args).await,
        Command::Schema(SchemaArgs { federation }) => {
            print!("{}", if federation { graphql::subgraph_sdl() } else { graphql::sdl() });
            Ok(())
        }
        Command::Completions(args) => {
            completions::print(&args);
            Ok(())
        }
    }
}
