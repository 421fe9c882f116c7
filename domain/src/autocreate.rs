//! Auto-creation: which occurrences get an instance now, and when the next one will (rule 10).
//!
//! An occurrence gets an instance once: not again when the one that was made from it has been moved, cancelled or
//! deleted. And a date that has as many instances as the schedules give for it gets no more: so an instance that was
//! made by hand, or moved there, stands for an occurrence.

use std::cmp::Reverse;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::{
    recurrence::{Calendar, Occurrence, OccurrenceKey, Recurrence},
    window::{Buffers, Window},
    zone::local_date,
};

/// How many hours before its start an occurrence may get its instance.
pub const HOURS_AHEAD: std::ops::RangeInclusive<i32> = 1..=168;
pub const DEFAULT_HOURS_AHEAD: i32 = 24;

/// How many days ago an occurrence may have been dated whose window is still open: its times may be a day apart, a
/// change of the clocks may add another, a buffer a third, and local dates differ by one or two.
const REACH: Days = Days::new(5);

/// An instance of the session, of whatever kind and state. Asked for are those dated from [`oldest_date`] on, and
/// those that were made from an occurrence of these dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExistingInstance {
    /// Where it is now, as local date and time.
    pub date: NaiveDate,
    pub start: Option<NaiveTime>,
    /// The occurrence that it was made from; none of one that was made by hand.
    pub occurrence: Option<OccurrenceKey>,
    pub existence: Existence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Existence {
    /// There, cancelled ones too.
    Present,
    /// Deleted by a person: its occurrence had its instance.
    Deleted,
    /// Removed by re-timing, which is no deletion in this sense (rule 11): as if it had never been.
    RemovedByRetiming,
}

/// What is to be made, and when to look again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// These get an instance now, in the order of their starts. Local times are stored as scheduled, also those that
    /// the clocks skip.
    pub create: Vec<Occurrence>,
    /// When the next occurrence will be near enough, supposing that `create` is done and nothing else changes.
    /// `None`: never.
    pub next_due: Option<DateTime<Utc>>,
}

/// The oldest date that [`plan`] looks at.
pub fn oldest_date(calendar: &Calendar, now: DateTime<Utc>) -> NaiveDate {
    local_date(calendar.zone, now).checked_sub_days(REACH).unwrap_or(NaiveDate::MIN)
}

/// Decides for one session: occurrences whose window has not closed and that start at most `hours_ahead` from now get
/// an instance. `hours_ahead` out of its range is read as the nearest allowed.
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
        let of_the_date: Vec<Occurrence> = recurrence.occurrences(calendar, date, date).collect();
        if !missing(date, &of_the_date, existing, is_open).contains(&occurrence) {
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

/// Which of a date's occurrences, of those still open, want an instance.
fn missing(
    date: NaiveDate,
    of_the_date: &[Occurrence],
    existing: &[ExistingInstance],
    is_open: impl Fn(&Occurrence) -> bool,
) -> Vec<Occurrence> {
    let there = || existing.iter().filter(|it| it.existence == Existence::Present && it.date == date);
    let room = of_the_date.len().saturating_sub(there().count());
    if room == 0 {
        return Vec::new();
    }
    let is_made = |occurrence: &Occurrence| {
        let theirs = Some(occurrence.key());
        existing.iter().any(|it| it.existence != Existence::RemovedByRetiming && it.occurrence == theirs)
    };
    // Starts of the instances there that were made from no occurrence of this date.
    let others: Vec<NaiveTime> = there()
        .filter(|it| !of_the_date.iter().any(|occurrence| it.occurrence == Some(occurrence.key())))
        .filter_map(|it| it.start)
        .collect();
    let mut missing: Vec<Occurrence> = of_the_date
        .iter()
        .filter(|occurrence| is_open(occurrence) && !is_made(occurrence) && !others.contains(&occurrence.start))
        .copied()
        .collect();
    // With less room than that, the others stand for the occurrences nearest to them.
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

    /// Saturdays from each of these hours for one hour; 14 June 2025 is one.
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

    fn existing(date: &str, hour: u32, made_from: Option<(&str, u32)>) -> ExistingInstance {
        ExistingInstance {
            date: date.parse().unwrap(),
            start: Some(time(hour)),
            occurrence: made_from.map(|(date, hour)| OccurrenceKey { date: date.parse().unwrap(), start: time(hour) }),
            existence: Existence::Present,
        }
    }

    /// What is made a day before, as 'day hour', and what is due next.
    fn made(hours: &[u32], existing: &[ExistingInstance], now: &str) -> (Vec<String>, Option<String>) {
        let plan = plan(&saturdays(hours), &CALENDAR, Buffers::default(), 24, existing, instant(now));
        let created = plan.create.iter().map(|it| format!("{} {}", it.date.format("%d"), it.start.format("%H")));
        (created.collect(), plan.next_due.map(|due| due.format("%d %H:%M").to_string()))
    }

    #[test]
    fn near_enough_and_not_over() {
        let due = |text: &str| Some(text.to_owned());
        assert_eq!(made(&[19], &[], "2025-06-13T18:59:59"), (vec![], due("13 19:00")));
        assert_eq!(made(&[19], &[], "2025-06-13T19:00:00"), (vec!["14 19".into()], due("20 19:00")));
        // Until the window closes, at 21:00.
        assert_eq!(made(&[19], &[], "2025-06-14T20:59:59"), (vec!["14 19".into()], due("20 19:00")));
        assert_eq!(made(&[19], &[], "2025-06-14T21:00:00"), (vec![], due("20 19:00")));
        assert_eq!(made(&[], &[], "2025-06-14T21:00:00"), (vec![], None));
        assert_eq!(made(&[8, 19], &[], "2025-06-13T20:00:00"), (vec!["14 08".into(), "14 19".into()], due("20 08:00")));
    }

    #[test]
    fn an_occurrence_gets_an_instance_once() {
        let own = Some(("2025-06-14", 19));
        let now = "2025-06-13T20:00:00";
        let nothing = (vec![], Some("20 19:00".to_owned()));
        assert_eq!(made(&[19], &[existing("2025-06-14", 19, own)], now), nothing);
        // Moved away, far or near.
        assert_eq!(made(&[19], &[existing("2025-08-01", 19, own)], now), nothing);
        assert_eq!(made(&[19], &[existing("2025-06-14", 11, own)], now), nothing);
        // Deleted; but removed by re-timing is as if it had never been.
        let deleted = ExistingInstance { existence: Existence::Deleted, ..existing("2025-06-14", 19, own) };
        assert_eq!(made(&[19], &[deleted], now), nothing);
        let removed = ExistingInstance { existence: Existence::RemovedByRetiming, ..deleted };
        assert_eq!(made(&[19], &[removed], now).0, ["14 19"]);
        // The other one of the day is made all the same.
        assert_eq!(made(&[8, 19], &[deleted], now).0, ["14 08"]);
    }

    #[test]
    fn a_full_date_gets_no_more() {
        let now = "2025-06-13T20:00:00";
        // By hand, at any time or none; a deleted one does not count.
        assert_eq!(made(&[19], &[existing("2025-06-14", 12, None)], now).0, [""; 0]);
        let timeless = ExistingInstance { start: None, ..existing("2025-06-14", 12, None) };
        assert_eq!(made(&[19], &[timeless], now).0, [""; 0]);
        let deleted = ExistingInstance { existence: Existence::Deleted, ..timeless };
        assert_eq!(made(&[19], &[deleted], now).0, ["14 19"]);
        // It stands for the nearest.
        assert_eq!(made(&[8, 19], &[existing("2025-06-14", 19, None)], now).0, ["14 08"]);
        assert_eq!(made(&[8, 19], &[existing("2025-06-14", 9, None)], now).0, ["14 19"]);
        assert_eq!(made(&[8, 19], &[existing("2025-06-14", 9, None), timeless], now).0, [""; 0]);
        // What is over needs no room.
        assert_eq!(made(&[8, 19], &[existing("2025-06-14", 18, None)], "2025-06-14T12:00:00").0, ["14 19"]);
        // The next one due is the next that is missing.
        let weeks = [existing("2025-06-21", 19, None), existing("2025-06-28", 10, None)];
        assert_eq!(made(&[19], &weeks, now), (vec!["14 19".into()], Some("04 19:00".into())));
    }
}
