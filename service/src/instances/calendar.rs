//! The content of calendars of sessions.

use std::collections::HashMap;

use domain::ids::SessionId;
use entity::{session, session_instance};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use super::Instance;
use crate::{
    App, Result,
    db::is_one_of,
    log::cursor::find_installation,
    sessions::{Session, Skip, find_skips_in},
};

/// A session, its instances and its skips, read in one snapshot.
#[derive(Debug, Clone)]
pub struct SessionCalendar {
    pub session: Session,
    /// Ordered by id. Deleted instances are included, because their occurrences do not take place.
    pub instances: Vec<Instance>,
    pub skips: Vec<Skip>,
    /// The name of this installation. With it, ids become globally unique names.
    pub installation: String,
}

/// The session with this path, and all its instances. `None` if there is no such session.
pub async fn find_session_calendar(app: &App, path: &str) -> Result<Option<SessionCalendar>> {
    // PostgreSQL refuses a NUL in a text, so no path has one.
    if path.contains('\0') {
        return Ok(None);
    }
    Ok(find(app, session::Column::Path.eq(path)).await?.pop())
}

/// The same for these sessions, ordered by name. The number of statements does not depend on the number of sessions. A session
/// that has been deleted is left out.
pub async fn find_session_calendars(app: &App, sessions: &[SessionId]) -> Result<Vec<SessionCalendar>> {
    find(app, is_one_of(app.db.pool(), session::Column::Id, sessions.iter().copied())).await
}

async fn find(app: &App, condition: Expr) -> Result<Vec<SessionCalendar>> {
    let installation = find_installation(&app.db).await?.name;
    let snapshot = app.db.snapshot().await?;
    let sessions = session::Entity::find()
        .filter(condition)
        .filter(session::Column::DeletedAt.is_null())
        .order_by_asc(session::Column::NameKey)
        .order_by_asc(session::Column::Id)
        .all(&snapshot)
        .await?;
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let rows = session_instance::Entity::find()
        .filter(is_one_of(&snapshot, session_instance::Column::SessionId, ids.iter().copied()))
        .order_by_asc(session_instance::Column::Id)
        .all(&snapshot)
        .await?;
    let mut instances: HashMap<SessionId, Vec<Instance>> = HashMap::new();
    for row in rows {
        instances.entry(row.session_id).or_default().push(row.into());
    }
    let mut skips: HashMap<SessionId, Vec<Skip>> = HashMap::new();
    for skip in find_skips_in(&snapshot, &ids).await? {
        skips.entry(skip.session_id).or_default().push(skip);
    }
    let calendar = |session: session::Model| SessionCalendar {
        instances: instances.remove(&session.id).unwrap_or_default(),
        skips: skips.remove(&session.id).unwrap_or_default(),
        session: session.into(),
        installation: installation.clone(),
    };
    Ok(sessions.into_iter().map(calendar).collect())
}
