//! The task of a group. It takes changes from the group's follower, renders those that members see, and delivers the texts.

use std::{
    collections::HashMap,
    future::poll_fn,
    mem,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::{BoxFuture, join_all},
    stream::BoxStream,
};
use tokio::sync::mpsc;
use tracing::error;

use super::{
    feed::{GroupFeed, LiveEvent},
    follower::{Ended, Follower, Routed},
    group::{Group, REPLAY_QUEUE, ReplayRequest},
    hub::Hub,
};

/// Starts one execution of a group. The stream yields one text for each event of the feed.
pub type StartExecution = Box<dyn Fn(GroupFeed) -> BoxStream<'static, Rendered> + Send + Sync>;

/// Pays for rendering this many events. Waits while the budget of those who pay is empty.
pub type ChargeCost = Box<dyn Fn(usize) -> BoxFuture<'static, ()> + Send + Sync>;

/// The text that an execution rendered for an event.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub text: Arc<str>,
    /// Part of the text could not be read, for example because the database is unavailable. The event is rendered again.
    pub is_failure: bool,
}

/// The largest number of live events in a batch.
const BATCH_SIZE: usize = 64;
/// The largest number for a group whose answers are the same for everyone. Such groups are few, and get most of the events.
const SHARED_BATCH_SIZE: usize = 256;
/// How many members receive a text before the task yields.
const DELIVERY_BATCH: usize = 512;
/// How many times an event is rendered until it succeeds. The last text is delivered even with errors.
const MAX_ATTEMPTS: u32 = 4;
/// The unit of the delay before a retry. It doubles with each attempt.
const RETRY_DELAY: Duration = Duration::from_millis(25);

/// The task of a group.
pub(super) struct Run {
    pub(super) guard: GroupGuard,
    pub(super) start: StartExecution,
    pub(super) pay: ChargeCost,
    /// Running executions, reused by the next batch. There are at least as many as the last batch needed. After a burst,
    /// the number halves with each batch.
    pub(super) executions: Vec<Execution>,
    pub(super) requests: mpsc::Receiver<ReplayRequest>,
}

#[derive(Default)]
struct Batch {
    live: Vec<Routed>,
    replays: Vec<ReplayRequest>,
}

impl Run {
    pub(super) async fn serve(mut self) {
        let follower = Arc::clone(&self.guard.group.follower);
        let ended = loop_until_ended(&mut self, &follower).await;
        let group = self.guard.group.id;
        match ended {
            Some(Ended::Closed) => self.guard.is_shutdown = true,
            Some(Ended::Overflowed) => {
                error!(group, "a group's execution is too slow; its subscribers are disconnected");
            }
            None => error!(group, "a group's execution ended early; its subscribers are disconnected"),
        }
    }

    /// Waits for the next batch. Live events and replays each have a share of it.
    async fn next(&mut self) -> Result<Batch, Ended> {
        let mut batch = Batch::default();
        let most = if self.guard.group.is_for_everyone() { SHARED_BATCH_SIZE } else { BATCH_SIZE };
        poll_fn(|context| {
            while batch.live.len() < most
                && let Poll::Ready(next) = self.guard.group.follower.poll_next(context)
            {
                match next {
                    Ok(routed) => batch.live.push(routed),
                    Err(ended) => return Poll::Ready(Err(ended)),
                }
            }
            // The group owns a sender, so the channel never closes.
            while batch.replays.len() < REPLAY_QUEUE
                && let Poll::Ready(Some(request)) = self.requests.poll_recv(context)
            {
                batch.replays.push(request);
            }
            if batch.live.is_empty() && batch.replays.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(Ok(mem::take(&mut batch)))
            }
        })
        .await
    }

    /// Renders and delivers a batch. `None` when an execution ended.
    async fn serve_batch(&mut self, Batch { live, mut replays }: Batch) -> Option<()> {
        replays.retain(|request| !request.answer.is_closed());
        let live = self.seen_by_members(&live);
        let wanted = live.iter().map(|(event, _)| event).chain(replays.iter().map(|request| &request.event));
        let texts = self.texts(wanted.cloned().collect()).await?;
        let (for_members, for_replays) = texts.split_at(live.len());
        for (request, text) in replays.into_iter().zip(for_replays) {
            // The requester may have gone in the meantime.
            let _ = request.answer.send(Arc::clone(text));
        }
        for ((event, members), text) in live.iter().zip(for_members) {
            self.deliver(members, event, text).await;
            self.guard.hub.note_delivery(&event.change);
        }
        Some(())
    }

    /// The events that members see, each with the slots of those members.
    fn seen_by_members(&self, live: &[Routed]) -> Vec<(LiveEvent, Vec<u32>)> {
        let person = self.guard.group.key.person;
        let members = self.guard.group.members.lock();
        let view = live.iter().flat_map(|routed| {
            let event = |view| LiveEvent { change: Arc::clone(&routed.change), view, person };
            members.group_by_view(routed, person).into_iter().map(move |(view, members)| (event(view), members))
        });
        view.collect()
    }

    /// The texts of these events, in their order. Each text that is not cached is rendered once, and all of them at the same
    /// time. `None` when an execution ended.
    async fn texts(&mut self, events: Vec<LiveEvent>) -> Option<Vec<Arc<str>>> {
        let key = |event: &LiveEvent| (event.change.position, event.view);
        let mut texts: HashMap<_, Option<Arc<str>>> = HashMap::with_capacity(events.len());
        let mut to_make = Vec::new();
        {
            let recent = self.guard.group.recent.lock();
            for event in &events {
                texts.entry(key(event)).or_insert_with(|| {
                    let known = recent.find(event);
                    if known.is_none() {
                        to_make.push(event.clone());
                    }
                    known
                });
            }
        }
        // The group pays before it waits for its permit. So a group that waits to pay takes no permit from another one.
        let _turn = if to_make.is_empty() {
            None
        } else {
            (self.pay)(to_make.len()).await;
            // The semaphore is never closed, so this cannot fail.
            self.guard.hub.clone().render_permit().await
        };
        while self.executions.len() < to_make.len() {
            self.executions.push(Execution::start(&self.start));
        }
        let made = self.make(&to_make).await?;
        self.guard.hub.0.counters.executions.fetch_add(to_make.len() as u64, Ordering::Relaxed);
        // Executions of a burst are freed gradually, because the batches of one burst differ in size.
        self.executions.truncate(to_make.len().max(self.executions.len() / 2).max(1));
        let is_same_for_everyone = self.guard.group.is_for_everyone();
        for (event, text) in to_make.iter().zip(made) {
            if is_same_for_everyone {
                self.guard.group.recent.lock().keep(event, Arc::clone(&text));
            }
            texts.insert(key(event), Some(text));
        }
        events.iter().map(|event| texts.get(&key(event)).cloned().flatten()).collect()
    }

    /// Renders a text for each event. Failed ones are retried after the log can be read again, so that an outage of the
    /// database loses no event. `None` when an execution ended.
    async fn make(&mut self, events: &[LiveEvent]) -> Option<Vec<Arc<str>>> {
        let mut texts: Vec<Option<Arc<str>>> = vec![None; events.len()];
        for attempt in 1..=MAX_ATTEMPTS {
            let missing = texts.iter_mut().zip(events).filter(|(text, _)| text.is_none());
            let running = missing.zip(&mut self.executions).map(async |((text, event), execution)| {
                let made = execution.text(event.clone()).await?;
                if !made.is_failure || attempt == MAX_ATTEMPTS {
                    *text = Some(made.text);
                }
                Some(())
            });
            join_all(running).await.into_iter().collect::<Option<()>>()?;
            if texts.iter().all(Option::is_some) {
                break;
            }
            tokio::time::sleep(RETRY_DELAY * (1 << attempt)).await;
            self.guard.hub.read_log().await;
        }
        texts.into_iter().collect()
    }

    async fn deliver(&mut self, members: &[u32], event: &LiveEvent, text: &Arc<str>) {
        for some in members.chunks(DELIVERY_BATCH) {
            let delivered = self.guard.group.members.lock().deliver(some, event, text);
            self.guard.hub.0.counters.deliveries.fetch_add(delivered, Ordering::Relaxed);
            if members.len() > DELIVERY_BATCH {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Serves batches until the follower ends, or until an execution ends (`None`).
async fn loop_until_ended(run: &mut Run, follower: &Follower) -> Option<Ended> {
    loop {
        let batch = match run.next().await {
            Ok(batch) => batch,
            Err(ended) => return Some(ended),
        };
        // The end of the follower is noticed even while an execution hangs.
        tokio::select! {
            biased;
            served = run.serve_batch(batch) => served?,
            ended = poll_fn(|context| follower.poll_ended(context)) => return Some(ended),
        }
    }
}

/// Removes the group when its task ends, in whatever way, and closes the sockets of its members.
pub(super) struct GroupGuard {
    pub(super) hub: Hub,
    pub(super) group: Arc<Group>,
    /// The server is shutting down. The sockets are closed elsewhere, with that reason.
    pub(super) is_shutdown: bool,
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        let mut registry = self.hub.0.registry.lock();
        if registry.groups.get(&self.group.key).is_some_and(|entry| Arc::ptr_eq(&entry.group, &self.group)) {
            registry.groups.remove(&self.group.key);
            registry.remove_follower(self.group.id);
        }
        if !self.is_shutdown {
            self.group.members.lock().close();
        }
    }
}

pub(super) struct Execution {
    feed: mpsc::Sender<LiveEvent>,
    texts: BoxStream<'static, Rendered>,
}

impl Execution {
    fn start(start: &StartExecution) -> Self {
        let (feed, events) = mpsc::channel(1);
        Self { feed, texts: start(GroupFeed::new(events)) }
    }

    /// Renders one event. `None` when the execution has ended, or its resolver does not take events.
    async fn text(&mut self, event: LiveEvent) -> Option<Rendered> {
        let Self { feed, texts } = self;
        feed.try_send(event).ok()?;
        let made = texts.next().await?;
        if feed.capacity() < feed.max_capacity() {
            error!(text = %made.text, "the resolver of a group does not take its events");
            return None;
        }
        Some(made)
    }
}
