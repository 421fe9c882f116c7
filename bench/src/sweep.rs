//! The sweep of large tables: with nothing due, with 2 % of the upcoming instances due, and with many bookings due.
//!
//! A private PostgreSQL writes to the disk before a commit returns, as in production. It gets a number of upcoming
//! instances and ten times as many past ones. The sweep is the periodic sweep of the service. The baseline is minimal
//! SQL for the same changes. Both work on the same tables, in turn, and the changes are undone after each run. Both
//! must leave the same statuses and the same placements.

mod bookings;
mod by_hand;
mod data;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{clock::ManualClock, placement::PlacementRule};
use insession_tests::{Postgres, PostgresOptions};
use service::{
    App,
    app::NoQueue,
    db::Db,
    log::wake::Wake,
    sweep::{Report, Request, sweep},
};
use tokio::time::{Instant, sleep};

use self::data::{Size, number};
use crate::measure::{median, milliseconds, ratio, time_async};

const IDLE_REPETITIONS: usize = 300;

pub async fn run(sizes: &[i64], bookings: &[i64], repetitions: usize) -> Result<()> {
    println!("{}\n", data::ABOUT);
    for upcoming in sizes {
        ensure!(*upcoming >= 100 && upcoming % 100 == 0, "sizes are multiples of 100");
        // For the largest size, past check-ins would be a hundred million rows that no sweep reads.
        let size = Size { upcoming: *upcoming, past_has_check_ins: *upcoming <= 100_000 };
        run_size(size, repetitions).await.with_context(|| format!("{upcoming} upcoming instances"))?;
    }
    for due in bookings {
        bookings::run(*due, repetitions).await.with_context(|| format!("{due} bookings"))?;
    }
    Ok(())
}

fn settings() -> PostgresOptions {
    let settings = [
        ("shared_buffers", "2GB"),
        ("work_mem", "64MB"),
        ("maintenance_work_mem", "1GB"),
        ("random_page_cost", "1.1"),
        // No work in the background, so that only the sweep is measured.
        ("autovacuum", "off"),
        ("checkpoint_timeout", "1h"),
        ("max_wal_size", "32GB"),
        ("log_min_duration_statement", "-1"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    PostgresOptions { durable: true, settings: settings.into(), ..PostgresOptions::default() }
}

async fn run_size(size: Size, repetitions: usize) -> Result<()> {
    let postgres = Postgres::start_with(settings()).await?;
    let url = postgres.create_database().await?;
    let db = Db::connect(&url, 4).await?;
    db.migrate().await?;
    let (filling, filled) = time_async(data::fill(&db, size)).await;
    filled?;
    let app = App::new(
        db,
        Arc::new(ManualClock::at(data::now())),
        Wake::local(),
        Arc::new(NoQueue),
        PlacementRule::default(),
    );
    println!("{size} (filled in {:.0} s)", filling.as_secs_f64());
    idle(&app).await?;
    two_percent(&app, &url, repetitions).await?;
    println!();
    Ok(())
}

async fn service_sweep(app: &App, at: DateTime<Utc>) -> Result<Report> {
    Ok(sweep(app, Request { at: Some(at), ..Request::PERIODIC }).await?)
}

async fn idle(app: &App) -> Result<()> {
    // An hour before the first instance falls due, which is more than the lookahead.
    let at = data::now() - TimeDelta::hours(1);
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for repetition in 0..IDLE_REPETITIONS {
        let (time, report) = time_async(service_sweep(app, at)).await;
        let report = report?;
        ensure!(report.activated.is_empty() && report.deactivated.is_empty(), "something was due");
        let (hand, due) = time_async(by_hand::find_due(app.db.pool(), at)).await;
        ensure!(due? == 0, "something was due");
        // The first repetitions prepare statements and fill caches.
        if repetition >= IDLE_REPETITIONS / 10 {
            ours.push(time);
            by_hand.push(hand);
        }
    }
    print_idle(ours, by_hand);
    Ok(())
}

fn print_idle(ours: Vec<Duration>, by_hand: Vec<Duration>) {
    let (ours, by_hand) = (median(ours), median(by_hand));
    println!(
        "  nothing due   sweep {:>9.2} ms   one SELECT    {:>9.2} ms   {:>5.2} x",
        milliseconds(ours),
        milliseconds(by_hand),
        ratio(ours, by_hand),
    );
}

async fn two_percent(app: &App, url: &str, repetitions: usize) -> Result<()> {
    let db = app.db.pool();
    data::remember(db).await?;
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    let mut results = Vec::new();
    let mut changes = String::new();
    // The first measurement of each is not counted.
    for repetition in 0..=repetitions {
        let (time, report) = time_async(service_sweep(app, data::now())).await;
        let report = report?;
        results.push(data::result(db).await?);
        changes = format!(
            "{} instances changed status, {} people moved",
            report.activated.len() + report.deactivated.len(),
            number(db, "SELECT count(*) FROM change_log WHERE kind = 'PERSON_MOVED'").await?
        );
        data::undo(db).await?;
        let (hand, done) = time_async(by_hand::sweep(db, data::now())).await;
        done?;
        results.push(data::result(db).await?);
        data::undo(db).await?;
        if repetition > 0 {
            ours.push(time);
            by_hand.push(hand);
        }
    }
    ensure!(
        results.windows(2).all(|pair| pair[0] == pair[1]),
        "the sweep and the SQL left different tables: {results:?}"
    );
    let (ours, by_hand) = (median(ours), median(by_hand));
    println!(
        "  2 % due       sweep {:>9.1} ms   least SQL     {:>9.1} ms   {:>5.2} x   ({changes})",
        milliseconds(ours),
        milliseconds(by_hand),
        ratio(ours, by_hand),
    );
    println!("  longest transaction of the sweep {:>9.1} ms", milliseconds(longest_transaction(app, url).await?));
    data::undo(db).await
}

/// The longest transaction of a sweep. The age of the oldest open transaction is read every two milliseconds.
async fn longest_transaction(app: &App, url: &str) -> Result<Duration> {
    let watcher = Db::connect(url, 1).await?;
    let sql = "SELECT COALESCE((EXTRACT(EPOCH FROM max(clock_timestamp() - xact_start)) * 1000000)::bigint, 0) \
               FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let sweeping = service_sweep(app, data::now());
    tokio::pin!(sweeping);
    let mut longest = 0;
    let started = Instant::now();
    loop {
        tokio::select! {
            done = &mut sweeping => {
                done?;
                return Ok(Duration::from_micros(longest.try_into()?));
            }
            () = sleep(Duration::from_millis(2)) => longest = longest.max(number(watcher.pool(), sql).await?),
        }
        ensure!(started.elapsed() < Duration::from_mins(10), "the sweep takes too long");
    }
}

/// Runs statements that take no parameters.
async fn execute(db: &impl sea_orm::ConnectionTrait, sql: &str) -> Result<()> {
    db.execute_unprepared(sql).await.with_context(|| format!("the database refused: {sql}"))?;
    Ok(())
}
