//! The time zone data that a process uses.
//!
//! There are three sources (`Sources::choose`): the folder that `ZONEINFO` names, the system's folder, and the data in the
//! program. They are read at the start, daily, and on SIGHUP.
//!
//! Invariants:
//!
//! - One answer, and one sweep, uses one release. Whoever begins one pins the release ([`Zones::pinned`]).
//! - The database has the version with which its windows are computed. A process with older data never computes windows
//!   ([`for_windows`]).

mod folder;
mod stored;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::zone::{ZoneData, ZoneDataError, ZoneFiles, is_newer_release};
use parking_lot::RwLock;
use serde::Serialize;

pub(crate) use self::stored::{find_stored, for_windows};

/// Where the system has its zone data.
const SYSTEM_FOLDER: &str = "/usr/share/zoneinfo";

/// The zone data of this process. Clones share it.
#[derive(Clone)]
pub struct Zones {
    shared: Arc<Shared>,
    /// The release that one answer uses. Its clones use the same.
    pin: Option<Arc<RwLock<ZoneData>>>,
}

struct Shared {
    sources: Sources,
    state: RwLock<State>,
}

struct State {
    data: ZoneData,
    /// A hash of the files that the data is from.
    contents: u64,
    /// The version with which the windows in the database are computed, as far as this process knows.
    stored: Option<String>,
    /// The problems of the sources.
    problems: Vec<String>,
}

/// The zone data of a process, for people and monitors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZoneStatus {
    /// The version of the data that this process uses, such as `2026f`.
    pub version: &'static str,
    /// Where the data is from.
    pub source: &'static str,
    /// The version with which the windows in the database are computed. `None` if this process does not know it yet.
    pub stored_version: Option<String>,
    /// Whether the data of this process is older. It then computes no windows.
    pub is_outdated: bool,
    /// Problems that somebody should repair.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl Zones {
    /// Only the data in the program.
    pub fn compiled() -> Self {
        Self::with(Sources { named: None, system: None })
    }

    /// The data from the folder `named` by the setting `ZONEINFO`, from the system, or in the program.
    pub fn load(named: Option<PathBuf>) -> Self {
        let zones = Self::with(Sources { named, system: Some(SYSTEM_FOLDER.into()) });
        zones.reload();
        let status = zones.status();
        tracing::info!(version = status.version, source = status.source, "time zone data");
        zones
    }

    fn with(sources: Sources) -> Self {
        let state = State { data: ZoneData::compiled(), contents: 0, stored: None, problems: Vec::new() };
        Self { shared: Arc::new(Shared { sources, state: RwLock::new(state) }), pin: None }
    }

    /// Reads the sources again. True if the data has changed.
    pub fn reload(&self) -> bool {
        let (data, contents) = {
            let state = self.shared.state.read();
            (state.data, state.contents)
        };
        let chosen = self.shared.sources.choose((data, contents));
        let mut state = self.shared.state.write();
        for problem in chosen.problems.iter().filter(|problem| !state.problems.contains(problem)) {
            tracing::warn!(problem, "time zone data");
        }
        let has_changed = chosen.data != state.data;
        (state.data, state.contents, state.problems) = (chosen.data, chosen.contents, chosen.problems);
        has_changed
    }

    /// The data to compute with.
    pub fn data(&self) -> ZoneData {
        match &self.pin {
            Some(pin) => *pin.read(),
            None => self.shared.state.read().data,
        }
    }

    /// A copy whose data stays at the present release.
    #[must_use]
    pub fn pinned(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), pin: Some(Arc::new(RwLock::new(self.data()))) }
    }

    /// Moves the pin to the present release, because the next answer begins.
    pub fn renew_pin(&self) {
        if let Some(pin) = &self.pin {
            *pin.write() = self.shared.state.read().data;
        }
    }

    /// Remembers the version with which the windows in the database are computed.
    pub(crate) fn note_stored(&self, version: &str) {
        if self.shared.state.read().stored.as_deref() == Some(version) {
            return;
        }
        self.shared.state.write().stored = Some(version.to_owned());
        let status = self.status();
        if status.is_outdated {
            tracing::warn!(stored = version, used = status.version, "{}", outdated(version, status.version));
        }
    }

    /// Whether the windows in the database are computed with newer data. Then this process computes none.
    pub fn is_outdated(&self) -> bool {
        let state = self.shared.state.read();
        state.stored.as_deref().is_some_and(|stored| is_newer_release(stored, state.data.version()))
    }

    pub fn status(&self) -> ZoneStatus {
        let state = self.shared.state.read();
        let version = state.data.version();
        let newer = state.stored.as_deref().filter(|stored| is_newer_release(stored, version));
        let warnings = newer.map(|stored| outdated(stored, version)).into_iter().chain(state.problems.iter().cloned());
        ZoneStatus {
            version,
            source: state.data.source(),
            stored_version: state.stored.clone(),
            is_outdated: newer.is_some(),
            warnings: warnings.collect(),
        }
    }
}

fn outdated(stored: &str, used: &str) -> String {
    format!(
        "the time zone data of this process is {used}, but the database has been computed with {stored}: this process \
         computes no windows until it gets newer data"
    )
}

/// The folders that may have zone data.
struct Sources {
    named: Option<PathBuf>,
    system: Option<PathBuf>,
}

struct Chosen {
    data: ZoneData,
    contents: u64,
    problems: Vec<String>,
}

impl Sources {
    /// Chooses the data: that of the folder that a person has named, even if it is old; otherwise the newest. A source that
    /// is damaged is not used at all. `present` is the data that is used now, with its contents.
    fn choose(&self, present: (ZoneData, u64)) -> Chosen {
        let compiled = ZoneData::compiled();
        let mut problems = Vec::new();
        if let Some(folder) = &self.named {
            match read(folder, present) {
                Ok((data, contents)) => {
                    if is_newer_release(compiled.version(), data.version()) {
                        problems.push(format!(
                            "ZONEINFO names a folder with the time zone data {}; the program itself has {}, which is newer",
                            data.version(),
                            compiled.version()
                        ));
                    }
                    return Chosen { data, contents, problems };
                }
                Err(problem) => problems.push(not_used(folder, &problem)),
            }
        }
        if let Some(folder) = &self.system
            // Many systems have no zone data, and that is no problem.
            && folder::read_version(folder).is_ok_and(|version| is_newer_release(&version, compiled.version()))
        {
            match read(folder, present) {
                Ok((data, contents)) => return Chosen { data, contents, problems },
                Err(problem) => problems.push(not_used(folder, &problem)),
            }
        }
        Chosen { data: compiled, contents: 0, problems }
    }
}

/// Why the data of a folder is not used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Folder(#[from] folder::FolderError),
    #[error(transparent)]
    Data(#[from] ZoneDataError),
}

fn not_used(folder: &Path, problem: &Unusable) -> String {
    format!("the time zone data in {} is not used: {problem}", folder.display())
}

/// Reads a folder. If it has the contents of the present data, returns the present data, so that memory holds them
/// once.
fn read(folder: &Path, present: (ZoneData, u64)) -> Result<(ZoneData, u64), Unusable> {
    let files = folder::read(folder)?;
    let contents = hash(&files);
    if contents == present.1 {
        return Ok(present);
    }
    Ok((ZoneData::read(&folder.display().to_string(), files)?, contents))
}

/// A hash of the contents. It is never 0, which stands for the data in the program.
fn hash(files: &ZoneFiles) -> u64 {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish().max(1)
}
