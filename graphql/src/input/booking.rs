//! What clients send about time slots and bookings.

use async_graphql::{ID, InputObject};
use service::{bookings::BookingFilter as ServiceBookingFilter, time_slots::NewSlot};

use crate::{
    context::{Result, parse_id},
    types::{booking::BookingStatus, scalars::DateTime},
};

/// Which bookings; everything that is given must hold.
#[derive(InputObject, Default)]
pub struct BookingFilter {
    pub status: Option<BookingStatus>,
    pub mentor_id: Option<ID>,
    pub student_id: Option<ID>,
    /// Of slots that start then, or later.
    pub from: Option<DateTime>,
    /// Of slots that start before then.
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

/// From startsAt up to, not including, endsAt.
#[derive(InputObject)]
pub struct CreateTimeSlotInput {
    /// Whose time: one's own; admins may offer anyone's.
    mentor_id: ID,
    /// The slot can be booked until then.
    starts_at: DateTime,
    /// At most 24 hours after the start, and in the future.
    ends_at: DateTime,
}

impl CreateTimeSlotInput {
    pub fn check(self) -> Result<NewSlot> {
        let mentor = parse_id("mentorId", &self.mentor_id)?;
        Ok(NewSlot { mentor, starts_at: self.starts_at.0, ends_at: self.ends_at.0 })
    }
}

/// Which slot, for whom.
#[derive(InputObject)]
pub struct BookTimeSlotInput {
    /// One that is free and has not begun.
    pub time_slot_id: ID,
    /// Left out, it is the viewer; admins may book for anyone.
    pub student_id: Option<ID>,
}
