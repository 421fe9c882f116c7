//! The commands of `insession`, one file each.

mod demo;
mod scenario;
mod serve;
mod setup;
mod sweep;
mod token;

use clap::{Parser, Subcommand};

/// InSession: shows who is in session right now, and sends every change to everyone who watches.
#[derive(Debug, Parser)]
#[command(name = "insession", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server. Without REDIS_URL it also runs the jobs.
    Serve,
    /// Run jobs, periodic sweeps and timers. Any number of workers may run.
    Worker,
    /// Run one periodic sweep and print its report.
    Sweep(sweep::Args),
    /// Set up a sample in a temporary database, and run sweeps on it.
    Scenario(scenario::Args),
    /// Run a server with a temporary database and sample sessions.
    Demo(demo::Args),
    /// Bring the schema of the database up to date.
    Migrate,
    /// Print a token for a person or an admin.
    Token(token::Args),
    /// Print the GraphQL schema.
    Schema,
}

pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve => serve::serve().await,
        Command::Worker => serve::worker().await,
        Command::Sweep(args) => sweep::run(args).await,
        Command::Scenario(args) => scenario::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Migrate => setup::migrate().await,
        Command::Token(args) => token::run(&args),
        Command::Schema => {
            print!("{}", graphql::sdl());
            Ok(())
        }
    }
}
