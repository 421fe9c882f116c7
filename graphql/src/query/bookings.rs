//! Queries of time slots and bookings.

use async_graphql::{Context, ID, Object};
use domain::ids::{BookingId, TimeSlotId};
use service::bookings::time_slots::SlotFilter;

use crate::{
    context::{Result, app, parse_id, viewer},
    input::booking::BookingFilter,
    loaders::load,
    types::{
        booking::{Booking, TimeSlot, list_bookings, list_slots},
        connection::Nodes,
        scalars::DateTime,
    },
};

/// A booking that the viewer may see.
pub async fn find_booking(ctx: &Context<'_>, id: BookingId) -> Result<Option<Booking>> {
    let viewer = viewer(ctx);
    Ok(load(ctx, id).await?.filter(|row| row.is_seen_by(viewer)).map(Booking))
}

/// A slot that has not been deleted.
pub async fn find_slot(ctx: &Context<'_>, id: TimeSlotId) -> Result<Option<TimeSlot>> {
    Ok(load(ctx, id).await?.filter(|row| row.deleted_at.is_none()).map(TimeSlot))
}

#[derive(Default)]
pub struct BookingQuery;

#[Object]
impl BookingQuery {
    /// Time slots, free and taken, by start. Without `from` and `to`, only slots that have not ended. Everybody may see
    /// them.
    #[expect(clippy::too_many_arguments, reason = "as many as the field has")]
    async fn time_slots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only slots that this person offers.")] mentor_id: Option<ID>,
        #[graphql(desc = "Only slots that start at this instant or later.")] from: Option<DateTime>,
        #[graphql(desc = "Only slots that start before this instant.")] to: Option<DateTime>,
        #[graphql(desc = "True: only free slots. False: only slots that are taken.")] is_free: Option<bool>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Nodes<TimeSlot>> {
        let has_range = from.is_some() || to.is_some();
        let filter = SlotFilter {
            mentor: mentor_id.as_ref().map(|id| parse_id("mentorId", id)).transpose()?,
            from: from.map(|from| from.0),
            to: to.map(|to| to.0),
            ends_after: (!has_range).then_some(app(ctx)?.now()),
            is_free,
        };
        list_slots(ctx, filter, first, after).await
    }

    /// One booking. Null if it does not exist, or if the viewer is neither its mentor nor its student nor an admin.
    async fn booking(&self, ctx: &Context<'_>, #[graphql(desc = "The booking.")] id: ID) -> Result<Option<Booking>> {
        find_booking(ctx, parse_id("id", &id)?).await
    }

    /// Bookings, the newest first. Admins see all of them. Other people see those in which they are the mentor or the
    /// student. Without a token the list is empty.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions for the bookings.")] filter: Option<BookingFilter>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Nodes<Booking>> {
        list_bookings(ctx, filter.unwrap_or_default().check()?, first, after).await
    }
}
