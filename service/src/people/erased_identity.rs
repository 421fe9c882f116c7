//! External ids of people who were erased, as hashes.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use entity::erased_identity;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, sea_query::OnConflict};

use crate::{Result, db::Tx, log::cursor::InstallationKey};

/// The instant before which tokens with this external id are refused, because a person who had it was erased. It must
/// be stored with the next person who gets the external id.
pub(super) async fn not_before_of(
    tx: &Tx,
    key: &InstallationKey,
    external_id: Option<&str>,
) -> Result<Option<DateTime<Utc>>> {
    match external_id {
        Some(id) => find_erasure(tx, &key.hash_external_id(id)?).await,
        None => Ok(None),
    }
}

pub(super) async fn find_erasure<C: ConnectionTrait>(db: &C, hash: &str) -> Result<Option<DateTime<Utc>>> {
    let row = erased_identity::Entity::find_by_id(hash.to_owned()).one(db).await?;
    Ok(row.map(|row| row.tokens_not_before))
}

/// Records that the people with these external ids are erased. Their tokens of the current second are refused, too.
/// After a revocation, tokens of that second are accepted, because the person needs a new one at once.
pub(super) async fn note_erasure(
    tx: &Tx,
    key: &InstallationKey,
    external_ids: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    let tokens_not_before = now.trunc_subsecs(0) + TimeDelta::seconds(1);
    for id in external_ids {
        let hash = key.hash_external_id(id)?;
        let row = erased_identity::Model { hash, tokens_not_before }.into_active_model().reset_all();
        let latest = OnConflict::column(erased_identity::Column::Hash)
            .update_column(erased_identity::Column::TokensNotBefore)
            .to_owned();
        erased_identity::Entity::insert(row).on_conflict(latest).exec_without_returning(tx).await?;
    }
    Ok(())
}
