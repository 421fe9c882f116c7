//! `/sessions/{path}/mend`: why the server cannot read a session, and how to correct it (rule 20 of ARCHITECTURE.md).

use axum::{
    Form,
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::zone::{Tz, UnknownZone};
use maud::{Markup, html};
use service::{
    App,
    sessions::{self, Session, SessionPatch},
};

use super::{
    super::{
        Page, Pages,
        done::Done,
        forms::{Field, FormState, Outcome, Typed, confirmed},
        layout::{Frame, found_problem, found_text, respond},
        visitor::Visitor,
    },
    Organizer, below, heading,
};
use crate::language::words;

const PART: &str = "mend";

pub async fn show(State(pages): State<Pages>, outcome: Outcome, Organizer { visitor, session }: Organizer) -> Page {
    Ok(render(&pages.app, &visitor, &session, &outcome))
}

fn render(app: &App, visitor: &Visitor, session: &Session, outcome: &Outcome) -> Response {
    let data = app.zone_data();
    let (zone, recurrence) = (session.zone(data), session.recurrence());
    let main = html! {
        (heading(session, &words!("wrong-with-session")))
        (outcome.notice(PART))
        @match session.current_problem(data) {
            Some(what) => {
                (found_problem(&what))
                p { (words!("until-corrected")) }
            }
            None => p { (words!("nothing-wrong")) },
        }
        @if let Err(error) = &zone { (time_zone(app, session, error.clone(), outcome)) }
        @if recurrence.is_err() {
            section aria-labelledby="recurrence" {
                h2 #recurrence { (words!("schedule-is-unreadable")) }
                p { (words!("this-is-stored")) }
                pre { (session.recurrence.as_deref().unwrap_or_default()) }
                p { (words!("say-when-it-meets")) }
                p { a.button.primary href=(below(session, "schedule")) { (words!("enter-schedule-again")) } }
            }
        }
    };
    let frame = Frame::new(words!("wrong-with", session = session.name.as_str()), visitor).standing_still();
    (outcome.status(), respond(&frame, &main)).into_response()
}

fn time_zone(app: &App, session: &Session, why: UnknownZone, outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(PART, || Typed::default().with("timeZone", &session.time_zone));
    let mut form = form_state.form();
    form.add(&Field::suggested("timeZone", &words!("time-zone"), "zones").hint(words!("zone-example")).required());
    form.put(html! { datalist #zones { @for zone in app.zone_data().names() { option value=(zone) {} } } });
    html! {
        section aria-labelledby="zone" {
            h2 #zone { (words!("zone-unknown")) }
            p { (found_text(&why.into())) "." }
            (form.send_to(&below(session, "mend"), &html! { button.primary { (words!("correct-zone")) } }))
        }
    }
}

pub async fn save(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let zone = typed.required::<Tz>("timeZone", &words!("must-be-zone"));
    let saved = match zone {
        Ok(zone) => {
            let patch = SessionPatch { time_zone: Some(zone), ..SessionPatch::default() };
            sessions::update_session(&pages.app, visitor.viewer, session.id, patch).await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(saved) => Ok(confirmed(&below(&saved, "mend"), Done::SessionSaved, PART)),
        Err(error) => {
            let outcome = Outcome::refused(PART, FormState::refused_for(&visitor, typed, error)?);
            Ok(render(&pages.app, &visitor, &session, &outcome))
        }
    }
}
