//! The board: the queues of activities, shared by the subscriptions of this process.
//!
//! With each admission, the positions of all who wait change. So after a change the whole queue is read once for all
//! subscriptions of the process. Each subscription then looks up what its visit has, at most once a second, and sends what
//! [`shown`] chooses of that, if it has changed. The board follows the change log while there is at least one subscription.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use domain::{
    ids::ActivityId,
    news::Narrowing,
    presence::{Shown, shown},
};
use futures_util::StreamExt as _;
use live::{Hub, Registration};
use parking_lot::Mutex;
use service::{
    App, log,
    presence::{
        QueueView,
        queue::{Followed, Holding, Owner, QueuePlace},
    },
};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

/// The shortest pause between two reads.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// The additional pause for each place in the queues that were read. Long queues are read less often.
const PER_PLACE: Duration = Duration::from_micros(20);

/// The pause after a read that failed.
const RETRY: Duration = Duration::from_secs(1);

/// A handle to the board of this process.
#[derive(Clone)]
pub struct QueueBoard(Arc<Shared>);

struct Shared {
    app: App,
    hub: Hub,
    state: Mutex<State>,
    /// The number of the latest read.
    changed: watch::Sender<u64>,
    /// Wakes the board when [`State::wanted`] has grown.
    asked: Notify,
}

#[derive(Default)]
struct State {
    is_running: bool,
    /// The number of reads that have begun. The first read has number 1.
    begun: u64,
    /// The number of the last read of each queue that has begun.
    begun_for: HashMap<ActivityId, u64>,
    /// Queues that the board must read for a new subscription, although nothing may have changed.
    wanted: BTreeSet<ActivityId>,
    views: HashMap<ActivityId, Numbered>,
}

#[derive(Clone)]
struct Numbered {
    number: u64,
    /// `None` if there is no such activity.
    view: Option<Arc<QueueView>>,
}

/// One subscription's view of the board.
pub struct QueueSubscription {
    board: QueueBoard,
    changes: watch::Receiver<u64>,
    /// The number of the last read that began before this subscription. Earlier reads are ignored.
    after: u64,
    /// Whose subscription this is. `None` until it has begun.
    owner: Option<Owner>,
    /// What the visit and its person have, by the latest reads.
    holdings: BTreeMap<ActivityId, Holding>,
    shown: Option<Shown>,
    last: Option<VisitQueueState>,
}

impl QueueBoard {
    /// Creates the board. It reads nothing until somebody watches.
    pub fn new(app: App, hub: Hub) -> Self {
        let changed = watch::Sender::new(0);
        Self(Arc::new(Shared { app, hub, state: Mutex::default(), changed, asked: Notify::new() }))
    }

    /// Watches the board. The returned view shows everything that commits after this call.
    pub async fn watch(&self) -> service::Result<QueueSubscription> {
        let watching = || {
            let state = self.0.state.lock();
            state.is_running.then(|| self.watching(&state))
        };
        if let Some(watching) = watching() {
            return Ok(watching);
        }
        let from = log::snapshot(&self.0.app).await?.position;
        let mut state = self.0.state.lock();
        if !state.is_running {
            state.is_running = true;
            let registration = Registration { narrowing: Narrowing::EveryOccupancy, from, person_at: None };
            tokio::spawn(self.clone().run(registration));
        }
        Ok(self.watching(&state))
    }

    fn watching(&self, state: &State) -> QueueSubscription {
        QueueSubscription {
            board: self.clone(),
            changes: self.0.changed.subscribe(),
            after: state.begun,
            owner: None,
            holdings: BTreeMap::new(),
            shown: None,
            last: None,
        }
    }

    async fn run(self, registration: Registration) {
        let mut events = std::pin::pin!(self.0.hub.subscribe_stream(registration));
        let mut changed: BTreeSet<ActivityId> = BTreeSet::new();
        loop {
            tokio::select! {
                () = self.0.asked.notified() => {}
                event = events.next() => match event {
                    Some(event) => changed.extend(event.change.event.as_occupancy()),
                    None => return self.stop(),
                },
            }
            changed.append(&mut self.0.state.lock().wanted);
            while !changed.is_empty() {
                let pause = self.read(&mut changed).await;
                let mut pause = std::pin::pin!(sleep(pause));
                loop {
                    tokio::select! {
                        () = &mut pause => break,
                        event = events.next() => match event {
                            Some(event) => changed.extend(event.change.event.as_occupancy()),
                            None => return self.stop(),
                        },
                    }
                }
            }
            if self.has_ended() {
                return;
            }
        }
    }

    /// Reads the queues that changed. Returns the pause before the next read.
    async fn read(&self, changed: &mut BTreeSet<ActivityId>) -> Duration {
        let mut pause = DEBOUNCE;
        for id in std::mem::take(changed) {
            let number = {
                let mut state = self.0.state.lock();
                state.begun += 1;
                let number = state.begun;
                state.begun_for.insert(id, number);
                number
            };
            match QueueView::read(&self.0.app, id).await {
                Ok(view) => {
                    let length = view.as_ref().map_or(0, QueueView::length);
                    pause += PER_PLACE * u32::try_from(length).unwrap_or(u32::MAX);
                    self.0.state.lock().views.insert(id, Numbered { number, view: view.map(Arc::new) });
                    self.0.changed.send_replace(number);
                }
                Err(error) => {
                    tracing::warn!(%error, activity = %id, "a queue could not be read for its subscribers, and is read again");
                    changed.insert(id);
                    pause = RETRY;
                }
            }
        }
        pause
    }

    /// Stops if nobody watches any more.
    fn has_ended(&self) -> bool {
        let mut state = self.0.state.lock();
        let ends = self.0.changed.receiver_count() == 0;
        if ends {
            state.is_running = false;
            state.views.clear();
            state.begun_for.clear();
        }
        ends
    }

    /// Stops because the log can no longer be followed: the server stops. Wakes all subscriptions for the last time.
    fn stop(&self) {
        let mut state = self.0.state.lock();
        state.is_running = false;
        state.views.clear();
        state.begun_for.clear();
        self.0.changed.send_replace(state.begun);
    }
}

/// What a subscription tells about its visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitQueueState {
    pub activity: ActivityId,
    pub place: Option<QueuePlace>,
    pub is_admitted: bool,
    /// Another visit of the person has the seat, or waits at the place, and this visit does not.
    pub is_elsewhere: bool,
}

impl VisitQueueState {
    fn of_holding(holding: Holding) -> Self {
        let Holding { activity, place, is_own } = holding;
        Self { activity, is_admitted: place.is_none(), place, is_elsewhere: !is_own }
    }

    const fn of_end(activity: ActivityId) -> Self {
        Self { activity, place: None, is_admitted: false, is_elsewhere: false }
    }
}

impl QueueSubscription {
    /// Begins with what the subscription has read by itself. A read of the board that began before now may be older, so it is
    /// ignored. It may also be newer, so the board reads these queues again.
    pub fn begin_with(&mut self, followed: Followed) {
        let mut state = self.board.0.state.lock();
        if self.after < state.begun {
            let is_missed = |(id, number): (&ActivityId, &u64)| (self.after < *number).then_some(*id);
            let missed: Vec<ActivityId> = state.begun_for.iter().filter_map(is_missed).collect();
            self.after = state.begun;
            state.wanted.extend(missed);
            state.wanted.extend(followed.holdings.keys());
            self.board.0.asked.notify_one();
        }
        self.owner = Some(followed.owner);
        self.holdings = followed.holdings;
    }

    /// Waits until the board has read something. `false` if the board has stopped.
    pub async fn changed(&mut self) -> bool {
        self.changes.changed().await.is_ok() && self.board.0.state.lock().is_running
    }

    /// What the visit shows now. `None` if that is the same as before, or there is nothing to show.
    pub fn look(&mut self) -> Option<VisitQueueState> {
        self.changes.mark_unchanged();
        let owner = self.owner?;
        let views: Vec<(ActivityId, Option<Arc<QueueView>>)> = {
            let state = self.board.0.state.lock();
            let is_new = |(_, numbered): &(&ActivityId, &Numbered)| self.after < numbered.number;
            state.views.iter().filter(is_new).map(|(id, numbered)| (*id, numbered.view.clone())).collect()
        };
        for (id, view) in views {
            match view.and_then(|view| view.holding_of(owner)) {
                Some(holding) => self.holdings.insert(id, holding),
                None => self.holdings.remove(&id),
            };
        }
        let now = shown(self.holdings.values().map(Holding::facts), self.shown)?;
        self.shown = Some(now);
        let sighting = match now {
            Shown::Holding(holding) => VisitQueueState::of_holding(self.holdings.get(&holding.activity)?.clone()),
            Shown::Ended(activity) => VisitQueueState::of_end(activity),
        };
        let is_new = self.last.as_ref() != Some(&sighting);
        self.last = Some(sighting.clone());
        is_new.then_some(sighting)
    }
}
