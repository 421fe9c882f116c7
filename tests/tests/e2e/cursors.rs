//! Cursors of lists show no times, and pages stay stable.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Datelike;
use insession_tests::{Program, Settings, TestDatabase, now, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{check_in, create_active_instance, create_person, create_session};

on_both_databases!(cursors_of_check_ins_hide_the_time_and_stay_stable);

const CHECK_INS: &str = "query($id: ID!, $first: Int, $after: String) {
    sessionInstance(id: $id) { checkIns(first: $first, after: $after) { edges { cursor node { person { id } } } } }
}";

fn edges(data: &Value) -> Result<Vec<(String, String)>> {
    let edges = data["sessionInstance"]["checkIns"]["edges"].as_array().with_context(|| format!("no list: {data}"))?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned).context("a text");
    edges.iter().map(|edge| Ok((text(&edge["cursor"])?, text(&edge["node"]["person"]["id"])?))).collect()
}

async fn cursors_of_check_ins_hide_the_time_and_stay_stable(database: TestDatabase) -> Result<()> {
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let mut people = Vec::new();
    for number in 0..5 {
        let person = create_person(&admin, &format!("Person {number}")).await?;
        let hide = "mutation($id: ID!) { updatePerson(input: { id: $id, hidesPlace: true }) { person { id } } }";
        admin.data(hide, json!({ "id": person })).await?;
        check_in(&admin, &instance, "YES", Some(&person)).await?;
        people.push(person);
    }
    let member = server.client_of(&people[0]);
    let all = edges(&member.data(CHECK_INS, json!({ "id": instance })).await?)?;
    let newest_first: Vec<&String> = people.iter().rev().collect();
    assert_eq!(all.iter().map(|(_, person)| person).collect::<Vec<_>>(), newest_first);
    let year = now().year().to_string();
    for (cursor, person) in &all {
        let bytes = URL_SAFE_NO_PAD.decode(cursor)?;
        ensure!(!String::from_utf8_lossy(&bytes).contains(&year), "the cursor of {person} shows a time");
    }
    assert_eq!(edges(&member.data(CHECK_INS, json!({ "id": instance })).await?)?, all, "a row keeps its cursor");

    // The last row of a page moves to the top, and another one disappears. The next page is still the next page.
    let first = edges(&member.data(CHECK_INS, json!({ "id": instance, "first": 2 })).await?)?;
    check_in(&admin, &instance, "YES", Some(&first[1].1)).await?;
    let remove = "mutation($id: ID!, $person: ID) {
        removeCheckIn(sessionInstanceId: $id, personId: $person) { removedCheckInId }
    }";
    admin.data(remove, json!({ "id": instance, "person": first[0].1 })).await?;
    let after = json!({ "id": instance, "after": first[1].0 });
    let second = edges(&member.data(CHECK_INS, after).await?)?;
    assert_eq!(second, all[2..]);

    // The form of earlier versions.
    let old = URL_SAFE_NO_PAD.encode(format!("7:{}", now().to_rfc3339()));
    for cursor in [old.as_str(), "nonsense", ""] {
        let error = member.error(CHECK_INS, json!({ "id": instance, "after": cursor })).await?;
        ensure!(error.code == "BAD_USER_INPUT" && error.message.contains("after"), "{cursor:?}: {error:?}");
    }
    Ok(())
}
