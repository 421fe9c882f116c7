//! The people whom tokens name: found by what identity providers call them, and asked whether their tokens still count.
//!
//! What the database says of somebody is believed for [`BELIEVED`], so that most requests ask it nothing. Beside that
//! [`People::follow`] reads what was revoked a moment ago, whenever somebody wakes it, and each second: then whatever is
//! believed of those people is forgotten, and their sockets can be closed.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::PersonId;
use parking_lot::Mutex;
use service::{
    App,
    sign_in::{self, Named, Standing},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{AuthError, Identity, claims::Claims, claims::Subject};

/// How long what was read of somebody is believed.
const BELIEVED: Duration = Duration::from_secs(5);

/// How far back revocations are read, each time: longer than the clocks of servers differ, than a transaction lasts, and
/// than anything is believed.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(1);

/// How long after a look the next follows that nobody asked for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long wake-ups, of which there may be many, are gathered.
const GATHERED: Duration = Duration::from_millis(100);

/// When this many are known, those that are believed no more are forgotten.
const KNOWN: usize = 10_000;

/// A handle to what is known of people.
#[derive(Clone)]
pub struct People(Arc<Shared>);

struct Shared {
    app: App,
    /// `AUTO_REGISTER`: the first sign-in of somebody whom an identity provider knows makes them a person here.
    registers: bool,
    known: Mutex<HashMap<Subject, Known>>,
    /// Whose tokens from before which instant were revoked in the last moment.
    revoked: Mutex<HashMap<PersonId, DateTime<Utc>>>,
}

#[derive(Clone, Copy)]
struct Known {
    standing: Option<Standing>,
    read_at: Instant,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").finish_non_exhaustive()
    }
}

impl People {
    pub fn new(app: App, registers: bool) -> Self {
        Self(Arc::new(Shared { app, registers, known: Mutex::default(), revoked: Mutex::default() }))
    }

    /// Whom a token names. `None`: nobody, which only admins may be.
    pub(super) async fn find(&self, claims: &Claims) -> Result<Option<PersonId>, AuthError> {
        let Some(subject) = &claims.subject else { return Ok(None) };
        let standing = match self.standing(subject).await? {
            None if self.0.registers && !claims.is_admin => self.register(subject, claims.name.as_deref()).await?,
            standing => standing,
        };
        match (standing, subject) {
            (Some(standing), _) => {
                if standing.accepts(claims.issued_at) {
                    Ok(Some(standing.person))
                } else {
                    Err(AuthError::Revoked)
                }
            }
            // Signed by whom we trust: somebody of whom nothing is known here, who may do what everybody signed in may.
            (None, Subject::Person(person)) => Ok(Some(*person)),
            (None, Subject::External(_)) if claims.is_admin => Ok(None),
            (None, Subject::External(_)) => Err(AuthError::BadSubject),
        }
    }

    async fn standing(&self, subject: &Subject) -> Result<Option<Standing>, AuthError> {
        let now = Instant::now();
        if let Some(known) = self.0.known.lock().get(subject)
            && now - known.read_at < BELIEVED
        {
            return Ok(known.standing);
        }
        let named = match subject {
            Subject::Person(id) => Named::Id(*id),
            Subject::External(id) => Named::External(id),
        };
        let standing = sign_in::find_standing(&self.0.app, named).await.map_err(unavailable)?;
        self.remember(subject, standing, now);
        Ok(standing)
    }

    async fn register(&self, subject: &Subject, name: Option<&str>) -> Result<Option<Standing>, AuthError> {
        let Subject::External(id) = subject else { return Ok(None) };
        let standing = sign_in::register(&self.0.app, id, name).await.map_err(unavailable)?;
        self.remember(subject, standing, Instant::now());
        Ok(standing)
    }

    fn remember(&self, subject: &Subject, standing: Option<Standing>, read_at: Instant) {
        let mut known = self.0.known.lock();
        if known.len() >= KNOWN {
            known.retain(|_, known| read_at.saturating_duration_since(known.read_at) < BELIEVED);
        }
        known.insert(subject.clone(), Known { standing, read_at });
    }

    /// Whether an identity's token was revoked in the last moment.
    pub(super) fn has_revoked(&self, identity: &Identity) -> bool {
        let Some(person) = identity.viewer.person else { return false };
        let revoked = self.0.revoked.lock();
        revoked.get(&person).is_some_and(|before| identity.issued_at.is_none_or(|at| at < *before))
    }

    /// Hears of what is revoked, until shutdown, and calls `heard` each time there was something new.
    pub async fn follow(self, shutdown: CancellationToken, heard: impl Fn()) {
        let mut woken = self.0.app.wake.subscribe();
        while !shutdown.is_cancelled() {
            woken.mark_unchanged();
            match self.look().await {
                Ok(true) => heard(),
                Ok(false) => {}
                Err(error) => tracing::warn!(error = error.describe(), "revoked tokens can't be read, and are again"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(LOOK_AGAIN) => {}
                _ = woken.changed() => sleep(GATHERED).await,
            }
        }
    }

    /// Reads what was revoked; whether anything of it is new.
    async fn look(&self) -> service::Result<bool> {
        let since = self.0.app.now() - LOOK_BACK;
        let revoked: HashMap<_, _> = sign_in::find_revoked_since(&self.0.app, since).await?.into_iter().collect();
        let mut before = self.0.revoked.lock();
        let is_new = |(person, at): (&PersonId, &DateTime<Utc>)| before.get(person) != Some(at);
        let has_new = revoked.iter().any(is_new);
        if has_new {
            let is_concerned = |subject: &Subject, known: &Known| {
                let is_revoked = |person: &PersonId| revoked.contains_key(person);
                matches!(subject, Subject::Person(person) if is_revoked(person))
                    || known.standing.is_some_and(|standing| is_revoked(&standing.person))
            };
            self.0.known.lock().retain(|subject, known| !is_concerned(subject, known));
        }
        *before = revoked;
        Ok(has_new)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err asks for")]
fn unavailable(error: service::Error) -> AuthError {
    tracing::error!(error = error.describe(), "the person that a token names can't be looked up");
    AuthError::Unavailable
}
