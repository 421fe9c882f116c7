//! Mutations of people.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::PersonId;
use service::people::{self, sign_in};

use crate::{
    context::{Result, app, parse_id, viewer},
    idempotency::app_for_attempt,
    input::{
        optional_id,
        person::{CreatePersonInput, UpdatePersonInput},
    },
    types::person::Person,
};

/// The answer of a mutation that changes a person.
#[derive(SimpleObject)]
pub struct PersonPayload {
    /// The person after the change.
    person: Person,
}

/// The answer of `erasePerson`.
#[derive(SimpleObject)]
pub struct ErasePersonPayload {
    /// The id of the person who was erased.
    erased_person_id: ID,
}

#[derive(Default)]
pub struct PersonMutation;

#[Object]
impl PersonMutation {
    /// Creates a person. Only admins may do this.
    async fn create_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new person.")] input: CreatePersonInput,
    ) -> Result<Option<PersonPayload>> {
        let app = app_for_attempt(ctx, input.client_mutation_id.as_deref()).await?;
        let row = people::insert_person(&app, viewer(ctx), input.into()).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }

    /// Changes a person. People may change their own name, city, country and `hidesPlace`. Admins may change
    /// everything.
    async fn update_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdatePersonInput,
    ) -> Result<Option<PersonPayload>> {
        let id = parse_id("id", &input.id)?;
        let row = people::update_person(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }

    /// Makes all tokens invalid that were issued for a person until now, and revokes the person's API keys. Sockets
    /// with these tokens and keys close within seconds. The person can sign in again with a new token. Use it, for
    /// example, after a device was lost. Only the person and admins may do this.
    async fn revoke_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person. If it is left out, it is the viewer.")] person_id: Option<ID>,
    ) -> Result<Option<PersonPayload>> {
        let of = optional_id("personId", person_id.as_ref())?;
        let row = sign_in::revoke_tokens(app(ctx)?, viewer(ctx), of).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }

    /// Erases a person for good: the name, the city, the check-ins, the visits, the rights as an organiser and the time
    /// slots. Bookings of the person that have not started are cancelled. Those that go on now are completed. The counts
    /// of past instances stay. Only the person and admins may do this.
    async fn erase_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person.")] id: ID,
    ) -> Result<Option<ErasePersonPayload>> {
        people::erase_person(app(ctx)?, viewer(ctx), parse_id::<PersonId>("id", &id)?).await?;
        Ok(Some(ErasePersonPayload { erased_person_id: id }))
    }

    /// Merges one person into another, for good. Everything of the first person then belongs to the second, and tokens
    /// of either name the second. If both answered to the same instance, the later answer counts. Only admins may do
    /// this.
    async fn merge_people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person who is merged into the other one, and then no longer exists.")] from_id: ID,
        #[graphql(desc = "The person who stays.")] into_id: ID,
    ) -> Result<Option<PersonPayload>> {
        let (from, into) = (parse_id("fromId", &from_id)?, parse_id("intoId", &into_id)?);
        let row = people::merge_people(app(ctx)?, viewer(ctx), from, into).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }
}
