//! The test data. SQL fills the tables, and restores them after each run.

use std::fmt;

use anyhow::Result;
use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;
use service::db::Db;

use crate::stage::{execute, number};

pub const ABOUT: &str = "Of the upcoming instances, 1 % close now, 1 % open now, 1 % stay active, and the others are later. \
There are as many people as upcoming instances, each with ten yes check-ins on average. A session has ten upcoming and a hundred \
past instances. Half of the yes check-ins to active instances are arrivals.";

#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub upcoming: i64,
    pub past_has_check_ins: bool,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let past = if self.past_has_check_ins { "ten check-ins each too" } else { "without check-ins" };
        write!(f, "{} upcoming instances, ten check-ins each; {} past ones, {past}", self.upcoming, 10 * self.upcoming)
    }
}

/// The instant of the sweep.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

pub const NOW: &str = "to_timestamp(1800000000)";

pub async fn fill(db: &Db, Size { upcoming, past_has_check_ins }: Size) -> Result<()> {
    let past = 10 * upcoming;
    let (sessions, people) = ((upcoming / 10).max(1), upcoming);
    // One transaction, because SET LOCAL holds for one. No foreign keys are checked, and the indexes are created at the
    // end.
    let tx = sea_orm::TransactionTrait::begin(db.pool()).await?;
    execute(&tx, "SET LOCAL session_replication_role = replica").await?;
    execute(&tx, "SET LOCAL synchronous_commit = off").await?;
    execute(
        &tx,
        "CREATE TEMPORARY TABLE kept_index ON COMMIT DROP AS SELECT indexname, indexdef FROM pg_indexes \
         WHERE tablename IN ('session_instance', 'check_in', 'person') AND indexname NOT LIKE '%pkey'; \
         DO $$ DECLARE name text; BEGIN \
           FOR name IN SELECT indexname FROM kept_index LOOP EXECUTE format('DROP INDEX %I', name); END LOOP; \
         END $$",
    )
    .await?;
    execute(
        &tx,
        &format!(
            "INSERT INTO session (name, name_key, path, city, country, time_zone, created_at) \
             SELECT 'Session ' || n, 'session ' || n, 'session-' || n, 'City ' || n % 500, 'Country ' || n % 50, \
                    'America/Chicago', {NOW} FROM generate_series(1, {sessions}) n; \
             INSERT INTO person (display_name, name_key, city, country, created_at) \
             SELECT 'Person ' || n, 'person ' || n, 'City ' || n % 500, 'Country ' || n % 50, {NOW} \
             FROM generate_series(1, {people}) n"
        ),
    )
    .await?;
    execute(&tx, &instances(past, upcoming, sessions)).await?;
    let first = if past_has_check_ins { 0 } else { past };
    execute(&tx, &check_ins(first, past, upcoming, people)).await?;
    execute(
        &tx,
        "DO $$ DECLARE definition text; BEGIN \
           FOR definition IN SELECT indexdef FROM kept_index LOOP EXECUTE definition; END LOOP; \
         END $$",
    )
    .await?;
    tx.commit().await?;
    execute(db.pool(), "VACUUM ANALYZE").await?;
    let placed = "UPDATE person SET active_session_instance_id = best.place FROM (\
                    SELECT DISTINCT ON (c.person_id) c.person_id, i.id AS place \
                    FROM session_instance i JOIN check_in c ON c.session_instance_id = i.id \
                    WHERE i.is_active AND c.attendance = 'YES' \
                    ORDER BY c.person_id, c.arrived_at DESC NULLS LAST, i.starts_at, c.checked_in_at DESC, i.id DESC) best \
                  WHERE person.id = best.person_id";
    execute(db.pool(), placed).await?;
    execute(db.pool(), "VACUUM FULL person").await?;
    execute(db.pool(), "VACUUM ANALYZE").await?;
    execute(db.pool(), "CHECKPOINT").await
}

/// Past instances have the lowest ids. Of each hundred upcoming ones, one closes now, one opens now, and one stays
/// active.
fn instances(past: i64, upcoming: i64, sessions: i64) -> String {
    format!(
        "INSERT INTO session_instance (session_id, date, start_time, end_time, starts_at, ends_at, opens_at, closes_at, \
           listed_at, due_at, is_active, created_at) \
         SELECT 1 + n % {sessions}, (starts AT TIME ZONE 'UTC')::date, '19:00', '22:00', starts, starts + interval '3 hours', \
           starts - interval '1 hour', starts + interval '4 hours', starts, \
           CASE WHEN n >= {past} THEN CASE WHEN kind IN (0, 2) THEN starts + interval '4 hours' \
                                           ELSE starts - interval '1 hour' END END, \
           n >= {past} AND kind IN (0, 2), {NOW} \
         FROM (SELECT n, n % 100 AS kind, {NOW} + CASE \
             WHEN n < {past} THEN interval '-1 day' - (n % 1800) * interval '1 day' \
             WHEN n % 100 = 0 THEN interval '-4 hours' - (n / 100 % 900) * interval '1 second' \
             WHEN n % 100 = 1 THEN interval '1 hour' - (n / 100 % 900) * interval '1 second' \
             WHEN n % 100 = 2 THEN interval '-1 hour' - (n / 100 % 900) * interval '1 second' \
             ELSE interval '1 day' + (n % 40000) * interval '1 minute' END AS starts \
           FROM generate_series(0, {past} + {upcoming} - 1) n) planned ORDER BY n"
    )
}

/// Ten people for each instance: a hash of the id selects the first, and the others follow at a fixed distance.
fn check_ins(first: i64, past: i64, upcoming: i64, people: i64) -> String {
    format!(
        "INSERT INTO check_in (session_instance_id, person_id, attendance, checked_in_at, arrived_at) \
         SELECT i.id, 1 + ((hashint8extended(i.id, 7) & 1073741823) + k * 7919) % {people}, 'YES', \
           LEAST(i.starts_at, {NOW}) - (1 + (hashint8extended(i.id, k) & 65535)) * interval '1 second', \
           CASE WHEN i.is_active AND k < 5 THEN i.starts_at - (hashint8extended(i.id, k) & 1023) * interval '1 second' END \
         FROM session_instance i, generate_series(0, 9) k WHERE i.id > {first} AND i.id <= {past} + {upcoming}"
    )
}

/// Saves the values that a sweep at [`now`] changes.
pub async fn remember(db: &DatabaseConnection) -> Result<()> {
    execute(
        db,
        &format!(
            "CREATE TABLE kept_instance AS SELECT id, is_active, due_at FROM session_instance WHERE due_at <= {NOW}; \
             CREATE TABLE kept_person AS SELECT id, active_session_instance_id AS place FROM person; \
             CREATE UNIQUE INDEX ON kept_instance (id); CREATE UNIQUE INDEX ON kept_person (id); \
             ANALYZE kept_instance; ANALYZE kept_person"
        ),
    )
    .await
}

/// Restores the saved values, deletes the log of the run, and removes dead rows.
pub async fn undo(db: &DatabaseConnection) -> Result<()> {
    execute(
        db,
        "UPDATE session_instance i SET is_active = k.is_active, due_at = k.due_at FROM kept_instance k WHERE k.id = i.id; \
         UPDATE person p SET active_session_instance_id = k.place FROM kept_person k \
         WHERE k.id = p.id AND p.active_session_instance_id IS DISTINCT FROM k.place; \
         TRUNCATE change_batch, change_log, count_change",
    )
    .await?;
    for table in ["session_instance", "person", "change_batch", "change_log", "count_change"] {
        execute(db, &format!("VACUUM ANALYZE {table}")).await?;
    }
    execute(db, "CHECKPOINT").await
}

/// Digests of the tables after a run: all statuses, all placements, and all logged changes of status.
pub async fn result(db: &DatabaseConnection) -> Result<[i64; 3]> {
    let digest = |columns: &str, table: &str| {
        format!(
            "SELECT COALESCE(sum(hashtextextended(ROW({columns})::text, 0)::numeric % 1000000007), 0)::bigint FROM {table}"
        )
    };
    let turned = "change_log WHERE kind IN ('ACTIVATED', 'DEACTIVATED')";
    let (instances, statuses) =
        ("session_instance i JOIN kept_instance k ON k.id = i.id", "i.id, i.is_active, i.due_at");
    Ok([
        number(db, &digest(statuses, instances), []).await?,
        number(db, &digest("id, active_session_instance_id", "person"), []).await?,
        number(db, &digest("kind, session_id, session_instance_id, city, country", turned), []).await?,
    ])
}
