//! Instances and check-ins.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use std::collections::HashSet;

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::{door::CheckInCodes, ids::SessionInstanceId};
use futures_util::FutureExt as _;
use service::{
    check_ins::{self, CheckInCursors, CheckInsOf},
    door, instances, people, sessions,
};

use crate::{
    context::{Result, app, id_of, viewer},
    error::ApiError,
    loaders::{ActiveAt, ActiveNear, AnswerTo, CheckInsSeenBy, CountsOf, load, load_all, viewer_may_edit},
    types::{
        connection::{Counted, Nodes, connection_with, page},
        person::Person,
        scalars::{Date, DateTime, LocalTime},
        session::Session,
    },
};

/// A person's answer to the question: are you coming?
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "domain::check_in::Attendance")]
pub enum Attendance {
    /// The person is coming, or is there.
    Yes,
    /// The person may be coming.
    Maybe,
    /// The person is not coming.
    No,
}

/// A decision that an instance is active or not, whatever its window says. Organisers and admins make it.
#[derive(SimpleObject)]
pub struct ActiveOverride {
    /// True if the instance is held active, false if it is held inactive.
    active: bool,
    /// The instant at which the override ends. Null if it ends with the next periodic sweep.
    until: Option<DateTime>,
}

/// A code with which people at the door check in, by `checkInByCode` or at `url`.
#[derive(SimpleObject)]
pub struct CheckInCode {
    /// The code: letters and digits.
    code: String,
    /// The address of the page that checks in with this code. A screen shows it as a QR code. It is a path of this server
    /// if the setting `PUBLIC_URL` is missing.
    url: String,
    /// The instant from which the code is no longer accepted. Null if the code stays the same and the instance has no
    /// end.
    expires_at: Option<DateTime>,
}

pub struct SessionInstance(pub instances::Instance);

impl SessionInstance {
    fn key(&self) -> SessionInstanceId {
        self.0.id
    }

    async fn load_session(&self, ctx: &Context<'_>) -> Result<sessions::Session> {
        let id = self.0.session_id;
        load(ctx, id).await?.ok_or_else(|| ApiError::internal(format!("{id} of {} is missing", self.key())))
    }

    async fn explain(&self, ctx: &Context<'_>) -> Result<String> {
        let session = self.load_session(ctx).await?;
        let app = app(ctx)?;
        Ok(self.0.explain(app.zone_data(), &session, app.now()))
    }

    async fn find_code(&self, ctx: &Context<'_>) -> Result<Option<CheckInCode>> {
        let session = self.load_session(ctx).await?;
        if session.check_in_codes == CheckInCodes::None || !viewer_may_edit(ctx, session.id).await? {
            return Ok(None);
        }
        let app = app(ctx)?;
        let shown = door::find_code(app, &session, &self.0).await?;
        Ok(shown.map(|shown| CheckInCode {
            url: shown.address(app.public_url.as_deref()),
            code: shown.code,
            expires_at: shown.expires_at.map(DateTime),
        }))
    }

    async fn find_nearby(&self, ctx: &Context<'_>) -> Result<Vec<Self>> {
        let session = self.load_session(ctx).await?;
        let mut nearby = active_at(ctx, session.city, session.country).await?;
        if let Some(point) = session.coordinates {
            let there = load(ctx, ActiveNear(point)).await?.unwrap_or_default();
            let known: HashSet<_> = there.iter().map(|it| it.id).collect();
            let ids: Vec<_> = nearby.iter().map(|it| it.0.session_id).collect();
            let sessions = load_all(ctx, &ids).await?;
            let has_place = |it: &Self| {
                sessions.iter().any(|session| session.id == it.0.session_id && session.coordinates.is_some())
            };
            nearby.retain(|it| !known.contains(&it.0.id) && !has_place(it));
            nearby.extend(there.into_iter().map(SessionInstance));
            nearby.sort_by_key(|it| (it.0.listed_at, it.0.id));
        }
        Ok(nearby.into_iter().filter(|other| other.0.id != self.0.id).collect())
    }

    /// Whether the viewer may see the check-ins.
    async fn shows_check_ins(&self, ctx: &Context<'_>) -> Result<bool> {
        let list = CheckInsSeenBy { viewer: viewer(ctx), instance: self.key(), session: self.0.session_id };
        Ok(load(ctx, list).await?.is_some())
    }
}

/// An instance: one dated meeting of a session. It is active in a window around its start and end. Everybody may see
/// instances.
#[Object]
impl SessionInstance {
    /// The global id, such as `SessionInstance:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    /// The session.
    async fn session(&self, ctx: &Context<'_>) -> Result<Session> {
        // In a list by distance, the session has the distance of the instance.
        Ok(Session(sessions::Session { metres_away: self.0.metres_away, ..self.load_session(ctx).await? }))
    }

    /// The local date of the start, in the time zone of the session.
    async fn date(&self) -> Date {
        Date(self.0.date)
    }

    /// The local start time, in the time zone of the session. Null if it is not known. Then the instance is never
    /// active by itself.
    async fn start_time(&self) -> Option<LocalTime> {
        self.0.start_time.map(LocalTime)
    }

    /// The local end time, in the time zone of the session. An end before the start is on the next day. Null if it is
    /// not known. Then the instance is never active by itself.
    async fn end_time(&self) -> Option<LocalTime> {
        self.0.end_time.map(LocalTime)
    }

    /// The start as an instant. Null if the times or the time zone are not known.
    async fn starts_at(&self) -> Option<DateTime> {
        self.0.starts_at.map(DateTime)
    }

    /// The end as an instant. Null if the times or the time zone are not known.
    async fn ends_at(&self) -> Option<DateTime> {
        self.0.ends_at.map(DateTime)
    }

    /// The first instant of the active window: some minutes before the start. Null if the times or the time zone are
    /// not known.
    async fn active_from(&self) -> Option<DateTime> {
        self.0.opens_at.map(DateTime)
    }

    /// The end of the active window: some minutes after the end. At this instant the instance is no longer active. Null
    /// if the times or the time zone are not known.
    async fn active_until(&self) -> Option<DateTime> {
        self.0.closes_at.map(DateTime)
    }

    /// True if the instance is active now.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// True if the instance is cancelled. Then it is never active.
    async fn is_cancelled(&self) -> bool {
        self.0.is_cancelled
    }

    /// A phrase for people that says why the instance is active or not, such as "Active since 18:00 CST: starts 19:00,
    /// opens 60 minutes before".
    async fn active_explanation(&self, ctx: &Context<'_>) -> Result<String> {
        self.explain(ctx).boxed().await
    }

    /// The check-in code that a screen at the door shows now. Null if the session has no codes, and while no code is
    /// accepted. Only organisers of the session and admins may see it: for everybody else it is null.
    async fn check_in_code(&self, ctx: &Context<'_>) -> Result<Option<CheckInCode>> {
        self.find_code(ctx).boxed().await
    }

    /// The override that holds the instance active or inactive. Null if there is none, or if it has ended.
    async fn active_override(&self, ctx: &Context<'_>) -> Result<Option<ActiveOverride>> {
        let now = app(ctx)?.now();
        let is_over = self.0.override_until.is_some_and(|until| until <= now);
        let until = self.0.override_until.map(DateTime);
        Ok(self.0.override_active.filter(|_| !is_over).map(|active| ActiveOverride { active, until }))
    }

    /// The location, if it is not the usual location of the session. Null if it is the usual location.
    async fn location_override(&self) -> Option<&str> {
        self.0.location_override.as_deref()
    }

    /// The number of people who said yes.
    async fn attending_count(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(load(ctx, CountsOf(self.key())).await?.unwrap_or_default().attending)
    }

    /// The number of people who are at this instance now: their `activeSessionInstance` is this one.
    async fn present_count(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(load(ctx, CountsOf(self.key())).await?.unwrap_or_default().present)
    }

    /// The check-ins, the newest first. Only admins, organisers of the session, and people who said yes to this
    /// instance may see them: for everybody else it is null.
    async fn check_ins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only check-ins with this answer.")] attendance: Option<Attendance>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Option<Nodes<CheckIn>>> {
        let of = CheckInsOf::Instance(self.key(), attendance.map(domain::check_in::Attendance::from));
        async move {
            if !self.shows_check_ins(ctx).await? {
                return Ok(None);
            }
            Ok(Some(list_check_ins(ctx, of, first, after).await?))
        }
        .boxed()
        .await
    }

    /// The viewer's own check-in. Null if there is none, or if the request has no token of a person.
    async fn viewer_check_in(&self, ctx: &Context<'_>) -> Result<Option<CheckIn>> {
        let Some(person) = viewer(ctx).person else { return Ok(None) };
        Ok(load(ctx, AnswerTo(person, self.key())).await?.map(CheckIn))
    }

    /// The other instances that are active now within 5 km, by start. If this session or the other one has no
    /// coordinates, the other one must be in the same city and country.
    async fn nearby_active_instances(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        self.find_nearby(ctx).boxed().await
    }
}

/// The active instances in a city and country. Empty if either is not known.
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
    let app = app(ctx)?;
    let slice = check_ins::list_check_ins(app, of, &page(first, after, None, None)).await?;
    let cursors = CheckInCursors::of(app).await?;
    let written = slice.rows.iter().map(|row| cursors.write(row)).collect::<service::Result<Vec<_>>>()?;
    Ok(connection_with(slice, Counted::CheckIns(of), written, CheckIn))
}

pub struct CheckIn(pub check_ins::CheckIn);

impl CheckIn {
    async fn load_person(&self, ctx: &Context<'_>) -> Result<people::Person> {
        let id = self.0.person_id;
        load(ctx, id).await?.ok_or_else(|| ApiError::internal(format!("{id} of a check-in is missing")))
    }

    /// Whether the viewer may see the check-in: as the person who answered, or as somebody who may see the whole list.
    pub async fn is_visible(&self, ctx: &Context<'_>) -> Result<bool> {
        if viewer(ctx).may_read_data_of(self.0.person_id) {
            return Ok(true);
        }
        match load(ctx, self.0.session_instance_id).await? {
            Some(instance) => SessionInstance(instance).shows_check_ins(ctx).await,
            None => Ok(false),
        }
    }
}

/// One person's answer to one instance. Only the person, admins, organisers of the session, and people who said yes to
/// the instance may see it.
#[Object]
impl CheckIn {
    /// The global id, such as `CheckIn:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.0.id)
    }

    /// The person who answered.
    async fn person(&self, ctx: &Context<'_>) -> Result<Person> {
        Ok(Person(self.load_person(ctx).await?))
    }

    /// The instance. If it has been deleted, this field has the error NOT_FOUND.
    async fn session_instance(&self, ctx: &Context<'_>) -> Result<SessionInstance> {
        let id = self.0.session_instance_id;
        let row = load(ctx, id).await?;
        row.map(SessionInstance).ok_or_else(|| ApiError::not_found("This meeting has been deleted."))
    }

    /// The answer: yes, maybe or no.
    async fn attendance(&self) -> Attendance {
        self.0.attendance.into()
    }

    /// The instant of the person's latest answer. If the person hides where they are (`hidesPlace`), other people see
    /// only the day, as midnight in UTC.
    async fn checked_in_at(&self, ctx: &Context<'_>) -> Result<DateTime> {
        let (checked_in_at, _) = check_ins::visible_times(viewer(ctx), &self.0, &self.load_person(ctx).await?);
        Ok(DateTime(checked_in_at))
    }

    /// The instant of the person's arrival: a yes that was given while the instance was active, or in the minute
    /// before. Null if the person has not arrived. If the person hides where they are (`hidesPlace`), only they and
    /// admins see it.
    async fn arrived_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let (_, arrived_at) = check_ins::visible_times(viewer(ctx), &self.0, &self.load_person(ctx).await?);
        Ok(arrived_at.map(DateTime))
    }
}
