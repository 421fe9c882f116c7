//! Time slots, and who booked them.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::{BookingId, PersonId, TimeSlotId};
use service::{
    bookings::{self, BookingFilter, BookingsOf},
    entity::{booking, person, time_slot},
    lists::RowCursor,
    time_slots::{self, SlotFilter},
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

/// How far a booking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "domain::booking::BookingStatus")]
pub enum BookingStatus {
    /// It waits for its start.
    Scheduled,
    /// It was started, or its slot began.
    Ongoing,
    /// It is over.
    Completed,
    /// It was called off, and the slot is free again.
    Cancelled,
}

async fn person(ctx: &Context<'_>, id: PersonId) -> Result<Person> {
    let row: Option<person::Model> = load(ctx, id).await?;
    row.map(Person).ok_or_else(|| ApiError::internal(format!("{id} is missing")))
}

pub struct TimeSlot(pub time_slot::Model);

impl TimeSlot {
    fn key(&self) -> TimeSlotId {
        self.0.id
    }
}

/// Time that a mentor offers. It can be booked until it begins.
#[Object]
impl TimeSlot {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    /// Whose time it is.
    async fn mentor(&self, ctx: &Context<'_>) -> Result<Person> {
        person(ctx, self.0.mentor_id).await
    }

    async fn starts_at(&self) -> DateTime {
        DateTime(self.0.starts_at)
    }

    /// Not part of it: another slot may start then.
    async fn ends_at(&self) -> DateTime {
        DateTime(self.0.ends_at)
    }

    /// Nobody has booked it.
    async fn is_free(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.0.deleted_at.is_none() && load(ctx, LivingBookingOf(self.key())).await?.is_none())
    }

    /// The one that is not cancelled. Null for others than mentor, student and admins.
    async fn booking(&self, ctx: &Context<'_>) -> Result<Option<Booking>> {
        let viewer = viewer(ctx);
        if !viewer.is_signed_in() {
            return Ok(None);
        }
        let row = load(ctx, LivingBookingOf(self.key())).await?;
        Ok(row.filter(|row| bookings::is_seen_by(viewer, row)).map(Booking))
    }
}

pub struct Booking(pub booking::Model);

impl Booking {
    fn key(&self) -> BookingId {
        self.0.id
    }
}

/// A student's claim on a slot. Seen by mentor, student and admins.
#[Object]
impl Booking {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    /// When it is, and with whom; also when the slot was deleted since it was cancelled.
    async fn time_slot(&self, ctx: &Context<'_>) -> Result<TimeSlot> {
        let id = self.0.time_slot_id;
        load(ctx, id).await?.map(TimeSlot).ok_or_else(|| ApiError::internal(format!("{id} is missing")))
    }

    /// Who booked it.
    async fn student(&self, ctx: &Context<'_>) -> Result<Person> {
        person(ctx, self.0.student_id).await
    }

    /// How far it is.
    async fn status(&self) -> BookingStatus {
        self.0.status.into()
    }

    /// Its slot began before anybody started it: it stays ONGOING until somebody completes it.
    async fn is_delayed(&self) -> bool {
        self.0.is_delayed
    }

    /// When the mentor started it. Null for one that nobody started, delayed ones among them.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When somebody completed it, or its slot had ended.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }

    /// When it was called off.
    async fn cancelled_at(&self) -> Option<DateTime> {
        self.0.cancelled_at.map(DateTime)
    }
}

/// A booking that a sweep made take a step, or in a dry run would.
#[derive(SimpleObject)]
pub struct BookingStep {
    /// As it is now: a dry run has changed nothing.
    booking: Booking,
    old_status: BookingStatus,
    new_status: BookingStatus,
    /// Nobody had started it when its slot began.
    is_delayed: bool,
    /// For people.
    reason: String,
}

impl BookingStep {
    pub fn of(row: booking::Model, step: &service::sweep::BookingStepped) -> Self {
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
    let cursor = |row: &time_slot::Model| RowCursor::of_instant(row.starts_at, row.id);
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
    let cursor = |row: &booking::Model| RowCursor::of_instant(row.created_at, row.id);
    Ok(connection(slice, Counted::Bookings(of, filter), cursor, Booking))
}
