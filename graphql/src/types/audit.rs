//! The audit log.

use async_graphql::{Context, ID, Json, Object};
use domain::ids::PersonId;
use serde_json::Value;
use service::audit;

use crate::{
    context::{Result, id_of},
    loaders::load,
    types::{api_key::ApiKey, person::Person, scalars::DateTime},
};

pub struct AuditEntry(pub audit::AuditEntry);

/// One change that somebody made: to a session, an instance, a check-in of somebody else, a person, an API key, an
/// activity, a time slot or a booking. Only admins may see it.
#[Object]
impl AuditEntry {
    /// The id of the entry, such as `AuditEntry:7`.
    async fn id(&self) -> ID {
        id_of(self.0.id)
    }

    /// The instant of the change.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }

    /// Who made the change. It is the id of a person. If an admin's token names no person, it is the subject of the
    /// token. If an admin's API key acts for no person, it is the name of the key.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// The person who made the change. Null if an admin's token named no person, or if the person no longer exists.
    async fn actor_person(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        let Ok(id) = self.0.actor.parse::<PersonId>() else { return Ok(None) };
        Ok(load(ctx, id).await?.map(Person))
    }

    /// The API key that the change was made with. Null if it was made with a token, or if the key no longer exists.
    async fn api_key(&self, ctx: &Context<'_>) -> Result<Option<ApiKey>> {
        let Some(id) = self.0.api_key_id else { return Ok(None) };
        Ok(load(ctx, id).await?.map(ApiKey))
    }

    /// The name of the mutation, such as `updateSession`. It is `register` if a person was created by their first
    /// sign-in.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// The global id of what was changed. It may no longer exist.
    async fn node_id(&self) -> ID {
        ID(self.0.node.clone())
    }

    /// The fields that changed, sorted by name.
    async fn changes(&self) -> Vec<AuditChange> {
        let changes = self.0.changes.iter().cloned();
        changes.map(|(field, from, to)| AuditChange { field, from, to }).collect()
    }
}

pub struct AuditChange {
    field: String,
    from: Value,
    to: Value,
}

/// The change of one field.
#[Object]
impl AuditChange {
    /// The name of the field.
    async fn field(&self) -> &str {
        &self.field
    }

    /// The value before the change. Null if there was none.
    async fn from(&self) -> Option<Json<Value>> {
        (!self.from.is_null()).then(|| Json(self.from.clone()))
    }

    /// The value after the change. Null if there is none.
    async fn to(&self) -> Option<Json<Value>> {
        (!self.to.is_null()).then(|| Json(self.to.clone()))
    }
}
