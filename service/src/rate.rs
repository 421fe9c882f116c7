//! Rate limits for each of many keys: people, visits, addresses. The crate governor counts in memory.
//!
//! Keys that have their whole quota again are forgotten. So memory is bounded by the number of requests in that time.

use std::{
    fmt,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

/// The address of the client of a request, as the server found it behind proxies. A request without it comes from the program
/// itself, and has no limit per address.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// A quota of `count` a second, with a burst of `at_once`. Both are at least 1.
pub fn per_second(count: u32, at_once: u32) -> Quota {
    Quota::per_second(at_least_one(count)).allow_burst(at_least_one(at_once))
}

/// A quota of `count` a minute, which may come in one burst.
pub fn per_minute(count: u32) -> Quota {
    Quota::per_minute(at_least_one(count))
}

/// A waiting time in whole seconds, rounded up, at least one. Clients and the header Retry-After are told this.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0 || wait.is_zero())
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// A rate limiter in which each key has its own quota.
pub struct Rates<K: Eq + Hash + Clone, C: Clock = DefaultClock> {
    limiter: RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    quota: Quota,
    /// The number of calls until the next clean-up.
    until_cleanup: AtomicUsize,
}

/// The minimum number of calls between two clean-ups.
const CLEANUP_INTERVAL: usize = 1024;

impl<K: Eq + Hash + Clone> Rates<K> {
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, DefaultClock::default())
    }
}

impl<K: Eq + Hash + Clone, C: Clock> Rates<K, C> {
    fn with_clock(quota: Quota, clock: C) -> Self {
        let limiter = RateLimiter::hashmap_with_clock(quota, clock);
        Self { limiter, quota, until_cleanup: AtomicUsize::new(CLEANUP_INTERVAL) }
    }

    /// Takes one from the quota of `key`.
    ///
    /// # Errors
    /// If the quota is used up: the time until the next one is free.
    pub fn take(&self, key: &K) -> Result<(), Duration> {
        self.clean_up();
        self.limiter.check_key(key).map_err(|refused| refused.wait_time_from(self.limiter.clock().now()))
    }

    /// Takes `count` from the quota of `key`, or none.
    ///
    /// # Errors
    /// If the quota has less than `count` left: the time until it has enough. If `count` is more than the burst, it
    /// never has enough: the time in which a whole burst comes back.
    pub fn take_all(&self, key: &K, count: NonZeroU32) -> Result<(), Duration> {
        self.clean_up();
        match self.limiter.check_key_n(key, count) {
            Ok(taken) => taken.map_err(|refused| refused.wait_time_from(self.limiter.clock().now())),
            Err(_) => Err(self.quota.burst_size_replenished_in()),
        }
    }

    /// Takes `count` from the quota of `key`, or the whole burst if that is less.
    ///
    /// # Errors
    /// If the quota does not have enough left: the time until it has.
    pub fn take_up_to_burst(&self, key: &K, count: u32) -> Result<(), Duration> {
        NonZeroU32::new(count.min(self.quota.burst_size().get())).map_or(Ok(()), |count| self.take_all(key, count))
    }

    /// Forgets keys that have their whole quota. Does so only after as many calls as there are keys, so the average
    /// cost of a call is that of one or two keys.
    fn clean_up(&self) {
        if self.until_cleanup.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            self.until_cleanup.store(self.limiter.len().max(CLEANUP_INTERVAL), Ordering::Relaxed);
        }
    }
}

impl<K: Eq + Hash + Clone, C: Clock> fmt::Debug for Rates<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates").finish_non_exhaustive()
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
    fn burst_is_followed_by_the_rate_per_second() {
        let (rates, clock) = rates(per_second(10, 5));
        let taken_after = |wait: u64| {
            clock.advance(Duration::from_millis(wait));
            (0..100).filter(|_| rates.take(&1).is_ok()).count()
        };
        assert_eq!([0, 99, 1, 250, 60_000].map(taken_after), [5, 0, 1, 2, 5]);
    }

    #[test]
    fn refusal_says_how_long_to_wait() {
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
    fn several_are_taken_together_or_not_at_all() {
        let several = at_least_one;
        let (rates, clock) = rates(per_second(1, 5));
        assert_eq!(rates.take_all(&1, several(6)), Err(Duration::from_secs(5)));
        assert_eq!(rates.take_all(&1, several(3)), Ok(()));
        assert_eq!(rates.take_all(&1, several(3)), Err(Duration::from_secs(1)));
        assert_eq!(rates.take_all(&1, several(2)), Ok(()));
        clock.advance(Duration::from_secs(3));
        assert_eq!(rates.take_all(&1, several(3)), Ok(()));
        clock.advance(Duration::from_secs(4));
        assert_eq!(rates.take_up_to_burst(&1, 100), Err(Duration::from_secs(1)));
        clock.advance(Duration::from_secs(1));
        assert_eq!(rates.take_up_to_burst(&1, 100), Ok(()));
        assert_eq!(rates.take_up_to_burst(&1, 0), Ok(()));
    }

    #[test]
    fn each_key_has_its_own_quota() {
        let (rates, clock) = rates(per_second(5, 10));
        let taken = |key| (0..1_000).filter(|_| rates.take(&key).is_ok()).count();
        assert_eq!([taken(1), taken(2)], [10, 10]);
        clock.advance(Duration::from_secs(1));
        assert_eq!(taken(1), 5);
    }

    #[test]
    fn only_keys_with_their_whole_quota_are_forgotten() {
        let (rates, clock) = rates(per_second(5, 10));
        for n in 0..20_000 {
            assert_eq!(rates.take(&n), Ok(()));
            clock.advance(Duration::from_millis(1));
            assert!(rates.limiter.len() <= 2 * CLEANUP_INTERVAL, "{n}");
        }
        let (rates, _) = self::rates(per_second(5, 1));
        for n in 0..20_000 {
            assert_eq!(rates.take(&n), Ok(()));
        }
        assert!((0..20_000).all(|n| rates.take(&n).is_err()));
    }
}
