//! `/sessions/{path}/organize`: the actions of organisers, and the texts that they paste elsewhere.

use axum::{extract::State, http::HeaderMap, response::IntoResponse as _};
use domain::ids::SessionId;
use maud::{Markup, html};
use service::sessions::Session;

use super::{
    super::{
        Page, Pages, cards,
        forms::Outcome,
        layout::{Frame, problem, respond},
    },
    Organizer, below,
};
use crate::site::Site;

/// The names of the pages for organisers, each with its purpose.
const PAGES: [(&str, &str, &str); 4] = [
    ("edit", "Edit the session", "Name, place, description, time zone, codes at the door"),
    ("schedule", "Change the schedule", "When it meets, with a preview of the next dates"),
    ("meetings", "Meetings", "Add one, or cancel, move and hold the next ones"),
    ("organizers", "Organisers", "Who may change this session"),
];

pub async fn show(
    State(pages): State<Pages>,
    headers: HeaderMap,
    outcome: Outcome,
    Organizer { visitor, session }: Organizer,
) -> Page {
    let is_admin = visitor.viewer.is_admin;
    let main = html! {
        p.path { a href=(cards::address(&session)) { (session.name) } }
        h1 { "Organise " (session.name) }
        (outcome.notice("organize"))
        @if let Some(what) = session.current_problem(pages.app.zone_data()) {
            (problem(&what))
            p { a.button href=(below(&session, "mend")) { "See how to correct it" } }
        }
        ul.tasks {
            @for (page, title, text) in PAGES {
                li { a href=(below(&session, page)) { (title) } span.quiet { (text) } }
            }
            li { a href={ (cards::address(&session)) "#skips" } { "Leave out dates" } span.quiet { "Holidays, or a closed pub" } }
            li { a href=(below(&session, "door")) { "Screen at the door" } span.quiet { "A code that people scan to check in" } }
            @if is_admin { li { a href=(below(&session, "delete")) { "Delete the session" } } }
        }
        (snippets(&session, &pages.site, &headers))
    };
    let frame = Frame::new(format!("Organise {}", session.name), &visitor).standing_still();
    Ok(respond(&frame, &main).into_response())
}

/// Texts to paste elsewhere, each with a button that copies it.
fn snippets(session: &Session, site: &Site, headers: &HeaderMap) -> Markup {
    let absolute = |path: &str| site.absolute(headers, path).unwrap_or_else(|| path.to_owned());
    let path = cards::encoded(&session.path);
    let module = absolute("/web/insession.js");
    let texts = [
        ("badge", "Badge for your website", badge(session.id, &module)),
        ("calendar", "Calendar address, to subscribe to", absolute(&format!("/sessions/{path}/calendar.ics"))),
        ("page", "Address of this session's page", absolute(&format!("/sessions/{path}"))),
    ];
    html! {
        section aria-labelledby="share" {
            h2 #share { "Share it" }
            @for (id, title, text) in texts {
                h3 #{ "copy-" (id) "-title" } { (title) }
                div.copy {
                    pre #{ "copy-" (id) } tabindex="0" aria-labelledby={ "copy-" (id) "-title" } { (text) }
                    // The script shows the button, because the button does nothing without it.
                    button type="button" data-copies={ "copy-" (id) } hidden { "Copy" }
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
