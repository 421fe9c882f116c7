//! Queries of API keys.

use async_graphql::{Context, Object};
use service::{lists::RowCursor, people::api_keys};

use crate::{
    context::{Result, app, viewer},
    types::{
        api_key::ApiKey,
        connection::{Counted, Nodes, connection, page},
    },
};

#[derive(Default)]
pub struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The API keys that were not revoked, the newest first. Admins see all of them, and people their own: for everybody
    /// else it is null.
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Option<Nodes<ApiKey>>> {
        let viewer = viewer(ctx);
        let slice = api_keys::list_api_keys(app(ctx)?, viewer, &page(first, after, None, None)).await?;
        let cursor = |key: &api_keys::ApiKey| RowCursor::of_instant(key.created_at, key.id);
        Ok(slice.map(|slice| connection(slice, Counted::ApiKeys(viewer), cursor, ApiKey)))
    }
}
