//! What a person may do with their own data on `/me`: read all of it, and delete it.

use anyhow::{Result, ensure};
use insession_tests::{Deployment, TestDatabase, database::number, on_both_databases, token};
use reqwest::header::{CACHE_CONTROL, CONTENT_DISPOSITION, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::fixtures::{add_organizer, beat, check_in, create_active_instance, create_person, create_session};

on_both_databases!(person_downloads_and_deletes_their_own_data);

async fn person_downloads_and_deletes_their_own_data(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let [ann, bob] = [create_person(&admin, "Ann").await?, create_person(&admin, "Bob").await?];
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    add_organizer(&admin, &session, &ann).await?;
    let own = deployment.first().client().with_token(&token::of(&ann));
    check_in(&own, &instance, "YES", None).await?;
    check_in(&admin, &instance, "YES", Some(&bob)).await?;
    beat(&own, "0f8fad5b-d9cb-469f-a165-70867728950e").await?;
    let document = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    let closed = json!({ "key": "interview", "name": "The interview", "maxConcurrent": 0 });
    admin.data(document, json!({ "input": closed })).await?;
    let document = "mutation($input: EnterActivityInput!) { enterActivity(input: $input) { admitted } }";
    let waits =
        json!({ "presenceId": "0f8fad5b-d9cb-469f-a165-70867728950e", "activityKey": "interview", "wait": true });
    own.data(document, json!({ "input": waits })).await?;
    let key = r#"mutation { createApiKey(input: { name: "Display" }) { secret } }"#;
    let secret = own.data(key, json!({})).await?["createApiKey"]["secret"].take();
    // The data also has what others changed of the person's objects.
    check_in(&admin, &instance, "MAYBE", Some(&ann)).await?;
    check_in(&own, &instance, "YES", None).await?;
    let revoke = r#"mutation { revokeApiKey(id: "ApiKey:1") { revokedApiKeyId } }"#;
    admin.data(revoke, json!({})).await?;

    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let client = deployment.first().client();
    let cookie = format!("insession_token={}", token::of(&ann));
    let answer = http.get(client.address("/me/data.json")).send().await?;
    assert_eq!(answer.status(), 303, "without a sign-in the page redirects");
    let answer = http.get(client.address("/me/data.json")).header(COOKIE, &cookie).send().await?;
    assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
    ensure!(answer.headers()[CONTENT_DISPOSITION].to_str()?.starts_with("attachment"));
    let text = answer.text().await?;
    ensure!(!text.contains(secret.as_str().unwrap_or_default()) && !text.contains("Bob"), "{text}");
    let data: Value = serde_json::from_str(&text)?;
    assert_eq!((&data["person"]["id"], &data["person"]["displayName"]), (&json!(ann), &json!("Ann")));
    assert_eq!(data["organizedSessions"][0]["name"], "Monday");
    assert_eq!(data["checkIns"][0]["attendance"], "YES");
    assert_eq!(data["checkIns"][0]["sessionInstance"]["session"], "Monday");
    assert_eq!(data["visits"][0]["id"], "Presence:0f8fad5b-d9cb-469f-a165-70867728950e");
    assert_eq!(data["queuePlaces"][0]["visit"], data["visits"][0]["id"]);
    assert_eq!(data["apiKeys"][0]["name"], "Display");
    let audit: Vec<&str> =
        data["auditLog"].as_array().into_iter().flatten().filter_map(|it| it["action"].as_str()).collect();
    assert_eq!(audit, ["createPerson", "createApiKey", "checkIn", "revokeApiKey"]);
    let is_here = |change: &Value| change["kind"] == "PERSON_MOVED" && change["sessionInstance"] == *instance;
    ensure!(data["recentChanges"].as_array().is_some_and(|changes| changes.iter().any(is_here)), "{data}");

    let erase = |confirmation: &str| {
        let form = http.post(client.address("/me/erase")).header(COOKIE, &cookie);
        form.form(&[("confirmation", confirmation)])
    };
    let refused = erase("Bob").send().await?;
    assert_eq!(refused.status(), 422);
    ensure!(refused.text().await?.contains("Nothing was deleted."));
    let done = erase(" Ann ").send().await?;
    assert_eq!((done.status().as_u16(), done.headers()[LOCATION].to_str()?), (303, "/"));
    ensure!(done.headers()[SET_COOKIE].to_str()?.contains("Max-Age=0"));
    let person = "query($id: ID!) { person(id: $id) { displayName } }";
    ensure!(!admin.data(person, json!({ "id": ann })).await?.to_string().contains("Ann"), "the name is still there");
    let named = "SELECT count(*) FROM audit_entry WHERE changes LIKE '%\"Ann\"%' OR changes LIKE '%\"Display\"%'";
    assert_eq!(number(&database.connect().await?, named).await?, 0);
    Ok(())
}
