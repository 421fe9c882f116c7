//! The public keys that an identity provider publishes (RFC 7517), kept as long as it takes.
//!
//! They are fetched when the first token is checked, and again after [`FRESH`], while the old ones still serve; and at
//! once when a token names a key that is not among them, for providers change their keys: but not oftener than every
//! [`PAUSE`], whatever tokens come. While the provider can't be reached the keys that are known stay good.

use std::{fmt, sync::Arc, time::Duration};

use jsonwebtoken::jwk::JwkSet;
use parking_lot::Mutex;
use reqwest::{Client, Url};
use tokio::time::Instant;

use super::{AuthError, key::Key};

/// How long fetched keys are taken for all that there are.
const FRESH: Duration = Duration::from_mins(10);

/// Between two attempts to fetch them.
const PAUSE: Duration = Duration::from_secs(10);

/// How long an attempt may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const LONGEST: usize = 1024 * 1024;

/// A handle to the keys of one provider.
#[derive(Clone)]
pub(super) struct KeySet(Arc<Shared>);

struct Shared {
    url: Url,
    state: Mutex<State>,
    /// Held by whoever is fetching.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// None before the first that were fetched.
    keys: Option<Arc<[Arc<Key>]>>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl State {
    fn is_fresh(&self, now: Instant) -> bool {
        self.fetched_at.is_some_and(|at| now - at < FRESH)
    }

    fn may_try(&self, now: Instant) -> bool {
        self.tried_at.is_none_or(|at| now - at >= PAUSE)
    }

    /// The keys that may have signed a token: the one it names, or any when it names none.
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
    /// When there is none, or it can't be known because the provider does not answer.
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
        // A key that the provider has made since the last answer can't be told from one that it never had.
        let has_answered = state.fetched_at.is_some() && state.fetched_at >= state.tried_at;
        Err(if has_answered { AuthError::BadSignature } else { AuthError::Unavailable })
    }

    /// Fetches the keys, unless somebody tried a moment before `now`; whoever comes meanwhile waits for the same answer.
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
            Ok(keys) => {
                let mut state = self.0.state.lock();
                tracing::info!(keys = keys.len(), url = %self.0.url, "fetched the keys that tokens are checked with");
                state.keys = Some(keys.into());
                state.fetched_at = Some(Instant::now());
            }
            Err(error) => {
                tracing::warn!(error, url = %self.0.url, "the keys that tokens are checked with can't be fetched");
            }
        }
    }
}

async fn fetch(url: &Url) -> Result<Vec<Arc<Key>>, String> {
    let told = |error: reqwest::Error| error.without_url().to_string();
    let client = Client::builder().timeout(PATIENCE).build().map_err(told)?;
    let mut answer =
        client.get(url.clone()).send().await.and_then(reqwest::Response::error_for_status).map_err(told)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(told)? {
        if body.len() + chunk.len() > LONGEST {
            return Err("the answer is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    let set: JwkSet = serde_json::from_slice(&body).map_err(|error| format!("not a set of keys: {error}"))?;
    let keys: Vec<_> = set.keys.iter().filter_map(Key::of_set).map(Arc::new).collect();
    if keys.is_empty() {
        return Err("none of the keys is for RS256, ES256 or EdDSA".to_owned());
    }
    Ok(keys)
}
