//! A load of writers and subscribers, during which a test stops or breaks parts of the deployment.
//!
//! At the end, every acknowledged change is stored, no change was made twice, every subscriber got each change of the log
//! once and in order, and every refused request got an error code.

mod part_failure;
mod random;
mod stage;
mod watcher;
mod writer;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result, anyhow, ensure};
use domain::{
    clock::SystemClock,
    ids::{PersonId, SessionInstanceId},
    news::{Change, ChangeKind, Position},
    placement::PlacementRule,
};
use insession_tests::{Deployment, GraphqlError, LIMIT, Program, TestDatabase, database::number, eventually};
use service::{
    App,
    app::NoJobQueue,
    db::Db,
    log::{self, wake::Wake},
};
use tokio::task::JoinSet;

pub use self::{part_failure::PartFailure, random::Random, writer::Ledger};
use self::{
    stage::Stage,
    watcher::{Watcher, watch},
    writer::{Share, write},
};
use crate::fixtures::create_person;

/// Which errors clients may get in a test.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tolerance {
    /// The database may be down. Then answers are INTERNAL and show no internals.
    pub internal: bool,
    /// Servers may end. Then connections end without an answer.
    pub servers_end: bool,
}

impl Tolerance {
    fn allows(self, error: &GraphqlError) -> bool {
        let hides_internals = [
            "The server cannot reach its database",
            "Internal error",
            "No answer came within 30 seconds",
            "Tokens cannot be checked at the moment",
        ];
        let hides_internals = hides_internals.iter().any(|known| error.message.starts_with(known));
        self.internal && error.code == "INTERNAL" && hides_internals
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub subscribers: usize,
    pub writers: usize,
}

/// A running load. It goes on until [`Load::finish`].
pub struct Load {
    app: App,
    watchers: Vec<Arc<Watcher>>,
    watching: JoinSet<Result<()>>,
    writing: JoinSet<Result<Ledger>>,
    start: Position,
    is_over: Arc<AtomicBool>,
}

/// What the load has done.
pub struct Outcome {
    pub changes: usize,
    pub messages: usize,
    pub cuts: u64,
    pub ledgers: Vec<Ledger>,
}

impl Load {
    pub async fn start(
        database: &TestDatabase,
        deployment: &Deployment,
        size: Size,
        tolerance: Tolerance,
    ) -> Result<Self> {
        let app = app_on(database).await?;
        let urls: Arc<[String]> = deployment.servers.iter().map(Program::url).collect();
        let stage = Arc::new(Stage::set(&deployment.admin()).await?);
        let random = Random::seeded();

        let mut watchers = Vec::new();
        let mut watching = JoinSet::new();
        for number in 0..size.subscribers {
            let watcher = Arc::new(Watcher::new(stage.narrowing(number), number % 2 == 0));
            watchers.push(Arc::clone(&watcher));
            watching.spawn(watch(watcher, Arc::clone(&urls), random.another(), tolerance));
        }
        eventually(LIMIT, "all subscribers to have their snapshot", async || {
            let begun = watchers.iter().filter(|watcher| !watcher.seen().is_empty()).count();
            ensure!(begun == size.subscribers, "only {begun} have it");
            Ok(())
        })
        .await?;

        let start = head(&app).await?;
        let is_over = Arc::new(AtomicBool::new(false));
        let mut writing = JoinSet::new();
        for number in 0..size.writers {
            let share = Share { number, of: size.writers };
            let (stage, urls, is_over) = (Arc::clone(&stage), Arc::clone(&urls), Arc::clone(&is_over));
            writing.spawn(write(stage, urls, share, random.another(), tolerance, is_over));
        }
        let load = Self { app, watchers, watching, writing, start, is_over };
        load.expect_progress(20).await?;
        Ok(load)
    }

    /// How many changes have been logged since the start.
    pub async fn changes(&self) -> Result<i64> {
        Ok(head(&self.app).await?.0 - self.start.0)
    }

    /// Waits until this many more changes have been logged.
    pub async fn expect_progress(&self, more: i64) -> Result<()> {
        let before = self.changes().await?;
        eventually(LIMIT, "more changes", async || {
            let made = self.changes().await? - before;
            ensure!(made >= more, "only {made}");
            Ok(())
        })
        .await
    }

    /// Waits until every server is ready, accepts changes and publishes them.
    pub async fn expect_recovery(&self, servers: &[Program]) -> Result<()> {
        for server in servers {
            eventually(LIMIT, "a server to work again", async || {
                let status = readiness(server).await?;
                ensure!(status == 200, "/health/ready says {status}");
                create_person(&server.admin(), "Somebody").await?;
                let health = server.health().await?;
                ensure!(health["lag"].as_i64().is_some_and(|lag| lag < 50), "behind: {health}");
                Ok(())
            })
            .await?;
        }
        self.expect_progress(20).await
    }

    /// Ends the load, waits until every change is published and delivered, and checks everything.
    pub async fn finish(mut self, database: &TestDatabase) -> Result<Outcome> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut ledgers = Vec::new();
        while let Some(written) = self.writing.join_next().await {
            ledgers.push(written??);
        }
        let truth = settle(&self.app, database).await?;
        let complete = eventually(LIMIT, "all subscribers to have every change", async || {
            for watcher in &self.watchers {
                let expected = watcher.expected(&truth);
                let last = watcher.seen().last().map(|seen| seen.position);
                ensure!(last >= expected.last().map(|seen| seen.position), "a subscriber is at {last:?}");
            }
            Ok(())
        });
        let complete = complete.await;
        // A watcher ends only when it got a wrong message.
        if let Some(wrong) = self.watching.try_join_next() {
            wrong??;
        }
        for watcher in &self.watchers {
            watcher.compare(&truth)?;
        }
        complete?;
        expect_each_change_once(&truth)?;
        for ledger in &ledgers {
            ledger.check(database).await?;
        }
        let outcome = Outcome {
            changes: truth.iter().filter(|change| change.position > self.start).count(),
            messages: self.watchers.iter().map(|watcher| watcher.seen().len()).sum(),
            cuts: self.watchers.iter().map(|watcher| watcher.cuts.load(Ordering::Relaxed)).sum(),
            ledgers,
        };
        let sum = |of: fn(&Ledger) -> usize| outcome.ledgers.iter().map(of).sum::<usize>();
        println!(
            "{} changes, {} acknowledged, {} refused, {} unanswered, {} cut; {} subscribers cut {} times got {} messages",
            outcome.changes,
            sum(|ledger| ledger.acknowledged),
            sum(|ledger| ledger.refused),
            sum(|ledger| ledger.unanswered),
            sum(|ledger| ledger.cut),
            self.watchers.len(),
            outcome.cuts,
            outcome.messages,
        );
        Ok(outcome)
    }
}

/// Checks that the log has each change once: each instance opens and closes in turn, and each move begins where the
/// person was.
fn expect_each_change_once(truth: &[Change]) -> Result<()> {
    let mut active: BTreeMap<SessionInstanceId, bool> = BTreeMap::new();
    let mut places: BTreeMap<PersonId, Option<SessionInstanceId>> = BTreeMap::new();
    for change in truth {
        if let Some((person, moved)) = change.event.as_move() {
            let before = places.insert(person, moved.instance).flatten();
            ensure!(before == moved.previous_instance, "{person} was at {before:?}: {change:?}");
            ensure!(moved.instance != moved.previous_instance, "no move: {change:?}");
        } else if let Some((session_change, instance)) =
            change.event.as_session().and_then(|it| Some((it, it.instance?)))
        {
            let is_active = match session_change.kind {
                ChangeKind::Activated => true,
                ChangeKind::Deactivated => false,
                _ => continue,
            };
            let before = active.insert(instance, is_active).unwrap_or(false);
            ensure!(before != is_active, "logged twice: {change:?}");
        }
    }
    Ok(())
}

async fn readiness(server: &Program) -> Result<u16> {
    let client = server.client();
    Ok(client.http().get(client.address("/health/ready")).send().await?.status().as_u16())
}

/// The service in this process, on the database of the servers.
pub async fn app_on(database: &TestDatabase) -> Result<App> {
    let db = Db::connect(&database.url, 4).await.map_err(test_error)?;
    Ok(App::new(db, Arc::new(SystemClock), Wake::local(), Arc::new(NoJobQueue), PlacementRule::default()))
}

/// Converts an error of the service into one of a test.
#[expect(clippy::needless_pass_by_value, reason = "to be given to map_err")]
pub fn test_error(error: service::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

async fn head(app: &App) -> Result<Position> {
    log::publish(app).await.map_err(test_error)?;
    log::head(app).await.map_err(test_error)
}

/// Waits until every change is published and nothing falls due soon, and reads the whole log.
async fn settle(app: &App, database: &TestDatabase) -> Result<Vec<Change>> {
    let connection = database.connect().await?;
    eventually(LIMIT, "every change to be published", async || {
        head(app).await?;
        let due = app.now() + chrono::TimeDelta::seconds(60);
        let due = format!("SELECT count(*) FROM session_instance WHERE due_at < '{}'", due.to_rfc3339());
        ensure!(number(&connection, &due).await? == 0, "something falls due");
        ensure!(number(&connection, "SELECT count(*) FROM count_change").await? == 0, "counts wait");
        Ok(())
    })
    .await?;
    head(app).await?;
    let mut truth: Vec<Change> = Vec::new();
    loop {
        let after = truth.last().map_or(Position(0), |change| change.position);
        let more = log::read_after(&app.db, after, 1_000).await.map_err(test_error)?;
        if more.is_empty() {
            connection.close().await.context("closing")?;
            return Ok(truth);
        }
        truth.extend(more);
    }
}
