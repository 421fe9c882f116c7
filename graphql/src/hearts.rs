//! What beats with the pongs of a socket.
//!
//! Browsers throttle the timers of hidden tabs, to once a minute or less, but answer pings all the same. So a visit whose
//! beat came over a socket is alive as long as the socket answers (rule 15). Only answers count: a pong that nobody asked for
//! is nothing.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::ids::PresenceId;
use parking_lot::Mutex;

/// How many visits one socket keeps alive. A tab has one.
const HEARTS: usize = 16;

/// The hearts of one socket, in the context of the mutations that come over it.
#[derive(Clone, Default)]
pub struct Hearts(Arc<Mutex<Vec<Heart>>>);

struct Heart {
    visit: PresenceId,
    /// Set by whoever learns that the visit is over.
    has_stopped: Arc<AtomicBool>,
    beat: SendBeat,
}

/// Is given the flag to set when the visit is over.
type SendBeat = Box<dyn Fn(&Arc<AtomicBool>) + Send>;

impl fmt::Debug for Hearts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hearts").field("count", &self.0.lock().len()).finish()
    }
}

impl Hearts {
    /// From now on, calls `beat` at each pong, in the place of what it called for that visit before; until the flag that it is
    /// given is set.
    pub fn keep(&self, visit: PresenceId, beat: impl Fn(&Arc<AtomicBool>) + Send + 'static) {
        let mut hearts = self.0.lock();
        hearts.retain(|heart| heart.visit != visit);
        if hearts.len() >= HEARTS {
            hearts.remove(0);
        }
        hearts.push(Heart { visit, has_stopped: Arc::default(), beat: Box::new(beat) });
    }

    /// The visit is over, or gave its seat back: pongs are no beats of it, until it is kept again.
    pub fn stop(&self, visit: PresenceId) {
        self.0.lock().retain(|heart| heart.visit != visit);
    }

    /// The socket answered a ping.
    pub fn beat(&self) {
        let mut hearts = self.0.lock();
        hearts.retain(|heart| !heart.has_stopped.load(Ordering::Relaxed));
        hearts.iter().for_each(|heart| (heart.beat)(&heart.has_stopped));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn hearts_beat_until_they_are_stopped_and_are_not_many() {
        let hearts = Hearts::default();
        let beats = Arc::new(AtomicUsize::new(0));
        let count = || beats.swap(0, Ordering::Relaxed);
        for visit in 0..100_u128 {
            let beats = Arc::clone(&beats);
            hearts.keep(PresenceId::from(visit), move |has_stopped| {
                beats.fetch_add(1, Ordering::Relaxed);
                // The last one is over by now.
                has_stopped.store(visit == 99, Ordering::Relaxed);
            });
        }
        hearts.beat();
        assert_eq!(count(), HEARTS);
        hearts.beat();
        assert_eq!(count(), HEARTS - 1);
        hearts.stop(PresenceId::from(98));
        hearts.stop(PresenceId::from(1));
        hearts.beat();
        assert_eq!(count(), HEARTS - 2);
    }
}
