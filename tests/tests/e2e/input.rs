//! Invalid input is answered with a code and a helpful message that shows no internals.

use anyhow::{Context, Result, ensure};
use insession_tests::{Answer, Deployment, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{create_active_instance, create_person, create_session};

on_both_databases!(
    invalid_input_is_refused_with_a_code_and_a_message,
    unusual_input_never_fails_internally,
    failed_mutation_leaves_the_answers_of_its_siblings,
);

const CREATE_SESSION: &str =
    "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
const UPDATE_SESSION: &str =
    "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }";
const CREATE_INSTANCE: &str =
    "mutation($input: CreateSessionInstanceInput!) { createSessionInstance(input: $input) { sessionInstance { id } } }";
const UPDATE_INSTANCE: &str =
    "mutation($input: UpdateSessionInstanceInput!) { updateSessionInstance(input: $input) { sessionInstance { id } } }";
const DELETE_INSTANCE: &str = "mutation($id: ID!) { deleteSessionInstance(id: $id) { deletedSessionInstanceId } }";
const CREATE_SLOT: &str =
    "mutation($input: CreateTimeSlotInput!) { createTimeSlot(input: $input) { timeSlot { id } } }";
const CREATE_PERSON: &str = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";
const UPDATE_PERSON: &str = "mutation($input: UpdatePersonInput!) { updatePerson(input: $input) { person { id } } }";
const CHECK_IN: &str = "mutation($input: CheckInInput!) { checkIn(input: $input) { checkIn { id } } }";
const OVERRIDE: &str =
    "mutation($input: SetActiveOverrideInput!) { setActiveOverride(input: $input) { sessionInstance { id } } }";
const ADD_ORGANIZER: &str =
    "mutation($session: ID!, $person: ID!) { addOrganizer(sessionId: $session, personId: $person) { session { id } } }";

const BAD: &str = "BAD_USER_INPUT";
const UNKNOWN: &str = "NOT_FOUND";

/// Objects that exist.
struct Ids {
    session: String,
    instance: String,
    person: String,
}

async fn start(database: &TestDatabase) -> Result<(Deployment, Ids)> {
    let deployment = Deployment::start(database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let person = create_person(&admin, "Ann").await?;
    Ok((deployment, Ids { session, instance, person }))
}

async fn invalid_input_is_refused_with_a_code_and_a_message(database: TestDatabase) -> Result<()> {
    let (deployment, ids) = start(&database).await?;
    let admin = deployment.admin();
    let mut failures = Vec::new();
    for (code, document, variables) in session_cases(&ids).into_iter().chain(other_cases(&ids)) {
        let answer = admin.query(document, variables.clone()).await?;
        if let Err(reason) = check(&answer, code) {
            failures.push(format!("{reason:#}\n    {document}\n    {variables}\n    {}", answer.body));
        }
    }
    for (body, code) in [
        (json!({ "query": "{" }), BAD),
        (json!({ "query": "{ nothing }" }), BAD),
        (json!({ "query": "query($id: ID!) { node(id: $id) { id } }" }), BAD),
        (json!({ "query": "query A { viewerIsAdmin } query B { viewerIsAdmin }", "operationName": "C" }), BAD),
        (json!({ "query": "subscription { activeSessionChanged { kind nothing } }" }), BAD),
    ] {
        let answer = admin.post(&body).await?;
        if let Err(reason) = check(&answer, code) {
            failures.push(format!("{reason:#}\n    {body}\n    {}", answer.body));
        }
    }
    ensure!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

type Case = (&'static str, &'static str, Value);

fn session_cases(ids: &Ids) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut sessions = |change: Value| {
        let mut input = json!({ "name": "Monday", "timeZone": "UTC" });
        merge(&mut input, &change);
        cases.push((BAD, CREATE_SESSION, json!({ "input": input })));
        let mut input = json!({ "id": ids.session });
        merge(&mut input, &change);
        cases.push((BAD, UPDATE_SESSION, json!({ "input": input })));
    };
    for zone in ["", "Mars/Olympus", "America", "america/chicago; --", "+02:00", "Local"] {
        sessions(json!({ "timeZone": zone }));
    }
    for name in ["", "   ", &"n".repeat(201), &"\u{1F3B5}".repeat(201), "nul \u{0} inside"] {
        sessions(json!({ "name": name }));
    }
    for place in ["city", "state", "country", "location"] {
        sessions(json!({ place: "p".repeat(10_001) }));
        sessions(json!({ place: "nul \u{0} inside" }));
    }
    for buffer in ["activeBufferMinutesBefore", "activeBufferMinutesAfter"] {
        for minutes in [json!(-1), json!(1441), json!(i32::MAX), json!(3_000_000_000_i64), json!(1.5), json!("60")] {
            sessions(json!({ buffer: minutes }));
        }
    }
    for hours in [json!(0), json!(169), json!(-24), json!("24")] {
        sessions(json!({ "autoCreateHoursAhead": hours }));
    }
    for date in ["2025-02-30", "2025-13-01", "2025-1-1", "yesterday", "", "2025-01-01T00:00:00Z"] {
        sessions(json!({ "initiationDate": date }));
        sessions(json!({ "terminationDate": date }));
    }
    sessions(json!({ "initiationDate": "2025-06-02", "terminationDate": "2025-06-01" }));
    sessions(json!({ "nothing": 1 }));
    for id in ["", "7", "Session:", "Session:07", "Session:-1", "Session:1e3", "session:1", &ids.person, &ids.instance]
    {
        cases.push((BAD, UPDATE_SESSION, json!({ "input": { "id": id, "name": "Tuesday" } })));
    }
    cases.push((UNKNOWN, UPDATE_SESSION, json!({ "input": { "id": "Session:999999", "name": "Tuesday" } })));
    // Required fields cannot be cleared.
    for field in ["name", "timeZone", "path", "activeBufferMinutesBefore"] {
        let mut input = json!({ "id": ids.session });
        merge(&mut input, &json!({ field: null }));
        cases.push((BAD, UPDATE_SESSION, json!({ "input": input })));
    }
    cases
}

fn other_cases(ids: &Ids) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut instances = |change: Value| {
        let mut input = json!({ "sessionId": ids.session, "date": "2025-06-02" });
        merge(&mut input, &change);
        cases.push((BAD, CREATE_INSTANCE, json!({ "input": input })));
        let mut input = json!({ "id": ids.instance });
        merge(&mut input, &change);
        cases.push((BAD, UPDATE_INSTANCE, json!({ "input": input })));
    };
    for time in ["24:00", "25:00", "19:60", "19:00:61", "7pm", "19", "", "19:00Z", "-1:00"] {
        instances(json!({ "startTime": time, "endTime": "22:00" }));
        instances(json!({ "startTime": "19:00", "endTime": time }));
    }
    instances(json!({ "startTime": "19:00", "endTime": "19:00" }));
    instances(json!({ "startTime": "19:00", "endTime": "19:00:00" }));
    for date in ["2025-02-29", "2025-13-01", "2025-00-10", "20250601", "today", "2025-06-01 "] {
        instances(json!({ "date": date }));
    }
    instances(json!({ "locationOverride": "p".repeat(10_001) }));
    instances(json!({ "locationOverride": "nul \u{0} inside" }));
    instances(json!({ "locationOverride": "\u{202e}turned" }));
    for name in ["\u{200b}", "\u{feff}\u{2060}", "\u{3164}", "a\u{202e}b", "a\u{2066}b\u{2069}", "a\u{2028}b"] {
        for field in ["displayName", "city", "country"] {
            let mut input = json!({ "displayName": "Ann" });
            merge(&mut input, &json!({ field: name }));
            cases.push((BAD, CREATE_PERSON, json!({ "input": input })));
        }
        for field in ["name", "path", "city", "location"] {
            let mut input = json!({ "name": "Monday", "timeZone": "UTC" });
            merge(&mut input, &json!({ field: name }));
            cases.push((BAD, CREATE_SESSION, json!({ "input": input })));
        }
    }

    cases.extend([
        (BAD, CREATE_INSTANCE, json!({ "input": { "sessionId": ids.person, "date": "2025-06-02" } })),
        (BAD, CREATE_INSTANCE, json!({ "input": { "sessionId": "nonsense", "date": "2025-06-02" } })),
        (UNKNOWN, CREATE_INSTANCE, json!({ "input": { "sessionId": "Session:999999", "date": "2025-06-02" } })),
        (BAD, UPDATE_INSTANCE, json!({ "input": { "id": ids.session, "isCancelled": true } })),
        (BAD, UPDATE_INSTANCE, json!({ "input": { "id": ids.instance, "date": null } })),
        (UNKNOWN, UPDATE_INSTANCE, json!({ "input": { "id": "SessionInstance:999999", "isCancelled": true } })),
        (BAD, DELETE_INSTANCE, json!({ "id": ids.session })),
        (UNKNOWN, DELETE_INSTANCE, json!({ "id": "SessionInstance:999999" })),
        (BAD, CREATE_PERSON, json!({ "input": { "displayName": "" } })),
        (BAD, CREATE_PERSON, json!({ "input": { "displayName": "n".repeat(201) } })),
        (BAD, CREATE_PERSON, json!({ "input": { "displayName": "nul \u{0} inside" } })),
        (BAD, CREATE_PERSON, json!({ "input": { "displayName": "Ann", "city": "c".repeat(10_001) } })),
        (BAD, UPDATE_PERSON, json!({ "input": { "id": ids.person, "displayName": "n".repeat(201) } })),
        (BAD, UPDATE_PERSON, json!({ "input": { "id": ids.session, "displayName": "Ben" } })),
        (UNKNOWN, UPDATE_PERSON, json!({ "input": { "id": "Person:999999", "displayName": "Ben" } })),
        (BAD, CHECK_IN, check_in(&ids.instance, "PERHAPS", &ids.person)),
        (BAD, CHECK_IN, check_in(&ids.session, "YES", &ids.person)),
        (BAD, CHECK_IN, check_in(&ids.instance, "YES", &ids.session)),
        (UNKNOWN, CHECK_IN, check_in("SessionInstance:999999", "YES", &ids.person)),
        (UNKNOWN, CHECK_IN, check_in(&ids.instance, "YES", "Person:999999")),
        (BAD, OVERRIDE, set_override(&ids.instance, "2001-01-01T00:00:00Z")),
        (BAD, OVERRIDE, set_override(&ids.instance, "tomorrow")),
        (BAD, OVERRIDE, set_override(&ids.instance, "2999-01-01T00:00:00")),
        (UNKNOWN, OVERRIDE, set_override("SessionInstance:999999", "2999-01-01T00:00:00Z")),
        (BAD, ADD_ORGANIZER, json!({ "session": ids.session, "person": ids.session })),
        (UNKNOWN, ADD_ORGANIZER, json!({ "session": ids.session, "person": "Person:999999" })),
        (UNKNOWN, ADD_ORGANIZER, json!({ "session": "Session:999999", "person": ids.person })),
        (BAD, r#"mutation { sweep(at: "2025-06-02T19:00:00Z") { report { at } } }"#, json!({})),
        (BAD, r#"{ sessions(after: "made up") { nodes { id } } }"#, json!({})),
        (BAD, "{ sessions(first: -1) { nodes { id } } }", json!({})),
        (BAD, r#"{ node(id: "nonsense") { id } }"#, json!({})),
        (BAD, r#"{ session(id: "Person:1") { id } }"#, json!({})),
        (BAD, r#"{ sessionInstance(id: "SessionInstance:0x1") { id } }"#, json!({})),
        (
            BAD,
            "query($ids: [ID!]) { activeSessionInstances(filter: { sessionIds: $ids }) { nodes { id } } }",
            json!({ "ids": (1..=101).map(|number| format!("Session:{number}")).collect::<Vec<_>>() }),
        ),
    ]);
    cases
}

/// This input may be accepted or refused, but it must not cause an internal error.
async fn unusual_input_never_fails_internally(database: TestDatabase) -> Result<()> {
    let (deployment, ids) = start(&database).await?;
    let admin = deployment.admin();
    let mut cases = Vec::new();
    for date in ["0000-01-01", "0001-01-01", "-0001-01-01", "1582-10-10", "9999-12-31", "+10000-01-01", "262142-12-31"]
    {
        let times = json!({ "sessionId": ids.session, "date": date, "startTime": "23:00", "endTime": "01:00" });
        cases.push((CREATE_INSTANCE, json!({ "input": times })));
        cases.push((CREATE_SESSION, json!({ "input": { "name": "Odd", "timeZone": "UTC", "initiationDate": date } })));
        cases.push((CREATE_SESSION, json!({ "input": { "name": "Odd", "timeZone": "UTC", "terminationDate": date } })));
    }
    for time in ["23:59:59", "23:59:60", "00:00", "19:00:00.5", "19:00:00.123456789"] {
        let input = json!({ "sessionId": ids.session, "date": "2025-06-02", "startTime": time, "endTime": "12:00" });
        cases.push((CREATE_INSTANCE, json!({ "input": input })));
    }
    for name in
        ["\u{202E}", "\u{FEFF}", "'; DROP TABLE session; --", "%_\\", "\u{1F469}\u{200D}\u{1F4BB}", "İ", "..", "/"]
    {
        cases.push((CREATE_SESSION, json!({ "input": { "name": name, "timeZone": "UTC" } })));
        cases.push((CREATE_SESSION, json!({ "input": { "name": "Odd", "path": name, "timeZone": "UTC" } })));
        let document = "query($text: String!) {
            sessions(filter: { nameContains: $text, city: $text }) { totalCount nodes { id } }
            sessionByPath(path: $text) { id }
        }";
        cases.push((document, json!({ "text": name })));
    }
    let at = "mutation($at: DateTime!) { sweep(dryRun: true, at: $at) { report { at } } }";
    for instant in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2025-06-02T24:00:00Z", "2016-12-31T23:59:60Z"] {
        cases.push((at, json!({ "at": instant })));
        cases.push((OVERRIDE, set_override(&ids.instance, instant)));
        let slot = json!({ "mentorId": ids.person, "startsAt": instant, "endsAt": instant });
        cases.push((CREATE_SLOT, json!({ "input": slot })));
        cases.push((CREATE_SLOT, json!({ "input": merged(&slot, &json!({ "startsAt": "0001-01-01T00:00:00Z" })) })));
        cases.push((CREATE_SLOT, json!({ "input": merged(&slot, &json!({ "endsAt": "9999-12-31T23:59:59.999Z" })) })));
        let lists = "query($at: DateTime) {
            timeSlots(from: $at, to: $at) { totalCount nodes { id } } before: timeSlots(to: $at) { nodes { id } }
            bookings(filter: { from: $at, to: $at, status: ONGOING }) { totalCount nodes { id } }
        }";
        cases.push((lists, json!({ "at": instant })));
    }
    for first in [0, 100, 101, i32::MAX] {
        cases.push(("query($n: Int) { sessions(first: $n) { nodes { id } } }", json!({ "n": first })));
        cases.push(("query($n: Int) { sessions(first: 1, last: $n) { nodes { id } } }", json!({ "n": first })));
    }
    for (document, variables) in cases {
        let answer = admin.query(document, variables.clone()).await?;
        if let Some(error) = answer.error() {
            check(&answer, &error.code)
                .and_then(|()| {
                    ensure!(error.code != "INTERNAL", "internal error");
                    Ok(())
                })
                .with_context(|| format!("{document}\n{variables}\n{}", answer.body))?;
        }
    }
    Ok(())
}

/// Fails unless the error has this code and a message without internals.
fn check(answer: &Answer, code: &str) -> Result<()> {
    let error = answer.error().context("the input was accepted")?;
    ensure!(error.code == code, "{} instead of {code}", error.code);
    ensure!(!error.message.trim().is_empty(), "no message");
    ensure!(answer.status < 500, "HTTP {}", answer.status);
    let text = answer.body.to_string().to_lowercase();
    for inside in ["sqlx", "sea_orm", "sea-orm", "dberr", "select ", "insert into", "constraint", "panicked", ".rs:"] {
        ensure!(!text.contains(inside), "the answer contains {inside:?}");
    }
    Ok(())
}

fn check_in(instance: &str, attendance: &str, person: &str) -> Value {
    json!({ "input": { "sessionInstanceId": instance, "attendance": attendance, "personId": person } })
}

fn set_override(instance: &str, until: &str) -> Value {
    json!({ "input": { "sessionInstanceId": instance, "active": true, "until": until } })
}

fn merged(value: &Value, change: &Value) -> Value {
    let mut value = value.clone();
    merge(&mut value, change);
    value
}

fn merge(into: &mut Value, change: &Value) {
    if let (Some(into), Some(change)) = (into.as_object_mut(), change.as_object()) {
        into.extend(change.clone());
    }
}

async fn failed_mutation_leaves_the_answers_of_its_siblings(database: TestDatabase) -> Result<()> {
    let (deployment, ids) = start(&database).await?;
    let document = "mutation($person: ID!) {
        first: updatePerson(input: { id: $person, city: \"Austin\" }) { person { city } }
        failed: updateSession(input: { id: \"Session:999999\", name: \"Nobody's\" }) { session { id } }
        last: updatePerson(input: { id: $person, city: \"Berlin\" }) { person { city } }
    }";
    let answer = deployment.admin().query(document, json!({ "person": ids.person })).await?;
    let expected = json!({
        "first": { "person": { "city": "Austin" } },
        "failed": null,
        "last": { "person": { "city": "Berlin" } },
    });
    ensure!(answer.body["data"] == expected, "{}", answer.body);
    ensure!(answer.body["errors"].as_array().map(Vec::len) == Some(1), "{}", answer.body);
    ensure!(answer.body.pointer("/errors/0/path") == Some(&json!(["failed"])), "{}", answer.body);
    assert_eq!((answer.status, answer.code().as_deref()), (200, Some(UNKNOWN)));
    Ok(())
}
