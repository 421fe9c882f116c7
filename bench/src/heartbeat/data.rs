//! The test data: online visits and many old ones.

use anyhow::{Context, Result};
use domain::ids::PresenceId;
use sea_orm::{ConnectionTrait, Statement};
use service::db::Db;

use crate::stage::{Stage, execute};

/// The owner of all visits.
pub const PERSON: i64 = 1;

/// One in this number of online visits has a seat.
pub const VISITS_A_SEAT: i64 = 10;

/// The number of old visits that one statement inserts.
const BATCH: i64 = 500_000;

/// The script for pgbench: one beat as one statement.
pub const UPSERT: &str = "\\set n random(1, :visits)
INSERT INTO presence (id, person_id, current_page, status, is_live, started_at, last_seen_at)
VALUES (md5('live' || :n)::uuid::text, 1, '/learning', 'ACTIVE', TRUE, now(), now())
ON CONFLICT (id) DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at, current_page = EXCLUDED.current_page;
";

/// Drops the indexes and disables the foreign keys while the rows are inserted. The primary key stays, because other
/// tables refer to it.
const WITHOUT_INDEXES: &str = "
ALTER TABLE presence DISABLE TRIGGER ALL;
CREATE TABLE kept_index AS SELECT indexname, indexdef FROM pg_indexes
  WHERE tablename = 'presence' AND indexname <> 'presence_pkey';
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT indexname FROM kept_index LOOP EXECUTE format('DROP INDEX %I', name); END LOOP;
END $$";

const WITH_INDEXES: &str = "
DO $$ DECLARE definition text; BEGIN
  FOR definition IN SELECT indexdef FROM kept_index LOOP EXECUTE definition; END LOOP;
END $$;
DROP TABLE kept_index;
ALTER TABLE presence ENABLE TRIGGER ALL";

/// Inserts the visits. The starts of old visits are spread evenly over the last 400 days, and each lasted at most half
/// an hour. Online visits started within the last hour.
pub async fn fill(stage: &Stage, visits: i64, old: i64) -> Result<()> {
    let db = stage.app.db.pool();
    execute(
        db,
        "INSERT INTO person (id, display_name, name_key, is_deactivated, hides_place, created_at)
         VALUES (1, 'Ann', 'ann', FALSE, FALSE, now());
         INSERT INTO activity (key, name, created_at) VALUES ('interview', 'Interview', now())",
    )
    .await?;
    execute(db, WITHOUT_INDEXES).await?;
    for from in (0..old).step_by(usize::try_from(BATCH)?) {
        let to = (from + BATCH).min(old);
        execute(
            db,
            &format!(
                "INSERT INTO presence (id, person_id, language_code, current_page, status, is_live, started_at,
                                       last_seen_at, completed_at)
                 SELECT md5('old' || n)::uuid::text, 1, (ARRAY['en','de','nl','tr','sq','hi'])[1 + n % 6],
                        '/learning/' || n % 100, CASE WHEN n % 10 < 7 THEN 'COMPLETED' ELSE 'ABANDONED' END, FALSE,
                        started_at, started_at + lasted, CASE WHEN n % 10 < 7 THEN started_at + lasted END
                 FROM (SELECT n, now() - interval '1 hour' - interval '400 days' * (1 - n::float / {old}) AS started_at,
                              make_interval(secs => n::bigint * 7919 % 1800) AS lasted
                       FROM generate_series({from}, {to} - 1) AS n) AS made"
            ),
        )
        .await?;
    }
    execute(
        db,
        &format!(
            "INSERT INTO presence (id, person_id, language_code, current_page, activity_id, status, is_live, started_at,
                                   last_seen_at)
             SELECT md5('live' || n)::uuid::text, 1, (ARRAY['en','de','nl','tr','sq','hi'])[1 + n % 6], '/learning',
                    CASE WHEN n % {VISITS_A_SEAT} = 0 THEN (SELECT id FROM activity) END, 'ACTIVE', TRUE,
                    now() - interval '1 hour' * random(), now() - interval '20 seconds' * random()
             FROM generate_series(1, {visits}) AS n"
        ),
    )
    .await?;
    execute(db, WITH_INDEXES).await?;
    execute(
        db,
        "INSERT INTO presence_hour (hour, started, completed, abandoned, duration_ms, longest_ms)
         SELECT date_trunc('hour', started_at), COUNT(*), COUNT(completed_at),
                COUNT(*) FILTER (WHERE status = 'ABANDONED'),
                COALESCE(SUM(EXTRACT(EPOCH FROM completed_at - started_at) * 1000), 0)::bigint,
                COALESCE(MAX(EXTRACT(EPOCH FROM completed_at - started_at) * 1000), 0)::bigint
         FROM presence GROUP BY 1",
    )
    .await?;
    execute(db, "VACUUM ANALYZE presence").await?;
    execute(db, "VACUUM ANALYZE presence_hour").await?;
    execute(db, "CHECKPOINT").await
}

pub async fn live_visits(db: &Db) -> Result<Vec<PresenceId>> {
    let sql = "SELECT id FROM presence WHERE is_live";
    let rows = db.pool().query_all_raw(Statement::from_string(db.backend(), sql)).await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get_by_index(0)?;
            PresenceId::parse_uuid(&id).context("ids are UUIDs")
        })
        .collect()
}
