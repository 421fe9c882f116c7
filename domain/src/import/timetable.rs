//! Compares when a file says that a session meets with when the session will meet after the import.
//!
//! A *timetable* is everything that decides when a session meets: its recurrence, its skips and its instances. People change the
//! session between two imports, and what they changed stays. So the meetings may differ, and the report says where.

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
}

/// The meetings that take place, by their start. A meeting whose times are not known starts with its date.
type AllHeld = BTreeMap<(DateTime<Utc>, bool), Held>;

/// Why a meeting does not take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Absence {
    Skipped,
    Cancelled,
    Deleted,
    Moved,
    BeforeTheFirstDate(NaiveDate),
    AfterTheLastDate(NaiveDate),
    NotInTheRecurrence,
}

impl Absence {
    fn text(self) -> String {
        match self {
            Self::Skipped => "somebody skipped here".to_owned(),
            Self::Cancelled => "somebody cancelled here".to_owned(),
            Self::Deleted => "somebody deleted here".to_owned(),
            Self::Moved => "somebody moved here".to_owned(),
            Self::BeforeTheFirstDate(date) => format!("the session here leaves out: it begins on {date}"),
            Self::AfterTheLastDate(date) => format!("the session here leaves out: it ends on {date}"),
            Self::NotInTheRecurrence => "the schedules of the session here do not have".to_owned(),
        }
    }
}

impl ImportedSession {
    /// When the file says that the session meets. `None` if the recurrence cannot be read.
    pub fn timetable(&self, zone: Zone) -> Option<Timetable> {
        let instances = self.meetings.iter().map(|meeting| TimetableInstance {
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
    for (start, held) in &of_file {
        if !of_session.contains_key(start) {
            missing.entry(here.absence(held)).or_default().push(held);
        }
    }
    let missing = missing.into_iter().map(|(absence, held)| {
        let (meetings, does) = if held.len() == 1 { ("a meeting", "it does") } else { ("meetings", "they do") };
        format!("has {meetings} on {}, which {}, so {does} not take place", named(&held), absence.text())
    });
    let added: Vec<_> =
        of_session.iter().filter(|(start, _)| !of_file.contains_key(start)).map(|(_, held)| held).collect();
    let added =
        (!added.is_empty()).then(|| format!("has no meeting on {}, when the session here meets", named(&added)));
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
            let held = Held { date: it.date, start: Some(it.start), occurrence: Some(it.key()) };
            ((it.meeting.starts_at(), true), held)
        });
        let made = instances.iter().filter(|it| self.takes_place(it)).map(|it| {
            let ExistingInstance { date, start, occurrence, .. } = it.existing;
            let at = self.starts_at(&it.existing);
            ((at, start.is_some()), Held { date, start, occurrence })
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

    /// Why this session does not have a meeting that takes place elsewhere.
    fn absence(&self, held: &Held) -> Absence {
        let is_it = |it: &&TimetableInstance| {
            let same_occurrence = held.occurrence.is_some() && it.existing.occurrence == held.occurrence;
            same_occurrence || (it.existing.date, it.existing.start) == (held.date, held.start)
        };
        let found = self.instances.iter().find(is_it).map(|it| (it.existing.existence, it.is_cancelled));
        let Calendar { initiation, termination, skips, .. } = &self.calendar;
        let of = held.occurrence.map_or(held.date, |occurrence| occurrence.date);
        match (found, *initiation, *termination) {
            (Some((Existence::Deleted, _)), ..) => Absence::Deleted,
            (Some((Existence::Present, true)), ..) => Absence::Cancelled,
            (_, _, Some(last)) if last < of.max(held.date) => Absence::AfterTheLastDate(last),
            (_, Some(first), _) if of < first => Absence::BeforeTheFirstDate(first),
            (Some((Existence::Present, false)), ..) => Absence::Moved,
            _ if skips.contains(of) => Absence::Skipped,
            _ => Absence::NotInTheRecurrence,
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
        TimetableInstance { existing, is_cancelled: false }
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
                vec![
                    "has meetings on 2026-12-24 19:00 and 2026-12-31 19:00, which somebody skipped here, so they do not take place",
                ],
            ),
            // A meeting that the file moved, and a skip of both dates.
            (
                with(moved()),
                skipping(with(in_state(Existence::RemovedByRetiming)), "2026-12-24", "2026-12-26"),
                vec!["has a meeting on 2026-12-26 19:00, which somebody skipped here, so it does not take place"],
            ),
            (
                thursdays(),
                with(cancelled),
                vec!["has a meeting on 2026-12-24 19:00, which somebody cancelled here, so it does not take place"],
            ),
            (
                thursdays(),
                with(in_state(Existence::Deleted)),
                vec!["has a meeting on 2026-12-24 19:00, which somebody deleted here, so it does not take place"],
            ),
            (
                thursdays(),
                with(moved()),
                vec![
                    "has a meeting on 2026-12-24 19:00, which somebody moved here, so it does not take place",
                    "has no meeting on 2026-12-26 19:00, when the session here meets",
                ],
            ),
            (
                ending("2027-01-07"),
                ending("2026-12-31"),
                vec![
                    "has a meeting on 2027-01-07 19:00, which the session here leaves out: it ends on 2026-12-31, so it does not take place",
                ],
            ),
            (with(cancelled), thursdays(), vec!["has no meeting on 2026-12-24 19:00, when the session here meets"]),
            (
                thursdays(),
                Timetable { recurrence: Recurrence::default(), ..thursdays() },
                vec![&*format!(
                    "has meetings on {years} and 109 more, which the schedules of the session here do not have, so they do not take place"
                )],
            ),
        ] {
            assert_eq!(differences(&file, &here, now), expected);
        }
    }

    /// They are later than the years that are compared.
    #[test]
    fn late_differences_are_found_where_a_timetable_names_their_dates() {
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        let here = skipping(weekly(Weekday::Thu), "2036-01-01", "2036-01-04");
        let found = differences(&weekly(Weekday::Thu), &here, now);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("2036-01-03 19:00, which somebody skipped"), "{found:?}");
        let calendar = Calendar { termination: Some(date("2036-01-01")), ..here.calendar };
        let found = differences(&weekly(Weekday::Thu), &Timetable { calendar, ..weekly(Weekday::Thu) }, now);
        assert!(found[0].contains("2036-01-03 19:00, 2036-01-10 19:00"), "{found:?}");
    }
}
