//! A recurrence as English text for users (rule 9 of ARCHITECTURE.md).

use chrono::{Month, NaiveTime, Timelike, Weekday};

use super::{Pattern, Recurrence, Schedule};

impl Recurrence {
    /// The text of the recurrence, such as 'Tuesdays from 7:00pm-10:00pm and every other Sunday from 3:00pm-6:00pm'.
    pub fn text(&self) -> String {
        self.text_with(|start, end| format!("{}-{}", time_text(start), time_text(end)))
    }

    /// The same text, with the times from a start to an end as `range` formats them.
    pub fn text_with(&self, range: impl Fn(NaiveTime, NaiveTime) -> String) -> String {
        let mut texts: Vec<String> = Vec::new();
        for schedule in &self.schedules {
            let hours = hours_text(schedule, &range);
            let text = if self.is_daily(schedule) {
                format!("daily {hours}")
            } else {
                format!("{} {hours}", days_text(schedule))
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if texts.is_empty() {
            return "No regular schedule".to_owned();
        }
        let last = if texts.len() > 2 { ", and " } else { " and " };
        with_capital(&listed(&texts, last))
    }

    /// Whether the session meets on every day of the week at the times of this schedule.
    pub fn is_daily(&self, schedule: &Schedule) -> bool {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        let is_on = |day: Weekday| {
            self.schedules.iter().any(|other| {
                matches!(other.pattern(), Pattern::Weekly { weekday, every_n_weeks: 1, .. } if *weekday == day)
                    && (other.months(), other.start(), other.end())
                        == (schedule.months(), schedule.start(), schedule.end())
            })
        };
        matches!(schedule.pattern(), Pattern::Weekly { every_n_weeks: 1, .. })
            && [Mon, Tue, Wed, Thu, Fri, Sat, Sun].into_iter().all(is_on)
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

/// The days of a schedule within a sentence, such as 'Thursdays' or 'every other Thursday'.
fn days_text(schedule: &Schedule) -> String {
    match schedule.pattern() {
        Pattern::Weekly { weekday, every_n_weeks: 0 | 1, .. } => format!("{}s", weekday_name(*weekday)),
        Pattern::Weekly { weekday, every_n_weeks: 2, .. } => format!("every other {}", weekday_name(*weekday)),
        Pattern::Weekly { weekday, every_n_weeks, .. } => {
            format!("every {every_n_weeks} weeks on {}", weekday_name(*weekday))
        }
        Pattern::Monthly { weekday, which, every_n_months } => {
            format!("{} {}s of {}", positions_text(which), weekday_name(*weekday), month_text(*every_n_months))
        }
        Pattern::MonthDay { days, every_n_months } => {
            format!("the {} of {}", month_days_text(days), month_text(*every_n_months))
        }
    }
}

/// Such as 'from 7:00pm-10:00pm' or 'from 7:00pm-10:00pm in June, July and August'.
fn hours_text(schedule: &Schedule, range: impl Fn(NaiveTime, NaiveTime) -> String) -> String {
    let hours = format!("from {}", range(schedule.start(), schedule.end()));
    let Some(months) = schedule.months().limit() else { return hours };
    let names: Vec<&str> = months.into_iter().map(month_name).collect();
    format!("{hours} in {}", listed(&names, " and "))
}

fn month_text(every_n_months: u32) -> String {
    match every_n_months {
        0 | 1 => "the month".to_owned(),
        2 => "every other month".to_owned(),
        n => format!("every {} month", ordinal(n)),
    }
}

fn month_name(number: u32) -> &'static str {
    u8::try_from(number).ok().and_then(|number| Month::try_from(number).ok()).map_or("", |month| month.name())
}

/// Such as 'first, second and last', in the order in which they come in the month.
fn positions_text(which: &[i8]) -> String {
    let words: Vec<&str> = in_order(which).into_iter().map(position_text).collect();
    // In a month with five such weekdays, the fifth one is the last one.
    let has_all = [1, 2, 3, 4, 5, -1].iter().all(|position| which.contains(position));
    listed(&words, if has_all { " or " } else { " and " })
}

/// Such as '1st, 15th and last day'.
fn month_days_text(days: &[i8]) -> String {
    let text = |day: i8| match day {
        -1 => "last day".to_owned(),
        ..0 => format!("{}-to-last day", ordinal_word(day.unsigned_abs())),
        _ => ordinal(day.unsigned_abs().into()),
    };
    let words: Vec<String> = in_order(days).into_iter().map(text).collect();
    listed(&words, " and ")
}

fn ordinal_word(number: u8) -> String {
    match number {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        _ => ordinal(number.into()),
    }
}

/// Such as '1st' or '22nd'.
fn ordinal(number: u32) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// Days of a month, or positions in it, in the order in which they come: those that count from its start come first.
pub fn in_order(numbers: &[i8]) -> Vec<i8> {
    let mut numbers = numbers.to_vec();
    numbers.sort_by_key(|number| (*number < 0, *number));
    numbers.dedup();
    numbers
}

/// The words with commas between them, and with another separator before the last one.
fn listed<T: AsRef<str>>(words: &[T], before_last: &str) -> String {
    let words: Vec<&str> = words.iter().map(T::as_ref).collect();
    match words.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{}{before_last}{last}", rest.join(", ")),
        words => words.concat(),
    }
}

/// The text as the beginning of a sentence.
fn with_capital(text: &str) -> String {
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

/// Such as '7:00pm'. Seconds are only shown if they are not 0. Noon has a name, because 12:00pm can be read in two ways.
fn time_text(time: NaiveTime) -> String {
    if (time.hour(), time.minute(), time.second()) == (12, 0, 0) {
        return "noon".to_owned();
    }
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
        let days = |days: &[i64]| Schedule::month_day(days, start, end).unwrap();
        let daily: Vec<Schedule> = (0..7).map(|day| weekly(Weekday::try_from(day).unwrap(), 1)).collect();
        let odd = Schedule::weekly(Weekday::Sat, 1, time(12, 0, 0), time(0, 5, 9)).unwrap();
        for (schedules, words) in [
            (vec![], "No regular schedule"),
            (vec![weekly(Weekday::Thu, 1)], "Thursdays from 7:00pm-10:30pm"),
            (vec![weekly(Weekday::Thu, 2)], "Every other Thursday from 7:00pm-10:30pm"),
            (vec![weekly(Weekday::Thu, 3)], "Every 3 weeks on Thursday from 7:00pm-10:30pm"),
            (vec![odd.clone()], "Saturdays from noon-12:05:09am"),
            (vec![monthly(&[3, 1])], "First and third Sundays of the month from 7:00pm-10:30pm"),
            (vec![monthly(&[-1, 2, 1])], "First, second and last Sundays of the month from 7:00pm-10:30pm"),
            (vec![monthly(&[-1, -2])], "Second-to-last and last Sundays of the month from 7:00pm-10:30pm"),
            (
                vec![weekly(Weekday::Tue, 1), odd.clone()],
                "Tuesdays from 7:00pm-10:30pm and Saturdays from noon-12:05:09am",
            ),
            (
                vec![weekly(Weekday::Mon, 1), weekly(Weekday::Wed, 2), monthly(&[5])],
                "Mondays from 7:00pm-10:30pm, every other Wednesday from 7:00pm-10:30pm, \
                 and fifth Sundays of the month from 7:00pm-10:30pm",
            ),
            (vec![weekly(Weekday::Tue, 1); 2], "Tuesdays from 7:00pm-10:30pm"),
            (
                vec![weekly(Weekday::Mon, 1), daily[3].clone()],
                "Mondays from 7:00pm-10:30pm and Thursdays from 7:00pm-10:30pm",
            ),
            (daily.clone(), "Daily from 7:00pm-10:30pm"),
            (
                [vec![monthly(&[1])], daily.clone()].concat(),
                "First Sundays of the month from 7:00pm-10:30pm and daily from 7:00pm-10:30pm",
            ),
            (
                vec![monthly(&[1, 2, 3, 4, 5, -1])],
                "First, second, third, fourth, fifth or last Sundays of the month from 7:00pm-10:30pm",
            ),
            (
                vec![weekly(Weekday::Thu, 1).in_months(&[8, 6, 7]).unwrap()],
                "Thursdays from 7:00pm-10:30pm in June, July and August",
            ),
            (vec![monthly(&[-1]).every_n_months(2).unwrap()], "Last Sundays of every other month from 7:00pm-10:30pm"),
            (vec![days(&[-1, 15, 1])], "The 1st, 15th and last day of the month from 7:00pm-10:30pm"),
            (
                vec![days(&[22, -2]).every_n_months(3).unwrap().in_months(&[12]).unwrap()],
                "The 22nd and second-to-last day of every 3rd month from 7:00pm-10:30pm in December",
            ),
        ] {
            assert_eq!(Recurrence::new(schedules).unwrap().text(), words);
        }
    }
}
