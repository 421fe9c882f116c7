//! Redis is down or hangs: nothing is lost and nothing is refused.

use std::time::Duration;

use anyhow::{Context, Result};
use insession_tests::{Deployment, Program, TestDatabase};
use tokio::time::sleep;

use super::{SIZE, size};
use crate::load::{Load, Tolerance};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_refused_while_redis_is_down_or_hangs() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::sized(&database, 2, 2, |settings| settings).await?;
    // No error is tolerated.
    let load = Load::start(&database, &deployment, SIZE, Tolerance::default()).await?;
    // How long each fault lasts.
    let duration = size(Duration::from_secs(5), Duration::from_mins(1));

    deployment.redis.as_mut().context("no Redis")?.kill()?;
    sleep(duration).await;
    load.expect_recovery(&deployment.servers).await?;
    deployment.redis.as_mut().context("no Redis")?.start_again().await?;
    load.expect_progress(20).await?;

    deployment.redis.as_mut().context("no Redis")?.freeze()?;
    sleep(duration).await;
    load.expect_recovery(&deployment.servers).await?;
    deployment.redis.as_mut().context("no Redis")?.thaw()?;
    load.expect_recovery(&deployment.servers).await?;

    load.finish(&database).await?;
    deployment.servers.iter_mut().chain(&mut deployment.workers).try_for_each(Program::expect_running)
}
