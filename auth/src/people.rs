//! Looks up the people that tokens name, and whether their tokens are still valid.
//!
//! What the database says about a person is their [`Standing`]. It is cached for [`CACHE_TTL`], so that most requests need no
//! query. [`People::follow`] reads which standings have changed, after each wake-up and at least once a second. Then the cached
//! standings of these people are dropped, and their sockets can be closed.
//!
//! Each change of a standing has a number, and changes become visible in the order of their numbers. The follower reads from
//! the last number that it knows. So it misses nothing, even after an outage of the database, and does not depend on clocks.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use domain::{
    access::Viewer,
    ids::{ApiKeyId, PersonId},
};
use parking_lot::Mutex;
use service::{
    App,
    people::{
        api_keys::{self, ApiKey},
        sign_in::{self, Named, Standing},
        tickets::{self, Ticket},
    },
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{AuthError, Identity, claims::Claims, claims::Subject};

/// How long a standing is cached.
const CACHE_TTL: Duration = Duration::from_secs(5);

/// When the cache has this many entries, expired ones are removed.
const CACHE_CLEANUP_SIZE: usize = 10_000;

/// How often changes are read without a wake-up.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long the follower waits after a wake-up, because more wake-ups may follow at once.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// A handle to the lookup.
#[derive(Clone)]
pub struct People(Arc<Shared>);

struct Shared {
    app: App,
    /// `AUTO_REGISTER`: the first sign-in of somebody who has an account at the identity provider creates a person.
    auto_registers: bool,
    changes: Mutex<Changes>,
    /// Locked after `changes`.
    cache: Mutex<HashMap<Subject, Cached>>,
    /// API keys by their secrets. Locked after `changes`.
    keys: Mutex<HashMap<String, CachedKey>>,
}

/// The changes of standings since this server started.
struct Changes {
    /// The number of the last change that was read.
    last: i64,
    /// The standing after the last change of each person.
    standings: HashMap<PersonId, Standing>,
    /// The number of the last revocation of an API key that was read.
    last_revoked_key: i64,
    revoked_keys: HashSet<ApiKeyId>,
}

#[derive(Clone, Copy)]
struct Cached {
    standing: Option<Standing>,
    read_at: Instant,
}

#[derive(Clone)]
struct CachedKey {
    key: ApiKey,
    read_at: Instant,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").finish_non_exhaustive()
    }
}

impl People {
    /// Must be called before any token is checked. Changes are followed from this moment on.
    pub async fn new(app: App, auto_registers: bool) -> service::Result<Self> {
        let last = sign_in::find_last_revision(&app).await?;
        let last_revoked_key = api_keys::find_last_revocation(&app).await?;
        let changes =
            Mutex::new(Changes { last, standings: HashMap::new(), last_revoked_key, revoked_keys: HashSet::new() });
        let (cache, keys) = (Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Shared { app, auto_registers, changes, cache, keys })))
    }

    /// The person that a token names. `None` if it names none, which is allowed for admins only.
    pub(super) async fn find(&self, claims: &Claims) -> Result<Option<TokenPerson>, AuthError> {
        let Some(subject) = &claims.subject else { return Ok(None) };
        let standing = match self.standing(subject).await? {
            None if self.0.auto_registers && !claims.is_admin => self.register(subject, claims).await?,
            standing => standing,
        };
        match (standing, subject) {
            (Some(standing), _) if !standing.accepts(claims.issued_at) => Err(AuthError::Revoked),
            (Some(standing), _) => Ok(Some(TokenPerson::from(standing))),
            // A valid token whose subject is not in the database. The viewer counts as signed in, but is nobody in
            // particular.
            (None, Subject::Person(person)) => Ok(Some(TokenPerson::unknown(*person))),
            (None, Subject::External(_)) if claims.is_admin => Ok(None),
            (None, Subject::External(_)) => Err(AuthError::BadSubject),
        }
    }

    /// The API key with this secret, and the standing of its person.
    pub(super) async fn find_key(&self, secret: &str) -> Result<FoundKey, AuthError> {
        let key = self.key(secret).await?.ok_or(AuthError::UnknownKey)?;
        let Some(person) = key.person_id else { return Ok(FoundKey { key, standing: None }) };
        let standing = self.standing(&Subject::Person(person)).await?.ok_or(AuthError::UnknownKey)?;
        if !standing.accepts(Some(key.created_at)) {
            return Err(AuthError::Revoked);
        }
        Ok(FoundKey { key, standing: Some(standing.into()) })
    }

    pub(super) async fn open_ticket(&self, ticket: &str) -> Result<Ticket, AuthError> {
        tickets::open_ticket(&self.0.app, ticket).await.map_err(unavailable)
    }

    async fn key(&self, secret: &str) -> Result<Option<ApiKey>, AuthError> {
        let now = Instant::now();
        if let Some(cached) = self.0.keys.lock().get(secret)
            && now - cached.read_at < CACHE_TTL
        {
            return Ok(Some(cached.key.clone()));
        }
        let Some(key) = api_keys::find_by_secret(&self.0.app, secret).await.map_err(unavailable)? else {
            return Ok(None);
        };
        {
            let changes = self.0.changes.lock();
            if changes.revoked_keys.contains(&key.id) {
                return Ok(None);
            }
            let mut keys = self.0.keys.lock();
            if keys.len() >= CACHE_CLEANUP_SIZE {
                keys.retain(|_, cached| now.saturating_duration_since(cached.read_at) < CACHE_TTL);
            }
            keys.insert(secret.to_owned(), CachedKey { key: key.clone(), read_at: now });
        }
        // The request does not wait for this write.
        let (app, used) = (self.0.app.clone(), key.clone());
        tokio::spawn(async move {
            if let Err(error) = api_keys::note_use(&app, &used).await {
                tracing::warn!(%error, key = %used.id, "the use of an API key was not noted");
            }
        });
        Ok(Some(key))
    }

    async fn standing(&self, subject: &Subject) -> Result<Option<Standing>, AuthError> {
        let now = Instant::now();
        if let Some(cached) = self.0.cache.lock().get(subject)
            && now - cached.read_at < CACHE_TTL
        {
            return Ok(cached.standing);
        }
        let named = match subject {
            Subject::Person(id) => Named::Id(*id),
            Subject::External(id) => Named::External(id),
        };
        let mut standing = sign_in::find_standing(&self.0.app, named).await.map_err(unavailable)?;
        if !self.put_in_cache(subject, standing, now) {
            // The follower has read a change that is newer than this query. A second query sees the change.
            standing = sign_in::find_standing(&self.0.app, named).await.map_err(unavailable)?;
            self.put_in_cache(subject, standing, now);
        }
        Ok(standing)
    }

    async fn register(&self, subject: &Subject, claims: &Claims) -> Result<Option<Standing>, AuthError> {
        let Subject::External(id) = subject else { return Ok(None) };
        let standing = sign_in::register(&self.0.app, id, claims.name.as_deref(), claims.issued_at).await;
        let standing = standing.map_err(unavailable)?;
        self.put_in_cache(subject, standing, Instant::now());
        Ok(standing)
    }

    /// Puts a standing into the cache. If a later change is known already, it does not, and returns false.
    fn put_in_cache(&self, subject: &Subject, standing: Option<Standing>, read_at: Instant) -> bool {
        let changes = self.0.changes.lock();
        if standing.is_some_and(|it| changes.has_later(it.person, it.revision)) {
            return false;
        }
        let mut cache = self.0.cache.lock();
        if cache.len() >= CACHE_CLEANUP_SIZE {
            cache.retain(|_, cached| read_at.saturating_duration_since(cached.read_at) < CACHE_TTL);
        }
        cache.insert(subject.clone(), Cached { standing, read_at });
        true
    }

    /// Refuses an identity whose person's standing has changed since the token was checked.
    pub(super) fn expect_unchanged(&self, identity: &Identity) -> Result<(), AuthError> {
        let changes = self.0.changes.lock();
        if identity.key.is_some_and(|key| changes.revoked_keys.contains(&key)) {
            return Err(AuthError::Revoked);
        }
        let Some(person) = identity.viewer.person else { return Ok(()) };
        match changes.standings.get(&person) {
            Some(now) if now.revision > identity.revision => {
                Err(if now.accepts(identity.issued_at) { AuthError::Changed } else { AuthError::Revoked })
            }
            _ => Ok(()),
        }
    }

    /// Reads the changes of standings until shutdown, and calls `on_change` each time there were any.
    pub async fn follow(self, shutdown: CancellationToken, on_change: impl Fn()) {
        let mut woken = self.0.app.wake.subscribe();
        while !shutdown.is_cancelled() {
            woken.mark_unchanged();
            match self.read_changes().await {
                Ok(true) => on_change(),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "revoked tokens cannot be read now"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(POLL_INTERVAL) => {}
                _ = woken.changed() => sleep(DEBOUNCE).await,
            }
        }
    }

    /// Reads the changes after the last ones. True if there were any.
    async fn read_changes(&self) -> service::Result<bool> {
        let (standings, keys) = (self.read_standings().await?, self.read_revoked_keys().await?);
        Ok(standings || keys)
    }

    async fn read_revoked_keys(&self) -> service::Result<bool> {
        let before = self.0.changes.lock().last_revoked_key;
        let mut revoked = api_keys::find_revoked(&self.0.app, before).await?;
        let is_older = revoked.is_empty() && before > 0;
        if is_older {
            tracing::warn!(last = before, "the database is older than before: revoked API keys are read again");
            revoked = api_keys::find_revoked(&self.0.app, 0).await?;
        }
        let mut changes = self.0.changes.lock();
        if is_older {
            changes.revoked_keys.clear();
        }
        changes.last_revoked_key = revoked.last().map_or(0, |(_, revision)| *revision);
        let count = changes.revoked_keys.len();
        changes.revoked_keys.extend(revoked.into_iter().map(|(key, _)| key));
        self.0.keys.lock().retain(|_, cached| !is_older && !changes.revoked_keys.contains(&cached.key.id));
        Ok(is_older || changes.revoked_keys.len() > count)
    }

    async fn read_standings(&self) -> service::Result<bool> {
        let before = self.0.changes.lock().last;
        let mut changed = sign_in::find_changed_standings(&self.0.app, before).await?;
        if changed.is_empty() && before > 0 {
            // The last change is no longer in the database: it was restored from a backup, or failed over to a replica that was
            // behind. So the known standings may be wrong.
            tracing::warn!(last = before, "the database is older than before: who revoked tokens is read again");
            changed = sign_in::find_changed_standings(&self.0.app, 0).await?;
            let mut changes = self.0.changes.lock();
            (changes.last, changes.standings) = (0, HashMap::new());
            self.0.cache.lock().clear();
        }
        let mut changes = self.0.changes.lock();
        changed.retain(|now| changes.standings.get(&now.person) != Some(now));
        let Some(last) = changed.iter().map(|now| now.revision).max() else { return Ok(false) };
        changes.last = changes.last.max(last);
        changes.standings.extend(changed.into_iter().map(|now| (now.person, now)));
        self.0.cache.lock().retain(|subject, cached| {
            let is_outdated = |person, revision| changes.has_later(person, revision);
            let revision = cached.standing.map_or(0, |standing| standing.revision);
            !matches!(subject, Subject::Person(person) if is_outdated(*person, revision))
                && !cached.standing.is_some_and(|standing| is_outdated(standing.person, revision))
        });
        Ok(true)
    }
}

impl Changes {
    fn has_later(&self, person: PersonId, revision: i64) -> bool {
        self.standings.get(&person).is_some_and(|now| now.revision > revision)
    }
}

/// An API key and the standing of its person. An admin's key may have no person.
pub(super) struct FoundKey {
    pub key: ApiKey,
    pub standing: Option<TokenPerson>,
}

/// The person that a token names, and the part of their standing that is needed while the token is used.
#[derive(Clone, Copy)]
pub(super) struct TokenPerson {
    pub person: PersonId,
    pub revision: i64,
    pub is_deactivated: bool,
    pub is_guest: bool,
}

impl From<Standing> for TokenPerson {
    fn from(standing: Standing) -> Self {
        let Standing { person, revision, is_deactivated, is_guest, .. } = standing;
        Self { person, revision, is_deactivated, is_guest }
    }
}

impl TokenPerson {
    /// The viewer, with the rights that the token or key has.
    pub const fn viewer(self, is_admin: bool) -> Viewer {
        let viewer = Viewer::person(self.person);
        match self {
            Self { is_deactivated: true, .. } => viewer.deactivated(),
            Self { is_guest: true, .. } => viewer.guest(),
            _ => Viewer { is_admin, ..viewer },
        }
    }

    /// A person who is not in the database.
    pub const fn unknown(person: PersonId) -> Self {
        Self { person, revision: 0, is_deactivated: false, is_guest: false }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err asks for")]
fn unavailable(error: service::Error) -> AuthError {
    tracing::error!(%error, "the person that a token names cannot be looked up");
    AuthError::Unavailable
}
