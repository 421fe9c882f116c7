//! The zone of a TZID.
//!
//! A TZID is a name of its file, which the file defines by a VTIMEZONE. In practice it is mostly a known name, and the
//! definition is a part or an old version of that zone's rules. So the zone is found in this order:
//!
//! 1. The TZID is an IANA name, or ends with one, as `/example.org/20250101/Europe/Berlin` does.
//! 2. The TZID is the name of a zone of Windows.
//! 3. The VTIMEZONE says which IANA zone it is (`X-LIC-LOCATION`).
//! 4. The VTIMEZONE has the same offsets as an IANA zone, in all years that matter.
//!
//! In the first three cases, some programs use the zone, and others use the definition. So an event is refused if the definition
//! has another offset than the zone at one of its meetings.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::{
    lines::Component,
    problem::{DefinitionProblem, NamedZone, ZoneProblem},
    values::{self, Stamp},
    windows_zones,
};
use crate::{
    recurrence::YearlyRule,
    zone::{Zone, ZoneData, clock_changes},
};

/// How many VTIMEZONEs of a file are compared with all zones.
pub(super) const MAX_DEFINITIONS: usize = 200;
/// How many parts a VTIMEZONE may have, and how many clock changes it may list.
pub(super) const MAX_PARTS: usize = 100;
pub(super) const MAX_ONSETS: usize = 5_000;
/// The years in which zones are compared.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;

/// The first and the last year that matter.
pub(super) type Years = (i32, i32);
/// A range of instants, without its end.
pub(super) type Range = (DateTime<Utc>, DateTime<Utc>);

/// The zones of a file. A name means what the calendar that it is in defines.
pub(super) struct Zones {
    data: ZoneData,
    calendars: Vec<CalendarZones>,
    /// The different VTIMEZONEs of the file.
    definitions: Vec<Result<Definition, DefinitionProblem>>,
    matched: HashMap<(usize, Option<&'static str>, Years), Result<Zone, ZoneProblem>>,
    contradictions: HashMap<(usize, Years), Arc<[Range]>>,
}

/// The zones of one calendar.
struct CalendarZones {
    named: NamedZone,
    /// The places of its definitions, by their names.
    definitions: HashMap<String, usize>,
}

impl Zones {
    pub(super) fn new(data: ZoneData, calendars: &[Component]) -> Self {
        let mut zones = Self {
            data,
            calendars: Vec::new(),
            definitions: Vec::new(),
            matched: HashMap::new(),
            contradictions: HashMap::new(),
        };
        let mut known: HashMap<&Component, usize> = HashMap::new();
        for calendar in calendars {
            let mut definitions = HashMap::new();
            for component in calendar.components.iter().filter(|component| component.name == "VTIMEZONE") {
                let Some(name) = component.value("TZID") else { continue };
                let place = *known.entry(component).or_insert_with(|| {
                    zones.definitions.push(Definition::read(component));
                    zones.definitions.len() - 1
                });
                // The first definition of a name is used.
                definitions.entry(plain(name).to_owned()).or_insert(place);
            }
            let named = calendar.value("X-WR-TIMEZONE").map(plain).filter(|name| !name.is_empty());
            let named = named.map_or(NamedZone::Nothing, |name| {
                known_zone(data, name).map_or_else(|| NamedZone::Unknown(super::shortened(name)), NamedZone::Known)
            });
            zones.calendars.push(CalendarZones { named, definitions });
        }
        zones
    }

    /// The zone that this calendar of the file names for itself.
    pub(super) fn named(&self, calendar: usize) -> NamedZone {
        self.calendars.get(calendar).map_or(NamedZone::Nothing, |calendar| calendar.named.clone())
    }

    /// When, in these years, the VTIMEZONE of a TZID has another offset than the zone that its name means. Nothing, if the zone was
    /// found by its offsets, or if the calendar has no definition that can be read.
    pub(super) fn contradictions(&mut self, calendar: usize, name: &str, years: Years) -> Arc<[Range]> {
        let Some(place) = self.place(calendar, name) else { return Arc::default() };
        let key = (place, within(years));
        if let Some(found) = self.contradictions.get(&key) {
            return Arc::clone(found);
        }
        let definition = self.definitions.get(place).and_then(|definition| definition.as_ref().ok());
        let zone = known_zone(self.data, name)
            .or_else(|| definition.and_then(|it| it.location.as_deref()).and_then(|it| known_zone(self.data, it)));
        let found = definition.zip(zone).map(|(definition, zone)| definition.contradictions(zone, key.1));
        let found: Arc<[Range]> = found.unwrap_or_default().into();
        self.contradictions.insert(key, Arc::clone(&found));
        found
    }

    /// The zone of a TZID in this calendar, for meetings in these years.
    pub(super) fn find(&mut self, calendar: usize, name: &str, years: Years) -> Result<Zone, ZoneProblem> {
        if let Some(zone) = known_zone(self.data, name) {
            return Ok(zone);
        }
        let place = self.place(calendar, name).ok_or_else(|| ZoneProblem::Unknown(super::shortened(name)))?;
        let preferred = match self.named(calendar) {
            NamedZone::Known(zone) => Some(zone),
            NamedZone::Nothing | NamedZone::Unknown(_) => None,
        };
        let key = (place, preferred.map(Zone::name), within(years));
        if let Some(found) = self.matched.get(&key) {
            return found.clone();
        }
        let found = self.match_definition(place, name, preferred, key.2);
        self.matched.insert(key, found.clone());
        found
    }

    fn place(&self, calendar: usize, name: &str) -> Option<usize> {
        self.calendars.get(calendar)?.definitions.get(plain(name)).copied()
    }

    /// The zone with the offsets of a definition. If several have them, it is the preferred one. The file names that, so that the
    /// same file always gives the same zone.
    fn match_definition(
        &self,
        place: usize,
        name: &str,
        preferred: Option<Zone>,
        years: Years,
    ) -> Result<Zone, ZoneProblem> {
        let name = super::shortened(name);
        let definition = match self.definitions.get(place) {
            None => return Err(ZoneProblem::Unknown(name)),
            Some(Err(problem)) => return Err(ZoneProblem::Definition { name, problem: problem.clone() }),
            Some(Ok(definition)) => definition,
        };
        if let Some(zone) = definition.location.as_deref().and_then(|location| known_zone(self.data, location)) {
            return Ok(zone);
        }
        if self.matched.len() >= MAX_DEFINITIONS {
            return Err(ZoneProblem::TooMany(name));
        }
        let offsets = definition.offsets(years);
        let offsets = offsets.map_err(|problem| ZoneProblem::Definition { name: name.clone(), problem })?;
        let mut zones = preferred.into_iter().chain(self.candidates(offsets.is_constant()));
        let zone = zones.find(|zone| offsets.are_those_of(*zone));
        zone.ok_or(ZoneProblem::NoSuchOffsets { name, years })
    }

    fn candidates(&self, is_constant: bool) -> impl Iterator<Item = Zone> {
        let is_etc = |name: &str| name.starts_with("Etc/");
        let etc = self.data.names().filter(move |name| is_constant && is_etc(name));
        let others = self.data.names().filter(move |name| name.contains('/') && !is_etc(name));
        etc.chain(windows_zones::iana_names()).chain(others).filter_map(|name| self.data.zone(name).ok())
    }
}

/// The years of a range that can be compared.
fn within((from, to): Years) -> Years {
    (from.clamp(*YEARS.start(), *YEARS.end()), to.clamp(*YEARS.start(), *YEARS.end()))
}

/// The name of a zone without what some programs write around it.
fn plain(name: &str) -> &str {
    name.trim().trim_matches('"').trim()
}

/// The zone with this name: of IANA, of Windows, or at the end of a path. Letters may be in another case.
fn known_zone(data: ZoneData, name: &str) -> Option<Zone> {
    let in_any_case = |name: &str| data.names().find(|known| known.eq_ignore_ascii_case(name));
    let of_iana = |name: &str| data.zone(name).ok().or_else(|| data.zone(in_any_case(name)?).ok());
    let name = plain(name);
    let of_windows = || data.zone(windows_zones::iana_name(name)?).ok();
    if let Some(zone) = of_iana(name).or_else(of_windows) {
        return Some(zone);
    }
    let mut rest = name.strip_prefix('/')?;
    while let Some((_, shorter)) = rest.split_once('/') {
        rest = shorter;
        if let Some(zone) = of_iana(rest) {
            return Some(zone);
        }
    }
    None
}

/// A VTIMEZONE.
#[derive(Debug, Clone)]
struct Definition {
    location: Option<String>,
    observances: Vec<Observance>,
}

/// A STANDARD or DAYLIGHT part: the clock changes to one offset. Offsets are in seconds east of Greenwich.
#[derive(Debug, Clone)]
struct Observance {
    first: NaiveDateTime,
    before: i32,
    after: i32,
    rules: Vec<YearlyRule>,
    listed: Vec<NaiveDateTime>,
}

impl Definition {
    fn read(component: &Component) -> Result<Self, DefinitionProblem> {
        if let Some(problem) = &component.problem {
            return Err(problem.clone().into());
        }
        if let Some(name) = component.repeated(&[]) {
            return Err(DefinitionProblem::Repeated(name.to_owned()));
        }
        let location = component.value("X-LIC-LOCATION").map(str::to_owned);
        let parts = component.components.iter().filter(|part| matches!(part.name.as_str(), "STANDARD" | "DAYLIGHT"));
        let observances = parts.map(Observance::read).collect::<Result<Vec<_>, _>>()?;
        if observances.is_empty() && location.is_none() {
            return Err(DefinitionProblem::NoPart);
        }
        if observances.len() > MAX_PARTS {
            return Err(DefinitionProblem::TooManyParts);
        }
        if observances.iter().map(|part| part.rules.len()).sum::<usize>() > MAX_PARTS {
            return Err(DefinitionProblem::TooManyRules);
        }
        if observances.iter().map(|part| part.listed.len() + 1).sum::<usize>() > MAX_ONSETS {
            return Err(DefinitionProblem::TooManyClockChanges);
        }
        Ok(Self { location, observances })
    }

    /// The clock changes up to this year, in their order.
    fn onsets(&self, to: i32) -> Result<Vec<Onset>, DefinitionProblem> {
        let mut onsets = Vec::new();
        for part in &self.observances {
            part.onsets(to, &mut onsets);
            if onsets.len() > MAX_ONSETS {
                return Err(DefinitionProblem::TooManyClockChanges);
            }
        }
        onsets.sort_by_key(|onset: &Onset| onset.at);
        Ok(onsets)
    }

    /// When the offset is not that of the zone, in the years that the definition covers.
    fn contradictions(&self, zone: Zone, years: Years) -> Vec<Range> {
        let (Ok(offsets), Ok(onsets)) = (self.offsets(years), self.onsets(years.1)) else { return Vec::new() };
        let (begins, ends) = range_of(years);
        // It says nothing about the time before its first change. A list of changes may be cut off, so it says nothing about the
        // time after the last one either, unless that is over when the years begin.
        let (Some(first), Some(last)) = (onsets.first(), onsets.last()) else { return Vec::new() };
        let is_cut_off = last.at > begins && !self.observances.iter().any(Observance::is_endless);
        let ends = if is_cut_off { last.at.min(ends) } else { ends };
        let changes = offsets.changes.iter().map(|(at, _)| *at).chain(clock_changes(zone).map(|change| change.at));
        let mut changes: Vec<_> = changes.chain([begins.max(first.at)]).collect();
        changes.retain(|at| begins.max(first.at) <= *at && *at < ends);
        changes.sort_unstable();
        changes.dedup();
        let ranges = changes.iter().copied().zip(changes.iter().copied().skip(1).chain([ends]));
        ranges.filter(|(at, _)| offsets.at(*at) != Some(zone.offset(*at).local_minus_utc())).collect()
    }

    /// The offsets in these years.
    fn offsets(&self, years: Years) -> Result<Offsets, DefinitionProblem> {
        let (begins, ends) = range_of(years);
        let onsets = self.onsets(years.1)?;
        let first = onsets.first().ok_or(DefinitionProblem::NoClockChange)?;
        let current = onsets.iter().rev().find(|onset| onset.at <= begins);
        let mut changes = vec![(begins, current.map_or(first.before, |onset| onset.after))];
        changes.extend(onsets.iter().filter(|it| begins < it.at && it.at < ends).map(|it| (it.at, it.after)));
        Ok(Offsets { changes, ends })
    }
}

/// The range that covers these years in every zone.
fn range_of((from, to): Years) -> Range {
    let begins = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
    (begins(from) - TimeDelta::days(1), begins(to + 1) + TimeDelta::days(1))
}

#[derive(Debug, Clone, Copy)]
struct Onset {
    at: DateTime<Utc>,
    before: i32,
    after: i32,
}

impl Observance {
    fn read(part: &Component) -> Result<Self, DefinitionProblem> {
        if let Some(name) = part.repeated(&["RRULE", "RDATE"]) {
            return Err(DefinitionProblem::Repeated(name.to_owned()));
        }
        let local = |text: &str| match values::stamp(text) {
            // UTC is an error of old programs: they mean the local time.
            Some(Stamp::Local(local) | Stamp::Utc(local)) => Ok(local),
            _ => Err(DefinitionProblem::UnreadableTime(super::shortened(text))),
        };
        let offset = |name: &'static str| {
            let value = part.value(name).ok_or(DefinitionProblem::Missing(name))?;
            values::offset(value)
                .ok_or_else(|| DefinitionProblem::Unreadable { property: name, value: super::shortened(value) })
        };

        Ok(Self {
            first: local(part.value("DTSTART").ok_or(DefinitionProblem::Missing("DTSTART"))?)?,
            before: offset("TZOFFSETFROM")?,
            after: offset("TZOFFSETTO")?,
            rules: part.all("RRULE").map(|property| YearlyRule::read(&property.value)).collect::<Result<_, _>>()?,
            listed: part.all("RDATE").flat_map(|it| it.value.split(',')).map(local).collect::<Result<_, _>>()?,
        })
    }

    fn is_endless(&self) -> bool {
        self.rules.iter().any(YearlyRule::is_endless)
    }

    /// Adds the clock changes up to this year.
    fn onsets(&self, to: i32, onsets: &mut Vec<Onset>) {
        let onset = |local: NaiveDateTime| Onset {
            at: (local - TimeDelta::seconds(self.before.into())).and_utc(),
            before: self.before,
            after: self.after,
        };
        onsets.push(onset(self.first));
        onsets.extend(self.listed.iter().copied().map(onset));
        for rule in &self.rules {
            let mut index = 0;
            let first = if rule.is_counted() { self.first.year() } else { self.first.year().max(YEARS.start() - 1) };
            for year in first..=to {
                for date in rule.dates_in(year, self.first.date()) {
                    let local = date.and_time(self.first.time());
                    let found = onset(local);
                    if rule.is_over(index, local, found.at) {
                        return;
                    }
                    index += 1;
                    onsets.push(found);
                    if onsets.len() > MAX_ONSETS {
                        return;
                    }
                }
            }
        }
    }
}

/// The offsets of a zone, each with the instant from which it applies.
struct Offsets {
    changes: Vec<(DateTime<Utc>, i32)>,
    ends: DateTime<Utc>,
}

impl Offsets {
    fn is_constant(&self) -> bool {
        self.changes.iter().all(|(_, offset)| Some(*offset) == self.changes.first().map(|(_, first)| *first))
    }

    fn at(&self, at: DateTime<Utc>) -> Option<i32> {
        let after = self.changes.partition_point(|(from, _)| *from <= at);
        after.checked_sub(1).and_then(|index| self.changes.get(index)).map(|(_, offset)| *offset)
    }

    fn are_those_of(&self, zone: Zone) -> bool {
        let is_same = |at: DateTime<Utc>| self.at(at) == Some(zone.offset(at).local_minus_utc());
        let begins = self.changes.first().map_or(self.ends, |(at, _)| *at);
        self.changes.iter().all(|(at, _)| is_same(*at))
            && clock_changes(zone)
                .map(|change| change.at)
                .skip_while(|at| *at < begins)
                .take_while(|at| *at < self.ends)
                .all(is_same)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::lines, *};

    const US: &str = "BEGIN:STANDARD\nDTSTART:16010101T020000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\n\
        RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n\
        TZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nEND:DAYLIGHT\n";

    fn zones(parts: &str) -> Zones {
        let text =
            format!("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Customized Time Zone\n{parts}END:VTIMEZONE\nEND:VCALENDAR");
        Zones::new(ZoneData::compiled(), &lines::read(text.as_bytes()).unwrap())
    }

    fn found(parts: &str, years: Years) -> Result<&'static str, ZoneProblem> {
        zones(parts).find(0, "Customized Time Zone", years).map(Zone::name)
    }

    #[test]
    fn known_names_are_found() {
        let mut zones = zones(US);
        for (name, zone) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("/mozilla.org/20050126_1/Europe/London", "Europe/London"),
            ("UTC", "UTC"),
            ("\"america/chicago\"", "America/Chicago"),
            ("w. europe standard time", "Europe/Berlin"),
        ] {
            assert_eq!(zones.find(0, name, (2026, 2026)).map(Zone::name), Ok(zone), "{name}");
        }
        let problem = zones.find(0, "Mars", (2026, 2026)).unwrap_err();
        let problem = problem.to_string();
        assert!(problem.contains("\"Mars\"") && problem.contains("VTIMEZONE"), "{problem}");
    }

    #[test]
    fn definition_is_matched_by_its_offsets_in_the_years_that_matter() {
        assert_eq!(found(US, (2010, 2031)), Ok("America/New_York"));
        // Before 2007, clocks changed on other days.
        assert!(found(US, (2005, 2031)).unwrap_err().to_string().contains("from 2005 to 2031"));
        let constant = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\nEND:STANDARD\n";
        assert_eq!(found(constant, (2026, 2031)), Ok("Etc/GMT-2"));
        let odd = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0213\nTZOFFSETTO:+0213\nEND:STANDARD\n";
        assert!(found(odd, (2026, 2031)).is_err());
        // One list and one rule, as our own feeds have them.
        let listed = "BEGIN:STANDARD\nDTSTART:20251026T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRDATE:20261025T030000\n\
            END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20250330T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
            RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=25,26,27,28,29,30,31;BYDAY=SU;UNTIL=20270101T000000Z\nEND:DAYLIGHT\n";
        assert_eq!(found(listed, (2025, 2026)), Ok("Europe/Budapest"));
        assert!(found(listed, (2025, 2027)).is_err());
        let located = "X-LIC-LOCATION:Asia/Tokyo\n";
        assert_eq!(found(located, (2025, 2027)), Ok("Asia/Tokyo"));
    }

    #[test]
    fn definition_contradicts_a_known_name_only_while_it_applies() {
        let contradicted = |name: &str, parts: &str, years: Years| {
            let text = format!("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:{name}\n{parts}END:VTIMEZONE\nEND:VCALENDAR");
            let calendars = lines::read(text.as_bytes()).unwrap();
            let mut zones = Zones::new(ZoneData::compiled(), &calendars);
            let date = |at: DateTime<Utc>| at.date_naive().to_string();
            let ranges = zones.contradictions(0, name, years);
            ranges.iter().map(|(from, to)| format!("{} {}", date(*from), date(*to))).collect::<Vec<_>>()
        };
        let whole = ["2025-12-31 2026-03-29", "2026-03-29 2026-10-25", "2026-10-25 2027-01-02"];
        let constant = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\n";
        assert_eq!(contradicted("Europe/Berlin", constant, (2026, 2026)), whole);
        assert_eq!(contradicted("/example.org/Europe/Berlin", constant, (2026, 2026)), whole);
        assert_eq!(contradicted("W. Europe Standard Time", constant, (2026, 2026)), whole);
        assert_eq!(contradicted("Asia/Tokyo", constant, (2026, 2030)), <[&str; 0]>::default());
        // The rules of today, for years in which there were others.
        assert_eq!(contradicted("America/New_York", US, (2010, 2031)), <[&str; 0]>::default());
        let before_2007 = ["2006-03-12 2006-04-02", "2006-10-29 2006-11-05"];
        assert_eq!(contradicted("America/New_York", US, (2006, 2008)), before_2007);
        // A list that is cut off, and nothing before its first change.
        let listed = "BEGIN:STANDARD\nDTSTART:20251026T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRDATE:20261025T030000\n\
            END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20260329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n";
        for years in [(2020, 2031), (2025, 2025)] {
            assert_eq!(contradicted("Europe/Berlin", listed, years), <[&str; 0]>::default());
        }
        assert_eq!(contradicted("Europe/Berlin", listed, (2028, 2028)), ["2028-03-26 2028-10-29"]);
    }

    #[test]
    fn definition_that_cannot_be_read_says_why() {
        for (parts, words) in [
            ("", "neither STANDARD nor DAYLIGHT"),
            ("BEGIN:STANDARD\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\nEND:STANDARD\n", "DTSTART"),
            (
                "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:2\nTZOFFSETTO:+0200\nEND:STANDARD\n",
                "TZOFFSETFROM",
            ),
            (&US.replace("FREQ=YEARLY", "FREQ=DAILY"), "RRULE"),
            (&US.replace("TZOFFSETTO:-0500", "TZOFFSETTO:-0500\nTZOFFSETTO:-0600"), "more than one TZOFFSETTO"),
        ] {
            let problem = found(parts, (2026, 2026)).unwrap_err();
            assert!(problem.to_string().contains(words), "{problem}");
        }
    }
}
