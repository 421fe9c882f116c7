//! Visits.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use async_graphql::{Context, Enum, ID, Object};
use service::presence::visits;

use crate::{
    context::{Result, app, id_of},
    loaders::{PlaceOf, load},
    types::{activity::Activity, person::Person, queue::QueuePlace, scalars::DateTime},
};

/// The status of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::presence::VisitStatus")]
pub enum PresenceStatus {
    /// The visit has not ended. It may be online or offline at the moment.
    Active,
    /// The visitor has finished. This is final.
    Completed,
    /// No heartbeat has come for hours (3 by default). The next heartbeat makes the visit active again.
    Abandoned,
}

pub struct Presence(pub visits::Visit);

/// One visit of one browser to a website. Only the visitor and admins may see it.
#[Object]
impl Presence {
    /// The global id: `Presence:` and the UUID that the client made for the visit.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.0.id)
    }

    /// The visitor. Null for an anonymous visit.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        match self.0.person_id {
            Some(id) => Ok(load(ctx, id).await?.map(Person)),
            None => Ok(None),
        }
    }

    /// The language as a BCP 47 tag, such as `en` or `pt-BR`. Null if the client did not give one.
    async fn language_code(&self) -> Option<&str> {
        self.0.language_code.as_deref()
    }

    /// The page where the visitor is, as the client names it. Null if the client did not give one.
    async fn current_page(&self) -> Option<&str> {
        self.0.current_page.as_deref()
    }

    /// The activity in which the visit holds a seat now. Null if it holds none.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>> {
        let app = app(ctx)?;
        match self.0.seat(&app.presence.rules, app.now()) {
            Some(id) => Ok(load(ctx, id).await?.map(Activity)),
            None => Ok(None),
        }
    }

    /// The status.
    async fn status(&self) -> PresenceStatus {
        self.0.status.into()
    }

    /// True if the visit is active and its last heartbeat is recent enough (60 seconds by default).
    async fn is_online(&self, ctx: &Context<'_>) -> Result<bool> {
        let app = app(ctx)?;
        Ok(self.0.is_online(&app.presence.rules, app.now()))
    }

    /// True if the latest heartbeat said that the visitor is idle, and the visit has not asked for a seat since.
    /// Answers to pings of a WebSocket change nothing.
    async fn is_idle(&self) -> bool {
        self.0.idle_since.is_some()
    }

    /// The place of the visit, or of its person, in a queue for a seat. If there are several, it is the one at which
    /// the visit has asked to wait, or else the one in the activity with the smallest id. Null if there is none.
    async fn queue_place(&self, ctx: &Context<'_>) -> Result<Option<QueuePlace>> {
        Ok(load(ctx, PlaceOf(self.0.owner())).await?.map(QueuePlace))
    }

    /// The instant of the first heartbeat, by the server's clock.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// The instant of the latest heartbeat, by the server's clock.
    async fn last_seen_at(&self) -> DateTime {
        DateTime(self.0.last_seen_at)
    }

    /// The instant at which the visit was completed. Null if it is not COMPLETED.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }
}
