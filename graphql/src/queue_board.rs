//! The board: the queues of activities, shared by the subscriptions of this process.
//!
//! With each admission, the positions of all who wait change. So after a change the whole queue is read once for all
//! subscriptions of the process. Each subscription then looks up its own position, at most once a second, and sends it if it
//! has changed. The board follows the change log while there is at least one subscription.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use domain::{
    ids::{ActivityId, PersonId, PresenceId},
    news::Narrowing,
};
use futures_util::StreamExt as _;
use live::{Hub, Registration};
use parking_lot::Mutex;
use service::{
    App, log,
    presence::{
        QueueView,
        queue::{QueuePlace, Whereabouts},
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
pub struct Watching {
    board: QueueBoard,
    changes: watch::Receiver<u64>,
    /// The number of the last read that began before this subscription. Earlier reads are ignored.
    after: u64,
}

impl QueueBoard {
    /// Creates the board. It reads nothing until somebody watches.
    pub fn new(app: App, hub: Hub) -> Self {
        let changed = watch::Sender::new(0);
        Self(Arc::new(Shared { app, hub, state: Mutex::default(), changed, asked: Notify::new() }))
    }

    /// Watches the board. The returned view shows everything that commits after this call.
    pub async fn watch(&self) -> service::Result<Watching> {
        let watching = || {
            let state = self.0.state.lock();
            let watching = Watching { board: self.clone(), changes: self.0.changed.subscribe(), after: state.begun };
            state.is_running.then_some(watching)
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
        Ok(Watching { board: self.clone(), changes: self.0.changed.subscribe(), after: state.begun })
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
                state.begun
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
        }
        ends
    }

    /// Stops because the log can no longer be followed: the server stops. Wakes all subscriptions for the last time.
    fn stop(&self) {
        let mut state = self.0.state.lock();
        state.is_running = false;
        state.views.clear();
        self.0.changed.send_replace(state.begun);
    }
}

/// The state of a visit that a subscription has last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    pub activity: ActivityId,
    pub place: Option<QueuePlace>,
    pub is_admitted: bool,
}

impl From<Whereabouts> for Sighting {
    fn from(whereabouts: Whereabouts) -> Self {
        match whereabouts {
            Whereabouts::Place(place) => Self { activity: place.activity_id, place: Some(place), is_admitted: false },
            Whereabouts::Seat(activity) => Self { activity, place: None, is_admitted: true },
        }
    }
}

impl Watching {
    /// Notes the state that the subscription has read by itself. A read of the board that began before now may be older, so it
    /// is ignored. It may also be newer, so the board reads that queue again.
    pub fn has_seen(&mut self, sighting: &Sighting) {
        let mut state = self.board.0.state.lock();
        if self.after < state.begun {
            self.after = state.begun;
            state.wanted.insert(sighting.activity);
            self.board.0.asked.notify_one();
        }
    }

    /// Waits until the board has read something. `false` if the board has stopped.
    pub async fn changed(&mut self) -> bool {
        self.changes.changed().await.is_ok() && self.board.0.state.lock().is_running
    }

    /// The new state of a visit. `last` is the state that the subscription saw last. `None` if the state is the same, or is not
    /// known.
    pub fn look(&mut self, visit: PresenceId, person: Option<PersonId>, last: Option<&Sighting>) -> Option<Sighting> {
        self.changes.mark_unchanged();
        let views: Vec<Arc<QueueView>> = {
            let state = self.board.0.state.lock();
            let is_new = |numbered: &&Numbered| self.after < numbered.number;
            state.views.values().filter(is_new).filter_map(|numbered| numbered.view.clone()).collect()
        };
        let place = views.iter().find_map(|view| view.place_of(visit, person));
        let sighting = match (place, last) {
            (Some(place), _) => Sighting::from(Whereabouts::Place(place)),
            (None, last) => {
                let seat = views.iter().find(|view| view.has_seat(visit, person)).map(|view| view.activity());
                let before = last.filter(|last| last.place.is_some() || last.is_admitted);
                let is_known = |id| views.iter().any(|view| view.activity() == id);
                match (seat, before) {
                    (Some(activity), _) => Sighting::from(Whereabouts::Seat(activity)),
                    // The queue in which the visit was last seen has been read again, and the visit is no longer in it.
                    (None, Some(before)) if is_known(before.activity) => {
                        Sighting { activity: before.activity, place: None, is_admitted: false }
                    }
                    (None, _) => return None,
                }
            }
        };
        (Some(&sighting) != last).then_some(sighting)
    }
}
