//! `/sessions/{path}`: a session, its current and next meetings, and who comes.

use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    check_in::Attendance,
    ids::{PersonId, SessionInstanceId},
    zone::Zone,
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use service::{
    App, Result,
    check_ins::{self, CheckIn, CheckInsOf},
    instances::{
        self, Instance,
        meetings::{self, Meeting},
    },
    lists::Page as ListPage,
    people::{self, Person},
    sessions::{self, Session, Skip},
};

use super::{
    Page, Pages,
    cards::{self, Card},
    error::{PageError, page_of, told},
    home::recurrence_text,
    layout::{Frame, live_now, problem, respond},
    markdown,
    skips::Upcoming,
    times,
    visitor::Visitor,
};
use crate::site::to;

const NEXT: usize = 6;
const ANSWERS: i32 = 100;

struct Content {
    session: Session,
    zone: Zone,
    active: Vec<Card>,
    next: Vec<Meeting>,
    /// The visitor's own check-ins at these meetings.
    own: Vec<CheckIn>,
    /// The check-ins at the meetings whose list the visitor may see.
    answers: Vec<(SessionInstanceId, Vec<(CheckIn, Person)>)>,
    nearby: Vec<Card>,
    organizers: Vec<Person>,
    skips: Upcoming,
}

pub async fn show(State(pages): State<Pages>, visitor: Visitor, Path(path): Path<String>) -> Page {
    answer(&pages.app, &visitor, &path, None).await
}

#[derive(Deserialize)]
pub struct Answer {
    instance: String,
    answer: String,
}

pub async fn check_in(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(path): Path<String>,
    Form(form): Form<Answer>,
) -> Page {
    let wrong = |_| PageError::bad_form(&visitor);
    let instance: SessionInstanceId = form.instance.parse().map_err(wrong)?;
    let attendance = match form.answer.as_str() {
        "yes" => Attendance::Yes,
        "maybe" => Attendance::Maybe,
        "no" => Attendance::No,
        _ => return Err(PageError::bad_form(&visitor)),
    };
    match check_ins::check_in(&pages.app, visitor.viewer, instance, attendance, None).await {
        Ok(_) => Ok(Redirect::to(&cards::address_at(&path)).into_response()),
        Err(error) => {
            let (status, message) = told(&error);
            answer(&pages.app, &visitor, &path, Some((status, &message))).await
        }
    }
}

pub(super) async fn answer(app: &App, visitor: &Visitor, path: &str, wrong: Option<(StatusCode, &str)>) -> Page {
    let content = load(app, visitor, path).await.map_err(page_of(visitor))?;
    let content = content.ok_or_else(|| PageError::not_found(visitor, "There is no session at this address."))?;
    let (status, message) = wrong.unzip();
    Ok((status.unwrap_or_default(), render(visitor, &content, message)).into_response())
}

async fn load(app: &App, visitor: &Visitor, path: &str) -> Result<Option<Content>> {
    let Some(session) = sessions::find_session_by_path(app, path).await? else { return Ok(None) };
    let id = session.id;
    let active = instances::find_active_of_sessions(app, &[id]).await?;
    let skips = sessions::find_skips(app, &[id]).await?;
    let next = meetings::find_next(app, &session, Skip::all_dates(&skips), NEXT).await?;
    let shown: Vec<&Instance> =
        active.iter().chain(next.iter().filter_map(|meeting| meeting.instance.as_ref())).collect();
    let ids: Vec<SessionInstanceId> = shown.iter().map(|row| row.id).collect();
    let own = match visitor.viewer.person {
        Some(person) => check_ins::find_answers(app, person, &ids).await?,
        None => Vec::new(),
    };
    let mut answers = Vec::new();
    for row in shown {
        if check_ins::may_see_answers(app, visitor.viewer, row).await? {
            let id = row.id;
            answers.push((id, find_answers(app, id).await?));
        }
    }
    let nearby = match (session.city.clone(), session.country.clone()) {
        (Some(city), Some(country)) => instances::find_active_at(app, &[(city, country)]).await?,
        _ => Vec::new(),
    };
    let others = nearby.into_iter().filter(|(_, other)| other.id != session.id).collect();
    let organizers = sessions::find_organizers(app, &[id]).await?;
    Ok(Some(Content {
        active: cards::load(app, active).await?,
        next,
        own,
        answers,
        nearby: cards::count(app, others).await?,
        organizers: organizers.into_iter().map(|(_, person)| person).collect(),
        skips: Upcoming::load(app, visitor, &session, skips).await?,
        zone: times::zone_of(app.zone_data(), &session),
        session,
    }))
}

async fn find_answers(app: &App, id: SessionInstanceId) -> Result<Vec<(CheckIn, Person)>> {
    let page = ListPage { first: Some(ANSWERS), ..ListPage::default() };
    let answers = check_ins::list_check_ins(app, CheckInsOf::Instance(id, None), &page).await?.rows;
    let ids: Vec<PersonId> = answers.iter().map(|row| row.person_id).collect();
    let people = people::find_people(app, &ids).await?;
    let named = |answer: CheckIn| {
        let person = people.iter().find(|person| person.id == answer.person_id)?.clone();
        Some((answer, person))
    };
    Ok(answers.into_iter().filter_map(named).collect())
}

fn render(visitor: &Visitor, content: &Content, wrong: Option<&str>) -> Response {
    let session = &content.session;
    let mut frame = Frame::new(&session.name, visitor).following(json!({ "sessionIds": [session.id.to_string()] }));
    if let (Some(city), Some(country)) = (&session.city, &session.country) {
        frame = frame.following(json!({ "city": city, "country": country }));
    }
    let main = html! {
        h1 { (session.name) " " (live_now(session.id, &session.name, !content.active.is_empty())) }
        @if let Some(wrong) = wrong { (problem(wrong)) }
        (about(content))
        (on_now(visitor, content))
        (next(visitor, content))
        (content.skips.editor(session))
        (nearby(content))
    };
    respond(&frame, &main)
}

fn about(Content { session, organizers, .. }: &Content) -> Markup {
    html! {
        @if let Some(description) = &session.description { div.description { (markdown::render(description)) } }
        dl.facts {
            dt { "When" } dd { (recurrence_text(session)) }
            @if let Some(location) = &session.location { dt { "Where" } dd { (location) } }
            @if session.city.is_some() || session.country.is_some() { dt { "City" } dd { (cards::city_text(session)) } }
            dt { "Time zone" } dd { (session.time_zone) }
            @if !organizers.is_empty() {
                dt { "Organised by" }
                dd {
                    @for (index, person) in organizers.iter().enumerate() {
                        @if index > 0 { ", " }
                        a href={ (to("/people/")) (person.id.0) } { (person.display_name) }
                    }
                }
            }
            @if let Some(website) = &session.website {
                dt { "Website" } dd { a href=(website) rel="noopener nofollow ugc" { (website) } }
            }
            dt { "Calendar" } dd { a href={ (cards::address(session)) "/calendar.ics" } { "Add to your calendar" } }
        }
    }
}

fn on_now(visitor: &Visitor, content: &Content) -> Markup {
    html! {
        section aria-label="On now" {
            @for card in &content.active {
                div.card.on #{ "instance-" (card.instance.id.0) } {
                    h2 { "On now" }
                    p.where { (cards::place_text(&card.instance, &card.session)) }
                    p { (times::meeting(card.zone, card.instance.date, card.instance.starts_at, card.instance.ends_at)) }
                    p.counts {
                        span data-present=(card.instance.id) { (card.counts.present) }
                        " here now, " (card.counts.attending) " said yes"
                    }
                    (own_answer(visitor, content, &card.instance))
                    (who_answered(visitor, content, &card.instance))
                }
            }
        }
    }
}

fn next(visitor: &Visitor, content: &Content) -> Markup {
    let zone = content.zone;
    html! {
        section aria-labelledby="next" {
            h2 #next { "Next meetings" }
            (content.skips.next())
            @if content.next.is_empty() { p.quiet { "No meetings are planned." } }
            ol.meetings {
                @for meeting in &content.next {
                    @let is_cancelled = meeting.instance.as_ref().is_some_and(|row| row.is_cancelled);
                    li.cancelled[is_cancelled] #{ "meeting-" (meeting.date) "-" (meeting.starts_at.map_or(0, |at| at.timestamp())) } {
                        p { (times::meeting(zone, meeting.date, meeting.starts_at, meeting.ends_at)) }
                        @if is_cancelled { p { strong { "Cancelled" } } }
                        @if let Some(instance) = &meeting.instance {
                            @if let Some(location) = &instance.location_override { p.where { (location) } }
                            @if !is_cancelled { (own_answer(visitor, content, instance)) }
                            (who_answered(visitor, content, instance))
                        }
                    }
                }
            }
        }
    }
}

/// The buttons to answer. The visitor's current answer is pressed.
fn own_answer(visitor: &Visitor, content: &Content, instance: &Instance) -> Markup {
    let own = content.own.iter().find(|row| row.session_instance_id == instance.id).map(|row| row.attendance);
    let yes = if instance.is_active { "I am here" } else { "Yes" };
    let choices = [("yes", yes, Attendance::Yes), ("maybe", "Maybe", Attendance::Maybe), ("no", "No", Attendance::No)];
    html! {
        @if visitor.viewer.person.is_some() {
            form.answer method="post" action=(cards::address(&content.session)) {
                input type="hidden" name="instance" value=(instance.id);
                fieldset {
                    legend { @if instance.is_active { "Are you here?" } @else { "Are you coming?" } }
                    @for (value, words, attendance) in choices {
                        @let is_own = own == Some(attendance);
                        button name="answer" value=(value) aria-pressed=(is_own.to_string()) { (words) }
                    }
                }
            }
        } @else if !visitor.viewer.is_signed_in() {
            p { a href={ (to("/sign-in?next=")) (cards::address(&content.session)) } { "Sign in to say whether you are coming" } }
        }
    }
}

fn who_answered(visitor: &Visitor, content: &Content, instance: &Instance) -> Markup {
    let id = instance.id;
    let Some((_, answers)) = content.answers.iter().find(|(of, _)| *of == id) else { return Markup::default() };
    let said = |attendance: Attendance| answers.iter().filter(move |(row, _)| row.attendance == attendance);
    html! {
        @if !answers.is_empty() {
            details.answers open {
                summary { "Who answered" }
                @for (words, attendance) in [("Yes", Attendance::Yes), ("Maybe", Attendance::Maybe), ("No", Attendance::No)] {
                    @if said(attendance).next().is_some() {
                        h3 { (words) }
                        ul.people {
                            @for (row, person) in said(attendance) {
                                li {
                                    a href={ (to("/people/")) (person.id.0) } { (person.display_name) }
                                    @if check_ins::visible_times(visitor.viewer, row, person).1.is_some() { " (checked in at the meeting)" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn nearby(content: &Content) -> Markup {
    html! {
        @if !content.nearby.is_empty() {
            section aria-labelledby="nearby" {
                h2 #nearby { "Also on in " (content.session.city.as_deref().unwrap_or_default()) }
                (cards::list(&content.nearby, cards::nothing))
            }
        }
    }
}
