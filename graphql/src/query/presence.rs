//! Who visits, and what they do.

use async_graphql::{Context, ID, Object};
use domain::ids::PresenceId;
use service::{
    entity::presence,
    lists::RowCursor,
    presence::{activities, statistics, visits},
};

use crate::{
    context::{Result, app, parse_id, viewer},
    input::presence::PresenceFilter,
    types::{
        activity::Activity,
        connection::{Counted, Nodes, connection, page},
        presence::Presence,
        scalars::DateTime,
        statistics::PresenceStatistics,
    },
};

#[derive(Default)]
pub struct PresenceQuery;

#[Object]
impl PresenceQuery {
    async fn activity(&self, ctx: &Context<'_>, key: String) -> Result<Option<Activity>> {
        Ok(activities::find_activity_by_key(app(ctx)?, &key).await?.map(Activity))
    }

    /// For its person and admins; null for others. An anonymous visit is shown to admins.
    async fn presence(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Presence>> {
        let id = parse_id::<PresenceId>("id", &id)?;
        Ok(visits::find_visible_visit(app(ctx)?, viewer(ctx), id).await?.map(Presence))
    }

    /// Admins; the newest first.
    async fn presences(
        &self,
        ctx: &Context<'_>,
        filter: Option<PresenceFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Nodes<Presence>>> {
        let filter = filter.unwrap_or_default().check()?;
        let slice = visits::list_visits(app(ctx)?, viewer(ctx), &filter, &page(first, after, None, None)).await?;
        let cursor = |row: &presence::Model| RowCursor::of_visit(row.started_at, row.id);
        Ok(slice.map(|slice| connection(slice, Counted::Visits(filter), cursor, Presence)))
    }

    /// Admins; of the visits that started in [from, to), the last 24 hours when no range is given.
    async fn presence_statistics(
        &self,
        ctx: &Context<'_>,
        from: Option<DateTime>,
        to: Option<DateTime>,
    ) -> Result<Option<PresenceStatistics>> {
        let (from, to) = (from.map(|from| from.0), to.map(|to| to.0));
        Ok(statistics::find_statistics(app(ctx)?, viewer(ctx), from, to).await?.map(PresenceStatistics))
    }
}
