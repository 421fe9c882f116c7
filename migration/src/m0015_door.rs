//! Check-in codes of sessions, and guests: people who checked in with a code and without an account.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, text};

use crate::m0001_sessions::{Person, Session};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Column {
    CheckInCodes,
    RequiresCode,
    IsGuest,
    IsForGuest,
}

#[derive(DeriveIden)]
enum ApiKey {
    Table,
}

const GUESTS: &str = "idx_person_guest";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = |table: DynIden, column: ColumnDef| Table::alter().table(table).add_column(column).to_owned();
        for statement in [
            // NONE, FIXED or ROTATING.
            add(Session::Table.into_iden(), text(Column::CheckInCodes).default("NONE").take()),
            add(Session::Table.into_iden(), boolean(Column::RequiresCode).default(false).take()),
            add(Person::Table.into_iden(), boolean(Column::IsGuest).default(false).take()),
            // The key of a guest. It is not in lists of keys.
            add(ApiKey::Table.into_iden(), boolean(Column::IsForGuest).default(false).take()),
        ] {
            manager.alter_table(statement).await?;
        }
        // Finds the guests who are due to be erased.
        let guests = Index::create()
            .name(GUESTS)
            .table(Person::Table)
            .col(Person::CreatedAt)
            .cond_where(Expr::cust("is_guest AND erased_at IS NULL"))
            .to_owned();
        manager.create_index(guests).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(GUESTS).to_owned()).await?;
        let drop = |table: DynIden, column: Column| Table::alter().table(table).drop_column(column).to_owned();
        manager.alter_table(drop(ApiKey::Table.into_iden(), Column::IsForGuest)).await?;
        manager.alter_table(drop(Person::Table.into_iden(), Column::IsGuest)).await?;
        manager.alter_table(drop(Session::Table.into_iden(), Column::RequiresCode)).await?;
        manager.alter_table(drop(Session::Table.into_iden(), Column::CheckInCodes)).await
    }
}
