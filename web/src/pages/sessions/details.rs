//! `/sessions/{path}/edit`: the name, the location and the other details of a session. Admins create a session with the same
//! fields.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::{door::CheckInCodes, geo::GeoPoint, zone::Tz};
use maud::{Markup, html};
use service::{
    App, Result,
    sessions::{self, NewSession, Session, SessionPatch},
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
use crate::site::to;

const CODES: [(&str, &str, CheckInCodes); 3] = [
    ("none", "No codes", CheckInCodes::None),
    ("fixed", "One code for each meeting", CheckInCodes::Fixed),
    ("rotating", "A code that changes every 30 seconds", CheckInCodes::Rotating),
];

pub async fn show(State(pages): State<Pages>, Organizer { visitor, session }: Organizer) -> Page {
    Ok(render(&pages.app, &visitor, &session, &FormState::new(typed(&session))))
}

pub async fn save(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let saved = match patch(&typed) {
        Ok(patch) => sessions::update_session(app, visitor.viewer, session.id, patch).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(saved) => Ok(confirmed(&below(&saved, "organize"), Done::SessionSaved, "organize")),
        Err(error) => Ok(render(app, &visitor, &session, &FormState::refused(typed, &error))),
    }
}

fn render(app: &App, visitor: &Visitor, session: &Session, form_state: &FormState) -> Response {
    let main = html! {
        (heading(session, "Edit the session"))
        @if let Some(what) = session.current_problem(app.zone_data()) { (problem(&what)) }
        (form(app, form_state, &below(session, "edit"), "Save"))
    };
    let frame = Frame::new(format!("Edit {}", session.name), visitor).standing_still();
    (form_state.status(), respond(&frame, &main)).into_response()
}

/// The page `/admin/sessions/new`, for admins.
pub fn render_new(app: &App, visitor: &Visitor, outcome: &Outcome) -> Response {
    let empty = Typed::default()
        .with("activeBufferMinutesBefore", 60)
        .with("activeBufferMinutesAfter", 60)
        .with("autoCreateHoursAhead", 24)
        .with_box("autoCreateInstances", true);
    let form_state = outcome.form_state("session", || empty);
    let main = html! {
        h1 { "New session" }
        (form(app, &form_state, &to("/admin/sessions/new"), "Create the session"))
    };
    (form_state.status(), respond(&Frame::new("New session", visitor).standing_still(), &main)).into_response()
}

/// Creates a session, and goes on to its schedule.
pub async fn insert(app: &App, visitor: &Visitor, typed: Typed) -> Page {
    let made = match new(&typed) {
        Ok(new) => sessions::insert_session(app, visitor.viewer, new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(session) => Ok(confirmed(&below(&session, "schedule"), Done::SessionCreated, "schedule")),
        Err(error) => Ok(render_new(app, visitor, &Outcome::refused("session", FormState::refused(typed, &error)))),
    }
}

fn form(app: &App, form_state: &FormState, address: &str, button: &str) -> Markup {
    let codes = CODES.map(|(value, words, _)| (value, words));
    let mut form = form_state.form();
    form.add(&Field::text("name", "Name").required());
    form.add(&Field::text("path", "Address").hint(
        "The last part of the address of its page: letters, digits, '-', '_', '.' and '~'. If it is empty, it is made from the name.",
    ));
    form.add(
        &Field::long_text("description", "Description")
            .hint("Up to 2,000 characters. Markdown gives lists, links and emphasis."),
    );
    form.add(&Field::address("website", "Website").hint("Such as https://example.org"));
    form.group("Place", |form| {
        form.add(&Field::text("location", "Location").hint("The name of a pub, or an address"));
        form.add(&Field::text("city", "City"));
        form.add(&Field::text("state", "State or province"));
        form.add(&Field::text("country", "Country"));
        form.add(&Field::text("latitude", "Latitude").hint("In degrees, such as 30.2672"));
        form.add(&Field::text("longitude", "Longitude").hint("In degrees, such as -97.7431"));
    });
    form.group("Times", |form| {
        form.add(
            &Field::suggested("timeZone", "Time zone", "zones")
                .hint("Such as America/Chicago. All its times are in this zone.")
                .required(),
        );
        form.add(
            &Field::number("activeBufferMinutesBefore", "Minutes before its start", 0, 1440)
                .hint("From then on a meeting is live")
                .required(),
        );
        form.add(
            &Field::number("activeBufferMinutesAfter", "Minutes after its end", 0, 1440)
                .hint("Until then a meeting is live")
                .required(),
        );
        form.add(&Field::check("autoCreateInstances", "Make the meetings of the schedule by themselves"));
        form.add(
            &Field::number("autoCreateHoursAhead", "Hours ahead", 1, 168)
                .hint("How long before its start a meeting is made")
                .required(),
        );
    });
    form.group("At the door", |form| {
        form.add(&Field::choice("checkInCodes", "Codes", &codes));
        form.add(&Field::check("requiresCode", "Only who has the code can check in at the meeting"));
    });
    form.put(html! {
        datalist #zones { @for zone in app.zone_data().names() { option value=(zone) {} } }
    });
    form.send_to(address, &html! { button.primary { (button) } })
}

fn typed(session: &Session) -> Typed {
    let codes = CODES.iter().find(|(.., codes)| *codes == session.check_in_codes).map_or("none", |(value, ..)| value);
    Typed::default()
        .with("name", &session.name)
        .with("path", &session.path)
        .with_some("description", session.description.as_ref())
        .with_some("website", session.website.as_ref())
        .with_some("location", session.location.as_ref())
        .with_some("city", session.city.as_ref())
        .with_some("state", session.state.as_ref())
        .with_some("country", session.country.as_ref())
        .with_some("latitude", session.place.map(GeoPoint::latitude))
        .with_some("longitude", session.place.map(GeoPoint::longitude))
        .with("timeZone", &session.time_zone)
        .with("activeBufferMinutesBefore", session.active_buffer_minutes_before)
        .with("activeBufferMinutesAfter", session.active_buffer_minutes_after)
        .with_box("autoCreateInstances", session.auto_create_instances)
        .with("autoCreateHoursAhead", session.auto_create_hours_ahead)
        .with("checkInCodes", codes)
        .with_box("requiresCode", session.requires_code)
}

const DEGREES: &str = "must be a number of degrees, such as 30.2672";
const MINUTES: &str = "must be 0 to 1440";
const HOURS: &str = "must be 1 to 168";
const ZONE: &str = "must be the name of a time zone, such as America/Chicago";

fn codes(typed: &Typed) -> CheckInCodes {
    let chosen = typed.text("checkInCodes");
    CODES.iter().find(|(value, ..)| *value == chosen).map_or(CheckInCodes::None, |(.., codes)| *codes)
}

fn patch(typed: &Typed) -> Result<SessionPatch> {
    Ok(SessionPatch {
        name: Some(typed.text("name").to_owned()),
        // An empty address keeps the one that the session has.
        path: typed.optional("path"),
        city: Some(typed.optional("city")),
        state: Some(typed.optional("state")),
        country: Some(typed.optional("country")),
        location: Some(typed.optional("location")),
        latitude: Some(typed.parsed("latitude", DEGREES)?),
        longitude: Some(typed.parsed("longitude", DEGREES)?),
        time_zone: Some(typed.required::<Tz>("timeZone", ZONE)?),
        active_buffer_minutes_before: Some(typed.required("activeBufferMinutesBefore", MINUTES)?),
        active_buffer_minutes_after: Some(typed.required("activeBufferMinutesAfter", MINUTES)?),
        auto_create_instances: Some(typed.has("autoCreateInstances")),
        auto_create_hours_ahead: Some(typed.required("autoCreateHoursAhead", HOURS)?),
        check_in_codes: Some(codes(typed)),
        requires_code: Some(typed.has("requiresCode")),
        description: Some(typed.optional("description")),
        website: Some(typed.optional("website")),
        ..SessionPatch::default()
    })
}

fn new(typed: &Typed) -> Result<NewSession> {
    Ok(NewSession {
        name: typed.text("name").to_owned(),
        path: typed.optional("path"),
        city: typed.optional("city"),
        state: typed.optional("state"),
        country: typed.optional("country"),
        location: typed.optional("location"),
        latitude: typed.parsed("latitude", DEGREES)?,
        longitude: typed.parsed("longitude", DEGREES)?,
        time_zone: typed.required("timeZone", ZONE)?,
        recurrence: None,
        active_buffer_minutes_before: typed.required("activeBufferMinutesBefore", MINUTES)?,
        active_buffer_minutes_after: typed.required("activeBufferMinutesAfter", MINUTES)?,
        auto_create_instances: typed.has("autoCreateInstances"),
        auto_create_hours_ahead: typed.required("autoCreateHoursAhead", HOURS)?,
        initiation_date: None,
        termination_date: None,
        skips: Vec::new(),
        check_in_codes: codes(typed),
        requires_code: typed.has("requiresCode"),
        description: typed.optional("description"),
        website: typed.optional("website"),
    })
}
