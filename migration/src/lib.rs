//! The database schema of InSession. One migrator creates all tables, on PostgreSQL and on SQLite.
//!
//! - A rule is a constraint of the database wherever the database can express it.
//! - Instants are `timestamptz` on PostgreSQL. On SQLite they are RFC 3339 text in UTC, which sorts in the order of
//!   time.
//! - The name of a migration is the name of its file. Applied migrations are recorded under that name, so it never
//!   changes.
//! - A released migration never changes what it does. Servers of the previous version still run while a new one is
//!   applied, so a migration adds first, and a later one removes.

mod m0001_sessions;
mod m0002_change_log;
mod m0003_bookings;
mod m0004_presence;
mod m0005_sign_in;
mod m0006_audit;
mod m0007_due;
mod m0008_merged_person;
mod m0009_merged_person_valid;
mod m0010_standing;
mod m0011_erased_identity;
mod m0012_api_keys;
mod m0013_idempotency_key;
mod m0014_skips;
mod m0015_door;
mod m0016_session_city;
mod m0017_booking_time;
mod m0018_session_changed_at;
mod m0019_session_place;
mod m0020_details;
mod m0022_queue;
mod m0023_sign_ins;
mod m0024_imported_session;
mod m0025_waiting_visits;
mod m0028_session_picture;
mod m0029_search_keys;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{Migration, prelude::*};

/// The list of migrations, in the order in which they are applied.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_sessions::Migration),
            Box::new(m0002_change_log::Migration),
            Box::new(m0003_bookings::Migration),
            Box::new(m0004_presence::Migration),
            Box::new(m0005_sign_in::Migration),
            Box::new(m0006_audit::Migration),
            Box::new(m0007_due::Migration),
            Box::new(m0008_merged_person::Migration),
            Box::new(m0009_merged_person_valid::Migration),
            Box::new(m0010_standing::Migration),
            Box::new(m0011_erased_identity::Migration),
            Box::new(m0012_api_keys::Migration),
            Box::new(m0013_idempotency_key::Migration),
            Box::new(m0014_skips::Migration),
            Box::new(m0015_door::Migration),
            Box::new(m0016_session_city::Migration),
            Box::new(m0017_booking_time::Migration),
            Box::new(m0018_session_changed_at::Migration),
            Box::new(m0019_session_place::Migration),
            Box::new(m0020_details::Migration),
            Box::new(m0022_queue::Migration),
            Box::new(m0023_sign_ins::Migration),
            Box::new(m0024_imported_session::Migration),
            Box::new(m0025_waiting_visits::Migration),
            Box::new(m0028_session_picture::Migration),
            Box::new(m0029_search_keys::Migration),
        ]
    }

    /// The migrations of this program that have not been applied. Migrations that a newer program has applied are not
    /// an error: the previous version keeps running during an update, and it may be restarted.
    async fn get_pending_migrations<C: ConnectionTrait>(db: &C) -> Result<Vec<Migration>, DbErr> {
        let applied = Self::get_migration_models(db).await?;
        let is_pending = |it: &Migration| applied.iter().all(|applied| applied.version != it.name());
        Ok(Self::get_migration_files().into_iter().filter(is_pending).collect())
    }
}
