//! `/near`: the sessions near a place, by distance. The place is the position of the browser, or a city or coordinates that
//! somebody types.
//!
//! A place is only in the body of a form, never in an address. So it is in no log and is not stored.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use domain::{geo::GeoPoint, search};
use maud::{Markup, html};
use service::{
    App, Error, Result,
    instances::{self, ActiveFilter},
    lists::Page as ListPage,
    sessions::{self, Near, Session, SessionFilter},
};

use super::{
    Page, Pages,
    cards::{self, Card},
    error::page_of,
    forms::{Field, FormState, Typed},
    home::{Search, found_city_text, item, with_status},
    layout::{Frame, respond},
    visitor::Visitor,
};
use crate::{
    language::{formats, words},
    site::to,
};

/// How many meetings, and how many sessions, the page shows.
const SHOWN: i32 = 60;
/// How far away sessions may be, in kilometres.
const DISTANCES: [u16; 4] = [5, 25, 100, 500];
const USUAL_DISTANCE: u16 = 25;

struct Results {
    now: DateTime<Utc>,
    title: String,
    on_now: Vec<Card>,
    /// And whether each is live.
    sessions: Vec<(Session, bool)>,
}

pub async fn ask(visitor: Visitor) -> Page {
    Ok(page(&visitor, &FormState::new(Typed::default().with("withinKm", USUAL_DISTANCE)), None))
}

pub async fn show(State(pages): State<Pages>, visitor: Visitor, Form(typed): Form<Typed>) -> Page {
    let typed = if typed.has("withinKm") { typed } else { typed.with("withinKm", USUAL_DISTANCE) };
    match search(&pages.app, &typed).await {
        Ok(results) => Ok(page(&visitor, &FormState::new(typed), results.as_ref())),
        Err(error @ Error::Invalid { .. }) => {
            Ok(page(&visitor, &FormState::refused(typed, &error).renamed("near.withinKm", "withinKm"), None))
        }
        Err(error) => Err(page_of(&visitor)(error)),
    }
}

/// `None` if the form has no place.
async fn search(app: &App, typed: &Typed) -> Result<Option<Results>> {
    let Some((title, place)) = find_place(app, typed).await? else { return Ok(None) };
    let within_km = typed.required("withinKm", &words!("must-be-kilometres"))?;
    let near = Some(Near::new(place.latitude(), place.longitude(), within_km)?);
    let page = ListPage { first: Some(SHOWN), ..ListPage::default() };
    let active = instances::list_active(app, &ActiveFilter { near, ..ActiveFilter::default() }, &page).await?;
    let filter = SessionFilter { near, ..SessionFilter::default() };
    let sessions = with_status(app, sessions::list_sessions(app, &filter, &page).await?.rows).await?;
    Ok(Some(Results { now: app.now(), title, on_now: cards::load(app, active.rows).await?, sessions }))
}

/// The place that was typed, or else the position of the browser, with the title of the page.
async fn find_place(app: &App, typed: &Typed) -> Result<Option<(String, GeoPoint)>> {
    let text = typed.text("place");
    if text.is_empty() {
        let problem = &words!("must-be-degrees");
        let (latitude, longitude) = (typed.decimal("latitude", problem)?, typed.decimal("longitude", problem)?);
        let Some((latitude, longitude)) = latitude.zip(longitude) else { return Ok(None) };
        return Ok(Some((words!("sessions-near-you"), place_at(latitude, longitude)?)));
    }
    if let Some((latitude, longitude)) = coordinates(text) {
        return Ok(Some((
            words!("sessions-near", place = format!("{latitude}, {longitude}")),
            place_at(latitude, longitude)?,
        )));
    }
    let refused = |message: String| Err(Error::invalid("place", message));
    let found = Search::of(app, text).await?;
    let (city, filter) = match (&found, found.filter()) {
        (Search::City(city), Some(filter)) => (found_city_text(city), filter),
        (Search::Several(cities), _) => {
            let cities: Vec<String> = cities.iter().map(found_city_text).collect();
            return refused(words!("place-of-several", cities = cities.join("; ")));
        }
        _ => return refused(words!("place-unknown")),
    };
    let page = ListPage { first: Some(100), ..ListPage::default() };
    let rows = sessions::list_sessions(app, &filter, &page).await?.rows;
    match middle(&rows.iter().filter_map(|session| session.coordinates).collect::<Vec<_>>()) {
        Some(place) => Ok(Some((words!("sessions-near", place = city), place))),
        None => refused(words!("place-without-coordinates", city = city)),
    }
}

fn place_at(latitude: f64, longitude: f64) -> Result<GeoPoint> {
    GeoPoint::new(latitude, longitude)
        .map_err(|error| Error::invalid("place", format!("has a {} that is wrong: it {error}", error.field())))
}

/// A latitude and a longitude, such as `48.21, 16.37` or, with decimal commas, `48,21 16,37`.
fn coordinates(text: &str) -> Option<(f64, f64)> {
    let parts = |separators: &[char]| -> Vec<String> {
        let parts = text.split(separators).map(|part| part.trim_end_matches(',').to_owned());
        parts.filter(|part| !part.is_empty()).collect()
    };
    let apart = parts(&[';', ' ', '\t', '\u{a0}']);
    let parts = if apart.len() == 1 { parts(&[',']) } else { apart };
    let [latitude, longitude] = &parts[..] else { return None };
    search::decimal(latitude).zip(search::decimal(longitude))
}

/// The place with the smallest sum of distances to all others.
fn middle(places: &[GeoPoint]) -> Option<GeoPoint> {
    let distance = |place: &GeoPoint| places.iter().map(|other| u64::from(place.metres_to(*other))).sum::<u64>();
    places.iter().min_by_key(|place| distance(place)).copied()
}

/// The button that sends the position of the browser. Without scripts it sends none, and the page asks for a place.
pub fn button() -> Markup {
    html! {
        form.inline method="post" action=(to("/near")) data-near {
            input type="hidden" name="latitude" value="";
            input type="hidden" name="longitude" value="";
            button { (words!("near-me")) }
        }
    }
}

fn page(visitor: &Visitor, form_state: &FormState, results: Option<&Results>) -> Response {
    let title = results.map_or_else(|| words!("sessions-near-you"), |results| results.title.clone());
    let main = html! {
        h1 { (title) }
        (button())
        @if results.is_none() && !form_state.is_refused() && form_state.typed.has("latitude") {
            p role="status" { (words!("place-not-told")) }
        }
        (form(form_state))
        @if let Some(results) = results { (result_list(results)) }
    };
    let frame = Frame::new(title, visitor).standing_still().asking_where();
    (form_state.status(), respond(&frame, &main)).into_response()
}

fn form(form_state: &FormState) -> Markup {
    let mut form = form_state.form();
    let [place, distance] = [words!("place"), words!("distance")];
    let distances = DISTANCES.map(|count| (count.to_string(), words!("kilometres", count = count)));
    form.add(&Field::text("place", &place).hint(words!("place-hint")));
    form.add(&Field::choice("withinKm", &distance, distances));
    // Keeps the place when the visitor chooses another distance.
    for name in ["latitude", "longitude"] {
        if !form_state.typed.text(name).is_empty() {
            form.add(&Field::hidden(name));
        }
    }
    form.send_to(&to("/near"), &html! { button { (words!("search")) } })
}

fn result_list(results: &Results) -> Markup {
    let away = |metres: Option<u32>| metres.map(formats::away);
    html! {
        section aria-labelledby="on-now" {
            h2 #on-now { (words!("on-now")) }
            @if results.on_now.is_empty() { p.quiet { (words!("nothing-on-near")) } }
            (cards::list(results.now, &results.on_now, |card| html! { p.quiet { (away(card.instance.metres_away).unwrap_or_default()) } }))
        }
        section aria-labelledby="all" {
            h2 #all { (words!("sessions-near-place")) }
            @if results.sessions.is_empty() { p.quiet { (words!("nothing-near")) } }
            ul.plain {
                @for (session, is_live) in &results.sessions {
                    (item(session, *is_live, away(session.metres_away).as_deref()))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_two_numbers() {
        for text in
            ["48.21, 16.37", "48.21 16.37", "48.21;16.37", "48.21,16.37", "48,21 16,37", "48,21; 16,37", "48,21, 16,37"]
        {
            assert_eq!(coordinates(text), Some((48.21, 16.37)), "{text}");
        }
        for text in ["", "48.21", "Paris 7", "1, 2, 3", "48,21,16,37"] {
            assert_eq!(coordinates(text), None, "{text}");
        }
        assert!(place_at(91.0, 0.0).is_err() && place_at(0.0, f64::INFINITY).is_err());
    }

    #[test]
    fn middle_of_a_city_is_the_place_nearest_to_all_others() {
        let place = |longitude: f64| GeoPoint::new(10.0, longitude).unwrap();
        assert_eq!(middle(&[place(179.0), place(-179.9), place(179.9)]), Some(place(179.9)));
        assert_eq!(middle(&[]), None);
    }
}
