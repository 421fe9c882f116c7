//! Where changes come from.

use std::{fmt, future::Future};

use domain::news::{Change, Position};
use futures_util::future::{BoxFuture, FutureExt};

/// The change log, as the hub reads it. What is read is published: it has its position for good, and nothing will ever
/// appear before it.
pub trait ChangeSource: Send + Sync + 'static {
    type Error: fmt::Display + Send;

    /// The position of the last published change; 0 when there is none.
    fn head(&self) -> impl Future<Output = Result<Position, Self::Error>> + Send;

    /// The position of the oldest change that the log still has. A cursor just before it can still be resumed from.
    fn oldest(&self) -> impl Future<Output = Result<Position, Self::Error>> + Send;

    /// The first `limit` changes after `after`, in order and without gaps. Whatever had committed when this was called
    /// is published by the time it answers.
    fn read_after(&self, after: Position, limit: u64) -> impl Future<Output = Result<Vec<Change>, Self::Error>> + Send;
}

/// Why the log could not be read, for the server's own log.
#[derive(Debug, thiserror::Error)]
#[error("the change log can't be read: {0}")]
pub struct SourceError(String);

/// [`ChangeSource`] without its type, so that the hub's type does not name it.
pub(super) trait AnySource: Send + Sync {
    fn head(&self) -> BoxFuture<'_, Result<Position, SourceError>>;
    fn oldest(&self) -> BoxFuture<'_, Result<Position, SourceError>>;
    fn read_after(&self, after: Position, limit: u64) -> BoxFuture<'_, Result<Vec<Change>, SourceError>>;
}

impl<S: ChangeSource> AnySource for S {
    fn head(&self) -> BoxFuture<'_, Result<Position, SourceError>> {
        ChangeSource::head(self).map(told).boxed()
    }

    fn oldest(&self) -> BoxFuture<'_, Result<Position, SourceError>> {
        ChangeSource::oldest(self).map(told).boxed()
    }

    fn read_after(&self, after: Position, limit: u64) -> BoxFuture<'_, Result<Vec<Change>, SourceError>> {
        ChangeSource::read_after(self, after, limit).map(told).boxed()
    }
}

fn told<T, E: fmt::Display>(result: Result<T, E>) -> Result<T, SourceError> {
    result.map_err(|error| SourceError(error.to_string()))
}
