//! API keys: secrets of programs that act for a person or as an admin.
//!
//! A key has the rights of its person at the moment of the request. A key with `is_admin` has the rights of an admin. The
//! secret is random, is shown once, and is stored as a hash. Nobody can guess 256 random bits, so a plain hash is enough.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    ids::{ApiKeyId, PersonId},
    text::hex,
};
use entity::{api_key, person};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, sea_query::LockType,
};

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    db::Tx,
    error::FieldErrors,
    idempotency,
    lists::{self, Key, Page, Slice},
    people::is_someone,
    rights, secret, transaction,
    validate::required_text,
};

/// The prefix of each secret. People and secret scanners recognise a secret by it.
pub const PREFIX: &str = "isk_";

/// The random part, in bytes.
const SECRET_BYTES: usize = 32;

/// The random part, in characters of base64.
const SECRET_CHARACTERS: usize = 43;

/// The most keys that one person has at a time.
const MAX_KEYS: u64 = 100;

/// The precision of `last_used_at`. If it were exact, each use would be a write.
const LAST_USED_STEP: TimeDelta = TimeDelta::seconds(60);

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// `None`: the key of an admin who is no person.
    pub person_id: Option<PersonId>,
    pub is_admin: bool,
    pub created_at: DateTime<Utc>,
    /// `None`: it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether this is the sign-in of a browser ([`browsers`](super::browsers)), and not an API key.
    pub is_sign_in: bool,
}

impl ApiKey {
    pub fn is_seen_by(&self, viewer: Viewer) -> bool {
        viewer.may_manage_api_key_of(self.person_id)
    }
}

impl From<api_key::Model> for ApiKey {
    fn from(row: api_key::Model) -> Self {
        let api_key::Model { id, name, person_id, is_admin, created_at, expires_at, last_used_at, is_sign_in, .. } =
            row;
        Self { id, name, person_id, is_admin, created_at, expires_at, last_used_at, is_sign_in }
    }
}

/// The input for a new key.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    pub name: String,
    pub person: Option<PersonId>,
    pub is_admin: bool,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Creates a key, and returns it with its secret. People may create keys for themselves, and admins for anybody. Without
/// a person, the key is for the viewer, unless it is an admin's key.
///
/// # Errors
/// [`Error::Forbidden`] if the viewer may not create this key, [`Error::Invalid`] for a bad name or expiry,
/// [`Error::NotFound`] if there is no such person, [`Error::Conflict`] if the person already has 100 keys.
pub async fn create_api_key(app: &App, viewer: Viewer, new: NewApiKey) -> Result<(ApiKey, String)> {
    rights::require_signed_in(viewer, "to create an API key")?;
    let owner = if new.is_admin { new.person } else { new.person.or(viewer.person) };
    if viewer.api_key.is_some() {
        return Err(Error::Forbidden("an API key cannot create another: use a token of a person or an admin".into()));
    }
    rights::require(
        viewer.may_create_api_key(owner, new.is_admin),
        "people may create API keys only for themselves, and only admins an admin's key",
    )?;
    let now = app.now();
    let mut errors = FieldErrors::default();
    if owner.is_none() && !new.is_admin {
        errors.add("personId", Refusal::KeyWithoutOwner);
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        errors.add("expiresAt", Refusal::KeyHasExpired);
    }
    let name = errors.note(required_text("name", &new.name))?;
    errors.finish()?;
    let secret = random_secret()?;
    let row = api_key::Model {
        id: ApiKeyId(0),
        name,
        person_id: owner,
        is_admin: new.is_admin,
        secret_hash: hash_of(&secret),
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
        revoked_revision: None,
        is_for_guest: false,
        is_sign_in: false,
        issuer: None,
    };
    let made = transaction!(app, now, |tx| {
        // The secret of the first attempt is not stored, so it cannot be shown again.
        if idempotency::claim_key::<ApiKeyId>(tx, app, viewer, "createApiKey", now).await?.is_some() {
            return Err(Error::Conflict(Refusal::KeyMade));
        }
        if let Some(owner) = owner {
            let person = person::Entity::find_by_id(owner).lock(LockType::NoKeyUpdate).one(tx).await?;
            person.filter(is_someone).ok_or_else(|| Error::not_found("person", owner))?;
            if listed().filter(api_key::Column::PersonId.eq(owner)).count(tx).await? >= MAX_KEYS {
                return Err(Error::Conflict(Refusal::TooManyKeys(MAX_KEYS)));
            }
        }
        let made = api_key::ActiveModel { id: NotSet, ..row.clone().into_active_model().reset_all() };
        let made = made.insert(tx).await?;
        idempotency::record_created(tx, app, viewer, made.id).await?;
        tx.audit(viewer, "createApiKey", made.id, Changes::between(None, Some(&made)));
        Ok(made)
    })?;
    Ok((made.into(), secret))
}

/// The secret of a guest's key. A repeated attempt passes its own secret (`of_attempt`), so that it gets the same one
/// again.
pub(crate) fn guest_secret(of_attempt: Option<String>) -> Result<String> {
    of_attempt.map_or_else(random_secret, |secret| Ok(format!("{PREFIX}{secret}")))
}

/// The key of a guest who is about to be created.
pub(crate) fn of_guest(secret: &str, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> api_key::Model {
    api_key::Model {
        id: ApiKeyId(0),
        name: "Guest".to_owned(),
        person_id: None,
        is_admin: false,
        secret_hash: hash_of(secret),
        created_at: now,
        expires_at: Some(expires_at),
        last_used_at: None,
        revoked_at: None,
        revoked_revision: None,
        is_for_guest: true,
        is_sign_in: false,
        issuer: None,
    }
}

pub(crate) async fn insert_for_guest(tx: &Tx, key: &api_key::Model, guest: PersonId) -> Result<()> {
    let row = api_key::Model { person_id: Some(guest), ..key.clone() };
    let row = api_key::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() };
    row.insert(tx).await?;
    Ok(())
}

/// Revokes a key. Requests with it are refused, and its sockets are closed, within seconds.
///
/// # Errors
/// [`Error::NotFound`] if there is no such key, it was revoked before, or the viewer may not see it.
pub async fn revoke_api_key(app: &App, viewer: Viewer, id: ApiKeyId) -> Result<()> {
    rights::require_signed_in(viewer, "to revoke an API key")?;
    let now = app.now();
    transaction!(app, now, |tx| {
        let row = listed().filter(api_key::Column::Id.eq(id)).lock(LockType::NoKeyUpdate).one(tx).await?;
        let row = row.filter(|row| viewer.may_manage_api_key_of(row.person_id));
        let before = row.ok_or_else(|| Error::not_found("API key", id))?;
        let after = api_key::Model { revoked_at: Some(now), ..before.clone() };
        tx.audit(viewer, "revokeApiKey", id, Changes::between(Some(&before), Some(&after)));
        after.into_active_model().reset_all().update(tx).await?;
        tx.log(|news| news.api_key_revoked(id));
        Ok(())
    })
}

/// Revokes all keys of a person. The caller also changes the person's standing, by which servers learn of it.
pub(super) async fn revoke_keys_of(tx: &Tx, person: PersonId, now: DateTime<Utc>) -> Result<()> {
    let theirs = api_key::Entity::update_many()
        .col_expr(api_key::Column::RevokedAt, now.into())
        .filter(api_key::Column::PersonId.eq(person))
        .filter(api_key::Column::RevokedAt.is_null());
    theirs.exec(tx).await?;
    Ok(())
}

/// Keys that were not revoked.
pub(super) fn live() -> Select<api_key::Entity> {
    api_key::Entity::find().filter(api_key::Column::RevokedAt.is_null())
}

/// Keys that were not revoked, without those of guests and the sign-ins of browsers.
fn listed() -> Select<api_key::Entity> {
    live().filter(api_key::Column::IsForGuest.eq(false)).filter(api_key::Column::IsSignIn.eq(false))
}

/// The keys that the viewer may see: all, or those of the viewer's person.
fn visible(viewer: Viewer) -> Select<api_key::Entity> {
    let own = viewer.person.filter(|_| !viewer.may_manage_all_api_keys());
    listed().filter(Condition::all().add_option(own.map(|person| api_key::Column::PersonId.eq(person))))
}

/// A page of keys that were not revoked, newest first. `None` for viewers who may have none.
pub async fn list_api_keys(app: &App, viewer: Viewer, page: &Page) -> Result<Option<Slice<ApiKey>>> {
    if !viewer.may_manage_api_key_of(viewer.person) {
        return Ok(None);
    }
    let order = (api_key::Column::CreatedAt, api_key::Column::Id);
    Ok(Some(page.of(app.db.pool(), visible(viewer), order, Key::Instant, true).await?))
}

pub async fn count_api_keys(app: &App, viewer: Viewer) -> Result<i64> {
    lists::count(app.db.pool(), visible(viewer), api_key::Column::Id).await
}

/// Keys by their ids, revoked ones too: the audit log names them.
pub async fn find_api_keys(app: &App, ids: &[ApiKeyId]) -> Result<Vec<ApiKey>> {
    let rows = api_key::Entity::find().filter(crate::db::is_one_of(app.db.pool(), api_key::Column::Id, ids.to_vec()));
    Ok(rows.all(app.db.pool()).await?.into_iter().map(ApiKey::from).collect())
}

/// Whether a text has the form of a secret.
pub fn is_secret(text: &str) -> bool {
    let is_base64 = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    text.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == SECRET_CHARACTERS && rest.bytes().all(is_base64))
}

/// The key with this secret, unless it was revoked.
pub async fn find_by_secret(app: &App, secret: &str) -> Result<Option<ApiKey>> {
    let row = live().filter(api_key::Column::SecretHash.eq(hash_of(secret))).one(app.db.pool()).await?;
    Ok(row.map(ApiKey::from))
}

/// Records that a key was used now, unless a use in the last minute is recorded.
pub async fn note_use(app: &App, key: &ApiKey) -> Result<()> {
    let now = app.now();
    if key.last_used_at.is_some_and(|at| now - at < LAST_USED_STEP) {
        return Ok(());
    }
    let id = key.id;
    transaction!(app, now, |tx| {
        let used = api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, now.into())
            .filter(api_key::Column::Id.eq(id));
        used.exec(tx).await?;
        Ok(())
    })
}

/// The revocations of keys with this number or a higher one, each with its number.
pub async fn find_revoked(app: &App, since: i64) -> Result<Vec<(ApiKeyId, i64)>> {
    let revoked = api_key::Entity::find()
        .select_only()
        .columns([api_key::Column::Id, api_key::Column::RevokedRevision])
        .filter(api_key::Column::RevokedRevision.gte(since))
        .order_by_asc(api_key::Column::RevokedRevision);
    Ok(revoked.into_tuple().all(app.db.pool()).await?)
}

/// The number of the last revocation of a key.
pub async fn find_last_revocation(app: &App) -> Result<i64> {
    let last = api_key::Entity::find()
        .select_only()
        .column_as(api_key::Column::RevokedRevision.max(), "last")
        .filter(api_key::Column::RevokedRevision.is_not_null());
    let last: Option<Option<i64>> = last.into_tuple().one(app.db.pool()).await?;
    Ok(last.flatten().unwrap_or_default())
}

pub(super) fn random_secret() -> Result<String> {
    Ok(format!("{PREFIX}{}", secret::random::<SECRET_BYTES>()?))
}

pub(super) fn hash_of(secret: &str) -> String {
    hex(&secret::hash(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_recognised_by_their_form() {
        let secret = random_secret().ok();
        assert!(secret.as_deref().is_some_and(is_secret));
        assert_ne!(secret, random_secret().ok());
        for other in ["", "isk_", "isk_short", "eyJhbGciOiJIUzI1NiJ9.e30.abc"] {
            assert!(!is_secret(other), "{other}");
        }
    }
}
