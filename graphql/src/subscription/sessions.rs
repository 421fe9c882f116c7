//! `activeSessionChanged`: how a subscription to sessions begins, and its messages.

use async_graphql::{Context, Enum, ID, Object, Subscription};
use domain::{
    ids::{PersonId, SessionId, SessionInstanceId},
    news::{ChangeKind, Narrowing, Position, Seen, SessionChange, SessionNarrowing},
};
use futures_util::stream::BoxStream;
use live::{LiveEvent, Registration};
use service::{
    changes,
    entity::{session, session_instance},
    instances::{self, ActiveFilter},
    people, sessions,
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
    /// First message when no cursor was given: how things stand now.
    Snapshot,
    /// A meeting went live.
    Activated,
    /// A meeting is no longer live.
    Deactivated,
    /// Something shown on a badge changed while active: times, place, presentCount.
    Updated,
    /// The person asked for is now somewhere else, or nowhere.
    PersonMoved,
}

/// How things stand when a subscription begins, read in one database snapshot with its position.
struct Snapshot {
    position: Position,
    at: chrono::DateTime<chrono::Utc>,
    person: Option<PersonId>,
    sessions: Option<Vec<session::Model>>,
    active: Option<Vec<session_instance::Model>>,
}

#[derive(Clone)]
enum Message {
    Snapshot(Arc<Snapshot>),
    Event(LiveEvent, ChangeKind),
}

/// One change of who is in session. Its fields show how things are when the message is made.
pub struct ActiveSessionChange(Message);

impl ActiveSessionChange {
    /// Of the events of [`Narrowing::Sessions`], which are all of this kind.
    fn of_event(event: LiveEvent) -> Option<Self> {
        match event.seen {
            Seen::Session(kind) => Some(Self(Message::Event(event, kind))),
            Seen::Booking | Seen::Occupancy => None,
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

#[Object]
impl ActiveSessionChange {
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

    /// Subscribe with it as after, and the next message is the one after this.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<Cursor> {
        let position = match &self.0 {
            Message::Snapshot(snapshot) => snapshot.position,
            Message::Event(event, _) => event.change.position,
        };
        change_cursor::write(app(ctx)?, position).await
    }

    async fn occurred_at(&self) -> DateTime {
        DateTime(match &self.0 {
            Message::Snapshot(snapshot) => snapshot.at,
            Message::Event(event, _) => event.change.occurred_at,
        })
    }

    /// Set on ACTIVATED, DEACTIVATED and UPDATED.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>> {
        let change = self.change().filter(|change| change.kind != ChangeKind::PersonMoved);
        match change.and_then(|change| change.session) {
            Some(id) => Ok(load(ctx, id).await?.map(Session)),
            None => Ok(None),
        }
    }

    /// Which meeting; of PERSON_MOVED where the person is now, null for nowhere.
    async fn session_instance_id(&self) -> Option<ID> {
        self.change()?.instance.map(id_of)
    }

    /// Null when it has been deleted.
    async fn session_instance(&self, ctx: &Context<'_>) -> Result<Option<SessionInstance>> {
        find_instance(ctx, self.change().and_then(|change| change.instance)).await
    }

    /// PERSON_MOVED: where the person was.
    async fn previous_session_instance(&self, ctx: &Context<'_>) -> Result<Option<SessionInstance>> {
        find_instance(ctx, self.change().and_then(|change| change.previous_instance)).await
    }

    /// PERSON_MOVED and SNAPSHOT, only in subscriptions with personId.
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

    /// SNAPSHOT: the sessions of sessionIds, active or not: a normalized cache is right without code.
    async fn sessions(&self) -> Option<Vec<Session>> {
        let rows = self.snapshot()?.sessions.clone()?;
        Some(rows.into_iter().map(Session).collect())
    }

    /// SNAPSHOT: every matching instance that is active; null when more than 500: page activeSessionInstances and subscribe after changeCursor.
    async fn active_instances(&self) -> Option<Vec<SessionInstance>> {
        let rows = self.snapshot()?.active.clone()?;
        Some(rows.into_iter().map(SessionInstance).collect())
    }
}

#[derive(Default)]
pub struct SessionSubscription;

#[Subscription]
impl SessionSubscription {
    /// All arguments narrow. Without after the first message is a SNAPSHOT. With after, every change since that cursor is delivered first, once,
    /// in order, then live; a cursor older than the log answers CURSOR_EXPIRED: subscribe again without one. Every message has a cursor of its own.
    async fn active_session_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "sessionIds", desc = "100 at most.")] ids: Option<Vec<ID>>,
        #[graphql(desc = "That person's moves, and what happens where they are: for the person and admins.")]
        person_id: Option<ID>,
        city: Option<String>,
        country: Option<String>,
        after: Option<Cursor>,
    ) -> Result<BoxStream<'static, ActiveSessionChange>> {
        let begin = async {
            let narrowing = SessionNarrowing {
                sessions: ids.map(|ids| session_ids(&ids)).transpose()?,
                person: person_id.as_ref().map(|id| parse_id("personId", id)).transpose()?,
                city,
                country,
            };
            authorize(ctx, &narrowing).await?;
            match after {
                Some(cursor) => resume(ctx, narrowing, &cursor).await,
                None => begin(ctx, narrowing).await,
            }
        };
        subscribe(ctx, begin, ActiveSessionChange::of_event).await
    }
}

/// A person's moves are for the person and admins; unknown sessions and people are not found.
async fn authorize(ctx: &Context<'_>, narrowing: &SessionNarrowing) -> Result<()> {
    let viewer = viewer(ctx);
    if let Some(person) = narrowing.person {
        if !viewer.is_signed_in() {
            return Err(ApiError::unauthenticated("sign in to follow a person"));
        }
        if !viewer.may_act_for(person) {
            return Err(ApiError::forbidden("only the person and admins may follow a person"));
        }
        if load(ctx, person).await?.is_none() {
            return Err(ApiError::not_found(format!("no person {person}")));
        }
    }
    if let Some(ids) = &narrowing.sessions {
        let found: Vec<SessionId> =
            sessions::find_sessions(app(ctx)?.db.pool(), ids).await?.iter().map(|row| row.id).collect();
        if let Some(missing) = ids.iter().find(|id| !found.contains(id)) {
            return Err(ApiError::not_found(format!("no session {missing}")));
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
        Some(person) => people::find_place(app.db.pool(), person).await?,
        None => None,
    };
    let registration = Registration { narrowing: Narrowing::Sessions(narrowing), from, person_at };
    Ok(Beginning { registration, first: None })
}

/// Reads how things stand, and the log's position, in one database snapshot (rule 23).
async fn begin(ctx: &Context<'_>, narrowing: SessionNarrowing) -> Result<Beginning<ActiveSessionChange>> {
    let app = app(ctx)?;
    let (tx, position) = changes::snapshot(app).await?;
    let person_at = match narrowing.person {
        Some(person) => people::find_place(&tx, person).await?,
        None => None,
    };
    let sessions = match &narrowing.sessions {
        Some(ids) => Some(sessions::find_sessions(&tx, ids).await?),
        None => None,
    };
    let filter = ActiveFilter {
        city: narrowing.city.clone(),
        country: narrowing.country.clone(),
        sessions: narrowing.sessions.clone(),
        instances: narrowing.person.map(|_| person_at.into_iter().collect()),
    };
    let active = instances::find_active(&tx, &filter, SNAPSHOT_LIMIT).await?;
    let snapshot = Snapshot { position, at: app.now(), person: narrowing.person, sessions, active };
    let registration = Registration { narrowing: Narrowing::Sessions(narrowing), from: position, person_at };
    let first = ActiveSessionChange(Message::Snapshot(Arc::new(snapshot)));
    Ok(Beginning { registration, first: Some(first) })
}
