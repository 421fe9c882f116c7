//! Inputs about time slots and bookings.

use async_graphql::{ID, InputObject};
use service::bookings::{BookingFilter as ServiceBookingFilter, time_slots::NewSlot};

use crate::{
    context::{Result, parse_id},
    types::{booking::BookingStatus, scalars::DateTime},
};

/// Conditions that bookings must meet. A condition that is left out excludes nothing.
#[derive(InputObject, Default)]
pub struct BookingFilter {
    /// Only bookings with this status.
    pub status: Option<BookingStatus>,
    /// Only bookings of time slots that this person offers.
    pub mentor_id: Option<ID>,
    /// Only bookings that this person made.
    pub student_id: Option<ID>,
    /// Only bookings of time slots that start at this instant or later.
    pub from: Option<DateTime>,
    /// Only bookings of time slots that start before this instant.
    pub to: Option<DateTime>,
}

impl BookingFilter {
    pub fn check(self) -> Result<ServiceBookingFilter> {
        let person = |field, id: Option<ID>| id.as_ref().map(|id| parse_id(field, id)).transpose();
        Ok(ServiceBookingFilter {
            status: self.status.map(Into::into),
            mentor: person("mentorId", self.mentor_id)?,
            student: person("studentId", self.student_id)?,
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
        })
    }
}

/// Time that a mentor offers.
#[derive(InputObject)]
pub struct CreateTimeSlotInput {
    /// The person whose time it is: the viewer. Admins may name anyone.
    mentor_id: ID,
    /// The start. The slot can be booked before this instant.
    starts_at: DateTime,
    /// The end: after the start by at most 24 hours, and in the future.
    ends_at: DateTime,
}

impl CreateTimeSlotInput {
    pub fn check(self) -> Result<NewSlot> {
        let mentor = parse_id("mentorId", &self.mentor_id)?;
        Ok(NewSlot { mentor, starts_at: self.starts_at.0, ends_at: self.ends_at.0 })
    }
}

/// A time slot, and the student who books it.
#[derive(InputObject)]
pub struct BookTimeSlotInput {
    /// A time slot that is free and has not begun.
    pub time_slot_id: ID,
    /// The student. If it is left out, it is the viewer. Only admins may name somebody else.
    pub student_id: Option<ID>,
}
