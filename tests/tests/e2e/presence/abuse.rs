//! Clients that send invalid input, and clients that send too much.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use anyhow::{Result, ensure};
use chrono::SubsecRound;
use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};
use insession_tests::{
    Deployment, LIMIT, Postgres, Program, Settings, TestDatabase, eventually, now, on_both_databases,
};
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, instant, new_visit, save_activity};

on_both_databases!(
    invalid_input_is_refused_with_the_name_of_its_field,
    only_the_visit_that_beats_too_often_is_rate_limited,
);

const BEAT: &str = "mutation($input: HeartbeatInput!) { heartbeat(input: $input) {
    presence { id languageCode currentPage lastSeenAt startedAt }
} }";

async fn invalid_input_is_refused_with_the_name_of_its_field(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let client = deployment.first().client_of(&create_person(&admin, "Ann").await?);
    let visit = new_visit();
    let with = |field: &str, value: Value| {
        let mut input = json!({ "presenceId": visit });
        input[field] = value;
        json!({ "input": input })
    };
    for (field, value) in [
        ("presenceId", json!("")),
        ("presenceId", json!("1")),
        ("presenceId", json!(format!("Presence:{visit}"))),
        ("presenceId", json!(visit.replace('-', ""))),
        ("presenceId", json!("' OR ''='-aaaa-aaaa-aaaa-aaaaaaaaaaaa")),
        ("presenceId", json!("é".repeat(18))),
        ("presenceId", json!("x".repeat(100_000))),
        ("currentPage", json!("/".repeat(2_001))),
        ("currentPage", json!("/a\0b")),
    ] {
        let variables = with(field, value);
        let answer = client.query(BEAT, variables.clone()).await?;
        assert_eq!(answer.code().as_deref(), Some("BAD_USER_INPUT"), "{variables}: {}", answer.body);
        assert_eq!(answer.body.pointer("/errors/0/extensions/field"), Some(&json!(field)), "{variables}");
    }
    // A heartbeat never fails because of its language.
    for (given, stored) in [
        ("en_US", json!("en-US")),
        ("", Value::Null),
        ("x-klingon", Value::Null),
        ("english language", Value::Null),
        (&"a".repeat(36), Value::Null),
        ("日本語", Value::Null),
        ("en\0", Value::Null),
    ] {
        let seen = client.data(BEAT, with("languageCode", json!(given))).await?;
        assert_eq!(seen["heartbeat"]["presence"]["languageCode"], stored, "{given}");
    }
    let filtered = "query($code: String!) { presences(filter: { languageCode: $code }) { totalCount } }";
    assert_eq!(admin.data(filtered, json!({ "code": "en_us" })).await?["presences"]["totalCount"], 0);
    assert_eq!(admin.error_code(filtered, json!({ "code": "x-klingon" })).await?, "BAD_USER_INPUT");
    // The client cannot state an instant.
    for field in ["lastSeenAt", "at", "status", "startedAt"] {
        let lie = with(field, json!("2001-01-01T00:00:00Z"));
        assert_eq!(client.error_code(BEAT, lie).await?, "BAD_USER_INPUT");
    }
    // The longest values are accepted. A value that is left out stays; null clears it.
    let page = "é".repeat(2_000);
    let asked = now().trunc_subsecs(3);
    let longest = json!({ "presenceId": visit.to_uppercase(), "languageCode": "ZH-hant-tw", "currentPage": page });
    let taken = client.data(BEAT, json!({ "input": longest })).await?["heartbeat"]["presence"].take();
    assert_eq!(taken["id"], format!("Presence:{visit}"));
    let kept = client.data(BEAT, json!({ "input": { "presenceId": visit } })).await?["heartbeat"]["presence"].take();
    for shown in [taken, kept] {
        assert_eq!((&shown["languageCode"], &shown["currentPage"]), (&json!("zh-Hant-TW"), &json!(page)));
        let seen = instant(&shown["lastSeenAt"])?;
        ensure!(
            (asked..=now()).contains(&seen),
            "the server's clock cannot have shown {seen}: it was asked at {asked}"
        );
    }
    let cleared = json!({ "presenceId": visit, "languageCode": null, "currentPage": null });
    let cleared = client.data(BEAT, json!({ "input": cleared })).await?["heartbeat"]["presence"].take();
    assert_eq!((&cleared["languageCode"], &cleared["currentPage"]), (&Value::Null, &Value::Null));

    let save = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    for wrong in [
        json!({ "key": "", "name": "x" }),
        json!({ "key": "a b", "name": "x" }),
        json!({ "key": "a/b", "name": "x" }),
        json!({ "key": "k".repeat(201), "name": "x" }),
        json!({ "key": "k", "name": " " }),
        json!({ "key": "k", "name": "x", "maxConcurrent": -1 }),
    ] {
        assert_eq!(admin.error_code(save, json!({ "input": wrong })).await?, "BAD_USER_INPUT", "{wrong}");
    }
    // A key with a NUL cannot exist: it is not found.
    let nul = json!({ "key": "inter\0view", "id": visit });
    let look =
        "query($key: String!) { activity(key: $key) { id } presences(filter: { activityKey: $key }) { nodes { id } } }";
    let found = admin.data(look, json!({ "key": "inter\0view" })).await?;
    assert_eq!(found, json!({ "activity": null, "presences": { "nodes": [] } }));
    let enter = "mutation($id: ID!, $key: String!) { enterActivity(input: { presenceId: $id, activityKey: $key }) { admitted } }";
    assert_eq!(client.error_code(enter, nul).await?, "NOT_FOUND");
    for id in ["", "Presence:", "Presence:1", &visit, "Presence:00000000-0000-0000-0000-00000000000g"] {
        let document = "query($id: ID!) { presence(id: $id) { id } }";
        assert_eq!(admin.error_code(document, json!({ "id": id })).await?, "BAD_USER_INPUT", "{id}");
    }
    Ok(())
}

#[tokio::test]
async fn nobody_gets_a_seat_while_the_database_is_down() -> Result<()> {
    let mut postgres = Postgres::start().await?;
    let database = TestDatabase::on(&postgres).await?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let client = server.client_of(&create_person(&server.admin(), "Ann").await?);
    save_activity(&server.admin(), "interview", Some(1)).await?;
    let visit = new_visit();
    beat(&client, &visit).await?;
    postgres.kill().await?;
    let enter =
        r#"mutation($id: ID!) { enterActivity(input: { presenceId: $id, activityKey: "interview" }) { admitted } }"#;
    assert_eq!(client.error_code(enter, json!({ "id": visit })).await?, "INTERNAL");
    assert_eq!(client.error_code(BEAT, json!({ "input": { "presenceId": visit } })).await?, "INTERNAL");
    postgres.start_again().await?;
    eventually(LIMIT, "the server to recover", async || {
        beat(&client, &visit).await?;
        ensure!(client.data(enter, json!({ "id": visit })).await?["enterActivity"]["admitted"] == true, "not admitted");
        Ok(())
    })
    .await
}

/// One visit beats as fast as it can. Visits of another person begin for as long as that goes on.
async fn only_the_visit_that_beats_too_often_is_rate_limited(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(3)).await?;
    let abuser = deployment.first().client_of(&create_person(&admin, "Abuser").await?);
    let other = deployment.first().client_of(&create_person(&admin, "Other").await?);
    let visit = new_visit();
    let is_over = AtomicBool::new(false);
    let begin = Instant::now();
    let flood = async {
        let input = json!({ "input": { "presenceId": visit } });
        let answers = stream::iter(0..2_000).map(|_| abuser.query(BEAT, input.clone())).buffer_unordered(20);
        let codes: Result<Vec<_>> = answers.map_ok(|answer| answer.code()).try_collect().await;
        is_over.store(true, Ordering::Relaxed);
        codes
    };
    let others = async {
        let mut answered = 0;
        while !is_over.load(Ordering::Relaxed) {
            // Fails unless it is answered 200 and without an error.
            beat(&other, &new_visit()).await?;
            answered += 1;
        }
        Ok(answered)
    };
    let (codes, answered) = try_join(flood, others).await?;
    let accepted = codes.iter().filter(|code| code.is_none()).count();
    // 30 at once, and then 5 for each second that has passed: a slow machine only raises the bound.
    let allowed = 30 + 5 * usize::try_from(begin.elapsed().as_secs() + 1)?;
    ensure!(
        (30..=allowed).contains(&accepted),
        "{accepted} of 2,000 beats were accepted; at most {allowed} are allowed"
    );
    ensure!(codes.iter().flatten().all(|code| code == "RATE_LIMITED"), "{codes:?}");
    ensure!(answered > 1, "the other person's visits were only answered when the flood was over");
    Ok(())
}
