//! API keys: admins make them for anybody at `/admin/keys`, and people for themselves at `/me/keys`.

use axum::{
    Form,
    extract::{FromRequestParts, Path, State},
    http::{header::CACHE_CONTROL, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use domain::{ids::ApiKeyId, zone::Zone};
use maud::{Markup, html};
use service::{
    App, FieldErrors, Result,
    idempotency::{self, Attempt},
    lists::Page as ListPage,
    people::api_keys::{self, ApiKey, NewApiKey},
    validate,
};

use super::{
    Page, Pages, Shared,
    admin::Admin,
    done::Done,
    error::{PageError, page_of, sign_in_first},
    forms::{Field, FormState, Outcome, Question, Typed, confirmed},
    layout::{Frame, respond},
    times,
    visitor::Visitor,
};
use crate::{
    language::{text_around, words},
    site::to,
};

const PART: &str = "keys";
const NEW: &str = "new-key";
/// The hidden field with the idempotency key of the form.
const ATTEMPT: &str = "attempt";
const SHOWN: i32 = 100;
const MOST_DAYS: i64 = 3_650;

/// The page, with the keys that this visitor may see.
fn page(visitor: &Visitor) -> String {
    to(if visitor.viewer.may_manage_all_api_keys() { "/admin/keys" } else { "/me/keys" })
}

/// A visitor who is signed in and, below `/admin`, an admin.
pub struct Owner(Visitor);

impl FromRequestParts<Shared> for Owner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        if parts.uri.path().starts_with("/admin") {
            return Admin::from_request_parts(parts, shared).await.map(|Admin(visitor)| Self(visitor));
        }
        let visitor = Visitor::from_request_parts(parts, shared).await.map_err(IntoResponse::into_response)?;
        if visitor.viewer.is_signed_in() { Ok(Self(visitor)) } else { Err(sign_in_first("/me/keys")) }
    }
}

pub async fn show(State(pages): State<Pages>, outcome: Outcome, Owner(visitor): Owner) -> Page {
    render(&pages.app, &visitor, &outcome, None).await
}

async fn render(app: &App, visitor: &Visitor, outcome: &Outcome, made: Option<(&ApiKey, &str)>) -> Page {
    let list = ListPage { first: Some(SHOWN), ..ListPage::default() };
    let found = api_keys::list_api_keys(app, visitor.viewer, &list).await.map_err(page_of(visitor))?;
    let keys = found.map(|slice| slice.rows).unwrap_or_default();
    let attempt = idempotency::new_key().map_err(page_of(visitor))?;
    let main = html! {
        (heading(visitor))
        p { (text_around("key-intro", "header", &html! { code { "Authorization: Bearer" } })) }
        (outcome.message(PART))
        @if let Some((key, secret)) = made { (shown_once(key, secret)) }
        @if keys.is_empty() { p.quiet { (words!("no-keys")) } }
        ul.rows { @for key in &keys { (row(visitor, key)) } }
        h2 #new { (words!("make-a-key")) }
        (form(visitor, &outcome.form_state(NEW, || Typed::default().with(ATTEMPT, attempt))))
    };
    let frame = Frame::new(words!("api-keys"), visitor).standing_still();
    Ok((outcome.status(), respond(&frame, &main)).into_response())
}

/// The title, and the way back to the page with the link to this one.
fn heading(visitor: &Visitor) -> Markup {
    let is_for_all = visitor.viewer.may_manage_all_api_keys();
    let (address, title) = if is_for_all { ("/admin", words!("admin")) } else { ("/me", words!("me")) };
    html! {
        p.path { a href=(to(address)) { (title) } }
        h1 { (words!("api-keys")) }
    }
}

/// The secret is stored only as a hash, so this is the only page that has it.
fn shown_once(key: &ApiKey, secret: &str) -> Markup {
    html! {
        div.done role="status" tabindex="-1" autofocus {
            p { (text_around("key-is-made", "name", &html! { strong { (key.name) } })) }
            div.copy {
                pre #secret tabindex="0" aria-label=(words!("secret")) { (secret) }
                button type="button" data-copies="secret" hidden { (words!("copy")) }
            }
        }
    }
}

fn row(visitor: &Visitor, key: &ApiKey) -> Markup {
    html! {
        li #{ "key-" (key.id.0) } {
            span {
                strong { (key.name) }
                span.quiet {
                    @if let Some(person) = key.person_id { ", " (person) }
                    @if key.is_admin { ", admin" }
                    @if let Some(at) = key.expires_at { ", " (text_around("key-until", "time", &times::moment(Zone::utc(), at))) }
                    @match key.last_used_at {
                        Some(at) => { ", " (text_around("key-last-used", "time", &times::moment(Zone::utc(), at))) }
                        None => { ", " (words!("key-never-used")) }
                    }
                }
            }
            a.button href={ (page(visitor)) "/" (key.id.0) "/revoke" } aria-label=(words!("revoke-named", name = &key.name)) { (words!("revoke")) }
        }
    }
}

fn form(visitor: &Visitor, form_state: &FormState) -> Markup {
    let mut form = form_state.form();
    form.add(&Field::hidden(ATTEMPT));
    form.add(&Field::text("name", &words!("name")).hint(words!("key-name-hint")).required());
    form.add(&Field::number("days", &words!("days"), 1, MOST_DAYS).hint(words!("days-hint")));
    if visitor.viewer.may_manage_all_api_keys() {
        form.add(&Field::text("personId", &words!("person")).hint(words!("key-person-hint")));
        form.add(&Field::check("isAdmin", &words!("key-is-admin")));
    }
    form.send_to(&page(visitor), &html! { button.primary { (words!("make-the-key")) } })
}

pub async fn create(State(pages): State<Pages>, Owner(visitor): Owner, Form(typed): Form<Typed>) -> Page {
    let app = &pages.app;
    let made = match read(app, &typed) {
        Ok(new) => make(app, &visitor, typed.text(ATTEMPT), new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok((key, secret)) => {
            let page = render(app, &visitor, &Outcome::default(), Some((&key, &secret))).await?;
            Ok(([(CACHE_CONTROL, "no-store")], page).into_response())
        }
        Err(error) => {
            // The form has a number of days instead of the time of the end.
            let form_state = FormState::refused_for(&visitor, typed, error)?.renamed("expiresAt", "days");
            let owner = if visitor.viewer.may_manage_all_api_keys() { "personId" } else { "name" };
            let form_state = form_state.otherwise_beside(owner);
            render(app, &visitor, &Outcome::refused(NEW, form_state), None).await
        }
    }
}

/// Makes a key. A browser that sends the form again makes no other one.
async fn make(app: &App, visitor: &Visitor, attempt: &str, new: NewApiKey) -> Result<(ApiKey, String)> {
    if attempt.is_empty() {
        return api_keys::create_api_key(app, visitor.viewer, new).await;
    }
    idempotency::check_key(ATTEMPT, attempt)?;
    let app = app.for_attempt(Attempt::of_form(attempt.to_owned(), String::new())).await?;
    api_keys::create_api_key(&app, visitor.viewer, new).await
}

fn read(app: &App, typed: &Typed) -> Result<NewApiKey> {
    let mut errors = FieldErrors::default();
    let days = errors.note(typed.parsed::<i64>("days", &words!("must-be-whole-number")))?;
    if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        errors.add("days", words!("must-be-within", least = 1, most = MOST_DAYS));
    }
    let person = errors.note(typed.parsed("personId", &words!("must-be-person")))?;
    let name = errors.note(validate::required_text("name", typed.text("name")))?;
    errors.finish()?;
    let expires_at = days.map(|days| app.now() + TimeDelta::days(days));
    Ok(NewApiKey { name, person, is_admin: typed.has("isAdmin"), expires_at })
}

fn read_id(visitor: &Visitor, id: &str) -> Result<ApiKeyId, PageError> {
    let id = format!("{}:{id}", ApiKeyId::TYPE).parse();
    id.map_err(|_| PageError::not_found(visitor, &words!("no-key-here")))
}

pub async fn ask(State(pages): State<Pages>, Owner(visitor): Owner, Path(id): Path<String>) -> Page {
    let id = read_id(&visitor, &id)?;
    let found = api_keys::find_api_keys(&pages.app, &[id]).await.map_err(page_of(&visitor))?.pop();
    let key = found.filter(|key| key.is_seen_by(visitor.viewer));
    let key = key.ok_or_else(|| PageError::not_found(&visitor, &words!("no-key-here")))?;
    let question = Question {
        title: &words!("revoke-question"),
        text: html! { p { (text_around("revoke-note", "name", &html! { strong { (key.name) } })) } },
        button: &words!("revoke-button"),
        action: &format!("{}/{}/revoke", page(&visitor), id.0),
        fields: &[],
        back: &page(&visitor),
    };
    Ok(question.ask(&visitor))
}

pub async fn revoke(State(pages): State<Pages>, Owner(visitor): Owner, Path(id): Path<String>) -> Page {
    let id = read_id(&visitor, &id)?;
    api_keys::revoke_api_key(&pages.app, visitor.viewer, id).await.map_err(page_of(&visitor))?;
    Ok(confirmed(&page(&visitor), Done::KeyRevoked, PART))
}
