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
use domain::clock::ManualClock;
use service::{
    App,
    db::Db,
    sweep::{Report, Request, sweep},
};
use tokio::time::{Instant, sleep};

use self::data::Size;
use crate::{
    figures::{Aim, Figures},
    measure::{milliseconds, time_async},
    stage::{Stage, number},
};

/// The first tenth prepares statements and fills caches. It is not counted.
const IDLE_REPETITIONS: usize = 300;

#[derive(clap::Args)]
pub struct Options {
    /// Numbers of upcoming instances
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    sizes: Vec<i64>,
    /// Numbers of bookings that are due at once; 0 leaves them out
    #[arg(long, value_delimiter = ',', default_value = "10000,250000")]
    bookings: Vec<i64>,
    /// Number of repetitions of each sweep that has something to do
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
}

pub async fn run(Options { sizes, bookings, repetitions }: Options, figures: &mut Figures) -> Result<()> {
    println!("{}\n", data::ABOUT);
    for upcoming in sizes {
        ensure!(upcoming >= 100 && upcoming % 100 == 0, "sizes are multiples of 100");
        // For the largest size, past check-ins would be a hundred million rows that no sweep reads.
        let size = Size { upcoming, past_has_check_ins: upcoming <= 100_000 };
        run_size(size, repetitions, figures).await.with_context(|| format!("{upcoming} upcoming instances"))?;
    }
    for due in bookings.into_iter().filter(|due| *due > 0) {
        bookings::run(due, repetitions, figures).await.with_context(|| format!("{due} bookings"))?;
    }
    Ok(())
}

async fn set_stage() -> Result<Stage> {
    // No work in the background, so that only the sweep is measured.
    let mut stage = Stage::set(4, &[("work_mem", "64MB"), ("autovacuum", "off")]).await?;
    stage.app.clock = Arc::new(ManualClock::at(data::now()));
    Ok(stage)
}

async fn run_size(size: Size, repetitions: usize, figures: &mut Figures) -> Result<()> {
    let stage = set_stage().await?;
    let (filling, filled) = time_async(data::fill(&stage.app.db, size)).await;
    filled?;
    println!("{size} (filled in {:.0} s)", filling.as_secs_f64());
    idle(&stage.app, size.upcoming, figures).await?;
    two_percent(&stage, size.upcoming, repetitions, figures).await?;
    println!();
    Ok(())
}

async fn service_sweep(app: &App, at: DateTime<Utc>) -> Result<Report> {
    Ok(sweep(app, Request { at: Some(at), ..Request::PERIODIC }).await?)
}

async fn idle(app: &App, upcoming: i64, figures: &mut Figures) -> Result<()> {
    // An hour before the first instance falls due, which is more than the lookahead.
    let at = data::now() - TimeDelta::hours(1);
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for repetition in 0..IDLE_REPETITIONS {
        let (time, report) = time_async(service_sweep(app, at)).await;
        let report = report?;
        ensure!(report.activated.is_empty() && report.deactivated.is_empty(), "something was due");
        let (hand, due) = time_async(by_hand::find_due(app.db.pool(), at)).await;
        ensure!(due? == 0, "something was due");
        if repetition >= IDLE_REPETITIONS / 10 {
            ours.push(milliseconds(time));
            by_hand.push(milliseconds(hand));
        }
    }
    figures.add_medians(format!("{upcoming} upcoming, nothing due"), "ms", ours, Some(by_hand), Aim::AtMost(0.49));
    Ok(())
}

async fn two_percent(stage: &Stage, upcoming: i64, repetitions: usize, figures: &mut Figures) -> Result<()> {
    let app = &stage.app;
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
            stage.number("SELECT count(*) FROM change_log WHERE kind = 'PERSON_MOVED'").await?
        );
        data::undo(db).await?;
        let (hand, done) = time_async(by_hand::sweep(db, data::now())).await;
        done?;
        results.push(data::result(db).await?);
        data::undo(db).await?;
        if repetition > 0 {
            ours.push(milliseconds(time));
            by_hand.push(milliseconds(hand));
        }
    }
    ensure!(
        results.windows(2).all(|pair| pair[0] == pair[1]),
        "the sweep and the SQL left different tables: {results:?}"
    );
    let work = format!("{upcoming} upcoming, 2 % due");
    figures.add_medians(work, "ms", ours, Some(by_hand), Aim::TimesAtMost(1.3));
    println!("    {changes}");
    let longest = milliseconds(longest_transaction(app, &stage.url).await?);
    figures.add(format!("{upcoming} upcoming, longest transaction"), "ms", longest, None, Aim::None);
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
            () = sleep(Duration::from_millis(2)) => longest = longest.max(number(watcher.pool(), sql, []).await?),
        }
        ensure!(started.elapsed() < Duration::from_mins(10), "the sweep takes too long");
    }
}
