//! Places in the queue for a seat.

use async_graphql::{Context, Object, SimpleObject};
use service::presence::queue;

use crate::{
    context::Result,
    error::ApiError,
    loaders::load,
    types::{activity::Activity, as_int, scalars::DateTime},
};

/// A free seat that is kept for one place in the queue. It counts as taken.
#[derive(SimpleObject)]
pub struct SeatOffer {
    /// The instant at which the offer ends. `enterActivity` claims the seat before that. After that the place in the
    /// queue is lost, and the seat is offered to the next place. If the activity is closed or gets a lower limit before
    /// that, the offer may end, and the place is kept.
    expires_at: DateTime,
}

pub struct QueuePlace(pub queue::QueuePlace);

/// A place in the queue for a seat in an activity. It belongs to a visit or, with `seatsPer: PERSON`, to a person. It
/// is kept while the visit is online, and for some time after that.
#[Object]
impl QueuePlace {
    /// The activity of the queue.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Activity> {
        let id = self.0.activity_id;
        load(ctx, id).await?.map(Activity).ok_or_else(|| ApiError::internal(format!("{id} is missing")))
    }

    /// The position, counted from 1.
    async fn position(&self) -> i32 {
        as_int(self.0.position.into())
    }

    /// The number of places in the queue.
    async fn length(&self) -> i32 {
        as_int(self.0.length.into())
    }

    /// The instant at which the visit or person joined the queue, by the clock of the database.
    async fn joined_at(&self) -> DateTime {
        DateTime(self.0.joined_at)
    }

    /// The estimated wait in seconds: the position times the average time for which seats were held lately, divided by
    /// the number of seats. Null while fewer than five seats have been given back, and if the activity is closed or has
    /// no limit.
    async fn estimated_wait_seconds(&self) -> Option<i32> {
        self.0.estimated_wait.map(|wait| as_int(wait.num_seconds()))
    }

    /// The seat that is offered to this place. Null if none is offered.
    async fn offer(&self) -> Option<SeatOffer> {
        self.0.offer_ends_at.map(|ends| SeatOffer { expires_at: DateTime(ends) })
    }
}
