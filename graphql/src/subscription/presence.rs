//! `presenceChanged`: seats as they are taken and become free. `queueChanged`: the queue of one visit.

use std::time::Duration;

use async_graphql::{Context, ID, Object, Subscription};
use domain::{ids::ActivityId, news::Narrowing};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use live::{LiveEvent, Registration};
use service::{
    App, log,
    presence::{activities, queue},
};

use crate::{
    context::{Result, app, queue_board, viewer},
    error::ApiError,
    input::presence::visit_id,
    loaders::{OnlineVisits, load},
    queue_board::{QueueSubscription, VisitQueueState},
    subscribe::{Beginning, subscribe},
    types::{activity::Activity, as_int, queue::QueuePlace, scalars::DateTime},
};

pub struct PresenceChange {
    activity: ActivityId,
    at: chrono::DateTime<chrono::Utc>,
}

impl PresenceChange {
    fn of_event(LiveEvent { change, .. }: LiveEvent) -> Option<Self> {
        Some(Self { activity: change.event.as_occupancy()?, at: change.occurred_at })
    }

    async fn load(&self, ctx: &Context<'_>) -> Result<Activity> {
        let row = load(ctx, self.activity).await?;
        row.map(Activity).ok_or_else(|| ApiError::internal(format!("{} is missing", self.activity)))
    }
}

/// A message of `presenceChanged`. Its fields show the state at the time when the message is sent.
#[Object]
impl PresenceChange {
    /// The activity.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Activity> {
        self.load(ctx).await
    }

    /// The number of seats that are taken.
    async fn occupancy(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(self.load(ctx).await?.seats_taken(ctx).await?))
    }

    /// The number of places in the queue for a seat.
    async fn queue_length(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(self.load(ctx).await?.queue_counts(ctx).await?.length.into()))
    }

    /// The number of visits that are online, with a seat or without one. It is counted when the message is made. A change of
    /// this number alone causes no message.
    async fn online_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(load(ctx, OnlineVisits).await?.unwrap_or_default()))
    }

    /// The instant of the change. For the first message, the instant at which it was read.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.at)
    }
}

pub struct QueueChange {
    sighting: VisitQueueState,
    at: chrono::DateTime<chrono::Utc>,
}

/// A message of `queueChanged`. Its fields show the state of one visit at the time when the message is sent. If
/// `queuePlace` is null and `admitted` is false, the visit and its person have neither a place nor a seat in this
/// activity any more.
#[Object]
impl QueueChange {
    /// The activity.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Activity> {
        let id = self.sighting.activity;
        load(ctx, id).await?.map(Activity).ok_or_else(|| ApiError::internal(format!("{id} is missing")))
    }

    /// The place in the queue, of the visit or its person. Null if neither waits.
    async fn queue_place(&self) -> Option<QueuePlace> {
        self.sighting.place.clone().map(QueuePlace)
    }

    /// True if the visit has a seat. With `seatsPer: PERSON`, also true if another visit of the person has the seat:
    /// see `isElsewhere`.
    async fn admitted(&self) -> bool {
        self.sighting.is_admitted
    }

    /// True if only other visits of the person have the seat, or have asked to wait at this place. A visit whose seat moved to
    /// the visit that entered last gets `admitted` and `isElsewhere`.
    async fn is_elsewhere(&self) -> bool {
        self.sighting.is_elsewhere
    }

    /// The instant at which the server noticed the change.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.at)
    }
}

/// The shortest time between two messages of one subscription to a queue.
const QUEUE_PERIOD: Duration = Duration::from_secs(1);

/// One subscription to the queue of a visit.
struct Following {
    app: App,
    watching: QueueSubscription,
    is_new: bool,
}

impl Following {
    /// The next message. Of several changes within a second, only the newest is sent.
    async fn next(&mut self) -> Option<QueueChange> {
        if !std::mem::take(&mut self.is_new) {
            tokio::time::sleep(QUEUE_PERIOD).await;
        }
        loop {
            if let Some(sighting) = self.watching.look() {
                return Some(QueueChange { sighting, at: self.app.now() });
            }
            if !self.watching.changed().await {
                return None;
            }
        }
    }
}

#[derive(Default)]
pub struct PresenceSubscription;

#[Subscription]
impl PresenceSubscription {
    /// Sends the number of seats that are taken in an activity now, and again whenever that number, the limit, the queue or
    /// the people who have a seat change. Everybody may follow it.
    async fn presence_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key of the activity.")] activity_key: String,
    ) -> Result<BoxStream<'static, PresenceChange>> {
        let begin = async {
            let app = app(ctx)?;
            let activity = activities::find_activity_by_key(app, &activity_key).await?;
            let activity = activity
                .ok_or_else(|| ApiError::not_found(format!("There is no activity with the key '{activity_key}'.")))?;
            let activity = activity.id;
            // The fields of the first message are read later, so they show at least everything up to this position.
            let from = log::snapshot(app).await?.position;
            let registration = Registration { narrowing: Narrowing::Occupancy(activity), from, person_at: None };
            Ok(Beginning { registration, first: Some(PresenceChange { activity, at: app.now() }) })
        };
        subscribe(ctx, begin, PresenceChange::of_event).await
    }

    /// Sends the state of a visit now: its place in a queue, or its seat. Then sends a message for each change of the
    /// position, for each offer and its end, for the admission, and when the seat moves to another visit of the person:
    /// at most one message a second, with the newest state.
    ///
    /// A visit and its person may have several places and seats. The messages are then about the first of these: the
    /// place at which the visit waits; the seat of the visit; what the person has in the activity of the last message;
    /// another place of the person; another seat of the person. Among several places or seats, the smallest id of the
    /// activity comes first. If what the last message was about ends, a message says so before any message about
    /// something that only other visits have. If the visit and its person have neither a place nor a seat, nothing is
    /// sent. Only the visitor may follow a visit.
    async fn queue_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The visit: the client's UUID, without `Presence:`.")] presence_id: ID,
        #[graphql(desc = "The secret of an anonymous visit. Other visits need none.")] secret: Option<String>,
    ) -> Result<BoxStream<'static, QueueChange>> {
        let id = visit_id(&presence_id)?;
        let app = app(ctx)?;
        // This comes first, so that no change is missed that commits after the visit was read.
        let mut watching = queue_board(ctx)?.watch().await?;
        let followed = queue::follow(app, viewer(ctx), secret.as_deref(), id).await?;
        watching.begin_with(followed);
        let following = Following { app: app.clone(), watching, is_new: true };
        let messages = stream::unfold(following, |mut it| async move { Some((it.next().await?, it)) });
        Ok(messages.boxed())
    }
}
