//! Tables for the change log, for counts that have not been published, for sweep runs, and for the installation itself.
//!
//! A transaction that changes a status inserts one `change_batch` and its `change_log` rows as its last statements. A
//! batch gets its positions from the publisher, after the commit.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::m0001_sessions::{SessionInstance, big_key};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum ChangeBatch {
    Table,
    Id,
    OccurredAt,
    Size,
    FirstPosition,
}

#[derive(DeriveIden)]
pub(crate) enum ChangeLog {
    Table,
    BatchId,
    Ordinal,
    Kind,
    SessionId,
    SessionInstanceId,
    City,
    Country,
    PreviousCity,
    PreviousCountry,
    HasPreviousPlace,
    PersonId,
    PreviousSessionInstanceId,
    PreviousSessionId,
}

#[derive(DeriveIden)]
enum CountChange {
    Table,
    Id,
    SessionInstanceId,
}

#[derive(DeriveIden)]
enum SweepRun {
    Table,
    Id,
    Tick,
    Scope,
    At,
    StartedAt,
    FinishedAt,
    ErrorCount,
    Report,
}

#[derive(DeriveIden)]
enum Installation {
    Table,
    Id,
    Name,
    CursorKey,
    TzDataVersion,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [change_batch(), change_log(), count_change(), sweep_run(), installation()] {
            manager.create_table(table).await?;
        }
        for index in [
            Index::create()
                .name("idx_change_batch_position")
                .table(ChangeBatch::Table)
                .unique()
                .col(ChangeBatch::FirstPosition)
                .to_owned(),
            Index::create()
                .name("idx_change_batch_unpublished")
                .table(ChangeBatch::Table)
                .col(ChangeBatch::Id)
                .cond_where(Expr::cust("first_position IS NULL"))
                .to_owned(),
            Index::create()
                .name("idx_change_batch_occurred")
                .table(ChangeBatch::Table)
                .col(ChangeBatch::OccurredAt)
                .to_owned(),
            Index::create().name("idx_sweep_run_started").table(SweepRun::Table).col(SweepRun::StartedAt).to_owned(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["installation", "sweep_run", "count_change", "change_log", "change_batch"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}

fn change_batch() -> TableCreateStatement {
    Table::create()
        .table(ChangeBatch::Table)
        .col(big_key(ChangeBatch::Id))
        .col(timestamp_with_time_zone(ChangeBatch::OccurredAt))
        // The number of its change_log rows. Their positions are first_position to first_position + size - 1.
        .col(integer(ChangeBatch::Size))
        .col(big_integer_null(ChangeBatch::FirstPosition))
        .check(Expr::col(ChangeBatch::Size).gt(0))
        .to_owned()
}

fn change_log() -> TableCreateStatement {
    Table::create()
        .table(ChangeLog::Table)
        .col(big_integer(ChangeLog::BatchId))
        .col(integer(ChangeLog::Ordinal))
        .col(text(ChangeLog::Kind))
        .col(big_integer_null(ChangeLog::SessionId))
        .col(big_integer_null(ChangeLog::SessionInstanceId))
        .col(text_null(ChangeLog::City))
        .col(text_null(ChangeLog::Country))
        .col(boolean(ChangeLog::HasPreviousPlace).default(false))
        .col(text_null(ChangeLog::PreviousCity))
        .col(text_null(ChangeLog::PreviousCountry))
        .col(big_integer_null(ChangeLog::PersonId))
        .col(big_integer_null(ChangeLog::PreviousSessionInstanceId))
        .col(big_integer_null(ChangeLog::PreviousSessionId))
        .primary_key(Index::create().col(ChangeLog::BatchId).col(ChangeLog::Ordinal))
        .foreign_key(
            ForeignKey::create()
                .from(ChangeLog::Table, ChangeLog::BatchId)
                .to(ChangeBatch::Table, ChangeBatch::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

/// Instances whose counts have changed since the publisher last logged them (rule 24).
fn count_change() -> TableCreateStatement {
    Table::create()
        .table(CountChange::Table)
        .col(big_key(CountChange::Id))
        .col(big_integer(CountChange::SessionInstanceId))
        .foreign_key(
            ForeignKey::create()
                .from(CountChange::Table, CountChange::SessionInstanceId)
                .to(SessionInstance::Table, SessionInstance::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn sweep_run() -> TableCreateStatement {
    Table::create()
        .table(SweepRun::Table)
        .col(big_key(SweepRun::Id))
        // The scheduled instant of the run. It is unique, so that several workers run one sweep a tick.
        .col(timestamp_with_time_zone_null(SweepRun::Tick).unique_key())
        .col(text(SweepRun::Scope))
        .col(timestamp_with_time_zone(SweepRun::At))
        .col(timestamp_with_time_zone(SweepRun::StartedAt))
        .col(timestamp_with_time_zone_null(SweepRun::FinishedAt))
        .col(integer(SweepRun::ErrorCount).default(0))
        .col(text_null(SweepRun::Report))
        .to_owned()
}

fn installation() -> TableCreateStatement {
    Table::create()
        .table(Installation::Table)
        .col(integer(Installation::Id).primary_key())
        // A random name. It prefixes the keys in Redis, so that several installations can share one Redis.
        .col(text(Installation::Name))
        // The key that signs cursors, so that a forged one is detected.
        .col(text(Installation::CursorKey))
        // The version of the IANA time zone data with which the stored windows were computed.
        .col(text(Installation::TzDataVersion))
        .check(Expr::col(Installation::Id).eq(1))
        .to_owned()
}
