//! Who changed what, when, from what to what.

use async_graphql::{Context, ID, Json, Object};
use domain::ids::PersonId;
use serde_json::Value;
use service::{
    audit::{self, AuditFilter},
    entity::audit_entry,
    lists::RowCursor,
};

use super::{
    connection::{Counted, Nodes, connection, page},
    context::{Result, app, viewer},
    limits,
    loaders::load,
    person::Person,
    scalars::DateTime,
};

/// One change that somebody made.
pub struct AuditEntry(audit_entry::Model);

#[Object]
impl AuditEntry {
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }

    /// Who: a person's id, or what the token of an admin who is no person calls them.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// Who, when that is a person.
    async fn actor_person(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        let Ok(id) = self.0.actor.parse::<PersonId>() else { return Ok(None) };
        Ok(load(ctx, id).await?.map(Person))
    }

    /// The mutation's name.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// What was changed. It may be gone by now.
    async fn node_id(&self) -> ID {
        ID(self.0.node.clone())
    }

    /// By the name of the field.
    async fn changes(&self) -> Vec<AuditChange> {
        let changes = audit::changes_of(&self.0).into_iter();
        changes.map(|(field, from, to)| AuditChange { field, from, to }).collect()
    }
}

/// A field that was changed.
pub struct AuditChange {
    field: String,
    from: Value,
    to: Value,
}

#[Object]
impl AuditChange {
    async fn field(&self) -> &str {
        &self.field
    }

    /// Null when there was nothing.
    async fn from(&self) -> Option<Json<Value>> {
        (!self.from.is_null()).then(|| Json(self.from.clone()))
    }

    /// Null when there is nothing any more.
    async fn to(&self) -> Option<Json<Value>> {
        (!self.to.is_null()).then(|| Json(self.to.clone()))
    }
}

#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Who changed which session, instance, override, booking, person or activity, the newest first. Admins; null for others. nodeId: of what
    /// was changed. actor: as entries have it. What happens by itself, such as openings, is in the subscriptions.
    #[graphql(complexity = "limits::page(first, None) * (1 + child_complexity)")]
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
