//! Subscribers of three servers resume by their last cursor, while their sockets are cut at random, servers, workers and
//! Redis are stopped and killed, and hundreds of changes are made. Each gets every change once, in order.

use std::time::Duration;

use anyhow::{Result, ensure};
use insession_tests::{Deployment, TestDatabase, eventually};
use tokio::time::sleep;

use super::{LIMIT, size};
use crate::load::{Load, PartFailure, Random, Size, Tolerance};

/// After this many rounds, a slow machine makes the rest of the changes undisturbed.
const MAX_ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resumed_subscriptions_get_every_change_once_in_order_whatever_crashes() -> Result<()> {
    let (subscribers, wanted) = size((60, 800), (200, 5_000));
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::sized(&database, 3, 2, |settings| settings).await?;
    let tolerance = Tolerance { servers_end: true, ..Tolerance::default() };
    let load = Load::start(&database, &deployment, Size { subscribers, writers: 4 }, tolerance).await?;

    let random = Random::seeded();
    let mut rounds = 0;
    while rounds == 0 || (rounds < MAX_ROUNDS && load.changes().await? < wanted) {
        disturb(&mut deployment, &random).await?;
        rounds += 1;
    }
    // A slow machine needs more time for all of them.
    let mut made = load.changes().await?;
    while made < wanted {
        made = eventually(LIMIT, "further changes", async || {
            let now = load.changes().await?;
            ensure!(now > made, "there are {now} changes, and {wanted} are wanted");
            Ok(now)
        })
        .await?;
    }
    println!("{rounds} rounds of disturbance");
    load.finish(&database).await?;
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.expect_running()?;
    }
    Ok(())
}

/// Stops or kills each part once and starts it again.
async fn disturb(deployment: &mut Deployment, random: &Random) -> Result<()> {
    for (failure, pause) in [
        (PartFailure::KillServer(0), 0),
        (PartFailure::KillRedis, 1_500),
        (PartFailure::StopServer(1), 0),
        (PartFailure::KillWorker(0), 0),
        (PartFailure::KillServer(2), 1_000),
        (PartFailure::KillWorker(1), 0),
    ] {
        sleep(Duration::from_millis(100 + random.below(400))).await;
        failure.cause(deployment, random, pause).await?;
    }
    Ok(())
}
