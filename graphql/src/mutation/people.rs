//! People: their profiles, their tokens, and that one is forgotten or was there twice.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::PersonId;
use service::{erasure, merging, people, sign_in};

use crate::{
    context::{Result, app, parse_id, viewer},
    input::{
        optional_id,
        person::{CreatePersonInput, UpdatePersonInput},
    },
    types::person::Person,
};

#[derive(SimpleObject)]
pub struct PersonPayload {
    person: Person,
}

#[derive(SimpleObject)]
pub struct ErasePersonPayload {
    erased_person_id: ID,
}

#[derive(Default)]
pub struct PersonMutation;

#[Object]
impl PersonMutation {
    /// Admins.
    async fn create_person(&self, ctx: &Context<'_>, input: CreatePersonInput) -> Result<Option<PersonPayload>> {
        let row = people::insert_person(app(ctx)?, viewer(ctx), input.into()).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }

    /// The person: name, place and hidesPlace; admins: everything.
    async fn update_person(&self, ctx: &Context<'_>, input: UpdatePersonInput) -> Result<Option<PersonPayload>> {
        let id = parse_id("id", &input.id)?;
        let row = people::update_person(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }

    /// Ends all tokens that were made for a person until now, and their sockets within seconds: after a device was lost,
    /// or somebody left. The person, and admins; personId left out, it is the viewer. Signing in again goes on.
    async fn revoke_tokens(&self, ctx: &Context<'_>, person_id: Option<ID>) -> Result<Option<PersonPayload>> {
        let of = optional_id("personId", person_id.as_ref())?;
        let row = sign_in::revoke_tokens(app(ctx)?, viewer(ctx), of).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }

    /// Erase a person, for good: name, place, check-ins, visits, what they organise and offer; what they booked is cancelled.
    /// How many were at a meeting stays. The person, and admins.
    async fn erase_person(&self, ctx: &Context<'_>, id: ID) -> Result<Option<ErasePersonPayload>> {
        erasure::erase_person(app(ctx)?, viewer(ctx), parse_id::<PersonId>("id", &id)?).await?;
        Ok(Some(ErasePersonPayload { erased_person_id: id }))
    }

    /// Make two people one, for good: all that is fromId's is intoId's then, and whoever signs in as either is intoId. Where both answered
    /// to a meeting the later answer counts. Admins.
    async fn merge_people(&self, ctx: &Context<'_>, from_id: ID, into_id: ID) -> Result<Option<PersonPayload>> {
        let (from, into) = (parse_id("fromId", &from_id)?, parse_id("intoId", &into_id)?);
        let row = merging::merge_people(app(ctx)?, viewer(ctx), from, into).await?;
        Ok(Some(PersonPayload { person: Person(row) }))
    }
}
