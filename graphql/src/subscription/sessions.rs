//! `activeSessionChanged`: how a subscription to sessions begins, and its messages.

use async_graphql::{Context, Enum, ID, Object, Subscription};
use domain::{
    ids::{PersonId, SessionId, SessionInstanceId},
    news::{ChangeKind, Narrowing, Position, SessionChange, SessionNarrowing, View},
};
use futures_util::stream::BoxStream;
use live::{LiveEvent, Registration};
use service::{
    instances::{self, ActiveFilter},
    log, people, sessions,
};
use std::sync::Arc;

use crate::{
    change_cursor,
    context::{Result, app, id_of, parse_id, viewer},
    error::ApiError,
    input::instance::session_ids,
    loaders::load,
    subscribe::{Beginning, subscribe},
    types::{
        instance::SessionInstance,
        person::Person,
        scalars::{Cursor, DateTime},
        session::Session,
    },
};

/// The most active instances that a snapshot has.
const SNAPSHOT_LIMIT: u64 = 500;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ActiveSessionChangeKind {
    /// The state at the start of a subscription without `after`. It is the first message.
    Snapshot,
    /// An instance became active.
    Activated,
    /// An instance stopped being active.
    Deactivated,
    /// An active instance changed in something that a page shows: its times, its location, its override,
    /// `attendingCount` or `presentCount`.
    Updated,
    /// The person of the subscription is at another instance now, or at none.
    PersonMoved,
}

/// The state when a subscription begins, read in one database snapshot with its position.
struct Snapshot {
    position: Position,
    at: chrono::DateTime<chrono::Utc>,
    person: Option<PersonId>,
    sessions: Option<Vec<sessions::Session>>,
    active: Option<Vec<instances::Instance>>,
}

#[derive(Clone)]
enum Message {
    Snapshot(Arc<Snapshot>),
    Event(LiveEvent, ChangeKind),
}

pub struct ActiveSessionChange(Message);

impl ActiveSessionChange {
    /// The message of an event. All events of [`Narrowing::Sessions`] are of this kind.
    fn of_event(event: LiveEvent) -> Option<Self> {
        match event.view {
            View::Session(kind) => Some(Self(Message::Event(event, kind))),
            View::Booking | View::Occupancy => None,
        }
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        match &self.0 {
            Message::Snapshot(snapshot) => Some(snapshot),
            Message::Event(..) => None,
        }
    }

    fn change(&self) -> Option<&SessionChange> {
        match &self.0 {
            Message::Snapshot(_) => None,
            Message::Event(event, _) => event.change.event.as_session(),
        }
    }
}

async fn find_instance(ctx: &Context<'_>, id: Option<SessionInstanceId>) -> Result<Option<SessionInstance>> {
    match id {
        Some(id) => Ok(load(ctx, id).await?.map(SessionInstance)),
        None => Ok(None),
    }
}

/// A message of `activeSessionChanged`. Its fields show the state at the time when the message is sent.
#[Object]
impl ActiveSessionChange {
    /// What happened.
    async fn kind(&self) -> ActiveSessionChangeKind {
        match &self.0 {
            Message::Snapshot(_) => ActiveSessionChangeKind::Snapshot,
            Message::Event(_, kind) => match kind {
                ChangeKind::Activated => ActiveSessionChangeKind::Activated,
                ChangeKind::Deactivated => ActiveSessionChangeKind::Deactivated,
                ChangeKind::Updated => ActiveSessionChangeKind::Updated,
                ChangeKind::PersonMoved => ActiveSessionChangeKind::PersonMoved,
            },
        }
    }

    /// The position of this message in the log of changes. A subscription that gets it as `after` continues with the
    /// next message.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<Cursor> {
        let position = match &self.0 {
            Message::Snapshot(snapshot) => snapshot.position,
            Message::Event(event, _) => event.change.position,
        };
        change_cursor::write(app(ctx)?, position).await
    }

    /// The instant of the change. For a SNAPSHOT, the instant at which it was read.
    async fn occurred_at(&self) -> DateTime {
        DateTime(match &self.0 {
            Message::Snapshot(snapshot) => snapshot.at,
            Message::Event(event, _) => event.change.occurred_at,
        })
    }

    /// The session of the instance. Null for SNAPSHOT and PERSON_MOVED.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>> {
        let change = self.change().filter(|change| change.kind != ChangeKind::PersonMoved);
        match change.and_then(|change| change.session) {
            Some(id) => Ok(load(ctx, id).await?.map(Session)),
            None => Ok(None),
        }
    }

    /// The id of the instance that changed, even if it has been deleted. For PERSON_MOVED, the id of the instance where
    /// the person is now, or null if there is none. Null for SNAPSHOT.
    async fn session_instance_id(&self) -> Option<ID> {
        self.change()?.instance.map(id_of)
    }

    /// For DEACTIVATED, the id of the instance that stopped being active, even if it has been deleted. Null for other
    /// kinds.
    async fn deactivated_session_instance_id(&self) -> Option<ID> {
        self.change().filter(|change| change.kind == ChangeKind::Deactivated)?.instance.map(id_of)
    }

    /// The instance that changed. For PERSON_MOVED, the instance where the person is now. Null for SNAPSHOT, if the
    /// person is at no instance, and if the instance has been deleted.
    async fn session_instance(&self, ctx: &Context<'_>) -> Result<Option<SessionInstance>> {
        find_instance(ctx, self.change().and_then(|change| change.instance)).await
    }

    /// For PERSON_MOVED, the instance where the person was before. Null if there was none, if it has been deleted, and
    /// for other kinds.
    async fn previous_session_instance(&self, ctx: &Context<'_>) -> Result<Option<SessionInstance>> {
        find_instance(ctx, self.change().and_then(|change| change.previous_instance)).await
    }

    /// For PERSON_MOVED and SNAPSHOT, the person of the subscription. Null if the subscription has no `personId`, and
    /// for other kinds.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        let id = match &self.0 {
            Message::Snapshot(snapshot) => snapshot.person,
            Message::Event(event, kind) => event.person.filter(|_| *kind == ChangeKind::PersonMoved),
        };
        match id {
            Some(id) => Ok(load(ctx, id).await?.map(Person)),
            None => Ok(None),
        }
    }

    /// For a SNAPSHOT, all sessions of `sessionIds`, whether they are active or not. Null if the subscription has no
    /// `sessionIds`, and for other kinds.
    async fn sessions(&self) -> Option<Vec<Session>> {
        let rows = self.snapshot()?.sessions.clone()?;
        Some(rows.into_iter().map(Session).collect())
    }

    /// For a SNAPSHOT, all active instances that the subscription selects. Null for other kinds. Null if there are more
    /// than 500, too: then read them with `activeSessionInstances`, select `changeCursor` in the same query, and
    /// subscribe with that cursor as `after`.
    async fn active_instances(&self) -> Option<Vec<SessionInstance>> {
        let rows = self.snapshot()?.active.clone()?;
        Some(rows.into_iter().map(SessionInstance).collect())
    }
}

#[derive(Default)]
pub struct SessionSubscription;

#[Subscription]
impl SessionSubscription {
    /// Sends a message when an instance becomes active, changes while it is active, or stops being active. Each
    /// argument selects fewer changes.
    ///
    /// Without `after`, the first message is a SNAPSHOT. With `after`, the subscription sends each change since that
    /// cursor once and in order, and then new ones. If the cursor is too old, the error is CURSOR_EXPIRED: subscribe
    /// again without `after`.
    async fn active_session_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "sessionIds", desc = "Only changes of these sessions: at most 100 ids.")] ids: Option<Vec<ID>>,
        #[graphql(
            desc = "Only moves of this person, and changes of the instance where the person is. Only the person and admins may use it."
        )]
        person_id: Option<ID>,
        #[graphql(desc = "Only changes of sessions in this city. The spelling must be the same.")] city: Option<String>,
        #[graphql(desc = "Only changes of sessions in this country. The spelling must be the same.")] country: Option<
            String,
        >,
        #[graphql(desc = "The cursor of the last message, or `changeCursor` of a query.")] after: Option<Cursor>,
    ) -> Result<BoxStream<'static, ActiveSessionChange>> {
        let begin = async {
            let narrowing = SessionNarrowing {
                sessions: ids.map(|ids| session_ids(&ids)).transpose()?,
                person: person_id.as_ref().map(|id| parse_id("personId", id)).transpose()?,
                city,
                country,
            };
            authorize(ctx, &narrowing).await?;
            match change_cursor::given(ctx, after) {
                Some(cursor) => resume(ctx, narrowing, &cursor).await,
                None => begin(ctx, narrowing).await,
            }
        };
        subscribe(ctx, begin, ActiveSessionChange::of_event).await
    }
}

/// Checks the rights: only the person and admins may follow a person's moves. Unknown sessions and people are an error.
async fn authorize(ctx: &Context<'_>, narrowing: &SessionNarrowing) -> Result<()> {
    let viewer = viewer(ctx);
    if let Some(person) = narrowing.person {
        people::authorize_following(viewer, person)?;
        if load(ctx, person).await?.is_none() {
            return Err(ApiError::not_found(format!("There is no person {person}.")));
        }
    }
    if let Some(ids) = &narrowing.sessions {
        let found: Vec<SessionId> = sessions::find_sessions(app(ctx)?, ids).await?.iter().map(|row| row.id).collect();
        if let Some(missing) = ids.iter().find(|id| !found.contains(id)) {
            return Err(ApiError::not_found(format!("There is no session {missing}.")));
        }
    }
    Ok(())
}

async fn resume(
    ctx: &Context<'_>,
    narrowing: SessionNarrowing,
    cursor: &Cursor,
) -> Result<Beginning<ActiveSessionChange>> {
    let app = app(ctx)?;
    let from = change_cursor::resumable(ctx, cursor).await?;
    let person_at = match narrowing.person {
        Some(person) => people::find_placement(app, person).await?,
        None => None,
    };
    let registration = Registration { narrowing: Narrowing::Sessions(narrowing), from, person_at };
    Ok(Beginning { registration, first: None })
}

/// Reads the state and the position in the log in one database snapshot (rule 23).
async fn begin(ctx: &Context<'_>, narrowing: SessionNarrowing) -> Result<Beginning<ActiveSessionChange>> {
    let app = app(ctx)?;
    let database = log::snapshot(app).await?;
    let position = database.position;
    let person_at = match narrowing.person {
        Some(person) => people::find_placement(&database, person).await?,
        None => None,
    };
    let sessions = match &narrowing.sessions {
        Some(ids) => Some(sessions::find_sessions(&database, ids).await?),
        None => None,
    };
    let filter = ActiveFilter {
        city: narrowing.city.clone(),
        country: narrowing.country.clone(),
        sessions: narrowing.sessions.clone(),
        instances: narrowing.person.map(|_| person_at.into_iter().collect()),
        near: None,
    };
    let active = instances::find_active(&database, &filter, SNAPSHOT_LIMIT).await?;
    let snapshot = Snapshot { position, at: app.now(), person: narrowing.person, sessions, active };
    let registration = Registration { narrowing: Narrowing::Sessions(narrowing), from: position, person_at };
    let first = ActiveSessionChange(Message::Snapshot(Arc::new(snapshot)));
    Ok(Beginning { registration, first: Some(first) })
}
