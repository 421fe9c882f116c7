//! Inputs about sessions and their recurrence.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use domain::{
    access::Viewer,
    ids::SessionId,
    recurrence::{Schedule, ScheduleError, ScheduleSource},
    zone::Tz,
};
use service::sessions::{
    Near, NewRecurrence, NewSession, NewSkip, SessionFilter as ServiceSessionFilter, SessionPatch,
};

use crate::{
    context::{Result, parse_id},
    error::ApiError,
    input::{clearable, lasting},
    types::{
        scalars::{Date, LocalTime, TimeZone},
        session::{CheckInCodes, Weekday},
    },
};

/// Conditions that sessions must meet. A condition that is left out excludes nothing.
#[derive(InputObject, Default)]
pub struct SessionFilter {
    /// Only sessions whose name has all words of this text, in any order. A part of a word is enough. Case and accents do not matter.
    pub name_contains: Option<String>,
    /// Only sessions in this city. The spelling must be the same.
    pub city: Option<String>,
    /// Only sessions in this country. The spelling must be the same.
    pub country: Option<String>,
    /// True: only sessions that have an active instance now. False: only sessions that have none.
    pub is_active: Option<bool>,
    /// True: only sessions that the viewer organises. False: only sessions that the viewer does not organise.
    pub organized_by_viewer: Option<bool>,
    /// If true, sessions whose termination date has passed are included.
    #[graphql(default = false)]
    pub include_terminated: bool,
    /// Only sessions in this circle, by distance.
    pub near: Option<GeoFilter>,
}

/// A circle on the earth.
#[derive(InputObject)]
pub struct GeoFilter {
    /// The latitude of its centre in degrees of WGS 84, -90 to 90.
    latitude: f64,
    /// The longitude of its centre in degrees of WGS 84, -180 to 180.
    longitude: f64,
    /// The radius in kilometres: 0 to 500.
    #[graphql(default = 25.0)]
    within_km: f64,
}

impl GeoFilter {
    pub fn check(self) -> Result<Near> {
        Ok(Near::new(self.latitude, self.longitude, self.within_km)?)
    }
}

impl SessionFilter {
    pub fn check(self, viewer: Viewer) -> Result<ServiceSessionFilter> {
        let Self { name_contains, city, country, is_active, organized_by_viewer, include_terminated, near } = self;
        let organizer = organized_by_viewer.map(|is_organizer| (viewer.person, is_organizer));
        let near = near.map(GeoFilter::check).transpose()?;
        Ok(ServiceSessionFilter { name_contains, city, country, is_active, organizer, include_terminated, near })
    }
}

/// A schedule that repeats every week, or every few weeks, on one weekday.
#[derive(InputObject)]
pub struct WeeklyScheduleInput {
    /// The weekday.
    weekday: Weekday,
    /// The number of weeks from one meeting to the next: 1 is every week, 520 at most. The first one is the week of the
    /// session's initiation date or, without such a date, the week in which the session was created.
    #[graphql(default = 1)]
    every_n_weeks: i32,
    /// The first day of a week. It only matters if the interval is two weeks or more. The default is Monday.
    week_start: Option<Weekday>,
    /// The months to which the schedule is limited: 1 is January. The default is all months. The interval keeps counting
    /// through the other months.
    months: Option<Vec<i32>>,
    /// The local start time.
    start_time: LocalTime,
    /// The local end time. An end before the start is on the next day. It can't be equal to the start.
    end_time: LocalTime,
}

/// A schedule that repeats every month, or every few months, on one weekday in certain weeks.
#[derive(InputObject)]
pub struct MonthlyScheduleInput {
    /// The weekday.
    weekday: Weekday,
    /// Which of these weekdays in a month: 1 to 5 count from the start of the month, -1 to -5 from its end.
    which: Vec<i32>,
    /// The number of months from one month with meetings to the next: 1 is every month, 120 at most. The first one is the
    /// month of the session's initiation date or, without such a date, the month in which the session was created.
    #[graphql(default = 1)]
    every_n_months: i32,
    /// The months to which the schedule is limited: 1 is January. The default is all months. The interval keeps counting
    /// through the other months. A yearly meeting is limited to one month.
    months: Option<Vec<i32>>,
    /// The local start time.
    start_time: LocalTime,
    /// The local end time. An end before the start is on the next day. It can't be equal to the start.
    end_time: LocalTime,
}

/// A schedule that repeats every month, or every few months, on days of the month.
#[derive(InputObject)]
pub struct MonthDayScheduleInput {
    /// The days of the month: 1 to 31 count from its start, -1 to -31 from its end. A day that a month does not have
    /// produces nothing.
    days: Vec<i32>,
    /// The local start time.
    start_time: LocalTime,
    /// The local end time. An end before the start is on the next day. It can't be equal to the start.
    end_time: LocalTime,
    /// The number of months from one month with meetings to the next: 1 is every month, 120 at most. The first one is the
    /// month of the session's initiation date or, without such a date, the month in which the session was created.
    #[graphql(default = 1)]
    every_n_months: i32,
    /// The months to which the schedule is limited: 1 is January. The default is all months. The interval keeps counting
    /// through the other months. A yearly meeting is limited to one month.
    months: Option<Vec<i32>>,
}

/// An RRULE of RFC 5545. It is stored as the equivalent schedules. A rule that schedules can't express exactly is
/// refused, and the error names the part.
#[derive(InputObject)]
pub struct RruleScheduleInput {
    /// The RRULE, such as `FREQ=MONTHLY;BYDAY=2TU;UNTIL=20261231`. It may have FREQ (DAILY, WEEKLY, MONTHLY or YEARLY),
    /// INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST, and UNTIL or COUNT, which become the termination date. That date
    /// goes when the session gets other schedules. Its DTSTART is the initiation date of the session or, without such a date,
    /// the date on which the session is created.
    rrule: String,
    /// The local start time.
    start_time: LocalTime,
    /// The local end time. An end before the start is on the next day. It can't be equal to the start.
    end_time: LocalTime,
}

/// One rule of a recurrence: exactly one of these.
#[derive(OneofObject)]
pub enum ScheduleInput {
    /// A schedule by weeks.
    Weekly(WeeklyScheduleInput),
    /// A schedule by weekdays of the month.
    Monthly(MonthlyScheduleInput),
    /// A schedule by days of the month.
    MonthDay(MonthDayScheduleInput),
    /// One or more schedules, as an RRULE of RFC 5545.
    Rrule(RruleScheduleInput),
}

impl ScheduleInput {
    fn check(self) -> std::result::Result<ScheduleSource, ScheduleError> {
        let numbers = |numbers: Vec<i32>| numbers.into_iter().map(i64::from).collect::<Vec<_>>();
        let (schedule, months) = match self {
            Self::Weekly(it) => {
                let weeks = i64::from(it.every_n_weeks);
                let schedule = Schedule::weekly(it.weekday.into(), weeks, it.start_time.0, it.end_time.0)?;
                (schedule.with_week_start(it.week_start.map_or(chrono::Weekday::Mon, Into::into)), it.months)
            }
            Self::Monthly(it) => {
                let which = numbers(it.which);
                let schedule = Schedule::monthly(it.weekday.into(), &which, it.start_time.0, it.end_time.0)?;
                (schedule.every_n_months(it.every_n_months.into())?, it.months)
            }
            Self::MonthDay(it) => {
                let schedule = Schedule::month_day(&numbers(it.days), it.start_time.0, it.end_time.0)?;
                (schedule.every_n_months(it.every_n_months.into())?, it.months)
            }
            Self::Rrule(it) => {
                return Ok(ScheduleSource::Rrule { rrule: it.rrule, start: it.start_time.0, end: it.end_time.0 });
            }
        };
        let schedule = match months {
            Some(months) => schedule.in_months(&numbers(months))?,
            None => schedule,
        };
        Ok(ScheduleSource::Schedule(schedule))
    }
}

/// Checks schedules as far as possible without their session.
fn sources(schedules: Vec<ScheduleInput>) -> Result<Vec<ScheduleSource>> {
    let checked = schedules.into_iter().enumerate().map(|(index, schedule)| {
        schedule.check().map_err(|error| {
            let field = format!("schedules.{index}.{}", error.field);
            ApiError::invalid(field, error.problem)
        })
    });
    checked.collect()
}

/// A range of dates on which a session does not meet.
#[derive(InputObject)]
pub struct SkipInput {
    /// The first date, in the time zone of the session.
    from: Date,
    /// The last date. It may be the same as the first one. A skip has at most 400 days.
    to: Date,
    /// The reason, for people: at most 200 characters.
    reason: Option<String>,
}

impl From<SkipInput> for NewSkip {
    fn from(skip: SkipInput) -> Self {
        Self { from: skip.from.0, to: skip.to.0, reason: skip.reason }
    }
}

/// Skips for one or more sessions.
#[derive(InputObject)]
pub struct AddSkipsInput {
    /// The sessions, 1 to 100. Each of them gets all skips.
    session_ids: Vec<ID>,
    /// The skips. They may overlap each other and skips that exist. A session has at most 500 skips.
    skips: Vec<SkipInput>,
}

impl AddSkipsInput {
    pub fn check(self) -> Result<(Vec<SessionId>, Vec<NewSkip>)> {
        let ids = self.session_ids.iter().enumerate().map(|(index, id)| parse_id(&format!("sessionIds.{index}"), id));
        Ok((ids.collect::<Result<_>>()?, self.skips.into_iter().map(NewSkip::from).collect()))
    }
}

/// The time zone. A zone that a client sent is always known, because the scalar has checked it.
pub(super) fn zone(time_zone: &TimeZone) -> Result<Tz> {
    time_zone.zone().ok_or_else(|| {
        ApiError::invalid("timeZone", "is not a known time zone: use an IANA name, such as America/Chicago")
    })
}

/// A new session.
#[derive(InputObject)]
pub struct CreateSessionInput {
    /// The name: 1 to 200 characters.
    name: String,
    /// The last part of the address of the session's page: letters, digits, `-`, `_`, `.` and `~`. It must be unique.
    /// If it is left out, it is made from the name.
    path: Option<String>,
    /// The city.
    city: Option<String>,
    /// The state or province.
    state: Option<String>,
    /// The country.
    country: Option<String>,
    /// Where the session meets: the name of a pub, or an address.
    location: Option<String>,
    /// The latitude of the location in degrees of WGS 84, -90 to 90. It needs a longitude.
    latitude: Option<f64>,
    /// The longitude of the location in degrees of WGS 84, -180 to 180. It needs a latitude.
    longitude: Option<f64>,
    /// The time zone of all local dates and times of the session.
    time_zone: TimeZone,
    /// When the session meets. Without schedules there is no regular schedule.
    schedules: Option<Vec<ScheduleInput>>,
    /// The number of minutes before its start at which an instance becomes active: 0 to 1440.
    #[graphql(default = 60)]
    active_buffer_minutes_before: i32,
    /// The number of minutes after its end at which an instance stops being active: 0 to 1440.
    #[graphql(default = 60)]
    active_buffer_minutes_after: i32,
    /// True if instances are to be created automatically from the recurrence.
    #[graphql(default = false)]
    auto_create_instances: bool,
    /// The number of hours before its start at which an instance is created automatically: 1 to 168.
    #[graphql(default = 24)]
    auto_create_hours_ahead: i32,
    /// The first date on which the session may meet.
    initiation_date: Option<Date>,
    /// The last date on which the session may meet. It can't be before the initiation date.
    termination_date: Option<Date>,
    /// The ranges of dates on which the session does not meet: at most 500.
    skips: Option<Vec<SkipInput>>,
    /// An idempotency key: any text of 1 to 255 characters that the client makes for this change. A retry with the same
    /// key gets the same answer for a day, and creates nothing. With another input the error is BAD_USER_INPUT. Over
    /// HTTP the header `Idempotency-Key` does the same.
    pub client_mutation_id: Option<String>,
    /// The kind of the session's check-in codes, which a screen at the door shows.
    #[graphql(default_with = "CheckInCodes::None")]
    check_in_codes: CheckInCodes,
    /// True if an arrival needs a code: a yes that is given while the instance is active, or in the minute before. The
    /// session must then have check-in codes.
    #[graphql(default = false)]
    requires_code: bool,
    /// A description for people: up to 2,000 characters of Markdown.
    description: Option<String>,
    /// The address of the session's website, such as `https://example.org`.
    website: Option<String>,
    /// The address of a picture of the session, such as `https://example.org/picture.jpg`: an https address of at most
    /// 2,000 characters, with a host name, and without a user name or password.
    picture_url: Option<String>,
}

impl CreateSessionInput {
    pub fn check(self) -> Result<NewSession> {
        Ok(NewSession {
            time_zone: zone(&self.time_zone)?,
            recurrence: self.schedules.map(sources).transpose()?,
            name: self.name,
            path: self.path,
            city: self.city,
            state: self.state,
            country: self.country,
            location: self.location,
            latitude: self.latitude,
            longitude: self.longitude,
            active_buffer_minutes_before: self.active_buffer_minutes_before,
            active_buffer_minutes_after: self.active_buffer_minutes_after,
            auto_create_instances: self.auto_create_instances,
            auto_create_hours_ahead: self.auto_create_hours_ahead,
            initiation_date: self.initiation_date.map(|date| date.0),
            termination_date: self.termination_date.map(|date| date.0),
            skips: self.skips.unwrap_or_default().into_iter().map(NewSkip::from).collect(),
            check_in_codes: self.check_in_codes.into(),
            requires_code: self.requires_code,
            description: self.description,
            website: self.website,
            picture_url: self.picture_url,
        })
    }
}

/// Changes to a session. A field that is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateSessionInput {
    /// The session.
    pub id: ID,
    /// The name: 1 to 200 characters. It can't be null.
    name: MaybeUndefined<String>,
    /// The last part of the address of the session's page: letters, digits, `-`, `_`, `.` and `~`. It must be unique.
    /// It can't be null.
    path: MaybeUndefined<String>,
    /// The city. Null clears it.
    city: MaybeUndefined<String>,
    /// The state or province. Null clears it.
    state: MaybeUndefined<String>,
    /// The country. Null clears it.
    country: MaybeUndefined<String>,
    /// Where the session meets: the name of a pub, or an address. Null clears it.
    location: MaybeUndefined<String>,
    /// The latitude of the location in degrees of WGS 84, -90 to 90. A session has both coordinates or neither. Null
    /// clears it.
    latitude: MaybeUndefined<f64>,
    /// The longitude of the location in degrees of WGS 84, -180 to 180. A session has both coordinates or neither. Null
    /// clears it.
    longitude: MaybeUndefined<f64>,
    /// The time zone of all local dates and times of the session. It can't be null.
    time_zone: MaybeUndefined<TimeZone>,
    /// When the session meets. Null or an empty list means no regular schedule.
    schedules: MaybeUndefined<Vec<ScheduleInput>>,
    /// The number of minutes before its start at which an instance becomes active: 0 to 1440. It can't be null.
    active_buffer_minutes_before: MaybeUndefined<i32>,
    /// The number of minutes after its end at which an instance stops being active: 0 to 1440. It can't be null.
    active_buffer_minutes_after: MaybeUndefined<i32>,
    /// True if instances are to be created automatically from the recurrence. It can't be null.
    auto_create_instances: MaybeUndefined<bool>,
    /// The number of hours before its start at which an instance is created automatically: 1 to 168. It can't be null.
    auto_create_hours_ahead: MaybeUndefined<i32>,
    /// The first date on which the session may meet. Null clears it.
    initiation_date: MaybeUndefined<Date>,
    /// The last date on which the session may meet. It can't be before the initiation date. Null clears it. A date that is
    /// given here stays when the schedules change, until an RRULE with UNTIL or COUNT replaces it.
    termination_date: MaybeUndefined<Date>,
    /// The kind of the session's check-in codes, which a screen at the door shows. It can't be null.
    check_in_codes: MaybeUndefined<CheckInCodes>,
    /// True if an arrival needs a code: a yes that is given while the instance is active, or in the minute before. The
    /// session must then have check-in codes. It can't be null.
    requires_code: MaybeUndefined<bool>,
    /// A description for people: up to 2,000 characters of Markdown. Null clears it.
    description: MaybeUndefined<String>,
    /// The address of the session's website, such as `https://example.org`. Null clears it.
    website: MaybeUndefined<String>,
    /// The address of a picture of the session, such as `https://example.org/picture.jpg`: an https address of at most
    /// 2,000 characters, with a host name, and without a user name or password. Null clears it.
    picture_url: MaybeUndefined<String>,
}

impl UpdateSessionInput {
    pub fn check(self) -> Result<SessionPatch> {
        let same = |text: String| text;
        let schedules = match self.schedules {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(schedules) => Some(Some(sources(schedules)?)),
        };
        Ok(SessionPatch {
            name: lasting("name", self.name)?,
            path: lasting("path", self.path)?,
            city: clearable(self.city, same),
            state: clearable(self.state, same),
            country: clearable(self.country, same),
            location: clearable(self.location, same),
            latitude: clearable(self.latitude, |degrees| degrees),
            longitude: clearable(self.longitude, |degrees| degrees),
            time_zone: lasting("timeZone", self.time_zone)?.as_ref().map(zone).transpose()?,
            recurrence: schedules,
            active_buffer_minutes_before: lasting("activeBufferMinutesBefore", self.active_buffer_minutes_before)?,
            active_buffer_minutes_after: lasting("activeBufferMinutesAfter", self.active_buffer_minutes_after)?,
            auto_create_instances: lasting("autoCreateInstances", self.auto_create_instances)?,
            auto_create_hours_ahead: lasting("autoCreateHoursAhead", self.auto_create_hours_ahead)?,
            initiation_date: clearable(self.initiation_date, |date| date.0),
            termination_date: clearable(self.termination_date, |date| date.0),
            check_in_codes: lasting("checkInCodes", self.check_in_codes)?.map(Into::into),
            requires_code: lasting("requiresCode", self.requires_code)?,
            description: clearable(self.description, same),
            website: clearable(self.website, same),
            picture_url: clearable(self.picture_url, same),
        })
    }
}

/// Schedules that are not saved, with the dates and the time zone that apply to them.
#[derive(InputObject)]
pub struct PreviewRecurrenceInput {
    /// The time zone of all local dates and times.
    time_zone: TimeZone,
    /// The schedules.
    schedules: Vec<ScheduleInput>,
    /// The first date on which the session may meet. The default is none: then intervals are counted from today.
    initiation_date: Option<Date>,
    /// The last date on which the session may meet. It can't be before the initiation date.
    termination_date: Option<Date>,
    /// The ranges of dates on which the session does not meet: at most 500.
    skips: Option<Vec<SkipInput>>,
    /// The date of the first occurrence to show. The default is today.
    from: Option<Date>,
}

impl PreviewRecurrenceInput {
    pub fn check(self) -> Result<NewRecurrence> {
        Ok(NewRecurrence {
            time_zone: zone(&self.time_zone)?,
            schedules: sources(self.schedules)?,
            initiation_date: self.initiation_date.map(|date| date.0),
            termination_date: self.termination_date.map(|date| date.0),
            skips: self.skips.unwrap_or_default().into_iter().map(NewSkip::from).collect(),
            from: self.from.map(|date| date.0),
        })
    }
}
