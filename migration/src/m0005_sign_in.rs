//! Columns for external ids, revoked tokens, erased and merged people, and deleted sessions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, integer, text_null, timestamp_with_time_zone_null};

use crate::m0001_sessions::{Person, Session, SessionInstance};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Column {
    ExternalId,
    TokensNotBefore,
    ErasedAt,
    MergedIntoId,
    DeletedAt,
    ErasedCount,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds only one column in a statement.
        for (table, column) in columns() {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["idx_person_external", "idx_person_tokens", "idx_person_merged"] {
            manager.drop_index(Index::drop().name(name).to_owned()).await?;
        }
        for (table, column) in columns() {
            let drop = Table::alter().table(table).drop_column(column.get_column_name()).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

fn columns() -> Vec<(DynIden, ColumnDef)> {
    let (person, session) = (Person::Table.into_iden(), Session::Table.into_iden());
    vec![
        // The person's id at the identity provider.
        (person.clone(), text_null(Column::ExternalId)),
        // Tokens that were issued before this instant are refused.
        (person.clone(), timestamp_with_time_zone_null(Column::TokensNotBefore)),
        // The instant at which the person was erased. The row stays, without personal data, because other rows refer to
        // it.
        (person.clone(), timestamp_with_time_zone_null(Column::ErasedAt)),
        // The person into which this one was merged.
        (person, big_integer_null(Column::MergedIntoId)),
        // Deleted sessions stay as marked rows while the change log may refer to them.
        (session, timestamp_with_time_zone_null(Column::DeletedAt)),
        // The number of erased people who had said yes. It keeps the counts of past instances right.
        (SessionInstance::Table.into_iden(), integer(Column::ErasedCount).default(0).take()),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let person = |name: &str| Index::create().name(name).table(Person::Table).to_owned();
    vec![
        person("idx_person_external").unique().col(Column::ExternalId).to_owned(),
        person("idx_person_tokens")
            .col(Column::TokensNotBefore)
            .cond_where(Expr::cust("tokens_not_before IS NOT NULL"))
            .to_owned(),
        person("idx_person_merged")
            .col(Column::MergedIntoId)
            .cond_where(Expr::cust("merged_into_id IS NOT NULL"))
            .to_owned(),
    ]
}
