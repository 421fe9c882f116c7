//! How often something may be done: so many at once, and in the long run so many a second.

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

    /// Whether `turns` has one at `now`, which then is taken.
    pub fn take(&self, turns: &mut Turns, now: Instant) -> bool {
        let next = turns.0.map_or(now, |due| due.max(now)) + self.interval;
        let has_one = next - now <= self.ahead;
        if has_one {
            turns.0 = Some(next);
        }
        has_one
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
}
