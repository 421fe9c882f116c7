//! The secret that signs tokens when the database is embedded.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

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

    // The secret is written to another file and then linked, so that no process reads half of it. If another process was
    // first, linking fails, and its secret is used.
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    let draft = with_suffix(&path, &format!(".{}", URL_SAFE_NO_PAD.encode(nonce)));
    let linked = create_private(&draft)
        .and_then(|mut file| {
            writeln!(file, "{secret}")?;
            file.sync_all()
        })
        .and_then(|()| fs::hard_link(&draft, &path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => removed?,
    }
    read_secret(&path)
}

fn read_secret(path: &Path) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    let secret = text.trim();
    if secret.is_empty() {
        let message = format!("{} is empty: remove it, and a new secret is made", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(secret.to_owned())
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
