//! The *batcher*: collects the beats of a process and writes them in batches.
//!
//! - A beat waits at most [`DEBOUNCE`] for others. One statement then writes the batch, and each beat is answered after
//!   the commit.
//! - While one batch is written, the next one collects. So the batches grow with the load, and many beats share one
//!   commit.
//! - Beats of the same visit from the same claimant become one; the later values win.
//! - There are [`LANES`] queues, each bounded. A caller waits while the queue is full.
//! - All beats of a visit are in the same lane, so they are written in the order in which they arrived.

use std::{
    array,
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::ids::PresenceId;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

use super::beats::{Beat, BeatResult, Outcome, write_known, write_others};
use crate::{App, Error, Result, error::cause::Cause};

/// How long a beat waits for others.
const DEBOUNCE: Duration = Duration::from_millis(25);

/// How many visits one batch has at most. Larger batches would make answers noticeably later, and hardly save commits.
const BATCH_SIZE: usize = 1_000;

/// How many batches are written at the same time. While one is encoded, decoded or committed, the database works on the
/// other.
const LANES: usize = 2;

/// How many beats may wait in a lane, apart from those that are being written.
const QUEUE_CAPACITY: usize = 4_096;

/// A handle to the batcher. The batcher ends when its last handle is dropped.
#[derive(Debug, Clone)]
pub struct HeartbeatBatcher {
    lanes: [mpsc::Sender<Waiting>; LANES],
    hasher: RandomState,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    beats: AtomicU64,
    batches: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// Counters since the start of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatcherStats {
    /// Beats that were written.
    pub beats: u64,
    pub batches: u64,
    /// Beats of visits that are completed, do not exist, or belong to somebody else.
    pub refused: u64,
    /// Beats that could not be written.
    pub failed: u64,
}

#[derive(Debug)]
struct Waiting {
    beat: Beat,
    came: Instant,
    answer: Answer,
}

/// The receiver of the outcome of a beat.
#[derive(Debug)]
enum Answer {
    Caller(oneshot::Sender<std::result::Result<Outcome, Arc<Error>>>),
    /// The heartbeats of a socket. The flag is set if a beat is refused, so that they stop.
    Heart(Arc<AtomicBool>),
}

impl HeartbeatBatcher {
    /// Starts the lanes as tasks. Call it within a tokio runtime.
    pub fn start(app: &App) -> Self {
        let counters = Arc::<Counters>::default();
        let lanes = array::from_fn(|_| {
            let (queue, waiting) = mpsc::channel(QUEUE_CAPACITY);
            tokio::spawn(run(app.clone(), waiting, Arc::clone(&counters)));
            queue
        });
        Self { lanes, hasher: RandomState::new(), counters }
    }

    /// Writes a beat together with others. Returns after the commit.
    pub async fn beat(&self, beat: Beat) -> Result<BeatResult> {
        let (answer, answered) = oneshot::channel();
        let lane = self.lane(beat.visit);
        let waiting = Waiting { beat, came: Instant::now(), answer: Answer::Caller(answer) };
        let ended = || Error::internal("the task that writes beats has ended");
        lane.send(waiting).await.map_err(|_| ended())?;
        match answered.await.map_err(|_| ended())? {
            Ok(outcome) => Ok(*outcome?),
            Err(failure) => Err(Error::Internal(Cause::Shared(failure))),
        }
    }

    /// Writes a beat without waiting for the outcome. The beat is dropped if the queue is full. `has_stopped` is set if
    /// the beat is refused: more beats would be refused, too.
    pub fn try_beat(&self, beat: Beat, has_stopped: &Arc<AtomicBool>) {
        let (lane, answer) = (self.lane(beat.visit), Answer::Heart(Arc::clone(has_stopped)));
        if lane.try_send(Waiting { beat, came: Instant::now(), answer }).is_err() {
            self.counters.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lane(&self, visit: PresenceId) -> &mpsc::Sender<Waiting> {
        let hash = usize::try_from(self.hasher.hash_one(visit) % LANES as u64);
        &self.lanes[hash.unwrap_or_default()]
    }

    /// The counters, for metrics.
    pub fn stats(&self) -> BatcherStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { beats, batches, refused, failed } = &*self.counters;
        BatcherStats { beats: read(beats), batches: read(batches), refused: read(refused), failed: read(failed) }
    }
}

async fn run(app: App, mut queue: mpsc::Receiver<Waiting>, counters: Arc<Counters>) {
    let mut carried = Vec::new();
    loop {
        let mut batch = Batch::default();
        // Beats of other claimants of the same visit come first in the next batch.
        for waiting in std::mem::take(&mut carried) {
            carried.extend(batch.add(waiting));
        }
        if batch.beats.is_empty() {
            match queue.recv().await {
                Some(waiting) => carried.extend(batch.add(waiting)),
                None => return,
            }
        }
        while batch.beats.len() < BATCH_SIZE {
            // After the time-out, this still takes what is already in the queue.
            match timeout_at(batch.until(), queue.recv()).await {
                Ok(Some(waiting)) => carried.extend(batch.add(waiting)),
                Ok(None) | Err(_) => break,
            }
        }
        batch.write(&app, &counters).await;
    }
}

#[derive(Default)]
struct Batch {
    beats: BTreeMap<PresenceId, Beat>,
    answers: HashMap<PresenceId, Vec<Answer>>,
    /// When the first beat of the batch arrived.
    since: Option<Instant>,
}

impl Batch {
    fn until(&self) -> Instant {
        self.since.unwrap_or_else(Instant::now) + DEBOUNCE
    }

    /// Adds a beat. Returns the beat if it must be written after one of the same visit that is already in this batch.
    fn add(&mut self, waiting: Waiting) -> Option<Waiting> {
        let id = waiting.beat.visit;
        match self.beats.get_mut(&id) {
            Some(first) if first.claimant == waiting.beat.claimant && !first.claimant.is_nobody() => {
                first.at = first.at.max(waiting.beat.at);
                first.language_code = waiting.beat.language_code.or(first.language_code.take());
                first.current_page = waiting.beat.current_page.or(first.current_page.take());
                first.is_idle = waiting.beat.is_idle.or(first.is_idle);
            }
            Some(_) => return Some(waiting),
            None => {
                self.since = Some(self.since.map_or(waiting.came, |since| since.min(waiting.came)));
                self.beats.insert(id, waiting.beat);
            }
        }
        self.answers.entry(id).or_default().push(waiting.answer);
        None
    }

    async fn write(mut self, app: &App, counters: &Counters) {
        counters.batches.fetch_add(1, Ordering::Relaxed);
        match write_known(app, &self.beats).await {
            Ok(mut known) => {
                let plain: Vec<PresenceId> = self.beats.keys().filter(|id| known.contains_key(id)).copied().collect();
                for id in plain {
                    self.beats.remove(&id);
                    if let Some(visit) = known.remove(&id) {
                        let seen = BeatResult { visit, secret: None, lost_seat: None };
                        self.answer(id, &Ok(Box::new(seen)), counters);
                    }
                }
            }
            Err(error) => return self.fail(error, counters),
        }
        if self.beats.is_empty() {
            return;
        }
        match write_others(app, &self.beats).await {
            Ok(outcomes) => outcomes.into_iter().for_each(|(id, outcome)| self.answer(id, &outcome, counters)),
            Err(error) => self.fail(error, counters),
        }
    }

    fn answer(&mut self, id: PresenceId, outcome: &Outcome, counters: &Counters) {
        let counter = if outcome.is_ok() { &counters.beats } else { &counters.refused };
        for answer in self.answers.remove(&id).into_iter().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
            match answer {
                // A caller that has gone away needs no answer.
                Answer::Caller(caller) => drop(caller.send(Ok(outcome.clone()))),
                Answer::Heart(has_stopped) => {
                    if outcome.is_err() {
                        has_stopped.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    fn fail(self, error: Error, counters: &Counters) {
        let error = Arc::new(error);
        tracing::error!(%error, beats = self.beats.len(), "beats could not be written");
        for answer in self.answers.into_values().flatten() {
            counters.failed.fetch_add(1, Ordering::Relaxed);
            if let Answer::Caller(caller) = answer {
                drop(caller.send(Err(Arc::clone(&error))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use domain::ids::PersonId;

    use super::*;
    use crate::presence::Claimant;

    fn waiting(visit: u128, person: Option<i64>, second: i64, page: Option<&str>) -> Waiting {
        let beat = Beat {
            visit: PresenceId::from(visit),
            claimant: Claimant { person: person.map(PersonId), secret_hash: None },
            language_code: None,
            current_page: page.map(|page| Some(page.to_owned())),
            is_idle: None,
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
        };
        Waiting { beat, came: Instant::now(), answer: Answer::Heart(Arc::default()) }
    }

    #[test]
    fn beats_of_one_visit_from_one_claimant_are_merged() {
        let mut batch = Batch::default();
        assert!(batch.add(waiting(1, Some(7), 1, Some("/a"))).is_none());
        assert!(batch.add(waiting(1, Some(7), 2, Some("/b"))).is_none());
        assert!(batch.add(waiting(1, Some(7), 3, None)).is_none());
        let id = PresenceId::from(1);
        assert_eq!(batch.beats[&id].current_page, Some(Some("/b".to_owned())));
        assert_eq!(batch.beats[&id].at, DateTime::UNIX_EPOCH + TimeDelta::seconds(3));
        assert_eq!((batch.beats.len(), batch.answers[&id].len()), (1, 3));
    }

    #[test]
    fn beat_of_another_claimant_waits_for_the_next_batch() {
        let mut batch = Batch::default();
        assert!(batch.add(waiting(1, Some(7), 1, None)).is_none());
        assert!(batch.add(waiting(1, Some(8), 1, None)).is_some());
        // Two claimants without a person or a secret may be two people.
        assert!(batch.add(waiting(2, None, 1, None)).is_none());
        assert!(batch.add(waiting(2, None, 1, None)).is_some());
        assert_eq!(batch.answers.values().map(Vec::len).sum::<usize>(), 2);
    }
}
