//! A program's clock that tests can set, and a disk that they can fill, without being root and without a container's
//! leave: a small library, made by the C compiler that builds need anyway, stands between the program and its system.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use tokio::sync::OnceCell;

use crate::{Settings, TemporaryFolder};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/shim/shim.c");

/// What the programs that have it are told by their system. Dropping it leaves them as they are.
#[derive(Debug)]
pub struct Shim {
    control: File,
    library: PathBuf,
    folder: TemporaryFolder,
}

impl Shim {
    pub async fn new() -> Result<Self> {
        static LIBRARY: OnceCell<(PathBuf, TemporaryFolder)> = OnceCell::const_new();
        let (library, _) = LIBRARY.get_or_try_init(compile).await?;
        let folder = TemporaryFolder::new()?;
        let path = folder.join("control");
        let control = OpenOptions::new().create_new(true).read(true).write(true).open(&path)?;
        control.write_all_at(&[0; 16], 0)?;
        Ok(Self { control, library: library.clone(), folder })
    }

    /// Settings of a program that is told by this. `disk`: the folder that may be full.
    #[must_use]
    pub fn before(&self, settings: Settings, disk: &Path) -> Settings {
        let text = |path: &Path| path.display().to_string();
        settings
            .with("LD_PRELOAD", &text(&self.library))
            .with("SHIM_CONTROL", &text(&self.folder.join("control")))
            .with("SHIM_FOLDER", &text(disk))
    }

    /// Sets the clock so far from the machine's, forward or back.
    pub fn set_clock(&self, offset: TimeDelta) -> Result<()> {
        let offset = offset.num_nanoseconds().context("so far can no clock be set")?;
        Ok(self.control.write_all_at(&offset.to_ne_bytes(), 0)?)
    }

    /// No file of the folder can grow any more; or they can again.
    pub fn fill_disk(&self, is_full: bool) -> Result<()> {
        Ok(self.control.write_all_at(&i64::from(is_full).to_ne_bytes(), 8)?)
    }
}

async fn compile() -> Result<(PathBuf, TemporaryFolder)> {
    let folder = TemporaryFolder::new()?;
    let library = folder.join("shim.so");
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(SOURCE);
    let output = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = output.context("there is no C compiler; the build needs one too: apt-get install gcc libc6-dev")?;
    ensure!(output.status.success(), "cc:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok((library, folder))
}
