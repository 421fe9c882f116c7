//! Time slots and bookings.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::{BookingId, PersonId, TimeSlotId};
use service::{
    bookings::{
        self, BookingFilter, BookingsOf,
        time_slots::{self, SlotFilter},
    },
    lists::RowCursor,
    people,
};

use crate::{
    context::{Result, app, id_of, viewer},
    error::ApiError,
    loaders::{LivingBookingOf, load},
    types::{
        connection::{Counted, Nodes, connection, page},
        person::Person,
        scalars::DateTime,
    },
};

/// The status of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "domain::booking::BookingStatus")]
pub enum BookingStatus {
    /// The booking has not started.
    Scheduled,
    /// The mentor has started the booking, or its time slot has begun.
    Ongoing,
    /// The booking is over. This is final.
    Completed,
    /// The booking was cancelled, and its time slot is free again. This is final.
    Cancelled,
}

async fn person(ctx: &Context<'_>, id: PersonId) -> Result<Person> {
    let row: Option<people::Person> = load(ctx, id).await?;
    row.map(Person).ok_or_else(|| ApiError::internal(format!("{id} is missing")))
}

pub struct TimeSlot(pub time_slots::TimeSlot);

impl TimeSlot {
    fn key(&self) -> TimeSlotId {
        self.0.id
    }
}

/// Time that a mentor offers. Students may book it until it begins. Everybody may see time slots, but not who booked
/// them.
#[Object]
impl TimeSlot {
    /// The global id, such as `TimeSlot:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    /// The person who offers the time.
    async fn mentor(&self, ctx: &Context<'_>) -> Result<Person> {
        person(ctx, self.0.mentor_id).await
    }

    /// The start. The slot can be booked before this instant.
    async fn starts_at(&self) -> DateTime {
        DateTime(self.0.starts_at)
    }

    /// The end, at most 24 hours after the start. It is exclusive: another slot of the mentor may start at this
    /// instant.
    async fn ends_at(&self) -> DateTime {
        DateTime(self.0.ends_at)
    }

    /// True if nobody has booked the slot, or the booking was cancelled.
    async fn is_free(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.0.deleted_at.is_none() && load(ctx, LivingBookingOf(self.key())).await?.is_none())
    }

    /// The booking of this slot that is not cancelled. Null if the slot is free. Only the mentor, the student and
    /// admins may see it: for everybody else it is null.
    async fn booking(&self, ctx: &Context<'_>) -> Result<Option<Booking>> {
        let viewer = viewer(ctx);
        if !viewer.is_signed_in() {
            return Ok(None);
        }
        let row = load(ctx, LivingBookingOf(self.key())).await?;
        Ok(row.filter(|row| row.is_seen_by(viewer)).map(Booking))
    }
}

pub struct Booking(pub bookings::Booking);

impl Booking {
    fn key(&self) -> BookingId {
        self.0.id
    }
}

/// A student's claim on a time slot. Only the mentor, the student and admins may see it.
#[Object]
impl Booking {
    /// The global id, such as `Booking:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    /// The time slot: when the booking is, and with which mentor. It may have been deleted after the booking was
    /// cancelled.
    async fn time_slot(&self, ctx: &Context<'_>) -> Result<TimeSlot> {
        let id = self.0.time_slot_id;
        load(ctx, id).await?.map(TimeSlot).ok_or_else(|| ApiError::internal(format!("{id} is missing")))
    }

    /// The person who booked the time slot.
    async fn student(&self, ctx: &Context<'_>) -> Result<Person> {
        person(ctx, self.0.student_id).await
    }

    /// The status.
    async fn status(&self) -> BookingStatus {
        self.0.status.into()
    }

    /// True if the time slot began before anybody started the booking. A delayed booking stays ONGOING after its time
    /// slot, until somebody completes it.
    async fn is_delayed(&self) -> bool {
        self.0.is_delayed
    }

    /// The instant at which the mentor started the booking. Null if nobody has started it, even if it is ONGOING.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// The instant at which somebody completed the booking, or its time slot ended. Null if it is not COMPLETED.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }

    /// The instant at which the booking was cancelled. Null if it is not CANCELLED.
    async fn cancelled_at(&self) -> Option<DateTime> {
        self.0.cancelled_at.map(DateTime)
    }
}

/// A change of a booking's status that a sweep made, or that it would make if it were not a dry run.
#[derive(SimpleObject)]
pub struct BookingStep {
    /// The booking as it is now. A dry run has not changed it.
    booking: Booking,
    /// The status before the change.
    old_status: BookingStatus,
    /// The status after the change.
    new_status: BookingStatus,
    /// True if the time slot began before anybody started the booking.
    is_delayed: bool,
    /// A sentence for people that says why the status changed.
    reason: String,
}

impl BookingStep {
    pub fn of(row: bookings::Booking, step: &service::sweep::BookingStepped) -> Self {
        Self {
            booking: Booking(row),
            old_status: step.old_status.into(),
            new_status: step.new_status.into(),
            is_delayed: step.is_delayed,
            reason: step.reason.to_owned(),
        }
    }
}

pub async fn list_slots(
    ctx: &Context<'_>,
    filter: SlotFilter,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Nodes<TimeSlot>> {
    let slice = time_slots::list_slots(app(ctx)?, &filter, &page(first, after, None, None)).await?;
    let cursor = |row: &time_slots::TimeSlot| RowCursor::of_instant(row.starts_at, row.id);
    Ok(connection(slice, Counted::TimeSlots(filter), cursor, TimeSlot))
}

pub async fn list_bookings(
    ctx: &Context<'_>,
    filter: BookingFilter,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Nodes<Booking>> {
    let of = BookingsOf::seen_by(viewer(ctx));
    let slice = bookings::list_bookings(app(ctx)?, of, &filter, &page(first, after, None, None)).await?;
    let cursor = |row: &bookings::Booking| RowCursor::of_instant(row.created_at, row.id);
    Ok(connection(slice, Counted::Bookings(of, filter), cursor, Booking))
}
