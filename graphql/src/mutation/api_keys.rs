//! Mutations of API keys.

use async_graphql::{Context, ID, Object, SimpleObject};
use service::people::api_keys;

use crate::{
    context::{Result, app, parse_id, viewer},
    input::api_key::CreateApiKeyInput,
    types::api_key::ApiKey,
};

/// The answer of `createApiKey`.
#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The new key.
    api_key: ApiKey,
    /// The secret: `isk_` and random characters. It is shown only here. The server keeps only its hash.
    secret: String,
}

/// The answer of `revokeApiKey`.
#[derive(SimpleObject)]
pub struct RevokeApiKeyPayload {
    /// The id of the key that was revoked.
    revoked_api_key_id: ID,
}

#[derive(Default)]
pub struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Creates an API key. People may create keys for themselves. Admins may create keys for any person, and keys with
    /// the rights of an admin. A request that is sent with an API key can't create another.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new key.")] input: CreateApiKeyInput,
    ) -> Result<Option<CreateApiKeyPayload>> {
        let (key, secret) = api_keys::create_api_key(app(ctx)?, viewer(ctx), input.check()?).await?;
        Ok(Some(CreateApiKeyPayload { api_key: ApiKey(key), secret }))
    }

    /// Revokes an API key. Within seconds, requests with it are refused and its sockets close. Only the person and admins
    /// may do this.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key.")] id: ID,
    ) -> Result<Option<RevokeApiKeyPayload>> {
        api_keys::revoke_api_key(app(ctx)?, viewer(ctx), parse_id("id", &id)?).await?;
        Ok(Some(RevokeApiKeyPayload { revoked_api_key_id: id }))
    }
}
