//! Mutations of time slots and bookings.

use async_graphql::{Context, ID, Object, SimpleObject};
use service::bookings::{self, Action, time_slots};

use crate::{
    context::{Result, app, parse_id, viewer},
    idempotency::app_for_attempt,
    input::{
        booking::{BookTimeSlotInput, CreateTimeSlotInput},
        optional_id,
    },
    types::booking::{Booking, TimeSlot},
};

/// The answer of a mutation that changes a time slot.
#[derive(SimpleObject)]
pub struct TimeSlotPayload {
    /// The time slot after the change.
    time_slot: TimeSlot,
}

/// The answer of `deleteTimeSlot`.
#[derive(SimpleObject)]
pub struct DeleteTimeSlotPayload {
    /// The id of the time slot that was deleted.
    deleted_time_slot_id: ID,
}

/// The answer of a mutation that changes a booking.
#[derive(SimpleObject)]
pub struct BookingPayload {
    /// The booking after the change.
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
    /// Offers time that students may book. It can't overlap with another time slot of the mentor, or with one that they
    /// have booked: the error is CONFLICT. People may offer their own time, and admins anyone's.
    async fn create_time_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The time slot.")] input: CreateTimeSlotInput,
    ) -> Result<Option<TimeSlotPayload>> {
        let app = app_for_attempt(ctx, None).await?;
        let row = time_slots::insert_slot(&app, viewer(ctx), input.check()?).await?;
        Ok(Some(TimeSlotPayload { time_slot: TimeSlot(row) }))
    }

    /// Deletes a time slot that is not booked. For a booked one the error is CONFLICT: cancel the booking first. Only
    /// the mentor and admins may do this.
    async fn delete_time_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The time slot.")] id: ID,
    ) -> Result<Option<DeleteTimeSlotPayload>> {
        time_slots::delete_slot(app(ctx)?, viewer(ctx), parse_id("id", &id)?).await?;
        Ok(Some(DeleteTimeSlotPayload { deleted_time_slot_id: id }))
    }

    /// Books a time slot that is free and has not begun, at a time when the student has neither another booking nor a
    /// time slot of their own. Otherwise the error is CONFLICT. People may book for themselves, and admins for anyone.
    /// Nobody can book their own time.
    async fn book_time_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The time slot and the student.")] input: BookTimeSlotInput,
    ) -> Result<Option<BookingPayload>> {
        let id = parse_id("timeSlotId", &input.time_slot_id)?;
        let student = optional_id("studentId", input.student_id.as_ref())?;
        let app = app_for_attempt(ctx, None).await?;
        let row = bookings::book(&app, viewer(ctx), id, student).await?;
        Ok(Some(BookingPayload { booking: Booking(row) }))
    }

    /// Starts a booking: SCHEDULED becomes ONGOING. That may be long before the time slot begins. With another status
    /// the error is INVALID_TRANSITION. Only the mentor and admins may do this.
    async fn start_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The booking.")] id: ID,
    ) -> Result<Option<BookingPayload>> {
        act(ctx, &id, Action::Start).await.map(Some)
    }

    /// Completes a booking: ONGOING becomes COMPLETED. With another status the error is INVALID_TRANSITION. Only the
    /// mentor, the student and admins may do this.
    async fn complete_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The booking.")] id: ID,
    ) -> Result<Option<BookingPayload>> {
        act(ctx, &id, Action::Complete).await.map(Some)
    }

    /// Cancels a booking: SCHEDULED becomes CANCELLED, and the time slot is free again. With another status the error
    /// is INVALID_TRANSITION. Only the mentor, the student and admins may do this.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The booking.")] id: ID,
    ) -> Result<Option<BookingPayload>> {
        act(ctx, &id, Action::Cancel).await.map(Some)
    }
}
