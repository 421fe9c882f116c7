//! A small schema with a change log in memory, on which documents and sockets are checked.

use std::{convert::Infallible, sync::Arc};

use async_graphql::{Context, ID, InputObject, Object, Schema, SimpleObject, Subscription};
use chrono::DateTime;
use domain::{
    access::Viewer,
    ids::{PersonId, SessionId, SessionInstanceId},
    news::{Change, ChangeKind, Event, Location, Narrowing, Position, SessionChange, SessionNarrowing},
};
use futures_util::{Stream, StreamExt, future, stream};
use graphql::{error::ApiError, registry::Types};
use live::{ChangeSource, CursorStanding, GroupFeed, Hub, LiveEvent, Registrar, Registration};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

/// The prefix of texts that show who the viewer is. No other text has it.
pub const VIEWER: &str = "viewer:";

pub type Stage = Schema<Query, Mutation, Changes>;

/// The types of the schema.
pub fn types() -> Types {
    Types::read(&schema(None).sdl()).expect("the schema's text can be read")
}

/// Without a hub, subscriptions cannot be executed.
pub fn schema(hub: Option<Hub>) -> Stage {
    let builder = Schema::build(Query, Mutation, Changes);
    match hub {
        Some(hub) => builder.data(hub).finish(),
        None => builder.finish(),
    }
}

fn viewer(ctx: &Context<'_>) -> String {
    let person = ctx.data_opt::<Viewer>().and_then(|viewer| viewer.person);
    format!("{VIEWER}{}", person.map_or(0, |person| person.0))
}

pub struct Query;

#[derive(InputObject)]
struct Filter {
    name: Option<String>,
    numbers: Option<Vec<Vec<i32>>>,
    inner: Option<Box<Filter>>,
    #[graphql(default = 7)]
    count: i32,
}

#[Object]
impl Query {
    async fn city(&self) -> &str {
        "Austin"
    }

    async fn viewer(&self, ctx: &Context<'_>) -> String {
        viewer(ctx)
    }

    async fn items(&self, #[graphql(default = 3)] first: u8, filter: Option<Filter>, id: Option<ID>) -> Vec<Item> {
        let depth = filter.map_or(0, Filter::depth);
        let item = |number| Item { kind: "ITEM".to_owned(), cursor: number, session: id.as_ref().map(|_| depth) };
        (0..i64::from(first.min(3))).map(item).collect()
    }

    async fn fails(&self) -> Result<Option<i32>, ApiError> {
        future::ready(Err(ApiError::conflict("no"))).await
    }
}

impl Filter {
    fn depth(self) -> i64 {
        let here = usize::from(self.name.is_some()) + self.numbers.map_or(0, |numbers| numbers.concat().len());
        let inner = self.inner.map_or(0, |inner| inner.depth());
        inner.saturating_add(i64::from(self.count)).saturating_add(i64::try_from(here).unwrap_or_default())
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn change(&self, ctx: &Context<'_>) -> String {
        viewer(ctx)
    }
}

#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Item {
    kind: String,
    cursor: i64,
    session: Option<i64>,
}

#[async_graphql::ComplexObject]
impl Item {
    async fn viewer(&self, ctx: &Context<'_>) -> String {
        viewer(ctx)
    }

    async fn node(&self) -> Option<Item> {
        Some(Item { kind: "NODE".to_owned(), cursor: self.cursor, session: None })
    }
}

impl From<LiveEvent> for Item {
    fn from(event: LiveEvent) -> Self {
        Self {
            kind: format!("{:?}", event.seen),
            cursor: event.change.position.0,
            session: event.change.event.as_session().and_then(|change| Some(change.session?.0)),
        }
    }
}

pub struct Changes;

#[Subscription]
impl Changes {
    async fn active_session_changed(
        &self,
        ctx: &Context<'_>,
        session_ids: Option<Vec<i64>>,
        person_id: Option<i64>,
        city: Option<String>,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Item> + use<>, ApiError> {
        if let Some(feed) = ctx.data_opt::<GroupFeed>() {
            return Ok(feed.take().map(Item::from).boxed());
        }
        let hub = ctx.data_unchecked::<Hub>();
        let sessions = session_ids.map(|ids| ids.into_iter().map(SessionId).collect());
        let narrowing = SessionNarrowing { sessions, person: person_id.map(PersonId), city, country: None };
        if narrowing.person.is_some_and(|person| !ctx.data_opt::<Viewer>().is_some_and(|it| it.may_act_for(person))) {
            return Err(ApiError::forbidden("not yours"));
        }
        let mut from = hub.stats().position;
        let mut snapshot = Some(Item { kind: "SNAPSHOT".to_owned(), cursor: from.0, session: None });
        if let Some(after) = after {
            from = Position(after);
            match hub.standing(from).await.map_err(ApiError::internal)? {
                CursorStanding::Resumable => snapshot = None,
                CursorStanding::Expired | CursorStanding::Future => {
                    return Err(ApiError::bad_user_input("no such cursor"));
                }
            }
        }
        let registration = Registration { narrowing: Narrowing::Sessions(narrowing), from, person_at: None };
        let first = stream::iter(snapshot);
        if let Some(registrar) = ctx.data_opt::<Registrar>() {
            registrar.register(registration);
            return Ok(first.boxed());
        }
        Ok(first.chain(hub.subscribe_stream(registration).map(Item::from)).boxed())
    }

    async fn counting(&self, up_to: u8) -> impl Stream<Item = u8> {
        stream::iter(0..up_to)
    }

    async fn endless(&self, ctx: &Context<'_>) -> impl Stream<Item = String> + use<> {
        stream::iter([viewer(ctx)]).chain(stream::pending())
    }
}

/// A change log in memory.
#[derive(Clone, Default)]
pub struct Log {
    changes: Arc<Mutex<Vec<Change>>>,
    pub wake: watch::Sender<u64>,
}

impl Log {
    fn changes(&self) -> MutexGuard<'_, Vec<Change>> {
        self.changes.lock()
    }

    pub fn append(&self, session: i64) {
        let mut changes = self.changes();
        let kind = if session % 2 == 0 { ChangeKind::Updated } else { ChangeKind::Activated };
        let event = Event::Session(SessionChange {
            session: Some(SessionId(session)),
            instance: Some(SessionInstanceId(session)),
            location: Location { city: Some("Austin".to_owned()), country: None },
            ..SessionChange::of(kind)
        });
        let position = Position(i64::try_from(changes.len()).unwrap_or_default() + 1);
        changes.push(Change { position, occurred_at: DateTime::UNIX_EPOCH, due_at: None, event });
        drop(changes);
        self.wake.send_modify(|count| *count += 1);
    }
}

impl ChangeSource for Log {
    type Error = Infallible;

    async fn head(&self) -> Result<Position, Infallible> {
        Ok(Position(i64::try_from(self.changes().len()).unwrap_or_default()))
    }

    async fn oldest(&self) -> Result<Position, Infallible> {
        Ok(Position(1))
    }

    async fn read_after(&self, after: Position, limit: u64) -> Result<Vec<Change>, Infallible> {
        let (after, limit) = (usize::try_from(after.0).unwrap_or_default(), usize::try_from(limit).unwrap_or_default());
        Ok(self.changes().iter().skip(after).take(limit).cloned().collect())
    }
}
