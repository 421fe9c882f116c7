//! Queries for operators: sweeps, broken sessions, overrides. Only for administrators.

use chrono::{DateTime, Utc};
use domain::access::Viewer;
use entity::{session, session_instance, sweep_run};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{App, Result, instances::Instance, lists::values, rights, sessions::Session};

/// A sweep that a schedule called for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRun {
    pub id: i64,
    pub scope: String,
    /// The instant that the sweep took as the current time.
    pub at: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub error_count: i32,
    /// The report of the sweep, as JSON.
    pub report: Option<String>,
}

impl From<sweep_run::Model> for SweepRun {
    fn from(row: sweep_run::Model) -> Self {
        Self {
            id: row.id,
            scope: row.scope,
            at: row.at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            error_count: row.error_count,
            report: row.report,
        }
    }
}

fn authorize(viewer: Viewer) -> Result<()> {
    rights::require_admin(viewer, "as an admin", "see sweeps, broken sessions and overrides")
}

/// The latest recorded sweeps, newest first.
pub async fn find_sweep_runs(app: &App, viewer: Viewer, limit: u64) -> Result<Vec<SweepRun>> {
    authorize(viewer)?;
    let newest = sweep_run::Entity::find().order_by_desc(sweep_run::Column::Id);
    Ok(values(newest.limit(limit).all(app.db.pool()).await?))
}

/// Broken sessions (rule 20), ordered by name.
pub async fn find_broken_sessions(app: &App, viewer: Viewer, limit: u64) -> Result<Vec<Session>> {
    authorize(viewer)?;
    let broken = session::Entity::find()
        .filter(session::Column::Problem.is_not_null())
        .filter(session::Column::DeletedAt.is_null());
    Ok(values(broken.order_by_asc(session::Column::NameKey).limit(limit).all(app.db.pool()).await?))
}

/// Instances with an override (rule 7) that are not over, ordered by when they are decided again.
pub async fn find_overridden(app: &App, viewer: Viewer, limit: u64) -> Result<Vec<Instance>> {
    authorize(viewer)?;
    // An override without an end holds until the next periodic sweep, whether or not the instance has a `due_at`.
    let is_open = Condition::any()
        .add(session_instance::Column::DueAt.is_not_null())
        .add(session_instance::Column::OverrideUntil.is_null());
    let held = session_instance::Entity::find()
        .filter(is_open)
        .filter(session_instance::Column::OverrideActive.is_not_null())
        .filter(session_instance::Column::DeletedAt.is_null())
        .order_by_asc(session_instance::Column::DueAt)
        .order_by_asc(session_instance::Column::Id);
    Ok(values(held.limit(limit).all(app.db.pool()).await?))
}
