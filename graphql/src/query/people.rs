//! People.

use async_graphql::{Context, ID, Object};
use domain::ids::PersonId;
use service::{entity::person, lists::RowCursor, people};

use crate::{
    context::{Result, app, parse_id, viewer},
    loaders::load,
    types::{
        connection::{Counted, Nodes, connection, page},
        person::Person,
    },
};

#[derive(Default)]
pub struct PersonQuery;

#[Object]
impl PersonQuery {
    async fn person(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Person>> {
        Ok(load(ctx, parse_id::<PersonId>("id", &id)?).await?.map(Person))
    }

    /// Admins, and organisers to check people in or name organisers; null for others. By name.
    async fn people(
        &self,
        ctx: &Context<'_>,
        name_contains: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Nodes<Person>>> {
        let wanted = page(first, after, None, None);
        let slice = people::list_people(app(ctx)?, viewer(ctx), name_contains.as_deref(), &wanted).await?;
        let cursor = |row: &person::Model| RowCursor::of_text(&row.name_key, row.id);
        Ok(slice.map(|slice| connection(slice, Counted::People(name_contains), cursor, Person)))
    }
}
