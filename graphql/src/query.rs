//! Queries. What one may not see is null or absent, without an error.

use async_graphql::{Context, ID, Interface, Object};
use domain::ids::{ActivityId, BookingId, CheckInId, PersonId, PresenceId, SessionId, SessionInstanceId, TimeSlotId};
use service::{
    bookings, check_ins,
    entity::{person, session, session_instance},
    instances,
    lists::RowCursor,
    people,
    presence::visits,
    sessions,
    time_slots::SlotFilter,
};

use super::{
    booking::{Booking, TimeSlot, list_bookings, list_slots},
    change_cursor,
    connection::{Counted, Nodes, connection, page},
    context::{Result, app, parse_id, viewer},
    error::ApiError,
    input::{ActiveFilter, BookingFilter, SessionFilter},
    instance::{CheckIn, SessionInstance},
    loaders::load,
    person::Person,
    presence::{Activity, Presence},
    scalars::{Cursor, DateTime},
    session::Session,
};

/// Everything that has a global id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "Globally unique: Type:key, such as Session:7; of a Presence Presence:UUID."
))]
pub enum Node {
    Session(Session),
    SessionInstance(SessionInstance),
    Person(Person),
    CheckIn(CheckIn),
    Activity(Activity),
    Presence(Presence),
    TimeSlot(TimeSlot),
    Booking(Booking),
}

async fn find_booking(ctx: &Context<'_>, id: BookingId) -> Result<Option<Booking>> {
    let viewer = viewer(ctx);
    Ok(load(ctx, id).await?.filter(|row| bookings::is_seen_by(viewer, row)).map(Booking))
}

/// A session that has not been deleted.
async fn find_session(ctx: &Context<'_>, id: SessionId) -> Result<Option<Session>> {
    Ok(load(ctx, id).await?.filter(|row| row.deleted_at.is_none()).map(Session))
}

#[derive(Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// Who the request's token names; null without one.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Person>> {
        let Some(id) = viewer(ctx).person else { return Ok(None) };
        Ok(load(ctx, id).await?.map(Person))
    }

    /// Anything by its global id.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        let kind = id.split(':').next().unwrap_or_default();
        Ok(match kind {
            SessionId::TYPE => find_session(ctx, parse_id("id", &id)?).await?.map(Into::into),
            SessionInstanceId::TYPE => {
                load(ctx, parse_id::<SessionInstanceId>("id", &id)?).await?.map(|row| SessionInstance(row).into())
            }
            PersonId::TYPE => load(ctx, parse_id::<PersonId>("id", &id)?).await?.map(|row| Person(row).into()),
            CheckInId::TYPE => {
                let row = check_ins::find_check_in(app(ctx)?, parse_id::<CheckInId>("id", &id)?.0).await?;
                match row.map(CheckIn) {
                    Some(check_in) if check_in.is_visible(ctx).await? => Some(check_in.into()),
                    _ => None,
                }
            }
            ActivityId::TYPE => load(ctx, parse_id::<ActivityId>("id", &id)?).await?.map(|row| Activity(row).into()),
            PresenceId::TYPE => {
                let id = parse_id::<PresenceId>("id", &id)?;
                visits::find_visible_visit(app(ctx)?, viewer(ctx), id).await?.map(|row| Presence(row).into())
            }
            TimeSlotId::TYPE => load(ctx, parse_id::<TimeSlotId>("id", &id)?)
                .await?
                .filter(|row| row.deleted_at.is_none())
                .map(|row| TimeSlot(row).into()),
            BookingId::TYPE => find_booking(ctx, parse_id("id", &id)?).await?.map(Into::into),
            _ => {
                let message = "id is not an id of this server: they look like Session:7";
                return Err(ApiError::bad_user_input(message).at_field("id"));
            }
        })
    }

    async fn session(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Session>> {
        find_session(ctx, parse_id("id", &id)?).await
    }

    async fn session_by_path(&self, ctx: &Context<'_>, path: String) -> Result<Option<Session>> {
        Ok(sessions::find_session_by_path(app(ctx)?, &path).await?.map(Session))
    }

    /// Sessions by name.
    #[graphql(complexity = "super::limits::page(first, last) * (1 + child_complexity)")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        filter: Option<SessionFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Nodes<Session>> {
        let filter = filter.unwrap_or_default().into();
        let slice = sessions::list_sessions(app(ctx)?, &filter, &page(first, after, last, before)).await?;
        let cursor = |row: &session::Model| RowCursor::of_text(&row.name_key, row.id);
        Ok(connection(slice, Counted::Sessions(filter), cursor, Session))
    }

    async fn session_instance(&self, ctx: &Context<'_>, id: ID) -> Result<Option<SessionInstance>> {
        Ok(load(ctx, parse_id::<SessionInstanceId>("id", &id)?).await?.map(SessionInstance))
    }

    /// What is in session now, by start.
    #[graphql(complexity = "super::limits::page(first, None) * (1 + child_complexity)")]
    async fn active_session_instances(
        &self,
        ctx: &Context<'_>,
        filter: Option<ActiveFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Nodes<SessionInstance>> {
        let filter = filter.unwrap_or_default().check()?;
        let slice = instances::list_active(app(ctx)?, &filter, &page(first, after, None, None)).await?;
        let cursor = |row: &session_instance::Model| RowCursor::of_instant(row.listed_at, row.id);
        Ok(connection(slice, Counted::Active(filter), cursor, SessionInstance))
    }

    async fn person(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Person>> {
        Ok(load(ctx, parse_id::<PersonId>("id", &id)?).await?.map(Person))
    }

    /// Admins, and organisers to check people in or name organisers; null for others. By name.
    #[graphql(complexity = "super::limits::page(first, None) * (1 + child_complexity)")]
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

    /// Everybody: what can be booked, and what is taken; by start. Slots that start in [from, to); without either those that have not
    /// ended.
    #[graphql(complexity = "super::limits::page(first, None) * (1 + child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "as many as the field has")]
    async fn time_slots(
        &self,
        ctx: &Context<'_>,
        mentor_id: Option<ID>,
        from: Option<DateTime>,
        to: Option<DateTime>,
        #[graphql(desc = "true: those that nobody has booked; false: those that are taken.")] is_free: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Nodes<TimeSlot>> {
        let has_range = from.is_some() || to.is_some();
        let filter = SlotFilter {
            mentor: mentor_id.as_ref().map(|id| parse_id("mentorId", id)).transpose()?,
            from: from.map(|from| from.0),
            to: to.map(|to| to.0),
            ends_after: (!has_range).then_some(app(ctx)?.now()),
            is_free,
        };
        list_slots(ctx, filter, first, after).await
    }

    /// For mentor, student and admins; null for others.
    async fn booking(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Booking>> {
        find_booking(ctx, parse_id("id", &id)?).await
    }

    /// Admins see all; others the bookings in which they are mentor or student. The newest first. None without a token.
    #[graphql(complexity = "super::limits::page(first, None) * (1 + child_complexity)")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        filter: Option<BookingFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Nodes<Booking>> {
        list_bookings(ctx, filter.unwrap_or_default().check()?, first, after).await
    }

    async fn viewer_is_admin(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_admin
    }

    /// The log's position, read before everything else in this answer: subscribe with it as after, and nothing falls between query and subscription.
    async fn change_cursor(&self, ctx: &Context<'_>) -> Result<Cursor> {
        change_cursor::of_request(ctx).await
    }
}
