//! Time zones: their names, the version of their data, and the conversion of local times to instants (rule 3 of
//! ARCHITECTURE.md).

mod offset_periods;

use std::str::FromStr;

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::GapInfo;
pub use chrono_tz::Tz;

pub(crate) use self::offset_periods::OffsetPeriod;

/// The version of the IANA time zone data in this program, such as `2025b`.
pub const TZ_DATA_VERSION: &str = chrono_tz::IANA_TZDB_VERSION;

/// This program's data has no time zone of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone '{0}': use an IANA name such as America/Chicago")]
pub struct UnknownZone(pub String);

/// The time zone with this IANA name. Upper and lower case matter.
///
/// # Errors
/// If this program's data has no such zone.
pub fn parse_zone(name: &str) -> Result<Tz, UnknownZone> {
    Tz::from_str(name).map_err(|_| UnknownZone(name.to_owned()))
}

/// Whether the program's zone data is newer than the data with which the stored windows were computed. If so, they must
/// be computed again (rule 1). If `stored` can't be read, it counts as older. If `program` can't be read, it does not
/// count as newer.
pub fn tz_data_is_newer(program: &str, stored: &str) -> bool {
    match (release(program), release(stored)) {
        (Some(program), Some(stored)) => program > stored,
        (program, None) => program.is_some(),
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
pub fn instant_of(tz: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let offset = match tz.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) => offset,
        MappedLocalTime::Ambiguous(one, other) => {
            // The larger offset is the earlier instant.
            if one.fix().local_minus_utc() >= other.fix().local_minus_utc() { one } else { other }
        }
        MappedLocalTime::None => match GapInfo::new(&local, &tz).and_then(|gap| gap.begin) {
            Some((_, before)) => before,
            // Every gap has an offset before it, so this is never reached. Two days earlier is before the gap in any
            // case.
            None => tz.offset_from_utc_datetime(&local.checked_sub_signed(TimeDelta::days(2)).unwrap_or(local)),
        },
    };
    local.checked_sub_offset(offset.fix()).unwrap_or(local).and_utc()
}

/// The local date and time that clocks in the zone show at an instant.
pub fn local_time(tz: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    let utc = at.naive_utc();
    utc.checked_add_offset(tz.offset_from_utc_datetime(&utc).fix()).unwrap_or(utc)
}

/// The local date in the zone at an instant.
pub fn local_date(tz: Tz, at: DateTime<Utc>) -> NaiveDate {
    local_time(tz, at).date()
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
pub fn clock_changes(tz: Tz) -> impl Iterator<Item = ClockChange> {
    offset_periods::clock_changes(tz)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, local: &str) -> String {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S").unwrap();
        instant_of(parse_zone(zone).unwrap(), local).format("%Y-%m-%dT%H:%M:%SZ").to_string()
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
            // The station has been in use since 2005. Before that, its data is UTC.
            ("Antarctica/Troll", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("UTC", "9999-12-31T23:59:59", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(at(zone, local), instant, "{local} {zone}");
        }
    }

    #[test]
    fn earliest_and_latest_times_do_not_panic() {
        for tz in [Tz::Pacific__Kiritimati, Tz::Pacific__Pago_Pago] {
            for local in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
                let _ = instant_of(tz, local);
            }
            for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let _ = local_date(tz, at);
            }
        }
    }

    #[test]
    fn zone_is_found_by_its_exact_name_only() {
        assert_eq!(parse_zone("America/Chicago"), Ok(Tz::America__Chicago));
        for wrong in ["america/chicago", "Central", "", " UTC", "America/Chicago\0"] {
            assert_eq!(parse_zone(wrong), Err(UnknownZone(wrong.into())));
        }
        let words = parse_zone("Mars/Base").unwrap_err().to_string();
        assert_eq!(words, "unknown time zone 'Mars/Base': use an IANA name such as America/Chicago");
    }

    #[test]
    fn zone_data_is_compared_by_year_and_letters() {
        for (program, stored, newer) in [
            ("2025b", "2025a", true),
            ("2025b", "2025b", false),
            ("2025a", "2025b", false),
            ("2025a", "2024z", true),
            ("2025za", "2025z", true),
            ("2025a", "2025", true),
            ("2025b", "", true),
            ("2025b", "later", true),
            ("later", "2025b", false),
        ] {
            assert_eq!(tz_data_is_newer(program, stored), newer, "{program} after {stored}");
        }
        assert!(!tz_data_is_newer(TZ_DATA_VERSION, TZ_DATA_VERSION));
        assert!(tz_data_is_newer(TZ_DATA_VERSION, "1999a"));
    }
}
