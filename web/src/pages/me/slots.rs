//! Time that mentors offer. `/slots` finds it and books it. `/me/slots` is what the visitor offers.

use std::collections::HashMap;

use axum::{
    Form,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use domain::{
    ids::{PersonId, TimeSlotId},
    zone::{Tz, Zone, instant_of},
};
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    App, Error, FieldErrors, Result,
    bookings::{
        self,
        time_slots::{self, NewSlot, SlotFilter, TimeSlot},
    },
    lists::{Page as ListPage, RowCursor},
    people::{self, Person},
};

use super::{
    super::{
        Page, Pages, cards,
        done::Done,
        error::{PageError, page_of, sign_in_first},
        forms::{Field, FormState, Outcome, Question, Typed, confirmed},
        layout::{Frame, respond},
        times,
        visitor::{Visitor, remembered},
    },
    BOOKINGS,
};
use crate::{
    language::{text_around, words},
    site::to,
};

const SHOWN: i32 = 50;
const PART: &str = "slots";
const OFFER: &str = "offer";

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    /// The global id of a mentor.
    #[serde(default)]
    mentor: String,
    after: Option<String>,
}

/// A slot, its mentor, and whether it is booked.
struct Offered {
    slot: TimeSlot,
    mentor: Option<Person>,
    is_booked: bool,
}

async fn load(app: &App, filter: &SlotFilter, after: Option<String>) -> Result<(Vec<Offered>, Option<String>)> {
    let page = ListPage { first: Some(SHOWN), after, ..ListPage::default() };
    let slice = time_slots::list_slots(app, filter, &page).await?;
    let last = slice.rows.last().filter(|_| slice.has_next);
    let more = last.map(|slot| RowCursor::of_instant(slot.starts_at, slot.id).write());
    let ids: Vec<TimeSlotId> = slice.rows.iter().map(|slot| slot.id).collect();
    let booked = bookings::find_uncancelled_of(app, &ids).await?;
    let mentors: Vec<PersonId> = slice.rows.iter().map(|slot| slot.mentor_id).collect();
    let mentors = people::find_people(app, &mentors).await?;
    let mentors: HashMap<PersonId, Person> = mentors.into_iter().map(|person| (person.id, person)).collect();
    let offered = |slot: TimeSlot| Offered {
        mentor: mentors.get(&slot.mentor_id).cloned(),
        is_booked: booked.iter().any(|booking| booking.time_slot_id == slot.id),
        slot,
    };
    Ok((slice.rows.into_iter().map(offered).collect(), more))
}

fn when(zone: Zone, slot: &TimeSlot) -> Markup {
    times::meeting(zone, slot.starts_at.date_naive(), Some(slot.starts_at), Some(slot.ends_at))
}

pub async fn find(
    State(pages): State<Pages>,
    outcome: Outcome,
    visitor: Visitor,
    Query(parameters): Query<Parameters>,
) -> Page {
    render(&pages.app, &visitor, parameters, &outcome).await
}

/// The page with the free time of other people that has not begun.
async fn render(app: &App, visitor: &Visitor, parameters: Parameters, outcome: &Outcome) -> Page {
    let mentor: Option<PersonId> = parameters.mentor.parse().ok();
    let filter = SlotFilter { mentor, from: Some(app.now()), ..SlotFilter::default() };
    let (offered, more) = load(app, &filter, parameters.after).await.map_err(page_of(visitor))?;
    let is_free = |it: &&Offered| !it.is_booked && !visitor.viewer.is(it.slot.mentor_id);
    let free: Vec<&Offered> = offered.iter().filter(is_free).collect();
    let of = mentor.map(|id| format!("&mentor={}", cards::encoded(&id.to_string()))).unwrap_or_default();
    let main = html! {
        h1 { (words!("time-to-book")) }
        (outcome.message(PART))
        @if mentor.is_some() { p { a href=(to("/slots")) { (words!("time-of-all-mentors")) } } }
        @if free.is_empty() { p.quiet { (words!("no-time-offered")) } }
        ul.rows {
            @for it in &free {
                li #{ "slot-" (it.slot.id.0) } {
                    span {
                        (when(visitor.own_zone(app), &it.slot))
                        @if let Some(mentor) = &it.mentor {
                            " " (with_mentor(mentor))
                        }
                    }
                    @if visitor.viewer.person.is_some() {
                        form.inline method="post" action=(to("/slots")) {
                            input type="hidden" name="slot" value=(it.slot.id);
                            button.primary { (words!("book")) }
                        }
                    }
                }
            }
        }
        @if let Some(after) = more { p { a href={ (to("/slots?after=")) (after) (of) } { (words!("later")) } } }
        @if visitor.viewer.person.is_some() { p { a href=(to("/me/slots")) { (words!("offer-own-time")) } } }
        @else { p { a href=(to("/sign-in?next=/slots")) { (words!("sign-in-to-book")) } } }
    };
    Ok((outcome.status(), respond(&Frame::new(words!("time-to-book"), visitor), &main)).into_response())
}

fn with_mentor(mentor: &Person) -> Markup {
    let address = to(&format!("/slots?mentor={}", cards::encoded(&mentor.id.to_string())));
    text_around("with-mentor", "mentor", &html! { a href=(address) { (mentor.display_name) } })
}

pub async fn book(State(pages): State<Pages>, visitor: Visitor, Form(typed): Form<Typed>) -> Page {
    let slot: TimeSlotId = typed.text("slot").parse().map_err(|_| PageError::bad_form(&visitor))?;
    if !visitor.viewer.is_signed_in() {
        return Ok(sign_in_first("/slots"));
    }
    match bookings::book(&pages.app, visitor.viewer, slot, None).await {
        Ok(_) => Ok(confirmed(&to("/me"), Done::Booked, BOOKINGS)),
        Err(error) => {
            let outcome = Outcome::refused(PART, FormState::refused_for(&visitor, typed, error)?);
            render(&pages.app, &visitor, Parameters::default(), &outcome).await
        }
    }
}

pub async fn show_own(State(pages): State<Pages>, outcome: Outcome, visitor: Visitor) -> Page {
    render_own(&pages.app, &visitor, &outcome).await
}

async fn render_own(app: &App, visitor: &Visitor, outcome: &Outcome) -> Page {
    let Some(me) = visitor.viewer.person else { return Ok(sign_in_first("/me/slots")) };
    let filter = SlotFilter { mentor: Some(me), ends_after: Some(app.now()), ..SlotFilter::default() };
    let (offered, _) = load(app, &filter, None).await.map_err(page_of(visitor))?;
    let form_state = outcome.form_state(OFFER, || Typed::default().with_some("timeZone", visitor.zone.map(Tz::name)));
    let main = html! {
        p.path { a href=(to("/me")) { (words!("me")) } }
        h1 { (words!("time-i-offer")) }
        (outcome.message(PART))
        @if offered.is_empty() { p.quiet { (words!("no-time-of-mine")) } }
        ul.rows {
            @for Offered { slot, is_booked, .. } in &offered {
                li #{ "slot-" (slot.id.0) } {
                    span { (when(visitor.own_zone(app), slot)) @if *is_booked { " – " (words!("booked")) } }
                    @if !is_booked {
                        form.inline method="post" action=(to("/me/slots")) {
                            input type="hidden" name="slot" value=(slot.id);
                            button name="action" value="delete" { (words!("withdraw")) }
                        }
                    }
                }
            }
        }
        h2 { (words!("offer-time")) }
        (offer_form(app, &form_state))
    };
    Ok((outcome.status(), respond(&Frame::new(words!("time-i-offer"), visitor).standing_still(), &main))
        .into_response())
}

fn offer_form(app: &App, form_state: &FormState) -> Markup {
    let mut form = form_state.form();
    form.add(&Field::date("date", &words!("slot-date")).required());
    form.add(&Field::time("startsAt", &words!("slot-start")).required());
    form.add(&Field::time("endsAt", &words!("slot-end")).hint(words!("slot-end-hint")).required());
    let (zone, hint) = (words!("time-zone"), words!("slot-zone-hint"));
    form.add(&Field::suggested("timeZone", &zone, "zones").hint(hint).required().in_own_zone());
    form.put(html! { datalist #zones { @for zone in app.zone_data().names() { option value=(zone) {} } } });
    form.send_to(
        &to("/me/slots"),
        &html! { button.primary name="action" value="offer" { (words!("offer-this-time")) } },
    )
}

/// Offers time, or withdraws it. Before a booked slot is withdrawn, the visitor must confirm.
pub async fn change(
    State(pages): State<Pages>,
    headers: HeaderMap,
    visitor: Visitor,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let Some(me) = visitor.viewer.person else { return Ok(sign_in_first("/me/slots")) };
    let (changed, done, part) = match typed.text("action") {
        "offer" => {
            let made = match read(app, me, &typed) {
                Ok(new) => time_slots::insert_slot(app, visitor.viewer, new).await.map(drop),
                Err(error) => Err(error),
            };
            (made, Done::SlotOffered, OFFER)
        }
        "delete" => {
            let slot: TimeSlotId = typed.text("slot").parse().map_err(|_| PageError::bad_form(&visitor))?;
            if !typed.is_confirmed() {
                return Ok(ask_to_withdraw(&visitor, typed.text("slot")));
            }
            (time_slots::delete_slot(app, visitor.viewer, slot).await, Done::SlotDeleted, PART)
        }
        _ => return Err(PageError::bad_form(&visitor)),
    };
    match changed {
        Ok(()) => {
            let zone = typed.text("timeZone").parse().ok();
            let jar =
                zone.into_iter().fold(CookieJar::new(), |jar, zone| jar.add(remembered(zone, &pages.site, &headers)));
            Ok((jar, confirmed(&to("/me/slots"), done, PART)).into_response())
        }
        Err(error) => {
            let form_state = FormState::refused_for(&visitor, typed, error)?;
            let form_state = if part == OFFER { form_state.otherwise_beside("startsAt") } else { form_state };
            render_own(app, &visitor, &Outcome::refused(part, form_state)).await
        }
    }
}

fn ask_to_withdraw(visitor: &Visitor, slot: &str) -> Response {
    let question = Question {
        title: &words!("withdraw-question"),
        text: html! { p { (words!("withdraw-note")) } },
        button: &words!("withdraw-button"),
        action: &to("/me/slots"),
        fields: &[("slot", slot), ("action", "delete")],
        back: &to("/me/slots"),
    };
    question.ask(visitor)
}

fn read(app: &App, mentor: PersonId, typed: &Typed) -> Result<NewSlot> {
    let mut errors = FieldErrors::default();
    let zone = typed.required::<Tz>("timeZone", &words!("must-be-zone")).and_then(|zone| app.zone(zone));
    let zone = errors.note_or(zone, Zone::utc())?;
    let date: NaiveDate = errors.note(typed.required("date", &words!("must-be-date")))?;
    let time = |name: &str| typed.time(name)?.ok_or_else(|| Error::invalid(name, words!("must-be-time")));
    let start = errors.note(time("startsAt"))?;
    let end = errors.note(time("endsAt"))?;
    errors.finish()?;
    let end_date = if end <= start { date.checked_add_days(Days::new(1)).unwrap_or(date) } else { date };
    let at = |local: NaiveDateTime| -> DateTime<Utc> { instant_of(zone, local) };
    Ok(NewSlot { mentor, starts_at: at(date.and_time(start)), ends_at: at(end_date.and_time(end)) })
}
