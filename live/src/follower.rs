//! The queue between the hub and one consumer: a group of subscriptions, or a single stream.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use domain::{ids::SessionInstanceId, news::Change};
use parking_lot::Mutex;

pub(super) type FollowerId = u64;

/// A change that may concern the follower.
#[derive(Debug, Clone)]
pub(super) struct Routed {
    pub(super) change: Arc<Change>,
    /// For subscriptions that follow a person: where that person was just before the change.
    pub(super) person_at: Option<SessionInstanceId>,
}

/// Why a follower has no more changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The queue was full, so changes were dropped.
    Overflowed,
    /// The server is shutting down.
    Closed,
}

#[derive(Debug)]
pub(super) struct Follower {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Routed>,
    ended: Option<Ended>,
    waker: Option<Waker>,
}

impl Follower {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// Queues a change without waiting. A full queue ends the follower, and its consumer gets [`Ended::Overflowed`].
    pub(super) fn push(&self, routed: Routed) {
        let mut state = self.state.lock();
        if state.ended.is_some() {
            return;
        }
        if state.queue.len() >= self.capacity {
            state.end(Ended::Overflowed);
        } else {
            state.queue.push_back(routed);
            state.wake();
        }
    }

    pub(super) fn close(&self) {
        self.state.lock().end(Ended::Closed);
    }

    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Result<Routed, Ended>> {
        let mut state = self.state.lock();
        if let Some(ended) = state.ended {
            return Poll::Ready(Err(ended));
        }
        if let Some(routed) = state.queue.pop_front() {
            return Poll::Ready(Ok(routed));
        }
        // Frees the buffer that a burst needed.
        state.queue.shrink_to(8);
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Ready when the follower has ended. The same task calls this while it takes no changes.
    pub(super) fn poll_ended(&self, context: &mut Context<'_>) -> Poll<Ended> {
        let mut state = self.state.lock();
        if state.ended.is_none() {
            state.waker = Some(context.waker().clone());
        }
        state.ended.map_or(Poll::Pending, Poll::Ready)
    }
}

impl State {
    fn end(&mut self, why: Ended) {
        self.ended.get_or_insert(why);
        self.queue = VecDeque::new();
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
