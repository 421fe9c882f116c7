//! Texts that a group made a moment ago.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::news::{Position, Seen};
use tokio::time::Instant;

use super::feed::LiveEvent;

/// How long a text may be used again. It shows how things were when it was made.
const RECENT_FOR: Duration = Duration::from_secs(5);
/// How many bytes of text are kept.
const RECENT_BYTES: usize = 128 * 1024;

/// Texts made a moment ago, for when thousands resume at once. Only for groups whose answers are the same for everyone:
/// what depends on rights is made anew.
#[derive(Default)]
pub(super) struct Recent {
    texts: HashMap<(Position, Seen), (Instant, Arc<str>)>,
    order: VecDeque<(Position, Seen)>,
    bytes: usize,
}

impl Recent {
    pub(super) fn find(&self, event: &LiveEvent) -> Option<Arc<str>> {
        let (made, text) = self.texts.get(&(event.change.position, event.seen))?;
        (made.elapsed() < RECENT_FOR).then(|| Arc::clone(text))
    }

    pub(super) fn keep(&mut self, event: &LiveEvent, text: Arc<str>) {
        let key = (event.change.position, event.seen);
        self.bytes += text.len();
        self.order.push_back(key);
        if let Some((_, before)) = self.texts.insert(key, (Instant::now(), text)) {
            self.bytes -= before.len();
        }
        while let Some(oldest) = self.order.front()
            && (self.bytes > RECENT_BYTES || self.texts.get(oldest).is_none_or(|(made, _)| made.elapsed() > RECENT_FOR))
        {
            if let Some((_, text)) = self.texts.remove(oldest) {
                self.bytes -= text.len();
            }
            self.order.pop_front();
        }
    }
}
