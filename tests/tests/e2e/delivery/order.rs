//! Transactions that commit in another order than they began in.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::poll;
use insession_tests::{
    Deployment, Socket, TestDatabase,
    database::{execute, number},
    eventually,
};
use sea_orm::TransactionTrait;
use serde_json::json;

use super::{FIELD, LIMIT, NEWS, app_on, set_active, test_error};
use crate::fixtures::{create_active_instance, create_session};

/// The open transaction writes its batch before all others, so its id is lower than theirs.
#[tokio::test]
async fn open_transaction_delays_only_its_own_changes() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let held = create_active_instance(&admin, &session).await?;
    let other = create_active_instance(&admin, &session).await?;
    let mut socket = deployment.second().socket(None).await?;
    socket.subscribe("1", NEWS, json!({ "sessionIds": [session] }))?;
    let snapshot = socket.next_for("1", LIMIT).await?;
    let start = snapshot.field(FIELD)["cursor"].clone();

    let connection = database.connect().await?;
    let transaction = connection.begin().await?;
    let number = |id: &str| id.rsplit(':').next().unwrap_or_default().to_owned();
    let (session_number, held_number) = (number(&session), number(&held));
    execute(
        &transaction,
        &format!(
            "UPDATE session_instance SET is_active = false, due_at = NULL, is_cancelled = true WHERE id = {held_number};
             WITH batch AS (INSERT INTO change_batch (occurred_at, size) VALUES (now(), 1) RETURNING id)
             INSERT INTO change_log (batch_id, ordinal, kind, session_id, session_instance_id, city, country)
             SELECT id, 0, 'DEACTIVATED', {session_number}, {held_number}, 'Austin', 'US' FROM batch"
        ),
    )
    .await?;

    let mut seen = Vec::new();
    for active in [false, true, false] {
        set_active(&admin, &other, active).await?;
        let received = socket.next_for("1", LIMIT).await?;
        assert_eq!(received.field(FIELD)["sessionInstanceId"], *other);
        seen.push(received.field(FIELD).clone());
    }
    transaction.commit().await?;
    let received = socket.next_for("1", LIMIT).await?;
    assert_eq!(received.field(FIELD)["sessionInstanceId"], *held);
    assert_eq!(received.field(FIELD)["kind"], "DEACTIVATED");
    seen.push(received.field(FIELD).clone());
    set_active(&admin, &other, true).await?;
    seen.push(socket.next_for("1", LIMIT).await?.field(FIELD).clone());

    // A subscription that resumes from any cursor at any server gets the same changes in the same order.
    for server in &deployment.servers {
        for from in 0..seen.len() {
            let after = from.checked_sub(1).map_or(&start, |last| &seen[last]["cursor"]);
            let mut socket = Socket::connect(&server.url(), None).await?;
            socket.subscribe("1", NEWS, json!({ "sessionIds": [session], "after": after }))?;
            for due in &seen[from..] {
                let received = socket.next_for("1", LIMIT).await.with_context(|| format!("{due} was due"))?;
                assert_eq!(received.field(FIELD), due);
            }
        }
    }
    Ok(())
}

/// When a socket closes, its subscription is dropped at whatever `await` it is.
#[tokio::test]
async fn dropped_transaction_does_not_stay_open() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let app = app_on(&database).await?;
    app.db.migrate().await.map_err(test_error)?;
    let connection = database.connect().await?;
    for polls in 0..20 {
        let mut begun = Box::pin(app.db.snapshot());
        for _ in 0..polls {
            if poll!(&mut begun).is_ready() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(begun);
        eventually(LIMIT, "the transaction to end", async || {
            let open = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
            ensure!(number(&connection, open).await? == 0, "dropped after {polls} polls, it is still open");
            Ok(())
        })
        .await?;
    }
    Ok(())
}
