//! A group: subscriptions with the same document and the same rights. They share one execution per event.
//!
//! Terms:
//!
//! - A *member* is a live subscription of the group.
//! - An *execution* is a running GraphQL subscription that renders one text for each event that it gets.
//! - A *replay* renders an event for a subscription that is still catching up.
//! - A *batch* is the set of events that are rendered at the same time, so that their database reads are combined.
//!
//! Invariants:
//!
//! - An execution has one event at a time, and renders one text for it.
//! - A member receives texts in the order of the changes, each once, and none at or before the position at which it joined.

use std::sync::{Arc, OnceLock};

use domain::{access::Viewer, ids::PersonId};
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

use super::{
    feed::{LiveEvent, ReplayError},
    follower::{Follower, FollowerId},
    members::Members,
    recent::Recent,
};

/// How many replay requests may wait for the next batch.
pub(super) const REPLAY_QUEUE: usize = 32;

/// The key of a group. Subscriptions with the same key share executions. The caller must choose a key that
/// separates viewers who may see different data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupKey {
    /// The document and its variables, without the arguments that only narrow.
    pub request: Box<str>,
    /// The viewer. `None` when the answer is the same for everyone.
    pub viewer: Option<Viewer>,
    /// The person that the subscriptions follow. Their messages name that person.
    pub person: Option<PersonId>,
}

pub(super) struct Group {
    pub(super) key: Arc<GroupKey>,
    pub(super) id: FollowerId,
    pub(super) follower: Arc<Follower>,
    pub(super) members: Mutex<Members>,
    pub(super) replays: mpsc::Sender<ReplayRequest>,
    pub(super) recent: Mutex<Recent>,
    pub(super) task: OnceLock<AbortHandle>,
}

pub(super) struct ReplayRequest {
    pub(super) event: LiveEvent,
    pub(super) answer: oneshot::Sender<Arc<str>>,
}

/// A group, and how many subscriptions use it.
pub(super) struct GroupEntry {
    pub(super) group: Arc<Group>,
    /// How many subscriptions are attached, whether live or still catching up.
    pub(super) attached: usize,
}

impl Group {
    /// A group without members. The caller starts its task.
    pub(super) fn new(
        key: Arc<GroupKey>,
        id: FollowerId,
        follower: Arc<Follower>,
        replays: mpsc::Sender<ReplayRequest>,
    ) -> Self {
        Self { key, id, follower, members: Mutex::default(), replays, recent: Mutex::default(), task: OnceLock::new() }
    }

    pub(super) fn is_for_everyone(&self) -> bool {
        self.key.viewer.is_none()
    }

    /// Renders an event for a subscription that is catching up.
    ///
    /// # Errors
    /// [`ReplayError::Failed`] when the group's task has ended.
    pub(super) async fn replay(&self, event: LiveEvent) -> Result<Arc<str>, ReplayError> {
        if let Some(text) = self.recent.lock().find(&event) {
            return Ok(text);
        }
        let (answer, text) = oneshot::channel();
        let request = ReplayRequest { event, answer };
        self.replays.send(request).await.map_err(|_| ReplayError::Failed)?;
        text.await.map_err(|_| ReplayError::Failed)
    }
}
