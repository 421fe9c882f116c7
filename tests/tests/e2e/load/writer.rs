//! A writer makes changes at random servers and keeps a ledger of what was acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use insession_tests::{Answer, Client, LIMIT, TestDatabase, database::number, token, within};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Random, Stage, Tolerance};

/// The changes that were acknowledged, and those that got no clear answer. Each writer has its own instances and
/// people, so it knows the last value of each.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The last acknowledged location of each instance.
    places: BTreeMap<String, String>,
    /// Locations that were saved without an acknowledgement.
    perhaps_at: BTreeSet<String>,
    /// The ids of people who were created, by name.
    made: BTreeMap<String, String>,
    /// Names of people who may have been created.
    perhaps_made: BTreeSet<String>,
    /// Person and instance of each yes.
    yeses: BTreeSet<(String, String)>,
    pub acknowledged: usize,
    pub refused: usize,
    /// Requests whose connection was refused.
    pub unanswered: usize,
    /// Requests whose connection ended without an answer.
    pub cut: usize,
}

impl Ledger {
    /// Acknowledged changes are stored once. Others are stored at most once.
    pub async fn check(&self, database: &TestDatabase) -> Result<()> {
        let connection = database.connect().await?;
        let row = |id: &str| -> Result<i64> { Ok(id.rsplit(':').next().context("an id has a number")?.parse()?) };
        for (name, id) in &self.made {
            let sql = format!("SELECT count(*) FROM person WHERE display_name = '{name}' AND id = {}", row(id)?);
            ensure!(number(&connection, &sql).await? == 1, "{name} was acknowledged as {id}, but is not stored");
        }
        for name in self.made.keys().chain(&self.perhaps_made) {
            let count =
                number(&connection, &format!("SELECT count(*) FROM person WHERE display_name = '{name}'")).await?;
            ensure!(count <= 1, "{name} was created {count} times");
        }
        for (instance, place) in &self.places {
            let list = self.perhaps_at.iter().chain([place]).map(|place| format!("'{place}'"));
            let list = list.collect::<Vec<_>>().join(", ");
            let id = row(instance)?;
            let sql =
                format!("SELECT count(*) FROM session_instance WHERE id = {id} AND location_override IN ({list})");
            ensure!(number(&connection, &sql).await? == 1, "the location of {instance} is none of {list}");
        }
        for (person, instance) in &self.yeses {
            let sql = format!(
                "SELECT count(*) FROM check_in WHERE person_id = {} AND session_instance_id = {} AND attendance = 'YES'",
                row(person)?,
                row(instance)?
            );
            ensure!(number(&connection, &sql).await? == 1, "the yes of {person} to {instance} is not stored");
        }
        connection.close().await?;
        Ok(())
    }
}

/// The writer's number and the number of writers, which decide who owns which instances and people.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub number: usize,
    pub of: usize,
}

impl Share {
    fn of<'a>(&self, all: &'a [String]) -> Vec<&'a str> {
        all.iter().enumerate().filter(|(at, _)| at % self.of == self.number).map(|(_, one)| one.as_str()).collect()
    }
}

/// Makes changes until `is_over`.
///
/// # Errors
/// When an answer is an error that is not tolerated.
pub async fn write(
    stage: Arc<Stage>,
    urls: Arc<[String]>,
    share: Share,
    random: Random,
    tolerance: Tolerance,
    is_over: Arc<AtomicBool>,
) -> Result<Ledger> {
    let admin = Client::new(&urls[0]).with_token(&token::admin());
    let (instances, people) = (share.of(&stage.instances), share.of(&stage.people));
    let mut ledger = Ledger::default();
    while !is_over.load(Ordering::Relaxed) {
        let client = admin.clone().at(random.one_of(&urls));
        let instance = random.one_of(&instances);
        let change = match random.below(10) {
            0..5 => Change::Turn { instance, active: random.below(2) == 0 },
            5..7 => Change::Save { instance, place: format!("Room {}", random.below(1 << 40)) },
            7..9 if !people.is_empty() => Change::CheckIn { instance, person: random.one_of(&people) },
            _ => Change::Make { name: format!("Guest {}", random.below(1 << 40)) },
        };
        let (document, variables) = change.request();
        let answer = within(LIMIT, "an answer to a mutation", client.query(document, variables)).await?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if tolerance.servers_end => {
                let is_refused = error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect);
                *if is_refused { &mut ledger.unanswered } else { &mut ledger.cut } += 1;
                change.note_perhaps(&mut ledger);
                sleep(Duration::from_millis(20)).await;
                continue;
            }
            Err(error) => return Err(error).context("a mutation without an answer"),
        };
        match answer.error() {
            None => {
                ledger.acknowledged += 1;
                change.note_done(&mut ledger, &answer)?;
            }
            Some(error) => {
                ensure!(tolerance.allows(&error), "{}: {}", answer.status, answer.body);
                ledger.refused += 1;
                change.note_perhaps(&mut ledger);
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    Ok(ledger)
}

enum Change<'a> {
    Turn { instance: &'a str, active: bool },
    Save { instance: &'a str, place: String },
    CheckIn { instance: &'a str, person: &'a str },
    Make { name: String },
}

impl Change<'_> {
    fn request(&self) -> (&'static str, Value) {
        match self {
            Self::Turn { instance, active } => (
                "mutation($id: ID!, $active: Boolean!) {
                    setActiveOverride(input: { sessionInstanceId: $id, active: $active }) { sessionInstance { id } }
                }",
                json!({ "id": instance, "active": active }),
            ),
            Self::Save { instance, place } => (
                "mutation($id: ID!, $place: String) {
                    updateSessionInstance(input: { id: $id, locationOverride: $place }) { sessionInstance { id } }
                }",
                json!({ "id": instance, "place": place }),
            ),
            Self::CheckIn { instance, person } => (
                "mutation($instance: ID!, $person: ID!) {
                    checkIn(input: { sessionInstanceId: $instance, attendance: YES, personId: $person }) {
                        checkIn { id }
                    }
                }",
                json!({ "instance": instance, "person": person }),
            ),
            Self::Make { name } => (
                "mutation($name: String!) { createPerson(input: { displayName: $name }) { person { id } } }",
                json!({ "name": name }),
            ),
        }
    }

    fn note_done(self, ledger: &mut Ledger, answer: &Answer) -> Result<()> {
        match self {
            Self::Turn { .. } => {}
            Self::Save { instance, place } => {
                ledger.places.insert(instance.to_owned(), place);
            }
            Self::CheckIn { instance, person } => {
                ledger.yeses.insert((person.to_owned(), instance.to_owned()));
            }
            Self::Make { name } => {
                let Some(id) = answer.body.pointer("/data/createPerson/person/id").and_then(Value::as_str) else {
                    bail!("no id in {}", answer.body);
                };
                ledger.made.insert(name, id.to_owned());
            }
        }
        Ok(())
    }

    /// Records that the change may have been made.
    fn note_perhaps(self, ledger: &mut Ledger) {
        match self {
            Self::Turn { .. } | Self::CheckIn { .. } => {}
            Self::Save { place, .. } => {
                ledger.perhaps_at.insert(place);
            }
            Self::Make { name } => {
                ledger.perhaps_made.insert(name);
            }
        }
    }
}
