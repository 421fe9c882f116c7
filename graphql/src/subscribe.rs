//! The one way from a subscription's resolver to the hub.
//!
//! A resolver is executed for one of three purposes:
//!
//! - To *begin* one subscription of a socket. It checks the arguments and the rights, yields the first message, if there
//!   is one, and leaves a [`Registration`] with the socket's [`Registrar`]. The socket then joins a group of the hub.
//! - To *serve* a group of subscriptions that ask the same. It yields one message for each event of the group's feed, and
//!   checks nothing: each member was checked when it began.
//! - To do both for a single subscription, over a transport without groups.
//!
//! A resolver need not know which. It says how the subscription begins and what the message of an event is:
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
//! A message looks its fields up when it is resolved, so a group's messages show how things are at each event.

use std::{
    future::{Future, ready},
    sync::Arc,
};

use async_graphql::Context;
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use live::{GroupFeed, LiveEvent, Registration};
use parking_lot::Mutex;

use crate::{context::hub, error::ApiError};

/// What a resolver is executed for: a value in the context of its execution. Without one it serves a single subscription.
#[derive(Debug, Clone)]
pub enum Purpose {
    Begin(Registrar),
    Serve(GroupFeed),
}

/// Where the resolver leaves the [`Registration`] of a subscription that begins.
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

/// How a subscription begins.
pub struct Beginning<M> {
    pub registration: Registration,
    /// The message before those of events: a snapshot of how things stand.
    pub first: Option<M>,
}

/// The messages of a subscription, for whatever purpose its resolver is executed. `begin` is run only if a subscription
/// begins. `of_event` makes the message of an event.
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
    let registrar = match ctx.data_opt::<Purpose>() {
        Some(Purpose::Serve(feed)) => return Ok(messages(feed.take(), of_event).boxed()),
        Some(Purpose::Begin(registrar)) => Some(registrar),
        None => None,
    };
    let Beginning { registration, first } = begin.await?;
    let first = stream::iter(first);
    if let Some(registrar) = registrar {
        registrar.register(registration);
        return Ok(first.boxed());
    }
    let later = messages(hub(ctx)?.subscribe_stream(registration), of_event);
    Ok(first.chain(later).boxed())
}

fn messages<M: Send + 'static>(
    events: impl Stream<Item = LiveEvent> + Send + 'static,
    of_event: fn(LiveEvent) -> Option<M>,
) -> impl Stream<Item = M> + Send + 'static {
    events.filter_map(move |event| ready(of_event(event)))
}
