//! Durations of calls, medians of repetitions, and random numbers that are the same in each run.

use std::time::{Duration, Instant};

/// The duration of one call.
pub fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The duration of a future, and its output.
pub async fn time_async<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let start = Instant::now();
    let value = work.await;
    (start.elapsed(), value)
}

/// The median. For an even number of samples, the larger of the two in the middle.
pub fn middle(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

/// The median of durations.
pub fn median(samples: &[Duration]) -> Duration {
    Duration::from_secs_f64(middle(samples.iter().map(Duration::as_secs_f64).collect()))
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The duration as a multiple of the baseline.
pub fn ratio(duration: Duration, baseline: Duration) -> f64 {
    duration.as_secs_f64() / baseline.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// Pseudo-random numbers (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).unwrap_or_default()
    }

    /// A number from 1 to `last`.
    pub fn up_to(&mut self, last: i64) -> i64 {
        let end = usize::try_from(last).unwrap_or(1);
        1 + i64::try_from(self.below(end)).unwrap_or_default()
    }
}
