//! `/me`: the visitor's own page, with placement, bookings, check-ins and privacy.

use axum::{
    Form,
    extract::{Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    check_in::Attendance,
    ids::{BookingId, PersonId, SessionInstanceId},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use service::{
    App, Result,
    bookings::{self, Action},
    check_ins::{self, CheckIn, CheckInCursors, CheckInsOf},
    instances,
    lists::Page as ListPage,
    people::{self, Person, PersonPatch},
    sessions::{self, Session, SessionFilter},
};

use super::{
    Page, Pages,
    bookings::Bookings,
    cards::{self, Card},
    error::{PageError, page_of, told},
    home::recurrence_text,
    layout::{Frame, problem, respond},
    person::find_place,
    sign_in::sign_out,
    times,
    visitor::Visitor,
};
use crate::site::to;

/// The most sessions in the list of those that the visitor organises.
const ORGANIZED: i32 = 100;

struct Content {
    now: DateTime<Utc>,
    organized: Vec<Session>,
    person: Person,
    bookings: Bookings,
    place: Option<Card>,
    nearby: Vec<Card>,
    check_ins: Vec<(CheckIn, Card)>,
    older: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    after: Option<String>,
}

pub async fn show(State(pages): State<Pages>, visitor: Visitor, Query(asked): Query<Asked>) -> Page {
    answer(&pages.app, &visitor, asked.after, None).await
}

#[derive(Deserialize)]
pub struct Profile {
    /// Browsers do not send a box that is not ticked.
    hides_place: Option<String>,
}

pub async fn change_profile(State(pages): State<Pages>, visitor: Visitor, Form(form): Form<Profile>) -> Page {
    let Some(id) = visitor.viewer.person else { return Ok(sign_in()) };
    let patch = PersonPatch { hides_place: Some(form.hides_place.is_some()), ..PersonPatch::default() };
    match people::update_person(&pages.app, visitor.viewer, id, patch).await {
        Ok(_) => Ok(Redirect::to(&to("/me")).into_response()),
        Err(error) => {
            let (status, message) = told(&error);
            answer(&pages.app, &visitor, None, Some((status, message))).await
        }
    }
}

#[derive(Deserialize)]
pub struct BookingStep {
    booking: String,
    action: String,
}

pub async fn act_on_booking(
    State(pages): State<Pages>,
    visitor: Visitor,
    Form(BookingStep { booking, action }): Form<BookingStep>,
) -> Page {
    let wrong = || PageError::bad_form(&visitor);
    let id: BookingId = booking.parse().map_err(|_| wrong())?;
    let action = match action.as_str() {
        "start" => Action::Start,
        "complete" => Action::Complete,
        "cancel" => Action::Cancel,
        _ => return Err(wrong()),
    };
    match bookings::act(&pages.app, visitor.viewer, id, action).await {
        Ok(_) => Ok(Redirect::to(&to("/me")).into_response()),
        Err(error) => answer(&pages.app, &visitor, None, Some(told(&error))).await,
    }
}

/// All that is kept about the visitor, as a file.
pub async fn download(State(pages): State<Pages>, visitor: Visitor) -> Page {
    let Some(id) = visitor.viewer.person else { return Ok(sign_in()) };
    let data = people::export_person(&pages.app, visitor.viewer, id).await.map_err(page_of(&visitor))?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"insession-data.json\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, format!("{data:#}\n")).into_response())
}

#[derive(Deserialize)]
pub struct Erasure {
    /// The visitor's name, typed as a confirmation.
    confirmation: String,
}

pub async fn erase(
    State(pages): State<Pages>,
    headers: HeaderMap,
    visitor: Visitor,
    Form(form): Form<Erasure>,
) -> Page {
    let Some(id) = visitor.viewer.person else { return Ok(sign_in()) };
    if visitor.name.as_deref().is_none_or(|name| name.trim() != form.confirmation.trim()) {
        let message = "Nothing was deleted. Type your name exactly as it is shown, and try again.".to_owned();
        return answer(&pages.app, &visitor, None, Some((StatusCode::UNPROCESSABLE_ENTITY, message))).await;
    }
    match people::erase_person(&pages.app, visitor.viewer, id).await {
        Ok(()) => Ok(sign_out(State(pages), headers).await),
        Err(error) => answer(&pages.app, &visitor, None, Some(told(&error))).await,
    }
}

fn sign_in() -> Response {
    Redirect::to(&to("/sign-in?next=/me")).into_response()
}

/// The page, with an error message if there is one.
async fn answer(app: &App, visitor: &Visitor, after: Option<String>, wrong: Option<(StatusCode, String)>) -> Page {
    let Some(id) = visitor.viewer.person else {
        if visitor.viewer.is_admin {
            return Err(PageError::not_found(
                visitor,
                "This page is for people. Your token is an admin's and names no person.",
            ));
        }
        return Ok(sign_in());
    };
    let content = load(app, visitor, id, after).await.map_err(page_of(visitor))?;
    let content = content.ok_or_else(|| {
        PageError::not_found(visitor, "The person that your token names does not exist. Sign in with another token.")
    })?;
    let (status, message) = wrong.map_or((StatusCode::OK, None), |(status, message)| (status, Some(message)));
    let main = html! {
        h1 { (content.person.display_name) }
        @if let Some(message) = message { (problem(&message)) }
        @if visitor.viewer.is_deactivated {
            (problem("Your account is deactivated. You can read your data, but not change anything. Ask an administrator."))
        }
        (place(&content))
        (organized(&content.organized))
        (content.bookings.render())
        (own_check_ins(&content))
        (profile(&content.person))
        (own_data(&content.person))
    };
    let frame = Frame::new("Me", visitor).following(json!({ "personId": id.to_string() })).following_bookings();
    Ok((status, respond(&frame, &main)).into_response())
}

async fn load(app: &App, visitor: &Visitor, id: PersonId, after: Option<String>) -> Result<Option<Content>> {
    let found = people::find_people(app, &[id]).await?;
    let Some(person) = found.into_iter().next() else { return Ok(None) };
    let place = find_place(app, visitor, &person).await?;
    let here = place.as_ref().map(|card| card.instance.id);
    let nearby = match (person.city.clone(), person.country.clone()) {
        (Some(city), Some(country)) => instances::find_active_at(app, &[(city, country)]).await?,
        _ => Vec::new(),
    };
    let nearby = nearby.into_iter().filter(|(instance, _)| Some(instance.id) != here).collect();
    let page = ListPage { after, ..ListPage::default() };
    let slice = check_ins::list_check_ins(app, CheckInsOf::Person(id), &page).await?;
    let cursors = CheckInCursors::of(app).await?;
    let last = slice.rows.last().map(|row| cursors.write(row)).transpose()?;
    let ids: Vec<SessionInstanceId> = slice.rows.iter().map(|row| row.session_instance_id).collect();
    let met = cards::load(app, instances::find_instances(app, &ids).await?).await?;
    let with_meeting = |row: CheckIn| {
        let card = met.iter().find(|card| card.instance.id == row.session_instance_id)?.clone();
        Some((row, card))
    };
    let organizes = SessionFilter { organizer: Some((Some(id), true)), ..SessionFilter::default() };
    let organized = ListPage { first: Some(ORGANIZED), ..ListPage::default() };
    Ok(Some(Content {
        now: app.now(),
        organized: sessions::list_sessions(app, &organizes, &organized).await?.rows,
        bookings: Bookings::load(app, visitor.viewer, id).await?,
        person,
        place,
        nearby: cards::count(app, nearby).await?,
        check_ins: slice.rows.into_iter().filter_map(with_meeting).collect(),
        older: last.filter(|_| slice.has_next),
    }))
}

fn place(content: &Content) -> Markup {
    html! {
        section aria-labelledby="place" {
            h2 #place { "Where I am" }
            @match &content.place {
                Some(card) => (cards::list(content.now, std::slice::from_ref(card), |card| answer_button(card, "no", "I left"))),
                None => p.quiet { "You are not at a session right now." },
            }
        }
        @if !content.nearby.is_empty() {
            section aria-labelledby="nearby" {
                h2 #nearby { "On now in my city" }
                (cards::list(content.now, &content.nearby, |card| answer_button(card, "yes", "I am here")))
            }
        }
    }
}

fn organized(sessions: &[Session]) -> Markup {
    html! {
        @if !sessions.is_empty() {
            section aria-labelledby="organized" {
                h2 #organized { "Sessions I organise" }
                ul.rows {
                    @for session in sessions {
                        li {
                            span { a href=(cards::address(session)) { (session.name) } " – " (recurrence_text(session)) }
                            a.button href={ (cards::address(session)) "/organize" } aria-label={ "Organise " (session.name) } { "Organise" }
                        }
                    }
                }
            }
        }
    }
}

fn answer_button(card: &Card, answer: &str, words: &str) -> Markup {
    html! {
        form.answer method="post" action=(cards::address(&card.session)) {
            input type="hidden" name="instance" value=(card.instance.id);
            button name="answer" value=(answer) { (words) }
        }
    }
}

fn own_check_ins(content: &Content) -> Markup {
    html! {
        section aria-labelledby="check-ins" {
            h2 #check-ins { "My check-ins" }
            @if content.check_ins.is_empty() { p.quiet { "You have not checked in anywhere yet." } }
            ul.plain {
                @for (row, Card { instance, session, zone, .. }) in &content.check_ins {
                    li {
                        strong { (attendance_text(row.attendance)) } ": "
                        a href=(cards::address(session)) { (session.name) } ", "
                        (times::meeting(*zone, instance.date, instance.starts_at, instance.ends_at))
                        @if instance.is_cancelled { " – cancelled" }
                    }
                }
            }
            @if let Some(after) = &content.older { p { a href={ (to("/me?after=")) (after) } { "Older check-ins" } } }
        }
    }
}

fn attendance_text(attendance: Attendance) -> &'static str {
    match attendance {
        Attendance::Yes => "Yes",
        Attendance::Maybe => "Maybe",
        Attendance::No => "No",
    }
}

fn profile(person: &Person) -> Markup {
    html! {
        section aria-labelledby="privacy" {
            h2 #privacy { "Privacy" }
            form.stacked method="post" action=(to("/me/profile")) {
                label.check {
                    input type="checkbox" name="hides_place" checked[person.hides_place];
                    " Hide where I am from others at the same session"
                }
                button { "Save" }
            }
        }
    }
}

fn own_data(person: &Person) -> Markup {
    html! {
        section aria-labelledby="data" {
            h2 #data { "My data" }
            p { a href=(to("/me/data.json")) download { "Download my data" } }
            details {
                summary { "Delete me" }
                p {
                    "This deletes your name, your check-ins, your visits and your bookings. It cannot be undone. "
                    "Past sessions keep only the number of people."
                }
                form.stacked method="post" action=(to("/me/erase")) autocomplete="off" {
                    label for="confirmation" { "Type your name (" (person.display_name) ") to confirm" }
                    input #confirmation name="confirmation" required;
                    button { "Delete me for good" }
                }
            }
        }
    }
}
