//! The content of a session's calendar.

use entity::{session, session_instance};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Instance;
use crate::{
    App, Result,
    lists::values,
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
    let installation = find_installation(&app.db).await?.name;
    let snapshot = app.db.snapshot().await?;
    let found = session::Entity::find()
        .filter(session::Column::Path.eq(path))
        .filter(session::Column::DeletedAt.is_null())
        .one(&snapshot)
        .await?;
    let Some(session) = found else { return Ok(None) };
    let instances = session_instance::Entity::find()
        .filter(session_instance::Column::SessionId.eq(session.id))
        .order_by_asc(session_instance::Column::Id)
        .all(&snapshot)
        .await?;
    let skips = find_skips_in(&snapshot, session.id).await?;
    Ok(Some(SessionCalendar { session: session.into(), instances: values(instances), skips, installation }))
}
