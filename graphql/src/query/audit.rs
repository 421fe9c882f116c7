//! Who changed what.

use async_graphql::{Context, ID, Object};
use service::{
    audit::{self, AuditFilter},
    entity::audit_entry,
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
    /// Who changed which session, instance, override, booking, person or activity, the newest first. Admins; null for others. nodeId: of what
    /// was changed. actor: as entries have it. What happens by itself, such as openings, is in the subscriptions.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        node_id: Option<ID>,
        actor: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Nodes<AuditEntry>>> {
        let filter = AuditFilter { node: node_id.map(|id| id.0), actor };
        let slice = audit::list_entries(app(ctx)?, viewer(ctx), &filter, &page(first, after, None, None)).await?;
        let cursor = |row: &audit_entry::Model| RowCursor::of_instant(row.occurred_at, row.id);
        Ok(slice.map(|slice| connection(slice, Counted::Audit(filter), cursor, AuditEntry)))
    }
}
