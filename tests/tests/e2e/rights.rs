//! Who may do what, and who may see attendance lists and whereabouts.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use insession_tests::{Client, Deployment, LIMIT, TestDatabase, eventually, now, on_both_databases, token};
use serde_json::{Value, json};

use crate::{
    bookings::interface::{act, create_booking, create_slot},
    fixtures::{
        CHANGES, add_organizer, add_skip, beat, check_in, create_active_instance, create_instance, create_person,
        create_session, in_seconds, new_visit, save_activity,
    },
};

on_both_databases!(
    every_mutation_checks_rights,
    guest_has_no_rights_beyond_their_own_data,
    deactivated_person_may_only_read_their_own_data,
    people_change_their_own_data_only,
    attendance_lists_and_whereabouts_are_shown_only_with_rights,
    invalid_tokens_are_refused,
);

/// A session with an active instance, and people with different rights to it.
struct World {
    session: String,
    instance: String,
    organizer: String,
    /// Said yes, and is placed there.
    member: String,
    /// Said no.
    decliner: String,
    stranger: String,
    /// Organises the session, said yes, and is deactivated.
    deactivated: String,
    /// A skip of the session, long ago.
    skip: String,
    /// A visit of the member.
    visit: String,
    /// A free slot of the member.
    slot: String,
    /// The decliner's booking of another slot of the member. It is SCHEDULED.
    booking: String,
    /// The same, but it is ONGOING.
    ongoing: String,
    /// An API key of the member.
    api_key: String,
}

/// Mutations that everybody with a check-in code may use. `door` tests them.
const BY_CODE: &[&str] = &["checkInByCode"];

impl World {
    async fn new(admin: &Client) -> Result<Self> {
        let session = create_session(admin, "Monday").await?;
        let instance = create_active_instance(admin, &session).await?;
        let organizer = create_person(admin, "Olga").await?;
        let member = create_person(admin, "Mia").await?;
        let decliner = create_person(admin, "Dan").await?;
        let stranger = create_person(admin, "Sam").await?;
        let deactivated = create_person(admin, "Dora").await?;
        let skip = add_skip(admin, &session, "2000-12-25").await?;
        add_organizer(admin, &session, &organizer).await?;
        add_organizer(admin, &session, &deactivated).await?;
        check_in(admin, &instance, "YES", Some(&deactivated)).await?;
        set_deactivated(admin, &deactivated, true).await?;
        check_in(admin, &instance, "YES", Some(&member)).await?;
        check_in(admin, &instance, "NO", Some(&decliner)).await?;
        let visit = new_visit();
        beat(&admin.clone().with_token(&token::of(&member)), &visit).await?;
        let [slot, booked, begun] = [2, 4, 6].map(|hours| {
            let from = in_seconds(3600 * hours);
            create_slot(admin, &member, from, from + TimeDelta::hours(1))
        });
        let (slot, booked, begun) = (slot.await?, booked.await?, begun.await?);
        let booking = create_booking(admin, &booked, &decliner).await?;
        let ongoing = create_booking(admin, &begun, &decliner).await?;
        admin.data(&act("start"), json!({ "id": ongoing })).await?;
        let key = "mutation($id: ID!) { createApiKey(input: { name: \"Key\", personId: $id }) { apiKey { id } } }";
        let key = admin.data(key, json!({ "id": member })).await?["createApiKey"]["apiKey"]["id"].take();
        let api_key = key.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            session,
            instance,
            organizer,
            member,
            decliner,
            stranger,
            deactivated,
            skip,
            visit,
            slot,
            booking,
            ongoing,
            api_key,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    /// Admins only.
    Admins,
    /// Organisers of the session, and admins.
    Organizers,
    /// The owner only, here the member. Not even admins.
    Owner,
    /// The people whom it concerns, and admins. Others get NOT_FOUND.
    TakingPart,
}

/// A mutation's name, who may do it, a document and its variables.
type Row = (&'static str, May, &'static str, Value);

/// Every mutation, on objects of other people. Another test covers people's own objects.
fn table(world: &World) -> Vec<Row> {
    [session_rows(world), people_rows(world), visit_rows(world), booking_rows(world)].concat()
}

fn session_rows(world: &World) -> Vec<Row> {
    let World { session, instance, member, stranger, .. } = world;
    vec![
        (
            "createSession",
            May::Admins,
            r#"mutation { createSession(input: { name: "New", timeZone: "UTC" }) { session { id } } }"#,
            json!({}),
        ),
        (
            "updateSession",
            May::Organizers,
            r#"mutation($id: ID!) { updateSession(input: { id: $id, name: "New" }) { session { id } } }"#,
            json!({ "id": session }),
        ),
        (
            "createSessionInstance",
            May::Organizers,
            r#"mutation($id: ID!) { createSessionInstance(input: { sessionId: $id, date: "2030-01-07", allowDuplicate: true }) { sessionInstance { id } } }"#,
            json!({ "id": session }),
        ),
        (
            "updateSessionInstance",
            May::Organizers,
            r#"mutation($id: ID!) { updateSessionInstance(input: { id: $id, locationOverride: "Upstairs" }) { sessionInstance { id } } }"#,
            json!({ "id": instance }),
        ),
        (
            "deleteSessionInstance",
            May::Organizers,
            "mutation($id: ID!) { deleteSessionInstance(id: $id) { deletedSessionInstanceId } }",
            json!({ "id": instance }),
        ),
        (
            "deleteSession",
            May::Admins,
            "mutation($id: ID!) { deleteSession(id: $id) { deletedSessionId } }",
            json!({ "id": session }),
        ),
        (
            "mergePeople",
            May::Admins,
            "mutation($id: ID!, $into: ID!) { mergePeople(fromId: $id, intoId: $into) { person { id } } }",
            json!({ "id": member, "into": stranger }),
        ),
        (
            "setActiveOverride",
            May::Organizers,
            "mutation($id: ID!) { setActiveOverride(input: { sessionInstanceId: $id, active: false }) { sessionInstance { id } } }",
            json!({ "id": instance }),
        ),
        (
            "clearActiveOverride",
            May::Organizers,
            "mutation($id: ID!) { clearActiveOverride(sessionInstanceId: $id) { sessionInstance { id } } }",
            json!({ "id": instance }),
        ),
        (
            "addOrganizer",
            May::Organizers,
            "mutation($id: ID!, $person: ID!) { addOrganizer(sessionId: $id, personId: $person) { session { id } } }",
            json!({ "id": session, "person": stranger }),
        ),
        (
            "removeOrganizer",
            May::Organizers,
            "mutation($id: ID!, $person: ID!) { removeOrganizer(sessionId: $id, personId: $person) { session { id } } }",
            json!({ "id": session, "person": world.organizer }),
        ),
        (
            "addSkips",
            May::Organizers,
            "mutation($id: ID!) { addSkips(input: { sessionIds: [$id], skips: [{ from: \"2025-12-25\", to: \"2025-12-25\" }] }) { sessions { id } } }",
            json!({ "id": session }),
        ),
        (
            "removeSkip",
            May::Organizers,
            "mutation($id: ID!) { removeSkip(id: $id) { session { id } } }",
            json!({ "id": world.skip }),
        ),
        (
            "importCalendar",
            May::Organizers,
            "mutation($ics: String!) { importCalendar(input: { ics: $ics }) { imported { uid } refused { reason } } }",
            json!({ "ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:rights\nSUMMARY:Imported\nDTSTART:20250101T190000Z\nEND:VEVENT\nEND:VCALENDAR" }),
        ),
        (
            "updateActiveStatus",
            May::Organizers,
            "mutation($id: ID!) { updateActiveStatus(sessionInstanceId: $id) { sessionInstance { id } } }",
            json!({ "id": instance }),
        ),
        ("sweep", May::Admins, "mutation { sweep { report { at } } }", json!({})),
    ]
}

/// The same for people and check-ins.
fn people_rows(world: &World) -> Vec<Row> {
    let World { instance, member, .. } = world;
    vec![
        (
            "createPerson",
            May::Admins,
            r#"mutation { createPerson(input: { displayName: "New" }) { person { id } } }"#,
            json!({}),
        ),
        (
            "updatePerson",
            May::Admins,
            r#"mutation($id: ID!) { updatePerson(input: { id: $id, displayName: "New" }) { person { id } } }"#,
            json!({ "id": member }),
        ),
        (
            "erasePerson",
            May::Admins,
            "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }",
            json!({ "id": member }),
        ),
        (
            "revokeTokens",
            May::Admins,
            "mutation($id: ID) { revokeTokens(personId: $id) { person { id } } }",
            json!({ "id": member }),
        ),
        (
            "createApiKey",
            May::Admins,
            r#"mutation($id: ID) { createApiKey(input: { name: "Key", personId: $id }) { secret } }"#,
            json!({ "id": member }),
        ),
        (
            "revokeApiKey",
            May::TakingPart,
            "mutation($id: ID!) { revokeApiKey(id: $id) { revokedApiKeyId } }",
            json!({ "id": world.api_key }),
        ),
        (
            "checkIn",
            May::Organizers,
            "mutation($id: ID!, $person: ID) { checkIn(input: { sessionInstanceId: $id, attendance: MAYBE, personId: $person }) { checkIn { id } } }",
            json!({ "id": instance, "person": member }),
        ),
        (
            "removeCheckIn",
            May::Organizers,
            "mutation($id: ID!, $person: ID) { removeCheckIn(sessionInstanceId: $id, personId: $person) { removedCheckInId } }",
            json!({ "id": instance, "person": member }),
        ),
    ]
}

/// The same for visits and activities.
fn visit_rows(World { visit, .. }: &World) -> Vec<Row> {
    vec![
        (
            "saveActivity",
            May::Admins,
            r#"mutation { saveActivity(input: { key: "study", name: "Study" }) { activity { id } } }"#,
            json!({}),
        ),
        (
            "heartbeat",
            May::Owner,
            "mutation($id: ID!) { heartbeat(input: { presenceId: $id }) { presence { id } } }",
            json!({ "id": visit }),
        ),
        (
            "enterActivity",
            May::Owner,
            r#"mutation($id: ID!) { enterActivity(input: { presenceId: $id, activityKey: "interview" }) { admitted } }"#,
            json!({ "id": visit }),
        ),
        (
            "leaveActivity",
            May::Owner,
            "mutation($id: ID!) { leaveActivity(presenceId: $id) { presence { id } } }",
            json!({ "id": visit }),
        ),
        (
            "leaveQueue",
            May::Owner,
            "mutation($id: ID!) { leaveQueue(presenceId: $id) { presence { id } } }",
            json!({ "id": visit }),
        ),
        (
            "completePresence",
            May::Owner,
            "mutation($id: ID!) { completePresence(presenceId: $id) { presence { id } } }",
            json!({ "id": visit }),
        ),
    ]
}

/// The same for slots and bookings.
fn booking_rows(world: &World) -> Vec<Row> {
    vec![
        (
            "createTimeSlot",
            May::Admins,
            r#"mutation($id: ID!) {
                createTimeSlot(input: { mentorId: $id, startsAt: "2030-01-07T10:00:00Z", endsAt: "2030-01-07T11:00:00Z" }) {
                    timeSlot { id }
                }
            }"#,
            json!({ "id": world.member }),
        ),
        (
            "deleteTimeSlot",
            May::Admins,
            "mutation($id: ID!) { deleteTimeSlot(id: $id) { deletedTimeSlotId } }",
            json!({ "id": world.slot }),
        ),
        (
            "bookTimeSlot",
            May::Admins,
            "mutation($id: ID!, $person: ID) { bookTimeSlot(input: { timeSlotId: $id, studentId: $person }) { booking { id } } }",
            json!({ "id": world.slot, "person": world.decliner }),
        ),
        (
            "startBooking",
            May::TakingPart,
            "mutation($id: ID!) { startBooking(id: $id) { booking { id } } }",
            json!({ "id": world.booking }),
        ),
        (
            "completeBooking",
            May::TakingPart,
            "mutation($id: ID!) { completeBooking(id: $id) { booking { id } } }",
            json!({ "id": world.ongoing }),
        ),
        (
            "cancelBooking",
            May::TakingPart,
            "mutation($id: ID!) { cancelBooking(id: $id) { booking { id } } }",
            json!({ "id": world.booking }),
        ),
    ]
}

async fn every_mutation_checks_rights(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let (server, admin) = (deployment.first(), deployment.admin());

    save_activity(&admin, "interview", None).await?;
    let rows = table(&World::new(&admin).await?);
    let covered: BTreeSet<&str> = rows.iter().map(|(name, ..)| *name).collect();
    let schema = admin.data(r#"{ __type(name: "Mutation") { fields { name } } }"#, json!({})).await?;
    let fields = schema["__type"]["fields"].as_array().context("the schema has mutations")?;
    for name in fields.iter().filter_map(|field| field["name"].as_str()) {
        ensure!(covered.contains(name) || BY_CODE.contains(&name), "{name} has no row in the table above");
    }

    let (_, guest) = create_guest(&deployment).await?;
    let mut failures = Vec::new();
    for row in 0..rows.len() {
        let world = World::new(&admin).await?;
        let (name, may, document, variables) = table(&world).swap_remove(row);
        // Whether a person exists is not public; sessions and instances are.
        let refused: &[&str] = match may {
            May::Owner | May::TakingPart => &["NOT_FOUND"],
            _ if variables.to_string().contains(&*world.member) => &["FORBIDDEN", "NOT_FOUND"],
            _ => &["FORBIDDEN"],
        };
        let organizer: &[&str] = if may == May::Organizers { &[] } else { refused };
        for (who, client, expected) in [
            ("nobody", server.client(), &["UNAUTHENTICATED"][..]),
            ("a stranger", server.client_of(&world.stranger), refused),
            ("a guest", guest.clone(), refused),
            ("a deactivated organiser", server.client_of(&world.deactivated), &["FORBIDDEN"]),
            ("an organiser", server.client_of(&world.organizer), organizer),
        ] {
            let answer = client.query(document, variables.clone()).await?;
            let code = answer.code();
            let is_right = code.as_deref().map_or(expected.is_empty(), |code| expected.contains(&code));
            if !is_right {
                failures.push(format!("{name} by {who}: expected {expected:?}, got {}", answer.body));
            }
        }
        let world = World::new(&admin).await?;
        let (_, _, document, variables) = table(&world).swap_remove(row);
        let (who, client) = if may == May::Owner {
            ("the owner", server.client_of(&world.member))
        } else {
            ("an admin", admin.clone())
        };
        let answer = client.query(document, variables).await?;
        if answer.error().is_some() {
            failures.push(format!("{name} by {who}: {}", answer.body));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// A guest who is at a meeting of a session of its own, and the client that acts for them.
async fn create_guest(deployment: &Deployment) -> Result<(String, Client)> {
    let admin = deployment.admin();
    let session = create_session(&admin, "Open door").await?;
    let codes = "mutation($id: ID!) { updateSession(input: { id: $id, checkInCodes: FIXED }) { session { id } } }";
    admin.data(codes, json!({ "id": session })).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let code = "query($id: ID!) { sessionInstance(id: $id) { checkInCode { code } } }";
    let code = admin.data(code, json!({ "id": instance })).await?["sessionInstance"]["checkInCode"]["code"].take();
    let check_in = r#"mutation($code: String!) {
        checkInByCode(input: { code: $code, displayName: "Gus" }) { token person { id } }
    }"#;
    let client = deployment.first().client();
    let made = client.data(check_in, json!({ "code": code })).await?["checkInByCode"].take();
    let person = made["person"]["id"].as_str().context("a guest")?.to_owned();
    Ok((person, client.with_token(made["token"].as_str().context("a token")?)))
}

/// A guest may change only what is their own, and may not do what needs an account.
async fn guest_has_no_rights_beyond_their_own_data(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let world = World::new(&admin).await?;
    let (person, guest) = create_guest(&deployment).await?;
    let own = json!({
        "id": person, "session": world.session, "instance": world.instance, "slot": world.slot, "member": world.member,
    });
    let update = |field: &str| {
        format!("mutation($id: ID!) {{ updatePerson(input: {{ id: $id, {field} }}) {{ person {{ id }} }} }}")
    };
    for document in [
        r#"mutation { createApiKey(input: { name: "More" }) { secret } }"#,
        r#"mutation($id: ID!) { createApiKey(input: { name: "More", personId: $id }) { secret } }"#,
        r#"mutation($id: ID!) { createApiKey(input: { name: "More", personId: $id, isAdmin: true }) { secret } }"#,
        r#"mutation($id: ID!) { createTimeSlot(input: {
            mentorId: $id, startsAt: "2035-01-07T10:00:00Z", endsAt: "2035-01-07T11:00:00Z" }) { timeSlot { id } } }"#,
        "mutation($slot: ID!) { bookTimeSlot(input: { timeSlotId: $slot }) { booking { id } } }",
        "mutation($slot: ID!, $id: ID) { bookTimeSlot(input: { timeSlotId: $slot, studentId: $id }) { booking { id } } }",
        "mutation($id: ID!, $member: ID!) { mergePeople(fromId: $id, intoId: $member) { person { id } } }",
        "mutation($id: ID!, $member: ID!) { mergePeople(fromId: $member, intoId: $id) { person { id } } }",
        "mutation($session: ID!, $id: ID!) { addOrganizer(sessionId: $session, personId: $id) { session { id } } }",
        &update(r#"externalId: "mia""#),
        &update("isDeactivated: true"),
    ] {
        let names: Vec<_> = own.as_object().context("an object")?.iter().collect();
        let used = names.into_iter().filter(|(name, _)| document.contains(&format!("${name}:")));
        let variables = Value::Object(used.map(|(name, value)| (name.clone(), value.clone())).collect());
        assert_eq!(guest.error_code(document, variables).await?, "FORBIDDEN", "{document}");
    }
    // A guest who is made an organiser does not get an organiser's rights.
    let add =
        "mutation($session: ID!, $id: ID!) { addOrganizer(sessionId: $session, personId: $id) { session { id } } }";
    admin.query(add, json!({ "session": world.session, "id": person })).await?;
    let rename = r#"mutation($id: ID!) { updateSession(input: { id: $id, name: "Mine" }) { session { id } } }"#;
    assert_eq!(guest.error_code(rename, json!({ "id": world.session })).await?, "FORBIDDEN");
    let sees = "query($id: ID!) { people { totalCount } viewerIsAdmin session(id: $id) { viewerCanEdit } }";
    let expected = json!({ "people": null, "viewerIsAdmin": false, "session": { "viewerCanEdit": false } });
    assert_eq!(guest.data(sees, json!({ "id": world.session })).await?, expected);

    // A guest may change their own name and answer, and erase themselves.
    guest.data(&update(r#"displayName: "Gustav""#), json!({ "id": person })).await?;
    check_in(&guest, &world.instance, "NO", None).await?;
    let erase = "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }";
    assert_eq!(guest.data(erase, json!({ "id": person })).await?["erasePerson"]["erasedPersonId"], person);
    eventually(LIMIT, "the server to refuse the guest", async || {
        let answer = guest.query("{ viewer { id } }", json!({})).await?;
        ensure!(answer.code().as_deref() == Some("UNAUTHENTICATED"), "{}", answer.body);
        Ok(())
    })
    .await?;
    Ok(())
}

async fn set_deactivated(admin: &Client, person: &str, is_deactivated: bool) -> Result<()> {
    let document =
        "mutation($id: ID!, $is: Boolean!) { updatePerson(input: { id: $id, isDeactivated: $is }) { person { id } } }";
    admin.data(document, json!({ "id": person, "is": is_deactivated })).await?;
    Ok(())
}

/// Deactivating somebody also closes their sockets. They may connect again.
async fn deactivated_person_may_only_read_their_own_data(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let world = World::new(&admin).await?;
    let person = create_person(&admin, "Rita").await?;
    add_organizer(&admin, &world.session, &person).await?;
    let token = token::signed(
        &json!({ "sub": person, "roles": ["admin"], "iat": now().timestamp(), "exp": now().timestamp() + 600 }),
        token::SECRET,
    );
    let as_admin = deployment.second().client().with_token(&token);
    let own = deployment.second().client_of(&person);
    check_in(&own, &world.instance, "YES", None).await?;
    // The member has a slot of their own in two hours. This one is over by then, however long the test has run.
    let from = in_seconds(3_600);
    let slot = create_slot(&own, &person, from, from + TimeDelta::minutes(30)).await?;
    let booking = create_booking(&admin, &slot, &world.member).await?;
    let visit = new_visit();
    beat(&own, &visit).await?;
    let read = "query($instance: ID!, $session: ID!, $booking: ID!, $visit: ID!) {
        viewer { id displayName hidesPlace isDeactivated checkIns { totalCount } activeSessionInstance { id } }
        viewerIsAdmin
        sessionInstance(id: $instance) { checkIns { totalCount } viewerCheckIn { attendance } }
        session(id: $session) { viewerCanEdit }
        people { totalCount }
        booking(id: $booking) { status }
        presence(id: $visit) { id }
    }";
    let variables = json!({
        "instance": world.instance, "session": world.session, "booking": booking, "visit": format!("Presence:{visit}"),
    });
    let mut expected = json!({
        "viewer": {
            "id": person, "displayName": "Rita", "hidesPlace": false, "isDeactivated": false, "checkIns": { "totalCount": 1 },
            "activeSessionInstance": { "id": world.instance },
        },
        "viewerIsAdmin": false,
        "sessionInstance": { "checkIns": { "totalCount": 4 }, "viewerCheckIn": { "attendance": "YES" } },
        "session": { "viewerCanEdit": true },
        "people": { "totalCount": 6 },
        "booking": { "status": "SCHEDULED" },
        "presence": { "id": format!("Presence:{visit}") },
    });
    assert_eq!(own.data(read, variables.clone()).await?, expected);
    let mut socket = deployment.second().socket(own.token()).await?;

    set_deactivated(&admin, &person, true).await?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    expected["viewer"]["isDeactivated"] = json!(true);
    expected["viewer"]["activeSessionInstance"] = Value::Null;
    expected["sessionInstance"]["checkIns"] = Value::Null;
    expected["session"]["viewerCanEdit"] = json!(false);
    expected["people"] = Value::Null;
    for client in [&own, &as_admin] {
        assert_eq!(client.data(read, variables.clone()).await?, expected);
        let again =
            "mutation($id: ID!) { checkIn(input: { sessionInstanceId: $id, attendance: YES }) { checkIn { id } } }";
        let error = client.error(again, json!({ "id": world.instance })).await?;
        ensure!(
            error.code == "FORBIDDEN" && error.message.contains("deactivated"),
            "{}: {}",
            error.code,
            error.message
        );
    }
    let mut socket = deployment.second().socket(own.token()).await?;
    socket.subscribe("own", CHANGES, json!({ "personId": person }))?;
    assert_eq!(socket.next_for("own", LIMIT).await?.field("activeSessionChanged")["kind"], "SNAPSHOT");

    set_deactivated(&admin, &person, false).await?;
    assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    check_in(&own, &world.instance, "YES", None).await?;
    Ok(())
}

async fn people_change_their_own_data_only(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let world = World::new(&admin).await?;
    let stranger = deployment.first().client_of(&world.stranger);

    let placed = check_in(&stranger, &world.instance, "YES", None).await?;
    assert_eq!(placed["person"]["activeSessionInstance"]["id"], *world.instance);
    check_in(&stranger, &world.instance, "YES", Some(&world.stranger)).await?;
    let remove = "mutation($id: ID!) { removeCheckIn(sessionInstanceId: $id) { removedCheckInId person { activeSessionInstance { id } } } }";
    let removed = stranger.data(remove, json!({ "id": world.instance })).await?;
    ensure!(
        removed["removeCheckIn"]["person"]["activeSessionInstance"].is_null(),
        "the person is still at an instance: {removed}"
    );

    let update = "mutation($input: UpdatePersonInput!) { updatePerson(input: $input) { person { displayName city hidesPlace } } }";
    let own = json!({ "id": world.stranger, "displayName": "Samantha", "city": "Waco", "hidesPlace": true });
    let updated = stranger.data(update, json!({ "input": own })).await?;
    let expected = json!({ "displayName": "Samantha", "city": "Waco", "hidesPlace": true });
    assert_eq!(updated["updatePerson"]["person"], expected);
    let deactivate = json!({ "input": { "id": world.stranger, "isDeactivated": true } });
    assert_eq!(stranger.error_code(update, deactivate).await?, "FORBIDDEN");
    // The error does not say whether there is such a person.
    for id in [world.member.as_str(), "Person:999999"] {
        let error = stranger.error(update, json!({ "input": { "id": id, "city": "Waco" } })).await?;
        assert_eq!((error.code.as_str(), error.message.contains(id)), ("FORBIDDEN", false), "{id}: {}", error.message);
    }

    // Organisers have rights to their own sessions only.
    let elsewhere = create_session(&admin, "Tuesday").await?;
    let rename =
        r#"mutation($id: ID!) { updateSession(input: { id: $id, name: "Mine" }) { session { viewerCanEdit } } }"#;
    let organizer = deployment.first().client_of(&world.organizer);
    assert_eq!(organizer.error_code(rename, json!({ "id": elsewhere })).await?, "FORBIDDEN");
    let renamed = organizer.data(rename, json!({ "id": world.session })).await?;
    assert_eq!(renamed["updateSession"]["session"]["viewerCanEdit"], true);
    let instance = create_instance(&organizer, &world.session, in_seconds(7200), in_seconds(10_800)).await?;
    check_in(&organizer, &instance, "YES", Some(&world.stranger)).await?;
    Ok(())
}

async fn attendance_lists_and_whereabouts_are_shown_only_with_rights(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let (server, admin) = (deployment.first(), deployment.admin());
    let world = World::new(&admin).await?;
    let [organizer, member, decliner, stranger] =
        [&world.organizer, &world.member, &world.decliner, &world.stranger].map(|person| server.client_of(person));
    let nobody = server.client();

    // Everybody sees the counts. Only some see the names.
    for (who, client, sees) in [
        ("nobody", &nobody, false),
        ("a stranger", &stranger, false),
        ("who said no", &decliner, false),
        ("who said yes", &member, true),
        ("an organiser", &organizer, true),
        ("an admin", &admin, true),
    ] {
        let document = "query($id: ID!) { sessionInstance(id: $id) {
            attendingCount presentCount checkIns(attendance: YES) { totalCount nodes { person { id } } }
        } }";
        let data = client.data(document, json!({ "id": world.instance })).await.context(who)?;
        let instance = &data["sessionInstance"];
        assert_eq!((&instance["attendingCount"], &instance["presentCount"]), (&json!(2), &json!(1)), "{who}");
        let people = [&world.member, &world.deactivated].map(|id| json!({ "person": { "id": id } }));
        let list = json!({ "totalCount": 2, "nodes": people });
        assert_eq!(instance["checkIns"], if sees { list } else { Value::Null }, "{who}");
    }

    // Another person at the same instance.
    let neighbour_id = create_person(&admin, "Nina").await?;
    let neighbour = server.client_of(&neighbour_id);
    check_in(&neighbour, &world.instance, "YES", None).await?;
    let place = json!({ "id": world.instance });
    let expect_place = async |client: &Client, expected: &Value, who: &str| -> Result<()> {
        for document in [
            "query($id: ID!) { found: person(id: $id) { activeSessionInstance { id } } }",
            "query($id: ID!) { found: node(id: $id) { ... on Person { activeSessionInstance { id } } } }",
        ] {
            let data = client.data(document, json!({ "id": world.member })).await.with_context(|| who.to_owned())?;
            assert_eq!(&data["found"]["activeSessionInstance"], expected, "{who}: {document}");
        }
        Ok(())
    };
    for hides in [false, true] {
        let hide = "mutation($id: ID!, $hides: Boolean!) { updatePerson(input: { id: $id, hidesPlace: $hides }) { person { id } } }";
        member.data(hide, json!({ "id": world.member, "hides": hides })).await?;
        expect_place(&member, &place, "the person").await?;
        expect_place(&admin, &place, "an admin").await?;
        expect_place(&neighbour, if hides { &Value::Null } else { &place }, "a neighbour").await?;
        expect_place(&stranger, &Value::Null, "a stranger").await?;
        expect_place(&nobody, &Value::Null, "nobody").await?;
        // The times of an answer also tell where a person was.
        let document = "query($id: ID!) { sessionInstance(id: $id) { checkIns(attendance: YES) { nodes { checkedInAt arrivedAt person { id } } } } }";
        let midnight = format!("{}T00:00:00Z", now().date_naive());
        for (who, client, sees) in [
            ("the person", &member, true),
            ("an admin", &admin, true),
            ("a neighbour", &neighbour, !hides),
            ("an organiser", &organizer, !hides),
        ] {
            let data = client.data(document, json!({ "id": world.instance })).await.context(who)?;
            let nodes = data["sessionInstance"]["checkIns"]["nodes"].as_array().context("a list")?;
            let own = nodes
                .iter()
                .find(|it| it["person"]["id"] == *world.member)
                .with_context(|| format!("{who}: {data}"))?;
            let checked_in_at =
                chrono::DateTime::parse_from_rfc3339(own["checkedInAt"].as_str().context("an instant")?)?;
            let is_midnight = checked_in_at == chrono::DateTime::parse_from_rfc3339(&midnight)?;
            ensure!(own["arrivedAt"].is_null() != sees && is_midnight != sees, "{who}: {own}");
        }
        let document = "query($id: ID!) { person(id: $id) { hidesPlace checkIns { totalCount } } }";
        let private = neighbour.data(document, json!({ "id": world.member })).await?;
        ensure!(private["person"]["hidesPlace"].is_null(), "hidesPlace is visible to others: {private}");
        ensure!(private["person"]["checkIns"].is_null(), "check-ins are visible to others: {private}");
    }

    // The answer to a check-in tells where the person was before only those who may know it. Organisers may move anybody to their
    // own instance.
    let secret = create_session(&admin, "Secret").await?;
    let secret = create_active_instance(&admin, &secret).await?;
    let document = "mutation($instance: ID!, $person: ID!) {
        checkIn(input: { sessionInstanceId: $instance, attendance: YES, personId: $person }) {
            previousSessionInstance { id } person { id } } }";
    for (who, client, sees) in
        [("an organiser", &organizer, false), ("an admin", &admin, true), ("the person", &member, true)]
    {
        check_in(&member, &secret, "YES", None).await?;
        expect_place(&admin, &json!({ "id": secret }), who).await?;
        let variables = json!({ "instance": world.instance, "person": world.member });
        let moved = client.data(document, variables).await.context(who)?;
        let expected = if sees { json!({ "id": secret }) } else { Value::Null };
        assert_eq!(moved["checkIn"]["previousSessionInstance"], expected, "{who}");
        expect_place(&admin, &place, who).await?;
    }

    // Only the person and admins may subscribe to the person's moves.
    for (who, token, may) in [
        ("nobody", None, false),
        ("a neighbour", Some(token::of(&neighbour_id)), false),
        ("the person", Some(token::of(&world.member)), true),
        ("an admin", Some(token::admin()), true),
    ] {
        let mut socket = deployment.second().socket(token.as_deref()).await?;
        socket.subscribe("moves", CHANGES, json!({ "personId": world.member }))?;
        let first = socket.any_for("moves", LIMIT).await?;
        assert_eq!(first.kind(), if may { "next" } else { "error" }, "{who}: {}", first.message);
    }
    Ok(())
}

async fn invalid_tokens_are_refused(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let person = create_person(&deployment.admin(), "Ann").await?;
    let document = "{ viewer { id } viewerIsAdmin }";
    let nobody = deployment.first().client();
    assert_eq!(nobody.data(document, json!({})).await?, json!({ "viewer": null, "viewerIsAdmin": false }));
    let known = deployment.first().client_of(&person).data(document, json!({})).await?;
    assert_eq!(known, json!({ "viewer": { "id": person }, "viewerIsAdmin": false }));
    assert_eq!(deployment.admin().data(document, json!({})).await?["viewerIsAdmin"], true);

    let soon = now().timestamp() + 600;
    // {"alg":"none"} and {"sub":"operator","roles":["admin"],"exp":4102444800}, unsigned.
    let unsigned =
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcGVyYXRvciIsInJvbGVzIjpbImFkbWluIl0sImV4cCI6NDEwMjQ0NDgwMH0.".to_owned();
    let wrong = [
        ("garbage", "garbage".to_owned()),
        ("undefined", "undefined".to_owned()),
        ("unsigned", unsigned),
        ("another secret", token::signed(&json!({ "sub": person, "exp": soon }), "another secret")),
        ("no secret", token::signed(&json!({ "sub": person, "exp": soon }), "")),
        ("over", token::lasting(&person, TimeDelta::minutes(-5))),
        ("without an end", token::signed(&json!({ "sub": person }), token::SECRET)),
        ("without a subject", token::signed(&json!({ "exp": soon }), token::SECRET)),
        ("not a person", token::signed(&json!({ "sub": "Session:1", "exp": soon }), token::SECRET)),
    ];
    for (name, token) in wrong {
        let answer = nobody.clone().with_token(&token).query(document, json!({})).await?;
        assert_eq!(
            (answer.status, answer.code().as_deref()),
            (401, Some("UNAUTHENTICATED")),
            "{name}: {}",
            answer.body
        );
        ensure!(!answer.body.to_string().contains(&token) || token.len() < 20, "{name}: the answer repeats the token");
    }
    Ok(())
}
