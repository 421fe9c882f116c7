//! Data about people for authentication: which person a token names, and whether the token is still valid.
//!
//! Terms:
//!
//! - An *external id* is a person's id at an identity provider.
//! - A *standing* is the data of a person that decides whether the person's tokens are valid.
//!
//! All tokens of a person end when the person or an administrator revokes them (`tokens_not_before`), and when the
//! person is erased or merged into another. Somebody who signs in as a merged person becomes the person who is left.

use chrono::{DateTime, Utc};
use domain::{access::Viewer, characters, ids::PersonId};
use entity::person;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{LockType, OnConflict},
};

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    people::{
        Person,
        api_keys::revoke_keys_of,
        erased_identity::find_erasure,
        profile::{NewPerson, blank, is_someone},
    },
    rights, transaction,
    validate::MAX_TEXT,
};

/// How a token names a person.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    Id(PersonId),
    /// The person's external id.
    External(&'a str),
}

/// The data of a person that decides whether the person's tokens are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The person. For a person who was merged into another, that other one.
    pub person: PersonId,
    /// The number of the last change to this standing; 0 if it never changed. See
    /// [`standing_changed`](crate::log::News::standing_changed).
    pub revision: i64,
    pub is_deactivated: bool,
    pub is_guest: bool,
    /// Erased, or merged into another.
    is_gone: bool,
    tokens_not_before: Option<DateTime<Utc>>,
}

impl Standing {
    fn of(row: &person::Model) -> Self {
        Self {
            person: row.id,
            revision: row.standing_revision.unwrap_or_default(),
            is_deactivated: row.is_deactivated,
            is_guest: row.is_guest,
            is_gone: !is_someone(row),
            tokens_not_before: row.tokens_not_before,
        }
    }

    /// Whether a token that was issued at this instant is valid. A token without an instant is valid only if no tokens
    /// of this person were revoked.
    pub fn accepts(&self, issued_at: Option<DateTime<Utc>>) -> bool {
        let is_revoked = |not_before| issued_at.is_none_or(|at| is_before(at, not_before));
        !self.is_gone && !self.tokens_not_before.is_some_and(is_revoked)
    }
}

/// Whether a token that was issued at `at` is older than `instant`. Most tokens have whole seconds only. Such a token
/// may have been issued before or after an instant in the same second, and counts as newer.
fn is_before(at: DateTime<Utc>, instant: DateTime<Utc>) -> bool {
    let has_fraction = at.timestamp_subsec_nanos() > 0;
    if has_fraction { at < instant } else { at.timestamp() < instant.timestamp() }
}

/// Finds the person whom a token names. `None` if there is none.
pub async fn find_standing(app: &App, named: Named<'_>) -> Result<Option<Standing>> {
    let people = person::Entity::find();
    let wanted = match named {
        Named::Id(id) => people.filter(person::Column::Id.eq(id.0)),
        Named::External(id) => people.filter(person::Column::ExternalId.eq(id)),
    };
    let Some(row) = wanted.one(app.db.pool()).await? else { return Ok(None) };
    let Some(into) = row.merged_into_id else { return Ok(Some(Standing::of(&row))) };
    let left = person::Entity::find_by_id(into).one(app.db.pool()).await?;
    Ok(left.map(|left| {
        let (standing, merged) = (Standing::of(&left), Standing::of(&row));
        let tokens_not_before = standing.tokens_not_before.max(merged.tokens_not_before);
        Standing { tokens_not_before, revision: standing.revision.max(merged.revision), ..standing }
    }))
}

/// Finds the person with this external id, or creates one. Two calls at the same time create one person. A token that
/// was issued before a person with this external id was erased creates nobody.
pub async fn register(
    app: &App,
    external_id: &str,
    name: Option<&str>,
    issued_at: Option<DateTime<Utc>>,
) -> Result<Option<Standing>> {
    let hash = app.cursor_key().await?.hash_external_id(external_id)?;
    let not_before = find_erasure(app.db.pool(), &hash).await?;
    if not_before.is_some_and(|not_before| issued_at.is_none_or(|at| is_before(at, not_before))) {
        return Ok(None);
    }
    let now = app.now();
    let new =
        NewPerson { display_name: shown_name(name), external_id: Some(external_id.to_owned()), ..NewPerson::default() };
    let row = person::Model { tokens_not_before: not_before, ..blank(&new, now)? }.into_active_model();
    let row = person::ActiveModel { id: sea_orm::ActiveValue::NotSet, ..row.reset_all() };
    transaction!(app, now, |tx| {
        let is_there = OnConflict::column(person::Column::ExternalId).do_nothing().to_owned();
        let inserted = person::Entity::insert(row.clone()).on_conflict(is_there).exec_without_returning(tx).await?;
        let made = person::Entity::find().filter(person::Column::ExternalId.eq(external_id)).one(tx).await?;
        if inserted > 0
            && let Some(made) = made
        {
            let id = made.id;
            tx.audit(Viewer::person(id), "register", id, Changes::between(None, Some(&made)));
        }
        Ok(())
    })?;
    find_standing(app, Named::External(external_id)).await
}

/// Turns the name from an identity provider into one that is allowed here.
fn shown_name(name: Option<&str>) -> String {
    let name: String = name.unwrap_or_default().chars().filter(|c| characters::is_allowed(*c)).take(MAX_TEXT).collect();
    let name = name.trim();
    if name.chars().any(characters::is_visible) { name.to_owned() } else { "New here".to_owned() }
}

/// Revokes all tokens and API keys of a person. Only for the person and administrators. Sockets that use these tokens are closed
/// within seconds.
pub async fn revoke_tokens(app: &App, viewer: Viewer, person: Option<PersonId>) -> Result<Person> {
    rights::require_signed_in(viewer, "to revoke tokens")?;
    let Some(id) = person.or(viewer.person) else {
        return Err(rights::person_required("personId"));
    };
    rights::require(viewer.may_act_for(id), Refusal::PersonOnly("revoke a person's tokens"))?;
    let now = app.now();
    transaction!(app, now, |tx| {
        let row = person::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
        let mut row = row.filter(is_someone).ok_or_else(|| Error::not_found("person", id))?;
        let before = row.clone();
        row.tokens_not_before = Some(now);
        revoke_keys_of(tx, id, now).await?;
        tx.log(|news| news.standing_changed(id));
        tx.audit(viewer, "revokeTokens", id, Changes::between(Some(&before), Some(&row)));
        Ok(row.into_active_model().reset_all().update(tx).await?.into())
    })
}

/// The standings whose last change has the number `since` or a higher one. Merged people are not resolved.
pub async fn find_changed_standings(app: &App, since: i64) -> Result<Vec<Standing>> {
    let changed = person::Entity::find().filter(person::Column::StandingRevision.gte(since));
    Ok(changed.all(app.db.pool()).await?.iter().map(Standing::of).collect())
}

/// The number of the last change to any standing.
pub async fn find_last_revision(app: &App) -> Result<i64> {
    let changed = person::Entity::find().filter(person::Column::StandingRevision.is_not_null());
    let last = changed.select_only().column_as(person::Column::StandingRevision.max(), "last");
    let last: Option<Option<i64>> = last.into_tuple().one(app.db.pool()).await?;
    Ok(last.flatten().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_of_the_second_of_the_revocation_is_valid() {
        let instant = |milliseconds| DateTime::from_timestamp_millis(milliseconds);
        let standing = Standing {
            person: PersonId(7),
            revision: 1,
            is_deactivated: false,
            is_guest: false,
            is_gone: false,
            tokens_not_before: instant(1_800_000_000_500),
        };
        for (issued_at, is_valid) in [
            (instant(1_799_999_999_000), false),
            (instant(1_800_000_000_000), true),
            (instant(1_800_000_001_000), true),
            // With a fraction, the order is known.
            (instant(1_800_000_000_499), false),
            (instant(1_800_000_000_500), true),
            (None, false),
        ] {
            assert_eq!(standing.accepts(issued_at), is_valid, "{issued_at:?}");
            assert!(!Standing { is_gone: true, ..standing }.accepts(issued_at));
        }
    }

    #[test]
    fn name_of_a_provider_becomes_a_name_that_is_allowed() {
        for (name, shown) in [
            (Some(" A\u{202e}n\u{7}n "), "Ann"),
            (Some("\u{200b}"), "New here"),
            (Some(""), "New here"),
            (None, "New here"),
        ] {
            assert_eq!(shown_name(name), shown);
        }
    }
}
