//! Queries of the audit log.

use async_graphql::{Context, ID, Object};
use service::{
    audit::{self, AuditFilter},
    lists::RowCursor,
};

use crate::{
    context::{Result, app, viewer},
    types::{
        audit::AuditEntry,
        connection::{Counted, Nodes, connection, page},
    },
};

#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// The changes that people and admins made, the newest first. Automatic changes are not in the list: subscriptions
    /// report them. Only admins may see the list: for everybody else it is null.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only changes of the object with this global id.")] node_id: Option<ID>,
        #[graphql(desc = "Only changes by this actor, spelled as in `AuditEntry.actor`.")] actor: Option<String>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Option<Nodes<AuditEntry>>> {
        let filter = AuditFilter { node: node_id.map(|id| id.0), actor };
        let slice = audit::list_entries(app(ctx)?, viewer(ctx), &filter, &page(first, after, None, None)).await?;
        let cursor = |row: &audit::AuditEntry| RowCursor::of_instant(row.occurred_at, row.id);
        Ok(slice.map(|slice| connection(slice, Counted::Audit(filter), cursor, AuditEntry)))
    }
}
