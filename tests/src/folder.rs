//! Temporary folders.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result};

use crate::watchdog;

/// A folder that is removed when it is dropped, or when the test process ends.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// The path is short, because the path of a PostgreSQL socket may have at most 107 bytes.
    pub fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("insession-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => {
                    watchdog::watch_folder(&path);
                    // PostgreSQL may run as another user and must read it, whatever the umask.
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
                    return Ok(Self(path));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("cannot create {}", path.display())),
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // The watchdog removes what cannot be removed now.
        if fs::remove_dir_all(&self.0).is_ok() {
            watchdog::forget_folder(&self.0);
        }
    }
}
