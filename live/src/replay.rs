//! Replay: the changes that a subscription missed, from its cursor to the hub's position.

use std::{collections::VecDeque, sync::Arc};

use domain::{
    ids::{PersonId, SessionInstanceId},
    news::{Change, Narrowing, Position},
};

use super::{
    feed::{LiveEvent, Registration, ReplayError},
    hub::Hub,
    registry::CaughtUp,
};

pub(super) struct Replay {
    hub: Hub,
    narrowing: Narrowing,
    position: Position,
    person_at: Option<SessionInstanceId>,
    page: VecDeque<Arc<Change>>,
}

impl Replay {
    pub(super) async fn begin(hub: Hub, registration: Registration) -> Result<Self, ReplayError> {
        let Registration { narrowing, from, mut person_at } = registration;
        if let Some(person) = narrowing.followed() {
            // `person_at` was read from the tables, which may be ahead of the hub. So the hub reads the log first. While it
            // cannot, this waits, like every live subscription.
            hub.read_log().await;
            if let Some(from) = first_move(&hub, person, from).await? {
                person_at = from;
            }
        }
        Ok(Self { hub, narrowing, position: from, person_at, page: VecDeque::new() })
    }

    /// The next event that the subscription sees. `None` when it has caught up with the hub.
    pub(super) async fn next(&mut self) -> Result<Option<LiveEvent>, ReplayError> {
        loop {
            let Some(change) = self.page.pop_front() else {
                self.page = self.hub.page(self.position).await?.into();
                if self.page.is_empty() {
                    return Ok(None);
                }
                // A long replay must not starve other tasks.
                tokio::task::yield_now().await;
                continue;
            };
            self.position = change.position;
            let person_at = self.person_at;
            let followed = self.narrowing.followed();
            if let Some((person, moved)) = change.event.as_move()
                && followed == Some(person)
            {
                self.person_at = moved.instance;
            }
            if let Some(view) = self.narrowing.sees(&change, person_at) {
                return Ok(Some(LiveEvent { change, view, person: followed }));
            }
        }
    }

    /// At most `limit` next events that the subscription sees. Empty when it has caught up with the hub.
    pub(super) async fn next_batch(&mut self, limit: usize) -> Result<Vec<LiveEvent>, ReplayError> {
        let mut events = Vec::new();
        while events.len() < limit
            && let Some(event) = self.next().await?
        {
            events.push(event);
        }
        Ok(events)
    }

    pub(super) fn caught_up(&self) -> CaughtUp<'_> {
        CaughtUp { narrowing: &self.narrowing, position: self.position, person_at: self.person_at }
    }
}

/// The origin of the person's first move after a position. `None` when there is no such move.
async fn first_move(
    hub: &Hub,
    person: PersonId,
    from: Position,
) -> Result<Option<Option<SessionInstanceId>>, ReplayError> {
    let mut position = from;
    loop {
        let page = hub.page(position).await?;
        let Some(last) = page.last() else { return Ok(None) };
        position = last.position;
        let mut moves = page.iter().filter_map(|change| change.event.as_move());
        if let Some((_, first)) = moves.find(|(mover, _)| *mover == person) {
            return Ok(Some(first.previous_instance));
        }
        tokio::task::yield_now().await;
    }
}
