//! Bookings, through the service on both databases and through the real program.
//!
//! Terms: a *stage* is a world (see `service`) with a mentor and a student. The test moves its clock.

mod cron;
pub mod interface;
mod live;
mod many;
mod property;
pub mod races;
mod rules;
mod vectors;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    booking::{BookingStatus, State},
    ids::{BookingId, PersonId, TimeSlotId},
    news::{BookingStep, Position},
    status::Mode,
};
use entity::{booking, time_slot};
use insession_tests::TestDatabase;
use sea_orm::EntityTrait as _;
use service::{
    bookings::{
        self,
        time_slots::{self, NewSlot},
    },
    log,
    sweep::{Report, Scope},
};

use crate::service::world::{Done, World, utc};

const ADMIN: Viewer = Viewer::ADMIN;

struct Stage {
    world: World,
    mentor: PersonId,
    student: PersonId,
}

impl Stage {
    async fn new(database: TestDatabase, now: &str) -> Result<Self> {
        let world = World::new(database, now).await?;
        let (mentor, student) = (world.insert_person("Mentor").await?, world.insert_person("Student").await?);
        Ok(Self { world, mentor, student })
    }

    async fn slot_of(
        &self,
        mentor: PersonId,
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
    ) -> service::Result<TimeSlotId> {
        let new = NewSlot { mentor, starts_at, ends_at };
        Ok(time_slots::insert_slot(&self.world.app, ADMIN, new).await?.id)
    }

    /// A slot of the mentor, such as from `2025-09-06 06:00` to `2025-09-06 07:00`.
    async fn slot(&self, from: &str, to: &str) -> Result<TimeSlotId> {
        self.slot_of(self.mentor, utc(from), utc(to)).await.done()
    }

    async fn book(&self, slot: TimeSlotId) -> Result<BookingId> {
        self.book_for(self.student, slot).await
    }

    async fn book_for(&self, student: PersonId, slot: TimeSlotId) -> Result<BookingId> {
        let booked = bookings::book(&self.world.app, ADMIN, slot, Some(student)).await;
        Ok(booked.done()?.id)
    }

    /// Books a slot of a new mentor for a new student, who are not busy.
    async fn book_for_others(&self, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Result<BookingId> {
        let (mentor, student) = (self.world.insert_person("Mentor").await?, self.world.insert_person("Student").await?);
        self.book_for(student, self.slot_of(mentor, starts_at, ends_at).await.done()?).await
    }

    async fn booked(&self, from: &str, to: &str) -> Result<BookingId> {
        self.book(self.slot(from, to).await?).await
    }

    async fn row(&self, id: BookingId) -> Result<booking::Model> {
        booking::Entity::find_by_id(id).one(self.world.db()).await?.with_context(|| format!("no {id}"))
    }

    async fn slot_row(&self, id: TimeSlotId) -> Result<Option<time_slot::Model>> {
        Ok(time_slot::Entity::find_by_id(id).one(self.world.db()).await?)
    }

    async fn state(&self, id: BookingId) -> Result<State> {
        Ok(state_of(&self.row(id).await?))
    }

    async fn sweep(&self) -> Result<Report> {
        self.world.sweep(Scope::Due, Mode::Periodic).await
    }

    /// All booking steps in the log.
    async fn steps(&self) -> Result<Vec<BookingStep>> {
        let mut steps = Vec::new();
        let mut position = Position(0);
        log::publish(&self.world.app).await.done()?;
        loop {
            let page = log::read_after(&self.world.app.db, position, 10_000).await.done()?;
            let Some(last) = page.last() else { return Ok(steps) };
            position = last.position;
            steps.extend(page.iter().filter_map(|change| change.event.as_booking().cloned()));
        }
    }

    /// The steps of one booking, such as `- to SCHEDULED` and `SCHEDULED to ONGOING (delayed)`.
    async fn steps_of(&self, id: BookingId) -> Result<Vec<String>> {
        Ok(self.steps().await?.iter().filter(|step| step.booking == id).map(in_short).collect())
    }
}

fn state_of(row: &booking::Model) -> State {
    State { status: row.status, is_delayed: row.is_delayed }
}

fn in_short(step: &BookingStep) -> String {
    let old = step.old_status.map_or("-", BookingStatus::as_str);
    let delayed = if step.is_delayed { " (delayed)" } else { "" };
    format!("{old} to {}{delayed}", step.new_status.as_str())
}
