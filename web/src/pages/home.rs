//! `/`: the meetings that are in session now, by city, and the next ones. A visitor may search for a city.

use std::collections::{BTreeMap, HashSet};

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{ids::SessionId, search};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use service::{
    App, Result,
    instances::{self, ActiveFilter, meetings},
    lists::{Page as ListPage, RowCursor},
    presence::activities::Activity,
    sessions::{self, FoundCity, Session, SessionFilter},
};

use super::{
    Page, Pages, activity,
    cards::{self, Card, Coming},
    error::page_of,
    layout::{Frame, live_now, respond},
    near,
    timeline::Timeline,
    visitor::Visitor,
};
use crate::{
    language::{self, words},
    site::to,
};

/// The number of cards on one page: of meetings that are on now, and of the next ones.
const ON_NOW: i32 = 60;
const NEXT: usize = 12;
const SUGGESTIONS: usize = 20;

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    #[serde(default)]
    city: String,
    /// A part of a session's name.
    #[serde(default)]
    name: String,
    after: Option<String>,
}

/// The result of a search for a city.
pub enum Search {
    Everywhere,
    City(FoundCity),
    Several(Vec<FoundCity>),
    Nothing,
}

impl Search {
    pub async fn of(app: &App, text: &str) -> Result<Self> {
        if search::words(text).is_empty() {
            return Ok(Self::Everywhere);
        }
        let mut cities = sessions::find_cities(app, text, SUGGESTIONS).await?;
        let key = search::key(text);
        let by_key = cities.iter().filter(|found| search::key(&found.city) == key);
        let exact = cities.iter().find(|found| found.city == text.trim()).or(match &by_key.collect::<Vec<_>>()[..] {
            [only] => Some(*only),
            _ => None,
        });
        if let Some(exact) = exact {
            return Ok(Self::City(exact.clone()));
        }
        Ok(match cities.pop() {
            None => Self::Nothing,
            Some(only) if cities.is_empty() => Self::City(only),
            Some(last) => Self::Several(cities.into_iter().chain([last]).collect()),
        })
    }

    pub fn city(&self) -> Option<&FoundCity> {
        if let Self::City(found) = self { Some(found) } else { None }
    }

    /// The sessions in the found city. `None` if there is no city, or not one only.
    pub fn filter(&self) -> Option<SessionFilter> {
        match self {
            Self::Everywhere => Some(SessionFilter::default()),
            Self::City(FoundCity { city, country }) => {
                Some(SessionFilter { city: Some(city.clone()), country: country.clone(), ..SessionFilter::default() })
            }
            Self::Several(_) | Self::Nothing => None,
        }
    }

    /// What a visitor does who was not understood.
    pub fn markup(&self, page: &str) -> Markup {
        html! {
            @match self {
                Self::Nothing => p { (words!("no-such-city")) },
                Self::Several(cities) => {
                    p { (words!("several-cities")) }
                    ul.choices {
                        @for found in cities {
                            @let text = found_city_text(found);
                            li { a href={ (to(page)) "?city=" (cards::encoded(&text)) } { (text) } }
                        }
                    }
                }
                Self::Everywhere | Self::City(_) => {}
            }
        }
    }
}

/// 'Austin', or 'Austin, USA' if the search named the country.
pub fn found_city_text(FoundCity { city, country }: &FoundCity) -> String {
    [Some(city.as_str()), country.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

struct Content {
    now: DateTime<Utc>,
    search: Search,
    on_now: Vec<Card>,
    more: Option<String>,
    next: Vec<Coming>,
    /// All sessions in the city, or with the searched name, and whether each is live.
    all: Vec<(Session, bool)>,
    activities: Vec<Activity>,
    today: Option<Timeline>,
    may_create: bool,
}

pub async fn show(State(pages): State<Pages>, visitor: Visitor, Query(parameters): Query<Parameters>) -> Page {
    let content = load(&pages.app, &visitor, &parameters).await.map_err(page_of(&visitor))?;
    let found = content.search.city();
    let city = found.map(found_city_text);
    let title = city.as_ref().map_or_else(|| words!("in-session-now"), |city| words!("in-session-now-in", city = city));
    let narrowing = match found {
        None => json!({}),
        Some(FoundCity { city, country: None }) => json!({ "city": city }),
        Some(FoundCity { city, country }) => json!({ "city": city, "country": country }),
    };
    let mut frame = Frame::new(&title, &visitor).following(narrowing).asking_where();
    if let Some(city) = &city {
        frame = frame.fed_by(format!("/feed.atom?city={}", cards::encoded(city)));
    }
    if parameters.name.is_empty() && parameters.after.is_none() {
        let path = city.map_or_else(|| "/".to_owned(), |city| format!("/?city={}", cards::encoded(&city)));
        frame = frame.found_at(path, words!("home-description", title = title.as_str()));
    }
    Ok(render(&frame, &title, &parameters, &content).into_response())
}

async fn load(app: &App, visitor: &Visitor, parameters: &Parameters) -> Result<Content> {
    let search = Search::of(app, &parameters.city).await?;
    let mut content = Content {
        now: app.now(),
        search,
        on_now: Vec::new(),
        more: None,
        next: Vec::new(),
        all: Vec::new(),
        activities: Vec::new(),
        today: None,
        may_create: visitor.viewer.may_open_admin_pages(),
    };
    let Some(filter) = content.search.filter() else { return Ok(content) };
    let name = Some(parameters.name.trim().to_owned()).filter(|name| !name.is_empty());
    let filter = SessionFilter { name_contains: name.clone(), ..filter };
    let city = content.search.city().map(found_city_text);
    if city.is_some() || name.is_some() {
        let page = ListPage { first: Some(100), ..ListPage::default() };
        content.all = with_status(app, sessions::list_sessions(app, &filter, &page).await?.rows).await?;
    }
    content.next = cards::coming(app, meetings::find_upcoming(app, &filter, NEXT).await?).await?;
    if name.is_some() {
        return Ok(content);
    }
    if let Some(city) = &city {
        let all: Vec<Session> = content.all.iter().map(|(session, _)| session.clone()).collect();
        content.today = Timeline::load(app, city, &all).await?;
    }
    let filter = ActiveFilter { city: filter.city, country: filter.country, ..ActiveFilter::default() };
    let page = ListPage { first: Some(ON_NOW), after: parameters.after.clone(), ..ListPage::default() };
    let slice = instances::list_active(app, &filter, &page).await?;
    let last = slice.rows.last().map(|row| RowCursor::of_instant(row.listed_at, row.id).write());
    content.more = last.filter(|_| slice.has_next);
    content.on_now = cards::load(app, slice.rows).await?;
    if city.is_none() {
        content.activities = activity::listed(app).await?;
    }
    Ok(content)
}

fn render(frame: &Frame<'_>, title: &str, parameters: &Parameters, content: &Content) -> Response {
    let main = html! {
        h1 { (title) }
        (search_form(parameters, &content.search))
        (near::button())
        @if !matches!(content.search, Search::Several(_) | Search::Nothing) {
            @if let Some(today) = &content.today { (today.render()) }
            @if parameters.name.trim().is_empty() {
                (on_now(parameters, content))
                (next(content))
                (all(parameters, content))
            } @else {
                (all(parameters, content))
                (next(content))
            }
            (activity::links(&content.activities))
        }
    };
    respond(frame, &main)
}

fn search_form(parameters: &Parameters, search: &Search) -> Markup {
    html! {
        form.search role="search" method="get" action=(to("/")) {
            span.pair {
                label for="city" { (words!("city")) }
                input #city name="city" type="search" value=(parameters.city) autocomplete="off";
            }
            span.pair {
                label for="name" { (words!("session")) }
                input #name name="name" type="search" value=(parameters.name) autocomplete="off";
            }
            button { (words!("search")) }
            @if !parameters.city.is_empty() || !parameters.name.is_empty() { a href=(to("/")) { (words!("everywhere")) } }
        }
        (search.markup("/"))
    }
}

fn on_now(parameters: &Parameters, content: &Content) -> Markup {
    let mut cities: BTreeMap<String, Vec<Card>> = BTreeMap::new();
    for card in &content.on_now {
        cities.entry(cards::city_text(&card.session)).or_default().push(card.clone());
    }
    html! {
        section aria-label=(words!("on-now")) {
            @if cities.is_empty() { p.quiet { (words!("nothing-on")) } }
            // So that who starts with an empty database sees how to go on.
            @if cities.is_empty() && content.next.is_empty() && content.may_create {
                p { a.button href=(to("/admin/sessions/new")) { (words!("new-session")) } }
            }
            @for (city, cards) in &cities {
                h2 { (city) }
                (cards::list(content.now, cards, cards::nothing))
            }
            @if let Some(after) = &content.more {
                p { a href={ (to("/?city=")) (cards::encoded(&parameters.city)) "&after=" (after) } { (words!("more-on-now")) } }
            }
        }
    }
}

fn next(content: &Content) -> Markup {
    html! {
        @if !content.next.is_empty() {
            section aria-labelledby="next" {
                h2 #next { (words!("coming-up")) }
                (cards::coming_list(content.now, &content.next))
            }
        }
    }
}

fn all(parameters: &Parameters, content: &Content) -> Markup {
    let is_named = !parameters.name.trim().is_empty();
    html! {
        @if is_named && content.all.is_empty() { p { (words!("no-such-name")) } }
        @if !content.all.is_empty() {
            section aria-labelledby="all" {
                h2 #all { @if is_named { (words!("sessions-with-name")) } @else { (words!("sessions-in-city")) } }
                ul.plain {
                    @for (session, is_live) in &content.all {
                        (item(session, *is_live, session.city.as_deref().filter(|_| is_named)))
                    }
                }
                @if !is_named && let Some(FoundCity { city, .. }) = content.search.city() {
                    p { a href=(calendar_address(city)) { (words!("add-to-calendar")) } }
                }
            }
        }
    }
}

/// Whether each of these sessions is live.
pub async fn with_status(app: &App, sessions: Vec<Session>) -> Result<Vec<(Session, bool)>> {
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let active = instances::find_active_of_sessions(app, &ids).await?;
    let live: HashSet<SessionId> = active.into_iter().map(|instance| instance.session_id).collect();
    Ok(sessions.into_iter().map(|session| (live.contains(&session.id), session)).map(|(live, it)| (it, live)).collect())
}

/// A session in a list: its name, whether it is live, where it is, and when it meets.
pub fn item(session: &Session, is_live: bool, place: Option<&str>) -> Markup {
    html! {
        li {
            a href=(cards::address(session)) { (session.name) }
            @if let Some(place) = place { ", " (place) }
            @if is_live { " " (live_now(session.id, &session.name, true)) }
            " – " (recurrence_text(session))
        }
    }
}

/// The address of the iCalendar of a city.
pub fn calendar_address(city: &str) -> String {
    to(&format!("/calendar.ics?city={}", cards::encoded(city)))
}

/// The session's recurrence in words.
pub fn recurrence_text(session: &Session) -> String {
    match session.recurrence() {
        Ok(recurrence) => language::recurrence_text(&recurrence.unwrap_or_default()),
        Err(_) => words!("schedule-unreadable"),
    }
}
