//! The sweep: makes the stored status agree with what `domain` decides, within a scope.
//!
//! Terms: *scope* is what it looks at; *mode* is periodic (looks a minute ahead, ends overrides without an end) or
//! exact; a *dry run* does all of it in one transaction that is rolled back. The periodic sweep, the recompute after a
//! save, the manual trigger, a dry run and a simulated time are this sweep with another scope, instant or mode.
//!
//! It always holds that a sweep repeated changes nothing; that any number may run at once; that work commits in
//! batches, each with its news; and that a report tells only what committed (rules 19, 20).

mod bookings;
mod due;
mod everyone;
mod report;
mod session;
mod visits;

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{SessionId, SessionInstanceId},
    status::Mode,
};
use entity::{session as session_table, sweep_run};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    TryGetable,
};
use tracing::{Instrument as _, debug_span};

pub use self::report::{AutoCreated, BookingStepped, Changed, Report, SweepError};
use crate::{
    App, Error, Result,
    cursor::find_installation,
    db::{self, Tx, execute, numbers},
    instances,
    presence::fold_hours,
    settle::{Moment, Settled},
};

/// What a sweep looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What is due: the usual one. Its cost follows what is due.
    Due,
    /// Everything, computed again from the facts, whatever the stored marks say.
    All,
    Session(SessionId),
    Instance(SessionInstanceId),
    /// What is looked at every minute: bookings and visits that are due.
    EveryMinute,
}

#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub scope: Scope,
    pub mode: Mode,
    /// The instant to sweep at; `None`: now.
    pub at: Option<DateTime<Utc>>,
    pub is_dry_run: bool,
}

impl Request {
    /// The periodic sweep of cron, `insession sweep` and `/cron/sweep`.
    pub const PERIODIC: Self = Self { scope: Scope::Due, mode: Mode::Periodic, at: None, is_dry_run: false };
    /// What timers run.
    pub const EXACT: Self = Self { scope: Scope::Due, mode: Mode::Exact, at: None, is_dry_run: false };
    /// What runs between the periodic ones.
    pub const EVERY_MINUTE: Self = Self { scope: Scope::EveryMinute, ..Self::EXACT };
    /// The daily one, that mends what was changed by hand in the database.
    pub const ALL: Self = Self { scope: Scope::All, mode: Mode::Periodic, at: None, is_dry_run: false };
}

/// When a run decides, and by what rules.
#[derive(Clone, Copy)]
struct Timing<'a> {
    app: &'a App,
    at: Option<DateTime<Utc>>,
    mode: Mode,
}

impl Timing<'_> {
    /// Now, or the instant to sweep at. A batch asks when it has its locks: who had them before may have decided as of
    /// an instant after this run began, and that is not to be undone.
    fn moment(self) -> Moment {
        instances::moment(self.app, self.at.unwrap_or_else(|| self.app.now()), self.mode)
    }
}

/// A run under way.
struct Runner<'a> {
    app: &'a App,
    timing: Timing<'a>,
    /// A dry run's one transaction.
    dry: Option<Tx>,
    report: Report,
    progress: &'a Progress,
}

impl Runner<'_> {
    /// Reads ids, as this run sees them.
    async fn ids<T: TryGetable>(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<Vec<T>> {
        match &self.dry {
            Some(tx) => db::ids(tx, sql, values).await,
            None => db::ids(self.app.db.pool(), sql, values).await,
        }
    }

    fn note(&mut self, settled: Settled) {
        self.report.note(settled);
    }
}

/// Runs a block in a transaction of its own; in a dry run, in the one that is never committed, whose news nobody gets.
macro_rules! step {
    ($runner:expr, |$tx:ident| $body:block) => {
        match &$runner.dry {
            Some($tx) => {
                let result: $crate::Result<_> = async { $body }.await;
                $tx.take_news();
                result
            }
            None => $crate::transaction!($runner.app, $runner.timing.moment().now, |$tx| $body),
        }
    };
}
use step;

/// Sweeps, and tells what changed.
///
/// # Errors
/// When the work itself could not be done, such as for want of a database; what is wrong with single sessions is in
/// the report.
pub async fn sweep(app: &App, request: Request) -> Result<Report> {
    sweep_watched(app, request, &Progress::default()).await
}

/// How far a sweep is: how many sessions and instances it has found to look at, and how many it has done.
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

    fn find(&self, count: usize) {
        self.found.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn finish(&self, count: usize) {
        self.done.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// The same, for whoever watches how far it is.
pub async fn sweep_watched(app: &App, request: Request, progress: &Progress) -> Result<Report> {
    let Request { scope, mode, is_dry_run, .. } = request;
    let span = tracing::info_span!("sweep", ?scope, ?mode, is_dry_run);
    sweep_within(app, request, progress).instrument(span).await
}

async fn sweep_within(app: &App, request: Request, progress: &Progress) -> Result<Report> {
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
    match request.scope {
        Scope::Due => {
            due::sweep_sessions(runner).instrument(debug_span!("sweep sessions")).await?;
            due::sweep_instances(runner).instrument(debug_span!("sweep instances")).await?;
            bookings::sweep_due(runner).instrument(debug_span!("sweep bookings")).await?;
            visits::sweep_visits(runner).instrument(debug_span!("sweep visits")).await?;
        }
        Scope::All => {
            everyone::sweep_sessions(runner).instrument(debug_span!("sweep sessions")).await?;
            due::sweep_instances(runner).instrument(debug_span!("sweep instances")).await?;
            everyone::place_people(runner).instrument(debug_span!("place people")).await?;
            bookings::sweep_all(runner).instrument(debug_span!("sweep bookings")).await?;
            visits::sweep_all(runner).instrument(debug_span!("sweep visits")).await?;
        }
        Scope::EveryMinute => {
            bookings::sweep_due(runner).await?;
            visits::sweep_visits(runner).await?;
            if runner.dry.is_none() {
                fold_hours(runner.app).await?;
            }
        }
        Scope::Session(id) => due::sweep_session_list(runner, &[id]).await?,
        Scope::Instance(id) => due::sweep_instance_list(runner, &[id]).await?,
    }
    if matches!(request.scope, Scope::Due | Scope::All) {
        report_problems(runner).await?;
    }
    Ok(())
}

/// Every sweep tells of every session that is broken, until it is mended (rule 20).
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

/// Has a saved session recomputed: by the queue, or at once in this process when the queue can't be reached. Its mark
/// is already in the database, so whatever happens here, nothing is lost (rule 12).
pub async fn recompute_soon(app: &App, session: SessionId) {
    let Err(reason) = app.queue.enqueue_recompute(session).await else { return };
    tracing::debug!(%session, reason, "recomputing in the process");
    let request = Request { scope: Scope::Session(session), ..Request::EXACT };
    if let Err(error) = sweep(app, request).await {
        tracing::error!(%session, error = error.describe(), "recompute failed; the mark stays for the next sweep");
    }
}

/// The next instant at which something falls due; at once when something is marked for recompute. `None`: nothing is.
pub async fn find_next_due(app: &App) -> Result<Option<DateTime<Utc>>> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        at: Option<DateTime<Utc>>,
    }
    let marked = "SELECT id FROM session WHERE needs_recompute LIMIT 1";
    if !numbers(app.db.pool(), marked, []).await?.is_empty() {
        return Ok(Some(app.now()));
    }
    // One ORDER BY ... LIMIT 1 each: the first entry of a partial index.
    let due = "SELECT due_at AS at FROM session_instance WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";
    let create =
        "SELECT next_create_at AS at FROM session WHERE next_create_at IS NOT NULL ORDER BY next_create_at LIMIT 1";
    let abandon = "SELECT abandon_at AS at FROM presence WHERE abandon_at IS NOT NULL ORDER BY abandon_at LIMIT 1";
    let mut next = None;
    let booking = "SELECT due_at AS at FROM booking WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";
    for sql in [due, create, booking, abandon] {
        let found: Vec<Row> = db::rows(app.db.pool(), sql, []).await?;
        next = [next, found.first().and_then(|row| row.at)].into_iter().flatten().min();
    }
    // Of the seats, which are few beside the visits, the lease that ends first. The others' going off line is told to nobody.
    let seen = "SELECT MIN(last_seen_at) AS at FROM presence WHERE activity_id IS NOT NULL";
    let found: Vec<Row> = db::rows(app.db.pool(), seen, []).await?;
    let lease = found.first().and_then(|row| row.at).map(|seen| app.presence.rules.off_line_at(seen));
    Ok([next, lease].into_iter().flatten().min())
}

/// For how long what falls due first has been due: nothing while it is still to come. More than a few seconds, and nobody
/// sweeps.
pub async fn find_overdue(app: &App) -> Result<TimeDelta> {
    let due = find_next_due(app).await?;
    Ok(due.map_or(TimeDelta::zero(), |due| (app.now() - due).max(TimeDelta::zero())))
}

/// Runs a sweep on behalf of a schedule, and records it. With a `tick`, the instant that the schedule called for, it
/// is run once, however many workers call: `None` when another has done it.
pub async fn run_recorded(app: &App, request: Request, tick: Option<DateTime<Utc>>) -> Result<Option<Report>> {
    run_watched(app, request, tick, &Progress::default()).await
}

/// The same, for whoever watches how far it is.
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
    let run = match blank.insert(app.db.pool()).await.map_err(Error::from) {
        Ok(run) => run,
        Err(error) if error.is_duplicate() => {
            let run = sweep_run::Entity::find().filter(sweep_run::Column::Tick.eq(tick)).one(app.db.pool()).await?;
            match run {
                // Begun and not finished: whoever began may have died, and doing it again changes nothing.
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
    finished.into_active_model().reset_all().update(app.db.pool()).await?;
    Ok(Some(report))
}

/// The runs that schedules, cron and the command have recorded of late, as metrics show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRuns {
    /// The last that ended, one a scope.
    pub last: Vec<RecordedRun>,
    /// How many of the last hour have been running for more than a minute, or died.
    pub unfinished: usize,
}

/// One that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRun {
    pub scope: String,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub error_count: i32,
}

/// How the recorded sweeps went, wherever they ran; those that began within two days.
pub async fn find_recorded_runs(app: &App) -> Result<RecordedRuns> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        scope: String,
        started_at: DateTime<Utc>,
        finished_at: Option<DateTime<Utc>>,
        error_count: i32,
    }
    // Without their reports, which may be long.
    let sql = "SELECT scope, started_at, finished_at, error_count FROM sweep_run WHERE started_at > $1 ORDER BY id";
    let now = app.now();
    let found: Vec<Row> = db::rows(app.db.pool(), sql, [(now - TimeDelta::days(2)).into()]).await?;
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

/// How many sessions are marked to be recomputed: what the queue's jobs are about, and is done without them too.
pub async fn count_marked(app: &App) -> Result<i64> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        marked: i64,
    }
    let sql = "SELECT COUNT(*) AS marked FROM session WHERE needs_recompute";
    let found: Vec<Row> = db::rows(app.db.pool(), sql, []).await?;
    Ok(found.first().map_or(0, |row| row.marked))
}

/// Has anyone begun the run of this tick?
pub async fn is_begun(app: &App, tick: DateTime<Utc>) -> Result<bool> {
    let run = sweep_run::Entity::find().filter(sweep_run::Column::Tick.eq(tick)).one(app.db.pool()).await?;
    Ok(run.is_some())
}

/// Ticks after `now` are to be run when they come, though they have been: the clock was set back.
pub async fn forget_later_ticks(app: &App, now: DateTime<Utc>) -> Result<()> {
    execute(app.db.pool(), "UPDATE sweep_run SET tick = NULL WHERE tick > $1", [now.into()]).await?;
    Ok(())
}

/// Computes the windows anew that were computed with older zone data than this program's (rule 1).
pub async fn renew_zone_data(app: &App) -> Result<()> {
    let mut installation = find_installation(&app.db).await?;
    let program = domain::zone::TZ_DATA_VERSION;
    if !domain::zone::tz_data_is_newer(program, &installation.tz_data_version) {
        return Ok(());
    }
    tracing::info!(
        from = installation.tz_data_version,
        to = program,
        "time zone data is newer: computing windows anew"
    );
    sweep(app, Request { scope: Scope::All, mode: Mode::Exact, at: None, is_dry_run: false }).await?;
    program.clone_into(&mut installation.tz_data_version);
    installation.into_active_model().reset_all().update(app.db.pool()).await?;
    Ok(())
}
