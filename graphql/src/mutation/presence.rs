//! What visits do.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::{ActivityId, PresenceId};
use service::{
    App,
    presence::{
        Claimant, activities,
        beats::Beat,
        gather::Gatherer,
        seats::{self, Left},
    },
};

use crate::{
    context::{Result, app, beat_rates, gatherer, viewer},
    error::ApiError,
    hearts::Hearts,
    input::presence::{EnterActivityInput, HeartbeatInput, SaveActivityInput, visit_id},
    loaders::load,
    rate::BeatRates,
    types::{activity::Activity, as_int, presence::Presence},
};

#[derive(SimpleObject)]
pub struct ActivityPayload {
    activity: Activity,
}

#[derive(SimpleObject)]
pub struct PresencePayload {
    presence: Presence,
    /// The one whose occupancy this changed.
    activity: Option<Activity>,
    /// Only in the answer to an anonymous visit's first beat. Whoever knows it may act for the visit.
    secret: Option<String>,
    /// How often to beat.
    heartbeat_seconds: i32,
}

/// The answer to who asks for a seat. Being full is an answer, not an error.
#[derive(SimpleObject)]
pub struct EnterActivityPayload {
    admitted: bool,
    /// Seats taken, the new one included.
    occupancy: i32,
    /// Null: no limit.
    max_concurrent: Option<i32>,
    /// To show as it is; never empty.
    message: String,
    presence: Presence,
    activity: Activity,
}

impl PresencePayload {
    async fn new(
        ctx: &Context<'_>,
        visit: service::entity::presence::Model,
        changed: Option<ActivityId>,
        secret: Option<String>,
    ) -> Result<Self> {
        let activity = match changed {
            Some(id) => load(ctx, id).await?.map(Activity),
            None => None,
        };
        let heartbeat_seconds = i32::try_from(app(ctx)?.presence.heartbeat.as_secs()).unwrap_or(i32::MAX);
        Ok(Self { presence: Presence(visit), activity, secret, heartbeat_seconds })
    }

    async fn left(ctx: &Context<'_>, left: Left) -> Result<Self> {
        Self::new(ctx, left.visit, left.freed, None).await
    }
}

#[derive(Default)]
pub struct PresenceMutation;

#[Object]
impl PresenceMutation {
    /// A sign of life of a visit, which begins with its first: every 20 seconds or so, see heartbeatSeconds. Over a WebSocket the visit is then kept on line for as long as the socket answers pings. The server's clock stamps it. A completed visit is over: INVALID_TRANSITION. Without a token only where anonymous visits are allowed.
    async fn heartbeat(&self, ctx: &Context<'_>, input: HeartbeatInput) -> Result<Option<PresencePayload>> {
        let (app, viewer) = (app(ctx)?, viewer(ctx));
        let visit = visit_id(&input.presence_id)?;
        let beat = Beat {
            visit,
            claimant: Claimant::new(app, viewer, input.secret.as_deref())?,
            language_code: input.language_code(),
            current_page: input.current_page()?,
            at: app.now(),
        };
        let rates: &BeatRates = beat_rates(ctx)?;
        if !rates.take(visit, viewer.person) {
            return Err(ApiError::rate_limited("this visit beats too often: see heartbeatSeconds"));
        }
        let gatherer = gatherer(ctx)?;
        let seen = gatherer.beat(beat).await?;
        if let Some(hearts) = ctx.data_opt::<Hearts>() {
            let secret = seen.secret.as_deref().or(input.secret.as_deref());
            keep_beating(hearts, app, gatherer, visit, Claimant::new(app, viewer, secret)?);
        }
        PresencePayload::new(ctx, seen.visit, seen.lost_seat, seen.secret).await.map(Some)
    }

    /// Asks for a seat, which is held for as long as the visit is on line. It is a sign of life as heartbeat is, over a WebSocket too. Who has it already keeps it; who has one in another activity gives that up when admitted.
    async fn enter_activity(
        &self,
        ctx: &Context<'_>,
        input: EnterActivityInput,
    ) -> Result<Option<EnterActivityPayload>> {
        let id = visit_id(&input.presence_id)?;
        let secret = input.secret.as_deref();
        let (app, viewer) = (app(ctx)?, viewer(ctx));
        let entered = seats::enter_activity(app, viewer, secret, id, &input.activity_key).await?;
        if let Some(hearts) = ctx.data_opt::<Hearts>() {
            keep_beating(hearts, app, gatherer(ctx)?, id, Claimant::new(app, viewer, secret)?);
        }
        Ok(Some(EnterActivityPayload {
            admitted: entered.verdict.is_admitted,
            occupancy: as_int(entered.verdict.occupancy.into()),
            max_concurrent: entered.activity.max_concurrent,
            message: entered.verdict.message(),
            presence: Presence(entered.visit),
            activity: Activity(entered.activity),
        }))
    }

    /// Gives the seat back. Without one, nothing changes. Over a WebSocket it also ends what heartbeat and enterActivity began there: its answers to pings no longer keep the visit on line, until the next of these.
    async fn leave_activity(
        &self,
        ctx: &Context<'_>,
        presence_id: ID,
        secret: Option<String>,
    ) -> Result<Option<PresencePayload>> {
        let id = visit_id(&presence_id)?;
        let left = seats::leave_activity(app(ctx)?, viewer(ctx), secret.as_deref(), id).await?;
        if let Some(hearts) = ctx.data_opt::<Hearts>() {
            hearts.stop(id);
        }
        PresencePayload::left(ctx, left).await.map(Some)
    }

    /// The person is done. That is final, and frees the seat.
    async fn complete_presence(
        &self,
        ctx: &Context<'_>,
        presence_id: ID,
        secret: Option<String>,
    ) -> Result<Option<PresencePayload>> {
        let id = visit_id(&presence_id)?;
        let left = seats::complete_visit(app(ctx)?, viewer(ctx), secret.as_deref(), id).await?;
        if let Some(hearts) = ctx.data_opt::<Hearts>() {
            hearts.stop(id);
        }
        PresencePayload::left(ctx, left).await.map(Some)
    }

    /// Makes an activity, or changes the one with this key. Admins.
    async fn save_activity(&self, ctx: &Context<'_>, input: SaveActivityInput) -> Result<Option<ActivityPayload>> {
        let row = activities::save_activity(app(ctx)?, viewer(ctx), input.into()).await?;
        Ok(Some(ActivityPayload { activity: Activity(row) }))
    }
}

/// Each pong of the socket is a beat of the visit too.
fn keep_beating(hearts: &Hearts, app: &App, gatherer: &Gatherer, visit: PresenceId, claimant: Claimant) {
    let (clock, gatherer) = (app.clock.clone(), gatherer.clone());
    hearts.keep(visit, move |has_stopped| {
        let claimant = claimant.clone();
        let beat = Beat { visit, claimant, language_code: None, current_page: None, at: clock.now() };
        gatherer.beat_unheard(beat, has_stopped);
    });
}
