//! Slots and bookings over HTTP, from the real program.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{Client, Deployment, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{create_person, in_seconds};

on_both_databases!(
    booking_goes_from_offer_to_completion,
    bookings_are_visible_to_participants_and_admins_only,
    slot_and_booking_lists_are_filtered_and_paged,
    invalid_slot_and_booking_input_is_refused
);

pub const SLOT: &str = "mutation($input: CreateTimeSlotInput!) { createTimeSlot(input: $input) {
    timeSlot { id isFree startsAt endsAt mentor { id } booking { id } }
} }";
pub const BOOK: &str = "mutation($input: BookTimeSlotInput!) { bookTimeSlot(input: $input) {
    booking { id status isDelayed startedAt completedAt cancelledAt student { id } timeSlot { id isFree booking { id } } }
} }";
const DELETE: &str = "mutation($id: ID!) { deleteTimeSlot(id: $id) { deletedTimeSlotId } }";

/// `start`, `complete` or `cancel`.
pub fn act(what: &str) -> String {
    format!(
        "mutation($id: ID!) {{ {what}Booking(id: $id) {{
            booking {{ id status isDelayed startedAt completedAt cancelledAt }}
        }} }}"
    )
}

/// Creates a slot of this mentor and returns its id.
pub async fn create_slot(client: &Client, mentor: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<String> {
    let input = json!({ "mentorId": mentor, "startsAt": from, "endsAt": to });
    id_at(&client.data(SLOT, json!({ "input": input })).await?, "/createTimeSlot/timeSlot/id")
}

/// Books this slot and returns the booking's id.
pub async fn create_booking(client: &Client, slot: &str, student: &str) -> Result<String> {
    let input = json!({ "timeSlotId": slot, "studentId": student });
    id_at(&client.data(BOOK, json!({ "input": input })).await?, "/bookTimeSlot/booking/id")
}

fn id_at(data: &Value, pointer: &str) -> Result<String> {
    Ok(data.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {data}"))?.to_owned())
}

/// A mentor, a student and a stranger, each with a client.
struct Cast {
    deployment: Deployment,
    admin: Client,
    mentor_id: String,
    student_id: String,
    mentor: Client,
    student: Client,
    stranger: Client,
}

impl Cast {
    async fn new(database: &TestDatabase) -> Result<Self> {
        let deployment = Deployment::start(database).await?;
        let admin = deployment.admin();
        let mentor_id = create_person(&admin, "Mentor").await?;
        let student_id = create_person(&admin, "Student").await?;
        let stranger = create_person(&admin, "Stranger").await?;
        let of = |person: &str| deployment.first().client_of(person);
        let (mentor, student, stranger) = (of(&mentor_id), of(&student_id), of(&stranger));
        Ok(Self { deployment, admin, mentor_id, student_id, mentor, student, stranger })
    }
}

async fn booking_goes_from_offer_to_completion(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let (from, to) = (in_seconds(3600), in_seconds(7200));
    // People offer their own time and book for themselves.
    let own = json!({ "input": { "mentorId": cast.mentor_id, "startsAt": from, "endsAt": to } });
    let offered = cast.mentor.data(SLOT, own).await?;
    let slot = &offered["createTimeSlot"]["timeSlot"];
    assert_eq!((&slot["mentor"]["id"], &slot["isFree"]), (&json!(cast.mentor_id), &json!(true)));
    let input = json!({ "input": { "timeSlotId": slot["id"] } });
    let booked = cast.student.data(BOOK, input.clone()).await?;
    let booking = &booked["bookTimeSlot"]["booking"];
    assert_eq!((&booking["status"], &booking["isDelayed"]), (&json!("SCHEDULED"), &json!(false)));
    assert_eq!(booking["timeSlot"]["booking"]["id"], booking["id"]);
    assert_eq!((&booking["timeSlot"]["isFree"], &booking["student"]["id"]), (&json!(false), &json!(cast.student_id)));
    assert_eq!(cast.stranger.error_code(BOOK, input).await?, "CONFLICT");
    assert_eq!(cast.mentor.error_code(DELETE, json!({ "id": slot["id"] })).await?, "CONFLICT");

    let id = json!({ "id": booking["id"] });
    for (who, client, what, expected) in [
        ("nobody", &cast.deployment.first().client(), "start", "UNAUTHENTICATED"),
        ("a stranger", &cast.stranger, "start", "NOT_FOUND"),
        ("a stranger", &cast.stranger, "complete", "NOT_FOUND"),
        ("a stranger", &cast.stranger, "cancel", "NOT_FOUND"),
        ("the student", &cast.student, "start", "FORBIDDEN"),
        ("the student", &cast.student, "complete", "INVALID_TRANSITION"),
    ] {
        assert_eq!(client.error_code(&act(what), id.clone()).await?, expected, "{who}: {what}");
    }
    let started = cast.mentor.data(&act("start"), id.clone()).await?;
    let shown = &started["startBooking"]["booking"];
    assert_eq!(
        (&shown["status"], &shown["isDelayed"]),
        (&json!("ONGOING"), &json!(false)),
        "started an hour early, so not delayed"
    );
    ensure!(shown["startedAt"].is_string() && shown["completedAt"].is_null(), "{shown}");
    for what in ["start", "cancel"] {
        assert_eq!(cast.mentor.error_code(&act(what), id.clone()).await?, "INVALID_TRANSITION", "{what}");
    }
    let completed = cast.student.data(&act("complete"), id.clone()).await?;
    let shown = &completed["completeBooking"]["booking"];
    assert_eq!(shown["status"], "COMPLETED");
    ensure!(shown["completedAt"].is_string() && shown["cancelledAt"].is_null(), "{shown}");
    for what in ["start", "complete", "cancel"] {
        assert_eq!(cast.admin.error_code(&act(what), id.clone()).await?, "INVALID_TRANSITION", "{what}");
    }

    let other = create_slot(&cast.mentor, &cast.mentor_id, to, in_seconds(9000)).await?;
    let called_off = create_booking(&cast.admin, &other, &cast.student_id).await?;
    let shown = cast.student.data(&act("cancel"), json!({ "id": called_off })).await?;
    ensure!(shown["cancelBooking"]["booking"]["cancelledAt"].is_string(), "{shown}");
    let deleted = cast.mentor.data(DELETE, json!({ "id": other })).await?;
    assert_eq!(deleted["deleteTimeSlot"]["deletedTimeSlotId"], other);
    let history = "query($slot: ID!, $booking: ID!) {
        node(id: $slot) { id } booking(id: $booking) { status timeSlot { startsAt isFree booking { id } } }
    }";
    let shown = cast.student.data(history, json!({ "slot": other, "booking": called_off })).await?;
    ensure!(shown["node"].is_null(), "a deleted slot is still shown: {shown}");
    let slot = json!({ "startsAt": in_whole_milliseconds(to), "isFree": false, "booking": null });
    assert_eq!(shown["booking"], json!({ "status": "CANCELLED", "timeSlot": slot }));
    Ok(())
}

fn in_whole_milliseconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

async fn bookings_are_visible_to_participants_and_admins_only(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let slot = create_slot(&cast.admin, &cast.mentor_id, in_seconds(3600), in_seconds(7200)).await?;
    let booking = create_booking(&cast.admin, &slot, &cast.student_id).await?;
    let document = "query($slot: ID!, $booking: ID!) {
        slot: node(id: $slot) { ... on TimeSlot { isFree booking { id } } }
        byNode: node(id: $booking) { id ... on Booking { status student { displayName } } }
        booking(id: $booking) { id }
        bookings { totalCount nodes { id } }
        timeSlots { nodes { isFree booking { id } } }
    }";
    for (who, client, sees) in [
        ("nobody", cast.deployment.first().client(), false),
        ("a stranger", cast.stranger.clone(), false),
        ("the mentor", cast.mentor.clone(), true),
        ("the student", cast.student.clone(), true),
        ("an admin", cast.admin.clone(), true),
    ] {
        let data = client.data(document, json!({ "slot": slot, "booking": booking })).await.context(who)?;
        let of_slot = json!({ "isFree": false, "booking": if sees { json!({ "id": booking }) } else { Value::Null } });
        assert_eq!(data["slot"], of_slot, "{who}: everybody sees that a slot is taken, not by whom");
        assert_eq!(data["timeSlots"]["nodes"], json!([of_slot]), "{who}");
        let node = json!({ "id": booking, "status": "SCHEDULED", "student": { "displayName": "Student" } });
        assert_eq!(data["byNode"], if sees { node } else { Value::Null }, "{who}");
        assert_eq!(data["booking"], if sees { json!({ "id": booking }) } else { Value::Null }, "{who}");
        let list = if sees {
            json!({ "totalCount": 1, "nodes": [{ "id": booking }] })
        } else {
            json!({ "totalCount": 0, "nodes": [] })
        };
        assert_eq!(data["bookings"], list, "{who}");
    }
    Ok(())
}

async fn slot_and_booking_lists_are_filtered_and_paged(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let start = in_seconds(86_400);
    let hour = |n: i64| start + TimeDelta::hours(n);
    let mut slots = Vec::new();
    // Not created in the order of their times.
    for n in [3, 0, 4, 1, 2] {
        slots.push((n, create_slot(&cast.admin, &cast.mentor_id, hour(n), hour(n + 1)).await?));
    }
    let somebody = create_person(&cast.admin, "Somebody").await?;
    let other = create_slot(&cast.admin, &somebody, hour(0), hour(1)).await?;
    let mut bookings = Vec::new();
    for n in [2, 0, 4] {
        let (_, slot) = slots.iter().find(|(number, _)| *number == n).context("made above")?;
        bookings.push(create_booking(&cast.admin, slot, &cast.student_id).await?);
    }
    cast.admin.data(&act("cancel"), json!({ "id": bookings[1] })).await?;
    slots.sort_unstable();
    let mine: Vec<&String> = slots.iter().map(|(_, id)| id).collect();

    let document = "query($mentor: ID, $from: DateTime, $to: DateTime, $free: Boolean, $first: Int, $after: String) {
        timeSlots(mentorId: $mentor, from: $from, to: $to, isFree: $free, first: $first, after: $after) {
            totalCount nodes { id } pageInfo { endCursor hasNextPage hasPreviousPage }
        }
    }";
    let ids = |data: &Value| -> Vec<String> {
        let nodes = data["nodes"].as_array().into_iter().flatten();
        nodes.filter_map(|node| node["id"].as_str().map(str::to_owned)).collect()
    };
    for (variables, expected) in [
        (json!({ "mentor": cast.mentor_id }), vec![0, 1, 2, 3, 4]),
        (json!({ "mentor": cast.mentor_id, "free": true }), vec![0, 1, 3]),
        (json!({ "mentor": cast.mentor_id, "free": false }), vec![2, 4]),
        (json!({ "mentor": cast.mentor_id, "from": hour(1), "to": hour(3) }), vec![1, 2]),
        (json!({ "mentor": cast.mentor_id, "from": hour(3) }), vec![3, 4]),
        (json!({ "mentor": cast.mentor_id, "to": hour(1) }), vec![0]),
        (json!({ "mentor": cast.mentor_id, "from": hour(2), "to": hour(4), "free": true }), vec![3]),
    ] {
        let data = cast.stranger.data(document, variables.clone()).await?;
        let expected: Vec<_> = expected.into_iter().map(|n: usize| mine[n].clone()).collect();
        assert_eq!(ids(&data["timeSlots"]), expected, "{variables}");
        assert_eq!(data["timeSlots"]["totalCount"], expected.len(), "{variables}");
    }
    let all: BTreeSet<_> = ids(&cast.stranger.data(document, json!({})).await?["timeSlots"]).into_iter().collect();
    assert_eq!(all, mine.iter().map(|id| (*id).clone()).chain([other]).collect());

    // The pages have each slot once, in order.
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({ "mentor": cast.mentor_id, "first": 2, "after": after });
        let page = cast.stranger.data(document, variables).await?["timeSlots"].take();
        seen.extend(ids(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen.iter().collect::<Vec<_>>(), mine);

    let document = "query($filter: BookingFilter, $first: Int, $after: String) {
        bookings(filter: $filter, first: $first, after: $after) {
            totalCount nodes { id } pageInfo { endCursor hasNextPage }
        }
    }";
    for (filter, expected) in [
        (json!(null), vec![2, 1, 0]),
        (json!({ "status": "SCHEDULED" }), vec![2, 0]),
        (json!({ "status": "CANCELLED", "mentorId": cast.mentor_id }), vec![1]),
        (json!({ "studentId": cast.mentor_id }), vec![]),
        (json!({ "from": hour(1) }), vec![2, 0]),
        (json!({ "from": hour(0), "to": hour(3), "studentId": cast.student_id }), vec![1, 0]),
    ] {
        for client in [&cast.admin, &cast.mentor, &cast.student] {
            let data = client.data(document, json!({ "filter": filter })).await?;
            let expected: Vec<_> = expected.iter().map(|n: &usize| bookings[*n].clone()).collect();
            assert_eq!(ids(&data["bookings"]), expected, "newest first: {filter}");
            assert_eq!(data["bookings"]["totalCount"], expected.len(), "{filter}");
        }
    }
    let first = cast.student.data(document, json!({ "first": 1 })).await?;
    let after = &first["bookings"]["pageInfo"]["endCursor"];
    let rest = cast.student.data(document, json!({ "after": after })).await?;
    assert_eq!(ids(&rest["bookings"]), [bookings[1].clone(), bookings[0].clone()]);
    Ok(())
}

async fn invalid_slot_and_booking_input_is_refused(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let (from, to) = (in_seconds(3600), in_seconds(7200));
    let slot = create_slot(&cast.admin, &cast.mentor_id, from, to).await?;
    let input = |input: Value| json!({ "input": input });
    for (document, variables, code, field) in [
        (
            SLOT,
            input(json!({ "mentorId": cast.mentor_id, "startsAt": to, "endsAt": from })),
            "BAD_USER_INPUT",
            "endsAt",
        ),
        (
            SLOT,
            input(json!({ "mentorId": cast.mentor_id, "startsAt": from, "endsAt": from })),
            "BAD_USER_INPUT",
            "endsAt",
        ),
        (
            SLOT,
            input(json!({ "mentorId": cast.mentor_id, "startsAt": from, "endsAt": in_seconds(200_000) })),
            "BAD_USER_INPUT",
            "endsAt",
        ),
        (
            SLOT,
            input(json!({ "mentorId": cast.mentor_id, "startsAt": in_seconds(-7200), "endsAt": in_seconds(-60) })),
            "BAD_USER_INPUT",
            "endsAt",
        ),
        (SLOT, input(json!({ "startsAt": from, "endsAt": to, "mentorId": slot })), "BAD_USER_INPUT", "mentorId"),
        (BOOK, input(json!({ "timeSlotId": cast.mentor_id })), "BAD_USER_INPUT", "timeSlotId"),
        (BOOK, input(json!({ "timeSlotId": slot, "studentId": "7" })), "BAD_USER_INPUT", "studentId"),
        (BOOK, input(json!({ "timeSlotId": slot })), "BAD_USER_INPUT", "studentId"),
        (BOOK, input(json!({ "timeSlotId": "TimeSlot:999", "studentId": cast.student_id })), "NOT_FOUND", ""),
        (BOOK, input(json!({ "timeSlotId": slot, "studentId": "Person:999" })), "NOT_FOUND", ""),
        (DELETE, json!({ "id": "TimeSlot:999" }), "NOT_FOUND", ""),
        (&act("start"), json!({ "id": "Booking:999" }), "NOT_FOUND", ""),
        (&act("cancel"), json!({ "id": slot }), "BAD_USER_INPUT", "id"),
    ] {
        let error = cast.admin.query(document, variables.clone()).await?.body["errors"][0].take();
        assert_eq!(error["extensions"]["code"], code, "{variables}: {error}");
        assert_eq!(error["extensions"]["field"].as_str().unwrap_or_default(), field, "{variables}: {error}");
    }
    let own = json!({ "input": { "timeSlotId": slot } });
    assert_eq!(cast.mentor.error_code(BOOK, own).await?, "BAD_USER_INPUT", "a mentor cannot book their own slot");
    let none = "{ booking(id: \"Booking:999\") { id } node(id: \"TimeSlot:999\") { id } }";
    assert_eq!(cast.admin.data(none, json!({})).await?, json!({ "booking": null, "node": null }));
    for document in ["{ booking(id: \"7\") { id } }", "{ timeSlots(mentorId: \"TimeSlot:1\") { nodes { id } } }"] {
        assert_eq!(cast.admin.error_code(document, json!({})).await?, "BAD_USER_INPUT", "{document}");
    }
    Ok(())
}
