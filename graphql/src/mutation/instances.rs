//! Mutations of instances and overrides.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::SessionId;
use service::instances;

use crate::{
    context::{Result, app, parse_id, viewer},
    error::ApiError,
    idempotency::app_for_attempt,
    input::instance::{CreateSessionInstanceInput, SetActiveOverrideInput, UpdateSessionInstanceInput},
    loaders::load,
    types::{instance::SessionInstance, session::Session},
};

/// The answer of a mutation that changes an instance.
#[derive(SimpleObject)]
pub struct SessionInstancePayload {
    /// The instance after the change.
    session_instance: SessionInstance,
}

/// The answer of `deleteSessionInstance`.
#[derive(SimpleObject)]
pub struct DeleteSessionInstancePayload {
    /// The id of the instance that was deleted.
    deleted_session_instance_id: ID,
    /// The session to which it belonged.
    session: Session,
}

async fn session(ctx: &Context<'_>, id: SessionId) -> Result<Session> {
    load(ctx, id).await?.map(Session).ok_or_else(|| ApiError::not_found(format!("There is no session {id}.")))
}

#[derive(Default)]
pub struct InstanceMutation;

#[Object]
impl InstanceMutation {
    /// Creates an instance of a session. If the session has one with the same date and times, the error is CONFLICT,
    /// unless `allowDuplicate` is true. Only organisers of the session and admins may do this.
    async fn create_session_instance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new instance.")] input: CreateSessionInstanceInput,
    ) -> Result<Option<SessionInstancePayload>> {
        let app = app_for_attempt(ctx, input.client_mutation_id.as_deref()).await?;
        let row = instances::insert_instance(&app, viewer(ctx), input.check()?).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// Changes an instance: its date, its times, its location, or whether it is cancelled. Only organisers of the
    /// session and admins may do this.
    async fn update_session_instance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateSessionInstanceInput,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("id", &input.id)?;
        let row = instances::update_instance(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// Deletes an instance. It stops being active at once, and its check-ins are no longer shown. Only organisers of
    /// the session and admins may do this.
    async fn delete_session_instance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instance.")] id: ID,
    ) -> Result<Option<DeleteSessionInstancePayload>> {
        let key = parse_id("id", &id)?;
        let of = instances::delete_instance(app(ctx)?, viewer(ctx), key).await?;
        Ok(Some(DeleteSessionInstancePayload { deleted_session_instance_id: id, session: session(ctx, of).await? }))
    }

    /// Holds an instance active or inactive, whatever its window says. A cancelled instance, and one after the
    /// termination date, stays inactive. Only organisers of the session and admins may do this.
    async fn set_active_override(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The override.")] input: SetActiveOverrideInput,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("sessionInstanceId", &input.session_instance_id)?;
        let until = input.until.map(|until| until.0);
        let row = instances::set_override(app(ctx)?, viewer(ctx), id, input.active, until).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// Ends an override at once. The window then decides again whether the instance is active. Only organisers of the
    /// session and admins may do this.
    async fn clear_active_override(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instance.")] session_instance_id: ID,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let row = instances::clear_override(app(ctx)?, viewer(ctx), id).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }

    /// Computes again whether an instance is active. Servers and workers also do this automatically. Only organisers of
    /// the session and admins may do this.
    async fn update_active_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instance.")] session_instance_id: ID,
    ) -> Result<Option<SessionInstancePayload>> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let row = instances::recompute_instance(app(ctx)?, viewer(ctx), id).await?;
        Ok(Some(SessionInstancePayload { session_instance: SessionInstance(row) }))
    }
}
