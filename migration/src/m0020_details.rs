//! Descriptions and websites of sessions, and whether the seats of an activity count people or visits.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, text_null};

use crate::m0001_sessions::Session;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Column {
    Description,
    Website,
    SeatsPer,
}

#[derive(DeriveIden)]
enum Activity {
    Table,
}

const SEATS: &str = "idx_presence_person_seat";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = |table: DynIden, column: ColumnDef| Table::alter().table(table).add_column(column).to_owned();
        manager.alter_table(add(Session::Table.into_iden(), text_null(Column::Description))).await?;
        manager.alter_table(add(Session::Table.into_iden(), text_null(Column::Website))).await?;
        // PERSON or VISIT.
        let seats_per = text(Column::SeatsPer).default("PERSON").take();
        manager.alter_table(add(Activity::Table.into_iden(), seats_per)).await?;
        // The seats of a person.
        let sql = format!(
            r#"CREATE INDEX "{SEATS}" ON "presence" ("person_id", "activity_id")
               WHERE person_id IS NOT NULL AND activity_id IS NOT NULL"#
        );
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(SEATS).to_owned()).await?;
        let drop = |table: DynIden, column: Column| Table::alter().table(table).drop_column(column).to_owned();
        manager.alter_table(drop(Activity::Table.into_iden(), Column::SeatsPer)).await?;
        manager.alter_table(drop(Session::Table.into_iden(), Column::Website)).await?;
        manager.alter_table(drop(Session::Table.into_iden(), Column::Description)).await
    }
}
