//! Stored recurrences, and those that clients send, in every time zone and at both ends of the calendar.

use arbitrary::{Arbitrary, Unstructured};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use domain::{
    autocreate,
    matching::{Existence, ExistingInstance},
    recurrence::{
        BoundedRecurrence, Calendar, Occurrence, Recurrence, Schedule, ScheduleError, ScheduleSource, SkippedDates,
        Skips,
    },
    window::{Buffers, MeetingTimes, Window},
    zone::{Zone, ZoneData},
};

/// Reads the bytes as a stored recurrence, and as one that a client sent.
///
/// # Panics
/// When a check of an accepted recurrence fails.
pub fn check(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(recurrence) = Recurrence::from_json(text)
    {
        let mut question = Question::default();
        check_recurrence(&recurrence, &question);
        question.zone = u16::from(bytes[0]);
        check_recurrence(&recurrence, &question);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_rrule(text);
    }
    let Ok(sent) = Sent::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let Ok(schedules) = sent.schedules.iter().map(SentSchedule::read).collect::<Result<_, _>>() else { return };
    if let Ok(recurrence) = Recurrence::new(schedules) {
        check_recurrence(&recurrence, &sent.question);
    }
}

/// Reads a text as an RRULE. What is accepted is a valid recurrence.
fn check_rrule(text: &str) {
    let anchor = Day::default().read();
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    let rule = ScheduleSource::Rrule { rrule: text.to_owned(), start: time(9), end: time(10) };
    let zone = any_zone(text.len());
    if let Ok(found) = BoundedRecurrence::of_sources(&[rule], zone, anchor, Some(anchor), None) {
        assert!(!found.recurrence.is_empty());
        assert!(found.termination.is_none_or(|last| anchor <= last));
        let question = Question { initiation: Some(Day::default()), ..Question::default() };
        check_recurrence(&found.recurrence, &question);
    }
}

#[derive(Debug, Arbitrary)]
struct Sent {
    question: Question,
    schedules: Vec<SentSchedule>,
}

#[derive(Debug, Arbitrary)]
enum SentSchedule {
    Weekly { weekday: u8, every_n_weeks: Number, start: Time, end: Time },
    Monthly { weekday: u8, which: Vec<Number>, start: Time, end: Time },
    MonthDay { days: Vec<Number>, every_n_months: Number, start: Time, end: Time },
    Limited { weekday: u8, every_n_weeks: Number, week_start: u8, months: Vec<Number>, start: Time, end: Time },
}

impl SentSchedule {
    fn read(&self) -> Result<Schedule, ScheduleError> {
        let weekday = |number: u8| Weekday::try_from(number % 7).unwrap_or(Weekday::Mon);
        match self {
            Self::Weekly { weekday: number, every_n_weeks, start, end } => {
                Schedule::weekly(weekday(*number), every_n_weeks.read(), start.read(), end.read())
            }
            Self::Monthly { weekday: number, which, start, end } => {
                let which: Vec<i64> = which.iter().map(Number::read).collect();
                Schedule::monthly(weekday(*number), &which, start.read(), end.read())
            }
            Self::MonthDay { days, every_n_months, start, end } => {
                let days: Vec<i64> = days.iter().map(|day| day.read().saturating_mul(6)).collect();
                Schedule::month_day(&days, start.read(), end.read())?.every_n_months(every_n_months.read())
            }
            Self::Limited { weekday: number, every_n_weeks, week_start, months, start, end } => {
                let schedule = Schedule::weekly(weekday(*number), every_n_weeks.read(), start.read(), end.read())?;
                let months: Vec<i64> = months.iter().map(|month| month.read().saturating_mul(2)).collect();
                schedule.with_week_start(weekday(*week_start)).in_months(&months)
            }
        }
    }
}

/// A number that is mostly small.
#[derive(Debug, Arbitrary)]
enum Number {
    Small(i8),
    Any(i64),
}

impl Number {
    fn read(&self) -> i64 {
        match self {
            Self::Small(number) => i64::from(number % 6),
            Self::Any(number) => *number,
        }
    }
}

#[derive(Debug, Arbitrary)]
enum Time {
    Minutes(u16),
    /// May be a leap second, which no schedule accepts.
    Any(u32, u32),
}

impl Time {
    fn read(&self) -> NaiveTime {
        let (seconds, nanoseconds) = match self {
            Self::Minutes(minutes) => (u32::from(*minutes) % 1440 * 60, 0),
            Self::Any(seconds, nanoseconds) => (seconds % 86_400, nanoseconds % 2_000_000_000),
        };
        NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds).unwrap_or_default()
    }
}

/// The arguments of the queries to a recurrence.
#[derive(Debug, Default, Arbitrary)]
struct Question {
    zone: u16,
    anchor: Option<Day>,
    initiation: Option<Day>,
    termination: Option<Day>,
    skips: Vec<(Day, Day)>,
    from: Day,
    at: Instant,
    hours_ahead: i32,
    buffers: (i32, i32),
}

#[derive(Debug, Arbitrary)]
enum Day {
    /// Days after 1 January 1970.
    Near(u16),
    /// A day of the years that sessions accept.
    Possible(u32),
    Any(i32),
}

impl Default for Day {
    fn default() -> Self {
        Self::Near(20_000)
    }
}

impl Day {
    fn read(&self) -> NaiveDate {
        let days = match self {
            Self::Near(days) => 719_163 + i32::from(*days),
            Self::Possible(days) => i32::try_from(days % 3_652_059 + 1).unwrap_or_default(),
            Self::Any(days) => *days,
        };
        let end = if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
        NaiveDate::from_num_days_from_ce_opt(days).unwrap_or(end)
    }
}

#[derive(Debug, Arbitrary)]
enum Instant {
    /// Seconds after the start of 1970.
    Near(u32),
    Any(i64),
}

impl Default for Instant {
    fn default() -> Self {
        Self::Near(1_763_718_000)
    }
}

impl Instant {
    fn read(&self) -> DateTime<Utc> {
        let seconds = match self {
            Self::Near(seconds) => i64::from(*seconds),
            Self::Any(seconds) => *seconds,
        };
        let end = if seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp(seconds, 0).unwrap_or(end)
    }
}

/// The days of the longest year.
const DAYS_OF_A_YEAR: u64 = 366;
const MAX_OCCURRENCES_A_YEAR: usize = Recurrence::MAX_SCHEDULES * 367;

/// A zone for each number.
fn any_zone(number: usize) -> Zone {
    let names: Vec<_> = ZoneData::compiled().names().collect();
    let name = names[number % names.len()];
    ZoneData::compiled().zone(name).expect("a name of the data has a zone")
}

fn check_recurrence(recurrence: &Recurrence, question: &Question) {
    assert_eq!(Recurrence::from_json(&recurrence.to_json()).as_ref(), Ok(recurrence));
    assert!(!recurrence.text().is_empty());

    let zone = any_zone(question.zone.into());
    let day = |day: &Option<Day>| day.as_ref().map(Day::read);
    let calendar = Calendar {
        zone,
        anchor: day(&question.anchor),
        initiation: day(&question.initiation),
        termination: day(&question.termination),
        skips: Skips::new(
            question.skips.iter().filter_map(|(from, to)| SkippedDates::new(from.read(), to.read()).ok()),
        ),
    };
    let from = question.from.read();
    let to = from.checked_add_days(Days::new(DAYS_OF_A_YEAR)).unwrap_or(NaiveDate::MAX);
    let occurrences: Vec<_> = recurrence.occurrences(&calendar, from, to).collect();
    assert!(occurrences.len() <= MAX_OCCURRENCES_A_YEAR, "{} in a year", occurrences.len());
    assert!(occurrences.is_sorted_by(|one, other| one.meeting.starts_at() < other.meeting.starts_at()));
    for occurrence in &occurrences {
        assert!(from <= occurrence.date && occurrence.date <= to);
        check_occurrence(occurrence, &calendar);
    }
    // Of an unbounded range, only the occurrences that are read are computed.
    for occurrence in recurrence.occurrences(&calendar, NaiveDate::MIN, NaiveDate::MAX).take(100) {
        check_occurrence(&occurrence, &calendar);
    }

    let at = question.at.read();
    if let Some(next) = recurrence.next_after(&calendar, at) {
        assert!(at < next.meeting.starts_at());
        check_occurrence(&next, &calendar);
        let before = next.meeting.starts_at() - TimeDelta::seconds(1);
        assert_eq!(recurrence.starting_in(&calendar, before, next.meeting.starts_at()).last(), Some(&next));
    }
    let later =
        at.checked_add_signed(TimeDelta::days(DAYS_OF_A_YEAR.cast_signed())).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let starting = recurrence.starting_in(&calendar, at, later);
    assert!(starting.len() <= MAX_OCCURRENCES_A_YEAR);
    assert!(starting.iter().all(|it| at <= it.meeting.starts_at() && it.meeting.starts_at() <= later));

    check_exports(recurrence, &calendar, from);
    check_creation(recurrence, &calendar, question);
}

fn check_occurrence(occurrence: &Occurrence, calendar: &Calendar) {
    assert!((1..=9999).contains(&occurrence.date.year()));
    assert!(calendar.initiation.is_none_or(|first| first <= occurrence.date));
    assert!(calendar.termination.is_none_or(|last| occurrence.date <= last));
    assert!(!calendar.skips.contains(occurrence.date));
    let meeting = MeetingTimes::new(calendar.zone, occurrence.date, occurrence.start, occurrence.end);
    assert_eq!(meeting, Ok(occurrence.meeting));
}

fn check_exports(recurrence: &Recurrence, calendar: &Calendar, from: NaiveDate) {
    let rules = recurrence.rrules(calendar);
    assert_eq!(rules.len(), recurrence.schedules().len());
    assert!(rules.iter().all(|rule| rule.starts_with("FREQ=") && rule.is_ascii()));
    for series in recurrence.series(calendar, from) {
        assert!(from <= series.starts.date() && series.starts < series.ends);
        assert_eq!(std::slice::from_ref(&series.rrule), series.alone().rrules(calendar));
    }
}

/// Checks that each occurrence gets exactly one instance.
fn check_creation(recurrence: &Recurrence, calendar: &Calendar, question: &Question) {
    let buffers = Buffers { before_minutes: question.buffers.0, after_minutes: question.buffers.1 };
    let now = question.at.read();
    let plan = autocreate::plan(recurrence, calendar, buffers, question.hours_ahead, &[], now);
    assert!(plan.next_due.is_none_or(|due| now < due), "{plan:?}");
    let existing: Vec<_> = plan.create.iter().map(existing).collect();
    assert!(plan.create.iter().all(|it| now < Window::around(it.meeting, buffers).closes()));
    let again = autocreate::plan(recurrence, calendar, buffers, question.hours_ahead, &existing, now);
    assert_eq!((again.create, again.next_due), (Vec::new(), plan.next_due));
}

fn existing(occurrence: &Occurrence) -> ExistingInstance {
    ExistingInstance {
        date: occurrence.date,
        start: Some(occurrence.start),
        occurrence: Some(occurrence.key()),
        existence: Existence::Present,
    }
}
