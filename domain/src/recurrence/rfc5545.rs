//! A recurrence in the terms of RFC 5545: RRULE values, and the series of an iCalendar export.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use super::{Calendar, Pattern, Recurrence, Schedule};
use crate::{window::local_times, zone::instant_of};

/// A schedule, or one of its positions or days, as an iCalendar component: the values of `DTSTART;TZID=<zone>:<starts>`,
/// `DTEND` and `RRULE`. Some programs skip rules with several positions, so each position has a series of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The schedule, with one position or day at most.
    pub schedule: Schedule,
    /// The scheduled local start of the first occurrence. RFC 5545 reads a local time that does not exist as this crate
    /// does.
    pub starts: NaiveDateTime,
    /// The scheduled local end of the first occurrence.
    pub ends: NaiveDateTime,
    /// The RRULE value.
    pub rrule: String,
}

impl Recurrence {
    /// The RRULE value of each schedule. A schedule that is in the list twice has one. If the calendar has a termination date, the value has an UNTIL. It is in UTC,
    /// as RFC 5545 requires for a DTSTART with a time zone. DTSTART must be an occurrence of the schedule;
    /// [`Recurrence::series`] gives one.
    pub fn rrules(&self, calendar: &Calendar) -> Vec<String> {
        let is_new =
            |(index, schedule): &(usize, &Schedule)| !self.schedules.iter().take(*index).any(|it| it == *schedule);
        self.schedules.iter().enumerate().filter(is_new).map(|(_, schedule)| rrule(schedule, calendar)).collect()
    }

    /// The schedules, with one position or day each.
    pub(crate) fn single_schedules(&self) -> HashSet<Schedule> {
        self.schedules.iter().flat_map(parts).collect()
    }

    /// The series of the schedules, each from its first occurrence dated `since` or later.
    ///
    /// A schedule has no series if it has no such occurrence. It has none either if another one covers it, because both
    /// give the same occurrences (rule 8).
    pub fn series(&self, calendar: &Calendar, since: NaiveDate) -> Vec<Series> {
        let parts: Vec<Schedule> = self.schedules.iter().flat_map(parts).collect();
        let independent = parts.iter().enumerate().filter(|(index, part)| !is_covered(&parts, *index, part));
        let series = independent.filter_map(|(_, part)| {
            let alone = Self { schedules: vec![part.clone()] };
            let first = alone.occurrences(calendar, since, NaiveDate::MAX).next()?;
            let (starts, ends) = local_times(first.date, first.start, first.end)?;
            Some(Series { schedule: part.clone(), starts, ends, rrule: rrule(part, calendar) })
        });
        series.collect()
    }
}

impl Series {
    /// The recurrence that has only this schedule.
    pub fn alone(&self) -> Recurrence {
        Recurrence { schedules: vec![self.schedule.clone()] }
    }

    /// Whether the usual calendar programs read the RRULE. Outlook does not know the fifth weekday of a month, and counts
    /// from the end only to the last one.
    pub fn is_widely_read(&self) -> bool {
        match self.schedule.pattern() {
            Pattern::Weekly { .. } => true,
            Pattern::Monthly { which, .. } => which.iter().all(|position| matches!(position, 1..=4 | -1)),
            Pattern::MonthDay { days, .. } => days.iter().all(|day| *day >= -1),
        }
    }

    /// A name for the series. It is made from the rule and the start time of the schedule. So it stays the same when
    /// other schedules change, and no other series of the session has it.
    pub fn name(&self) -> String {
        let rule = self.rrule.split(";UNTIL=").next().unwrap_or_default();
        let words = rule.trim_start_matches("FREQ=").replace([';', '=', ','], "-").to_ascii_lowercase();
        format!("{words}-{}", self.schedule.start().format("%H%M%S"))
    }
}

/// The schedule for each of its positions or days.
fn parts(schedule: &Schedule) -> Vec<Schedule> {
    let with = |pattern: Pattern| Schedule { pattern, ..schedule.clone() };
    match schedule.pattern() {
        Pattern::Weekly { .. } => vec![schedule.clone()],
        Pattern::Monthly { weekday, which, every_n_months } => {
            let (weekday, every_n_months) = (*weekday, *every_n_months);
            which
                .iter()
                .map(|position| with(Pattern::Monthly { weekday, which: vec![*position], every_n_months }))
                .collect()
        }
        Pattern::MonthDay { days, every_n_months } => {
            let every_n_months = *every_n_months;
            days.iter().map(|day| with(Pattern::MonthDay { days: vec![*day], every_n_months })).collect()
        }
    }
}

fn is_covered(all: &[Schedule], index: usize, schedule: &Schedule) -> bool {
    all.iter().enumerate().any(|(other_index, other)| {
        // If two schedules cover each other, the first one keeps its series.
        other_index != index && covers(other, schedule) && (other_index < index || !covers(schedule, other))
    })
}

/// Whether every occurrence of `other` starts together with an occurrence of `one` that ends no earlier.
fn covers(one: &Schedule, other: &Schedule) -> bool {
    let length = |schedule: &Schedule| {
        let seconds = schedule.end().signed_duration_since(schedule.start()).num_seconds();
        seconds.rem_euclid(24 * 60 * 60)
    };
    let is_alike =
        one.start() == other.start() && length(one) >= length(other) && one.months().contains_all(other.months());
    let is_in_step = || other.interval().checked_rem(one.interval()) == Some(0);
    is_alike
        && match (one.pattern(), other.pattern()) {
            (
                Pattern::Weekly { weekday, every_n_weeks: 1, .. },
                Pattern::Weekly { weekday: same, .. } | Pattern::Monthly { weekday: same, .. },
            ) => weekday == same,
            (
                Pattern::Weekly { weekday, week_start, .. },
                Pattern::Weekly { weekday: same, week_start: same_start, .. },
            ) => weekday == same && week_start == same_start && is_in_step(),
            (Pattern::Monthly { weekday, which, .. }, Pattern::Monthly { weekday: same, which: fewer, .. }) => {
                weekday == same && is_in_step() && fewer.iter().all(|position| which.contains(position))
            }
            (Pattern::MonthDay { days, .. }, Pattern::MonthDay { days: fewer, .. }) => {
                is_in_step() && fewer.iter().all(|day| days.contains(day))
            }
            _ => false,
        }
}

fn rrule(schedule: &Schedule, calendar: &Calendar) -> String {
    let frequency = match schedule.pattern() {
        Pattern::Weekly { .. } => "WEEKLY",
        Pattern::Monthly { .. } | Pattern::MonthDay { .. } => "MONTHLY",
    };
    let mut rule = format!("FREQ={frequency}");
    let mut add = |part: &str, value: String| rule.extend([";", part, "=", &value]);
    if schedule.interval() > 1 {
        add("INTERVAL", schedule.interval().to_string());
        if let Pattern::Weekly { week_start, .. } = schedule.pattern() {
            add("WKST", two_letters(*week_start).to_owned());
        }
    }
    if let Some(months) = schedule.months().limit() {
        add("BYMONTH", comma_separated(months));
    }
    match schedule.pattern() {
        Pattern::Weekly { weekday, .. } => add("BYDAY", two_letters(*weekday).to_owned()),
        Pattern::Monthly { weekday, which, .. } => {
            let day = two_letters(*weekday);
            add("BYDAY", comma_separated(which.iter().map(|position| format!("{position}{day}"))));
        }
        Pattern::MonthDay { days, .. } => add("BYMONTHDAY", comma_separated(days)),
    }
    if let Some(termination) = calendar.termination {
        // The start that the schedule has, or would have, on the last date. UNTIL is inclusive, so every earlier
        // occurrence is in the series and no later one.
        let until = instant_of(calendar.zone, termination.and_time(schedule.start()));
        add("UNTIL", until.format("%Y%m%dT%H%M%SZ").to_string());
    }
    rule
}

fn comma_separated<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

const fn two_letters(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;

    use super::*;
    use crate::{recurrence::Skips, zone::ZoneData};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn weekly(weekday: Weekday, n: i64, hours: (u32, u32)) -> Schedule {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        Schedule::weekly(weekday, n, time(hours.0), time(hours.1)).unwrap()
    }

    fn monthly(weekday: Weekday, which: &[i64], hours: (u32, u32)) -> Schedule {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        Schedule::monthly(weekday, which, time(hours.0), time(hours.1)).unwrap()
    }

    fn month_day(days: &[i64], hours: (u32, u32)) -> Schedule {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        Schedule::month_day(days, time(hours.0), time(hours.1)).unwrap()
    }

    fn calendar() -> Calendar {
        let anchor = Some(date("2025-01-01"));
        Calendar {
            zone: ZoneData::compiled().zone("America/Chicago").unwrap(),
            anchor,
            initiation: None,
            termination: None,
            skips: Skips::NONE,
        }
    }

    #[test]
    fn schedules_become_rrules() {
        let schedules = vec![
            weekly(Weekday::Thu, 1, (19, 22)),
            weekly(Weekday::Thu, 2, (19, 22)),
            monthly(Weekday::Sun, &[1, -1], (22, 1)),
        ];
        let recurrence = Recurrence::new(schedules).unwrap();
        assert_eq!(
            recurrence.rrules(&calendar()),
            ["FREQ=WEEKLY;BYDAY=TH", "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TH", "FREQ=MONTHLY;BYDAY=1SU,-1SU"]
        );
        let limited = Recurrence::new(vec![
            weekly(Weekday::Thu, 2, (19, 22)).with_week_start(Weekday::Sun).in_months(&[8, 6, 7]).unwrap(),
            monthly(Weekday::Sun, &[1, -1], (22, 1)).every_n_months(3).unwrap(),
            month_day(&[15, -1], (22, 1)).in_months(&[2]).unwrap(),
        ]);
        assert_eq!(
            limited.unwrap().rrules(&calendar()),
            [
                "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYMONTH=6,7,8;BYDAY=TH",
                "FREQ=MONTHLY;INTERVAL=3;BYDAY=1SU,-1SU",
                "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=15,-1"
            ]
        );
        let ended = Calendar { termination: Some(date("2025-03-09")), ..calendar() };
        assert_eq!(recurrence.rrules(&ended)[1], "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TH;UNTIL=20250310T000000Z");
    }

    #[test]
    fn series_begins_with_an_occurrence_and_covered_schedules_have_none() {
        let schedules = vec![
            weekly(Weekday::Thu, 2, (22, 1)),
            // The first schedule covers it.
            weekly(Weekday::Thu, 4, (22, 1)),
            monthly(Weekday::Sun, &[1, 3], (15, 18)),
            monthly(Weekday::Sun, &[3], (15, 17)),
            // It ends later than the schedules with the same start.
            monthly(Weekday::Sun, &[3], (15, 19)),
        ];
        let recurrence = Recurrence::new(schedules).unwrap();
        let series = recurrence.series(&calendar(), date("2025-02-03"));
        let found: Vec<_> = series.iter().map(|it| (it.name(), it.starts.to_string(), it.ends.to_string())).collect();
        let expected = [
            ("weekly-interval-2-wkst-mo-byday-th-220000", "2025-02-13 22:00:00", "2025-02-14 01:00:00"),
            ("monthly-byday-1su-150000", "2025-03-02 15:00:00", "2025-03-02 18:00:00"),
            // It covers the others on the third Sunday, which are shorter.
            ("monthly-byday-3su-150000", "2025-02-16 15:00:00", "2025-02-16 19:00:00"),
        ];
        assert_eq!(found, expected.map(|(name, starts, ends)| (name.to_owned(), starts.to_owned(), ends.to_owned())));
        let is_read = |which: &[i64]| {
            let recurrence = Recurrence::new(vec![monthly(Weekday::Sun, which, (15, 18))]).unwrap();
            recurrence.series(&calendar(), date("2025-02-03")).iter().map(Series::is_widely_read).collect::<Vec<_>>()
        };
        assert_eq!(is_read(&[1, -1, 4, 5, -2]), [true, true, true, false, false]);
        let ended = Calendar { termination: Some(date("2025-02-14")), ..calendar() };
        assert_eq!(recurrence.series(&ended, date("2025-02-03")).len(), 1);
        let limited = Recurrence::new(vec![
            weekly(Weekday::Mon, 1, (8, 9)).in_months(&[1, 2]).unwrap(),
            // The first schedule does not cover it, and it covers the next one.
            monthly(Weekday::Mon, &[1], (8, 9)),
            monthly(Weekday::Mon, &[1], (8, 9)).every_n_months(2).unwrap().in_months(&[3]).unwrap(),
            monthly(Weekday::Mon, &[1, 2], (8, 9)).in_months(&[2]).unwrap(),
            month_day(&[1, 2], (8, 9)),
            month_day(&[2], (8, 9)).every_n_months(3).unwrap(),
        ]);
        let kept: Vec<_> = limited.unwrap().series(&calendar(), date("2025-02-03")).iter().map(Series::name).collect();
        let expected = [
            "weekly-bymonth-1-2-byday-mo-080000",
            "monthly-byday-1mo-080000",
            "monthly-bymonthday-1-080000",
            "monthly-bymonthday-2-080000",
        ];
        assert_eq!(kept, expected);
        let twins = Recurrence::new(vec![weekly(Weekday::Mon, 1, (8, 9)); 3]).unwrap();
        assert_eq!(twins.rrules(&calendar()), ["FREQ=WEEKLY;BYDAY=MO"]);
        assert_eq!(twins.series(&calendar(), date("2025-02-03")).len(), 1);
    }
}
