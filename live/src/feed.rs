//! What a subscription's resolver and the hub say to each other.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use domain::{
    ids::{PersonId, SessionInstanceId},
    news::{Change, Narrowing, Position, Seen},
};
use futures_util::Stream;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// One change as a subscription sees it.
#[derive(Debug, Clone)]
pub struct LiveEvent {
    pub change: Arc<Change>,
    pub seen: Seen,
    /// The person whom the subscription follows.
    pub person: Option<PersonId>,
}

/// In the context of a group's execution: the events that its resolver turns into items, one item for each.
#[derive(Debug, Clone)]
pub struct GroupFeed(Arc<Mutex<Option<mpsc::Receiver<LiveEvent>>>>);

impl GroupFeed {
    pub(super) fn new(events: mpsc::Receiver<LiveEvent>) -> Self {
        Self(Arc::new(Mutex::new(Some(events))))
    }

    /// The events. They are there to be taken once: a second stream ends at once.
    pub fn take(&self) -> impl Stream<Item = LiveEvent> + Send + use<> {
        Events(self.0.lock().take())
    }
}

struct Events(Option<mpsc::Receiver<LiveEvent>>);

impl Stream for Events {
    type Item = LiveEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<LiveEvent>> {
        match &mut self.0 {
            Some(events) => events.poll_recv(context),
            None => Poll::Ready(None),
        }
    }
}

/// What a subscription is to get, once its resolver has found it in order.
#[derive(Debug, Clone)]
pub struct Registration {
    pub narrowing: Narrowing,
    /// The last change that the subscriber has already, from a cursor or with the snapshot.
    pub from: Position,
    /// With a narrowing that follows a person: where that person is now. Where they were at `from` is found in the log.
    pub person_at: Option<SessionInstanceId>,
}

/// In the context of the execution that starts a subscription on a socket: where its resolver leaves the
/// [`Registration`].
#[derive(Debug, Clone, Default)]
pub struct Registrar(Arc<Mutex<Option<Registration>>>);

impl Registrar {
    pub fn register(&self, registration: Registration) {
        *self.0.lock() = Some(registration);
    }

    pub fn is_registered(&self) -> bool {
        self.0.lock().is_some()
    }

    pub fn take(&self) -> Option<Registration> {
        self.0.lock().take()
    }
}
