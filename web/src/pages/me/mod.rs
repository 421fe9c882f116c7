//! `/me`: the visitor's own page, with placement, bookings, check-ins and profile.

mod bookings;
mod slots;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::{
        HeaderMap,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::IntoResponse as _,
    routing::{get, post},
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
    App, Error, Result,
    bookings::{self as bookings_service, Action},
    check_ins::{self, CheckIn, CheckInCursors, CheckInsOf},
    instances::{self, meetings::Meeting},
    lists::Page as ListPage,
    people::{self, Person, PersonPatch},
    sessions::{self, Session, SessionFilter},
};

use self::bookings::Bookings;
use super::{
    Page, Pages, Shared,
    cards::{self, Card},
    done::Done,
    error::{PageError, page_of, sign_in_first},
    forms::{Field, FormState, Outcome, Question, Typed, confirmed},
    home::recurrence_text,
    keys,
    layout::{Frame, problem, respond},
    person::find_placement,
    sessions::answers::MeetingChoice,
    sign_in::forget,
    times,
    visitor::Visitor,
};
use crate::{language::words, site::to};

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

/// The parts of the page that have forms.
const PROFILE: &str = "profile";
const BOOKINGS: &str = "bookings";
const DATA: &str = "data";

/// The routes of the visitor's own pages, and of the time that people offer.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/me", get(show))
        .route("/me/bookings", post(act_on_booking))
        .route("/me/profile", post(change_profile))
        .route("/me/data.json", get(download))
        .route("/me/erase", post(erase))
        .route("/me/sign-out-everywhere", get(ask_to_sign_out).post(sign_out_everywhere))
        .route("/me/slots", get(slots::show_own).post(slots::change))
        .route("/me/keys", get(keys::show).post(keys::create))
        .route("/me/keys/{id}/revoke", get(keys::ask).post(keys::revoke))
        .route("/slots", get(slots::find).post(slots::book))
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    after: Option<String>,
}

async fn show(
    State(pages): State<Pages>,
    outcome: Outcome,
    visitor: Visitor,
    Query(parameters): Query<Parameters>,
) -> Page {
    answer(&pages.app, &visitor, parameters.after, &outcome).await
}

async fn change_profile(State(pages): State<Pages>, visitor: Visitor, Form(typed): Form<Typed>) -> Page {
    let Some(id) = visitor.viewer.person else { return Ok(sign_in_first("/me")) };
    let changes = typed.changes();
    let patch = PersonPatch {
        display_name: changes.text("displayName"),
        city: changes.read("city", Typed::optional),
        country: changes.read("country", Typed::optional),
        hides_place: changes.ticked("hides_place"),
        ..PersonPatch::default()
    };
    match people::update_person(&pages.app, visitor.viewer, id, patch).await {
        Ok(_) => Ok(confirmed(&to("/me"), Done::ProfileSaved, PROFILE)),
        Err(error) => {
            let outcome = Outcome::refused(PROFILE, FormState::refused_for(&visitor, typed, error)?);
            answer(&pages.app, &visitor, None, &outcome).await
        }
    }
}

async fn act_on_booking(State(pages): State<Pages>, visitor: Visitor, Form(typed): Form<Typed>) -> Page {
    let wrong = || PageError::bad_form(&visitor);
    let id: BookingId = typed.text("booking").parse().map_err(|_| wrong())?;
    let (action, done) = match typed.text("action") {
        "start" => (Action::Start, Done::BookingStarted),
        "complete" => (Action::Complete, Done::BookingCompleted),
        "cancel" if !typed.is_confirmed() && visitor.viewer.is_signed_in() => {
            let question = Question {
                title: &words!("cancel-booking-question"),
                text: html! { p { (words!("cancel-booking-note")) } },
                button: &words!("cancel-booking-button"),
                action: &to("/me/bookings"),
                fields: &[("booking", typed.text("booking")), ("action", "cancel")],
                back: &to("/me"),
            };
            return Ok(question.ask(&visitor));
        }
        "cancel" => (Action::Cancel, Done::BookingCancelled),
        _ => return Err(wrong()),
    };
    match bookings_service::act(&pages.app, visitor.viewer, id, action).await {
        Ok(_) => Ok(confirmed(&to("/me"), done, BOOKINGS)),
        Err(error) => {
            let outcome = Outcome::refused(BOOKINGS, FormState::refused_for(&visitor, Typed::default(), error)?);
            answer(&pages.app, &visitor, None, &outcome).await
        }
    }
}

/// Sends all data that the server stores about the visitor, as a file.
async fn download(State(pages): State<Pages>, visitor: Visitor) -> Page {
    let Some(id) = visitor.viewer.person else { return Ok(sign_in_first("/me")) };
    let data = people::export_person(&pages.app, visitor.viewer, id).await.map_err(page_of(&visitor))?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"insession-data.json\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, format!("{data:#}\n")).into_response())
}

async fn erase(State(pages): State<Pages>, headers: HeaderMap, visitor: Visitor, Form(typed): Form<Typed>) -> Page {
    let Some(id) = visitor.viewer.person else { return Ok(sign_in_first("/me")) };
    // The visitor's name, typed as a confirmation.
    let erased = if visitor.name.as_deref().is_some_and(|name| name.trim() == typed.text("confirmation")) {
        people::erase_person(&pages.app, visitor.viewer, id).await
    } else {
        Err(Error::invalid("confirmation", words!("delete-me-refused")))
    };
    match erased {
        Ok(()) => Ok(forget(&pages, &headers)),
        Err(error) => {
            let outcome = Outcome::refused(DATA, FormState::refused_for(&visitor, typed, error)?);
            answer(&pages.app, &visitor, None, &outcome).await
        }
    }
}

async fn ask_to_sign_out(visitor: Visitor) -> Page {
    if !visitor.viewer.is_signed_in() {
        return Ok(sign_in_first("/me"));
    }
    let question = Question {
        title: &words!("sign-out-everywhere-question"),
        text: html! {
            @if visitor.viewer.person.is_some() { p { (words!("sign-out-everywhere-note")) } }
            @else { p { (words!("sign-out-browsers-note")) } }
        },
        button: &words!("sign-out-everywhere"),
        action: &to("/me/sign-out-everywhere"),
        fields: &[],
        back: &to(if visitor.viewer.person.is_some() { "/me" } else { "/admin" }),
    };
    Ok(question.ask(&visitor))
}

async fn sign_out_everywhere(State(pages): State<Pages>, headers: HeaderMap, visitor: Visitor) -> Page {
    if !visitor.viewer.is_signed_in() {
        return Ok(sign_in_first("/me"));
    }
    let ended = match visitor.viewer.person {
        Some(_) => people::sign_in::revoke_tokens(&pages.app, visitor.viewer, None).await.map(drop),
        None => people::browsers::end_sign_ins_of_admin(&pages.app, visitor.viewer).await,
    };
    ended.map_err(page_of(&visitor))?;
    Ok(forget(&pages, &headers))
}

/// The page, with an error message if there is one.
async fn answer(app: &App, visitor: &Visitor, after: Option<String>, outcome: &Outcome) -> Page {
    let Some(id) = visitor.viewer.person else {
        if visitor.viewer.is_signed_in() {
            return Err(PageError::not_found(visitor, &words!("page-for-people")));
        }
        return Ok(sign_in_first("/me"));
    };
    let content = load(app, visitor, id, after).await.map_err(page_of(visitor))?;
    let content = content.ok_or_else(|| PageError::not_found(visitor, &words!("unknown-person-of-token")))?;
    let main = html! {
        h1 { (content.person.display_name) }
        @if visitor.viewer.is_deactivated {
            (problem(&words!("your-account-deactivated")))
        }
        (place(&content))
        (organized(&content.organized))
        (content.bookings.render(visitor.own_zone(app), &outcome.message(BOOKINGS)))
        (own_check_ins(&content))
        (profile(&content.person, outcome))
        (own_data(&content.person, outcome))
    };
    let mut frame =
        Frame::new(words!("me"), visitor).following(json!({ "personId": id.to_string() })).following_bookings();
    if outcome.is_refused() {
        frame = frame.standing_still();
    }
    Ok((outcome.status(), respond(&frame, &main)).into_response())
}

async fn load(app: &App, visitor: &Visitor, id: PersonId, after: Option<String>) -> Result<Option<Content>> {
    let found = people::find_people(app, &[id]).await?;
    let Some(person) = found.into_iter().next() else { return Ok(None) };
    let place = find_placement(app, visitor, &person).await?;
    let here = place.as_ref().map(|card| card.instance.id);
    let nearby = match (person.city.clone(), person.country.clone()) {
        (Some(city), Some(country)) => instances::find_active_in_cities(app, &[(city, country)]).await?,
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
            h2 #place { (words!("where-i-am")) }
            @match &content.place {
                Some(card) => (cards::list(content.now, std::slice::from_ref(card), |card| answer_button(card, "no", &words!("i-left")))),
                None => p.quiet { (words!("you-are-nowhere")) },
            }
        }
        @if !content.nearby.is_empty() {
            section aria-labelledby="nearby" {
                h2 #nearby { (words!("on-now-in-my-city")) }
                (cards::list(content.now, &content.nearby, |card| answer_button(card, "yes", &words!("i-am-here"))))
            }
        }
    }
}

fn organized(sessions: &[Session]) -> Markup {
    html! {
        @if !sessions.is_empty() {
            section aria-labelledby="organized" {
                h2 #organized { (words!("sessions-i-organise")) }
                ul.rows {
                    @for session in sessions {
                        li {
                            span { a href=(cards::address(session)) { (session.name) } " – " (recurrence_text(session)) }
                            a.button href={ (cards::address(session)) "/organize" } aria-label=(words!("organise-session", session = &session.name)) { (words!("organise")) }
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
            (MeetingChoice::fields(&Meeting::from(card.instance.clone())))
            button name="answer" value=(answer) { (words) }
        }
    }
}

fn own_check_ins(content: &Content) -> Markup {
    html! {
        section aria-labelledby="check-ins" {
            h2 #check-ins { (words!("my-check-ins")) }
            @if content.check_ins.is_empty() { p.quiet { (words!("no-check-ins")) } }
            ul.plain {
                @for (row, Card { instance, session, zone, .. }) in &content.check_ins {
                    li {
                        strong { (attendance_text(row.attendance)) } ": "
                        a href=(cards::address(session)) { (session.name) } ", "
                        (times::meeting(*zone, instance.date, instance.starts_at, instance.ends_at))
                        @if instance.is_cancelled { " – " (words!("cancelled-within")) }
                    }
                }
            }
            @if let Some(after) = &content.older { p { a href={ (to("/me?after=")) (after) } { (words!("older-check-ins")) } } }
        }
    }
}

fn attendance_text(attendance: Attendance) -> String {
    match attendance {
        Attendance::Yes => words!("yes"),
        Attendance::Maybe => words!("maybe"),
        Attendance::No => words!("no"),
    }
}

fn profile(person: &Person, outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(PROFILE, || {
        Typed::default()
            .with("displayName", &person.display_name)
            .with_some("city", person.city.as_ref())
            .with_some("country", person.country.as_ref())
            .with_box("hides_place", person.hides_place)
            .for_editing()
    });
    let mut form = form_state.form();
    form.add(&Field::text("displayName", &words!("name")).required().filled_with("name"));
    form.add(&Field::text("city", &words!("city")).hint(words!("city-hint")));
    form.add(&Field::text("country", &words!("country")));
    form.add(&Field::check("hides_place", &words!("hide-place")));
    html! {
        section aria-labelledby="profile" {
            h2 #profile { (words!("profile")) }
            (outcome.notice(PROFILE))
            (form.send_to(&to("/me/profile"), &html! { button.primary { (words!("save")) } }))
            ul.plain {
                li { a href=(to("/me/slots")) { (words!("time-i-offer")) } }
                li { a href=(to("/me/keys")) { (words!("api-keys")) } }
                li { a href=(to("/me/sign-out-everywhere")) { (words!("sign-out-everywhere")) } }
            }
        }
    }
}

fn own_data(person: &Person, outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(DATA, Typed::default);
    let mut form = form_state.form();
    let label = words!("type-name", name = &person.display_name);
    form.add(&Field::text("confirmation", &label).required().filled_with("off"));
    html! {
        section aria-labelledby="data" {
            h2 #data { (words!("my-data")) }
            p { a href=(to("/me/data.json")) download { (words!("download-my-data")) } }
            details open[form_state.is_refused()] {
                summary { (words!("delete-me")) }
                p { (words!("delete-me-note")) }
                (form.send_to(&to("/me/erase"), &html! { button.danger { (words!("delete-me-for-good")) } }))
            }
        }
    }
}
