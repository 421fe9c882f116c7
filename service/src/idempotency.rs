//! Idempotency keys: a client that got no answer sends its mutation again, with the same key. Then the second answer is
//! the first one, and nothing is created twice.
//!
//! A key belongs to one actor (as in the audit log) and stands for one mutation with one input, for [`RETENTION`]. The
//! row of a key is written in the transaction that creates the object, so either both exist or neither does. If two
//! attempts run at the same time, the second one waits until the transaction of the first one ends. If that one fails,
//! it leaves no row, and the second one runs.
//!
//! Clients without a token have no names, and may choose the same key. So a key of such a client counts for its address
//! only.

use std::{fmt::Display, net::IpAddr, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Viewer;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{
    App, Error, Result,
    audit::actor_of,
    db::{Tx, execute, rows},
    secret,
};

/// How long a key is valid.
pub const RETENTION: TimeDelta = TimeDelta::days(1);

/// The longest key, in characters.
pub const MAX_LENGTH: usize = 255;

/// Checks a key that a client sent as `field`.
///
/// # Errors
/// [`Error::Invalid`] if it is empty, too long, or contains control characters.
pub fn check_key(field: &str, key: &str) -> Result<()> {
    if key.is_empty() || key.chars().count() > MAX_LENGTH || key.chars().any(char::is_control) {
        let message = format!("must have 1 to {MAX_LENGTH} characters, none of them a control character");
        return Err(Error::invalid(field, message));
    }
    Ok(())
}

/// The key of one attempt at a mutation, with the input.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// How the client sent the key, for error messages.
    pub field: &'static str,
    pub key: String,
    /// The number of the mutation among those to which the client gave this key.
    pub position: i32,
    /// The input in a form that is the same each time the client sends it.
    pub input: String,
}

/// A new key, for the form of a page.
///
/// # Errors
/// If the system has no random bytes.
pub fn new_key() -> Result<String> {
    secret::random::<16>()
}

impl Attempt {
    /// An attempt from the form of a page. `key` is in the form, `input` is what the user typed.
    pub const fn of_form(key: String, input: String) -> Self {
        Self { field: "key", key, position: 0, input }
    }
}

/// An attempt whose input is hashed.
#[derive(Debug, Clone)]
pub(crate) struct HashedAttempt {
    /// Whether the client has no token. The key is then a hash of its key and its address.
    is_anonymous: bool,
    field: &'static str,
    key: String,
    position: i32,
    input_hash: String,
}

impl App {
    /// A copy for one attempt at a mutation that creates something.
    ///
    /// # Errors
    /// If the installation's key cannot be read.
    pub async fn for_attempt(&self, attempt: Attempt) -> Result<Self> {
        let Attempt { field, key, position, input } = attempt;
        let input_hash = self.cursor_key().await?.hash_input(&input)?;
        let mut app = self.clone();
        app.attempt = Some(HashedAttempt { is_anonymous: false, field, key, position, input_hash });
        Ok(app)
    }

    /// A copy for a client without a token, at this address. If this is an attempt with a key, also returns a secret
    /// that nobody can guess. The secret is the same each time the attempt is repeated.
    pub(crate) async fn for_nobody(&self, address: Option<IpAddr>) -> Result<(Self, Option<String>)> {
        let Some(attempt) = &self.attempt else { return Ok((self.clone(), None)) };
        let key = self.cursor_key().await?;
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        let client_key = key.hash_attempt(&address, &attempt.key)?;
        let secret = key.derive_secret(&client_key, attempt.position, &attempt.input_hash)?;
        let mut app = self.clone();
        app.attempt = Some(HashedAttempt { is_anonymous: true, key: client_key, ..attempt.clone() });
        Ok((app, Some(secret)))
    }
}

impl HashedAttempt {
    fn actor(&self, viewer: Viewer) -> String {
        if self.is_anonymous { "nobody".to_owned() } else { actor_of(viewer) }
    }

    /// The id of the object that an earlier attempt with this key created, if its row was created after `oldest`.
    async fn find<T: FromStr>(
        &self,
        db: &impl ConnectionTrait,
        viewer: Viewer,
        mutation: &'static str,
        oldest: DateTime<Utc>,
    ) -> Result<Option<T>> {
        let sql = "SELECT mutation, input_hash, made FROM idempotency_key \
                   WHERE actor = :actor AND client_key = :client_key AND position = :position AND created_at > :oldest";
        let values = [
            ("actor", self.actor(viewer).into()),
            ("client_key", self.key.clone().into()),
            ("position", self.position.into()),
            ("oldest", oldest.into()),
        ];
        let found: Vec<Row> = rows(db, sql, values).await?;
        let Some(row) = found.first() else { return Ok(None) };
        if row.mutation != mutation || row.input_hash != self.input_hash {
            let message = "was used for another mutation or another input: make a new key for each change";
            return Err(Error::invalid(self.field, message));
        }
        let id = row.made.parse();
        Ok(Some(id.map_err(|_| Error::internal(format!("{:?} is not the id of what was made", row.made)))?))
    }
}

#[derive(FromQueryResult)]
struct Row {
    mutation: String,
    input_hash: String,
    made: String,
}

/// The id of the object that an earlier attempt at this mutation created. `None` if there was none: then the caller
/// creates the object, and calls [`record_created`] in the same transaction. Call this before the transaction locks
/// anything, because it waits for a concurrent attempt.
///
/// # Errors
/// [`Error::Invalid`] if the key was used for another mutation or input.
pub(crate) async fn claim_key<T: FromStr>(
    tx: &Tx,
    app: &App,
    viewer: Viewer,
    mutation: &'static str,
    now: DateTime<Utc>,
) -> Result<Option<T>> {
    let Some(attempt) = &app.attempt else { return Ok(None) };
    let claim = "INSERT INTO idempotency_key (actor, client_key, position, mutation, input_hash, made, created_at) \
                 VALUES (:actor, :client_key, :position, :mutation, :input_hash, '', :now) \
                 ON CONFLICT (actor, client_key, position) DO UPDATE \
                   SET mutation = excluded.mutation, input_hash = excluded.input_hash, made = '', \
                     created_at = excluded.created_at \
                   WHERE idempotency_key.created_at <= :expired";
    let values = [
        ("actor", attempt.actor(viewer).into()),
        ("client_key", attempt.key.clone().into()),
        ("position", attempt.position.into()),
        ("mutation", mutation.into()),
        ("input_hash", attempt.input_hash.clone().into()),
        ("now", now.into()),
        ("expired", (now - RETENTION).into()),
    ];
    if execute(tx, claim, values).await? > 0 {
        return Ok(None);
    }
    let found = attempt.find(tx, viewer, mutation, now - RETENTION).await?;
    found.map(Some).ok_or(Error::Again("the idempotency key has just been pruned"))
}

/// The same as [`claim_key`], but before anything is checked, and without waiting for a concurrent attempt.
///
/// # Errors
/// [`Error::Invalid`] if the key was used for another mutation or input.
pub(crate) async fn find_created<T: FromStr>(
    app: &App,
    viewer: Viewer,
    mutation: &'static str,
    now: DateTime<Utc>,
) -> Result<Option<T>> {
    match &app.attempt {
        Some(attempt) => attempt.find(app.db.pool(), viewer, mutation, now - RETENTION).await,
        None => Ok(None),
    }
}

/// Records the id of the object that this attempt created.
pub(crate) async fn record_created(tx: &Tx, app: &App, viewer: Viewer, id: impl Display) -> Result<()> {
    let Some(attempt) = &app.attempt else { return Ok(()) };
    let sql = "UPDATE idempotency_key SET made = :made \
               WHERE actor = :actor AND client_key = :client_key AND position = :position";
    let values = [
        ("made", id.to_string().into()),
        ("actor", attempt.actor(viewer).into()),
        ("client_key", attempt.key.clone().into()),
        ("position", attempt.position.into()),
    ];
    execute(tx, sql, values).await?;
    Ok(())
}
