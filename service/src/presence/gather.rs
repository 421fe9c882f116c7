//! The gatherer of a process: takes beats one by one and writes them together.
//!
//! Beats wait for each other at most [`GATHERED`], then they are written in one statement, and each is answered when that
//! has committed. While one batch is being written the next one gathers, so the more there is to do, the larger the batches:
//! a commit is paid for once by all in it. Beats of the same visit from the same claimant are one; what the later ones say
//! counts. There are [`LANES`], each with a bounded queue: who comes when it is full waits for room. The beats of a visit are
//! all in the same lane, so they are written in the order in which they came.

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

use super::beats::{Beat, Outcome, Seen, write_known, write_others};
use crate::{App, Error, Result};

/// How long a beat waits for others.
const GATHERED: Duration = Duration::from_millis(25);

/// How many visits are written at once: with more, their answers would wait noticeably longer for a commit that is hardly
/// shared any better.
const BATCH: usize = 1_000;

/// How many batches are written at the same time: while one is sent, read or committed, the database writes the other.
const LANES: usize = 2;

/// How many beats may wait in a lane beside those that are being written.
const QUEUE: usize = 4_096;

/// A handle to the gatherer, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct Gatherer {
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

/// What the gatherer has done, ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GathererStats {
    /// Beats that were written.
    pub beats: u64,
    pub batches: u64,
    /// Beats of visits that are completed, not there, or somebody else's.
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

/// Who wants to know what became of a beat.
#[derive(Debug)]
enum Answer {
    Caller(oneshot::Sender<std::result::Result<Outcome, Arc<str>>>),
    /// A heart that stops once its visit is over.
    Heart(Arc<AtomicBool>),
}

impl Gatherer {
    /// Must be called within a runtime.
    pub fn start(app: &App) -> Self {
        let counters = Arc::<Counters>::default();
        let lanes = array::from_fn(|_| {
            let (queue, waiting) = mpsc::channel(QUEUE);
            tokio::spawn(run(app.clone(), waiting, Arc::clone(&counters)));
            queue
        });
        Self { lanes, hasher: RandomState::new(), counters }
    }

    /// Writes a beat together with others; what came of it, when that has committed.
    pub async fn beat(&self, beat: Beat) -> Result<Seen> {
        let (answer, answered) = oneshot::channel();
        let lane = self.lane(beat.visit);
        let waiting = Waiting { beat, came: Instant::now(), answer: Answer::Caller(answer) };
        let ended = || Error::internal("the gatherer has ended");
        lane.send(waiting).await.map_err(|_| ended())?;
        match answered.await.map_err(|_| ended())? {
            Ok(outcome) => Ok(*outcome?),
            Err(failure) => Err(Error::internal(failure.as_ref())),
        }
    }

    /// The same for a beat that nobody waits for. It is lost when the queue is full. `has_stopped` is set when the visit is
    /// over: there is no point in another beat.
    pub fn beat_unheard(&self, beat: Beat, has_stopped: &Arc<AtomicBool>) {
        let (lane, answer) = (self.lane(beat.visit), Answer::Heart(Arc::clone(has_stopped)));
        if lane.try_send(Waiting { beat, came: Instant::now(), answer }).is_err() {
            self.counters.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lane(&self, visit: PresenceId) -> &mpsc::Sender<Waiting> {
        let hash = usize::try_from(self.hasher.hash_one(visit) % LANES as u64);
        &self.lanes[hash.unwrap_or_default()]
    }

    /// For metrics.
    pub fn stats(&self) -> GathererStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { beats, batches, refused, failed } = &*self.counters;
        GathererStats { beats: read(beats), batches: read(batches), refused: read(refused), failed: read(failed) }
    }
}

async fn run(app: App, mut queue: mpsc::Receiver<Waiting>, counters: Arc<Counters>) {
    let mut carried = Vec::new();
    loop {
        let mut batch = Batch::default();
        // What another claimant said of the same visit comes first now.
        for waiting in std::mem::take(&mut carried) {
            carried.extend(batch.add(waiting));
        }
        if batch.beats.is_empty() {
            match queue.recv().await {
                Some(waiting) => carried.extend(batch.add(waiting)),
                None => return,
            }
        }
        while batch.beats.len() < BATCH {
            // When the time is up, what is there already is taken still.
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
    /// When the first of them came.
    since: Option<Instant>,
}

impl Batch {
    fn until(&self) -> Instant {
        self.since.unwrap_or_else(Instant::now) + GATHERED
    }

    /// Takes a beat in, unless it is to be written after one that is here.
    fn add(&mut self, waiting: Waiting) -> Option<Waiting> {
        let id = waiting.beat.visit;
        match self.beats.get_mut(&id) {
            Some(first) if first.claimant == waiting.beat.claimant && !first.claimant.is_nobody() => {
                first.at = first.at.max(waiting.beat.at);
                first.language_code = waiting.beat.language_code.or(first.language_code.take());
                first.current_page = waiting.beat.current_page.or(first.current_page.take());
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
                        let seen = Seen { visit, secret: None, lost_seat: None };
                        self.answer(id, &Ok(Box::new(seen)), counters);
                    }
                }
            }
            Err(error) => return self.fail(&error, counters),
        }
        if self.beats.is_empty() {
            return;
        }
        match write_others(app, &self.beats).await {
            Ok(outcomes) => outcomes.into_iter().for_each(|(id, outcome)| self.answer(id, &outcome, counters)),
            Err(error) => self.fail(&error, counters),
        }
    }

    fn answer(&mut self, id: PresenceId, outcome: &Outcome, counters: &Counters) {
        let counter = if outcome.is_ok() { &counters.beats } else { &counters.refused };
        for answer in self.answers.remove(&id).into_iter().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
            match answer {
                // Who has gone meanwhile misses nothing.
                Answer::Caller(caller) => drop(caller.send(Ok(outcome.clone()))),
                Answer::Heart(has_stopped) => {
                    if outcome.is_err() {
                        has_stopped.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    fn fail(self, error: &Error, counters: &Counters) {
        let text: Arc<str> = error.describe().into();
        tracing::error!(error = %text, beats = self.beats.len(), "beats could not be written");
        for answer in self.answers.into_values().flatten() {
            counters.failed.fetch_add(1, Ordering::Relaxed);
            if let Answer::Caller(caller) = answer {
                drop(caller.send(Err(Arc::clone(&text))));
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
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
        };
        Waiting { beat, came: Instant::now(), answer: Answer::Heart(Arc::default()) }
    }

    #[test]
    fn beats_of_one_visit_from_one_claimant_are_one() {
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
    fn what_another_claimant_says_is_written_by_itself() {
        let mut batch = Batch::default();
        assert!(batch.add(waiting(1, Some(7), 1, None)).is_none());
        assert!(batch.add(waiting(1, Some(8), 1, None)).is_some());
        // Two that are nobody yet may be two people.
        assert!(batch.add(waiting(2, None, 1, None)).is_none());
        assert!(batch.add(waiting(2, None, 1, None)).is_some());
        assert_eq!(batch.answers.values().map(Vec::len).sum::<usize>(), 2);
    }
}
