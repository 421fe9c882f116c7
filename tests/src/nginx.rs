//! A private nginx in front of programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use crate::{
    TemporaryFolder,
    process::Process,
    wait::{LIMIT, eventually},
};

/// Dropping it stops it.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    _folder: TemporaryFolder,
}

impl Nginx {
    /// Starts a proxy on `port` of 127.0.0.1. `locations` are those of its only server.
    pub async fn start(port: u16, locations: &str) -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configured(folder.path(), port, locations))?;
        let mut command = Command::new(find_program().context("nginx is not installed: run .ci/setup")?);
        command.arg("-e").arg("stderr").arg("-p").arg(folder.path()).arg("-c").arg(configuration);
        let mut process = Process::spawn(&mut command, "nginx", &folder.join("log"), "KILL")?;
        let listening = eventually(LIMIT, "nginx to listen", async || {
            process.expect_running()?;
            Ok(TcpStream::connect(("127.0.0.1", port)).await?)
        });
        listening.await.with_context(|| process.log_tail(20))?;
        Ok(Self { process, _folder: folder })
    }

    /// The end of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        self.process.log_tail(lines)
    }
}

/// One process that is not a daemon, so that it ends when it is killed.
fn configured(folder: &Path, port: u16, locations: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
            map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
            server {{ listen 127.0.0.1:{port}; {locations} }}
        }}"
    )
}

fn find_program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&folders).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    folders.map(|folder| folder.join("nginx")).find(|program| program.is_file())
}
