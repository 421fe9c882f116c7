//! Errors of background work. Their texts are for the log.

use std::error::Error;

use apalis_core::error::WorkerError;
use redis::RedisError;
use tokio::task::JoinError;

pub(crate) type Result<T, E = JobError> = std::result::Result<T, E>;

/// Why something in the background failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error(transparent)]
    Service(#[from] service::Error),
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("Redis did not answer in time")]
    NoAnswer,
    /// The worker of a queue died.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    #[error(transparent)]
    Panic(#[from] JoinError),
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

impl JobError {
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}
