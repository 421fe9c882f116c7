//! Naive implementations of the rules, written independently of the crate. They try every day, every half hour and
//! every schedule.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use insession_domain::{
    recurrence::{Calendar, Pattern, Schedule},
    zone::Zone,
};

/// The local time that clocks show at an instant. The offset at an instant is never ambiguous.
pub fn shown(zone: Zone, at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + zone.offset(at)
}

/// The first instant at which clocks show `local`. If there is none, the offset just before the gap is used.
pub fn instant_of(zone: Zone, local: NaiveDateTime) -> DateTime<Utc> {
    let utc = local.and_utc();
    // Every offset is within 16 hours of UTC. Two clock changes are more than half an hour apart.
    let probes = || (-34..=34).map(|half_hours| utc + TimeDelta::minutes(30 * half_hours));
    let readings = probes().filter_map(|probe| {
        let offset = zone.offset(probe);
        let reading = utc - TimeDelta::seconds(offset.local_minus_utc().into());
        (shown(zone, reading) == local).then_some(reading)
    });
    readings.min().unwrap_or_else(|| {
        let before = probes().rfind(|probe| shown(zone, *probe) < local).unwrap();
        let offset = shown(zone, before) - before.naive_utc();
        utc - offset
    })
}

/// The start and the end of a meeting as instants.
pub fn meeting(zone: Zone, date: NaiveDate, start: NaiveTime, end: NaiveTime) -> (DateTime<Utc>, DateTime<Utc>) {
    let end_date = if end < start { date + TimeDelta::days(1) } else { date };
    let (starts, ends) = (date.and_time(start), end_date.and_time(end));
    let starts_at = instant_of(zone, starts);
    let ends_at = instant_of(zone, ends);
    (starts_at, if ends_at > starts_at { ends_at } else { starts_at + (ends - starts) })
}

/// Whether the schedule meets on the date.
pub fn meets(schedule: &Schedule, calendar: &Calendar, date: NaiveDate) -> bool {
    if calendar.initiation.is_some_and(|first| date < first) || calendar.termination.is_some_and(|last| last < date) {
        return false;
    }
    if calendar.skips.contains(date) || !schedule.months().contains(date.month()) {
        return false;
    }
    let anchor = calendar.anchor.unwrap();
    // Whether the months from the anchor to the date are a multiple of the interval.
    let is_in_step = |n: u32| {
        let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month());
        n == 1 || anchor <= date && (months(date) - months(anchor)) % i64::from(n) == 0
    };
    let is_in_month = |day: &NaiveDate| (day.year(), day.month()) == (date.year(), date.month());
    match schedule.pattern() {
        Pattern::Weekly { weekday, every_n_weeks: 1, .. } => date.weekday() == *weekday,
        Pattern::Weekly { weekday, every_n_weeks, week_start } => {
            let first_day = |date: NaiveDate| {
                date - TimeDelta::days((0..7).find(|n| (date - TimeDelta::days(*n)).weekday() == *week_start).unwrap())
            };
            let weeks = (first_day(date) - first_day(anchor)).num_days() / 7;
            date.weekday() == *weekday && anchor <= date && weeks % i64::from(*every_n_weeks) == 0
        }
        Pattern::Monthly { weekday, which, every_n_months } => {
            // Count the same weekdays of the month up to the date, and from the date on.
            let week = |n: i64| date + TimeDelta::weeks(n);
            let up_to = (0..5i64).take_while(|n| is_in_month(&week(-n))).count();
            let on_from = (0..5i64).take_while(|n| is_in_month(&week(*n))).count();
            let is_at = |w: &i8| usize::try_from(*w).map_or(usize::from(w.unsigned_abs()) == on_from, |w| w == up_to);
            date.weekday() == *weekday && is_in_step(*every_n_months) && which.iter().any(is_at)
        }
        Pattern::MonthDay { days, every_n_months } => {
            let on_from = date.iter_days().take_while(is_in_month).count();
            let day = usize::try_from(date.day()).unwrap();
            let is_on = |d: &i8| usize::try_from(*d).map_or(usize::from(d.unsigned_abs()) == on_from, |d| d == day);
            is_in_step(*every_n_months) && days.iter().any(is_on)
        }
    }
}

/// The start instants of the occurrences dated in the range, each with the latest end.
pub fn occurrences(
    schedules: &[Schedule],
    calendar: &Calendar,
    (from, to): (NaiveDate, NaiveDate),
) -> BTreeMap<DateTime<Utc>, DateTime<Utc>> {
    let mut found = BTreeMap::new();
    for date in from.iter_days().take_while(|date| *date <= to) {
        for schedule in schedules.iter().filter(|schedule| meets(schedule, calendar, date)) {
            let (starts_at, ends_at) = meeting(calendar.zone, date, schedule.start(), schedule.end());
            let end = found.entry(starts_at).or_insert(ends_at);
            *end = ends_at.max(*end);
        }
    }
    found
}
