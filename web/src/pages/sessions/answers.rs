//! Answers to meetings on the page of a session: yes, maybe and no, by the visitor, and who else answered.

use axum::{
    Form,
    extract::{Path, State},
};
use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
    recurrence::OccurrenceKey,
};
use maud::{Markup, html};
use service::{
    App, Error, Result,
    check_ins::{self, CheckIn, CheckInsOf},
    instances::{self, Instance, meetings::Meeting},
    lists::Page as ListPage,
    people::{self, Person},
    sessions::Session,
};

use super::{
    super::{
        Page, Pages, cards,
        done::Done,
        error::PageError,
        forms::{FormState, Outcome, Typed, confirmed},
        times,
        visitor::Visitor,
    },
    find, show,
};
use crate::{language::words, site::to};

/// How many answers to one meeting a page lists.
const ANSWERS: i32 = 100;

/// A list of answers that is longer than this is folded.
const UNFOLDED: usize = 12;

/// The meeting that a form is about. An occurrence gets an instance only when one is needed.
pub enum MeetingChoice {
    Instance(SessionInstanceId),
    Occurrence(OccurrenceKey),
}

impl MeetingChoice {
    /// The fields that name a meeting.
    pub fn fields(meeting: &Meeting) -> Markup {
        html! {
            @match (&meeting.instance, meeting.start) {
                (Some(instance), _) => input type="hidden" name="instance" value=(instance.id);,
                (None, start) => {
                    input type="hidden" name="date" value=(meeting.date);
                    input type="hidden" name="start" value=(start.map(times::field).unwrap_or_default());
                }
            }
            @if let Some(starts_at) = meeting.starts_at { input type="hidden" name="shownStart" value=(times::machine(starts_at)); }
        }
    }

    pub fn read(visitor: &Visitor, typed: &Typed) -> Result<Self, PageError> {
        let wrong = || PageError::bad_form(visitor);
        if typed.has("instance") {
            return typed.text("instance").parse().map(Self::Instance).map_err(|_| wrong());
        }
        let (date, start) = (typed.date("date").ok().flatten(), typed.time("start").ok().flatten());
        let (date, start) = date.zip(start).ok_or_else(wrong)?;
        Ok(Self::Occurrence(OccurrenceKey { date, start }))
    }

    /// The instance of the meeting. It is created if it does not exist.
    pub async fn instance(&self, app: &App, viewer: Viewer, session: SessionId) -> Result<SessionInstanceId> {
        match self {
            Self::Instance(id) => Ok(*id),
            Self::Occurrence(key) => instances::insert_for_occurrence(app, viewer, session, *key).await,
        }
    }
}

/// The part of the page that a form of this meeting belongs to.
pub fn part_of(meeting: &Meeting) -> String {
    match &meeting.instance {
        Some(instance) => part_of_instance(instance.id),
        None => format!("meeting-{}-{}", meeting.date, meeting.starts_at.map_or(0, |at| at.timestamp())),
    }
}

pub fn part_of_instance(id: SessionInstanceId) -> String {
    format!("instance-{}", id.0)
}

pub async fn check_in(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(path): Path<String>,
    Form(typed): Form<Typed>,
) -> Page {
    let (app, viewer) = (&pages.app, visitor.viewer);
    let attendance = match typed.text("answer") {
        "yes" => Some(Attendance::Yes),
        "maybe" => Some(Attendance::Maybe),
        "no" => Some(Attendance::No),
        "none" => None,
        _ => return Err(PageError::bad_form(&visitor)),
    };
    let choice = MeetingChoice::read(&visitor, &typed)?;
    let session = find(app, &visitor, &path).await?;
    let answered = async {
        let instance = choice.instance(app, viewer, session.id).await?;
        let said = match attendance {
            Some(attendance) => Some(check_ins::check_in(app, viewer, instance, attendance, None).await?.check_in),
            None => check_ins::delete_check_in(app, viewer, instance, None).await.map(|_| None)?,
        };
        let shown_start = typed.parsed("shownStart", "").ok().flatten();
        Ok((instance, what_was_done(app, &session, instance, said.as_ref(), shown_start).await?))
    };
    match answered.await {
        Ok((instance, done)) => Ok(confirmed(&cards::address(&session), done, &part_of_instance(instance))),
        Err(error) => {
            let part = match &choice {
                MeetingChoice::Instance(id) => part_of_instance(*id),
                MeetingChoice::Occurrence(_) => show::TOP.to_owned(),
            };
            let outcome =
                Outcome::refused(part, FormState::refused_for(&visitor, Typed::default(), for_the_page(error))?);
            show::answer(app, &visitor, &path, &outcome).await
        }
    }
}

/// What an answer has done, by the meeting as it is after the answer. `shown_start` is the start that the form showed.
pub async fn what_was_done(
    app: &App,
    session: &Session,
    instance: SessionInstanceId,
    said: Option<&CheckIn>,
    shown_start: Option<DateTime<Utc>>,
) -> Result<Done> {
    let Some(said) = said else { return Ok(Done::AnswerRemoved) };
    let (now, meeting) = (app.now(), instances::find_instances(app, &[instance]).await?.pop().map(Meeting::from));
    let Some(meeting) = meeting.filter(|meeting| !meeting.is_cancelled()) else { return Ok(Done::AnsweredCancelled) };
    let is_moved = shown_start.is_some_and(|shown| meeting.starts_at.is_some_and(|starts_at| starts_at != shown));
    Ok(match meeting {
        _ if meeting.is_over(times::today(app.zone_data(), session, now), now) => Done::AnsweredOver,
        _ if meeting.is_active() && said.arrived_at.is_some() => Done::Arrived,
        _ if is_moved => Done::AnsweredMoved,
        _ => Done::Answered,
    })
}

/// Replaces messages of the API with ones for the page.
fn for_the_page(error: Error) -> Error {
    match error {
        Error::Invalid { field, .. } if field == "code" => Error::Conflict(words!("code-at-the-door").into()),
        Error::NotFound(_) => Error::Conflict(words!("meeting-gone").into()),
        error => error,
    }
}

pub async fn find_answers(app: &App, id: SessionInstanceId) -> Result<Vec<(CheckIn, Person)>> {
    let page = ListPage { first: Some(ANSWERS), ..ListPage::default() };
    let answers = check_ins::list_check_ins(app, CheckInsOf::Instance(id, None), &page).await?.rows;
    let ids: Vec<PersonId> = answers.iter().map(|row| row.person_id).collect();
    let people = people::find_people(app, &ids).await?;
    let named = |answer: CheckIn| {
        let person = people.iter().find(|person| person.id == answer.person_id)?.clone();
        Some((answer, person))
    };
    Ok(answers.into_iter().filter_map(named).collect())
}

/// The buttons to answer. The visitor's current answer is pressed.
pub fn buttons(visitor: &Visitor, session: &Session, meeting: &Meeting, own: Option<Attendance>) -> Markup {
    let is_active = meeting.is_active();
    let yes = if is_active { words!("i-am-here") } else { words!("yes") };
    let choices = [
        ("yes", yes, Attendance::Yes),
        ("maybe", words!("maybe"), Attendance::Maybe),
        ("no", words!("no"), Attendance::No),
    ];
    html! {
        @if visitor.viewer.person.is_some() {
            form.answer method="post" action=(cards::address(session)) {
                (MeetingChoice::fields(meeting))
                fieldset {
                    legend { @if is_active { (words!("are-you-here")) } @else { (words!("are-you-coming")) } }
                    @for (value, words, attendance) in choices {
                        @let is_own = own == Some(attendance);
                        button name="answer" value=(value) aria-pressed=(is_own.to_string()) { (words) }
                    }
                    @if own.is_some() { button.link name="answer" value="none" { (words!("take-back-answer")) } }
                }
            }
        }
    }
}

pub fn attendance_words(attendance: Attendance) -> String {
    match attendance {
        Attendance::Yes => words!("yes"),
        Attendance::Maybe => words!("maybe"),
        Attendance::No => words!("no"),
    }
}

/// Who answered, for those who may see it.
pub fn list(visitor: &Visitor, instance: &Instance, answers: &[(CheckIn, Person)]) -> Markup {
    let said = |attendance: Attendance| answers.iter().filter(move |(row, _)| row.attendance == attendance);
    // A person who has left, or has gone on to another meeting, is no longer here.
    let is_here = |row: &CheckIn, person: &Person| {
        instance.is_active
            && person.active_session_instance_id == Some(instance.id)
            && check_ins::visible_times(visitor.viewer, row, person).1.is_some()
    };
    html! {
        @if !answers.is_empty() {
            details.answers open[answers.len() <= UNFOLDED] {
                summary { (words!("who-answered")) }
                @for attendance in [Attendance::Yes, Attendance::Maybe, Attendance::No] {
                    @if said(attendance).next().is_some() {
                        h3 { (attendance_words(attendance)) }
                        ul.people {
                            @for (row, person) in said(attendance) {
                                li {
                                    a href={ (to("/people/")) (person.id.0) } { (person.display_name) }
                                    @if is_here(row, person) { " " (words!("checked-in-there")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
