//! A worker is killed in the middle of a sweep: nothing is lost and nothing is done twice.

use anyhow::{Result, ensure};
use insession_tests::{
    LIMIT, Program, Redis, Settings, TestDatabase,
    database::{execute, number},
    eventually, program,
};
use sea_orm::{ConnectionTrait, TransactionTrait};

const INSTANCES: i64 = 10_000;

#[tokio::test]
async fn sweep_interrupted_by_a_crash_makes_each_change_once() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let redis = Redis::start().await?;
    let settings = Settings::new(&database.url).redis(&redis.url());
    program::run(&settings, &["migrate"]).await?.expect_success()?;
    let connection = database.connect().await?;
    insert_due_instances(&connection).await?;

    // A locked row stops the sweep in the middle.
    let hold = connection.begin().await?;
    let middle = INSTANCES / 2;
    execute(&hold, &format!("SELECT 1 FROM session_instance WHERE id = {middle} FOR UPDATE")).await?;
    let mut worker = Program::worker(&settings).await?;
    eventually(LIMIT, "the sweep to get stuck", async || {
        ensure!(number(&connection, WAITING_FOR_A_LOCK).await? > 0, "nobody waits for a lock");
        Ok(())
    })
    .await?;
    worker.kill_9()?;
    hold.rollback().await?;
    // When PostgreSQL notices that the connection is gone, it has rolled the open transaction back, or committed it if the
    // worker had sent the commit.
    let active = number(&connection, ACTIVE).await?;
    ensure!(active < INSTANCES, "the sweep had finished before the worker was killed");

    let report = program::run(&settings, &["sweep", "--json"]).await?.expect_success()?.json()?;
    ensure!(report["errors"].as_array().is_some_and(Vec::is_empty), "the sweep met errors: {}", report["errors"]);
    assert_eq!(number(&connection, ACTIVE).await?, INSTANCES);
    assert_eq!(number(&connection, PLACED).await?, INSTANCES);
    assert_eq!(number(&connection, ACTIVATIONS).await?, INSTANCES, "one row for each activation");
    assert_eq!(number(&connection, INSTANCES_ACTIVATED).await?, INSTANCES, "each instance was activated");
    assert_eq!(number(&connection, MOVES).await?, INSTANCES, "one row for each move");
    assert_eq!(number(&connection, PEOPLE_MOVED).await?, INSTANCES, "each person was moved");

    // A full sweep finds nothing left to do.
    let report = program::run(&settings, &["sweep", "--all", "--json"]).await?.expect_success()?.json()?;
    for list in ["activated", "deactivated", "errors"] {
        ensure!(report[list].as_array().is_some_and(Vec::is_empty), "{list}: {}", report[list]);
    }
    assert_eq!(report["people_moved"], 0);
    assert_eq!(number(&connection, "SELECT count(*) FROM change_log").await?, 2 * INSTANCES);
    Ok(())
}

const WAITING_FOR_A_LOCK: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
const ACTIVE: &str = "SELECT count(*) FROM session_instance WHERE is_active";
const PLACED: &str = "SELECT count(*) FROM person JOIN check_in ON check_in.person_id = person.id
    WHERE person.active_session_instance_id = check_in.session_instance_id";
const ACTIVATIONS: &str = "SELECT count(*) FROM change_log WHERE kind = 'ACTIVATED'";
const INSTANCES_ACTIVATED: &str = "SELECT count(DISTINCT session_instance_id) FROM change_log WHERE kind = 'ACTIVATED'";
const MOVES: &str = "SELECT count(*) FROM change_log WHERE kind = 'PERSON_MOVED'";
const PEOPLE_MOVED: &str = "SELECT count(DISTINCT person_id) FROM change_log WHERE kind = 'PERSON_MOVED'";

/// Inserts instances 1 to `INSTANCES` of a hundred sessions. They should have opened a minute ago and are not active yet.
/// One person has said yes to each. Local times are UTC, so that `sweep --all` computes the same windows.
async fn insert_due_instances(connection: &impl ConnectionTrait) -> Result<()> {
    let sql = format!(
        "WITH facts AS (SELECT date_trunc('minute', now()) - interval '1 minute' AS opens),
              times AS (SELECT opens, opens + interval '10 hours' AS closes,
                               opens AT TIME ZONE 'UTC' AS local_start,
                               (opens + interval '10 hours') AT TIME ZONE 'UTC' AS local_end FROM facts),
              sessions AS (
                  INSERT INTO session (id, name, name_key, path, time_zone, active_buffer_minutes_before,
                                       active_buffer_minutes_after, created_at)
                  SELECT n, 'Session ' || n, 'session ' || n, 'session-' || n, 'UTC', 0, 0, now()
                  FROM generate_series(1, 100) n),
              instances AS (
                  INSERT INTO session_instance (id, session_id, date, start_time, end_time, starts_at, ends_at,
                                                opens_at, closes_at, listed_at, due_at, created_at)
                  SELECT n, 1 + n % 100, local_start::date, local_start::time, local_end::time, opens, closes,
                         opens, closes, opens, opens, now()
                  FROM generate_series(1, {INSTANCES}) n, times),
              people AS (
                  INSERT INTO person (id, display_name, name_key, created_at)
                  SELECT n, 'Person ' || n, 'person ' || n, now() FROM generate_series(1, {INSTANCES}) n)
         INSERT INTO check_in (session_instance_id, person_id, attendance, checked_in_at)
         SELECT n, n, 'YES', now() - interval '1 day' FROM generate_series(1, {INSTANCES}) n"
    );
    execute(connection, &sql).await
}
