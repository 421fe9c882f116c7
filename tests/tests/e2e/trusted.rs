//! Trusted documents. If the server has a list, only the documents in the list run, over every transport.

use std::fs;

use anyhow::{Context, Result, ensure};
use insession_tests::{
    LIMIT, Program, Settings, TemporaryFolder, TestDatabase, on_both_databases, program::run, token,
};
use serde_json::{Value, json};

use crate::clients::node;

on_both_databases!(only_trusted_documents_run_and_administrators_run_any);

const LISTED: &str = "query Viewer { viewerIsAdmin }";
const LISTED_SUBSCRIPTION: &str = "subscription Changes { activeSessionChanged { kind } }";
const OTHER: &str = "{ viewerIsAdmin }";

fn list() -> Value {
    json!({ "viewer": LISTED, "changes": LISTED_SUBSCRIPTION })
}

async fn only_trusted_documents_run_and_administrators_run_any(database: TestDatabase) -> Result<()> {
    let folder = TemporaryFolder::new()?;
    let file = folder.join("documents.json");
    fs::write(&file, list().to_string())?;
    let server =
        Program::serve(&Settings::new(&database.url).with("TRUSTED_DOCUMENTS", &file.display().to_string())).await?;
    let client = server.client();
    let runs = json!({ "data": { "viewerIsAdmin": false } });
    for body in [
        json!({ "query": LISTED }),
        json!({ "query": "query Viewer {\n  viewerIsAdmin # the same\n}" }),
        json!({ "documentId": "viewer" }),
        json!({ "documentId": "viewer", "query": null }),
    ] {
        assert_eq!(client.post(&body).await?.body, runs, "{body}");
    }
    let refused = [
        (json!({ "query": OTHER }), "UNTRUSTED_DOCUMENT"),
        (json!({ "query": "{ __schema { queryType { name } } }" }), "UNTRUSTED_DOCUMENT"),
        (json!({ "documentId": "nothing" }), "PERSISTED_QUERY_NOT_FOUND"),
        (json!({ "extensions": { "persistedQuery": { "sha256Hash": "00" } } }), "PERSISTED_QUERY_NOT_FOUND"),
    ];
    let mut socket = server.socket(None).await?;
    for (index, (body, code)) in refused.iter().enumerate() {
        let answer = client.post(body).await?;
        assert_eq!(answer.code().as_deref(), Some(*code), "{body}: {}", answer.body);
        assert_eq!(answer.body.get("data"), None);
        let id = index.to_string();
        socket.send(&json!({ "type": "subscribe", "id": id, "payload": body }))?;
        let error = socket.any_for(&id, LIMIT).await?;
        assert_eq!(error.message["payload"][0]["extensions"]["code"], *code, "{body}");
        let stream = client.http().post(client.address("/graphql")).header("accept", "text/event-stream");
        let events = stream.json(body).send().await?.text().await?;
        ensure!(events.contains(code) && !events.contains("\"data\""), "{body}: {events}");
    }
    socket.send(&json!({ "type": "subscribe", "id": "changes", "payload": { "documentId": "changes" } }))?;
    assert_eq!(socket.next_for("changes", LIMIT).await?.field("activeSessionChanged")["kind"], "SNAPSHOT");

    let by_get = client.http().get(client.address("/graphql?documentId=viewer")).send().await?;
    assert_eq!(by_get.json::<Value>().await?, runs);
    let admin = server.client().with_token(&token::admin());
    admin.data(OTHER, json!({})).await?;
    admin.data("{ __schema { queryType { name } } }", json!({})).await?;
    Ok(())
}

#[tokio::test]
async fn without_a_list_a_hash_alone_is_not_supported() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let hash = json!({ "persistedQuery": { "version": 1, "sha256Hash": "00" } });
    let client = server.client();
    let answer = client.post(&json!({ "extensions": hash })).await?;
    let error = answer.error().context("no error")?;
    assert_eq!((&*error.code, &*error.message), ("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"));
    let answer = client.post(&json!({ "query": OTHER, "extensions": hash })).await?;
    assert_eq!(answer.body, json!({ "data": { "viewerIsAdmin": false } }));
    Ok(())
}

#[tokio::test]
async fn list_that_cannot_be_used_stops_the_start() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let folder = TemporaryFolder::new()?;
    for (name, content, problem) in [
        ("missing.json", None, "cannot be read"),
        ("text.json", Some("documents"), "it is not JSON"),
        ("list.json", Some("[]"), "it must be a JSON object from ids to documents"),
        ("broken.json", Some(r#"{"one": "query {"}"#), "the document 'one' cannot be parsed"),
    ] {
        let file = folder.join(name);
        if let Some(content) = content {
            fs::write(&file, content)?;
        }
        let file = file.display().to_string();
        let ended = run(&Settings::new(&database.url).with("TRUSTED_DOCUMENTS", &file), &["serve"]).await?;
        let error = &ended.stderr;
        ensure!(!ended.status.success(), "{name}: {}", ended.status);
        ensure!(
            error.contains("TRUSTED_DOCUMENTS names") && error.contains(name) && error.contains(problem),
            "{error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn documents_of_the_browser_module_are_always_trusted() -> Result<()> {
    node("module-documents.mjs", &[]).await
}
