//! Deleting sessions, erasing people, and merging two people.

use anyhow::{Result, ensure};
use insession_tests::{
    Client, Deployment, LIMIT, Socket, TestDatabase, database::number, eventually, on_both_databases, token,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};

use crate::fixtures::{
    CHANGES, add_organizer, check_in, create_active_instance, create_instance, create_person, create_session,
    in_seconds,
};

on_both_databases!(
    deleted_session_ends_its_instances,
    erased_person_leaves_only_counts,
    merged_people_become_one_person,
);

async fn kinds(socket: &mut Socket, id: &str, count: usize) -> Result<Vec<Value>> {
    let mut changes = Vec::new();
    while changes.len() < count {
        changes.push(socket.next_for(id, LIMIT).await?.field("activeSessionChanged").clone());
    }
    Ok(changes)
}

async fn place_of(client: &Client, person: &str) -> Result<Value> {
    let document = "query($id: ID!) { person(id: $id) { activeSessionInstance { id } } }";
    Ok(client.data(document, json!({ "id": person })).await?["person"]["activeSessionInstance"]["id"].take())
}

async fn deleted_session_ends_its_instances(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let [session, other] = [create_session(&admin, "Monday").await?, create_session(&admin, "Tuesday").await?];
    let active = create_active_instance(&admin, &session).await?;
    let next = create_instance(&admin, &session, in_seconds(3_600), in_seconds(7_200)).await?;
    let elsewhere = create_active_instance(&admin, &other).await?;
    let person = create_person(&admin, "Ann").await?;
    for instance in [&elsewhere, &active] {
        check_in(&admin, instance, "YES", Some(&person)).await?;
    }
    assert_eq!(place_of(&admin, &person).await?, *active);

    let mut socket = deployment.second().socket(Some(&token::of(&person))).await?;
    socket.subscribe("badge", CHANGES, json!({ "sessionIds": [session] }))?;
    socket.subscribe("own", CHANGES, json!({ "personId": person }))?;
    for id in ["badge", "own"] {
        assert_eq!(kinds(&mut socket, id, 1).await?[0]["kind"], "SNAPSHOT");
    }
    let delete = "mutation($id: ID!) { deleteSession(id: $id) { deletedSessionId } }";
    assert_eq!(admin.data(delete, json!({ "id": session })).await?["deleteSession"]["deletedSessionId"], *session);
    let ended = kinds(&mut socket, "badge", 1).await?.remove(0);
    let expected = (json!("DEACTIVATED"), json!(active), json!(session));
    assert_eq!((ended["kind"].clone(), ended["sessionInstanceId"].clone(), ended["session"]["id"].clone()), expected);
    ensure!(ended["sessionInstance"].is_null(), "the instance is still shown: {ended}");
    let mut moved = kinds(&mut socket, "own", 1).await?.remove(0);
    if moved["kind"] == "DEACTIVATED" {
        moved = kinds(&mut socket, "own", 1).await?.remove(0);
    }
    assert_eq!(
        (&moved["kind"], &moved["sessionInstance"]["id"]),
        (&json!("PERSON_MOVED"), &json!(elsewhere)),
        "the person moves to their other instance"
    );
    assert_eq!(place_of(&admin, &person).await?, *elsewhere);

    let gone = "query($s: ID!, $i: ID!, $n: ID!) {
        session(id: $s) { id } node(id: $s) { id } sessionByPath(path: \"monday\") { id }
        a: sessionInstance(id: $i) { id } b: sessionInstance(id: $n) { id }
        sessions { nodes { id } totalCount } activeSessionInstances { nodes { id } }
    }";
    let data = admin.data(gone, json!({ "s": session, "i": active, "n": next })).await?;
    for field in ["session", "node", "sessionByPath", "a", "b"] {
        ensure!(data[field].is_null(), "{field}: {data}");
    }
    assert_eq!(data["sessions"], json!({ "nodes": [{ "id": other }], "totalCount": 1 }));
    assert_eq!(data["activeSessionInstances"]["nodes"], json!([{ "id": elsewhere }]));
    for (document, variables) in [
        (delete, json!({ "id": session })),
        (
            "mutation($id: ID!) { updateSession(input: { id: $id, name: \"x\" }) { session { id } } }",
            json!({ "id": session }),
        ),
        (
            "mutation($id: ID!) { createSessionInstance(input: { sessionId: $id, date: \"2030-01-07\" }) { sessionInstance { id } } }",
            json!({ "id": session }),
        ),
        (
            "mutation($id: ID!) { checkIn(input: { sessionInstanceId: $id, attendance: NO }) { checkIn { id } } }",
            json!({ "id": active }),
        ),
    ] {
        assert_eq!(admin.error_code(document, variables).await?, "NOT_FOUND", "{document}");
    }
    // Its path can be used again, and no sweep restores anything.
    create_session(&admin, "Monday").await?;
    let swept = "mutation { sweep { report { activated { id } errors { message } } } }";
    let report = admin.data(swept, json!({})).await?;
    assert_eq!(report["sweep"]["report"], json!({ "activated": [], "errors": [] }));
    Ok(())
}

async fn erased_person_leaves_only_counts(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let active = create_active_instance(&admin, &session).await?;
    let next = create_instance(&admin, &session, in_seconds(3_600), in_seconds(7_200)).await?;
    let [person, friend] = [create_person(&admin, "Ann Unforgettable").await?, create_person(&admin, "Bob").await?];
    add_organizer(&admin, &session, &person).await?;
    for instance in [&active, &next] {
        check_in(&admin, instance, "YES", Some(&person)).await?;
        check_in(&admin, instance, "YES", Some(&friend)).await?;
    }
    let own = deployment.first().client_of(&person);
    let visit = "8a6e0804-2bd0-4672-b79d-d97027f9071a";
    own.data(
        "mutation($id: ID!) { heartbeat(input: { presenceId: $id }) { presence { id } } }",
        json!({ "id": visit }),
    )
    .await?;
    let offer = "mutation($from: DateTime!, $to: DateTime!, $mentor: ID!) {
        createTimeSlot(input: { mentorId: $mentor, startsAt: $from, endsAt: $to }) { timeSlot { id } } }";
    let slot = async |mentor: &str, hour: i64| -> Result<Value> {
        let (from, to) = (in_seconds(hour * 3_600), in_seconds(hour * 3_600 + 1_800));
        let slot = admin.data(offer, json!({ "mentor": mentor, "from": from, "to": to })).await?;
        Ok(slot["createTimeSlot"]["timeSlot"]["id"].clone())
    };
    let (theirs, free, of_friend) = (slot(&person, 1).await?, slot(&person, 3).await?, slot(&friend, 5).await?);
    let book = "mutation($slot: ID!, $student: ID) { bookTimeSlot(input: { timeSlotId: $slot, studentId: $student }) { booking { id } } }";
    for (slot, student) in [(&theirs, &friend), (&of_friend, &person)] {
        admin.data(book, json!({ "slot": slot, "student": student })).await?;
    }
    let mut socket = deployment.second().socket(Some(&token::of(&person))).await?;
    let mut watching = deployment.second().socket(Some(&token::admin())).await?;
    watching.subscribe("moves", CHANGES, json!({ "personId": person }))?;
    kinds(&mut watching, "moves", 1).await?;

    let erase = "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }";
    let stranger = deployment.first().client_of(&friend);
    assert_eq!(stranger.error_code(erase, json!({ "id": person })).await?, "FORBIDDEN");
    own.data(erase, json!({ "id": person })).await?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    // Counts of earlier changes may come first.
    let moved = watching
        .next_where("moves", LIMIT, |received| received.field("activeSessionChanged")["kind"] == "PERSON_MOVED")
        .await?;
    let moved = moved.field("activeSessionChanged");
    ensure!(moved["sessionInstance"].is_null(), "an erased person has a place: {moved}");

    let counts = "query($id: ID!) { sessionInstance(id: $id) { attendingCount presentCount checkIns { nodes { person { id } } } session { organizers { id } } } }";
    let [now, later] =
        [admin.data(counts, json!({ "id": active })).await?, admin.data(counts, json!({ "id": next })).await?];
    let count = |data: &Value| {
        (data["sessionInstance"]["attendingCount"].clone(), data["sessionInstance"]["presentCount"].clone())
    };
    assert_eq!(
        (count(&now), count(&later)),
        ((json!(2), json!(1)), (json!(1), json!(0))),
        "an instance that has begun keeps its count"
    );
    for data in [&now, &later] {
        assert_eq!(data["sessionInstance"]["checkIns"]["nodes"], json!([{ "person": { "id": friend } }]));
        assert_eq!(data["sessionInstance"]["session"]["organizers"], json!([]));
    }
    let booked = "{ bookings { nodes { status student { displayName } } } people { nodes { displayName } } timeSlots { nodes { id } } }";
    let data = admin.data(booked, json!({})).await?;
    let statuses: Vec<_> = data["bookings"]["nodes"].as_array().into_iter().flatten().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["CANCELLED", "CANCELLED"], "{data}");
    assert_eq!(data["people"]["nodes"], json!([{ "displayName": "Bob" }]));
    assert_eq!(data["timeSlots"]["nodes"], json!([{ "id": of_friend }]), "{free} and {theirs} are removed");
    let everything =
        admin.data("{ auditLog(first: 100) { nodes { action nodeId changes { field from to } } } }", json!({})).await?;
    ensure!(!everything.to_string().contains("Unforgettable"), "{everything}");
    let db = database.connect().await?;
    let key = person.trim_start_matches("Person:");
    for sql in [
        format!("SELECT COUNT(*) FROM presence WHERE person_id = {key}"),
        format!("SELECT COUNT(*) FROM check_in WHERE person_id = {key}"),
        "SELECT COUNT(*) FROM person WHERE display_name LIKE '%Unforgettable%' OR name_key LIKE '%unforgettable%'"
            .to_owned(),
    ] {
        assert_eq!(number(&db, &sql).await?, 0, "{sql}");
    }
    expect_gone_from_file(&database, &db, b"unforgettable").await?;
    let visits = "SELECT COUNT(*) FROM presence_hour WHERE completed > 0";
    assert_eq!(number(&db, visits).await?, 1, "the visit stays in the statistics");
    for token in [
        token::of(&person),
        token::signed(
            &json!({ "sub": person, "iat": in_seconds(1).timestamp(), "exp": in_seconds(600).timestamp() }),
            token::SECRET,
        ),
    ] {
        let late = deployment.first().client().with_token(&token);
        assert_eq!(
            late.error_code("{ viewer { id } }", json!({})).await?,
            "UNAUTHENTICATED",
            "every token of an erased person is refused"
        );
    }
    assert_eq!(admin.error_code(erase, json!({ "id": person })).await?, "NOT_FOUND");
    Ok(())
}

/// Waits until no byte of the database's file has the name. PostgreSQL has no such file.
async fn expect_gone_from_file(database: &TestDatabase, db: &DatabaseConnection, name: &[u8]) -> Result<()> {
    let Some(file) = service::db::sqlite_file(&database.url) else { return Ok(()) };
    eventually(LIMIT, "the name to be gone from the file", async || {
        db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        for file in [file.display().to_string(), format!("{}-wal", file.display())] {
            let bytes = std::fs::read(&file).unwrap_or_default();
            ensure!(!bytes.windows(name.len()).any(|bytes| bytes.eq_ignore_ascii_case(name)), "{file} has it");
        }
        Ok(())
    })
    .await
}

async fn merged_people_become_one_person(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let [one, two] = [create_active_instance(&admin, &session).await?, create_active_instance(&admin, &session).await?];
    let [from, into, friend] = [
        create_person(&admin, "Annie").await?,
        create_person(&admin, "Ann").await?,
        create_person(&admin, "Bob").await?,
    ];
    let named = "mutation($id: ID!) { updatePerson(input: { id: $id, externalId: \"annie\", city: \"Austin\" }) { person { id } } }";
    admin.data(named, json!({ "id": from })).await?;
    let hide = "mutation($id: ID!) { updatePerson(input: { id: $id, hidesPlace: true }) { person { id } } }";
    admin.data(hide, json!({ "id": from })).await?;
    add_organizer(&admin, &session, &from).await?;
    check_in(&admin, &one, "YES", Some(&into)).await?;
    check_in(&admin, &one, "NO", Some(&from)).await?;
    check_in(&admin, &two, "YES", Some(&from)).await?;
    let offer = "mutation($from: DateTime!, $to: DateTime!, $mentor: ID!) {
        createTimeSlot(input: { mentorId: $mentor, startsAt: $from, endsAt: $to }) { timeSlot { id } } }";
    let slot = async |mentor: &str, minute: i64| -> Result<Value> {
        let (from, to) = (in_seconds(3_600 + minute * 60), in_seconds(5_400 + minute * 60));
        let slot = admin.data(offer, json!({ "mentor": mentor, "from": from, "to": to })).await?;
        Ok(slot["createTimeSlot"]["timeSlot"]["id"].clone())
    };
    let book = "mutation($slot: ID!, $student: ID) { bookTimeSlot(input: { timeSlotId: $slot, studentId: $student }) { booking { id } } }";
    admin.data(book, json!({ "slot": slot(&from, 0).await?, "student": friend })).await?;
    let overlapping = slot(&into, 10).await?;
    let mut socket = deployment.second().socket(Some(&token::of(&from))).await?;

    let merge = "mutation($from: ID!, $into: ID!) { mergePeople(fromId: $from, intoId: $into) { person {
        id displayName city hidesPlace activeSessionInstance { id } checkIns { nodes { attendance sessionInstance { id } } }
    } } }";
    let both = json!({ "from": from, "into": into });
    assert_eq!(admin.error_code(merge, both.clone()).await?, "CONFLICT", "both have a slot at the same time");
    admin
        .data("mutation($id: ID!) { deleteTimeSlot(id: $id) { deletedTimeSlotId } }", json!({ "id": overlapping }))
        .await?;
    assert_eq!(admin.error_code(merge, json!({ "from": into, "into": into })).await?, "BAD_USER_INPUT");
    let person = admin.data(merge, both.clone()).await?["mergePeople"]["person"].take();
    let expected = json!({
        "id": into, "displayName": "Ann", "city": "Austin", "hidesPlace": true, "activeSessionInstance": { "id": two },
        "checkIns": { "nodes": [
            { "attendance": "YES", "sessionInstance": { "id": two } },
            { "attendance": "NO", "sessionInstance": { "id": one } },
        ] },
    });
    assert_eq!(person, expected, "the later answer to each instance counts");
    assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    let left = "query($id: ID!) { person(id: $id) { id } people { nodes { id } }
        bookings { nodes { timeSlot { mentor { id } } } } sessions { nodes { organizers { id } } } }";
    let data = admin.data(left, json!({ "id": from })).await?;
    ensure!(data["person"].is_null(), "{data}");
    assert_eq!(data["people"]["nodes"], json!([{ "id": into }, { "id": friend }]));
    assert_eq!(data["bookings"]["nodes"], json!([{ "timeSlot": { "mentor": { "id": into } } }]));
    assert_eq!(data["sessions"]["nodes"], json!([{ "organizers": [{ "id": into }] }]));

    let (iat, exp) = (in_seconds(1).timestamp(), in_seconds(600).timestamp());
    for sub in [&*from, "annie"] {
        let token = token::signed(&json!({ "sub": sub, "iat": iat, "exp": exp }), token::SECRET);
        let viewer = deployment.first().client().with_token(&token).data("{ viewer { id } }", json!({})).await?;
        assert_eq!(viewer["viewer"]["id"], *into, "the viewer of a token for {sub}");
    }
    assert_eq!(admin.error_code(merge, both).await?, "NOT_FOUND");
    let erase = "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }";
    admin.data(erase, json!({ "id": into })).await?;
    let db = database.connect().await?;
    for sql in [
        "SELECT COUNT(*) FROM person WHERE display_name LIKE 'Ann%' OR external_id IS NOT NULL".to_owned(),
        "SELECT COUNT(*) FROM audit_entry WHERE changes LIKE '%Ann%' OR changes LIKE '%annie%'".to_owned(),
        format!("SELECT COUNT(*) FROM change_log WHERE person_id = {}", from.trim_start_matches("Person:")),
    ] {
        assert_eq!(number(&db, &sql).await?, 0, "rows of the merged person are left: {sql}");
    }
    Ok(())
}
