//! Writes many beats in one statement.
//!
//! Most beats are of live visits and come from their owners. One statement writes all of these ([`write_known`]). It
//! changes `last_seen_at`, the language and the page, and nothing else. Like every statement here, it takes the rows in
//! the order of their ids, so that two servers that write the same visits do not deadlock.
//!
//! The statement skips every beat that needs a decision: new visits, visits that come back, seats whose lease has run
//! out, visits that become idle or active, completed visits, visits of somebody else. A second transaction locks these
//! visits, lets `domain` decide, and writes ([`write_others`]).
//!
//! The statement does not compare the hashes of secrets in constant time. An attacker may learn how many characters of
//! two hashes agree. The secrets are random, so this reveals nothing about a secret.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    ids::{ActivityId, PersonId, PresenceId},
    presence::{VisitFacts, VisitStatus},
};
use entity::presence::Model;

use super::{Claimant, SECRET_BYTES, Tally, begun, completed, facts_of, not_found, note_freed, put_seen, tally};
use crate::{
    App, Error, Result,
    db::{Column, Tx, is_in, list, rows, text_list, values_table},
    presence::visits,
    rights, secret, transaction,
};

/// A heartbeat of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    pub visit: PresenceId,
    pub claimant: Claimant,
    /// `None` keeps the language; `Some(None)` removes it.
    pub language_code: Option<Option<String>>,
    /// `None` keeps the page; `Some(None)` removes it.
    pub current_page: Option<Option<String>>,
    /// Whether the visit is idle (rule 27). `None`: the beat does not say.
    pub is_idle: Option<bool>,
    /// When the beat arrived, by the server's clock (rule 15).
    pub at: DateTime<Utc>,
}

/// The result of a beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeatResult {
    pub visit: visits::Visit,
    /// The secret of an anonymous visit. Only in the answer to its first beat.
    pub secret: Option<String>,
    /// The activity in which the visit lost its seat, because the lease had run out.
    pub lost_seat: Option<ActivityId>,
}

/// Why a beat was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedBeat {
    /// There is no such visit, or it belongs to somebody else.
    NotFound(PresenceId),
    Completed,
    /// The token names a person who does not exist.
    UnknownPerson,
}

impl From<RefusedBeat> for Error {
    fn from(refusal: RefusedBeat) -> Self {
        match refusal {
            RefusedBeat::NotFound(id) => not_found(id),
            RefusedBeat::Completed => completed(),
            RefusedBeat::UnknownPerson => rights::unknown_person(),
        }
    }
}

pub type Outcome = std::result::Result<Box<BeatResult>, RefusedBeat>;

/// Writes one beat by itself.
///
/// # Errors
/// [`Error::NotFound`] if the visit belongs to somebody else. [`Error::InvalidTransition`] if it is completed.
pub async fn write_one(app: &App, beat: Beat) -> Result<BeatResult> {
    let id = beat.visit;
    let beats = BTreeMap::from([(id, beat)]);
    if let Some(visit) = write_known(app, &beats).await?.remove(&id) {
        return Ok(BeatResult { visit, secret: None, lost_seat: None });
    }
    let outcome = write_others(app, &beats).await?.remove(&id);
    Ok(*outcome.ok_or_else(|| Error::internal("a beat has no outcome"))??)
}

/// Writes the beats that need no decision, at most one for each visit. Returns the written visits by id.
/// [`write_others`] is for the rest.
pub async fn write_known(app: &App, beats: &BTreeMap<PresenceId, Beat>) -> Result<HashMap<PresenceId, visits::Visit>> {
    let ids: Vec<String> = beats.keys().map(|id| id.uuid()).collect();
    // The instant of the last beat is compared with all leases. If a lease has run out by then, [`write_others`]
    // decides with the beat's own instant.
    let Some(last) = beats.values().map(|beat| beat.at).max() else { return Ok(HashMap::new()) };
    let online_since = app.presence.rules.online_since(last);
    let columns = [
        Column::Text("visit", ids.iter().map(|id| Some(id.as_str())).collect()),
        Column::ids("person", beats.values().map(|beat| beat.claimant.person)),
        Column::Text("secret", beats.values().map(|beat| beat.claimant.secret_hash.as_deref()).collect()),
        Column::Text("language", beats.values().map(|beat| said(beat.language_code.as_ref())).collect()),
        Column::Text("page", beats.values().map(|beat| said(beat.current_page.as_ref())).collect()),
        Column::Number("idle", beats.values().map(|beat| beat.is_idle.map(i64::from)).collect()),
        Column::Instant("seen", beats.values().map(|beat| Some(beat.at)).collect()),
    ];
    let known: Vec<Model> = transaction!(app, app.now(), |tx| {
        let (table, values) = values_table(tx, "v", &columns);
        let sql = format!(
            "UPDATE presence SET \
               last_seen_at = CASE WHEN last_seen_at < v.seen THEN v.seen ELSE last_seen_at END, \
               language_code = NULLIF(COALESCE(v.language, language_code), ''), \
               current_page = NULLIF(COALESCE(v.page, current_page), '') \
             FROM {table} \
             WHERE id = v.visit AND is_live AND (person_id = v.person OR secret_hash = v.secret) \
               AND (activity_id IS NULL OR last_seen_at >= :online_since) \
               AND (v.idle IS NULL OR (v.idle = 1) = (idle_since IS NOT NULL)) \
             RETURNING id, person_id, secret_hash, language_code, current_page, activity_id, status, is_live, started_at, \
               last_seen_at, completed_at, abandon_at, idle_since, seat_since, waits_at_id"
        );
        rows(tx, &sql, [values, ("online_since", online_since.into())]).await
    })?;
    Ok(known.into_iter().map(|row| (row.id, row.into())).collect())
}

/// The parameter for an optional change: NULL keeps the text, an empty text removes it. No stored text is empty.
fn said(change: Option<&Option<String>>) -> Option<&str> {
    change.map(|text| text.as_deref().unwrap_or_default())
}

/// Decides on the beats that [`write_known`] skipped, at most one for each visit, and writes them.
pub async fn write_others(app: &App, beats: &BTreeMap<PresenceId, Beat>) -> Result<HashMap<PresenceId, Outcome>> {
    transaction!(app, app.now(), |tx| {
        let people = lock_people(tx, beats).await?;
        let mut known: HashMap<PresenceId, Model> =
            lock_visits(tx, beats.keys()).await?.into_iter().map(|row| (row.id, row)).collect();
        let (mut written, mut new, mut outcomes) = (Vec::new(), Vec::new(), HashMap::new());
        let mut tallies = Vec::new();
        for (id, beat) in beats {
            let decided = match known.remove(id) {
                Some(row) => again(tx, app, beat, row),
                None => first(beat, &people)?,
            };
            match &decided {
                Ok(Decided { row, is_new: true, .. }) => {
                    tallies.push(Tally::started(row.started_at));
                    new.push(row.clone());
                }
                Ok(Decided { row, was_abandoned, .. }) => {
                    if *was_abandoned {
                        tallies.push(Tally::abandoned(row.started_at, -1));
                    }
                    written.push(row.clone());
                }
                Err(_) => {}
            }
            outcomes.insert(*id, decided.map(|decided| Box::new(decided.seen())));
        }
        update_visits(tx, &written).await?;
        insert_visits(tx, &new).await?;
        tally(tx, tallies).await?;
        Ok(outcomes)
    })
}

struct Decided {
    row: Model,
    secret: Option<String>,
    lost_seat: Option<ActivityId>,
    is_new: bool,
    was_abandoned: bool,
}

impl Decided {
    fn seen(self) -> BeatResult {
        BeatResult { visit: self.row.into(), secret: self.secret, lost_seat: self.lost_seat }
    }
}

/// Decides on a beat of an existing visit.
fn again(tx: &Tx, app: &App, beat: &Beat, mut row: Model) -> std::result::Result<Decided, RefusedBeat> {
    if !beat.claimant.owns(&row) {
        return Err(RefusedBeat::NotFound(beat.visit));
    }
    let before = facts_of(&row);
    let seen: VisitFacts =
        before.beat(&app.presence.rules, beat.at, beat.is_idle).map_err(|_| RefusedBeat::Completed)?;
    let was_abandoned = row.status == VisitStatus::Abandoned;
    let lost_seat = before.seat.filter(|_| seen.seat.is_none());
    if lost_seat.is_some() {
        note_freed(tx, &row, app.presence.rules.offline_at(row.last_seen_at));
    }
    put_seen(&mut row, seen);
    put_change(&mut row, beat);
    Ok(Decided { row, secret: None, lost_seat, is_new: false, was_abandoned })
}

/// Decides on the first beat of a visit. An anonymous visit gets its secret here.
fn first(beat: &Beat, people: &HashSet<PersonId>) -> Result<std::result::Result<Decided, RefusedBeat>> {
    let mut row = begun(beat.visit, beat.at);
    row.idle_since = beat.is_idle.filter(|is_idle| *is_idle).map(|_| beat.at);
    let mut secret = None;
    match beat.claimant.person {
        Some(person) if people.contains(&person) => row.person_id = Some(person),
        Some(_) => return Ok(Err(RefusedBeat::UnknownPerson)),
        None if beat.claimant.is_nobody() => {
            let new = secret::random::<SECRET_BYTES>()?;
            row.secret_hash = Some(super::hash_of(&new));
            secret = Some(new);
        }
        // A secret without a visit: the visit was removed, or never existed.
        None => return Ok(Err(RefusedBeat::NotFound(beat.visit))),
    }
    put_change(&mut row, beat);
    Ok(Ok(Decided { row, secret, lost_seat: None, is_new: true, was_abandoned: false }))
}

fn put_change(row: &mut Model, beat: &Beat) {
    if let Some(language_code) = &beat.language_code {
        row.language_code.clone_from(language_code);
    }
    if let Some(current_page) = &beat.current_page {
        row.current_page.clone_from(current_page);
    }
}

pub(super) async fn lock_visits(tx: &Tx, ids: impl Iterator<Item = &PresenceId>) -> Result<Vec<Model>> {
    let sql = format!(
        "SELECT * FROM presence WHERE {} ORDER BY id {}",
        is_in(tx, "id", "visits"),
        tx.locking("FOR NO KEY UPDATE")
    );
    rows(tx, &sql, [("visits", text_list(tx, ids.map(|id| id.uuid())))]).await
}

/// Returns the people of these beats who exist. The lock excludes only erasing and merging them. It lasts until their
/// new visits are committed, so that erasing and merging find these visits.
async fn lock_people(tx: &Tx, beats: &BTreeMap<PresenceId, Beat>) -> Result<HashSet<PersonId>> {
    let people: HashSet<PersonId> = beats.values().filter_map(|beat| beat.claimant.person).collect();
    if people.is_empty() {
        return Ok(people);
    }
    let sql = format!(
        "SELECT id FROM person WHERE {} AND erased_at IS NULL AND merged_into_id IS NULL ORDER BY id {}",
        is_in(tx, "id", "people"),
        tx.locking("FOR KEY SHARE")
    );
    Ok(crate::db::ids(tx, &sql, [("people", list(tx, people))]).await?.into_iter().collect())
}

/// Writes existing visits after a decision: visits that came back, lost their seat, or became idle or active.
async fn update_visits(tx: &Tx, visits: &[Model]) -> Result<()> {
    if visits.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = visits.iter().map(|row| row.id.uuid()).collect();
    let columns = [
        Column::Text("visit", ids.iter().map(|id| Some(id.as_str())).collect()),
        Column::Text("language", visits.iter().map(|row| row.language_code.as_deref()).collect()),
        Column::Text("page", visits.iter().map(|row| row.current_page.as_deref()).collect()),
        Column::ids("seat", visits.iter().map(|row| row.activity_id)),
        Column::Instant("since", visits.iter().map(|row| row.seat_since).collect()),
        Column::Instant("idle", visits.iter().map(|row| row.idle_since).collect()),
        Column::Instant("seen", visits.iter().map(|row| Some(row.last_seen_at)).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!(
        "UPDATE presence SET status = 'ACTIVE', is_live = TRUE, abandon_at = NULL, activity_id = v.seat, \
           seat_since = v.since, idle_since = v.idle, \
           last_seen_at = v.seen, language_code = v.language, current_page = v.page FROM {table} WHERE id = v.visit"
    );
    crate::db::execute(tx, &sql, [values]).await?;
    Ok(())
}

async fn insert_visits(tx: &Tx, visits: &[Model]) -> Result<()> {
    if visits.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = visits.iter().map(|row| row.id.uuid()).collect();
    let columns = [
        Column::Text("visit", ids.iter().map(|id| Some(id.as_str())).collect()),
        Column::ids("person", visits.iter().map(|row| row.person_id)),
        Column::Text("secret", visits.iter().map(|row| row.secret_hash.as_deref()).collect()),
        Column::Text("language", visits.iter().map(|row| row.language_code.as_deref()).collect()),
        Column::Text("page", visits.iter().map(|row| row.current_page.as_deref()).collect()),
        Column::Instant("idle", visits.iter().map(|row| row.idle_since).collect()),
        Column::Instant("seen", visits.iter().map(|row| Some(row.last_seen_at)).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    // SQLite reads ON after FROM as part of a join, unless there is a WHERE between them.
    let sql = format!(
        "INSERT INTO presence (id, person_id, secret_hash, language_code, current_page, status, is_live, started_at, \
           last_seen_at, idle_since) \
         SELECT v.visit, v.person, v.secret, v.language, v.page, 'ACTIVE', TRUE, v.seen, v.seen, v.idle FROM {table} \
         WHERE TRUE ORDER BY v.visit ON CONFLICT (id) DO NOTHING"
    );
    let count = crate::db::execute(tx, &sql, [values]).await?;
    if count < visits.len() as u64 {
        return Err(Error::Again("another server began the same visit"));
    }
    Ok(())
}
