//! A table of the external ids of erased people, as keyed hashes.
//!
//! With it, a token from before the erasure is refused, even if tokens of unknown people create a person. Without the
//! key of the installation, nobody can tell whose external id a hash is.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum ErasedIdentity {
    Table,
    Hash,
    TokensNotBefore,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(ErasedIdentity::Table)
            .col(text(ErasedIdentity::Hash).primary_key())
            // Tokens that were issued before this instant are refused.
            .col(timestamp_with_time_zone(ErasedIdentity::TokensNotBefore))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ErasedIdentity::Table).to_owned()).await
    }
}
