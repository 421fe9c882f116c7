//! Time slots and bookings.

use async_graphql::{Context, ID, Object};
use domain::ids::BookingId;
use service::{bookings, time_slots::SlotFilter};

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

pub(super) async fn find_booking(ctx: &Context<'_>, id: BookingId) -> Result<Option<Booking>> {
    let viewer = viewer(ctx);
    Ok(load(ctx, id).await?.filter(|row| bookings::is_seen_by(viewer, row)).map(Booking))
}

#[derive(Default)]
pub struct BookingQuery;

#[Object]
impl BookingQuery {
    /// Everybody: what can be booked, and what is taken; by start. Slots that start in [from, to); without either those that have not
    /// ended.
    #[expect(clippy::too_many_arguments, reason = "as many as the field has")]
    async fn time_slots(
        &self,
        ctx: &Context<'_>,
        mentor_id: Option<ID>,
        from: Option<DateTime>,
        to: Option<DateTime>,
        #[graphql(desc = "true: those that nobody has booked; false: those that are taken.")] is_free: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
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

    /// For mentor, student and admins; null for others.
    async fn booking(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Booking>> {
        find_booking(ctx, parse_id("id", &id)?).await
    }

    /// Admins see all; others the bookings in which they are mentor or student. The newest first. None without a token.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        filter: Option<BookingFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Nodes<Booking>> {
        list_bookings(ctx, filter.unwrap_or_default().check()?, first, after).await
    }
}
