//! Idempotency keys: a client that got no answer sends its mutation again, with the same key. Then the second answer is
//! the first one, and nothing is created twice.
//!
//! A key belongs to one actor (as in the audit log) and stands for one mutation with one input, for [`RETENTION`]. The
//! row of a key is written in the transaction that creates the object, so either both exist or neither does. If two
//! attempts run at the same time, the second one waits until the transaction of the first one ends. If that one fails,
//! it leaves no row, and the second one runs.

use std::{fmt::Display, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Viewer;
use sea_orm::FromQueryResult;

use crate::{
    App, Error, Result,
    audit::actor_of,
    db::{Tx, execute, rows},
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

/// An attempt whose input is hashed.
#[derive(Debug, Clone)]
pub(crate) struct HashedAttempt {
    field: &'static str,
    key: String,
    position: i32,
    input_hash: String,
}

impl App {
    /// The same for one attempt at a mutation that creates something.
    ///
    /// # Errors
    /// If the installation's key cannot be read.
    pub async fn for_attempt(&self, attempt: Attempt) -> Result<Self> {
        let Attempt { field, key, position, input } = attempt;
        let input_hash = self.cursor_key().await?.hash_input(&input)?;
        let mut app = self.clone();
        app.attempt = Some(HashedAttempt { field, key, position, input_hash });
        Ok(app)
    }
}

#[derive(FromQueryResult)]
struct Row {
    mutation: String,
    input_hash: String,
    made: String,
}

/// The id of what an earlier attempt at this mutation created. `None` if there was none: then the caller creates the
/// object, and calls [`note_made`] in the same transaction. Call this before the transaction locks anything, because it
/// waits for a concurrent attempt.
///
/// # Errors
/// [`Error::Invalid`] if the key was used for another mutation or input.
pub(crate) async fn find_made<T: FromStr>(
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
    let actor = actor_of(viewer);
    let values = [
        ("actor", actor.clone().into()),
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
    let sql = "SELECT mutation, input_hash, made FROM idempotency_key \
               WHERE actor = :actor AND client_key = :client_key AND position = :position";
    let values =
        [("actor", actor.into()), ("client_key", attempt.key.clone().into()), ("position", attempt.position.into())];
    let found: Vec<Row> = rows(tx, sql, values).await?;
    let row = found.first().ok_or(Error::Again("the idempotency key has just been pruned"))?;
    if row.mutation != mutation || row.input_hash != attempt.input_hash {
        let message = "was used for another mutation or another input: make a new key for each change";
        return Err(Error::invalid(attempt.field, message));
    }
    let id = row.made.parse().map_err(|_| Error::internal(format!("{:?} is not the id of what was made", row.made)))?;
    Ok(Some(id))
}

/// Records what this attempt created.
pub(crate) async fn note_made(tx: &Tx, app: &App, viewer: Viewer, id: impl Display) -> Result<()> {
    let Some(attempt) = &app.attempt else { return Ok(()) };
    let sql = "UPDATE idempotency_key SET made = :made \
               WHERE actor = :actor AND client_key = :client_key AND position = :position";
    let values = [
        ("made", id.to_string().into()),
        ("actor", actor_of(viewer).into()),
        ("client_key", attempt.key.clone().into()),
        ("position", attempt.position.into()),
    ];
    execute(tx, sql, values).await?;
    Ok(())
}
