//! Wake-ups: "something changed, look at the database". They carry nothing and may be lost: who waits for one also
//! looks once a second.
//!
//! Within a process a wake-up is a tick of a watch channel; between processes it goes through Redis' publish and
//! subscribe, when there is a Redis.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use tokio::sync::{Notify, watch};

/// A handle to wake everyone, and to wait for being woken.
#[derive(Clone, Debug)]
pub struct Wake {
    local: Arc<watch::Sender<u64>>,
    remote: Option<Arc<Remote>>,
}

/// Redis, as wake-ups know it.
#[derive(Debug, Default)]
struct Remote {
    wanted: Notify,
    is_listening: AtomicBool,
    /// There is something to send that has not been sent.
    is_waiting: AtomicBool,
}

impl Wake {
    /// Wake-ups within this process.
    pub fn local() -> Self {
        Self { local: Arc::new(watch::Sender::new(0)), remote: None }
    }

    /// Wake-ups among all processes that use `channel` of that Redis. Works, within this process, also while Redis is
    /// away, and reconnects by itself; must be called within a tokio runtime.
    pub fn through_redis(client: redis::Client, channel: String) -> Self {
        let wake = Self { local: Arc::new(watch::Sender::new(0)), remote: Some(Arc::default()) };
        if let Some(remote) = &wake.remote {
            tokio::spawn(publish(client.clone(), channel.clone(), Arc::clone(remote)));
        }
        tokio::spawn(listen(client, channel, wake.clone()));
        wake
    }

    /// Wakes everyone who waits in this process.
    pub fn here(&self) {
        self.local.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Wakes everyone who waits, here and in other processes.
    pub fn everyone(&self) {
        self.here();
        if let Some(remote) = &self.remote {
            remote.is_waiting.store(true, Ordering::Relaxed);
            remote.wanted.notify_one();
        }
    }

    /// Waits, not long, until what was to be sent to other processes has been: for commands that are about to end.
    pub async fn flush(&self) {
        let Some(remote) = &self.remote else { return };
        let sent = async {
            while remote.is_waiting.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), sent).await;
    }

    /// How it is with Redis, for people: `up`, `down`, or `none` when it is not used.
    pub fn status(&self) -> &'static str {
        match &self.remote {
            None => "none",
            Some(remote) if remote.is_listening.load(Ordering::Relaxed) => "up",
            Some(_) => "down",
        }
    }

    fn set_listening(&self, is_listening: bool) {
        if let Some(remote) = &self.remote {
            remote.is_listening.store(is_listening, Ordering::Relaxed);
        }
    }

    /// To wait on: changes at each wake-up.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.local.subscribe()
    }
}

const RETRY: Duration = Duration::from_millis(500);

/// Sends one message for however many wake-ups came since the last. One that can't be sent is lost, after a second try
/// over a new connection.
async fn publish(client: redis::Client, channel: String, remote: Arc<Remote>) {
    let mut connection: Option<redis::aio::MultiplexedConnection> = None;
    loop {
        remote.wanted.notified().await;
        for _ in 0..2 {
            if connection.is_none() {
                connection = client.get_multiplexed_async_connection().await.ok();
            }
            let Some(open) = &mut connection else { break };
            let sent: redis::RedisResult<()> = redis::cmd("PUBLISH").arg(&channel).arg("").query_async(open).await;
            if sent.is_ok() {
                break;
            }
            connection = None;
        }
        remote.is_waiting.store(false, Ordering::Relaxed);
    }
}

/// Runs for as long as the process does: wake-ups are wanted until its end.
async fn listen(client: redis::Client, channel: String, wake: Wake) {
    loop {
        if let Ok(mut messages) = client.get_async_pubsub().await
            && messages.subscribe(&channel).await.is_ok()
        {
            wake.set_listening(true);
            let mut messages = messages.into_on_message();
            // What was sent while nobody listened is lost: look once.
            wake.here();
            while messages.next().await.is_some() {
                wake.here();
            }
            wake.set_listening(false);
        }
        tokio::time::sleep(RETRY).await;
    }
}
