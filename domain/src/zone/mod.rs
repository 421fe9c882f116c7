//! Time zones: their names, the version of their data, and how a wall-clock time becomes an instant (rule 3).

mod steady;

use std::str::FromStr;

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::GapInfo;
pub use chrono_tz::Tz;

pub(crate) use self::steady::Steady;

/// The version of the IANA data that the program was built with, such as `2025b`.
pub const TZ_DATA_VERSION: &str = chrono_tz::IANA_TZDB_VERSION;

/// A name that is no IANA time zone of this program's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone '{0}': use an IANA name such as America/Chicago")]
pub struct UnknownZone(pub String);

/// The zone of that exact IANA name; upper and lower case matter.
///
/// # Errors
/// When this program's data has no such zone.
pub fn parse_zone(name: &str) -> Result<Tz, UnknownZone> {
    Tz::from_str(name).map_err(|_| UnknownZone(name.to_owned()))
}

/// Is the program's zone data newer than that which stored windows were computed with? Then they are computed anew
/// (rule 1). A stored version that can't be read is older than everything; a program's that can't be read is newer
/// than nothing.
pub fn tz_data_is_newer(program: &str, stored: &str) -> bool {
    match (release(program), release(stored)) {
        (Some(program), Some(stored)) => program > stored,
        (program, None) => program.is_some(),
        (None, Some(_)) => false,
    }
}

/// A release such as `2025b` as something that compares: the year, then the letters (after `z` come `za`, `zb`).
fn release(version: &str) -> Option<(u16, &str)> {
    let (year, letters) = version.split_at_checked(4)?;
    let is_letters = letters.bytes().all(|letter| letter.is_ascii_lowercase());
    is_letters.then_some(())?;
    Some((year.parse().ok()?, letters))
}

/// The instant at which clocks of the zone show `local` (rule 3): the first of two where they go back; where they go
/// forward over it, `local` is read with the offset before the gap, and so moves forward.
pub fn instant_of(tz: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let offset = match tz.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) => offset,
        MappedLocalTime::Ambiguous(one, other) => {
            // The larger offset is the earlier instant.
            if one.fix().local_minus_utc() >= other.fix().local_minus_utc() { one } else { other }
        }
        MappedLocalTime::None => match GapInfo::new(&local, &tz).and_then(|gap| gap.begin) {
            Some((_, before)) => before,
            // No zone has a gap without a before; a day earlier is before every gap.
            None => tz.offset_from_utc_datetime(&local.checked_sub_signed(TimeDelta::days(2)).unwrap_or(local)),
        },
    };
    local.checked_sub_offset(offset.fix()).unwrap_or(local).and_utc()
}

/// What clocks of the zone show at an instant.
pub fn local_time(tz: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    let utc = at.naive_utc();
    utc.checked_add_offset(tz.offset_from_utc_datetime(&utc).fix()).unwrap_or(utc)
}

/// The calendar date in the zone at an instant.
pub fn local_date(tz: Tz, at: DateTime<Utc>) -> NaiveDate {
    local_time(tz, at).date()
}

/// From `at` on the clocks of a zone are ahead of UTC by `after`, until then by `before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockChange {
    pub at: DateTime<Utc>,
    pub before: FixedOffset,
    pub after: FixedOffset,
}

/// The changes of a zone's clocks in the years 1970 to 2099, in order.
pub fn clock_changes(tz: Tz) -> impl Iterator<Item = ClockChange> {
    steady::clock_changes(tz)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, local: &str) -> String {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S").unwrap();
        instant_of(parse_zone(zone).unwrap(), local).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    #[test]
    fn local_times_that_do_not_exist_or_exist_twice() {
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
            // Nobody was there before 2005: the data begins with UTC.
            ("Antarctica/Troll", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("UTC", "9999-12-31T23:59:59", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(at(zone, local), instant, "{local} {zone}");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
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
    fn zone_names_are_exact() {
        assert_eq!(parse_zone("America/Chicago"), Ok(Tz::America__Chicago));
        for wrong in ["america/chicago", "Central", "", " UTC", "America/Chicago\0"] {
            assert_eq!(parse_zone(wrong), Err(UnknownZone(wrong.into())));
        }
        let words = parse_zone("Mars/Base").unwrap_err().to_string();
        assert_eq!(words, "unknown time zone 'Mars/Base': use an IANA name such as America/Chicago");
    }

    #[test]
    fn newer_zone_data() {
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
