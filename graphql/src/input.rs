//! What clients send.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use domain::{
    ids::SessionId,
    recurrence::{Recurrence, RecurrenceError, Schedule},
    zone::Tz,
};
use service::{
    bookings::BookingFilter as ServiceBookingFilter,
    instances::{ActiveFilter as ServiceActiveFilter, InstancePatch, MAX_SESSION_IDS, NewInstance},
    people::{NewPerson, PersonPatch},
    sessions::{NewSession, SessionFilter as ServiceSessionFilter, SessionPatch},
    time_slots::NewSlot,
};

use super::{
    booking::BookingStatus,
    context::{Result, parse_id},
    error::ApiError,
    instance::Attendance,
    scalars::{Date, DateTime, LocalTime, TimeZone},
    session::Weekday,
};

/// Which sessions; everything that is given must hold.
#[derive(InputObject, Default)]
pub struct SessionFilter {
    /// Whatever their case.
    pub name_contains: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub is_active: Option<bool>,
    /// Also those whose termination date is past?
    #[graphql(default = false)]
    pub include_terminated: bool,
}

impl From<SessionFilter> for ServiceSessionFilter {
    fn from(filter: SessionFilter) -> Self {
        let SessionFilter { name_contains, city, country, is_active, include_terminated } = filter;
        Self { name_contains, city, country, is_active, include_terminated }
    }
}

/// Which active instances; everything that is given must hold.
#[derive(InputObject, Default)]
pub struct ActiveFilter {
    pub city: Option<String>,
    pub country: Option<String>,
    /// 100 at most.
    pub session_ids: Option<Vec<ID>>,
}

impl ActiveFilter {
    pub fn check(self) -> Result<ServiceActiveFilter> {
        let sessions = self.session_ids.map(|ids| session_ids(&ids)).transpose()?;
        Ok(ServiceActiveFilter { city: self.city, country: self.country, sessions, instances: None })
    }
}

pub fn session_ids(ids: &[ID]) -> Result<Vec<SessionId>> {
    if ids.len() > MAX_SESSION_IDS {
        let message = format!("sessionIds may have {MAX_SESSION_IDS} ids at most");
        return Err(ApiError::bad_user_input(message).at_field("sessionIds"));
    }
    let mut sessions = ids.iter().map(|id| parse_id("sessionIds", id)).collect::<Result<Vec<SessionId>>>()?;
    sessions.sort_unstable();
    sessions.dedup();
    Ok(sessions)
}

/// Which bookings; everything that is given must hold.
#[derive(InputObject, Default)]
pub struct BookingFilter {
    pub status: Option<BookingStatus>,
    pub mentor_id: Option<ID>,
    pub student_id: Option<ID>,
    /// Of slots that start then, or later.
    pub from: Option<DateTime>,
    /// Of slots that start before then.
    pub to: Option<DateTime>,
}

impl BookingFilter {
    pub fn check(self) -> Result<ServiceBookingFilter> {
        let person = |field, id: Option<ID>| id.as_ref().map(|id| parse_id(field, id)).transpose();
        Ok(ServiceBookingFilter {
            status: self.status.map(Into::into),
            mentor: person("mentorId", self.mentor_id)?,
            student: person("studentId", self.student_id)?,
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
        })
    }
}

/// Every so many weeks on one weekday.
#[derive(InputObject)]
pub struct WeeklyScheduleInput {
    weekday: Weekday,
    #[graphql(default = 1)]
    every_n_weeks: i32,
    start_time: LocalTime,
    /// Before the start time: on the next day.
    end_time: LocalTime,
}

/// On one weekday, in certain weeks of the month.
#[derive(InputObject)]
pub struct MonthlyScheduleInput {
    weekday: Weekday,
    /// 1..5 counts from the start of the month, -1..-5 from its end.
    which: Vec<i32>,
    start_time: LocalTime,
    /// Before the start time: on the next day.
    end_time: LocalTime,
}

/// Weekly or monthly.
#[derive(OneofObject)]
pub enum ScheduleInput {
    Weekly(WeeklyScheduleInput),
    Monthly(MonthlyScheduleInput),
}

/// Checks schedules; none at all is no recurrence.
fn recurrence(schedules: Vec<ScheduleInput>) -> Result<Option<Recurrence>> {
    if schedules.is_empty() {
        return Ok(None);
    }
    let checked = schedules.into_iter().enumerate().map(|(index, schedule)| {
        let checked = match schedule {
            ScheduleInput::Weekly(it) => {
                Schedule::weekly(it.weekday.into(), i64::from(it.every_n_weeks), it.start_time.0, it.end_time.0)
            }
            ScheduleInput::Monthly(it) => {
                let which: Vec<i64> = it.which.into_iter().map(i64::from).collect();
                Schedule::monthly(it.weekday.into(), &which, it.start_time.0, it.end_time.0)
            }
        };
        checked.map_err(|error| {
            let field = format!("schedules.{index}.{}", error.field.as_str());
            ApiError::bad_user_input(format!("{field} {}", error.problem)).at_field(field)
        })
    });
    let schedules = checked.collect::<Result<Vec<_>>>()?;
    Recurrence::new(schedules).map(Some).map_err(|error| wrong_recurrence(&error))
}

fn wrong_recurrence(error: &RecurrenceError) -> ApiError {
    let field = match (error.schedule, error.field) {
        (Some(index), Some(field)) => format!("schedules.{index}.{}", field.as_str()),
        (Some(index), None) => format!("schedules.{index}"),
        (None, _) => "schedules".to_owned(),
    };
    ApiError::bad_user_input(format!("{field} {}", error.problem)).at_field(field)
}

/// A zone that was sent has been checked by its scalar.
fn zone(time_zone: &TimeZone) -> Result<Tz> {
    time_zone.zone().ok_or_else(|| ApiError::bad_user_input("timeZone is not known").at_field("timeZone"))
}

#[derive(InputObject)]
pub struct CreateSessionInput {
    name: String,
    /// Unique, used in addresses; made from the name when left out.
    path: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    /// Where it meets: the name of a pub, an address.
    location: Option<String>,
    time_zone: TimeZone,
    schedules: Option<Vec<ScheduleInput>>,
    /// 0 to 1440.
    #[graphql(default = 60)]
    active_buffer_minutes_before: i32,
    /// 0 to 1440.
    #[graphql(default = 60)]
    active_buffer_minutes_after: i32,
    #[graphql(default = false)]
    auto_create_instances: bool,
    /// 1 to 168.
    #[graphql(default = 24)]
    auto_create_hours_ahead: i32,
    initiation_date: Option<Date>,
    termination_date: Option<Date>,
}

impl CreateSessionInput {
    pub fn check(self) -> Result<NewSession> {
        Ok(NewSession {
            time_zone: zone(&self.time_zone)?,
            recurrence: recurrence(self.schedules.unwrap_or_default())?,
            name: self.name,
            path: self.path,
            city: self.city,
            state: self.state,
            country: self.country,
            location: self.location,
            active_buffer_minutes_before: self.active_buffer_minutes_before,
            active_buffer_minutes_after: self.active_buffer_minutes_after,
            auto_create_instances: self.auto_create_instances,
            auto_create_hours_ahead: self.auto_create_hours_ahead,
            initiation_date: self.initiation_date.map(|date| date.0),
            termination_date: self.termination_date.map(|date| date.0),
        })
    }
}

/// Left out: as it is. Null: cleared.
#[expect(clippy::option_option, reason = "the form of the service's patches")]
fn clearable<T, U>(value: MaybeUndefined<T>, convert: impl FnOnce(T) -> U) -> Option<Option<U>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(convert(value))),
    }
}

/// Left out: as it is. Null is refused.
fn lasting<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => {
            Err(ApiError::bad_user_input(format!("{field} can't be cleared: leave it out to keep it")).at_field(field))
        }
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// Every field but id is optional: what is left out stays as it is, null clears.
#[derive(InputObject)]
pub struct UpdateSessionInput {
    pub id: ID,
    name: MaybeUndefined<String>,
    path: MaybeUndefined<String>,
    city: MaybeUndefined<String>,
    state: MaybeUndefined<String>,
    country: MaybeUndefined<String>,
    location: MaybeUndefined<String>,
    time_zone: MaybeUndefined<TimeZone>,
    schedules: MaybeUndefined<Vec<ScheduleInput>>,
    active_buffer_minutes_before: MaybeUndefined<i32>,
    active_buffer_minutes_after: MaybeUndefined<i32>,
    auto_create_instances: MaybeUndefined<bool>,
    auto_create_hours_ahead: MaybeUndefined<i32>,
    initiation_date: MaybeUndefined<Date>,
    termination_date: MaybeUndefined<Date>,
}

impl UpdateSessionInput {
    pub fn check(self) -> Result<SessionPatch> {
        let same = |text: String| text;
        let schedules = match self.schedules {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(schedules) => Some(recurrence(schedules)?),
        };
        Ok(SessionPatch {
            name: lasting("name", self.name)?,
            path: lasting("path", self.path)?,
            city: clearable(self.city, same),
            state: clearable(self.state, same),
            country: clearable(self.country, same),
            location: clearable(self.location, same),
            time_zone: lasting("timeZone", self.time_zone)?.as_ref().map(zone).transpose()?,
            recurrence: schedules,
            active_buffer_minutes_before: lasting("activeBufferMinutesBefore", self.active_buffer_minutes_before)?,
            active_buffer_minutes_after: lasting("activeBufferMinutesAfter", self.active_buffer_minutes_after)?,
            auto_create_instances: lasting("autoCreateInstances", self.auto_create_instances)?,
            auto_create_hours_ahead: lasting("autoCreateHoursAhead", self.auto_create_hours_ahead)?,
            initiation_date: clearable(self.initiation_date, |date| date.0),
            termination_date: clearable(self.termination_date, |date| date.0),
        })
    }
}

#[derive(InputObject)]
pub struct CreateSessionInstanceInput {
    session_id: ID,
    /// Local to the session's zone.
    date: Date,
    start_time: Option<LocalTime>,
    /// Before the start time: on the next day.
    end_time: Option<LocalTime>,
    location_override: Option<String>,
}

impl CreateSessionInstanceInput {
    pub fn check(self) -> Result<NewInstance> {
        Ok(NewInstance {
            session: parse_id("sessionId", &self.session_id)?,
            date: self.date.0,
            start_time: self.start_time.map(|time| time.0),
            end_time: self.end_time.map(|time| time.0),
            location_override: self.location_override,
        })
    }
}

/// Every field but id is optional: what is left out stays as it is, null clears.
#[derive(InputObject)]
pub struct UpdateSessionInstanceInput {
    pub id: ID,
    date: MaybeUndefined<Date>,
    start_time: MaybeUndefined<LocalTime>,
    end_time: MaybeUndefined<LocalTime>,
    location_override: MaybeUndefined<String>,
    is_cancelled: MaybeUndefined<bool>,
}

impl UpdateSessionInstanceInput {
    pub fn check(self) -> Result<InstancePatch> {
        Ok(InstancePatch {
            date: lasting("date", self.date)?.map(|date| date.0),
            start_time: clearable(self.start_time, |time| time.0),
            end_time: clearable(self.end_time, |time| time.0),
            location_override: clearable(self.location_override, |text| text),
            is_cancelled: lasting("isCancelled", self.is_cancelled)?,
        })
    }
}

#[derive(InputObject)]
pub struct CreatePersonInput {
    display_name: String,
    city: Option<String>,
    country: Option<String>,
    /// What an identity provider calls them: the sub of their tokens.
    external_id: Option<String>,
}

impl From<CreatePersonInput> for NewPerson {
    fn from(input: CreatePersonInput) -> Self {
        let CreatePersonInput { display_name, city, country, external_id } = input;
        Self { display_name, city, country, external_id }
    }
}

/// People change their own name, place and hidesPlace; admins everything.
#[derive(InputObject)]
pub struct UpdatePersonInput {
    pub id: ID,
    display_name: MaybeUndefined<String>,
    city: MaybeUndefined<String>,
    country: MaybeUndefined<String>,
    hides_place: MaybeUndefined<bool>,
    is_deactivated: MaybeUndefined<bool>,
    /// What an identity provider calls them: the sub of their tokens.
    external_id: MaybeUndefined<String>,
}

impl UpdatePersonInput {
    pub fn check(self) -> Result<PersonPatch> {
        Ok(PersonPatch {
            display_name: lasting("displayName", self.display_name)?,
            city: clearable(self.city, |text| text),
            country: clearable(self.country, |text| text),
            hides_place: lasting("hidesPlace", self.hides_place)?,
            is_deactivated: lasting("isDeactivated", self.is_deactivated)?,
            external_id: clearable(self.external_id, |text| text),
        })
    }
}

/// personId: admins and organisers may check in others; left out, it is the viewer.
#[derive(InputObject)]
pub struct CheckInInput {
    pub session_instance_id: ID,
    pub attendance: Attendance,
    pub person_id: Option<ID>,
}

#[derive(InputObject)]
pub struct SetActiveOverrideInput {
    pub session_instance_id: ID,
    pub active: bool,
    /// In the future; left out, it holds until the next periodic sweep.
    pub until: Option<DateTime>,
}

/// From startsAt up to, not including, endsAt.
#[derive(InputObject)]
pub struct CreateTimeSlotInput {
    /// Whose time: one's own; admins may offer anyone's.
    mentor_id: ID,
    /// The slot can be booked until then.
    starts_at: DateTime,
    /// At most 24 hours after the start, and in the future.
    ends_at: DateTime,
}

impl CreateTimeSlotInput {
    pub fn check(self) -> Result<NewSlot> {
        let mentor = parse_id("mentorId", &self.mentor_id)?;
        Ok(NewSlot { mentor, starts_at: self.starts_at.0, ends_at: self.ends_at.0 })
    }
}

/// Which slot, for whom.
#[derive(InputObject)]
pub struct BookTimeSlotInput {
    /// One that is free and has not begun.
    pub time_slot_id: ID,
    /// Left out, it is the viewer; admins may book for anyone.
    pub student_id: Option<ID>,
}
