//! Times for people, in the time zone of the session. The page's script adds the visitor's local time if it differs.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Timelike as _, Utc};
use domain::zone::{Zone, ZoneData, local_time};
use maud::{Markup, html};
use service::sessions::Session;

use crate::language::{formats, text_around, words};

/// The session's time zone, or UTC if it can't be read.
pub fn zone_of(data: ZoneData, session: &Session) -> Zone {
    session.zone(data).unwrap_or_else(|_| Zone::utc())
}

/// The current date in the time zone of the session.
pub fn today(data: ZoneData, session: &Session, now: DateTime<Utc>) -> NaiveDate {
    local_time(zone_of(data, session), now).date()
}

/// 'Thu 26 Nov 2026, 7:00pm–10:30pm CST'.
pub fn meeting(
    zone: Zone,
    date: NaiveDate,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
) -> Markup {
    meeting_with(|start| format!("{}, ", date_words(start)), zone, date, starts_at, ends_at)
}

/// '7:00pm–10:30pm CST', below a heading with the date.
pub fn meeting_of_the_day(
    zone: Zone,
    date: NaiveDate,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
) -> Markup {
    let shown = |start| if start == date { String::new() } else { format!("{}, ", date_words(start)) };
    meeting_with(shown, zone, date, starts_at, ends_at)
}

/// `before` gives the words before the clock from the local date of the start.
fn meeting_with(
    before: impl Fn(NaiveDate) -> String,
    zone: Zone,
    date: NaiveDate,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
) -> Markup {
    let Some(starts_at) = starts_at else {
        let date = html! { time datetime=(date.to_string()) { (date_words(date)) } };
        return html! { span.when { (text_around("time-not-set", "date", &date)) } };
    };
    let start = local_time(zone, starts_at);
    html! {
        span.when data-zone=(zone.name()) data-starts=(machine(starts_at)) data-ends=[ends_at.map(machine)] {
            time datetime=(machine(starts_at)) { (before(start.date())) (clock_text(start)) }
            span.times {
                @if let Some(ends_at) = ends_at {
                    (formats::TO) time datetime=(machine(ends_at)) { (clock_text(local_time(zone, ends_at))) }
                }
                " " (abbreviation(zone, starts_at))
            }
        }
    }
}

/// Does the same as [`meeting`], as plain text.
pub fn plain(zone: Zone, date: NaiveDate, starts_at: Option<DateTime<Utc>>, ends_at: Option<DateTime<Utc>>) -> String {
    let Some(starts_at) = starts_at else { return words!("time-not-set", date = date_words(date)) };
    let start = local_time(zone, starts_at);
    let end = ends_at.map(|at| format!("{}{}", formats::TO, clock_text(local_time(zone, at)))).unwrap_or_default();
    format!("{}, {}{end} {}", date_words(start.date()), clock_text(start), abbreviation(zone, starts_at))
}

/// 'Thu 26 Nov 2026, 7:00pm CST'.
pub fn moment(zone: Zone, at: DateTime<Utc>) -> Markup {
    let local = local_time(zone, at);
    html! {
        span.when data-zone=(zone.name()) data-starts=(machine(at)) {
            time datetime=(machine(at)) { (date_words(local.date())) ", " (clock_text(local)) }
            " " (abbreviation(zone, at))
        }
    }
}

/// '7:00pm CST', with the date before it if that is not `today`.
pub fn short(zone: Zone, today: NaiveDate, at: DateTime<Utc>) -> String {
    let local = local_time(zone, at);
    let date = if local.date() == today { String::new() } else { format!("{}, ", date_words(local.date())) };
    format!("{date}{} {}", clock_text(local), abbreviation(zone, at))
}

/// How soon a meeting starts or ends: 'starts in 2 h', 'ends in 40 min'. The script keeps it up to date.
pub fn until(now: DateTime<Utc>, starts_at: Option<DateTime<Utc>>, ends_at: Option<DateTime<Utc>>) -> Markup {
    let text: fn(String) -> String = match (starts_at, ends_at) {
        (Some(starts_at), _) if now < starts_at => |span| words!("starts-in", span = span),
        (_, Some(ends_at)) if now < ends_at => |span| words!("ends-in", span = span),
        _ => return Markup::default(),
    };
    let at = starts_at.filter(|at| now < *at).or(ends_at).unwrap_or(now);
    html! {
        span.until data-until=(machine(at)) data-words=(text(PLACE.to_owned())) { (text(span_text(at - now))) }
    }
}

/// The placeholder for a value in a text that the page's script completes.
pub const PLACE: &str = "{}";

/// '40 min', '2 h', '3 days'. Parts of a minute count as a whole one.
fn span_text(span: TimeDelta) -> String {
    let minutes = (span.num_seconds() + 59) / 60;
    match minutes {
        ..60 => words!("span-minutes", minutes = minutes),
        60..180 if minutes % 60 != 0 => words!("span-hours-minutes", hours = minutes / 60, minutes = minutes % 60),
        60..2_880 => words!("span-hours", hours = (minutes + 30) / 60),
        _ => words!("span-days", days = (minutes + 720) / 1_440),
    }
}

/// A local time as the value of a form's field. Seconds are written only if they are not 0.
pub fn field(time: NaiveTime) -> String {
    time.format(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

/// An instant for programs.
pub fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// 'Thu 26 Nov 2026'.
pub fn date_words(date: NaiveDate) -> String {
    formats::date(date)
}

/// '7:00pm', without seconds.
pub fn clock_text(local: NaiveDateTime) -> String {
    formats::clock(local.time().with_second(0).unwrap_or(local.time()))
}

/// The abbreviation of the zone, such as 'CST'. A zone without one gets its offset, such as 'UTC-03'.
fn abbreviation(zone: Zone, at: DateTime<Utc>) -> String {
    let text = &zone.local_type(at).abbreviation;
    if text.starts_with(['+', '-']) { format!("UTC{text}") } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shown_in_words() {
        for (seconds, text) in [
            (1, "1 min"),
            (40 * 60, "40 min"),
            (3_600, "1 h"),
            (4_800, "1 h 20 min"),
            (7 * 3_600 + 100, "7 h"),
            (47 * 3_600, "47 h"),
            (3 * 86_400, "3 days"),
        ] {
            assert_eq!(span_text(TimeDelta::seconds(seconds)), text);
        }
    }

    #[test]
    fn meeting_is_shown_in_words() {
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let date = "2026-11-26".parse().unwrap();
        let (starts, ends) = (instant("2026-11-27T01:00:00Z"), instant("2026-11-27T04:30:00Z"));
        let text = |markup: Markup| {
            let html = markup.into_string();
            let tags = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
            tags.collect::<String>()
        };
        let zone = |name: &str| ZoneData::compiled().zone(name).unwrap();
        let chicago = zone("America/Chicago");
        assert_eq!(text(meeting(chicago, date, Some(starts), Some(ends))), "Thu 26 Nov 2026, 7:00pm–10:30pm CST");
        let noon = instant("2026-11-26T18:00:00Z");
        assert_eq!(
            text(meeting(chicago, date, Some(noon), Some(instant("2026-11-27T06:00:00Z")))),
            "Thu 26 Nov 2026, noon–midnight CST"
        );
        assert_eq!(text(meeting_of_the_day(chicago, date, Some(starts), Some(ends))), "7:00pm–10:30pm CST");
        let next = date + chrono::Days::new(1);
        assert_eq!(text(meeting_of_the_day(chicago, next, Some(noon), None)), "Thu 26 Nov 2026, noon CST");
        assert_eq!(text(meeting(chicago, date, None, None)), "Thu 26 Nov 2026, time not set yet");
        assert_eq!(plain(chicago, date, Some(starts), Some(ends)), "Thu 26 Nov 2026, 7:00pm–10:30pm CST");
        assert_eq!(text(moment(zone("America/Sao_Paulo"), starts)), "Thu 26 Nov 2026, 10:00pm UTC-03");
    }
}
