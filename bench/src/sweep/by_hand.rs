//! The baseline: minimal SQL with the result of a sweep, for this database and this instant. It takes no locks before
//! it writes, and has no batches.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait};

use crate::stage::execute;

fn statement(sql: &str, at: DateTime<Utc>) -> Statement {
    let parameters = [at.into(), (at + TimeDelta::minutes(1)).into()];
    Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, parameters)
}

/// The number of due instances.
pub async fn find_due(db: &DatabaseConnection, at: DateTime<Utc>) -> Result<usize> {
    let sql = "SELECT id FROM session_instance WHERE due_at <= $2 AND (NOT is_active OR due_at <= $1)";
    Ok(db.query_all_raw(statement(sql, at)).await?.len())
}

/// Updates the statuses and the placements, and writes the change log, in one transaction.
pub async fn sweep(db: &DatabaseConnection, at: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    update_statuses(&tx, at).await?;
    update_placements(&tx).await?;
    write_changes(&tx, at).await?;
    tx.commit().await?;
    Ok(())
}

async fn update_statuses(tx: &DatabaseTransaction, at: DateTime<Utc>) -> Result<()> {
    execute(tx, "CREATE TEMPORARY TABLE turned (id bigint, session_id bigint, is_active boolean) ON COMMIT DROP")
        .await?;
    let sql = "WITH changed AS (\
                 UPDATE session_instance SET is_active = NOT is_active, due_at = CASE WHEN NOT is_active THEN closes_at END \
                 WHERE due_at <= $2 AND (NOT is_active OR due_at <= $1) RETURNING id, session_id, is_active) \
               INSERT INTO turned SELECT id, session_id, is_active FROM changed";
    tx.execute_raw(statement(sql, at)).await?;
    execute(tx, "ANALYZE turned").await
}

async fn update_placements(tx: &DatabaseTransaction) -> Result<()> {
    execute(tx, "CREATE TEMPORARY TABLE moved (id bigint, was bigint, place bigint) ON COMMIT DROP").await?;
    execute(
        tx,
        "WITH affected AS (\
           SELECT c.person_id AS id FROM turned t JOIN check_in c ON c.session_instance_id = t.id \
           WHERE t.is_active AND c.attendance = 'YES' \
           UNION SELECT p.id FROM turned t JOIN person p ON p.active_session_instance_id = t.id WHERE NOT t.is_active), \
         best AS (\
           SELECT DISTINCT ON (c.person_id) c.person_id AS id, i.id AS place \
           FROM session_instance i JOIN check_in c ON c.session_instance_id = i.id \
           WHERE i.is_active AND c.attendance = 'YES' \
           ORDER BY c.person_id, c.arrived_at DESC NULLS LAST, i.starts_at, c.checked_in_at DESC, i.id DESC), \
         changed AS (\
           UPDATE person SET active_session_instance_id = new.place \
           FROM (SELECT p.id, p.active_session_instance_id AS was, CASE WHEN NOT p.is_deactivated THEN best.place END AS place \
                 FROM affected JOIN person p ON p.id = affected.id LEFT JOIN best ON best.id = p.id) new \
           WHERE person.id = new.id AND new.was IS DISTINCT FROM new.place RETURNING person.id, new.was, new.place) \
         INSERT INTO moved SELECT id, was, place FROM changed",
    )
    .await?;
    execute(tx, "ANALYZE moved").await
}

async fn write_changes(tx: &DatabaseTransaction, at: DateTime<Utc>) -> Result<()> {
    let batch = "INSERT INTO change_batch (occurred_at, size) \
                 SELECT $1, (SELECT count(*) FROM turned) + (SELECT count(*) FROM moved) WHERE $2 IS NOT NULL";
    tx.execute_raw(statement(batch, at)).await?;
    execute(
        tx,
        "INSERT INTO change_log (batch_id, ordinal, kind, session_id, session_instance_id, city, country, \
           has_previous_place, previous_city, previous_country, person_id, previous_session_instance_id, previous_session_id) \
         SELECT (SELECT max(id) FROM change_batch), row_number() OVER () - 1, entry.* FROM (\
           SELECT CASE WHEN t.is_active THEN 'ACTIVATED' ELSE 'DEACTIVATED' END, t.session_id, t.id, s.city, s.country, \
             false, NULL::text, NULL::text, NULL::bigint, NULL::bigint, NULL::bigint \
           FROM turned t JOIN session s ON s.id = t.session_id \
           UNION ALL \
           SELECT 'PERSON_MOVED', i.session_id, m.place, s.city, s.country, \
             m.was IS NOT NULL, ps.city, ps.country, m.id, m.was, pi.session_id \
           FROM moved m \
           LEFT JOIN session_instance i ON i.id = m.place LEFT JOIN session s ON s.id = i.session_id \
           LEFT JOIN session_instance pi ON pi.id = m.was LEFT JOIN session ps ON ps.id = pi.session_id) entry",
    )
    .await?;
    execute(
        tx,
        "INSERT INTO count_change (session_instance_id) \
         SELECT m.was FROM moved m UNION SELECT m.place FROM moved m EXCEPT SELECT id FROM turned EXCEPT SELECT NULL",
    )
    .await
}
