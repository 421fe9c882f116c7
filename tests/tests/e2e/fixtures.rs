//! Creates sessions, instances and people through the API.

use std::hash::{BuildHasher, Hasher, RandomState};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use insession_tests::{Client, LIMIT, eventually, now};
use serde_json::{Value, json};

/// A subscription that selects every field that a badge uses.
pub const CHANGES: &str = "subscription($sessionIds: [ID!], $personId: ID, $after: Cursor) {
    activeSessionChanged(sessionIds: $sessionIds, personId: $personId, after: $after) {
        kind cursor occurredAt sessionInstanceId
        session { id isActive }
        sessionInstance { id isActive isCancelled presentCount }
        previousSessionInstance { id }
        person { id activeSessionInstance { id } }
        sessions { id }
        activeInstances { id }
    }
}";

/// The next whole second at least `seconds` from now. A negative number gives an instant in the past.
pub fn in_seconds(seconds: i64) -> DateTime<Utc> {
    let at = now() + TimeDelta::seconds(seconds);
    if at.timestamp_subsec_nanos() == 0 { at } else { at.trunc_subsecs(0) + TimeDelta::seconds(1) }
}

/// An instant about three seconds from now. Only a timer can handle what falls due then, because no periodic sweep runs
/// until 20 seconds after it.
///
/// A periodic sweep opens instances up to a minute ahead. So if one is near, or may still be running, the instant is more
/// than a minute after it.
pub fn instant_for_timers() -> DateTime<Utc> {
    const MARGIN: TimeDelta = TimeDelta::seconds(20);
    let (now, soon) = (now(), in_seconds(3));
    let next = next_sweep_of_instances(now);
    let previous = next - TimeDelta::minutes(15);
    let near = [previous, next].into_iter().find(|sweep| now - MARGIN < *sweep && *sweep < soon + MARGIN);
    near.map_or(soon, |sweep| sweep + TimeDelta::minutes(1) + MARGIN)
}

/// The next periodic sweep of instances after `at`: they run in the minutes 14, 29, 44 and 59 of each hour.
pub fn next_sweep_of_instances(at: DateTime<Utc>) -> DateTime<Utc> {
    let past = (at.timestamp() - 14 * 60).rem_euclid(15 * 60);
    at.trunc_subsecs(0) + TimeDelta::seconds(15 * 60 - past)
}

/// The next periodic sweep of bookings and visits after `at`: it runs at second 30 of each minute.
pub fn next_sweep_of_visits(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(0) + TimeDelta::seconds(60 - (at.timestamp() - 30).rem_euclid(60))
}

/// Waits until no periodic sweep of bookings and visits runs for the next 40 seconds. Only timers handle what falls due
/// in that time.
pub async fn wait_until_clear_of_sweeps() -> Result<()> {
    eventually(LIMIT, "the sweep of this minute to be over", async || {
        let left = next_sweep_of_visits(now()) - now();
        ensure!((TimeDelta::seconds(40)..TimeDelta::seconds(58)).contains(&left), "it runs in {left}");
        Ok(())
    })
    .await
}

/// An instant that the program states, such as `occurredAt`.
pub fn instant(value: &Value) -> Result<DateTime<Utc>> {
    Ok(value.as_str().with_context(|| format!("{value} is not an instant"))?.parse()?)
}

/// A session whose local times are UTC and whose instances are active from start to end.
pub async fn create_session(client: &Client, name: &str) -> Result<String> {
    let input = json!({
        "name": name, "timeZone": "UTC", "city": "Austin", "country": "US",
        "activeBufferMinutesBefore": 0, "activeBufferMinutesAfter": 0,
    });
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    id(&client.data(document, json!({ "input": input })).await?, "/createSession/session/id")
}

/// An instance of such a session, from and to whole seconds less than a day apart. The session may have others at that time.
pub async fn create_instance(
    client: &Client,
    session: &str,
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
) -> Result<String> {
    let input = json!({
        "sessionId": session, "date": opens.date_naive().to_string(),
        "startTime": local_time(opens), "endTime": local_time(closes), "allowDuplicate": true,
    });
    let document = "mutation($input: CreateSessionInstanceInput!) {
        createSessionInstance(input: $input) { sessionInstance { id } }
    }";
    id(&client.data(document, json!({ "input": input })).await?, "/createSessionInstance/sessionInstance/id")
}

pub fn local_time(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S").to_string()
}

/// An instance that opened a minute ago and closes in ten.
pub async fn create_active_instance(client: &Client, session: &str) -> Result<String> {
    let instance = create_instance(client, session, in_seconds(-60), in_seconds(600)).await?;
    update_active_status(client, &instance).await?;
    Ok(instance)
}

pub async fn create_person(client: &Client, name: &str) -> Result<String> {
    let document = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";
    id(&client.data(document, json!({ "input": { "displayName": name } })).await?, "/createPerson/person/id")
}

/// A new visit's id: a random UUID.
pub fn new_visit() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (format!("{:016x}", random()), format!("{:016x}", random()));
    [&high[..8], &high[8..12], &high[12..], &low[..4], &low[4..]].join("-")
}

/// Sends a heartbeat and returns the payload.
pub async fn beat(client: &Client, visit: &str) -> Result<Value> {
    let document = "mutation($input: HeartbeatInput!) { heartbeat(input: $input) {
        presence { id isOnline status lastSeenAt startedAt activity { key } }
        activity { key occupancy }
        secret heartbeatSeconds
    } }";
    Ok(client.data(document, json!({ "input": { "presenceId": visit } })).await?["heartbeat"].take())
}

/// Saves an activity with this many seats, which count visits: most tests give all visits to one person.
pub async fn save_activity(client: &Client, key: &str, limit: Option<i32>) -> Result<()> {
    let document = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    let input = json!({ "key": key, "name": key, "maxConcurrent": limit, "seatsPer": "VISIT" });
    client.data(document, json!({ "input": input })).await?;
    Ok(())
}

/// Asks for a seat and returns the payload.
pub async fn enter_activity(client: &Client, visit: &str, key: &str) -> Result<Value> {
    let document = "mutation($input: EnterActivityInput!) { enterActivity(input: $input) {
        admitted occupancy maxConcurrent message
        presence { id activity { key } }
        activity { key occupancy isFull }
    } }";
    let input = json!({ "presenceId": visit, "activityKey": key });
    Ok(client.data(document, json!({ "input": input })).await?["enterActivity"].take())
}

/// Checks a person in and returns the payload.
pub async fn check_in(client: &Client, instance: &str, attendance: &str, person: Option<&str>) -> Result<Value> {
    let document = "mutation($input: CheckInInput!) { checkIn(input: $input) {
        checkIn { id attendance arrivedAt }
        person { id activeSessionInstance { id } }
        sessionInstance { id presentCount attendingCount }
        previousSessionInstance { id }
    } }";
    let input = json!({ "sessionInstanceId": instance, "attendance": attendance, "personId": person });
    Ok(client.data(document, json!({ "input": input })).await?["checkIn"].take())
}

pub async fn cancel(client: &Client, instance: &str) -> Result<()> {
    let document = "mutation($id: ID!) {
        updateSessionInstance(input: { id: $id, isCancelled: true }) { sessionInstance { isCancelled } }
    }";
    client.data(document, json!({ "id": instance })).await?;
    Ok(())
}

pub async fn update_active_status(client: &Client, instance: &str) -> Result<()> {
    let document = "mutation($id: ID!) { updateActiveStatus(sessionInstanceId: $id) { sessionInstance { id } } }";
    client.data(document, json!({ "id": instance })).await?;
    Ok(())
}

pub async fn add_organizer(client: &Client, session: &str, person: &str) -> Result<()> {
    let document = "mutation($session: ID!, $person: ID!) {
        addOrganizer(sessionId: $session, personId: $person) { session { id } }
    }";
    client.data(document, json!({ "session": session, "person": person })).await?;
    Ok(())
}

/// Adds a skip of one day.
pub async fn add_skip(client: &Client, session: &str, date: &str) -> Result<String> {
    let document = "mutation($id: ID!, $date: Date!) {
        addSkips(input: { sessionIds: [$id], skips: [{ from: $date, to: $date }] }) { sessions { skips { id } } }
    }";
    let data = client.data(document, json!({ "id": session, "date": date })).await?;
    id(&data, "/addSkips/sessions/0/skips/0/id")
}

fn id(data: &Value, pointer: &str) -> Result<String> {
    let id = data.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {data}"))?;
    Ok(id.to_owned())
}
