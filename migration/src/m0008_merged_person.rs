//! The person that another one was merged into is a foreign key. The version before had the column only.
//!
//! SQLite cannot add a constraint to a table, and a table that others refer to is not rebuilt in a transaction: dropping the
//! old one would delete all that refers to it. A column with a reference can be added, though: it takes the place of the one
//! without. PostgreSQL adds the constraint without looking at the rows, which the next migration does, so that nothing waits for
//! that.

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

/// Puts a column with this reference, or with none, in the place of `merged_into_id`. It was the last one, and is again.
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
