//! The instant at which the changes of a batch fell due. Together with the instant of the commit it gives the delay.

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
        // The earliest instant at which a change of the batch fell due. Null for changes that people made.
        let column = timestamp_with_time_zone_null(ChangeBatch::DueAt);
        manager.alter_table(Table::alter().table(ChangeBatch::Table).add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(ChangeBatch::Table).drop_column(ChangeBatch::DueAt).to_owned()).await
    }
}
