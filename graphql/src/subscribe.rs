//! Connects the resolver of a subscription to the hub.
//!
//! A resolver is executed for one of three purposes:
//!
//! - To *begin* one subscription of a socket. It checks the arguments and the rights, yields the first message, if there
//!   is one, and leaves a [`Registration`] with the socket's [`Registrar`]. The socket then joins a group of the hub.
//! - To *serve* a group of subscriptions that ask the same. It yields one message for each event of the group's feed, and
//!   checks nothing: each member was checked when it began.
//! - To do both for a single subscription, over a transport without groups.
//!
//! A resolver need not know its purpose. It defines how the subscription begins, and the message of an event:
//!
//! ```text
//! async fn active_session_changed(&self, ctx, session_ids, person_id, city, country, after)
//!     -> Result<BoxStream<'static, ActiveSessionChange>, ApiError>
//! {
//!     let begin = async {
//!         let narrowing = checked(session_ids, person_id, city, country)?; // UNAUTHENTICATED, NOT_FOUND, BAD_USER_INPUT
//!         match after {
//!             Some(cursor) => Ok(Beginning { registration: resumed(narrowing, cursor)?, first: None }),
//!             None => {
//!                 let snapshot = read_snapshot(&narrowing).await?; // with its position, from one database snapshot
//!                 Ok(Beginning { registration: registered(narrowing, &snapshot), first: Some(snapshot.into()) })
//!             }
//!         }
//!     };
//!     subscribe(ctx, begin, ActiveSessionChange::of_event).await
//! }
//! ```
//!
//! The fields of a message are looked up when the message is resolved, so the messages of a group show the state at each event.

use std::{
    future::{Future, ready},
    sync::Arc,
    task::Poll,
};

use async_graphql::Context;
use domain::news::{Narrowing, Position};
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use live::{GroupFeed, LiveEvent, Registration};
use parking_lot::Mutex;
use service::{log::InstallationKey, zones::Zones};

use crate::{
    context::{app, hub},
    error::ApiError,
    query_permits::BeginningPermit,
};

/// The purpose of an execution: a value in its context. Without it, the resolver serves a single subscription.
#[derive(Debug, Clone)]
pub enum Purpose {
    Begin(Registrar),
    Serve(GroupFeed),
}

/// The cursor of the last message that was made: a value in the context, for transports that send a cursor beside each message.
#[derive(Debug, Clone, Default)]
pub struct LastCursor(Arc<Mutex<Option<String>>>);

impl LastCursor {
    fn note(&self, cursor: String) {
        *self.0.lock() = Some(cursor);
    }

    pub fn take(&self) -> Option<String> {
        self.0.lock().take()
    }
}

/// The cursor with which a transport resumes a subscription: a value in the context. It is newer than the argument `after`,
/// with which the client subscribed first.
#[derive(Debug, Clone)]
pub struct ResumeAfter(pub String);

/// The place where the resolver leaves the [`Registration`] of a subscription that begins.
#[derive(Debug, Clone, Default)]
pub struct Registrar(Arc<Mutex<Option<Registration>>>);

impl Registrar {
    fn register(&self, registration: Registration) {
        *self.0.lock() = Some(registration);
    }

    pub fn is_registered(&self) -> bool {
        self.0.lock().is_some()
    }

    pub fn take(&self) -> Option<Registration> {
        self.0.lock().take()
    }
}

/// The beginning of a subscription.
pub struct Beginning<M> {
    pub registration: Registration,
    /// The message before those of events: a snapshot of the state.
    pub first: Option<M>,
}

/// The messages of a subscription, whatever the purpose of the execution. `begin` runs only if a subscription begins.
/// `of_event` makes the message of an event.
///
/// # Errors
/// Those of `begin`, and when the schema was built without a hub.
pub async fn subscribe<M, E>(
    ctx: &Context<'_>,
    begin: impl Future<Output = Result<Beginning<M>, E>>,
    of_event: fn(LiveEvent) -> Option<M>,
) -> Result<BoxStream<'static, M>, E>
where
    M: Send + 'static,
    E: From<ApiError>,
{
    let zones = app(ctx).ok().map(|app| app.zones.clone());
    let registrar = match ctx.data_opt::<Purpose>() {
        Some(Purpose::Serve(feed)) => return Ok(messages(feed.take(), zones, of_event).boxed()),
        Some(Purpose::Begin(registrar)) => Some(registrar),
        None => None,
    };
    let Beginning { registration, first } = begin.await?;
    let first = stream::iter(first);
    if let Some(registrar) = registrar {
        registrar.register(registration);
        return Ok(first.boxed());
    }
    let from = registration.from;
    let cursors = Cursors::of(ctx, &registration.narrowing).await?;
    let events = begun(ctx).chain(hub(ctx)?.subscribe_stream(registration));
    let Some(cursors) = cursors else { return Ok(first.chain(messages(events, zones, of_event)).boxed()) };
    let of_events = cursors.clone();
    let first = first.inspect(move |_| cursors.note(from));
    let events = events.inspect(move |event| of_events.note(event.change.position));
    Ok(first.chain(messages(events, zones, of_event)).boxed())
}

/// Gives the permit of a subscription back when the first event is asked for. The stream has no items.
fn begun(ctx: &Context<'_>) -> impl Stream<Item = LiveEvent> + Send + 'static {
    let permit = ctx.data_opt::<BeginningPermit>().cloned();
    stream::poll_fn(move |_| {
        if let Some(permit) = &permit {
            permit.give_back();
        }
        Poll::Ready(None)
    })
}

/// Notes the cursor of each message, just before its fields are resolved.
#[derive(Clone)]
struct Cursors {
    last: LastCursor,
    key: InstallationKey,
}

impl Cursors {
    /// `None` if the transport does not ask for cursors, or the subscription has none.
    async fn of(ctx: &Context<'_>, narrowing: &Narrowing) -> Result<Option<Self>, ApiError> {
        match (ctx.data_opt::<LastCursor>(), narrowing) {
            (None, _) | (_, Narrowing::Occupancy(_) | Narrowing::EveryOccupancy) => Ok(None),
            (Some(last), Narrowing::Sessions(_) | Narrowing::Bookings(_)) => {
                let key = app(ctx)?.cursor_key().await?.clone();
                Ok(Some(Self { last: last.clone(), key }))
            }
        }
    }

    fn note(&self, position: Position) {
        self.last.note(self.key.write(position));
    }
}

/// The messages of these events. A message is resolved before the next event is taken, so each message uses one release of the
/// time zone data.
fn messages<M: Send + 'static>(
    events: impl Stream<Item = LiveEvent> + Send + 'static,
    zones: Option<Zones>,
    of_event: fn(LiveEvent) -> Option<M>,
) -> impl Stream<Item = M> + Send + 'static {
    events.filter_map(move |event| {
        if let Some(zones) = &zones {
            zones.renew_pin();
        }
        ready(of_event(event))
    })
}
