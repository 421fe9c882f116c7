//! Wake-ups: "something changed, look at the database". They carry nothing and may be lost: who waits for one also
//! looks once a second.
//!
//! Within a process a wake-up is a tick of a watch channel; between processes it goes through Redis' publish and
//! subscribe, when there is a Redis.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::sync::{Notify, watch};

/// A handle to wake everyone, and to wait for being woken.
#[derive(Clone, Debug)]
pub struct Wake {
    local: Arc<watch::Sender<u64>>,
    remote: Option<Arc<Notify>>,
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
        tokio::spawn(listen(client, channel, Arc::downgrade(&wake.local)));
        wake
    }

    /// Wakes everyone who waits, here and in other processes.
    pub fn everyone(&self) {
        self.local.send_modify(|count| *count = count.wrapping_add(1));
        if let Some(remote) = &self.remote {
            remote.notify_one();
        }
    }

    /// To wait on: changes at each wake-up.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.local.subscribe()
    }
}

const RETRY: Duration = Duration::from_millis(500);

/// Sends one message for however many wake-ups came since the last.
async fn publish(client: redis::Client, channel: String, wanted: Arc<Notify>) {
    let mut connection = None;
    loop {
        wanted.notified().await;
        if connection.is_none() {
            connection = client.get_multiplexed_async_connection().await.ok();
        }
        let Some(open) = &mut connection else { continue };
        let sent: redis::RedisResult<()> = redis::cmd("PUBLISH").arg(&channel).arg("").query_async(open).await;
        if sent.is_err() {
            // Lost, and that is all right; but the next one wants a new connection, and may have one at once.
            connection = client.get_multiplexed_async_connection().await.ok();
            if let Some(open) = &mut connection {
                let _: redis::RedisResult<()> = redis::cmd("PUBLISH").arg(&channel).arg("").query_async(open).await;
            }
        }
    }
}

async fn listen(client: redis::Client, channel: String, local: std::sync::Weak<watch::Sender<u64>>) {
    loop {
        if let Ok(mut messages) = client.get_async_pubsub().await
            && messages.subscribe(&channel).await.is_ok()
        {
            let mut messages = messages.into_on_message();
            // What was sent while nobody listened is lost: look once.
            loop {
                let Some(local) = local.upgrade() else { return };
                local.send_modify(|count| *count = count.wrapping_add(1));
                drop(local);
                if messages.next().await.is_none() {
                    break;
                }
            }
        }
        if local.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}
