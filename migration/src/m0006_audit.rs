//! The table of the audit log: who changed what, when, with the old and the new values.

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
            // The id of a person, such as Person:7, or the subject of an admin's token that names no person.
            .col(text(AuditEntry::Actor))
            // The name of the mutation.
            .col(text(AuditEntry::Action))
            // The id of the changed object, such as Session:7.
            .col(text(AuditEntry::Node))
            // JSON: the name, the old value and the new value of each changed field.
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
