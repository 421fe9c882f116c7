//! `/sessions/{path}/mend`: why the server cannot read a session, and how to correct it (rule 20 of ARCHITECTURE.md).

use axum::{
    Form,
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::zone::Tz;
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
        layout::{Frame, problem, respond},
        visitor::Visitor,
    },
    Organizer, below, heading,
};

const PART: &str = "mend";

pub async fn show(State(pages): State<Pages>, outcome: Outcome, Organizer { visitor, session }: Organizer) -> Page {
    Ok(render(&pages.app, &visitor, &session, &outcome))
}

fn render(app: &App, visitor: &Visitor, session: &Session, outcome: &Outcome) -> Response {
    let data = app.zone_data();
    let (zone, recurrence) = (session.zone(data), session.recurrence());
    let main = html! {
        (heading(session, "What is wrong with this session"))
        (outcome.notice(PART))
        @match session.current_problem(data) {
            Some(what) => {
                (problem(&what))
                p { "Until it is corrected, no meetings are made from its schedule, and those that exist keep their times." }
            }
            None => p { "Nothing is wrong with it." },
        }
        @if let Err(error) = &zone { (time_zone(app, session, &error.to_string(), outcome)) }
        @if recurrence.is_err() {
            section aria-labelledby="recurrence" {
                h2 #recurrence { "Its schedule can't be read" }
                p { "This is stored:" }
                pre { (session.recurrence.as_deref().unwrap_or_default()) }
                p { "Say again when it meets. That replaces what is stored." }
                p { a.button.primary href=(below(session, "schedule")) { "Enter the schedule again" } }
            }
        }
    };
    let frame = Frame::new(format!("What is wrong with {}", session.name), visitor).standing_still();
    (outcome.status(), respond(&frame, &main)).into_response()
}

fn time_zone(app: &App, session: &Session, why: &str, outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(PART, || Typed::default().with("timeZone", &session.time_zone));
    let mut form = form_state.form();
    form.add(&Field::suggested("timeZone", "Time zone", "zones").hint("Such as America/Chicago").required());
    form.put(html! { datalist #zones { @for zone in app.zone_data().names() { option value=(zone) {} } } });
    html! {
        section aria-labelledby="zone" {
            h2 #zone { "Its time zone is not known" }
            p { (why) "." }
            (form.send_to(&below(session, "mend"), &html! { button.primary { "Correct the time zone" } }))
        }
    }
}

pub async fn save(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let zone = typed.required::<Tz>("timeZone", "must be the name of a time zone, such as America/Chicago");
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
            let outcome = Outcome::refused(PART, FormState::refused(typed, &error));
            Ok(render(&pages.app, &visitor, &session, &outcome))
        }
    }
}
