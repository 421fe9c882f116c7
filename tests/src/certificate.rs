//! Self-signed certificates for servers on 127.0.0.1.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::TemporaryFolder;

const REQUEST: &str = "[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = 127.0.0.1
[extensions]
subjectAltName = IP:127.0.0.1
basicConstraints = critical, CA:FALSE
";

/// A certificate and its key in a temporary folder.
#[derive(Debug)]
pub struct Certificate(TemporaryFolder);

impl Certificate {
    pub async fn new() -> Result<Self> {
        let folder = TemporaryFolder::new()?;
        write_certificate(folder.path(), None).await?;
        Ok(Self(folder))
    }

    pub fn file(&self) -> PathBuf {
        certificate_in(self.0.path())
    }

    pub fn key(&self) -> PathBuf {
        key_in(self.0.path())
    }
}

pub(crate) fn certificate_in(folder: &Path) -> PathBuf {
    folder.join("tls.crt")
}

pub(crate) fn key_in(folder: &Path) -> PathBuf {
    folder.join("tls.key")
}

/// Writes certificate and key into a folder. `owner` is the user and group that must be able to read the key.
pub(crate) async fn write_certificate(folder: &Path, owner: Option<(u32, u32)>) -> Result<()> {
    let request = folder.join("tls.cnf");
    fs::write(&request, REQUEST)?;
    // openssl is a dependency of the PostgreSQL packages.
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
    ]);
    command.arg("-config").arg(request).arg("-keyout").arg(key_in(folder)).arg("-out").arg(certificate_in(folder));
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = output.context("openssl can't be run: apt-get install openssl")?;
    ensure!(output.status.success(), "openssl:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
