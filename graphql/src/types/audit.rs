//! Who changed what, when, from what to what.

use async_graphql::{Context, ID, Json, Object};
use domain::ids::PersonId;
use serde_json::Value;
use service::{audit, entity::audit_entry};

use crate::{
    context::Result,
    loaders::load,
    types::{person::Person, scalars::DateTime},
};

/// One change that somebody made.
pub struct AuditEntry(pub audit_entry::Model);

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
