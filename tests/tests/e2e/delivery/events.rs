//! Subscriptions over HTTP, as server-sent events.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use insession_tests::{Client, Deployment, Program, Settings, TestDatabase, on_both_databases, token, within};
use reqwest::Method;
use serde_json::{Value, json};

use super::{FIELD, LIMIT, NEWS, multipart::Parts, set_active};
use crate::fixtures::{create_active_instance, create_person, create_session};

on_both_databases!(
    event_stream_sends_a_snapshot_then_changes_and_resumes_with_the_last_event_id,
    streams_of_an_api_key_end_when_it_is_revoked,
);

async fn event_stream_sends_a_snapshot_then_changes_and_resumes_with_the_last_event_id(
    database: TestDatabase,
) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let client = deployment.second().client();
    let variables = json!({ "sessionIds": [session] });
    let mut events = Events::open(&client, Method::POST, NEWS, &variables, None).await?;
    let snapshot = events.news().await?;
    assert_eq!((&snapshot.1["kind"], &snapshot.1["cursor"]), (&json!("SNAPSHOT"), &json!(snapshot.0)));
    let mut ids = Vec::new();
    for (active, kind) in [(false, "DEACTIVATED"), (true, "ACTIVATED")] {
        set_active(&admin, &instance, active).await?;
        let (id, news) = events.news().await?;
        assert_eq!((&news["kind"], &news["sessionInstanceId"]), (&json!(kind), &json!(instance)));
        assert_eq!(news["cursor"], id, "the id of an event is the cursor of its message");
        ids.push(id);
    }
    drop(events);

    set_active(&admin, &instance, false).await?;
    // The header takes precedence over the argument, with which the client subscribed first. The document need not
    // select the cursor.
    let bare = NEWS.replace("cursor ", "");
    let variables = json!({ "sessionIds": [session], "after": snapshot.0 });
    let mut events = Events::open(&client, Method::GET, &bare, &variables, Some(&ids[0])).await?;
    let (id, news) = events.news().await?;
    assert_eq!((&news["kind"], &id), (&json!("ACTIVATED"), &ids[1]));
    assert_eq!(events.news().await?.1["kind"], "DEACTIVATED");

    let mut events = Events::open(&client, Method::GET, NEWS, &json!({}), Some("made up")).await?;
    let refused = events.next().await?.context("the stream ended")?;
    assert_eq!(refused.data["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused:?}");
    assert_eq!(events.next().await?.context("the stream ended")?.name, "complete");
    assert_eq!(events.next().await?, None);
    Ok(())
}

async fn streams_of_an_api_key_end_when_it_is_revoked(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let make =
        "mutation($id: ID!) { createApiKey(input: { name: \"Screen\", personId: $id }) { secret apiKey { id } } }";
    let made = admin.data(make, json!({ "id": ann })).await?["createApiKey"].take();
    let client = deployment.second().client().with_token(made["secret"].as_str().context("a secret")?);
    // Over HTTP with GET too.
    let query = [("query", "{ viewer { id } }")];
    let ask =
        || client.http().get(client.address("/graphql")).query(&query).bearer_auth(client.token().unwrap_or_default());
    let answer: Value = ask().send().await?.error_for_status()?.json().await?;
    assert_eq!(answer["data"]["viewer"]["id"], ann);

    // Only the person may follow where they are.
    let variables = json!({ "personId": ann });
    let document = "subscription($personId: ID!) { activeSessionChanged(personId: $personId) { kind cursor } }";
    let mut events = Events::open(&client, Method::POST, document, &variables, None).await?;
    assert_eq!(events.news().await?.1["kind"], "SNAPSHOT");
    let mut parts = Parts::open(&client, json!({})).await?;
    assert_eq!(parts.news().await?["kind"], "SNAPSHOT");

    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedApiKeyId } }";
    admin.data(revoke, json!({ "id": made["apiKey"]["id"] })).await?;
    let last = events.next().await?.context("the stream ended without a reason")?;
    assert_eq!(last.data["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{last:?}");
    assert_eq!(events.next().await?.context("the stream ended without an end")?.name, "complete");
    assert_eq!(events.next().await?, None);
    let last = parts.next().await?.context("the answer ended without a reason")?;
    ensure!(last["payload"].is_null() && last["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", "{last}");
    assert_eq!(parts.next().await?, None);
    assert_eq!(ask().send().await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn event_streams_have_the_rights_and_limits_of_sockets_and_end_with_the_server() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url).with("MAX_SOCKETS_PER_ADDRESS", "2");
    let mut server = Program::serve(&settings).await?;
    let client = server.client();
    let admin = server.client().with_token(&token::admin());
    let bookings = "subscription { bookingStatusChanged { cursor } }";
    let mut refused = Events::open(&client, Method::POST, bookings, &json!({}), None).await?;
    let first = refused.next().await?.context("the stream ended")?;
    assert_eq!(first.data["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{first:?}");
    drop(refused);

    let mut first = Events::open(&admin, Method::POST, bookings, &json!({}), None).await?;
    let snapshot = first.next().await?.context("the stream ended")?;
    assert_eq!(snapshot.data["data"]["bookingStatusChanged"]["cursor"], json!(snapshot.id), "{snapshot:?}");
    let _socket = server.socket(None).await?;
    let refused = Events::ask(&client, Method::POST, NEWS, &json!({}), None).await?;
    assert_eq!(refused.status(), 429);
    let (status, ended) = futures_util::join!(server.terminate(), first.next());
    assert_eq!(ended?, None, "without `complete` the client connects again");
    ensure!(status?.success(), "the server did not stop cleanly");
    Ok(())
}

#[tokio::test]
async fn activity_streams_have_no_ids_and_begin_with_the_current_state() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.client().with_token(&token::admin());
    crate::fixtures::save_activity(&admin, "interview", Some(1)).await?;
    let document = "subscription { presenceChanged(activityKey: \"interview\") { occupancy } }";
    let mut events = Events::open(&admin, Method::GET, document, &json!({}), Some("whatever it was")).await?;
    let first = events.next().await?.context("the stream ended")?;
    assert_eq!((first.id, first.data), (None, json!({ "data": { "presenceChanged": { "occupancy": 0 } } })));
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Event {
    id: Option<String>,
    name: String,
    data: Value,
}

/// The events of one answer.
struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    async fn ask(
        client: &Client,
        method: Method,
        document: &str,
        variables: &Value,
        last_event_id: Option<&str>,
    ) -> Result<reqwest::Response> {
        let address = client.address("/graphql");
        let request = client.http().request(method.clone(), address).header("accept", "text/event-stream");
        let request = if method == Method::GET {
            request.query(&[("query", document), ("variables", &variables.to_string())])
        } else {
            request.json(&json!({ "query": document, "variables": variables }))
        };
        let request = match client.token() {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let request = match last_event_id {
            Some(id) => request.header("last-event-id", id),
            None => request,
        };
        Ok(request.timeout(Duration::from_mins(5)).send().await?)
    }

    async fn open(
        client: &Client,
        method: Method,
        document: &str,
        variables: &Value,
        last_event_id: Option<&str>,
    ) -> Result<Self> {
        let response = Self::ask(client, method, document, variables, last_event_id).await?.error_for_status()?;
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Ok(Self { response, text: String::new() })
    }

    /// The next event. Comments are left out. `None` at the end.
    async fn next(&mut self) -> Result<Option<Event>> {
        within(LIMIT, "an event", async {
            loop {
                while let Some((block, rest)) = self.text.split_once("\n\n") {
                    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    let event = field("event").map(|name| Event {
                        id: field("id").map(ToOwned::to_owned),
                        name: name.to_owned(),
                        data: field("data").and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default(),
                    });
                    let end = self.text.len() - rest.len();
                    self.text.drain(..end);
                    if event.is_some() {
                        return Ok(event);
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

    /// The id and the message of the next event.
    async fn news(&mut self) -> Result<(String, Value)> {
        let event = self.next().await?.context("the stream ended")?;
        assert_eq!(event.name, "next");
        Ok((event.id.context("the event has no id")?, event.data["data"][FIELD].clone()))
    }
}
