//! A recurrence as English text for users (rule 9 of ARCHITECTURE.md).

use chrono::{NaiveTime, Timelike, Weekday};

use super::{Recurrence, Schedule};

impl Recurrence {
    /// The text of the recurrence, such as 'Tuesdays from 7:00pm-10:00pm and Every other Sunday from 3:00pm-6:00pm'.
    pub fn text(&self) -> String {
        let schedules: Vec<String> = self.schedules.iter().map(schedule_text).collect();
        match schedules.as_slice() {
            [] => "No regular schedule".into(),
            [only] => only.clone(),
            [one, other] => format!("{one} and {other}"),
            [rest @ .., last] => format!("{}, and {last}", rest.join(", ")),
        }
    }
}

/// The English name of the weekday, with a capital letter.
pub(super) const fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

fn schedule_text(schedule: &Schedule) -> String {
    let weekday = weekday_name(schedule.weekday());
    let days = match schedule {
        Schedule::Weekly { every_n_weeks: 0 | 1, .. } => format!("{weekday}s"),
        Schedule::Weekly { every_n_weeks: 2, .. } => format!("Every other {weekday}"),
        Schedule::Weekly { every_n_weeks, .. } => format!("Every {every_n_weeks} weeks on {weekday}"),
        Schedule::Monthly { which, .. } => format!("{} {weekday}s of the month", positions_text(which)),
    };
    format!("{days} from {}-{}", time_text(schedule.start()), time_text(schedule.end()))
}

/// Such as 'First, second and last', in the order in which they come in the month.
fn positions_text(which: &[i8]) -> String {
    let mut positions = which.to_vec();
    positions.sort_by_key(|position| (*position < 0, *position));
    positions.dedup();
    let words: Vec<&str> = positions.into_iter().map(position_text).collect();
    let text = match words.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        words => words.concat(),
    };
    // All words are ASCII, so the first character is one byte long.
    let (initial, rest) = text.split_at_checked(1).unwrap_or_default();
    initial.to_ascii_uppercase() + rest
}

const fn position_text(position: i8) -> &'static str {
    match position {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        5 => "fifth",
        -1 => "last",
        -2 => "second-to-last",
        -3 => "third-to-last",
        -4 => "fourth-to-last",
        _ => "fifth-to-last",
    }
}

/// Such as '7:00pm'. Seconds are only shown if they are not 0.
fn time_text(time: NaiveTime) -> String {
    time.format(if time.second() == 0 { "%-I:%M%P" } else { "%-I:%M:%S%P" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrence_becomes_english_text() {
        let time = |h, m, s| NaiveTime::from_hms_opt(h, m, s).unwrap();
        let (start, end) = (time(19, 0, 0), time(22, 30, 0));
        let weekly = |weekday, n| Schedule::weekly(weekday, n, start, end).unwrap();
        let monthly = |which: &[i64]| Schedule::monthly(Weekday::Sun, which, start, end).unwrap();
        let odd = Schedule::weekly(Weekday::Sat, 1, time(12, 0, 0), time(0, 5, 9)).unwrap();
        for (schedules, words) in [
            (vec![], "No regular schedule"),
            (vec![weekly(Weekday::Thu, 1)], "Thursdays from 7:00pm-10:30pm"),
            (vec![weekly(Weekday::Thu, 2)], "Every other Thursday from 7:00pm-10:30pm"),
            (vec![weekly(Weekday::Thu, 3)], "Every 3 weeks on Thursday from 7:00pm-10:30pm"),
            (vec![odd.clone()], "Saturdays from 12:00pm-12:05:09am"),
            (vec![monthly(&[3, 1])], "First and third Sundays of the month from 7:00pm-10:30pm"),
            (vec![monthly(&[-1, 2, 1])], "First, second and last Sundays of the month from 7:00pm-10:30pm"),
            (vec![monthly(&[-1, -2])], "Second-to-last and last Sundays of the month from 7:00pm-10:30pm"),
            (
                vec![weekly(Weekday::Tue, 1), odd.clone()],
                "Tuesdays from 7:00pm-10:30pm and Saturdays from 12:00pm-12:05:09am",
            ),
            (
                vec![weekly(Weekday::Mon, 1), weekly(Weekday::Wed, 2), monthly(&[5])],
                "Mondays from 7:00pm-10:30pm, Every other Wednesday from 7:00pm-10:30pm, \
                 and Fifth Sundays of the month from 7:00pm-10:30pm",
            ),
        ] {
            assert_eq!(Recurrence::new(schedules).unwrap().text(), words);
        }
    }
}
