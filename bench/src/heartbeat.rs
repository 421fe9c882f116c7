//! Heartbeats a second, and the duration of counts among millions of old visits.
//!
//! A private PostgreSQL writes to the disk before a commit returns, as in production. It gets a number of online visits
//! and a number of old ones. Beats go through the service's batcher, as in a server: each is answered after its
//! transaction has committed. The baseline is pgbench, which upserts the same rows one by one with prepared statements,
//! over as many connections as the batcher's pool has. The two run in turn, never at the same time.

mod data;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId, PresenceId},
};
use service::{
    App,
    presence::{
        Claimant,
        batcher::HeartbeatBatcher,
        beats::Beat,
        statistics::{find_occupancy, find_statistics},
    },
    sweep::find_next_due,
};
use tokio::time::sleep;

use crate::{
    figures::{Aim, Figures},
    measure::{milliseconds, time_async},
    stage::{Stage, closed_loops},
};

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
    under_way: u32,
    /// Duration of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
}

const COUNT_REPETITIONS: usize = 50;

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    ensure!(options.visits > 0 && options.seconds > 0 && options.repetitions > 0, "nothing to measure");
    let mut stage = Stage::set(options.connections, &[]).await?;
    let (filling, filled) = time_async(data::fill(&stage, options.visits, options.old)).await;
    filled?;
    println!(
        "{} visits online, {} old; {} connections (filled in {:.0} s)\n",
        options.visits,
        options.old,
        options.connections,
        filling.as_secs_f64()
    );
    // Filling takes longer than a minute. A long window keeps all visits online.
    stage.app.presence.rules.online_window = chrono::TimeDelta::days(1);
    counts(&stage, options.visits, figures).await?;
    beats(&stage, &options, figures).await
}

async fn counts(stage: &Stage, visits: i64, figures: &mut Figures) -> Result<()> {
    let app = &stage.app;
    let activity = ActivityId(stage.number("SELECT id FROM activity").await?);
    let (mut occupancy, mut statistics, mut due) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..COUNT_REPETITIONS {
        let (time, counts) = time_async(find_occupancy(app, &[activity])).await;
        let taken: i64 = counts?.values().flatten().map(|counted| counted.count).sum();
        ensure!(taken == visits / data::VISITS_A_SEAT, "{taken} seats are taken");
        occupancy.push(milliseconds(time));
        let (time, found) = time_async(find_statistics(app, Viewer::ADMIN, None, None)).await;
        let found = found?.context("statistics are for admins")?;
        let online: i64 = found.online_by_language.iter().map(|counted| counted.count).sum();
        ensure!(online == visits, "{online} visits are online");
        statistics.push(milliseconds(time));
        let (time, found) = time_async(find_next_due(app)).await;
        found?;
        due.push(milliseconds(time));
    }
    figures.add_medians("occupancy of an activity, by language", "ms", occupancy, None, Aim::None);
    figures.add_medians("presenceStatistics of 24 hours", "ms", statistics, None, Aim::AtMost(5.0));
    figures.add_medians("what falls due next", "ms", due, None, Aim::None);
    Ok(())
}

async fn beats(stage: &Stage, options: &Options, figures: &mut Figures) -> Result<()> {
    let visits: Arc<[PresenceId]> = data::live_visits(&stage.app.db).await?.into();
    let duration = Duration::from_secs(options.seconds);
    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    for _ in 0..options.repetitions {
        ours.push(beat(&stage.app, &visits, options).await?);
        let numbers = [("visits", options.visits)];
        baseline.push(stage.pgbench(data::UPSERT, options.connections, duration, &numbers).await?);
    }
    figures.add_medians("heartbeats", "a second", ours, Some(baseline), Aim::None);
    let hot = "SELECT (100 * n_tup_hot_upd / GREATEST(n_tup_upd, 1))::bigint FROM pg_stat_user_tables WHERE relname = 'presence'";
    sleep(Duration::from_secs(1)).await;
    println!("  {} % of the updates touched no index", stage.number(hot).await?);
    Ok(())
}

/// Sends beats in a closed loop, for all visits in turn. Returns the beats a second.
async fn beat(app: &App, visits: &Arc<[PresenceId]>, options: &Options) -> Result<f64> {
    let batcher = HeartbeatBatcher::start(app);
    let claimant = Claimant::new(app, Viewer::person(PersonId(data::PERSON)), None)?;
    let next = Arc::new(AtomicUsize::new(0));
    closed_loops(options.under_way, Duration::from_secs(options.seconds), |_| {
        let (batcher, claimant, clock) = (batcher.clone(), claimant.clone(), Arc::clone(&app.clock));
        let (next, visits) = (Arc::clone(&next), Arc::clone(visits));
        move || {
            let beat = Beat {
                visit: visits[next.fetch_add(1, Ordering::Relaxed) % visits.len()],
                claimant: claimant.clone(),
                language_code: None,
                current_page: Some(Some("/learning".to_owned())),
                is_idle: None,
                at: clock.now(),
            };
            let batcher = batcher.clone();
            async move {
                batcher.beat(beat).await?;
                Ok(())
            }
        }
    })
    .await
}
