//! Pictures of sessions. A picture is on another site, which learns the address of whoever loads it.

use anyhow::{Result, ensure};
use insession_tests::{Deployment, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use super::Visitor;
use crate::fixtures::{create_instance, create_person, in_seconds};

const CREATE: &str =
    "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id pictureUrl } } }";
const UPDATE: &str = "mutation($input: UpdateSessionInput!) {
    updateSession(input: $input) { session { pictureUrl } }
}";
const PAGE: &str = "/sessions/tunes";

on_both_databases!(picture_of_a_session_is_shown_to_people_who_are_signed_in);

async fn picture_of_a_session_is_shown_to_people_who_are_signed_in(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    // Without a buffer, the meeting stays among the next ones while the test runs.
    let of_picture = |address: &str| {
        let input =
            json!({ "name": "Tunes", "timeZone": "UTC", "activeBufferMinutesBefore": 0, "pictureUrl": address });
        json!({ "input": input })
    };
    for wrong in [
        "http://pictures.example/a.jpg",
        "pictures.example/a.jpg",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "https://ann:secret@pictures.example/a.jpg",
        "https://*/a.jpg",
        "https://a;sandbox/a.jpg",
        "https://192.0.2.1/a.jpg",
        &format!("https://pictures.example/{}", "a".repeat(1_980)),
    ] {
        let answer = admin.query(CREATE, of_picture(wrong)).await?;
        let extensions = &answer.body["errors"][0]["extensions"];
        let expected = (&json!("BAD_USER_INPUT"), &json!("pictureUrl"));
        assert_eq!((&extensions["code"], &extensions["field"]), expected, "{wrong}");
    }
    let made = admin.data(CREATE, of_picture("https://Pictures.example:8443/a.jpg?w=1&h=2")).await?;
    let session = &made["createSession"]["session"];
    assert_eq!(session["pictureUrl"], "https://pictures.example:8443/a.jpg?w=1&h=2");
    let id = session["id"].as_str().unwrap_or_default();
    create_instance(&admin, id, in_seconds(3_600), in_seconds(7_200)).await?;

    // Strangers, search engines and messengers get the address of the picture, but their browsers do not load it.
    let stranger = Visitor::of(&deployment.first().client());
    let strict = stranger.get("/").await?.policy;
    ensure!(strict.contains("; img-src 'self' data:; "), "{strict}");
    let page = stranger.get(PAGE).await?.lacks("<img")?;
    assert_eq!(page.policy, strict);
    page.says("<meta property=\"og:image\" content=\"https://pictures.example:8443/a.jpg?w=1&amp;h=2\">")?
        .says("<meta name=\"twitter:image\" content=\"https://pictures.example:8443/a.jpg?w=1&amp;h=2\">")?
        .says("<link itemprop=\"image\" href=\"https://pictures.example:8443/a.jpg?w=1&amp;h=2\">")?
        .lacks("icon-512.png\"")?;

    let person = create_person(&admin, "Ann").await?;
    let ann = Visitor::of(&deployment.first().client_of(&person));
    let page = ann.get(PAGE).await?;
    let allowed = "img-src 'self' data: https://pictures.example:8443;";
    assert_eq!(page.policy, strict.replace("img-src 'self' data:;", allowed));
    page.says(
        "<img src=\"https://pictures.example:8443/a.jpg?w=1&amp;h=2\" alt=\"Tunes\" loading=\"lazy\" referrerpolicy=\"no-referrer\">",
    )?;
    assert_eq!(ann.get("/").await?.policy, strict);

    // Without the field, the picture stays.
    let update = async |mut input: Value| -> Result<Value> {
        input["id"] = json!(id);
        let data = admin.data(UPDATE, json!({ "input": input })).await?;
        Ok(data["updateSession"]["session"]["pictureUrl"].clone())
    };
    assert_eq!(update(json!({ "name": "Tunes" })).await?, "https://pictures.example:8443/a.jpg?w=1&h=2");
    assert_eq!(update(json!({ "pictureUrl": "https://other.example/b" })).await?, "https://other.example/b");
    let page = ann.get(PAGE).await?.says("<img src=\"https://other.example/b\"")?;
    ensure!(page.policy.contains("data: https://other.example;"), "{}", page.policy);
    let wrong = json!({ "input": { "id": id, "pictureUrl": "http://other.example/b" } });
    assert_eq!(admin.error_code(UPDATE, wrong).await?, "BAD_USER_INPUT");
    assert_eq!(update(json!({ "pictureUrl": null })).await?, Value::Null);
    let page = ann.get(PAGE).await?.lacks("<img")?.lacks("other.example")?.says("icon-512.png\"")?;
    assert_eq!(page.policy, strict);
    Ok(())
}
