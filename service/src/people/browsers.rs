//! Browsers in which somebody is signed in.
//!
//! A sign-in is a row in the table of API keys, with a hash of the secret that the browser has in its cookie. So it ends as a key
//! does: when it is revoked, when it expires, and with all other tokens of its person. It is in no list of API keys.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    ids::{ApiKeyId, PersonId},
};
use entity::{api_key, person};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, sea_query::LockType,
};

use super::api_keys::{hash_of, live, random_secret};
use crate::{App, Error, Result, audit::Changes, db::Tx, people::is_someone, rights, transaction};

/// The longest time for which a browser stays signed in.
const LONGEST: TimeDelta = TimeDelta::days(30);

/// The longest time for administrators. Their rights are read when they sign in, and the identity provider may take
/// them away after that.
const LONGEST_OF_ADMINS: TimeDelta = TimeDelta::days(1);

/// A new sign-in of a browser.
#[derive(Debug, Clone)]
pub struct NewSignIn {
    pub viewer: Viewer,
    /// When the viewer was authenticated. Tokens that are revoked after this instant end the sign-in too.
    pub checked_at: DateTime<Utc>,
    /// The end of the token with which the person signs in, if it has one.
    pub token_ends_at: Option<DateTime<Utc>>,
    /// The OpenID Connect provider with which the person signs in.
    pub issuer: Option<String>,
}

/// When a browser in which the viewer signs in now is signed out at the latest.
pub fn latest_end(viewer: Viewer, now: DateTime<Utc>) -> DateTime<Utc> {
    now + if viewer.is_admin { LONGEST_OF_ADMINS } else { LONGEST }
}

/// Signs a browser in, and returns the secret for its cookie and when the sign-in ends.
///
/// # Errors
/// [`Error::NotFound`] if the person does not exist.
pub async fn sign_in(app: &App, new: NewSignIn) -> Result<(String, DateTime<Utc>)> {
    let NewSignIn { viewer, checked_at, token_ends_at, issuer } = new;
    let longest = latest_end(viewer, checked_at);
    let ends_at = token_ends_at.map_or(longest, |end| end.min(longest));
    let secret = random_secret()?;
    let row = api_key::Model {
        id: ApiKeyId(0),
        name: name_of(viewer),
        person_id: viewer.person,
        is_admin: viewer.is_admin,
        secret_hash: hash_of(&secret),
        created_at: checked_at,
        expires_at: Some(ends_at),
        last_used_at: None,
        revoked_at: None,
        revoked_revision: None,
        is_for_guest: false,
        is_sign_in: true,
        issuer,
    };
    transaction!(app, app.now(), |tx| {
        if let Some(id) = row.person_id {
            let person = person::Entity::find_by_id(id).lock(LockType::KeyShare).one(tx).await?;
            person.filter(is_someone).ok_or_else(|| Error::not_found("person", id))?;
        }
        let row = api_key::ActiveModel { id: NotSet, ..row.clone().into_active_model().reset_all() };
        row.insert(tx).await?;
        Ok(())
    })?;
    Ok((secret, ends_at))
}

/// Ends the sign-in of the browser with this secret, or of the guest. Does nothing for other secrets. Sockets that were opened
/// with it are closed within seconds. Returns the OpenID Connect provider with which the person signed in.
pub async fn sign_out(app: &App, secret: &str) -> Result<Option<String>> {
    let now = app.now();
    let of_browser = Condition::any().add(api_key::Column::IsSignIn.eq(true)).add(api_key::Column::IsForGuest.eq(true));
    let found = live().filter(api_key::Column::SecretHash.eq(hash_of(secret))).filter(of_browser);
    transaction!(app, now, |tx| {
        let Some(row) = found.clone().lock(LockType::NoKeyUpdate).one(tx).await? else { return Ok(None) };
        let issuer = row.issuer.clone();
        revoke(tx, row, now).await?;
        Ok(issuer)
    })
}

/// Ends all sign-ins of a person.
pub(super) async fn end_sign_ins_of(tx: &Tx, person: PersonId, now: DateTime<Utc>) -> Result<()> {
    let theirs = live().filter(api_key::Column::PersonId.eq(person)).filter(api_key::Column::IsSignIn.eq(true));
    revoke_all(tx, theirs.all(tx).await?, now).await
}

/// Ends all sign-ins of the viewer, an administrator who is no person: those with the name that the viewer's token has. For a person,
/// [`revoke_tokens`](super::sign_in::revoke_tokens) ends them.
pub async fn end_sign_ins_of_admin(app: &App, viewer: Viewer) -> Result<()> {
    rights::require_signed_in(viewer, "to end sign-ins")?;
    rights::require(viewer.is_admin, "people end their sign-ins with all their tokens")?;
    let theirs = live()
        .filter(api_key::Column::PersonId.is_null())
        .filter(api_key::Column::IsSignIn.eq(true))
        .filter(api_key::Column::Name.eq(name_of(viewer)));
    let now = app.now();
    transaction!(app, now, |tx| {
        for row in theirs.clone().lock(LockType::NoKeyUpdate).all(tx).await? {
            let after = api_key::Model { revoked_at: Some(now), ..row.clone() };
            tx.audit(viewer, "revokeTokens", row.id, Changes::between(Some(&row), Some(&after)));
            revoke(tx, row, now).await?;
        }
        Ok(())
    })
}

/// The name of a sign-in. That of an administrator who is no person is for the audit log.
fn name_of(viewer: Viewer) -> String {
    match viewer.admin_name.as_str() {
        "" => "Browser".to_owned(),
        name => name.to_owned(),
    }
}

/// Ends the access that a person has as a guest.
pub(super) async fn end_guest_keys_of(tx: &Tx, person: PersonId, now: DateTime<Utc>) -> Result<()> {
    let theirs = live().filter(api_key::Column::PersonId.eq(person)).filter(api_key::Column::IsForGuest.eq(true));
    revoke_all(tx, theirs.all(tx).await?, now).await
}

async fn revoke_all(tx: &Tx, rows: Vec<api_key::Model>, now: DateTime<Utc>) -> Result<()> {
    for row in rows {
        revoke(tx, row, now).await?;
    }
    Ok(())
}

async fn revoke(tx: &Tx, row: api_key::Model, now: DateTime<Utc>) -> Result<()> {
    tx.log(|news| news.api_key_revoked(row.id));
    api_key::Model { revoked_at: Some(now), ..row }.into_active_model().reset_all().update(tx).await?;
    Ok(())
}
