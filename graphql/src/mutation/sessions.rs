//! Sessions and who organises them.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::SessionId;
use service::{session_deletion, sessions};

use crate::{
    context::{Result, app, parse_id, viewer},
    input::session::{CreateSessionInput, UpdateSessionInput},
    types::session::Session,
};

#[derive(SimpleObject)]
pub struct SessionPayload {
    session: Session,
}

#[derive(SimpleObject)]
pub struct DeleteSessionPayload {
    deleted_session_id: ID,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Admins.
    async fn create_session(&self, ctx: &Context<'_>, input: CreateSessionInput) -> Result<Option<SessionPayload>> {
        let row = sessions::insert_session(app(ctx)?, viewer(ctx), input.check()?).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Its organisers, and admins.
    async fn update_session(&self, ctx: &Context<'_>, input: UpdateSessionInput) -> Result<Option<SessionPayload>> {
        let id = parse_id("id", &input.id)?;
        let row = sessions::update_session(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Name an organiser. Organisers of the session, and admins.
    async fn add_organizer(&self, ctx: &Context<'_>, session_id: ID, person_id: ID) -> Result<Option<SessionPayload>> {
        let (id, of) = (parse_id("sessionId", &session_id)?, parse_id("personId", &person_id)?);
        let row = sessions::insert_organizer(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Organisers of the session, and admins.
    async fn remove_organizer(
        &self,
        ctx: &Context<'_>,
        session_id: ID,
        person_id: ID,
    ) -> Result<Option<SessionPayload>> {
        let (id, of) = (parse_id("sessionId", &session_id)?, parse_id("personId", &person_id)?);
        let row = sessions::delete_organizer(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(Some(SessionPayload { session: Session(row) }))
    }

    /// Delete a session with all its meetings: those that are on end at once, and the people there are placed anew. Admins.
    async fn delete_session(&self, ctx: &Context<'_>, id: ID) -> Result<Option<DeleteSessionPayload>> {
        session_deletion::delete_session(app(ctx)?, viewer(ctx), parse_id::<SessionId>("id", &id)?).await?;
        Ok(Some(DeleteSessionPayload { deleted_session_id: id }))
    }
}
