//! Pictures of sessions, by their addresses.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

use crate::m0001_sessions::Session;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
struct PictureUrl;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let picture = text_null(PictureUrl);
        manager.alter_table(Table::alter().table(Session::Table).add_column(picture).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(Session::Table).drop_column(PictureUrl).to_owned()).await
    }
}
