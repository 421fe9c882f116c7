//! Sessions, their recurrence, and who organises them.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use chrono::Datelike;
use domain::{
    ids::SessionId,
    recurrence::{self, Calendar},
    zone,
};
use service::{entity::session, facts, instances, lists::RowCursor};

use crate::{
    context::{Result, app, id_of},
    error::ApiError,
    loaders::{ActiveOf, MeetingsOf, OrganizersOf, load, viewer_may_edit},
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
    #[graphql(name = "MONDAY")]
    Mon,
    #[graphql(name = "TUESDAY")]
    Tue,
    #[graphql(name = "WEDNESDAY")]
    Wed,
    #[graphql(name = "THURSDAY")]
    Thu,
    #[graphql(name = "FRIDAY")]
    Fri,
    #[graphql(name = "SATURDAY")]
    Sat,
    #[graphql(name = "SUNDAY")]
    Sun,
}

/// Every so many weeks on one weekday. With more than one, weeks are counted from Mondays, beginning with the week of the initiation
/// date, or of the day the session was made.
#[derive(SimpleObject)]
pub struct WeeklySchedule {
    weekday: Weekday,
    every_n_weeks: i32,
    start_time: LocalTime,
    /// At or before the start: on the next day.
    end_time: LocalTime,
}

/// On one weekday, in certain weeks of the month.
#[derive(SimpleObject)]
pub struct MonthlySchedule {
    weekday: Weekday,
    /// 1..5 counts from the start of the month, -1..-5 from its end.
    which: Vec<i32>,
    start_time: LocalTime,
    end_time: LocalTime,
}

/// When a session meets.
#[derive(Union)]
pub enum Schedule {
    Weekly(WeeklySchedule),
    Monthly(MonthlySchedule),
}

impl From<&recurrence::Schedule> for Schedule {
    fn from(schedule: &recurrence::Schedule) -> Self {
        let weekday = schedule.weekday().into();
        let (start_time, end_time) = (LocalTime(schedule.start()), LocalTime(schedule.end()));
        match schedule {
            recurrence::Schedule::Weekly { every_n_weeks, .. } => Self::Weekly(WeeklySchedule {
                weekday,
                every_n_weeks: i32::try_from(*every_n_weeks).unwrap_or(i32::MAX),
                start_time,
                end_time,
            }),
            recurrence::Schedule::Monthly { which, .. } => Self::Monthly(MonthlySchedule {
                weekday,
                which: which.iter().map(|which| i32::from(*which)).collect(),
                start_time,
                end_time,
            }),
        }
    }
}

/// When a session meets, as rules.
pub struct Recurrence {
    recurrence: recurrence::Recurrence,
    calendar: Calendar,
}

#[Object]
impl Recurrence {
    async fn schedules(&self) -> Vec<Schedule> {
        self.recurrence.schedules().iter().map(Schedule::from).collect()
    }

    /// For people: 'Tuesdays from 7:00pm-10:00pm and Sundays from 3:00pm-6:00pm'.
    async fn text(&self) -> String {
        self.recurrence.text()
    }

    /// The same as RFC 5545 RRULE values, one per schedule.
    async fn rrules(&self) -> Vec<String> {
        self.recurrence.rrules(&self.calendar)
    }
}

/// One meeting that the recurrence calls for, whether or not an instance exists.
#[derive(SimpleObject)]
pub struct Occurrence {
    date: Date,
    starts_at: DateTime,
    ends_at: DateTime,
    session_instance: Option<SessionInstance>,
}

/// A recurring meeting, with a place, a time zone and a recurrence.
pub struct Session(pub session::Model);

impl Session {
    fn key(&self) -> SessionId {
        self.0.id
    }
}

/// The most occurrences that one field gives.
const MAX_OCCURRENCES: i32 = 100;

#[Object]
impl Session {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Unique, used in addresses.
    async fn path(&self) -> &str {
        &self.0.path
    }

    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    async fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Where it meets: the name of a pub, an address.
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// All local dates and times of the session are in this zone.
    async fn time_zone(&self) -> TimeZone {
        TimeZone::stored(self.0.time_zone.clone())
    }

    /// Null when it can't be read (see problem).
    async fn recurrence(&self) -> Option<Recurrence> {
        let calendar = facts::calendar_of(&self.0, facts::zone_of(&self.0).ok()?);
        let recurrence = facts::recurrence_of(&self.0).ok()?.unwrap_or_default();
        Some(Recurrence { recurrence, calendar })
    }

    /// What is wrong with its zone or recurrence; for those who can edit it, null for others.
    async fn problem(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let problem = || {
            self.0
                .problem
                .clone()
                .or_else(|| facts::zone_of(&self.0).err())
                .or_else(|| facts::recurrence_of(&self.0).err())
        };
        Ok(if viewer_may_edit(ctx, self.key()).await? { problem() } else { None })
    }

    /// How many minutes before its start a meeting becomes active.
    async fn active_buffer_minutes_before(&self) -> i32 {
        self.0.active_buffer_minutes_before
    }

    /// How many minutes after its end a meeting stays active.
    async fn active_buffer_minutes_after(&self) -> i32 {
        self.0.active_buffer_minutes_after
    }

    /// Are instances made by themselves as their time comes near?
    async fn auto_create_instances(&self) -> bool {
        self.0.auto_create_instances
    }

    /// How many hours before its start an instance is made.
    async fn auto_create_hours_ahead(&self) -> i32 {
        self.0.auto_create_hours_ahead
    }

    /// No meeting before this date.
    async fn initiation_date(&self) -> Option<Date> {
        self.0.initiation_date.map(Date)
    }

    /// No meeting after this date.
    async fn termination_date(&self) -> Option<Date> {
        self.0.termination_date.map(Date)
    }

    /// Is one of its meetings on now?
    async fn is_active(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(load(ctx, ActiveOf(self.key())).await?.is_some())
    }

    /// What is on now, by start.
    async fn active_instances(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        let rows = load(ctx, ActiveOf(self.key())).await?.unwrap_or_default();
        Ok(rows.into_iter().map(SessionInstance).collect())
    }

    /// Who may change the session and its meetings, by name.
    async fn organizers(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
        let rows = load(ctx, OrganizersOf(self.key())).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Person).collect())
    }

    /// May the viewer change it?
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> Result<bool> {
        viewer_may_edit(ctx, self.key()).await
    }

    /// The meetings that the recurrence calls for, from a date on (today when left out). Null when the zone or the recurrence can't be read.
    async fn occurrences(
        &self,
        ctx: &Context<'_>,
        from: Option<Date>,
        #[graphql(default = 10, desc = "100 at most.")] first: i32,
    ) -> Result<Option<Vec<Occurrence>>> {
        let first = match usize::try_from(first) {
            Ok(count) if first <= MAX_OCCURRENCES => count,
            _ => {
                return Err(ApiError::bad_user_input(format!("first must be 0 to {MAX_OCCURRENCES}")).at_field("first"));
            }
        };
        let app = app(ctx)?;
        let (Ok(zone), Ok(recurrence)) = (facts::zone_of(&self.0), facts::recurrence_of(&self.0)) else {
            return Ok(None);
        };
        let from = from.map_or_else(|| zone::local_date(zone, app.now()), |from| from.0);
        let calendar = facts::calendar_of(&self.0, zone);
        let recurrence = recurrence.unwrap_or_default();
        let last = chrono::NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(from);
        if from.year() < 1 {
            return Err(ApiError::bad_user_input("from must be in the years 0001 to 9999").at_field("from"));
        }
        let found: Vec<_> = recurrence.occurrences(&calendar, from, last).take(first).collect();
        let dates = found.first().zip(found.last()).map(|(first, last)| (first.date, last.date));
        let made = match dates {
            Some((from, to)) => load(ctx, MeetingsOf { session: self.key(), from, to }).await?.unwrap_or_default(),
            None => Vec::new(),
        };
        let shown = found.into_iter().map(|occurrence| Occurrence {
            date: Date(occurrence.date),
            starts_at: DateTime(occurrence.meeting.starts_at()),
            ends_at: DateTime(occurrence.meeting.ends_at()),
            session_instance: instances::find_for_occurrence(&made, &occurrence.key()).cloned().map(SessionInstance),
        });
        Ok(Some(shown.collect()))
    }

    /// Its dated meetings, by start; dates in `[from, to)`.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn instances(
        &self,
        ctx: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Nodes<SessionInstance>> {
        let range =
            instances::InstanceRange { session: self.key(), from: from.map(|date| date.0), to: to.map(|date| date.0) };
        let slice = instances::list_instances(app(ctx)?, range, &page(first, after, last, before)).await?;
        let cursor = |row: &service::entity::session_instance::Model| RowCursor::of_instant(row.listed_at, row.id);
        Ok(connection(slice, Counted::Instances(range), cursor, SessionInstance))
    }
}
