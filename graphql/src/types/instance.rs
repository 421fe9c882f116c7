//! Dated meetings, and who answered.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::ids::SessionInstanceId;
use service::{
    check_ins::{self, CheckInsOf},
    entity::{check_in, session_instance},
    facts,
    lists::RowCursor,
};

use crate::{
    context::{Result, app, id_of, viewer},
    error::ApiError,
    loaders::{ActiveAt, AnswerTo, CountsOf, load, viewer_organizes},
    types::{
        connection::{Counted, Nodes, connection, page},
        person::Person,
        scalars::{Date, DateTime, LocalTime},
        session::Session,
    },
};

/// A person's answer to the question: are you coming?
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "domain::check_in::Attendance")]
pub enum Attendance {
    Yes,
    Maybe,
    No,
}

/// Holds an instance active or inactive, whatever its window says.
#[derive(SimpleObject)]
pub struct ActiveOverride {
    active: bool,
    /// Null: until the next periodic sweep.
    until: Option<DateTime>,
}

/// One dated meeting of a session.
pub struct SessionInstance(pub session_instance::Model);

impl SessionInstance {
    fn key(&self) -> SessionInstanceId {
        self.0.id
    }

    async fn load_session(&self, ctx: &Context<'_>) -> Result<service::entity::session::Model> {
        let id = self.0.session_id;
        load(ctx, id).await?.ok_or_else(|| ApiError::internal(format!("{id} of {} is missing", self.key())))
    }

    /// May the viewer see who answered?
    async fn shows_check_ins(&self, ctx: &Context<'_>) -> Result<bool> {
        let viewer = viewer(ctx);
        if viewer.may_see_check_ins(false, false) {
            return Ok(true);
        }
        let Some(person) = viewer.person else { return Ok(false) };
        let is_organizer = viewer_organizes(ctx, self.0.session_id).await?;
        let answer = load(ctx, AnswerTo(person, self.key())).await?;
        let said_yes = answer.is_some_and(|answer| answer.attendance == domain::check_in::Attendance::Yes);
        Ok(viewer.may_see_check_ins(is_organizer, said_yes))
    }
}

#[Object]
impl SessionInstance {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    async fn session(&self, ctx: &Context<'_>) -> Result<Session> {
        Ok(Session(self.load_session(ctx).await?))
    }

    /// Local to the session's zone; of a meeting past midnight, the day it begins.
    async fn date(&self) -> Date {
        Date(self.0.date)
    }

    /// Null when the times are not known: such an instance is never active.
    async fn start_time(&self) -> Option<LocalTime> {
        self.0.start_time.map(LocalTime)
    }

    /// Before the start time: on the next day.
    async fn end_time(&self) -> Option<LocalTime> {
        self.0.end_time.map(LocalTime)
    }

    async fn starts_at(&self) -> Option<DateTime> {
        self.0.starts_at.map(DateTime)
    }

    async fn ends_at(&self) -> Option<DateTime> {
        self.0.ends_at.map(DateTime)
    }

    /// The active window, half open: active from activeFrom up to, not including, activeUntil.
    async fn active_from(&self) -> Option<DateTime> {
        self.0.opens_at.map(DateTime)
    }

    /// The end of the active window: the first instant at which it is no longer active.
    async fn active_until(&self) -> Option<DateTime> {
        self.0.closes_at.map(DateTime)
    }

    /// Is it on now?
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    async fn is_cancelled(&self) -> bool {
        self.0.is_cancelled
    }

    /// Why it is active or not, for people.
    async fn active_explanation(&self, ctx: &Context<'_>) -> Result<String> {
        let session = self.load_session(ctx).await?;
        Ok(facts::explain(&self.0, &session, app(ctx)?.now()))
    }

    /// Set by an admin; wins over the window until it expires.
    async fn active_override(&self, ctx: &Context<'_>) -> Result<Option<ActiveOverride>> {
        let now = app(ctx)?.now();
        let is_over = self.0.override_until.is_some_and(|until| until <= now);
        let until = self.0.override_until.map(DateTime);
        Ok(self.0.override_active.filter(|_| !is_over).map(|active| ActiveOverride { active, until }))
    }

    /// Where it meets, when not where the session usually does.
    async fn location_override(&self) -> Option<&str> {
        self.0.location_override.as_deref()
    }

    /// How many said yes.
    async fn attending_count(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(load(ctx, CountsOf(self.key())).await?.unwrap_or_default().attending)
    }

    /// How many are there now: people whose activeSessionInstance is this one.
    async fn present_count(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(load(ctx, CountsOf(self.key())).await?.unwrap_or_default().present)
    }

    /// Who answered, the newest answer first. Null for those who may not see it: it is for admins, organisers, and people who said yes here.
    async fn check_ins(
        &self,
        ctx: &Context<'_>,
        attendance: Option<Attendance>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Nodes<CheckIn>>> {
        if !self.shows_check_ins(ctx).await? {
            return Ok(None);
        }
        let of = CheckInsOf::Instance(self.key(), attendance.map(domain::check_in::Attendance::from));
        Ok(Some(list_check_ins(ctx, of, first, after).await?))
    }

    /// The viewer's own answer.
    async fn viewer_check_in(&self, ctx: &Context<'_>) -> Result<Option<CheckIn>> {
        let Some(person) = viewer(ctx).person else { return Ok(None) };
        Ok(load(ctx, AnswerTo(person, self.key())).await?.map(CheckIn))
    }

    /// Other active instances in the same city and country.
    async fn nearby_active_instances(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        let session = self.load_session(ctx).await?;
        let nearby = active_at(ctx, session.city, session.country).await?;
        Ok(nearby.into_iter().filter(|other| other.0.id != self.0.id).collect())
    }
}

/// What is on in a city and country; nothing when either is not known.
pub async fn active_at(
    ctx: &Context<'_>,
    city: Option<String>,
    country: Option<String>,
) -> Result<Vec<SessionInstance>> {
    let (Some(city), Some(country)) = (city, country) else { return Ok(Vec::new()) };
    let rows = load(ctx, ActiveAt { city, country }).await?.unwrap_or_default();
    Ok(rows.into_iter().map(SessionInstance).collect())
}

pub async fn list_check_ins(
    ctx: &Context<'_>,
    of: CheckInsOf,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Nodes<CheckIn>> {
    let slice = check_ins::list_check_ins(app(ctx)?, of, &page(first, after, None, None)).await?;
    let cursor = |row: &check_in::Model| RowCursor::of_instant(row.checked_in_at, row.id);
    Ok(connection(slice, Counted::CheckIns(of), cursor, CheckIn))
}

/// One person's yes, maybe or no to one instance.
pub struct CheckIn(pub check_in::Model);

impl CheckIn {
    /// May the viewer see it? Their own, and those of lists that they may see.
    pub async fn is_visible(&self, ctx: &Context<'_>) -> Result<bool> {
        if viewer(ctx).may_act_for(self.0.person_id) {
            return Ok(true);
        }
        match load(ctx, self.0.session_instance_id).await? {
            Some(instance) => SessionInstance(instance).shows_check_ins(ctx).await,
            None => Ok(false),
        }
    }
}

#[Object]
impl CheckIn {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.0.id)
    }

    async fn person(&self, ctx: &Context<'_>) -> Result<Person> {
        let id = self.0.person_id;
        let row = load(ctx, id).await?;
        row.map(Person).ok_or_else(|| ApiError::internal(format!("{id} of a check-in is missing")))
    }

    async fn session_instance(&self, ctx: &Context<'_>) -> Result<SessionInstance> {
        let id = self.0.session_instance_id;
        let row = load(ctx, id).await?;
        row.map(SessionInstance).ok_or_else(|| ApiError::not_found("this meeting has been deleted"))
    }

    async fn attendance(&self) -> Attendance {
        self.0.attendance.into()
    }

    /// When the person said so last.
    async fn checked_in_at(&self) -> DateTime {
        DateTime(self.0.checked_in_at)
    }

    /// When the person said so at the session itself; null for a yes given beforehand.
    async fn arrived_at(&self) -> Option<DateTime> {
        self.0.arrived_at.map(DateTime)
    }
}
