//! What clients send about sessions and their recurrence.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use domain::{
    recurrence::{Recurrence, RecurrenceError, Schedule},
    zone::Tz,
};
use service::sessions::{NewSession, SessionFilter as ServiceSessionFilter, SessionPatch};

use crate::{
    context::Result,
    error::ApiError,
    input::{clearable, lasting},
    types::{
        scalars::{Date, LocalTime, TimeZone},
        session::Weekday,
    },
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
