//! A table of imported sessions: the session that a UID of a calendar file became, and the content of the file. With it, the
//! next import of the file changes only what changed in the file.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, timestamp_with_time_zone};

use crate::m0001_sessions::{Session, big_key};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum ImportedSession {
    Table,
    Id,
    Source,
    SessionId,
    Contents,
    ImportedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table()).await?;
        let by_session = Index::create()
            .name("idx_imported_session_session")
            .table(ImportedSession::Table)
            .col(ImportedSession::SessionId)
            .to_owned();
        manager.create_index(by_session).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ImportedSession::Table).to_owned()).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(ImportedSession::Table)
        .col(big_key(ImportedSession::Id))
        // The UID, or the session whose feed was imported. Two imports at the same time make one session.
        .col(text(ImportedSession::Source).unique_key())
        .col(big_integer(ImportedSession::SessionId))
        // JSON: the session as the file had it, and the instance of each of its meetings.
        .col(text(ImportedSession::Contents))
        .col(timestamp_with_time_zone(ImportedSession::ImportedAt))
        .foreign_key(
            ForeignKey::create()
                .from(ImportedSession::Table, ImportedSession::SessionId)
                .to(Session::Table, Session::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
