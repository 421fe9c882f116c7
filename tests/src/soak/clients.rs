//! The clients of a soak: subscribers that connect and disconnect, clients that make changes, clients that query.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Stage, insert_instance, insert_person, text};
use crate::{
    Client, Socket, token,
    wait::{LIMIT, now},
};

const CHANGES: &str = "subscription($sessionIds: [ID!], $personId: ID, $city: String, $after: Cursor) {
    activeSessionChanged(sessionIds: $sessionIds, personId: $personId, city: $city, after: $after) {
        kind cursor sessionInstanceId
        session { name isActive }
        sessionInstance { id isActive presentCount attendingCount }
    }
}";

const SEATS: &str = "subscription { presenceChanged(activityKey: \"study\") { occupancy } }";

const STEPS: &str = "subscription { bookingStatusChanged { cursor newStatus booking { id } } }";

/// A small random generator. Each client has its own seed, so a run can be repeated.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn of(number: usize) -> Self {
        Self(number as u64 + 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }

    fn one_of<'a>(&mut self, all: &'a [String]) -> &'a str {
        &all[self.below(all.len())]
    }
}

/// A subscriber. It connects, subscribes, stays a while, disconnects with or without `complete`, and resumes by its cursor.
pub(super) async fn watch(stage: Arc<Stage>, number: usize) -> Result<()> {
    let mut random = Random::of(number);
    let mut cursor = None;
    while !stage.is_over() {
        let person = number.is_multiple_of(4).then(|| random.one_of(&stage.people).to_owned());
        let token = person.as_deref().map(token::of);
        let mut socket = Socket::connect(&stage.url, token.as_deref()).await?;
        stage.counters.sockets.fetch_add(1, Ordering::Relaxed);
        let narrowing = match number % 4 {
            0 => json!({ "personId": person }),
            1 => json!({ "sessionIds": [random.one_of(&stage.sessions)], "after": cursor }),
            2 => json!({ "city": format!("City {}", random.below(5)) }),
            _ => json!({ "after": cursor }),
        };
        socket.subscribe("1", CHANGES, narrowing)?;
        socket.subscribe("seats", SEATS, json!({}))?;
        if person.is_some() {
            socket.subscribe("bookings", STEPS, json!({}))?;
        }
        let end = Instant::now() + Duration::from_millis(500 + 10 * random.below(500) as u64);
        while !stage.is_over()
            && let Ok(received) = timeout_at(end, socket.next_for("1", LIMIT)).await
        {
            let change = &received.context("a subscription ended")?.message["payload"]["data"]["activeSessionChanged"];
            cursor = change["cursor"].as_str().map(str::to_owned);
            anyhow::ensure!(cursor.is_some(), "a change without a cursor: {change}");
            stage.counters.messages.fetch_add(1, Ordering::Relaxed);
        }
        if random.below(2) == 0 {
            socket.complete("1")?;
        }
    }
    Ok(())
}

/// A client that makes changes.
pub(super) async fn change(stage: Arc<Stage>, number: usize) -> Result<()> {
    let mut random = Random::of(1_000 + number);
    let admin = &stage.admin;
    let mentor = insert_person(admin, &format!("Mentor {number}")).await?;
    // Each writer has its own student, because the appointments of one person cannot overlap.
    let student = insert_person(admin, &format!("Student {number}")).await?;
    let mut free_from = now();
    while !stage.is_over() {
        let instance = random.one_of(&stage.instances);
        match random.below(21) {
            0..7 => {
                let attendance = ["YES", "NO", "MAYBE"][random.below(3)];
                let document = "mutation($input: CheckInInput!) { checkIn(input: $input) { person { id } } }";
                let person = random.one_of(&stage.people);
                let input = json!({ "sessionInstanceId": instance, "attendance": attendance, "personId": person });
                admin.data(document, json!({ "input": input })).await?;
            }
            7..11 => {
                let document = "mutation($id: ID!, $active: Boolean!) {
                    setActiveOverride(input: { sessionInstanceId: $id, active: $active }) { sessionInstance { id } }
                }";
                admin.data(document, json!({ "id": instance, "active": random.below(3) > 0 })).await?;
            }
            11..14 => {
                let document = "mutation($id: ID!, $place: String) {
                    updateSessionInstance(input: { id: $id, locationOverride: $place }) { sessionInstance { id } }
                }";
                admin.data(document, json!({ "id": instance, "place": format!("Room {}", random.below(9)) })).await?;
            }
            14..16 => {
                let person = token::of(random.one_of(&stage.people));
                visit(&admin.clone().with_token(&person)).await?;
            }
            16..18 => {
                // Timers open and close it.
                let session = random.one_of(&stage.sessions);
                let opens = now() + TimeDelta::seconds(2);
                insert_instance(admin, session, opens, opens + TimeDelta::seconds(3)).await?;
            }
            18 => {
                let starts = free_from.max(now() + TimeDelta::seconds(2));
                free_from = starts + TimeDelta::seconds(2);
                book(admin, &mentor, &student, starts, free_from).await?;
            }
            19 => {
                let document = "mutation($id: ID!, $text: String) {
                    updateSession(input: { id: $id, location: $text }) { session { id } }
                }";
                let session = random.one_of(&stage.sessions);
                admin.data(document, json!({ "id": session, "text": format!("House {}", random.below(9)) })).await?;
            }
            _ => {
                admin.data("mutation { sweep { report { at } } }", json!({})).await?;
            }
        }
        stage.counters.mutations.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Creates a booking. It starts and ends by its times, or the mentor starts and completes it, or it is cancelled.
async fn book(admin: &Client, mentor: &str, student: &str, starts: DateTime<Utc>, ends: DateTime<Utc>) -> Result<()> {
    let document = "mutation($input: CreateTimeSlotInput!) { createTimeSlot(input: $input) { timeSlot { id } } }";
    let input = json!({ "mentorId": mentor, "startsAt": starts, "endsAt": ends });
    let slot = text(&admin.data(document, json!({ "input": input })).await?, "/createTimeSlot/timeSlot/id")?;
    let document = "mutation($input: BookTimeSlotInput!) { bookTimeSlot(input: $input) { booking { id } } }";
    let input = json!({ "timeSlotId": slot, "studentId": student });
    let booking = text(&admin.data(document, json!({ "input": input })).await?, "/bookTimeSlot/booking/id")?;
    let steps: &[&str] = match starts.timestamp() % 3 {
        0 => &[],
        1 => &["start", "complete"],
        _ => &["cancel"],
    };
    for step in steps {
        let document = format!("mutation($id: ID!) {{ {step}Booking(id: $id) {{ booking {{ id }} }} }}");
        admin.data(&document, json!({ "id": booking })).await?;
    }
    Ok(())
}

/// A visit that begins, takes a seat and is completed.
async fn visit(person: &Client) -> Result<()> {
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (format!("{:016x}", random()), format!("{:016x}", random()));
    let id = [&high[..8], &high[8..12], &high[12..], &low[..4], &low[4..]].join("-");
    let document = "mutation($input: HeartbeatInput!) { heartbeat(input: $input) { heartbeatSeconds } }";
    person.data(document, json!({ "input": { "presenceId": id } })).await?;
    let input = json!({ "presenceId": id, "activityKey": "study" });
    let document = "mutation($input: EnterActivityInput!) { enterActivity(input: $input) { admitted } }";
    person.data(document, json!({ "input": input })).await?;
    let document = "mutation($id: ID!) { completePresence(presenceId: $id) {
        presence { id }
    } }";
    person.data(document, json!({ "id": id })).await?;
    Ok(())
}

/// A client that queries.
#[derive(Debug)]
pub(super) struct Browse {
    random: Random,
}

impl Browse {
    pub(super) fn new(number: usize) -> Self {
        Self { random: Random::of(2_000 + number) }
    }
}

pub(super) async fn browse(stage: Arc<Stage>, Browse { mut random }: Browse) -> Result<()> {
    const QUERIES: [&str; 3] = [
        "{ activeSessionInstances(first: 20) { nodes { id attendingCount presentCount session { name city } } } }",
        "{ sessions(first: 50) { totalCount nodes { name isActive recurrence { text } } } changeCursor }",
        "{ people(first: 20) { nodes { displayName activeSessionInstance { id session { name } } } } }",
    ];
    while !stage.is_over() {
        match random.below(4) {
            3 => {
                let page = stage.admin.http().get(stage.admin.address("/")).send().await?;
                page.error_for_status()?.bytes().await?;
            }
            which => {
                stage.admin.data(QUERIES[which], json!({})).await?;
            }
        }
        stage.counters.queries.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
