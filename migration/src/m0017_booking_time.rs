//! The time of a booking, so that the database keeps a student from being in two places: an exclusion constraint on
//! PostgreSQL. On SQLite, the writing transaction checks this; SQLite runs one writing transaction at a time.
//!
//! The columns are null for bookings that exist already, and for those of servers of the previous version. Such bookings
//! may overlap, and the constraint ignores them. New bookings are checked against them by the transaction that makes
//! them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Booking {
    Table,
    StartsAt,
    EndsAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [Booking::StartsAt, Booking::EndsAt] {
            let column = timestamp_with_time_zone_null(column);
            manager.alter_table(Table::alter().table(Booking::Table).add_column(column).to_owned()).await?;
        }
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            // Ranges of numbers have an operator class of their own, so this needs no extension.
            let sql = "ALTER TABLE booking ADD CONSTRAINT booking_student_overlap EXCLUDE USING gist \
                       (int8range(student_id, student_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&) \
                       WHERE (starts_at IS NOT NULL AND ends_at IS NOT NULL AND status NOT IN ('COMPLETED', 'CANCELLED'))";
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            let sql = "ALTER TABLE booking DROP CONSTRAINT booking_student_overlap";
            manager.get_connection().execute_unprepared(sql).await?;
        }
        for column in [Booking::EndsAt, Booking::StartsAt] {
            manager.alter_table(Table::alter().table(Booking::Table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
