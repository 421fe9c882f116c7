//! The VTIMEZONE of a calendar (RFC 5545, section 3.6.5): the clock changes of a zone. With it, calendar programs need no zone
//! data of their own.
//!
//! Terms: an *onset* is one clock change, by the local time before it. A *kind* is what onsets have in common: both offsets
//! and the name.
//!
//! Onsets that follow the same rule in every future year are written as one RRULE without an end. All others are listed one
//! by one: past changes, and changes that depend on the moon.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use domain::zone::{ClockChange, Zone, clock_changes};

use super::content::Content;

/// The last year of the zone data.
const LAST_YEAR: i32 = 2099;

/// Writes the clock changes that matter between two instants.
pub(super) fn write(content: &mut Content, zone: Zone, from: DateTime<Utc>, until: DateTime<Utc>) {
    content.component("VTIMEZONE", |content| {
        content.value("TZID", zone.name());
        for (kind, onsets) in kinds(zone, from, until) {
            let rule = yearly_rule(&onsets).filter(|(first, _)| onsets[*first].0 <= until);
            let (listed, ruled) = onsets.split_at(rule.as_ref().map_or(onsets.len(), |(first, _)| *first));
            let listed: Vec<_> = listed.iter().filter(|(at, _)| *at <= until).map(|(_, local)| *local).collect();
            if let Some((first, others)) = listed.split_first() {
                // Some programs ignore DTSTART if there is an RDATE.
                let repeated = if others.is_empty() { &[] } else { listed.as_slice() };
                kind.write(content, *first, |content| {
                    for onset in repeated {
                        content.value("RDATE", &local_text(*onset));
                    }
                });
            }
            if let (Some((_, rule)), Some((_, first))) = (rule, ruled.first()) {
                kind.write(content, *first, |content| content.value("RRULE", &rule));
            }
        }
    });
}

pub(super) fn local_text(local: NaiveDateTime) -> String {
    local.format("%Y%m%dT%H%M%S").to_string()
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    before: FixedOffset,
    after: FixedOffset,
    name: String,
    is_daylight: bool,
}

type Onset = (DateTime<Utc>, NaiveDateTime);

/// The kinds of onsets, from the clock change before `from` until the last known one. They are in the order of their first
/// onsets.
fn kinds(zone: Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(Kind, Vec<Onset>)> {
    let mut changes: Vec<ClockChange> = clock_changes(zone).collect();
    let later = changes.partition_point(|change| change.at <= from);
    changes.drain(..later.saturating_sub(1));
    if later == 0 {
        // The zone data has no clock change before `from`.
        let offset = zone.offset(from);
        changes.insert(0, ClockChange { at: from.min(DateTime::UNIX_EPOCH), before: offset, after: offset });
    }
    let mut kinds: Vec<(Kind, Vec<Onset>)> = Vec::new();
    for change in changes {
        let kind = Kind::of(zone, change);
        let onset = (change.at, change.at.with_timezone(&change.before).naive_local());
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, onsets)) => onsets.push(onset),
            None if change.at <= until => kinds.push((kind, vec![onset])),
            None => {}
        }
    }
    kinds
}

impl Kind {
    fn of(zone: Zone, ClockChange { at, before, after }: ClockChange) -> Self {
        let local = zone.local_type(at);
        let earlier = zone.local_type(at - TimeDelta::seconds(1));
        let is_daylight = if before == after {
            local.is_dst
        } else {
            // Some releases call Irish winter time daylight saving time, and summer time standard time.
            local.is_dst != earlier.is_dst && after.local_minus_utc() > before.local_minus_utc()
        };
        Self { before, after, name: local.abbreviation.to_string(), is_daylight }
    }

    fn write(&self, content: &mut Content, first: NaiveDateTime, recur: impl FnOnce(&mut Content)) {
        content.component(if self.is_daylight { "DAYLIGHT" } else { "STANDARD" }, |content| {
            content.value("DTSTART", &local_text(first));
            content.value("TZOFFSETFROM", &offset_text(self.before));
            content.value("TZOFFSETTO", &offset_text(self.after));
            let name = if self.name.starts_with(['+', '-']) { offset_text(self.after) } else { self.name.clone() };
            content.text("TZNAME", &name);
            recur(content);
        });
    }
}

fn offset_text(offset: FixedOffset) -> String {
    let east = offset.local_minus_utc();
    let seconds = east.unsigned_abs();
    let sign = if east < 0 { '-' } else { '+' };
    let text = format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds.is_multiple_of(60) { text } else { format!("{text}{:02}", seconds % 60) }
}

/// The days of the month on which a yearly change may fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    /// The nth such weekday of the month.
    Nth(u32),
    Last,
    /// The first such weekday on or after this day.
    From(u32),
}

impl Days {
    fn contains(self, date: NaiveDate) -> bool {
        let day = date.day();
        match self {
            Self::Nth(n) => day.div_ceil(7) == n,
            Self::Last => day + 7 > u32::from(date.num_days_in_month()),
            Self::From(first) => (first..first + 7).contains(&day),
        }
    }
}

/// The yearly rule that a kind's last onsets follow until the end of the zone data, and the index of the first onset that
/// follows it.
fn yearly_rule(onsets: &[Onset]) -> Option<(usize, String)> {
    let last = onsets.last()?.1;
    if last.year() < LAST_YEAR {
        return None;
    }
    let first_by = |days: Days| {
        let mut first = onsets.len();
        let mut year = LAST_YEAR;
        for (_, local) in onsets.iter().rev() {
            let same = (local.month(), local.weekday(), local.time()) == (last.month(), last.weekday(), last.time());
            if !same || local.year() != year || !days.contains(local.date()) {
                break;
            }
            first -= 1;
            year -= 1;
        }
        first
    };
    let candidates = (1..=4).map(Days::Nth).chain([Days::Last]).chain((1..=25).map(Days::From));
    let (first, days) = candidates.map(|days| (first_by(days), days)).min_by_key(|(first, _)| *first)?;
    let weekday = last.weekday().to_string()[..2].to_uppercase();
    let month = last.month();
    let rule = match days {
        Days::Nth(n) => format!("FREQ=YEARLY;BYMONTH={month};BYDAY={n}{weekday}"),
        Days::Last => format!("FREQ=YEARLY;BYMONTH={month};BYDAY=-1{weekday}"),
        Days::From(day) => {
            let days: Vec<_> = (day..day + 7).map(|day| day.to_string()).collect();
            format!("FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={};BYDAY={weekday}", days.join(","))
        }
    };
    (first < onsets.len()).then_some((first, rule))
}

#[cfg(test)]
mod tests {
    use domain::zone::ZoneData;

    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn written(name: &str) -> String {
        let zone = ZoneData::compiled().zone(name).unwrap();
        let mut content = Content::default();
        write(&mut content, zone, instant("2025-01-01T00:00:00Z"), instant("2031-01-01T00:00:00Z"));
        content.into_string().replace("\r\n", "\n")
    }

    #[test]
    fn yearly_rules() {
        let expected = "BEGIN:VTIMEZONE\nTZID:America/New_York\n\
            BEGIN:STANDARD\nDTSTART:20241103T020000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nTZNAME:EST\n\
            RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\nEND:STANDARD\n\
            BEGIN:DAYLIGHT\nDTSTART:20250309T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nTZNAME:EDT\n\
            RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
        assert_eq!(written("America/New_York"), expected);
        for (zone, rule) in [
            ("Europe/Berlin", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
            ("Australia/Sydney", "FREQ=YEARLY;BYMONTH=10;BYDAY=1SU"),
            // The Friday before the last Sunday of March.
            ("Asia/Jerusalem", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR"),
            ("America/Santiago", "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=SU"),
        ] {
            let text = written(zone).replace("\n ", "");
            assert!(text.contains(&format!("RRULE:{rule}\n")), "{text}");
            assert!(!text.contains("RDATE"), "{text}");
        }
    }

    #[test]
    fn what_follows_no_rule_is_listed() {
        let moon = written("Africa/Casablanca");
        // In 2024, before and after Ramadan in 2025 and 2026, and for the last time in September 2026.
        assert_eq!((moon.matches("DTSTART").count(), moon.matches("RDATE").count()), (2, 6), "{moon}");
        assert!(!moon.contains("RRULE"), "{moon}");
        let steady = written("Asia/Kathmandu");
        assert_eq!(steady.matches("DTSTART").count(), 1, "{steady}");
        assert!(steady.contains("DTSTART:19860101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0545\n"), "{steady}");
        let utc = written("UTC");
        assert!(utc.contains("DTSTART:19700101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0000\nTZNAME:UTC\n"), "{utc}");
        assert!(written("Europe/Dublin").contains("BEGIN:DAYLIGHT\nDTSTART:20250330T010000\n"));
    }
}
