//! Instances, and what holds them active.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::SessionId;
use service::instances;

use crate::{
    context::{Result, app, parse_id, viewer},
    error::ApiError,
    input::instance::{CreateSessionInstanceInput, SetActiveOverrideInput, UpdateSessionInstanceInput},
    loaders::load,
    types::{instance::SessionInstance, session::Session},
};

#[derive(SimpleObject)]
pub struct SessionInstancePayload {
    session_instance: SessionInstance,
}

#[derive(SimpleObject)]
pub struct DeleteSessionInstancePayload {
    deleted_session_instance_id: ID,
    session: Session,
}

async fn session(ctx: &Context<'_>, id: SessionId) -> Result<Session> {
    load(ctx, id).await?.map(Session).ok_or_else(|| ApiError::not_found(format!("no session {id}")))
}

#[derive(Default)]
pub struct InstanceMutation;

#[Object]
impl InstanceMutation {
    /// Its organisers, and admins.
    async fn create_session_instance(
        &self,
        ctx: &Context<'_>,
        input: CreateSessionInstanceInput,
    ) -> Result<Option<SessionInstancePayload>> {
        let row = instances::insert_instance(app(ctx)?, viewer(ctx), input.check()?).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// Its organisers, and admins.
    async fn update_session_instance(
        &self,
        ctx: &Context<'_>,
        input: UpdateSessionInstanceInput,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("id", &input.id)?;
        let row = instances::update_instance(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// Its organisers, and admins.
    async fn delete_session_instance(&self, ctx: &Context<'_>, id: ID) -> Result<Option<DeleteSessionInstancePayload>> {
        let key = parse_id("id", &id)?;
        let of = instances::delete_instance(app(ctx)?, viewer(ctx), key).await?;
        Ok(Some(DeleteSessionInstancePayload { deleted_session_instance_id: id, session: session(ctx, of).await? }))
    }

    /// Hold an instance active or inactive, whatever its window says. Its organisers, and admins.
    async fn set_active_override(
        &self,
        ctx: &Context<'_>,
        input: SetActiveOverrideInput,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("sessionInstanceId", &input.session_instance_id)?;
        let until = input.until.map(|until| until.0);
        let row = instances::set_override(app(ctx)?, viewer(ctx), id, input.active, until).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// End an override: the window decides again. Its organisers, and admins.
    async fn clear_active_override(
        &self,
        ctx: &Context<'_>,
        session_instance_id: ID,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let row = instances::clear_override(app(ctx)?, viewer(ctx), id).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// Recompute one instance now. Its organisers, and admins.
    async fn update_active_status(
        &self,
        ctx: &Context<'_>,
        session_instance_id: ID,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let row = instances::recompute_instance(app(ctx)?, viewer(ctx), id).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }
}
