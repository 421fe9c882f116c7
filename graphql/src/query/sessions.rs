//! Queries of sessions and instances.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use async_graphql::{Context, ID, Object};
use domain::ids::{SessionId, SessionInstanceId};
use service::{
    instances,
    lists::RowCursor,
    sessions::{self, SessionFilter as ServiceSessionFilter},
};

use crate::{
    context::{Result, app, parse_id, viewer},
    input::{
        instance::ActiveFilter,
        session::{PreviewRecurrenceInput, SessionFilter},
    },
    loaders::load,
    types::{
        connection::{Counted, Nodes, connection, page},
        instance::SessionInstance,
        session::{RecurrencePreview, Session},
    },
};

/// A session that has not been deleted.
pub async fn find_session(ctx: &Context<'_>, id: SessionId) -> Result<Option<Session>> {
    Ok(load(ctx, id).await?.filter(|row| row.deleted_at.is_none()).map(Session))
}

/// An instance that has not been deleted.
pub async fn find_instance(ctx: &Context<'_>, id: SessionInstanceId) -> Result<Option<SessionInstance>> {
    Ok(load(ctx, id).await?.map(SessionInstance))
}

#[derive(Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// One session. Null if it does not exist, or has been deleted.
    async fn session(&self, ctx: &Context<'_>, #[graphql(desc = "The session.")] id: ID) -> Result<Option<Session>> {
        find_session(ctx, parse_id("id", &id)?).await
    }

    /// The session that has this path. Null if there is none.
    async fn session_by_path(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The last part of the address of the session's page.")] path: String,
    ) -> Result<Option<Session>> {
        Ok(sessions::find_session_by_path(app(ctx)?, &path).await?.map(Session))
    }

    /// Sessions, by name. With the filter `near`, by distance.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions for the sessions. Without them, all sessions that are not terminated.")]
        filter: Option<SessionFilter>,
        #[graphql(desc = "At most this many, from the start of the list: 0 to 100. The default is 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end of the list: 0 to 100. It excludes `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list: the page ends before it.")] before: Option<String>,
    ) -> Result<Nodes<Session>> {
        let filter: ServiceSessionFilter = filter.unwrap_or_default().check(viewer(ctx))?;
        let slice = sessions::list_sessions(app(ctx)?, &filter, &page(first, after, last, before)).await?;
        let cursor = |row: &sessions::Session| match row.metres_away {
            Some(metres) => RowCursor::of_distance(metres, row.id),
            None => RowCursor::of_text(&row.name_key, row.id),
        };
        Ok(connection(slice, Counted::Sessions(filter), cursor, Session))
    }

    /// The meaning of schedules before they are saved: in words, as RRULEs, and their next occurrences. It refuses what
    /// `createSession` refuses.
    async fn preview_recurrence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The schedules.")] input: PreviewRecurrenceInput,
    ) -> Result<RecurrencePreview> {
        Ok(RecurrencePreview(sessions::preview_recurrence(app(ctx)?, &input.check()?)?))
    }

    /// One instance. Null if it does not exist, or has been deleted.
    async fn session_instance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instance.")] id: ID,
    ) -> Result<Option<SessionInstance>> {
        find_instance(ctx, parse_id("id", &id)?).await
    }

    /// The instances that are active now, by start. With the filter `near`, by distance.
    async fn active_session_instances(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions for the instances.")] filter: Option<ActiveFilter>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Nodes<SessionInstance>> {
        let filter = filter.unwrap_or_default().check()?;
        let slice = instances::list_active(app(ctx)?, &filter, &page(first, after, None, None)).await?;
        let cursor = |row: &instances::Instance| match row.metres_away {
            Some(metres) => RowCursor::of_distance(metres, row.id),
            None => RowCursor::of_instant(row.listed_at, row.id),
        };
        Ok(connection(slice, Counted::Active(filter), cursor, SessionInstance))
    }
}
