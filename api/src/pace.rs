//! How often something may be done: so many at once, and in the long run so many a second or a minute.

use std::time::Duration;

use tokio::time::Instant;

/// The limit, of which each who is limited has a [`Turns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two, in the long run.
    interval: Duration,
    /// How far ahead of that one may be.
    ahead: Duration,
}

/// When the next turn would be due at an even pace. None was taken yet when there is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Turns(Option<Instant>);

impl Pace {
    /// Both are at least 1.
    pub fn new(a_second: u32, at_once: u32) -> Self {
        let interval = Duration::from_secs(1) / a_second.max(1);
        Self { interval, ahead: interval * at_once.max(1) }
    }

    /// So many a minute, all of them at once if need be.
    pub fn a_minute(count: u32) -> Self {
        let minute = Duration::from_mins(1);
        Self { interval: minute / count.max(1), ahead: minute }
    }

    /// Whether `turns` has one at `now`, which then is taken.
    pub fn take(&self, turns: &mut Turns, now: Instant) -> bool {
        self.try_take(turns, now).is_ok()
    }

    /// # Errors
    /// How long until there is one.
    pub fn try_take(&self, turns: &mut Turns, now: Instant) -> Result<(), Duration> {
        let next = turns.0.map_or(now, |due| due.max(now)) + self.interval;
        let too_soon = (next - now).saturating_sub(self.ahead);
        if too_soon > Duration::ZERO {
            return Err(too_soon);
        }
        turns.0 = Some(next);
        Ok(())
    }
}

impl Turns {
    /// Has waited so long that it is as good as new.
    pub fn is_rested(&self, now: Instant) -> bool {
        self.0.is_none_or(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_so_many_a_second() {
        let start = Instant::now();
        let pace = Pace::new(10, 5);
        let mut turns = Turns::default();
        let mut taken = |at: Duration| (0..100).filter(|_| pace.take(&mut turns, start + at)).count();
        assert_eq!(taken(Duration::ZERO), 5);
        assert_eq!(taken(Duration::from_millis(99)), 0);
        assert_eq!(taken(Duration::from_millis(100)), 1);
        assert_eq!(taken(Duration::from_millis(350)), 2);
        assert_eq!(taken(Duration::from_mins(1)), 5);
        assert!(!turns.is_rested(start + Duration::from_mins(1)));
        assert!(turns.is_rested(start + Duration::from_secs(61)));
    }

    #[test]
    fn so_many_a_minute_and_how_long_to_wait_for_the_next() {
        let start = Instant::now();
        let pace = Pace::a_minute(10);
        let mut turns = Turns::default();
        for _ in 0..10 {
            assert_eq!(pace.try_take(&mut turns, start), Ok(()));
        }
        assert_eq!(pace.try_take(&mut turns, start), Err(Duration::from_secs(6)));
        assert_eq!(pace.try_take(&mut turns, start + Duration::from_secs(2)), Err(Duration::from_secs(4)));
        assert_eq!(pace.try_take(&mut turns, start + Duration::from_secs(6)), Ok(()));
    }
}
