//! API keys.

use async_graphql::{Context, ID, Object};
use service::people::api_keys;

use crate::{
    context::{Result, id_of},
    loaders::load,
    types::{person::Person, scalars::DateTime},
};

pub struct ApiKey(pub api_keys::ApiKey);

/// A key with which a program acts for a person, or with the rights of an admin. Its secret is sent as a token:
/// `Authorization: Bearer isk_…`. Only the person and admins may see the key.
#[Object]
impl ApiKey {
    /// The global id, such as `ApiKey:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.0.id)
    }

    /// The name that tells people what the key is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The person that the key acts for. Null for a key that has the rights of an admin and acts for no person.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        let Some(id) = self.0.person_id else { return Ok(None) };
        Ok(load(ctx, id).await?.map(Person))
    }

    /// True if the key has the rights of an admin.
    async fn is_admin(&self) -> bool {
        self.0.is_admin
    }

    /// The instant at which the key was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The instant from which the key is refused. Null if it does not expire.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// The instant of the last request with the key, exact to a minute. Null if it was never used.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }
}
