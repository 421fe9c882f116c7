//! Seats as they are taken and become free.

use async_graphql::{Context, Object, Subscription};
use domain::{ids::ActivityId, news::Narrowing};
use futures_util::stream::BoxStream;
use live::{LiveEvent, Registration};
use service::{log, presence::activities};

use crate::{
    context::{Result, app},
    error::ApiError,
    loaders::{OnlineVisits, load},
    subscribe::{Beginning, subscribe},
    types::{activity::Activity, as_int, scalars::DateTime},
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

    /// The number of visits that are online, with a seat or without one.
    async fn online_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(load(ctx, OnlineVisits).await?.unwrap_or_default()))
    }

    /// The instant of the change. For the first message, the instant at which it was read.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.at)
    }
}

#[derive(Default)]
pub struct PresenceSubscription;

#[Subscription]
impl PresenceSubscription {
    /// Sends the number of seats that are taken in an activity now, and again whenever that number or the limit
    /// changes. Everybody may follow it.
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
            // What the first message shows is read after this: at least all up to the position.
            let from = log::snapshot(app).await?.position;
            let registration = Registration { narrowing: Narrowing::Occupancy(activity), from, person_at: None };
            Ok(Beginning { registration, first: Some(PresenceChange { activity, at: app.now() }) })
        };
        subscribe(ctx, begin, PresenceChange::of_event).await
    }
}
