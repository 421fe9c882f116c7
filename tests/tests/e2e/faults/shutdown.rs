//! SIGTERM under load: what is under way ends or is refused by a code, sockets are told to come back, and the process ends
//! in time and well.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use insession_tests::{Deployment, TestDatabase};
use serde_json::json;

use super::{RECOVERY, SIZE, size};
use crate::{
    fixtures::CHANGES,
    load::{Load, Tolerance},
};

/// What process managers allow before they kill, less something.
const LONGEST: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_asked_to_stop_under_load_ends_in_time_and_well() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::sized(&database, 2, 1, |settings| settings).await?;
    let tolerance = Tolerance { servers_end: true, ..Tolerance::default() };
    let load = Load::start(&database, &deployment, SIZE, tolerance).await?;
    for round in 0..size(4, 20) {
        let server = round % 2;
        let mut sockets = Vec::new();
        for _ in 0..10 {
            let mut socket = deployment.servers[server].socket(None).await?;
            socket.subscribe("1", CHANGES, json!({}))?;
            socket.next_for("1", RECOVERY).await?;
            sockets.push(socket);
        }
        let began = Instant::now();
        let status = deployment.servers[server].terminate().await?;
        let took = began.elapsed();
        ensure!(status.success(), "it ended with {status}");
        ensure!(took < LONGEST, "it ended after {took:?}");
        println!("ended after {took:?}");
        for mut socket in sockets {
            let closed = socket.closed(RECOVERY).await?;
            ensure!(closed.code == 1012, "a socket was closed with {closed:?}");
        }
        deployment.servers[server].start_again().await?;
        load.recovers(&deployment.servers, RECOVERY).await?;
        let status = deployment.workers[0].terminate().await?;
        ensure!(status.success(), "the worker ended with {status}");
        deployment.workers[0].start_again().await?;
    }
    load.finish(&database).await?;
    Ok(())
}
