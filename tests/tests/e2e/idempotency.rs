//! A mutation that is sent again. With an idempotency key, the second answer equals the first one. Without a key, a
//! second instance with the same date and times is refused.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use domain::access::Viewer;
use futures_util::future::try_join_all;
use insession_tests::{
    Answer, Client, Deployment, LIMIT, Program, Settings, TestDatabase, database::number, on_both_databases, token,
};
use serde_json::{Value, json};
use service::{
    App,
    idempotency::Attempt,
    people::{self, NewPerson},
    prune::prune,
};

use crate::{
    bookings::interface::{BOOK, SLOT, act, create_booking, create_slot},
    fixtures::{create_person, create_session, in_seconds},
    service::world::{Done, World},
};

on_both_databases!(
    retry_with_a_client_mutation_id_gets_the_first_answer,
    retry_with_an_idempotency_key_gets_the_first_answer,
    key_is_valid_for_one_mutation_input_and_viewer,
    concurrent_attempts_create_one_object,
    failed_attempt_does_not_use_up_the_key,
    key_is_valid_for_a_day,
    second_instance_with_the_same_date_and_times_is_refused,
);

const SESSION: &str = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
const INSTANCE: &str = "mutation($input: CreateSessionInstanceInput!) {
    createSessionInstance(input: $input) { sessionInstance { id } }
}";
const SKIPS: &str = "mutation($input: AddSkipsInput!) { addSkips(input: $input) { sessions { id } } }";
const PERSON: &str = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";

/// The mutations that create something, with an input and the place of the new id in the answer.
struct Creation {
    document: &'static str,
    input: Value,
    id: &'static str,
    table: &'static str,
}

async fn creations(admin: &Client) -> Result<Vec<Creation>> {
    let session = create_session(admin, "Monday").await?;
    let (mentor, student) = (create_person(admin, "Mentor").await?, create_person(admin, "Student").await?);
    let slot = create_slot(admin, &mentor, in_seconds(3_600), in_seconds(7_200)).await?;
    let creation = |document, input, id, table| Creation { document, input, id, table };
    Ok(vec![
        creation(SESSION, json!({ "name": "Tuesday", "timeZone": "UTC" }), "/createSession/session/id", "session"),
        creation(
            INSTANCE,
            json!({ "sessionId": session, "date": "2030-01-07", "startTime": "19:00", "endTime": "22:00" }),
            "/createSessionInstance/sessionInstance/id",
            "session_instance",
        ),
        creation(PERSON, json!({ "displayName": "Ann", "externalId": "ann" }), "/createPerson/person/id", "person"),
        creation(
            SLOT,
            json!({ "mentorId": mentor, "startsAt": in_seconds(9_000), "endsAt": in_seconds(9_600) }),
            "/createTimeSlot/timeSlot/id",
            "time_slot",
        ),
        creation(BOOK, json!({ "timeSlotId": slot, "studentId": student }), "/bookTimeSlot/booking/id", "booking"),
        creation(
            SKIPS,
            json!({ "sessionIds": [session], "skips": [{ "from": "2030-07-01", "to": "2030-08-31" }] }),
            "/addSkips/sessions/0/id",
            "session_skip",
        ),
    ])
}

fn id_at(data: &Value, pointer: &str) -> Result<String> {
    Ok(data.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {data}"))?.to_owned())
}

/// Sends a mutation with the header `Idempotency-Key`.
async fn send(client: &Client, key: &str, document: &str, variables: Value) -> Result<Answer> {
    let body = json!({ "query": document, "variables": variables });
    let request = client.http().post(client.address("/graphql")).header("Idempotency-Key", key).json(&body);
    let request = request.bearer_auth(client.token().unwrap_or_default());
    Answer::read(request.send().await?).await
}

async fn retry_with_a_client_mutation_id_gets_the_first_answer(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let connection = database.connect().await?;
    let mut socket = deployment.second().socket(admin.token()).await?;
    for (n, Creation { document, mut input, id, table }) in creations(&admin).await?.into_iter().enumerate() {
        if ["time_slot", "booking", "session_skip"].contains(&table) {
            // Their inputs have no `clientMutationId`.
            continue;
        }
        let key = format!("key {n}");
        input["clientMutationId"] = json!(key);
        let first = id_at(&admin.data(document, json!({ "input": input })).await?, id)?;
        let count = number(&connection, &format!("SELECT count(*) FROM {table}")).await?;
        // A retry over a socket of the other server.
        socket.subscribe(&key, document, json!({ "input": input }))?;
        let again = socket.next_for(&key, LIMIT).await?;
        assert_eq!(id_at(&again.message["payload"]["data"], id)?, first, "{document}");
        // A retry over HTTP with the key in the header.
        input.as_object_mut().context("an object")?.remove("clientMutationId");
        let again = send(&admin, &key, document, json!({ "input": input })).await?.data()?;
        assert_eq!(id_at(&again, id)?, first, "{document}");
        assert_eq!(number(&connection, &format!("SELECT count(*) FROM {table}")).await?, count, "{document}");
    }
    Ok(())
}

async fn retry_with_an_idempotency_key_gets_the_first_answer(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let connection = database.connect().await?;
    for (n, Creation { document, input, id, table }) in creations(&admin).await?.into_iter().enumerate() {
        let key = format!("key {n}");
        let first = id_at(&send(&admin, &key, document, json!({ "input": input })).await?.data()?, id)?;
        let count = number(&connection, &format!("SELECT count(*) FROM {table}")).await?;
        let there = admin.clone().at(&deployment.second().url());
        // The draft of the header's specification puts the key in quotes.
        for key in [key.clone(), format!("\"{key}\"")] {
            let again = send(&there, &key, document, json!({ "input": input })).await?.data()?;
            assert_eq!(id_at(&again, id)?, first, "{document}");
        }
        assert_eq!(number(&connection, &format!("SELECT count(*) FROM {table}")).await?, count, "{document}");
    }
    // One header for several mutations of one request.
    let both = "mutation { a: createPerson(input: { displayName: \"A\" }) { person { id } }
                           b: createPerson(input: { displayName: \"B\" }) { person { id } } }";
    let first = send(&admin, "both", both, json!({})).await?.data()?;
    assert_ne!(first["a"], first["b"]);
    assert_eq!(send(&admin, "both", both, json!({})).await?.data()?, first);
    for key in ["", "x".repeat(256).as_str()] {
        let answer = send(&admin, key, PERSON, json!({ "input": { "displayName": "Bob" } })).await?;
        assert_eq!((answer.status, answer.code().as_deref()), (400, Some("BAD_USER_INPUT")), "{}", answer.body);
    }
    Ok(())
}

async fn key_is_valid_for_one_mutation_input_and_viewer(database: TestDatabase) -> Result<()> {
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let first = send(&admin, "k", PERSON, json!({ "input": { "displayName": "Ann" } })).await?.data()?;
    for (document, input) in [
        (PERSON, json!({ "displayName": "Bob" })),
        (PERSON, json!({ "displayName": "Ann", "city": "Austin" })),
        (SESSION, json!({ "name": "Ann", "timeZone": "UTC" })),
    ] {
        let error = send(&admin, "k", document, json!({ "input": input })).await?.error().context("no error")?;
        assert_eq!(error.code, "BAD_USER_INPUT");
        ensure!(error.message.contains("Idempotency-Key"), "{}", error.message);
    }
    let body = json!({ "query": PERSON, "variables": { "input": { "displayName": "Bob" } } });
    let twice =
        admin.http().post(admin.address("/graphql")).header("Idempotency-Key", "k1").header("Idempotency-Key", "k2");
    let twice = twice.bearer_auth(admin.token().unwrap_or_default()).json(&body).send().await?;
    let error = Answer::read(twice).await?.error().context("no error")?;
    ensure!(error.code == "BAD_USER_INPUT" && error.message.contains("Idempotency-Key"), "{error:?}");
    let named = json!({ "input": { "displayName": "Bob", "clientMutationId": "k" } });
    let error = admin.error(PERSON, named).await?;
    ensure!(error.code == "BAD_USER_INPUT" && error.message.contains("clientMutationId"), "{error:?}");
    for wrong in ["", "a\nb", "x".repeat(256).as_str()] {
        let input = json!({ "input": { "displayName": "Bob", "clientMutationId": wrong } });
        assert_eq!(admin.error_code(PERSON, input).await?, "BAD_USER_INPUT", "{wrong:?}");
    }
    // The key of another admin.
    let claims = json!({ "sub": "somebody", "exp": 4_000_000_000_u32, "roles": ["admin"] });
    let other = admin.clone().with_token(&token::signed(&claims, token::SECRET));
    let theirs = send(&other, "k", PERSON, json!({ "input": { "displayName": "Ann" } })).await?.data()?;
    assert_ne!(theirs, first);
    // A viewer without the right learns nothing by using the key.
    let person = server.client_of(&id_at(&first, "/createPerson/person/id")?);
    let refused = send(&person, "k", PERSON, json!({ "input": { "displayName": "Ann" } })).await?;
    assert_eq!(refused.code().as_deref(), Some("FORBIDDEN"));
    // The created object may have been erased since.
    let erase = "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }";
    admin.data(erase, json!({ "id": id_at(&first, "/createPerson/person/id")? })).await?;
    let gone = send(&admin, "k", PERSON, json!({ "input": { "displayName": "Ann" } })).await?;
    assert_eq!(gone.code().as_deref(), Some("NOT_FOUND"));
    Ok(())
}

async fn concurrent_attempts_create_one_object(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    for (n, Creation { document, input, id, .. }) in creations(&admin).await?.into_iter().enumerate() {
        let key = format!("key {n}");
        let (key, variables) = (&key, &json!({ "input": input }));
        let attempts = (0..12).map(|n| {
            let server = if n % 2 == 0 { deployment.first() } else { deployment.second() };
            let client = admin.clone().at(&server.url());
            async move { id_at(&send(&client, key, document, variables.clone()).await?.data()?, id) }
        });
        let made: BTreeSet<String> = try_join_all(attempts).await?.into_iter().collect();
        ensure!(made.len() == 1, "{document}: {made:?}");
    }
    Ok(())
}

async fn failed_attempt_does_not_use_up_the_key(database: TestDatabase) -> Result<()> {
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let [mentor, ann, bob] = [
        create_person(&admin, "Mentor").await?,
        create_person(&admin, "Ann").await?,
        create_person(&admin, "Bob").await?,
    ];
    let slot = create_slot(&admin, &mentor, in_seconds(3_600), in_seconds(7_200)).await?;
    let booking = create_booking(&admin, &slot, &ann).await?;
    let variables = json!({ "input": { "timeSlotId": slot, "studentId": bob } });
    let taken = send(&admin, "k", BOOK, variables.clone()).await?;
    assert_eq!(taken.code().as_deref(), Some("CONFLICT"));
    admin.data(&act("cancel"), json!({ "id": booking })).await?;
    let made = send(&admin, "k", BOOK, variables.clone()).await?.data()?;
    assert_eq!(
        send(&admin, "k", BOOK, variables).await?.data()?["bookTimeSlot"]["booking"]["id"],
        made["bookTimeSlot"]["booking"]["id"]
    );
    Ok(())
}

async fn key_is_valid_for_a_day(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 12:00").await?;
    let attempt = async |app: &App| {
        let attempt = Attempt { field: "clientMutationId", key: "k".to_owned(), position: 0, input: "Ann".to_owned() };
        let new = NewPerson { display_name: "Ann".to_owned(), ..NewPerson::default() };
        let app = app.for_attempt(attempt).await.done()?;
        Ok::<_, anyhow::Error>(people::insert_person(&app, Viewer::ADMIN, new).await.done()?.id)
    };
    let first = attempt(&world.app).await?;
    world.clock.advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    assert_eq!(prune(&world.app).await.done()?.idempotency_keys, 0);
    assert_eq!(attempt(&world.app).await?, first);
    // A key is valid for a day, even if its row has not been pruned yet.
    world.advance_seconds(1);
    let second = attempt(&world.app).await?;
    assert_ne!(second, first);
    assert_eq!(attempt(&world.app).await?, second);
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(prune(&world.app).await.done()?.idempotency_keys, 1);
    assert_eq!(number(world.db(), "SELECT count(*) FROM idempotency_key").await?, 0);
    Ok(())
}

async fn second_instance_with_the_same_date_and_times_is_refused(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    for times in [
        json!({ "startTime": "19:00", "endTime": "22:00" }),
        json!({ "startTime": "19:00" }),
        json!({ "endTime": "22:00" }),
        json!({}),
    ] {
        let mut input = times;
        input["sessionId"] = json!(session);
        input["date"] = json!("2030-01-07");
        let attempts = (0..8).map(|n| {
            let server = if n % 2 == 0 { deployment.first() } else { deployment.second() };
            let client = admin.clone().at(&server.url());
            let variables = json!({ "input": input });
            async move { client.query(INSTANCE, variables).await }
        });
        let answers = try_join_all(attempts).await?;
        let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.error().is_none());
        ensure!(made.len() == 1, "{} were created with {input}", made.len());
        let id = id_at(&made[0].data()?, "/createSessionInstance/sessionInstance/id")?;
        for answer in refused {
            let error = answer.error().context("no error")?;
            ensure!(error.code == "CONFLICT" && error.message.contains(&id), "{error:?} does not name {id}");
        }
        input["allowDuplicate"] = json!(true);
        let other = admin.data(INSTANCE, json!({ "input": input })).await?;
        assert_ne!(id_at(&other, "/createSessionInstance/sessionInstance/id")?, id);
    }
    // Another session, another date and a deleted instance are no duplicates.
    let other = create_session(&admin, "Tuesday").await?;
    let input = |session: &str, date: &str| json!({ "input": { "sessionId": session, "date": date } });
    admin.data(INSTANCE, input(&other, "2030-01-07")).await?;
    let made = admin.data(INSTANCE, input(&session, "2030-01-08")).await?;
    let id = id_at(&made, "/createSessionInstance/sessionInstance/id")?;
    let delete = "mutation($id: ID!) { deleteSessionInstance(id: $id) { deletedSessionInstanceId } }";
    admin.data(delete, json!({ "id": id })).await?;
    admin.data(INSTANCE, input(&session, "2030-01-08")).await?;
    Ok(())
}

#[tokio::test]
async fn pages_of_allowed_origins_may_send_idempotency_keys() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url).with("CORS_ORIGINS", "https://a.example");
    let server = Program::serve(&settings).await?;
    let client = server.client();
    let preflight = client
        .http()
        .request(reqwest::Method::OPTIONS, client.address("/graphql"))
        .header("origin", "https://a.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,idempotency-key")
        .send()
        .await?;
    let allowed = preflight.headers().get("access-control-allow-headers").context("no header is allowed")?;
    ensure!(allowed.to_str()?.to_lowercase().contains("idempotency-key"), "{allowed:?}");
    Ok(())
}
