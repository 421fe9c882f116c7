//! Columns for the coordinates of a session, and the index by which neighbours are found.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::integer_null;

use crate::m0001_sessions::Session;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Coordinates in units of 0.0000001 degrees. Both are null, or neither is.
#[derive(DeriveIden)]
enum Column {
    Latitude,
    Longitude,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds only one column in a statement.
        for column in [Column::Latitude, Column::Longitude] {
            manager
                .alter_table(Table::alter().table(Session::Table).add_column(integer_null(column)).to_owned())
                .await?;
        }
        let index = Index::create()
            .name("idx_session_coordinates")
            .table(Session::Table)
            .col(Column::Latitude)
            .col(Column::Longitude)
            .cond_where(Expr::cust("latitude IS NOT NULL"))
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("idx_session_coordinates").table(Session::Table).to_owned()).await?;
        for column in [Column::Latitude, Column::Longitude] {
            manager.alter_table(Table::alter().table(Session::Table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
