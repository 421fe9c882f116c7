//! One of the people who want a seat.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use insession_tests::{
    Client, GraphqlError, LIMIT, Socket,
    database::{execute, number},
    eventually, token, within,
};
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{KEY, ask, may_be_asked_again};
use crate::{fixtures::new_visit, load::Random};

/// What somebody does who wants a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Takes the offered seat, and gives it back after a while. If the offer ends before that, waits again.
    Stays,
    /// The same, with another tab before it is the turn.
    SwitchesTab,
    /// Leaves the queue.
    Leaves,
    /// Lets the offer end, and does not come back.
    Lapses,
    /// Goes offline in the queue.
    Vanishes,
    /// Takes the seat, and goes offline.
    VanishesSeated,
    /// Takes the seat, and becomes idle.
    Idles,
}

/// What became of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    pub person: i64,
    pub fate: Fate,
    /// Got a seat at once, or waited for it.
    pub is_seated: bool,
}

const BEAT: &str = "mutation($id: ID!, $isIdle: Boolean!) {
    heartbeat(input: { presenceId: $id, isIdle: $isIdle }) { presence { isIdle } }
}";
const ENTER: &str = "mutation($id: ID!, $key: String!, $wait: Boolean!) {
    enterActivity(input: { presenceId: $id, activityKey: $key, wait: $wait }) {
        admitted occupancy message queuePlace { position length joinedAt offer { expiresAt } }
    }
}";
const FOLLOW: &str = "subscription($id: ID!) {
    queueChanged(presenceId: $id) { admitted queuePlace { position length joinedAt offer { expiresAt } } }
}";
const LEAVE: &str = "mutation($id: ID!) { leaveActivity(presenceId: $id) { presence { id } } }";
const LEAVE_QUEUE: &str = "mutation($id: ID!) { leaveQueue(presenceId: $id) { presence { id } } }";
const COMPLETE: &str = "mutation($id: ID!) { completePresence(presenceId: $id) { presence { status } } }";

/// After how long without news a guest looks whether the place has ended.
const SILENCE: Duration = Duration::from_secs(5);

const LONG_AGO: &str = "'2000-01-01T00:00:00+00:00'";

pub struct Guest {
    number: usize,
    person: i64,
    client: Client,
    urls: Arc<[String]>,
    visit: String,
    random: Random,
    database: DatabaseConnection,
    /// The position and `joinedAt` that came last.
    seen: Option<(i64, String)>,
    /// It no longer wants a seat.
    has_given_up: bool,
    has_switched: bool,
}

impl Guest {
    pub fn new(
        number: usize,
        person: &str,
        urls: Arc<[String]>,
        random: Random,
        database: DatabaseConnection,
    ) -> Result<Self> {
        Ok(Self {
            number,
            person: person.trim_start_matches("Person:").parse()?,
            client: Client::new(&urls[0]).with_token(&token::of(person)),
            urls,
            visit: new_visit(),
            random,
            database,
            seen: None,
            has_given_up: false,
            has_switched: false,
        })
    }

    pub fn fate(&self) -> Fate {
        match self.number % 10 {
            5 => Fate::SwitchesTab,
            6 => Fate::Leaves,
            7 => Fate::Lapses,
            8 => Fate::Vanishes,
            9 if self.number % 20 == 9 => Fate::VanishesSeated,
            9 => Fate::Idles,
            _ => Fate::Stays,
        }
    }

    pub async fn go(mut self) -> Result<Story> {
        self.beat(false).await?;
        let entered = self.enter(true).await?;
        let is_seated = if entered["admitted"] == true {
            true
        } else {
            self.hear(&entered["queuePlace"])?;
            match self.fate() {
                Fate::Vanishes => self.vanish().await?,
                _ => self.wait().await?,
            }
        };
        if is_seated {
            sleep(Duration::from_millis(self.random.below(300))).await;
            match self.fate() {
                Fate::VanishesSeated => self.until_seat_ends(&["last_seen_at", "started_at"]).await?,
                Fate::Idles => {
                    self.beat(true).await?;
                    self.until_seat_ends(&["idle_since"]).await?;
                }
                _ => {
                    self.ask(LEAVE, json!({ "id": self.visit })).await?;
                }
            }
        }
        Ok(Story { person: self.person, fate: self.fate(), is_seated })
    }

    async fn ask(&self, document: &str, variables: Value) -> Result<Value> {
        within(LIMIT, "an answer", ask(&self.client, &self.urls, &self.random, document, &variables)).await?
    }

    async fn beat(&self, is_idle: bool) -> Result<()> {
        self.ask(BEAT, json!({ "id": self.visit, "isIdle": is_idle })).await?;
        Ok(())
    }

    async fn enter(&self, waits: bool) -> Result<Value> {
        let variables = json!({ "id": self.visit, "key": KEY, "wait": waits });
        Ok(self.ask(ENTER, variables).await?["enterActivity"].take())
    }

    /// Follows the queue, at one server after the other, until there is a seat, or no more place. Returns whether there is a
    /// seat.
    async fn wait(&mut self) -> Result<bool> {
        loop {
            // Whoever has no place when the subscription begins gets nothing.
            if number(&self.database, &self.places()).await? == 0 {
                if self.has_given_up {
                    return Ok(false);
                }
                // The answer with the seat was lost, or an offer was missed. The history says whether it had ended.
                if self.claim().await? {
                    return Ok(true);
                }
            }
            if let Ok(socket) = Socket::connect(self.random.one_of(&self.urls), self.client.token()).await
                && socket.subscribe("queue", FOLLOW, json!({ "id": self.visit })).is_ok()
                && let Some(is_seated) = self.follow(socket).await?
            {
                return Ok(is_seated);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The same at one server. `None` if the server ends, or another visit is to be followed.
    async fn follow(&mut self, mut socket: Socket) -> Result<Option<bool>> {
        let mut heard = Instant::now();
        loop {
            let received = match timeout(SILENCE, socket.any_for("queue", LIMIT * 2)).await {
                Ok(Ok(received)) => received,
                Ok(Err(_)) => return Ok(None),
                Err(_) => {
                    // The queue moves all the time. So long silence means that somebody was forgotten.
                    ensure!(heard.elapsed() < LIMIT, "no news of the queue");
                    if number(&self.database, &self.places()).await? == 0 {
                        return Ok(None);
                    }
                    continue;
                }
            };
            heard = Instant::now();
            if let Some(error) = received.message.pointer("/payload/0").map(GraphqlError::read) {
                ensure!(may_be_asked_again(&error), "{}", received.message);
                return Ok(None);
            }
            if received.kind() != "next" {
                return Ok(None);
            }
            let change = received.field("queueChanged");
            if change["admitted"] == true {
                return Ok(Some(true));
            }
            let place = &change["queuePlace"];
            if place.is_null() {
                return Ok(self.has_given_up.then_some(false));
            }
            self.hear(place)?;
            let is_offered = place["offer"]["expiresAt"].is_string();
            match self.fate() {
                _ if self.has_given_up => {}
                Fate::Leaves => {
                    self.has_given_up = true;
                    self.ask(LEAVE_QUEUE, json!({ "id": self.visit })).await?;
                }
                Fate::SwitchesTab if !self.has_switched => {
                    self.switch_tab().await?;
                    return Ok(None);
                }
                Fate::Lapses if is_offered => self.has_given_up = true,
                // Some want to hear of it before they go on.
                _ if is_offered => {
                    if !self.claim().await? {
                        // This subscription may still have messages that are older than the answer.
                        return Ok(None);
                    }
                    if !self.number.is_multiple_of(4) {
                        return Ok(Some(true));
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes the offered seat. Waits again if the offer has ended. Returns whether there is a seat.
    async fn claim(&mut self) -> Result<bool> {
        let before = self.seen.clone();
        let entered = self.enter(true).await?;
        if entered["admitted"] == true {
            return Ok(true);
        }
        self.hear(&entered["queuePlace"])?;
        let (before, after) = (before.map(|(_, since)| since), self.seen.clone().map(|(_, since)| since));
        ensure!(before != after || entered["queuePlace"]["offer"].is_null(), "an offered seat was refused: {entered}");
        Ok(false)
    }

    /// A place is the same until it ends, and only moves forward.
    /// After a missed offer there may be another place.
    fn hear(&mut self, place: &Value) -> Result<()> {
        let position = place["position"].as_i64().with_context(|| format!("no position: {place}"))?;
        let joined_at = place["joinedAt"].as_str().with_context(|| format!("no joinedAt: {place}"))?;
        ensure!(1 <= position && place["length"].as_i64() >= Some(position), "{place}");
        if let Some((before, since)) = &self.seen {
            ensure!(position <= *before || joined_at != since, "{place} came after {:?}", self.seen);
        }
        self.seen = Some((position, joined_at.to_owned()));
        Ok(())
    }

    async fn switch_tab(&mut self) -> Result<()> {
        let before = std::mem::replace(&mut self.visit, new_visit());
        self.has_switched = true;
        self.beat(false).await?;
        let entered = self.enter(true).await?;
        if entered["admitted"] != true {
            self.hear(&entered["queuePlace"])?;
        }
        self.ask(COMPLETE, json!({ "id": before })).await?;
        Ok(())
    }

    /// Goes offline, and stays away for longer than the grace.
    async fn vanish(&self) -> Result<bool> {
        sleep(Duration::from_millis(self.random.below(2_000))).await;
        let seen = format!(
            "UPDATE presence SET last_seen_at = {LONG_AGO}, started_at = {LONG_AGO} WHERE person_id = {}",
            self.person
        );
        self.until_place_ends(&seen).await?;
        Ok(false)
    }

    fn places(&self) -> String {
        format!("SELECT COUNT(*) FROM queue_place WHERE person_id = {}", self.person)
    }

    /// Makes old what keeps the place, until the place is gone.
    async fn until_place_ends(&self, seen: &str) -> Result<()> {
        let person = self.person;
        let offer = format!(
            "UPDATE queue_place SET leaves_at = {LONG_AGO}, \
               offer_ends_at = CASE WHEN offer_ends_at IS NOT NULL THEN {LONG_AGO} END WHERE person_id = {person}"
        );
        let offer = if self.database.get_database_backend() == sea_orm::DbBackend::Postgres {
            offer.replace(LONG_AGO, &format!("{LONG_AGO}::timestamptz"))
        } else {
            offer
        };
        self.until(&[seen, &offer], &self.places(), "the place to end").await
    }

    /// Makes these instants of the visit old, until it has no seat.
    async fn until_seat_ends(&self, columns: &[&str]) -> Result<()> {
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = {LONG_AGO}")).collect();
        let person = self.person;
        let age = format!("UPDATE presence SET {} WHERE person_id = {person}", set.join(", "));
        let seats = format!("SELECT COUNT(*) FROM presence WHERE person_id = {person} AND activity_id IS NOT NULL");
        self.until(&[&age], &seats, "the seat to end").await
    }

    /// Repeats the statements until the number is 0. A request that a killed server had sent to the database may undo the
    /// first time.
    async fn until(&self, statements: &[&str], count: &str, what: &str) -> Result<()> {
        eventually(LIMIT, what, async || {
            for sql in statements {
                execute(&self.database, sql).await?;
            }
            sleep(Duration::from_millis(200)).await;
            match number(&self.database, count).await? {
                0 => Ok(()),
                left => bail!("{left} left"),
            }
        })
        .await
    }
}
