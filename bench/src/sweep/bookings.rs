//! Bookings that fall due at once, among ten times as many old ones.
//!
//! Half of them are SCHEDULED and their slots have begun. The other half are ONGOING and their slots have ended. The
//! sweep is the one that runs every minute. The baseline is one statement that makes the same steps and writes them to
//! the change log.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use service::{
    App,
    sweep::{Report, Request, sweep},
};

use super::{
    IDLE_REPETITIONS,
    data::{NOW, now},
    set_stage,
};
use crate::{
    figures::{Aim, Figures},
    measure::{milliseconds, time_async},
    stage::{execute, number},
};

pub async fn run(due: i64, repetitions: usize, figures: &mut Figures) -> Result<()> {
    ensure!(due > 0 && due % 2 == 0, "sizes are even");
    let stage = set_stage().await?;
    fill(stage.app.db.pool(), due).await.context("filling")?;
    println!("{due} bookings due at once; {} old ones", 10 * due);
    idle(&stage.app, due, figures).await?;
    all_due(&stage.app, due, repetitions, figures).await?;
    println!();
    Ok(())
}

async fn fill(db: &DatabaseConnection, due: i64) -> Result<()> {
    // Each slot lasts a minute, so that the slots of a mentor don't overlap. The last old slot ends when the due ones
    // begin.
    let all = 11 * due;
    execute(
        db,
        &format!(
            "INSERT INTO person (display_name, name_key, created_at) \
             SELECT 'Person ' || n, 'person ' || n, {NOW} FROM generate_series(1, 2000) n; \
             INSERT INTO time_slot (mentor_id, starts_at, ends_at, created_at) \
             SELECT 1 + n % 1000, starts, starts + interval '1 minute', {NOW} \
             FROM (SELECT n, {NOW} - (2 + ({all} - n) / 1000) * interval '1 minute' AS starts \
                   FROM generate_series(1, {all}) n) planned; \
             INSERT INTO booking (time_slot_id, mentor_id, student_id, status, due_at, created_at) \
             SELECT id, mentor_id, 1001 + id % 1000, \
               CASE WHEN id <= 10 * {due} THEN 'COMPLETED' WHEN id % 2 = 0 THEN 'SCHEDULED' ELSE 'ONGOING' END, \
               CASE WHEN id > 10 * {due} THEN CASE WHEN id % 2 = 0 THEN starts_at ELSE ends_at END END, {NOW} FROM time_slot; \
             CREATE TABLE kept_booking AS SELECT id, status, due_at FROM booking WHERE due_at IS NOT NULL; \
             CREATE UNIQUE INDEX ON kept_booking (id)"
        ),
    )
    .await?;
    execute(db, "VACUUM ANALYZE").await?;
    execute(db, "CHECKPOINT").await
}

async fn service_sweep(app: &App, before: TimeDelta) -> Result<Report> {
    Ok(sweep(app, Request { at: Some(now() - before), ..Request::EVERY_MINUTE }).await?)
}

async fn idle(app: &App, bookings: i64, figures: &mut Figures) -> Result<()> {
    // An instant before any slot begins.
    let years = TimeDelta::days(3650);
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for repetition in 0..IDLE_REPETITIONS {
        let (time, report) = time_async(service_sweep(app, years)).await;
        ensure!(report?.bookings.is_empty(), "something was due");
        let sql = "SELECT id FROM booking WHERE due_at <= $1";
        let statement = Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, [(now() - years).into()]);
        let (hand, due) = time_async(app.db.pool().query_all_raw(statement)).await;
        ensure!(due?.is_empty(), "something was due");
        if repetition >= IDLE_REPETITIONS / 10 {
            ours.push(milliseconds(time));
            by_hand.push(milliseconds(hand));
        }
    }
    figures.add_medians(format!("{bookings} bookings, nothing due"), "ms", ours, Some(by_hand), Aim::None);
    Ok(())
}

async fn all_due(app: &App, due: i64, repetitions: usize, figures: &mut Figures) -> Result<()> {
    let db = app.db.pool();
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    let mut results = Vec::new();
    // The first measurement of each is not counted.
    for repetition in 0..=repetitions {
        let (time, report) = time_async(service_sweep(app, TimeDelta::zero())).await;
        let steps = i64::try_from(report?.bookings.len())?;
        ensure!(steps == due, "{steps} steps instead of {due}");
        results.push(result(db).await?);
        undo(db).await?;
        let (hand, done) = time_async(sweep_by_hand(db)).await;
        done?;
        results.push(result(db).await?);
        undo(db).await?;
        if repetition > 0 {
            ours.push(milliseconds(time));
            by_hand.push(milliseconds(hand));
        }
    }
    ensure!(
        results.windows(2).all(|pair| pair[0] == pair[1]),
        "the sweep and the SQL left different tables: {results:?}"
    );
    figures.add_medians(format!("{due} bookings, all due"), "ms", ours, Some(by_hand), Aim::None);
    Ok(())
}

/// The baseline: one statement, without locks before it and without batches.
async fn sweep_by_hand(db: &DatabaseConnection) -> Result<()> {
    let sql = format!(
        "WITH changed AS (\
           UPDATE booking SET is_delayed = status = 'SCHEDULED', \
             completed_at = CASE WHEN status = 'ONGOING' THEN {NOW} END, \
             status = CASE WHEN status = 'SCHEDULED' THEN 'ONGOING' ELSE 'COMPLETED' END, due_at = NULL \
           WHERE due_at <= {NOW} RETURNING id, mentor_id, student_id, status, is_delayed), \
         batch AS (\
           INSERT INTO change_batch (occurred_at, size) SELECT {NOW}, count(*) FROM changed RETURNING id) \
         INSERT INTO change_log (batch_id, ordinal, kind, booking_id, mentor_id, student_id, old_status, new_status, \
           is_delayed, reason) \
         SELECT batch.id, row_number() OVER () - 1, 'BOOKING_STEP', c.id, c.mentor_id, c.student_id, \
           CASE WHEN c.is_delayed THEN 'SCHEDULED' ELSE 'ONGOING' END, c.status, c.is_delayed, \
           CASE WHEN c.is_delayed THEN 'Its start time passed and nobody had started it.' ELSE 'Its end time passed.' END \
         FROM changed c, batch"
    );
    execute(db, &sql).await
}

async fn undo(db: &DatabaseConnection) -> Result<()> {
    execute(
        db,
        "UPDATE booking b SET status = k.status, due_at = k.due_at, is_delayed = false, completed_at = NULL \
         FROM kept_booking k WHERE k.id = b.id; \
         TRUNCATE change_batch, change_log, count_change",
    )
    .await?;
    for table in ["booking", "change_batch", "change_log"] {
        execute(db, &format!("VACUUM ANALYZE {table}")).await?;
    }
    execute(db, "CHECKPOINT").await
}

/// Digests of the tables after a run: all bookings, and all logged steps.
async fn result(db: &DatabaseConnection) -> Result<[i64; 2]> {
    let digest = |columns: &str, table: &str| {
        format!(
            "SELECT COALESCE(sum(hashtextextended(ROW({columns})::text, 0)::numeric % 1000000007), 0)::bigint FROM {table}"
        )
    };
    let booking = "id, status, is_delayed, due_at, completed_at";
    let step = "kind, booking_id, mentor_id, student_id, old_status, new_status, is_delayed, reason";
    Ok([number(db, &digest(booking, "booking"), []).await?, number(db, &digest(step, "change_log"), []).await?])
}
