//! Checks the foreign key that the previous migration added on PostgreSQL. Other transactions read and write the table
//! meanwhile. SQLite has checked the rows in the previous migration.

use sea_orm_migration::prelude::*;

use crate::m0008_merged_person::CONSTRAINT;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            let validate = format!(r#"ALTER TABLE "person" VALIDATE CONSTRAINT "{CONSTRAINT}""#);
            manager.get_connection().execute_unprepared(&validate).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
