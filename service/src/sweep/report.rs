//! The report of a sweep. Its JSON is the output of `insession sweep --json` and of `/cron/sweep`. Ids in it are the
//! numbers behind the GraphQL ids.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::{
    booking::BookingStatus,
    ids::{BookingId, PersonId, SessionId, SessionInstanceId},
    zone::ZoneData,
};
use serde::{Serialize, Serializer};

use crate::status::{
    facts,
    placement::Move,
    update::{LockedInstance, Updated},
};

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub activated: Vec<Changed>,
    pub deactivated: Vec<Changed>,
    pub auto_created: Vec<AutoCreated>,
    /// How many people are at another placement than before. A person who moved in one batch and moved back in another
    /// is not counted.
    pub people_moved: usize,
    pub bookings: Vec<BookingStepped>,
    pub presences_abandoned: usize,
    pub errors: Vec<SweepError>,
    #[serde(serialize_with = "instant")]
    pub at: DateTime<Utc>,
    pub dry_run: bool,
    #[serde(skip)]
    moves: HashMap<PersonId, Move>,
}

/// An instance that was activated or deactivated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub session_id: SessionId,
    pub instance_id: SessionInstanceId,
    pub session_name: String,
}

/// The instances that were created for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AutoCreated {
    pub session_id: SessionId,
    pub session_name: String,
    pub instances_created: usize,
    pub dates: Vec<NaiveDate>,
}

/// A booking whose status the sweep changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BookingStepped {
    pub booking_id: BookingId,
    pub old_status: BookingStatus,
    pub new_status: BookingStatus,
    pub is_delayed: bool,
    pub reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SweepError {
    pub session_id: Option<SessionId>,
    pub error: String,
}

fn instant<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

impl Report {
    /// An empty report.
    pub fn empty(at: DateTime<Utc>) -> Self {
        Self::new(at, false)
    }

    pub(crate) fn new(at: DateTime<Utc>, dry_run: bool) -> Self {
        Self {
            activated: Vec::new(),
            deactivated: Vec::new(),
            auto_created: Vec::new(),
            people_moved: 0,
            bookings: Vec::new(),
            presences_abandoned: 0,
            errors: Vec::new(),
            at,
            dry_run,
            moves: HashMap::new(),
        }
    }

    pub(crate) fn note(&mut self, data: ZoneData, updated: Updated) {
        let at = self.at;
        let changed = |item: LockedInstance| {
            let (instance_id, session_id) = (item.instance.id, item.session.id);
            let why = facts::explain(data, &item.instance, &item.session, at);
            let is_active = item.instance.is_active;
            tracing::debug!(instance = %instance_id, session = %session_id, is_active, why, "instance changed its status");
            Changed { session_id, instance_id, session_name: item.session.name.clone() }
        };
        self.activated.extend(updated.activated.into_iter().map(changed));
        self.deactivated.extend(updated.deactivated.into_iter().map(changed));
        self.note_moves(updated.moves);
    }

    pub(crate) fn note_moves(&mut self, moves: Vec<Move>) {
        for moved in moves {
            tracing::debug!(person = %moved.person, from = ?moved.from, to = ?moved.to, "person moved");
            let net = self.moves.entry(moved.person).or_insert(moved);
            net.to = moved.to;
            if net.from == net.to {
                self.moves.remove(&moved.person);
            }
        }
        self.people_moved = self.moves.len();
    }

    /// Adds an error, unless it is already there. A sweep meets the problem of a session twice: in the session itself,
    /// and when all problems are listed at the end.
    pub(crate) fn error(&mut self, session_id: Option<SessionId>, error: String) {
        let error = SweepError { session_id, error };
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}
