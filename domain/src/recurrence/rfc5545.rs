//! A recurrence in the words of RFC 5545: RRULE values, and the series of an iCalendar export.

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use super::{Calendar, Occurrence, Recurrence, Schedule};
use crate::zone::instant_of;

/// One schedule as an iCalendar component has it: `DTSTART;TZID=<zone>:<starts>`, `DTEND`, `RRULE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The place of the schedule in the recurrence, from 0.
    pub schedule: usize,
    /// Local time of the first occurrence, as scheduled: inside a gap RFC 5545 reads it as this crate does.
    pub starts: NaiveDateTime,
    /// Local time of the first occurrence's end.
    pub ends: NaiveDateTime,
    /// The RRULE value.
    pub rrule: String,
}

impl Recurrence {
    /// RRULE values, one a schedule. UNTIL, where the series has an end, is in UTC, as RFC 5545 asks for a DTSTART with
    /// a time zone. DTSTART must be an occurrence of the schedule: see [`Recurrence::series`].
    pub fn rrules(&self, calendar: &Calendar) -> Vec<String> {
        self.schedules.iter().map(|schedule| rrule(schedule, calendar)).collect()
    }

    /// The series of each schedule from its first occurrence dated `since` or later. A schedule that never meets from
    /// then on has none, nor has one all of whose meetings start with those of another that ends no earlier: they are
    /// the same occurrences (rule 8).
    pub fn series(&self, calendar: &Calendar, since: NaiveDate) -> Vec<Series> {
        let schedules = self.schedules.iter().enumerate();
        let independent = schedules.filter(|(index, schedule)| !self.is_covered(*index, schedule));
        let series = independent.filter_map(|(index, schedule)| {
            let alone = Self { schedules: vec![schedule.clone()] };
            let first = alone.occurrences(calendar, since, NaiveDate::MAX).next()?;
            let (starts, ends) = local_times(&first)?;
            Some(Series { schedule: index, starts, ends, rrule: rrule(schedule, calendar) })
        });
        series.collect()
    }

    fn is_covered(&self, index: usize, schedule: &Schedule) -> bool {
        self.schedules.iter().enumerate().any(|(other_index, other)| {
            // Of two that cover each other, the first stays.
            other_index != index && covers(other, schedule) && (other_index < index || !covers(schedule, other))
        })
    }
}

/// Does `one` meet whenever `other` does, at the same time of day, ending no earlier?
fn covers(one: &Schedule, other: &Schedule) -> bool {
    let length = |schedule: &Schedule| {
        let seconds = schedule.end().signed_duration_since(schedule.start()).num_seconds();
        seconds.rem_euclid(24 * 60 * 60)
    };
    let is_alike = one.weekday() == other.weekday() && one.start() == other.start() && length(one) >= length(other);
    is_alike
        && match (one, other) {
            (Schedule::Weekly { every_n_weeks: 1, .. }, _) => true,
            (Schedule::Weekly { every_n_weeks: n, .. }, Schedule::Weekly { every_n_weeks: m, .. }) => {
                m.checked_rem(*n) == Some(0)
            }
            (Schedule::Monthly { which, .. }, Schedule::Monthly { which: fewer, .. }) => {
                fewer.iter().all(|position| which.contains(position))
            }
            _ => false,
        }
}

fn local_times(occurrence: &Occurrence) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let Occurrence { date, start, end, .. } = *occurrence;
    let end_date = if end < start { date.succ_opt()? } else { date };
    Some((date.and_time(start), end_date.and_time(end)))
}

fn rrule(schedule: &Schedule, calendar: &Calendar) -> String {
    let day = two_letters(schedule.weekday());
    let mut rule = match schedule {
        Schedule::Weekly { every_n_weeks: 0 | 1, .. } => format!("FREQ=WEEKLY;BYDAY={day}"),
        Schedule::Weekly { every_n_weeks, .. } => format!("FREQ=WEEKLY;INTERVAL={every_n_weeks};WKST=MO;BYDAY={day}"),
        Schedule::Monthly { which, .. } => {
            let days: Vec<String> = which.iter().map(|position| format!("{position}{day}")).collect();
            format!("FREQ=MONTHLY;BYDAY={}", days.join(","))
        }
    };
    if let Some(termination) = calendar.termination {
        // The start that the schedule has, or would have, on the last day: no later one is in, none before is out.
        let until = instant_of(calendar.zone, termination.and_time(schedule.start()));
        rule += &until.format(";UNTIL=%Y%m%dT%H%M%SZ").to_string();
    }
    rule
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
    use crate::zone::Tz;

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

    fn calendar() -> Calendar {
        let anchor = Some(date("2025-01-01"));
        Calendar { zone: Tz::America__Chicago, anchor, initiation: None, termination: None }
    }

    #[test]
    fn rules() {
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
        let ended = Calendar { termination: Some(date("2025-03-09")), ..calendar() };
        assert_eq!(recurrence.rrules(&ended)[1], "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TH;UNTIL=20250310T000000Z");
    }

    #[test]
    fn series_begin_with_an_occurrence() {
        let schedules = vec![
            weekly(Weekday::Thu, 2, (22, 1)),
            // In the first one, and not longer.
            weekly(Weekday::Thu, 4, (22, 1)),
            monthly(Weekday::Sun, &[1, 3], (15, 18)),
            monthly(Weekday::Sun, &[3], (15, 17)),
            // Longer: stays.
            monthly(Weekday::Sun, &[3], (15, 19)),
        ];
        let recurrence = Recurrence::new(schedules).unwrap();
        let series = recurrence.series(&calendar(), date("2025-02-03"));
        let told: Vec<_> = series.iter().map(|it| (it.schedule, it.starts.to_string(), it.ends.to_string())).collect();
        let expected = [
            (0, "2025-02-13 22:00:00", "2025-02-14 01:00:00"),
            (2, "2025-02-16 15:00:00", "2025-02-16 18:00:00"),
            (4, "2025-02-16 15:00:00", "2025-02-16 19:00:00"),
        ];
        assert_eq!(told, expected.map(|(schedule, starts, ends)| (schedule, starts.to_owned(), ends.to_owned())));
        let ended = Calendar { termination: Some(date("2025-02-14")), ..calendar() };
        assert_eq!(recurrence.series(&ended, date("2025-02-03")).len(), 1);
        let twins = Recurrence::new(vec![weekly(Weekday::Mon, 1, (8, 9)); 3]).unwrap();
        assert_eq!(twins.series(&calendar(), date("2025-02-03")).len(), 1);
    }
}
