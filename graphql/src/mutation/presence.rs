//! Mutations of visits and activities.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::{ActivityId, PresenceId};
use service::{
    App,
    presence::{
        Claimant, activities,
        batcher::HeartbeatBatcher,
        beats::Beat,
        seats::{self, LeaveResult, Leaver},
        visits::Visit,
    },
};

use crate::{
    context::{Result, app, batcher, beat_rates, viewer},
    error::ApiError,
    input::presence::{EnterActivityInput, HeartbeatInput, SaveActivityInput, visit_id},
    loaders::load,
    rate::BeatRates,
    socket_heartbeats::SocketHeartbeats,
    types::{activity::Activity, as_int, presence::Presence, queue::QueuePlace},
};

/// The answer of `saveActivity`.
#[derive(SimpleObject)]
pub struct ActivityPayload {
    /// The activity after the change.
    activity: Activity,
}

/// The answer of a mutation that changes a visit.
#[derive(SimpleObject)]
pub struct PresencePayload {
    /// The visit after the change.
    presence: Presence,
    /// The activity in which the visit has lost its seat, or whose queue it has left. Null if there is none.
    activity: Option<Activity>,
    /// The secret of an anonymous visit, only in the answer to its first heartbeat. The client sends it with all later
    /// requests for this visit. Null otherwise.
    secret: Option<String>,
    /// The number of seconds after which the client should send the next heartbeat.
    heartbeat_seconds: i32,
}

/// The answer of `enterActivity`. If the activity is full, that is an answer, not an error.
#[derive(SimpleObject)]
pub struct EnterActivityPayload {
    /// True if the visit holds a seat now.
    admitted: bool,
    /// The number of seats that are taken, including the seat of this visit.
    occupancy: i32,
    /// The number of seats. Null if there is no limit.
    max_concurrent: Option<i32>,
    /// The place in the queue. Null if the visit was admitted, or does not wait.
    queue_place: Option<QueuePlace>,
    /// A sentence for the visitor, such as "You are in (2/3)." It is never empty.
    message: String,
    /// The visit.
    presence: Presence,
    /// The activity.
    activity: Activity,
}

impl PresencePayload {
    async fn new(ctx: &Context<'_>, visit: Visit, changed: Option<ActivityId>, secret: Option<String>) -> Result<Self> {
        let activity = match changed {
            Some(id) => load(ctx, id).await?.map(Activity),
            None => None,
        };
        let heartbeat_seconds = i32::try_from(app(ctx)?.presence.heartbeat.as_secs()).unwrap_or(i32::MAX);
        Ok(Self { presence: Presence(visit), activity, secret, heartbeat_seconds })
    }

    async fn left(ctx: &Context<'_>, left: LeaveResult) -> Result<Self> {
        Self::new(ctx, left.visit, left.freed, None).await
    }
}

#[derive(Default)]
pub struct PresenceMutation;

#[Object]
impl PresenceMutation {
    /// Says that a visit is still there. The first heartbeat starts the visit. The client sends one every
    /// `heartbeatSeconds`. Over a WebSocket one heartbeat is enough: the visit then stays online while the socket
    /// answers pings. For a completed visit the error is INVALID_TRANSITION. Without a token the error is
    /// UNAUTHENTICATED, unless the server allows anonymous visits.
    async fn heartbeat(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The visit, and what has changed.")] input: HeartbeatInput,
    ) -> Result<Option<PresencePayload>> {
        let (app, viewer) = (app(ctx)?, viewer(ctx));
        let visit = visit_id(&input.presence_id)?;
        let beat = Beat {
            visit,
            claimant: Claimant::new(app, viewer, input.secret.as_deref())?,
            language_code: input.language_code(),
            current_page: input.current_page()?,
            is_idle: Some(input.is_idle),
            at: app.now(),
        };
        let rates: &BeatRates = beat_rates(ctx)?;
        if !rates.take(visit, viewer.person) {
            return Err(ApiError::rate_limited(
                "This visit sends heartbeats too often. Wait heartbeatSeconds between two of them.",
            ));
        }
        let batcher = batcher(ctx)?;
        let seen = batcher.beat(beat).await?;
        if let Some(heartbeats) = ctx.data_opt::<SocketHeartbeats>() {
            let secret = seen.secret.as_deref().or(input.secret.as_deref());
            keep_beating(heartbeats, app, batcher, visit, Claimant::new(app, viewer, secret)?);
        }
        PresencePayload::new(ctx, seen.visit, seen.lost_seat, seen.secret).await.map(Some)
    }

    /// Asks for a seat in an activity. It counts as a heartbeat, also over a WebSocket. The visit holds the seat while
    /// it is online. While there is a queue, a free seat is offered to its first place, which claims the seat by this
    /// mutation. With `wait`, the visit joins the queue if no seat is free. With `seatsPer: PERSON`, a person has at
    /// most one seat or one place, however many visits enter. A visit that holds a seat in this activity keeps it. A
    /// visit that holds a seat in another activity gives that one up when it gets the new one. Only the visitor may do
    /// this.
    async fn enter_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The visit and the activity.")] input: EnterActivityInput,
    ) -> Result<Option<EnterActivityPayload>> {
        let id = visit_id(&input.presence_id)?;
        let secret = input.secret.as_deref();
        let (app, viewer) = (app(ctx)?, viewer(ctx));
        let entered = seats::enter_activity(app, viewer, secret, id, &input.activity_key, input.wish()).await?;
        if let Some(heartbeats) = ctx.data_opt::<SocketHeartbeats>() {
            keep_beating(heartbeats, app, batcher(ctx)?, id, Claimant::new(app, viewer, secret)?);
        }
        Ok(Some(EnterActivityPayload {
            admitted: entered.verdict.is_admitted,
            occupancy: as_int(entered.verdict.occupancy.into()),
            max_concurrent: entered.activity.max_concurrent,
            queue_place: entered.place.map(QueuePlace),
            message: entered.verdict.message(),
            presence: Presence(entered.visit),
            activity: Activity(entered.activity),
        }))
    }

    /// Gives the seat of a visit back. If there is none, nothing changes. Over a WebSocket, answers to pings no longer
    /// keep the visit online, until its next heartbeat. Only the visitor may do this.
    async fn leave_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The visit: the client's UUID, without `Presence:`.")] presence_id: ID,
        #[graphql(desc = "The secret of an anonymous visit. Other visits need none.")] secret: Option<String>,
        #[graphql(
            desc = "The key of the activity whose seat is given back. If its seats count people, the seat may be that of any visit of the person. Seats in other activities are kept."
        )]
        activity_key: Option<String>,
    ) -> Result<Option<PresencePayload>> {
        let id = visit_id(&presence_id)?;
        let key = activity_key.as_deref();
        let left = seats::leave_activity(app(ctx)?, viewer(ctx), secret.as_deref(), id, key).await?;
        if let Some(heartbeats) = ctx.data_opt::<SocketHeartbeats>() {
            heartbeats.stop(id);
        }
        PresencePayload::left(ctx, left).await.map(Some)
    }

    /// Gives up the place of a visit, or of its person, in a queue. A seat that is offered to the place is given up,
    /// too. Without `activityKey`, it is the place at which the visit has asked to wait, or that of its person if the
    /// visit has asked for none. If there is no such place, nothing changes. Only the visitor may do this.
    async fn leave_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The visit: the client's UUID, without `Presence:`.")] presence_id: ID,
        #[graphql(desc = "The secret of an anonymous visit. Other visits need none.")] secret: Option<String>,
        #[graphql(
            default,
            desc = "If true, only this visit stops waiting. The place is kept if another visit of the person waits at it, too. If this visit does not wait, nothing changes."
        )]
        only_this_visit: bool,
        #[graphql(
            desc = "The key of the activity whose queue is left. With it the mutation may be repeated: it never gives up a place in another queue."
        )]
        activity_key: Option<String>,
    ) -> Result<Option<PresencePayload>> {
        let id = visit_id(&presence_id)?;
        let leaver = if only_this_visit { Leaver::Visit } else { Leaver::Person };
        let key = activity_key.as_deref();
        let left = seats::leave_queue(app(ctx)?, viewer(ctx), secret.as_deref(), id, key, leaver).await?;
        PresencePayload::left(ctx, left).await.map(Some)
    }

    /// Completes a visit, and gives back its seat and its place in a queue. This is final. Only the visitor may do
    /// this.
    async fn complete_presence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The visit: the client's UUID, without `Presence:`.")] presence_id: ID,
        #[graphql(desc = "The secret of an anonymous visit. Other visits need none.")] secret: Option<String>,
    ) -> Result<Option<PresencePayload>> {
        let id = visit_id(&presence_id)?;
        let left = seats::complete_visit(app(ctx)?, viewer(ctx), secret.as_deref(), id).await?;
        if let Some(heartbeats) = ctx.data_opt::<SocketHeartbeats>() {
            heartbeats.stop(id);
        }
        PresencePayload::left(ctx, left).await.map(Some)
    }

    /// Creates an activity, or changes the one that has this key. Only admins may do this.
    async fn save_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] input: SaveActivityInput,
    ) -> Result<Option<ActivityPayload>> {
        let row = activities::save_activity(app(ctx)?, viewer(ctx), input.into()).await?;
        Ok(Some(ActivityPayload { activity: Activity(row) }))
    }
}

/// Makes each pong of the socket count as a heartbeat of the visit.
fn keep_beating(
    heartbeats: &SocketHeartbeats,
    app: &App,
    batcher: &HeartbeatBatcher,
    visit: PresenceId,
    claimant: Claimant,
) {
    let (clock, batcher) = (app.clock.clone(), batcher.clone());
    heartbeats.keep(visit, move |has_stopped| {
        let claimant = claimant.clone();
        let beat = Beat { visit, claimant, language_code: None, current_page: None, is_idle: None, at: clock.now() };
        batcher.try_beat(beat, has_stopped);
    });
}
