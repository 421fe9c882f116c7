//! Seats that count people: one person has one seat, however many tabs are open.

use anyhow::{Result, ensure};
use insession_tests::{Deployment, TestDatabase, on_both_databases, token};
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, enter_activity};

on_both_databases!(
    seat_of_a_person_moves_to_the_visit_that_enters_last,
    visits_of_one_person_that_enter_at_once_get_one_seat,
    people_online_are_counted_once,
);

const VISITS: [&str; 4] = [
    "0f8fad5b-d9cb-469f-a165-708677289501",
    "0f8fad5b-d9cb-469f-a165-708677289502",
    "0f8fad5b-d9cb-469f-a165-708677289503",
    "0f8fad5b-d9cb-469f-a165-708677289504",
];
const SAVE: &str = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { seatsPer } } }";
const SEATS: &str = r#"{ activity(key: "interview") { occupancy seatsPer } }"#;

fn admitted(entered: &Value) -> bool {
    entered["admitted"] == true
}

async fn seat_of_a_person_moves_to_the_visit_that_enters_last(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let save = json!({ "input": { "key": "interview", "name": "Interview", "maxConcurrent": 1 } });
    assert_eq!(admin.data(SAVE, save).await?["saveActivity"]["activity"]["seatsPer"], "PERSON");
    let [ann, bob] = [create_person(&admin, "Ann").await?, create_person(&admin, "Bob").await?];
    let own = deployment.first().client().with_token(&token::of(&ann));
    let theirs = deployment.second().client().with_token(&token::of(&bob));
    for visit in &VISITS[..2] {
        beat(&own, visit).await?;
    }
    beat(&theirs, VISITS[2]).await?;
    ensure!(admitted(&enter_activity(&own, VISITS[0], "interview").await?));
    ensure!(admitted(&enter_activity(&own, VISITS[1], "interview").await?), "the seat did not move");
    ensure!(!admitted(&enter_activity(&theirs, VISITS[2], "interview").await?), "the only seat is taken");
    assert_eq!(admin.data(SEATS, json!({})).await?["activity"]["occupancy"], 1);
    let seat = async |visit: &str| -> Result<Value> {
        let presence = "query($id: ID!) { node(id: $id) { ... on Presence { activity { key } isOnline } } }";
        Ok(own.data(presence, json!({ "id": format!("Presence:{visit}") })).await?["node"].take())
    };
    assert_eq!(seat(VISITS[0]).await?, json!({ "activity": null, "isOnline": true }));
    assert_eq!(seat(VISITS[1]).await?, json!({ "activity": { "key": "interview" }, "isOnline": true }));

    // With seats for each visit, a person with two tabs has two seats.
    let save = json!({ "input": { "key": "interview", "name": "Interview", "maxConcurrent": 2, "seatsPer": "VISIT" } });
    admin.data(SAVE, save).await?;
    ensure!(admitted(&enter_activity(&own, VISITS[0], "interview").await?));
    let activity = admin.data(SEATS, json!({})).await?["activity"].take();
    assert_eq!(activity, json!({ "occupancy": 2, "seatsPer": "VISIT" }));
    Ok(())
}

async fn visits_of_one_person_that_enter_at_once_get_one_seat(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    for limit in [json!(3), Value::Null] {
        let save = json!({ "input": { "key": "interview", "name": "Interview", "maxConcurrent": limit } });
        admin.data(SAVE, save).await?;
        let at_once = (0..20).map(|n| {
            let server = if n % 2 == 0 { deployment.first() } else { deployment.second() };
            let client = server.client().with_token(&token::of(&ann));
            async move {
                let visit = VISITS[n % VISITS.len()];
                beat(&client, visit).await?;
                enter_activity(&client, visit, "interview").await
            }
        });
        let entered = futures_util::future::try_join_all(at_once).await?;
        for entered in &entered {
            ensure!(admitted(entered), "a person with a seat was refused: {entered}");
        }
        assert_eq!(admin.data(SEATS, json!({})).await?["activity"]["occupancy"], 1, "limit {limit}");
    }
    Ok(())
}

async fn people_online_are_counted_once(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start_with(&database, |settings| settings.with("ANONYMOUS_PRESENCE", "true")).await?;
    let admin = deployment.admin();
    let ann = create_person(&admin, "Ann").await?;
    let own = deployment.first().client().with_token(&token::of(&ann));
    for visit in &VISITS[..2] {
        beat(&own, visit).await?;
    }
    for visit in &VISITS[2..] {
        beat(&deployment.second().client(), visit).await?;
    }
    let count = "{ presenceStatistics { onlineCount onlinePeopleCount } }";
    let counted = admin.data(count, json!({})).await?["presenceStatistics"].take();
    assert_eq!(counted, json!({ "onlineCount": 4, "onlinePeopleCount": 3 }));
    let save = json!({ "input": { "key": "interview", "name": "Interview" } });
    admin.data(SAVE, save).await?;
    let mut socket = deployment.first().socket(None).await?;
    let document = r#"subscription { presenceChanged(activityKey: "interview") { onlineCount occupancy } }"#;
    socket.subscribe("seats", document, json!({}))?;
    let first = socket.next_for("seats", insession_tests::LIMIT).await?;
    assert_eq!(*first.field("presenceChanged"), json!({ "onlineCount": 4, "occupancy": 0 }));
    Ok(())
}
