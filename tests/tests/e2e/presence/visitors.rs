//! Visits in a world of the service, with a clock that the test moves.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId, PresenceId},
    presence::SeatsPer,
};
use entity::presence;
use insession_tests::TestDatabase;
use sea_orm::EntityTrait;
use service::{
    App,
    presence::{
        Claimant,
        activities::{Activity, NewActivity, save_activity},
        beats::{Beat, BeatResult, RefusedBeat, write_known, write_others},
        seats::{self, Entered, IfFull, LeaveResult},
        statistics::find_occupancy,
    },
};

use crate::service::world::{Done, World};

/// A world with the activity `interview` and a person, to whom all visits belong unless stated otherwise.
pub struct Visitors {
    pub world: World,
    pub activity: ActivityId,
    pub person: PersonId,
}

pub const KEY: &str = "interview";

pub fn visit(number: u32) -> PresenceId {
    PresenceId::from(u128::from(number) + 0x1000)
}

impl Visitors {
    pub async fn new(database: TestDatabase, now: &str, limit: Option<i32>) -> Result<Self> {
        let world = World::new(database, now).await?;
        Self::in_world(world, limit).await
    }

    pub async fn in_world(world: World, limit: Option<i32>) -> Result<Self> {
        let person = world.insert_person("Ann").await?;
        let activity = save(&world.app, limit).await?.id;
        Ok(Self { world, activity, person })
    }

    pub fn app(&self) -> &App {
        &self.world.app
    }

    pub fn viewer(&self) -> Viewer {
        Viewer::person(self.person)
    }

    /// Writes a heartbeat of the person, which must be accepted.
    pub async fn beat(&self, id: PresenceId) -> Result<BeatResult> {
        self.beat_as(self.viewer(), None, id).await?.map_err(|refusal| anyhow!("{refusal:?}"))
    }

    pub async fn beat_as(
        &self,
        viewer: Viewer,
        secret: Option<&str>,
        id: PresenceId,
    ) -> Result<std::result::Result<BeatResult, RefusedBeat>> {
        let claimant = Claimant::new(self.app(), viewer, secret).done()?;
        let beat =
            Beat { visit: id, claimant, language_code: None, current_page: None, is_idle: None, at: self.world.now() };
        write(self.app(), beat).await
    }

    pub async fn enter(&self, id: PresenceId) -> Result<Entered> {
        seats::enter_activity(self.app(), self.viewer(), None, id, KEY, IfFull::Refuse).await.done()
    }

    pub async fn leave(&self, id: PresenceId) -> Result<LeaveResult> {
        seats::leave_activity(self.app(), self.viewer(), None, id, None).await.done()
    }

    pub async fn complete(&self, id: PresenceId) -> Result<LeaveResult> {
        seats::complete_visit(self.app(), self.viewer(), None, id).await.done()
    }

    pub async fn row(&self, id: PresenceId) -> Result<presence::Model> {
        presence::Entity::find_by_id(id).one(self.world.db()).await?.with_context(|| format!("no {id}"))
    }

    /// How many seats are taken, as clients see it.
    pub async fn occupancy(&self) -> Result<i64> {
        let counts = find_occupancy(self.app(), &[self.activity]).await.done()?;
        Ok(counts.values().flatten().map(|counted| counted.count).sum())
    }
}

pub async fn save(app: &App, limit: Option<i32>) -> Result<Activity> {
    let new = NewActivity {
        key: KEY.to_owned(),
        name: "Interview".to_owned(),
        max_concurrent: limit,
        seats_per: Some(SeatsPer::Visit),
        ..NewActivity::default()
    };
    save_activity(app, Viewer::ADMIN, new).await.done()
}

/// Writes one heartbeat in the way in which batches are written.
pub async fn write(app: &App, beat: Beat) -> Result<std::result::Result<BeatResult, RefusedBeat>> {
    let id = beat.visit;
    let beats = BTreeMap::from([(id, beat)]);
    if let Some(visit) = write_known(app, &beats).await.done()?.remove(&id) {
        return Ok(Ok(BeatResult { visit, secret: None, lost_seat: None }));
    }
    let outcome = write_others(app, &beats).await.done()?.remove(&id).context("each beat has an outcome")?;
    Ok(outcome.map(|seen| *seen))
}
