//! `/calendar`: the meetings of the next two weeks, by date.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use chrono::{Days, NaiveDate};
use domain::ids::SessionId;
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    App, Result,
    instances::meetings::{self, Meeting},
    lists::Page as ListPage,
    sessions::{self, FoundCity, Session},
};

use super::{
    Page, Pages, cards,
    error::page_of,
    home::{Search, calendar_address, found_city_text},
    layout::{Frame, respond},
    times,
    visitor::Visitor,
};
use crate::{
    language::{formats, words},
    site::to,
};

const DAYS: u64 = 14;
const SESSIONS: i32 = 100;

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    #[serde(default)]
    city: String,
    /// The list of sessions goes on after this cursor.
    after: Option<String>,
}

pub async fn show(State(pages): State<Pages>, visitor: Visitor, Query(parameters): Query<Parameters>) -> Page {
    let app = &pages.app;
    let search = Search::of(app, &parameters.city).await.map_err(page_of(&visitor))?;
    let (sessions, more, days) = load(app, &search, parameters.after.clone()).await.map_err(page_of(&visitor))?;
    let found = search.city().map(found_city_text);
    let city = found.as_deref().unwrap_or_default();
    let title = if city.is_empty() { words!("calendar") } else { words!("calendar-of", city = city) };
    let main = html! {
        h1 { (title) }
        form.search role="search" method="get" action=(to("/calendar")) {
            label for="city" { (words!("city")) }
            input #city name="city" type="search" value=(parameters.city) autocomplete="off";
            button { (words!("show")) }
        }
        (search.markup("/calendar"))
        @if search.filter().is_some() && days.is_empty() { p.quiet { (words!("calendar-empty")) } }
        @for (date, meetings) in &days {
            section aria-labelledby={ "day-" (date) } {
                h2 #{ "day-" (date) } { (formats::day(*date)) }
                ul.rows { @for (session, meeting) in meetings { (row(app, &sessions, *session, meeting)) } }
            }
        }
        @if let Some(FoundCity { city, .. }) = search.city() {
            p { a href=(calendar_address(city)) { (words!("add-to-calendar")) } }
        }
        @if let Some(after) = more {
            p { a href={ (to("/calendar?city=")) (cards::encoded(city)) "&after=" (after) } { (words!("more-sessions")) } }
        }
    };
    let mut frame = Frame::new(&title, &visitor);
    if !city.is_empty() {
        frame = frame.fed_by(format!("/feed.atom?city={}", cards::encoded(city)));
    }
    if parameters.after.is_none() && search.filter().is_some() {
        let path =
            if city.is_empty() { "/calendar".to_owned() } else { format!("/calendar?city={}", cards::encoded(city)) };
        frame = frame.found_at(path, words!("calendar-description", title = title.as_str()));
    }
    Ok(respond(&frame, &main))
}

type Dated = BTreeMap<NaiveDate, Vec<(SessionId, Meeting)>>;

async fn load(app: &App, search: &Search, after: Option<String>) -> Result<(Vec<Session>, Option<String>, Dated)> {
    let Some(filter) = search.filter() else { return Ok((Vec::new(), None, Dated::new())) };
    let page = ListPage { first: Some(SESSIONS), after, ..ListPage::default() };
    let slice = sessions::list_sessions(app, &filter, &page).await?;
    let last = slice.rows.last().filter(|_| slice.has_next);
    let more = last.map(|row| service::lists::RowCursor::of_text(&row.name_key, row.id).write());
    let today = app.now().date_naive();
    let found = meetings::find_between(app, &slice.rows, today, today + Days::new(DAYS)).await?;
    let mut days = Dated::new();
    for (session, meeting) in found {
        days.entry(meeting.date).or_default().push((session, meeting));
    }
    Ok((slice.rows, more, days))
}

fn row(app: &App, sessions: &[Session], id: SessionId, meeting: &Meeting) -> Markup {
    let Some(session) = sessions.iter().find(|session| session.id == id) else { return Markup::default() };
    let is_cancelled = meeting.is_cancelled();
    let zone = times::zone_of(app.zone_data(), session);
    html! {
        li.cancelled[is_cancelled] {
            span {
                a href=(cards::address(session)) { (session.name) }
                @if let Some(city) = &session.city { span.quiet { ", " (city) } }
                @if is_cancelled { " – " strong { (words!("cancelled-within")) } }
            }
            (times::meeting_of_the_day(zone, meeting.date, meeting.starts_at, meeting.ends_at))
        }
    }
}
