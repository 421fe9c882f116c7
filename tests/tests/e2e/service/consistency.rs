//! Checks whether a world is consistent (see the module `service`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use domain::{
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
    news::{Change, ChangeKind},
    placement::{Candidate, PlacementRule, decide_placement},
    status::{Mode, decide},
};
use entity::{check_in, person, session, session_instance};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use service::{instances::Instance, sessions::Session};

use super::world::{World, in_short};

/// The facts that statuses and placements depend on, and the stored statuses and placements.
pub struct Stored {
    pub sessions: Vec<session::Model>,
    pub instances: Vec<session_instance::Model>,
    pub people: Vec<person::Model>,
    pub check_ins: Vec<check_in::Model>,
}

impl Stored {
    pub async fn read(db: &impl ConnectionTrait) -> Result<Self> {
        Ok(Self {
            sessions: session::Entity::find().order_by_asc(session::Column::Id).all(db).await?,
            instances: session_instance::Entity::find().order_by_asc(session_instance::Column::Id).all(db).await?,
            people: person::Entity::find().order_by_asc(person::Column::Id).all(db).await?,
            check_ins: check_in::Entity::find().order_by_asc(check_in::Column::Id).all(db).await?,
        })
    }

    pub fn active(&self) -> BTreeSet<SessionInstanceId> {
        self.instances.iter().filter(|row| row.is_active).map(|row| row.id).collect()
    }

    pub fn places(&self) -> BTreeMap<PersonId, Option<SessionInstanceId>> {
        self.people.iter().map(|row| (row.id, row.active_session_instance_id)).collect()
    }

    /// The people who are at an instance.
    pub fn placed(&self) -> BTreeMap<PersonId, SessionInstanceId> {
        self.people.iter().filter_map(|row| Some((row.id, row.active_session_instance_id?))).collect()
    }

    /// The stored statuses must be what `domain` computes. In the minute before an opening `decide` keeps the stored
    /// status, so both statuses are right.
    pub fn check_statuses(&self, now: DateTime<Utc>) -> Result<()> {
        let sessions: HashMap<SessionId, Session> =
            self.sessions.iter().map(|row| (row.id, row.clone().into())).collect();
        for row in &self.instances {
            let facts = Instance::from(row.clone()).facts(&sessions[&row.session_id]);
            let decision = decide(&facts, row.is_active, now, Mode::Exact);
            ensure!(decision.is_active == row.is_active, "at {now}: {decision:?}, but stored is {row:?}");
            ensure!(decision.due_at == row.due_at, "at {now}: due at {:?}, but stored is {row:?}", decision.due_at);
            ensure!(
                decision.override_ == facts.override_ || facts.is_barred(),
                "at {now}: an expired override is stored: {row:?}"
            );
        }
        Ok(())
    }

    /// Everyone must be where `domain` places them.
    pub fn check_places(&self, rule: PlacementRule) -> Result<()> {
        let active: HashMap<SessionInstanceId, &session_instance::Model> =
            self.instances.iter().filter(|row| row.is_active).map(|row| (row.id, row)).collect();
        for person in &self.people {
            let yeses =
                self.check_ins.iter().filter(|it| it.person_id == person.id && it.attendance == Attendance::Yes);
            let candidates: Vec<Candidate> = yeses
                .filter_map(|it| {
                    Some(Candidate {
                        instance: it.session_instance_id,
                        starts_at: active.get(&it.session_instance_id)?.starts_at,
                        arrived_at: it.arrived_at,
                        checked_in_at: it.checked_in_at,
                    })
                })
                .collect();
            let right = if person.is_deactivated { None } else { decide_placement(rule, &candidates) };
            let stored = person.active_session_instance_id;
            ensure!(right == stored, "{} is at {stored:?} instead of {right:?} of {candidates:?}", person.id);
        }
        Ok(())
    }
}

/// The state that follows from the whole log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    pub active: BTreeSet<SessionInstanceId>,
    pub places: BTreeMap<PersonId, SessionInstanceId>,
}

/// Replays the whole log. Each row must be consistent with those before it.
pub fn replay(log: &[Change]) -> Result<Replayed> {
    let mut replayed = Replayed::default();
    for change in log {
        let text = in_short(change);
        let Some(change) = change.event.as_session() else { continue };
        match (change.kind, change.instance) {
            (ChangeKind::Activated, Some(id)) => ensure!(replayed.active.insert(id), "{text}, but it was active"),
            (ChangeKind::Deactivated, Some(id)) => {
                ensure!(replayed.active.remove(&id), "{text}, but it was not active");
            }
            (ChangeKind::Updated, Some(id)) => ensure!(replayed.active.contains(&id), "{text}, but it is not active"),
            (ChangeKind::PersonMoved, place) => {
                let Some(person) = change.person else { continue };
                let before = match place {
                    Some(place) => replayed.places.insert(person, place),
                    None => replayed.places.remove(&person),
                };
                ensure!(before == change.previous_instance, "{text}, but they were at {before:?}");
                ensure!(before != place, "{text}: that is no move");
            }
            (_, None) => anyhow::bail!("{text} without an instance"),
        }
    }
    Ok(replayed)
}

impl World {
    pub async fn stored(&self) -> Result<Stored> {
        Stored::read(self.db()).await
    }

    /// Fails unless everything that is due has been done and the world is consistent.
    pub async fn check_consistent(&self) -> Result<()> {
        let stored = self.stored().await?;
        stored.check_statuses(self.now())?;
        stored.check_places(self.app.placement_rule)?;
        self.check_log(&stored).await
    }

    /// Fails unless replaying the whole log gives what is stored.
    pub async fn check_log(&self, stored: &Stored) -> Result<()> {
        let replayed = replay(&self.log().await?)?;
        let (active, placed) = (stored.active(), stored.placed());
        ensure!(replayed.active == active, "the log says {:?}, stored is {active:?}", replayed.active);
        ensure!(replayed.places == placed, "the log says {:?}, stored is {placed:?}", replayed.places);
        Ok(())
    }
}
