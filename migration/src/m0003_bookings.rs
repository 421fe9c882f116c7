//! Tables for time slots and bookings, and columns of the change log for bookings and activities.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::m0001_sessions::{Person, big_key};
use crate::m0002_change_log::ChangeLog;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum TimeSlot {
    Table,
    Id,
    MentorId,
    StartsAt,
    EndsAt,
    DeletedAt,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Booking {
    Table,
    Id,
    TimeSlotId,
    MentorId,
    StudentId,
    Status,
    IsDelayed,
    DueAt,
    CreatedAt,
    StartedAt,
    CompletedAt,
    CancelledAt,
}

/// New columns of the change log.
#[derive(DeriveIden)]
enum About {
    BookingId,
    MentorId,
    StudentId,
    OldStatus,
    NewStatus,
    IsDelayed,
    Reason,
    ActivityId,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(time_slot()).await?;
        for index in time_slot_indexes() {
            manager.create_index(index).await?;
        }
        manager.create_table(booking()).await?;
        for index in booking_indexes() {
            manager.create_index(index).await?;
        }
        // SQLite has no exclusion constraints. There, the writing transaction looks for overlaps first; SQLite runs one
        // writing transaction at a time.
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            let sql = "ALTER TABLE time_slot ADD CONSTRAINT time_slot_overlap EXCLUDE USING gist \
                       (int8range(mentor_id, mentor_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&) \
                       WHERE (deleted_at IS NULL)";
            manager.get_connection().execute_unprepared(sql).await?;
        }
        for mut column in [
            big_integer_null(About::BookingId),
            big_integer_null(About::MentorId),
            big_integer_null(About::StudentId),
            text_null(About::OldStatus),
            text_null(About::NewStatus),
            // Servers of the previous version insert rows without this column.
            boolean(About::IsDelayed).default(false).take(),
            text_null(About::Reason),
            big_integer_null(About::ActivityId),
        ] {
            let alter = Table::alter().table(ChangeLog::Table).add_column(&mut column).to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            About::ActivityId,
            About::Reason,
            About::IsDelayed,
            About::NewStatus,
            About::OldStatus,
            About::StudentId,
            About::MentorId,
            About::BookingId,
        ] {
            manager.alter_table(Table::alter().table(ChangeLog::Table).drop_column(column).to_owned()).await?;
        }
        manager.drop_table(Table::drop().table(Booking::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(TimeSlot::Table).to_owned()).await
    }
}

fn time_slot() -> TableCreateStatement {
    Table::create()
        .table(TimeSlot::Table)
        .col(big_key(TimeSlot::Id))
        .col(big_integer(TimeSlot::MentorId))
        .col(timestamp_with_time_zone(TimeSlot::StartsAt))
        .col(timestamp_with_time_zone(TimeSlot::EndsAt))
        // A deleted slot that has bookings stays as a marked row, because the bookings refer to it.
        .col(timestamp_with_time_zone_null(TimeSlot::DeletedAt))
        .col(timestamp_with_time_zone(TimeSlot::CreatedAt))
        .foreign_key(
            ForeignKey::create()
                .from(TimeSlot::Table, TimeSlot::MentorId)
                .to(Person::Table, Person::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .check(Expr::col(TimeSlot::EndsAt).gt(Expr::col(TimeSlot::StartsAt)))
        .to_owned()
}

fn time_slot_indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str| Index::create().name(name).table(TimeSlot::Table).to_owned();
    let not_deleted = || Expr::cust("deleted_at IS NULL");
    vec![
        // The target of the bookings' foreign key, which ensures that a booking has the mentor of its slot.
        index("idx_time_slot_id_mentor").unique().col(TimeSlot::Id).col(TimeSlot::MentorId).to_owned(),
        index("idx_time_slot_start").col(TimeSlot::StartsAt).col(TimeSlot::Id).cond_where(not_deleted()).to_owned(),
        index("idx_time_slot_mentor")
            .col(TimeSlot::MentorId)
            .col(TimeSlot::StartsAt)
            .col(TimeSlot::Id)
            .cond_where(not_deleted())
            .to_owned(),
    ]
}

fn booking() -> TableCreateStatement {
    Table::create()
        .table(Booking::Table)
        .col(big_key(Booking::Id))
        .col(big_integer(Booking::TimeSlotId))
        // The mentor of the slot, so that a query for a person's bookings needs no join.
        .col(big_integer(Booking::MentorId))
        .col(big_integer(Booking::StudentId))
        .col(text(Booking::Status))
        .col(boolean(Booking::IsDelayed).default(false))
        // The instant of the next automatic step (rule 18). Null means never; the partial index leaves out such rows.
        .col(timestamp_with_time_zone_null(Booking::DueAt))
        .col(timestamp_with_time_zone(Booking::CreatedAt))
        .col(timestamp_with_time_zone_null(Booking::StartedAt))
        .col(timestamp_with_time_zone_null(Booking::CompletedAt))
        .col(timestamp_with_time_zone_null(Booking::CancelledAt))
        .foreign_key(
            ForeignKey::create()
                .from(Booking::Table, (Booking::TimeSlotId, Booking::MentorId))
                .to(TimeSlot::Table, (TimeSlot::Id, TimeSlot::MentorId))
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Booking::Table, Booking::StudentId)
                .to(Person::Table, Person::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .check(Expr::col(Booking::Status).is_in(["SCHEDULED", "ONGOING", "COMPLETED", "CANCELLED"]))
        .check(Expr::col(Booking::StudentId).ne(Expr::col(Booking::MentorId)))
        .to_owned()
}

fn booking_indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str| Index::create().name(name).table(Booking::Table).to_owned();
    let newest = |name: &str, of: Booking| index(name).col(of).col(Booking::CreatedAt).col(Booking::Id).to_owned();
    vec![
        // A slot has at most one booking that is not cancelled, even if several people book at once (rule 18).
        index("idx_booking_living")
            .unique()
            .col(Booking::TimeSlotId)
            .cond_where(Expr::cust("status <> 'CANCELLED'"))
            .to_owned(),
        index("idx_booking_due")
            .col(Booking::DueAt)
            .col(Booking::Id)
            .cond_where(Expr::cust("due_at IS NOT NULL"))
            .to_owned(),
        index("idx_booking_slot").col(Booking::TimeSlotId).to_owned(),
        index("idx_booking_newest").col(Booking::CreatedAt).col(Booking::Id).to_owned(),
        newest("idx_booking_mentor", Booking::MentorId),
        newest("idx_booking_student", Booking::StudentId),
    ]
}
