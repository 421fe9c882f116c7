//! Visits, their seats, and the queues for seats (rules 15 to 17, 27 and 28). [`domain::presence`] decides; this module
//! loads and writes.
//!
//! Terms:
//!
//! - A *visit* is one visit of one browser.
//! - A *beat* is a heartbeat of a visit: a sign that the browser is still there.
//! - A *seat* is the right of a visit to take part in an activity. It is a lease.
//! - A *claimant* is somebody who claims to own a visit. The owner is the person of the token, or anybody who knows the
//!   secret that the answer to an anonymous visit's first beat contained.
//! - A visit is *live* from a beat until a sweep notices that it went offline. A request for its seat may notice that
//!   first.
//!
//! Invariants:
//!
//! - A visit has a seat exactly while its `activity_id` names an activity. The column changes only while the row of the
//!   visit is locked, and the change is logged in the same transaction.
//! - If an activity has a limit, its seats are given while its row is locked, after expired leases in it were ended.
//!   The seats that are left can then be counted, so a wrong clock never leads to one seat too many (rule 17).
//! - Rows are locked in this order: activities by id, the person, visits by id, then places in queues (rule 21). Whatever adds,
//!   changes or removes a place locks the activity. A beat, and giving a visit's own seat back, lock no activity.
//! - Whether a visit is online is computed from `last_seen_at` when somebody asks. A late sweep makes no answer wrong
//!   (rule 15).
//! - A client can change only visits that it owns. If it names another visit, the answer is the same as if there were none.

pub mod activities;
pub mod batcher;
pub mod beats;
pub mod clock;
mod hours;
pub mod queue;
mod queue_view;
pub mod roster;
pub mod seats;
mod seats_per;
pub mod statistics;
pub mod uptime;
pub mod visits;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    ids::{PersonId, PresenceId},
    presence::{VisitFacts, VisitStatus},
};
use entity::presence::Model;
use subtle::ConstantTimeEq as _;

pub(crate) use self::hours::{Tally, fold_hours, tally};
pub use self::queue_view::QueueView;
use crate::{App, Error, Refusal, Result, db::Tx, rights, secret};

/// Somebody who claims to own a visit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Claimant {
    person: Option<PersonId>,
    secret_hash: Option<String>,
}

impl Claimant {
    /// # Errors
    /// [`Error::Forbidden`] or [`Error::Unauthenticated`] if the token names no person and anonymous visits are not
    /// allowed.
    pub fn new(app: &App, viewer: Viewer, secret: Option<&str>) -> Result<Self> {
        if !viewer.may_have_visits(app.presence.anonymous) {
            rights::require_signed_in(viewer, "to visit")?;
            return Err(Error::Forbidden(Refusal::NoPersonToVisit));
        }
        Ok(Self { person: viewer.person, secret_hash: secret.map(hash_of) })
    }

    pub fn person(&self) -> Option<PersonId> {
        self.person
    }

    /// Whether this claimant has neither a person nor a secret.
    fn is_nobody(&self) -> bool {
        self.person.is_none() && self.secret_hash.is_none()
    }

    fn owns(&self, visit: &Model) -> bool {
        match (visit.person_id, &visit.secret_hash, &self.secret_hash) {
            (Some(person), _, _) => self.person == Some(person),
            (None, Some(kept), Some(given)) => kept.as_bytes().ct_eq(given.as_bytes()).into(),
            _ => false,
        }
    }
}

/// The id of the visit that belongs to a secret, such as that of a sign-in. It does not reveal the secret.
pub fn visit_of_secret(secret: &str) -> PresenceId {
    let hash = secret::hash(&format!("visit {secret}"));
    let (id, _) = hash.split_at(size_of::<u128>());
    PresenceId::from(id.iter().fold(0, |number, byte| (number << 8) | u128::from(*byte)))
}

/// The random part of the secret of an anonymous visit, in bytes.
const SECRET_BYTES: usize = 24;

fn hash_of(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret::hash(secret))
}

/// The facts of a visit that `domain` decides on.
fn facts_of(row: &Model) -> VisitFacts {
    VisitFacts { status: row.status, last_seen: row.last_seen_at, seat: row.activity_id, idle_since: row.idle_since }
}

/// Writes the decision about a visit that sent a beat into its row.
fn put_seen(row: &mut Model, seen: VisitFacts) {
    row.status = VisitStatus::Active;
    row.is_live = true;
    row.abandon_at = None;
    row.last_seen_at = seen.last_seen;
    row.idle_since = seen.idle_since;
    if row.activity_id != seen.seat {
        row.activity_id = seen.seat;
        row.seat_since = seen.seat.map(|_| seen.last_seen);
    }
}

/// Logs that a visit gives up its seat at an instant. Does nothing if it has none.
fn note_freed(tx: &Tx, visit: &Model, at: DateTime<Utc>) {
    if let Some(activity) = visit.activity_id {
        tx.log(|news| news.seat_freed(activity, visit.seat_since.map(|since| at - since)));
    }
}

/// The row of a new visit.
fn begun(id: PresenceId, at: DateTime<Utc>) -> Model {
    Model {
        id,
        person_id: None,
        secret_hash: None,
        language_code: None,
        current_page: None,
        activity_id: None,
        status: VisitStatus::Active,
        is_live: true,
        started_at: at,
        last_seen_at: at,
        completed_at: None,
        abandon_at: None,
        idle_since: None,
        seat_since: None,
        waits_at_id: None,
    }
}

fn not_found(id: PresenceId) -> Error {
    Error::not_found("visit", id)
}

fn completed() -> Error {
    Error::InvalidTransition("this visit is completed: start a new one".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visit_belongs_to_its_person_or_to_whoever_knows_its_secret() {
        let claimant = |person: Option<i64>, secret: Option<&str>| Claimant {
            person: person.map(PersonId),
            secret_hash: secret.map(hash_of),
        };
        let at = DateTime::UNIX_EPOCH;
        let personal = Model { person_id: Some(PersonId(7)), ..begun(PresenceId::from(1), at) };
        let anonymous = Model { secret_hash: Some(hash_of("s")), ..begun(PresenceId::from(1), at) };
        for (person, secret, owns_personal, owns_anonymous) in [
            (Some(7), None, true, false),
            (Some(8), None, false, false),
            (None, None, false, false),
            (None, Some("s"), false, true),
            (None, Some("t"), false, false),
            (None, Some(""), false, false),
            // Somebody who signed in later still knows the secret.
            (Some(7), Some("s"), true, true),
            (Some(8), Some("t"), false, false),
        ] {
            let claimant = claimant(person, secret);
            assert_eq!(claimant.owns(&personal), owns_personal, "{claimant:?}");
            assert_eq!(claimant.owns(&anonymous), owns_anonymous, "{claimant:?}");
        }
    }
}
