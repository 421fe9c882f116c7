use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    http::{Request, header::HOST},
};
use chrono::{NaiveDate, NaiveTime, Weekday};
use domain::{
    access::Viewer,
    clock::ManualClock,
    placement::PlacementRule,
    recurrence::{Schedule, ScheduleSource},
    zone::{Tz, ZoneData},
};
use icalendar::{CalendarComponent, Component as _};
use service::{
    app::NoJobQueue,
    db::Db,
    instances::{self, NewInstance},
    log::wake::Wake,
    sessions::{self, NewSession},
};
use tower::ServiceExt as _;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn now() -> DateTime<Utc> {
    "2025-06-02T12:00:00Z".parse().unwrap()
}

#[test]
fn page_address_comes_from_the_request() {
    let address = |headers: &[(&'static str, &'static str)]| {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        Site::default().absolute(&headers.collect(), "/sessions/caf%C3%A9")
    };
    assert_eq!(address(&[("host", "localhost:8080")]).unwrap(), "http://localhost:8080/sessions/caf%C3%A9");
    let proxied = [("host", "example.org"), ("x-forwarded-proto", "https")];
    assert_eq!(address(&proxied).unwrap(), "https://example.org/sessions/caf%C3%A9");
    assert_eq!(address(&[("host", "not a host")]), None);
    assert_eq!(address(&[]), None);
}

async fn app() -> App {
    let db = Db::connect("sqlite::memory:", 1).await.unwrap();
    db.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::at(now()));
    App::new(db, clock, Wake::local(), Arc::new(NoJobQueue), PlacementRule::default())
}

async fn fetch(app: &App, path: &str, headers: &[(&str, &str)]) -> (StatusCode, BTreeMap<String, String>, String) {
    let mut request = Request::get(path).header(HOST, "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(app.clone(), Site::default()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, headers.collect(), String::from_utf8(bytes.to_vec()).unwrap())
}

/// A session on Thursdays in Vienna's zone.
fn new_session(name: &str, city: Option<&str>) -> NewSession {
    let thursdays = Schedule::weekly(Weekday::Thu, 1, time("19:00"), time("22:30")).unwrap();
    NewSession {
        name: name.to_owned(),
        path: None,
        city: city.map(str::to_owned),
        state: None,
        country: None,
        location: None,
        latitude: None,
        longitude: None,
        time_zone: Tz::Europe__Vienna,
        recurrence: Some(vec![ScheduleSource::Schedule(thursdays)]),
        active_buffer_minutes_before: 60,
        active_buffer_minutes_after: 60,
        auto_create_instances: false,
        auto_create_hours_ahead: 24,
        initiation_date: None,
        termination_date: None,
        skips: Vec::new(),
        check_in_codes: domain::door::CheckInCodes::None,
        requires_code: false,
        description: None,
        website: None,
        picture_url: None,
    }
}

#[tokio::test]
async fn calendar_of_a_city_has_all_its_sessions_and_each_zone_once() {
    let app = app().await;
    let mut tokyo = new_session("Neko", Some("Wien"));
    tokyo.time_zone = Tz::Asia__Tokyo;
    for new in
        [new_session("Café", Some("Wien")), new_session("Ring", Some("Wien")), tokyo, new_session("Away", Some("Graz"))]
    {
        sessions::insert_session(&app, Viewer::ADMIN, new).await.unwrap();
    }
    let (status, headers, text) = fetch(&app, "/calendar.ics?city=Wien", &[]).await;
    assert_eq!((status, headers["content-type"].as_str()), (StatusCode::OK, "text/calendar; charset=utf-8"));
    text.parse::<icalendar::Calendar>().unwrap();
    let values = |name: &str| text.lines().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>();
    assert_eq!(values("X-WR-CALNAME:"), ["Wien"]);
    assert_eq!(values("TZID:"), ["Europe/Vienna", "Asia/Tokyo"]);
    assert_eq!(values("SUMMARY:"), ["Café", "Neko", "Ring"]);
    assert_eq!(values("URL:")[2], "http://localhost/sessions/ring");
    assert!(!headers.contains_key("last-modified"), "a session may leave the city");
    let known = [("if-none-match", headers["etag"].as_str())];
    assert_eq!(fetch(&app, "/calendar.ics?city=Wien", &known).await.0, StatusCode::NOT_MODIFIED);
    for nowhere in ["/calendar.ics", "/calendar.ics?city=Linz", "/calendar.ics?city=%00"] {
        assert_eq!(fetch(&app, nowhere, &[]).await.0, StatusCode::NOT_FOUND, "{nowhere}");
    }
}

#[test]
fn time_of_the_last_change_is_never_before_the_change() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let chicago = ZoneData::compiled().zone("America/Chicago").unwrap();
    let modified = |changed_at: &str, now: &str| last_modified(chicago, at(changed_at), at(now));
    assert_eq!(modified("2025-06-02T12:00:00Z", "2025-06-02T12:00:00Z"), at("2025-06-02T12:00:00Z"));
    assert_eq!(modified("2025-06-02T12:00:00.25Z", "2025-06-02T12:00:00.5Z"), at("2025-06-02T12:00:01Z"));
    // The new year begins in Chicago.
    assert_eq!(modified("2025-06-02T12:00:00Z", "2026-01-01T05:59:59Z"), at("2025-06-02T12:00:00Z"));
    assert_eq!(modified("2025-06-02T12:00:00Z", "2026-01-01T06:00:00Z"), at("2026-01-01T06:00:00Z"));
}

#[tokio::test]
async fn calendar_is_not_modified_until_it_changes() {
    let app = app().await;
    let admin = Viewer::ADMIN;
    let new = new_session("Café am Ring", None);
    let made = sessions::insert_session(&app, admin, new).await.unwrap();
    let path = "/sessions/caf%C3%A9-am-ring/calendar.ics";
    let (status, headers, text) = fetch(&app, path, &[]).await;
    assert_eq!((status, headers["content-type"].as_str()), (StatusCode::OK, "text/calendar; charset=utf-8"));
    assert_eq!(headers["cache-control"], "public, max-age=60");
    let calendar: icalendar::Calendar = text.parse().unwrap();
    let event = calendar.components.iter().find_map(CalendarComponent::as_event).unwrap();
    assert_eq!(event.get_summary(), Some("Café am Ring"));
    assert_eq!(event.property_value("URL"), Some("http://localhost/sessions/caf%C3%A9-am-ring"));

    let tag = headers["etag"].as_str();
    assert_eq!(headers["last-modified"], "Mon, 02 Jun 2025 12:00:00 GMT");
    for tag in [tag, tag.trim_start_matches("W/"), &format!("\"other\", {tag}"), "*"] {
        let (status, _, text) = fetch(&app, path, &[("if-none-match", tag)]).await;
        assert_eq!((status, text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{tag}");
    }
    // Without a tag, the time decides.
    for (since, status) in [
        ("Mon, 02 Jun 2025 12:00:00 GMT", StatusCode::NOT_MODIFIED),
        ("Tue, 03 Jun 2025 00:00:00 GMT", StatusCode::NOT_MODIFIED),
        ("Mon, 02 Jun 2025 11:59:59 GMT", StatusCode::OK),
        ("yesterday", StatusCode::OK),
    ] {
        assert_eq!(fetch(&app, path, &[("if-modified-since", since)]).await.0, status, "{since}");
    }
    let both = [("if-modified-since", "Tue, 03 Jun 2025 00:00:00 GMT"), ("if-none-match", "\"other\"")];
    assert_eq!(fetch(&app, path, &both).await.0, StatusCode::OK, "the tag decides");
    let instance = NewInstance {
        session: made.id,
        date: date("2025-06-06"),
        start_time: Some(time("10:00")),
        end_time: None,
        location_override: None,
        allows_duplicate: false,
    };
    instances::insert_instance(&app, admin, instance).await.unwrap();
    let (status, changed, text) = fetch(&app, path, &[("if-none-match", tag)]).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(changed["etag"], tag);
    assert!(text.contains("DTSTART;TZID=Europe/Vienna:20250606T100000\r\nSUMMARY"), "{text}");

    for unknown in ["/sessions/nobody/calendar.ics", "/sessions/%00/calendar.ics"] {
        let (status, headers, text) = fetch(&app, unknown, &[]).await;
        assert_eq!((status, text.as_str()), (StatusCode::NOT_FOUND, "There is no session at this address.\n"));
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    }
}
