//! Limits repeated warnings and errors in the log. Of those from one place in the code, ten a minute are written. The others
//! are counted, and one line a minute says how many there were.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    mem,
    sync::Arc,
    thread,
    time::Duration,
};

use parking_lot::Mutex;
use tracing::{
    Event, Level, Metadata,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Filter};

/// How many warnings of one place are written in each [`INTERVAL`].
const MAX_WARNINGS_PER_INTERVAL: u64 = 10;

/// The time after which repeated warnings are summed up.
const INTERVAL: Duration = Duration::from_mins(1);

/// The target of the lines with the counts, which are never left out.
const TARGET: &str = "insession::repeats";

/// A filter for the log. Its clones share their counts.
#[derive(Debug, Clone, Default)]
pub struct Repeats(Arc<Mutex<HashMap<Identifier, Repeated>>>);

/// The count of one place in the current interval.
#[derive(Debug, Default)]
struct Repeated {
    count: u64,
    /// The text of the first event that was left out.
    message: String,
}

impl Repeats {
    /// Starts a thread that logs each minute how many events were left out.
    pub fn sum_up_each_minute(&self) {
        let repeats = self.clone();
        let thread = thread::Builder::new().name("repeats".to_owned());
        let started = thread.spawn(move || {
            loop {
                thread::sleep(INTERVAL);
                repeats.sum_up();
            }
        });
        if let Err(error) = started {
            tracing::warn!(%error, "repeated warnings are not summed up");
        }
    }

    fn sum_up(&self) {
        let all = mem::take(&mut *self.0.lock());
        for Repeated { count, message } in
            all.into_values().filter(|repeated| repeated.count > MAX_WARNINGS_PER_INTERVAL)
        {
            tracing::warn!(target: TARGET, "{message}: {} more in the last minute", count - MAX_WARNINGS_PER_INTERVAL);
        }
    }
}

impl<S> Filter<S> for Repeats {
    fn enabled(&self, _metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _context: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::WARN || metadata.target() == TARGET {
            return true;
        }
        let mut all = self.0.lock();
        let repeated = all.entry(metadata.callsite()).or_default();
        repeated.count += 1;
        if repeated.count == MAX_WARNINGS_PER_INTERVAL + 1 {
            event.record(&mut Message(&mut repeated.message));
        }
        repeated.count <= MAX_WARNINGS_PER_INTERVAL
    }
}

/// Reads the message of an event.
struct Message<'a>(&'a mut String);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::{Layer as _, fmt, layer::SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn repeated_warnings_are_summed_up() {
        let (lines, repeats) = (Lines::default(), Repeats::default());
        let writer = lines.clone();
        let log = fmt::layer().with_writer(move || writer.clone()).with_ansi(false).with_filter(repeats.clone());
        let written = |part: &str| String::from_utf8_lossy(&lines.0.lock()).matches(part).count();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log), || {
            let repeat = |count| (0..count).for_each(|n| tracing::warn!(n, "the answer is late"));
            repeat(35);
            tracing::error!("another");
            (0..35).for_each(|_| tracing::info!("information"));
            assert_eq!(["the answer is late", "another", "information"].map(written), [10, 1, 35]);
            repeats.sum_up();
            assert_eq!(written("the answer is late: 25 more in the last minute"), 1);
            repeats.sum_up();
            repeat(5);
            repeats.sum_up();
            assert_eq!(["the answer is late", "more in the last minute"].map(written), [16, 1]);
        });
    }
}
