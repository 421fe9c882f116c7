//! The change log as the hub reads it: whoever reads publishes first what has committed.

use std::time::Duration;

use domain::news::{Change, Position};
use live::ChangeSource;
use service::{App, changes};

#[derive(Clone)]
pub struct LogSource(pub App);

/// An error of the service, for the server's own log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LogError(String);

impl From<service::Error> for LogError {
    fn from(error: service::Error) -> Self {
        Self(error.describe())
    }
}

impl LogSource {
    async fn publish(&self) -> Result<(), LogError> {
        let published = changes::publish(&self.0).await?;
        // Counts that had to wait are told when their second is over, without waiting for the next look at the log.
        if let Some(at) = published.retry_at {
            let wake = self.0.wake.clone();
            let wait = (at - self.0.now()).to_std().unwrap_or(Duration::ZERO);
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                wake.here();
            });
        }
        Ok(())
    }
}

impl ChangeSource for LogSource {
    type Error = LogError;

    async fn head(&self) -> Result<Position, LogError> {
        self.publish().await?;
        Ok(changes::head(&self.0).await?)
    }

    async fn oldest(&self) -> Result<Position, LogError> {
        Ok(changes::oldest(&self.0).await?)
    }

    async fn read_after(&self, after: Position, limit: u64) -> Result<Vec<Change>, LogError> {
        self.publish().await?;
        Ok(changes::read_after(&self.0.db, after, limit).await?)
    }
}
