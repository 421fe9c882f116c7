//! A child process with a log file. It ends with the test that started it.

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{wait::eventually, watchdog};

/// Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command` and appends its output to `log`. The watchdog sends `last_signal` if the test process dies.
    pub fn spawn(command: &mut Command, name: &str, log: &Path, last_signal: &str) -> Result<Self> {
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        Self::spawn_with(command, name, (Stdio::null(), output), log, last_signal)
    }

    /// The same, with this standard input.
    pub fn spawn_reading(
        command: &mut Command,
        name: &str,
        stdin: Stdio,
        log: &Path,
        last_signal: &str,
    ) -> Result<Self> {
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        Self::spawn_with(command, name, (stdin, output), log, last_signal)
    }

    /// The same, with this standard input and with standard output in another file.
    pub fn spawn_with(
        command: &mut Command,
        name: &str,
        (stdin, stdout): (Stdio, File),
        log: &Path,
        last_signal: &str,
    ) -> Result<Self> {
        let stderr = OpenOptions::new().create(true).append(true).open(log)?;
        let child = command
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        watchdog::watch_process(child.id(), last_signal);
        Ok(Self { child, name: name.to_owned(), log: log.to_owned(), ended: None })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if the process has ended.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
            if self.ended.is_some() {
                watchdog::forget_process(self.child.id());
            }
        }
        Ok(self.ended)
    }

    /// # Errors
    /// When the process has ended. The error shows the end of the log.
    pub fn expect_running(&mut self) -> Result<()> {
        if let Some(status) = self.exit_status()? {
            bail!("{} ended ({status}):\n{}", self.name, self.log_tail(40));
        }
        Ok(())
    }

    /// Sends a signal by name, such as `TERM`, `QUIT` or `STOP`. Does nothing when the process has ended.
    pub fn signal(&mut self, signal: &str) -> Result<()> {
        if self.exit_status()?.is_none() {
            // The shell's built-in kill, because a kill program is not installed everywhere.
            let script = format!("kill -{signal} {}", self.child.id());
            Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status()?;
        }
        Ok(())
    }

    pub async fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let what = format!("{} to end", self.name);
        eventually(limit, &what, async || self.exit_status()?.context("it is still running")).await
    }

    /// Kills the process as `kill -9` does, and waits until it has ended.
    pub fn kill(&mut self) -> Result<()> {
        if self.exit_status()?.is_none() {
            self.child.kill()?;
            self.ended = Some(self.child.wait()?);
            watchdog::forget_process(self.child.id());
        }
        Ok(())
    }

    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    pub fn log_tail(&self, lines: usize) -> String {
        let log = self.log();
        let all: Vec<&str> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// What the log says about the first panic.
    pub fn first_panic(&self) -> Option<String> {
        let log = self.log();
        let text = &log[log.find("' panicked at ").or_else(|| log.find(") panicked at "))?..];
        Some(text.lines().take(50).collect::<Vec<_>>().join("\n"))
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If this fails, the watchdog ends the process.
        let _ = self.kill();
    }
}
