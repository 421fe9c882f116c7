//! `/sessions/{path}/schedule`: the times at which a session meets. Each button sends the whole form. Only the last one saves
//! it. The others change the form only, and show its next dates. So the organiser sees the dates before saving.

use axum::{Form, extract::State, http::StatusCode, response::IntoResponse as _};
use chrono::{NaiveDate, NaiveTime, Weekday};
use domain::{
    recurrence::{Pattern, Recurrence, Schedule, ScheduleError, ScheduleSource},
    zone::{Tz, local_date},
};
use maud::{Markup, html};
use service::{
    App, Error, FieldErrors, Result,
    sessions::{self, NewRecurrence, NewSkip, RecurrencePreview, Session, SessionPatch},
};

use super::{
    super::{
        Page, Pages,
        done::Done,
        error::page_of,
        forms::{Field, Form as FormParts, FormState, Outcome, Typed, confirmed},
        home::recurrence_text as saved_text,
        layout::{Frame, found_problem, respond},
        times,
        visitor::Visitor,
    },
    Organizer, below, heading,
};
use crate::language::{formats, recurrence_text, words};

/// The part of the form with the next dates.
const PREVIEW: &str = "preview";

/// How many dates the preview has.
const DATES: usize = 8;

/// The times of a schedule that is added.
const LIKELY_START: NaiveTime = NaiveTime::from_hms_opt(19, 0, 0).expect("a time of day");
const LIKELY_END: NaiveTime = NaiveTime::from_hms_opt(22, 0, 0).expect("a time of day");

/// The kinds of schedules.
const KINDS: [&str; 4] = ["weekly", "monthly", "monthDay", "rrule"];

/// The words on the button that adds a schedule of this kind.
fn kind_words(kind: &str) -> String {
    match kind {
        "monthly" => words!("add-monthly"),
        "monthDay" => words!("add-month-day"),
        "rrule" => words!("add-rrule"),
        _ => words!("add-weekly"),
    }
}

/// In the order of the names of the weekdays in `web/locales`.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MON", Weekday::Mon),
    ("TUE", Weekday::Tue),
    ("WED", Weekday::Wed),
    ("THU", Weekday::Thu),
    ("FRI", Weekday::Fri),
    ("SAT", Weekday::Sat),
    ("SUN", Weekday::Sun),
];

/// The values and the names of the weekdays, for a field.
fn weekdays() -> Vec<(&'static str, String)> {
    WEEKDAYS.iter().enumerate().map(|(index, (value, _))| (*value, formats::name("weekdays", index))).collect()
}

const POSITIONS: [&str; 7] = ["1", "2", "3", "4", "5", "-2", "-1"];

/// The form offers these positions only if the schedule already has one of them.
const RARE_POSITIONS: [&str; 3] = ["-3", "-4", "-5"];

/// The name of a position. `web/locales` lists those from the start of the month, and then those from its end.
fn position_words(position: &str) -> String {
    let index = match position.parse::<isize>() {
        Ok(position) if position < 0 => position.unsigned_abs() + 4,
        Ok(position) => position.unsigned_abs().saturating_sub(1),
        Err(_) => 0,
    };
    formats::name("positions", index)
}

pub async fn show(State(pages): State<Pages>, outcome: Outcome, Organizer { visitor, session }: Organizer) -> Page {
    let form_state = FormState::new(typed(&session));
    render(&pages.app, &visitor, &session, &outcome, form_state).await
}

pub async fn save(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let shown = async |form_state| render(app, &visitor, &session, &Outcome::default(), form_state).await;
    if typed.has("remove") {
        return shown(FormState::new(without(&typed, typed.text("remove"))).focused(PREVIEW)).await;
    }
    if typed.has("add") {
        let form = with_another(&typed, typed.text("add"));
        let first = first_field(&form);
        return shown(FormState::new(form).focused(first)).await;
    }
    if !typed.has("save") {
        return shown(FormState::new(typed).focused(PREVIEW)).await;
    }
    match update(app, &visitor, &session, &typed).await {
        Ok(saved) => Ok(confirmed(&below(&saved, "schedule"), Done::ScheduleSaved, "schedule")),
        // Showing the form again would wait for the database once more.
        Err(error) if error.is_unavailable() => Err(page_of(&visitor)(error)),
        Err(error) => shown(refused(typed, &error)).await,
    }
}

async fn update(app: &App, visitor: &Visitor, session: &Session, typed: &Typed) -> Result<Session> {
    let mut errors = FieldErrors::default();
    let Read { schedules, initiation, termination } = read(typed, &mut errors)?;
    let changes = typed.changes();
    let saved = schedules_of(&self::typed(session))?;
    let shown = changes.shown.as_ref().map_or_else(|| Ok(saved.clone()), schedules_of)?;
    // Saving replaces a recurrence that cannot be read.
    let has_new_schedules = (schedules != shown && schedules != saved) || session.recurrence().is_err();
    // The end of a rule stays the end of that rule. With other schedules, the last date is one that the person gives.
    let has_new_end = changes.has("terminationDate");
    let termination = if has_new_end { termination } else { session.termination_date };
    let patch = SessionPatch {
        recurrence: has_new_schedules.then_some(Some(schedules)),
        initiation_date: changes.has("initiationDate").then_some(initiation),
        termination_date: (has_new_schedules || has_new_end).then_some(termination),
        ..SessionPatch::default()
    };
    if !errors.is_empty() {
        errors.note(sessions::check_session_patch(app, session.id, &patch).await)?;
        errors.finish()?;
    }
    if has_new_schedules && is_outdated(session, typed)? {
        return Err(Error::Conflict(words!("schedule-changed-meanwhile", schedule = saved_text(session)).into()));
    }
    sessions::update_session(app, visitor.viewer, session.id, patch).await
}

/// The schedules of a form that has no wrong values.
fn schedules_of(typed: &Typed) -> Result<Vec<ScheduleSource>> {
    Ok(read(typed, &mut FieldErrors::default())?.schedules)
}

/// Whether the schedules of the session are no longer those that the form showed at first.
fn is_outdated(session: &Session, typed: &Typed) -> Result<bool> {
    let Some(shown) = typed.changes().shown else { return Ok(false) };
    Ok(schedules_of(&shown)? != schedules_of(&self::typed(session))?)
}

/// The schedules of a form, and the dates that bound them.
struct Read {
    schedules: Vec<ScheduleSource>,
    initiation: Option<NaiveDate>,
    termination: Option<NaiveDate>,
}

/// An error about a schedule as a whole is shown beside the first field of that schedule.
fn refused(typed: Typed, error: &Error) -> FormState {
    FormState::refused(typed, error).shown_beside(|typed, field| {
        let field = field?;
        let index = field.strip_prefix("schedules.").filter(|index| index.parse::<usize>().is_ok());
        let Some(index) = index else { return Some(field.to_owned()) };
        let rule = format!("schedules.{index}.rrule");
        Some(if typed.has(&rule) { rule } else { format!("schedules.{index}.startTime") })
    })
}

async fn render(app: &App, visitor: &Visitor, session: &Session, outcome: &Outcome, form_state: FormState) -> Page {
    let (form_state, preview) = if form_state.is_refused() {
        (form_state, None)
    } else {
        match preview(app, session, &form_state.typed).await {
            Ok(preview) => (form_state, preview),
            Err(error) => (refused(form_state.typed, &error), None),
        }
    };
    let is_refused_as_outdated = form_state.status() == StatusCode::CONFLICT
        && is_outdated(session, &form_state.typed).map_err(page_of(visitor))?;
    let main = html! {
        (heading(session, &words!("schedule")))
        (outcome.notice("schedule"))
        @if let Some(what) = session.current_problem(app.zone_data()) { (found_problem(&what)) }
        p.quiet { (words!("in-session-zone", zone = session.time_zone.as_str())) }
        @if is_refused_as_outdated {
            p { a href=(below(session, "schedule")) { (words!("open-schedule-again")) } }
        }
        (form(session, &form_state, preview.as_ref()))
    };
    let frame = Frame::new(words!("schedule-of", session = session.name.as_str()), visitor).standing_still();
    Ok((form_state.status(), respond(&frame, &main)).into_response())
}

/// The next dates of the form. `None` if the time zone of the session must be corrected first.
async fn preview(app: &App, session: &Session, typed: &Typed) -> Result<Option<RecurrencePreview>> {
    let Ok(time_zone) = session.time_zone.parse::<Tz>() else { return Ok(None) };
    let mut errors = FieldErrors::default();
    let Read { schedules, initiation, termination } = read(typed, &mut errors)?;
    // A saved session without a first date counts intervals from the date on which it was created.
    let created = local_date(times::zone_of(app.zone_data(), session), session.created_at);
    let initiation_date = initiation.or(Some(created)).filter(|from| termination.is_none_or(|to| *from <= to));
    let skips = sessions::find_skips(app, &[session.id]).await?;
    let skips = skips.into_iter().map(|skip| NewSkip { from: skip.from, to: skip.to, reason: None }).collect();
    let new = NewRecurrence { time_zone, schedules, initiation_date, termination_date: termination, skips, from: None };
    let preview = errors.note_or(sessions::preview_recurrence(app, &new).map(Some), None)?;
    errors.finish()?;
    Ok(preview)
}

fn form(session: &Session, form_state: &FormState, preview: Option<&RecurrencePreview>) -> Markup {
    let mut form = form_state.form();
    // Enter presses the first button of a form, so this one must change nothing.
    form.put(html! { button.unseen name="preview" value="yes" tabindex="-1" { (words!("show-next-dates")) } });
    let kinds: Vec<&str> = kinds_of(&form_state.typed).collect();
    if kinds.is_empty() {
        form.put(html! { p.quiet { (words!("no-schedule")) } });
    }
    for (index, kind) in kinds.iter().enumerate() {
        schedule_fields(&mut form, index, kind);
    }
    form.put(html! {
        div.buttons { @for kind in KINDS { button name="add" value=(kind) { (kind_words(kind)) } } }
    });
    form.add(&Field::date("initiationDate", &words!("first-date")).hint(words!("initiation-hint")));
    form.add(&Field::date("terminationDate", &words!("last-date")).hint(words!("termination-hint")));
    form.put(dates(preview, form_state.has_focus(PREVIEW)));
    let buttons = html! {
        button name="preview" value="yes" { (words!("show-next-dates")) }
        button.primary name="save" value="yes" { (words!("save-schedule")) }
    };
    form.send_to(&below(session, "schedule"), &buttons)
}

fn schedule_fields(form: &mut FormParts<'_>, index: usize, kind: &str) {
    let name = |field: &str| format!("schedules.{index}.{field}");
    form.group(&words!("schedule-number", number = index + 1), |form| {
        form.add(&Field::hidden(name("kind")));
        match kind {
            "monthly" => {
                let is_chosen = |position: &str| form.typed().all(&name("which")).any(|chosen| chosen == position);
                let rare = RARE_POSITIONS.into_iter().filter(|position| is_chosen(position));
                let positions = POSITIONS.into_iter().chain(rare).map(|position| (position, position_words(position)));
                let positions: Vec<_> = positions.collect();
                form.add(&Field::several(name("which"), &words!("which-of-month"), positions));
                form.add(&Field::choice(name("weekday"), &words!("weekday"), weekdays()));
                months_apart(form, name);
            }
            "monthDay" => {
                form.add(&Field::text(name("days"), &words!("days")).hint(words!("month-days-hint")).required());
                months_apart(form, name);
            }
            "rrule" => {
                form.add(&Field::text(name("rrule"), "RRULE").hint(words!("rrule-hint")).required());
            }
            _ => {
                form.add(&Field::choice(name("weekday"), &words!("weekday"), weekdays()));
                form.add(
                    &Field::number(name("everyNWeeks"), &words!("weeks-apart"), 1, 520)
                        .hint(words!("every-week-hint"))
                        .required(),
                );
                form.add(&Field::hidden(name("weekStart")));
            }
        }
        form.add(&Field::time(name("startTime"), &words!("slot-start")).required());
        form.add(&Field::time(name("endTime"), &words!("slot-end")).hint(words!("slot-end-hint")).required());
        if kind != "rrule" {
            form.add(&Field::text(name("months"), &words!("only-months")).hint(words!("only-months-hint")));
        }
        form.put(html! {
            button name="remove" value=(index) formnovalidate aria-label=(words!("remove-schedule", number = index + 1)) { (words!("remove")) }
        });
    });
}

fn months_apart(form: &mut FormParts<'_>, name: impl Fn(&str) -> String) {
    form.add(
        &Field::number(name("everyNMonths"), &words!("months-apart"), 1, 120)
            .hint(words!("every-month-hint"))
            .required(),
    );
}

fn dates(preview: Option<&RecurrencePreview>, has_focus: bool) -> Markup {
    let Some(RecurrencePreview { recurrence, calendar, from }) = preview else { return Markup::default() };
    let mut dates = recurrence.occurrences(calendar, *from, NaiveDate::MAX).take(DATES).peekable();
    html! {
        section.card id=(PREVIEW) aria-labelledby="next-dates" role="status"
            tabindex=[has_focus.then_some("-1")] autofocus[has_focus] {
            h2 #next-dates { (words!("the-next-dates")) }
            p { (recurrence_text(recurrence)) }
            @if dates.peek().is_none() { p.quiet { (words!("no-dates")) } }
            ol.plain {
                @for it in dates {
                    li { (times::meeting(calendar.zone, it.date, Some(it.meeting.starts_at()), Some(it.meeting.ends_at()))) }
                }
            }
        }
    }
}

fn kinds_of(typed: &Typed) -> impl Iterator<Item = &str> {
    (0..=Recurrence::MAX_SCHEDULES)
        .map(|index| typed.text(&format!("schedules.{index}.kind")))
        .take_while(|kind| !kind.is_empty())
}

/// The first visible field of the last schedule.
fn first_field(typed: &Typed) -> String {
    let (index, kind) = kinds_of(typed).enumerate().last().unwrap_or_default();
    let field = match kind {
        "monthly" => "which",
        "monthDay" => "days",
        "rrule" => "rrule",
        _ => "weekday",
    };
    format!("schedules.{index}.{field}")
}

/// The form without one of its schedules. The numbers of the later schedules go down by one.
fn without(typed: &Typed, removed: &str) -> Typed {
    let Ok(removed) = removed.parse::<usize>() else { return typed.clone() };
    typed.renamed(|name| {
        let Some((index, field)) = name.strip_prefix("schedules.").and_then(|rest| rest.split_once('.')) else {
            return (name != "remove").then(|| name.to_owned());
        };
        match index.parse::<usize>() {
            Ok(index) if index == removed => None,
            Ok(index) if index > removed => Some(format!("schedules.{}.{field}", index - 1)),
            _ => Some(name.to_owned()),
        }
    })
}

fn with_another(typed: &Typed, kind: &str) -> Typed {
    let index = kinds_of(typed).count();
    let name = |field: &str| format!("schedules.{index}.{field}");
    let Some(kind) = KINDS.iter().find(|known| **known == kind) else { return typed.clone() };
    let typed = typed.renamed(|name| (name != "add").then(|| name.to_owned())).with(name("kind"), kind);
    let typed = match *kind {
        "monthly" => typed.with(name("which"), 1).with(name("weekday"), "THU").with(name("everyNMonths"), 1),
        "monthDay" => typed.with(name("days"), 1).with(name("everyNMonths"), 1),
        "rrule" => typed.with(name("rrule"), "FREQ=WEEKLY;BYDAY=TH"),
        _ => typed.with(name("weekday"), "THU").with(name("everyNWeeks"), 1),
    };
    typed.with(name("startTime"), times::field(LIKELY_START)).with(name("endTime"), times::field(LIKELY_END))
}

/// In place of a wrong schedule there is a valid one, so that the service can check the others.
fn read(typed: &Typed, errors: &mut FieldErrors) -> Result<Read> {
    let mut schedules = Vec::new();
    for (index, kind) in kinds_of(typed).enumerate() {
        schedules.push(read_schedule(typed, index, kind, errors)?);
    }
    Ok(Read {
        schedules,
        initiation: errors.note(typed.date("initiationDate"))?,
        termination: errors.note(typed.date("terminationDate"))?,
    })
}

fn read_schedule(typed: &Typed, index: usize, kind: &str, errors: &mut FieldErrors) -> Result<ScheduleSource> {
    let name = |field: &str| format!("schedules.{index}.{field}");
    let refused = |error: ScheduleError| Error::invalid(name(error.field.as_str()), error.problem);
    let time = |field: &str| -> Result<NaiveTime> {
        let name = name(field);
        typed.time(&name)?.ok_or_else(|| Error::invalid(name, words!("must-be-time")))
    };
    let whole = |field: &str| typed.required::<i64>(&name(field), &words!("must-be-whole-number"));
    let numbers = |field: &str| -> Result<Vec<i64>> {
        let (name, mut numbers) = (name(field), Vec::new());
        for part in typed.all(&name).flat_map(|text| text.split([',', ' '])).filter(|part| !part.is_empty()) {
            let number = part.parse().map_err(|_| Error::invalid(&name, words!("must-be-whole-numbers")))?;
            numbers.push(number);
        }
        Ok(numbers)
    };
    let weekday = |field: &str| {
        let chosen = typed.text(&name(field)).to_owned();
        WEEKDAYS.iter().find(|(value, _)| *value == chosen).map(|(_, day)| *day)
    };
    let wanted = || weekday("weekday").ok_or_else(|| Error::invalid(name("weekday"), words!("must-be-weekday")));
    let start = errors.note_or(time("startTime"), LIKELY_START)?;
    let end = errors.note_or(time("endTime"), LIKELY_END)?;
    let usual = || Schedule::weekly(Weekday::Thu, 1, LIKELY_START, LIKELY_END).map_err(refused);
    let schedule = match kind {
        "rrule" => {
            return Ok(ScheduleSource::Rrule { rrule: typed.text(&name("rrule")).to_owned(), start, end });
        }
        "monthly" => {
            let day = errors.note_or(wanted(), Weekday::Thu)?;
            let which = errors.note_or(numbers("which"), vec![1])?;
            let every = errors.note_or(whole("everyNMonths"), 1)?;
            let schedule = Schedule::monthly(day, &which, start, end).map_err(refused);
            let schedule = errors.note_or(schedule, usual()?)?;
            errors.note_or(schedule.clone().every_n_months(every).map_err(refused), schedule)?
        }
        "monthDay" => {
            let days = errors.note_or(numbers("days"), vec![1])?;
            let every = errors.note_or(whole("everyNMonths"), 1)?;
            let schedule = errors.note_or(Schedule::month_day(&days, start, end).map_err(refused), usual()?)?;
            errors.note_or(schedule.clone().every_n_months(every).map_err(refused), schedule)?
        }
        _ => {
            let day = errors.note_or(wanted(), Weekday::Thu)?;
            let every = errors.note_or(whole("everyNWeeks"), 1)?;
            let schedule = errors.note_or(Schedule::weekly(day, every, start, end).map_err(refused), usual()?)?;
            schedule.with_week_start(weekday("weekStart").unwrap_or(Weekday::Mon))
        }
    };
    let months = errors.note(numbers("months"))?;
    if months.is_empty() {
        return Ok(ScheduleSource::Schedule(schedule));
    }
    let in_months = errors.note_or(schedule.clone().in_months(&months).map_err(refused), schedule)?;
    Ok(ScheduleSource::Schedule(in_months))
}

/// The form with the saved schedules of the session. If the recurrence cannot be read, the form has no schedules.
fn typed(session: &Session) -> Typed {
    let recurrence = session.recurrence().ok().flatten().unwrap_or_default();
    let mut typed = Typed::default()
        .with_some("initiationDate", session.initiation_date)
        .with_some("terminationDate", session.termination_date);
    for (index, schedule) in recurrence.schedules().iter().enumerate() {
        typed = with_schedule(typed, index, schedule);
    }
    typed.for_editing()
}

fn with_schedule(typed: Typed, index: usize, schedule: &Schedule) -> Typed {
    let name = |field: &str| format!("schedules.{index}.{field}");
    let day = |weekday: &Weekday| WEEKDAYS.iter().find(|(_, it)| it == weekday).map_or("MON", |(value, _)| *value);
    let typed = match schedule.pattern() {
        Pattern::Weekly { weekday, every_n_weeks, week_start } => typed
            .with(name("kind"), "weekly")
            .with(name("weekday"), day(weekday))
            .with(name("everyNWeeks"), every_n_weeks)
            .with(name("weekStart"), day(week_start)),
        Pattern::Monthly { weekday, which, every_n_months } => {
            let typed = typed
                .with(name("kind"), "monthly")
                .with(name("weekday"), day(weekday))
                .with(name("everyNMonths"), every_n_months);
            which.iter().fold(typed, |typed, position| typed.with(name("which"), position))
        }
        Pattern::MonthDay { days, every_n_months } => typed
            .with(name("kind"), "monthDay")
            .with(name("days"), listed(days))
            .with(name("everyNMonths"), every_n_months),
    };
    let months = schedule.months().limit().map(|months| listed(&months));
    typed
        .with(name("startTime"), times::field(schedule.start()))
        .with(name("endTime"), times::field(schedule.end()))
        .with_some(&name("months"), months)
}

fn listed(numbers: &[impl ToString]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedules() -> Vec<Schedule> {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        vec![
            Schedule::weekly(Weekday::Sun, 2, time(15), time(18)).unwrap().with_week_start(Weekday::Sun),
            Schedule::monthly(Weekday::Tue, &[1, -1], time(19), time(1)).unwrap().in_months(&[6, 7]).unwrap(),
            Schedule::month_day(&[1, -1], time(8), time(9)).unwrap().every_n_months(3).unwrap(),
        ]
    }

    #[test]
    fn form_of_a_schedule_is_read_as_that_schedule() {
        let mut typed = Typed::default();
        for (index, schedule) in schedules().iter().enumerate() {
            typed = with_schedule(typed, index, schedule);
        }
        let expected: Vec<_> = schedules().into_iter().map(ScheduleSource::Schedule).collect();
        let read = |typed: &Typed| {
            let mut errors = FieldErrors::default();
            let read = read(typed, &mut errors).unwrap();
            errors.finish().unwrap();
            read.schedules
        };
        assert_eq!(read(&typed), expected);
        assert_eq!(read(&without(&typed, "0")), expected[1..], "the others move up");
        for kind in KINDS {
            assert_eq!(read(&with_another(&typed, kind)).len(), 4, "{kind}");
        }
    }

    #[test]
    fn all_wrong_values_name_their_fields() {
        let mut typed = with_schedule(Typed::default(), 0, &schedules()[0]);
        typed = with_schedule(typed, 1, &schedules()[1]);
        let wrong = [
            ("schedules.0.startTime", "25:00"),
            ("schedules.0.weekday", "X"),
            ("schedules.0.everyNWeeks", "521"),
            ("schedules.0.months", "13"),
            ("schedules.1.everyNMonths", "often"),
            ("initiationDate", "2027-02-30"),
        ];
        for (field, value) in wrong {
            typed = typed.with(field, value);
        }
        let mut errors = FieldErrors::default();
        assert_eq!(read(&typed, &mut errors).unwrap().schedules.len(), 2, "the places of the schedules stay");
        let Err(Error::Invalid { field, others, .. }) = errors.finish() else { panic!("no error") };
        let named: Vec<_> = std::iter::once(field).chain(others.into_iter().map(|other| other.field)).collect();
        assert_eq!(named, wrong.map(|(field, _)| field));
    }
}
