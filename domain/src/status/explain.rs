//! An English sentence that says why an instance is active or not.

use chrono::{DateTime, NaiveTime, Timelike, Utc};

use super::{InstanceFacts, Override};
use crate::{
    window::{MeetingTimes, Window},
    zone::{Zone, local_time},
};

/// The stored times of an instance, for [`explain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The session's time zone, in which the sentence gives times. UTC if the zone is unknown.
    pub zone: Zone,
    /// The local start time.
    pub start: Option<NaiveTime>,
    /// The local end time.
    pub end: Option<NaiveTime>,
    /// The start and the end as instants.
    pub meeting: Option<MeetingTimes>,
}

/// Explains the status in one sentence without a full stop, such as 'Active since 18:00 CST: starts 19:00, opens 60
/// minutes before'. A date is only given if it is not today's date in the zone. `is_active` is the stored status, which
/// may not have been updated yet.
pub fn explain(facts: &InstanceFacts, times: &Times, is_active: bool, now: DateTime<Utc>) -> String {
    if facts.is_deleted {
        return "Deleted".into();
    }
    if facts.is_cancelled {
        return "Cancelled".into();
    }
    if facts.is_past_termination {
        return "After the session's termination date".into();
    }
    if let Some(override_) = facts.override_in_force(now) {
        return explain_override(override_, times.zone, now);
    }
    match (times.start, times.end, facts.window, times.meeting) {
        (None, None, ..) => "No start or end time".into(),
        (None, ..) => "No start time".into(),
        (_, None, ..) => "No end time".into(),
        (.., Some(window), Some(meeting)) => explain_window(window, meeting, times.zone, is_active, now),
        _ => "Not scheduled: its times or time zone can't be read".into(),
    }
}

fn explain_override(Override { active, until }: Override, zone: Zone, now: DateTime<Utc>) -> String {
    let until = match until {
        Some(until) => InstantFormatter::new(zone, now).format(until),
        None => "the next periodic sweep".into(),
    };
    format!("Set by hand: {} until {until}", if active { "active" } else { "inactive" })
}

fn explain_window(window: Window, meeting: MeetingTimes, zone: Zone, is_active: bool, now: DateTime<Utc>) -> String {
    let mut formatter = InstantFormatter::new(zone, now);
    let buffer_before = minutes_between(window.opens(), meeting.starts_at());
    if now >= window.closes() {
        let closing = formatter.format(window.closes());
        return match minutes_between(meeting.ends_at(), window.closes()) {
            _ if is_active => format!("Closed {closing}, about to become inactive"),
            None => format!("Over: ended {closing}"),
            Some(minutes) => {
                format!("Over since {closing}: ended {}, closes {minutes} after", formatter.format(meeting.ends_at()))
            }
        };
    }
    let opening = formatter.format(window.opens());
    let is_open = now >= window.opens();
    let before = match (is_active, is_open) {
        (true, true) => format!("Active since {opening}"),
        (true, false) => format!("Active from {opening}"),
        (false, true) => format!("Opened {opening}, about to become active"),
        (false, false) => {
            return match buffer_before {
                None => format!("Not yet active: starts {opening}"),
                Some(minutes) => {
                    let start = formatter.format(meeting.starts_at());
                    format!("Not yet active: opens {opening}, {minutes} before the start at {start}")
                }
            };
        }
    };
    match buffer_before {
        None => format!("{before}: starts then"),
        Some(minutes) => format!("{before}: starts {}, opens {minutes} before", formatter.format(meeting.starts_at())),
    }
}

/// Such as '60 minutes'. `None` for less than a minute.
fn minutes_between(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<String> {
    match to.signed_duration_since(from).num_minutes() {
        0 => None,
        1 => Some("1 minute".into()),
        minutes => Some(format!("{minutes} minutes")),
    }
}

/// Formats the instants of one sentence. The zone's abbreviation and the date are only given if they differ from those
/// of the previous instant.
struct InstantFormatter {
    zone: Zone,
    date: String,
    abbreviation: &'static str,
}

impl InstantFormatter {
    fn new(zone: Zone, now: DateTime<Utc>) -> Self {
        Self { zone, date: date_text(zone, now), abbreviation: "" }
    }

    fn format(&mut self, at: DateTime<Utc>) -> String {
        let local = local_time(self.zone, at);
        let mut text = local.format(if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string();
        let abbreviation = &*self.zone.local_type(at).abbreviation;
        if abbreviation != self.abbreviation {
            text = format!("{text} {abbreviation}");
            self.abbreviation = abbreviation;
        }
        let date = date_text(self.zone, at);
        if date != self.date {
            text = format!("{text} on {date}");
            self.date = date;
        }
        text
    }
}

fn date_text(zone: Zone, at: DateTime<Utc>) -> String {
    local_time(zone, at).format("%-d %B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{window::Buffers, zone::ZoneData};

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn evening(buffers: (i32, i32)) -> (InstanceFacts, Times) {
        let zone = ZoneData::compiled().zone("America/Chicago").unwrap();
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let meeting = MeetingTimes::new(zone, "2024-01-15".parse().unwrap(), time(19), time(22)).unwrap();
        let window = Window::around(meeting, Buffers::new(buffers.0, buffers.1).unwrap());
        let facts = InstanceFacts { window: Some(window), ..InstanceFacts::default() };
        (facts, Times { zone, start: Some(time(19)), end: Some(time(22)), meeting: Some(meeting) })
    }

    #[test]
    fn explanation_gives_the_window_and_its_reason() {
        let (facts, times) = evening((60, 60));
        for (active, now, words) in [
            (true, "2024-01-16T00:00:00Z", "Active since 18:00 CST: starts 19:00, opens 60 minutes before"),
            (true, "2024-01-16T03:30:00Z", "Active since 18:00 CST: starts 19:00, opens 60 minutes before"),
            (true, "2024-01-15T23:59:00Z", "Active from 18:00 CST: starts 19:00, opens 60 minutes before"),
            (false, "2024-01-15T20:00:00Z", "Not yet active: opens 18:00 CST, 60 minutes before the start at 19:00"),
            (
                false,
                "2024-01-10T20:00:00Z",
                "Not yet active: opens 18:00 CST on 15 January 2024, 60 minutes before the start at 19:00",
            ),
            (false, "2024-01-16T05:00:00Z", "Over since 23:00 CST: ended 22:00, closes 60 minutes after"),
            (
                false,
                "2024-01-17T05:00:00Z",
                "Over since 23:00 CST on 15 January 2024: ended 22:00, closes 60 minutes after",
            ),
            (true, "2024-01-16T05:00:00Z", "Closed 23:00 CST, about to become inactive"),
            (
                false,
                "2024-01-16T00:00:00Z",
                "Opened 18:00 CST, about to become active: starts 19:00, opens 60 minutes before",
            ),
        ] {
            assert_eq!(explain(&facts, &times, active, instant(now)), words, "{now}");
        }
    }

    #[test]
    fn explanation_gives_buffers_only_if_there_are_any() {
        let now = instant("2024-01-16T01:30:00Z");
        let (facts, times) = evening((0, 0));
        assert_eq!(explain(&facts, &times, true, now), "Active since 19:00 CST: starts then");
        assert_eq!(explain(&facts, &times, false, now + TimeDelta::hours(3)), "Over: ended 22:00 CST");
        let (facts, times) = evening((1, 0));
        assert_eq!(explain(&facts, &times, true, now), "Active since 18:59 CST: starts 19:00, opens 1 minute before");
        let (facts, times) = evening((1200, 0));
        assert_eq!(
            explain(&facts, &times, true, now),
            "Active since 23:00 CST on 14 January 2024: starts 19:00 on 15 January 2024, opens 1200 minutes before"
        );
    }

    #[test]
    fn explanation_gives_what_takes_precedence_over_the_window() {
        let (facts, times) = evening((60, 60));
        let now = instant("2024-01-16T01:30:00Z");
        let overridden = |active, until: Option<&str>| InstanceFacts {
            override_: Some(Override { active, until: until.map(instant) }),
            ..facts
        };
        for (facts, times, words) in [
            (InstanceFacts { is_cancelled: true, ..facts }, times, "Cancelled"),
            (InstanceFacts { is_deleted: true, ..facts }, times, "Deleted"),
            (InstanceFacts { is_past_termination: true, ..facts }, times, "After the session's termination date"),
            (facts, Times { start: None, ..times }, "No start time"),
            (facts, Times { end: None, ..times }, "No end time"),
            (facts, Times { start: None, end: None, ..times }, "No start or end time"),
            (InstanceFacts { window: None, ..facts }, times, "Not scheduled: its times or time zone can't be read"),
            (overridden(true, Some("2024-01-16T02:00:00Z")), times, "Set by hand: active until 20:00 CST"),
            (
                overridden(false, Some("2024-01-16T06:00:30Z")),
                times,
                "Set by hand: inactive until 00:00:30 CST on 16 January 2024",
            ),
            (overridden(false, None), times, "Set by hand: inactive until the next periodic sweep"),
        ] {
            assert_eq!(explain(&facts, &times, false, now), words);
        }
    }
}
