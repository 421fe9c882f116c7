//! Many sockets are opened and closed. The server releases everything that belonged to them.

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use insession_tests::{Deployment, Program, Socket, TestDatabase, eventually, socket::PROTOCOL};
use serde_json::json;

use super::{LIMIT, NEWS, memory, metric, size};
use crate::fixtures::{create_active_instance, create_session};

/// How many sockets are opened at the same time.
const CONCURRENCY: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_sockets_release_their_memory_and_subscriptions() -> Result<()> {
    let (sockets, held) = size((1_000, 500), (20_000, 5_000));
    let database = TestDatabase::postgres().await?;
    let unlimited = |settings: insession_tests::Settings| {
        settings.with("SOCKETS_PER_SECOND_PER_ADDRESS", "100000").with("SOCKET_BURST_PER_ADDRESS", "100000")
    };
    let deployment = Deployment::sized(&database, 1, 1, unlimited).await?;
    let server = deployment.first();
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    create_active_instance(&admin, &session).await?;

    let before = memory(server)?;
    let mut most = 0;
    for first in (0..sockets).step_by(held) {
        most = most.max(open_and_close(server, &session, held.min(sockets - first)).await?);
    }
    // Memory that is allocated once stays in use, such as for connections to the database. The rest must be released.
    let allowed = before + before / 4 + 2 * 1024;
    let back = eventually(LIMIT, "the memory to be given back", async || {
        let after = memory(server)?;
        ensure!(after <= allowed, "it was {before} KiB, at most {most}, and is {after}");
        Ok(after)
    });
    let after = back.await?;
    println!("{sockets} sockets, {held} at once: {before} KiB before, {most} at most, {after} after");
    assert_eq!(server.health().await?["sockets"], 0);
    Ok(())
}

/// Opens `count` sockets and ends them in different ways. Returns the memory in use while all were open.
async fn open_and_close(server: &Program, session: &str, count: usize) -> Result<i64> {
    let opened: Vec<Socket> = stream::iter(0..count)
        .map(|number| open(server, session, number))
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    let open = metric(server, "insession_sockets").await?;
    ensure!((open - f64::from(u32::try_from(count)?)).abs() < 0.5, "{open} of {count} are open");
    let most = memory(server)?;
    for (number, socket) in opened.iter().enumerate() {
        match number % 4 {
            // The connection is cut without a message.
            0 => {}
            1 => socket.complete("1")?,
            2 => {
                for _ in 0..5 {
                    socket.subscribe("2", NEWS, json!({ "sessionIds": [session] }))?;
                    socket.complete("2")?;
                }
            }
            _ => socket.send_raw(tokio_tungstenite::tungstenite::Message::Close(None))?,
        }
    }
    drop(opened);
    eventually(LIMIT, "all sockets to be gone", async || {
        for name in ["sockets", "connections", "subscriptions", "subscription_groups"] {
            let count = metric(server, &format!("insession_{name}")).await?;
            ensure!(count < 0.5, "{count} {name}");
        }
        Ok(())
    })
    .await?;
    Ok(most)
}

async fn open(server: &Program, session: &str, number: usize) -> Result<Socket> {
    let source = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + number % 8)?);
    let mut socket = Socket::open_from(source, &server.url(), Some(PROTOCOL)).await?;
    socket.init(None)?;
    socket.expect_ack().await?;
    socket.subscribe("1", NEWS, json!({ "sessionIds": [session] }))?;
    socket.next_for("1", LIMIT).await?;
    Ok(socket)
}
