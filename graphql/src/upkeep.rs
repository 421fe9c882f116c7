//! What admins tidy up: sessions that are gone, people who want to be forgotten, people who are there twice.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::{PersonId, SessionId};
use service::{erasure, merging, session_deletion};

use super::{
    context::{Result, app, parse_id, viewer},
    mutation::PersonPayload,
    person::Person,
};

#[derive(SimpleObject)]
pub struct DeleteSessionPayload {
    deleted_session_id: ID,
}

#[derive(SimpleObject)]
pub struct ErasePersonPayload {
    erased_person_id: ID,
}

#[derive(Default)]
pub struct UpkeepMutation;

#[Object]
impl UpkeepMutation {
    /// Delete a session with all its meetings: those that are on end at once, and the people there are placed anew. Admins.
    async fn delete_session(&self, ctx: &Context<'_>, id: ID) -> Result<DeleteSessionPayload> {
        session_deletion::delete_session(app(ctx)?, viewer(ctx), parse_id::<SessionId>("id", &id)?).await?;
        Ok(DeleteSessionPayload { deleted_session_id: id })
    }

    /// Erase a person, for good: name, place, check-ins, visits, what they organise and offer; what they booked is cancelled.
    /// How many were at a meeting stays. The person, and admins.
    async fn erase_person(&self, ctx: &Context<'_>, id: ID) -> Result<ErasePersonPayload> {
        erasure::erase_person(app(ctx)?, viewer(ctx), parse_id::<PersonId>("id", &id)?).await?;
        Ok(ErasePersonPayload { erased_person_id: id })
    }

    /// Make two people one, for good: all that is fromId's is intoId's then, and whoever signs in as either is intoId. Where both answered
    /// to a meeting the later answer counts. Admins.
    async fn merge_people(&self, ctx: &Context<'_>, from_id: ID, into_id: ID) -> Result<PersonPayload> {
        let (from, into) = (parse_id("fromId", &from_id)?, parse_id("intoId", &into_id)?);
        let row = merging::merge_people(app(ctx)?, viewer(ctx), from, into).await?;
        Ok(PersonPayload::of(Person(row)))
    }
}
