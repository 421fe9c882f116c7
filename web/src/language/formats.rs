//! Dates and times as each language writes them. The order of the parts is in `web/locales`, as the texts are.

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _};

use super::{current, say, words};

/// One of the names in a text that lists them, such as `weekdays`.
pub fn name(key: &str, index: usize) -> String {
    say(key, &[]).split(", ").nth(index).unwrap_or_default().to_owned()
}

fn weekday(key: &str, date: NaiveDate) -> String {
    name(key, date.weekday().num_days_from_monday() as usize)
}

/// 'Thu 26 Nov 2026'.
pub fn date(date: NaiveDate) -> String {
    let (weekday, month) = (weekday("weekdays-short", date), name("months-short", date.month0() as usize));
    let (day, year) = (date.day().to_string(), date.year().to_string());
    words!("date", weekday = weekday, day = day, month = month, year = year)
}

/// 'Thursday 26 November'.
pub fn day(date: NaiveDate) -> String {
    let (weekday, month) = (weekday("weekdays", date), name("months", date.month0() as usize));
    words!("day", weekday = weekday, day = date.day().to_string(), month = month)
}

/// '7:00pm' or '19:00'. With a twelve-hour clock, midnight and noon have names, because 12:00pm can be read in two ways.
/// Seconds are shown only if they are not 0.
pub fn clock(time: NaiveTime) -> String {
    let minute = time.format(if time.second() == 0 { "%M" } else { "%M:%S" }).to_string();
    let (hour, hour24) = (time.format("%-I").to_string(), time.format("%H").to_string());
    words!("clock", half = half(time), hour = hour, hour24 = hour24, minute = minute)
}

/// Between the start and the end of a range of times.
pub const TO: &str = "–";

/// '7:00pm–10:30pm' or '19:00–22:30'.
pub fn range(start: NaiveTime, end: NaiveTime) -> String {
    format!("{}{TO}{}", clock(start), clock(end))
}

/// The clock as patterns for the page's script, by the part of the day. `{h}` and `{H}` are the hour of twelve and of
/// twenty-four, `{m}` are the minutes.
pub fn clock_patterns() -> [(&'static str, String); 4] {
    ["midnight", "am", "noon", "pm"].map(|half| {
        let half_or_none = if current().is_24_hours { "none" } else { half };
        (half, words!("clock", half = half_or_none, hour = "{h}", hour24 = "{H}", minute = "{m}"))
    })
}

/// A full hour for a narrow place: '3pm' or '15:00'.
pub fn clock_hour(time: NaiveTime) -> String {
    let (hour, hour24) = (time.format("%-I").to_string(), time.format("%H").to_string());
    words!("clock-hour", half = half(time), hour = hour, hour24 = hour24)
}

/// A distance from the visitor, such as '2.4 km away'.
pub fn away(metres: u32) -> String {
    match metres.saturating_add(50) / 100 {
        0 => words!("away-least"),
        tenths @ 1..100 => words!("away-tenths", kilometres = tenths / 10, tenths = tenths % 10),
        _ => words!("away", kilometres = metres.saturating_add(500) / 1000),
    }
}

/// The part of the day, for languages that name it.
fn half(time: NaiveTime) -> &'static str {
    match (time.hour(), time.minute(), time.second()) {
        _ if current().is_24_hours => "none",
        (0, 0, 0) => "midnight",
        (12, 0, 0) => "noon",
        (..12, _, _) => "am",
        _ => "pm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::tests::speaking;

    /// What `times.js` does with the patterns.
    fn by_pattern(time: NaiveTime) -> String {
        let half = match (time.hour(), time.minute()) {
            (0, 0) => "midnight",
            (12, 0) => "noon",
            (..12, _) => "am",
            _ => "pm",
        };
        let (_, pattern) = clock_patterns().into_iter().find(|(name, _)| *name == half).unwrap();
        let part = |format| time.format(format).to_string();
        pattern.replace("{h}", &part("%-I")).replace("{H}", &part("%H")).replace("{m}", &part("%M"))
    }

    #[test]
    fn script_writes_times_as_the_server_does() {
        for accept in ["en", "en-GB", "de", "nl", "fr", "es-US", "tr", "sq", "hi"] {
            for (hour, minute) in [(0, 0), (0, 5), (9, 5), (12, 0), (12, 30), (19, 0), (23, 59)] {
                let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
                let (script, server) = speaking(accept, || (by_pattern(time), clock(time)));
                assert_eq!(script, server, "{accept}");
            }
        }
    }

    #[test]
    fn times_follow_the_language_and_the_region() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
        let time = |h, m| NaiveTime::from_hms_opt(h, m, 0).unwrap();
        let (evening, noon, midnight, morning) = (time(19, 0), time(12, 0), time(0, 0), time(9, 5));
        for (accept, text) in [
            ("en", "Thu 26 Nov 2026 7:00pm noon midnight 9:05am 7pm"),
            ("en-GB", "Thu 26 Nov 2026 19:00 12:00 00:00 09:05 19:00"),
            ("de", "Do., 26. Nov. 2026 19:00 12:00 00:00 09:05 19:00"),
            ("nl", "do 26 nov 2026 19:00 12:00 00:00 09:05 19:00"),
            ("fr", "jeu. 26 nov. 2026 19:00 12:00 00:00 09:05 19:00"),
            ("es-US", "jue 26 nov 2026 19:00 12:00 00:00 09:05 19:00"),
            ("tr", "26 Kas 2026 Per 19:00 12:00 00:00 09:05 19:00"),
            ("sq", "enj 26 nën 2026 19:00 12:00 00:00 09:05 19:00"),
            ("hi", "गुरु, 26 नव॰ 2026 7:00 pm 12:00 pm 12:00 am 9:05 am 7 pm"),
        ] {
            let shown = || {
                [date(day), clock(evening), clock(noon), clock(midnight), clock(morning), clock_hour(evening)].join(" ")
            };
            assert_eq!(speaking(accept, shown), text, "{accept}");
        }
    }

    #[test]
    fn seconds_are_shown_if_there_are_any() {
        let time = NaiveTime::from_hms_opt(0, 5, 9).unwrap();
        assert_eq!(speaking("en", || clock(time)), "12:05:09am");
        assert_eq!(speaking("de", || clock(time)), "00:05:09");
    }

    #[test]
    fn distance_becomes_text() {
        let texts = [0, 49, 50, 2_449, 9_949, 9_950, 10_499, 500_000].map(away);
        let expected = ["less than 0.1", "less than 0.1", "0.1", "2.4", "9.9", "10", "10", "500"];
        assert_eq!(texts, expected.map(|distance| format!("{distance} km away")));
        assert_eq!(speaking("de", || away(2_449)), "2,4 km entfernt");
    }
}
