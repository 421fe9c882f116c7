//! A foreign key for `person.merged_into_id`. The column was created without one.
//!
//! PostgreSQL adds the constraint without checking the rows, so that other transactions do not have to wait. The next
//! migration checks them.
//!
//! SQLite can't add a constraint to a table. The table can't be rebuilt in a transaction either: dropping the old one
//! would delete all rows that refer to it. SQLite can add a column with a reference, so a new column replaces the old
//! one.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

pub(crate) const CONSTRAINT: &str = "fk_person_merged_into";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            let add = format!(
                r#"ALTER TABLE "person" ADD CONSTRAINT "{CONSTRAINT}"
                   FOREIGN KEY ("merged_into_id") REFERENCES "person" ("id") NOT VALID"#
            );
            db.execute_unprepared(&add).await?;
            return Ok(());
        }
        replace_column(db, r#"REFERENCES "person" ("id")"#).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            db.execute_unprepared(&format!(r#"ALTER TABLE "person" DROP CONSTRAINT "{CONSTRAINT}""#)).await?;
            return Ok(());
        }
        replace_column(db, "").await
    }
}

/// Replaces `merged_into_id` by a column with this reference, or with none if it is empty. The column stays the last
/// one.
async fn replace_column(db: &SchemaManagerConnection<'_>, reference: &str) -> Result<(), DbErr> {
    for sql in [
        r#"DROP INDEX "idx_person_merged""#,
        r#"ALTER TABLE "person" RENAME COLUMN "merged_into_id" TO "merged_into_id_before""#,
        &format!(r#"ALTER TABLE "person" ADD COLUMN "merged_into_id" integer NULL {reference}"#),
        r#"UPDATE "person" SET "merged_into_id" = "merged_into_id_before" WHERE "merged_into_id_before" IS NOT NULL"#,
        r#"ALTER TABLE "person" DROP COLUMN "merged_into_id_before""#,
        r#"CREATE INDEX "idx_person_merged" ON "person" ("merged_into_id") WHERE merged_into_id IS NOT NULL"#,
    ] {
        db.execute_unprepared(sql).await?;
    }
    Ok(())
}
