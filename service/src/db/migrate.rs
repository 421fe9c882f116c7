//! Migrating: one process at a time, and one migration in each transaction.

use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::FromQueryResult;
use tokio::time::Instant;

use super::{Db, advisory, execute, rows};
use crate::error::{Error, Result};

/// How long a process waits while another one migrates.
const MIGRATION_TURN: &str = "10min";

/// How long a migration waits for a table that is in use, and how long it pauses before it tries again.
const MIGRATION_LOCK: &str = "500ms";
const MIGRATION_PAUSE: Duration = Duration::from_secs(2);

/// The role that creates tables, and the schema in which it creates them.
#[derive(FromQueryResult)]
struct RoleAndSchema {
    role: String,
    schema: String,
}

impl Db {
    /// Migrates the schema to this version. Only one process migrates at a time.
    ///
    /// # Errors
    /// Among others, if the locks that a migration needs were not free for one minute.
    pub async fn migrate(&self) -> Result<()> {
        self.migrate_with::<Migrator>(Duration::from_mins(1)).await
    }

    /// Whether all migrations of this version are applied. Changes nothing.
    pub async fn is_migrated(&self) -> Result<bool> {
        #[derive(sea_orm::FromQueryResult)]
        struct Applied {
            version: String,
        }
        let applied: Vec<Applied> = match rows(self.pool(), "SELECT version FROM seaql_migrations", []).await {
            Ok(applied) => applied,
            Err(error) if error.is_disconnection() => return Err(error),
            // There is no such table.
            Err(_) => return Ok(false),
        };
        let is_applied = |name: &str| applied.iter().any(|applied| applied.version == name);
        Ok(Migrator::get_migration_files().iter().all(|migration| is_applied(migration.name())))
    }

    /// The same as [`migrate`](Self::migrate), with other migrations. `patience` is how long each tries to get its
    /// locks while others use the tables.
    pub async fn migrate_with<M: MigratorTrait>(&self, patience: Duration) -> Result<()> {
        loop {
            let began = Instant::now();
            let has_migrated = loop {
                match self.migrate_once::<M>().await {
                    Err(error) if error.is_lock_conflict() && began.elapsed() < patience => {
                        tracing::info!(
                            %error,
                            "a migration could not lock its tables, and is tried again"
                        );
                        tokio::time::sleep(MIGRATION_PAUSE).await;
                    }
                    Err(error) if error.is_lock_conflict() => {
                        return Err(Error::internal(format!(
                            "the tables of a migration stayed locked for {} seconds, probably by an open transaction; end it and migrate again: {error}",
                            patience.as_secs()
                        )));
                    }
                    Err(error) => return Err(self.explain(error).await),
                    Ok(has_migrated) => break has_migrated,
                }
            };
            if !has_migrated {
                return Ok(());
            }
        }
    }

    /// Says what to do if the role may not create tables in the schema, or if the schema has tables of another program.
    async fn explain(&self, error: Error) -> Error {
        let problem = if error.is_permission_denied() {
            "lacks a right in"
        } else if error.is_already_defined() {
            "finds tables of another program in"
        } else {
            return error;
        };
        let sql = "SELECT current_user::text AS role, coalesce(current_schema()::text, '') AS schema";
        let found: Vec<RoleAndSchema> = rows(&self.pool, sql, []).await.unwrap_or_default();
        let Some(RoleAndSchema { role, schema }) = found.first() else { return error };
        Error::internal(format!(
            "the role {role:?} {problem} the schema {schema:?}: {error}. Grant the right \
             (GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}), or give InSession a schema of its own: \
             CREATE SCHEMA insession AUTHORIZATION {role}; ALTER ROLE {role} SET search_path = insession"
        ))
    }

    /// Applies the next migration in one transaction, so that a crash leaves nothing half done. Returns whether there
    /// was one.
    async fn migrate_once<M: MigratorTrait>(&self) -> Result<bool> {
        let tx = self.begin().await?;
        if tx.is_postgres() {
            execute(&tx, &format!("SET LOCAL lock_timeout = '{MIGRATION_TURN}'"), []).await?;
            let turn = execute(&tx, advisory::TAKE, [("lock", advisory::MIGRATE.into())]).await;
            turn.map_err(|error| {
                Error::internal(format!("could not get the migration lock, which another process may hold: {error}"))
            })?;
            // Other statements queue behind a migration that waits for a table, so it must not wait long.
            execute(&tx, &format!("SET LOCAL lock_timeout = '{MIGRATION_LOCK}'"), []).await?;
        }
        let pending = M::get_pending_migrations(&tx.inner).await?;
        let Some(name) = pending.first().map(|migration| migration.name().to_owned()) else {
            tx.rollback().await?;
            return Ok(false);
        };
        M::up(&tx.inner, Some(1)).await?;
        tx.commit().await?;
        tracing::info!("migration '{name}' has been applied");
        Ok(true)
    }
}
