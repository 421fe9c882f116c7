//! The roster of an activity: who may see who has a seat.

use anyhow::{Result, ensure};
use insession_tests::{Client, Deployment, LIMIT, Received, TestDatabase, on_both_databases, token};
use reqwest::header::COOKIE;
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, enter_activity, new_visit};

on_both_databases!(roster_is_for_admins_and_for_those_in_it_if_it_is_public);

const KEY: &str = "interview";
const PEOPLE: &str = r#"{ activity(key: "interview") { people { totalCount nodes { displayName } } } }"#;
const FOLLOW: &str = r#"subscription {
    presenceChanged(activityKey: "interview") { activity { isRosterPublic people { nodes { displayName } } } }
}"#;

async fn save(admin: &Client, is_public: bool) -> Result<()> {
    let document = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    let input = json!({ "key": KEY, "name": "Interview", "maxConcurrent": 3, "isRosterPublic": is_public });
    admin.data(document, json!({ "input": input })).await?;
    Ok(())
}

async fn update(admin: &Client, person: &str, field: &str, value: impl Into<Value>) -> Result<()> {
    let document = "mutation($input: UpdatePersonInput!) { updatePerson(input: $input) { person { id } } }";
    let mut input = json!({ "id": person });
    input[field] = value.into();
    admin.data(document, json!({ "input": input })).await?;
    Ok(())
}

/// The names in the roster. `None` if the client may not see it.
async fn roster(client: &Client) -> Result<Option<Vec<String>>> {
    let people = client.data(PEOPLE, json!({})).await?["activity"]["people"].take();
    let names = names_in(&people);
    ensure!(names.as_ref().map(|names| names.len() as u64) == people["totalCount"].as_u64(), "{people}");
    Ok(names)
}

fn names_in(people: &Value) -> Option<Vec<String>> {
    let name = |person: &Value| person["displayName"].as_str().unwrap_or_default().to_owned();
    people["nodes"].as_array().map(|nodes| nodes.iter().map(name).collect())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn shows(expected: Option<Vec<String>>) -> impl Fn(&Received) -> bool {
    move |received| names_in(&received.field("presenceChanged")["activity"]["people"]) == expected
}

async fn roster_is_for_admins_and_for_those_in_it_if_it_is_public(database: TestDatabase) -> Result<()> {
    let deployment =
        Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "3600")).await?;
    let admin = deployment.admin();
    save(&admin, false).await?;
    let mut ids = Vec::new();
    for name in ["Ann", "Ben", "Cleo"] {
        ids.push(create_person(&admin, name).await?);
    }
    let clients: Vec<Client> = ids.iter().map(|id| deployment.second().client_of(id)).collect();
    let [ann, ben, cleo] = &clients[..] else { anyhow::bail!("three people") };
    let nobody = deployment.first().client();
    update(&admin, &ids[1], "hidesPlace", true).await?;
    let mut visits = Vec::new();
    for client in &clients {
        visits.push(new_visit());
        beat(client, &visits[visits.len() - 1]).await?;
    }
    for (client, visit) in clients.iter().zip(&visits).take(2) {
        ensure!(enter_activity(client, visit, KEY).await?["admitted"] == true, "no seat");
    }
    let named = async |client: &Client, id: &str| -> Result<Value> {
        let document = "query($id: ID!) { person(id: $id) { displayName } }";
        Ok(client.data(document, json!({ "id": id })).await?["person"].take())
    };

    // Ann and Ben have a seat, and Ben hides where he is.
    assert_eq!(roster(&admin).await?, Some(names(&["Ann", "Ben"])));
    for client in [ann, ben, cleo, &nobody] {
        assert_eq!(roster(client).await?, None);
    }
    assert_eq!(named(ben, &ids[0]).await?, Value::Null);
    let mut inside = deployment.first().socket(ann.token()).await?;
    let mut outside = deployment.first().socket(cleo.token()).await?;
    for socket in [&inside, &outside] {
        socket.subscribe("seats", FOLLOW, json!({}))?;
    }
    for socket in [&mut inside, &mut outside] {
        let first = socket.next_for("seats", LIMIT).await?;
        ensure!(first.field("presenceChanged")["activity"]["people"].is_null(), "{}", first.message);
    }

    save(&admin, true).await?;
    inside.next_where("seats", LIMIT, shows(Some(names(&["Ann"])))).await?;
    let becomes_public = |it: &Received| it.field("presenceChanged")["activity"]["isRosterPublic"] == true;
    let change = outside.next_where("seats", LIMIT, becomes_public).await?;
    ensure!(change.field("presenceChanged")["activity"]["people"].is_null(), "{}", change.message);
    assert_eq!(roster(&admin).await?, Some(names(&["Ann", "Ben"])));
    for client in [ann, ben] {
        assert_eq!(roster(client).await?, Some(names(&["Ann"])));
    }
    for client in [cleo, &nobody] {
        assert_eq!(roster(client).await?, None);
    }
    // Who sees somebody in the roster may ask who that is.
    assert_eq!(named(ben, &ids[0]).await?["displayName"], "Ann");
    for (client, id) in [(ann, &ids[1]), (ann, &ids[2]), (cleo, &ids[0]), (&nobody, &ids[0])] {
        assert_eq!(named(client, id).await?, Value::Null);
    }
    // So does the page of the activity.
    let page = async |token: Option<&str>| -> Result<String> {
        let mut request = nobody.http().get(nobody.address("/activities/interview"));
        if let Some(token) = token {
            request = request.header(COOKIE, format!("insession_token={token}"));
        }
        Ok(request.send().await?.error_for_status()?.text().await?)
    };
    for (token, people) in [
        (Some(token::admin()), Some(&["Ann", "Ben"][..])),
        (ann.token().map(str::to_owned), Some(&["Ann"])),
        (cleo.token().map(str::to_owned), None),
        (None, None),
    ] {
        let text = page(token.as_deref()).await?;
        assert_eq!(text.contains("Who has a seat"), people.is_some(), "{text}");
        for (id, name) in ids.iter().zip(["Ann", "Ben"]) {
            let link = format!("/people/{}\">{name}</a></li>", id.trim_start_matches("Person:"));
            assert_eq!(text.contains(&link), people.is_some_and(|people| people.contains(&name)), "{name}: {text}");
        }
    }

    // A change of the roster is sent: Ben shows himself, Cleo gets a seat, Ann leaves.
    update(&admin, &ids[1], "hidesPlace", false).await?;
    inside.next_where("seats", LIMIT, shows(Some(names(&["Ann", "Ben"])))).await?;
    // So is a new name.
    for name in ["Zoe", "Ben"] {
        update(&admin, &ids[1], "displayName", name).await?;
        inside.next_where("seats", LIMIT, shows(Some(names(&["Ann", name])))).await?;
    }
    ensure!(enter_activity(cleo, &visits[2], KEY).await?["admitted"] == true, "no seat");
    for socket in [&mut inside, &mut outside] {
        socket.next_where("seats", LIMIT, shows(Some(names(&["Ann", "Ben", "Cleo"])))).await?;
    }
    let leave = "mutation($id: ID!) { leaveActivity(presenceId: $id) { presence { id } } }";
    ann.data(leave, json!({ "id": visits[0] })).await?;
    inside.next_where("seats", LIMIT, shows(None)).await?;
    outside.next_where("seats", LIMIT, shows(Some(names(&["Ben", "Cleo"])))).await?;
    assert_eq!((roster(ann).await?, named(ann, &ids[1]).await?), (None, Value::Null));
    // Deactivating somebody ends the seat.
    update(&admin, &ids[1], "isDeactivated", true).await?;
    outside.next_where("seats", LIMIT, shows(Some(names(&["Cleo"])))).await?;
    assert_eq!(roster(ben).await?, None);
    Ok(())
}
