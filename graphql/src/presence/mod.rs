//! Visits, activities and their seats.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

mod input;
mod mutation;
mod query;
mod statistics;
mod subscription;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use domain::ids::{ActivityId, PersonId, PresenceId};
use service::{
    entity::{activity, presence},
    presence as visits,
};

pub use self::{mutation::PresenceMutation, query::PresenceQuery, subscription::PresenceSubscription};
use super::{
    context::{Result, app, id_of},
    loaders::{SeatsOf, load},
    person::Person,
    scalars::DateTime,
};

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "presence::Status")]
pub enum PresenceStatus {
    /// Under way, whether on line at this moment or not.
    Active,
    /// Its person is done. Final.
    Completed,
    /// Not seen for hours; a beat makes it active again.
    Abandoned,
}

/// How many, of a language.
#[derive(SimpleObject)]
pub struct LanguageCount {
    /// BCP 47; und for those who did not say.
    language_code: String,
    count: i32,
}

impl From<visits::statistics::LanguageCount> for LanguageCount {
    fn from(counted: visits::statistics::LanguageCount) -> Self {
        Self { language_code: counted.language_code, count: as_int(counted.count) }
    }
}

fn as_int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Something people do on line that only so many may do at once, such as an interview.
pub struct Activity(pub activity::Model);

impl Activity {
    fn number(&self) -> ActivityId {
        ActivityId(self.0.id)
    }

    async fn seats(&self, ctx: &Context<'_>) -> Result<Vec<visits::statistics::LanguageCount>> {
        Ok(load(ctx, SeatsOf(self.number())).await?.unwrap_or_default())
    }

    async fn seats_taken(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.seats(ctx).await?.iter().map(|counted| counted.count).sum())
    }
}

#[Object]
impl Activity {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.number())
    }

    /// Names it in enterActivity and in subscriptions.
    async fn key(&self) -> &str {
        &self.0.key
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Null: no limit.
    async fn max_concurrent(&self) -> Option<i32> {
        self.0.max_concurrent
    }

    /// Seats taken now: admitted, active, and seen within the online window.
    async fn occupancy(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(self.seats_taken(ctx).await?))
    }

    /// The same by language, the most first.
    async fn occupancy_by_language(&self, ctx: &Context<'_>) -> Result<Vec<LanguageCount>> {
        Ok(self.seats(ctx).await?.into_iter().map(LanguageCount::from).collect())
    }

    /// Would one more be refused?
    async fn is_full(&self, ctx: &Context<'_>) -> Result<bool> {
        match self.0.max_concurrent {
            Some(limit) => Ok(self.seats_taken(ctx).await? >= i64::from(limit)),
            None => Ok(false),
        }
    }
}

/// One visit of one browser.
pub struct Presence(pub presence::Model);

#[Object]
impl Presence {
    pub(crate) async fn id(&self) -> ID {
        ID(format!("{}:{}", PresenceId::TYPE, self.0.id))
    }

    /// Null for an anonymous visit.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        match self.0.person_id {
            Some(id) => Ok(load(ctx, PersonId(id)).await?.map(Person)),
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
