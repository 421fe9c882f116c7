//! How often each of many may do something: people, visits, addresses. governor counts, in memory.
//!
//! Who has not done it for a while is forgotten, so what is kept is bounded by what can come in the time in which one rests.

use std::{
    fmt,
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use domain::ids::{PersonId, PresenceId};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

/// So many a second in the long run, and so many at once; both are at least 1.
pub fn per_second(count: u32, at_once: u32) -> Quota {
    Quota::per_second(at_least_one(count)).allow_burst(at_least_one(at_once))
}

/// So many a minute, all of them at once if need be.
pub fn per_minute(count: u32) -> Quota {
    Quota::per_minute(at_least_one(count))
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// A quota that each key has for itself.
pub struct Rates<K: Eq + Hash + Clone, C: Clock = DefaultClock> {
    limiter: RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    /// How often something may be asked until those who rested are forgotten.
    until_forgetting: AtomicUsize,
}

/// The least number for that.
const SELDOM: usize = 1024;

impl<K: Eq + Hash + Clone> Rates<K> {
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, DefaultClock::default())
    }
}

impl<K: Eq + Hash + Clone, C: Clock> Rates<K, C> {
    fn with_clock(quota: Quota, clock: C) -> Self {
        let limiter = RateLimiter::hashmap_with_clock(quota, clock);
        Self { limiter, until_forgetting: AtomicUsize::new(SELDOM) }
    }

    /// Whether `key` may do it once more, now; if so, that counts.
    ///
    /// # Errors
    /// How long until it may.
    pub fn take(&self, key: &K) -> Result<(), Duration> {
        self.forget_some();
        self.limiter.check_key(key).map_err(|refused| refused.wait_time_from(self.limiter.clock().now()))
    }

    /// Whether `key` may do it so many times more, now; if so, those count.
    pub fn take_all(&self, key: &K, count: NonZeroU32) -> bool {
        self.forget_some();
        matches!(self.limiter.check_key_n(key, count), Ok(Ok(())))
    }

    /// Looks at all who are known, after as many questions: so each question pays for a look at one or two.
    fn forget_some(&self) {
        if self.until_forgetting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            self.until_forgetting.store(self.limiter.len().max(SELDOM), Ordering::Relaxed);
        }
    }
}

impl<K: Eq + Hash + Clone, C: Clock> fmt::Debug for Rates<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates").finish_non_exhaustive()
    }
}

/// How often visits may beat: each visit, and each person with all of theirs.
#[derive(Debug)]
pub struct BeatRates {
    visits: Rates<PresenceId>,
    people: Rates<PersonId>,
}

impl Default for BeatRates {
    /// Far more often than is asked for: a visit beats a few times a minute, and a person has some tabs.
    fn default() -> Self {
        Self { visits: Rates::new(per_second(5, 30)), people: Rates::new(per_second(200, 2_000)) }
    }
}

impl BeatRates {
    pub fn take(&self, visit: PresenceId, person: Option<PersonId>) -> bool {
        self.visits.take(&visit).is_ok() && person.is_none_or(|person| self.people.take(&person).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rates(quota: Quota) -> (Rates<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Rates::with_clock(quota, clock.clone()), clock)
    }

    #[test]
    fn so_many_at_once_and_then_so_many_a_second() {
        let (rates, clock) = rates(per_second(10, 5));
        let taken_after = |wait: u64| {
            clock.advance(Duration::from_millis(wait));
            (0..100).filter(|_| rates.take(&1).is_ok()).count()
        };
        assert_eq!([0, 99, 1, 250, 60_000].map(taken_after), [5, 0, 1, 2, 5]);
    }

    #[test]
    fn so_many_a_minute_and_how_long_to_wait_for_the_next() {
        let (rates, clock) = rates(per_minute(10));
        for _ in 0..10 {
            assert_eq!(rates.take(&1), Ok(()));
        }
        assert_eq!(rates.take(&1), Err(Duration::from_secs(6)));
        clock.advance(Duration::from_secs(2));
        assert_eq!(rates.take(&1), Err(Duration::from_secs(4)));
        clock.advance(Duration::from_secs(4));
        assert_eq!(rates.take(&1), Ok(()));
    }

    #[test]
    fn all_of_several_or_none() {
        let several = at_least_one;
        let (rates, clock) = rates(per_second(1, 5));
        assert!(!rates.take_all(&1, several(6)));
        assert!(rates.take_all(&1, several(3)));
        assert!(!rates.take_all(&1, several(3)));
        assert!(rates.take_all(&1, several(2)));
        clock.advance(Duration::from_secs(3));
        assert!(rates.take_all(&1, several(3)));
    }

    #[test]
    fn each_has_a_quota_of_its_own() {
        let (rates, clock) = rates(per_second(5, 10));
        let taken = |key| (0..1_000).filter(|_| rates.take(&key).is_ok()).count();
        assert_eq!([taken(1), taken(2)], [10, 10]);
        clock.advance(Duration::from_secs(1));
        assert_eq!(taken(1), 5);
    }

    #[test]
    fn who_rested_is_forgotten_and_nobody_else() {
        let (rates, clock) = rates(per_second(5, 10));
        for n in 0..20_000 {
            assert_eq!(rates.take(&n), Ok(()));
            clock.advance(Duration::from_millis(1));
            assert!(rates.limiter.len() <= 2 * SELDOM, "{n}");
        }
        let (rates, _) = self::rates(per_second(5, 1));
        for n in 0..20_000 {
            assert_eq!(rates.take(&n), Ok(()));
        }
        assert!((0..20_000).all(|n| rates.take(&n).is_err()));
    }
}
