//! Visits as clients see them, at real servers.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{Client, Deployment, LIMIT, Settings, Socket, TestDatabase, now, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, enter_activity, new_visit, save_activity};

on_both_databases!(
    a_visit_from_its_first_beat_to_its_end,
    subscribers_hear_of_every_change_of_the_occupancy,
    anonymous_visits_belong_to_their_secret,
    admins_list_visits_and_others_see_none,
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

async fn a_visit_from_its_first_beat_to_its_end(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (ann, bob) = (create_person(&admin, "Ann").await?, create_person(&admin, "Bob").await?);
    let (ann, bob) = (deployment.first().client_of(&ann), deployment.second().client_of(&bob));
    save_activity(&admin, KEY, Some(1)).await?;

    let (visit, other) = (new_visit(), new_visit());
    let began = now();
    let first = beat(&ann, &visit).await?;
    assert_eq!(first["presence"]["id"], format!("Presence:{visit}"));
    assert_eq!((&first["presence"]["isOnline"], &first["presence"]["status"]), (&json!(true), &json!("ACTIVE")));
    assert_eq!(
        (&first["secret"], &first["activity"], &first["heartbeatSeconds"]),
        (&Value::Null, &Value::Null, &json!(20))
    );
    let stamped: DateTime<Utc> = first["presence"]["startedAt"].as_str().context("an instant")?.parse()?;
    ensure!((stamped - began).abs() < TimeDelta::seconds(5), "{stamped} is not the server's clock");

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

    // Its person sees it, and admins; for others there is none.
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

async fn subscribers_hear_of_every_change_of_the_occupancy(database: TestDatabase) -> Result<()> {
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
    // The last value always, and usually within a second of what caused it.
    let mut late = Vec::new();
    let mut hears = async |socket: &mut Socket, expected: i64, due: DateTime<Utc>| -> Result<()> {
        let wanted = |received: &insession_tests::Received| received.field("presenceChanged")["occupancy"] == expected;
        let heard = socket.next_where(KEY, LIMIT, wanted).await?;
        assert_eq!(heard.field("presenceChanged")["activity"], json!({ "key": KEY, "isFull": expected >= 2 }));
        late.push(heard.at - due);
        Ok(())
    };
    let visits = [new_visit(), new_visit(), new_visit()];
    for visit in &visits {
        beat(&person, visit).await?;
    }
    enter_activity(&person, &visits[0], KEY).await?;
    hears(&mut socket, 1, now()).await?;
    enter_activity(&person, &visits[1], KEY).await?;
    hears(&mut socket, 2, now()).await?;
    leave(&person, &visits[0]).await?;
    hears(&mut socket, 1, now()).await?;
    complete(&person, &visits[1]).await?;
    hears(&mut socket, 0, now()).await?;
    // A lease that runs out: nobody does anything.
    enter_activity(&person, &visits[2], KEY).await?;
    let seen = now();
    hears(&mut socket, 1, seen).await?;
    hears(&mut socket, 0, seen + TimeDelta::seconds(3)).await?;
    ensure!(now() - seen >= TimeDelta::seconds(3), "the lease ended early");
    late.sort_unstable();
    ensure!(late[late.len() / 2] < TimeDelta::seconds(1), "heard of late: {late:?}");
    let elsewhere = socket.take_all();
    ensure!(elsewhere.iter().all(|received| received.id() != Some("study")), "nothing happened there: {elsewhere:?}");
    Ok(())
}

async fn anonymous_visits_belong_to_their_secret(database: TestDatabase) -> Result<()> {
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

async fn admins_list_visits_and_others_see_none(database: TestDatabase) -> Result<()> {
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
