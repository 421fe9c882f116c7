//! The public keys that an identity provider publishes (RFC 7517), in a cache.
//!
//! The keys are fetched when the first token is checked. They are fetched again after [`REFRESH_AFTER`], while the old ones
//! stay in use. They are fetched at once when a token names an unknown key, because providers change their keys. But whatever
//! tokens come, there are never two attempts within [`RETRY_INTERVAL`]. While the provider cannot be reached, the known keys
//! stay valid.

use std::{fmt, sync::Arc, time::Duration};

use parking_lot::Mutex;
use reqwest::{Response, Url, redirect::Policy};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    AuthError,
    http::{self, HttpError},
    key::{Key, Unused},
};

/// How old keys may be before they are fetched again.
const REFRESH_AFTER: Duration = Duration::from_mins(10);

/// The least time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// Why keys could not be fetched.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("not a set of keys: {0}")]
    NotKeys(serde_json::Error),
    #[error("it has no key that can be used: {}", reasons(.0))]
    NoUsableKey(Vec<Unused>),
}

fn reasons(unused: &[Unused]) -> String {
    unused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A handle to the keys of one provider.
#[derive(Clone)]
pub(super) struct KeySet(Arc<Shared>);

struct Shared {
    url: Url,
    state: Mutex<State>,
    /// Held while the keys are being fetched.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// `None` before the first answer.
    keys: Option<Arc<[Arc<Key>]>>,
    /// The unusable keys of the last answer. The log has already named them.
    unused: Vec<Unused>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl State {
    fn is_fresh(&self, now: Instant) -> bool {
        self.fetched_at.is_some_and(|at| now - at < REFRESH_AFTER)
    }

    fn may_try(&self, now: Instant) -> bool {
        self.tried_at.is_none_or(|at| now - at >= RETRY_INTERVAL)
    }

    /// The keys that may have signed a token: the one that it names, or all if it names none.
    fn find(&self, id: Option<&str>) -> Vec<Arc<Key>> {
        let is_meant = |key: &&Arc<Key>| id.is_none() || key.id.as_deref() == id;
        self.keys.iter().flat_map(|keys| keys.iter()).filter(is_meant).cloned().collect()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the keys at {}", self.0.url)
    }
}

impl KeySet {
    pub fn new(url: Url) -> Self {
        Self(Arc::new(Shared { url, state: Mutex::default(), fetching: tokio::sync::Mutex::default() }))
    }

    /// The keys that may have signed a token whose header has this `kid`.
    ///
    /// # Errors
    /// If there is none, or if the provider does not answer.
    pub async fn find(&self, id: Option<&str>) -> Result<Vec<Arc<Key>>, AuthError> {
        let now = Instant::now();
        let (found, is_fresh, may_try) = {
            let state = self.0.state.lock();
            (state.find(id), state.is_fresh(now), state.may_try(now))
        };
        if !found.is_empty() {
            if !is_fresh && may_try {
                let this = self.clone();
                tokio::spawn(async move { this.fetch(now).await });
            }
            return Ok(found);
        }
        self.fetch(now).await;
        let state = self.0.state.lock();
        let found = state.find(id);
        if !found.is_empty() {
            return Ok(found);
        }
        // The provider may also have published the key after the last answer. It is then found by the next attempt.
        let has_answered = state.fetched_at.is_some() && state.fetched_at >= state.tried_at;
        Err(if has_answered { AuthError::BadSignature } else { AuthError::Unavailable })
    }

    /// Fetches the keys, unless there was an attempt shortly before `now`. Callers that come meanwhile wait for the same
    /// answer.
    async fn fetch(&self, now: Instant) {
        let _turn = self.0.fetching.lock().await;
        {
            let mut state = self.0.state.lock();
            if !state.may_try(now) {
                return;
            }
            state.tried_at = Some(Instant::now());
        }
        match fetch(&self.0.url).await {
            Ok((keys, unused)) => {
                let mut state = self.0.state.lock();
                tracing::info!(keys = keys.len(), url = %self.0.url, "fetched the keys that check tokens");
                if unused != state.unused {
                    for key in &unused {
                        tracing::warn!(%key, url = %self.0.url, "a key of the identity provider is not used");
                    }
                    state.unused = unused;
                }
                state.keys = Some(keys.into());
                state.fetched_at = Some(Instant::now());
            }
            Err(error) => {
                tracing::warn!(%error, url = %self.0.url, "the keys that check tokens cannot be fetched");
            }
        }
    }
}

/// Fetches the keys at this address. Returns the usable keys and the others: an unusable key does not affect the usable ones.
async fn fetch(url: &Url) -> Result<(Vec<Arc<Key>>, Vec<Unused>), FetchError> {
    let client = http::client(Policy::default())?;
    let answer = client.get(url.clone()).send().await.and_then(Response::error_for_status).map_err(HttpError::from)?;
    let set: Set = serde_json::from_slice(&http::body(answer).await?).map_err(FetchError::NotKeys)?;
    let (mut keys, mut unused) = (Vec::new(), Vec::new());
    for key in &set.keys {
        match Key::of_set(key) {
            Ok(key) => keys.push(Arc::new(key)),
            Err(key) => unused.push(key),
        }
    }
    if keys.is_empty() {
        return Err(FetchError::NoUsableKey(unused));
    }
    Ok((keys, unused))
}

/// A set of keys (RFC 7517, section 5).
#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}
