//! Inputs about API keys.

use async_graphql::{ID, InputObject};
use service::people::api_keys::NewApiKey;

use crate::{context::Result, input::optional_id, types::scalars::DateTime};

/// A new API key.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// What the key is for: 1 to 200 characters.
    name: String,
    /// The person that the key acts for. If it is left out, it is the viewer, or nobody with `isAdmin`.
    person_id: Option<ID>,
    /// True for a key with the rights of an admin. Only admins may create one.
    #[graphql(default = false)]
    is_admin: bool,
    /// The instant from which the key is refused. Without one it does not expire.
    expires_at: Option<DateTime>,
}

impl CreateApiKeyInput {
    pub fn check(self) -> Result<NewApiKey> {
        let Self { name, person_id, is_admin, expires_at } = self;
        let person = optional_id("personId", person_id.as_ref())?;
        Ok(NewApiKey { name, person, is_admin, expires_at: expires_at.map(|at| at.0) })
    }
}
