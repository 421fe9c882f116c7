//! A PostgreSQL whose defaults are not those of a new server. The program sets what it needs, or refuses to start with
//! a message that names the setting.

use anyhow::{Result, ensure};
use insession_tests::{Postgres, TestDatabase};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::db::Db;

use crate::{bookings, presence, service as core, service::world::Done};

/// Each of these settings would change the meaning of a statement, or end it.
const UNUSUAL_DEFAULTS: &[(&str, &str)] = &[
    ("default_transaction_read_only", "on"),
    ("default_transaction_deferrable", "on"),
    ("TimeZone", "Asia/Kolkata"),
    ("DateStyle", "German"),
    ("IntervalStyle", "iso_8601"),
    ("bytea_output", "escape"),
    ("client_encoding", "LATIN1"),
    ("standard_conforming_strings", "off"),
    ("transform_null_equals", "on"),
    ("lock_timeout", "1ms"),
    ("statement_timeout", "1s"),
    ("idle_in_transaction_session_timeout", "1s"),
    ("idle_session_timeout", "1s"),
];

async fn unusual_database(isolation: &str) -> Result<TestDatabase> {
    set_unusual_defaults(TestDatabase::postgres().await?, isolation).await
}

async fn set_unusual_defaults(database: TestDatabase, isolation: &str) -> Result<TestDatabase> {
    let mut defaults = UNUSUAL_DEFAULTS.to_vec();
    defaults.push(("default_transaction_isolation", isolation));
    database.with_defaults(&defaults).await
}

macro_rules! races_under {
    ($($module:ident: $isolation:literal),+ $(,)?) => { $(
        mod $module {
            use super::{Result, bookings, core, unusual_database, presence};

            #[tokio::test]
            async fn seats_are_never_oversold() -> Result<()> {
                presence::race::concurrent_requests_never_exceed_the_limit(unusual_database($isolation).await?).await
            }

            #[tokio::test]
            async fn one_booking_gets_the_slot() -> Result<()> {
                bookings::races::one_of_many_concurrent_bookings_gets_the_slot(unusual_database($isolation).await?).await
            }

            #[tokio::test]
            async fn one_overlapping_slot_is_created() -> Result<()> {
                bookings::races::one_of_many_overlapping_slots_is_created(unusual_database($isolation).await?).await
            }

            #[tokio::test]
            async fn concurrent_check_ins_saves_and_sweeps_stay_consistent() -> Result<()> {
                core::races::concurrent_check_ins_saves_and_sweeps_stay_consistent(unusual_database($isolation).await?).await
            }
        }
    )+ };
}

races_under!(under_repeatable_read: "repeatable read", under_serializable: "serializable");

/// The value of a setting on this connection or in this transaction.
async fn setting(connection: &impl ConnectionTrait, name: &str) -> Result<String> {
    let show = Statement::from_string(DbBackend::Postgres, format!("SHOW {name}"));
    let row = connection.query_one_raw(show).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

#[tokio::test]
async fn connections_and_transactions_override_database_defaults() -> Result<()> {
    override_database_defaults(TestDatabase::postgres().await?).await
}

pub async fn override_database_defaults(database: TestDatabase) -> Result<()> {
    let database = set_unusual_defaults(database, "serializable").await?;
    let db = Db::connect(&database.url, 4).await.done()?;
    for (name, expected) in [
        ("default_transaction_isolation", "read committed"),
        ("transaction_isolation", "read committed"),
        ("transaction_read_only", "off"),
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("bytea_output", "hex"),
        ("client_encoding", "UTF8"),
        ("standard_conforming_strings", "on"),
        ("transform_null_equals", "off"),
        ("lock_timeout", "15s"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("idle_session_timeout", "0"),
        ("jit", "off"),
    ] {
        assert_eq!(setting(db.pool(), name).await?, expected, "{name}");
    }
    let tx = db.begin().await.done()?;
    for (name, expected) in [
        ("transaction_isolation", "read committed"),
        ("transaction_read_only", "off"),
        ("transaction_deferrable", "off"),
    ] {
        assert_eq!(setting(&tx, name).await?, expected, "{name} of a writing transaction");
    }
    drop(tx);
    let snapshot = db.snapshot().await.done()?;
    for (name, expected) in [("transaction_isolation", "repeatable read"), ("transaction_read_only", "on")] {
        assert_eq!(setting(&snapshot, name).await?, expected, "{name} of a snapshot");
    }
    Ok(())
}

/// A transaction sets its isolation level, because a pooler may give it a connection with other settings.
#[tokio::test]
async fn writing_transaction_sets_its_own_isolation_level() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let db = Db::connect(&database.url, 1).await.done()?;
    db.pool().execute_unprepared("SET default_transaction_isolation = 'serializable'").await?;
    db.pool().execute_unprepared("SET default_transaction_read_only = on").await?;
    let tx = db.begin().await.done()?;
    assert_eq!(setting(&tx, "transaction_isolation").await?, "read committed");
    assert_eq!(setting(&tx, "transaction_read_only").await?, "off");
    Ok(())
}

#[tokio::test]
async fn unusable_database_settings_are_refused_by_name() -> Result<()> {
    let encoding = "TEMPLATE template0 ENCODING 'LATIN1'";
    let latin = Postgres::shared().await?.create_database_with(encoding).await?;
    let nowhere = TestDatabase::postgres_with_defaults(&[("search_path", "nowhere")]).await?;
    let replica = TestDatabase::postgres_with_defaults(&[("session_replication_role", "replica")]).await?;
    for (url, setting) in
        [(&latin, "server_encoding"), (&nowhere.url, "search_path"), (&replica.url, "session_replication_role")]
    {
        let refused = Db::connect(url, 2).await.expect_err(setting).to_string();
        ensure!(refused.contains(setting), "{setting} is not named: {refused}");
    }
    Ok(())
}
