//! Queries. What the viewer may not see is null or missing, without an error.

mod api_keys;
mod audit;
mod bookings;
mod people;
mod presence;
mod sessions;

use async_graphql::{Context, ID, MergedObject, Object};
use domain::ids::{
    ActivityId, ApiKeyId, BookingId, CheckInId, PersonId, PresenceId, SessionId, SessionInstanceId, TimeSlotId,
};
use service::{check_ins, presence::visits};

use self::{
    api_keys::ApiKeyQuery, audit::AuditQuery, bookings::BookingQuery, people::PersonQuery, presence::PresenceQuery,
    sessions::SessionQuery,
};
pub use self::{
    bookings::{find_booking, find_slot},
    people::find_person,
    presence::find_activity,
    sessions::{find_instance, find_session},
};
use crate::{
    change_cursor,
    context::{Result, app, parse_id, viewer},
    error::ApiError,
    federation::FederationQuery,
    loaders::load,
    types::{api_key::ApiKey, instance::CheckIn, node::Node, person::Person, presence::Presence, scalars::Cursor},
};

/// Operations that read. A field that the viewer may not see is null, without an error. A list leaves out the items
/// that the viewer may not see.
#[derive(MergedObject, Default)]
pub struct Query(NodeQuery, SessionQuery, PersonQuery, BookingQuery, PresenceQuery, AuditQuery, ApiKeyQuery);

/// The same queries with those of a gateway of Apollo Federation. A merged object cannot contain another one with the same
/// name.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct FederatedQuery(
    NodeQuery,
    SessionQuery,
    PersonQuery,
    BookingQuery,
    PresenceQuery,
    AuditQuery,
    ApiKeyQuery,
    FederationQuery,
);

#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The person that the request's token names. Null without a token, and for an admin's token that names no person.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        let Some(id) = viewer(ctx).person else { return Ok(None) };
        Ok(load(ctx, id).await?.map(Person))
    }

    /// The object with this global id. Null if it does not exist, or if the viewer may not see it.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id, such as `Session:7`.")] id: ID,
    ) -> Result<Option<Node>> {
        let kind = id.split(':').next().unwrap_or_default();
        Ok(match kind {
            SessionId::TYPE => find_session(ctx, parse_id("id", &id)?).await?.map(Into::into),
            SessionInstanceId::TYPE => find_instance(ctx, parse_id("id", &id)?).await?.map(Into::into),
            PersonId::TYPE => find_person(ctx, parse_id("id", &id)?).await?.map(Into::into),
            CheckInId::TYPE => {
                let row = check_ins::find_check_in(app(ctx)?, parse_id("id", &id)?).await?;
                match row.map(CheckIn) {
                    Some(check_in) if check_in.is_visible(ctx).await? => Some(check_in.into()),
                    _ => None,
                }
            }
            ActivityId::TYPE => find_activity(ctx, parse_id("id", &id)?).await?.map(Into::into),
            PresenceId::TYPE => {
                let id = parse_id::<PresenceId>("id", &id)?;
                visits::find_visible_visit(app(ctx)?, viewer(ctx), id).await?.map(|row| Presence(row).into())
            }
            TimeSlotId::TYPE => find_slot(ctx, parse_id("id", &id)?).await?.map(Into::into),
            ApiKeyId::TYPE => load(ctx, parse_id::<ApiKeyId>("id", &id)?)
                .await?
                .filter(|key| key.is_seen_by(viewer(ctx)))
                .map(|key| ApiKey(key).into()),
            BookingId::TYPE => find_booking(ctx, parse_id("id", &id)?).await?.map(Into::into),
            _ => {
                return Err(ApiError::invalid(
                    "id",
                    "is not a global id: use one that the server gave, such as Session:7",
                ));
            }
        })
    }

    /// True if the request's token is that of an admin.
    async fn viewer_is_admin(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_admin
    }

    /// The current position in the log of changes. It is read before everything else in this answer. A subscription
    /// that gets it as `after` continues exactly where this answer ends.
    async fn change_cursor(&self, ctx: &Context<'_>) -> Result<Cursor> {
        change_cursor::of_request(ctx).await
    }
}
