//! Visits.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use async_graphql::{Context, Enum, ID, Object};
use service::{entity::presence, presence as visits};

use crate::{
    context::{Result, app, id_of},
    loaders::load,
    types::{activity::Activity, person::Person, scalars::DateTime},
};

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::presence::VisitStatus")]
pub enum PresenceStatus {
    /// Under way, whether on line at this moment or not.
    Active,
    /// Its person is done. Final.
    Completed,
    /// Not seen for hours; a beat makes it active again.
    Abandoned,
}

/// One visit of one browser.
pub struct Presence(pub presence::Model);

#[Object]
impl Presence {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.0.id)
    }

    /// Null for an anonymous visit.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        match self.0.person_id {
            Some(id) => Ok(load(ctx, id).await?.map(Person)),
            None => Ok(None),
        }
    }

    /// BCP 47, such as en or pt-BR.
    async fn language_code(&self) -> Option<&str> {
        self.0.language_code.as_deref()
    }

    /// Where in the client it is, as the client says.
    async fn current_page(&self) -> Option<&str> {
        self.0.current_page.as_deref()
    }

    /// The activity that it has a seat in now.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>> {
        let app = app(ctx)?;
        match visits::seat_of(&app.presence.rules, &self.0, app.now()) {
            Some(id) => Ok(load(ctx, id).await?.map(Activity)),
            None => Ok(None),
        }
    }

    async fn status(&self) -> PresenceStatus {
        self.0.status.into()
    }

    /// Active, and seen within the online window.
    async fn is_online(&self, ctx: &Context<'_>) -> Result<bool> {
        let app = app(ctx)?;
        Ok(visits::facts_of(&self.0).is_online(&app.presence.rules, app.now()))
    }

    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// By the server's clock.
    async fn last_seen_at(&self) -> DateTime {
        DateTime(self.0.last_seen_at)
    }

    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }
}
