//! Reads a folder of zone data, such as `/usr/share/zoneinfo`.
//!
//! Only files within the folder are read. A link that leads out of it is ignored. The names of zones are never turned into
//! paths: the folder is read as a whole, and zones are looked up in memory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::zone::{ZoneData, ZoneFiles};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    #[error("neither tzdata.zi nor +VERSION says which version it is")]
    NoVersion,
    #[error("{0}")]
    Missing(io::Error),
    #[error("{name} can't be read: {error}")]
    Unreadable { name: String, error: io::Error },
    #[error("it changed while it was read")]
    Changed,
}

/// Larger files are no zones. The largest zone of the IANA data has some 4 KB.
const MAX_BYTES: u64 = 1 << 20;

/// Names of zones have at most three parts, such as `America/Argentina/Salta`.
const MAX_DEPTH: usize = 4;

/// Folders with the same zones in other forms.
const OTHER_FORMS: [&str; 2] = ["posix", "right"];

/// The version of the data in a folder. It is in `tzdata.zi`, or in `+VERSION`.
pub(super) fn read_version(folder: &Path) -> Result<String, FolderError> {
    let version = if let Ok(text) = fs::read_to_string(folder.join("tzdata.zi")) {
        text.lines().next().and_then(|line| line.strip_prefix("# version ")).map(|version| version.trim().to_owned())
    } else {
        fs::read_to_string(folder.join("+VERSION")).ok().map(|text| text.trim().to_owned())
    };
    version.ok_or(FolderError::NoVersion)
}

/// Reads all zones and links of a folder.
pub(super) fn read(folder: &Path) -> Result<ZoneFiles, FolderError> {
    let root = folder.canonicalize().map_err(FolderError::Missing)?;
    let version = read_version(&root)?;
    let mut files = ZoneFiles { version, zones: Vec::new(), links: read_links(&root) };
    read_zones(&root, &root, "", &mut files)?;
    // A package may be unpacked at this moment, one file after the other.
    if read_version(&root)? != files.version {
        return Err(FolderError::Changed);
    }
    Ok(files)
}

/// The links in `tzdata.zi`: lines such as `L America/New_York US/Eastern`.
fn read_links(root: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(root.join("tzdata.zi")).unwrap_or_default();
    let link = |line: &str| {
        let mut words = line.strip_prefix("L ")?.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    text.lines().filter_map(link).collect()
}

fn read_zones(root: &Path, folder: &Path, prefix: &str, files: &mut ZoneFiles) -> Result<(), FolderError> {
    let within = |path: &Path| path.canonicalize().ok().filter(|path| path.starts_with(root));
    let mut entries: Vec<_> = fs::read_dir(folder)
        .and_then(Iterator::collect)
        .map_err(|error| FolderError::Unreadable { name: folder.display().to_string(), error })?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Some(name) = entry.file_name().to_str().filter(|name| !name.starts_with('.')).map(str::to_owned) else {
            continue;
        };
        let Some(path) = within(&entry.path()) else { continue };
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.is_dir() {
            if !OTHER_FORMS.contains(&name.as_str()) && name.split('/').count() < MAX_DEPTH {
                read_zones(root, &path, &name, files)?;
            }
        } else if let Some(tzif) = read_zone(&path, &name)? {
            files.zones.push((name, tzif));
        }
    }
    Ok(())
}

/// The data of a zone. `None` if the file is something else, such as a table of countries.
fn read_zone(path: &PathBuf, name: &str) -> Result<Option<Vec<u8>>, FolderError> {
    let problem = |error| FolderError::Unreadable { name: name.to_owned(), error };
    let metadata = fs::metadata(path).map_err(problem)?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(problem)?;
    // A file with the name of a known zone counts as one even if it is damaged. The domain then finds the damage.
    let is_zone = bytes.starts_with(b"TZif") || ZoneData::compiled().zone(name).is_ok();
    Ok(is_zone.then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is deleted at the end of the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("insession-zones-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn folder_is_read_with_its_version_and_links_and_nothing_outside_it() {
        let folder = Folder::new("read");
        let outside = Folder::new("outside");
        outside.write("Secret", b"TZif of somebody else");
        folder.write("tzdata.zi", b"# version 2030a\nR d 1916 o - Jun 14 23s 1 S\nL America/New_York US/Eastern\n");
        folder.write("America/Argentina/Salta", b"TZif one");
        folder.write("UTC", b"");
        folder.write("posix/UTC", b"TZif other form");
        folder.write(".hidden/UTC", b"TZif hidden");
        folder.write("zone.tab", b"# a table");
        std::os::unix::fs::symlink("UTC", folder.0.join("Zulu")).unwrap();
        std::os::unix::fs::symlink(outside.0.join("Secret"), folder.0.join("Secret")).unwrap();
        std::os::unix::fs::symlink(&outside.0, folder.0.join("Outside")).unwrap();
        let files = read(&folder.0).unwrap();
        assert_eq!(files.version, "2030a");
        assert_eq!(files.links, [("America/New_York".to_owned(), "US/Eastern".to_owned())]);
        let names: Vec<_> = files.zones.iter().map(|(name, _)| name.as_str()).collect();
        // A zone without data is damaged, which the domain finds.
        assert_eq!(names, ["America/Argentina/Salta", "UTC", "Zulu"]);
    }

    #[test]
    fn version_is_in_one_of_two_files() {
        let folder = Folder::new("version");
        assert!(matches!(read(&folder.0), Err(FolderError::NoVersion)));
        folder.write("+VERSION", b"2030b\n");
        assert_eq!(read_version(&folder.0).unwrap(), "2030b");
        folder.write("tzdata.zi", b"# version 2030c\n");
        assert_eq!(read_version(&folder.0).unwrap(), "2030c");
        assert!(read(&folder.0.join("missing")).is_err());
    }
}
