//! `/sessions/{path}/calendar.ics` and `/calendar.ics?city={city}`: a session, or all sessions of a city, as an iCalendar
//! (RFC 5545) that calendar programs subscribe to.
//!
//! - `events` decides which VEVENTs there are, `zone` writes the VTIMEZONE, `content` the lines.
//!
//! A calendar program gets the session's meetings exactly as the domain computes them. After the end of the year five years from
//! now, a night on which the clocks change may be an exception to that.

mod content;
mod events;
mod zone;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{
            CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound as _, TimeDelta, Utc};
use domain::{
    import,
    zone::{Zone, ZoneData, instant_of, local_date},
};
use serde::Deserialize;
use service::{
    App, Result,
    instances::calendar::{SessionCalendar, find_session_calendar, find_session_calendars},
    lists::Page as ListPage,
    sessions::{Session, SessionFilter, list_sessions},
};

use self::{
    content::Content,
    events::{Event, Local, Rule, Time},
    zone::local_text,
};
use crate::{pages::encoded, site::Site};

/// How long clients may cache a calendar.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// How often calendar programs should load it again: every hour.
const REFRESH: &str = "PT1H";

/// The most sessions in the calendar of a city.
const CITY_SESSIONS: i32 = 100;

/// The routes of the calendars.
pub fn router(app: App, site: Site) -> Router {
    Router::new()
        .route("/sessions/{path}/calendar.ics", get(serve))
        .route("/calendar.ics", get(serve_city))
        .with_state((app, site))
}

/// A session, and the address of its page where the host is known.
struct Source {
    calendar: SessionCalendar,
    page: Option<String>,
}

async fn serve(
    State((app, site)): State<(App, Site)>,
    Path(path): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let page = uri.path().strip_suffix("/calendar.ics").and_then(|page| site.absolute(&headers, page));
    let found = find_session_calendar(&app, &path).await;
    let found = found.map(|found| found.map(|calendar| Source { calendar, page }).into_iter().collect());
    answer(&app, &headers, None, found, "There is no session at this address.\n")
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    city: String,
}

async fn serve_city(
    State((app, site)): State<(App, Site)>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let city = parameters.city.trim();
    let found = find_city_calendars(&app, city, |path| site.absolute(&headers, path)).await;
    answer(&app, &headers, Some(city), found, "There is no session in this city. Name one, as in ?city=Austin\n")
}

async fn find_city_calendars(app: &App, city: &str, address: impl Fn(&str) -> Option<String>) -> Result<Vec<Source>> {
    // PostgreSQL refuses a NUL in a text, so no city has one.
    if city.is_empty() || city.contains('\0') {
        return Ok(Vec::new());
    }
    let filter = SessionFilter { city: Some(city.to_owned()), ..SessionFilter::default() };
    let page = ListPage { first: Some(CITY_SESSIONS), ..ListPage::default() };
    let sessions: Vec<_> = list_sessions(app, &filter, &page).await?.rows.iter().map(|session| session.id).collect();
    let calendars = find_session_calendars(app, &sessions).await?.into_iter();
    let source = |calendar: SessionCalendar| {
        let page = address(&format!("/sessions/{}", encoded(&calendar.session.path)));
        Source { calendar, page }
    };
    Ok(calendars.map(source).collect())
}

/// The calendar of these sessions. `name` is that of the calendar, if it is not the name of its only session.
fn answer(
    app: &App,
    headers: &HeaderMap,
    name: Option<&str>,
    found: Result<Vec<Source>>,
    nothing: &'static str,
) -> Response {
    let sources = match found {
        Ok(sources) => sources,
        Err(error) => {
            tracing::error!(%error, "calendar could not be read");
            return (StatusCode::INTERNAL_SERVER_ERROR, "Internal error. Try again later.\n").into_response();
        }
    };
    let Some(first) = sources.first() else { return (StatusCode::NOT_FOUND, nothing).into_response() };
    let text = render(app.zone_data(), name.unwrap_or(&first.calendar.session.name), &sources, app.now());
    let tag = entity_tag(&text);
    // A session that leaves the calendar of a city leaves no time behind, so that calendar only has a tag.
    let modified = name.is_none().then(|| last_modified(app.zone_data(), &first.calendar.session, app.now()));
    let mut response = if is_known(headers, &tag, modified) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"))], text).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, CACHE);
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A time in the future is not allowed (RFC 9110, section 8.8.2.1).
    let modified = modified.map(|at| at.min(app.now()).format(HTTP_DATE).to_string());
    for (name, value) in [(ETAG, Some(tag)), (LAST_MODIFIED, modified)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            answer.insert(name, value);
        }
    }
    response
}

/// A time in HTTP (RFC 9110, section 5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// A weak entity tag, because a proxy may compress the text.
fn entity_tag(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

/// Whether the client has the text with this tag. Tags are compared weakly (RFC 9110, section 13.1.2). Without a tag, the time
/// of the last change decides (section 13.1.3).
fn is_known(headers: &HeaderMap, tag: &str, modified: Option<DateTime<Utc>>) -> bool {
    if !headers.contains_key(IF_NONE_MATCH) {
        let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        let since = since.and_then(|value| NaiveDateTime::parse_from_str(value.trim(), HTTP_DATE).ok());
        return since.zip(modified).is_some_and(|(since, modified)| modified <= since.and_utc());
    }
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(|one| one.trim() == "*" || opaque(one) == opaque(tag))
}

/// When the text last changed: by a change of the session, or because a new year began there. HTTP has whole seconds, so this is
/// the first one by which the change was made. A text that is read earlier does not count as the last one.
fn last_modified(data: ZoneData, session: &Session, now: DateTime<Utc>) -> DateTime<Utc> {
    let zone = session.zone(data).unwrap_or(Zone::utc());
    let new_year = NaiveDate::from_ymd_opt(local_date(zone, now).year(), 1, 1).unwrap_or_default();
    let new_year = instant_of(zone, new_year.and_time(NaiveTime::MIN));
    let changed_at = session.changed_at;
    let second = changed_at.trunc_subsecs(0);
    let by = if second == changed_at { second } else { second + TimeDelta::seconds(1) };
    by.max(new_year)
}

/// The calendar's text.
fn render(data: ZoneData, name: &str, sources: &[Source], now: DateTime<Utc>) -> String {
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
            Time::Day(date) => content.value("DTSTART;VALUE=DATE", &date_text(*date)),
        }
        let prefix = if event.is_cancelled { import::CANCELLED_PREFIX } else { "" };
        content.text("SUMMARY", &format!("{prefix}{}", session.name));
        if let Some(location) = &event.location {
            content.text("LOCATION", location);
        }
        if let Some(place) = session.place {
            content.value("GEO", &format!("{};{}", place.latitude(), place.longitude()));
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

#[cfg(test)]
mod tests;
