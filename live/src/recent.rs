//! A short-lived cache of the texts that a group has rendered.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::news::{Position, View};
use tokio::time::Instant;

use super::feed::LiveEvent;

/// How long a text may be reused. It shows the state at the time it was rendered.
const CACHE_TTL: Duration = Duration::from_secs(5);
/// How many bytes of text the cache holds.
const CACHE_BYTES: usize = 128 * 1024;

/// Recently rendered texts, by event. They serve thousands of subscriptions that resume at once. Only groups whose answers are
/// the same for everyone use it: a text that depends on rights is always rendered again.
#[derive(Default)]
pub(super) struct Recent {
    texts: HashMap<(Position, View), (Instant, Arc<str>)>,
    order: VecDeque<(Position, View)>,
    bytes: usize,
}

impl Recent {
    pub(super) fn find(&self, event: &LiveEvent) -> Option<Arc<str>> {
        let (made, text) = self.texts.get(&(event.change.position, event.view))?;
        (made.elapsed() < CACHE_TTL).then(|| Arc::clone(text))
    }

    pub(super) fn keep(&mut self, event: &LiveEvent, text: Arc<str>) {
        let key = (event.change.position, event.view);
        self.bytes += text.len();
        self.order.push_back(key);
        if let Some((_, before)) = self.texts.insert(key, (Instant::now(), text)) {
            self.bytes -= before.len();
        }
        while let Some(oldest) = self.order.front()
            && (self.bytes > CACHE_BYTES || self.texts.get(oldest).is_none_or(|(made, _)| made.elapsed() > CACHE_TTL))
        {
            if let Some((_, text)) = self.texts.remove(oldest) {
                self.bytes -= text.len();
            }
            self.order.pop_front();
        }
    }
}
