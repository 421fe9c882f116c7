//! Many idle sockets, and the memory of each. They are spread over several servers, because a process may open a limited number
//! of files. The clients of each server are a process, too.

use std::process::Command;

use anyhow::{Result, ensure};
use insession_tests::{Client, TemporaryFolder, process::Process};

use super::{BADGE, Side, clients::Clients, data::Data, start_server, subscription, until_subscribed};
use crate::{
    figures::{Aim, Figures},
    pinned::{Pinned, pin_this_process},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Number of sockets. Each has one subscription, which is the same for all
    #[arg(long, default_value_t = 100_000)]
    sockets: usize,
    /// Number of servers
    #[arg(long, default_value_t = 7)]
    servers: usize,
}

pub async fn run(Options { sockets, servers }: Options, figures: &mut Figures) -> Result<()> {
    ensure!(servers > 0 && servers <= sockets, "each server needs a socket");
    pin_this_process()?;
    let data = Data::create(1).await?;
    let ours = memory_of_each(&data, Side::InSession, sockets, servers).await?;
    let raw = memory_of_each(&data, Side::Raw, sockets, servers).await?;
    let work = format!("{sockets} idle sockets on {servers} servers: memory of each");
    figures.add(work, "KiB", ours, Some(raw), Aim::AtMost(3.0));
    Ok(())
}

/// The resident memory of all servers for one socket, in KiB. The memory of servers without sockets is left out.
async fn memory_of_each(data: &Data, side: Side, sockets: usize, servers: usize) -> Result<f64> {
    let mut all = Vec::new();
    for _ in 0..servers {
        all.push(start_server(data, side, 1).await?);
    }
    let before = settled_memory(&all).await?;
    let folder = TemporaryFolder::new()?;
    let mut clients = Vec::new();
    for (index, server) in all.iter().enumerate() {
        let count = sockets / servers + usize::from(index < sockets % servers);
        let http = Client::new(&server.url());
        let subscribe = subscription(&http, side, 1, BADGE).await?(0);
        let arguments = [server.port.to_string(), count.to_string(), subscribe];
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("idle-clients").args(arguments);
        let log = folder.join(&format!("clients-{index}"));
        clients.push(Process::spawn(&mut command, "idle-clients", &log, "KILL")?);
        until_subscribed(&http, side, count).await?;
    }
    let after = settled_memory(&all).await?;
    for process in &mut clients {
        process.expect_running()?;
    }
    Ok((after - before) / f64::from(u32::try_from(sockets)?))
}

async fn settled_memory(servers: &[Pinned]) -> Result<f64> {
    let mut sum = 0.0;
    for server in servers {
        sum += server.settled_memory().await?;
    }
    Ok(sum)
}

/// The clients of one server: connects them, and keeps them until the process is killed.
pub async fn keep_clients(port: u16, count: usize, subscribe: &str) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let clients = Clients::start()?;
    clients.connect(port, 0..count, |_| subscribe.to_owned()).await?;
    std::future::pending().await
}
