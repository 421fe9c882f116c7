//! A subscriber that never reads does not block others, and is disconnected.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use insession_tests::{Deployment, TestDatabase, eventually};
use serde_json::json;

use super::{FIELD, LIMIT, NEWS, memory, metric, set_active, size};
use crate::fixtures::{create_active_instance, create_session};

/// How much memory the slow subscriber may cost: its mailbox, and a reserve for everything else that happens meanwhile.
const GROWTH_KIB: i64 = 48 * 1024;

/// A socket without a sign of life from one ping to the next is dropped.
const PING_INTERVAL: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_subscriber_is_disconnected_and_never_blocks_others() -> Result<()> {
    let readers = size(100, 1_000);
    let database = TestDatabase::postgres().await?;
    let deployment = Deployment::sized(&database, 1, 1, |settings| settings).await?;
    let (server, admin) = (deployment.first(), deployment.admin());
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;

    let mut sockets = try_join_all((0..readers).map(|_| server.socket(None))).await?;
    for socket in &mut sockets {
        socket.subscribe("1", NEWS, json!({ "sessionIds": [session] }))?;
        socket.next_for("1", LIMIT).await?;
    }
    // The slow subscriber gets as much as possible for each change: a hundred messages with long ids.
    let mut slow = server.socket(None).await?;
    for number in 0..100 {
        let id = format!("{number:0>1000}");
        slow.subscribe(&id, NEWS, json!({ "sessionIds": [session] }))?;
        slow.next_for(&id, LIMIT).await?;
    }
    eventually(LIMIT, "all subscriptions to be live", async || {
        let live = metric(server, "insession_subscriptions").await?;
        ensure!((live - f64::from(readers + 100)).abs() < 0.5, "only {live} are live");
        Ok(())
    })
    .await?;
    let mut active = true;
    let (mut changes, mut before_the_cut) = (0, 0);
    let mut most = 0;
    let before = memory(server)?;
    slow.stop_reading()?;
    let stopped_at = Instant::now();
    let mut after_the_cut = 0;
    while after_the_cut < 20 {
        active = !active;
        set_active(&admin, &instance, active).await?;
        changes += 1;
        // Each reader has this change before the next one is made, whatever the slow one does.
        for socket in &mut sockets {
            let received = socket.next_for("1", LIMIT).await?;
            assert_eq!(received.field(FIELD)["kind"], if active { "ACTIVATED" } else { "DEACTIVATED" });
        }
        most = most.max(memory(server)? - before);
        let is_behind = metric(server, "insession_sockets_closed_total{code=\"1013\"}").await? > 0.5;
        // On a slow machine, a socket that sends no pong is dropped before its mailbox is full.
        let is_gone = metric(server, "insession_sockets").await? < f64::from(readers) + 0.5;
        ensure!(is_behind || !is_gone || stopped_at.elapsed() > PING_INTERVAL, "the slow subscriber was dropped early");
        if is_behind || is_gone {
            after_the_cut += 1;
        } else {
            before_the_cut += 1;
        }
        ensure!(changes < 5_000, "the slow subscriber was not disconnected");
    }
    println!("{readers} readers, {changes} changes, {before_the_cut} before the cut, memory grew by {most} KiB");
    ensure!(before_the_cut > 1, "the readers got no change while the slow one was connected");
    ensure!(most < GROWTH_KIB, "the memory grew by {most} KiB");
    eventually(LIMIT, "the slow socket to be gone", async || {
        let open = metric(server, "insession_sockets").await?;
        ensure!((open - f64::from(readers)).abs() < 0.5, "{open} are open");
        Ok(())
    })
    .await?;
    // It got the first changes without a gap, and can resume from the last of them.
    slow.read_again()?;
    slow.closed(LIMIT).await?;
    let id = format!("{:0>1000}", 0);
    let got: Vec<_> = slow.take_all().into_iter().filter(|received| received.id() == Some(&id)).collect();
    ensure!(!got.is_empty(), "no change had arrived");
    let cursor = &got[got.len() - 1].field(FIELD)["cursor"];
    let mut again = server.socket(None).await?;
    again.subscribe("1", NEWS, json!({ "sessionIds": [session], "after": cursor }))?;
    for number in got.len()..changes {
        let kind = if number % 2 == 0 { "DEACTIVATED" } else { "ACTIVATED" };
        assert_eq!(again.next_for("1", LIMIT).await?.field(FIELD)["kind"], kind, "{number} of {changes}");
    }
    Ok(())
}
