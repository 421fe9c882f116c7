//! The schema of InSession: one migrator for PostgreSQL and SQLite, and the only source of the tables.
//!
//! A rule that can be a constraint of the database is one. Instants are `timestamptz` (SQLite: RFC 3339 text in UTC,
//! which sorts as the instants do).

mod m0001_sessions;
mod m0002_change_log;
mod m0003_bookings;
mod m0004_presence;
mod m0005_sign_in;
mod m0006_audit;
mod m0007_due;
mod m0008_merged_person;
mod m0009_merged_person_valid;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{Migration, prelude::*};

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
        ]
    }

    /// Those that a newer program has applied are no error: the version before it goes on beside it, and may start again.
    async fn get_pending_migrations<C: ConnectionTrait>(db: &C) -> Result<Vec<Migration>, DbErr> {
        let applied = Self::get_migration_models(db).await?;
        let is_pending = |it: &Migration| applied.iter().all(|applied| applied.version != it.name());
        Ok(Self::get_migration_files().into_iter().filter(is_pending).collect())
    }
}
