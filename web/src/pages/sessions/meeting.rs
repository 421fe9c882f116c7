//! `/sessions/{path}/meetings/{id}`: one meeting, for organisers. They move it, cancel it, set an override, and check people
//! in.

use axum::{
    Form,
    extract::{Path, Query, State},
    response::IntoResponse as _,
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionInstanceId},
    status::InstanceFacts,
    zone::Zone,
};
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    App, Error, Result,
    check_ins::{self, CheckIn},
    instances::{self, Counts, Instance, InstancePatch},
    people::Person,
    sessions::Session,
};

use super::{
    super::{
        Page, Pages, cards,
        done::Done,
        error::{PageError, page_of},
        forms::{Field, FormState, Outcome, Question, Typed, confirmed},
        layout::{Frame, live_now, respond},
        times,
        visitor::Visitor,
    },
    Organizer,
    answers::{attendance_words, find_answers},
    below, heading,
    meetings::MeetingFields,
    organizers::{find_people, results, search},
};
use crate::{
    language::{explanation_text, text_around, words},
    site::to,
};

pub const STATUS: &str = "status";
const CHANGE: &str = "change";
const PEOPLE: &str = "people";

/// The longest override, in hours: 365 days.
pub const MOST_HOURS: i64 = 24 * 365;

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    /// A part of the name of the person to check in.
    #[serde(default)]
    name: String,
}

struct Content<'a> {
    session: &'a Session,
    instance: Instance,
    zone: Zone,
    why: String,
    counts: Counts,
    answers: Vec<(CheckIn, Person)>,
    name: &'a str,
    found: Vec<Person>,
}

/// The meeting of the address, which must be one of this session.
async fn find(app: &App, visitor: &Visitor, session: &Session, id: &str) -> Result<Instance, PageError> {
    let missing = || PageError::not_found(visitor, &words!("no-meeting-here"));
    let id: SessionInstanceId = format!("{}:{id}", SessionInstanceId::TYPE).parse().map_err(|_| missing())?;
    let found = instances::find_instances(app, &[id]).await.map_err(page_of(visitor))?.pop();
    found.filter(|instance| instance.session_id == session.id).ok_or_else(missing)
}

pub async fn show(
    State(pages): State<Pages>,
    outcome: Outcome,
    Organizer { visitor, session }: Organizer,
    Path((_, id)): Path<(String, String)>,
    Query(parameters): Query<Parameters>,
) -> Page {
    let instance = find(&pages.app, &visitor, &session, &id).await?;
    render(&pages.app, &visitor, &session, instance, &parameters.name, &outcome).await
}

async fn render(
    app: &App,
    visitor: &Visitor,
    session: &Session,
    instance: Instance,
    name: &str,
    outcome: &Outcome,
) -> Page {
    let content = load(app, visitor, session, instance, name).await.map_err(page_of(visitor))?;
    let Content { instance, zone, .. } = &content;
    let title = words!("meeting-on", date = times::date_words(instance.date));
    let main = html! {
        (heading(session, &title))
        p {
            (times::meeting(*zone, instance.date, instance.starts_at, instance.ends_at))
            // A badge follows its session, of which another meeting may be live.
            @if instance.is_active { " " (live_now(session.id, &session.name, true)) }
        }
        p.where { (cards::place_text(Some(instance), session)) }
        (status(&content, outcome))
        (people(&content, outcome))
        (change(&content, outcome))
        p { a href=(address(session, instance.id, "/delete")) { (words!("delete-meeting")) } }
    };
    let frame = Frame::new(&title, visitor).standing_still();
    Ok((outcome.status(), respond(&frame, &main)).into_response())
}

async fn load<'a>(
    app: &App,
    visitor: &Visitor,
    session: &'a Session,
    instance: Instance,
    name: &'a str,
) -> Result<Content<'a>> {
    let counts = instances::find_counts(app, &[instance.id]).await?;
    Ok(Content {
        session,
        zone: times::zone_of(app.zone_data(), session),
        why: explanation_text(&instance, app.zone_data(), session, app.now()),
        counts: counts.first().map(|(_, counts)| *counts).unwrap_or_default(),
        answers: find_answers(app, instance.id).await?,
        name,
        found: find_people(app, visitor, name).await?,
        instance,
    })
}

/// The address of the page of a meeting, or of one below it.
pub fn address(session: &Session, id: SessionInstanceId, rest: &str) -> String {
    below(session, &format!("meetings/{}{rest}", id.0))
}

/// Whether the meeting is live and why, and the buttons that change its status.
fn status(Content { session, instance, zone, why, .. }: &Content<'_>, outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(STATUS, Typed::default);
    let mut form = form_state.form();
    form.add(&Field::number("hours", &words!("hours"), 1, MOST_HOURS).hint(words!("hours-hint")));
    html! {
        section aria-labelledby="status" {
            h2 #status { (words!("status")) }
            (outcome.notice(STATUS))
            p { (why) "." }
            form.inline method="post" action=(address(session, instance.id, "/status")) {
                @if instance.is_cancelled { button name="action" value="restore" { (words!("hold-after-all")) } }
                @else { button name="action" value="cancel" { (words!("cancel-meeting")) } }
                @if instance.override_active.is_some() { button name="action" value="clear" { (words!("end-decision")) } }
            }
            @if let Some(until) = instance.override_until { p.quiet { (text_around("decision-until", "time", &times::moment(*zone, until))) } }
            details open[form_state.is_refused()] {
                summary { (words!("decide-by-hand")) }
                (form.send_to(&address(session, instance.id, "/status"), &html! {
                    button name="action" value="on" { (words!("set-live")) }
                    button name="action" value="off" { (words!("set-not-live")) }
                }))
            }
        }
    }
}

fn people(content: &Content<'_>, outcome: &Outcome) -> Markup {
    let Content { session, instance, counts, answers, name, found, .. } = content;
    let page = address(session, instance.id, "");
    let form = |person: &Person, buttons: &[(&str, &String)]| {
        html! {
            form.inline method="post" action=(address(session, instance.id, "/people")) {
                input type="hidden" name="person" value=(person.id);
                @for (action, words) in buttons {
                    button name="action" value=(action) aria-label={ (words) ": " (person.display_name) } { (words) }
                }
            }
        }
    };
    let is_here = |person: &Person| !person.hides_place && person.active_session_instance_id == Some(instance.id);
    let check_in = if instance.is_active { words!("check-in") } else { words!("say-yes-for-them") };
    let (check_out, say_no) = (words!("check-out"), words!("say-no-for-them"));
    let remove = words!("remove-answer");
    html! {
        section aria-labelledby="people" {
            h2 #people { (words!("who-answered")) }
            (outcome.message(PEOPLE))
            p.counts { (cards::counts_text(instance, *counts)) }
            ul.rows {
                @for (row, person) in answers {
                    li #{ "person-" (person.id.0) } {
                        span {
                            a href={ (to("/people/")) (person.id.0) } { (person.display_name) } ": " (attendance_words(row.attendance))
                            @if is_here(person) { ", " (words!("is-here-now")) }
                        }
                        @match row.attendance {
                            Attendance::Yes if is_here(person) => (form(person, &[("out", &check_out), ("remove", &remove)])),
                            _ => (form(person, &[("in", &check_in), ("out", &say_no), ("remove", &remove)])),
                        }
                    }
                }
            }
            h3 { (words!("check-somebody-in")) }
            (search(&page, name))
            (results(name, found, |person| form(person, &[("in", &check_in)])))
        }
    }
}

fn change(Content { session, instance, .. }: &Content<'_>, outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(CHANGE, || {
        Typed::default()
            .with("date", instance.date)
            .with_some("startTime", instance.start_time.map(times::field))
            .with_some("endTime", instance.end_time.map(times::field))
            .with_some("locationOverride", instance.location_override.as_ref())
            .for_editing()
    });
    let usual = session.location.as_ref().map_or_else(String::new, |usual| format!(", {usual}"));
    let mut form = form_state.form();
    form.add(&Field::date("date", &words!("slot-date")).required());
    form.add(&Field::time("startTime", &words!("slot-start")));
    form.add(&Field::time("endTime", &words!("slot-end")).hint(words!("slot-end-hint")));
    form.add(&Field::text("locationOverride", &words!("location")).hint(words!("location-usual") + &usual));
    html! {
        section aria-labelledby="change" {
            h2 #change { (words!("move-meeting")) }
            (outcome.notice(CHANGE))
            p.quiet { (words!("in-session-zone", zone = session.time_zone.as_str())) }
            (form.send_to(&address(session, instance.id, ""), &html! { button.primary { (words!("save")) } }))
        }
    }
}

/// Goes back to the page of the meeting after a form, or shows the page with the error.
async fn answer(
    app: &App,
    (visitor, session, id): (&Visitor, &Session, SessionInstanceId),
    part: &'static str,
    done: Result<Done>,
    typed: Typed,
) -> Page {
    match done {
        Ok(done) => Ok(confirmed(&address(session, id, ""), done, part)),
        Err(error) => {
            let form_state = FormState::refused_for(visitor, typed, error)?;
            let form_state = if part == CHANGE { form_state.otherwise_beside("date") } else { form_state };
            let outcome = Outcome::refused(part, form_state);
            let instance = find(app, visitor, session, &id.0.to_string()).await?;
            render(app, visitor, session, instance, "", &outcome).await
        }
    }
}

/// Moves the meeting.
pub async fn save(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Path((_, id)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let instance = find(app, &visitor, &session, &id).await?;
    let done = match MeetingFields::read(&typed) {
        Ok(MeetingFields { date, start_time, end_time, location_override }) => {
            let changes = typed.changes();
            let patch = InstancePatch {
                date: changes.has("date").then_some(date),
                start_time: changes.has("startTime").then_some(start_time),
                end_time: changes.has("endTime").then_some(end_time),
                location_override: changes.has("locationOverride").then_some(location_override),
                is_cancelled: None,
            };
            instances::update_instance(app, visitor.viewer, instance.id, patch).await
        }
        Err(error) => Err(error),
    };
    answer(app, (&visitor, &session, instance.id), CHANGE, done.map(|_| Done::MeetingSaved), typed).await
}

/// Cancels or restores the meeting, or sets or ends an override.
pub async fn set_status(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Path((_, id)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let viewer = visitor.viewer;
    let instance = find(app, &visitor, &session, &id).await?;
    let id = instance.id;
    let cancelled = |is_cancelled| InstancePatch { is_cancelled: Some(is_cancelled), ..InstancePatch::default() };
    let done = match typed.text("action") {
        "cancel" => instances::update_instance(app, viewer, id, cancelled(true)).await.map(|_| Done::MeetingCancelled),
        "restore" => instances::update_instance(app, viewer, id, cancelled(false)).await.map(|_| Done::MeetingRestored),
        "clear" => instances::clear_override(app, viewer, id).await.map(|_| Done::OverrideCleared),
        "on" | "off" => {
            let is_active = typed.text("action") == "on";
            match end_of_override(app, &typed) {
                Ok(until) => set_override(app, viewer, &instance, &session, (is_active, until)).await,
                Err(error) => Err(error),
            }
        }
        _ => return Err(PageError::bad_form(&visitor)),
    };
    answer(app, (&visitor, &session, id), STATUS, done, typed).await
}

/// Sets an override. What it has done is read from the meeting as it is afterwards.
///
/// # Errors
/// [`Error::Conflict`] if the meeting is never live, whatever its override says (rule 5).
pub async fn set_override(
    app: &App,
    viewer: Viewer,
    instance: &Instance,
    session: &Session,
    (is_active, until): (bool, Option<DateTime<Utc>>),
) -> Result<Done> {
    let facts = instance.facts(session);
    match facts {
        _ if !is_active => {}
        InstanceFacts { is_cancelled: true, .. } => return Err(Error::Conflict(words!("not-live-cancelled").into())),
        InstanceFacts { is_past_termination: true, .. } => {
            return Err(Error::Conflict(words!("not-live-terminated").into()));
        }
        _ => {}
    }
    let after = instances::set_override(app, viewer, instance.id, is_active, until).await?;
    Ok(if after.is_active { Done::SetLive } else { Done::SetNotLive })
}

/// When an override ends that lasts for the hours of a form. `None` if the field is empty.
pub fn end_of_override(app: &App, typed: &Typed) -> Result<Option<DateTime<Utc>>> {
    let hours = typed.parsed::<i64>("hours", &words!("must-be-whole-number"))?;
    match hours {
        Some(hours) if !(1..=MOST_HOURS).contains(&hours) => {
            Err(Error::invalid("hours", words!("must-be-within", least = 1, most = MOST_HOURS)))
        }
        hours => Ok(hours.map(|hours| app.now() + TimeDelta::hours(hours))),
    }
}

/// Checks a person in or out.
pub async fn check_in(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Path((_, id)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let viewer = visitor.viewer;
    let id = find(app, &visitor, &session, &id).await?.id;
    let at = (&visitor, &session, id);
    let person: PersonId = typed.text("person").parse().map_err(|_| PageError::bad_form(&visitor))?;
    let said = async |attendance| check_ins::check_in(app, viewer, id, attendance, Some(person)).await;
    let done = match typed.text("action") {
        "in" => said(Attendance::Yes).await,
        "out" => said(Attendance::No).await,
        "remove" => {
            let removed = check_ins::delete_check_in(app, viewer, id, Some(person)).await;
            return answer(app, at, PEOPLE, removed.map(|_| Done::TheirAnswerRemoved), typed).await;
        }
        _ => return Err(PageError::bad_form(&visitor)),
    };
    // Only somebody who can be at the meeting now arrives or leaves.
    let is_active = find(app, &visitor, &session, &id.0.to_string()).await?.is_active;
    let done = done.map(|done| match done.check_in {
        CheckIn { arrived_at: Some(_), .. } if is_active => Done::CheckedIn,
        CheckIn { attendance: Attendance::No, .. } if is_active => Done::CheckedOut,
        _ => Done::TheirAnswerSaved,
    });
    answer(app, at, PEOPLE, done, typed).await
}

/// Asks before the meeting is deleted.
pub async fn ask(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Path((_, id)): Path<(String, String)>,
) -> Page {
    let instance = find(&pages.app, &visitor, &session, &id).await?;
    let question = Question {
        title: &words!("delete-meeting-question"),
        text: html! {
            p { (words!("delete-meeting-note", session = session.name.as_str(), date = times::date_words(instance.date))) }
            p { (words!("delete-meeting-advice")) }
        },
        button: &words!("delete-for-good"),
        action: &address(&session, instance.id, "/delete"),
        fields: &[],
        back: &address(&session, instance.id, ""),
    };
    Ok(question.ask(&visitor))
}

pub async fn delete(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Path((_, id)): Path<(String, String)>,
) -> Page {
    let instance = find(&pages.app, &visitor, &session, &id).await?;
    instances::delete_instance(&pages.app, visitor.viewer, instance.id).await.map_err(page_of(&visitor))?;
    Ok(confirmed(&below(&session, "meetings"), Done::MeetingDeleted, "meetings"))
}
