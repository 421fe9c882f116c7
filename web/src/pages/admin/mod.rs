//! `/admin`: the page for admins.

mod audit;
mod instances;
mod people;
mod presence;
mod sweeps;
mod zones;

use axum::{
    Form, Router,
    extract::{FromRequestParts, Query, State},
    http::request::Parts,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use domain::ids::{IdError, SessionInstanceId};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use service::{App, Error, FieldErrors, Result, instances as service_instances, sessions};

use self::{
    instances::Instances,
    presence::{Presences, save_activity},
    sweeps::{Sweeps, TryMode},
};
use super::{
    Page, Pages, Shared,
    done::Done,
    error::{PageError, page_of, sign_in_first},
    forms::{FormState, Outcome, Typed, confirmed},
    keys,
    layout::{Frame, respond},
    sessions::{
        details,
        meeting::{self, end_of_override},
    },
    visitor::Visitor,
};
use crate::{language::words, site::to};

/// The part of the page for messages that belong to no other part.
const PART: &str = "admin";

/// The other pages for admins, each with its name and its purpose.
fn pages_of_admins() -> [(&'static str, String, String); 4] {
    [
        ("sessions/new", words!("new-session"), words!("new-session-purpose")),
        ("people", words!("people"), words!("people-purpose")),
        ("audit", words!("audit-log"), words!("audit-log-purpose")),
        ("keys", words!("api-keys"), words!("keys-purpose")),
    ]
}

/// A table. On a narrow screen its style shows each row as a card, in which each cell has the title of its column. On a screen between,
/// the table may be too wide: it scrolls sideways, also by keyboard, which needs the focus.
#[derive(Default)]
struct Table {
    /// The titles, and the classes of their cells.
    columns: Vec<(String, Option<&'static str>)>,
    /// The ids, and the cells.
    rows: Vec<(String, Vec<Markup>)>,
    has_caption: bool,
}

impl Table {
    fn column(mut self, title: String) -> Self {
        self.columns.push((title, None));
        self
    }

    /// A column with this class: `number`, `why` for a sentence, or `long` for a list.
    fn column_of(mut self, class: &'static str, title: String) -> Self {
        self.columns.push((title, Some(class)));
        self
    }

    /// Shows the name above the table.
    fn with_caption(self) -> Self {
        Self { has_caption: true, ..self }
    }

    /// A row with an id, and a cell for each column.
    fn row(&mut self, id: String, cells: Vec<Markup>) {
        self.rows.push((id, cells));
    }

    /// The roles are those of the elements. Browsers forget them where the style shows no table.
    fn render(&self, name: &str) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label=(name) {
                table role="table" {
                    @if self.has_caption { caption { (name) } }
                    thead role="rowgroup" {
                        tr role="row" {
                            @for (title, class) in &self.columns { th role="columnheader" scope="col" class=[*class] { (title) } }
                        }
                    }
                    tbody role="rowgroup" {
                        @for (id, cells) in &self.rows {
                            tr #(id) role="row" {
                                @for ((title, class), cell) in self.columns.iter().zip(cells) {
                                    td role="cell" class=[*class] data-title=(title) { div { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The routes below `/admin`.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/admin", get(show))
        .route("/admin/override", post(set_override))
        .route("/admin/activities", post(save_activity))
        .route("/admin/sessions/new", get(new_session).post(create_session))
        .route("/admin/people", get(people::list))
        .route("/admin/people/new", get(people::show_new).post(people::create))
        .route("/admin/people/{id}", get(people::show).post(people::save))
        .route("/admin/people/{id}/merge", get(people::choose).post(people::merge))
        .route("/admin/people/{id}/erase", get(people::ask_to_erase).post(people::erase))
        .route("/admin/people/{id}/sign-out", get(people::ask_to_sign_out).post(people::sign_out))
        .route("/admin/audit", get(audit::show))
        .route("/admin/keys", get(keys::show).post(keys::create))
        .route("/admin/keys/{id}/revoke", get(keys::ask).post(keys::revoke))
}

/// The top of a page below `/admin`.
pub fn heading(title: &str) -> Markup {
    html! {
        p.path { a href=(to("/admin")) { (words!("admin")) } }
        h1 { (title) }
    }
}

/// A visitor who is an admin.
pub struct Admin(pub Visitor);

impl FromRequestParts<Shared> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, shared).await.map_err(IntoResponse::into_response)?;
        if visitor.viewer.may_open_admin_pages() {
            Ok(Self(visitor))
        } else if visitor.viewer.is_signed_in() {
            Err(PageError::forbidden(&visitor, &words!("admins-only")).into_response())
        } else {
            let next = if parts.method.is_safe() { parts.uri.path() } else { "/admin" };
            Err(sign_in_first(next))
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    /// The instant of a dry run in UTC, as `datetime-local` fields write it. Empty means now.
    try_at: Option<String>,
    /// The mode of a dry run.
    #[serde(default)]
    mode: TryMode,
}

async fn show(
    State(pages): State<Pages>,
    outcome: Outcome,
    Admin(visitor): Admin,
    Query(parameters): Query<Parameters>,
) -> Page {
    answer(&pages.app, &visitor, &parameters, &outcome).await
}

/// `/admin/sessions/new`.
async fn new_session(State(pages): State<Pages>, Admin(visitor): Admin) -> Page {
    Ok(details::render_new(&pages.app, &visitor, &Outcome::default()))
}

async fn create_session(State(pages): State<Pages>, Admin(visitor): Admin, Form(typed): Form<Typed>) -> Page {
    details::insert(&pages.app, &visitor, typed).await
}

async fn answer(app: &App, visitor: &Visitor, parameters: &Parameters, outcome: &Outcome) -> Page {
    let sweeps = Sweeps::load(app, visitor.viewer, parameters.try_at.as_deref(), parameters.mode)
        .await
        .map_err(page_of(visitor))?;
    let instances = Instances::load(app, visitor.viewer).await.map_err(page_of(visitor))?;
    let presences = Presences::load(app, visitor.viewer).await.map_err(page_of(visitor))?;
    let main = html! {
        h1 { (words!("admin")) }
        (outcome.message(PART))
        ul.tasks {
            @for (page, title, text) in pages_of_admins() {
                li { a href=(to(&format!("/admin/{page}"))) { (title) } span.quiet { (text) } }
            }
        }
        (instances.render(outcome))
        (sweeps.render())
        (presences.render(outcome))
        (zones::render(&app.zones.status()))
        // People have this on their own page.
        @if visitor.viewer.person.is_none() {
            p { a href=(to("/me/sign-out-everywhere")) { (words!("sign-out-everywhere")) } }
        }
    };
    let mut frame = Frame::new(words!("admin"), visitor);
    if outcome.is_refused() {
        frame = frame.standing_still();
    } else if parameters.try_at.is_none() {
        // A page with a dry run does not reload itself. Otherwise each change would repeat the dry run.
        frame = frame.following(json!({})).renewed_every(15);
    }
    Ok((outcome.status(), respond(&frame, &main)).into_response())
}

/// Sets or ends an override.
async fn set_override(State(pages): State<Pages>, Admin(visitor): Admin, Form(typed): Form<Typed>) -> Page {
    let (app, viewer) = (&pages.app, visitor.viewer);
    let is_active = match typed.text("action") {
        "on" => Some(true),
        "off" => Some(false),
        "clear" => None,
        _ => return Err(PageError::bad_form(&visitor)),
    };
    let done = async {
        let (id, until) = read_override(app, &typed)?;
        let Some(is_active) = is_active else {
            return service_instances::clear_override(app, viewer, id).await.map(|_| Done::OverrideCleared);
        };
        let missing = || Error::invalid("instance", words!("unknown-instance"));
        let instance = service_instances::find_instances(app, &[id]).await?.pop().ok_or_else(missing)?;
        let session = sessions::find_sessions(app, &[instance.session_id]).await?.pop().ok_or_else(missing)?;
        meeting::set_override(app, viewer, &instance, &session, (is_active, until)).await
    };
    match done.await {
        Ok(done) => Ok(confirmed(&to("/admin"), done, instances::PART)),
        Err(error) => refused(app, &visitor, instances::PART, FormState::refused_for(&visitor, typed, error)?).await,
    }
}

/// The instance of an override, and its end.
fn read_override(app: &App, typed: &Typed) -> Result<(SessionInstanceId, Option<DateTime<Utc>>)> {
    let mut errors = FieldErrors::default();
    let text = typed.text("instance");
    let id = text.parse().or_else(|_| format!("{}:{text}", SessionInstanceId::TYPE).parse());
    let id = id.map_err(|_: IdError| Error::invalid("instance", words!("not-an-instance-id")));
    let id = errors.note_or(id, SessionInstanceId(0))?;
    let until = errors.note(end_of_override(app, typed))?;
    errors.finish()?;
    Ok((id, until))
}

/// The page, with a form that was refused in one of its parts.
async fn refused(app: &App, visitor: &Visitor, part: &str, form_state: FormState) -> Page {
    answer(app, visitor, &Parameters::default(), &Outcome::refused(part, form_state)).await
}
