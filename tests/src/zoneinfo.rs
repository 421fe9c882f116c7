//! Releases of the time zone data, from PyPI's package tzdata, and folders of it that a test may change.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::TemporaryFolder;

/// An old release. Its rules for the zones of the tests differ from those in the program.
pub const OLD: &str = "2025b";

/// The folder of a release, such as `2025b`. It is downloaded if it is missing.
pub fn release(version: &str) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the tests are in no folder")?;
    let output = Command::new("bash").arg(".ci/tzdata").arg(version).current_dir(root).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// A folder for the setting `ZONEINFO`.
#[derive(Debug)]
pub struct ZoneFolder(TemporaryFolder);

impl ZoneFolder {
    /// A folder with this release.
    pub fn with(version: &str) -> Result<Self> {
        let folder = Self(TemporaryFolder::new()?);
        folder.install(version)?;
        Ok(folder)
    }

    /// Replaces the files by those of another release, as a package manager does.
    pub fn install(&self, version: &str) -> Result<()> {
        copy(&release(version)?, self.0.path())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
