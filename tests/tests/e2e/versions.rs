//! PostgreSQL 18, beside the version of Debian's package, which runs all other tests.

use anyhow::Result;
use insession_tests::{Deployment, Postgres, TestDatabase, database::number};
use serde_json::json;

use crate::{bookings, defaults, migrations, places, presence, upgrade};

/// Runs these on PostgreSQL 18.
macro_rules! on_postgresql_18 {
    ($($name:ident: $body:path;)+) => {
        mod on_postgresql_18 {
            $(
                #[tokio::test]
                async fn $name() -> anyhow::Result<()> {
                    use super::*;
                    $body(TestDatabase::on(Postgres::shared_18().await?).await?).await
                }
            )+
        }
    };
}

on_postgresql_18! {
    empty_database_is_migrated_by_one_of_many: migrations::concurrent_starts_migrate_once;
    database_of_version_0_1_keeps_all_its_rows: upgrade::a_database_of_version_0_1_keeps_all_its_rows;
    connections_and_transactions_state_what_they_need: defaults::states_what_it_needs;
    seats_are_never_oversold: presence::race::concurrent_requests_never_exceed_the_limit;
    one_booking_gets_the_slot: bookings::races::one_of_many_concurrent_bookings_gets_the_slot;
    subscribers_of_every_server_hear_of_changes: works_on_several_servers;
}

async fn works_on_several_servers(database: TestDatabase) -> Result<()> {
    let version = number(&database.connect().await?, "SELECT current_setting('server_version_num')::bigint").await?;
    assert_eq!(version / 10_000, 18);
    let deployment = Deployment::start(&database).await?;
    places::works(deployment.first()).await?;
    let active = "{ activeSessionInstances { nodes { presentCount } } }";
    let data = deployment.second().admin().data(active, json!({})).await?;
    assert_eq!(data["activeSessionInstances"]["nodes"], json!([{ "presentCount": 1 }]));
    Ok(())
}
