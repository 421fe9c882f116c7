//! Times for people, in the time zone of the session. The page's script adds the visitor's local time if it differs.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone as _, Utc};
use domain::zone::{Tz, local_time};
use maud::{Markup, html};
use service::sessions::Session;

/// The session's time zone, or UTC if it can't be read.
pub fn zone_of(session: &Session) -> Tz {
    session.zone().unwrap_or(Tz::UTC)
}

/// The date in the zone of the session.
pub fn today(session: &Session, now: DateTime<Utc>) -> NaiveDate {
    local_time(zone_of(session), now).date()
}

/// 'Thu 26 Nov 2026, 7:00pm–10:30pm CST'.
pub fn meeting(zone: Tz, date: NaiveDate, starts_at: Option<DateTime<Utc>>, ends_at: Option<DateTime<Utc>>) -> Markup {
    let Some(starts_at) = starts_at else {
        return html! { time datetime=(date.to_string()) { (date_text(date)) } ", time not set yet" };
    };
    let start = local_time(zone, starts_at);
    html! {
        span.when data-zone=(zone.name()) data-starts=(machine(starts_at)) data-ends=[ends_at.map(machine)] {
            time datetime=(machine(starts_at)) { (date_text(start.date())) ", " (clock_text(start)) }
            @if let Some(ends_at) = ends_at {
                "–" time datetime=(machine(ends_at)) { (clock_text(local_time(zone, ends_at))) }
            }
            " " (abbreviation(zone, starts_at))
        }
    }
}

/// 'Thu 26 Nov 2026, 7:00pm CST'.
pub fn moment(zone: Tz, at: DateTime<Utc>) -> Markup {
    let local = local_time(zone, at);
    html! {
        span.when data-zone=(zone.name()) data-starts=(machine(at)) {
            time datetime=(machine(at)) { (date_text(local.date())) ", " (clock_text(local)) }
            " " (abbreviation(zone, at))
        }
    }
}

fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn date_text(date: NaiveDate) -> String {
    date.format("%a %-d %b %Y").to_string()
}

fn clock_text(local: NaiveDateTime) -> String {
    local.format("%-I:%M%P").to_string()
}

/// The abbreviation of the zone, such as 'CST'. A zone without one gets its offset, such as 'UTC-03'.
fn abbreviation(zone: Tz, at: DateTime<Utc>) -> String {
    let text = zone.offset_from_utc_datetime(&at.naive_utc()).to_string();
    if text.starts_with(['+', '-']) { format!("UTC{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let chicago = Tz::America__Chicago;
        assert_eq!(text(meeting(chicago, date, Some(starts), Some(ends))), "Thu 26 Nov 2026, 7:00pm–10:30pm CST");
        assert_eq!(text(meeting(chicago, date, None, None)), "Thu 26 Nov 2026, time not set yet");
        assert_eq!(text(moment(Tz::America__Sao_Paulo, starts)), "Thu 26 Nov 2026, 10:00pm UTC-03");
    }
}
