//! The source of changes: the change log behind a trait.

use std::{fmt, future::Future};

use domain::news::{Change, Position};
use futures_util::future::{BoxFuture, FutureExt};

/// The change log, as the hub reads it. Every change that is read is published: its position is final, and no later change
/// gets a smaller one.
pub trait ChangeSource: Send + Sync + 'static {
    type Error: fmt::Display + Send;

    /// The position of the last published change; 0 when there is none.
    fn head(&self) -> impl Future<Output = Result<Position, Self::Error>> + Send;

    /// The position of the oldest change that the log still has. A subscription can resume from the position before it.
    fn oldest(&self) -> impl Future<Output = Result<Position, Self::Error>> + Send;

    /// The first `limit` changes after `after`, in order and without gaps. Every change that had committed before the call
    /// is published before this returns.
    fn read_after(&self, after: Position, limit: u64) -> impl Future<Output = Result<Vec<Change>, Self::Error>> + Send;
}

/// Why the change log could not be read. For the server's log, not for clients.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the change log: {0}")]
pub struct SourceError(String);

/// An object-safe [`ChangeSource`], so that [`super::Hub`] has no type parameter.
pub(super) trait AnySource: Send + Sync {
    fn head(&self) -> BoxFuture<'_, Result<Position, SourceError>>;
    fn oldest(&self) -> BoxFuture<'_, Result<Position, SourceError>>;
    fn read_after(&self, after: Position, limit: u64) -> BoxFuture<'_, Result<Vec<Change>, SourceError>>;
}

impl<S: ChangeSource> AnySource for S {
    fn head(&self) -> BoxFuture<'_, Result<Position, SourceError>> {
        ChangeSource::head(self).map(to_source_error).boxed()
    }

    fn oldest(&self) -> BoxFuture<'_, Result<Position, SourceError>> {
        ChangeSource::oldest(self).map(to_source_error).boxed()
    }

    fn read_after(&self, after: Position, limit: u64) -> BoxFuture<'_, Result<Vec<Change>, SourceError>> {
        ChangeSource::read_after(self, after, limit).map(to_source_error).boxed()
    }
}

fn to_source_error<T, E: fmt::Display>(result: Result<T, E>) -> Result<T, SourceError> {
    result.map_err(|error| SourceError(error.to_string()))
}
