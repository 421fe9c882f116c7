//! A sweep of many bookings.

use anyhow::Result;
use domain::{booking::BookingStatus, status::Mode};
use insession_tests::{Backend, TestDatabase, database::number, on_both_databases};
use service::sweep::Scope;

use super::Stage;

on_both_databases!(sweep_handles_any_number_of_due_bookings);

/// The number of bookings: 250,000, or fewer in the normal run. Both are more than one batch.
fn count() -> i64 {
    if std::env::var_os("INSESSION_FULL").is_some() { 250_000 } else { 12_000 }
}

/// Half of the bookings were started and have ended. The others have begun and nobody started them.
async fn sweep_handles_any_number_of_due_bookings(database: TestDatabase) -> Result<()> {
    let backend = database.backend;
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let count = count();
    stage.world.raw(&insert(backend, count, stage.mentor.0, stage.student.0)).await?;
    stage.world.at("2030-01-01 00:00");
    let report = stage.sweep().await?;
    let of = |status| report.bookings.iter().filter(|step| step.new_status == status).count();
    let half = usize::try_from(count / 2)?;
    assert_eq!((of(BookingStatus::Ongoing), of(BookingStatus::Completed), report.errors.len()), (half, half, 0));
    for (sql, expected) in [
        ("SELECT count(*) FROM booking WHERE status = 'ONGOING' AND is_delayed AND started_at IS NULL", count / 2),
        (
            "SELECT count(*) FROM booking WHERE status = 'COMPLETED' AND NOT is_delayed AND completed_at IS NOT NULL",
            count / 2,
        ),
        ("SELECT count(*) FROM booking WHERE due_at IS NOT NULL", 0),
        ("SELECT count(*) FROM change_log WHERE kind = 'BOOKING_STEP'", count),
        ("SELECT count(DISTINCT booking_id) FROM change_log WHERE kind = 'BOOKING_STEP'", count),
    ] {
        assert_eq!(number(stage.world.db(), sql).await?, expected, "{sql}");
    }
    // The sweep works in batches, so that transactions are short and changes are published while it runs.
    assert_eq!(number(stage.world.db(), "SELECT CAST(max(size) AS bigint) FROM change_batch").await?, 5_000);
    for scope in [Scope::Due, Scope::All] {
        assert!(stage.world.sweep(scope, Mode::Periodic).await?.bookings.is_empty(), "{scope:?} found more");
    }
    Ok(())
}

/// SQL that inserts consecutive slots of an hour each, from 1990 on.
fn insert(backend: Backend, count: i64, mentor: i64, student: i64) -> String {
    let (numbers, at) = match backend {
        Backend::Postgres => (
            format!("SELECT n::bigint AS n FROM generate_series(1, {count}) n"),
            "timestamptz '1990-01-01T00:00:00Z' + interval '1 hour' * ",
        ),
        Backend::Sqlite => (
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) SELECT n FROM numbers"
            ),
            "strftime('%Y-%m-%dT%H:%M:%S+00:00', 631152000 + 3600 * ",
        ),
    };
    let end = if backend == Backend::Sqlite { ", 'unixepoch')" } else { "" };
    let instant = |n: &str| format!("{at}{n}{end}");
    let (from, to) = (instant("n"), instant("(n + 1)"));
    let now = instant("0");
    format!(
        "INSERT INTO time_slot (id, mentor_id, starts_at, ends_at, created_at)
         SELECT n, {mentor}, {from}, {to}, {now} FROM ({numbers}) AS numbers;
         INSERT INTO booking (id, time_slot_id, mentor_id, student_id, status, is_delayed, due_at, created_at)
         SELECT n, n, {mentor}, {student}, CASE WHEN n % 2 = 0 THEN 'ONGOING' ELSE 'SCHEDULED' END, false,
                CASE WHEN n % 2 = 0 THEN {to} ELSE {from} END, {now} FROM ({numbers}) AS numbers"
    )
}
