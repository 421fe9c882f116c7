//! Failures of parts of a deployment that a test causes. Each part is started again afterwards.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use insession_tests::Deployment;
use tokio::time::sleep;

use super::Random;

#[derive(Debug, Clone, Copy)]
pub enum PartFailure {
    KillServer(usize),
    StopServer(usize),
    KillWorker(usize),
    KillRedis,
}

impl PartFailure {
    /// A random failure that this deployment can have.
    pub fn any(deployment: &Deployment, random: &Random) -> Self {
        let below = |count: usize| usize::try_from(random.below(count as u64)).unwrap_or_default();
        match random.below(6) {
            0 | 1 if !deployment.workers.is_empty() => Self::KillWorker(below(deployment.workers.len())),
            2 if deployment.redis.is_some() => Self::KillRedis,
            3 => Self::StopServer(below(deployment.servers.len())),
            _ => Self::KillServer(below(deployment.servers.len())),
        }
    }

    /// Ends the part, and starts it again after at most `pause` milliseconds.
    pub async fn cause(self, deployment: &mut Deployment, random: &Random, pause: u64) -> Result<()> {
        let pause = Duration::from_millis(random.below(pause.max(1)));
        let program = match self {
            Self::KillRedis => {
                deployment.redis.as_mut().context("no Redis")?.kill()?;
                sleep(pause).await;
                return deployment.redis.as_mut().context("no Redis")?.start_again().await;
            }
            Self::StopServer(number) => {
                let server = &mut deployment.servers[number];
                let status = server.terminate().await?;
                ensure!(status.success(), "the server ended with {status}");
                server
            }
            Self::KillServer(number) => {
                deployment.servers[number].kill_9()?;
                &mut deployment.servers[number]
            }
            Self::KillWorker(number) => {
                deployment.workers[number].kill_9()?;
                &mut deployment.workers[number]
            }
        };
        sleep(pause).await;
        program.start_again().await
    }
}
