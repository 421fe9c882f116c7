//! Activities and their seats.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::{ids::ActivityId, presence::SeatCounts};
use service::{
    lists::RowCursor,
    people,
    presence::{activities, queue::QueueCounts, roster, statistics},
};

use crate::{
    context::{Result, app, id_of, viewer},
    loaders::{QueueOf, SeatsOf, load},
    types::{
        as_int,
        connection::{Counted, Nodes, connection, page},
        person::Person,
    },
};

/// A number of visits that have the same language.
#[derive(SimpleObject)]
pub struct LanguageCount {
    /// The language as a BCP 47 tag, such as `en` or `pt-BR`. Visits that gave no language count as `und`.
    language_code: String,
    /// The number of visits.
    count: i32,
}

impl From<statistics::LanguageCount> for LanguageCount {
    fn from(counted: statistics::LanguageCount) -> Self {
        Self { language_code: counted.language_code, count: as_int(counted.count) }
    }
}

/// Who may hold one seat of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "domain::presence::SeatsPer")]
pub enum SeatsPer {
    /// Each person may hold one seat. It moves to the visit that enters last. Each anonymous visit may hold one, too.
    Person,
    /// Each visit may hold one seat.
    Visit,
}

pub struct Activity(pub activities::Activity);

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

    pub async fn queue_counts(&self, ctx: &Context<'_>) -> Result<QueueCounts> {
        Ok(load(ctx, QueueOf(self.number())).await?.unwrap_or_default())
    }
}

/// Something that a limited number of visits may do at the same time, such as an interview. A visit takes part while it
/// holds a seat. Everybody may see activities.
#[Object]
impl Activity {
    /// The global id, such as `Activity:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.number())
    }

    /// The unique key, such as `interview`. Mutations and subscriptions use it to name the activity.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The number of seats. Null if there is no limit. With 0, the activity is closed for new visits.
    async fn max_concurrent(&self) -> Option<i32> {
        self.0.max_concurrent
    }

    /// Whether each person or each visit may hold one seat.
    async fn seats_per(&self) -> SeatsPer {
        self.0.seats_per.into()
    }

    /// The number of seats that are taken now.
    async fn occupancy(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(self.seats_taken(ctx).await?))
    }

    /// The number of seats that are taken now, by the language of the visit. The largest number comes first.
    async fn occupancy_by_language(&self, ctx: &Context<'_>) -> Result<Vec<LanguageCount>> {
        Ok(self.seats(ctx).await?.into_iter().map(LanguageCount::from).collect())
    }

    /// True if a new visit can't get a seat now: each seat is taken, or offered to a place in the queue.
    async fn is_full(&self, ctx: &Context<'_>) -> Result<bool> {
        let Some(limit) = self.0.max_concurrent else { return Ok(false) };
        let QueueCounts { length, offers } = self.queue_counts(ctx).await?;
        let counts = SeatCounts {
            limit: Some(u32::try_from(limit).unwrap_or_default()),
            seats: u32::try_from(self.seats_taken(ctx).await?).unwrap_or_default(),
            offers,
            is_waited_for: offers < length,
        };
        Ok(!counts.is_free())
    }

    /// The number of places in the queue for a seat.
    async fn queue_length(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(as_int(self.queue_counts(ctx).await?.length.into()))
    }

    /// The people who have a seat, by name. Admins may see the list. With `isRosterPublic`, people who have a seat may
    /// see it, too: for everybody else it is null. Only admins see the people in it who hide where they are
    /// (`hidesPlace`).
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Option<Nodes<Person>>> {
        let listed = roster::list_roster(app(ctx)?, viewer(ctx), &self.0, &page(first, after, None, None)).await?;
        let cursor = |row: &people::Person| RowCursor::of_text(&row.name_key, row.id);
        Ok(listed.map(|(slice, roster)| connection(slice, Counted::Roster(roster), cursor, Person)))
    }

    /// The number of seconds for which a free seat is offered to the first place in the queue.
    async fn offer_seconds(&self) -> i32 {
        self.0.offer_seconds
    }

    /// The number of seconds for which a place in the queue is kept after its visit went offline.
    async fn queue_grace_seconds(&self) -> i32 {
        self.0.queue_grace_seconds
    }

    /// The number of minutes after which an idle visit loses its seat. Null if idle visits keep their seats.
    async fn max_idle_minutes(&self) -> Option<i32> {
        self.0.max_idle_minutes
    }

    /// True if people who have a seat may see who else has one.
    async fn is_roster_public(&self) -> bool {
        self.0.is_roster_public
    }
}
