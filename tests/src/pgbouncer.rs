//! A private PgBouncer in front of a PostgreSQL.

use std::{fs, os::unix::process::CommandExt, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use crate::{
    Postgres, TemporaryFolder,
    ports::free_port,
    process::Process,
    wait::{LIMIT, eventually},
};

/// Dropping it stops it.
#[derive(Debug)]
pub struct PgBouncer {
    process: Process,
    port: u16,
    _folder: TemporaryFolder,
}

impl PgBouncer {
    /// Starts a pooler. `pool_mode` is `session`, `transaction` or `statement`. It refuses every start-up parameter that it does
    /// not track.
    pub async fn start(server: &Postgres, pool_mode: &str) -> Result<Self> {
        Self::start_with(server, pool_mode, "").await
    }

    /// Starts a pooler with more lines of configuration.
    pub async fn start_with(server: &Postgres, pool_mode: &str, more: &str) -> Result<Self> {
        let (folder, port) = (TemporaryFolder::new()?, free_port()?);
        let configuration = folder.join("pgbouncer.ini");
        let text = format!(
            "[databases]
            * = host=127.0.0.1 port={} user=insession
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = {pool_mode}
            default_pool_size = 50
            max_client_conn = 500
            {more}",
            server.port()
        );
        let text: Vec<&str> = text.lines().map(str::trim).collect();
        fs::write(&configuration, text.join("\n"))?;
        let mut command = Command::new(find_program().context("PgBouncer is not installed: run .ci/setup")?);
        command.arg(configuration).current_dir(folder.path());
        if let Some((user, group)) = server.other_user() {
            command.uid(user).gid(group);
        }
        let mut process = Process::spawn(&mut command, "PgBouncer", &folder.join("log"), "KILL")?;
        let listening = eventually(LIMIT, "PgBouncer to listen", async || {
            process.expect_running()?;
            Ok(TcpStream::connect(("127.0.0.1", port)).await?)
        });
        listening.await.with_context(|| process.log_tail(20))?;
        Ok(Self { process, port, _folder: folder })
    }

    /// The address of a database through the pooler. `url` is its address without the pooler.
    pub fn through(&self, url: &str) -> Result<String> {
        let (_, name) = url.rsplit_once('/').context("an address ends with its database")?;
        Ok(format!("postgres://insession@127.0.0.1:{}/{name}", self.port))
    }

    /// The end of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        self.process.log_tail(lines)
    }
}

fn find_program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&folders).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}
