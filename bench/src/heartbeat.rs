//! Beats a second, and the time of counts among millions of old visits.
//!
//! A private PostgreSQL writes to the disk before a commit returns, as in production. It gets a number of online visits
//! and a number of old ones. Beats go through the service's gatherer, as in a server: each is answered after its
//! transaction has committed. The baseline is pgbench, which upserts the same rows one by one with prepared statements,
//! over as many connections as the gatherer's pool has. The two run in turn, never at the same time.

mod data;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use domain::{
    access::Viewer,
    clock::SystemClock,
    ids::{PersonId, PresenceId},
    placement::PlacementRule,
};
use insession_tests::{Postgres, PostgresOptions};
use service::{
    App,
    app::NoQueue,
    db::Db,
    log::wake::Wake,
    presence::{
        Claimant,
        beats::Beat,
        gather::Gatherer,
        statistics::{find_occupancy, find_statistics},
    },
    sweep::find_next_due,
};
use tokio::time::{Instant, sleep};

use crate::measure::{median, milliseconds, time_async};

#[derive(clap::Args)]
pub struct Options {
    /// Number of online visits
    #[arg(long, default_value_t = 20_000)]
    visits: i64,
    /// Number of old visits
    #[arg(long, default_value_t = 10_000_000)]
    old: i64,
    /// Number of connections of the pool, and of pgbench
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Number of beats in flight
    #[arg(long, default_value_t = 4_000)]
    under_way: usize,
    /// Duration of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
}

const COUNT_REPETITIONS: usize = 50;

fn settings() -> PostgresOptions {
    let settings = [
        ("shared_buffers", "2GB"),
        ("maintenance_work_mem", "1GB"),
        ("random_page_cost", "1.1"),
        ("checkpoint_timeout", "1h"),
        ("max_wal_size", "32GB"),
        ("log_min_duration_statement", "-1"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    PostgresOptions { durable: true, settings: settings.into(), ..PostgresOptions::default() }
}

pub async fn run(options: Options) -> Result<()> {
    ensure!(options.visits > 0 && options.seconds > 0 && options.repetitions > 0, "nothing to measure");
    let postgres = Postgres::start_with(settings()).await?;
    let url = postgres.create_database().await?;
    let db = Db::connect(&url, options.connections).await?;
    db.migrate().await?;
    let (filling, filled) = time_async(data::fill(&db, options.visits, options.old)).await;
    filled?;
    println!(
        "{} visits online, {} old; {} connections (filled in {:.0} s)\n",
        options.visits,
        options.old,
        options.connections,
        filling.as_secs_f64()
    );
    let mut app = App::new(db, Arc::new(SystemClock), Wake::local(), Arc::new(NoQueue), PlacementRule::default());
    // Filling takes longer than a minute. A long window keeps all visits online.
    app.presence.rules.online_window = chrono::TimeDelta::days(1);
    counts(&app, options.visits).await?;
    beats(&app, &postgres, &url, &options).await
}

async fn counts(app: &App, visits: i64) -> Result<()> {
    let activity = data::number(app.db.pool(), "SELECT id FROM activity").await?;
    let (mut occupancy, mut statistics, mut due) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..COUNT_REPETITIONS {
        let (time, counts) = time_async(find_occupancy(app, &[domain::ids::ActivityId(activity)])).await;
        let taken: i64 = counts?.values().flatten().map(|counted| counted.count).sum();
        ensure!(taken == visits / data::VISITS_A_SEAT, "{taken} seats are taken");
        occupancy.push(time);
        let (time, found) = time_async(find_statistics(app, Viewer::ADMIN, None, None)).await;
        let found = found?.context("statistics are for admins")?;
        let online: i64 = found.online_by_language.iter().map(|counted| counted.count).sum();
        ensure!(online == visits, "{online} visits are online");
        statistics.push(time);
        let (time, found) = time_async(find_next_due(app)).await;
        found?;
        due.push(time);
    }
    for (what, samples) in [
        ("occupancy of an activity, by language", occupancy),
        ("presenceStatistics of 24 hours", statistics),
        ("what falls due next", due),
    ] {
        println!("  {what:<40} {:>9.2} ms", milliseconds(median(samples)));
    }
    println!();
    Ok(())
}

async fn beats(app: &App, postgres: &Postgres, url: &str, options: &Options) -> Result<()> {
    let visits = data::live_visits(&app.db).await?;
    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    for _ in 0..options.repetitions {
        ours.push(beat(app, &visits, options).await?);
        baseline.push(pgbench(postgres, url, options).await?);
    }
    let (ours, baseline) = (middle(ours), middle(baseline));
    println!("  gatherer {ours:>10.0} beats/s   pgbench {baseline:>10.0} upserts/s   {:>6.2} x", ours / baseline);
    let hot = "SELECT (100 * n_tup_hot_upd / GREATEST(n_tup_upd, 1))::bigint FROM pg_stat_user_tables WHERE relname = 'presence'";
    sleep(Duration::from_secs(1)).await;
    println!("  {} % of the updates touched no index", data::number(app.db.pool(), hot).await?);
    Ok(())
}

fn middle(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

/// Sends beats in a closed loop, for all visits in turn. Returns the beats a second.
async fn beat(app: &App, visits: &[PresenceId], options: &Options) -> Result<f64> {
    let gatherer = Gatherer::start(app);
    let claimant = Claimant::new(app, Viewer::person(PersonId(data::PERSON)), None)?;
    let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let visits: Arc<[PresenceId]> = visits.into();
    let start = Instant::now();
    let tasks: Vec<_> = (0..options.under_way)
        .map(|_| {
            let (gatherer, claimant, visits) = (gatherer.clone(), claimant.clone(), Arc::clone(&visits));
            let (stop, next, clock) = (Arc::clone(&stop), Arc::clone(&next), Arc::clone(&app.clock));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let turn = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
                    let visit = visits[turn % visits.len()];
                    let beat = Beat {
                        visit,
                        claimant: claimant.clone(),
                        language_code: None,
                        current_page: Some(Some("/learning".to_owned())),
                        is_idle: None,
                        at: clock.now(),
                    };
                    gatherer.beat(beat).await?;
                }
                Ok::<_, anyhow::Error>(())
            })
        })
        .collect();
    sleep(Duration::from_secs(options.seconds)).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    let written = u32::try_from(gatherer.stats().beats).unwrap_or(u32::MAX);
    Ok(f64::from(written) / start.elapsed().as_secs_f64())
}

/// Upserts the same rows one by one. Returns the upserts a second.
async fn pgbench(postgres: &Postgres, url: &str, options: &Options) -> Result<f64> {
    let mut command = postgres.program("pgbench", url);
    let script = insession_tests::TemporaryFolder::new()?;
    let file = script.join("beat.sql");
    std::fs::write(&file, data::UPSERT)?;
    command
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={}", options.connections))
        .arg(format!("--time={}", options.seconds))
        .arg(format!("--define=visits={}", options.visits))
        .arg(format!("--file={}", file.display()));
    let output = tokio::task::spawn_blocking(move || command.output()).await?.context("cannot run pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pgbench failed:\n{text}\n{errors}");
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).with_context(|| format!("pgbench gave no tps:\n{text}"))
}
