//! A small schema with a change log in memory, on which documents and sockets are checked.

use async_graphql::{Context, ID, InputObject, Object, Schema, SimpleObject, Subscription};
use domain::{
    access::Viewer,
    ids::{PersonId, SessionId},
    news::{Change, ChangeKind, Narrowing, Position, SessionNarrowing},
};
use futures_util::{
    Stream, StreamExt, future,
    stream::{self, BoxStream},
};
use graphql::{
    document::Reader,
    error::ApiError,
    registry::Types,
    sharing::ShareableFields,
    subscribe::{Beginning, subscribe},
};
use live::{CursorStatus, Hub, LiveEvent, Registration, testing::change};

/// The prefix of texts that show who the viewer is. No other text has it.
pub const VIEWER: &str = "viewer:";

pub type Stage = Schema<Query, Mutation, Changes>;

/// The fields whose value is the same for every viewer.
const SHAREABLE: ShareableFields =
    &[("Changes", "activeSessionChanged"), ("Item", "cursor"), ("Item", "kind"), ("Item", "node"), ("Item", "session")];

/// Reads and checks requests to the schema.
pub fn reader() -> Reader {
    Reader::new(Types::read(&schema(None).sdl()).expect("the schema's text can be read"), SHAREABLE)
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
            kind: format!("{:?}", event.view),
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
    ) -> Result<BoxStream<'static, Item>, ApiError> {
        let begin = async {
            let hub = ctx.data_unchecked::<Hub>();
            let sessions = session_ids.map(|ids| ids.into_iter().map(SessionId).collect());
            let narrowing = SessionNarrowing { sessions, person: person_id.map(PersonId), city, country: None };
            let may_follow = |person| ctx.data_opt::<Viewer>().is_some_and(|viewer| viewer.may_act_for(person));
            if narrowing.person.is_some_and(|person| !may_follow(person)) {
                return Err(ApiError::forbidden("not yours"));
            }
            let mut from = hub.stats().position;
            let mut first = Some(Item { kind: "SNAPSHOT".to_owned(), cursor: from.0, session: None });
            if let Some(after) = after {
                from = Position(after);
                match hub.cursor_status(from).await.map_err(ApiError::internal)? {
                    CursorStatus::Resumable => first = None,
                    CursorStatus::Expired | CursorStatus::Future => {
                        return Err(ApiError::bad_user_input("no such cursor"));
                    }
                }
            }
            let registration = Registration { narrowing: Narrowing::Sessions(narrowing), from, person_at: None };
            Ok(Beginning { registration, first })
        };
        subscribe(ctx, begin, |event| Some(event.into())).await
    }

    async fn counting(&self, up_to: u8) -> impl Stream<Item = u8> {
        stream::iter(0..up_to)
    }

    async fn endless(&self, ctx: &Context<'_>) -> impl Stream<Item = String> + use<> {
        stream::iter([viewer(ctx)]).chain(stream::pending())
    }
}

/// A change of a session.
pub fn change_of(session: i64) -> Change {
    let kind = if session % 2 == 0 { ChangeKind::Updated } else { ChangeKind::Activated };
    change(kind, session, "Austin")
}
