//! The visitor's bookings on `/me`, as a mentor and as a student.

use std::collections::HashMap;

use domain::{
    access::Viewer,
    booking::{BookingStatus, State as BookingState},
    ids::{PersonId, TimeSlotId},
    zone::Zone,
};
use maud::{Markup, html};
use service::{
    App, Result,
    bookings::{
        self, Booking, BookingFilter, BookingsOf,
        time_slots::{self, TimeSlot},
    },
    lists::Page as ListPage,
    people::{self, Person},
};

use super::super::times;
use crate::{language::words, site::to};

const SHOWN: i32 = 50;

pub struct Bookings {
    viewer: Viewer,
    as_mentor: Vec<Booked>,
    as_student: Vec<Booked>,
}

/// A booking with its time slot and the other participant.
struct Booked {
    booking: Booking,
    slot: TimeSlot,
    other: Option<Person>,
}

impl Booked {
    fn status(&self) -> BookingStatus {
        self.booking.status
    }

    fn is_open(&self) -> bool {
        matches!(self.status(), BookingStatus::Scheduled | BookingStatus::Ongoing)
    }
}

impl Bookings {
    pub async fn load(app: &App, viewer: Viewer, me: PersonId) -> Result<Self> {
        let as_mentor = BookingFilter { mentor: Some(me), ..BookingFilter::default() };
        let as_student = BookingFilter { student: Some(me), ..BookingFilter::default() };
        Ok(Self {
            viewer,
            as_mentor: load(app, viewer, &as_mentor, |booking| booking.student_id).await?,
            as_student: load(app, viewer, &as_student, |booking| booking.mentor_id).await?,
        })
    }

    pub fn render(&self, zone: Zone, message: &Markup) -> Markup {
        html! {
            section aria-labelledby="bookings" {
                h2 #bookings { (words!("my-bookings")) }
                @if self.as_mentor.is_empty() && self.as_student.is_empty() { p.quiet { (words!("no-bookings")) } }
                (message)
                p { a href=(to("/slots")) { (words!("find-time-to-book")) } }
                @for (title, list) in [(words!("as-mentor"), &self.as_mentor), (words!("as-student"), &self.as_student)] {
                    @if !list.is_empty() {
                        h3 { (title) }
                        ul.cards { @for booked in list { (self.card(zone, booked)) } }
                    }
                }
            }
        }
    }

    fn card(&self, zone: Zone, booked: &Booked) -> Markup {
        let Booked { booking, slot, other } = booked;
        let id = booking.id;
        html! {
            li.card #{ "booking-" (booking.id.0) } {
                p {
                    strong {
                        @match other {
                            Some(person) => a href={ (to("/people/")) (person.id.0) } { (person.display_name) },
                            None => (words!("somebody")),
                        }
                    }
                }
                p { (times::meeting(zone, slot.starts_at.date_naive(), Some(slot.starts_at), Some(slot.ends_at))) }
                p { booking-status booking=(id) status=(booked.status().as_str()) { (status_text(booked)) } }
                (self.actions(booked))
            }
        }
    }

    /// The buttons for what the visitor may do now.
    fn actions(&self, booked: &Booked) -> Markup {
        let state = BookingState { status: booked.status(), is_delayed: booked.booking.is_delayed };
        let may_start = self.viewer.may_start_booking(booked.booking.mentor_id) && state.start().is_ok();
        let all = [
            ("start", words!("booking-start"), may_start),
            ("complete", words!("booking-complete"), state.complete().is_ok()),
            ("cancel", words!("booking-cancel"), state.cancel().is_ok()),
        ];
        html! {
            @if all.iter().any(|(.., is_possible)| *is_possible) {
                form.answer method="post" action=(to("/me/bookings")) {
                    input type="hidden" name="booking" value=(booked.booking.id);
                    fieldset {
                        @for (action, words, _) in all.iter().filter(|(.., is_possible)| *is_possible) {
                            button name="action" value=(action) { (words) }
                        }
                    }
                }
            }
        }
    }
}

/// The bookings that are not over, by start. Then the others, the newest first.
async fn load(
    app: &App,
    viewer: Viewer,
    filter: &BookingFilter,
    other: impl Fn(&Booking) -> PersonId,
) -> Result<Vec<Booked>> {
    let page = ListPage { first: Some(SHOWN), ..ListPage::default() };
    let rows = bookings::list_bookings(app, BookingsOf::seen_by(viewer), filter, &page).await?.rows;
    let slots: Vec<TimeSlotId> = rows.iter().map(|row| row.time_slot_id).collect();
    let slots = time_slots::find_slots(app, &slots).await?;
    let slots: HashMap<TimeSlotId, TimeSlot> = slots.into_iter().map(|slot| (slot.id, slot)).collect();
    let others: Vec<PersonId> = rows.iter().map(&other).collect();
    let others = people::find_people(app, &others).await?;
    let booked = |booking: Booking| {
        let other = others.iter().find(|person| person.id == other(&booking)).cloned();
        Some(Booked { slot: slots.get(&booking.time_slot_id)?.clone(), other, booking })
    };
    let (mut open, rest): (Vec<_>, Vec<_>) = rows.into_iter().filter_map(booked).partition(Booked::is_open);
    open.sort_by_key(|booked| booked.slot.starts_at);
    Ok(open.into_iter().chain(rest).collect())
}

/// The text before the element has loaded, and without scripts.
fn status_text(booked: &Booked) -> String {
    match booked.status() {
        BookingStatus::Scheduled => words!("booking-scheduled"),
        BookingStatus::Ongoing if booked.booking.is_delayed => words!("booking-delayed"),
        BookingStatus::Ongoing => words!("booking-ongoing"),
        BookingStatus::Completed => words!("booking-completed"),
        BookingStatus::Cancelled => words!("booking-cancelled"),
    }
}
