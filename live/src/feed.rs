//! Registrations, which go into the engine, and events, which come out of it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use domain::{
    ids::{PersonId, SessionInstanceId},
    news::{Change, Narrowing, Position, View},
};
use futures_util::Stream;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// One change as a subscription sees it.
#[derive(Debug, Clone)]
pub struct LiveEvent {
    pub change: Arc<Change>,
    pub view: View,
    /// The person that the subscription follows.
    pub person: Option<PersonId>,
}

/// The events for one execution of a group. The execution renders one text for each.
#[derive(Debug, Clone)]
pub struct GroupFeed(Arc<Mutex<Option<mpsc::Receiver<LiveEvent>>>>);

impl GroupFeed {
    pub(super) fn new(events: mpsc::Receiver<LiveEvent>) -> Self {
        Self(Arc::new(Mutex::new(Some(events))))
    }

    /// Takes the stream of events. A second call returns an empty stream.
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

/// The filter and the start of a subscription. Its resolver makes this after it has checked the arguments and the
/// viewer's rights.
#[derive(Debug, Clone)]
pub struct Registration {
    pub narrowing: Narrowing,
    /// The position of the last change that the subscriber already has, from its cursor or from the snapshot.
    pub from: Position,
    /// For a narrowing that follows a person: the instance at which that person is now, as the tables say. The log says
    /// where the person was at `from`.
    pub person_at: Option<SessionInstanceId>,
}

/// Why a subscription cannot go live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("the change log no longer has the changes after this cursor")]
    Expired,
    #[error("the server is shutting down, or the socket is closed")]
    Closed,
    #[error("the subscription's execution failed")]
    Failed,
}
