//! Writes the text of a calendar.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use domain::{
    import,
    zone::{Zone, ZoneData},
};

use super::{
    SessionCalendar,
    content::Content,
    events::{self, Event, Local, Rule, Time},
    zone::{self, local_text},
};

/// How often calendar programs should load it again: every hour.
const REFRESH: &str = "PT1H";

/// A session, and the address of its page where the host is known.
#[derive(Debug, Clone)]
pub struct Source {
    pub calendar: SessionCalendar,
    pub page: Option<String>,
}

/// The text of a calendar with this name.
pub fn render(data: ZoneData, name: &str, sources: &[Source], now: DateTime<Utc>) -> String {
    let written: Vec<_> = sources.iter().map(|source| (source, events::events(data, &source.calendar, now))).collect();
    let mut content = Content::default();
    content.component("VCALENDAR", |content| {
        content.value("VERSION", "2.0");
        content.value("PRODID", import::PRODID);
        content.value("CALSCALE", "GREGORIAN");
        content.text("NAME", name);
        content.text("X-WR-CALNAME", name);
        content.value("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
        content.value("X-PUBLISHED-TTL", REFRESH);
        let locals = zones_of(written.iter().filter_map(|(_, events)| events.local));
        for Local { zone, from, until } in &locals {
            zone::write(content, *zone, *from, *until);
        }
        // A calendar has at least one component (RFC 5545, section 3.6).
        if locals.is_empty() && written.iter().all(|(_, events)| events.all.is_empty()) {
            zone::write(content, Zone::utc(), now, now);
        }
        for (source, events::Events { all: events, local, anchor }) in &written {
            let (local, anchor) = (*local, *anchor);
            let writer = EventWriter { source: &source.calendar, local, anchor, page: source.page.as_deref() };
            for event in events {
                content.component("VEVENT", |content| writer.write(content, event));
            }
        }
    });
    content.into_string()
}

/// Each zone once, with all its clock changes that matter.
fn zones_of(locals: impl Iterator<Item = Local>) -> Vec<Local> {
    let mut zones: Vec<Local> = Vec::new();
    for local in locals {
        match zones.iter_mut().find(|known| known.zone.name() == local.zone.name()) {
            Some(known) => {
                known.from = known.from.min(local.from);
                known.until = known.until.max(local.until);
            }
            None => zones.push(local),
        }
    }
    zones
}

struct EventWriter<'a> {
    source: &'a SessionCalendar,
    local: Option<Local>,
    /// The date from which intervals count, if the events alone do not say it.
    anchor: Option<NaiveDate>,
    page: Option<&'a str>,
}

impl EventWriter<'_> {
    fn write(&self, content: &mut Content, event: &Event) {
        let SessionCalendar { session, names, .. } = self.source;
        content.text("UID", &names.uid(&event.name));
        let changed_at = utc_text(session.changed_at);
        content.value("DTSTAMP", &changed_at);
        content.value("LAST-MODIFIED", &changed_at);
        content.value("SEQUENCE", &session.revision.to_string());
        match &event.time {
            Time::Series(rule) => self.rule(content, "", rule),
            Time::Exception { of, meeting: (starts_at, ends_at) } => {
                self.scheduled(content, "RECURRENCE-ID", *of);
                self.meeting(content, *starts_at, *ends_at);
            }
            Time::Part { of, meeting: (starts_at, ends_at), rule } => {
                self.meeting(content, *starts_at, *ends_at);
                self.scheduled(content, &own("RECURRENCE-ID"), *of);
                if let Some(rule) = rule {
                    self.rule(content, import::PREFIX, rule);
                    content.value(&own("UNTIL"), &date_text(rule.listed_until));
                    let location = events::location(session, None);
                    if location != event.location {
                        content.text(&own("LOCATION"), location.as_deref().unwrap_or_default());
                    }
                }
            }
            Time::Meeting(starts_at, ends_at) => self.meeting(content, *starts_at, *ends_at),
            Time::Day(date) => {
                content.value("DTSTART;VALUE=DATE", &date_text(*date));
                if let Some(Local { zone, .. }) = self.local {
                    content.value(&own("TZID"), zone.name());
                }
            }
        }
        let prefix = if event.is_cancelled { import::CANCELLED_PREFIX } else { "" };
        content.text("SUMMARY", &format!("{prefix}{}", session.name));
        if let Some(location) = &event.location {
            content.text("LOCATION", location);
        }
        if let Some(point) = session.coordinates {
            content.value("GEO", &format!("{};{}", point.latitude(), point.longitude()));
        }
        if let Some(page) = self.page {
            content.value("URL", page);
        }
        if event.is_cancelled {
            content.value("STATUS", "CANCELLED");
        }
    }

    /// The properties of a rule, with a prefix before their names.
    fn rule(&self, content: &mut Content, prefix: &str, Rule { series, excluded, .. }: &Rule) {
        self.scheduled(content, &format!("{prefix}DTSTART"), series.starts);
        content.value(&format!("{prefix}DURATION"), &duration_text(events::length(series)));
        content.value(&format!("{prefix}RRULE"), &series.rrule);
        if let Some(anchor) = self.anchor {
            content.value(&own("ANCHOR"), &date_text(anchor));
        }
        for local in excluded {
            self.scheduled(content, &format!("{prefix}EXDATE"), *local);
        }
    }

    /// Writes a scheduled local time, even if the clocks skip it.
    fn scheduled(&self, content: &mut Content, name: &str, local: NaiveDateTime) {
        if let Some(Local { zone, .. }) = self.local {
            content.value(&format!("{name};TZID={}", zone.name()), &local_text(local));
        }
    }

    fn meeting(&self, content: &mut Content, starts_at: DateTime<Utc>, ends_at: Option<DateTime<Utc>>) {
        for (name, at) in [("DTSTART", Some(starts_at)), ("DTEND", ends_at)] {
            let Some(at) = at else { continue };
            match self.local.and_then(|local| local.time(at)) {
                Some(local) => self.scheduled(content, name, local),
                None => content.value(name, &utc_text(at)),
            }
        }
    }
}

/// The name of a property that only our own import reads.
fn own(name: &str) -> String {
    format!("{}{name}", import::PREFIX)
}

fn date_text(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

fn utc_text(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A duration in hours, minutes and seconds. These are elapsed time, so changes of the clocks do not matter.
fn duration_text(length: TimeDelta) -> String {
    let seconds = length.num_seconds();
    let parts = [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M'), (seconds % 60, 'S')];
    let units = parts.into_iter().filter(|(amount, _)| *amount != 0).map(|(amount, unit)| format!("{amount}{unit}"));
    format!("PT{}", units.collect::<String>())
}
