//! The queue of one socket: what is to be sent to it and isn't yet.
//!
//! A mailbox is bounded, by letters and by bytes. News are pushed without waiting: the first that finds it full closes
//! it, so a reader that is too slow costs no one else anything, and its client resumes from the last cursor it got.
//! What is made for that socket alone (answers, snapshots, replays) waits for room instead, and leaves half of it to news.
//!
//! While it is more than half full, an update takes the place of the one before it, of the same subject and for the same
//! subscription, that still waits (rule 24): so badges get the newest state, and who falls behind by updates alone is not
//! cut off. Nothing that a cursor promises is lost: the later update is after every cursor that was sent before it.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use domain::{
    ids::{ActivityId, SessionInstanceId},
    news::{ChangeKind, Event, Seen},
};
use parking_lot::Mutex;

use super::feed::LiveEvent;

/// The number that a socket gave one of its operations. It is never used again on that socket.
pub type OperationNumber = u32;

#[derive(Debug, Clone)]
pub struct Letter {
    pub operation: OperationNumber,
    /// Of news that a later one may make needless, or that come between two such.
    pub about: Option<About>,
    pub content: Content,
}

/// What news tell of, and whether they may be left out for a later update of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    pub subject: Subject,
    pub is_update: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Instance(SessionInstanceId),
    /// Its occupancy: all that is told of it are updates.
    Activity(ActivityId),
}

impl About {
    /// `None` for what tells of a person or a booking: each of those counts.
    pub(super) fn event(event: &LiveEvent) -> Option<Self> {
        match (&event.change.event, event.seen) {
            (Event::Session(_), Seen::Session(ChangeKind::PersonMoved)) => None,
            (Event::Session(change), Seen::Session(kind)) => {
                Some(Self { subject: Subject::Instance(change.instance?), is_update: kind == ChangeKind::Updated })
            }
            (Event::Occupancy(activity), _) => Some(Self { subject: Subject::Activity(*activity), is_update: true }),
            _ => None,
        }
    }
}

/// What happened to the operation; the texts are JSON, shared by all sockets that get the same.
#[derive(Debug, Clone)]
pub enum Content {
    /// An answer, or one item of a subscription.
    Next(Arc<str>),
    /// Why the operation did not start, or can't go on: a list of errors.
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

/// Why a socket is to be closed by others than itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutOff {
    /// It has not read what it was sent, or its subscriptions could not keep up.
    Behind,
    /// The server goes down; what is already in the mailbox is still sent.
    Restart,
    /// The token that it was opened with no longer counts.
    Revoked,
}

#[derive(Debug, Clone, Copy)]
pub struct MailboxLimits {
    pub letters: usize,
    pub bytes: usize,
}

#[derive(Debug)]
pub struct Mailbox {
    limits: MailboxLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    letters: VecDeque<Letter>,
    bytes: usize,
    cut_off: Option<CutOff>,
    reader: Option<Waker>,
    writers: Vec<Waker>,
}

/// Above this many, room for letters is given back once they are gone.
const KEPT_CAPACITY: usize = 8;

impl Mailbox {
    pub fn new(limits: MailboxLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Puts a letter in at once; one that finds no room closes the mailbox. Whether it is in.
    pub fn push(&self, letter: Letter) -> bool {
        let mut state = self.state.lock();
        if state.cut_off.is_some() {
            return false;
        }
        if !state.has_room(&letter, self.half()) {
            state.leave_out_for(&letter);
        }
        if !state.has_room(&letter, self.limits) {
            state.cut_off(CutOff::Behind);
            return false;
        }
        state.put(letter);
        true
    }

    /// Puts a letter in as soon as at most half of the room is taken; `false` when the mailbox is closed.
    pub async fn send(&self, letter: Letter) -> bool {
        let half = self.half();
        let mut letter = Some(letter);
        poll_fn(|context| {
            let mut state = self.state.lock();
            if state.cut_off.is_some() {
                return Poll::Ready(false);
            }
            if letter.as_ref().is_some_and(|letter| !state.has_room(letter, half)) {
                if !state.writers.iter().any(|waker| waker.will_wake(context.waker())) {
                    state.writers.push(context.waker().clone());
                }
                return Poll::Pending;
            }
            if let Some(letter) = letter.take() {
                state.put(letter);
            }
            Poll::Ready(true)
        })
        .await
    }

    fn half(&self) -> MailboxLimits {
        MailboxLimits { letters: self.limits.letters.div_ceil(2), bytes: self.limits.bytes / 2 }
    }

    /// Closes the mailbox; the first reason stays.
    pub fn cut_off(&self, why: CutOff) {
        self.state.lock().cut_off(why);
    }

    /// The next letter, or why there will be none. For the one task that owns the socket.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Result<Letter, CutOff>> {
        let mut state = self.state.lock();
        if let Some(why) = state.cut_off {
            return Poll::Ready(Err(why));
        }
        match state.take() {
            Some(letter) => Poll::Ready(Ok(letter)),
            None => state.wait(context),
        }
    }

    /// Ready when the mailbox is closed; for the same task while it can't send.
    pub fn poll_cut_off(&self, context: &mut Context<'_>) -> Poll<CutOff> {
        let mut state = self.state.lock();
        match state.cut_off {
            Some(why) => Poll::Ready(why),
            None => state.wait(context),
        }
    }

    /// What was left inside when the mailbox was closed.
    pub fn take_left(&self) -> Option<Letter> {
        self.state.lock().take()
    }
}

impl State {
    /// Anything fits into an empty mailbox: else a letter larger than all its room would never be sent.
    fn has_room(&self, letter: &Letter, limits: MailboxLimits) -> bool {
        self.letters.is_empty()
            || (self.letters.len() < limits.letters && self.bytes + letter.content.bytes() <= limits.bytes)
    }

    /// Takes out the update that a later one makes needless: the last news of the same subject, if they are one. What
    /// else happened to it in between keeps both.
    fn leave_out_for(&mut self, later: &Letter) {
        let Some(About { subject, is_update: true }) = later.about else { return };
        let is_same = |letter: &Letter| {
            letter.operation == later.operation && letter.about.is_some_and(|about| about.subject == subject)
        };
        if let Some(index) = self.letters.iter().rposition(is_same)
            && self.letters[index].about.is_some_and(|about| about.is_update)
            && let Some(left_out) = self.letters.remove(index)
        {
            self.bytes -= left_out.content.bytes();
        }
    }

    fn put(&mut self, letter: Letter) {
        self.bytes += letter.content.bytes();
        self.letters.push_back(letter);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn take(&mut self) -> Option<Letter> {
        let letter = self.letters.pop_front()?;
        self.bytes -= letter.content.bytes();
        if self.letters.is_empty() && self.letters.capacity() > KEPT_CAPACITY {
            self.letters = VecDeque::new();
        }
        self.writers.drain(..).for_each(Waker::wake);
        Some(letter)
    }

    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<T> {
        if !self.reader.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.reader = Some(context.waker().clone());
        }
        Poll::Pending
    }

    fn cut_off(&mut self, why: CutOff) {
        self.cut_off.get_or_insert(why);
        if why == CutOff::Behind {
            self.letters = VecDeque::new();
            self.bytes = 0;
        }
        self.reader.take().into_iter().chain(self.writers.drain(..)).for_each(Waker::wake);
    }
}
