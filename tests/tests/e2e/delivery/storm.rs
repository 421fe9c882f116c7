//! Subscribers of three servers resume by their last cursor, while their sockets are cut at random, servers, workers and
//! Redis are stopped and killed, and hundreds of changes are made. Each gets every change once, in order.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use insession_tests::{Deployment, TestDatabase, eventually};
use tokio::time::sleep;

use super::{LIMIT, size};
use crate::load::{Load, Random, Size, Tolerance};

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
    eventually(LIMIT, "the wanted number of changes", async || {
        let made = load.changes().await?;
        ensure!(made >= wanted, "only {made}");
        Ok(())
    })
    .await?;
    println!("{rounds} rounds of disturbance");
    load.finish(&database).await?;
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.expect_running()?;
    }
    Ok(())
}

/// Stops or kills each part once and starts it again.
async fn disturb(deployment: &mut Deployment, random: &Random) -> Result<()> {
    for step in 0..6 {
        sleep(Duration::from_millis(100 + random.below(400))).await;
        match step {
            0 => {
                deployment.servers[0].kill_9()?;
                deployment.servers[0].start_again().await?;
            }
            1 => {
                let redis = deployment.redis.as_mut().context("no Redis")?;
                redis.kill()?;
                sleep(Duration::from_millis(random.below(1_500))).await;
                deployment.redis.as_mut().context("no Redis")?.start_again().await?;
            }
            2 => {
                let status = deployment.servers[1].terminate().await?;
                ensure!(status.success(), "the server ended with {status}");
                deployment.servers[1].start_again().await?;
            }
            3 => {
                deployment.workers[0].kill_9()?;
                deployment.workers[0].start_again().await?;
            }
            4 => {
                deployment.servers[2].kill_9()?;
                sleep(Duration::from_millis(random.below(1_000))).await;
                deployment.servers[2].start_again().await?;
            }
            _ => {
                deployment.workers[1].kill_9()?;
                deployment.workers[1].start_again().await?;
            }
        }
    }
    Ok(())
}
