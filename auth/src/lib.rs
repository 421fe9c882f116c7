//! Bearer tokens: they identify the viewer of a request or of a socket.
//!
//! A token is a JWT. `sub` is the GraphQL id of a person, such as `Person:7`, or the id that an identity provider has for a
//! person (`externalId`). Tokens of an identity provider name people by `externalId` only. `exp` is required. `roles` may
//! contain `admin`; then `sub` may be anything. Settings can name another claim or role. A token that is not valid is refused.
//! It never makes the request anonymous.
//!
//! An API key, `isk_` and random characters, is accepted wherever a token is. It ends when it is revoked or expires. When
//! somebody has signed in with a browser ([`service::people::browsers`]), the browser's secret is checked in the same way.
//! Sockets also accept tickets ([`service::people::tickets`]).
//!
//! Invariants:
//!
//! - Each key checks only the algorithms of its type. A token cannot choose how it is checked.
//! - What the database says about a person is cached for some seconds.
//! - A revoked token is refused within about a second, and sockets that were opened with it are closed. If the database is
//!   unavailable, this happens when it is available again ([`People::follow`]).

mod claims;
pub mod http;
mod jwks;
mod key;
mod keys;
pub mod oidc;
mod people;
mod secret;
#[cfg(test)]
mod tests;
pub mod unread;

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    clock::Clock,
    ids::{ApiKeyId, PersonId},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use service::people::{
    api_keys,
    tickets::{self, Ticket},
};

pub use self::{
    claims::Rules,
    keys::{KeyError, Keys},
    people::People,
    secret::secret_beside,
};
use self::{
    claims::{Claims, Subject},
    keys::Source,
    oidc::{Proof, Provider, Providers},
    people::{FoundKey, TokenPerson},
};

/// Why a token could not be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    #[error("tokens can be issued only with JWT_SECRET; without it they come from whoever has the private key")]
    PublicKeyOnly,
    #[error("a token names a person, an admin, or both")]
    NobodyNamed,
    #[error(
        "a token that names a person would not be accepted: with JWT_SUBJECTS=external and with JWT_PERSON_CLAIM, \
         tokens name people by their externalId only"
    )]
    ExternalSubjects,
    #[error("the token would live too long: its end has no place in the calendar")]
    LifetimeTooLong,
    #[error("the token could not be signed")]
    Signing,
}

/// Why a token was refused. The messages are for clients: they tell nothing of the key or of the inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("The authorization must be 'Bearer' and a token. Leave it out to send an anonymous request.")]
    NotBearer,
    #[error("The token is not a JWT that this server accepts.")]
    Malformed,
    #[error("The token's signature or its algorithm is not valid here.")]
    BadSignature,
    #[error("The token has expired: ask for a fresh one.")]
    Expired,
    #[error("The token is not valid yet.")]
    NotYetValid,
    #[error("The token has no usable 'exp': its end as a number of seconds since 1970.")]
    BadExpiry,
    #[error("The token's 'nbf' or 'iat' is not a number of seconds since 1970.")]
    BadStart,
    #[error("This server accepts no tokens of the token's issuer, its 'iss'.")]
    WrongIssuer,
    #[error("The token's 'aud' does not name this server: it is meant for others.")]
    WrongAudience,
    #[error("The token's roles must be a text, or a list of texts or of objects with a name.")]
    BadRoles,
    #[error("No person matches the token's 'sub'. It must be a person's id, such as Person:7, or an externalId.")]
    BadSubject,
    #[error("This API key does not exist, or it has been revoked: create a new one.")]
    UnknownKey,
    #[error("The token has been revoked: sign in again.")]
    Revoked,
    /// Only for open connections.
    #[error("The account of this token has changed: connect again.")]
    Changed,
    /// A failure of the server, not of the token.
    #[error("Tokens cannot be checked at the moment: try again.")]
    Unavailable,
}

/// The viewer whom a token names, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity {
    pub viewer: Viewer,
    /// When the token ends. A socket that was opened with it ends then, too. `None` without a token.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the token was made, if the token says so.
    pub issued_at: Option<DateTime<Utc>>,
    /// The revision of the person's standing when the token was checked.
    pub revision: i64,
    /// The id of the API key, or of the sign-in of a browser.
    pub key: Option<ApiKeyId>,
}

impl Identity {
    pub const NOBODY: Self = Self { viewer: Viewer::NOBODY, expires_at: None, issued_at: None, revision: 0, key: None };

    /// Whether the token has ended at `now`. It is no longer valid at the instant of its end.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// Checks tokens, and issues them where it has the secret.
pub struct Authenticator {
    source: Source,
    signing: Option<EncodingKey>,
    rules: Rules,
    /// The lookup of people. Without it, the person's id in a token is used unchecked.
    people: Option<People>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// # Errors
    /// When the keys can't be used.
    pub fn new(keys: &Keys, clock: Arc<dyn Clock>) -> Result<Self, KeyError> {
        let (source, signing) = Source::new(keys)?;
        let rules = Rules { subjects_are_ids: Some(signing.is_some()), ..Rules::default() };
        Ok(Self { source, signing, rules, people: None, clock })
    }

    /// Checks the claims of tokens by these rules. Issued tokens follow them, too.
    ///
    /// # Errors
    /// [`KeyError::NoAudience`] if the keys are those of an identity provider, and the rules name no audience.
    pub fn with_rules(self, rules: Rules) -> Result<Self, KeyError> {
        if self.signing.is_none() && rules.audiences.is_empty() {
            return Err(KeyError::NoAudience);
        }
        let subjects_are_ids = rules.subjects_are_ids.or(self.rules.subjects_are_ids);
        Ok(Self { rules: Rules { subjects_are_ids, ..rules }, ..self })
    }

    /// Looks up people in the database: those that identity providers name, and whether their tokens are still valid.
    #[must_use]
    pub fn with_people(self, people: People) -> Self {
        Self { people: Some(people), ..self }
    }

    /// The identity that a header `Authorization` names, or the value `authorization` of connection_init. Without a value it is
    /// [`Identity::NOBODY`].
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Identity, AuthError> {
        let Some(authorization) = authorization else {
            return Ok(Identity::NOBODY);
        };
        let token = bearer_token(authorization)?;
        if api_keys::is_secret(token) {
            return self.authenticate_key(token).await;
        }
        let claims = self.source.read(token).await?;
        self.identify(Claims::read(&claims, &self.rules, self.clock.now())?).await
    }

    /// Does the same as [`authenticate`](Self::authenticate) for a socket, which may also be opened with a ticket.
    pub async fn authenticate_socket(&self, authorization: Option<&str>) -> Result<Identity, AuthError> {
        let token = authorization.map(bearer_token).transpose()?;
        let Some(ticket) = token.filter(|token| tickets::is_ticket(token)) else {
            return self.authenticate(authorization).await;
        };
        let people = self.people.as_ref().ok_or(AuthError::Malformed)?;
        let (token, socket_ends_at) = match people.open_ticket(ticket).await? {
            Ticket::Valid { token, socket_ends_at } => (token, socket_ends_at),
            Ticket::Expired => return Err(AuthError::Expired),
            Ticket::Unknown => return Err(AuthError::Malformed),
        };
        let identity = self.authenticate(Some(&format!("Bearer {token}"))).await?;
        let ends_at = identity.expires_at.map_or(socket_ends_at, |end| end.min(socket_ends_at));
        Ok(Identity { expires_at: Some(ends_at), ..identity })
    }

    /// The identity of somebody who has just signed in at a provider.
    pub async fn authenticate_proof(
        &self,
        providers: &Providers,
        provider: &Provider,
        proof: &Proof,
    ) -> Result<Identity, AuthError> {
        let external_id = |subject: &str| providers.external_id(provider, subject);
        let claims = Claims::of_proof(&proof.claims, &self.rules, external_id, self.clock.now())?;
        self.identify(claims).await
    }

    async fn identify(&self, claims: Claims) -> Result<Identity, AuthError> {
        let found = match &self.people {
            Some(people) => people.find(&claims).await?,
            None => match claims.subject {
                Some(Subject::Person(person)) => Some(TokenPerson::unknown(person)),
                _ => None,
            },
        };
        let viewer = match (&found, &claims.subject) {
            (Some(found), _) => found.viewer(claims.is_admin),
            (None, Some(Subject::External(name))) if claims.is_admin => Viewer::admin(name),
            (None, _) if claims.is_admin => Viewer::ADMIN,
            (None, _) => return Err(AuthError::BadSubject),
        };
        let revision = found.map_or(0, |found| found.revision);
        let (expires_at, issued_at) = (claims.expires_at, claims.issued_at);
        Ok(Identity { viewer, expires_at, issued_at, revision, key: None })
    }

    /// The identity of an API key. The key counts like a token that was issued when the key was created.
    async fn authenticate_key(&self, secret: &str) -> Result<Identity, AuthError> {
        let people = self.people.as_ref().ok_or(AuthError::Malformed)?;
        let FoundKey { key, standing } = people.find_key(secret).await?;
        let identity = Identity { expires_at: key.expires_at, issued_at: Some(key.created_at), ..Identity::NOBODY };
        if identity.is_expired(self.clock.now()) {
            return Err(AuthError::Expired);
        }
        let viewer = standing.map_or_else(|| Viewer::admin(&key.name), |found| found.viewer(key.is_admin));
        // Somebody in a browser has all their rights. A program with an API key cannot create another key.
        let viewer = if key.is_sign_in { viewer } else { viewer.with_api_key(key.id) };
        let revision = standing.map_or(0, |found| found.revision);
        Ok(Identity { viewer, revision, key: Some(key.id), ..identity })
    }

    /// The time until an identity's token ends. `None` if it does not end.
    pub fn time_left(&self, identity: &Identity) -> Option<Duration> {
        Some((identity.expires_at? - self.clock.now()).to_std().unwrap_or_default())
    }

    /// Refuses an identity whose token has ended since it was checked, or whose person's standing has changed. This makes no
    /// query, because [`People::follow`] reads the changes.
    pub fn expect_valid(&self, identity: &Identity) -> Result<(), AuthError> {
        if identity.is_expired(self.clock.now()) {
            return Err(AuthError::Expired);
        }
        self.people.as_ref().map_or(Ok(()), |people| people.expect_unchanged(identity))
    }

    /// The lookup of people, if there is one.
    pub fn people(&self) -> Option<&People> {
        self.people.as_ref()
    }

    /// Signs a token for `person`, for an admin, or for a person who is an admin. It is valid from now for `lifetime`.
    pub fn issue(&self, person: Option<PersonId>, admin: bool, lifetime: TimeDelta) -> Result<String, IssueError> {
        let key = self.signing.as_ref().ok_or(IssueError::PublicKeyOnly)?;
        if person.is_some() && (self.rules.subjects_are_ids != Some(true) || self.rules.person_claim.is_some()) {
            return Err(IssueError::ExternalSubjects);
        }
        let sub = match (person, admin) {
            (Some(person), _) => person.to_string(),
            (None, true) => self.rules.admin_role.clone(),
            (None, false) => return Err(IssueError::NobodyNamed),
        };
        let now = self.clock.now();
        let end = now.checked_add_signed(lifetime).ok_or(IssueError::LifetimeTooLong)?;
        let mut claims = Map::new();
        if admin {
            // The whole path becomes the name of one claim. Reading a token looks for that first.
            claims.insert(self.rules.roles_claim.clone(), json!([self.rules.admin_role]));
        }
        let (iss, aud) = (self.rules.issuer.as_deref(), self.rules.audiences.first());
        let named = [("iss", iss.map(Value::from)), ("aud", aud.map(|aud| aud.as_str().into()))];
        claims.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        // These are added last, so that a roles claim with one of these names does not replace them.
        let own = [("sub", json!(sub)), ("iat", json!(now.timestamp())), ("exp", json!(end.timestamp()))];
        claims.extend(own.map(|(name, value)| (name.to_owned(), value)));
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, key).map_err(|_| IssueError::Signing)
    }
}

/// The token in `Bearer <token>`. The case of the scheme does not matter (RFC 9110, section 11.1).
fn bearer_token(authorization: &str) -> Result<&str, AuthError> {
    let (scheme, token) = authorization.trim().split_once(' ').ok_or(AuthError::NotBearer)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(AuthError::NotBearer);
    }
    Ok(token)
}
