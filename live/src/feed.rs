//! What goes into the engine, and what comes out: registrations and events.

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

/// The events of a group's execution, which turns each into one text.
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

/// Why a subscription can't be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("the log no longer has the changes after this cursor")]
    Expired,
    #[error("the server goes down")]
    Closed,
    #[error("the subscription's execution failed")]
    Failed,
}
