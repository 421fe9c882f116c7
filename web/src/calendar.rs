//! `/sessions/{path}/calendar.ics` and `/calendar.ics?city={city}`: a session, or all sessions of a city, as an iCalendar
//! (RFC 5545) that calendar programs subscribe to. [`service::calendar`] writes it.

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
use domain::zone::{Zone, instant_of, local_date};
use serde::Deserialize;
use service::{
    App, Result,
    calendar::{SessionCalendar, Source, find_session_calendar, find_session_calendars, render},
    lists::Page as ListPage,
    sessions::{SessionFilter, list_sessions},
};

use crate::{
    etag::{has_version, version_of},
    pages::{encoded, failed},
    site::Site,
};

/// How long clients may cache a calendar.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// The most sessions in the calendar of a city.
const CITY_SESSIONS: i32 = 100;

/// The routes of the calendars.
pub fn router(app: App, site: Site) -> Router {
    Router::new()
        .route("/sessions/{path}/calendar.ics", get(serve))
        .route("/calendar.ics", get(serve_city))
        .with_state((app, site))
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
            return failed(&error);
        }
    };
    let Some(first) = sources.first() else { return (StatusCode::NOT_FOUND, nothing).into_response() };
    let text = render(app.zone_data(), name.unwrap_or(&first.calendar.session.name), &sources, app.now());
    let version = version_of(&text);
    // A session that leaves the calendar of a city leaves no time behind, so that calendar only has a tag.
    let session = &first.calendar.session;
    let zone = session.zone(app.zone_data()).unwrap_or(Zone::utc());
    let modified = name.is_none().then(|| last_modified(zone, session.changed_at, app.now()));
    let mut response = if is_known(headers, &version, modified) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"))], text).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, CACHE);
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A time in the future is not allowed (RFC 9110, section 8.8.2.1).
    let modified = modified.map(|at| at.min(app.now()).format(HTTP_DATE).to_string());
    // A weak entity tag, because a proxy may compress the text.
    let tag = format!("W/\"{version}\"");
    for (name, value) in [(ETAG, Some(tag)), (LAST_MODIFIED, modified)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            answer.insert(name, value);
        }
    }
    response
}

/// A time in HTTP (RFC 9110, section 5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Whether the client has this version of the text. If it names no entity tag, the time of the last change decides (RFC 9110,
/// section 13.1.3).
fn is_known(headers: &HeaderMap, version: &str, modified: Option<DateTime<Utc>>) -> bool {
    if !headers.contains_key(IF_NONE_MATCH) {
        let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        let since = since.and_then(|value| NaiveDateTime::parse_from_str(value.trim(), HTTP_DATE).ok());
        return since.zip(modified).is_some_and(|(since, modified)| modified <= since.and_utc());
    }
    has_version(headers, |tag| tag == version)
}

/// When the text last changed: by a change of the session in this zone, or because a new year began there. HTTP has whole seconds, so this is
/// the first one by which the change was made. A text that is read earlier does not count as the last one.
fn last_modified(zone: Zone, changed_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let new_year = NaiveDate::from_ymd_opt(local_date(zone, now).year(), 1, 1).unwrap_or_default();
    let new_year = instant_of(zone, new_year.and_time(NaiveTime::MIN));
    let second = changed_at.trunc_subsecs(0);
    let by = if second == changed_at { second } else { second + TimeDelta::seconds(1) };
    by.max(new_year)
}

#[cfg(test)]
mod tests;
