//! A column that numbers the changes to the validity of a person's tokens: revocation, erasure, merging.
//!
//! Each such change gets the next number. A server reads the numbers after the last one that it knows. Servers of the
//! previous version give no numbers. If one of them revokes tokens while both versions run, a socket of a newer server
//! stays open until it reconnects.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

use crate::m0001_sessions::Person;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Column {
    StandingRevision,
}

const INDEX: &str = "idx_person_standing";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = big_integer_null(Column::StandingRevision);
        manager.alter_table(Table::alter().table(Person::Table).add_column(column).to_owned()).await?;
        let index = Index::create()
            .name(INDEX)
            .table(Person::Table)
            .col(Column::StandingRevision)
            .cond_where(Expr::cust("standing_revision IS NOT NULL"))
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).to_owned()).await?;
        manager.alter_table(Table::alter().table(Person::Table).drop_column(Column::StandingRevision).to_owned()).await
    }
}
