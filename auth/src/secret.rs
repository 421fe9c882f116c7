//! The secret that signs tokens when the database is embedded.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How often an empty file is read, and the pause between two reads.
const READ_ATTEMPTS: u32 = 10;
const READ_PAUSE: Duration = Duration::from_millis(50);

/// The secret in the file `<database file>.jwt-secret`. The first start creates it. Processes that start at the same time
/// get the same secret. Only the owner of the file can read it.
///
/// # Errors
/// If the file cannot be read or created, or is empty.
pub fn secret_beside(database: &Path) -> io::Result<String> {
    let path = with_suffix(database, ".jwt-secret");
    match read_secret(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        result => return result,
    }

    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let secret = URL_SAFE_NO_PAD.encode(random);

    match write_by_link(&path, &secret) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Ok(()) => {}
        // Some file systems have no hard links.
        Err(_) => match write_new(&path, &secret) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result.map_err(|error| naming(&path, &error))?,
        },
    }
    read_secret(&path)
}

/// Writes the secret to another file and then links that file, so that no process reads half of the secret. If another process
/// was first, linking fails.
fn write_by_link(path: &Path, secret: &str) -> io::Result<()> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    let draft = with_suffix(path, &format!(".{}", URL_SAFE_NO_PAD.encode(nonce)));
    let linked = write_new(&draft, secret).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    linked.and(removed)
}

/// Writes the secret to a new file. For a moment, other processes see an empty file.
fn write_new(path: &Path, secret: &str) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(format!("{secret}\n").as_bytes())?;
    file.sync_all()
}

/// Reads the secret. Waits a moment while the file is empty, because another process may be writing it.
fn read_secret(path: &Path) -> io::Result<String> {
    for _ in 0..READ_ATTEMPTS {
        let text = fs::read_to_string(path).map_err(|error| naming(path, &error))?;
        if !text.trim().is_empty() {
            return Ok(text.trim().to_owned());
        }
        std::thread::sleep(READ_PAUSE);
    }
    let message = format!("{} is empty: remove it, and a new secret is made", path.display());
    Err(io::Error::new(io::ErrorKind::InvalidData, message))
}

/// The same error, with the path in its message.
fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_created_once_without_hard_links() {
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce).unwrap();
        let path = std::env::temp_dir().join(format!("insession-secret-{}", URL_SAFE_NO_PAD.encode(nonce)));
        let written: Vec<bool> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|number| (number, path.clone())).collect();
            let starts = starts.into_iter().map(|(number, path)| {
                scope.spawn(move || {
                    let written = write_new(&path, &format!("secret {number}"));
                    assert!(read_secret(&path).unwrap().starts_with("secret "));
                    written.is_ok()
                })
            });
            let starts: Vec<_> = starts.collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert_eq!(written.into_iter().filter(|it| *it).count(), 1);
        fs::remove_file(&path).unwrap();
        let missing = read_secret(&path).unwrap_err();
        assert!(missing.kind() == io::ErrorKind::NotFound && missing.to_string().contains("insession-secret-"));
    }
}
