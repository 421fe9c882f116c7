//! Since when what a transaction did had been due: how late the clock's changes are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum ChangeBatch {
    Table,
    DueAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The first instant at which something of the batch fell due; null for what people did.
        let column = timestamp_with_time_zone_null(ChangeBatch::DueAt);
        manager.alter_table(Table::alter().table(ChangeBatch::Table).add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(ChangeBatch::Table).drop_column(ChangeBatch::DueAt).to_owned()).await
    }
}
