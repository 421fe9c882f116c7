//! Tables for visits, for activities with a limited number of seats, and for the hourly statistics of visits.
//!
//! A plain beat only changes `presence.last_seen_at`. No index contains that column, in its columns or in its
//! condition. PostgreSQL can therefore write the new version of the row without touching an index (a HOT update).
//! Queries find visits by `is_live`, `activity_id` and `abandon_at`, which only change when a visit begins, takes or
//! leaves a seat, goes offline or ends.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::m0001_sessions::{Person, big_key};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Activity {
    Table,
    Id,
    Key,
    Name,
    MaxConcurrent,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Presence {
    Table,
    Id,
    PersonId,
    SecretHash,
    LanguageCode,
    CurrentPage,
    ActivityId,
    Status,
    IsLive,
    StartedAt,
    LastSeenAt,
    CompletedAt,
    AbandonAt,
}

#[derive(DeriveIden)]
enum PresenceHour {
    Table,
    Id,
    Hour,
    Started,
    Completed,
    Abandoned,
    DurationMs,
    LongestMs,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [activity(), presence(), presence_hour()] {
            manager.create_table(table).await?;
        }
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            let sql = r#"ALTER TABLE "presence" SET (fillfactor = 70),
                           ALTER COLUMN "id" TYPE text COLLATE "C",
                           ALTER COLUMN "language_code" TYPE text COLLATE "C""#;
            manager.get_connection().execute_unprepared(sql).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["presence_hour", "presence", "activity"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}

fn activity() -> TableCreateStatement {
    Table::create()
        .table(Activity::Table)
        .col(big_key(Activity::Id))
        .col(text(Activity::Key).unique_key())
        .col(text(Activity::Name))
        // Null means no limit.
        .col(integer_null(Activity::MaxConcurrent))
        .col(timestamp_with_time_zone(Activity::CreatedAt))
        .check(Expr::cust("max_concurrent >= 0"))
        .to_owned()
}

fn presence() -> TableCreateStatement {
    Table::create()
        .table(Presence::Table)
        // A UUID as text. The client generates it.
        .col(text(Presence::Id).primary_key())
        // The owner of the visit: a person, or the client that knows the secret. Exactly one of the two columns is set.
        .col(big_integer_null(Presence::PersonId))
        .col(text_null(Presence::SecretHash))
        .col(text_null(Presence::LanguageCode))
        .col(text_null(Presence::CurrentPage))
        // The activity in which the visit has a seat (rule 17).
        .col(big_integer_null(Presence::ActivityId))
        .col(text(Presence::Status))
        // Whether the visit was online at the last beat or sweep. Only last_seen_at says whether it still is.
        .col(boolean(Presence::IsLive))
        .col(timestamp_with_time_zone(Presence::StartedAt))
        .col(timestamp_with_time_zone(Presence::LastSeenAt))
        .col(timestamp_with_time_zone_null(Presence::CompletedAt))
        // The instant at which an offline visit becomes abandoned (rule 16).
        .col(timestamp_with_time_zone_null(Presence::AbandonAt))
        .foreign_key(
            ForeignKey::create()
                .from(Presence::Table, Presence::PersonId)
                .to(Person::Table, Person::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Presence::Table, Presence::ActivityId)
                .to(Activity::Table, Activity::Id)
                .on_delete(ForeignKeyAction::SetNull),
        )
        .check(Expr::col(Presence::Status).is_in(["ACTIVE", "COMPLETED", "ABANDONED"]))
        .check(Expr::cust("(person_id IS NULL) <> (secret_hash IS NULL)"))
        .check(Expr::cust("NOT is_live OR status = 'ACTIVE'"))
        .check(Expr::cust("activity_id IS NULL OR is_live"))
        .check(Expr::cust("(abandon_at IS NOT NULL) = (status = 'ACTIVE' AND NOT is_live)"))
        .check(Expr::cust("(completed_at IS NOT NULL) = (status = 'COMPLETED')"))
        .to_owned()
}

/// The statistics of the visits that started in one hour. The values of an hour are the sums over its rows, except that
/// `longest_ms` is the maximum. A transaction inserts a row instead of updating one, so that no transaction waits for
/// another. A job later replaces the rows of an hour by one.
fn presence_hour() -> TableCreateStatement {
    Table::create()
        .table(PresenceHour::Table)
        .col(big_key(PresenceHour::Id))
        .col(timestamp_with_time_zone(PresenceHour::Hour))
        .col(big_integer(PresenceHour::Started))
        .col(big_integer(PresenceHour::Completed))
        .col(big_integer(PresenceHour::Abandoned))
        // The total and the longest duration of completed visits, in milliseconds.
        .col(big_integer(PresenceHour::DurationMs))
        .col(big_integer(PresenceHour::LongestMs))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let visits = |name: &str| Index::create().name(name).table(Presence::Table).to_owned();
    vec![
        // Beats find their rows in this small index instead of the primary key, which contains all old visits.
        visits("idx_presence_live").col(Presence::Id).cond_where(Expr::cust("is_live")).to_owned(),
        visits("idx_presence_seat")
            .col(Presence::ActivityId)
            .cond_where(Expr::cust("activity_id IS NOT NULL"))
            .to_owned(),
        visits("idx_presence_abandon")
            .col(Presence::AbandonAt)
            .cond_where(Expr::cust("abandon_at IS NOT NULL"))
            .to_owned(),
        visits("idx_presence_started").col(Presence::StartedAt).col(Presence::Id).to_owned(),
        visits("idx_presence_person")
            .col(Presence::PersonId)
            .col(Presence::StartedAt)
            .col(Presence::Id)
            .cond_where(Expr::cust("person_id IS NOT NULL"))
            .to_owned(),
        Index::create().name("idx_presence_hour").table(PresenceHour::Table).col(PresenceHour::Hour).to_owned(),
    ]
}
