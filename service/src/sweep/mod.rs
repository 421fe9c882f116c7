//! The sweep: makes the stored status agree with what `domain` decides, within a scope.
//!
//! Terms:
//!
//! - A *scope* is the part of the data that a sweep checks.
//! - A *mode* is periodic or exact. A periodic sweep looks one minute ahead, and ends overrides that have no end (rules
//!   6, 7).
//! - A *dry run* does the whole sweep in one transaction, and rolls it back.
//! - A *tick* is an instant at which the schedule calls for a sweep.
//!
//! The periodic sweep, the recompute after a save, the manual trigger, the dry run and the sweep at a simulated time
//! are all this sweep. They differ in scope, instant and mode.
//!
//! Invariants:
//!
//! - A sweep that is repeated changes nothing.
//! - Any number of sweeps may run at the same time.
//! - Work commits in batches, each with its changes in the log.
//! - A report names only what was committed (rules 19, 20).

mod bookings;
mod due;
mod everyone;
mod next;
mod queues;
mod renew;
mod report;
mod session;
mod visits;

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{access::Viewer, ids::SessionId, status::Mode};
use entity::{session as session_table, sweep_run};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    TryGetable,
};
use tracing::{Instrument as _, debug_span};

pub(crate) use self::session::{as_existing, retime_instances};
pub use self::{
    next::{find_next_due, find_overdue},
    renew::renew_zone_data,
    report::{AutoCreated, BookingStepped, Changed, Report, SweepError},
};
use crate::{
    App, Error, Result,
    db::{self, Named, Tx, execute},
    presence::{fold_hours, queue::forget_old_holds},
    rights,
    status::update::{DecisionContext, Updated, decision_context},
    transaction,
};

/// The scope of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything that is due. The cost depends on how much is due, not on how much exists (rule 19).
    Due,
    /// Everything is computed again from the facts, whatever the stored marks say.
    All,
    Session(SessionId),
    /// Bookings, visits and queues that are due. Runs every minute.
    EveryMinute,
}

#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub scope: Scope,
    pub mode: Mode,
    /// The instant to sweep at. `None` means now.
    pub at: Option<DateTime<Utc>>,
    pub is_dry_run: bool,
}

impl Request {
    /// The periodic sweep of cron, `insession sweep` and `/cron/sweep`.
    pub const PERIODIC: Self = Self { scope: Scope::Due, mode: Mode::Periodic, at: None, is_dry_run: false };
    /// The sweep that timers run.
    pub const EXACT: Self = Self { scope: Scope::Due, mode: Mode::Exact, at: None, is_dry_run: false };
    /// The sweep of each minute, between the periodic sweeps.
    pub const EVERY_MINUTE: Self = Self { scope: Scope::EveryMinute, ..Self::EXACT };
    /// The daily sweep. It also repairs what was changed by hand in the database.
    pub const ALL: Self = Self { scope: Scope::All, mode: Mode::Periodic, at: None, is_dry_run: false };
}

/// The instant and the mode of a run.
#[derive(Clone, Copy)]
struct Timing<'a> {
    app: &'a App,
    at: Option<DateTime<Utc>>,
    mode: Mode,
}

impl Timing<'_> {
    /// Now, or the instant to sweep at. Call this after taking the locks of a batch: the previous holder of a lock may
    /// have decided at an instant after this run began, and that decision must not be undone.
    fn context(self) -> DecisionContext {
        decision_context(self.app, self.at.unwrap_or_else(|| self.app.now()), self.mode)
    }
}

/// A run in progress.
struct Runner<'a> {
    app: &'a App,
    timing: Timing<'a>,
    /// The only transaction of a dry run.
    dry: Option<Tx>,
    report: Report,
    progress: &'a Progress,
}

impl Runner<'_> {
    /// Reads ids. A dry run reads them in its transaction, so it sees its own writes.
    async fn ids<T: TryGetable>(&self, sql: &str, values: impl IntoIterator<Item = Named>) -> Result<Vec<T>> {
        match &self.dry {
            Some(tx) => db::ids(tx, sql, values).await,
            None => db::ids(self.app.db.pool(), sql, values).await,
        }
    }

    fn note(&mut self, updated: Updated) {
        self.report.note(self.app.zone_data(), updated);
    }
}

/// Runs a block in a transaction of its own. A dry run uses its one transaction and discards the changes for the log.
macro_rules! step {
    ($runner:expr, |$tx:ident| $body:block) => {
        match &$runner.dry {
            Some($tx) => {
                let result: $crate::Result<_> = async { $body }.await;
                $tx.take_news();
                result
            }
            None => $crate::transaction!($runner.app, $runner.timing.context().now, |$tx| $body),
        }
    };
}
use step;

/// Sweeps and reports what changed.
///
/// # Errors
/// When the work itself is impossible, for example without a database. Problems of single sessions are in the report.
pub async fn sweep(app: &App, request: Request) -> Result<Report> {
    sweep_watched(app, request, &Progress::default()).await
}

/// The sweep that an admin requests. Like a timer, it does not look ahead (rule 6). A dry run may be for another instant.
///
/// # Errors
/// [`Error::Unauthenticated`] or [`Error::Forbidden`] if the viewer is not an admin. [`Error::Invalid`] if a real sweep has an
/// instant.
pub async fn sweep_on_request(
    app: &App,
    viewer: Viewer,
    is_dry_run: bool,
    at: Option<DateTime<Utc>>,
) -> Result<Report> {
    rights::require_admin(viewer, "as an admin to sweep", "sweep")?;
    if at.is_some() && !is_dry_run {
        return Err(Error::invalid("at", "is only possible with dryRun: a real sweep is for the current time"));
    }
    sweep(app, Request { at, is_dry_run, ..Request::EXACT }).await
}

/// Counts how many items a sweep, or another long task, has found and how many of them are done. Another task may read it
/// meanwhile.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicU64,
    done: AtomicU64,
}

impl Progress {
    pub fn found(&self) -> u64 {
        self.found.load(Ordering::Relaxed)
    }

    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(crate) fn find(&self, count: usize) {
        self.found.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn finish(&self, count: usize) {
        self.done.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// The same as [`sweep`], with progress that another task can read.
pub async fn sweep_watched(app: &App, request: Request, progress: &Progress) -> Result<Report> {
    let Request { scope, mode, is_dry_run, .. } = request;
    let span = tracing::info_span!("sweep", ?scope, ?mode, is_dry_run);
    sweep_within(app, request, progress).instrument(span).await
}

async fn sweep_within(app: &App, request: Request, progress: &Progress) -> Result<Report> {
    let app = &app.pinned();
    let now = request.at.unwrap_or_else(|| app.now());
    let dry = if request.is_dry_run { Some(app.db.begin().await?) } else { None };
    let mut runner = Runner {
        app,
        timing: Timing { app, at: request.at, mode: request.mode },
        dry,
        report: Report::new(now, request.is_dry_run),
        progress,
    };
    let result = run(&mut runner, request).await;
    let Runner { dry, report, .. } = runner;
    if let Some(tx) = dry {
        tx.rollback().await?;
    }
    result.map(|()| report)
}

async fn run(runner: &mut Runner<'_>, request: Request) -> Result<()> {
    let is_needed = request.scope != Scope::Due
        || next::is_anything_due(runner).instrument(debug_span!("find what is due")).await?;
    if is_needed {
        sweep_scope(runner, request.scope).await?;
    }
    // Only periodic sweeps report this, because timers may sweep every second.
    if request.mode == Mode::Periodic && runner.app.zones.is_outdated() {
        for warning in runner.app.zones.status().warnings {
            runner.report.error(None, warning);
        }
    }
    Ok(())
}

async fn sweep_scope(runner: &mut Runner<'_>, scope: Scope) -> Result<()> {
    match scope {
        Scope::Due => {
            due::sweep_sessions(runner).instrument(debug_span!("sweep sessions")).await?;
            due::sweep_instances(runner).instrument(debug_span!("sweep instances")).await?;
            bookings::sweep_due(runner).instrument(debug_span!("sweep bookings")).await?;
            visits::sweep_visits(runner).instrument(debug_span!("sweep visits")).await?;
            queues::sweep_queues(runner).instrument(debug_span!("sweep queues")).await?;
        }
        Scope::All => {
            everyone::sweep_sessions(runner).instrument(debug_span!("sweep sessions")).await?;
            due::sweep_instances(runner).instrument(debug_span!("sweep instances")).await?;
            everyone::place_people(runner).instrument(debug_span!("place people")).await?;
            bookings::sweep_all(runner).instrument(debug_span!("sweep bookings")).await?;
            visits::sweep_all(runner).instrument(debug_span!("sweep visits")).await?;
            queues::sweep_all(runner).instrument(debug_span!("sweep queues")).await?;
        }
        Scope::EveryMinute => {
            bookings::sweep_due(runner).await?;
            visits::sweep_visits(runner).await?;
            queues::sweep_queues(runner).await?;
            if runner.dry.is_none() {
                fold_hours(runner.app).await?;
                forget_old_holds(runner.app).await?;
            }
        }
        Scope::Session(id) => due::sweep_session_list(runner, &[id]).await?,
    }
    if matches!(scope, Scope::Due | Scope::All) {
        report_problems(runner).await?;
    }
    Ok(())
}

/// Reports every broken session, also those that this sweep did not look at (rule 20).
async fn report_problems(runner: &mut Runner<'_>) -> Result<()> {
    let query = session_table::Entity::find()
        .filter(session_table::Column::Problem.is_not_null())
        .order_by_asc(session_table::Column::Id);
    let broken = match &runner.dry {
        Some(tx) => query.all(tx).await?,
        None => query.all(runner.app.db.pool()).await?,
    };
    for row in broken {
        if let Some(problem) = row.problem {
            runner.report.error(Some(row.id), problem);
        }
    }
    Ok(())
}

/// Requests the recompute of a saved session. The queue does it; if the queue refuses, this process does it at
/// once. The mark is already in the database, so a failure here loses nothing (rule 12).
pub async fn recompute_soon(app: &App, session: SessionId) {
    let Err(reason) = app.queue.enqueue_recompute(session).await else { return };
    tracing::debug!(%session, %reason, "the queue did not take the job: recomputing in this process");
    let request = Request { scope: Scope::Session(session), ..Request::EXACT };
    if let Err(error) = sweep(app, request).await {
        tracing::error!(%session, %error, "recompute failed; the session stays marked for the next sweep");
    }
}

/// Recomputes a session that was just saved, so that the answer to the save shows the recomputed session. If this
/// fails, the queue does it (rule 12).
pub async fn recompute_now(app: &App, session: SessionId) {
    let request = Request { scope: Scope::Session(session), ..Request::EXACT };
    if let Err(error) = sweep(app, request).await {
        tracing::warn!(%session, %error, "recompute failed, and is left to the queue");
        recompute_soon(app, session).await;
    }
}

/// Runs a sweep for a schedule and records the run. A run with a `tick` happens once, however many workers call this.
/// The answer is `None` if another worker has finished the run of this tick.
pub async fn run_recorded(app: &App, request: Request, tick: Option<DateTime<Utc>>) -> Result<Option<Report>> {
    run_watched(app, request, tick, &Progress::default()).await
}

/// The same as [`run_recorded`], with progress that another task can read.
pub async fn run_watched(
    app: &App,
    request: Request,
    tick: Option<DateTime<Utc>>,
    progress: &Progress,
) -> Result<Option<Report>> {
    let scope = if request.scope == Scope::All { "all" } else { "due" };
    let started_at = app.now();
    let blank = sweep_run::Model {
        id: 0,
        tick,
        scope: scope.to_owned(),
        at: request.at.unwrap_or(started_at),
        started_at,
        finished_at: None,
        error_count: 0,
        report: None,
    };
    let blank = sweep_run::ActiveModel { id: NotSet, ..blank.into_active_model().reset_all() };
    let begun = transaction!(app, started_at, |tx| { Ok(blank.clone().insert(tx).await?) });
    let run = match begun {
        Ok(run) => run,
        Err(error) if error.is_duplicate() => {
            let run = sweep_run::Entity::find().filter(sweep_run::Column::Tick.eq(tick)).one(app.db.pool()).await?;
            match run {
                // The run was begun but not finished. The worker that began it may have crashed. Repeating the run is
                // harmless.
                Some(run) if run.finished_at.is_none() => run,
                _ => return Ok(None),
            }
        }
        Err(error) => return Err(error),
    };
    let report = sweep_watched(app, request, progress).await?;
    let finished = sweep_run::Model {
        finished_at: Some(app.now()),
        error_count: i32::try_from(report.errors.len()).unwrap_or(i32::MAX),
        report: serde_json::to_string(&report).ok(),
        ..run
    };
    let finished = finished.into_active_model().reset_all();
    transaction!(app, app.now(), |tx| { Ok(finished.clone().update(tx).await?) })?;
    Ok(Some(report))
}

/// The recent recorded runs, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRuns {
    /// The last finished run of each scope.
    pub last: Vec<RecordedRun>,
    /// How many runs began within the last hour, more than a minute ago, and are not finished. They are slow or have
    /// crashed.
    pub unfinished: usize,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRun {
    pub scope: String,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub error_count: i32,
}

/// The recorded runs of all processes that began within the last two days.
pub async fn find_recorded_runs(app: &App) -> Result<RecordedRuns> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        scope: String,
        started_at: DateTime<Utc>,
        finished_at: Option<DateTime<Utc>>,
        error_count: i32,
    }
    // The reports are not read: they may be long.
    let sql = "SELECT scope, started_at, finished_at, error_count FROM sweep_run WHERE started_at > :since ORDER BY id";
    let now = app.now();
    let found: Vec<Row> = db::rows(app.db.pool(), sql, [("since", (now - TimeDelta::days(2)).into())]).await?;
    let is_old = |row: &Row| now - row.started_at > TimeDelta::minutes(1) && now - row.started_at < TimeDelta::hours(1);
    let unfinished = found.iter().filter(|row| row.finished_at.is_none() && is_old(row)).count();
    let mut last: Vec<RecordedRun> = Vec::new();
    for Row { scope, started_at, finished_at, error_count } in found {
        if let Some(finished_at) = finished_at {
            last.retain(|run| run.scope != scope);
            last.push(RecordedRun { scope, started_at, finished_at, error_count });
        }
    }
    Ok(RecordedRuns { last, unfinished })
}

/// How many sessions are marked for recompute. For each there is usually a job in the queue; a sweep recomputes them
/// without it, too.
pub async fn count_marked(app: &App) -> Result<i64> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        marked: i64,
    }
    let sql = "SELECT COUNT(*) AS marked FROM session WHERE needs_recompute";
    let found: Vec<Row> = db::rows(app.db.pool(), sql, []).await?;
    Ok(found.first().map_or(0, |row| row.marked))
}

/// Whether a run of this tick has begun.
pub async fn is_begun(app: &App, tick: DateTime<Utc>) -> Result<bool> {
    let run = sweep_run::Entity::find().filter(sweep_run::Column::Tick.eq(tick)).one(app.db.pool()).await?;
    Ok(run.is_some())
}

/// Lets the sweeps of ticks after `now` run again when these instants come. Needed after the clock was set back.
pub async fn forget_later_ticks(app: &App, now: DateTime<Utc>) -> Result<()> {
    let sql = "UPDATE sweep_run SET tick = NULL WHERE tick > :now";
    transaction!(app, now, |tx| { Ok(execute(tx, sql, [("now", now.into())]).await?) })?;
    Ok(())
}
