//! The server as a subgraph of Apollo Federation.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use insession_tests::{
    Client, Postgres, PostgresOptions, Program, Settings, TestDatabase, database, on_both_databases, program, token,
};
use serde_json::{Value, json};

use crate::{
    bookings::interface::{create_booking, create_slot},
    clients::node,
    fixtures::{create_active_instance, create_person, create_session, in_seconds, save_activity},
};

on_both_databases!(entities_are_null_if_the_viewer_may_not_see_them, gateway_composes_the_schema_and_resolves_entities,);

const ENTITIES: &str = "query($representations: [_Any!]!) { _entities(representations: $representations) {
    __typename
    ... on Session { id name }
    ... on SessionInstance { id isActive session { name } }
    ... on Person { id displayName }
    ... on Booking { id status }
    ... on TimeSlot { id isFree mentor { displayName } }
    ... on Activity { id key }
} }";

async fn serve(database: &TestDatabase) -> Result<Program> {
    Program::serve(&Settings::new(&database.url).with("FEDERATION", "true")).await
}

async fn entities(client: &Client, representations: Value) -> Result<Value> {
    Ok(client.data(ENTITIES, json!({ "representations": representations })).await?["_entities"].take())
}

fn of(kind: &str, id: &str) -> Value {
    json!({ "__typename": kind, "id": id })
}

async fn entities_are_null_if_the_viewer_may_not_see_them(database: TestDatabase) -> Result<()> {
    let server = serve(&database).await?;
    let admin = server.admin();
    let session = create_session(&admin, "Monday").await?;
    let deleted = create_session(&admin, "Tuesday").await?;
    admin.data("mutation($id: ID!) { deleteSession(id: $id) { deletedSessionId } }", json!({ "id": deleted })).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let [mentor, student] = [create_person(&admin, "Meg").await?, create_person(&admin, "Stu").await?];
    let from = in_seconds(3_600);
    let slot = create_slot(&admin, &mentor, from, from + TimeDelta::hours(1)).await?;
    let booking = create_booking(&admin, &slot, &student).await?;
    save_activity(&admin, "interview", Some(1)).await?;
    let activity = admin.data("{ activity(key: \"interview\") { id } }", json!({})).await?["activity"]["id"].take();
    let activity = activity.as_str().context("no id")?;

    // In the order of the representations, however their types are mixed. The last one is there twice.
    let wanted = json!([
        of("Booking", &booking),
        of("Session", &session),
        of("Person", &student),
        of("Session", &deleted),
        of("Activity", activity),
        of("Session", "Session:999999"),
        of("TimeSlot", &slot),
        of("SessionInstance", &instance),
        of("Session", &session),
    ]);
    let monday = json!({ "__typename": "Session", "id": session, "name": "Monday" });
    let mut expected = json!([
        { "__typename": "Booking", "id": booking, "status": "SCHEDULED" },
        monday,
        { "__typename": "Person", "id": student, "displayName": "Stu" },
        null,
        { "__typename": "Activity", "id": activity, "key": "interview" },
        null,
        { "__typename": "TimeSlot", "id": slot, "isFree": false, "mentor": { "displayName": "Meg" } },
        { "__typename": "SessionInstance", "id": instance, "isActive": true, "session": { "name": "Monday" } },
        monday,
    ]);
    for client in [&admin, &server.client_of(&student)] {
        assert_eq!(entities(client, wanted.clone()).await?, expected);
    }
    // Nobody may see a booking, or a person who is neither an organiser nor a mentor.
    (expected[0], expected[2]) = (Value::Null, Value::Null);
    assert_eq!(entities(&server.client(), wanted).await?, expected);
    let rows = json!([of("Person", &mentor)]);
    assert_eq!(entities(&server.client(), rows).await?[0]["displayName"], "Meg");
    assert_eq!(entities(&admin, json!([])).await?, json!([]));

    // A wrong representation is an error of that entity alone.
    let wrong = json!([
        of("Session", &session),
        of("Nothing", "Nothing:1"),
        { "id": session },
        { "__typename": "Session" },
        { "__typename": "Session", "id": null },
        of("Session", &mentor),
        of("CheckIn", "CheckIn:1"),
        "Session:1",
        of("Person", &mentor),
    ]);
    let answer = admin.query(ENTITIES, json!({ "representations": wrong })).await?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let found = answer.body["data"]["_entities"].as_array().context("no entities")?;
    let are_there: Vec<_> = found.iter().map(|it| !it.is_null()).collect();
    assert_eq!(are_there, [true, false, false, false, false, false, false, false, true], "{}", answer.body);
    let mut errors = answer.body["errors"].as_array().context("no errors")?.clone();
    errors.sort_by_key(|error| error["path"][1].as_u64());
    assert_eq!(errors.len(), 7, "{}", answer.body);
    for ((error, index), part) in
        errors.iter().zip(1..).zip(["Nothing", "__typename", "id", "id", "Session", "CheckIn", "an object"])
    {
        assert_eq!(error["path"], json!(["_entities", index]), "{error}");
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
        ensure!(error["message"].as_str().is_some_and(|message| message.contains(part)), "{error}");
    }
    // Representations may also be written in the document.
    let inline = format!(
        "{{ _entities(representations: [{{ __typename: \"Session\", id: \"{session}\" }}]) {{ ... on Session {{ name }} }} }}"
    );
    assert_eq!(admin.data(&inline, json!({})).await?, json!({ "_entities": [{ "name": "Monday" }] }));
    Ok(())
}

async fn gateway_composes_the_schema_and_resolves_entities(database: TestDatabase) -> Result<()> {
    let server = serve(&database).await?;
    node("federation.mjs", &[&server.url(), &token::admin()]).await
}

#[tokio::test]
async fn federation_is_off_by_default() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url);
    let server = Program::serve(&settings).await?;
    for document in ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"] {
        let answer = server.admin().query(document, json!({})).await?;
        ensure!(
            answer.body["errors"][0]["message"].as_str().is_some_and(|it| it.contains("Unknown field")),
            "{}",
            answer.body
        );
    }
    let types = server.admin().data("{ __schema { types { name } } }", json!({})).await?.to_string();
    ensure!(!types.contains("_Entity") && !types.contains("_Any"), "{types}");
    // The printed schemas do not depend on the setting.
    let print = async |settings: &Settings, arguments: &[&str]| -> Result<String> {
        Ok(program::run(settings, arguments).await?.expect_success()?.stdout)
    };
    let with = settings.clone().with("FEDERATION", "true");
    let plain = print(&settings, &["schema"]).await?;
    assert_eq!(print(&with, &["schema"]).await?, plain);
    let subgraph = print(&settings, &["schema", "--federation"]).await?;
    assert_eq!(print(&with, &["schema", "--federation"]).await?, subgraph);
    ensure!(!plain.contains("@key") && subgraph.contains("type Session implements Node @key(fields: \"id\") {"));
    Ok(())
}

#[tokio::test]
async fn subgraph_schema_follows_the_introspection_setting() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url).with("FEDERATION", "true").with("INTROSPECTION", "admins");
    let server = Program::serve(&settings).await?;
    let document = "{ _service { sdl } }";
    assert_eq!(server.client().error_code(document, json!({})).await?, "UNAUTHENTICATED");
    let shown = server.admin().data(document, json!({})).await?["_service"]["sdl"].take();
    let printed = program::run(&settings, &["schema", "--federation"]).await?.expect_success()?.stdout;
    assert_eq!(shown.as_str(), Some(printed.as_str()));
    // Entities do not show the schema.
    assert_eq!(entities(&server.client(), json!([of("Session", "Session:1")])).await?, json!([null]));
    Ok(())
}

/// Entities cost as much as a list of the same length. Loaders read the entities of one type together.
#[tokio::test(flavor = "multi_thread")]
async fn entities_cost_as_much_as_a_list() -> Result<()> {
    const ROUNDS: i64 = 20;

    let settings = vec![("shared_preload_libraries".to_owned(), "pg_stat_statements".to_owned())];
    let postgres = Postgres::start_with(PostgresOptions { settings, ..PostgresOptions::default() }).await?;
    let database = TestDatabase::on(&postgres).await?;
    let connection = database.connect().await?;
    database::execute(&connection, "CREATE EXTENSION pg_stat_statements").await?;
    // With an unreachable Redis, the server runs no jobs.
    let settings = Settings::new(&database.url).redis("redis://127.0.0.1:1/").with("FEDERATION", "true");
    let server = Program::serve(&settings).await?;
    let admin = server.admin();
    let sessions = futures_util::future::try_join_all((0..40).map(|n| {
        let (admin, name) = (admin.clone(), format!("Session {n}"));
        async move { create_session(&admin, &name).await }
    }));
    let sessions: Vec<Value> = sessions.await?.iter().map(|id| of("Session", id)).collect();
    let measure = async |count: usize| -> Result<(i64, u64)> {
        database::execute(&connection, "SELECT pg_stat_statements_reset()").await?;
        let variables = json!({ "representations": sessions[..count] });
        let body = json!({ "query": ENTITIES, "variables": variables, "extensions": { "cost": true } });
        let mut cost = 0;
        for _ in 0..ROUNDS {
            let answer = admin.post(&body).await?;
            let found = answer.data()?["_entities"].as_array().map_or(0, Vec::len);
            assert_eq!(found, count, "{}", answer.body);
            cost = answer.body["extensions"]["cost"].as_u64().context("no cost")?;
        }
        let calls = format!("SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE calls >= {ROUNDS}");
        Ok((database::number(&connection, &calls).await? / ROUNDS, cost))
    };
    let (few, cost_of_few) = measure(2).await?;
    let (many, cost_of_many) = measure(40).await?;
    // A busy machine may split a batch of a loader. One statement for each row would be forty.
    ensure!(many <= few + 5, "{few} statements for 2 entities, and {many} for 40");
    ensure!(cost_of_few >= 8 && cost_of_many > cost_of_few, "{cost_of_few} and {cost_of_many} points");

    let refused = async |representations: Vec<Value>| {
        admin.error_code(ENTITIES, json!({ "representations": representations })).await
    };
    let many = |count: usize| vec![of("Session", "Session:999999"); count];
    assert_eq!(refused(many(5_000)).await?, "QUERY_TOO_COMPLEX");
    let few_fields =
        "query($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }";
    let too_many = admin.error(few_fields, json!({ "representations": many(1_001) })).await?;
    ensure!(too_many.code == "BAD_USER_INPUT" && too_many.message.contains("1000"), "{too_many:?}");
    assert_eq!(admin.data(few_fields, json!({ "representations": many(1_000) })).await?["_entities"][999], Value::Null);
    Ok(())
}
