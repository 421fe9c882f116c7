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
    App, FieldErrors, Result,
    sessions::{self, NewSession, Session, SessionPatch},
};

use super::{
    super::{
        Page, Pages, admin,
        done::Done,
        forms::{Field, FormState, Outcome, Typed, confirmed},
        layout::{Frame, found_problem, respond},
        visitor::Visitor,
    },
    Organizer, below, heading,
};
use crate::{language::words, site::to};

const CODES: [(&str, CheckInCodes); 3] =
    [("none", CheckInCodes::None), ("fixed", CheckInCodes::Fixed), ("rotating", CheckInCodes::Rotating)];

fn codes_words(codes: CheckInCodes) -> String {
    match codes {
        CheckInCodes::None => words!("codes-none"),
        CheckInCodes::Fixed => words!("codes-fixed"),
        CheckInCodes::Rotating => words!("codes-rotating"),
    }
}

pub async fn show(State(pages): State<Pages>, Organizer { visitor, session }: Organizer) -> Page {
    Ok(render(&pages.app, &visitor, &session, &FormState::new(typed(&session))))
}

pub async fn save(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    match update(app, &visitor, &session, &typed).await {
        Ok(saved) => Ok(confirmed(&below(&saved, "organize"), Done::SessionSaved, "organize")),
        Err(error) => Ok(render(
            app,
            &visitor,
            &session,
            &FormState::refused_for(&visitor, typed, error)?.otherwise_beside("path"),
        )),
    }
}

async fn update(app: &App, visitor: &Visitor, session: &Session, typed: &Typed) -> Result<Session> {
    let mut errors = FieldErrors::default();
    let patch = patch(typed, &mut errors)?;
    errors.note(sessions::check_session_patch(app, session.id, &patch).await)?;
    note_taken_path(app, patch.path.as_deref(), Some(session), &mut errors).await?;
    errors.finish()?;
    sessions::update_session(app, visitor.viewer, session.id, patch).await
}

fn render(app: &App, visitor: &Visitor, session: &Session, form_state: &FormState) -> Response {
    let main = html! {
        (heading(session, &words!("edit-session")))
        @if let Some(what) = session.current_problem(app.zone_data()) { (found_problem(&what)) }
        (form(app, form_state, &below(session, "edit"), &words!("save")))
    };
    let frame = Frame::new(words!("edit-named", session = session.name.as_str()), visitor).standing_still();
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
        (admin::heading(&words!("new-session")))
        (form(app, &form_state, &to("/admin/sessions/new"), &words!("create-session")))
    };
    (form_state.status(), respond(&Frame::new(words!("new-session"), visitor).standing_still(), &main)).into_response()
}

/// Creates a session, and goes on to its schedule.
pub async fn insert(app: &App, visitor: &Visitor, typed: Typed) -> Page {
    match create(app, visitor, &typed).await {
        Ok(session) => Ok(confirmed(&below(&session, "schedule"), Done::SessionCreated, "schedule")),
        Err(error) => Ok(render_new(
            app,
            visitor,
            &Outcome::refused("session", FormState::refused_for(visitor, typed, error)?.otherwise_beside("path")),
        )),
    }
}

async fn create(app: &App, visitor: &Visitor, typed: &Typed) -> Result<Session> {
    let mut errors = FieldErrors::default();
    let new = new(typed, &mut errors)?;
    errors.note(sessions::check_new_session(app, &new))?;
    note_taken_path(app, new.path.as_deref(), None, &mut errors).await?;
    errors.finish()?;
    sessions::insert_session(app, visitor.viewer, new).await
}

/// Notes an address that another session has, so that the form says it together with what else is wrong.
async fn note_taken_path(app: &App, path: Option<&str>, own: Option<&Session>, errors: &mut FieldErrors) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let taken = sessions::find_session_by_path(app, path).await?;
    if taken.is_some_and(|other| own.is_none_or(|own| own.id != other.id)) {
        errors.add("path", words!("path-taken"));
    }
    Ok(())
}

fn form(app: &App, form_state: &FormState, address: &str, button: &str) -> Markup {
    let codes = CODES.map(|(value, codes)| (value, codes_words(codes)));
    let mut form = form_state.form();
    form.add(&Field::text("name", &words!("name")).required());
    form.add(&Field::text("path", &words!("address")).hint(words!("address-hint")));
    form.add(&Field::long_text("description", &words!("description")).hint(words!("description-hint")));
    form.add(&Field::address("website", &words!("website")).hint(words!("website-hint")));
    form.add(&Field::address("pictureUrl", &words!("picture")).hint(words!("picture-hint")));
    form.group(&words!("place"), |form| {
        form.add(&Field::text("location", &words!("location")).hint(words!("location-hint")));
        form.add(&Field::text("city", &words!("city")));
        form.add(&Field::text("state", &words!("state")));
        form.add(&Field::text("country", &words!("country")));
        form.add(&Field::text("latitude", &words!("latitude")).hint(words!("latitude-hint")));
        form.add(&Field::text("longitude", &words!("longitude")).hint(words!("longitude-hint")));
    });
    form.group(&words!("times"), |form| {
        form.add(&Field::suggested("timeZone", &words!("time-zone"), "zones").hint(words!("zone-hint")).required());
        form.add(
            &Field::number("activeBufferMinutesBefore", &words!("minutes-before"), 0, 1440)
                .hint(words!("minutes-before-hint"))
                .required(),
        );
        form.add(
            &Field::number("activeBufferMinutesAfter", &words!("minutes-after"), 0, 1440)
                .hint(words!("minutes-after-hint"))
                .required(),
        );
        form.add(&Field::check("autoCreateInstances", &words!("make-meetings")));
        form.add(
            &Field::number("autoCreateHoursAhead", &words!("hours-ahead"), 1, 168)
                .hint(words!("hours-ahead-hint"))
                .required(),
        );
    });
    form.group(&words!("at-the-door"), |form| {
        form.add(&Field::choice("checkInCodes", &words!("codes"), codes));
        form.add(&Field::check("requiresCode", &words!("requires-code")));
    });
    form.put(html! {
        datalist #zones { @for zone in app.zone_data().names() { option value=(zone) {} } }
    });
    form.send_to(address, &html! { button.primary { (button) } })
}

fn typed(session: &Session) -> Typed {
    let codes = CODES.iter().find(|(_, codes)| *codes == session.check_in_codes).map_or("none", |(value, _)| value);
    Typed::default()
        .with("name", &session.name)
        .with("path", &session.path)
        .with_some("description", session.description.as_ref())
        .with_some("website", session.website.as_ref())
        .with_some("pictureUrl", session.picture_url.as_ref())
        .with_some("location", session.location.as_ref())
        .with_some("city", session.city.as_ref())
        .with_some("state", session.state.as_ref())
        .with_some("country", session.country.as_ref())
        .with_some("latitude", session.coordinates.map(GeoPoint::latitude))
        .with_some("longitude", session.coordinates.map(GeoPoint::longitude))
        .with("timeZone", &session.time_zone)
        .with("activeBufferMinutesBefore", session.active_buffer_minutes_before)
        .with("activeBufferMinutesAfter", session.active_buffer_minutes_after)
        .with_box("autoCreateInstances", session.auto_create_instances)
        .with("autoCreateHoursAhead", session.auto_create_hours_ahead)
        .with("checkInCodes", codes)
        .with_box("requiresCode", session.requires_code)
        .for_editing()
}

fn zone(typed: &Typed) -> Result<Tz> {
    typed.required("timeZone", &words!("must-be-zone"))
}

fn minutes(typed: &Typed, name: &str) -> Result<i32> {
    typed.required(name, &words!("must-be-within", least = 0, most = 1440))
}

fn hours(typed: &Typed) -> Result<i32> {
    typed.required("autoCreateHoursAhead", &words!("must-be-within", least = 1, most = 168))
}

/// The latitude and the longitude. Without one of them, the other says nothing.
fn coordinates(typed: &Typed, errors: &mut FieldErrors) -> Result<(Option<f64>, Option<f64>)> {
    let degrees = |name: &str| typed.decimal(name, &words!("must-be-degrees"));
    match (degrees("latitude"), degrees("longitude")) {
        (Ok(latitude), Ok(longitude)) => Ok((latitude, longitude)),
        (latitude, longitude) => {
            errors.note::<Option<f64>>(latitude)?;
            errors.note::<Option<f64>>(longitude)?;
            Ok((None, None))
        }
    }
}

fn codes(typed: &Typed) -> CheckInCodes {
    let chosen = typed.text("checkInCodes");
    CODES.iter().find(|(value, _)| *value == chosen).map_or(CheckInCodes::None, |(_, codes)| *codes)
}

/// What the sender of the form changed. In place of a wrong value there is a valid one, so that the service can check the others.
fn patch(typed: &Typed, errors: &mut FieldErrors) -> Result<SessionPatch> {
    let changes = typed.changes();
    let mut changed_minutes = |name: &str| changes.has(name).then(|| errors.note(minutes(typed, name))).transpose();
    let before = changed_minutes("activeBufferMinutesBefore")?;
    let after = changed_minutes("activeBufferMinutesAfter")?;
    let is_elsewhere = changes.has("latitude") || changes.has("longitude");
    let (latitude, longitude) = is_elsewhere.then(|| coordinates(typed, errors)).transpose()?.unzip();
    Ok(SessionPatch {
        name: changes.text("name"),
        // An empty address keeps the one that the session has.
        path: changes.read("path", Typed::optional).flatten(),
        city: changes.read("city", Typed::optional),
        state: changes.read("state", Typed::optional),
        country: changes.read("country", Typed::optional),
        location: changes.read("location", Typed::optional),
        latitude,
        longitude,
        time_zone: changes.has("timeZone").then(|| errors.note_or(zone(typed), Tz::UTC)).transpose()?,
        active_buffer_minutes_before: before,
        active_buffer_minutes_after: after,
        auto_create_instances: changes.ticked("autoCreateInstances"),
        auto_create_hours_ahead: changes
            .has("autoCreateHoursAhead")
            .then(|| errors.note_or(hours(typed), 1))
            .transpose()?,
        check_in_codes: changes.has("checkInCodes").then(|| codes(typed)),
        requires_code: changes.ticked("requiresCode"),
        description: changes.read("description", Typed::optional),
        website: changes.read("website", Typed::optional),
        picture_url: changes.read("pictureUrl", Typed::optional),
        ..SessionPatch::default()
    })
}

/// In place of a wrong value there is a valid one, so that the service can check the others.
fn new(typed: &Typed, errors: &mut FieldErrors) -> Result<NewSession> {
    let (latitude, longitude) = coordinates(typed, errors)?;
    Ok(NewSession {
        name: typed.text("name").to_owned(),
        path: typed.optional("path"),
        city: typed.optional("city"),
        state: typed.optional("state"),
        country: typed.optional("country"),
        location: typed.optional("location"),
        latitude,
        longitude,
        time_zone: errors.note_or(zone(typed), Tz::UTC)?,
        recurrence: None,
        active_buffer_minutes_before: errors.note(minutes(typed, "activeBufferMinutesBefore"))?,
        active_buffer_minutes_after: errors.note(minutes(typed, "activeBufferMinutesAfter"))?,
        auto_create_instances: typed.has("autoCreateInstances"),
        auto_create_hours_ahead: errors.note_or(hours(typed), 1)?,
        initiation_date: None,
        termination_date: None,
        skips: Vec::new(),
        check_in_codes: codes(typed),
        requires_code: typed.has("requiresCode"),
        description: typed.optional("description"),
        website: typed.optional("website"),
        picture_url: typed.optional("pictureUrl"),
    })
}
