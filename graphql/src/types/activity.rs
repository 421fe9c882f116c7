//! Activities and their seats.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::ActivityId;
use service::{entity::activity, presence::statistics};

use crate::{
    context::{Result, id_of},
    loaders::{SeatsOf, load},
    types::as_int,
};

/// How many, of a language.
#[derive(SimpleObject)]
pub struct LanguageCount {
    /// BCP 47; und for those who did not say.
    language_code: String,
    count: i32,
}

impl From<statistics::LanguageCount> for LanguageCount {
    fn from(counted: statistics::LanguageCount) -> Self {
        Self { language_code: counted.language_code, count: as_int(counted.count) }
    }
}

/// Something people do on line that only so many may do at once, such as an interview.
pub struct Activity(pub activity::Model);

impl Activity {
    fn number(&self) -> ActivityId {
        self.0.id
    }

    async fn seats(&self, ctx: &Context<'_>) -> Result<Vec<statistics::LanguageCount>> {
        Ok(load(ctx, SeatsOf(self.number())).await?.unwrap_or_default())
    }

    pub async fn seats_taken(&self, ctx: &Context<'_>) -> Result<i64> {
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
