//! The program releases its resources when a load stops. The long form is a benchmark: `insession-bench soak`.

use std::time::Duration;

use anyhow::{Result, ensure};
use insession_tests::{
    Deployment, LIMIT, TestDatabase, eventually,
    soak::{Sample, Size, Stage, sample},
};
use sea_orm::DatabaseConnection;

const SIZE: Size = Size { sockets: 30, writers: 3, readers: 2, sessions: 10, people: 20 };
const PERIOD: Duration = Duration::from_secs(8);
/// The memory in KiB that the allocator may keep.
const SLACK: u64 = 8 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resources_are_released_when_a_load_stops() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let deployment = Deployment::sized(&database, 1, 1, |settings| settings).await?;
    let connection = database.connect().await?;
    let stage = Stage::set(&deployment, SIZE).await?;
    // The first load fills pools and caches, which are kept.
    run_load(&stage).await?;
    let before = wait_until_idle(&deployment, &connection, None).await?;
    run_load(&stage).await?;
    let after = wait_until_idle(&deployment, &connection, Some(before)).await?;
    println!("before: {before:?}\nafter:  {after:?}");
    Ok(())
}

async fn run_load(stage: &std::sync::Arc<Stage>) -> Result<()> {
    let mut load = stage.start(SIZE);
    load.run_for(PERIOD).await?;
    load.stop().await
}

/// Waits until no socket or subscription is left, and until no resource exceeds that of an earlier sample.
async fn wait_until_idle(
    deployment: &Deployment,
    connection: &DatabaseConnection,
    earlier: Option<Sample>,
) -> Result<Sample> {
    eventually(LIMIT, "all resources to be released", async || {
        let now = sample(deployment, connection).await?;
        ensure!(now.sockets + now.subscriptions + now.groups < 0.5, "still live: {now:?}");
        if let Some(earlier) = earlier {
            ensure!(now.files <= earlier.files + 4, "more files than {}: {now:?}", earlier.files);
            ensure!(now.threads <= earlier.threads, "more threads than {}: {now:?}", earlier.threads);
            ensure!(now.tasks <= earlier.tasks + 8.0, "more tasks than {}: {now:?}", earlier.tasks);
            ensure!(now.connections <= earlier.connections + 2, "more than {}: {now:?}", earlier.connections);
            ensure!(now.redis_clients <= earlier.redis_clients + 2, "more than {}: {now:?}", earlier.redis_clients);
            ensure!(now.memory <= earlier.memory * 11 / 10 + SLACK, "more memory than {}: {now:?}", earlier.memory);
            let before = earlier.worker_memory;
            ensure!(now.worker_memory <= before * 11 / 10 + SLACK, "the worker has more than {before}: {now:?}");
        }
        Ok(now)
    })
    .await
}
