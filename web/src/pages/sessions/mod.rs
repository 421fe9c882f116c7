//! The pages of one session. Everybody sees `/sessions/{path}`. Its organisers, and admins, also see the others, on which they
//! change the session and its meetings.

pub mod answers;
pub mod details;
pub mod meeting;
pub mod meetings;
pub mod mend;
pub mod organize;
pub mod organizers;
pub mod past;
pub mod remove;
pub mod schedule;
pub mod show;
pub mod skips;

use axum::{
    Router,
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use service::{
    App, Result,
    sessions::{self, Session},
};

use super::{
    Pages, Shared, cards, door,
    error::{PageError, page_of, sign_in_first},
    visitor::Visitor,
};
use crate::language::words;

/// The routes below `/sessions`.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/sessions/{path}", get(show::show).post(answers::check_in))
        .route("/sessions/{path}/skips", post(skips::add))
        .route("/sessions/{path}/skips/remove", post(skips::remove))
        .route("/sessions/{path}/door", get(door::show))
        .route("/sessions/{path}/organize", get(organize::show))
        .route("/sessions/{path}/edit", get(details::show).post(details::save))
        .route("/sessions/{path}/schedule", get(schedule::show).post(schedule::save))
        .route("/sessions/{path}/organizers", get(organizers::show).post(organizers::change))
        .route("/sessions/{path}/mend", get(mend::show).post(mend::save))
        .route("/sessions/{path}/delete", get(remove::show).post(remove::delete))
        .route("/sessions/{path}/meetings", get(meetings::show).post(meetings::add))
        .route("/sessions/{path}/meetings/open", post(meetings::open))
        .route("/sessions/{path}/meetings/past", get(past::show))
        .route("/sessions/{path}/meetings/{id}", get(meeting::show).post(meeting::save))
        .route("/sessions/{path}/meetings/{id}/status", post(meeting::set_status))
        .route("/sessions/{path}/meetings/{id}/people", post(meeting::check_in))
        .route("/sessions/{path}/meetings/{id}/delete", get(meeting::ask).post(meeting::delete))
}

pub async fn find(app: &App, visitor: &Visitor, path: &str) -> Result<Session, PageError> {
    let found = sessions::find_session_by_path(app, path).await.map_err(page_of(visitor))?;
    found.ok_or_else(|| PageError::not_found(visitor, &words!("no-session-here")))
}

/// A visitor who may change the session of the address, and the session.
pub struct Organizer {
    pub visitor: Visitor,
    pub session: Session,
}

impl FromRequestParts<Shared> for Organizer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        let Shared(Pages { app, .. }) = shared;
        let refused = |error: PageError| error.into_response();
        let visitor = Visitor::from_request_parts(parts, shared).await.map_err(refused)?;
        let parameters = RawPathParams::from_request_parts(parts, shared).await;
        let path = parameters.iter().flatten().find(|(name, _)| *name == "path").map(|(_, path)| path.to_owned());
        let session = find(app, &visitor, &path.unwrap_or_default()).await.map_err(refused)?;
        let may_edit = sessions::may_edit(app, visitor.viewer, session.id).await;
        if may_edit.map_err(|error| refused(page_of(&visitor)(error)))? {
            return Ok(Self { visitor, session });
        }
        if visitor.token.is_none() {
            let next = if parts.method.is_safe() { parts.uri.path().to_owned() } else { cards::address(&session) };
            return Err(sign_in_first(&next));
        }
        Err(refused(PageError::forbidden(&visitor, &words!("organisers-only"))))
    }
}

/// The address of a page below that of the session.
pub fn below(session: &Session, page: &str) -> String {
    format!("{}/{page}", cards::address(session))
}

/// The top of a page for organisers: its title, and the way back.
pub fn heading(session: &Session, title: &str) -> Markup {
    html! {
        p.path {
            a href=(cards::address(session)) { (session.name) } " › "
            a href=(below(session, "organize")) { (words!("organise")) }
        }
        h1 { (title) }
    }
}
