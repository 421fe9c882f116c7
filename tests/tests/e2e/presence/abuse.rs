//! Clients that lie, and such that do not stop.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, future::try_join, stream};
use insession_tests::{Deployment, Postgres, Program, Settings, TestDatabase, eventually, now, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, new_visit, save_activity};

on_both_databases!(what_is_wrong_is_refused_with_its_field, who_beats_too_often_is_slowed_down_and_nobody_else);

const BEAT: &str = "mutation($input: HeartbeatInput!) { heartbeat(input: $input) {
    presence { id languageCode currentPage lastSeenAt startedAt }
} }";

async fn what_is_wrong_is_refused_with_its_field(database: TestDatabase) -> Result<()> {
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
        ("languageCode", json!("")),
        ("languageCode", json!("en_US")),
        ("languageCode", json!("english language")),
        ("languageCode", json!("a".repeat(36))),
        ("languageCode", json!("日本語")),
        ("languageCode", json!("en\0")),
        ("currentPage", json!("/".repeat(2_001))),
        ("currentPage", json!("/a\0b")),
    ] {
        let variables = with(field, value);
        let answer = client.query(BEAT, variables.clone()).await?;
        assert_eq!(answer.code().as_deref(), Some("BAD_USER_INPUT"), "{variables}: {}", answer.body);
        assert_eq!(answer.body.pointer("/errors/0/extensions/field"), Some(&json!(field)), "{variables}");
    }
    // There is no way to say when.
    for field in ["lastSeenAt", "at", "status", "startedAt"] {
        let lie = with(field, json!("2001-01-01T00:00:00Z"));
        assert_eq!(client.error_code(BEAT, lie).await?, "BAD_USER_INPUT");
    }
    // The longest of everything, in whatever script; then left out, which keeps it, then cleared.
    let page = "é".repeat(2_000);
    let longest = json!({ "presenceId": visit.to_uppercase(), "languageCode": "ZH-hant-tw", "currentPage": page });
    let taken = client.data(BEAT, json!({ "input": longest })).await?["heartbeat"]["presence"].take();
    assert_eq!(taken["id"], format!("Presence:{visit}"));
    let kept = client.data(BEAT, json!({ "input": { "presenceId": visit } })).await?["heartbeat"]["presence"].take();
    for shown in [taken, kept] {
        assert_eq!((&shown["languageCode"], &shown["currentPage"]), (&json!("zh-Hant-TW"), &json!(page)));
        let seen: DateTime<Utc> = shown["lastSeenAt"].as_str().context("an instant")?.parse()?;
        ensure!((now() - seen).abs() < TimeDelta::seconds(5), "{seen}");
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
    // A key that can't be is nowhere.
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
async fn without_the_database_nobody_gets_a_seat() -> Result<()> {
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
    eventually(Duration::from_secs(30), "the server to recover", async || {
        beat(&client, &visit).await?;
        ensure!(client.data(enter, json!({ "id": visit })).await?["enterActivity"]["admitted"] == true, "not admitted");
        Ok(())
    })
    .await
}

/// One visit that beats as fast as it can, for some seconds, and others that beat as they should.
async fn who_beats_too_often_is_slowed_down_and_nobody_else(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    save_activity(&admin, "interview", Some(3)).await?;
    let greedy = deployment.first().client_of(&create_person(&admin, "Greedy").await?);
    let modest = deployment.first().client_of(&create_person(&admin, "Modest").await?);
    let visit = new_visit();
    let begin = Instant::now();
    let flood = async {
        let input = json!({ "input": { "presenceId": visit } });
        let answers = stream::iter(0..2_000).map(|_| greedy.query(BEAT, input.clone())).buffer_unordered(20);
        let codes: Vec<Option<String>> = answers
            .map(|answer| Ok(answer?.code()))
            .collect::<Vec<Result<_>>>()
            .await
            .into_iter()
            .collect::<Result<_>>()?;
        Ok::<_, anyhow::Error>(codes)
    };
    let others = async {
        let mut times = Vec::new();
        for _ in 0..10 {
            let one = Instant::now();
            beat(&modest, &new_visit()).await?;
            times.push(one.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        times.sort_unstable();
        Ok(times[times.len() / 2])
    };
    let (codes, usual) = try_join(flood, others).await?;
    let taken = codes.iter().filter(|code| code.is_none()).count();
    let allowed = 30 + usize::try_from(begin.elapsed().as_secs())? * 5 + 5;
    ensure!((30..=allowed).contains(&taken), "{taken} beats were taken of 2,000 in {:?}", begin.elapsed());
    ensure!(codes.iter().flatten().all(|code| code == "RATE_LIMITED"), "{codes:?}");
    ensure!(usual < Duration::from_secs(1), "another's beats take {usual:?}");
    Ok(())
}
