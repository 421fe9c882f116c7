//! The `insession` binary, started as processes.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::TcpListener,
    os::fd::OwnedFd,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    Client, Socket, TemporaryFolder,
    ports::free_port,
    process::Process,
    token,
    wait::{LIMIT, eventually},
};

/// `CRON_SECRET` of every program that the harness starts.
pub const CRON_SECRET: &str = "the cron secret of the tests";

/// The environment variables of a program. It inherits none from the test process.
#[derive(Debug, Clone)]
pub struct Settings {
    variables: BTreeMap<String, String>,
    is_quiet: bool,
    open_files: Option<u32>,
    socket: Option<Arc<TcpListener>>,
}

impl Settings {
    /// Sets the database address and the secrets. Everything else has its default.
    pub fn new(database_url: &str) -> Self {
        let variables = [
            ("DATABASE_URL", database_url),
            ("JWT_SECRET", token::SECRET),
            ("CRON_SECRET", CRON_SECRET),
            ("RUST_BACKTRACE", "1"),
            // Not UTC, so that code that assumes UTC fails.
            ("TZ", "America/St_Johns"),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { variables, is_quiet: false, open_files: None, socket: None }
    }

    #[must_use]
    pub fn redis(self, url: &str) -> Self {
        self.with("REDIS_URL", url)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Limits how many files the program may have open.
    #[must_use]
    pub fn open_files(mut self, most: u32) -> Self {
        self.open_files = Some(most);
        self
    }

    /// Servers get this socket, as from systemd (socket activation).
    #[must_use]
    pub fn passing(mut self, socket: TcpListener) -> Self {
        self.socket = Some(Arc::new(socket));
        self
    }

    /// The log is not printed at the end. For benchmarks, whose output is not captured.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.is_quiet = true;
        self
    }
}

/// A running server or worker. Dropping it kills it and prints the end of its log, which cargo shows for failed tests only.
#[derive(Debug)]
pub struct Program {
    process: Process,
    command: &'static str,
    /// Servers have one, workers do not.
    port: Option<u16>,
    settings: Settings,
    folder: TemporaryFolder,
}

impl Program {
    /// Starts `insession serve` on a free port and waits until it is ready.
    pub async fn serve(settings: &Settings) -> Result<Self> {
        if let Some(socket) = &settings.socket {
            return Self::serve_on(socket.local_addr()?.port(), settings).await;
        }
        for _ in 0..5 {
            let port = free_port()?;
            let mut server = Self::spawn("serve", Some(port), settings)?;
            match server.wait_until_ready().await {
                Ok(()) => return Ok(server),
                Err(_) if server.process.log().to_lowercase().contains("address already in use") => {}
                Err(error) => return Err(error),
            }
        }
        bail!("the server found no free port in five attempts")
    }

    /// Starts `insession serve` on this port, where another server may listen too, and waits until it listens.
    pub async fn serve_on(port: u16, settings: &Settings) -> Result<Self> {
        let mut server = Self::spawn("serve", Some(port), settings)?;
        eventually(LIMIT, "the server to listen", async || {
            if let Err(error) = server.expect_running() {
                return Ok(Err(error));
            }
            ensure!(server.log().contains("the server is listening"), "not yet");
            Ok(Ok(()))
        })
        .await??;
        Ok(server)
    }

    /// Starts `insession worker` and waits until it has written to its log.
    pub async fn worker(settings: &Settings) -> Result<Self> {
        let mut worker = Self::spawn("worker", None, settings)?;
        worker.wait_until_ready().await?;
        Ok(worker)
    }

    fn spawn(command: &'static str, port: Option<u16>, settings: &Settings) -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        let process = spawn(command, port, settings, &folder)?;
        Ok(Self { process, command, port, settings: settings.clone(), folder })
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let ready = self.port.map(|port| format!("http://127.0.0.1:{port}/health/ready"));
        let what = format!("insession {} to be ready", self.command);
        let process = &mut self.process;
        let result = eventually(LIMIT, &what, async || {
            if let Err(error) = process.expect_running() {
                return Ok(Err(error));
            }
            if let Some(ready) = &ready {
                let response = reqwest::get(ready).await?;
                ensure!(response.status().is_success(), "it answers {}", response.status());
            } else {
                ensure!(!process.log().is_empty(), "it has not logged anything");
            }
            Ok(Ok(()))
        });
        result.await.with_context(|| format!("its log:\n{}", self.process.log_tail(40)))??;
        // Another process may have answered on that port.
        self.process.expect_running()
    }

    /// The port of a server.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The server's address, such as `http://127.0.0.1:20000`.
    pub fn url(&self) -> String {
        let port = self.port.expect("workers have no address");
        format!("http://127.0.0.1:{port}")
    }

    /// A client without a token.
    pub fn client(&self) -> Client {
        Client::new(&self.url())
    }

    /// A client with the token of a person, such as `Person:7`.
    pub fn client_of(&self, person: &str) -> Client {
        self.client().with_token(&token::of(person))
    }

    pub fn admin(&self) -> Client {
        self.client().with_token(&token::admin())
    }

    /// Opens a socket and waits until it is acknowledged. The token goes into `connection_init`.
    pub async fn socket(&self, token: Option<&str>) -> Result<Socket> {
        Socket::connect(&self.url(), token).await
    }

    /// The JSON of `/health/ready`, whatever its status.
    pub async fn health(&self) -> Result<Value> {
        Ok(reqwest::get(format!("{}/health/ready", self.url())).await?.json().await?)
    }

    /// The text of `/metrics`.
    pub async fn metrics(&self) -> Result<String> {
        Ok(reqwest::get(format!("{}/metrics", self.url())).await?.text().await?)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn expect_running(&mut self) -> Result<()> {
        self.process.expect_running()
    }

    pub fn kill_9(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Sends SIGTERM and waits for the exit status.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        self.process.signal("TERM")?;
        self.process.wait(LIMIT).await
    }

    /// Sends any other signal, such as `LIMIT` and `CONT`.
    pub fn signal(&mut self, signal: &str) -> Result<()> {
        self.process.signal(signal)
    }

    /// Starts the ended program again. A server keeps its port.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.exit_status()?.is_some(), "insession {} is still running", self.command);
        self.process = spawn(self.command, self.port, &self.settings, &self.folder)?;
        self.wait_until_ready().await
    }

    /// The whole log.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// A test fails when its program had a panic.
impl Drop for Program {
    fn drop(&mut self) {
        if !self.settings.is_quiet {
            let name = self.process.name();
            println!("--- the end of the log of {name} ---\n{}", self.process.log_tail(60));
        }
        // The program restarts a part that fails, so a test may not notice the panic.
        if let Some(text) = self.process.first_panic()
            && !std::thread::panicking()
        {
            panic!("{} had a panic: {text}", self.process.name());
        }
    }
}

/// The result of a command.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// # Errors
    /// When the command failed.
    pub fn expect_success(self) -> Result<Self> {
        ensure!(self.status.success(), "{}:\n{}\n{}", self.status, self.stdout, self.stderr);
        Ok(self)
    }

    /// Its standard output as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("this is not JSON:\n{}", self.stdout))
    }
}

/// A command that is running.
#[derive(Debug)]
pub struct Running {
    process: Process,
    folder: TemporaryFolder,
}

impl Running {
    /// Kills it as `kill -9` does.
    pub fn kill_9(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Waits until it has ended.
    pub async fn finish(mut self) -> Result<Finished> {
        let ended = self.process.wait(LIMIT).await;
        let status = ended.with_context(|| format!("its log:\n{}", self.process.log_tail(40)))?;
        let stdout = fs::read_to_string(self.folder.join("stdout"))?;
        Ok(Finished { status, stdout, stderr: self.process.log() })
    }
}

/// Runs a command, such as `["sweep", "--json"]`, to its end.
pub async fn run(settings: &Settings, arguments: &[&str]) -> Result<Finished> {
    start(settings, arguments, Stdio::null())?.finish().await
}

/// Starts a command with this standard input.
pub fn start(settings: &Settings, arguments: &[&str], input: Stdio) -> Result<Running> {
    let folder = TemporaryFolder::new()?;
    let mut command = command(settings, &folder)?;
    command.args(arguments);
    let name = format!("insession {}", arguments.join(" "));
    let streams = (input, File::create(folder.join("stdout"))?);
    let process = Process::spawn_with(&mut command, &name, streams, &folder.join("stderr"), "KILL")?;
    Ok(Running { process, folder })
}

fn spawn(name: &str, port: Option<u16>, settings: &Settings, folder: &TemporaryFolder) -> Result<Process> {
    let mut command = command(settings, folder)?;
    command.arg(name);
    if let Some(port) = port {
        command.env("PORT", port.to_string());
    }
    let title = port.map_or_else(|| format!("insession {name}"), |port| format!("insession {name} on port {port}"));
    let log = folder.join("log");
    match &settings.socket {
        Some(socket) => {
            let input = Stdio::from(OwnedFd::from(socket.try_clone()?));
            Process::spawn_reading(&mut command, &title, input, &log, "KILL")
        }
        None => Process::spawn(&mut command, &title, &log, "KILL"),
    }
}

fn command(settings: &Settings, folder: &TemporaryFolder) -> Result<Command> {
    let limit = settings.open_files.map(|most| format!("ulimit -n {most} &&"));
    // Standard input is the passed socket. A shell moves it to file 3, and sets the id of the process, which is not
    // known earlier.
    let pass = settings.socket.as_ref().map(|_| "exec 3<&0 0</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1;".to_owned());
    let preparations: Vec<String> = [pass, limit].into_iter().flatten().collect();
    let mut command = if preparations.is_empty() {
        Command::new(binary()?)
    } else {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("{} exec \"$0\" \"$@\"", preparations.join(" "))]).arg(binary()?);
        shell
    };
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder.path()).envs(&settings.variables);
    // `INSESSION_LOG` of the test run becomes the log filter of the program.
    if let Some(filter) = std::env::var_os("INSESSION_LOG") {
        command.env("RUST_LOG", filter);
    }
    command.current_dir(folder.path());
    Ok(command)
}

/// The path of the program: `INSESSION_BINARY`, or `insession` in the folder of this test binary or above it.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("INSESSION_BINARY") {
        return Ok(PathBuf::from(path));
    }
    let this = std::env::current_exe()?;
    this.ancestors().skip(1).take(2).map(|folder| folder.join("insession")).find(|path| path.is_file()).with_context(
        || {
            let release = if cfg!(debug_assertions) { "" } else { " --release" };
            format!(
                "the program is not built: cargo build{release} --bin insession (looked beside {})",
                this.parent().unwrap_or(&this).display()
            )
        },
    )
}
