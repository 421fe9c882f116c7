//! Mutations. Each reads its input, calls one function of the service, and wraps the result.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::{
    ids::{CheckInId, PersonId, SessionId, SessionInstanceId},
    status::Mode,
};
use service::{
    bookings::{self, Action},
    check_ins, instances, people, sessions, sign_in, sweep, time_slots,
};

use super::{
    booking::{Booking, TimeSlot},
    context::{Result, app, id_of, parse_id, viewer},
    error::ApiError,
    input::{
        BookTimeSlotInput, CheckInInput, CreatePersonInput, CreateSessionInput, CreateSessionInstanceInput,
        CreateTimeSlotInput, SetActiveOverrideInput, UpdatePersonInput, UpdateSessionInput, UpdateSessionInstanceInput,
    },
    instance::{CheckIn, SessionInstance},
    loaders::load,
    person::Person,
    scalars::DateTime,
    session::Session,
    sweep::SweepReport,
};

#[derive(SimpleObject)]
pub struct SessionPayload {
    session: Session,
}

#[derive(SimpleObject)]
pub struct SessionInstancePayload {
    session_instance: SessionInstance,
}

#[derive(SimpleObject)]
pub struct PersonPayload {
    person: Person,
}

impl PersonPayload {
    pub(super) fn of(person: Person) -> Self {
        Self { person }
    }
}

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

#[derive(SimpleObject)]
pub struct DeleteSessionInstancePayload {
    deleted_session_instance_id: ID,
    session: Session,
}

#[derive(SimpleObject)]
pub struct SweepPayload {
    report: SweepReport,
}

#[derive(SimpleObject)]
pub struct TimeSlotPayload {
    time_slot: TimeSlot,
}

#[derive(SimpleObject)]
pub struct DeleteTimeSlotPayload {
    deleted_time_slot_id: ID,
}

#[derive(SimpleObject)]
pub struct BookingPayload {
    booking: Booking,
}

async fn act(ctx: &Context<'_>, id: &ID, action: Action) -> Result<BookingPayload> {
    let row = bookings::act(app(ctx)?, viewer(ctx), parse_id("id", id)?, action).await?;
    Ok(BookingPayload { booking: Booking(row) })
}

async fn session(ctx: &Context<'_>, id: SessionId) -> Result<Session> {
    load(ctx, id).await?.map(Session).ok_or_else(|| ApiError::not_found(format!("no session {id}")))
}

async fn instance(ctx: &Context<'_>, id: SessionInstanceId) -> Result<SessionInstance> {
    load(ctx, id).await?.map(SessionInstance).ok_or_else(|| ApiError::not_found(format!("no session instance {id}")))
}

async fn person(ctx: &Context<'_>, id: PersonId) -> Result<Person> {
    load(ctx, id).await?.map(Person).ok_or_else(|| ApiError::not_found(format!("no person {id}")))
}

fn optional_id(field: &str, id: Option<&ID>) -> Result<Option<PersonId>> {
    id.map(|id| parse_id(field, id)).transpose()
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Admins.
    async fn create_session(&self, ctx: &Context<'_>, input: CreateSessionInput) -> Result<SessionPayload> {
        let row = sessions::insert_session(app(ctx)?, viewer(ctx), input.check()?).await?;
        Ok(SessionPayload { session: Session(row) })
    }

    /// Its organisers, and admins.
    async fn update_session(&self, ctx: &Context<'_>, input: UpdateSessionInput) -> Result<SessionPayload> {
        let id = parse_id("id", &input.id)?;
        let row = sessions::update_session(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(SessionPayload { session: Session(row) })
    }

    /// Its organisers, and admins.
    async fn create_session_instance(
        &self,
        ctx: &Context<'_>,
        input: CreateSessionInstanceInput,
    ) -> Result<SessionInstancePayload> {
        let row = instances::insert_instance(app(ctx)?, viewer(ctx), input.check()?).await?;
        Ok(SessionInstancePayload { session_instance: SessionInstance(row) })
    }

    /// Its organisers, and admins.
    async fn update_session_instance(
        &self,
        ctx: &Context<'_>,
        input: UpdateSessionInstanceInput,
    ) -> Result<SessionInstancePayload> {
        let id = parse_id("id", &input.id)?;
        let row = instances::update_instance(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(SessionInstancePayload { session_instance: SessionInstance(row) })
    }

    /// Its organisers, and admins.
    async fn delete_session_instance(&self, ctx: &Context<'_>, id: ID) -> Result<DeleteSessionInstancePayload> {
        let key = parse_id("id", &id)?;
        let of = instances::delete_instance(app(ctx)?, viewer(ctx), key).await?;
        Ok(DeleteSessionInstancePayload { deleted_session_instance_id: id, session: session(ctx, of).await? })
    }

    /// Admins.
    async fn create_person(&self, ctx: &Context<'_>, input: CreatePersonInput) -> Result<PersonPayload> {
        let row = people::insert_person(app(ctx)?, viewer(ctx), input.into()).await?;
        Ok(PersonPayload { person: Person(row) })
    }

    /// The person: name, place and hidesPlace; admins: everything.
    async fn update_person(&self, ctx: &Context<'_>, input: UpdatePersonInput) -> Result<PersonPayload> {
        let id = parse_id("id", &input.id)?;
        let row = people::update_person(app(ctx)?, viewer(ctx), id, input.check()?).await?;
        Ok(PersonPayload { person: Person(row) })
    }

    /// Ends all tokens that were made for a person until now, and their sockets within seconds: after a device was lost,
    /// or somebody left. The person, and admins; personId left out, it is the viewer. Signing in again goes on.
    async fn revoke_tokens(&self, ctx: &Context<'_>, person_id: Option<ID>) -> Result<PersonPayload> {
        let of = optional_id("personId", person_id.as_ref())?;
        let row = sign_in::revoke_tokens(app(ctx)?, viewer(ctx), of).await?;
        Ok(PersonPayload { person: Person(row) })
    }

    /// Say yes, maybe or no; a yes to an active instance puts the person there now.
    async fn check_in(&self, ctx: &Context<'_>, input: CheckInInput) -> Result<CheckInPayload> {
        let id = parse_id("sessionInstanceId", &input.session_instance_id)?;
        let of = optional_id("personId", input.person_id.as_ref())?;
        let done = check_ins::check_in(app(ctx)?, viewer(ctx), id, input.attendance.into(), of).await?;
        let previous_session_instance = match done.previous_instance {
            Some(id) => load(ctx, id).await?.map(SessionInstance),
            None => None,
        };
        Ok(CheckInPayload {
            check_in: CheckIn(done.check_in),
            person: person(ctx, done.person).await?,
            session_instance: instance(ctx, done.instance).await?,
            previous_session_instance,
        })
    }

    /// Takes an answer back. personId: for admins and organisers; left out, it is the viewer.
    async fn remove_check_in(
        &self,
        ctx: &Context<'_>,
        session_instance_id: ID,
        person_id: Option<ID>,
    ) -> Result<RemoveCheckInPayload> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let of = optional_id("personId", person_id.as_ref())?;
        let done = check_ins::delete_check_in(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(RemoveCheckInPayload {
            removed_check_in_id: done.check_in.map(|id| id_of(CheckInId(id))),
            person: person(ctx, done.person).await?,
            session_instance: instance(ctx, done.instance).await?,
        })
    }

    /// Hold an instance active or inactive, whatever its window says. Its organisers, and admins.
    async fn set_active_override(
        &self,
        ctx: &Context<'_>,
        input: SetActiveOverrideInput,
    ) -> Result<SessionInstancePayload> {
        let id = parse_id("sessionInstanceId", &input.session_instance_id)?;
        let until = input.until.map(|until| until.0);
        let row = instances::set_override(app(ctx)?, viewer(ctx), id, input.active, until).await?;
        Ok(SessionInstancePayload { session_instance: SessionInstance(row) })
    }

    /// End an override: the window decides again. Its organisers, and admins.
    async fn clear_active_override(
        &self,
        ctx: &Context<'_>,
        session_instance_id: ID,
    ) -> Result<SessionInstancePayload> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let row = instances::clear_override(app(ctx)?, viewer(ctx), id).await?;
        Ok(SessionInstancePayload { session_instance: SessionInstance(row) })
    }

    /// Name an organiser. Organisers of the session, and admins.
    async fn add_organizer(&self, ctx: &Context<'_>, session_id: ID, person_id: ID) -> Result<SessionPayload> {
        let (id, of) = (parse_id("sessionId", &session_id)?, parse_id("personId", &person_id)?);
        let row = sessions::insert_organizer(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(SessionPayload { session: Session(row) })
    }

    /// Organisers of the session, and admins.
    async fn remove_organizer(&self, ctx: &Context<'_>, session_id: ID, person_id: ID) -> Result<SessionPayload> {
        let (id, of) = (parse_id("sessionId", &session_id)?, parse_id("personId", &person_id)?);
        let row = sessions::delete_organizer(app(ctx)?, viewer(ctx), id, of).await?;
        Ok(SessionPayload { session: Session(row) })
    }

    /// Recompute one instance now. Its organisers, and admins.
    async fn update_active_status(&self, ctx: &Context<'_>, session_instance_id: ID) -> Result<SessionInstancePayload> {
        let id = parse_id("sessionInstanceId", &session_instance_id)?;
        let row = instances::recompute_instance(app(ctx)?, viewer(ctx), id).await?;
        Ok(SessionInstancePayload { session_instance: SessionInstance(row) })
    }

    /// Offer time to be booked; slots of one mentor don't overlap. People for themselves, admins for anyone.
    async fn create_time_slot(&self, ctx: &Context<'_>, input: CreateTimeSlotInput) -> Result<TimeSlotPayload> {
        let row = time_slots::insert_slot(app(ctx)?, viewer(ctx), input.check()?).await?;
        Ok(TimeSlotPayload { time_slot: TimeSlot(row) })
    }

    /// Free ones only. The mentor, and admins.
    async fn delete_time_slot(&self, ctx: &Context<'_>, id: ID) -> Result<DeleteTimeSlotPayload> {
        time_slots::delete_slot(app(ctx)?, viewer(ctx), parse_id("id", &id)?).await?;
        Ok(DeleteTimeSlotPayload { deleted_time_slot_id: id })
    }

    /// Book a slot that is free and has not begun. People for themselves, admins for anyone; nobody books their own time.
    async fn book_time_slot(&self, ctx: &Context<'_>, input: BookTimeSlotInput) -> Result<BookingPayload> {
        let id = parse_id("timeSlotId", &input.time_slot_id)?;
        let student = optional_id("studentId", input.student_id.as_ref())?;
        let row = bookings::book(app(ctx)?, viewer(ctx), id, student).await?;
        Ok(BookingPayload { booking: Booking(row) })
    }

    /// SCHEDULED becomes ONGOING: days early, or late as long as it is not delayed yet. The mentor, and admins.
    async fn start_booking(&self, ctx: &Context<'_>, id: ID) -> Result<BookingPayload> {
        act(ctx, &id, Action::Start).await
    }

    /// ONGOING becomes COMPLETED. Mentor and student, and admins.
    async fn complete_booking(&self, ctx: &Context<'_>, id: ID) -> Result<BookingPayload> {
        act(ctx, &id, Action::Complete).await
    }

    /// SCHEDULED becomes CANCELLED, and the slot is free again. Mentor and student, and admins.
    async fn cancel_booking(&self, ctx: &Context<'_>, id: ID) -> Result<BookingPayload> {
        act(ctx, &id, Action::Cancel).await
    }

    /// Sweep what is due, or see what a sweep would do. Admins. at needs dryRun: nobody can move the real clock.
    async fn sweep(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = false)] dry_run: bool,
        at: Option<DateTime>,
    ) -> Result<SweepPayload> {
        let viewer = viewer(ctx);
        if !viewer.is_signed_in() {
            return Err(ApiError::unauthenticated("sign in to sweep"));
        }
        if !viewer.is_admin {
            return Err(ApiError::forbidden("only admins may sweep"));
        }
        if at.is_some() && !dry_run {
            return Err(ApiError::bad_user_input("at needs dryRun: nobody can move the real clock").at_field("at"));
        }
        let at = at.map(|at| at.0);
        // Looks ahead as little as a timer does (rule 6).
        let request = sweep::Request { scope: sweep::Scope::Due, mode: Mode::Exact, at, is_dry_run: dry_run };
        Ok(SweepPayload { report: SweepReport(sweep::sweep(app(ctx)?, request).await?) })
    }
}
