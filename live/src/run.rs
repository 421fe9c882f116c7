//! The task of a group: it takes the events that may concern the group, and gives each member the texts of those that it sees.

use std::{
    collections::HashMap,
    future::poll_fn,
    mem,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use futures_util::{StreamExt, future::join_all, stream::BoxStream};
use tokio::sync::mpsc;
use tracing::error;

use super::{
    feed::{GroupFeed, LiveEvent},
    follower::{Ended, Follower, Routed},
    group::{Group, REPLAYS, ReplayRequest},
    hub::Hub,
};

/// Starts one of a group's executions: takes the feed of events, gives a text for each.
pub type StartExecution = Box<dyn Fn(GroupFeed) -> BoxStream<'static, Made> + Send + Sync>;

/// What an execution made of an event.
#[derive(Debug, Clone)]
pub struct Made {
    pub text: Arc<str>,
    /// Something of it could not be read, as when the database is away: it is to be made again.
    pub is_failure: bool,
}

/// How many live events a wave has at the most.
const WAVE: usize = 64;
/// The same of a group for everyone. There are few of those, and they have most of the events.
const SHARED_WAVE: usize = 256;
/// How many members are given a text before others may run.
const DELIVERIES: usize = 512;
/// How often a text is tried to be made, while the database answers. What fails as often is told with its errors.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The task of a group.
pub(super) struct Run {
    pub(super) ending: Ending,
    pub(super) start: StartExecution,
    /// As many as the last wave wanted, or half as many as there were before it, and one at least once there was any.
    pub(super) executions: Vec<Execution>,
    pub(super) requests: mpsc::Receiver<ReplayRequest>,
}

#[derive(Default)]
struct Wave {
    live: Vec<Routed>,
    replays: Vec<ReplayRequest>,
}

impl Run {
    pub(super) async fn serve(mut self) {
        let follower = Arc::clone(&self.ending.group.follower);
        let ended = loop_until_ended(&mut self, &follower).await;
        let group = self.ending.group.id;
        match ended {
            Some(Ended::Closed) => self.ending.is_expected = true,
            Some(Ended::Overflowed) => error!(group, "a group's execution is too slow: its subscribers are cut off"),
            None => error!(group, "a group's execution ended: its subscribers are cut off"),
        }
    }

    /// Waits until there is something to do. Those who catch up and those who are live both have their share of it.
    async fn next(&mut self) -> Result<Wave, Ended> {
        let mut wave = Wave::default();
        let most = if self.ending.group.is_for_everyone() { SHARED_WAVE } else { WAVE };
        poll_fn(|context| {
            while wave.live.len() < most
                && let Poll::Ready(next) = self.ending.group.follower.poll_next(context)
            {
                match next {
                    Ok(routed) => wave.live.push(routed),
                    Err(ended) => return Poll::Ready(Err(ended)),
                }
            }
            // The group holds a sender, so this never ends by itself.
            while wave.replays.len() < REPLAYS
                && let Poll::Ready(Some(request)) = self.requests.poll_recv(context)
            {
                wave.replays.push(request);
            }
            if wave.live.is_empty() && wave.replays.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(Ok(mem::take(&mut wave)))
            }
        })
        .await
    }

    /// `None` when an execution ended.
    async fn serve_wave(&mut self, Wave { live, mut replays }: Wave) -> Option<()> {
        replays.retain(|request| !request.answer.is_closed());
        let live = self.seen_by_members(&live);
        let wanted = live.iter().map(|(event, _)| event).chain(replays.iter().map(|request| &request.event));
        let texts = self.texts(wanted.cloned().collect()).await?;
        let (for_members, for_replays) = texts.split_at(live.len());
        for (request, text) in replays.into_iter().zip(for_replays) {
            // Who asked may have gone meanwhile.
            let _ = request.answer.send(Arc::clone(text));
        }
        for ((event, members), text) in live.iter().zip(for_members) {
            self.deliver(members, event, text).await;
            self.ending.hub.note_delivery(&event.change);
        }
        Some(())
    }

    /// What of this the members see, each with those who do.
    fn seen_by_members(&self, live: &[Routed]) -> Vec<(LiveEvent, Vec<u32>)> {
        let person = self.ending.group.key.person;
        let members = self.ending.group.members.lock();
        let seen = live.iter().flat_map(|routed| {
            let event = |seen| LiveEvent { change: Arc::clone(&routed.change), seen, person };
            members.who_sees(routed, person).into_iter().map(move |(seen, members)| (event(seen), members))
        });
        seen.collect()
    }

    /// The texts of these events, in their order; each that is not known is made once, all of them at the same time.
    async fn texts(&mut self, events: Vec<LiveEvent>) -> Option<Vec<Arc<str>>> {
        let key = |event: &LiveEvent| (event.change.position, event.seen);
        let mut texts: HashMap<_, Option<Arc<str>>> = HashMap::with_capacity(events.len());
        let mut to_make = Vec::new();
        {
            let recent = self.ending.group.recent.lock();
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
        while self.executions.len() < to_make.len() {
            self.executions.push(Execution::start(&self.start));
        }
        let made = self.make(&to_make).await?;
        self.ending.hub.0.counters.executions.fetch_add(to_make.len() as u64, Ordering::Relaxed);
        // A burst does not keep its executions for long. They are not dropped at once, as waves of one burst differ.
        self.executions.truncate(to_make.len().max(self.executions.len() / 2).max(1));
        let is_same_for_everyone = self.ending.group.is_for_everyone();
        for (event, text) in to_make.iter().zip(made) {
            if is_same_for_everyone {
                self.ending.group.recent.lock().keep(event, Arc::clone(&text));
            }
            texts.insert(key(event), Some(text));
        }
        events.iter().map(|event| texts.get(&key(event)).cloned().flatten()).collect()
    }

    /// A text for each event. Those that fail are made again when the log can be read again: whoever waits for them loses
    /// nothing while the database is away.
    async fn make(&mut self, events: &[LiveEvent]) -> Option<Vec<Arc<str>>> {
        let mut texts: Vec<Option<Arc<str>>> = vec![None; events.len()];
        for attempt in 1..=ATTEMPTS {
            let missing = texts.iter_mut().zip(events).filter(|(text, _)| text.is_none());
            let running = missing.zip(&mut self.executions).map(async |((text, event), execution)| {
                let made = execution.text(event.clone()).await?;
                if !made.is_failure || attempt == ATTEMPTS {
                    *text = Some(made.text);
                }
                Some(())
            });
            join_all(running).await.into_iter().collect::<Option<()>>()?;
            if texts.iter().all(Option::is_some) {
                break;
            }
            tokio::time::sleep(FIRST_PAUSE * (1 << attempt)).await;
            self.ending.hub.read_log().await;
        }
        texts.into_iter().collect()
    }

    async fn deliver(&mut self, members: &[u32], event: &LiveEvent, text: &Arc<str>) {
        for some in members.chunks(DELIVERIES) {
            let delivered = self.ending.group.members.lock().deliver(some, event, text);
            self.ending.hub.0.counters.deliveries.fetch_add(delivered, Ordering::Relaxed);
            if members.len() > DELIVERIES {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Works until the queue ends, or an execution does (`None`).
async fn loop_until_ended(run: &mut Run, follower: &Follower) -> Option<Ended> {
    loop {
        let wave = match run.next().await {
            Ok(wave) => wave,
            Err(ended) => return Some(ended),
        };
        // An execution that hangs must not keep its subscribers from being told.
        tokio::select! {
            biased;
            served = run.serve_wave(wave) => served?,
            ended = poll_fn(|context| follower.poll_ended(context)) => return Some(ended),
        }
    }
}

/// However the task ends, nobody stays with a group that does nothing any more.
pub(super) struct Ending {
    pub(super) hub: Hub,
    pub(super) group: Arc<Group>,
    /// Because the server goes down: then the sockets are told so by others.
    pub(super) is_expected: bool,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut registry = self.hub.0.registry.lock();
        if registry.groups.get(&self.group.key).is_some_and(|entry| Arc::ptr_eq(&entry.group, &self.group)) {
            registry.groups.remove(&self.group.key);
            registry.remove_follower(self.group.id);
        }
        if !self.is_expected {
            self.group.members.lock().cut_off();
        }
    }
}

pub(super) struct Execution {
    feed: mpsc::Sender<LiveEvent>,
    texts: BoxStream<'static, Made>,
}

impl Execution {
    fn start(start: &StartExecution) -> Self {
        let (feed, events) = mpsc::channel(1);
        Self { feed, texts: start(GroupFeed::new(events)) }
    }

    /// `None` when the execution has ended, or its resolver does not take the events.
    async fn text(&mut self, event: LiveEvent) -> Option<Made> {
        let Self { feed, texts } = self;
        feed.try_send(event).ok()?;
        let made = texts.next().await?;
        if feed.capacity() < feed.max_capacity() {
            error!(text = %made.text, "the resolver of a group did not take its events");
            return None;
        }
        Some(made)
    }
}
