//! `/sessions/{path}/organizers`: who may change a session.

use axum::{
    Form,
    extract::{Query, State},
    response::IntoResponse as _,
};
use domain::ids::PersonId;
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    App, Result,
    lists::Page as ListPage,
    people::{self, PeopleFilter, Person},
    sessions::{self, Session},
};

use super::{
    super::{
        Page, Pages, cards,
        done::Done,
        error::{PageError, page_of},
        forms::{FormState, Outcome, Question, Typed, confirmed},
        layout::{Frame, respond},
        visitor::Visitor,
    },
    Organizer, below, heading,
};
use crate::{language::words, site::to};

const PART: &str = "organizers";
const FOUND: i32 = 20;

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    #[serde(default)]
    name: String,
}

pub async fn show(
    State(pages): State<Pages>,
    outcome: Outcome,
    Organizer { visitor, session }: Organizer,
    Query(parameters): Query<Parameters>,
) -> Page {
    render(&pages.app, &visitor, &session, &parameters.name, &outcome).await
}

async fn render(app: &App, visitor: &Visitor, session: &Session, name: &str, outcome: &Outcome) -> Page {
    let organizers = sessions::find_organizers(app, &[session.id]).await.map_err(page_of(visitor))?;
    let found = find_people(app, visitor, name).await.map_err(page_of(visitor))?;
    let is_organizer = |person: &Person| organizers.iter().any(|(_, organizer)| organizer.id == person.id);
    let address = below(session, "organizers");
    let main = html! {
        (heading(session, &words!("organisers")))
        p { (words!("organisers-may")) }
        (outcome.message(PART))
        @if organizers.is_empty() { p.quiet { (words!("no-organisers")) } }
        ul.rows {
            @for (_, person) in &organizers {
                li #{ "person-" (person.id.0) } {
                    a href={ (to("/people/")) (person.id.0) } { (person.display_name) }
                    (button(&address, person, "remove"))
                }
            }
        }
        h2 { (words!("add-organiser")) }
        (search(&address, name))
        (results(name, &found, |person| html! {
            @if is_organizer(person) { span.quiet { (words!("organises-already")) } }
            @else { (button(&address, person, "add")) }
        }))
    };
    let frame = Frame::new(words!("organisers-of", session = session.name.as_str()), visitor).standing_still();
    Ok((outcome.status(), respond(&frame, &main)).into_response())
}

/// The button that adds or removes an organiser.
fn button(address: &str, person: &Person, action: &str) -> Markup {
    let name = person.display_name.as_str();
    let (words, label) = match action {
        "add" => (words!("add"), words!("add-named", name = name)),
        _ => (words!("remove"), words!("remove-named", name = name)),
    };
    html! {
        form.inline method="post" action=(address) {
            input type="hidden" name="person" value=(person.id);
            button name="action" value=(action) aria-label=(label) { (words) }
        }
    }
}

/// A field that finds people by their name.
pub fn search(address: &str, name: &str) -> Markup {
    html! {
        form.search method="get" action=(address) role="search" {
            label for="name" { (words!("name")) }
            input #name name="name" type="search" value=(name) required autocomplete="off";
            button { (words!("find")) }
        }
    }
}

/// The found people, each with the buttons for the possible actions.
pub fn results(name: &str, found: &[Person], actions: impl Fn(&Person) -> Markup) -> Markup {
    html! {
        @if !name.trim().is_empty() {
            p.quiet role="status" tabindex="-1" autofocus {
                @if found.is_empty() { (words!("nobody-with-name")) } @else { (words!("people-found", count = found.len())) }
            }
        }
        ul.rows {
            @for person in found {
                li #{ "found-" (person.id.0) } {
                    span { (person.display_name) @if let Some(city) = &person.city { span.quiet { ", " (city) } } }
                    (actions(person))
                }
            }
        }
    }
}

/// Finds people by a part of their name. Without a name it finds nobody.
pub async fn find_people(app: &App, visitor: &Visitor, name: &str) -> Result<Vec<Person>> {
    if name.trim().is_empty() {
        return Ok(Vec::new());
    }
    let page = ListPage { first: Some(FOUND), ..ListPage::default() };
    // People whose account is deactivated can neither organise nor check in.
    let filter = PeopleFilter { name_contains: Some(name), without_deactivated: true };
    let found = people::list_people(app, visitor.viewer, filter, &page).await?;
    Ok(found.map(|slice| slice.rows).unwrap_or_default())
}

pub async fn change(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let person: PersonId = typed.text("person").parse().map_err(|_| PageError::bad_form(&visitor))?;
    let address = below(&session, "organizers");
    // An admin who stops organising the session may still change it.
    let is_self = visitor.viewer.is(person) && !visitor.viewer.may_edit_session(false);
    let (changed, done) = match typed.text("action") {
        "add" => (sessions::insert_organizer(app, visitor.viewer, session.id, person).await, Done::OrganizerAdded),
        "remove" if is_self && !typed.is_confirmed() => {
            let question = Question {
                title: &words!("stop-organising-question"),
                text: html! { p { (words!("stop-organising-note", session = session.name.as_str())) } },
                button: &words!("stop-organising"),
                action: &address,
                fields: &[("person", typed.text("person")), ("action", "remove")],
                back: &address,
            };
            return Ok(question.ask(&visitor));
        }
        "remove" => (sessions::delete_organizer(app, visitor.viewer, session.id, person).await, Done::OrganizerRemoved),
        _ => return Err(PageError::bad_form(&visitor)),
    };
    match changed {
        Ok(_) if is_self => Ok(confirmed(&cards::address(&session), done, super::show::TOP)),
        Ok(_) => Ok(confirmed(&address, done, PART)),
        Err(error) => {
            let outcome = Outcome::refused(PART, FormState::refused_for(&visitor, typed, error)?);
            render(app, &visitor, &session, "", &outcome).await
        }
    }
}
