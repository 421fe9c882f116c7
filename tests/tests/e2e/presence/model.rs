//! Random events for one activity, with a clock that the test moves: what is stored is what the naive model of the domain's tests
//! says. Offers, places and seats end by themselves, because time passes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use chrono::TimeDelta;
use domain::{access::Viewer, ids::PersonId};
use insession_tests::{TestDatabase, on_both_databases};
use sea_orm::{FromQueryResult, Statement};
use service::{
    App, Error,
    presence::{
        Claimant,
        activities::{NewActivity, save_activity},
        beats::Beat,
        seats::{self, IfFull, Leaver},
    },
};

use super::visitors::{KEY, visit, write};
use crate::{
    delivery::size,
    load::Random,
    service::world::{Done, World},
};

#[path = "../../../../domain/tests/domain/queue_model.rs"]
mod queue_model;

use queue_model::{Guest, Model, Seen, Step};

on_both_databases!(stored_queue_equals_the_naive_model_under_random_events);

const GUESTS: u8 = 8;

/// The stored queue, and the guests: each is a person with one visit.
struct Stored {
    world: World,
    people: Vec<PersonId>,
    /// Requests go to either of them.
    servers: [App; 2],
}

impl Stored {
    async fn new(database: TestDatabase) -> Result<Self> {
        let mut world = World::new(database, "2025-06-11 12:00").await?;
        let mut other = world.another_app().await?;
        for app in [&mut world.app, &mut other] {
            app.presence.rules.online_window = TimeDelta::seconds(queue_model::WINDOW);
        }
        let mut people = Vec::new();
        for number in 0..GUESTS {
            people.push(world.insert_person(&format!("Guest {number}")).await?);
        }
        let servers = [world.app.clone(), other];
        Ok(Self { world, people, servers })
    }

    async fn limit(&self, app: &App, limit: Option<u32>) -> Result<()> {
        let new = NewActivity {
            key: KEY.to_owned(),
            name: "Interview".to_owned(),
            max_concurrent: limit.map(i32::try_from).transpose()?,
            offer_seconds: Some(i32::try_from(queue_model::OFFER)?),
            queue_grace_seconds: Some(i32::try_from(queue_model::GRACE)?),
            max_idle_minutes: Some(Some(i32::try_from(queue_model::MAX_IDLE / 60)?)),
            ..NewActivity::default()
        };
        save_activity(app, Viewer::ADMIN, new).await.done().map(drop)
    }

    fn viewer(&self, guest: Guest) -> Viewer {
        Viewer::person(self.people[usize::from(guest)])
    }

    async fn beat(&self, app: &App, guest: Guest, is_idle: bool) -> Result<()> {
        let claimant = Claimant::new(app, self.viewer(guest), None).done()?;
        let (visit, at) = (visit(guest.into()), self.world.now());
        let beat = Beat { visit, claimant, language_code: None, current_page: None, is_idle: Some(is_idle), at };
        // A completed visit takes no heartbeats.
        drop(write(app, beat).await?);
        Ok(())
    }

    /// Returns whether the guest is admitted.
    async fn take(&self, app: &App, step: Step) -> Result<bool> {
        let absent = |result: service::Result<_>| match result {
            Ok(_) | Err(Error::NotFound(_) | Error::InvalidTransition(_)) => Ok(()),
            Err(error) => Err(error).done(),
        };
        match step {
            Step::Enter(guest, waits) => {
                self.beat(app, guest, false).await?;
                let if_full = if waits { IfFull::Wait } else { IfFull::Refuse };
                match seats::enter_activity(app, self.viewer(guest), None, visit(guest.into()), KEY, if_full).await {
                    Ok(entered) => return Ok(entered.verdict.is_admitted),
                    Err(Error::InvalidTransition(_)) => {}
                    Err(error) => return Err(error).done(),
                }
            }
            Step::Leave(guest) => {
                absent(seats::leave_activity(app, self.viewer(guest), None, visit(guest.into()), None).await)?;
            }
            Step::LeaveQueue(guest) => {
                let left = seats::leave_queue(app, self.viewer(guest), None, visit(guest.into()), None, Leaver::Person);
                absent(left.await)?;
            }
            Step::Beat(guest, is_idle) => self.beat(app, guest, is_idle).await?,
            Step::Complete(guest) => {
                absent(seats::complete_visit(app, self.viewer(guest), None, visit(guest.into())).await)?;
            }
            Step::Limit(limit) => self.limit(app, limit).await?,
            Step::Pass(_) => {}
        }
        Ok(false)
    }

    /// Who has a seat, and who waits, each with or without an offer.
    async fn seen(&self) -> Result<Seen> {
        #[derive(FromQueryResult)]
        struct Row {
            person_id: i64,
            is_offered: bool,
        }
        let read = async |sql: &str| -> Result<Vec<(Guest, bool)>> {
            let db = self.world.db();
            let statement = Statement::from_string(sea_orm::ConnectionTrait::get_database_backend(db), sql);
            let found = Row::find_by_statement(statement).all(db).await?;
            let guest = |row: Row| {
                let number = self.people.iter().position(|person| person.0 == row.person_id).context("a guest")?;
                Ok((Guest::try_from(number)?, row.is_offered))
            };
            found.into_iter().map(guest).collect()
        };
        let seats = read("SELECT person_id, FALSE AS is_offered FROM presence WHERE activity_id IS NOT NULL").await?;
        let line = "SELECT person_id, offer_ends_at IS NOT NULL AS is_offered FROM queue_place ORDER BY id";
        Ok((seats.into_iter().map(|(guest, _)| guest).collect(), read(line).await?))
    }
}

fn any_step(random: &Random) -> Step {
    let guest = || Guest::try_from(random.below(GUESTS.into())).unwrap_or_default();
    match random.below(20) {
        0..=7 => Step::Enter(guest(), random.below(3) > 0),
        8 | 9 => Step::Leave(guest()),
        10 => Step::LeaveQueue(guest()),
        11 | 12 => Step::Beat(guest(), random.below(2) == 0),
        13 if random.below(8) == 0 => Step::Complete(guest()),
        13 | 14 => Step::Limit(Some(u32::try_from(random.below(4)).unwrap_or_default())),
        15 if random.below(4) == 0 => Step::Limit(None),
        _ => Step::Pass(u8::try_from(1 + random.below(8)).unwrap_or(1)),
    }
}

async fn stored_queue_equals_the_naive_model_under_random_events(database: TestDatabase) -> Result<()> {
    let stored = Stored::new(database).await?;
    let random = Random::seeded();
    let limit = Some(2);
    let mut model = Model::new(limit);
    stored.limit(&stored.servers[0], limit).await?;
    let (mut second, mut missed, mut steps) = (0, 0, Vec::new());
    for _ in 0..size(120, 5_000) {
        let step = any_step(&random);
        steps.push(step);
        let app = &stored.servers[usize::try_from(random.below(2))?];
        if let Step::Pass(seconds) = step {
            let silent: BTreeSet<Guest> = (0..GUESTS).filter(|_| random.below(4) == 0).collect();
            for _ in 0..seconds {
                second += 1;
                stored.world.advance_seconds(1);
                let before = model.seen().1;
                model.tidy(second);
                stored.world.sweep_exactly().await?;
                let after: BTreeSet<Guest> = model.seen().1.iter().map(|(guest, _)| *guest).collect();
                missed += before.iter().filter(|(guest, is_offered)| *is_offered && !after.contains(guest)).count();
                // A heartbeat every few seconds keeps everybody online.
                for (guest, is_idle) in model.guests() {
                    if !silent.contains(&guest) && (second + i64::from(guest)) % 4 == 0 {
                        model.take(Step::Beat(guest, is_idle), second);
                        stored.beat(app, guest, is_idle).await?;
                    }
                }
            }
        }
        let expected = model.take(step, second);
        let is_admitted = stored.take(app, step).await?;
        ensure!(is_admitted == expected, "{steps:?}: admitted {is_admitted}, and by the model {expected}");
        stored.world.sweep_exactly().await?;
        let (seen, wanted) = (stored.seen().await?, model.seen());
        ensure!(seen == wanted, "{steps:?} at {second}: {seen:?} is stored, and by the model it is {wanted:?}");
    }
    println!("{missed} offers lapsed in {second} seconds");
    Ok(())
}
