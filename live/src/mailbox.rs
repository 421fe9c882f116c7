//! The mailbox: the bounded queue of messages that wait to be sent on one socket.
//!
//! Limits: a mailbox holds a number of messages and a number of bytes. There are two ways in:
//!
//! - `push` never waits. Live events use it. A push that finds the mailbox full closes it, so a slow subscriber never blocks
//!   others. Its client reconnects and resumes from the last cursor that it received.
//! - `send` waits until the mailbox is at most half full. Messages that are made for this socket alone use it: answers,
//!   snapshots and replays. The other half stays free for live events.
//!
//! Coalescing (rule 24): while the mailbox is more than half full, an update replaces the previous update of the same subject
//! and the same subscription, if that one is still queued. A badge gets the newest state, and a client that falls behind by
//! updates alone stays connected. Cursors stay correct: the later update has a later cursor than everything sent before it.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use domain::{
    ids::{ActivityId, SessionInstanceId},
    news::{ChangeKind, Event, View},
};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::feed::LiveEvent;

/// The number of an operation on its socket. A socket never reuses a number.
pub type OperationNumber = u32;

#[derive(Debug, Clone)]
pub struct QueuedMessage {
    pub operation: OperationNumber,
    /// For live events of a subject whose updates are coalesced.
    pub coalescing: Option<Coalescing>,
    pub content: Content,
}

/// The subject of an event, and whether a later update of that subject may replace it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coalescing {
    pub subject: Subject,
    pub is_update: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Instance(SessionInstanceId),
    /// The occupancy of an activity. Each of its events is an update.
    Activity(ActivityId),
}

impl Coalescing {
    /// `None` for moves of a person and for bookings: each of these events is delivered.
    pub(super) fn event(event: &LiveEvent) -> Option<Self> {
        match (&event.change.event, event.view) {
            (Event::Session(_), View::Session(ChangeKind::PersonMoved)) => None,
            (Event::Session(change), View::Session(kind)) => {
                Some(Self { subject: Subject::Instance(change.instance?), is_update: kind == ChangeKind::Updated })
            }
            (Event::Occupancy(activity), _) => Some(Self { subject: Subject::Activity(*activity), is_update: true }),
            _ => None,
        }
    }
}

/// The content of a message. Texts are JSON, shared by all sockets that receive the same text.
#[derive(Debug, Clone)]
pub enum Content {
    /// An answer, or one item of a subscription.
    Next(Arc<str>),
    /// A list of errors: why the operation did not start, or cannot go on.
    Errors(Arc<str>),
    Complete,
}

impl Content {
    fn bytes(&self) -> usize {
        match self {
            Self::Next(text) | Self::Errors(text) => text.len(),
            Self::Complete => 0,
        }
    }
}

/// Why the server closes a socket from outside the socket's own task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The client does not read fast enough, or its subscriptions cannot keep up with the events.
    Behind,
    /// The server is shutting down. Messages that are already queued are still sent.
    Restart,
    /// The token that the socket was opened with has been revoked.
    Revoked,
}

#[derive(Debug, Clone, Copy)]
pub struct MailboxLimits {
    pub messages: u32,
    pub bytes: u32,
}

#[derive(Debug)]
pub struct Mailbox {
    limits: MailboxLimits,
    state: Mutex<State>,
    /// Wakes those who wait in `send`. Who stops waiting leaves nothing behind.
    has_room: Notify,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<QueuedMessage>,
    bytes: usize,
    closed: Option<CloseReason>,
    reader: Option<Waker>,
}

impl Mailbox {
    pub fn new(limits: MailboxLimits) -> Self {
        Self { limits, state: Mutex::default(), has_room: Notify::new() }
    }

    /// Queues a message without waiting. Closes the mailbox when there is no room. Returns whether the message was queued.
    pub fn push(&self, message: QueuedMessage) -> bool {
        let mut state = self.state.lock();
        if state.closed.is_some() {
            return false;
        }
        if !state.has_room(&message, self.half()) {
            state.coalesce_with(&message);
        }
        if !state.has_room(&message, self.limits) {
            state.close(CloseReason::Behind);
            drop(state);
            self.has_room.notify_waiters();
            return false;
        }
        state.put(message);
        true
    }

    /// Queues a message as soon as it fits into half of the limits. Returns `false` when the mailbox is closed.
    pub async fn send(&self, message: QueuedMessage) -> bool {
        let half = self.half();
        loop {
            // From here on no wake-up is missed.
            let has_room = self.has_room.notified();
            {
                let mut state = self.state.lock();
                if state.closed.is_some() {
                    return false;
                }
                if state.has_room(&message, half) {
                    state.put(message);
                    return true;
                }
            }
            has_room.await;
        }
    }

    fn half(&self) -> MailboxLimits {
        MailboxLimits { messages: self.limits.messages.div_ceil(2), bytes: self.limits.bytes / 2 }
    }

    /// Closes the mailbox. The first reason wins.
    pub fn close(&self, why: CloseReason) {
        self.state.lock().close(why);
        self.has_room.notify_waiters();
    }

    /// The next message, or the reason why the mailbox is closed. Only the task that owns the socket may call this.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Result<QueuedMessage, CloseReason>> {
        let mut state = self.state.lock();
        if let Some(why) = state.closed {
            return Poll::Ready(Err(why));
        }
        let Some(message) = state.take() else {
            return state.wait(context);
        };
        drop(state);
        self.has_room.notify_waiters();
        Poll::Ready(Ok(message))
    }

    /// Ready when the mailbox is closed. The same task calls this while the socket accepts no more data.
    pub fn poll_closed(&self, context: &mut Context<'_>) -> Poll<CloseReason> {
        let mut state = self.state.lock();
        match state.closed {
            Some(why) => Poll::Ready(why),
            None => state.wait(context),
        }
    }

    /// Takes the next message that was still queued when the mailbox was closed.
    pub fn take_remaining(&self) -> Option<QueuedMessage> {
        self.state.lock().take()
    }
}

impl State {
    /// An empty mailbox takes a message of any size. Otherwise a message larger than the limit could never be sent.
    fn has_room(&self, message: &QueuedMessage, limits: MailboxLimits) -> bool {
        self.messages.is_empty()
            || (self.messages.len() < limits.messages as usize
                && self.bytes + message.content.bytes() <= limits.bytes as usize)
    }

    /// Removes the queued update that `later` replaces: the last message of the same subject and operation, if it is an
    /// update. When another event of the subject came in between, both updates stay.
    fn coalesce_with(&mut self, later: &QueuedMessage) {
        let Some(Coalescing { subject, is_update: true }) = later.coalescing else { return };
        let is_same = |message: &QueuedMessage| {
            message.operation == later.operation
                && message.coalescing.is_some_and(|coalescing| coalescing.subject == subject)
        };
        if let Some(index) = self.messages.iter().rposition(is_same)
            && self.messages[index].coalescing.is_some_and(|coalescing| coalescing.is_update)
            && let Some(replaced) = self.messages.remove(index)
        {
            self.bytes -= replaced.content.bytes();
        }
    }

    fn put(&mut self, message: QueuedMessage) {
        self.bytes += message.content.bytes();
        self.messages.push_back(message);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn take(&mut self) -> Option<QueuedMessage> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.content.bytes();
        // Most mailboxes are empty most of the time. They keep no memory.
        if self.messages.is_empty() {
            self.messages = VecDeque::new();
        }
        Some(message)
    }

    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<T> {
        if !self.reader.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.reader = Some(context.waker().clone());
        }
        Poll::Pending
    }

    fn close(&mut self, why: CloseReason) {
        // Messages that are queued before a restart are still sent.
        if *self.closed.get_or_insert(why) == CloseReason::Behind {
            self.messages = VecDeque::new();
            self.bytes = 0;
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
