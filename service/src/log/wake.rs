//! Wake-ups: messages that say "something changed, look at the database".
//!
//! A wake-up has no content and may get lost. So everyone who waits for one also looks at the database once a second.
//!
//! Within a process, a wake-up is a change of a watch channel. Between processes it is a message on a Redis channel, if
//! there is a Redis.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use tokio::sync::{Notify, watch};

/// A handle for sending wake-ups and waiting for them.
#[derive(Clone, Debug)]
pub struct Wake {
    local: Arc<watch::Sender<u64>>,
    remote: Option<Arc<Remote>>,
}

/// The state that this handle shares with the tasks that talk to Redis.
#[derive(Debug, Default)]
struct Remote {
    wanted: Notify,
    is_listening: AtomicBool,
    /// A wake-up still has to be sent to Redis.
    is_waiting: AtomicBool,
    /// The user of Redis lacks a right.
    is_refused: AtomicBool,
}

impl Wake {
    /// Wake-ups within this process only.
    pub fn local() -> Self {
        Self { local: Arc::new(watch::Sender::new(0)), remote: None }
    }

    /// Wake-ups among all processes that use `channel` of this Redis. While Redis is unreachable, wake-ups within this
    /// process still work, and the tasks reconnect. Call this within a tokio runtime.
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

    /// Wakes everyone who waits, in this process and in the others.
    pub fn everyone(&self) {
        self.here();
        if let Some(remote) = &self.remote {
            remote.is_waiting.store(true, Ordering::Relaxed);
            remote.wanted.notify_one();
        }
    }

    /// Waits until the wake-ups for other processes have been sent, at most one second. For commands that are about to
    /// exit.
    pub async fn flush(&self) {
        let Some(remote) = &self.remote else { return };
        let sent = async {
            while remote.is_waiting.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), sent).await;
    }

    /// Records whether the user of Redis lacks a right that the program needs.
    pub fn set_refused(&self, is_refused: bool) {
        if let Some(remote) = &self.remote {
            remote.is_refused.store(is_refused, Ordering::Relaxed);
        }
    }

    /// Whether Redis refuses its user, or a right of the user.
    pub fn is_refused(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.is_refused.load(Ordering::Relaxed))
    }

    /// The state of the connection to Redis: `up`, `down`, `refused` if the user lacks a right, or `none` if Redis is not used.
    pub fn status(&self) -> &'static str {
        match &self.remote {
            None => "none",
            Some(remote) if remote.is_refused.load(Ordering::Relaxed) => "refused",
            Some(remote) if remote.is_listening.load(Ordering::Relaxed) => "up",
            Some(_) => "down",
        }
    }

    fn set_listening(&self, is_listening: bool) {
        if let Some(remote) = &self.remote {
            remote.is_listening.store(is_listening, Ordering::Relaxed);
        }
    }

    /// A receiver that changes at each wake-up.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.local.subscribe()
    }
}

const RECONNECT_DELAY: Duration = Duration::from_millis(500);
/// How long connecting to Redis and subscribing may take.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Sends one message for all wake-ups since the last one. If sending fails, it is tried once more over a new
/// connection; then the message is dropped.
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

/// Receives wake-ups from other processes, until the process ends. The log says once that Redis cannot be used, and why.
async fn listen(client: redis::Client, channel: String, wake: Wake) {
    let address = client.get_connection_info().addr().to_string();
    let mut has_warned = false;
    loop {
        let problem = match tokio::time::timeout(CONNECT_TIMEOUT, listen_on(&client, &channel)).await {
            Ok(Ok(messages)) => {
                if std::mem::take(&mut has_warned) {
                    tracing::info!(redis = %address, "Redis can be used again");
                }
                wake.set_listening(true);
                let mut messages = messages.into_on_message();
                // Messages that were sent while this process was not subscribed are lost, so wake once.
                wake.here();
                while messages.next().await.is_some() {
                    wake.here();
                }
                wake.set_listening(false);
                "the connection was lost".to_owned()
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        if !std::mem::replace(&mut has_warned, true) {
            tracing::warn!(
                redis = %address,
                "Redis (REDIS_URL) cannot be used: {problem}. Changes of other processes are seen up to a second later, and jobs wait"
            );
        }
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

async fn listen_on(client: &redis::Client, channel: &str) -> redis::RedisResult<redis::aio::PubSub> {
    let mut messages = client.get_async_pubsub().await?;
    messages.subscribe(channel).await?;
    Ok(messages)
}
