//! `/sessions/{path}/organize`: the actions of organisers, and the texts that they paste elsewhere.

use axum::{extract::State, http::HeaderMap, response::IntoResponse as _};
use domain::ids::SessionId;
use maud::{Markup, html};
use service::sessions::Session;

use super::{
    super::{
        Page, Pages, cards,
        forms::Outcome,
        layout::{Frame, found_problem, respond},
    },
    Organizer, below,
};
use crate::{language::words, site::Site};

/// The pages for organisers, each with its name and its purpose.
fn pages_of_organizers() -> [(&'static str, String, String); 5] {
    [
        ("edit", words!("edit-session"), words!("edit-session-purpose")),
        ("schedule", words!("change-schedule"), words!("change-schedule-purpose")),
        ("meetings", words!("meetings"), words!("meetings-purpose")),
        ("meetings/past", words!("past-meetings"), words!("past-meetings-purpose")),
        ("organizers", words!("organisers"), words!("organisers-purpose")),
    ]
}

pub async fn show(
    State(pages): State<Pages>,
    headers: HeaderMap,
    outcome: Outcome,
    Organizer { visitor, session }: Organizer,
) -> Page {
    let title = words!("organise-session", session = session.name.as_str());
    let main = html! {
        p.path { a href=(cards::address(&session)) { (session.name) } }
        h1 { (title) }
        (outcome.notice("organize"))
        @if let Some(what) = session.current_problem(pages.app.zone_data()) {
            (found_problem(&what))
            p { a.button href=(below(&session, "mend")) { (words!("see-how-to-correct")) } }
        }
        ul.tasks {
            @for (page, title, text) in pages_of_organizers() {
                li { a href=(below(&session, page)) { (title) } span.quiet { (text) } }
            }
            li { a href={ (cards::address(&session)) "#skips" } { (words!("leave-out-dates")) } span.quiet { (words!("leave-out-purpose")) } }
            li { a href=(below(&session, "door")) { (words!("door-screen")) } span.quiet { (words!("door-screen-purpose")) } }
            @if visitor.viewer.may_delete_sessions() { li { a href=(below(&session, "delete")) { (words!("delete-session")) } } }
        }
        (snippets(&session, &pages.site, &headers))
    };
    let frame = Frame::new(title, &visitor).standing_still();
    Ok(respond(&frame, &main).into_response())
}

/// Texts to paste elsewhere, each with a button that copies it.
fn snippets(session: &Session, site: &Site, headers: &HeaderMap) -> Markup {
    let absolute = |path: &str| site.absolute(headers, path).unwrap_or_else(|| path.to_owned());
    let path = cards::encoded(&session.path);
    let module = absolute("/web/insession.js");
    let texts = [
        ("badge", words!("share-badge"), badge(session.id, &module)),
        ("calendar", words!("share-calendar"), absolute(&format!("/sessions/{path}/calendar.ics"))),
        ("page", words!("share-page"), absolute(&format!("/sessions/{path}"))),
    ];
    html! {
        section aria-labelledby="share" {
            h2 #share { (words!("share")) }
            @for (id, title, text) in texts {
                h3 #{ "copy-" (id) "-title" } { (title) }
                div.copy {
                    pre #{ "copy-" (id) } tabindex="0" aria-labelledby={ "copy-" (id) "-title" } { (text) }
                    // The script shows the button, because the button does nothing without it.
                    button type="button" data-copies={ "copy-" (id) } hidden { (words!("copy")) }
                }
            }
        }
    }
}

/// The HTML of a badge, which shows on any website whether the session is live.
fn badge(session: SessionId, module: &str) -> String {
    format!(
        "<script type=\"module\" src=\"{module}\"></script>\n<live-now-badge session=\"{session}\"></live-now-badge>"
    )
}
