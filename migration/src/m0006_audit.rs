//! Who changed what, when, from what to what.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, timestamp_with_time_zone};

use crate::m0001_sessions::big_key;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum AuditEntry {
    Table,
    Id,
    OccurredAt,
    Actor,
    Action,
    Node,
    Changes,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(AuditEntry::Table)
            .col(big_key(AuditEntry::Id))
            .col(timestamp_with_time_zone(AuditEntry::OccurredAt))
            // A person's id such as Person:7, or what the token of an admin called them.
            .col(text(AuditEntry::Actor))
            // The mutation's name.
            .col(text(AuditEntry::Action))
            // What was changed, by its id, such as Session:7.
            .col(text(AuditEntry::Node))
            // JSON: of each field that changed its name, and what it was and is.
            .col(text(AuditEntry::Changes))
            .to_owned();
        manager.create_table(table).await?;
        let index = |name: &str| Index::create().name(name).table(AuditEntry::Table).to_owned();
        for index in [
            index("idx_audit_entry_at").col(AuditEntry::OccurredAt).col(AuditEntry::Id).to_owned(),
            index("idx_audit_entry_node").col(AuditEntry::Node).col(AuditEntry::OccurredAt).to_owned(),
            index("idx_audit_entry_actor").col(AuditEntry::Actor).col(AuditEntry::OccurredAt).to_owned(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(AuditEntry::Table).to_owned()).await
    }
}
