//! Subscriptions over POST, as a multipart answer.

use anyhow::{Context, Result, ensure};
use insession_tests::{Client, Deployment, Settings, TestDatabase, on_both_databases, within};
use serde_json::{Value, json};

use super::{FIELD, LIMIT, NEWS, set_active};
use crate::fixtures::{create_active_instance, create_session};

on_both_databases!(multipart_subscription_sends_a_snapshot_then_changes_and_resumes);

async fn multipart_subscription_sends_a_snapshot_then_changes_and_resumes(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let client = deployment.second().client();
    let mut parts = Parts::open(&client, json!({ "sessionIds": [session] })).await?;
    assert_eq!(parts.news().await?["kind"], "SNAPSHOT");
    let mut cursors = Vec::new();
    for (active, kind) in [(false, "DEACTIVATED"), (true, "ACTIVATED")] {
        set_active(&admin, &instance, active).await?;
        let news = parts.news().await?;
        assert_eq!((&news["kind"], &news["sessionInstanceId"]), (&json!(kind), &json!(instance)));
        cursors.push(news["cursor"].clone());
    }
    drop(parts);

    set_active(&admin, &instance, false).await?;
    let mut parts = Parts::open(&client, json!({ "sessionIds": [session], "after": cursors[0] })).await?;
    let resumed = parts.news().await?;
    assert_eq!((&resumed["kind"], &resumed["cursor"]), (&json!("ACTIVATED"), &cursors[1]));
    assert_eq!(parts.news().await?["kind"], "DEACTIVATED");
    set_active(&admin, &instance, true).await?;
    assert_eq!(parts.news().await?["kind"], "ACTIVATED");

    let mut parts = Parts::open(&client, json!({ "after": "made up" })).await?;
    let answer = parts.next().await?.context("the answer ended")?;
    assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    assert_eq!(parts.next().await?, None, "the answer ends after an error");
    Ok(())
}

#[tokio::test]
async fn multipart_subscriptions_count_as_sockets_and_end_with_the_server() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url).with("MAX_SOCKETS_PER_ADDRESS", "2");
    let mut server = insession_tests::Program::serve(&settings).await?;
    let client = server.client();
    let mut first = Parts::open(&client, json!({})).await?;
    let _socket = server.socket(None).await?;
    let refused = Parts::ask(&client, json!({})).await?;
    assert_eq!(refused.status(), 429);
    let body: Value = refused.json().await?;
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{body}");
    ensure!(server.socket(None).await.is_err(), "a socket above the limit was accepted");
    assert_eq!(first.news().await?["kind"], "SNAPSHOT");
    let (status, ended) = futures_util::join!(server.terminate(), first.next());
    let last = ended?.context("the answer ended as if it were complete")?;
    ensure!(last["payload"].is_null() && last["errors"][0]["extensions"]["code"] == "INTERNAL", "{last}");
    assert_eq!(first.next().await?, None);
    ensure!(status?.success(), "the server did not stop cleanly");
    Ok(())
}

#[tokio::test]
async fn subscriptions_that_wait_for_changes_leave_room_for_queries() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url).with("MAX_QUERIES_PER_ADDRESS", "1");
    let server = insession_tests::Program::serve(&settings).await?;
    let admin = server.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let client = server.client();
    let mut parts = Parts::open(&client, json!({ "sessionIds": [session] })).await?;
    let snapshot = parts.news().await?;
    let mut resumed = Vec::new();
    for _ in 0..3 {
        let after = json!({ "sessionIds": [session], "after": snapshot["cursor"] });
        resumed.push(Parts::open(&client, after).await?);
    }
    client.data("{ viewerIsAdmin }", json!({})).await?;
    set_active(&admin, &instance, false).await?;
    for parts in &mut resumed {
        assert_eq!(parts.news().await?["kind"], "DEACTIVATED");
    }
    Ok(())
}

/// The parts of one answer.
pub(super) struct Parts {
    response: reqwest::Response,
    text: String,
}

impl Parts {
    async fn ask(client: &Client, variables: Value) -> Result<reqwest::Response> {
        let accept = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0,application/json";
        let request = client.http().post(client.address("/graphql")).header("accept", accept);
        let request = match client.token() {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.json(&json!({ "query": NEWS, "variables": variables })).send().await?;
        Ok(response)
    }

    pub(super) async fn open(client: &Client, variables: Value) -> Result<Self> {
        let response = Self::ask(client, variables).await?.error_for_status()?;
        let content_type = response.headers()["content-type"].to_str()?.to_owned();
        ensure!(content_type.starts_with("multipart/mixed"), "{content_type}");
        Ok(Self { response, text: String::new() })
    }

    /// The next part that is not a heartbeat. `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Value>> {
        within(LIMIT, "a part", async {
            loop {
                while let Some((part, rest)) = self.text.split_once("\r\n--graphql") {
                    let body = part.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
                    let end = self.text.len() - rest.len();
                    self.text.drain(..end);
                    if let Some(body) = body
                        && body != "{}"
                    {
                        return Ok(Some(serde_json::from_str(&body).with_context(|| body.clone())?));
                    }
                }
                match self.response.chunk().await? {
                    Some(chunk) => self.text.push_str(std::str::from_utf8(&chunk)?),
                    None => return Ok(None),
                }
            }
        })
        .await?
    }

    pub(super) async fn news(&mut self) -> Result<Value> {
        let part = self.next().await?.context("the answer ended")?;
        Ok(part["payload"]["data"][FIELD].clone())
    }
}
