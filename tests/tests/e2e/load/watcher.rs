//! A subscriber that reconnects again and again and resumes by its last cursor.
//!
//! It must get exactly those changes of the log that match its arguments.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use domain::news::{Change, Narrowing, Position, SessionNarrowing, View};
use insession_tests::{GraphqlError, LIMIT, Received, Socket, token};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Random, Tolerance};

const FIELD: &str = "activeSessionChanged";

/// Selects only fields that the server knows without reading the database.
const NEWS: &str = "subscription($sessionIds: [ID!], $personId: ID, $city: String, $after: Cursor) {
    activeSessionChanged(sessionIds: $sessionIds, personId: $personId, city: $city, after: $after) {
        kind cursor sessionInstanceId
    }
}";

/// Selects fields that the server reads from the database for each message.
const NEWS_IN_FULL: &str = "subscription($sessionIds: [ID!], $personId: ID, $city: String, $after: Cursor) {
    activeSessionChanged(sessionIds: $sessionIds, personId: $personId, city: $city, after: $after) {
        kind cursor sessionInstanceId
        session { name isActive }
        sessionInstance { isActive presentCount attendingCount session { name } }
        person { activeSessionInstance { id } }
    }
}";

pub struct Watcher {
    narrowing: SessionNarrowing,
    document: &'static str,
    seen: Mutex<Vec<Seen>>,
    pub cuts: AtomicU64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub position: Position,
    kind: String,
    instance: Option<String>,
    cursor: String,
}

impl Watcher {
    pub fn new(narrowing: SessionNarrowing, in_full: bool) -> Self {
        let document = if in_full { NEWS_IN_FULL } else { NEWS };
        Self { narrowing, document, seen: Mutex::default(), cuts: AtomicU64::new(0) }
    }

    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
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

    /// The changes of the log that the subscriber must get after its snapshot.
    pub fn expected(&self, truth: &[Change]) -> Vec<Seen> {
        let from = self.seen().first().map_or(Position(0), |seen| seen.position);
        // Nobody is at an instance when the subscribers begin.
        let mut person_at = None;
        let mut expected = Vec::new();
        let narrowing = Narrowing::Sessions(self.narrowing.clone());
        for change in truth.iter().filter(|change| change.position > from) {
            if let Some(View::Session(kind)) = narrowing.sees(change, person_at) {
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

    pub fn compare(&self, truth: &[Change]) -> Result<()> {
        let expected = self.expected(truth);
        let seen: Vec<Seen> =
            self.seen().iter().skip(1).map(|seen| Seen { cursor: String::new(), ..seen.clone() }).collect();
        let mut wrong = String::new();
        for pair in seen.windows(2) {
            if pair[0].position >= pair[1].position {
                writeln!(wrong, "{:?} arrived before {:?}", pair[0], pair[1])?;
            }
        }
        let known: BTreeMap<Position, &Seen> = expected.iter().map(|due| (due.position, due)).collect();
        for one in &seen {
            if known.get(&one.position) != Some(&one) {
                writeln!(wrong, "{one:?} arrived instead of {:?}", known.get(&one.position))?;
            }
        }
        let got: BTreeSet<Position> = seen.iter().map(|seen| seen.position).collect();
        for (index, due) in expected.iter().enumerate().filter(|(_, due)| !got.contains(&due.position)) {
            // An UPDATED may be left out if the next change of its instance is UPDATED too (rule 24).
            let next = expected[index + 1..].iter().find(|next| next.instance == due.instance);
            if due.kind != "UPDATED" || next.is_none_or(|next| next.kind != "UPDATED") {
                writeln!(wrong, "{due:?} never arrived")?;
            }
        }
        ensure!(
            wrong.is_empty(),
            "the subscriber with {:?} got {} of {} changes:\n{wrong}",
            self.narrowing,
            seen.len(),
            expected.len()
        );
        Ok(())
    }
}

/// Subscribes at random servers for random durations. Ends only when it gets a wrong message.
pub async fn watch(watcher: Arc<Watcher>, urls: Arc<[String]>, random: Random, tolerance: Tolerance) -> Result<()> {
    let token = watcher.narrowing.person.map(|_| token::admin());
    loop {
        let Ok(mut socket) = Socket::connect(random.one_of(&urls), token.as_deref()).await else {
            sleep(Duration::from_millis(20 + random.below(100))).await;
            continue;
        };
        let cut_after = Duration::from_millis(100 + random.below(3_000));
        // Subscribing fails if the socket is already closed.
        if socket.subscribe("1", watcher.document, watcher.variables()).is_ok()
            && let Ok(Some(end)) = tokio::time::timeout(cut_after, read(&watcher, &mut socket)).await
        {
            let code = end.message.pointer("/payload/0").map(GraphqlError::read);
            let code = code.filter(|_| end.kind() == "error");
            ensure!(code.is_some_and(|error| tolerance.allows(&error)), "unexpected message {}", end.message);
            sleep(Duration::from_millis(20 + random.below(100))).await;
        }
        watcher.cuts.fetch_add(1, Ordering::Relaxed);
        // Messages that have arrived but were not read are lost, like those still on their way.
        drop(socket);
    }
}

/// Reads until the socket ends. Returns a message that is not a complete change.
async fn read(watcher: &Watcher, socket: &mut Socket) -> Option<Received> {
    while let Ok(received) = socket.any_for("1", LIMIT).await {
        let is_whole = received.kind() == "next" && received.message["payload"].get("errors").is_none();
        match seen(&received) {
            Ok(seen) if is_whole => watcher.seen().push(seen),
            _ => return Some(received),
        }
    }
    None
}

fn seen(received: &Received) -> Result<Seen> {
    let change = received.field(FIELD);
    let text = |name: &str| change[name].as_str().map(str::to_owned);
    let cursor = text("cursor").with_context(|| format!("no cursor in {change}"))?;
    let position = position_in(&cursor).ok_or_else(|| anyhow!("no position in {cursor}"))?;
    Ok(Seen { position, kind: text("kind").unwrap_or_default(), instance: text("sessionInstanceId"), cursor })
}

/// The position in a cursor: its first eight bytes, in URL-safe base64. Clients must not rely on this; a test may.
fn position_in(cursor: &str) -> Option<Position> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = cursor.bytes().take(11).map(|byte| ALPHABET.iter().position(|it| *it == byte));
    let bits = digits.collect::<Option<Vec<_>>>()?.into_iter().fold(0_u128, |bits, digit| bits << 6 | digit as u128);
    // Eleven digits are 66 bits, two of which belong to the next byte.
    i64::try_from(bits >> 2).ok().map(Position)
}
