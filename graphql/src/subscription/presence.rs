//! `presenceChanged`: seats as they are taken and become free. `queueChanged`: the queue of one visit.

use std::time::Duration;

use async_graphql::{Context, ID, Object, Subscription};
use domain::{
    ids::{ActivityId, PersonId, PresenceId},
    news::Narrowing,
};
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
    queue_board::{Sighting, Watching},
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

    /// The number of those who wait in the queue for a seat.
    async fn queue_length(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(self.load(ctx).await?.queue_counts(ctx).await?.length.into()))
    }

    /// The number of visits that are online, with a seat or without one.
    async fn online_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(load(ctx, OnlineVisits).await?.unwrap_or_default()))
    }

    /// The instant of the change. For the first message, the instant at which it was read.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.at)
    }
}

pub struct QueueChange {
    sighting: Sighting,
    at: chrono::DateTime<chrono::Utc>,
}

/// A message of `queueChanged`: the state of one visit at the time when the message is sent. If `queuePlace` is null and
/// `admitted` is false, the visit no longer waits and has no seat.
#[Object]
impl QueueChange {
    /// The activity.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Activity> {
        let id = self.sighting.activity;
        load(ctx, id).await?.map(Activity).ok_or_else(|| ApiError::internal(format!("{id} is missing")))
    }

    /// The place in the queue. Null if the visit does not wait.
    async fn queue_place(&self) -> Option<QueuePlace> {
        self.sighting.place.clone().map(QueuePlace)
    }

    /// True if the visit has a seat. If the seats count people, also if another visit of the person has it.
    async fn admitted(&self) -> bool {
        self.sighting.is_admitted
    }

    /// The instant at which this was noticed.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.at)
    }
}

/// The shortest time between two messages of one subscription to a queue.
const QUEUE_PERIOD: Duration = Duration::from_secs(1);

/// One subscription to the queue of a visit.
struct Following {
    app: App,
    watching: Watching,
    visit: PresenceId,
    person: Option<PersonId>,
    last: Option<Sighting>,
    is_new: bool,
}

impl Following {
    /// The next message. Of several changes within a second, only the newest is sent.
    async fn next(&mut self) -> Option<QueueChange> {
        if std::mem::take(&mut self.is_new) {
            if let Some(sighting) = self.last.clone() {
                return Some(self.change(sighting));
            }
        } else {
            tokio::time::sleep(QUEUE_PERIOD).await;
        }
        loop {
            if let Some(sighting) = self.watching.look(self.visit, self.person, self.last.as_ref()) {
                self.last = Some(sighting.clone());
                return Some(self.change(sighting));
            }
            if !self.watching.changed().await {
                return None;
            }
        }
    }

    fn change(&self, sighting: Sighting) -> QueueChange {
        QueueChange { sighting, at: self.app.now() }
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

    /// Sends what a visit has now: its place in the queue, or its seat. Then sends each change of the position, each offer
    /// and its end, and the admission: at most one message a second, with the newest state. While the visit neither waits
    /// nor has a seat, nothing is sent. Only the visitor may follow it.
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
        let last = followed.now.map(Sighting::from);
        if let Some(sighting) = &last {
            watching.has_seen(sighting);
        }
        let following =
            Following { app: app.clone(), watching, visit: id, person: followed.person, last, is_new: true };
        let messages = stream::unfold(following, |mut it| async move { Some((it.next().await?, it)) });
        Ok(messages.boxed())
    }
}
