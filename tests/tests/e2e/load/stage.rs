//! The objects of the load: people, and sessions in two cities. Each session has active instances and one that timers open
//! and close.

use anyhow::{Context, Result};
use domain::{
    ids::{PersonId, SessionId},
    news::SessionNarrowing,
};
use insession_tests::Client;
use serde_json::{Value, json};

use crate::fixtures::{create_active_instance, create_instance, create_person, in_seconds};

const SESSIONS: usize = 10;
const ACTIVE_EACH: usize = 3;
const PEOPLE: usize = 5;
const CITIES: [&str; 2] = ["Austin", "Waco"];

pub struct Stage {
    sessions: Vec<String>,
    pub instances: Vec<String>,
    pub people: Vec<String>,
}

impl Stage {
    pub async fn set(admin: &Client) -> Result<Self> {
        let mut stage = Self { sessions: Vec::new(), instances: Vec::new(), people: Vec::new() };
        for number in 0..SESSIONS {
            let input = json!({
                "name": format!("Session {number}"), "timeZone": "UTC", "city": CITIES[number % 2], "country": "US",
                "activeBufferMinutesBefore": 0, "activeBufferMinutesAfter": 0,
            });
            let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
            let made = admin.data(document, json!({ "input": input })).await?;
            let session =
                made.pointer("/createSession/session/id").and_then(Value::as_str).context("an id")?.to_owned();
            for _ in 0..ACTIVE_EACH {
                stage.instances.push(create_active_instance(admin, &session).await?);
            }
            let opens = in_seconds(5 + i64::try_from(number)?);
            create_instance(admin, &session, opens, in_seconds(15 + i64::try_from(number)?)).await?;
            stage.sessions.push(session);
        }
        for number in 0..PEOPLE {
            stage.people.push(create_person(admin, &format!("Person {number}")).await?);
        }
        Ok(stage)
    }

    /// The arguments of a subscriber by its number: none, one session, a city, three sessions, or a person.
    pub fn narrowing(&self, number: usize) -> SessionNarrowing {
        let session = |number: usize| self.sessions[number % SESSIONS].parse::<SessionId>().expect("an id");
        match number % 5 {
            0 => SessionNarrowing::default(),
            1 => SessionNarrowing { sessions: Some(vec![session(number / 5)]), ..SessionNarrowing::default() },
            2 => SessionNarrowing { city: Some(CITIES[number / 5 % 2].to_owned()), ..SessionNarrowing::default() },
            3 => {
                let sessions = (0..3).map(|n| session(number / 5 + n)).collect();
                SessionNarrowing { sessions: Some(sessions), ..SessionNarrowing::default() }
            }
            _ => {
                let person: PersonId = self.people[number / 5 % PEOPLE].parse().expect("an id");
                SessionNarrowing { person: Some(person), ..SessionNarrowing::default() }
            }
        }
    }
}
