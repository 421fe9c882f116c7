//! What `insession` can do, one file a command.

mod demo;
mod scenario;
mod serve;
mod setup;
mod sweep;
mod token;

use clap::{Parser, Subcommand};

/// Who is in session, now and for everyone who watches.
#[derive(Debug, Parser)]
#[command(name = "insession", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API; without REDIS_URL the jobs run in the same process.
    Serve,
    /// Run jobs, cron and timers; any number of these may run.
    Worker,
    /// Sweep once, as cron does.
    Sweep(sweep::Args),
    /// Set up and run a sample in a throw-away database.
    Scenario(scenario::Args),
    /// Serve a throw-away database with sample sessions around now.
    Demo(demo::Args),
    /// Bring the database's schema up to date.
    Migrate,
    /// Make a token for a person or an admin.
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
