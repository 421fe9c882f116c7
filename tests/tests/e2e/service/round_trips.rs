//! The round trips to PostgreSQL that the frequent mutations take. Each crosses the network, and most happen while
//! locks are held.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, PresenceId, SessionInstanceId},
};
use entity::session_instance;
use insession_tests::{Backend, Proxy, TestDatabase};
use service::{
    App,
    app::NoJobQueue,
    bookings::{self, time_slots},
    check_ins,
    db::Db,
    log::wake::Wake,
    presence::{
        Claimant, activities,
        beats::{Beat, write_known, write_others},
        seats::{IfFull, enter_activity},
    },
    sweep::{Request, sweep},
};

use super::world::{Done, World, blank_session, date, time};

/// The pool tests a connection before a statement outside a transaction uses it.
const CONNECTION_TEST: u64 = 1;
/// The begin, the isolation level, the locks, the reads under the locks, the writes, and the commit.
const CHECK_IN_ROUND_TRIPS: u64 = 6;
/// The begin, the isolation level, the write, and the commit.
const HEARTBEAT_ROUND_TRIPS: u64 = 4;
/// The reads of the queue for seats are included.
const ENTER_ACTIVITY_ROUND_TRIPS: u64 = CONNECTION_TEST + 16;
const BOOK_TIME_SLOT_ROUND_TRIPS: u64 = 10;

/// A second connection would prepare the statements again, so there is only one.
const CONNECTIONS: u32 = 1;

/// How often each case runs. The first time, each statement is prepared, which takes one more round trip.
const ROUNDS: usize = 4;

struct Counted {
    world: World,
    app: App,
    proxy: Proxy,
}

impl Counted {
    async fn new() -> Result<Self> {
        let database = TestDatabase::new(Backend::Postgres).await?;
        let (proxy, url) = Proxy::before(&database.url).await?;
        let world = World::new(database, "2025-06-11 20:00").await?;
        let db = Db::connect(&url, CONNECTIONS).await.done()?;
        let app = App::new(db, world.clock.clone(), Wake::local(), Arc::new(NoJobQueue), world.app.placement_rule);
        Ok(Self { world, app, proxy })
    }

    /// The least number of round trips among some rounds.
    async fn least<T>(&self, mut work: impl AsyncFnMut(usize) -> Result<T>) -> Result<u64> {
        let mut least = u64::MAX;
        for round in 0..ROUNDS {
            self.world.advance_seconds(1);
            let before = self.proxy.round_trips();
            work(round).await?;
            least = least.min(self.proxy.round_trips() - before);
        }
        Ok(least)
    }

    async fn active_instance(&self, name: &str) -> Result<SessionInstanceId> {
        let session = self.world.insert_session(blank_session(name, "UTC")).await?;
        let times = Some((time("19:00"), time("22:00")));
        let activate = |row: &mut session_instance::Model| {
            row.is_active = true;
            row.due_at = row.closes_at;
        };
        Ok(self.world.insert_instance(&session, date("2025-06-11"), times, activate).await?.id)
    }

    async fn answer(&self, person: PersonId, to: SessionInstanceId, attendance: Attendance) -> Result<()> {
        check_ins::check_in(&self.app, Viewer::person(person), to, attendance, None).await.done()?;
        Ok(())
    }
}

fn expect(what: &str, counted: u64, most: u64) -> Result<()> {
    ensure!(counted > 0, "{what}: nothing was counted");
    ensure!(counted <= most, "{what}: {counted} round trips; {most} are allowed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn check_in_takes_few_round_trips() -> Result<()> {
    let counted = Counted::new().await?;
    let (here, there) = (counted.active_instance("Here").await?, counted.active_instance("There").await?);
    let mut people = Vec::new();
    for number in 0..ROUNDS {
        people.push(counted.world.insert_person(&format!("Person {number}")).await?);
    }
    let first = counted.least(async |round| counted.answer(people[round], here, Attendance::Yes).await).await?;
    expect("the first check-in of a person", first, CHECK_IN_ROUND_TRIPS)?;
    let moving = counted.least(async |round| counted.answer(people[round], there, Attendance::Yes).await).await?;
    expect("a check-in that moves a person", moving, CHECK_IN_ROUND_TRIPS)?;
    for person in &people {
        ensure!(counted.world.place(*person).await? == Some(there), "{person} is elsewhere");
    }
    let repeated = counted.least(async |round| counted.answer(people[round], there, Attendance::Yes).await).await?;
    expect("a check-in that changes nothing", repeated, CHECK_IN_ROUND_TRIPS)?;
    let leaving = counted.least(async |round| counted.answer(people[round], there, Attendance::No).await).await?;
    expect("a no that moves a person elsewhere", leaving, CHECK_IN_ROUND_TRIPS)?;
    let removing = counted.least(async |round| {
        let (viewer, app) = (Viewer::person(people[round]), &counted.app);
        check_ins::delete_check_in(app, viewer, here, None).await.done()
    });
    expect("removing a check-in", removing.await?, CHECK_IN_ROUND_TRIPS)?;
    for person in &people {
        ensure!(counted.world.place(*person).await?.is_none(), "{person} is somewhere");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_with_nothing_due_take_one_statement() -> Result<()> {
    let counted = Counted::new().await?;
    let instance = counted.active_instance("Here").await?;
    let expect_one = async |request| {
        let swept = counted.least(async |_| sweep(&counted.app, request).await.done());
        expect("a sweep with nothing due", swept.await?, CONNECTION_TEST + 1)
    };
    expect_one(Request::PERIODIC).await?;
    expect_one(Request::EXACT).await?;
    // Only a periodic sweep ends an override that has no end.
    let hold = format!("UPDATE session_instance SET override_active = TRUE WHERE id = {}", instance.0);
    counted.world.raw(&hold).await?;
    expect_one(Request::EXACT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_and_seats_take_few_round_trips() -> Result<()> {
    let counted = Counted::new().await?;
    let person = counted.world.insert_person("Ann").await?;
    let new = activities::NewActivity {
        key: "interview".to_owned(),
        name: "Interview".to_owned(),
        max_concurrent: Some(3),
        ..activities::NewActivity::default()
    };
    activities::save_activity(&counted.app, Viewer::ADMIN, new).await.done()?;
    let visit = PresenceId::from(7);
    let beat = || -> Result<BTreeMap<PresenceId, Beat>> {
        let claimant = Claimant::new(&counted.app, Viewer::person(person), None).done()?;
        let at = counted.world.now();
        Ok(BTreeMap::from([(
            visit,
            Beat { visit, claimant, language_code: None, current_page: None, is_idle: None, at },
        )]))
    };
    write_others(&counted.app, &beat()?).await.done()?;
    let beats = counted.least(async |_| {
        let written = write_known(&counted.app, &beat()?).await.done()?;
        ensure!(written.len() == 1, "the visit is not known");
        Ok(())
    });
    expect("a heartbeat", beats.await?, HEARTBEAT_ROUND_TRIPS)?;
    let seats = counted.least(async |_| {
        let entered = enter_activity(&counted.app, Viewer::person(person), None, visit, "interview", IfFull::Refuse)
            .await
            .done()?;
        ensure!(entered.verdict.is_admitted, "the activity is full");
        Ok(())
    });
    expect("entering an activity", seats.await?, ENTER_ACTIVITY_ROUND_TRIPS)
}

#[tokio::test(flavor = "multi_thread")]
async fn booking_takes_few_round_trips() -> Result<()> {
    let counted = Counted::new().await?;
    let (mentor, student) = (counted.world.insert_person("Mia").await?, counted.world.insert_person("Sam").await?);
    let start = counted.world.now() + TimeDelta::days(1);
    let booked = counted.least(async |round| {
        let starts_at = start + TimeDelta::hours(i64::try_from(round)?);
        let new = time_slots::NewSlot { mentor, starts_at, ends_at: starts_at + TimeDelta::minutes(30) };
        let slot = time_slots::insert_slot(&counted.world.app, Viewer::person(mentor), new).await.done()?;
        bookings::book(&counted.app, Viewer::person(student), slot.id, None).await.done()
    });
    expect("booking a time slot", booked.await?, BOOK_TIME_SLOT_ROUND_TRIPS)
}
