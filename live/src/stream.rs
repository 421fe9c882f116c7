//! A single subscription as a stream, for transports without a mailbox.

use std::{future::poll_fn, sync::Arc};

use domain::{
    ids::SessionInstanceId,
    news::{Narrowing, Position},
};
use futures_util::{Stream, stream};
use tracing::warn;

use super::{
    feed::{LiveEvent, Registration, ReplayError},
    follower::{Ended, Follower, FollowerId},
    hub::Hub,
    replay::Replay,
};

impl Hub {
    /// A stream of what the subscription missed and then of live events, without gaps or repetitions. When the consumer is
    /// slow, events come from the log instead of memory. The stream ends when the server shuts down, or when the log no
    /// longer has the next changes.
    pub fn subscribe_stream(&self, registration: Registration) -> impl Stream<Item = LiveEvent> + Send + use<> {
        let Registration { narrowing, from, person_at } = registration;
        let single = SingleStream { hub: self.clone(), narrowing, position: from, person_at, stage: Stage::Behind };
        stream::unfold(single, |mut single| async move { Some((single.next().await?, single)) })
    }
}

struct SingleStream {
    hub: Hub,
    narrowing: Narrowing,
    /// The position of the last change that was examined.
    position: Position,
    person_at: Option<SessionInstanceId>,
    stage: Stage,
}

enum Stage {
    Behind,
    Replaying(Box<Replay>),
    Live(FollowerId, Arc<Follower>),
}

impl SingleStream {
    async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            match self.step().await {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(ReplayError::Closed) => return None,
                Err(error) => {
                    warn!(%error, "a subscription ends early");
                    return None;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Option<LiveEvent>, ReplayError> {
        match &mut self.stage {
            Stage::Behind => {
                let registration =
                    Registration { narrowing: self.narrowing.clone(), from: self.position, person_at: self.person_at };
                self.stage = Stage::Replaying(Box::new(Replay::begin(self.hub.clone(), registration).await?));
                Ok(None)
            }
            Stage::Replaying(replay) => {
                let event = replay.next().await?;
                if event.is_none() {
                    self.join()?;
                }
                Ok(event)
            }
            Stage::Live(id, follower) => {
                let (id, follower) = (*id, Arc::clone(follower));
                match poll_fn(|context| follower.poll_next(context)).await {
                    Ok(routed) if routed.change.position > self.position => {
                        self.position = routed.change.position;
                        self.person_at = routed.person_at;
                        if let Some((_, moved)) = routed.change.event.as_move() {
                            self.person_at = moved.instance;
                        }
                        let view = self.narrowing.sees(&routed.change, routed.person_at);
                        let event = |view| LiveEvent { change: routed.change, view, person: self.narrowing.followed() };
                        Ok(view.map(event))
                    }
                    Ok(_) => Ok(None),
                    Err(Ended::Closed) => Err(ReplayError::Closed),
                    Err(Ended::Overflowed) => {
                        self.leave(id);
                        self.stage = Stage::Behind;
                        Ok(None)
                    }
                }
            }
        }
    }

    fn join(&mut self) -> Result<(), ReplayError> {
        let Stage::Replaying(replay) = &self.stage else { return Ok(()) };
        let caught_up = replay.caught_up();
        self.position = caught_up.position;
        self.person_at = caught_up.person_at;
        let mut registry = self.hub.0.registry.lock();
        let follower = Arc::new(Follower::new(self.hub.0.settings.queue));
        let id = registry.add_follower(Arc::clone(&follower));
        match registry.join(id, &caught_up) {
            Ok(true) => {
                drop(registry);
                self.stage = Stage::Live(id, follower);
                Ok(())
            }
            result => {
                registry.remove_follower(id);
                result.map(|_| ())
            }
        }
    }

    fn leave(&self, id: FollowerId) {
        let mut registry = self.hub.0.registry.lock();
        registry.leave(id, &self.narrowing);
        registry.remove_follower(id);
    }
}

impl Drop for SingleStream {
    fn drop(&mut self) {
        if let Stage::Live(id, _) = self.stage {
            self.leave(id);
        }
    }
}
