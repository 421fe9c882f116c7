//! PostgreSQL looks whether each person that another one was merged into is there; others read and write meanwhile. On SQLite
//! the migration before has done so.

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
