//! Who may see which field. Every field of the schema has its rule in a table here. Fields that are not public are queried
//! without a token, by a stranger, the person, an organiser and an admin. Mutations and subscriptions are tested in
//! `rights`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use insession_tests::{Client, Deployment, TestDatabase, database::execute, on_both_databases};
use serde_json::{Value, json};

use crate::{
    bookings::interface::{create_booking, create_slot},
    fixtures::{
        add_organizer, beat, check_in, create_active_instance, create_person, create_session, in_seconds, new_visit,
        save_activity,
    },
};

/// The public fields of each type.
const PUBLIC_FIELDS: &[(&str, &str)] = &[
    ("ActiveOverride", "active until"),
    (
        "ActiveSessionChange",
        "activeInstances cursor deactivatedSessionInstanceId kind occurredAt previousSessionInstance session sessionInstance sessionInstanceId sessions",
    ),
    (
        "Activity",
        "id isFull isRosterPublic key maxConcurrent maxIdleMinutes name occupancy occupancyByLanguage offerSeconds queueGraceSeconds queueLength seatsPer",
    ),
    ("LanguageCount", "count languageCode"),
    ("MonthDaySchedule", "days endTime everyNMonths months startTime"),
    ("MonthlySchedule", "endTime everyNMonths months startTime weekday which"),
    ("Occurrence", "date endsAt sessionInstance startsAt"),
    ("PageInfo", "endCursor hasNextPage hasPreviousPage startCursor"),
    ("PresenceChange", "activity occupancy occurredAt onlineCount queueLength"),
    ("PreviewOccurrence", "date endsAt startsAt"),
    (
        "Query",
        "activeSessionInstances activity changeCursor previewRecurrence session sessionByPath sessionInstance sessions timeSlots viewerIsAdmin",
    ),
    ("Recurrence", "rrules schedules text"),
    ("RecurrencePreview", "occurrences rrules text"),
    (
        "Session",
        "activeBufferMinutesAfter activeBufferMinutesBefore activeInstances autoCreateHoursAhead autoCreateInstances checkInCodes city country description id initiationDate instances isActive location name occurrences latitude longitude distanceKm organizers path pictureUrl recurrence requiresCode skips state terminationDate timeZone viewerCanEdit website",
    ),
    (
        "SessionInstance",
        "activeExplanation activeFrom activeOverride activeUntil attendingCount date endTime endsAt id isActive isCancelled locationOverride nearbyActiveInstances presentCount session startTime startsAt",
    ),
    ("Skip", "from id reason to"),
    ("TimeSlot", "endsAt id isFree mentor startsAt"),
    ("WeeklySchedule", "endTime everyNWeeks months startTime weekStart weekday"),
];

/// Types that can only be reached through a field that has a rule: the type, that field, and the type's fields.
const GUARDED_TYPES: &[(&str, &str, &str)] = &[
    ("AuditChange", "AuditEntry.changes", "field from to"),
    ("AuditEntry", "Query.auditLog", "action actor actorPerson apiKey changes id nodeId occurredAt"),
    ("ApiKey", "Query.apiKeys", "createdAt expiresAt id isAdmin lastUsedAt name person"),
    ("AutoCreated", "Mutation.sweep", "dates instancesCreated session"),
    ("ImportedEvent", "Mutation.importCalendar", "action notes session uid"),
    ("RefusedEvent", "Mutation.importCalendar", "reason summary uid"),
    (
        "Booking",
        "TimeSlot.booking, Query.booking and bookings",
        "cancelledAt completedAt id isDelayed startedAt status student timeSlot",
    ),
    (
        "BookingStatusChange",
        "Subscription.bookingStatusChanged",
        "booking bookings cursor isDelayed newStatus occurredAt oldStatus reason",
    ),
    ("BookingStep", "Mutation.sweep", "booking isDelayed newStatus oldStatus reason"),
    ("CheckInCode", "SessionInstance.checkInCode", "code expiresAt url"),
    ("CheckIn", "Person and SessionInstance.checkIns", "arrivedAt attendance checkedInAt id person sessionInstance"),
    (
        "Person",
        "Query.person, and lists of people",
        "city country displayName id isDeactivated isGuest nearbyActiveInstances",
    ),
    ("HourCount", "PresenceStatistics.startedByHour", "count hour"),
    (
        "Presence",
        "Query.presence and presences",
        "activity completedAt currentPage id isIdle isOnline languageCode lastSeenAt person queuePlace startedAt status",
    ),
    (
        "PresenceStatistics",
        "Query.presenceStatistics",
        "abandonedCount averageDurationMinutes completedCount maximumDurationMinutes onlineByLanguage onlineCount onlinePeopleCount startedByHour",
    ),
    ("QueueChange", "Subscription.queueChanged", "activity admitted isElsewhere occurredAt queuePlace"),
    (
        "QueuePlace",
        "Presence, and Subscription.queueChanged",
        "activity estimatedWaitSeconds joinedAt length offer position",
    ),
    ("SeatOffer", "QueuePlace.offer", "expiresAt"),
    ("SweepError", "Mutation.sweep", "message session"),
    (
        "SweepReport",
        "Mutation.sweep",
        "activated at autoCreated bookings deactivated dryRun errors peopleMoved presencesAbandoned",
    ),
];

/// Fields of subscriptions, which `rights` tests.
const SUBSCRIPTION_FIELDS: &[(&str, &str)] = &[
    ("Subscription", "activeSessionChanged bookingStatusChanged presenceChanged queueChanged"),
    ("ActiveSessionChange", "person"),
];

/// The viewers, in the order of the marks below.
const VIEWERS: [&str; 5] = ["nobody", "a stranger", "the person", "an organiser", "an admin"];

/// A field, a query that returns it as `it`, and who gets a value (a dash: null without an error).
const RESTRICTED_FIELDS: &[(&str, &str, &str)] = &[
    ("Activity.people", "on: activity(key: \"interview\") { it: people { totalCount nodes { id } } }", "----A"),
    ("Person.hidesPlace", "on: person(id: $person) { it: hidesPlace }", "--P-A"),
    ("Person.externalId", "on: person(id: $person) { it: externalId }", "--P-A"),
    ("Person.activeSessionInstance", "on: person(id: $person) { it: activeSessionInstance { id } }", "--P-A"),
    ("Person.checkIns", "on: person(id: $person) { it: checkIns { totalCount nodes { id } } }", "--P-A"),
    ("Person.checkIns", "on: node(id: $person) { ... on Person { it: checkIns { totalCount } } }", "--P-A"),
    ("Session.problem", "on: session(id: $session) { it: problem }", "---OA"),
    (
        "SessionInstance.checkIns",
        "on: sessionInstance(id: $instance) { it: checkIns { totalCount nodes { id } } }",
        "--POA",
    ),
    ("SessionInstance.checkInCode", "on: sessionInstance(id: $instance) { it: checkInCode { code } }", "---OA"),
    ("SessionInstance.viewerCheckIn", "on: sessionInstance(id: $instance) { it: viewerCheckIn { id } }", "--P--"),
    ("TimeSlot.booking", "on: node(id: $slot) { ... on TimeSlot { it: booking { id } } }", "--P-A"),
    // A person sees their own, of which there may be none.
    ("Query.apiKeys", "it: apiKeys { totalCount }", "-SPOA"),
    ("Query.auditLog", "it: auditLog { totalCount nodes { actor } }", "----A"),
    ("Query.booking", "it: booking(id: $booking) { id }", "--P-A"),
    ("Query.bookings", "on: bookings { it: nodes { id } }", "--P-A"),
    ("Query.node", "it: node(id: $booking) { id }", "--P-A"),
    ("Query.node", "it: node(id: $checkIn) { id }", "--POA"),
    ("Query.node", "it: node(id: $presence) { id }", "--P-A"),
    // The student is in no list that a stranger sees. The person is a mentor: mentors and organisers are public.
    ("Query.node", "it: node(id: $student) { id }", "--POA"),
    ("Query.node", "it: node(id: $person) { id }", "NSPOA"),
    ("Query.node", "it: node(id: $organizer) { id }", "NSPOA"),
    ("Query.people", "it: people { totalCount nodes { id } }", "---OA"),
    ("Query.person", "it: person(id: $student) { id }", "--POA"),
    ("Query.person", "it: person(id: $person) { id }", "NSPOA"),
    ("Query.presence", "it: presence(id: $presence) { id }", "--P-A"),
    ("Query.presences", "it: presences { totalCount }", "----A"),
    ("Query.presenceStatistics", "it: presenceStatistics { onlineCount }", "----A"),
    ("Query.viewer", "it: viewer { id }", "-SPO-"),
];

/// Fields of the viewer. A guest sees them as a stranger does.
const FIELDS_OF_THE_VIEWER: [&str; 2] = ["Query.viewer", "Query.apiKeys"];

/// Fields of the viewer's own answer. The guest has answered too, like the person.
const VIEWER_CHECK_IN: &str = "SessionInstance.viewerCheckIn";

on_both_databases!(every_field_is_visible_only_as_its_rule_says);

async fn every_field_is_visible_only_as_its_rule_says(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let missing = fields_without_rule(&admin).await?;
    ensure!(missing.is_empty(), "each field must be in exactly one table above; these are not: {missing:?}");

    let (people, ids) = make_world(&database, &admin).await?;
    let clients = [
        deployment.first().client(),
        deployment.first().client_of(&people[0]),
        deployment.first().client_of(&people[1]),
        deployment.first().client_of(&people[2]),
        admin.clone(),
    ];
    let guest = create_guest(&admin, deployment.first().client(), &ids["instance"]).await?;
    let mut failures = Vec::new();
    for (field, question, seen_by) in RESTRICTED_FIELDS {
        let variables: Vec<_> = ids.iter().filter(|(name, _)| question.contains(&format!("${name}"))).collect();
        let definitions: Vec<_> = variables.iter().map(|(name, _)| format!("${name}: ID!")).collect();
        let definitions = if definitions.is_empty() { String::new() } else { format!("({})", definitions.join(", ")) };
        let document = format!("query{definitions} {{ {question} }}");
        let variables = json!(variables.into_iter().collect::<BTreeMap<_, _>>());
        // A guest sees what everybody sees, and themselves.
        let nobody_or_stranger = usize::from(FIELDS_OF_THE_VIEWER.contains(field));
        let of_guest =
            if *field == VIEWER_CHECK_IN { 'G' } else { seen_by.chars().nth(nobody_or_stranger).unwrap_or('-') };
        let marks = VIEWERS.iter().zip(&clients).zip(seen_by.chars()).chain([((&"a guest", &guest), of_guest)]);
        for ((who, client), mark) in marks {
            let data = client.data(&document, variables.clone()).await.with_context(|| format!("{field} by {who}"))?;
            let it = data.get("it").or_else(|| data["on"].get("it")).unwrap_or(&Value::Null);
            let is_nothing = it.is_null() || it.as_array().is_some_and(Vec::is_empty);
            if is_nothing != (mark == '-') {
                failures.push(format!("{field} by {who}: {data}"));
            }
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// A guest who is at the same meeting as the person.
async fn create_guest(admin: &Client, nobody: Client, instance: &str) -> Result<Client> {
    let code = "query($id: ID!) { sessionInstance(id: $id) { checkInCode { code } } }";
    let code = admin.data(code, json!({ "id": instance })).await?["sessionInstance"]["checkInCode"]["code"].take();
    let check_in =
        r#"mutation($code: String!) { checkInByCode(input: { code: $code, displayName: "Gus" }) { token } }"#;
    let made = nobody.data(check_in, json!({ "code": code })).await?;
    Ok(nobody.with_token(made["checkInByCode"]["token"].as_str().context("a token")?))
}

/// Fields that are not in exactly one table. Payloads, connections and edges have no rule of their own.
async fn fields_without_rule(admin: &Client) -> Result<Vec<String>> {
    let listed = |types: &[(&str, &str)]| -> Vec<String> {
        types.iter().flat_map(|(of, fields)| fields.split(' ').map(move |field| format!("{of}.{field}"))).collect()
    };
    let mut tables = [listed(PUBLIC_FIELDS), listed(SUBSCRIPTION_FIELDS)].concat();
    tables.extend(listed(&GUARDED_TYPES.iter().map(|(of, _, fields)| (*of, *fields)).collect::<Vec<_>>()));
    let mut rows: Vec<_> = RESTRICTED_FIELDS.iter().map(|(field, ..)| (*field).to_owned()).collect();
    rows.dedup();
    tables.extend(rows);

    let schema = "{ __schema { types { kind name fields(includeDeprecated: true) { name } } } }";
    let data = admin.data(schema, json!({})).await?;
    let mut fields = Vec::new();
    for of in data["__schema"]["types"].as_array().context("no types")? {
        let name = of["name"].as_str().unwrap_or_default();
        let carries = ["Payload", "Connection", "Edge"].iter().any(|suffix| name.ends_with(suffix));
        if of["kind"] == "OBJECT" && !carries && !name.starts_with("__") && name != "Mutation" {
            let names = of["fields"].as_array().into_iter().flatten().filter_map(|field| field["name"].as_str());
            fields.extend(names.map(|field| format!("{name}.{field}")));
        }
    }
    let count = |field: &String| tables.iter().filter(|listed| *listed == field).count();
    let gone = tables.iter().filter(|field| !fields.contains(field)).map(|field| format!("{field} is gone"));
    Ok(fields.iter().filter(|field| count(field) != 1).cloned().chain(gone).collect())
}

/// Creates a stranger, the person and an organiser, and one object of each kind that belongs to the person.
async fn make_world(database: &TestDatabase, admin: &Client) -> Result<([String; 3], BTreeMap<&'static str, String>)> {
    let session = create_session(admin, "Monday").await?;
    let instance = create_active_instance(admin, &session).await?;
    let stranger = create_person(admin, "Sam").await?;
    let person = create_person(admin, "Mia").await?;
    let organizer = create_person(admin, "Olga").await?;
    let student = create_person(admin, "Dan").await?;
    add_organizer(admin, &session, &organizer).await?;
    let checked_in = check_in(admin, &instance, "YES", Some(&person)).await?;
    let name = r#"mutation($id: ID!) { updatePerson(input: { id: $id, externalId: "mia" }) { person { id } } }"#;
    admin.data(name, json!({ "id": person })).await?;
    save_activity(admin, "interview", Some(1)).await?;
    let visit = new_visit();
    beat(&admin.clone().with_token(&insession_tests::token::of(&person)), &visit).await?;
    let from = in_seconds(3_600);
    let slot = create_slot(admin, &person, from, from + chrono::TimeDelta::hours(1)).await?;
    let booking = create_booking(admin, &slot, &student).await?;
    // The zone is unknown, so no sweep mends the session.
    let spoil = "UPDATE session SET time_zone = 'Mars/Olympus', problem = 'It is broken.', check_in_codes = 'FIXED'";
    execute(&database.connect().await?, spoil).await?;
    let check_in_id = checked_in["checkIn"]["id"].as_str().unwrap_or_default().to_owned();
    let ids = [
        ("session", session),
        ("instance", instance),
        ("person", person.clone()),
        ("student", student),
        ("organizer", organizer.clone()),
        ("checkIn", check_in_id),
        ("presence", format!("Presence:{visit}")),
        ("slot", slot),
        ("booking", booking),
    ];
    Ok(([stranger, person, organizer], BTreeMap::from(ids)))
}
