//! Which visits wait at a place in a queue, and since when the servers take heartbeats without a pause.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, integer, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Presence {
    Table,
    WaitsAtId,
}

#[derive(DeriveIden)]
enum Uptime {
    Table,
    Id,
    SeenAt,
    UpSince,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Without a foreign key: a place that is gone is not looked for in `presence`. Ids are not used again.
        let waits_at = big_integer_null(Presence::WaitsAtId);
        manager.alter_table(Table::alter().table(Presence::Table).add_column(waits_at).to_owned()).await?;
        // One row, or none before the first server.
        let uptime = Table::create()
            .table(Uptime::Table)
            .col(integer(Uptime::Id).primary_key().check(Expr::cust("id = 1")))
            .col(timestamp_with_time_zone(Uptime::SeenAt))
            .col(timestamp_with_time_zone(Uptime::UpSince))
            .to_owned();
        manager.create_table(uptime).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Uptime::Table).to_owned()).await?;
        let waits_at = Table::alter().table(Presence::Table).drop_column(Presence::WaitsAtId).to_owned();
        manager.alter_table(waits_at).await
    }
}
