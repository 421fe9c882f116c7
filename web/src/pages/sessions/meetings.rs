//! `/sessions/{path}/meetings`: the next meetings for organisers, and a form that adds one.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse as _, Redirect},
};
use chrono::{NaiveDate, NaiveTime};
use maud::{Markup, html};
use service::{
    App, FieldErrors, Result,
    instances::{
        self, NewInstance,
        meetings::{self as next_meetings, Meeting, Meetings},
    },
    sessions::{self, Session, Skip},
    validate,
};

use super::{
    super::{
        Page, Pages,
        done::Done,
        error::page_of,
        forms::{Field, FormState, Outcome, Typed, confirmed},
        layout::{Frame, live_now, respond},
        times,
        visitor::Visitor,
    },
    Organizer,
    answers::MeetingChoice,
    below, heading,
    meeting::{STATUS, address},
};
use crate::language::words;

const NEXT: usize = 10;
const PART: &str = "meetings";
const ADD: &str = "add";

pub async fn show(State(pages): State<Pages>, outcome: Outcome, Organizer { visitor, session }: Organizer) -> Page {
    render(&pages.app, &visitor, &session, &outcome).await
}

async fn render(app: &App, visitor: &Visitor, session: &Session, outcome: &Outcome) -> Page {
    let meetings = load(app, session).await.map_err(page_of(visitor))?;
    let zone = times::zone_of(app.zone_data(), session);
    let form_state =
        outcome.form_state(ADD, || Typed::default().with("date", times::today(app.zone_data(), session, app.now())));
    let main = html! {
        (heading(session, &words!("meetings")))
        (outcome.message(PART))
        @if meetings.is_empty() { p.quiet { (words!("no-meetings-planned")) } }
        ul.rows {
            @for meeting in &meetings {
                li {
                    span {
                        (times::meeting(zone, meeting.date, meeting.starts_at, meeting.ends_at))
                        @if let Some(instance) = &meeting.instance {
                            @if instance.is_active { " " (live_now(session.id, &session.name, true)) }
                            @if instance.is_cancelled { " – " (words!("cancelled-within")) }
                            @if let Some(location) = &instance.location_override { ", " (location) }
                        }
                    }
                    (change(session, meeting))
                }
            }
        }
        p { a href=(below(session, "meetings/past")) { (words!("past-meetings")) } }
        h2 #add { (words!("add-a-meeting")) }
        p.quiet { (words!("in-session-zone", zone = session.time_zone.as_str())) }
        (form(session, &form_state))
    };
    let frame = Frame::new(words!("meetings-of", session = session.name.as_str()), visitor).standing_still();
    Ok((outcome.status(), respond(&frame, &main)).into_response())
}

/// The meetings that are on now, and the next ones.
async fn load(app: &App, session: &Session) -> Result<Vec<Meeting>> {
    let skips = sessions::find_skips(app, &[session.id]).await?;
    let Meetings { active, next, .. } =
        next_meetings::find_active_and_next(app, session, Skip::all_dates(&skips), NEXT).await?;
    Ok(active.into_iter().map(Meeting::from).chain(next).collect())
}

/// The button that opens the page of a meeting. For an occurrence, it first creates the instance.
pub fn change(session: &Session, meeting: &Meeting) -> Markup {
    let change = words!("change-meeting");
    let label = format!("{change}: {}", times::date_words(meeting.date));
    html! {
        @match &meeting.instance {
            Some(instance) => a.button href=(address(session, instance.id, "")) aria-label=(label) { (change) },
            None => {
                form.inline method="post" action=(below(session, "meetings/open")) {
                    (MeetingChoice::fields(meeting))
                    button aria-label=(label) { (change) }
                }
            }
        }
    }
}

fn form(session: &Session, form_state: &FormState) -> Markup {
    let mut form = form_state.form();
    form.add(&Field::date("date", &words!("slot-date")).required());
    form.add(&Field::time("startTime", &words!("slot-start")).required());
    form.add(&Field::time("endTime", &words!("slot-end")).hint(words!("slot-end-hint")).required());
    form.add(&Field::text("locationOverride", &words!("location")).hint(words!("location-if-unusual")));
    if form_state.is_refused() {
        form.add(&Field::check("allowDuplicate", &words!("add-duplicate")));
    }
    form.send_to(&below(session, "meetings"), &html! { button.primary { (words!("add-the-meeting")) } })
}

pub async fn add(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let added = match read(&session, &typed) {
        Ok(new) => instances::insert_instance(app, visitor.viewer, new).await,
        Err(error) => Err(error),
    };
    match added {
        // The list above the form has only the next meetings, and this one may be later or over.
        Ok(added) => Ok(confirmed(&address(&session, added.id, ""), Done::MeetingAdded, STATUS)),
        Err(error) => {
            let outcome =
                Outcome::refused(ADD, FormState::refused_for(&visitor, typed, error)?.otherwise_beside("date"));
            render(app, &visitor, &session, &outcome).await
        }
    }
}

fn read(session: &Session, typed: &Typed) -> Result<NewInstance> {
    let MeetingFields { date, start_time, end_time, location_override } = MeetingFields::read(typed)?;
    let allows_duplicate = typed.has("allowDuplicate");
    Ok(NewInstance { session: session.id, date, start_time, end_time, location_override, allows_duplicate })
}

/// What the forms that add and move a meeting have in common.
pub struct MeetingFields {
    pub date: NaiveDate,
    pub start_time: Option<NaiveTime>,
    pub end_time: Option<NaiveTime>,
    pub location_override: Option<String>,
}

impl MeetingFields {
    /// # Errors
    /// [`service::Error::Invalid`] with all wrong fields.
    pub fn read(typed: &Typed) -> Result<Self> {
        let mut errors = FieldErrors::default();
        let fields = Self {
            date: errors.note(typed.required("date", &words!("must-be-date")))?,
            start_time: errors.note(typed.time("startTime"))?,
            end_time: errors.note(typed.time("endTime"))?,
            location_override: typed.optional("locationOverride"),
        };
        if !errors.is_empty() {
            // The service refuses these fields too, but only once all others can be read.
            errors.note(validate::times(fields.start_time, fields.end_time))?;
            errors.note(validate::optional_text("locationOverride", fields.location_override.as_deref()))?;
        }
        errors.finish()?;
        Ok(fields)
    }
}

/// Goes to the page of an occurrence's instance, which is created if it does not exist.
pub async fn open(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let choice = MeetingChoice::read(&visitor, &typed)?;
    match choice.instance(&pages.app, visitor.viewer, session.id).await {
        Ok(id) => Ok(Redirect::to(&below(&session, &format!("meetings/{}", id.0))).into_response()),
        Err(error) => {
            let outcome = Outcome::refused(PART, FormState::refused_for(&visitor, Typed::default(), error)?);
            render(&pages.app, &visitor, &session, &outcome).await
        }
    }
}
