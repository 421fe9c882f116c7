//! Time slots, and who books them.

use async_graphql::{Context, ID, Object, SimpleObject};
use service::{
    bookings::{self, Action},
    time_slots,
};

use crate::{
    context::{Result, app, parse_id, viewer},
    input::{
        booking::{BookTimeSlotInput, CreateTimeSlotInput},
        optional_id,
    },
    types::booking::{Booking, TimeSlot},
};

#[derive(SimpleObject)]
pub struct TimeSlotPayload {
    time_slot: TimeSlot,
}

#[derive(SimpleObject)]
pub struct DeleteTimeSlotPayload {
    deleted_time_slot_id: ID,
}

#[derive(SimpleObject)]
pub struct BookingPayload {
    booking: Booking,
}

async fn act(ctx: &Context<'_>, id: &ID, action: Action) -> Result<BookingPayload> {
    let row = bookings::act(app(ctx)?, viewer(ctx), parse_id("id", id)?, action).await?;
    Ok(BookingPayload { booking: Booking(row) })
}

#[derive(Default)]
pub struct BookingMutation;

#[Object]
impl BookingMutation {
    /// Offer time to be booked; slots of one mentor don't overlap. People for themselves, admins for anyone.
    async fn create_time_slot(&self, ctx: &Context<'_>, input: CreateTimeSlotInput) -> Result<Option<TimeSlotPayload>> {
        let row = time_slots::insert_slot(app(ctx)?, viewer(ctx), input.check()?).await?;
        Ok(Some(TimeSlotPayload { time_slot: TimeSlot(row) }))
    }

    /// Free ones only. The mentor, and admins.
    async fn delete_time_slot(&self, ctx: &Context<'_>, id: ID) -> Result<Option<DeleteTimeSlotPayload>> {
        time_slots::delete_slot(app(ctx)?, viewer(ctx), parse_id("id", &id)?).await?;
        Ok(Some(DeleteTimeSlotPayload { deleted_time_slot_id: id }))
    }

    /// Book a slot that is free and has not begun. People for themselves, admins for anyone; nobody books their own time.
    async fn book_time_slot(&self, ctx: &Context<'_>, input: BookTimeSlotInput) -> Result<Option<BookingPayload>> {
        let id = parse_id("timeSlotId", &input.time_slot_id)?;
        let student = optional_id("studentId", input.student_id.as_ref())?;
        let row = bookings::book(app(ctx)?, viewer(ctx), id, student).await?;
        Ok(Some(BookingPayload { booking: Booking(row) }))
    }

    /// SCHEDULED becomes ONGOING: days early, or late as long as it is not delayed yet. The mentor, and admins.
    async fn start_booking(&self, ctx: &Context<'_>, id: ID) -> Result<Option<BookingPayload>> {
        act(ctx, &id, Action::Start).await.map(Some)
    }

    /// ONGOING becomes COMPLETED. Mentor and student, and admins.
    async fn complete_booking(&self, ctx: &Context<'_>, id: ID) -> Result<Option<BookingPayload>> {
        act(ctx, &id, Action::Complete).await.map(Some)
    }

    /// SCHEDULED becomes CANCELLED, and the slot is free again. Mentor and student, and admins.
    async fn cancel_booking(&self, ctx: &Context<'_>, id: ID) -> Result<Option<BookingPayload>> {
        act(ctx, &id, Action::Cancel).await.map(Some)
    }
}
