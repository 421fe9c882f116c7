//! A group: subscriptions that ask the same and may see the same, and so share one execution an event (rule 25).
//!
//! Terms: a *member* is a live subscription of the group; an *execution* is a running subscription that makes a text of
//! each event it is given; to *replay* is to make one for a member that is still catching up; a *wave* is the events that
//! wait, as many as are made into texts at the same time, so that what they read is read together.
//!
//! Always: an execution has one event at a time, and gives one text for it; a member gets texts in the order of the
//! changes, each once, and none at or before the position at which it joined.

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

/// How many replays may wait for the next wave.
pub(super) const REPLAYS: usize = 32;

/// What subscriptions must have in common to share executions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupKey {
    /// Everything that is asked, except what only narrows.
    pub question: Box<str>,
    /// Who asks; `None` when the answer is the same for everyone.
    pub viewer: Option<Viewer>,
    /// The person whom the subscriptions follow: their messages name that person.
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

/// A group and who holds on to it.
pub(super) struct GroupEntry {
    pub(super) group: Arc<Group>,
    /// How many subscriptions hold on to it, live or not yet.
    pub(super) attached: usize,
}

impl Group {
    /// Without members yet; its task is started by whoever made it.
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

    /// The text of an event, for a member that is catching up.
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
