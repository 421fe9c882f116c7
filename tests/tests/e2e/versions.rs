//! Some tests on PostgreSQL 18. All other tests run on the version of Debian's package.

use anyhow::Result;
use insession_tests::{Deployment, Postgres, TestDatabase, database::number};
use serde_json::json;

use crate::{bookings, defaults, migrations, presence, storage, upgrade};

/// Runs these tests on PostgreSQL 18.
macro_rules! on_postgresql_18 {
    ($($name:ident: $body:path;)+) => {
        mod on_postgresql_18 {
            $(
                #[tokio::test]
                async fn $name() -> anyhow::Result<()> {
                    use super::*;
                    $body(TestDatabase::on(Postgres::shared_version_18().await?).await?).await
                }
            )+
        }
    };
}

on_postgresql_18! {
    empty_database_is_migrated_by_one_of_many: migrations::concurrent_starts_migrate_once;
    database_of_version_0_1_keeps_all_its_rows: upgrade::database_of_version_0_1_keeps_its_rows_when_migrated;
    connections_and_transactions_override_database_defaults: defaults::override_database_defaults;
    seats_are_never_oversold: presence::race::concurrent_requests_never_exceed_the_limit;
    one_booking_gets_the_slot: bookings::races::one_of_many_concurrent_bookings_gets_the_slot;
    subscribers_of_every_server_get_changes: changes_reach_other_servers;
}

async fn changes_reach_other_servers(database: TestDatabase) -> Result<()> {
    let version = number(&database.connect().await?, "SELECT current_setting('server_version_num')::bigint").await?;
    assert_eq!(version / 10_000, 18);
    let deployment = Deployment::start(&database).await?;
    storage::check_in_reaches_a_subscriber(deployment.first()).await?;
    let active = "{ activeSessionInstances { nodes { presentCount } } }";
    let data = deployment.second().admin().data(active, json!({})).await?;
    assert_eq!(data["activeSessionInstances"]["nodes"], json!([{ "presentCount": 1 }]));
    Ok(())
}
