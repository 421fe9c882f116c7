//! A table of skips: ranges of local dates on which a session does not meet. Also a column for instances made by hand,
//! which keep the occurrence that they stood for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, date, text_null, timestamp_with_time_zone};

use crate::m0001_sessions::{Session, SessionInstance, big_key};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum SessionSkip {
    Table,
    Id,
    SessionId,
    FromDate,
    ToDate,
    Reason,
    CreatedAt,
}

/// The new column of the table of instances.
#[derive(DeriveIden)]
enum Column {
    IsByHand,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table()).await?;
        // A person created the instance. If it has an occurrence, it stood for that one when it was moved or deleted.
        let is_by_hand = boolean(Column::IsByHand).default(false).take();
        manager.alter_table(Table::alter().table(SessionInstance::Table).add_column(is_by_hand).to_owned()).await?;
        let by_session = Index::create()
            .name("idx_session_skip_session")
            .table(SessionSkip::Table)
            .col(SessionSkip::SessionId)
            .col(SessionSkip::ToDate)
            .to_owned();
        manager.create_index(by_session).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Table::alter().table(SessionInstance::Table).drop_column(Column::IsByHand).to_owned();
        manager.alter_table(drop).await?;
        manager.drop_table(Table::drop().table(SessionSkip::Table).to_owned()).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(SessionSkip::Table)
        .col(big_key(SessionSkip::Id))
        .col(big_integer(SessionSkip::SessionId))
        // The first and the last skipped date.
        .col(date(SessionSkip::FromDate))
        .col(date(SessionSkip::ToDate))
        .col(text_null(SessionSkip::Reason))
        .col(timestamp_with_time_zone(SessionSkip::CreatedAt))
        .foreign_key(
            ForeignKey::create()
                .from(SessionSkip::Table, SessionSkip::SessionId)
                .to(Session::Table, Session::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .check(Expr::cust("from_date <= to_date"))
        .to_owned()
}
