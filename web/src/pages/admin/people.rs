//! `/admin/people`: finding, creating, changing, merging and erasing people.

use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use domain::ids::PersonId;
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    App, Result,
    lists::{Page as ListPage, RowCursor},
    people::{self, NewPerson, PeopleFilter, Person, PersonPatch, sign_in},
};

use super::{
    super::{
        Page, Pages, cards,
        done::Done,
        error::{PageError, page_of},
        forms::{Field, FormState, Outcome, Question, Typed, confirmed},
        layout::{Frame, respond},
        sessions::organizers::{results, search},
        visitor::Visitor,
    },
    Admin, heading,
};
use crate::{
    language::{text_around, words},
    site::to,
};

const SHOWN: i32 = 50;
const PART: &str = "people";
const PERSON: &str = "person";

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    #[serde(default)]
    name: String,
    after: Option<String>,
}

/// All people, or those with these letters in their name.
pub async fn list(
    State(pages): State<Pages>,
    outcome: Outcome,
    Admin(visitor): Admin,
    Query(parameters): Query<Parameters>,
) -> Page {
    let page = ListPage { first: Some(SHOWN), after: parameters.after, ..ListPage::default() };
    let filter = PeopleFilter { name_contains: Some(&parameters.name), ..PeopleFilter::default() };
    let found = people::list_people(&pages.app, visitor.viewer, filter, &page).await;
    let (rows, has_next) =
        found.map_err(page_of(&visitor))?.map(|slice| (slice.rows, slice.has_next)).unwrap_or_default();
    let last = rows.last().filter(|_| has_next).map(|row| RowCursor::of_text(&row.name_key, row.id).write());
    let main = html! {
        (heading(&words!("people")))
        (outcome.notice(PART))
        p { a.button href=(to("/admin/people/new")) { (words!("new-person")) } }
        (search(&to("/admin/people"), &parameters.name))
        @if rows.is_empty() && parameters.name.trim().is_empty() { p.quiet { (words!("no-people")) } }
        (results(&parameters.name, &rows, link))
        @if let Some(after) = last {
            p { a href={ (to("/admin/people?name=")) (cards::encoded(&parameters.name)) "&after=" (after) } { (words!("more-people")) } }
        }
    };
    Ok(respond(&Frame::new(words!("people"), &visitor).standing_still(), &main))
}

fn link(person: &Person) -> Markup {
    html! {
        @if person.is_deactivated { span.quiet { (words!("is-deactivated")) } }
        @if person.is_guest { span.quiet { (words!("is-guest")) } }
        a.button href=(address(person.id)) aria-label=(words!("change-named", name = person.display_name.as_str())) { (words!("change")) }
    }
}

/// 'Anna (Person:7)'.
fn named(person: &Person) -> String {
    format!("{} ({})", person.display_name, person.id)
}

fn address(id: PersonId) -> String {
    to(&format!("/admin/people/{}", id.0))
}

fn fields(form_state: &FormState, action: &str, button: &str, is_new: bool) -> Markup {
    let mut form = form_state.form();
    form.add(&Field::text("displayName", &words!("name")).required());
    form.add(&Field::text("city", &words!("city")));
    form.add(&Field::text("country", &words!("country")));
    form.add(&Field::text("externalId", &words!("external-id")).hint(words!("external-id-hint")));
    if !is_new {
        form.add(&Field::check("hidesPlace", &words!("hide-their-place")));
        form.add(
            &Field::check("isDeactivated", &words!("account-deactivated")).hint(words!("account-deactivated-hint")),
        );
    }
    form.send_to(action, &html! { button.primary { (button) } })
}

pub async fn show_new(Admin(visitor): Admin) -> Page {
    Ok(render_new(&visitor, &FormState::default()))
}

fn render_new(visitor: &Visitor, form_state: &FormState) -> Response {
    let main = html! {
        (heading(&words!("new-person")))
        (fields(form_state, &to("/admin/people/new"), &words!("create-person"), true))
    };
    (form_state.status(), respond(&Frame::new(words!("new-person"), visitor).standing_still(), &main)).into_response()
}

pub async fn create(State(pages): State<Pages>, Admin(visitor): Admin, Form(typed): Form<Typed>) -> Page {
    let new = NewPerson {
        display_name: typed.text("displayName").to_owned(),
        city: typed.optional("city"),
        country: typed.optional("country"),
        external_id: typed.optional("externalId"),
    };
    match people::insert_person(&pages.app, visitor.viewer, new).await {
        Ok(person) => Ok(confirmed(&address(person.id), Done::PersonCreated, PERSON)),
        Err(error) => {
            Ok(render_new(&visitor, &FormState::refused_for(&visitor, typed, error)?.otherwise_beside("externalId")))
        }
    }
}

async fn find(app: &App, visitor: &Visitor, id: &str) -> Result<Person, PageError> {
    let missing = || PageError::not_found(visitor, &words!("no-person-here"));
    let id: PersonId = format!("{}:{id}", PersonId::TYPE).parse().map_err(|_| missing())?;
    people::find_people(app, &[id]).await.map_err(page_of(visitor))?.pop().ok_or_else(missing)
}

pub async fn show(State(pages): State<Pages>, outcome: Outcome, Admin(visitor): Admin, Path(id): Path<String>) -> Page {
    let person = find(&pages.app, &visitor, &id).await?;
    Ok(render(&visitor, &person, &outcome))
}

fn render(visitor: &Visitor, person: &Person, outcome: &Outcome) -> Response {
    let form_state = outcome.form_state(PERSON, || {
        Typed::default()
            .with("displayName", &person.display_name)
            .with_some("city", person.city.as_ref())
            .with_some("country", person.country.as_ref())
            .with_some("externalId", person.external_id.as_ref())
            .with_box("hidesPlace", person.hides_place)
            .with_box("isDeactivated", person.is_deactivated)
            .for_editing()
    });
    let own = address(person.id);
    let main = html! {
        (heading(&person.display_name))
        p.quiet { (person.id) @if person.is_guest { ", " (words!("a-guest")) } }
        (outcome.notice(PERSON))
        (fields(&form_state, &own, &words!("save"), false))
        h2 { (words!("more")) }
        ul.tasks {
            li { a href={ (to("/admin/audit?node=")) (cards::encoded(&person.id.to_string())) } { (words!("audit-log")) } span.quiet { (words!("what-was-changed")) } }
            li { a href={ (own) "/merge" } { (words!("merge-person")) } span.quiet { (words!("merge-person-purpose")) } }
            li { a href={ (own) "/sign-out" } { (words!("sign-out-everywhere")) } span.quiet { (words!("sign-out-purpose")) } }
            li { a href={ (own) "/erase" } { (words!("erase")) } span.quiet { (words!("erase-purpose")) } }
        }
    };
    let frame = Frame::new(&person.display_name, visitor).standing_still();
    (outcome.status(), respond(&frame, &main)).into_response()
}

pub async fn save(
    State(pages): State<Pages>,
    Admin(visitor): Admin,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Page {
    let person = find(&pages.app, &visitor, &id).await?;
    let changes = typed.changes();
    let patch = PersonPatch {
        display_name: changes.text("displayName"),
        city: changes.read("city", Typed::optional),
        country: changes.read("country", Typed::optional),
        external_id: changes.read("externalId", Typed::optional),
        hides_place: changes.ticked("hidesPlace"),
        is_deactivated: changes.ticked("isDeactivated"),
    };
    match people::update_person(&pages.app, visitor.viewer, person.id, patch).await {
        Ok(_) => Ok(confirmed(&address(person.id), Done::PersonSaved, PERSON)),
        Err(error) => {
            let form_state = FormState::refused_for(&visitor, typed, error)?.otherwise_beside("externalId");
            Ok(render(&visitor, &person, &Outcome::refused(PERSON, form_state)))
        }
    }
}

/// Searches for the person to merge into. Before it merges, the page asks for confirmation.
pub async fn choose(
    State(pages): State<Pages>,
    Admin(visitor): Admin,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Page {
    let person = find(&pages.app, &visitor, &id).await?;
    render_merge(&pages.app, &visitor, &person, &parameters.name, &Outcome::default()).await
}

async fn render_merge(app: &App, visitor: &Visitor, person: &Person, name: &str, outcome: &Outcome) -> Page {
    let own = address(person.id);
    let page = ListPage { first: Some(SHOWN), ..ListPage::default() };
    let mut found = Vec::new();
    if !name.trim().is_empty() {
        let filter = PeopleFilter { name_contains: Some(name), ..PeopleFilter::default() };
        let listed = people::list_people(app, visitor.viewer, filter, &page).await.map_err(page_of(visitor))?;
        found = listed.map(|slice| slice.rows).unwrap_or_default();
        found.retain(|other| other.id != person.id);
    }
    let main = html! {
        p.path { a href=(own) { (person.display_name) } }
        h1 { (words!("merge-title", name = person.display_name.as_str())) }
        p { (words!("merge-note", name = person.display_name.as_str())) }
        (outcome.message(PART))
        (search(&format!("{own}/merge"), name))
        (results(name, &found, |other| html! {
            form.inline method="post" action={ (own) "/merge" } {
                input type="hidden" name="into" value=(other.id);
                button aria-label=(words!("merge-into", name = other.display_name.as_str())) { (words!("merge-into", name = other.id.to_string())) }
            }
        }))
    };
    let frame = Frame::new(words!("merge-named", name = person.display_name.as_str()), visitor).standing_still();
    Ok((outcome.status(), respond(&frame, &main)).into_response())
}

pub async fn merge(
    State(pages): State<Pages>,
    Admin(visitor): Admin,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let person = find(app, &visitor, &id).await?;
    let into: PersonId = typed.text("into").parse().map_err(|_| PageError::bad_form(&visitor))?;
    let into = find(app, &visitor, &into.0.to_string()).await?;
    let own = address(person.id);
    if !typed.is_confirmed() {
        let question = Question {
            title: &words!("merge-question"),
            text: html! {
                p { (words!("merge-becomes", person = named(&person), other = named(&into))) }
            },
            button: &words!("merge-for-good"),
            action: &format!("{own}/merge"),
            fields: &[("into", typed.text("into"))],
            back: &own,
        };
        return Ok(question.ask(&visitor));
    }
    match people::merge_people(app, visitor.viewer, person.id, into.id).await {
        Ok(_) => Ok(confirmed(&address(into.id), Done::PeopleMerged, PERSON)),
        Err(error) => {
            let outcome = Outcome::refused(PART, FormState::refused_for(&visitor, Typed::default(), error)?);
            render_merge(app, &visitor, &person, "", &outcome).await
        }
    }
}

pub async fn ask_to_erase(State(pages): State<Pages>, Admin(visitor): Admin, Path(id): Path<String>) -> Page {
    let person = find(&pages.app, &visitor, &id).await?;
    let own = address(person.id);
    let question = Question {
        title: &words!("erase-question"),
        text: html! {
            p { (text_around("erase-note", "name", &html! { strong { (person.display_name) } })) }
            p { (words!("erase-keeps")) }
        },
        button: &words!("erase-for-good"),
        action: &format!("{own}/erase"),
        fields: &[],
        back: &own,
    };
    Ok(question.ask(&visitor))
}

pub async fn erase(State(pages): State<Pages>, Admin(visitor): Admin, Path(id): Path<String>) -> Page {
    let person = find(&pages.app, &visitor, &id).await?;
    people::erase_person(&pages.app, visitor.viewer, person.id).await.map_err(page_of(&visitor))?;
    Ok(confirmed(&to("/admin/people"), Done::PersonErased, PART))
}

pub async fn ask_to_sign_out(State(pages): State<Pages>, Admin(visitor): Admin, Path(id): Path<String>) -> Page {
    let person = find(&pages.app, &visitor, &id).await?;
    let own = address(person.id);
    let question = Question {
        title: &words!("sign-out-person-question"),
        text: html! { p { (text_around("sign-out-person-note", "name", &html! { strong { (person.display_name) } })) } },
        button: &words!("sign-out-person"),
        action: &format!("{own}/sign-out"),
        fields: &[],
        back: &own,
    };
    Ok(question.ask(&visitor))
}

pub async fn sign_out(State(pages): State<Pages>, Admin(visitor): Admin, Path(id): Path<String>) -> Page {
    let person = find(&pages.app, &visitor, &id).await?;
    sign_in::revoke_tokens(&pages.app, visitor.viewer, Some(person.id)).await.map_err(page_of(&visitor))?;
    Ok(confirmed(&address(person.id), Done::TokensRevoked, PERSON))
}
