//! One subscription of a socket. It joins a group, replays what it missed, and then is live.

use std::{
    fmt,
    future::ready,
    sync::{Arc, atomic::Ordering},
};

use futures_util::{FutureExt, future::join_all};
use tokio::sync::mpsc;

use super::{
    feed::{Registration, ReplayError},
    follower::Follower,
    group::{Group, GroupEntry, GroupKey, REPLAY_QUEUE, ReplayRequest},
    hub::Hub,
    mailbox::{Coalescing, Content, Mailbox, OperationNumber, QueuedMessage},
    registry::Registry,
    replay::Replay,
    run::{ChargeCost, GroupGuard, Run, StartExecution},
};

/// How many events of one subscription are replayed at the same time.
const REPLAY_BATCH: usize = 16;

/// A subscription's membership in its group. The group ends when its last subscription is dropped.
pub struct Subscription {
    hub: Hub,
    group: Arc<Group>,
    member: Option<u32>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("group", &self.group.id)
            .field("member", &self.member)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// Attaches to the group with this key, or creates it. The group calls `start` when it has events to render.
    pub fn attach(&self, key: GroupKey, start: StartExecution) -> Subscription {
        self.attach_with_cost(key, start, Box::new(|_| ready(()).boxed()))
    }

    /// The same for a group that pays for the events that it renders.
    pub fn attach_with_cost(&self, key: GroupKey, start: StartExecution, pay: ChargeCost) -> Subscription {
        let mut registry = self.0.registry.lock();
        if let Some(entry) = registry.groups.get_mut(&key) {
            entry.attached += 1;
            return Subscription { hub: self.clone(), group: Arc::clone(&entry.group), member: None };
        }
        let (replays, requests) = mpsc::channel(REPLAY_QUEUE);
        let group = self.add_group(&mut registry, key, replays);
        let run = Run {
            guard: GroupGuard { hub: self.clone(), group: Arc::clone(&group), is_shutdown: false },
            start,
            pay,
            executions: Vec::new(),
            requests,
        };
        // Unlock first: a runtime that is shutting down drops the task at once, and the task's guard takes this lock.
        drop(registry);
        let task = tokio::spawn(run.serve()).abort_handle();
        // Set once, before this returns the subscription whose drop aborts the task.
        let _ = group.task.set(task);
        Subscription { hub: self.clone(), group, member: None }
    }

    fn add_group(&self, registry: &mut Registry, key: GroupKey, replays: mpsc::Sender<ReplayRequest>) -> Arc<Group> {
        let key = Arc::new(key);
        let follower = Arc::new(Follower::new(self.0.settings.queue));
        let id = registry.add_follower(Arc::clone(&follower));
        let group = Arc::new(Group::new(Arc::clone(&key), id, follower, replays));
        registry.groups.insert(key, GroupEntry { group: Arc::clone(&group), attached: 1 });
        group
    }
}

impl Subscription {
    /// Replays every change after `registration.from`, then joins the live members without a gap.
    ///
    /// # Errors
    /// When the log no longer has the changes, the group has ended, or the server or the socket is closing.
    pub async fn go_live(
        &mut self,
        registration: Registration,
        mailbox: &Arc<Mailbox>,
        operation: OperationNumber,
    ) -> Result<(), ReplayError> {
        let mut replay = Replay::begin(self.hub.clone(), registration).await?;
        loop {
            loop {
                let events = replay.next_batch(REPLAY_BATCH).await?;
                if events.is_empty() {
                    break;
                }
                let coalescings: Vec<_> = events.iter().map(Coalescing::event).collect();
                let texts = join_all(events.into_iter().map(|event| self.group.replay(event))).await;
                for (coalescing, text) in coalescings.into_iter().zip(texts) {
                    if !mailbox.send(QueuedMessage { operation, coalescing, content: Content::Next(text?) }).await {
                        return Err(ReplayError::Closed);
                    }
                }
            }
            if self.join(&replay, mailbox, operation)? {
                return Ok(());
            }
        }
    }

    fn join(
        &mut self,
        replay: &Replay,
        mailbox: &Arc<Mailbox>,
        operation: OperationNumber,
    ) -> Result<bool, ReplayError> {
        let mut registry = self.hub.0.registry.lock();
        if !registry.groups.get(&self.group.key).is_some_and(|entry| Arc::ptr_eq(&entry.group, &self.group)) {
            return Err(ReplayError::Failed);
        }
        let caught_up = replay.caught_up();
        if !registry.join(self.group.id, &caught_up)? {
            return Ok(false);
        }
        let mut members = self.group.members.lock();
        self.member = Some(members.add(Arc::clone(mailbox), operation, caught_up.position, caught_up.narrowing));
        drop(members);
        self.hub.0.counters.subscriptions.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut registry = self.hub.0.registry.lock();
        if let Some(member) = self.member.take()
            && let Some(member) = self.group.members.lock().remove(member)
        {
            registry.leave(self.group.id, &member.narrowing);
            self.hub.0.counters.subscriptions.fetch_sub(1, Ordering::Relaxed);
        }
        let Some(entry) = registry.groups.get_mut(&self.group.key) else { return };
        if !Arc::ptr_eq(&entry.group, &self.group) {
            return;
        }
        entry.attached -= 1;
        if entry.attached == 0 {
            registry.groups.remove(&self.group.key);
            registry.remove_follower(self.group.id);
            drop(registry);
            if let Some(task) = self.group.task.get() {
                task.abort();
            }
        }
    }
}
