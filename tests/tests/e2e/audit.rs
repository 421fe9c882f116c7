//! The audit log records who changed what.

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use insession_tests::{
    Client, Deployment, TestDatabase,
    database::{execute, number},
    now, on_both_databases,
};
use serde_json::{Value, json};
use service::prune::prune;

use crate::{
    fixtures::{add_organizer, check_in, create_active_instance, create_person, create_session},
    load::{app_on, test_error},
};

on_both_databases!(audit_log_records_each_change_with_its_actor, audit_entries_are_pruned_after_their_retention);

const LOG: &str = "query($node: ID, $actor: String, $first: Int, $after: String) {
    auditLog(nodeId: $node, actor: $actor, first: $first, after: $after) {
        totalCount pageInfo { endCursor }
        nodes { occurredAt actor actorPerson { id } action nodeId changes { field from to } }
    }
}";

async fn entries(client: &Client, variables: Value) -> Result<Vec<Value>> {
    let data = client.data(LOG, variables).await?;
    Ok(data["auditLog"]["nodes"].as_array().cloned().unwrap_or_default())
}

async fn audit_log_records_each_change_with_its_actor(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let [organizer, member] = [create_person(&admin, "Olga").await?, create_person(&admin, "Mia").await?];
    add_organizer(&admin, &session, &organizer).await?;
    add_organizer(&admin, &session, &organizer).await?;
    let theirs = deployment.first().client_of(&organizer);

    let rename =
        "mutation($id: ID!, $name: String!) { updateSession(input: { id: $id, name: $name }) { session { id } } }";
    theirs.data(rename, json!({ "id": session, "name": "Tuesday" })).await?;
    theirs.data(rename, json!({ "id": session, "name": "Tuesday" })).await?;
    assert_eq!(theirs.error_code(rename, json!({ "id": session, "name": "" })).await?, "BAD_USER_INPUT");
    let of_session = entries(&admin, json!({ "node": session })).await?;
    let actions: Vec<_> = of_session.iter().map(|entry| (&entry["action"], &entry["actor"])).collect();
    let (operator, organiser) = (json!("operator"), json!(organizer));
    let expected = [("updateSession", &organiser), ("addOrganizer", &operator), ("createSession", &operator)];
    let expected: Vec<_> = expected.map(|(action, actor)| (json!(action), actor)).into_iter().collect();
    assert_eq!(
        actions,
        expected.iter().map(|(action, actor)| (action, *actor)).collect::<Vec<_>>(),
        "each change has one entry; a refused or empty change has none"
    );
    assert_eq!(of_session[0]["changes"], json!([{ "field": "name", "from": "Monday", "to": "Tuesday" }]));
    assert_eq!(of_session[0]["actorPerson"]["id"], *organizer);
    assert_eq!(of_session[1]["changes"], json!([{ "field": "organizers", "from": null, "to": organizer }]));

    let hold = "mutation($id: ID!) { setActiveOverride(input: { sessionInstanceId: $id, active: false }) { sessionInstance { id } } }";
    theirs.data(hold, json!({ "id": instance })).await?;
    check_in(&theirs, &instance, "MAYBE", Some(&member)).await?;
    check_in(&theirs, &instance, "YES", None).await?;
    let by_organizer = entries(&admin, json!({ "actor": organizer })).await?;
    let actions: Vec<_> = by_organizer.iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["checkIn", "setActiveOverride", "updateSession"], "a person's own check-in has no entry");
    let held = json!([
        { "field": "isActive", "from": true, "to": false },
        { "field": "overrideActive", "from": null, "to": false },
    ]);
    assert_eq!((&by_organizer[1]["changes"], &by_organizer[1]["nodeId"]), (&held, &json!(instance)));

    let first = admin.data(LOG, json!({ "first": 2 })).await?["auditLog"].take();
    let after = &first["pageInfo"]["endCursor"];
    let rest = entries(&admin, json!({ "first": 100, "after": after })).await?;
    assert_eq!(first["totalCount"], 2 + rest.len(), "the second page continues the first");
    ensure!(rest.iter().all(|entry| entry["occurredAt"].as_str() <= first["nodes"][1]["occurredAt"].as_str()));

    for client in [&theirs, &deployment.first().client()] {
        ensure!(client.data(LOG, json!({})).await?["auditLog"].is_null(), "the audit log is for admins only");
    }
    Ok(())
}

async fn audit_entries_are_pruned_after_their_retention(database: TestDatabase) -> Result<()> {
    // The workers must not prune the entries first.
    let deployment = Deployment::start_with(&database, |settings| settings.with("AUDIT_LOG_DAYS", "1000")).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let member = create_person(&admin, "Mia").await?;
    let connection = database.connect().await?;
    let count = "SELECT count(*) FROM audit_entry";
    let entries = number(&connection, count).await?;
    ensure!(entries >= 2, "{entries}");

    // More entries are a year and a day old than one step of pruning deletes.
    let days_ago = |days: i64| (now() - TimeDelta::days(days)).to_rfc3339();
    for (days, copies) in [(366, 2_500), (364, 10)] {
        let sql = format!(
            "INSERT INTO audit_entry (occurred_at, actor, action, node, changes)
             WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies})
             SELECT '{}', 'operator', 'updateSession', '{session}', '[]' FROM numbers",
            days_ago(days)
        );
        execute(&connection, &sql).await?;
    }
    let app = app_on(&database).await?;
    assert_eq!(prune(&app).await.map_err(test_error)?.audit_entries, 2_500);
    assert_eq!(number(&connection, count).await?, entries + 10);
    // The retention is a setting.
    let shorter = app.keeping_audit_for(TimeDelta::days(363));
    assert_eq!(prune(&shorter).await.map_err(test_error)?.audit_entries, 10);
    assert_eq!(prune(&shorter).await.map_err(test_error)?.audit_entries, 0);
    let data = admin.data(LOG, json!({ "node": member })).await?;
    assert_eq!(data["auditLog"]["totalCount"], 1, "recent entries are still listed: {data}");
    Ok(())
}
