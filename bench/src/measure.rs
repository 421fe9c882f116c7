//! Durations of calls, and medians of repetitions.

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

/// The median. For an even number of samples, the longer of the two in the middle.
pub fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The duration as a multiple of the baseline.
pub fn ratio(duration: Duration, baseline: Duration) -> f64 {
    duration.as_secs_f64() / baseline.as_secs_f64().max(f64::MIN_POSITIVE)
}
