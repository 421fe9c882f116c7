//! A recurrence in words, with times as pages write them. The English words are those of rule 9 of ARCHITECTURE.md, which the API
//! uses too. Other languages have sentences of their own for the same parts.

use chrono::Weekday;
use domain::recurrence::{Pattern, Recurrence, Schedule, in_order};

use super::{Language, current_language, formats, words};

/// The recurrence in words, such as 'Thursdays from 7:00pm-10:00pm'.
pub fn recurrence_text(recurrence: &Recurrence) -> String {
    if current_language() == Language::English {
        return recurrence.text_with(formats::range);
    }
    let mut texts: Vec<String> = Vec::new();
    for schedule in recurrence.schedules() {
        let text = schedule_text(schedule, recurrence.is_daily(schedule));
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        return words!("recurrence-none");
    }
    let text = texts.join("; ");
    let mut characters = text.chars();
    let initial = characters.next().into_iter().flat_map(char::to_uppercase);
    initial.chain(characters).collect()
}

fn schedule_text(schedule: &Schedule, is_daily: bool) -> String {
    let days = if is_daily { words!("recurrence-daily") } else { days_text(schedule.pattern()) };
    let (start, end) = (formats::clock(schedule.start()), formats::clock(schedule.end()));
    let text = words!("recurrence-hours", days = days, start = start, end = end);
    let Some(months) = schedule.months().limit() else { return text };
    let months = months.into_iter().map(|month| formats::name("recurrence-months", month as usize - 1));
    words!("recurrence-in-months", schedule = text, months = listed(months.collect()))
}

fn days_text(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Weekly { weekday, every_n_weeks, .. } => {
            words!("recurrence-weekly", weekday = weekday_name(*weekday), weeks = (*every_n_weeks).max(1))
        }
        Pattern::Monthly { weekday, which, every_n_months } => {
            let positions =
                in_order(which).into_iter().map(|position| words!("recurrence-position", position = position));
            words!(
                "recurrence-monthly",
                positions = listed(positions.collect()),
                weekday = weekday_name(*weekday),
                months = (*every_n_months).max(1),
            )
        }
        Pattern::MonthDay { days, every_n_months } => {
            let day = |day: i8| {
                // How many days from the end of the month, or 0 for a day that counts from its start.
                let from_end = if day < 0 { day.unsigned_abs() } else { 0 };
                words!("recurrence-day", day = day, end = from_end)
            };
            let days = listed(in_order(days).into_iter().map(day).collect());
            words!("recurrence-days", days = days, months = (*every_n_months).max(1))
        }
    }
}

fn weekday_name(weekday: Weekday) -> String {
    formats::name("recurrence-weekdays", weekday.num_days_from_monday() as usize)
}

/// Joins the texts to a list, such as 'June, July and August'.
fn listed(mut texts: Vec<String>) -> String {
    let Some(last) = texts.pop() else { return String::new() };
    if texts.is_empty() { last } else { words!("recurrence-list", most = texts.join(", "), last = last) }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;

    use super::*;
    use crate::language::tests::speaking;

    #[test]
    fn recurrence_has_sentences_in_each_language() {
        let time = |h, m| NaiveTime::from_hms_opt(h, m, 0).unwrap();
        let (start, end) = (time(19, 0), time(22, 30));
        let weekly = |weekday, n| Schedule::weekly(weekday, n, start, end).unwrap();
        let sundays = Schedule::monthly(Weekday::Sun, &[3, 1], start, end).unwrap();
        let days = Schedule::month_day(&[-1, 15, 1], start, end).unwrap();
        let summer = weekly(Weekday::Thu, 1).in_months(&[8, 6, 7]).unwrap();
        let daily: Vec<Schedule> = (0..7).map(|day| weekly(Weekday::try_from(day).unwrap(), 1)).collect();
        for (accept, schedules, text) in [
            ("en", vec![weekly(Weekday::Thu, 2)], "Every other Thursday from 7:00pm–10:30pm"),
            ("en-GB", vec![weekly(Weekday::Thu, 2)], "Every other Thursday from 19:00–22:30"),
            ("de", vec![], "Keine regelmäßigen Termine"),
            ("de", vec![weekly(Weekday::Thu, 1)], "Jeden Donnerstag von 19:00 bis 22:30 Uhr"),
            ("de", vec![weekly(Weekday::Thu, 3)], "Alle 3 Wochen am Donnerstag von 19:00 bis 22:30 Uhr"),
            ("de", vec![sundays.clone()], "Am ersten und dritten Sonntag des Monats von 19:00 bis 22:30 Uhr"),
            ("de", vec![days.clone()], "Am 1., 15. und letzten Tag des Monats von 19:00 bis 22:30 Uhr"),
            ("de", vec![summer.clone()], "Jeden Donnerstag von 19:00 bis 22:30 Uhr (nur im Juni, Juli und August)"),
            ("de", daily.clone(), "Täglich von 19:00 bis 22:30 Uhr"),
            (
                "de",
                vec![weekly(Weekday::Mon, 1), weekly(Weekday::Tue, 2)],
                "Jeden Montag von 19:00 bis 22:30 Uhr; jeden zweiten Dienstag von 19:00 bis 22:30 Uhr",
            ),
            ("nl", vec![sundays.clone()], "De eerste en derde zondag van de maand van 19:00 tot 22:30 uur"),
            ("fr", vec![sundays.clone()], "Le premier et troisième dimanche du mois de 19:00 à 22:30"),
            ("es", vec![summer], "Todas las semanas, el jueves de 19:00 a 22:30 (solo en junio, julio y agosto)"),
            ("tr", vec![sundays.clone()], "Her ayın birinci ve üçüncü pazar günü, 19:00–22:30"),
            ("sq", vec![sundays], "Të dielën e parë dhe e tretë të muajit, nga ora 19:00 deri në 22:30"),
            ("hi", daily, "हर दिन, 7:00 pm से 10:30 pm तक"),
        ] {
            let recurrence = Recurrence::new(schedules).unwrap();
            assert_eq!(speaking(accept, || recurrence_text(&recurrence)), text);
        }
    }
}
