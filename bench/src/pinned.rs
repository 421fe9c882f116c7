//! Processes that are pinned to a core. The measured server has one core, and everything else shares another.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use insession_tests::{TemporaryFolder, eventually, process::Process, token};
use tokio::net::TcpStream;

/// The core of the measured server.
const SERVER_CORE: usize = 0;
/// The core of the clients, PostgreSQL, Redis and this process.
const OTHER_CORE: usize = 1;

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Pins this process, and every process that it starts from now on, to [`OTHER_CORE`].
pub fn pin_this_process() -> Result<()> {
    let cores = std::thread::available_parallelism()?;
    ensure!(cores.get() > OTHER_CORE, "the server and its clients need a core each");
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", &OTHER_CORE.to_string(), &std::process::id().to_string()]);
    let output = command.output().context("taskset, of util-linux, can't be run")?;
    ensure!(output.status.success(), "taskset: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The CPU time of all threads of a process so far.
pub fn cpu_of(process: u32) -> Result<Duration> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        // The thread may have ended.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        sum += text.split(' ').next().context("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(sum))
}

/// A server that is pinned to [`SERVER_CORE`]. Dropping the value kills the process.
pub struct Pinned {
    process: Process,
    pub port: u16,
    _folder: TemporaryFolder,
}

impl Pinned {
    /// Starts the real program. Its settings are those of production, except for the limits for one address and one person.
    pub async fn insession(settings: &[(&str, &str)]) -> Result<Self> {
        let many = "1000000";
        let mut environment: BTreeMap<_, _> = [
            ("JWT_SECRET", token::SECRET),
            ("RUST_LOG", "warn"),
            ("MAX_SOCKETS_PER_ADDRESS", many),
            ("SOCKETS_PER_SECOND_PER_ADDRESS", many),
            ("SOCKET_BURST_PER_ADDRESS", many),
            ("MAX_CONNECTIONS_PER_ADDRESS", many),
            ("COST_PER_SECOND_PER_ADDRESS", "1000000000"),
            ("COST_BURST_PER_ADDRESS", "1000000000"),
            ("COST_PER_SECOND_PER_PERSON", "1000000000"),
            ("COST_BURST_PER_PERSON", "1000000000"),
            ("MAX_SUBSCRIPTION_BYTES_PER_ADDRESS", "1099511627776"),
        ]
        .into();
        environment.extend(settings.iter().copied());
        let port = insession_tests::ports::free_port()?;
        let port_text = port.to_string();
        environment.insert("PORT", &port_text);
        Self::start(&insession_tests::program::binary()?, &["serve"], &environment, port).await
    }

    /// Starts a subcommand of this program. Its first argument is the port on which it listens.
    pub async fn this_program(name: &str, arguments: &[&str]) -> Result<Self> {
        let port = insession_tests::ports::free_port()?;
        let port_text = port.to_string();
        let mut all = vec![name, &port_text];
        all.extend(arguments);
        Self::start(&std::env::current_exe()?, &all, &BTreeMap::new(), port).await
    }

    async fn start(program: &Path, arguments: &[&str], environment: &BTreeMap<&str, &str>, port: u16) -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &SERVER_CORE.to_string()]).arg(program).args(arguments).current_dir(folder.path());
        command.env_clear().env("PATH", "/usr/bin:/bin").envs(environment);
        let mut process = Process::spawn(&mut command, arguments[0], &folder.join("log"), "KILL")?;
        let ready = eventually(START_TIMEOUT, "the server to listen", async || {
            if let Err(error) = process.expect_running() {
                return Ok(Err(error));
            }
            TcpStream::connect(("127.0.0.1", port)).await?;
            Ok(Ok(()))
        });
        ready.await??;
        Ok(Self { process, port, _folder: folder })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The CPU time of all its threads so far.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.process.id())
    }

    /// Its resident memory in KiB, after it has been constant for some seconds. The allocator returns the memory that
    /// connecting needed only after a while.
    pub async fn settled_memory(&self) -> Result<f64> {
        const TIMEOUT: Duration = Duration::from_secs(30);
        const SETTLED_AFTER: Duration = Duration::from_secs(4);
        let started = Instant::now();
        let (mut last, mut since) = (self.memory()?, started);
        while since.elapsed() < SETTLED_AFTER && started.elapsed() < TIMEOUT {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = self.memory()?;
            if (now - last).abs() > last * 0.002 {
                (last, since) = (now, Instant::now());
            }
        }
        self.memory()
    }

    fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process has memory")?;
        Ok(line.trim_end_matches("kB").trim().parse()?)
    }

    pub fn expect_running(&mut self) -> Result<()> {
        self.process.expect_running()
    }
}
