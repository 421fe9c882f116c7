//! People wait for a few seats at several servers, while servers, workers and Redis are stopped and killed at random, and the
//! number of seats changes. Some leave the queue, let their offer lapse, open another tab, become idle, or vanish. Whoever misses an
//! offer against their will, because the machine is slow or no server is there, waits again.
//!
//! What must hold is checked twice: by the people, who act only on what their subscriptions tell them, and by a history that
//! triggers in the database write, in the transactions that change seats and places.

mod guest;
mod history;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use futures_util::{
    StreamExt, TryStreamExt,
    future::try_join,
    stream::{self, FuturesUnordered},
};
use insession_tests::{
    Backend, Client, Deployment, GraphqlError, LIMIT, Program, Settings, Socket, TestDatabase, eventually, now,
    on_both_databases,
};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use self::guest::{Fate, Guest, Story};
use crate::{
    delivery::size,
    fixtures::create_person,
    load::{PartFailure, Random},
};

on_both_databases!(queue_is_fair_and_nobody_is_lost_whatever_crashes);

const KEY: &str = "interview";
const SEATS: i64 = 3;

/// How long an offer lasts. Those who let it lapse block a seat for so long.
const OFFER_SECONDS: i64 = 2;

const SAVE: &str = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";

/// The variables of [`SAVE`].
fn activity(seats: i64) -> Value {
    json!({ "input": {
        "key": KEY, "name": "Interview", "maxConcurrent": seats, "offerSeconds": OFFER_SECONDS, "queueGraceSeconds": 60,
        "maxIdleMinutes": 60,
    } })
}

/// A visit stays online without heartbeats for longer than any machine needs. What must end, the test makes old, except offers,
/// which end by themselves. All people have the same address here, whose limits are for one.
fn settings(settings: Settings) -> Settings {
    settings
        .with("ONLINE_WINDOW_SECONDS", "3600")
        .with("MAX_QUERIES_PER_ADDRESS", "10000")
        .with("SOCKETS_PER_SECOND_PER_ADDRESS", "100000")
        .with("SOCKET_BURST_PER_ADDRESS", "100000")
}

async fn queue_is_fair_and_nobody_is_lost_whatever_crashes(database: TestDatabase) -> Result<()> {
    // On SQLite one server does everything. Each failure takes it away from everybody, and a thousand people need some seconds to come
    // back to it.
    let (mut deployment, people, blows, between) = match database.backend {
        Backend::Sqlite => {
            let (people, blows, between) = size((30, 2, 1_000), (1_000, usize::MAX, 10_000));
            (Deployment::start_with(&database, settings).await?, people, blows, between)
        }
        Backend::Postgres => {
            let (people, blows) = size((60, 6), (1_000, usize::MAX));
            (Deployment::sized(&database, 3, 2, settings).await?, people, blows, 1_000)
        }
    };
    let admin = deployment.admin();
    admin.data(SAVE, activity(SEATS)).await?;
    let connection = database.connect().await?;
    history::keep(&connection).await?;

    let random = Random::seeded();
    let urls: Arc<[String]> = deployment.servers.iter().map(Program::url).collect();
    let ids: Vec<String> =
        stream::iter(0..people).map(|_| create_person(&admin, "Ann")).buffered(10).try_collect().await?;
    let messages = Arc::new(AtomicU64::new(0));
    let mut watching = JoinSet::new();
    for url in urls.iter() {
        watching.spawn(watch_seats(url.clone(), Arc::clone(&messages)));
    }
    let mut guests = FuturesUnordered::new();
    let spread = u64::try_from(people)? * 50;
    for (number, id) in ids.into_iter().enumerate() {
        let delay = Duration::from_millis(random.below(spread));
        let guest = Guest::new(number, &id, Arc::clone(&urls), random.another(), connection.clone())?;
        guests.push(async move {
            sleep(delay).await;
            let fate = guest.fate();
            guest.go().await.with_context(|| format!("guest {number}, {fate:?}"))
        });
    }

    let is_over = AtomicBool::new(false);
    let going = async {
        let mut stories = Vec::new();
        while let Some(story) = guests.next().await {
            stories.push(story?);
        }
        is_over.store(true, Ordering::Relaxed);
        Ok(stories)
    };
    // The blows come first: a thousand people who ask a dead server again and again use up what tokio lets one task do at a time. Then
    // nobody would start the server again.
    let ((struck, limits), stories): ((Vec<Pause>, u64), Vec<Story>) = try_join(
        try_join(
            cause(&mut deployment, &random, blows, between, &is_over),
            change_limit(&admin, &urls, &random, &is_over),
        ),
        going,
    )
    .await?;
    while let Some(wrong) = watching.try_join_next() {
        wrong??;
    }
    watching.shutdown().await;

    // The servers agree that nobody has a seat, and that nobody waits.
    let counts = "{ activity(key: \"interview\") { occupancy queueLength } }";
    for server in &deployment.servers {
        eventually(LIMIT, "all to have gone", async || {
            let activity = server.admin().data(counts, json!({})).await?["activity"].take();
            ensure!(activity == json!({ "occupancy": 0, "queueLength": 0 }), "{activity}");
            Ok(())
        })
        .await?;
    }
    // While no server runs, nobody can offer a seat.
    let is_alone = deployment.servers.len() == 1;
    let pauses: Vec<Pause> = if is_alone { struck.clone() } else { Vec::new() };
    let summary = history::read(&connection).await?.check(SEATS, &stories, &pauses)?;
    println!(
        "{people} people, {} blows, {limits} limits, {} messages about the seats; {summary}",
        struck.len(),
        messages.load(Ordering::Relaxed)
    );
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.expect_running()?;
    }
    Ok(())
}

/// From when until when a part of the deployment was away, in milliseconds since 1970.
type Pause = (i64, i64);

/// Deals blows until everybody has gone: the next one at most `between` milliseconds after the last.
async fn cause(
    deployment: &mut Deployment,
    random: &Random,
    blows: usize,
    between: u64,
    is_over: &AtomicBool,
) -> Result<Vec<Pause>> {
    let mut struck = Vec::new();
    while struck.len() < blows && !is_over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(between / 5 + random.below(between * 4 / 5))).await;
        let begun = now().timestamp_millis();
        PartFailure::any(deployment, random).cause(deployment, random, 1_000).await?;
        struck.push((begun, now().timestamp_millis()));
    }
    Ok(struck)
}

/// Raises and lowers the number of seats until everybody has gone. Returns how often.
async fn change_limit(admin: &Client, urls: &[String], random: &Random, is_over: &AtomicBool) -> Result<u64> {
    let mut changes = 0;
    while !is_over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(200 + random.below(800))).await;
        // Most of the time there are all seats.
        let seats = SEATS - i64::try_from(random.below(6))?.min(SEATS) % SEATS;
        ask(admin, urls, random, SAVE, &activity(seats)).await?;
        changes += 1;
    }
    Ok(changes)
}

const SEATS_CHANGED: &str =
    "subscription { presenceChanged(activityKey: \"interview\") { occupancy queueLength activity { maxConcurrent } } }";

/// Follows the seats at a server, as anybody may. Ends only when it gets a wrong message.
async fn watch_seats(url: String, messages: Arc<AtomicU64>) -> Result<()> {
    loop {
        if let Ok(mut socket) = Socket::connect(&url, None).await
            && socket.subscribe("seats", SEATS_CHANGED, json!({})).is_ok()
        {
            while let Ok(received) = socket.next_for("seats", LIMIT).await {
                let change = received.field("presenceChanged");
                let in_range =
                    |field: &str, most: i64| change[field].as_i64().is_some_and(|it| (0..=most).contains(&it));
                ensure!(in_range("occupancy", SEATS) && in_range("queueLength", i64::MAX), "{}", received.message);
                messages.fetch_add(1, Ordering::Relaxed);
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Too much was asked at once: no connection of the pool, or no turn, became free in time. A client would ask again.
fn may_be_asked_again(error: &GraphqlError) -> bool {
    matches!(&*error.code, "INTERNAL" | "RATE_LIMITED")
}

/// Asks at random servers until one of them answers.
async fn ask(client: &Client, urls: &[String], random: &Random, document: &str, variables: &Value) -> Result<Value> {
    loop {
        let client = client.clone().at(random.one_of(urls));
        // There is no answer when the server ends.
        if let Ok(answer) = client.query(document, variables.clone()).await {
            match answer.error() {
                None => return answer.data(),
                Some(error) if may_be_asked_again(&error) => println!("once more: {}", error.message),
                Some(error) => anyhow::bail!("{}: {}\nasked: {document}\nwith: {variables}", error.code, error.message),
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}
