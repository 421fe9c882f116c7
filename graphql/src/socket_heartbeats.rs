//! Heartbeats that a socket sends by answering pings.
//!
//! Browsers throttle the timers of hidden tabs, to once a minute or less. They still answer pings. So a visit whose heartbeat
//! came over a socket stays online as long as the socket answers (rule 15). A pong without a ping does not count.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::ids::PresenceId;
use parking_lot::Mutex;

/// How many visits one socket keeps online. A tab has one.
const MAX_VISITS: usize = 16;

/// The visits that one socket keeps online. Mutations that come over the socket find this in their context.
#[derive(Clone, Default)]
pub struct SocketHeartbeats(Arc<Mutex<Vec<VisitHeartbeat>>>);

struct VisitHeartbeat {
    visit: PresenceId,
    /// Set when the visit turns out to be over.
    has_stopped: Arc<AtomicBool>,
    beat: SendBeat,
}

/// Sends one heartbeat. Its argument is the flag to set when the visit is over.
type SendBeat = Box<dyn Fn(&Arc<AtomicBool>) + Send>;

impl fmt::Debug for SocketHeartbeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketHeartbeats").field("count", &self.0.lock().len()).finish()
    }
}

impl SocketHeartbeats {
    /// Calls `beat` at each pong from now on, until `beat` sets the flag that it gets. It replaces an earlier `beat` of the
    /// same visit.
    pub fn keep(&self, visit: PresenceId, beat: impl Fn(&Arc<AtomicBool>) + Send + 'static) {
        let mut heartbeats = self.0.lock();
        heartbeats.retain(|heartbeat| heartbeat.visit != visit);
        if heartbeats.len() >= MAX_VISITS {
            heartbeats.remove(0);
        }
        heartbeats.push(VisitHeartbeat { visit, has_stopped: Arc::default(), beat: Box::new(beat) });
    }

    /// Stops the heartbeats of a visit that is over or gave its seat back, until the next [`keep`](Self::keep).
    pub fn stop(&self, visit: PresenceId) {
        self.0.lock().retain(|heartbeat| heartbeat.visit != visit);
    }

    /// Sends the heartbeats of all visits. The socket has answered a ping.
    pub fn beat(&self) {
        let mut heartbeats = self.0.lock();
        heartbeats.retain(|heartbeat| !heartbeat.has_stopped.load(Ordering::Relaxed));
        heartbeats.iter().for_each(|heartbeat| (heartbeat.beat)(&heartbeat.has_stopped));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn pongs_are_heartbeats_of_a_limited_number_of_visits_until_these_stop() {
        let heartbeats = SocketHeartbeats::default();
        let beats = Arc::new(AtomicUsize::new(0));
        let count = || beats.swap(0, Ordering::Relaxed);
        for visit in 0..100_u128 {
            let beats = Arc::clone(&beats);
            heartbeats.keep(PresenceId::from(visit), move |has_stopped| {
                beats.fetch_add(1, Ordering::Relaxed);
                // The last one is over by now.
                has_stopped.store(visit == 99, Ordering::Relaxed);
            });
        }
        heartbeats.beat();
        assert_eq!(count(), MAX_VISITS);
        heartbeats.beat();
        assert_eq!(count(), MAX_VISITS - 1);
        heartbeats.stop(PresenceId::from(98));
        heartbeats.stop(PresenceId::from(1));
        heartbeats.beat();
        assert_eq!(count(), MAX_VISITS - 2);
    }
}
