//! The history of seats and places: triggers write it in the transactions that change them.
//!
//! Places are made, and seats are offered and taken, while the activity is locked. So these entries are in the order of the
//! commits, and the counts in them are those that the lock protects.

use std::{collections::BTreeMap, fmt};

use anyhow::{Context, Result, bail, ensure};
use insession_tests::database::execute;
use sea_orm::{DatabaseConnection, DbBackend, FromQueryResult, Statement};

use super::{Fate, Pause, Story};

/// Name, table, operation, condition, and the values: place, person, whether it had an offer, seats, offers, who waits, and the limit.
const TRIGGERS: [(&str, &str, &str, &str, &str); 7] = [
    ("joined", "queue_place", "INSERT", "NEW.id > 0", "NEW.id, NEW.person_id, 0, 0, 0, 0, 0"),
    (
        "offered",
        "queue_place",
        "UPDATE",
        "OLD.offer_ends_at IS NULL AND NEW.offer_ends_at IS NOT NULL",
        "NEW.id, NEW.person_id, 1, (SELECT COUNT(*) FROM presence WHERE activity_id = NEW.activity_id), \
         (SELECT COUNT(*) FROM queue_place WHERE activity_id = NEW.activity_id AND offer_ends_at IS NOT NULL), \
         (SELECT COUNT(*) FROM queue_place WHERE activity_id = NEW.activity_id AND offer_ends_at IS NULL AND id < NEW.id), \
         (SELECT max_concurrent FROM activity WHERE id = NEW.activity_id)",
    ),
    (
        "withdrawn",
        "queue_place",
        "UPDATE",
        "OLD.offer_ends_at IS NOT NULL AND NEW.offer_ends_at IS NULL",
        "NEW.id, NEW.person_id, 1, 0, 0, 0, 0",
    ),
    (
        "limited",
        "activity",
        "UPDATE",
        "OLD.max_concurrent <> NEW.max_concurrent",
        "0, 0, 0, 0, 0, 0, NEW.max_concurrent",
    ),
    (
        "left",
        "queue_place",
        "DELETE",
        "OLD.id > 0",
        "OLD.id, OLD.person_id, CASE WHEN OLD.offer_ends_at IS NULL THEN 0 ELSE 1 END, 0, 0, 0, 0",
    ),
    (
        "seated",
        "presence",
        "UPDATE",
        "OLD.activity_id IS NULL AND NEW.activity_id IS NOT NULL",
        "0, NEW.person_id, 0, (SELECT COUNT(*) FROM presence WHERE activity_id = NEW.activity_id), \
         (SELECT COUNT(*) FROM queue_place WHERE activity_id = NEW.activity_id AND offer_ends_at IS NOT NULL), \
         (SELECT COUNT(*) FROM queue_place WHERE activity_id = NEW.activity_id AND offer_ends_at IS NULL), \
         (SELECT max_concurrent FROM activity WHERE id = NEW.activity_id)",
    ),
    (
        "freed",
        "presence",
        "UPDATE",
        "OLD.activity_id IS NOT NULL AND NEW.activity_id IS NULL",
        "0, OLD.person_id, 0, 0, 0, 0, 0",
    ),
];

/// Makes the database keep the history from now on.
pub async fn keep(database: &DatabaseConnection) -> Result<()> {
    let is_postgres = database.get_database_backend() == DbBackend::Postgres;
    let (key, now) = if is_postgres {
        ("bigserial PRIMARY KEY", "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")
    } else {
        ("integer PRIMARY KEY AUTOINCREMENT", "CAST((julianday('now') - 2440587.5) * 86400000 AS integer)")
    };
    execute(
        database,
        &format!(
            "CREATE TABLE queue_history (id {key}, what text NOT NULL, place bigint, person bigint, had_offer bigint, \
               seats bigint, offers bigint, waiting bigint, seat_limit bigint, early_ms bigint, at_ms bigint)"
        ),
    )
    .await?;
    let ends = if is_postgres {
        "CAST(extract(epoch FROM OLD.offer_ends_at) * 1000 AS bigint)"
    } else {
        "CAST((julianday(OLD.offer_ends_at) - 2440587.5) * 86400000 AS integer)"
    };
    for (name, table, operation, condition, values) in TRIGGERS {
        let early = if name == "left" { format!("COALESCE({ends} - {now}, 0)") } else { "0".to_owned() };
        let insert = format!(
            "INSERT INTO queue_history (what, place, person, had_offer, seats, offers, waiting, seat_limit, early_ms, at_ms) \
             VALUES ('{name}', {values}, {early}, {now});"
        );
        let trigger =
            format!("CREATE TRIGGER note_{name} AFTER {operation} ON {table} FOR EACH ROW WHEN ({condition})");
        let sql = if is_postgres {
            format!(
                "CREATE FUNCTION note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {insert} RETURN NULL; END $$; \
                 {trigger} EXECUTE FUNCTION note_{name}()"
            )
        } else {
            format!("{trigger} BEGIN {insert} END")
        };
        execute(database, &sql).await?;
    }
    Ok(())
}

#[derive(Debug, Clone, FromQueryResult)]
struct Entry {
    what: String,
    place: i64,
    /// 0 if the place or visit belongs to nobody.
    person: i64,
    had_offer: i64,
    seats: i64,
    offers: i64,
    /// Of an offer: how many waited longer without one. Of a seat: how many waited without an offer.
    waiting: i64,
    /// Of an offer, a seat and a new limit: how many seats there are.
    seat_limit: i64,
    /// Of a place that ended with an offer: how long before the end of the offer.
    early_ms: i64,
    at_ms: i64,
}

/// Two clocks may round differently.
const ROUNDING_MS: i64 = 2;

pub struct History(Vec<Entry>);

pub async fn read(database: &DatabaseConnection) -> Result<History> {
    let sql = "SELECT what, place, COALESCE(person, 0) AS person, had_offer, seats, offers, waiting, seat_limit, early_ms, at_ms \
               FROM queue_history ORDER BY id";
    let statement = Statement::from_string(database.get_database_backend(), sql);
    Ok(History(Entry::find_by_statement(statement).all(database).await?))
}

/// What the history was about.
#[derive(Debug, Default)]
pub struct Summary {
    places: usize,
    offers: usize,
    /// The offers that ended because the limit was lowered.
    withdrawn: usize,
    /// The offers that lapsed, after which the person waited again.
    lapsed: usize,
    /// How long a seat was free while somebody waited, at most, in milliseconds.
    longest_free_ms: i64,
    /// The same, without the time when no server ran.
    longest_free_while_up_ms: i64,
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { places, offers, withdrawn, lapsed, longest_free_ms, longest_free_while_up_ms } = self;
        write!(
            formatter,
            "{places} places, {offers} offers, of which {lapsed} lapsed against their will and {withdrawn} ended by a lower limit; a seat was free for {longest_free_ms} ms at most, \
             and for {longest_free_while_up_ms} ms while a server ran"
        )
    }
}

/// A place that has not ended.
struct Place {
    person: i64,
    has_offer: bool,
}

impl History {
    /// Checks the whole history, and what it says about each person. `limit`: the number of seats at first.
    /// `pauses`: when no server ran.
    pub fn check(&self, mut limit: i64, stories: &[Story], pauses: &[Pause]) -> Result<Summary> {
        let mut summary = Summary::default();
        let mut places: BTreeMap<i64, Place> = BTreeMap::new();
        let mut last_joined = 0;
        // The people whose place with an offer ended, and how long before the end of the offer.
        let mut may_claim: BTreeMap<i64, i64> = BTreeMap::new();
        let (mut joined, mut seated) = (BTreeMap::<i64, usize>::new(), BTreeMap::<i64, usize>::new());
        let mut lapsed = BTreeMap::<i64, usize>::new();
        let mut seats = 0;
        let mut free_since = None;
        for entry in &self.0 {
            let Entry { place, person, .. } = *entry;
            if matches!(entry.what.as_str(), "joined" | "seated") {
                // The queue was settled before this.
                let offers = places.values().filter(|place| place.has_offer).count();
                ensure!(offers == 0 || seats + i64::try_from(offers)? <= limit, "more offers than seats: {entry:?}");
                let is_in_order = places.values().is_sorted_by_key(|place| !place.has_offer);
                ensure!(is_in_order, "an offer before it is the turn: {entry:?}");
            }
            match entry.what.as_str() {
                "joined" => {
                    ensure!(last_joined < place, "places are not in the order of joining: {entry:?}");
                    last_joined = place;
                    places.insert(place, Place { person, has_offer: false });
                    if let Some(early_ms) = may_claim.remove(&person) {
                        ensure!(early_ms <= ROUNDING_MS, "an offer ended {early_ms} ms too early: {entry:?}");
                        *lapsed.entry(person).or_default() += 1;
                        summary.lapsed += 1;
                    }
                    *joined.entry(person).or_default() += 1;
                    summary.places += 1;
                }
                "offered" => {
                    ensure!(entry.seats + entry.offers <= entry.seat_limit, "one seat too many: {entry:?}");
                    ensure!(entry.waiting == 0, "somebody was overtaken: {entry:?}");
                    let place = places.get_mut(&place).with_context(|| format!("no such place: {entry:?}"))?;
                    ensure!(!place.has_offer, "two offers for one place: {entry:?}");
                    place.has_offer = true;
                    summary.offers += 1;
                }
                "withdrawn" => {
                    let place = places.get_mut(&place).with_context(|| format!("no such place: {entry:?}"))?;
                    ensure!(place.has_offer, "no offer ended: {entry:?}");
                    place.has_offer = false;
                    summary.withdrawn += 1;
                }
                "limited" => limit = entry.seat_limit,
                "left" => {
                    let place = places.remove(&place).with_context(|| format!("it ended twice: {entry:?}"))?;
                    ensure!(place.person == person && place.has_offer == (entry.had_offer == 1), "{entry:?}");
                    if place.has_offer {
                        may_claim.insert(person, entry.early_ms);
                    }
                }
                "seated" => {
                    ensure!(entry.seats + entry.offers <= entry.seat_limit, "one seat too many: {entry:?}");
                    let has_claim = may_claim.remove(&person).is_some();
                    ensure!(has_claim || entry.waiting == 0, "a newcomer overtook the queue: {entry:?}");
                    *seated.entry(person).or_default() += 1;
                    seats += 1;
                }
                "freed" => seats -= 1,
                other => bail!("unknown: {other}"),
            }
            let offers = places.values().filter(|place| place.has_offer).count();
            let is_waited_for = offers < places.len();
            let is_free = is_waited_for && seats + i64::try_from(offers)? < limit;
            let since = *free_since.get_or_insert(entry.at_ms);
            if !is_free {
                summary.longest_free_ms = summary.longest_free_ms.max(entry.at_ms - since);
                let paused = pauses.iter().map(|(begun, ended)| (entry.at_ms.min(*ended) - since.max(*begun)).max(0));
                let up_ms = entry.at_ms - since - paused.sum::<i64>();
                summary.longest_free_while_up_ms = summary.longest_free_while_up_ms.max(up_ms);
                free_since = None;
            }
        }
        ensure!(seats == 0 && places.is_empty(), "{seats} seats and {} places are left", places.len());
        for story in stories {
            let count = |counts: &BTreeMap<i64, usize>| counts.get(&story.person).copied().unwrap_or_default();
            ensure!(count(&joined) <= 1 + count(&lapsed), "{story:?} joined more than once");
            let may_give_up = matches!(story.fate, Fate::Leaves | Fate::Lapses | Fate::Vanishes) && count(&joined) > 0;
            ensure!(story.is_seated || may_give_up, "{story:?} was lost");
            let early_ms = may_claim.get(&story.person).copied().filter(|_| story.fate != Fate::Leaves);
            ensure!(early_ms <= Some(ROUNDING_MS), "the offer of {story:?} ended {early_ms:?} ms too early");
            ensure!(count(&seated) == usize::from(story.is_seated), "{story:?} had {} seats", count(&seated));
        }
        Ok(summary)
    }
}

/// The history of two people who wait for one seat, as it must be, and as it must never be.
#[test]
fn unfair_histories_are_found() {
    let entry = |what: &str, place: i64, person: i64, had_offer: i64, seats: i64, waiting: i64| Entry {
        what: what.to_owned(),
        place,
        person,
        had_offer,
        seats,
        offers: i64::from(what == "offered"),
        waiting,
        seat_limit: 1,
        early_ms: 0,
        at_ms: 0,
    };
    let joined = |number: i64| entry("joined", number, number, 0, 0, 0);
    let offered = |number: i64, waiting: i64| entry("offered", number, number, 1, 0, waiting);
    let taken = |number: i64| {
        vec![
            entry("left", number, number, 1, 0, 0),
            entry("seated", 0, number, 0, 1, 0),
            entry("freed", 0, number, 0, 0, 0),
        ]
    };
    let stays = |person: i64| Story { person, fate: Fate::Stays, is_seated: true };
    let check = |parts: Vec<Vec<Entry>>| History(parts.concat()).check(1, &[stays(1), stays(2)], &[]).map(drop);
    let fair = vec![vec![joined(1), joined(2), offered(1, 0)], taken(1), vec![offered(2, 0)], taken(2)];
    assert!(check(fair.clone()).is_ok());
    // The first one misses an offer, and joins again.
    let again = |number: i64| Entry { place: 3, ..entry("joined", number, number, 0, 0, 0) };
    let missed = vec![entry("left", 1, 1, 1, 0, 0), again(1), offered(2, 0)];
    let at_last = vec![Entry { place: 3, ..offered(1, 0) }, Entry { place: 3, ..entry("left", 1, 1, 1, 0, 0) }];
    let late = vec![fair[0].clone(), missed, taken(2), at_last, taken(1)[1..].to_vec()];
    assert!(check(late.clone()).is_ok());
    // The activity closes, and opens again.
    let limited = |seat_limit: i64| Entry { seat_limit, ..entry("limited", 0, 0, 0, 0, 0) };
    let mut closed = fair.clone();
    closed[0].extend([limited(0), entry("withdrawn", 1, 1, 1, 0, 0), limited(1), offered(1, 0)]);
    assert!(check(closed).is_ok());
    let mut robbed = late;
    robbed[1][0].early_ms = 1_000;
    assert!(check(robbed).expect_err("it is unfair").to_string().contains("too early"));
    let wrong = |change: &dyn Fn(&mut Vec<Vec<Entry>>)| {
        let mut changed = fair.clone();
        change(&mut changed);
        check(changed).expect_err("it is unfair").to_string()
    };
    assert!(wrong(&|parts| parts[0].swap(0, 1)).contains("order of joining"));
    assert!(wrong(&|parts| parts[0][2] = offered(2, 1)).contains("overtaken"));
    assert!(wrong(&|parts| parts[0][2].seats = 1).contains("one seat too many"));
    assert!(wrong(&|parts| parts[1][1].seats = 2).contains("one seat too many"));
    assert!(wrong(&|parts| parts[2].push(offered(2, 0))).contains("two offers"));
    assert!(wrong(&|parts| parts[0].push(entry("seated", 0, 3, 0, 1, 2))).contains("newcomer"));
    assert!(wrong(&|parts| parts[3].truncate(1)).contains("had 0 seats"));
    assert!(wrong(&|parts| parts[0].extend([limited(0), joined(3)])).contains("more offers than seats"));
    assert!(
        wrong(&|parts| parts[0].extend([limited(2), offered(2, 0), entry("withdrawn", 1, 1, 1, 0, 0), joined(3)]))
            .contains("before it is the turn")
    );
    assert!(wrong(&|parts| parts.truncate(2)).contains("places are left"));
}
