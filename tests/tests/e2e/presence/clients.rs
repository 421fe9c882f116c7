//! Visits over the API of real servers.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use insession_tests::{Client, Deployment, LIMIT, Settings, Socket, TestDatabase, now, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{
    beat, create_person, enter_activity, instant, new_visit, next_sweep_of_visits, save_activity,
    wait_until_clear_of_sweeps,
};

on_both_databases!(
    visit_goes_from_first_heartbeat_to_completion,
    subscribers_get_the_latest_occupancy,
    anonymous_visits_require_their_secret,
    visits_are_listed_for_admins_only,
);

const KEY: &str = "interview";

fn quick(settings: Settings) -> Settings {
    settings.with("ONLINE_WINDOW_SECONDS", "3")
}

async fn leave(client: &Client, visit: &str) -> Result<Value> {
    let document =
        "mutation($id: ID!) { leaveActivity(presenceId: $id) { presence { activity { key } } activity { key } } }";
    Ok(client.data(document, json!({ "id": visit })).await?["leaveActivity"].take())
}

async fn complete(client: &Client, visit: &str) -> Result<Value> {
    let document = "mutation($id: ID!) { completePresence(presenceId: $id) {
        presence { status isOnline completedAt activity { key } } activity { key occupancy }
    } }";
    Ok(client.data(document, json!({ "id": visit })).await?["completePresence"].take())
}

async fn visit_goes_from_first_heartbeat_to_completion(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (ann, bob) = (create_person(&admin, "Ann").await?, create_person(&admin, "Bob").await?);
    let (ann, bob) = (deployment.first().client_of(&ann), deployment.second().client_of(&bob));
    save_activity(&admin, KEY, Some(1)).await?;

    let (visit, other) = (new_visit(), new_visit());
    let began = now().trunc_subsecs(3);
    let first = beat(&ann, &visit).await?;
    assert_eq!(first["presence"]["id"], format!("Presence:{visit}"));
    assert_eq!((&first["presence"]["isOnline"], &first["presence"]["status"]), (&json!(true), &json!("ACTIVE")));
    assert_eq!(
        (&first["secret"], &first["activity"], &first["heartbeatSeconds"]),
        (&Value::Null, &Value::Null, &json!(20))
    );
    let stamped = instant(&first["presence"]["startedAt"])?;
    ensure!((began..=now()).contains(&stamped), "the server's clock cannot have shown {stamped}: it began at {began}");

    let entered = enter_activity(&ann, &visit, KEY).await?;
    assert_eq!(
        (&entered["admitted"], &entered["occupancy"], &entered["maxConcurrent"]),
        (&json!(true), &json!(1), &json!(1))
    );
    assert_eq!(entered["activity"], json!({ "key": KEY, "occupancy": 1, "isFull": true }));
    assert_eq!(entered["presence"]["activity"]["key"], KEY);
    beat(&bob, &other).await?;
    let refused = enter_activity(&bob, &other, KEY).await?;
    assert_eq!((&refused["admitted"], &refused["occupancy"]), (&json!(false), &json!(1)));
    assert_eq!(refused["message"], "Platform at capacity (1/1). Please try again in a few minutes.");

    let left = leave(&ann, &visit).await?;
    assert_eq!(left, json!({ "presence": { "activity": null }, "activity": { "key": KEY } }));
    assert_eq!(leave(&ann, &visit).await?["activity"], Value::Null);
    assert_eq!(enter_activity(&bob, &other, KEY).await?["admitted"], true);

    let done = complete(&bob, &other).await?;
    assert_eq!(done["activity"], json!({ "key": KEY, "occupancy": 0 }));
    assert_eq!((&done["presence"]["status"], &done["presence"]["isOnline"]), (&json!("COMPLETED"), &json!(false)));
    let again = "mutation($id: ID!) { heartbeat(input: { presenceId: $id }) { presence { id } } }";
    assert_eq!(bob.error_code(again, json!({ "id": other })).await?, "INVALID_TRANSITION");
    let nowhere = "mutation($id: ID!) { enterActivity(input: { presenceId: $id, activityKey: \"no\" }) { admitted } }";
    assert_eq!(ann.error_code(nowhere, json!({ "id": visit })).await?, "NOT_FOUND");
    assert_eq!(ann.error_code(nowhere, json!({ "id": new_visit() })).await?, "NOT_FOUND");

    // Only its person and admins see the visit.
    let look = "query($id: ID!) { presence(id: $id) { id person { displayName } }
        node(id: $id) { ... on Presence { id status } } }";
    let id = json!({ "id": format!("Presence:{visit}") });
    for client in [&ann, &admin] {
        let seen = client.data(look, id.clone()).await?;
        assert_eq!(seen["presence"]["person"]["displayName"], "Ann");
        assert_eq!(seen["node"]["status"], "ACTIVE");
    }
    for client in [&bob, &deployment.first().client()] {
        assert_eq!(client.data(look, id.clone()).await?, json!({ "presence": null, "node": null }));
    }
    let node = "query($key: String!) { activity(key: $key) { id occupancyByLanguage { languageCode count } } }";
    let activity = deployment.first().client().data(node, json!({ "key": KEY })).await?["activity"].take();
    let node = "query($id: ID!) { node(id: $id) { ... on Activity { key maxConcurrent isFull } } }";
    let found = ann.data(node, json!({ "id": activity["id"] })).await?;
    assert_eq!(found["node"], json!({ "key": KEY, "maxConcurrent": 1, "isFull": false }));
    Ok(())
}

async fn subscribers_get_the_latest_occupancy(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start_with(&database, quick).await?;
    let admin = deployment.admin();
    let person = deployment.first().client_of(&create_person(&admin, "Ann").await?);
    save_activity(&admin, KEY, Some(2)).await?;
    save_activity(&admin, "study", None).await?;

    let document = "subscription($key: String!) { presenceChanged(activityKey: $key) {
        activity { key isFull } occupancy occurredAt
    } }";
    let mut socket = deployment.second().socket(None).await?;
    socket.subscribe("none", document, json!({ "key": "nothing" }))?;
    assert_eq!(socket.any_for("none", LIMIT).await?.kind(), "error");
    for key in [KEY, "study"] {
        socket.subscribe(key, document, json!({ "key": key }))?;
        assert_eq!(socket.next_for(key, LIMIT).await?.field("presenceChanged")["occupancy"], 0);
    }
    // Values in between may be left out; the last one always comes. Returns when the server changed it.
    let expect_occupancy = async |socket: &mut Socket, expected: i64| -> Result<DateTime<Utc>> {
        let wanted = |received: &insession_tests::Received| received.field("presenceChanged")["occupancy"] == expected;
        let received = socket.next_where(KEY, LIMIT, wanted).await?;
        let change = received.field("presenceChanged");
        assert_eq!(change["activity"], json!({ "key": KEY, "isFull": expected >= 2 }));
        instant(&change["occurredAt"])
    };
    let visits = [new_visit(), new_visit(), new_visit()];
    for visit in &visits {
        beat(&person, visit).await?;
    }
    enter_activity(&person, &visits[0], KEY).await?;
    expect_occupancy(&mut socket, 1).await?;
    enter_activity(&person, &visits[1], KEY).await?;
    expect_occupancy(&mut socket, 2).await?;
    leave(&person, &visits[0]).await?;
    expect_occupancy(&mut socket, 1).await?;
    complete(&person, &visits[1]).await?;
    expect_occupancy(&mut socket, 0).await?;
    // A lease ends by itself: a timer frees the seat, before the next periodic sweep would.
    wait_until_clear_of_sweeps().await?;
    enter_activity(&person, &visits[2], KEY).await?;
    expect_occupancy(&mut socket, 1).await?;
    let freed_at = expect_occupancy(&mut socket, 0).await?;
    let look = "query($id: ID!) { presence(id: $id) { lastSeenAt } }";
    let seen = admin.data(look, json!({ "id": format!("Presence:{}", visits[2]) })).await?;
    let ends_at = instant(&seen["presence"]["lastSeenAt"])? + TimeDelta::seconds(3);
    let sweep = next_sweep_of_visits(ends_at);
    ensure!(
        ends_at <= freed_at && freed_at < sweep,
        "the lease ended at {ends_at}, the seat was freed at {freed_at}; the next sweep is at {sweep}"
    );
    let elsewhere = socket.take_all();
    ensure!(
        elsewhere.iter().all(|received| received.id() != Some("study")),
        "nothing changed in that activity: {elsewhere:?}"
    );
    Ok(())
}

async fn anonymous_visits_require_their_secret(database: TestDatabase) -> Result<()> {
    let anonymous = |settings: Settings| settings.with("ANONYMOUS_PRESENCE", "true");
    let deployment = Deployment::start_with(&database, anonymous).await?;
    let admin = deployment.admin();
    save_activity(&admin, KEY, Some(1)).await?;
    let (nobody, elsewhere) = (deployment.first().client(), deployment.second().client());
    let visit = new_visit();
    let first = beat(&nobody, &visit).await?;
    let secret = first["secret"].as_str().context("the first beat's answer has the secret")?.to_owned();
    let document = "mutation($id: ID!, $secret: String) {
        heartbeat(input: { presenceId: $id, secret: $secret }) { secret presence { isOnline person { id } } }
        enterActivity(input: { presenceId: $id, activityKey: \"interview\", secret: $secret }) { admitted }
        leaveActivity(presenceId: $id, secret: $secret) { activity { key } }
        completePresence(presenceId: $id, secret: $secret) { presence { status } }
    }";
    for wrong in [None, Some(""), Some("x"), Some(&secret[1..])] {
        let answer = elsewhere.query(document, json!({ "id": visit, "secret": wrong })).await?;
        let errors = answer.body["errors"].as_array().context("errors")?;
        ensure!(errors.iter().all(|error| error["extensions"]["code"] == "NOT_FOUND"), "{}", answer.body);
    }
    let done = elsewhere.data(document, json!({ "id": visit, "secret": secret })).await?;
    assert_eq!(done["heartbeat"], json!({ "secret": null, "presence": { "isOnline": true, "person": null } }));
    assert_eq!(done["enterActivity"]["admitted"], true);
    assert_eq!(done["completePresence"]["presence"]["status"], "COMPLETED");
    let look = "query($id: ID!) { presence(id: $id) { id } }";
    let id = json!({ "id": format!("Presence:{visit}") });
    assert_eq!(nobody.data(look, id.clone()).await?["presence"], Value::Null);
    assert_eq!(admin.data(look, id).await?["presence"]["id"], format!("Presence:{visit}"));
    Ok(())
}

async fn visits_are_listed_for_admins_only(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let bob = create_person(&admin, "Bob").await?;
    save_activity(&admin, KEY, None).await?;
    let mut visits = Vec::new();
    for (index, (person, language)) in
        [(&ann, "en"), (&bob, "de"), (&ann, "de"), (&ann, "PT-br")].into_iter().enumerate()
    {
        let client = deployment.first().client_of(person);
        let visit = new_visit();
        let document = "mutation($input: HeartbeatInput!) { heartbeat(input: $input) { presence { id } } }";
        let input = json!({ "presenceId": visit, "languageCode": language, "currentPage": format!("/{index}") });
        client.data(document, json!({ "input": input })).await?;
        if index == 1 {
            enter_activity(&client, &visit, KEY).await?;
        }
        if index == 2 {
            complete(&client, &visit).await?;
        }
        visits.push(visit);
    }
    let document = "query($filter: PresenceFilter, $first: Int, $after: String) {
        presences(filter: $filter, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor }
            nodes { id languageCode currentPage isOnline person { id } activity { key } startedAt }
        }
    }";
    let ids = async |variables: Value| -> Result<(Vec<usize>, Value)> {
        let mut page = admin.data(document, variables).await?["presences"].take();
        let nodes = page["nodes"].as_array().context("nodes")?;
        let place = |node: &Value| visits.iter().position(|visit| node["id"] == format!("Presence:{visit}"));
        Ok((nodes.iter().filter_map(place).collect(), page["pageInfo"]["endCursor"].take()))
    };
    // Newest first, page by page.
    assert_eq!(ids(json!({})).await?.0, [3, 2, 1, 0]);
    let (first, cursor) = ids(json!({ "first": 3 })).await?;
    assert_eq!(first, [3, 2, 1]);
    assert_eq!(ids(json!({ "first": 3, "after": cursor })).await?.0, [0]);
    for (filter, expected) in [
        (json!({ "isOnline": true }), vec![3, 1, 0]),
        (json!({ "isOnline": false }), vec![2]),
        (json!({ "status": "COMPLETED" }), vec![2]),
        (json!({ "activityKey": KEY }), vec![1]),
        (json!({ "activityKey": "nothing" }), vec![]),
        (json!({ "languageCode": "de" }), vec![2, 1]),
        (json!({ "languageCode": "pt-BR" }), vec![3]),
        (json!({ "personId": ann }), vec![3, 2, 0]),
        (json!({ "personId": ann, "isOnline": true, "languageCode": "en" }), vec![0]),
    ] {
        assert_eq!(ids(json!({ "filter": filter })).await?.0, expected, "{filter}");
        let data = admin.data(document, json!({ "filter": filter, "first": 1 })).await?;
        assert_eq!(data["presences"]["totalCount"], expected.len(), "{filter}");
    }
    let statistics = "{ presenceStatistics { onlineCount onlineByLanguage { languageCode count } completedCount
        abandonedCount averageDurationMinutes maximumDurationMinutes startedByHour { hour count } } }";
    let found = admin.data(statistics, json!({})).await?["presenceStatistics"].take();
    assert_eq!(
        (&found["onlineCount"], &found["completedCount"], &found["abandonedCount"]),
        (&json!(3), &json!(1), &json!(0))
    );
    assert_eq!(found["onlineByLanguage"][0], json!({ "languageCode": "de", "count": 1 }));
    ensure!(
        found["averageDurationMinutes"] == found["maximumDurationMinutes"] && found["averageDurationMinutes"].is_f64()
    );
    let hours = found["startedByHour"].as_array().context("hours")?;
    assert_eq!(hours.iter().filter_map(|hour| hour["count"].as_i64()).sum::<i64>(), 4);
    let range = "query($from: DateTime, $to: DateTime) { presenceStatistics(from: $from, to: $to) { completedCount startedByHour { count } } }";
    let before = admin.data(range, json!({ "to": "2020-01-01T00:00:00Z" })).await?;
    assert_eq!(before["presenceStatistics"], json!({ "completedCount": 0, "startedByHour": [] }));
    let upside_down = json!({ "from": "2020-01-02T00:00:00Z", "to": "2020-01-01T00:00:00Z" });
    assert_eq!(admin.error_code(range, upside_down).await?, "BAD_USER_INPUT");
    for client in [deployment.first().client_of(&ann), deployment.first().client()] {
        assert_eq!(client.data(document, json!({})).await?["presences"], Value::Null);
        assert_eq!(client.data(statistics, json!({})).await?["presenceStatistics"], Value::Null);
    }
    Ok(())
}
