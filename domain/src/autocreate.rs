//! Auto-creation: which occurrences get an instance now, and when the next one is due (rule 10 of ARCHITECTURE.md).
//!
//! An *occurrence* is a meeting that the recurrence calls for. An *instance* is the stored meeting.
//!
//! Two invariants hold:
//!
//! - An occurrence gets an instance once. It gets no second one when its instance was moved, cancelled or deleted.
//! - A date gets no more instances than it has occurrences: [`matching`](crate::matching) says which of them already have
//!   one.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::{
    matching::{ExistingInstance, Matcher},
    recurrence::{Calendar, Occurrence, Recurrence},
    window::{Buffers, MAX_DAYS_OPEN, Window},
    zone::local_date,
};

/// The allowed values of the setting that says how many hours before its start an occurrence gets its instance.
pub const HOURS_AHEAD: std::ops::RangeInclusive<i32> = 1..=168;

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
    local_date(calendar.zone, now).checked_sub_days(MAX_DAYS_OPEN).unwrap_or(NaiveDate::MIN)
}

/// Plans the instances of one session (rule 10). An occurrence gets an instance if its window has not closed and it
/// starts at most `hours_ahead` hours after `now`. A value of `hours_ahead` outside [`HOURS_AHEAD`] counts as the
/// nearest allowed value.
///
/// `existing` are all instances that are dated at most [`MAX_DAYS_OPEN`] days ago, and all that were created from an
/// occurrence on such a date, including cancelled, removed and deleted ones.
pub fn plan(
    recurrence: &Recurrence,
    calendar: &Calendar,
    buffers: Buffers,
    hours_ahead: i32,
    existing: &[ExistingInstance],
    now: DateTime<Utc>,
) -> Plan {
    let ahead = TimeDelta::hours(hours_ahead.clamp(*HOURS_AHEAD.start(), *HOURS_AHEAD.end()).into());
    let matcher = Matcher::new(existing.iter().copied());
    let mut plan = Plan::default();
    // An occurrence whose window has closed needs no instance.
    let is_open = |occurrence: &Occurrence| now < Window::around(occurrence.meeting, buffers).closes();
    for occurrence in recurrence.occurrences(calendar, oldest_date(calendar, now), NaiveDate::MAX).filter(is_open) {
        let date = occurrence.date;
        let same_date: Vec<Occurrence> = recurrence.occurrences(calendar, date, date).collect();
        let standing = matcher.stand_for(date, &same_date, is_open);
        let is_missing = same_date.iter().zip(standing).any(|(it, instance)| *it == occurrence && instance.is_none());
        if !is_missing {
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

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;

    use super::*;
    use crate::{
        matching::Existence,
        recurrence::{OccurrenceKey, SkippedDates, Skips},
        zone::Zone,
    };

    fn calendar() -> Calendar {
        Calendar { zone: Zone::utc(), anchor: None, initiation: None, termination: None, skips: Skips::NONE }
    }

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
        let plan = plan(&saturdays(hours), &calendar(), Buffers::default(), 24, existing, instant(now));
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

    #[test]
    fn skipped_dates_get_no_instance() {
        let day = |text: &str| text.parse().unwrap();
        let skips = Skips::new([SkippedDates::new(day("2025-06-10"), day("2025-06-21")).unwrap()]);
        let calendar = Calendar { skips, ..calendar() };
        let plan = plan(&saturdays(&[19]), &calendar, Buffers::default(), 24, &[], instant("2025-06-14T18:30:00"));
        assert_eq!(plan, Plan { create: vec![], next_due: Some(instant("2025-06-27T19:00:00")) });
    }
}
