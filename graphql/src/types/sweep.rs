//! The report of a sweep.

use async_graphql::{Context, Object, SimpleObject};
use domain::ids::SessionInstanceId;
use service::sweep::{self, BookingStepped, Changed};
use std::collections::HashMap;

use crate::{
    context::Result,
    loaders::{load, load_all},
    types::{
        booking::BookingStep,
        instance::SessionInstance,
        scalars::{Date, DateTime},
        session::Session,
    },
};

pub struct SweepReport(pub sweep::Report);

/// The instances that a sweep created for one session.
#[derive(SimpleObject)]
pub struct AutoCreated {
    /// The session.
    session: Session,
    /// The local dates of the new instances.
    dates: Vec<Date>,
    /// The number of new instances.
    instances_created: i32,
}

/// Something that went wrong in a sweep. The rest of the sweep is not affected.
#[derive(SimpleObject)]
pub struct SweepError {
    /// The session that has the problem. Null if the sweep itself has it.
    session: Option<Session>,
    /// What went wrong, for people.
    message: String,
}

async fn instances(ctx: &Context<'_>, changed: &[Changed]) -> Result<Vec<SessionInstance>> {
    let ids: Vec<SessionInstanceId> = changed.iter().map(|changed| changed.instance_id).collect();
    Ok(load_all(ctx, &ids).await?.into_iter().map(SessionInstance).collect())
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// What a sweep changed, or what it would change if it were not a dry run.
#[Object]
impl SweepReport {
    /// The instant for which everything was computed.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// True if nothing was changed.
    async fn dry_run(&self) -> bool {
        self.0.dry_run
    }

    /// The instances that became active.
    async fn activated(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        instances(ctx, &self.0.activated).await
    }

    /// The instances that stopped being active.
    async fn deactivated(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        instances(ctx, &self.0.deactivated).await
    }

    /// The instances that were created automatically, by session.
    async fn auto_created(&self, ctx: &Context<'_>) -> Result<Vec<AutoCreated>> {
        let mut shown = Vec::new();
        for created in &self.0.auto_created {
            if let Some(session) = load(ctx, created.session_id).await? {
                shown.push(AutoCreated {
                    session: Session(session),
                    dates: created.dates.iter().copied().map(Date).collect(),
                    instances_created: count(created.instances_created),
                });
            }
        }
        Ok(shown)
    }

    /// The number of people who are at another instance than before, or at none.
    async fn people_moved(&self) -> i32 {
        count(self.0.people_moved)
    }

    /// The bookings whose status fell due and changed.
    async fn bookings(&self, ctx: &Context<'_>) -> Result<Vec<BookingStep>> {
        let ids: Vec<_> = self.0.bookings.iter().map(|step| step.booking_id).collect();
        let rows: HashMap<_, _> = load_all(ctx, &ids).await?.into_iter().map(|row| (row.id, row)).collect();
        let shown = |step: &BookingStepped| Some(BookingStep::of(rows.get(&step.booking_id)?.clone(), step));
        Ok(self.0.bookings.iter().filter_map(shown).collect())
    }

    /// The number of visits that became abandoned.
    async fn presences_abandoned(&self) -> i32 {
        count(self.0.presences_abandoned)
    }

    /// What went wrong.
    async fn errors(&self, ctx: &Context<'_>) -> Result<Vec<SweepError>> {
        let mut shown = Vec::new();
        for error in &self.0.errors {
            let session = match error.session_id {
                Some(id) => load(ctx, id).await?.map(Session),
                None => None,
            };
            shown.push(SweepError { session, message: error.error.clone() });
        }
        Ok(shown)
    }
}
