//! Queries of people.

use async_graphql::{Context, ID, Object};
use domain::ids::PersonId;
use service::{
    lists::RowCursor,
    people::{self, PeopleFilter},
};

use crate::{
    context::{Result, app, parse_id, viewer},
    loaders::{SeenBy, load},
    types::{
        connection::{Counted, Nodes, connection, page},
        person::Person,
    },
};

#[derive(Default)]
pub struct PersonQuery;

/// A person whom the viewer may see.
pub async fn find_person(ctx: &Context<'_>, id: PersonId) -> Result<Option<Person>> {
    Ok(load(ctx, SeenBy(viewer(ctx), id)).await?.map(Person))
}

#[Object]
impl PersonQuery {
    /// One person. Null if there is none with this id, or if the viewer may not see the person. Everybody may see
    /// organisers and mentors. A viewer who may see a list with a person in it may see that person.
    async fn person(&self, ctx: &Context<'_>, #[graphql(desc = "The person.")] id: ID) -> Result<Option<Person>> {
        find_person(ctx, parse_id("id", &id)?).await
    }

    /// People, by name. Only admins and organisers of a session may see the list: for everybody else it is null.
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only people whose name has all words of this text, in any order. A part of a word is enough. Case and accents do not matter."
        )]
        name_contains: Option<String>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Option<Nodes<Person>>> {
        let wanted = page(first, after, None, None);
        let filter = PeopleFilter { name_contains: name_contains.as_deref(), ..PeopleFilter::default() };
        let slice = people::list_people(app(ctx)?, viewer(ctx), filter, &wanted).await?;
        let cursor = |row: &people::Person| RowCursor::of_text(&row.name_key, row.id);
        Ok(slice.map(|slice| connection(slice, Counted::People(name_contains), cursor, Person)))
    }
}
