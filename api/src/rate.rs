//! How often each of many may do something: people, visits, addresses.
//!
//! Who has not done it for a while is forgotten, so what is kept is bounded by what can come in the time in which one rests.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::ids::{PersonId, PresenceId};
use tokio::time::Instant;

use crate::{
    live::locked,
    pace::{Pace, Turns},
};

/// Below this many, nobody is forgotten.
const FEW: usize = 1024;

/// A pace that each key has for itself. Clones are handles to the same.
pub struct Rates<K>(Arc<Shared<K>>);

struct Shared<K> {
    pace: Pace,
    state: Mutex<State<K>>,
}

struct State<K> {
    turns: HashMap<K, Turns>,
    /// When there are so many, those who rested are forgotten.
    forget_at: usize,
}

impl<K> Clone for Rates<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> fmt::Debug for Rates<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates").field("pace", &self.0.pace).finish_non_exhaustive()
    }
}

impl<K: Eq + Hash> Rates<K> {
    pub fn new(pace: Pace) -> Self {
        let state = State { turns: HashMap::new(), forget_at: FEW };
        Self(Arc::new(Shared { pace, state: Mutex::new(state) }))
    }

    /// Whether `key` may do it once more, now; if so, that counts.
    pub fn take(&self, key: K) -> bool {
        self.try_take(key).is_ok()
    }

    /// # Errors
    /// How long until it may.
    pub fn try_take(&self, key: K) -> Result<(), Duration> {
        self.take_at(key, Instant::now())
    }

    fn take_at(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut state = locked(&self.0.state);
        if state.turns.len() >= state.forget_at {
            state.turns.retain(|_, turns| !turns.is_rested(now));
            state.turns.shrink_to(FEW);
            state.forget_at = (state.turns.len() * 2).max(FEW);
        }
        self.0.pace.try_take(state.turns.entry(key).or_default(), now)
    }
}

/// How often visits may beat: each visit, and each person with all of theirs.
#[derive(Debug, Clone)]
pub struct BeatRates {
    visits: Rates<PresenceId>,
    people: Rates<PersonId>,
}

impl Default for BeatRates {
    /// Far more often than is asked for: a visit beats a few times a minute, and a person has some tabs.
    fn default() -> Self {
        Self { visits: Rates::new(Pace::new(5, 30)), people: Rates::new(Pace::new(200, 2_000)) }
    }
}

impl BeatRates {
    pub fn take(&self, visit: PresenceId, person: Option<PersonId>) -> bool {
        self.visits.take(visit) && person.is_none_or(|person| self.people.take(person))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_pace_of_its_own() {
        let rates = Rates::new(Pace::new(5, 10));
        let now = Instant::now();
        assert_eq!((0..1_000).filter(|_| rates.take_at("one", now).is_ok()).count(), 10);
        assert!(rates.take_at("other", now).is_ok());
        assert_eq!((0..1_000).filter(|_| rates.take_at("one", now + Duration::from_secs(1)).is_ok()).count(), 5);
    }

    #[test]
    fn who_rested_is_forgotten() {
        let rates = Rates::new(Pace::new(5, 10));
        let start = Instant::now();
        for n in 0..20_000_u32 {
            assert!(rates.take_at(n, start + Duration::from_millis(n.into())).is_ok());
        }
        assert!(locked(&rates.0.state).turns.len() <= FEW);
    }
}
