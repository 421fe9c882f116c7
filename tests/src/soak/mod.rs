//! A mixed load of any duration. Meanwhile the resources of the program are sampled: memory, files, connections,
//! sockets.
//!
//! No resource may grow with time, and all are released when the load stops.

mod clients;
mod sample;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::clients::{Browse, browse, change, watch};
pub use self::sample::{Sample, sample};
use crate::{Client, Deployment, wait::now};

/// The size of the load.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Sockets that are open at a time.
    pub sockets: usize,
    /// Clients that make changes, each one after the other.
    pub writers: usize,
    /// Clients that send queries, each one after the other.
    pub readers: usize,
    pub sessions: usize,
    pub people: usize,
}

/// The requests and messages so far.
#[derive(Debug, Default)]
pub struct Counters {
    pub queries: AtomicU64,
    pub mutations: AtomicU64,
    pub sockets: AtomicU64,
    pub messages: AtomicU64,
}

/// The sessions and people that the load works on.
#[derive(Debug)]
pub struct Stage {
    pub(crate) url: String,
    pub(crate) admin: Client,
    pub(crate) sessions: Vec<String>,
    pub(crate) instances: Vec<String>,
    pub(crate) people: Vec<String>,
    pub counters: Counters,
    is_over: AtomicBool,
}

impl Stage {
    /// Creates people, and sessions with one instance each that is active for the whole time.
    pub async fn set(deployment: &Deployment, size: Size) -> Result<Arc<Self>> {
        let admin = deployment.admin();
        let (mut sessions, mut instances, mut people) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..size.sessions {
            let input = json!({
                "name": format!("Session {number}"), "timeZone": "UTC", "city": format!("City {}", number % 5),
                "country": "US", "activeBufferMinutesBefore": 0, "activeBufferMinutesAfter": 0,
            });
            let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
            let made = admin.data(document, json!({ "input": input })).await?;
            let session = text(&made, "/createSession/session/id")?;
            instances.push(insert_instance(&admin, &session, now(), now() + TimeDelta::hours(12)).await?);
            sessions.push(session);
        }
        for number in 0..size.people {
            people.push(insert_person(&admin, &format!("Person {number}")).await?);
        }
        let document = "mutation { saveActivity(input: { key: \"study\", name: \"Study\", maxConcurrent: 10 }) {
            activity { id }
        } }";
        admin.data(document, json!({})).await?;
        let url = deployment.first().url();
        Ok(Arc::new(Self {
            url,
            admin,
            sessions,
            instances,
            people,
            counters: Counters::default(),
            is_over: AtomicBool::new(false),
        }))
    }

    /// Starts the load. It runs until [`Load::stop`].
    pub fn start(self: &Arc<Self>, size: Size) -> Load {
        self.is_over.store(false, Ordering::Relaxed);
        let mut clients = JoinSet::new();
        for number in 0..size.sockets {
            clients.spawn(watch(Arc::clone(self), number));
        }
        for number in 0..size.writers {
            clients.spawn(change(Arc::clone(self), number));
        }
        for number in 0..size.readers {
            clients.spawn(browse(Arc::clone(self), Browse::new(number)));
        }
        Load { stage: Arc::clone(self), clients }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// A running load.
#[derive(Debug)]
pub struct Load {
    stage: Arc<Stage>,
    clients: JoinSet<Result<()>>,
}

impl Load {
    /// Runs for `period`.
    ///
    /// # Errors
    /// As soon as a client gets a wrong answer.
    pub async fn run_for(&mut self, period: Duration) -> Result<()> {
        match tokio::time::timeout(period, self.clients.join_next()).await {
            Ok(Some(ended)) => ended?.and_then(|()| anyhow::bail!("a client ended")),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Ends all clients. Each finishes its current request.
    pub async fn stop(mut self) -> Result<()> {
        self.stage.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended??;
        }
        Ok(())
    }
}

pub(crate) async fn insert_person(admin: &Client, name: &str) -> Result<String> {
    let document = "mutation($name: String!) { createPerson(input: { displayName: $name }) { person { id } } }";
    text(&admin.data(document, json!({ "name": name })).await?, "/createPerson/person/id")
}

pub(crate) async fn insert_instance(
    admin: &Client,
    session: &str,
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
) -> Result<String> {
    let input = json!({
        "sessionId": session, "date": opens.date_naive().to_string(),
        "startTime": opens.format("%H:%M:%S").to_string(), "endTime": closes.format("%H:%M:%S").to_string(),
        "allowDuplicate": true,
    });
    let document = "mutation($input: CreateSessionInstanceInput!) {
        createSessionInstance(input: $input) { sessionInstance { id } }
    }";
    text(&admin.data(document, json!({ "input": input })).await?, "/createSessionInstance/sessionInstance/id")
}

pub(crate) fn text(data: &Value, pointer: &str) -> Result<String> {
    let text = data.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {data}"))?;
    Ok(text.to_owned())
}
