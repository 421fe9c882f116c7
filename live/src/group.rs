//! A group: subscriptions that ask the same and may see the same, and so share one execution an event (rule 25).
//!
//! Terms: a *member* is a live subscription of the group; an *execution* is a running subscription that makes a text of
//! each event it is given; to *replay* is to make one for a member that is still catching up; a *wave* is the events that
//! wait, as many as are made into texts at the same time, so that what they read is read together.
//!
//! Always: an execution has one event at a time, and gives one text for it; a member gets texts in the order of the
//! changes, each once, and none at or before the position at which it joined.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::poll_fn,
    mem,
    sync::{Arc, OnceLock, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use domain::{
    access::Viewer,
    ids::PersonId,
    news::{Narrowing, Position, Seen},
};
use futures_util::{StreamExt, future::join_all, stream::BoxStream};
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
    time::Instant,
};
use tracing::error;

use super::{
    feed::{GroupFeed, LiveEvent, Registration},
    follower::{Ended, Follower, FollowerId, Routed},
    hub::{GroupEntry, Hub, State},
    mailbox::{About, Content, CutOff, Letter, Mailbox, OperationNumber},
    replay::{Replay, ReplayError},
    topics::Topics,
};

/// What subscriptions must have in common to share executions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupKey {
    /// Everything that is asked, except what only narrows.
    pub question: Box<str>,
    /// Who asks; `None` when the answer is the same for everyone.
    pub viewer: Option<Viewer>,
    /// The person whom the subscriptions follow: their messages name that person.
    pub person: Option<PersonId>,
}

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
/// How many replays may wait for the next wave.
const REPLAYS: usize = 32;
/// How many events of one member are replayed at the same time.
const REPLAYS_A_MEMBER: usize = 16;
/// How many members are given a text before others may run.
const DELIVERIES: usize = 512;
/// How often a text is tried to be made, while the database answers. What fails as often is told with its errors.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(25);

pub(super) struct Group {
    key: Arc<GroupKey>,
    id: FollowerId,
    follower: Arc<Follower>,
    members: Mutex<Members>,
    replays: mpsc::Sender<ReplayRequest>,
    recent: Mutex<Recent>,
    task: OnceLock<AbortHandle>,
}

struct ReplayRequest {
    event: LiveEvent,
    answer: oneshot::Sender<Arc<str>>,
}

/// One subscription's hold on its group. When the last is dropped, the group ends.
pub struct Subscription {
    hub: Hub,
    group: Arc<Group>,
    member: Option<u32>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("group", &self.group.id)
            .field("member", &self.member)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// Finds the group with that key, or makes it; `start` is called when there are events.
    pub fn attach(&self, key: GroupKey, start: StartExecution) -> Subscription {
        let mut state = self.0.state.lock();
        if let Some(entry) = state.groups.get_mut(&key) {
            entry.attached += 1;
            return Subscription { hub: self.clone(), group: Arc::clone(&entry.group), member: None };
        }
        let (replays, requests) = mpsc::channel(REPLAYS);
        let group = self.add_group(&mut state, key, replays);
        let run = Run {
            ending: Ending { hub: self.clone(), group: Arc::clone(&group), is_expected: false },
            start,
            executions: Vec::new(),
            requests,
        };
        // A runtime that is shutting down drops the task at once, and its end wants the lock.
        drop(state);
        let task = tokio::spawn(run.serve()).abort_handle();
        // Set once, before the subscription that ends the task can be dropped.
        let _ = group.task.set(task);
        Subscription { hub: self.clone(), group, member: None }
    }

    fn add_group(&self, state: &mut State, key: GroupKey, replays: mpsc::Sender<ReplayRequest>) -> Arc<Group> {
        let key = Arc::new(key);
        let follower = Arc::new(Follower::new(self.0.settings.queue));
        let group = Arc::new(Group {
            id: state.add_follower(Arc::clone(&follower)),
            key: Arc::clone(&key),
            follower,
            members: Mutex::default(),
            replays,
            recent: Mutex::default(),
            task: OnceLock::new(),
        });
        state.groups.insert(key, GroupEntry { group: Arc::clone(&group), attached: 1 });
        group
    }
}

impl Subscription {
    /// Sends what was missed since `registration.from`, then joins the live ones without a gap.
    pub async fn go_live(
        &mut self,
        registration: Registration,
        mailbox: &Arc<Mailbox>,
        operation: OperationNumber,
    ) -> Result<(), ReplayError> {
        let mut replay = Replay::begin(self.hub.clone(), registration).await?;
        loop {
            loop {
                let events = replay.next_some(REPLAYS_A_MEMBER).await?;
                if events.is_empty() {
                    break;
                }
                let abouts: Vec<_> = events.iter().map(About::event).collect();
                let texts = join_all(events.into_iter().map(|event| self.group.replay(event))).await;
                for (about, text) in abouts.into_iter().zip(texts) {
                    if !mailbox.send(Letter { operation, about, content: Content::Next(text?) }).await {
                        return Err(ReplayError::Closed);
                    }
                }
            }
            if self.join(&replay, mailbox, operation)? {
                return Ok(());
            }
        }
    }

    fn join(
        &mut self,
        replay: &Replay,
        mailbox: &Arc<Mailbox>,
        operation: OperationNumber,
    ) -> Result<bool, ReplayError> {
        let mut state = self.hub.0.state.lock();
        if !state.groups.get(&self.group.key).is_some_and(|entry| Arc::ptr_eq(&entry.group, &self.group)) {
            return Err(ReplayError::Failed);
        }
        let caught_up = replay.caught_up();
        if !state.join(self.group.id, &caught_up)? {
            return Ok(false);
        }
        let member = Member {
            mailbox: Arc::clone(mailbox),
            operation,
            joined: caught_up.position,
            narrowing: caught_up.narrowing.clone(),
        };
        self.member = Some(self.group.members.lock().add(member));
        self.hub.0.counters.subscriptions.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.hub.0.state.lock();
        if let Some(member) = self.member.take()
            && let Some(member) = self.group.members.lock().remove(member)
        {
            state.leave(self.group.id, &member.narrowing);
            self.hub.0.counters.subscriptions.fetch_sub(1, Ordering::Relaxed);
        }
        let Some(entry) = state.groups.get_mut(&self.group.key) else { return };
        if !Arc::ptr_eq(&entry.group, &self.group) {
            return;
        }
        entry.attached -= 1;
        if entry.attached == 0 {
            state.groups.remove(&self.group.key);
            state.remove_follower(self.group.id);
            drop(state);
            if let Some(task) = self.group.task.get() {
                task.abort();
            }
        }
    }
}

impl Group {
    fn is_for_everyone(&self) -> bool {
        self.key.viewer.is_none()
    }

    async fn replay(&self, event: LiveEvent) -> Result<Arc<str>, ReplayError> {
        if let Some(text) = self.recent.lock().find(&event) {
            return Ok(text);
        }
        let (answer, text) = oneshot::channel();
        let request = ReplayRequest { event, answer };
        self.replays.send(request).await.map_err(|_| ReplayError::Failed)?;
        text.await.map_err(|_| ReplayError::Failed)
    }
}

/// The task of a group.
struct Run {
    ending: Ending,
    start: StartExecution,
    /// As many as the last wave wanted, or half as many as there were before it, and one at least once there was any.
    executions: Vec<Execution>,
    requests: mpsc::Receiver<ReplayRequest>,
}

#[derive(Default)]
struct Wave {
    live: Vec<Routed>,
    replays: Vec<ReplayRequest>,
}

impl Run {
    async fn serve(mut self) {
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
struct Ending {
    hub: Hub,
    group: Arc<Group>,
    /// Because the server goes down: then the sockets are told so by others.
    is_expected: bool,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut state = self.hub.0.state.lock();
        if state.groups.get(&self.group.key).is_some_and(|entry| Arc::ptr_eq(&entry.group, &self.group)) {
            state.groups.remove(&self.group.key);
            state.remove_follower(self.group.id);
        }
        if !self.is_expected {
            self.group.members.lock().cut_off();
        }
    }
}

struct Execution {
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

#[derive(Default)]
struct Members {
    slots: Vec<Option<Member>>,
    free: Vec<u32>,
    topics: Topics<u32>,
}

struct Member {
    mailbox: Arc<Mailbox>,
    operation: OperationNumber,
    joined: Position,
    narrowing: Narrowing,
}

impl Members {
    fn add(&mut self, member: Member) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.topics.add(&member.narrowing, slot);
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(member);
        }
        slot
    }

    fn remove(&mut self, slot: u32) -> Option<Member> {
        let member = self.slots.get_mut(slot as usize)?.take()?;
        self.topics.remove(&member.narrowing, slot);
        self.free.push(slot);
        Some(member)
    }

    /// The members that see the change, by what they see in it.
    fn who_sees(&self, routed: &Routed, person: Option<PersonId>) -> Vec<(Seen, Vec<u32>)> {
        let change = &routed.change;
        let mut found = Vec::new();
        match person {
            Some(person) => found.extend(self.topics.of_person(person)),
            None => self.topics.find(&change.event, &mut found),
        }
        let mut variants: Vec<(Seen, Vec<u32>)> = Vec::new();
        for slot in found {
            let Some(Some(member)) = self.slots.get(slot as usize) else { continue };
            if change.position <= member.joined {
                continue;
            }
            let Some(seen) = member.narrowing.sees(change, routed.person_at) else { continue };
            match variants.iter_mut().find(|(other, _)| *other == seen) {
                Some((_, members)) => members.push(slot),
                None => variants.push((seen, vec![slot])),
            }
        }
        variants
    }

    /// A slot may have a new member since it was found; that one joined at or after the position.
    fn deliver(&self, slots: &[u32], event: &LiveEvent, text: &Arc<str>) -> u64 {
        let (position, about) = (event.change.position, About::event(event));
        let members = slots.iter().filter_map(|slot| self.slots.get(*slot as usize)?.as_ref());
        let pushed = members.filter(|member| {
            let letter = || Letter { operation: member.operation, about, content: Content::Next(Arc::clone(text)) };
            position > member.joined && member.mailbox.push(letter())
        });
        pushed.count() as u64
    }

    fn cut_off(&self) {
        for member in self.slots.iter().flatten() {
            member.mailbox.cut_off(CutOff::Behind);
        }
    }
}

/// Texts made a moment ago, for when thousands resume at once. Only for groups whose answers are the same for everyone:
/// what depends on rights is made anew.
#[derive(Default)]
struct Recent {
    texts: HashMap<(Position, Seen), (Instant, Arc<str>)>,
    order: VecDeque<(Position, Seen)>,
    bytes: usize,
}

/// How long a text may be used again. It shows how things were when it was made.
const RECENT_FOR: Duration = Duration::from_secs(5);
const RECENT_BYTES: usize = 128 * 1024;

impl Recent {
    fn find(&self, event: &LiveEvent) -> Option<Arc<str>> {
        let (made, text) = self.texts.get(&(event.change.position, event.seen))?;
        (made.elapsed() < RECENT_FOR).then(|| Arc::clone(text))
    }

    fn keep(&mut self, event: &LiveEvent, text: Arc<str>) {
        let key = (event.change.position, event.seen);
        self.bytes += text.len();
        self.order.push_back(key);
        if let Some((_, before)) = self.texts.insert(key, (Instant::now(), text)) {
            self.bytes -= before.len();
        }
        while let Some(oldest) = self.order.front()
            && (self.bytes > RECENT_BYTES || self.texts.get(oldest).is_none_or(|(made, _)| made.elapsed() > RECENT_FOR))
        {
            if let Some((_, text)) = self.texts.remove(oldest) {
                self.bytes -= text.len();
            }
            self.order.pop_front();
        }
    }
}
