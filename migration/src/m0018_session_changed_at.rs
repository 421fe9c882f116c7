//! A column for the instant of the last change of a session or one of its meetings.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

use crate::m0001_sessions::Session;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Column {
    ChangedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null for a session that has not changed since this migration.
        let changed_at = timestamp_with_time_zone_null(Column::ChangedAt);
        manager.alter_table(Table::alter().table(Session::Table).add_column(changed_at).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(Session::Table).drop_column(Column::ChangedAt).to_owned()).await
    }
}
