//! API keys: who may create them, what they may do, and how they end.

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use insession_tests::{Deployment, LIMIT, TestDatabase, database::number, eventually, now, on_both_databases, token};
use serde_json::{Value, json};

use crate::fixtures::create_person;

on_both_databases!(
    api_key_acts_for_its_person_until_it_is_revoked,
    creating_api_keys_requires_rights,
    api_keys_follow_erasure_merging_and_deactivation,
);

const VIEWER: &str = "{ viewer { id } viewerIsAdmin }";
const CREATE: &str = "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey {
    id name isAdmin createdAt expiresAt lastUsedAt person { id } } } }";
const REVOKE: &str = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedApiKeyId } }";
const KEYS: &str = "{ apiKeys { totalCount nodes { id name lastUsedAt } } }";

async fn api_key_acts_for_its_person_until_it_is_revoked(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let own = deployment.first().client().with_token(&token::of(&ann));
    let made = own.data(CREATE, json!({ "input": { "name": "Door display" } })).await?["createApiKey"].take();
    let (id, secret) = (made["apiKey"]["id"].clone(), made["secret"].as_str().unwrap_or_default().to_owned());
    ensure!(secret.starts_with("isk_"), "{made}");
    assert_eq!(made["apiKey"]["person"]["id"], ann);
    assert_eq!((&made["apiKey"]["isAdmin"], &made["apiKey"]["lastUsedAt"]), (&json!(false), &Value::Null));
    let connection = database.connect().await?;
    let stored = format!("SELECT COUNT(*) FROM api_key WHERE secret_hash LIKE '%{secret}%'");
    assert_eq!(number(&connection, &stored).await?, 0, "the secret is stored as it is");

    let mut sockets = Vec::new();
    for server in [deployment.first(), deployment.second()] {
        let client = server.client().with_token(&secret);
        assert_eq!(client.data(VIEWER, json!({})).await?, json!({ "viewer": { "id": ann }, "viewerIsAdmin": false }));
        sockets.push(server.socket(Some(&secret)).await?);
    }
    let mut kept = deployment.second().socket(Some(&token::of(&ann))).await?;
    eventually(LIMIT, "the use of the key to be recorded", async || {
        let keys = own.data(KEYS, json!({})).await?["apiKeys"].take();
        ensure!(keys["totalCount"] == 1 && !keys["nodes"][0]["lastUsedAt"].is_null(), "{keys}");
        Ok(())
    })
    .await?;

    // The audit log names the person and the key.
    let with_key = deployment.second().client().with_token(&secret);
    let rename = r#"mutation($id: ID!) { updatePerson(input: { id: $id, displayName: "Anna" }) { person { id } } }"#;
    with_key.data(rename, json!({ "id": ann })).await?;
    let log = "query($node: ID!) { auditLog(nodeId: $node, first: 1) { nodes { id actor apiKey { id name } } } }";
    let entry = admin.data(log, json!({ "node": ann })).await?["auditLog"]["nodes"][0].take();
    assert_eq!(
        (&entry["actor"], &entry["apiKey"]["id"], &entry["apiKey"]["name"]),
        (&json!(ann), &id, &json!("Door display"))
    );
    ensure!(entry["id"].as_str().is_some_and(|id| id.starts_with("AuditEntry:")), "{entry}");

    let bob = create_person(&admin, "Bob").await?;
    let theirs = deployment.first().client().with_token(&token::of(&bob));
    assert_eq!(theirs.error_code(REVOKE, json!({ "id": id })).await?, "NOT_FOUND");
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(theirs.data(node, json!({ "id": id })).await?["node"], Value::Null);
    assert_eq!(own.data(node, json!({ "id": id })).await?["node"]["id"], id);

    assert_eq!(own.data(REVOKE, json!({ "id": id })).await?["revokeApiKey"]["revokedApiKeyId"], id);
    for socket in &mut sockets {
        assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    }
    for server in [deployment.first(), deployment.second()] {
        assert_eq!(server.client().with_token(&secret).error_code(VIEWER, json!({})).await?, "UNAUTHENTICATED");
        ensure!(server.socket(Some(&secret)).await.is_err(), "a socket accepted a revoked key");
    }
    kept.subscribe("still", "query { viewer { id } }", json!({}))?;
    assert_eq!(kept.next_for("still", LIMIT).await?.field("viewer")["id"], ann);
    assert_eq!(own.error_code(REVOKE, json!({ "id": id })).await?, "NOT_FOUND");
    assert_eq!(own.data(KEYS, json!({})).await?["apiKeys"]["totalCount"], 0);

    // A person may erase themselves with a key. The key is erased, too.
    let made = own.data(CREATE, json!({ "input": { "name": "Last" } })).await?["createApiKey"]["secret"].take();
    let last = deployment.first().client().with_token(made.as_str().unwrap_or_default());
    let erase = "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }";
    assert_eq!(last.data(erase, json!({ "id": ann })).await?["erasePerson"]["erasedPersonId"], ann);
    Ok(())
}

async fn creating_api_keys_requires_rights(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let [ann, bob] = [create_person(&admin, "Ann").await?, create_person(&admin, "Bob").await?];
    let own = deployment.first().client().with_token(&token::of(&ann));
    let nobody = deployment.first().client();
    let key = |input: Value| json!({ "input": input });
    assert_eq!(nobody.error_code(CREATE, key(json!({ "name": "A" }))).await?, "UNAUTHENTICATED");
    assert_eq!(nobody.data(KEYS, json!({})).await?["apiKeys"], Value::Null);
    for (input, code) in [
        (json!({ "name": "A", "personId": bob }), "FORBIDDEN"),
        (json!({ "name": "A", "isAdmin": true }), "FORBIDDEN"),
        (json!({ "name": " " }), "BAD_USER_INPUT"),
        (json!({ "name": "A", "expiresAt": now() - TimeDelta::seconds(1) }), "BAD_USER_INPUT"),
        (json!({ "name": "A", "personId": "Session:1" }), "BAD_USER_INPUT"),
    ] {
        assert_eq!(own.error_code(CREATE, key(input.clone())).await?, code, "{input}");
    }
    assert_eq!(admin.error_code(CREATE, key(json!({ "name": "A" }))).await?, "BAD_USER_INPUT");
    assert_eq!(admin.error_code(CREATE, key(json!({ "name": "A", "personId": "Person:999" }))).await?, "NOT_FOUND");

    let of = async |input: Value| -> Result<String> {
        let made = admin.data(CREATE, key(input)).await?;
        Ok(made["createApiKey"]["secret"].as_str().unwrap_or_default().to_owned())
    };
    for (input, expected) in [
        (json!({ "name": "Bob's", "personId": bob }), json!({ "viewer": { "id": bob }, "viewerIsAdmin": false })),
        (json!({ "name": "Backup", "isAdmin": true }), json!({ "viewer": null, "viewerIsAdmin": true })),
        (
            json!({ "name": "Both", "isAdmin": true, "personId": bob, "expiresAt": now() + TimeDelta::hours(1) }),
            json!({ "viewer": { "id": bob }, "viewerIsAdmin": true }),
        ),
    ] {
        let secret = of(input.clone()).await?;
        let client = deployment.second().client().with_token(&secret);
        assert_eq!(client.data(VIEWER, json!({})).await?, expected, "{input}");
        assert_eq!(client.error_code(CREATE, key(json!({ "name": "Another" }))).await?, "FORBIDDEN");
    }
    // The actor of an admin's key is its name.
    let backup = of(json!({ "name": "Nightly", "isAdmin": true })).await?;
    let made = create_person(&deployment.first().client().with_token(&backup), "Cem").await?;
    let log = "query($node: ID!) { auditLog(nodeId: $node) { nodes { actor } } }";
    assert_eq!(admin.data(log, json!({ "node": made })).await?["auditLog"]["nodes"][0]["actor"], "Nightly");

    for wrong in ["isk_", "isk_short", &format!("isk_{}", "A".repeat(43))] {
        assert_eq!(nobody.clone().with_token(wrong).error_code(VIEWER, json!({})).await?, "UNAUTHENTICATED", "{wrong}");
    }
    Ok(())
}

async fn api_keys_follow_erasure_merging_and_deactivation(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let mut keys = Vec::new();
    let mut people = Vec::new();
    for name in ["Erased", "Merged", "Left", "Revoked", "Deactivated"] {
        let person = create_person(&admin, name).await?;
        let made = admin.data(CREATE, json!({ "input": { "name": name, "personId": person } })).await?;
        let secret = made["createApiKey"]["secret"].as_str().unwrap_or_default().to_owned();
        deployment.second().client().with_token(&secret).data(VIEWER, json!({})).await?;
        people.push(person);
        keys.push(secret);
    }
    for change in [
        format!(r#"mutation {{ erasePerson(id: "{}") {{ erasedPersonId }} }}"#, people[0]),
        format!(
            r#"mutation {{ mergePeople(fromId: "{}", intoId: "{}") {{ person {{ id }} }} }}"#,
            people[1], people[2]
        ),
        format!(r#"mutation {{ revokeTokens(personId: "{}") {{ person {{ id }} }} }}"#, people[3]),
        format!(
            r#"mutation {{ updatePerson(input: {{ id: "{}", isDeactivated: true }}) {{ person {{ id }} }} }}"#,
            people[4]
        ),
    ] {
        admin.data(&change, json!({})).await?;
    }
    let client = |key: usize| deployment.second().client().with_token(&keys[key]);
    eventually(LIMIT, "the second server to read the changes", async || {
        for refused in [0, 3] {
            ensure!(client(refused).query(VIEWER, json!({})).await?.status == 401, "{refused} is still accepted");
        }
        ensure!(client(1).data(VIEWER, json!({})).await?["viewer"]["id"] == people[2], "not merged yet");
        let rename = r#"mutation($id: ID!) { updatePerson(input: { id: $id, displayName: "D" }) { person { id } } }"#;
        ensure!(client(4).error_code(rename, json!({ "id": people[4] })).await? == "FORBIDDEN", "not deactivated yet");
        Ok(())
    })
    .await
}
