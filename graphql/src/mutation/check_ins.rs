//! Mutations of check-ins.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::{PersonId, SessionInstanceId};
use service::{check_ins, door};

use crate::{
    context::{Result, address, app, id_of, parse_id, viewer},
    error::ApiError,
    idempotency::app_for_attempt,
    input::{
        instance::{CheckInByCodeInput, CheckInInput},
        optional_id,
    },
    loaders::load,
    types::{
        instance::{CheckIn, SessionInstance},
        person::Person,
    },
};

/// The answer of `checkIn`.
#[derive(SimpleObject)]
pub struct CheckInPayload {
    /// The check-in.
    check_in: CheckIn,
    /// The person who answered, with the instance that they are at now.
    person: Person,
    /// The instance, with its new counts.
    session_instance: SessionInstance,
    /// The instance that the person was at before, if they are elsewhere now. Its `presentCount` has changed, too. Null
    /// otherwise, and for viewers who may not see where the person was.
    previous_session_instance: Option<SessionInstance>,
}

/// The answer of `checkInByCode`.
#[derive(SimpleObject)]
pub struct CheckInByCodePayload {
    /// The check-in.
    check_in: CheckIn,
    /// The person who checked in: the viewer, or a new guest.
    person: Person,
    /// The instance, with its new counts.
    session_instance: SessionInstance,
    /// The token of a new guest, for that guest alone. Null if the viewer has checked in.
    token: Option<String>,
}

/// The answer of `removeCheckIn`.
#[derive(SimpleObject)]
pub struct RemoveCheckInPayload {
    /// The id of the check-in that was removed. Null if there was none.
    removed_check_in_id: Option<ID>,
    /// The person, with the instance that they are at now.
    person: Person,
    /// The instance, with its new counts.
    session_instance: SessionInstance,
}

async fn instance(ctx: &Context<'_>, id: SessionInstanceId) -> Result<SessionInstance> {
    load(ctx, id)
        .await?
        .map(SessionInstance)
        .ok_or_else(|| ApiError::not_found(format!("There is no session instance {id}.")))
}

async fn person(ctx: &Context<'_>, id: PersonId) -> Result<Person> {
    load(ctx, id).await?.map(Person).ok_or_else(|| ApiError::not_found(format!("There is no person {id}.")))
}

#[derive(Default)]
pub struct CheckInMutation;

#[Object]
impl CheckInMutation {
    /// Answers yes, maybe or no to an instance. The answer replaces an earlier one. A yes to an active instance says
    /// that the person is there now. People may answer for themselves. Organisers of the session and admins may answer
    /// for anyone.
    async fn check_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The answer.")] input: CheckInInput,
    ) -> Result<Option<CheckInPayload>> {
        let id = parse_id("sessionInstanceId", &input.session_instance_id)?;
        let of = optional_id("personId", input.person_id.as_ref())?;
        let (app, viewer, attendance) = (app(ctx)?, viewer(ctx), input.attendance.into());
        let done = match input.code.as_deref() {
            Some(code) => door::check_in_with_code(app, viewer, id, attendance, of, (code, address(ctx))).await?,
            None => check_ins::check_in(app, viewer, id, attendance, of).await?,
        };
        let person = person(ctx, done.person).await?;
        let previous_session_instance = match done.previous_instance {
            Some(id) => person.find_seen_at(ctx, id).await?,
            None => None,
        };
        Ok(Some(CheckInPayload {
            check_in: CheckIn(done.check_in),
            person,
            session_instance: instance(ctx, done.instance).await?,
            previous_session_instance,
        }))
    }

    /// Checks in with the code that the screen at the door shows. With a token it checks in the viewer. Without one it
    /// creates a guest and checks in the guest. The answer then has a token for the guest, which is valid until a day
    /// after the instance stops being active.
    async fn check_in_by_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code, and the name of a guest.")] input: CheckInByCodeInput,
    ) -> Result<Option<CheckInByCodePayload>> {
        let (code, name) = (&input.code, input.display_name.as_deref());
        let app = app_for_attempt(ctx, None).await?;
        let (done, token) = door::check_in_by_code(&app, viewer(ctx), code, name, address(ctx)).await?;
        Ok(Some(CheckInByCodePayload {
            check_in: CheckIn(done.check_in),
            person: person(ctx, done.person).await?,
            session_instance: instance(ctx, done.instance).await?,
            token,
        }))
    }

    /// Removes an answer. People may do this for themselves. Organisers of the session and admins may do it for anyone.
    async fn remove_check_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instance.")] session_instance_id: ID,
        #[graphql(desc = "The person who answered. If it is left out, it is the viewer.")] person_id: Option<ID>,
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
