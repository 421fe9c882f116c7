//! Lets a test set the clock of a program and fill its disk, without root or container privileges. A small C library is
//! preloaded into the program; the C compiler that the build needs anyway compiles it.

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

/// Controls the clock and disk of the programs that were started with its settings. Dropping it does not reset them.
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

    /// Settings of a program that this shim controls. `disk` is the folder that can be made full.
    #[must_use]
    pub fn before(&self, settings: Settings, disk: &Path) -> Settings {
        let text = |path: &Path| path.display().to_string();
        settings
            .with("LD_PRELOAD", &text(&self.library))
            .with("SHIM_CONTROL", &text(&self.folder.join("control")))
            .with("SHIM_FOLDER", &text(disk))
    }

    /// Sets the programs' clock to the machine's clock plus `offset`, which may be negative.
    pub fn set_clock(&self, offset: TimeDelta) -> Result<()> {
        let offset = offset.num_nanoseconds().context("the offset is too large")?;
        Ok(self.control.write_all_at(&offset.to_ne_bytes(), 0)?)
    }

    /// While the disk is full, no file in the folder can grow.
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
