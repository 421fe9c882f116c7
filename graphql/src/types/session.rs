//! Sessions and their recurrence.
#![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use chrono::Datelike;
use domain::{
    geo::GeoPoint,
    ids::SessionId,
    recurrence::{self, Calendar, Pattern, Skips},
    zone,
};
use futures_util::FutureExt as _;
use service::{
    instances::{self, meetings::OccurrenceReader},
    lists::RowCursor,
    sessions,
};

use crate::{
    context::{Result, app, id_of},
    error::ApiError,
    loaders::{ActiveOf, MeetingsOf, OrganizersOf, SkipsOf, load, viewer_may_edit},
    types::{
        connection::{Counted, Nodes, connection, page},
        instance::SessionInstance,
        person::Person,
        scalars::{Date, DateTime, LocalTime, TimeZone},
    },
};

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "chrono::Weekday")]
pub enum Weekday {
    /// Monday.
    #[graphql(name = "MONDAY")]
    Mon,
    /// Tuesday.
    #[graphql(name = "TUESDAY")]
    Tue,
    /// Wednesday.
    #[graphql(name = "WEDNESDAY")]
    Wed,
    /// Thursday.
    #[graphql(name = "THURSDAY")]
    Thu,
    /// Friday.
    #[graphql(name = "FRIDAY")]
    Fri,
    /// Saturday.
    #[graphql(name = "SATURDAY")]
    Sat,
    /// Sunday.
    #[graphql(name = "SUNDAY")]
    Sun,
}

/// The kind of a session's check-in codes. A screen at the door shows the code, so that people who are there can check
/// in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::door::CheckInCodes")]
pub enum CheckInCodes {
    /// The session has no codes.
    None,
    /// Each instance has one code. It is accepted from a minute before the instance becomes active until it stops being
    /// active.
    Fixed,
    /// The code of an instance changes every 30 seconds. A code is accepted for 60 seconds after the next one is shown.
    Rotating,
}

/// A schedule that repeats every week, or every few weeks, on one weekday.
#[derive(SimpleObject)]
pub struct WeeklySchedule {
    /// The weekday.
    weekday: Weekday,
    /// The number of weeks from one meeting to the next: 1 is every week. The first one is the week of the session's
    /// initiation date or, without such a date, the week in which the session was created.
    every_n_weeks: i32,
    /// The first day of a week. It only matters if the interval is two weeks or more.
    week_start: Weekday,
    /// The months to which the schedule is limited: 1 is January. Null: all months. The interval keeps counting through
    /// the other months.
    months: Option<Vec<i32>>,
    /// The local start time.
    start_time: LocalTime,
    /// The local end time. An end before the start is on the next day.
    end_time: LocalTime,
}

/// A schedule that repeats every month, or every few months, on one weekday in certain weeks.
#[derive(SimpleObject)]
pub struct MonthlySchedule {
    /// The weekday.
    weekday: Weekday,
    /// Which of these weekdays in a month: 1 to 5 count from the start of the month, -1 to -5 from its end.
    which: Vec<i32>,
    /// The number of months from one month with meetings to the next: 1 is every month. The first one is the month of
    /// the session's initiation date or, without such a date, the month in which the session was created.
    every_n_months: i32,
    /// The months to which the schedule is limited: 1 is January. Null: all months. The interval keeps counting through
    /// the other months.
    months: Option<Vec<i32>>,
    /// The local start time.
    start_time: LocalTime,
    /// The local end time. An end before the start is on the next day.
    end_time: LocalTime,
}

/// A schedule that repeats every month, or every few months, on days of the month.
#[derive(SimpleObject)]
pub struct MonthDaySchedule {
    /// The days of the month: 1 to 31 count from its start, -1 to -31 from its end. A day that a month does not have
    /// produces nothing.
    days: Vec<i32>,
    /// The number of months from one month with meetings to the next: 1 is every month. The first one is the month of
    /// the session's initiation date or, without such a date, the month in which the session was created.
    every_n_months: i32,
    /// The months to which the schedule is limited: 1 is January. Null: all months. The interval keeps counting through
    /// the other months.
    months: Option<Vec<i32>>,
    /// The local start time.
    start_time: LocalTime,
    /// The local end time. An end before the start is on the next day.
    end_time: LocalTime,
}

/// One rule of a recurrence.
#[derive(Union)]
pub enum Schedule {
    Weekly(WeeklySchedule),
    Monthly(MonthlySchedule),
    MonthDay(MonthDaySchedule),
}

impl From<&recurrence::Schedule> for Schedule {
    fn from(schedule: &recurrence::Schedule) -> Self {
        let (start_time, end_time) = (LocalTime(schedule.start()), LocalTime(schedule.end()));
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let numbers = |numbers: &[i8]| numbers.iter().map(|number| i32::from(*number)).collect();
        let months = schedule.months().limit().map(|months| months.into_iter().map(number).collect());
        match schedule.pattern() {
            Pattern::Weekly { weekday, every_n_weeks, week_start } => Self::Weekly(WeeklySchedule {
                weekday: (*weekday).into(),
                every_n_weeks: number(*every_n_weeks),
                week_start: (*week_start).into(),
                months,
                start_time,
                end_time,
            }),
            Pattern::Monthly { weekday, which, every_n_months } => Self::Monthly(MonthlySchedule {
                weekday: (*weekday).into(),
                which: numbers(which),
                every_n_months: number(*every_n_months),
                months,
                start_time,
                end_time,
            }),
            Pattern::MonthDay { days, every_n_months } => Self::MonthDay(MonthDaySchedule {
                days: numbers(days),
                every_n_months: number(*every_n_months),
                months,
                start_time,
                end_time,
            }),
        }
    }
}

pub struct Recurrence {
    recurrence: recurrence::Recurrence,
    calendar: Calendar,
}

/// The rules that say when a session meets.
#[Object]
impl Recurrence {
    /// The rules. Empty if there is no regular schedule.
    async fn schedules(&self) -> Vec<Schedule> {
        self.recurrence.schedules().iter().map(Schedule::from).collect()
    }

    /// The rules in words, such as "Tuesdays from 7:00pm-10:00pm and Sundays from 3:00pm-6:00pm".
    async fn text(&self) -> String {
        self.recurrence.text()
    }

    /// The rules as RRULE values of RFC 5545, one for each schedule.
    async fn rrules(&self) -> Vec<String> {
        self.recurrence.rrules(&self.calendar)
    }
}

/// A meeting that the recurrence asks for, whether or not an instance exists.
#[derive(SimpleObject)]
pub struct Occurrence {
    /// The local date of the start.
    date: Date,
    /// The start as an instant.
    starts_at: DateTime,
    /// The end as an instant.
    ends_at: DateTime,
    /// The instance that stands for this occurrence: one that was created from it, or else one that was created by hand
    /// on this date or moved to it. Its times may differ. Null if there is none yet.
    session_instance: Option<SessionInstance>,
}

pub struct RecurrencePreview(pub sessions::RecurrencePreview);

/// The meaning of schedules that are not saved.
#[Object]
impl RecurrencePreview {
    /// The schedules in words, as `Recurrence.text` gives them.
    async fn text(&self) -> String {
        self.0.recurrence.text()
    }

    /// The schedules as RRULE values of RFC 5545, one for each schedule.
    async fn rrules(&self) -> Vec<String> {
        self.0.recurrence.rrules(&self.0.calendar)
    }

    /// The next occurrences, in order.
    async fn occurrences(
        &self,
        #[graphql(default = 10, desc = "At most this many, 0 to 100.")] first: i32,
    ) -> Result<Vec<PreviewOccurrence>> {
        let count = at_most_100(first)?;
        let found = self.0.recurrence.occurrences(&self.0.calendar, self.0.from, chrono::NaiveDate::MAX).take(count);
        let shown = found.map(|occurrence| PreviewOccurrence {
            date: Date(occurrence.date),
            starts_at: DateTime(occurrence.meeting.starts_at()),
            ends_at: DateTime(occurrence.meeting.ends_at()),
        });
        Ok(shown.collect())
    }
}

/// A meeting that unsaved schedules ask for.
#[derive(SimpleObject)]
pub struct PreviewOccurrence {
    /// The local date of the start.
    date: Date,
    /// The start as an instant.
    starts_at: DateTime,
    /// The end as an instant.
    ends_at: DateTime,
}

/// Checks the argument `first` of occurrences.
fn at_most_100(first: i32) -> Result<usize> {
    match usize::try_from(first) {
        Ok(count) if first <= MAX_OCCURRENCES => Ok(count),
        _ => Err(ApiError::invalid("first", format!("must be 0 to {MAX_OCCURRENCES}"))),
    }
}

/// A range of dates on which a session does not meet.
#[derive(SimpleObject)]
pub struct Skip {
    /// The global id, such as `Skip:7`.
    id: ID,
    /// The first date, in the time zone of the session.
    from: Date,
    /// The last date. It may be the same as the first one.
    to: Date,
    /// The reason. Null if nobody gave one.
    reason: Option<String>,
}

impl From<sessions::Skip> for Skip {
    fn from(skip: sessions::Skip) -> Self {
        Self { id: id_of(skip.id), from: Date(skip.from), to: Date(skip.to), reason: skip.reason }
    }
}

pub struct Session(pub sessions::Session);

impl Session {
    async fn find_occurrences(
        &self,
        ctx: &Context<'_>,
        from: Option<Date>,
        first: i32,
    ) -> Result<Option<Vec<Occurrence>>> {
        let first = at_most_100(first)?;
        let app = app(ctx)?;
        let (Ok(zone), Ok(recurrence)) = (self.0.zone(app.zone_data()), self.0.recurrence()) else {
            return Ok(None);
        };
        let from = from.map_or_else(|| zone::local_date(zone, app.now()), |from| from.0);
        if from.year() < 1 {
            return Err(ApiError::invalid("from", "must be in the years 0001 to 9999"));
        }
        let skips = load(ctx, SkipsOf(self.key())).await?.unwrap_or_default();
        let calendar = self.0.calendar(zone, sessions::Skip::all_dates(&skips));
        let recurrence = recurrence.unwrap_or_default();
        let mut unmatched = OccurrenceReader::new(&recurrence, &calendar, from);
        let mut shown = Vec::new();
        while shown.len() < first
            && let Some((from, to)) = unmatched.read(first)
        {
            let made = load(ctx, MeetingsOf { session: self.key(), from, to }).await?.unwrap_or_default();
            // An occurrence whose instance was deleted does not take place.
            let takes_place =
                |instance: &Option<instances::Instance>| instance.as_ref().is_none_or(|it| it.deleted_at.is_none());
            let matched = unmatched.matched(&made).into_iter().filter(|(_, instance)| takes_place(instance));
            shown.extend(matched.take(first - shown.len()).map(|(occurrence, instance)| Occurrence {
                date: Date(occurrence.date),
                starts_at: DateTime(occurrence.meeting.starts_at()),
                ends_at: DateTime(occurrence.meeting.ends_at()),
                session_instance: instance.map(SessionInstance),
            }));
        }
        Ok(Some(shown))
    }

    fn key(&self) -> SessionId {
        self.0.id
    }
}

/// The maximum of `first` of occurrences.
const MAX_OCCURRENCES: i32 = 100;

/// A series of meetings, with a city, a location, a time zone and a recurrence. Everybody may see sessions.
#[Object]
impl Session {
    /// The global id, such as `Session:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The last part of the address of the session's page. It is unique.
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// The city. Null if it is not known.
    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    /// The state or province. Null if there is none, or if it is not known.
    async fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    /// The country. Null if it is not known.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Where the session meets: the name of a pub, or an address. Null if it is not known.
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The latitude of the location in degrees of WGS 84. Null if it is not known.
    async fn latitude(&self) -> Option<f64> {
        self.0.coordinates.map(GeoPoint::latitude)
    }

    /// The longitude of the location in degrees of WGS 84. Null if it is not known.
    async fn longitude(&self) -> Option<f64> {
        self.0.coordinates.map(GeoPoint::longitude)
    }

    /// The distance from the centre of the filter `near`, in kilometres. Null without that filter.
    async fn distance_km(&self) -> Option<f64> {
        self.0.metres_away.map(|metres| f64::from(metres) / 1000.0)
    }

    /// The time zone of all local dates and times of the session.
    async fn time_zone(&self) -> TimeZone {
        TimeZone::stored(self.0.time_zone.clone())
    }

    /// When the session meets. Null if the stored time zone or recurrence can't be read. Then `problem` says what is
    /// wrong.
    async fn recurrence(&self, ctx: &Context<'_>) -> Result<Option<Recurrence>> {
        let (Ok(zone), Ok(recurrence)) = (self.0.zone(app(ctx)?.zone_data()), self.0.recurrence()) else {
            return Ok(None);
        };
        // The RRULEs do not include the skips.
        let calendar = self.0.calendar(zone, Skips::NONE);
        Ok(Some(Recurrence { recurrence: recurrence.unwrap_or_default(), calendar }))
    }

    /// What is wrong with the stored time zone or recurrence, and must be corrected. Null if nothing is wrong. Only
    /// organisers of the session and admins may see it: for everybody else it is null.
    async fn problem(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let data = app(ctx)?.zone_data();
        let found = if viewer_may_edit(ctx, self.key()).await? { self.0.current_problem(data) } else { None };
        Ok(found.map(|problem| problem.to_string()))
    }

    /// The number of minutes before its start at which an instance becomes active.
    async fn active_buffer_minutes_before(&self) -> i32 {
        self.0.active_buffer_minutes_before
    }

    /// The number of minutes after its end at which an instance stops being active.
    async fn active_buffer_minutes_after(&self) -> i32 {
        self.0.active_buffer_minutes_after
    }

    /// True if instances are created automatically from the recurrence.
    async fn auto_create_instances(&self) -> bool {
        self.0.auto_create_instances
    }

    /// The number of hours before its start at which an instance is created automatically.
    async fn auto_create_hours_ahead(&self) -> i32 {
        self.0.auto_create_hours_ahead
    }

    /// The first date on which the session may meet. Null if there is none.
    async fn initiation_date(&self) -> Option<Date> {
        self.0.initiation_date.map(Date)
    }

    /// The last date on which the session may meet. Null if there is none.
    async fn termination_date(&self) -> Option<Date> {
        self.0.termination_date.map(Date)
    }

    /// True if an instance of the session is active now.
    async fn is_active(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(load(ctx, ActiveOf(self.key())).await?.is_some())
    }

    /// The instances of the session that are active now, by start.
    async fn active_instances(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        let rows = load(ctx, ActiveOf(self.key())).await?.unwrap_or_default();
        Ok(rows.into_iter().map(SessionInstance).collect())
    }

    /// The people who may change the session and its instances, by name.
    async fn organizers(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
        let rows = load(ctx, OrganizersOf(self.key())).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Person).collect())
    }

    /// A description for people, as Markdown. Null if there is none.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The address of the session's website. Null if there is none.
    async fn website(&self) -> Option<&str> {
        self.0.website.as_deref()
    }

    /// The address of a picture of the session, on any site: an https address. Null if there is none. A browser that loads the
    /// picture tells that site its IP address. So this server's page of the session shows it only to people who are signed in.
    async fn picture_url(&self) -> Option<&str> {
        self.0.picture_url.as_deref()
    }

    /// The kind of the session's check-in codes, which a screen at the door shows.
    async fn check_in_codes(&self) -> CheckInCodes {
        self.0.check_in_codes.into()
    }

    /// True if an arrival needs a code: a yes that is given while the instance is active, or in the minute before. An
    /// earlier yes needs none. Organisers and admins need none to check people in.
    async fn requires_code(&self) -> bool {
        self.0.requires_code
    }

    /// True if the viewer may change the session: as an organiser or an admin.
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> Result<bool> {
        viewer_may_edit(ctx, self.key()).await
    }

    /// The meetings that the recurrence asks for, in order. Dates that a skip covers, and meetings whose instance was
    /// deleted, are left out. Null if the time zone or the recurrence can't be read.
    async fn occurrences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first date, in the session's time zone. The default is today.")] from: Option<Date>,
        #[graphql(default = 10, desc = "At most this many, 0 to 100.")] first: i32,
    ) -> Result<Option<Vec<Occurrence>>> {
        self.find_occurrences(ctx, from, first).boxed().await
    }

    /// The ranges of dates on which the session does not meet, ordered by their first date.
    async fn skips(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only skips that end on this date or later. The default is all skips.")] from: Option<Date>,
    ) -> Result<Vec<Skip>> {
        let skips = load(ctx, SkipsOf(self.key())).await?.unwrap_or_default();
        let is_asked_for = |skip: &sessions::Skip| from.is_none_or(|from| from.0 <= skip.to);
        Ok(skips.into_iter().filter(is_asked_for).map(Into::into).collect())
    }

    /// The instances of the session, by start.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn instances(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only instances on this date or later.")] from: Option<Date>,
        #[graphql(desc = "Only instances before this date.")] to: Option<Date>,
        #[graphql(desc = "At most this many, from the start of the list: 0 to 100. The default is 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end of the list: 0 to 100. It excludes `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list: the page ends before it.")] before: Option<String>,
    ) -> Result<Nodes<SessionInstance>> {
        let range =
            instances::InstanceRange { session: self.key(), from: from.map(|date| date.0), to: to.map(|date| date.0) };
        let page = page(first, after, last, before);
        async move {
            let slice = instances::list_instances(app(ctx)?, range, &page).await?;
            let cursor = |row: &instances::Instance| RowCursor::of_instant(row.listed_at, row.id);
            Ok(connection(slice, Counted::Instances(range), cursor, SessionInstance))
        }
        .boxed()
        .await
    }
}
