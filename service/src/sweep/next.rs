//! What falls due next, of every kind. Timers wait until then. A sweep of what is due begins with the same statement, so a sweep
//! with nothing to do costs one round trip.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::SessionInstanceId,
    status::{LOOKAHEAD, Mode},
};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::{Runner, queues};
use crate::{App, Error, Result, db, presence::queue::FREE_SEATS, status::update::DecisionContext};

/// The first instant of each kind at which something falls due, and what is due at any instant.
#[derive(FromQueryResult)]
struct Next {
    has_marked_session: bool,
    /// A sweep looks at broken sessions at any instant.
    has_broken_session: bool,
    /// An instance whose override has no end. Periodic sweeps look at those at any instant.
    open_override: Option<SessionInstanceId>,
    has_free_seat: bool,
    /// From when the longest idle visit has been idle that loses its seat after a while.
    idle_since: Option<DateTime<Utc>>,
    instance: Option<DateTime<Utc>>,
    new_instance: Option<DateTime<Utc>>,
    booking: Option<DateTime<Utc>>,
    abandoned_visit: Option<DateTime<Utc>>,
    offer: Option<DateTime<Utc>>,
    queue_place: Option<DateTime<Utc>>,
    /// The oldest last heartbeat.
    last_seen: Option<DateTime<Utc>>,
}

/// The visits whose last heartbeats are read.
#[derive(Clone, Copy)]
enum Visits {
    Live,
    /// When other visits go offline, nothing is published, so timers do not wait for them. Visits with a seat are few.
    WithSeat,
}

impl Next {
    /// The statement has no values. So PostgreSQL makes its plan once, and the plan does not depend on guesses about values. Most parts
    /// read the first entry of a partial index. Two parts read the visits that have a seat, which are few. The last part may read all
    /// live visits, because no index has the last heartbeat: each heartbeat would have to change it.
    async fn read<C: ConnectionTrait>(db: &C, visits: Visits) -> Result<Self> {
        let first = |table: &str, column: &str| {
            format!("(SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} LIMIT 1)")
        };
        let is_read = match visits {
            Visits::Live => "is_live",
            Visits::WithSeat => "activity_id IS NOT NULL",
        };
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM session WHERE needs_recompute) AS has_marked_session, \
                    EXISTS (SELECT 1 FROM session WHERE problem IS NOT NULL) AS has_broken_session, \
                    (SELECT id FROM session_instance \
                     WHERE override_active IS NOT NULL AND override_until IS NULL LIMIT 1) AS open_override, \
                    EXISTS ({FREE_SEATS}) AS has_free_seat, \
                    (SELECT MIN(p.idle_since) FROM activity a JOIN presence p ON p.activity_id = a.id \
                     WHERE a.max_idle_minutes IS NOT NULL) AS idle_since, \
                    {} AS instance, {} AS new_instance, {} AS booking, {} AS abandoned_visit, {} AS offer, \
                    {} AS queue_place, (SELECT MIN(last_seen_at) FROM presence WHERE {is_read}) AS last_seen",
            first("session_instance", "due_at"),
            first("session", "next_create_at"),
            first("booking", "due_at"),
            first("presence", "abandon_at"),
            first("queue_place", "offer_ends_at"),
            first("queue_place", "leaves_at"),
        );
        let found: Vec<Self> = db::rows(db, &sql, []).await?;
        found.into_iter().next().ok_or_else(|| Error::internal("a SELECT without a table returned no row"))
    }
}

/// Whether a sweep of what is due may find anything.
pub(super) async fn is_anything_due(runner: &Runner<'_>) -> Result<bool> {
    let next = match &runner.dry {
        Some(tx) => Next::read(tx, Visits::Live).await?,
        None => Next::read(runner.app.db.pool(), Visits::Live).await?,
    };
    let DecisionContext { now, mode, .. } = runner.timing.context();
    let (ahead, has_open_override) = match mode {
        Mode::Periodic => (now + LOOKAHEAD, next.open_override.is_some()),
        Mode::Exact => (now, false),
    };
    let gone = next.last_seen.map(|seen| runner.app.presence.rules.offline_at(seen));
    let instants = [next.new_instance, next.booking, next.abandoned_visit, next.offer, next.queue_place, gone];
    Ok(next.has_marked_session
        || next.has_broken_session
        || has_open_override
        || next.has_free_seat
        || next.idle_since.is_some()
        || next.instance.is_some_and(|due| due <= ahead)
        || instants.into_iter().flatten().any(|due| due <= now))
}

/// The next instant at which something falls due. It is now if a session is marked for recompute, or if a seat can be
/// offered. It is `None` if nothing will fall due.
pub async fn find_next_due(app: &App) -> Result<Option<DateTime<Utc>>> {
    let next = Next::read(app.db.pool(), Visits::WithSeat).await?;
    // With older zone data, this process must leave sessions to others (rule 1).
    let computes_windows = !app.zones.is_outdated();
    if next.has_free_seat || computes_windows && next.has_marked_session {
        return Ok(Some(app.now()));
    }
    let new_instance = next.new_instance.filter(|_| computes_windows);
    let lease = next.last_seen.map(|seen| app.presence.rules.offline_at(seen));
    let idle = if next.idle_since.is_some() { queues::find_next_idle_seat(app).await? } else { None };
    let all =
        [next.instance, new_instance, next.booking, next.abandoned_visit, next.offer, next.queue_place, lease, idle];
    Ok(all.into_iter().flatten().min())
}

/// How long the earliest due item has been overdue. Zero if nothing is due yet. If this exceeds a few seconds, no sweep
/// is running.
pub async fn find_overdue(app: &App) -> Result<TimeDelta> {
    let due = find_next_due(app).await?;
    Ok(due.map_or(TimeDelta::zero(), |due| (app.now() - due).max(TimeDelta::zero())))
}
