//! Queries of visits and activities.

use async_graphql::{Context, ID, Object};
use domain::ids::{ActivityId, PresenceId};
use service::{
    lists::RowCursor,
    presence::{activities, statistics, visits},
};

use crate::{
    context::{Result, app, parse_id, viewer},
    input::presence::PresenceFilter,
    loaders::load,
    types::{
        activity::Activity,
        connection::{Counted, Nodes, connection, page},
        presence::Presence,
        scalars::DateTime,
        statistics::PresenceStatistics,
    },
};

pub async fn find_activity(ctx: &Context<'_>, id: ActivityId) -> Result<Option<Activity>> {
    Ok(load(ctx, id).await?.map(Activity))
}

#[derive(Default)]
pub struct PresenceQuery;

#[Object]
impl PresenceQuery {
    /// One activity. Null if there is none with this key.
    async fn activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key of the activity.")] key: String,
    ) -> Result<Option<Activity>> {
        Ok(activities::find_activity_by_key(app(ctx)?, &key).await?.map(Activity))
    }

    /// One visit. Null if it does not exist, or if the viewer is neither the visitor nor an admin.
    async fn presence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id: `Presence:` and the UUID of the visit.")] id: ID,
    ) -> Result<Option<Presence>> {
        let id = parse_id::<PresenceId>("id", &id)?;
        Ok(visits::find_visible_visit(app(ctx)?, viewer(ctx), id).await?.map(Presence))
    }

    /// Visits, the newest first. Only admins may see the list: for everybody else it is null.
    async fn presences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions for the visits.")] filter: Option<PresenceFilter>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Option<Nodes<Presence>>> {
        let filter = filter.unwrap_or_default().check()?;
        let slice = visits::list_visits(app(ctx)?, viewer(ctx), &filter, &page(first, after, None, None)).await?;
        let cursor = |row: &visits::Visit| RowCursor::of_visit(row.started_at, row.id);
        Ok(slice.map(|slice| connection(slice, Counted::Visits(filter), cursor, Presence)))
    }

    /// Statistics of the visits that started in a range of time. The default is the last 24 hours. Only admins may see
    /// them: for everybody else it is null.
    async fn presence_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The start of the range. The default is 24 hours before its end.")] from: Option<DateTime>,
        #[graphql(desc = "The end of the range, exclusive. The default is now.")] to: Option<DateTime>,
    ) -> Result<Option<PresenceStatistics>> {
        let (from, to) = (from.map(|from| from.0), to.map(|to| to.0));
        Ok(statistics::find_statistics(app(ctx)?, viewer(ctx), from, to).await?.map(PresenceStatistics))
    }
}
