//! The change log as the hub's source. Each read first publishes the changes that have committed.

use std::time::Duration;

use domain::news::{Change, Position};
use live::ChangeSource;
use service::{App, Result, log};

#[derive(Clone)]
pub struct LogSource(pub App);

impl LogSource {
    async fn publish(&self) -> Result<()> {
        let published = log::publish(&self.0).await?;
        // Counts that must wait become due before the hub's next regular read. So a task wakes the hub for them.
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
    type Error = service::Error;

    async fn head(&self) -> Result<Position> {
        self.publish().await?;
        log::head(&self.0).await
    }

    async fn oldest(&self) -> Result<Position> {
        log::oldest(&self.0).await
    }

    async fn read_after(&self, after: Position, limit: u64) -> Result<Vec<Change>> {
        self.publish().await?;
        log::read_after(&self.0.db, after, limit).await
    }
}
