//! Migrations are applied by one process at a time, beside servers of the previous version, and never block others for long.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::{try_join, try_join_all};
use insession_tests::{
    Backend, Deployment, LIMIT, Program, Settings, TestDatabase,
    database::{execute, number},
    eventually, on_both_databases, program,
};
use migration::Migrator;
use sea_orm::TransactionTrait;
use sea_orm_migration::prelude::*;
use service::db::Db;

use crate::load::{Load, Size, Tolerance, test_error};

on_both_databases!(
    concurrent_starts_migrate_once,
    previous_version_starts_with_newer_migrations_applied,
    stored_names_get_the_keys_of_searches,
);

pub async fn concurrent_starts_migrate_once(database: TestDatabase) -> Result<()> {
    let settings = Settings::new(&database.url);
    // SQLite supports one server.
    let servers = if database.backend == Backend::Postgres { 3 } else { 1 };
    let servers = try_join_all((0..servers).map(|_| Program::serve(&settings)));
    let commands =
        try_join_all((0..4).map(|_| async { program::run(&settings, &["migrate"]).await?.expect_success() }));
    let (servers, commands) = try_join(servers, commands).await?;
    let mut logs: Vec<String> = servers.iter().map(Program::log).collect();
    logs.extend(commands.into_iter().map(|command| command.stderr));
    let applied = |log: &String| log.matches("'m0001_sessions' has been applied").count();
    assert_eq!(logs.iter().map(applied).sum::<usize>(), 1, "{logs:#?}");
    for server in servers {
        server.admin().data("{ sessions { totalCount } }", serde_json::json!({})).await?;
    }
    Ok(())
}

async fn previous_version_starts_with_newer_migrations_applied(database: TestDatabase) -> Result<()> {
    let settings = Settings::new(&database.url);
    let mut server = Program::serve(&settings).await?;
    let connection = database.connect().await?;
    execute(&connection, "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_newer', 0)").await?;
    server.terminate().await?;
    server.start_again().await?;
    program::run(&settings, &["migrate"]).await?.expect_success()?;
    Ok(())
}

async fn stored_names_get_the_keys_of_searches(database: TestDatabase) -> Result<()> {
    program::run(&Settings::new(&database.url), &["migrate"]).await?.expect_success()?;
    let connection = database.connect().await?;
    Migrator::down(&connection, Some(1)).await?;
    let old = "INSERT INTO person (id, display_name, name_key, created_at) VALUES (7, 'José', 'josé', '2026-01-01T00:00:00Z')";
    execute(&connection, old).await?;
    Migrator::up(&connection, None).await?;
    assert_eq!(number(&connection, "SELECT COUNT(*) FROM person WHERE name_key = 'jose'").await?, 1);
    Ok(())
}

/// The migrations of a later version.
struct Next;

#[async_trait::async_trait]
impl MigratorTrait for Next {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Migrator::migrations();
        migrations.push(Box::new(Expansion));
        migrations
    }
}

/// Adds a column to busy tables, in the opposite of the order in which the program takes locks.
struct Expansion;

impl MigrationName for Expansion {
    fn name(&self) -> &'static str {
        "m9999_expansion"
    }
}

const EXPANDED: [&str; 4] = ["change_log", "person", "session_instance", "session"];

#[async_trait::async_trait]
impl MigrationTrait for Expansion {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in EXPANDED {
            let column = ColumnDef::new("added").text().null().to_owned();
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        let index = Index::create().name("idx_added").table("person").col("added").to_owned();
        manager.create_index(index).await
    }
}

async fn migrate_to_next(database: &TestDatabase, patience: Duration) -> Result<()> {
    let db = Db::connect(&database.url, 2).await.map_err(test_error)?;
    db.migrate_with::<Next>(patience).await.map_err(test_error)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migration_under_load_causes_no_errors() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::sized(&database, 2, 1, |settings| settings).await?;
    let load = Load::start(&database, &deployment, Size { subscribers: 5, writers: 4 }, Tolerance::default()).await?;

    // A long transaction reads while three processes migrate. The load goes on.
    let connection = database.connect().await?;
    let hold = connection.begin().await?;
    execute(&hold, "LOCK TABLE session_instance IN ACCESS SHARE MODE").await?;
    let patience = Duration::from_mins(5);
    let migrating = try_join_all((0..3).map(|_| migrate_to_next(&database, patience)));
    let others = async {
        for _ in 0..2 {
            let tries = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'
                         AND relation = 'session_instance'::regclass
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            eventually(LIMIT, "a migration to try", async || {
                ensure!(number(&connection, tries).await? > 0, "none does");
                Ok(())
            })
            .await?;
            load.expect_progress(20).await?;
        }
        let expanded = "SELECT count(*) FROM pg_attribute WHERE attname = 'added'";
        ensure!(number(&connection, expanded).await? == 0, "a part of the migration is visible");
        hold.rollback().await?;
        Ok::<_, anyhow::Error>(())
    };
    try_join(migrating, others).await?;
    for table in EXPANDED {
        execute(&connection, &format!("SELECT added FROM {table} LIMIT 1")).await?;
    }

    // The previous version goes on and can be restarted.
    load.expect_progress(20).await?;
    deployment.workers[0].terminate().await?;
    deployment.workers[0].start_again().await?;
    load.expect_recovery(&deployment.servers).await?;
    load.finish(&database).await?;
    Ok(())
}

#[tokio::test]
async fn migration_reports_a_table_that_stays_locked() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let db = Db::connect(&database.url, 2).await.map_err(test_error)?;
    db.migrate().await.map_err(test_error)?;
    let connection = database.connect().await?;
    let hold = connection.begin().await?;
    execute(&hold, "LOCK TABLE session IN ACCESS SHARE MODE").await?;
    let error = migrate_to_next(&database, Duration::ZERO).await.err().context("the migration did not fail")?;
    ensure!(format!("{error:?}").contains("stayed locked"), "{error:?}");
    hold.rollback().await?;
    migrate_to_next(&database, LIMIT).await
}
