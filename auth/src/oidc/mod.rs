//! Sign-in on the pages with OpenID Connect: the authorization code flow with PKCE.
//!
//! Terms:
//!
//! - A *provider* is an identity provider of the settings, such as Keycloak.
//! - An *attempt* is what the browser keeps in a cookie while the person is at the provider: `state`, `nonce` and the secret of
//!   PKCE. No server stores it, so the answer may reach any server.
//!
//! Invariants:
//!
//! - An answer counts only in the browser that began the attempt, and only for the provider of the attempt.
//! - The metadata of a provider is fetched when it is needed, not at the start, and again after [`REFRESH_AFTER`]. While the
//!   provider cannot be reached, there is at most one attempt in [`RETRY_INTERVAL`], whatever requests come.
//! - If an ID token has a signature of an unknown key, the keys are fetched once more: providers change their keys.

mod requests;

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AdditionalProviderMetadata, AuthType, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope, TokenResponse as _,
    UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreGenderClaim, CoreGrantType, CoreIdToken, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
        CoreTokenResponse,
    },
};
use parking_lot::Mutex;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::settings::OidcProvider;
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

use self::requests::Requests;
use crate::http::HttpError;

/// How old the metadata of a provider may be before it is fetched again.
const REFRESH_AFTER: Duration = Duration::from_mins(10);

/// The least time between two attempts to fetch it.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// Why somebody could not be signed in. The messages are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    #[error("the provider cannot be reached at the moment")]
    Unavailable,
    #[error("this sign-in was begun in another browser, or too long ago, or it has already been used")]
    NotBegunHere,
    #[error("the provider did not sign you in ({0})")]
    Refused(String),
    #[error("the answer of the provider is not valid")]
    NotValid,
}

/// The data that the browser keeps while the person is at the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
}

/// The parameters with which the provider sends the browser back.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    /// The issuer of the answer (RFC 9207).
    iss: Option<String>,
}

/// The claims of a person who has signed in at a provider.
#[derive(Debug, Clone)]
pub struct Proof {
    pub(crate) claims: Map<String, Value>,
}

/// Metadata of a provider that the OpenID Connect library does not read by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct More {
    end_session_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// All claims of a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AllClaims(Map<String, Value>);

impl AdditionalClaims for AllClaims {}

/// The providers of the settings.
#[derive(Clone, Default)]
pub struct Providers(Arc<[Provider]>);

/// One provider.
pub struct Provider {
    settings: OidcProvider,
    requests: Requests,
    state: Mutex<State>,
    /// Held while the metadata is being fetched.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    metadata: Option<Arc<Metadata>>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|provider| &provider.settings)).finish()
    }
}

impl Providers {
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(settings: &[OidcProvider]) -> Result<Self, HttpError> {
        let provider = |settings: &OidcProvider| {
            let (state, fetching) = (Mutex::default(), tokio::sync::Mutex::default());
            Ok::<_, HttpError>(Provider { settings: settings.clone(), requests: Requests::new()?, state, fetching })
        };
        Ok(Self(settings.iter().map(provider).collect::<Result<Vec<_>, _>>()?.into()))
    }

    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    /// The provider with this name in `OIDC_PROVIDERS`, or the one without a name.
    pub fn find(&self, name: Option<&str>) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.name.as_deref() == name)
    }

    /// The provider with this issuer.
    pub fn find_by_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.issuer == issuer)
    }

    /// Whether an external id begins with the name of a provider and `:`. Such an id belongs to that provider, and not to the
    /// one without a name.
    fn is_of_named(&self, external_id: &str) -> bool {
        let mut names = self.0.iter().filter_map(|provider| provider.settings.name.as_deref());
        names.any(|name| external_id.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
    }

    /// The `externalId` of a person of this provider. `None` if the subject looks like an `externalId` of another provider.
    pub fn external_id(&self, provider: &Provider, subject: &str) -> Option<String> {
        let is_taken = provider.settings.name.is_none() && self.is_of_named(subject);
        (!is_taken).then(|| provider.settings.external_id(subject))
    }

    /// Fetches the metadata of all providers. The log says which of them cannot be reached.
    pub async fn prepare(&self) {
        for provider in self.all() {
            // An error has already been logged.
            let _ = provider.metadata().await;
        }
    }
}

impl Provider {
    pub fn name(&self) -> Option<&str> {
        self.settings.name.as_deref()
    }

    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Begins an attempt. Returns the address to which the browser goes, and what it keeps meanwhile.
    pub async fn begin(&self, redirect_uri: &str) -> Result<(String, Attempt), OidcError> {
        let metadata = self.metadata().await?;
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| OidcError::NotValid)?;
        let client = CoreClient::from_provider_metadata((*metadata).clone(), self.client_id(), None)
            .set_redirect_uri(redirect_uri);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        let attempt = Attempt {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        };
        Ok((url.into(), attempt))
    }

    /// Finishes an attempt with the provider's answer.
    pub async fn finish(
        &self,
        attempt: Attempt,
        answer: Answer,
        redirect_uri: &str,
        now: DateTime<Utc>,
    ) -> Result<Proof, OidcError> {
        let state = answer.state.unwrap_or_default();
        if !bool::from(state.as_bytes().ct_eq(attempt.state.as_bytes())) {
            return Err(OidcError::NotBegunHere);
        }
        let metadata = self.metadata().await?;
        let issuer = metadata.issuer().as_str();
        let names_issuer = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        if answer.iss.as_deref().map_or(names_issuer, |iss| iss != issuer) {
            tracing::warn!(issuer, iss = answer.iss, "an answer to a sign-in comes from another provider");
            return Err(OidcError::NotValid);
        }
        if let Some(error) = answer.error {
            return Err(OidcError::Refused(shown(&error)));
        }
        let code = answer.code.ok_or(OidcError::NotValid)?;
        let tokens = self.exchange(&metadata, code, attempt.verifier, redirect_uri).await?;
        let id_token = tokens.id_token().ok_or_else(|| self.not_valid("it has no ID token"))?;
        let nonce = Nonce::new(attempt.nonce);
        match self.check(&metadata, &tokens, id_token, &nonce, now) {
            Ok(()) => {}
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let fresh = self.fetch(Instant::now(), true).await?;
                self.check(&fresh, &tokens, id_token, &nonce, now).map_err(|error| self.not_valid(&error))?;
            }
            Err(error) => return Err(self.not_valid(&error)),
        }
        let mut claims = claims_of(&id_token.to_string()).ok_or_else(|| self.not_valid("its claims cannot be read"))?;
        // The ID token is signed, so its claims come before those of the userinfo.
        for (name, value) in self.more_claims(&metadata, &tokens, &claims).await {
            claims.entry(name).or_insert(value);
        }
        Ok(Proof { claims })
    }

    /// The address at which a browser signs out at the provider, which then sends it to `back`. `None` if the provider does not
    /// offer this, or cannot be reached. The address contains no token, so the provider may ask the person to confirm.
    pub async fn logout(&self, back: &str) -> Option<String> {
        let metadata = self.metadata().await.ok()?;
        let mut url = Url::parse(metadata.additional_metadata().end_session_endpoint.as_deref()?).ok()?;
        if !["http", "https"].contains(&url.scheme()) {
            return None;
        }
        let fields = [("client_id", self.settings.client_id.as_str()), ("post_logout_redirect_uri", back)];
        url.query_pairs_mut().extend_pairs(fields);
        Some(url.into())
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.settings.client_id.clone())
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        code: String,
        verifier: String,
        redirect_uri: &str,
    ) -> Result<CoreTokenResponse, OidcError> {
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| OidcError::NotValid)?;
        let mut client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id(), secret)
            .set_redirect_uri(redirect_uri);
        let methods = metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
        if !takes(CoreClientAuthMethod::ClientSecretBasic) && takes(CoreClientAuthMethod::ClientSecretPost) {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| self.not_valid(&error))?;
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&self.requests).await;
        answer.map_err(|error| match error {
            RequestTokenError::Request(error) => self.unavailable(&error),
            // A code works only once, and only for some minutes.
            RequestTokenError::ServerResponse(error) if error.error().as_ref() == "invalid_grant" => {
                self.not_valid(&error);
                OidcError::NotBegunHere
            }
            RequestTokenError::ServerResponse(error) => self.not_valid(&error),
            other => self.not_valid(&other),
        })
    }

    /// Checks an ID token: its signature, issuer, audience, nonce and end, and that the access token belongs to it.
    fn check(
        &self,
        metadata: &Metadata,
        tokens: &CoreTokenResponse,
        id_token: &CoreIdToken,
        nonce: &Nonce,
        now: DateTime<Utc>,
    ) -> Result<(), ClaimsVerificationError> {
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id(), secret);
        let verifier = client.id_token_verifier().set_time_fn(move || now);
        let claims = id_token.claims(&verifier, nonce)?;
        if let Some(expected) = claims.access_token_hash() {
            let other = |error: &dyn fmt::Display| ClaimsVerificationError::Other(error.to_string());
            let algorithm = id_token.signing_alg().map_err(|error| other(&error))?;
            let key = id_token.signing_key(&verifier).map_err(|error| other(&error))?;
            let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if hash.map_err(|error| other(&error))? != *expected {
                return Err(ClaimsVerificationError::Other("the access token is another one".to_owned()));
            }
        }
        Ok(())
    }

    /// The claims of the userinfo endpoint. Many providers put names and roles only there. It is empty if the endpoint does not
    /// answer.
    async fn more_claims(
        &self,
        metadata: &Metadata,
        tokens: &CoreTokenResponse,
        claims: &Map<String, Value>,
    ) -> Map<String, Value> {
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id(), None);
        let subject = openidconnect::SubjectIdentifier::new(subject);
        let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject)) else { return Map::new() };
        let answer: Result<UserInfoClaims<AllClaims, CoreGenderClaim>, _> = request.request_async(&self.requests).await;
        match answer.map(serde_json::to_value) {
            Ok(Ok(Value::Object(claims))) => claims,
            Ok(other) => {
                tracing::warn!(issuer = self.settings.issuer, ?other, "the userinfo of a provider cannot be read");
                Map::new()
            }
            Err(error) => {
                let (issuer, reason) = (&self.settings.issuer, error.to_string());
                tracing::warn!(issuer, reason, "a provider has no userinfo for somebody who signed in");
                Map::new()
            }
        }
    }

    /// The provider's metadata, from the cache if it is recent enough.
    async fn metadata(&self) -> Result<Arc<Metadata>, OidcError> {
        let now = Instant::now();
        {
            let state = self.state.lock();
            if let Some(metadata) = &state.metadata
                && state.fetched_at.is_some_and(|at| now - at < REFRESH_AFTER)
            {
                return Ok(Arc::clone(metadata));
            }
        }
        self.fetch(now, false).await
    }

    /// Fetches the metadata and the keys, unless another request has done so after `since`. `has_reason` means that the keys
    /// seem to have changed. Without it, there is no attempt within [`RETRY_INTERVAL`] after the last one.
    async fn fetch(&self, since: Instant, has_reason: bool) -> Result<Arc<Metadata>, OidcError> {
        let _turn = self.fetching.lock().await;
        {
            let mut state = self.state.lock();
            let is_newer = state.fetched_at.is_some_and(|at| at > since);
            let waits =
                !has_reason && state.tried_at.is_some_and(|at| since.saturating_duration_since(at) < RETRY_INTERVAL);
            if is_newer || waits {
                return state.metadata.clone().ok_or(OidcError::Unavailable);
            }
            state.tried_at = Some(Instant::now());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|error| self.unavailable(&error))?;
        let fetched = Metadata::discover_async(issuer, &self.requests).await;
        let mut state = self.state.lock();
        match fetched {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                (state.metadata, state.fetched_at) = (Some(Arc::clone(&metadata)), Some(Instant::now()));
                Ok(metadata)
            }
            // The metadata that is already known stays in use.
            Err(error) => {
                let error = self.unavailable(&error);
                state.metadata.clone().ok_or(error)
            }
        }
    }

    /// Logs why the provider cannot be used, with all causes: the outermost error says only that a request failed.
    fn unavailable(&self, error: &(dyn std::error::Error + 'static)) -> OidcError {
        let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
        let reason = causes.collect::<Vec<_>>().join(": ");
        tracing::warn!(issuer = self.settings.issuer, reason, "an identity provider cannot be used for sign-in now");
        OidcError::Unavailable
    }

    /// Logs why an answer was refused.
    fn not_valid(&self, reason: &(impl fmt::Display + ?Sized)) -> OidcError {
        let reason = reason.to_string();
        tracing::warn!(issuer = self.settings.issuer, reason, "an answer to a sign-in is not valid");
        OidcError::NotValid
    }
}

/// The claims of a token whose signature has been checked.
fn claims_of(token: &str) -> Option<Map<String, Value>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// The beginning of an error code, which may come from anybody.
fn shown(code: &str) -> String {
    code.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '_').take(40).collect()
}
