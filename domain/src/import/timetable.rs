//! Compares when a file says that a session meets with when the session will meet after the import.
//!
//! A *timetable* is everything that decides when a session meets: its recurrence, its skips and its instances. People change the
//! session between two imports, and what they changed stays. So the meetings may differ, and the report says where. It names a
//! cause only if that follows from the timetables: otherwise, that the session here does not meet.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::{ImportedSession, MeetingState};
use crate::{
    matching::{Existence, ExistingInstance, Matcher},
    recurrence::{Calendar, OccurrenceKey, Recurrence, SkippedDates, Skips},
    status::is_past_termination,
    zone::{Zone, instant_of, local_date},
};

/// How many days are compared, besides the dates that a timetable names.
const DAYS: Days = Days::new(800);

/// How many meetings one note names.
const NAMED: usize = 5;

#[derive(Debug, Clone)]
pub struct Timetable {
    pub recurrence: Recurrence,
    pub calendar: Calendar,
    pub instances: Vec<TimetableInstance>,
}

#[derive(Debug, Clone, Copy)]
pub struct TimetableInstance {
    /// The instance here. `None` for a meeting of the file whose instance is not known.
    pub id: Option<i64>,
    pub existing: ExistingInstance,
    pub is_cancelled: bool,
}

/// A meeting that takes place.
#[derive(Debug, Clone, Copy)]
struct Held {
    date: NaiveDate,
    start: Option<NaiveTime>,
    /// The occurrence that it is, or that its instance was made from.
    occurrence: Option<OccurrenceKey>,
    /// The instance here.
    id: Option<i64>,
}

/// The meetings that take place, by their start. A meeting whose times are not known starts with its date.
type AllHeld = BTreeMap<(DateTime<Utc>, bool), Held>;

/// Why a meeting does not take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Absence {
    Skipped,
    Cancelled,
    Deleted,
    AtAnotherTime,
    /// By rule 10, a meeting made by hand takes the place of the nearest occurrence of its date.
    StoodFor,
    BeforeTheFirstDate(NaiveDate),
    AfterTheLastDate(NaiveDate),
    InAnotherZone(&'static str),
    NotInTheRecurrence,
    NotHeld,
}

impl Absence {
    fn text(self) -> String {
        match self {
            Self::Skipped => "which the session here skips".to_owned(),
            Self::Cancelled => "which is cancelled here".to_owned(),
            Self::Deleted => "which is deleted here".to_owned(),
            Self::AtAnotherTime => "which is at another time here".to_owned(),
            Self::StoodFor => "in whose place the session here has another meeting of that date".to_owned(),
            Self::BeforeTheFirstDate(date) => format!("but the session here begins on {date}"),
            Self::AfterTheLastDate(date) => format!("but the session here ends on {date}"),
            Self::InAnotherZone(zone) => format!("but the session here is in {zone}"),
            Self::NotInTheRecurrence => "which no schedule of the session here gives".to_owned(),
            Self::NotHeld => "when the session here does not meet".to_owned(),
        }
    }
}

impl ImportedSession {
    /// When the file says that the session meets. `made` has the instances of its meetings. `None` if the recurrence cannot be
    /// read.
    pub fn timetable(&self, zone: Zone, made: &BTreeMap<String, i64>) -> Option<Timetable> {
        let instances = self.meetings.iter().map(|meeting| TimetableInstance {
            id: made.get(&meeting.key).copied(),
            existing: ExistingInstance {
                date: meeting.date,
                start: meeting.start,
                occurrence: meeting.occurrence(),
                existence: Existence::stored(meeting.state == MeetingState::Deleted, false, false),
            },
            is_cancelled: meeting.state == MeetingState::Cancelled,
        });
        Some(Timetable {
            recurrence: Recurrence::stored(self.recurrence.as_deref()).ok()?.unwrap_or_default(),
            calendar: Calendar {
                zone,
                anchor: self.initiation,
                initiation: self.initiation,
                termination: self.termination,
                skips: Skips::new(self.skips.iter().map(|date| SkippedDates::stored(*date, *date))),
            },
            instances: instances.collect(),
        })
    }
}

/// The meetings to come in which a session here differs from its file. Each completes a sentence that begins with the event.
pub fn differences(file: &Timetable, here: &Timetable, now: DateTime<Utc>) -> Vec<String> {
    let ranges = compared(file, here, now);
    let (of_file, of_session) = (file.held(&ranges, now), here.held(&ranges, now));
    let mut missing: BTreeMap<Absence, Vec<&Held>> = BTreeMap::new();
    for ((at, has_time), held) in &of_file {
        if !of_session.contains_key(&(*at, *has_time)) {
            missing.entry(here.absence(file.calendar.zone, held, *at)).or_default().push(held);
        }
    }
    let zone = |of: &Timetable| match of.calendar.zone {
        _ if file.calendar.zone == here.calendar.zone => String::new(),
        zone => format!(" in {}", zone.name()),
    };
    let missing = missing.into_iter().map(|(absence, held)| {
        let meetings = if held.len() == 1 { "a meeting" } else { "meetings" };
        format!("has {meetings} on {}{}, {}", named(&held), zone(file), absence.text())
    });
    let added: Vec<_> =
        of_session.iter().filter(|(start, _)| !of_file.contains_key(start)).map(|(_, held)| held).collect();
    let added = (!added.is_empty())
        .then(|| format!("has no meeting on {}{}, when the session here meets", named(&added), zone(here)));
    missing.chain(added).collect()
}

/// The first of these meetings, and how many more there are.
fn named(held: &[&Held]) -> String {
    let text = |held: &&Held| match held.start {
        Some(start) => format!("{} {}", held.date, start.format("%H:%M")),
        None => held.date.to_string(),
    };
    let mut names: Vec<String> = held.iter().take(NAMED).map(text).collect();
    if let more @ 1.. = held.len().saturating_sub(NAMED) {
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

/// The dates that are compared: those of the next years, and later ones that either timetable names.
fn compared(file: &Timetable, here: &Timetable, now: DateTime<Utc>) -> Vec<SkippedDates> {
    let today = local_date(file.calendar.zone, now).min(local_date(here.calendar.zone, now));
    let from = today.pred_opt().unwrap_or(today);
    let after = |date: NaiveDate| date.checked_add_days(DAYS).unwrap_or(date);
    let mut dates = vec![SkippedDates::stored(from, after(from))];
    for Timetable { calendar, instances, .. } in [file, here] {
        dates.extend(calendar.skips.ranges());
        dates.extend(
            calendar
                .initiation
                .into_iter()
                .chain(calendar.termination)
                .map(|date| SkippedDates::stored(date, after(date))),
        );
        let of_instances =
            instances.iter().flat_map(|it| [Some(it.existing.date), it.existing.occurrence.map(|it| it.date)]);
        dates.extend(of_instances.flatten().map(|date| SkippedDates::stored(date, date)));
    }
    Skips::new(dates.into_iter().filter(|range| from <= range.to())).ranges().collect()
}

impl Timetable {
    /// The meetings that take place and have not begun.
    fn held(&self, ranges: &[SkippedDates], now: DateTime<Utc>) -> AllHeld {
        let Self { recurrence, calendar, instances } = self;
        let matcher = Matcher::new(instances.iter().map(|it| it.existing));
        let occurrences: Vec<_> =
            ranges.iter().flat_map(|range| recurrence.occurrences(calendar, range.from(), range.to())).collect();
        let matched = matcher.with_instances(recurrence, calendar, occurrences).into_iter();
        let unmade = matched.filter(|(_, instance)| instance.is_none()).map(|(it, _)| {
            let held = Held { date: it.date, start: Some(it.start), occurrence: Some(it.key()), id: None };
            ((it.meeting.starts_at(), true), held)
        });
        let made = instances.iter().filter(|it| self.takes_place(it)).map(|it| {
            let ExistingInstance { date, start, occurrence, .. } = it.existing;
            let at = self.starts_at(&it.existing);
            ((at, start.is_some()), Held { date, start, occurrence, id: it.id })
        });
        unmade.chain(made).filter(|((at, _), _)| now < *at).collect()
    }

    fn starts_at(&self, instance: &ExistingInstance) -> DateTime<Utc> {
        let local = NaiveDateTime::new(instance.date, instance.start.unwrap_or(NaiveTime::MIN));
        instant_of(self.calendar.zone, local)
    }

    fn takes_place(&self, instance: &TimetableInstance) -> bool {
        instance.existing.existence == Existence::Present
            && !instance.is_cancelled
            && !is_past_termination(instance.existing.date, self.calendar.termination)
    }

    /// Why this session does not have a meeting of the file, which starts at this instant. `zone` is that of the file.
    fn absence(&self, zone: Zone, held: &Held, at: DateTime<Utc>) -> Absence {
        let found = |is_it: &dyn Fn(&&TimetableInstance) -> bool| self.instances.iter().find(is_it);
        let found = found(&|it| held.id.is_some() && it.id == held.id)
            .or_else(|| found(&|it| held.occurrence.is_some() && it.existing.occurrence == held.occurrence))
            .or_else(|| found(&|it| self.starts_at(&it.existing) == at));
        let found = found.map(|it| (it.existing.existence, it.is_cancelled));
        let Calendar { initiation, termination, skips, .. } = &self.calendar;
        let of = held.occurrence.map_or(held.date, |occurrence| occurrence.date);
        match (found, *initiation, *termination) {
            (Some((Existence::Deleted, _)), ..) => return Absence::Deleted,
            (Some((Existence::Present, true)), ..) => return Absence::Cancelled,
            (_, _, Some(last)) if last < of.max(held.date) => return Absence::AfterTheLastDate(last),
            (_, Some(first), _) if of < first => return Absence::BeforeTheFirstDate(first),
            _ => {}
        }
        // The schedules here have the same local times as those of the file, which are other instants in another zone.
        if zone != self.calendar.zone {
            return Absence::InAnotherZone(self.calendar.zone.name());
        }
        if let Some((Existence::Present, false)) = found {
            return Absence::AtAnotherTime;
        }
        let Some(key) = held.occurrence else { return Absence::NotHeld };
        let whole = Calendar { skips: Skips::NONE, ..self.calendar.clone() };
        let is_scheduled = self.recurrence.occurrences(&whole, of, of).any(|it| it.key() == key);
        match (is_scheduled, skips.contains(of), found) {
            (false, ..) => Absence::NotInTheRecurrence,
            (true, true, _) => Absence::Skipped,
            (true, false, Some((Existence::CancelledByRetiming, _))) => Absence::Cancelled,
            // Only another instance can leave out an occurrence.
            (true, false, _) if (held.date, held.start) == (key.date, Some(key.start)) => Absence::StoodFor,
            (true, false, _) => Absence::NotHeld,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;
    use crate::recurrence::Schedule;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    /// Weekly from 19:00 to 22:00 in UTC, since January 2026.
    fn weekly(weekday: Weekday) -> Timetable {
        let schedule = Schedule::weekly(weekday, 1, time(19), time(22)).unwrap();
        Timetable {
            recurrence: Recurrence::new(vec![schedule]).unwrap(),
            calendar: Calendar {
                zone: Zone::utc(),
                anchor: Some(date("2026-01-01")),
                initiation: None,
                termination: None,
                skips: Skips::NONE,
            },
            instances: Vec::new(),
        }
    }

    /// The instance of a Thursday, on a date that may be another one.
    fn instance(of: &str, at: &str) -> TimetableInstance {
        let existing = ExistingInstance {
            date: date(at),
            start: Some(time(19)),
            occurrence: Some(OccurrenceKey { date: date(of), start: time(19) }),
            existence: Existence::Present,
        };
        TimetableInstance { id: None, existing, is_cancelled: false }
    }

    fn skipping(timetable: Timetable, from: &str, to: &str) -> Timetable {
        let skips = Skips::new([SkippedDates::new(date(from), date(to)).unwrap()]);
        Timetable { calendar: Calendar { skips, ..timetable.calendar.clone() }, ..timetable }
    }

    #[test]
    fn session_that_meets_when_its_file_says_has_no_differences() {
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        let thursdays = weekly(Weekday::Thu);
        assert!(differences(&thursdays, &thursdays, now).is_empty());
        // The instance that was created for an occurrence, and a skip without a meeting.
        let made = Timetable { instances: vec![instance("2026-12-10", "2026-12-10")], ..weekly(Weekday::Thu) };
        assert!(differences(&thursdays, &skipping(made, "2026-12-11", "2026-12-12"), now).is_empty());
        // What has begun is not compared.
        assert!(differences(&thursdays, &skipping(weekly(Weekday::Thu), "2026-11-05", "2026-11-30"), now).is_empty());
    }

    #[test]
    fn each_meeting_that_differs_is_named_with_its_date_and_the_cause() {
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        let thursdays = || weekly(Weekday::Thu);
        let with = |instance: TimetableInstance| Timetable { instances: vec![instance], ..thursdays() };
        let ending = |last: &str| Timetable {
            calendar: Calendar { termination: Some(date(last)), ..thursdays().calendar },
            ..thursdays()
        };
        let christmas = || instance("2026-12-24", "2026-12-24");
        let moved = || instance("2026-12-24", "2026-12-26");
        let cancelled = TimetableInstance { is_cancelled: true, ..christmas() };
        let in_state = |existence| {
            let existing = ExistingInstance { existence, ..christmas().existing };
            TimetableInstance { existing, ..christmas() }
        };
        let years = "2026-12-03 19:00, 2026-12-10 19:00, 2026-12-17 19:00, 2026-12-24 19:00, 2026-12-31 19:00";
        for (file, here, expected) in [
            (
                thursdays(),
                skipping(thursdays(), "2026-12-20", "2026-12-31"),
                vec!["has meetings on 2026-12-24 19:00 and 2026-12-31 19:00, which the session here skips"],
            ),
            // A meeting that the file moved, and a skip of both dates.
            (
                with(moved()),
                skipping(with(in_state(Existence::RemovedByRetiming)), "2026-12-24", "2026-12-26"),
                vec!["has a meeting on 2026-12-26 19:00, which the session here skips"],
            ),
            (thursdays(), with(cancelled), vec!["has a meeting on 2026-12-24 19:00, which is cancelled here"]),
            (
                thursdays(),
                with(in_state(Existence::Deleted)),
                vec!["has a meeting on 2026-12-24 19:00, which is deleted here"],
            ),
            (
                thursdays(),
                with(moved()),
                vec![
                    "has a meeting on 2026-12-24 19:00, which is at another time here",
                    "has no meeting on 2026-12-26 19:00, when the session here meets",
                ],
            ),
            (
                ending("2027-01-07"),
                ending("2026-12-31"),
                vec!["has a meeting on 2027-01-07 19:00, but the session here ends on 2026-12-31"],
            ),
            (with(cancelled), thursdays(), vec!["has no meeting on 2026-12-24 19:00, when the session here meets"]),
            (
                thursdays(),
                Timetable { recurrence: Recurrence::default(), ..thursdays() },
                vec![&*format!("has meetings on {years} and 109 more, which no schedule of the session here gives")],
            ),
        ] {
            assert_eq!(differences(&file, &here, now), expected);
        }
    }

    /// A cause that is not known is not named.
    #[test]
    fn causes_that_are_named_are_true() {
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        let with = |instance: TimetableInstance| Timetable { instances: vec![instance], ..weekly(Weekday::Thu) };
        let at = |day: &str, hour: u32, id: Option<i64>| {
            let existing =
                ExistingInstance { occurrence: None, start: Some(time(hour)), ..instance(day, day).existing };
            TimetableInstance { id, existing, is_cancelled: false }
        };
        let never = || Timetable { recurrence: Recurrence::default(), ..weekly(Weekday::Thu) };
        let only = |instance: TimetableInstance| Timetable { instances: vec![instance], ..never() };
        let zone = |name: &str, timetable: Timetable| {
            let zone = crate::zone::ZoneData::compiled().zone(name).unwrap();
            Timetable { calendar: Calendar { zone, ..timetable.calendar.clone() }, ..timetable }
        };
        let added = "has no meeting on 2026-12-24 18:00, when the session here meets";
        let elsewhere = || at("2026-12-23", 19, Some(7));
        for (file, here, expected) in [
            // A single meeting that a person moved, with its instance and without.
            (
                only(elsewhere()),
                only(at("2026-12-24", 18, Some(7))),
                vec!["has a meeting on 2026-12-23 19:00, which is at another time here", added],
            ),
            (
                only(elsewhere()),
                never(),
                vec!["has a meeting on 2026-12-23 19:00, when the session here does not meet"],
            ),
            (
                only(elsewhere()),
                skipping(never(), "2026-12-23", "2026-12-23"),
                vec!["has a meeting on 2026-12-23 19:00, when the session here does not meet"],
            ),
            // A meeting made by hand on the date of another one.
            (
                weekly(Weekday::Thu),
                with(at("2026-12-24", 18, Some(8))),
                vec![
                    "has a meeting on 2026-12-24 19:00, in whose place the session here has another meeting of that date",
                    added,
                ],
            ),
            (
                only(elsewhere()),
                zone("America/New_York", only(elsewhere())),
                vec![
                    "has a meeting on 2026-12-23 19:00 in UTC, but the session here is in America/New_York",
                    "has no meeting on 2026-12-23 19:00 in America/New_York, when the session here meets",
                ],
            ),
        ] {
            assert_eq!(differences(&file, &here, now), expected);
        }
        // The schedules are the same, and the times are not.
        let found = differences(&weekly(Weekday::Thu), &zone("Asia/Tokyo", weekly(Weekday::Thu)), now);
        let ends: Vec<_> = found.iter().map(|text| text.split(" more").nth(1).unwrap()).collect();
        assert_eq!(
            ends,
            [" in UTC, but the session here is in Asia/Tokyo", " in Asia/Tokyo, when the session here meets"]
        );
        // Both zones have the same time.
        assert!(differences(&only(elsewhere()), &zone("Africa/Abidjan", only(elsewhere())), now).is_empty());
    }

    /// They are later than the years that are compared.
    #[test]
    fn late_differences_are_found_where_a_timetable_names_their_dates() {
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        let here = skipping(weekly(Weekday::Thu), "2036-01-01", "2036-01-04");
        let found = differences(&weekly(Weekday::Thu), &here, now);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("2036-01-03 19:00, which the session here skips"), "{found:?}");
        let calendar = Calendar { termination: Some(date("2036-01-01")), ..here.calendar };
        let found = differences(&weekly(Weekday::Thu), &Timetable { calendar, ..weekly(Weekday::Thu) }, now);
        assert!(found[0].contains("2036-01-03 19:00, 2036-01-10 19:00"), "{found:?}");
    }
}
