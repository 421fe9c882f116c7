//! Answers to the question: are you coming?

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::{PersonId, SessionInstanceId};
use service::check_ins;

use crate::{
    context::{Result, app, id_of, parse_id, viewer},
    error::ApiError,
    input::{instance::CheckInInput, optional_id},
    loaders::load,
    types::{
        instance::{CheckIn, SessionInstance},
        person::Person,
    },
};

#[derive(SimpleObject)]
pub struct CheckInPayload {
    check_in: CheckIn,
    person: Person,
    session_instance: SessionInstance,
    /// Where the person was placed until now, if that changed: its presentCount did too.
    previous_session_instance: Option<SessionInstance>,
}

#[derive(SimpleObject)]
pub struct RemoveCheckInPayload {
    /// Null when there was none.
    removed_check_in_id: Option<ID>,
    person: Person,
    session_instance: SessionInstance,
}

async fn instance(ctx: &Context<'_>, id: SessionInstanceId) -> Result<SessionInstance> {
    load(ctx, id).await?.map(SessionInstance).ok_or_else(|| ApiError::not_found(format!("no session instance {id}")))
}

async fn person(ctx: &Context<'_>, id: PersonId) -> Result<Person> {
    load(ctx, id).await?.map(Person).ok_or_else(|| ApiError::not_found(format!("no person {id}")))
}

#[derive(Default)]
pub struct CheckInMutation;

#[Object]
impl CheckInMutation {
    /// Say yes, maybe or no; a yes to an active instance puts the person there now.
    async fn check_in(&self, ctx: &Context<'_>, input: CheckInInput) -> Result<Option<CheckInPayload>> {
        let id = parse_id("sessionInstanceId", &input.session_instance_id)?;
        let of = optional_id("personId", input.person_id.as_ref())?;
        let done = check_ins::check_in(app(ctx)?, viewer(ctx), id, input.attendance.into(), of).await?;
        let previous_session_instance = match done.previous_instance {
            Some(id) => load(ctx, id).await?.map(SessionInstance),
            None => None,
        };
        Ok(Some(CheckInPayload {
            check_in: CheckIn(done.check_in),
            person: person(ctx, done.person).await?,
            session_instance: instance(ctx, done.instance).await?,
            previous_session_instance,
        }))
    }

    /// Takes an answer back. personId: for admins and organisers; left out, it is the viewer.
    async fn remove_check_in(
        &self,
        ctx: &Context<'_>,
        session_instance_id: ID,
        person_id: Option<ID>,
    ) -> Result<Option<RemoveCheckInPayload>> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let of = optional_id("personId", person_id.as_ref())?;
        let done = check_ins::delete_check_in(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(Some(RemoveCheckInPayload {
            removed_check_in_id: done.check_in.map(id_of),
            person: person(ctx, done.person).await?,
            session_instance: instance(ctx, done.instance).await?,
        }))
    }
}
