//! Auto-creation: which occurrences get an instance now, and when the next one is due (rule 10 of ARCHITECTURE.md).
//!
//! An *occurrence* is a meeting that the recurrence calls for. An *instance* is the stored meeting.
//!
//! Two invariants hold:
//!
//! - An occurrence gets an instance once. It gets no second one when its instance was moved, cancelled or deleted.
//! - A date gets no more instances than it has occurrences. An instance that was created by hand on that date, or moved
//!   to it, therefore counts as the instance of one of them.

use std::cmp::Reverse;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::{
    recurrence::{Calendar, Occurrence, OccurrenceKey, Recurrence},
    window::{Buffers, Window},
    zone::local_date,
};

/// The allowed values of the setting that says how many hours before its start an occurrence gets its instance.
pub const HOURS_AHEAD: std::ops::RangeInclusive<i32> = 1..=168;

/// The window of an occurrence that is dated at most this many days ago may still be open. The end may be one day after
/// the start, a clock change may add a day, the buffer may add a day, and local dates differ by up to two days.
pub const LOOKBACK: Days = Days::new(5);

/// An instance of the session. The caller passes all instances that are dated at most [`LOOKBACK`] days ago, and all
/// that were created from an occurrence on such a date, including cancelled, removed and deleted ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExistingInstance {
    /// The current local date; `start` is the current local time.
    pub date: NaiveDate,
    pub start: Option<NaiveTime>,
    /// The occurrence from which it was created. `None` for instances that were created by hand.
    pub occurrence: Option<OccurrenceKey>,
    pub existence: Existence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Existence {
    /// Not deleted. It may be cancelled.
    Present,
    /// Deleted by a person. Its occurrence gets no other instance.
    Deleted,
    /// Removed by re-timing (rule 11). Auto-creation ignores it, so its occurrence may get a new instance.
    RemovedByRetiming,
}

/// The instances to create, and the instant at which to plan again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The occurrences that get an instance now, ordered by start. The instance stores the scheduled local times, even
    /// times that do not exist because of a clock change.
    pub create: Vec<Occurrence>,
    /// The instant at which the next occurrence is due, if the caller creates `create` and nothing else changes. `None`
    /// if there is no further occurrence.
    pub next_due: Option<DateTime<Utc>>,
}

/// The oldest local date that [`plan`] considers.
fn oldest_date(calendar: &Calendar, now: DateTime<Utc>) -> NaiveDate {
    local_date(calendar.zone, now).checked_sub_days(LOOKBACK).unwrap_or(NaiveDate::MIN)
}

/// Plans the instances of one session (rule 10). An occurrence gets an instance if its window has not closed and it
/// starts at most `hours_ahead` hours after `now`. A value of `hours_ahead` outside [`HOURS_AHEAD`] counts as the
/// nearest allowed value.
pub fn plan(
    recurrence: &Recurrence,
    calendar: &Calendar,
    buffers: Buffers,
    hours_ahead: i32,
    existing: &[ExistingInstance],
    now: DateTime<Utc>,
) -> Plan {
    let ahead = TimeDelta::hours(hours_ahead.clamp(*HOURS_AHEAD.start(), *HOURS_AHEAD.end()).into());
    let mut plan = Plan::default();
    let is_open = |occurrence: &Occurrence| now < Window::around(occurrence.meeting, buffers).closes();
    for occurrence in recurrence.occurrences(calendar, oldest_date(calendar, now), NaiveDate::MAX).filter(is_open) {
        let date = occurrence.date;
        let same_date: Vec<Occurrence> = recurrence.occurrences(calendar, date, date).collect();
        if !missing(date, &same_date, existing, is_open).contains(&occurrence) {
            continue;
        }
        let starts_at = occurrence.meeting.starts_at();
        if starts_at.signed_duration_since(now) <= ahead {
            plan.create.push(occurrence);
        } else {
            plan.next_due = starts_at.checked_sub_signed(ahead);
            break;
        }
    }
    plan
}

/// The open occurrences of one date that have no instance yet. `same_date` are all occurrences of the date.
fn missing(
    date: NaiveDate,
    same_date: &[Occurrence],
    existing: &[ExistingInstance],
    is_open: impl Fn(&Occurrence) -> bool,
) -> Vec<Occurrence> {
    let present = || existing.iter().filter(|it| it.existence == Existence::Present && it.date == date);
    let room = same_date.len().saturating_sub(present().count());
    if room == 0 {
        return Vec::new();
    }
    let has_instance = |occurrence: &Occurrence| {
        let key = Some(occurrence.key());
        existing.iter().any(|it| it.existence != Existence::RemovedByRetiming && it.occurrence == key)
    };
    // Start times of the instances that were not created from an occurrence of this date.
    let others: Vec<NaiveTime> = present()
        .filter(|it| !same_date.iter().any(|occurrence| it.occurrence == Some(occurrence.key())))
        .filter_map(|it| it.start)
        .collect();
    let mut missing: Vec<Occurrence> = same_date
        .iter()
        .filter(|occurrence| is_open(occurrence) && !has_instance(occurrence) && !others.contains(&occurrence.start))
        .copied()
        .collect();
    // If there is not room for all, each other instance counts as the instance of the occurrence nearest to it.
    while missing.len() > room {
        let distance = |occurrence: &Occurrence| {
            let seconds = |other: &NaiveTime| occurrence.start.signed_duration_since(*other).num_seconds().abs();
            others.iter().map(seconds).min().unwrap_or(i64::MAX)
        };
        let nearest = missing.iter().enumerate().min_by_key(|(index, it)| (distance(it), Reverse(*index)));
        let Some((index, _)) = nearest else { break };
        missing.remove(index);
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Tz;

    const CALENDAR: Calendar = Calendar { zone: Tz::UTC, anchor: None, initiation: None, termination: None };

    fn instant(text: &str) -> DateTime<Utc> {
        format!("{text}Z").parse().unwrap()
    }

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    /// Meets on Saturdays at each of these hours, for one hour. 14 June 2025 is a Saturday.
    fn saturdays(hours: &[u32]) -> Recurrence {
        let schedule = |hour: &u32| {
            format!(
                r#"{{"type":"weekly","weekday":"saturday","start_time":"{hour:02}:00","end_time":"{:02}:00"}}"#,
                hour + 1
            )
        };
        let schedules: Vec<String> = hours.iter().map(schedule).collect();
        Recurrence::from_json(&format!("[{}]", schedules.join(","))).unwrap()
    }

    fn existing(date: &str, hour: u32, created_from: Option<(&str, u32)>) -> ExistingInstance {
        ExistingInstance {
            date: date.parse().unwrap(),
            start: Some(time(hour)),
            occurrence: created_from
                .map(|(date, hour)| OccurrenceKey { date: date.parse().unwrap(), start: time(hour) }),
            existence: Existence::Present,
        }
    }

    /// The plan with 24 hours ahead: the created occurrences as 'day hour', and the next due instant.
    fn planned(hours: &[u32], existing: &[ExistingInstance], now: &str) -> (Vec<String>, Option<String>) {
        let plan = plan(&saturdays(hours), &CALENDAR, Buffers::default(), 24, existing, instant(now));
        let created = plan.create.iter().map(|it| format!("{} {}", it.date.format("%d"), it.start.format("%H")));
        (created.collect(), plan.next_due.map(|due| due.format("%d %H:%M").to_string()))
    }

    #[test]
    fn occurrence_gets_an_instance_from_hours_ahead_until_its_window_closes() {
        let due = |text: &str| Some(text.to_owned());
        assert_eq!(planned(&[19], &[], "2025-06-13T18:59:59"), (vec![], due("13 19:00")));
        assert_eq!(planned(&[19], &[], "2025-06-13T19:00:00"), (vec!["14 19".into()], due("20 19:00")));
        // The window closes at 21:00.
        assert_eq!(planned(&[19], &[], "2025-06-14T20:59:59"), (vec!["14 19".into()], due("20 19:00")));
        assert_eq!(planned(&[19], &[], "2025-06-14T21:00:00"), (vec![], due("20 19:00")));
        assert_eq!(planned(&[], &[], "2025-06-14T21:00:00"), (vec![], None));
        assert_eq!(
            planned(&[8, 19], &[], "2025-06-13T20:00:00"),
            (vec!["14 08".into(), "14 19".into()], due("20 08:00"))
        );
    }

    #[test]
    fn occurrence_gets_an_instance_only_once() {
        let own = Some(("2025-06-14", 19));
        let now = "2025-06-13T20:00:00";
        let nothing = (vec![], Some("20 19:00".to_owned()));
        assert_eq!(planned(&[19], &[existing("2025-06-14", 19, own)], now), nothing);
        // Moved to another date, or to another time of the same date.
        assert_eq!(planned(&[19], &[existing("2025-08-01", 19, own)], now), nothing);
        assert_eq!(planned(&[19], &[existing("2025-06-14", 11, own)], now), nothing);
        // Deleted by a person: no new instance. Removed by re-timing: a new instance.
        let deleted = ExistingInstance { existence: Existence::Deleted, ..existing("2025-06-14", 19, own) };
        assert_eq!(planned(&[19], &[deleted], now), nothing);
        let removed = ExistingInstance { existence: Existence::RemovedByRetiming, ..deleted };
        assert_eq!(planned(&[19], &[removed], now).0, ["14 19"]);
        // A second occurrence of the same date still gets its instance.
        assert_eq!(planned(&[8, 19], &[deleted], now).0, ["14 08"]);
    }

    #[test]
    fn date_gets_no_more_instances_than_occurrences() {
        let now = "2025-06-13T20:00:00";
        // An instance that was created by hand counts, with or without a time. A deleted one does not.
        assert_eq!(planned(&[19], &[existing("2025-06-14", 12, None)], now).0, [""; 0]);
        let timeless = ExistingInstance { start: None, ..existing("2025-06-14", 12, None) };
        assert_eq!(planned(&[19], &[timeless], now).0, [""; 0]);
        let deleted = ExistingInstance { existence: Existence::Deleted, ..timeless };
        assert_eq!(planned(&[19], &[deleted], now).0, ["14 19"]);
        // It counts as the instance of the nearest occurrence.
        assert_eq!(planned(&[8, 19], &[existing("2025-06-14", 19, None)], now).0, ["14 08"]);
        assert_eq!(planned(&[8, 19], &[existing("2025-06-14", 9, None)], now).0, ["14 19"]);
        assert_eq!(planned(&[8, 19], &[existing("2025-06-14", 9, None), timeless], now).0, [""; 0]);
        // An occurrence whose window has closed needs no instance.
        assert_eq!(planned(&[8, 19], &[existing("2025-06-14", 18, None)], "2025-06-14T12:00:00").0, ["14 19"]);
        // Dates that already have an instance are skipped.
        let weeks = [existing("2025-06-21", 19, None), existing("2025-06-28", 10, None)];
        assert_eq!(planned(&[19], &weeks, now), (vec!["14 19".into()], Some("04 19:00".into())));
    }
}
