//! The errors of the service. A client can react to each variant differently. [`Error::Internal`] is everything else:
//! its text is only for the log, and never reaches a client.

use std::time::Duration;

use domain::booking::InvalidTransition;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use crate::refusal::Refusal;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// After how long it is worth trying again while the database is unavailable.
pub const TRY_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// An error of a use case. Its text is for the log. Interfaces make messages for clients from the variants.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request must name a person or an administrator, and does not.
    #[error("{0}")]
    Unauthenticated(Refusal),
    /// The viewer may know that the thing exists, but may not do this.
    #[error("{0}")]
    Forbidden(Refusal),
    /// There is no such thing, or the viewer may not know of it.
    #[error("{0}")]
    NotFound(Refusal),
    /// The input is not valid. Names the first wrong field, and says what to do. `others` are the other wrong fields.
    #[error("{field} {message}")]
    Invalid { field: String, message: Refusal, others: Vec<FieldError> },
    /// The input is valid, but conflicts with what is stored.
    #[error("{0}")]
    Conflict(Refusal),
    /// The status does not allow this step.
    #[error("{0}")]
    InvalidTransition(Refusal),
    /// Too many requests of this kind from one address. Holds the time to wait before the next attempt.
    #[error("too many requests of this kind from one address")]
    RateLimited(Duration),
    /// The change log no longer has the changes after this cursor.
    #[error("the cursor is older than the log")]
    CursorExpired,
    /// A transaction collided with another and must be retried. [`crate::App::conclude`] retries it, and returns this error if
    /// that has not helped.
    #[error("{0}")]
    Again(&'static str),
    /// The client is not the cause.
    #[error(transparent)]
    Internal(cause::Cause),
}

/// What is wrong with one field of the input. The message continues a sentence that begins with the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub message: Refusal,
}

/// The wrong fields of an input, in the order in which they were found. One error names all of them, so that nobody has to correct
/// an input field by field.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// The value of a check. Notes a wrong field, and goes on with the default.
    ///
    /// # Errors
    /// All errors but [`Error::Invalid`].
    pub fn note<T: Default>(&mut self, checked: Result<T>) -> Result<T> {
        self.note_or(checked, T::default())
    }

    /// Does the same as [`note`](Self::note), with this value in place of the default.
    pub fn note_or<T>(&mut self, checked: Result<T>, otherwise: T) -> Result<T> {
        match checked {
            Err(Error::Invalid { field, message, others }) => {
                self.add(field, message);
                for FieldError { field, message } in others {
                    self.add(field, message);
                }
                Ok(otherwise)
            }
            checked => checked,
        }
    }

    /// Notes a wrong field. Only its first message counts: a second one may follow from the same mistake.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<Refusal>) {
        let error = FieldError { field: field.into(), message: message.into() };
        if !self.0.iter().any(|noted| noted.field == error.field) {
            self.0.push(error);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// # Errors
    /// [`Error::Invalid`] if a field is wrong. It names all wrong fields.
    pub fn finish(self) -> Result<()> {
        let mut errors = self.0.into_iter();
        let Some(FieldError { field, message }) = errors.next() else { return Ok(()) };
        Err(Error::Invalid { field, message, others: errors.collect() })
    }
}

/// The cause of an internal error: an error of the database, or a text for the log.
pub mod cause {
    #[derive(Debug, thiserror::Error)]
    pub enum Cause {
        /// The text has that of the driver's error already, so the driver's error is no source.
        #[error("{0}")]
        Database(sea_orm::DbErr),
        /// A failure that several callers share.
        #[error("{0}")]
        Shared(std::sync::Arc<super::Error>),
        #[error("{0}")]
        Other(String),
    }
}

impl Error {
    pub fn invalid(field: impl Into<String>, message: impl Into<Refusal>) -> Self {
        Self::Invalid { field: field.into(), message: message.into(), others: Vec::new() }
    }

    pub fn not_found(what: &'static str, id: impl std::fmt::Display) -> Self {
        Self::NotFound(Refusal::Missing { what, id: id.to_string() })
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(cause::Cause::Other(message.into()))
    }

    /// Whether the database could not be reached, or gave no connection or lock in time. This attempt has changed nothing. It
    /// may succeed after [`TRY_AGAIN_AFTER`].
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Again(_) => true,
            Self::Internal(cause::Cause::Shared(error)) => error.is_unavailable(),
            Self::Internal(cause::Cause::Database(error)) => {
                matches!(error, DbErr::ConnectionAcquire(_))
                    || matches!(driver_error(error), Some(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed))
                    || is_disconnection(error)
                    || self.is_lock_conflict()
            }
            _ => false,
        }
    }

    /// Whether retrying the whole transaction makes sense.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Again(_) => true,
            Self::Internal(cause::Cause::Database(error)) => is_collision(error) || is_disconnection(error),
            _ => false,
        }
    }

    /// Whether the connection to the database ended. Then an uncommitted transaction has left nothing. The outcome of a
    /// commit is unknown.
    pub(crate) fn is_disconnection(&self) -> bool {
        matches!(self, Self::Internal(cause::Cause::Database(error)) if is_disconnection(error))
    }

    /// Whether the connections of the pool must be replaced, though they are open; see [`UNUSABLE_CONNECTION_CODES`].
    pub(crate) fn requires_reconnect(&self) -> bool {
        matches!(self, Self::Internal(cause::Cause::Database(error))
            if code_of(error).is_some_and(|code| UNUSABLE_CONNECTION_CODES.contains(&code.as_str())))
    }

    /// Whether a lock was not free in time, or a deadlock was broken.
    pub(crate) fn is_lock_conflict(&self) -> bool {
        matches!(self, Self::Internal(cause::Cause::Database(error))
            if is_collision(error) || code_of(error).as_deref() == Some("55P03"))
    }

    /// Whether the role of the connection lacks a right.
    pub(crate) fn is_permission_denied(&self) -> bool {
        matches!(self, Self::Internal(cause::Cause::Database(error)) if code_of(error).as_deref() == Some("42501"))
    }

    /// Whether there is a table, an index or a type of this name already.
    pub(crate) fn is_already_defined(&self) -> bool {
        matches!(self, Self::Internal(cause::Cause::Database(error))
            if matches!(code_of(error).as_deref(), Some("42P07" | "42710")))
    }

    /// Whether a unique index refused the row.
    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Internal(cause::Cause::Database(error))
            if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }

    /// Whether the exclusion constraint of PostgreSQL refused an overlapping time.
    pub(crate) fn is_overlap(&self) -> bool {
        matches!(self, Self::Internal(cause::Cause::Database(error)) if code_of(error).as_deref() == Some("23P01"))
    }
}

impl From<InvalidTransition> for Error {
    fn from(refused: InvalidTransition) -> Self {
        Self::InvalidTransition(refused.into())
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        // PostgreSQL cannot store this character. Names are checked earlier, and no other stored text contains it.
        if code_of(&error).as_deref() == Some("22021") {
            return Self::invalid("text", "must not contain the character U+0000");
        }
        Self::Internal(cause::Cause::Database(error))
    }
}

/// A deadlock, a serialization failure, or SQLite's "database is locked".
fn is_collision(error: &DbErr) -> bool {
    matches!(code_of(error).as_deref(), Some("40001" | "40P01" | "5" | "517"))
}

/// The database's code for an error.
fn code_of(error: &DbErr) -> Option<String> {
    let sqlx::Error::Database(error) = driver_error(error)? else { return None };
    error.code().map(std::borrow::Cow::into_owned)
}

/// Errors of PostgreSQL after which an open connection is unusable. 25006: a write to a database that is read-only, as
/// after a failover, when the connection still leads to the replica. 0A000: a transaction that may write cannot begin
/// on a replica, or a prepared statement no longer fits its table.
const UNUSABLE_CONNECTION_CODES: [&str; 2] = ["25006", "0A000"];

/// Whether the connection broke or is unusable, or PostgreSQL ended it: because it restarts, or because this process
/// was idle in a transaction.
pub(crate) fn is_disconnection(error: &DbErr) -> bool {
    matches!(driver_error(error), Some(sqlx::Error::Io(_)))
        || code_of(error).is_some_and(|code| {
            let is_connection_exception = code.len() == 5 && code.starts_with("08");
            is_connection_exception
                || UNUSABLE_CONNECTION_CODES.contains(&code.as_str())
                || ["57P01", "57P02", "57P03", "57P05", "25P03", "25P04"].contains(&code.as_str())
        })
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}
