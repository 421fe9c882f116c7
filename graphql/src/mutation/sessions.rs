//! Mutations of sessions and organisers.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::SessionId;
use service::sessions;

use crate::{
    context::{Result, app, parse_id, viewer},
    idempotency::app_for_attempt,
    input::session::{AddSkipsInput, CreateSessionInput, UpdateSessionInput},
    types::session::Session,
};

/// The answer of a mutation that changes a session.
#[derive(SimpleObject)]
pub struct SessionPayload {
    /// The session after the change.
    session: Session,
}

/// The answer of `addSkips`.
#[derive(SimpleObject)]
pub struct AddSkipsPayload {
    /// The sessions, in the order in which they were named, each once.
    sessions: Vec<Session>,
}

/// The answer of `deleteSession`.
#[derive(SimpleObject)]
pub struct DeleteSessionPayload {
    /// The id of the session that was deleted.
    deleted_session_id: ID,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Creates a session. Only admins may do this.
    async fn create_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new session.")] input: CreateSessionInput,
    ) -> Result<Option<SessionPayload>> {
        let app = app_for_attempt(ctx, input.client_mutation_id.as_deref()).await?;
        let row = sessions::insert_session(&app, viewer(ctx), input.check()?).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Changes a session. If the recurrence or the time zone changes, upcoming instances that were created
    /// automatically change too. Only organisers of the session and admins may do this.
    async fn update_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateSessionInput,
    ) -> Result<Option<SessionPayload>> {
        let id = parse_id("id", &input.id)?;
        let row = sessions::update_session(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Adds ranges of dates on which sessions do not meet. They are added to all of these sessions or to none.
    /// Occurrences on these dates no longer exist. Instances that were created from them are cancelled if somebody has
    /// checked in, and removed otherwise. Instances that were created by hand stay. Only organisers of all of these
    /// sessions and admins may do this.
    async fn add_skips(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sessions and the skips.")] input: AddSkipsInput,
    ) -> Result<Option<AddSkipsPayload>> {
        let (ids, skips) = input.check()?;
        let app = app_for_attempt(ctx, None).await?;
        let sessions = sessions::insert_skips(&app, viewer(ctx), &ids, &skips).await?;
        Ok(Some(AddSkipsPayload { sessions: sessions.into_iter().map(Session).collect() }))
    }

    /// Removes a skip. Occurrences on its dates exist again, and instances that it cancelled or removed come back. Only
    /// organisers of the session and admins may do this.
    async fn remove_skip(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The skip.")] id: ID,
    ) -> Result<Option<SessionPayload>> {
        let session = sessions::delete_skip(app(ctx)?, viewer(ctx), parse_id("id", &id)?).await?;
        Ok(Some(SessionPayload { session: Session(session) }))
    }

    /// Makes a person an organiser of a session. Only organisers of the session and admins may do this.
    async fn add_organizer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The person.")] person_id: ID,
    ) -> Result<Option<SessionPayload>> {
        let (id, of) = (parse_id("sessionId", &session_id)?, parse_id("personId", &person_id)?);
        let row = sessions::insert_organizer(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Takes the rights of an organiser away from a person. Only organisers of the session and admins may do this.
    async fn remove_organizer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The person.")] person_id: ID,
    ) -> Result<Option<SessionPayload>> {
        let (id, of) = (parse_id("sessionId", &session_id)?, parse_id("personId", &person_id)?);
        let row = sessions::delete_organizer(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Deletes a session with all its instances. Active instances stop being active at once. Only admins may do this.
    async fn delete_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] id: ID,
    ) -> Result<Option<DeleteSessionPayload>> {
        sessions::delete_session(app(ctx)?, viewer(ctx), parse_id::<SessionId>("id", &id)?).await?;
        Ok(Some(DeleteSessionPayload { deleted_session_id: id }))
    }
}
