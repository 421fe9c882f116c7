//! Changes a second from the commit to the hubs of several servers. The writers only write changes to the log.
//!
//! Each hub has its own connections to the database and to Redis, as a server has. All hubs and the writers are in this
//! process. Changes are first written at given rates, and then without a limit. The baseline is pgbench, which inserts
//! the same rows without any reader.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use domain::{
    ids::{SessionId, SessionInstanceId},
    news::{Change, Location, Position},
};
use insession_tests::Redis;
use live::{ChangeSource, Hub, HubSettings};
use service::{
    App,
    db::Db,
    log::{self, ChangeTarget, cursor::find_installation_name, wake::Wake},
    transaction,
};
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    figures::{Aim, Figures},
    measure::milliseconds,
    pinned::cpu_of,
    stage::{Stage, app_on, closed_loops},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Number of servers
    #[arg(long, default_value_t = 4)]
    hubs: usize,
    /// Number of connections of each server
    #[arg(long, default_value_t = 2)]
    connections: u32,
    /// Rates in transactions a second, one case for each. The last case has no limit
    #[arg(long, value_delimiter = ',', default_value = "100,500,1000,2000")]
    rates: Vec<u32>,
    /// Number of changes in each transaction
    #[arg(long, default_value_t = 1)]
    changes: u32,
    /// Number of writers, each with a connection
    #[arg(long, default_value_t = 16)]
    writers: u32,
    /// Duration of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

const BY_HAND: &str =
    "WITH batch AS (INSERT INTO change_batch (occurred_at, size) VALUES (now(), :changes) RETURNING id)
INSERT INTO change_log (batch_id, ordinal, kind, session_id, session_instance_id, city, country, has_previous_place)
SELECT batch.id, n, 'ACTIVATED', 1, n, 'Austin', 'US', FALSE FROM batch, generate_series(0, :changes - 1) n;
";

/// The most changes of one case.
const MAX_CHANGES: usize = 8_000_000;
/// Delays are counted by millisecond. Longer ones count as this one.
const MAX_DELAY_MS: usize = 60_000;
/// How long the hubs may take to read the remaining changes.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The commits of the changes, and the delays until the hubs received them. A change has its number as the id of its instance.
struct Seen {
    begun: Instant,
    /// The instant of each change's commit, in microseconds since `begun`. 0 before the commit has returned.
    committed: Vec<AtomicU64>,
    next: AtomicUsize,
    hubs: Vec<AtomicUsize>,
    delays: Vec<AtomicUsize>,
}

impl Seen {
    fn new(hubs: usize) -> Self {
        Self {
            begun: Instant::now(),
            committed: (0..MAX_CHANGES).map(|_| AtomicU64::new(0)).collect(),
            next: AtomicUsize::new(0),
            hubs: (0..hubs).map(|_| AtomicUsize::new(0)).collect(),
            delays: (0..=MAX_DELAY_MS).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn note(&self, hub: usize, change: &Change) {
        let instance = change.event.as_session().and_then(|change| change.instance);
        let Some(number) = instance.and_then(|instance| usize::try_from(instance.0).ok()) else { return };
        let committed = self.committed.get(number).map_or(0, |at| at.load(Ordering::Relaxed));
        let delay = if committed == 0 { 0 } else { self.now().saturating_sub(committed) / 1000 };
        let delay = usize::try_from(delay).unwrap_or(MAX_DELAY_MS).min(MAX_DELAY_MS);
        self.delays[delay].fetch_add(1, Ordering::Relaxed);
        self.hubs[hub].fetch_add(1, Ordering::Relaxed);
    }

    /// The delay in milliseconds within which this share of the changes came.
    fn share(&self, percent: usize) -> f64 {
        let counts: Vec<usize> = self.delays.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let wanted = counts.iter().sum::<usize>() * percent / 100;
        let mut sum = 0;
        let within = counts.iter().take_while(|count| {
            sum += **count;
            sum < wanted
        });
        u32::try_from(within.count() + 1).map_or(f64::NAN, f64::from)
    }
}

/// The log as a server reads it. Pending counts are not published.
struct Source(App);

impl ChangeSource for Source {
    type Error = service::Error;

    async fn head(&self) -> service::Result<Position> {
        log::publish(&self.0).await?;
        log::head(&self.0).await
    }

    async fn oldest(&self) -> service::Result<Position> {
        log::oldest(&self.0).await
    }

    async fn read_after(&self, after: Position, limit: u64) -> service::Result<Vec<Change>> {
        log::publish(&self.0).await?;
        log::read_after(&self.0.db, after, limit).await
    }
}

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    ensure!(options.hubs > 0 && options.seconds > 0 && options.writers > 0, "nothing to measure");
    let redis = Redis::start().await?;
    let mut stage = Stage::set(options.writers, &[]).await?;
    let channel = format!("insession:{}:wake", find_installation_name(&stage.app.db).await?);
    let wake = || -> Result<Wake> { Ok(Wake::through_redis(redis::Client::open(redis.url())?, channel.clone())) };
    stage.app.wake = wake()?;
    let mut servers = Vec::new();
    for _ in 0..options.hubs {
        servers.push(app_on(Db::connect(&stage.url, options.connections).await?, wake()?));
    }
    println!("{} hubs, {} writers, {} changes in each transaction", options.hubs, options.writers, options.changes);
    let defines = [("changes", i64::from(options.changes))];
    let baseline = stage.pgbench(BY_HAND, options.writers, Duration::from_secs(options.seconds), &defines).await?;
    for rate in options.rates.iter().copied().map(Some).chain([None]) {
        case(&stage, &servers, rate, baseline, &options, figures).await?;
    }
    Ok(())
}

async fn case(
    stage: &Stage,
    servers: &[App],
    rate: Option<u32>,
    baseline: f64,
    options: &Options,
    figures: &mut Figures,
) -> Result<()> {
    // VACUUM cannot run together with other statements.
    for sql in ["TRUNCATE change_log, change_batch", "VACUUM ANALYZE", "CHECKPOINT"] {
        stage.execute(sql).await?;
    }
    let (seen, shutdown) = (Arc::new(Seen::new(servers.len())), CancellationToken::new());
    for (number, server) in servers.iter().enumerate() {
        let hub = Hub::start(Source(server.clone()), server.wake.subscribe(), HubSettings::default(), shutdown.clone())
            .await?;
        let seen = Arc::clone(&seen);
        hub.observe_changes(move |change| seen.note(number, change));
    }
    let (cpu, busy) = (cpu_of(std::process::id())?, busy_time()?);
    let begun = Instant::now();
    let written = write(&stage.app, rate, &seen, options).await?;
    let writing = begun.elapsed();
    let all = seen.next.load(Ordering::Relaxed);
    while seen.hubs.iter().any(|hub| hub.load(Ordering::Relaxed) < all) {
        ensure!(begun.elapsed() < TIMEOUT, "the hubs do not get {all} changes: {:?}", seen.hubs);
        sleep(Duration::from_millis(1)).await;
    }
    let wall = begun.elapsed();
    let cpu = cpu_of(std::process::id())?.saturating_sub(cpu).as_secs_f64() / wall.as_secs_f64();
    let busy = (busy_time()?.saturating_sub(busy)).as_secs_f64() / wall.as_secs_f64();
    shutdown.cancel();

    let what = rate.map_or_else(|| "no limit".to_owned(), |rate| format!("{rate} transactions a second"));
    let changes = f64::from(options.changes);
    let total = f64::from(u32::try_from(all)?) / wall.as_secs_f64();
    figures.add(format!("{what}: changes to all hubs"), "a second", total, Some(baseline * changes), Aim::None);
    figures.add(format!("{what}: delay, 50 %"), "ms", seen.share(50), None, Aim::None);
    figures.add(format!("{what}: delay, 99 %"), "ms", seen.share(99), None, Aim::None);
    println!(
        "    {written:.0} transactions written a second; the hubs ended {:.0} ms after the writers; busy cores: {cpu:.2} of \
         this process, {:.2} of the rest of the machine",
        milliseconds(wall.saturating_sub(writing)),
        busy - cpu
    );
    Ok(())
}

/// Writes changes, and notes when each was committed. Returns the transactions a second.
async fn write(app: &App, rate: Option<u32>, seen: &Arc<Seen>, options: &Options) -> Result<f64> {
    let (writers, changes) = (options.writers, usize::try_from(options.changes)?);
    let location = Location { city: Some("Austin".to_owned()), country: Some("US".to_owned()) };
    closed_loops(writers, Duration::from_secs(options.seconds), |_| {
        let (app, seen, location) = (app.clone(), Arc::clone(seen), location.clone());
        let pace = rate.map(|rate| interval(Duration::from_secs(1) * writers / rate.max(1)));
        let pace = Arc::new(tokio::sync::Mutex::new(pace));
        move || {
            let (app, seen, location, pace) = (app.clone(), Arc::clone(&seen), location.clone(), Arc::clone(&pace));
            async move {
                if let Some(pace) = &mut *pace.lock().await {
                    pace.tick().await;
                }
                let first = seen.next.fetch_add(changes, Ordering::Relaxed);
                ensure!(first + changes <= MAX_CHANGES, "too many changes");
                let numbers = first..first + changes;
                let written: service::Result<()> = transaction!(&app, app.now(), |tx| {
                    tx.log(|news| {
                        for number in numbers.clone() {
                            let instance = SessionInstanceId(i64::try_from(number).unwrap_or_default());
                            let location = location.clone();
                            news.activated(ChangeTarget { session: SessionId(1), instance, location });
                        }
                    });
                    Ok(())
                });
                written?;
                let now = seen.now();
                numbers.for_each(|number| seen.committed[number].store(now, Ordering::Relaxed));
                Ok(())
            }
        }
    })
    .await
}

/// The time for which the machine's processors were busy.
fn busy_time() -> Result<Duration> {
    const TICK_MS: u64 = 10;
    let text = std::fs::read_to_string("/proc/stat")?;
    let numbers = text.lines().next().context("no processors")?.split_whitespace().skip(1);
    let ticks: Vec<u64> = numbers.map(str::parse).collect::<Result<_, _>>()?;
    // The fourth and the fifth number are idle time.
    let busy: u64 = ticks.iter().take(8).enumerate().filter(|(at, _)| *at != 3 && *at != 4).map(|(_, it)| it).sum();
    Ok(Duration::from_millis(busy * TICK_MS))
}
