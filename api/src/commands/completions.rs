//! `insession completions`: a script for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Cli;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell that will run the script.
    shell: Shell,
}

pub fn print(args: &Args) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "insession", &mut script);
    print!("{}", String::from_utf8_lossy(&script));
}
