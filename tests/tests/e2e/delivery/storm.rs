//! Subscribers on three servers, whose sockets are cut at random, while servers, workers and Redis are stopped and killed
//! and hundreds of changes are made: who resumes by the last cursor has every change once, in order.
//!
//! The truth is the log: each change that it has, narrowed as the subscriber asked, is what the subscriber must have got.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use domain::{
    ids::{PersonId, SessionId},
    news::{Change, Narrowing, Position, Seen as SeenAs, SessionNarrowing},
};
use insession_tests::{Client, Deployment, Received, Socket, TestDatabase, database::number, eventually, token};
use serde_json::{Value, json};
use service::{App, changes};
use tokio::{task::JoinSet, time::sleep};

use super::{FIELD, LIMIT, NEWS, app_on, size, told, turn};
use crate::fixtures::{check_in, create_active_instance, create_instance, create_person, in_seconds};

const SESSIONS: usize = 10;
const ACTIVE_EACH: usize = 3;
const PEOPLE: usize = 5;
const WRITERS: usize = 4;
/// On a slow machine the rest of the changes is made in peace.
const MOST_ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_resumes_has_every_change_once_and_in_order_whatever_stops() -> Result<()> {
    let (subscribers, wanted) = size((60, 800), (200, 5_000));
    let database = TestDatabase::postgres().await?;
    let app = app_on(&database).await?;
    let mut deployment = Deployment::sized(&database, 3, 2, |settings| settings).await?;
    let urls: Arc<[String]> = deployment.servers.iter().map(insession_tests::Program::url).collect();
    let stage = Arc::new(Stage::set(&deployment.admin()).await?);
    let random = Random::seeded();

    let mut watchers = Vec::new();
    let mut watching = JoinSet::new();
    for number in 0..subscribers {
        let narrowing = stage.narrowing(number);
        let watcher = Arc::new(Watcher { narrowing, seen: Mutex::default(), cuts: AtomicU64::new(0) });
        watchers.push(Arc::clone(&watcher));
        watching.spawn(watch(watcher, Arc::clone(&urls), random.another()));
    }
    eventually(LIMIT, "all to have their snapshot", async || {
        let begun = watchers.iter().filter(|watcher| !watcher.seen().is_empty()).count();
        ensure!(begun == subscribers, "only {begun} have");
        Ok(())
    })
    .await?;

    let start = head(&app).await?;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writing = JoinSet::new();
    for _ in 0..WRITERS {
        writing.spawn(write(Arc::clone(&stage), Arc::clone(&urls), random.another(), Arc::clone(&is_over)));
    }
    let made = async || Ok::<_, anyhow::Error>(head(&app).await?.0 - start.0);
    let mut rounds = 0;
    while rounds == 0 || (rounds < MOST_ROUNDS && made().await? < wanted) {
        disturb(&mut deployment, &random).await?;
        rounds += 1;
    }
    eventually(LIMIT * 2, "so many changes", async || {
        let made = made().await?;
        ensure!(made >= wanted, "only {made}");
        Ok(())
    })
    .await?;
    is_over.store(true, Ordering::Relaxed);
    while let Some(written) = writing.join_next().await {
        written??;
    }

    let truth = settle(&app, &database).await?;
    let complete = eventually(LIMIT * 2, "all to have everything", async || {
        for watcher in &watchers {
            let expected = watcher.expected(&truth);
            let last = watcher.seen().last().map(|seen| seen.position);
            ensure!(last >= expected.last().map(|seen| seen.position), "one has only got to {last:?}");
        }
        Ok(())
    });
    let complete = complete.await;
    // A watcher ends only when it was told something wrong.
    if let Some(wrong) = watching.try_join_next() {
        wrong??;
    }
    let cuts: u64 = watchers.iter().map(|watcher| watcher.cuts.load(Ordering::Relaxed)).sum();
    let messages: usize = watchers.iter().map(|watcher| watcher.seen().len()).sum();
    println!(
        "{subscribers} subscribers, {} changes, {rounds} rounds of disturbance, {cuts} sockets cut, {messages} messages",
        truth.iter().filter(|change| change.position > start).count()
    );
    for watcher in &watchers {
        watcher.compare(&truth)?;
    }
    complete?;
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.expect_running()?;
    }
    Ok(())
}

/// Stops, kills and starts again each part once.
async fn disturb(deployment: &mut Deployment, random: &Random) -> Result<()> {
    for step in 0..6 {
        sleep(Duration::from_millis(100 + random.below(400))).await;
        match step {
            0 => {
                deployment.servers[0].kill_9()?;
                deployment.servers[0].start_again().await?;
            }
            1 => {
                let redis = deployment.redis.as_mut().context("there is Redis")?;
                redis.kill()?;
                sleep(Duration::from_millis(random.below(1_500))).await;
                deployment.redis.as_mut().context("there is Redis")?.start_again().await?;
            }
            2 => {
                let status = deployment.servers[1].terminate().await?;
                ensure!(status.success(), "a server that was asked to stop ended with {status}");
                deployment.servers[1].start_again().await?;
            }
            3 => {
                deployment.workers[0].kill_9()?;
                deployment.workers[0].start_again().await?;
            }
            4 => {
                deployment.servers[2].kill_9()?;
                sleep(Duration::from_millis(random.below(1_000))).await;
                deployment.servers[2].start_again().await?;
            }
            _ => {
                deployment.workers[1].kill_9()?;
                deployment.workers[1].start_again().await?;
            }
        }
    }
    Ok(())
}

/// Sessions in two cities, with instances that are active, and some that will be by themselves; and people.
struct Stage {
    sessions: Vec<String>,
    instances: Vec<String>,
    people: Vec<String>,
}

const CITIES: [&str; 2] = ["Austin", "Waco"];

impl Stage {
    async fn set(admin: &Client) -> Result<Self> {
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

    /// What the subscriber of this number asks for: all, one session, a city, three sessions, a person.
    fn narrowing(&self, number: usize) -> SessionNarrowing {
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

/// Makes changes at any server that answers.
async fn write(stage: Arc<Stage>, urls: Arc<[String]>, random: Random, is_over: Arc<AtomicBool>) -> Result<()> {
    let admin = Client::new(&urls[0]).with_token(&token::admin());
    while !is_over.load(Ordering::Relaxed) {
        let client = admin.clone().at(random.one_of(&urls));
        let instance = random.one_of(&stage.instances);
        let done = match random.below(10) {
            0..6 => turn(&client, instance, random.below(2) == 0).await,
            6..9 => {
                let document = "mutation($id: ID!, $place: String) {
                    updateSessionInstance(input: { id: $id, locationOverride: $place }) { sessionInstance { id } }
                }";
                let place = format!("Room {}", random.below(1_000_000));
                client.data(document, json!({ "id": instance, "place": place })).await.map(drop)
            }
            _ => check_in(&client, instance, "YES", Some(random.one_of(&stage.people))).await.map(drop),
        };
        // Whether it was done or not, nobody knows when the server was killed: the log tells.
        if done.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

/// A subscriber, over however many sockets.
struct Watcher {
    narrowing: SessionNarrowing,
    seen: Mutex<Vec<Seen>>,
    cuts: AtomicU64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    position: Position,
    kind: String,
    instance: Option<String>,
    cursor: String,
}

impl Watcher {
    fn seen(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().expect("no watcher panics")
    }

    fn variables(&self) -> Value {
        let after = self.seen().last().map(|seen| seen.cursor.clone());
        let sessions =
            self.narrowing.sessions.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        json!({
            "sessionIds": sessions, "personId": self.narrowing.person.map(|person| person.to_string()),
            "city": self.narrowing.city, "after": after,
        })
    }

    /// Of the changes of the log those that are due, after the snapshot.
    fn expected(&self, truth: &[Change]) -> Vec<Seen> {
        let from = self.seen().first().map_or(Position(0), |seen| seen.position);
        // Nobody is anywhere when the subscribers begin.
        let mut person_at = None;
        let mut expected = Vec::new();
        let narrowing = Narrowing::Sessions(self.narrowing.clone());
        for change in truth.iter().filter(|change| change.position > from) {
            if let Some(SeenAs::Session(kind)) = narrowing.sees(change, person_at) {
                expected.push(Seen {
                    position: change.position,
                    kind: kind.as_str().to_owned(),
                    instance: change.event.as_session().and_then(|change| change.instance).map(|id| id.to_string()),
                    cursor: String::new(),
                });
            }
            if let Some((person, moved)) = change.event.as_move()
                && narrowing.followed() == Some(person)
            {
                person_at = moved.instance;
            }
        }
        expected
    }

    fn compare(&self, truth: &[Change]) -> Result<()> {
        let expected = self.expected(truth);
        let seen: Vec<Seen> =
            self.seen().iter().skip(1).map(|seen| Seen { cursor: String::new(), ..seen.clone() }).collect();
        let mut wrong = String::new();
        for pair in seen.windows(2) {
            if pair[0].position >= pair[1].position {
                writeln!(wrong, "{:?} came before {:?}", pair[0], pair[1])?;
            }
        }
        let known: BTreeMap<Position, &Seen> = expected.iter().map(|due| (due.position, due)).collect();
        for one in &seen {
            if known.get(&one.position) != Some(&one) {
                writeln!(wrong, "{one:?} came instead of {:?}", known.get(&one.position))?;
            }
        }
        let got: BTreeSet<Position> = seen.iter().map(|seen| seen.position).collect();
        for (index, due) in expected.iter().enumerate().filter(|(_, due)| !got.contains(&due.position)) {
            // An update may be left out for the next news of its instance, if they are an update too (rule 24).
            let next = expected[index + 1..].iter().find(|next| next.instance == due.instance);
            if due.kind != "UPDATED" || next.is_none_or(|next| next.kind != "UPDATED") {
                writeln!(wrong, "{due:?} never came")?;
            }
        }
        ensure!(
            wrong.is_empty(),
            "who asked for {:?} got {} of {}:\n{wrong}",
            self.narrowing,
            seen.len(),
            expected.len()
        );
        Ok(())
    }
}

/// Subscribes at one server after the other, for as long as chance will have it.
async fn watch(watcher: Arc<Watcher>, urls: Arc<[String]>, random: Random) -> Result<()> {
    let token = watcher.narrowing.person.map(|_| token::admin());
    loop {
        let Ok(mut socket) = Socket::connect(random.one_of(&urls), token.as_deref()).await else {
            sleep(Duration::from_millis(20 + random.below(100))).await;
            continue;
        };
        let cut_after = Duration::from_millis(100 + random.below(3_000));
        // One that is gone already can't be subscribed on.
        if socket.subscribe("1", NEWS, watcher.variables()).is_ok()
            && let Ok(Some(wrong)) = tokio::time::timeout(cut_after, read(&watcher, &mut socket)).await
        {
            return Err(wrong);
        }
        watcher.cuts.fetch_add(1, Ordering::Relaxed);
        // What has arrived and was not looked at is as lost as what is still on its way.
        drop(socket);
    }
}

/// Reads until the socket ends; or something else comes than news.
async fn read(watcher: &Watcher, socket: &mut Socket) -> Option<anyhow::Error> {
    while let Ok(received) = socket.any_for("1", LIMIT).await {
        match seen(&received) {
            Ok(seen) if received.kind() == "next" => watcher.seen().push(seen),
            _ => return Some(anyhow!("told {}", received.message)),
        }
    }
    None
}

fn seen(received: &Received) -> Result<Seen> {
    let change = received.field(FIELD);
    let text = |name: &str| change[name].as_str().map(str::to_owned);
    let cursor = text("cursor").with_context(|| format!("no cursor in {change}"))?;
    let position = position_in(&cursor).with_context(|| format!("no position in {cursor}"))?;
    Ok(Seen { position, kind: text("kind").unwrap_or_default(), instance: text("sessionInstanceId"), cursor })
}

/// The position that a cursor begins with: eight bytes, in base64 for addresses. Clients can't know; a test may.
fn position_in(cursor: &str) -> Option<Position> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = cursor.bytes().take(11).map(|byte| ALPHABET.iter().position(|it| *it == byte));
    let bits = digits.collect::<Option<Vec<_>>>()?.into_iter().fold(0_u128, |bits, digit| bits << 6 | digit as u128);
    // Eleven digits are 66 bits, two of which belong to the next byte.
    i64::try_from(bits >> 2).ok().map(Position)
}

async fn head(app: &App) -> Result<Position> {
    changes::publish(app).await.map_err(told)?;
    changes::head(app.db.pool()).await.map_err(told)
}

/// Waits until nothing is left to be told and nothing happens any more by itself, and reads the whole log.
async fn settle(app: &App, database: &TestDatabase) -> Result<Vec<Change>> {
    let connection = database.connect().await?;
    eventually(LIMIT, "everything to be told", async || {
        head(app).await?;
        let due = "SELECT count(*) FROM session_instance WHERE due_at < now() + interval '60 seconds'";
        ensure!(number(&connection, due).await? == 0, "something falls due");
        ensure!(number(&connection, "SELECT count(*) FROM count_change").await? == 0, "counts wait");
        Ok(())
    })
    .await?;
    head(app).await?;
    let mut truth: Vec<Change> = Vec::new();
    loop {
        let after = truth.last().map_or(Position(0), |change| change.position);
        let more = changes::read_after(&app.db, after, 1_000).await.map_err(told)?;
        if more.is_empty() {
            return Ok(truth);
        }
        truth.extend(more);
    }
}

/// Chance, the same again by `INSESSION_SEED`.
struct Random(AtomicU64);

impl Random {
    fn seeded() -> Self {
        let given = std::env::var("INSESSION_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| insession_tests::now().timestamp_micros().unsigned_abs());
        println!("INSESSION_SEED={seed}");
        Self(AtomicU64::new(seed))
    }

    fn another(&self) -> Self {
        Self(AtomicU64::new(self.next()))
    }

    /// SplitMix64.
    fn next(&self) -> u64 {
        let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_of<'a>(&self, all: &'a [String]) -> &'a str {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap_or(0)]
    }
}
