//! The queue for the seats of an activity, idle visits, and how long seats were held.
//!
//! `queue_place.leaves_at` is a lower bound: a heartbeat moves the instant at which a place is really gone, and does not
//! touch this table. Whoever finds a place due computes the instant again from `presence.last_seen_at`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, text, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::m0001_sessions::{Person, big_key};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Activity {
    Table,
    Id,
    OfferSeconds,
    QueueGraceSeconds,
    MaxIdleMinutes,
    IsRosterPublic,
}

#[derive(DeriveIden)]
enum Presence {
    Table,
    Id,
    IdleSince,
    SeatSince,
}

#[derive(DeriveIden)]
enum QueuePlace {
    Table,
    Id,
    ActivityId,
    PresenceId,
    PersonId,
    JoinedAt,
    LeavesAt,
    OfferEndsAt,
}

#[derive(DeriveIden)]
enum SeatHold {
    Table,
    Id,
    ActivityId,
    HeldMs,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            integer(Activity::OfferSeconds).default(30).take(),
            integer(Activity::QueueGraceSeconds).default(60).take(),
            // Null means that idle visits keep their seats.
            integer_null(Activity::MaxIdleMinutes),
            boolean(Activity::IsRosterPublic).default(false).take(),
        ] {
            manager.alter_table(Table::alter().table(Activity::Table).add_column(column).to_owned()).await?;
        }
        for column in [
            // Null means that the visit is not idle.
            timestamp_with_time_zone_null(Presence::IdleSince),
            // When the visit, or another visit of its person, took the seat that it has.
            timestamp_with_time_zone_null(Presence::SeatSince),
        ] {
            manager.alter_table(Table::alter().table(Presence::Table).add_column(column).to_owned()).await?;
        }
        manager.create_table(queue_place()).await?;
        manager.create_table(seat_hold()).await?;
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            // The same type as presence.id.
            let sql = r#"ALTER TABLE "queue_place" ALTER COLUMN "presence_id" TYPE text COLLATE "C""#;
            manager.get_connection().execute_unprepared(sql).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["seat_hold", "queue_place"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        for column in [Presence::SeatSince, Presence::IdleSince] {
            manager.alter_table(Table::alter().table(Presence::Table).drop_column(column).to_owned()).await?;
        }
        for column in
            [Activity::IsRosterPublic, Activity::MaxIdleMinutes, Activity::QueueGraceSeconds, Activity::OfferSeconds]
        {
            manager.alter_table(Table::alter().table(Activity::Table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

/// The places in the queues for seats, in the order of their ids.
fn queue_place() -> TableCreateStatement {
    let references = |column: QueuePlace, table: DynIden, key: DynIden| {
        ForeignKey::create()
            .from(QueuePlace::Table, column)
            .to(table, key)
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned()
    };
    Table::create()
        .table(QueuePlace::Table)
        .col(big_key(QueuePlace::Id))
        .col(big_integer(QueuePlace::ActivityId))
        // The visit that entered last. A visit has one place at most.
        .col(text(QueuePlace::PresenceId).unique_key())
        // The owner, if the place belongs to a person and not to the visit alone.
        .col(big_integer_null(QueuePlace::PersonId))
        .col(timestamp_with_time_zone(QueuePlace::JoinedAt))
        .col(timestamp_with_time_zone(QueuePlace::LeavesAt))
        // Null means that no seat is offered.
        .col(timestamp_with_time_zone_null(QueuePlace::OfferEndsAt))
        .foreign_key(&mut references(QueuePlace::ActivityId, Activity::Table.into_iden(), Activity::Id.into_iden()))
        .foreign_key(&mut references(QueuePlace::PresenceId, Presence::Table.into_iden(), Presence::Id.into_iden()))
        .foreign_key(&mut references(QueuePlace::PersonId, Person::Table.into_iden(), Person::Id.into_iden()))
        .to_owned()
}

/// For how long each of the seats that were given back last was held.
fn seat_hold() -> TableCreateStatement {
    Table::create()
        .table(SeatHold::Table)
        .col(big_key(SeatHold::Id))
        .col(big_integer(SeatHold::ActivityId))
        .col(big_integer(SeatHold::HeldMs))
        .foreign_key(
            ForeignKey::create()
                .from(SeatHold::Table, SeatHold::ActivityId)
                .to(Activity::Table, Activity::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let places = |name: &str| Index::create().name(name).table(QueuePlace::Table).to_owned();
    let is_offered = Expr::cust("offer_ends_at IS NOT NULL");
    vec![
        places("idx_queue_place_order").col(QueuePlace::ActivityId).col(QueuePlace::Id).to_owned(),
        // Finds the place that gets the next offer.
        places("idx_queue_place_waiting")
            .col(QueuePlace::ActivityId)
            .col(QueuePlace::Id)
            .cond_where(Expr::cust("offer_ends_at IS NULL"))
            .to_owned(),
        places("idx_queue_place_offered").col(QueuePlace::ActivityId).cond_where(is_offered.clone()).to_owned(),
        places("idx_queue_place_offer_ends").col(QueuePlace::OfferEndsAt).cond_where(is_offered).to_owned(),
        places("idx_queue_place_leaves").col(QueuePlace::LeavesAt).to_owned(),
        // A person has one place at most in the queue of an activity.
        places("idx_queue_place_person")
            .col(QueuePlace::PersonId)
            .col(QueuePlace::ActivityId)
            .unique()
            .cond_where(Expr::cust("person_id IS NOT NULL"))
            .to_owned(),
        Index::create()
            .name("idx_seat_hold")
            .table(SeatHold::Table)
            .col(SeatHold::ActivityId)
            .col(SeatHold::Id)
            .to_owned(),
    ]
}
