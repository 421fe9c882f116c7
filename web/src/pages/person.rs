//! `/people/{id}`: a person and, for those who may see it, where the person is.

use axum::{
    extract::{Path, State},
    response::IntoResponse as _,
};
use domain::ids::PersonId;
use maud::html;
use serde_json::json;
use service::{
    App, Result, instances,
    people::{self, Person},
};

use super::{
    Page, Pages,
    cards::{self, Card},
    error::{PageError, page_of},
    layout::{Frame, respond},
    visitor::Visitor,
};
use crate::{language::words, site::to};

/// A person and, if the visitor may know it, the meeting that the person is at.
struct Content {
    person: Person,
    place: Option<Card>,
}

/// The id is a global id such as `Person:7`, or only its number.
pub async fn show(State(pages): State<Pages>, visitor: Visitor, Path(id): Path<String>) -> Page {
    let missing = || PageError::not_found(&visitor, &words!("no-person-here"));
    let id: PersonId = id.parse().or_else(|_| format!("Person:{id}").parse()).map_err(|_| missing())?;
    let found = load(&pages.app, &visitor, id).await.map_err(page_of(&visitor))?;
    let Content { person, place } = found.ok_or_else(missing)?;
    let mut frame = Frame::new(&person.display_name, &visitor);
    if visitor.viewer.may_read_data_of(id) {
        frame = frame.following(json!({ "personId": id.to_string() }));
    } else if let Some(me) = visitor.viewer.person {
        // People at the same meeting may see where the person is. So the page may change when either of them moves.
        frame = frame.following(json!({ "personId": me.to_string() }));
    }
    let is_self = visitor.viewer.is(id);
    let city: Vec<&str> = [&person.city, &person.country].into_iter().filter_map(|text| text.as_deref()).collect();
    let main = html! {
        h1 { (person.display_name) }
        @if !city.is_empty() { p.where { (city.join(", ")) } }
        @if person.is_deactivated { p.quiet { (words!("deactivated")) } }
        section aria-labelledby="place" {
            h2 #place { @if is_self { (words!("where-you-are")) } @else { (words!("where-they-are")) } }
            @match &place {
                Some(card) => (cards::list(pages.app.now(), std::slice::from_ref(card), cards::nothing)),
                None if visitor.viewer.may_read_data_of(id) => p.quiet { (words!("not-at-a-session")) },
                None => p.quiet { (words!("place-is-hidden")) },
            }
        }
        @if is_self { p { a href=(to("/me")) { (words!("to-your-page")) } } }
    };
    Ok(respond(&frame, &main).into_response())
}

async fn load(app: &App, visitor: &Visitor, id: PersonId) -> Result<Option<Content>> {
    let found = people::find_visible_people(app, visitor.viewer, &[id]).await?;
    let Some(person) = found.into_iter().next() else { return Ok(None) };
    let place = find_placement(app, visitor, &person).await?;
    Ok(Some(Content { person, place }))
}

/// The meeting that a person is at. `None` if the visitor may not know it.
pub async fn find_placement(app: &App, visitor: &Visitor, person: &Person) -> Result<Option<Card>> {
    let Some(place) = people::find_visible_placement(app, visitor.viewer, person).await? else { return Ok(None) };
    let rows = instances::find_instances(app, &[place]).await?;
    Ok(cards::load(app, rows).await?.pop())
}
