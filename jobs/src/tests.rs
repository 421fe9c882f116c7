//! Tests all parts together, on an SQLite file, with the queue in the process and in a private Redis.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    clock::{Clock, ManualClock, SystemClock},
    ids::SessionId,
    placement::PlacementRule,
};
use insession_tests::{
    Redis, TestDatabase,
    database::{execute, number},
    eventually, within,
};
use service::{
    App,
    app::JobQueue,
    db::Db,
    instances::{NewInstance, insert_instance},
    log::wake::Wake,
    sessions::{NewSession, insert_session},
};
use tokio_util::sync::CancellationToken;

use crate::{
    JobQueueHandle, Workers,
    job::Job,
    local_queue, redis_queue,
    schedule::{SCHEDULES, Schedule},
};

const SOON: Duration = Duration::from_secs(20);
const EACH_SECOND: Schedule = Schedule { cron: "* * * * * *", job: |tick| Job::Sweep { tick, all: false } };

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An installation without a running process.
struct Installation {
    database: TestDatabase,
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Installation {
    async fn new(clock: Arc<dyn Clock>) -> Result<Self> {
        let database = TestDatabase::sqlite()?;
        let db = Db::connect(&database.url, 8).await?;
        db.migrate().await?;
        Ok(Self { database, db, clock })
    }

    fn app(&self, queue: Arc<dyn JobQueue>) -> App {
        App::new(self.db.clone(), Arc::clone(&self.clock), Wake::local(), queue, PlacementRule::default())
    }

    /// Starts a process with its workers.
    fn start(&self, (queue, handle): (Arc<dyn JobQueue>, JobQueueHandle), schedules: &[Schedule]) -> Process {
        let app = self.app(queue);
        let shutdown = CancellationToken::new();
        let workers = Workers::start_with(app.clone(), handle, shutdown.clone(), schedules.to_vec());
        Process { app, workers, shutdown }
    }

    async fn count(&self, what: &str) -> Result<i64> {
        number(&self.database.connect().await?, &format!("SELECT count(*) FROM {what}")).await
    }

    async fn execute(&self, sql: &str) -> Result<()> {
        execute(&self.database.connect().await?, sql).await
    }

    /// A session that need not be recomputed.
    async fn session(&self) -> Result<SessionId> {
        let (queue, _) = local_queue();
        insert(&self.app(queue), false).await
    }

    async fn mark(&self) -> Result<()> {
        self.execute("UPDATE session SET needs_recompute = TRUE").await
    }

    async fn until_unmarked(&self) -> Result<()> {
        eventually(SOON, "the mark to be cleared", async || {
            ensure!(self.count("session WHERE needs_recompute").await? == 0, "it is still there");
            Ok(())
        })
        .await
    }

    async fn until_active(&self, count: i64) -> Result<()> {
        eventually(SOON, &format!("{count} active instances"), async || {
            let active = self.count("session_instance WHERE is_active").await?;
            ensure!(active == count, "{active} are active");
            Ok(())
        })
        .await
    }
}

struct Process {
    app: App,
    workers: Workers,
    shutdown: CancellationToken,
}

impl Process {
    async fn until_done(&self, jobs: u64) -> Result<()> {
        eventually(SOON, &format!("{jobs} jobs to be done"), async || {
            let health = self.workers.health();
            ensure!(health.jobs_done >= jobs, "{health:?}");
            Ok(())
        })
        .await
    }

    async fn until_alive(&self, is_alive: bool) -> Result<()> {
        eventually(SOON, &format!("a queue with alive = {is_alive}"), async || {
            let health = self.workers.health();
            ensure!(health.queue_is_alive == is_alive, "{health:?}");
            Ok(())
        })
        .await
    }

    /// Waits until timers have read the database at this instant, which the stopped clock shows.
    async fn until_looked(&self, at: DateTime<Utc>) -> Result<()> {
        eventually(SOON, "timers to look", async || {
            let health = self.workers.health();
            ensure!(health.timers_looked_at == Some(at), "{health:?}");
            Ok(())
        })
        .await
    }

    async fn stop(self) -> Result<u64> {
        self.shutdown.cancel();
        within(SOON, "workers to finish", self.workers.finished()).await?;
        Ok(self.workers.health().jobs_done)
    }
}

async fn insert(app: &App, auto_create_instances: bool) -> Result<SessionId> {
    let new = NewSession {
        name: "Thursday Jam".to_owned(),
        path: None,
        city: None,
        state: None,
        country: None,
        location: None,
        latitude: None,
        longitude: None,
        time_zone: "UTC".parse()?,
        recurrence: None,
        active_buffer_minutes_before: 0,
        active_buffer_minutes_after: 0,
        auto_create_instances,
        auto_create_hours_ahead: 24,
        initiation_date: None,
        termination_date: None,
        skips: Vec::new(),
        check_in_codes: domain::door::CheckInCodes::None,
        requires_code: false,
        description: None,
        website: None,
        picture_url: None,
    };
    Ok(insert_session(app, Viewer::ADMIN, new).await?.id)
}

async fn insert_meeting(
    app: &App,
    session: SessionId,
    date: NaiveDate,
    start: NaiveTime,
    end: NaiveTime,
) -> Result<()> {
    let (start_time, end_time) = (Some(start), Some(end));
    let new = NewInstance { session, date, start_time, end_time, location_override: None, allows_duplicate: false };
    insert_instance(app, Viewer::ADMIN, new).await?;
    Ok(())
}

fn redis_client(redis: &Redis) -> Result<::redis::Client> {
    Ok(::redis::Client::open(redis.url())?)
}

fn in_redis(redis: &Redis) -> Result<(Arc<dyn JobQueue>, JobQueueHandle)> {
    Ok(redis_queue(redis_client(redis)?, "insession:test"))
}

async fn waiting(redis: &Redis) -> Result<String> {
    redis.ask("ZCARD insession:test:jobs:scheduled").await
}

#[tokio::test]
async fn a_saved_session_is_recomputed_by_the_queue_in_the_process() -> Result<()> {
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let process = installation.start(local_queue(), &SCHEDULES);
    insert(&process.app, true).await?;
    process.until_done(1).await?;
    installation.until_unmarked().await?;
    let health = process.workers.health();
    ensure!(health.queue_is_alive && health.queue == "process" && health.jobs_failed == 0, "{health:?}");
    process.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_burst_of_saves_queues_one_job_in_the_process() -> Result<()> {
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let session = installation.session().await?;
    let (queue, handle) = local_queue();
    for _ in 0..100 {
        queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
    }
    let process = installation.start((queue, handle), &[]);
    process.until_done(1).await?;
    // The first job has begun, so the next one is accepted.
    process.app.queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
    process.until_done(2).await?;
    ensure!(process.stop().await? == 2);
    Ok(())
}

#[tokio::test]
async fn timers_activate_and_deactivate_at_the_instant_and_not_a_millisecond_earlier() -> Result<()> {
    let clock = Arc::new(ManualClock::at(instant("2024-01-15T12:00:00Z")));
    let installation = Installation::new(Arc::<ManualClock>::clone(&clock)).await?;
    let process = installation.start(local_queue(), &[]);
    let session = installation.session().await?;
    let time = |text: &str| text.parse::<NaiveTime>();
    insert_meeting(&process.app, session, "2024-01-15".parse()?, time("19:00:00")?, time("20:30:00")?).await?;
    for (edge, active) in [("2024-01-15T19:00:00Z", 1), ("2024-01-15T20:30:00Z", 0)] {
        let just_before = instant(edge) - TimeDelta::milliseconds(1);
        clock.set(just_before);
        process.until_looked(just_before).await?;
        ensure!(installation.count("session_instance WHERE is_active").await? == 1 - active, "{edge}: too early");
        clock.set(instant(edge));
        installation.until_active(active).await?;
    }
    process.stop().await?;
    Ok(())
}

#[tokio::test]
async fn timers_follow_the_real_clock() -> Result<()> {
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let process = installation.start(local_queue(), &[]);
    let session = installation.session().await?;
    // The window opens within the next three seconds, at a whole second.
    let opens = DateTime::from_timestamp(SystemClock.now().timestamp() + 2, 0).context("an instant")?;
    let end = (opens + TimeDelta::hours(1)).time();
    insert_meeting(&process.app, session, opens.date_naive(), opens.time(), end).await?;
    let connection = installation.database.connect().await?;
    let is_active = "SELECT count(*) FROM session_instance WHERE is_active";
    let seen = eventually(SOON, "the window to open", async || {
        let asked = SystemClock.now();
        ensure!(number(&connection, is_active).await? == 1, "it is not active");
        Ok((asked, SystemClock.now()))
    })
    .await?;
    ensure!(seen.1 >= opens, "active at {seen:?}, before {opens}");
    ensure!(seen.0 - opens < TimeDelta::seconds(1), "active only at {seen:?}, due at {opens}");
    process.stop().await?;
    Ok(())
}

#[tokio::test]
async fn timers_find_the_mark_of_a_lost_job_and_survive_a_broken_database() -> Result<()> {
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    installation.session().await?;
    let process = installation.start(local_queue(), &[]);
    installation.mark().await?;
    installation.until_unmarked().await?;

    installation.execute("ALTER TABLE session_instance RENAME TO away").await?;
    eventually(SOON, "timers to fail", async || {
        let health = process.workers.health();
        ensure!(health.last_failure.as_ref().is_some_and(|failure| failure.part == "timers"), "{health:?}");
        Ok(())
    })
    .await?;
    installation.execute("ALTER TABLE away RENAME TO session_instance").await?;
    installation.mark().await?;
    installation.until_unmarked().await?;
    ensure!(process.stop().await? == 0);
    Ok(())
}

#[tokio::test]
async fn ticks_run_in_the_process_without_redis() -> Result<()> {
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let nowhere = ::redis::Client::open("redis://127.0.0.1:1")?;
    let process = installation.start(local_queue(), &[EACH_SECOND]);
    let other = installation.start(redis_queue(nowhere, "insession:test"), &[EACH_SECOND]);
    process.until_done(2).await?;
    other.until_done(2).await?;
    process.stop().await?;
    other.stop().await?;
    ensure!(installation.count("sweep_run").await? >= 2);
    ensure!(installation.count("sweep_run WHERE finished_at IS NULL").await? == 0);
    Ok(())
}

#[tokio::test]
async fn a_tick_runs_once_with_several_workers() -> Result<()> {
    let redis = Redis::start().await?;
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(installation.start(in_redis(&redis)?, &[EACH_SECOND]));
    }
    for process in &processes {
        process.until_alive(true).await?;
    }
    eventually(SOON, "some ticks", async || {
        ensure!(installation.count("sweep_run WHERE finished_at IS NOT NULL").await? >= 4, "too few");
        Ok(())
    })
    .await?;
    let mut done = 0;
    for process in processes {
        done += process.stop().await?;
    }
    // Each tick that any worker ran was run once.
    let runs = installation.count("sweep_run").await?;
    ensure!(u64::try_from(runs)? == done, "{runs} ticks, {done} jobs");
    Ok(())
}

#[tokio::test]
async fn a_burst_of_saves_queues_one_job_in_redis() -> Result<()> {
    let redis = Redis::start().await?;
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let session = installation.session().await?;
    let (queue, handle) = in_redis(&redis)?;
    for _ in 0..100 {
        queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
    }
    ensure!(waiting(&redis).await? == ":1", "{}", waiting(&redis).await?);
    // A job that has begun to read no longer keeps a save out.
    handle.release(Job::Recompute { session }).await;
    queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
    ensure!(waiting(&redis).await? == ":2", "{}", waiting(&redis).await?);

    let process = installation.start((queue, handle.clone()), &[]);
    process.until_done(2).await?;
    process.app.queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
    process.until_done(3).await?;
    ensure!(process.stop().await? == 3);

    ensure!(handle.vacuum(Duration::ZERO).await.map_err(anyhow::Error::msg)? == 3);
    for key in ["data", "done", "dead", "scheduled", "active"] {
        ensure!(redis.ask(&format!("EXISTS insession:test:jobs:{key}")).await? == ":0", "{key} is left");
    }
    Ok(())
}

#[tokio::test]
async fn workers_start_without_redis_and_survive_its_restarts() -> Result<()> {
    let mut redis = Redis::start().await?;
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let session = installation.session().await?;
    redis.stop().await?;
    let process = installation.start(in_redis(&redis)?, &SCHEDULES);
    let mut done = 0;
    for round in 0..3 {
        // Without Redis, jobs are refused at once, and timers do the work.
        let refused = tokio::time::timeout(Duration::from_millis(500), process.app.queue.enqueue_recompute(session));
        ensure!(refused.await?.is_err(), "round {round}");
        installation.mark().await?;
        installation.until_unmarked().await?;

        redis.start_again().await?;
        process.until_alive(true).await?;
        process.app.queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
        done += 1;
        process.until_done(done).await?;

        if round == 1 {
            redis.stop().await?;
        } else {
            redis.kill()?;
        }
        process.until_alive(false).await?;
    }
    process.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_redis_that_hangs_delays_neither_saves_nor_timers() -> Result<()> {
    let mut redis = Redis::start().await?;
    let installation = Installation::new(Arc::new(SystemClock)).await?;
    let session = installation.session().await?;
    let process = installation.start(in_redis(&redis)?, &[]);
    process.until_alive(true).await?;
    process.app.queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
    process.until_done(1).await?;
    redis.freeze()?;
    for _ in 0..3 {
        let refused = tokio::time::timeout(Duration::from_millis(500), process.app.queue.enqueue_recompute(session));
        ensure!(refused.await?.is_err());
    }
    installation.mark().await?;
    installation.until_unmarked().await?;
    process.until_alive(false).await?;
    redis.thaw()?;
    process.until_alive(true).await?;
    process.until_done(1).await?;
    let before = process.workers.health().jobs_done;
    process.app.queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
    process.until_done(before + 1).await?;
    process.stop().await?;
    Ok(())
}

#[test]
fn another_worker_runs_the_job_of_a_worker_that_vanished() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let redis = Redis::start().await?;
        let installation = Installation::new(Arc::new(SystemClock)).await?;
        let session = installation.session().await?;
        let (queue, handle) = in_redis(&redis)?;
        // A transaction that is held open blocks the first worker while it recomputes.
        let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
        let (let_go, may_go) = tokio::sync::oneshot::channel::<()>();
        let holder = installation.app(Arc::clone(&queue));
        let mut ends = Some((begun, may_go));
        let holding = tokio::spawn(async move {
            let now = holder.now();
            let held: service::Result<()> = service::transaction!(&holder, now, |_tx| {
                if let Some((begun, may_go)) = ends.take() {
                    let _ = begun.send(());
                    let _ = may_go.await;
                }
                Ok(())
            });
            held
        });
        has_begun.await?;
        queue.enqueue_recompute(session).await.map_err(anyhow::Error::msg)?;
        let other = (Arc::clone(&queue), handle.clone());
        let guard = doomed.enter();
        let first = installation.start(in_redis(&redis)?, &[]);
        drop(guard);
        first.until_alive(true).await?;
        eventually(SOON, "the job to be taken", async || {
            ensure!(waiting(&redis).await? == ":0", "it waits");
            ensure!(redis.ask("EXISTS insession:test:jobs:idempotency:recompute-1").await? == ":0", "it has not begun");
            Ok(())
        })
        .await?;
        doomed.shutdown_background();
        let_go.send(()).ok();
        holding.await??;

        let second = installation.start(other, &[]);
        eventually(Duration::from_secs(40), "another worker to do it", async || {
            let health = second.workers.health();
            ensure!(health.jobs_done == 1, "{health:?}");
            Ok(())
        })
        .await?;
        second.stop().await?;
        Ok(())
    })
}
