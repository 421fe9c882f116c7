//! The content of calendars of sessions.

use std::collections::HashMap;

use domain::{
    ids::{SessionId, SessionInstanceId},
    import::{Feed, INSTANCE, ImportRecord},
};
use entity::{imported_session, session, session_instance};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use crate::{
    App, Result,
    db::is_one_of,
    instances::Instance,
    log::cursor::ensure_installation,
    sessions::{Session, Skip, find_skips_in},
};

/// A session, its instances and its skips, read in one snapshot.
#[derive(Debug, Clone)]
pub struct SessionCalendar {
    pub session: Session,
    /// Ordered by id. Deleted instances are included, because their occurrences do not take place.
    pub instances: Vec<Instance>,
    pub skips: Vec<Skip>,
    pub names: EventNames,
}

/// The globally unique names of the events of a session.
///
/// A session that was imported from the feed of another installation keeps the names that its events have there. So whoever
/// imports its feed knows the session, also the installation that it is from. Names of this installation are never taken from a
/// file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNames {
    feed: Feed,
    /// The names that single meetings have on the other installation.
    instances: HashMap<SessionInstanceId, String>,
    /// This installation, if the feed is of another one.
    copied_by: Option<String>,
}

impl EventNames {
    /// The names of a session that was created on this installation.
    pub fn new(session: SessionId, installation: &str) -> Self {
        let feed = Feed { session, installation: installation.to_owned() };
        Self { feed, instances: HashMap::new(), copied_by: None }
    }

    /// The names of a session that was imported from another feed.
    pub fn copied(feed: Feed, record: &ImportRecord, installation: &str) -> Self {
        let known = record.instances.iter();
        let instances =
            known.filter_map(|(key, id)| Some((SessionInstanceId(*id), feed.instance_name(key)?))).collect();
        Self { feed, instances, copied_by: Some(installation.to_owned()) }
    }

    /// The name of the event of an instance.
    pub fn of_instance(&self, id: SessionInstanceId) -> String {
        match (self.instances.get(&id), &self.copied_by) {
            (Some(name), _) => name.clone(),
            // On the other installation, another instance may have this id.
            (None, Some(installation)) => format!("{INSTANCE}{}-{installation}", id.0),
            (None, None) => format!("{INSTANCE}{}", id.0),
        }
    }

    /// The UID of the event with this name.
    pub fn uid(&self, name: &str) -> String {
        self.feed.uid(name)
    }
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
    let installation = ensure_installation(&app.db).await?.name;
    let snapshot = app.db.snapshot().await?;
    find_calendars_in(&snapshot, &installation, condition).await
}

/// The calendars of the sessions that meet a condition, as a transaction of this installation sees them.
pub(crate) async fn find_calendars_in<C: ConnectionTrait>(
    db: &C,
    installation: &str,
    condition: Expr,
) -> Result<Vec<SessionCalendar>> {
    let sessions = session::Entity::find()
        .filter(condition)
        .filter(session::Column::DeletedAt.is_null())
        .order_by_asc(session::Column::NameKey)
        .order_by_asc(session::Column::Id)
        .all(db)
        .await?;
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let rows = session_instance::Entity::find()
        .filter(is_one_of(db, session_instance::Column::SessionId, ids.iter().copied()))
        .order_by_asc(session_instance::Column::Id)
        .all(db)
        .await?;
    let mut instances: HashMap<SessionId, Vec<Instance>> = HashMap::new();
    for row in rows {
        instances.entry(row.session_id).or_default().push(row.into());
    }
    let mut skips: HashMap<SessionId, Vec<Skip>> = HashMap::new();
    for skip in find_skips_in(db, &ids).await? {
        skips.entry(skip.session_id).or_default().push(skip);
    }
    let mut copied = find_copied(db, &ids, installation).await?;
    let calendar = |session: session::Model| SessionCalendar {
        names: copied.remove(&session.id).unwrap_or_else(|| EventNames::new(session.id, installation)),
        instances: instances.remove(&session.id).unwrap_or_default(),
        skips: skips.remove(&session.id).unwrap_or_default(),
        session: session.into(),
    };
    Ok(sessions.into_iter().map(calendar).collect())
}

/// The names of the sessions that were imported from feeds of other installations.
async fn find_copied<C: ConnectionTrait>(
    db: &C,
    sessions: &[SessionId],
    installation: &str,
) -> Result<HashMap<SessionId, EventNames>> {
    let records = imported_session::Entity::find()
        .filter(is_one_of(db, imported_session::Column::SessionId, sessions.iter().copied()))
        .filter(imported_session::Column::Source.like("session-%@%"))
        .order_by_desc(imported_session::Column::Id)
        .all(db)
        .await?;
    let copied = records.into_iter().filter_map(|row| {
        let feed = Feed::of_source(&row.source).filter(|feed| feed.installation != installation)?;
        let record = serde_json::from_str(&row.contents).ok()?;
        Some((row.session_id, EventNames::copied(feed, &record, installation)))
    });
    Ok(copied.collect())
}
