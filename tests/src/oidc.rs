//! An OpenID Connect provider: the npm package `oidc-provider`, in a process of its own (`tests/clients/provider.mjs`).

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    Settings, TemporaryFolder,
    ports::free_port,
    process::Process,
    wait::{LIMIT, eventually},
};

/// The client of the server that is tested.
const CLIENT_SECRET: &str = "the secret of the client in the tests";

/// Dropping it stops it.
#[derive(Debug)]
pub struct OidcProvider {
    process: Process,
    port: u16,
    folder: TemporaryFolder,
}

impl OidcProvider {
    pub async fn start() -> Result<Self> {
        for _ in 0..5 {
            let (folder, port) = (TemporaryFolder::new()?, free_port()?);
            let mut provider = Self { process: spawn(&folder, port)?, port, folder };
            match provider.wait_until_ready().await {
                Ok(()) => return Ok(provider),
                Err(_) if provider.process.log().contains("EADDRINUSE") => {}
                Err(error) => return Err(error),
            }
        }
        bail!("the provider found no free port in five attempts")
    }

    /// The address of the provider. For browsers it is another site than `http://127.0.0.1`.
    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The settings of a server whose people sign in here.
    pub fn settings(&self, settings: Settings) -> Settings {
        let settings = settings.with("OIDC_ISSUER", &self.issuer()).with("OIDC_CLIENT_ID", "insession");
        settings.with("OIDC_CLIENT_SECRET", CLIENT_SECRET).with("OIDC_NAME", "Tests")
    }

    pub fn stop(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again on its port. It then has other keys, and nobody is signed in.
    pub async fn start_again(&mut self) -> Result<()> {
        self.stop()?;
        self.process = spawn(&self.folder, self.port)?;
        self.wait_until_ready().await
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let (process, metadata) =
            (&mut self.process, format!("http://127.0.0.1:{}/.well-known/openid-configuration", self.port));
        let ready = eventually(LIMIT, "the provider to listen", async || {
            if let Err(error) = process.expect_running() {
                return Ok(Err(error));
            }
            ensure!(reqwest::get(&metadata).await?.status().is_success(), "not yet");
            Ok(Ok(()))
        });
        ready.await.with_context(|| self.process.log_tail(20))?
    }
}

fn spawn(folder: &TemporaryFolder, port: u16) -> Result<Process> {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    ensure!(clients.join("node_modules/oidc-provider").exists(), "the provider is not installed: run .ci/setup");
    let mut command = Command::new("node");
    command.args(["provider.mjs", &port.to_string(), CLIENT_SECRET]).current_dir(clients);
    Process::spawn(&mut command, "the OpenID Connect provider", &folder.join("log"), "KILL")
}
