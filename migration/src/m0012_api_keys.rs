//! API keys, and a column for the API key with which a change was made.
//!
//! The secret of a key is shown once, when it is created. Only its hash is stored.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, boolean, text, text_uniq, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::m0001_sessions::{Person, big_key, foreign_key};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum ApiKey {
    Table,
    Id,
    Name,
    PersonId,
    IsAdmin,
    SecretHash,
    CreatedAt,
    ExpiresAt,
    LastUsedAt,
    RevokedAt,
    RevokedRevision,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(ApiKey::Table)
            .col(big_key(ApiKey::Id))
            .col(text(ApiKey::Name))
            // Null: the key of an admin who is no person.
            .col(big_integer_null(ApiKey::PersonId))
            .col(boolean(ApiKey::IsAdmin).default(false))
            // SHA-256 of the secret, in hexadecimal digits.
            .col(text_uniq(ApiKey::SecretHash))
            .col(timestamp_with_time_zone(ApiKey::CreatedAt))
            .col(timestamp_with_time_zone_null(ApiKey::ExpiresAt))
            // With a precision of one minute.
            .col(timestamp_with_time_zone_null(ApiKey::LastUsedAt))
            .col(timestamp_with_time_zone_null(ApiKey::RevokedAt))
            // Revocations are numbered in the order in which they are committed, so that each server reads the ones after
            // the last one that it knows.
            .col(big_integer_null(ApiKey::RevokedRevision))
            .foreign_key(&mut foreign_key(
                (ApiKey::Table, ApiKey::PersonId),
                (Person::Table, Person::Id),
                ForeignKeyAction::Cascade,
            ))
            .to_owned();
        manager.create_table(table).await?;
        let index = |name: &str| Index::create().name(name).table(ApiKey::Table).to_owned();
        let of_person = index("idx_api_key_person").col(ApiKey::PersonId).col(ApiKey::CreatedAt).to_owned();
        manager.create_index(of_person).await?;
        let revoked = index("idx_api_key_revoked")
            .col(ApiKey::RevokedRevision)
            .cond_where(Expr::cust("revoked_revision IS NOT NULL"))
            .to_owned();
        manager.create_index(revoked).await?;
        let column = r#"ALTER TABLE "audit_entry" ADD COLUMN "api_key_id" bigint NULL
                        REFERENCES "api_key" ("id") ON DELETE SET NULL"#;
        let db = manager.get_connection();
        db.execute_unprepared(column).await?;
        let index = r#"CREATE INDEX "idx_audit_entry_api_key" ON "audit_entry" ("api_key_id")
                       WHERE api_key_id IS NOT NULL"#;
        db.execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(r#"DROP INDEX "idx_audit_entry_api_key""#).await?;
        db.execute_unprepared(r#"ALTER TABLE "audit_entry" DROP COLUMN "api_key_id""#).await?;
        manager.drop_table(Table::drop().table(ApiKey::Table).to_owned()).await
    }
}
