//! Simulated time: many sessions in many zones are swept every 15 minutes and at each due instant. At each step the stored
//! statuses are compared with what `domain` computes from the recurrences. By default it simulates the days around clock
//! changes; with `INSESSION_FULL`, a year of 1,000 sessions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc, Weekday};
use domain::{
    news::{ChangeKind, Position},
    recurrence::{Occurrence, Recurrence, Schedule, Skips},
    status::{LOOKAHEAD, Mode},
    window::Window,
    zone::{ZoneData, local_date},
};
use entity::session;
use insession_tests::{TestDatabase, on_both_databases};
use sea_orm::{FromQueryResult, Statement};
use service::{
    log,
    sessions::Session,
    sweep::{Scope, find_next_due},
};

use super::world::{Dice, Done, World, blank_session, utc};

on_both_databases!(stored_statuses_match_the_rules_at_every_step);

/// The zones have every rule of clock changes that is in use: Europe, North America, the southern hemisphere, half an hour
/// in Lord Howe, at midnight in Cairo and Santiago, on a Saturday in Nuuk, around Ramadan in Casablanca, on a Friday in
/// Jerusalem, two hours in Troll. Others never change, up to 14 hours from UTC.
const ZONES: [&str; 60] = [
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
    "America/Halifax",
    "America/St_Johns",
    "America/Havana",
    "America/Port-au-Prince",
    "America/Bogota",
    "America/Caracas",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "America/Santiago",
    "America/Asuncion",
    "America/Nuuk",
    "America/Miquelon",
    "Atlantic/Azores",
    "Atlantic/Reykjavik",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Athens",
    "Europe/Chisinau",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Africa/Nairobi",
    "Asia/Jerusalem",
    "Asia/Gaza",
    "Asia/Beirut",
    "Asia/Tehran",
    "Asia/Dubai",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Yangon",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Perth",
    "Australia/Eucla",
    "Australia/Adelaide",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Antarctica/Troll",
];

/// A time span in UTC and the number of sessions.
struct Span {
    from: &'static str,
    to: &'static str,
    sessions: usize,
}

const fn span(from: &'static str, to: &'static str, sessions: usize) -> Span {
    Span { from, to, sessions }
}

/// Clocks change in North America and Havana; Europe, Gaza and Jerusalem; Lord Howe, New Zealand, Chile; and back.
const DAYS: [Span; 6] = [
    span("2025-03-08 20:00", "2025-03-09 18:00", 60),
    span("2025-03-28 18:00", "2025-03-30 09:00", 60),
    span("2025-04-05 08:00", "2025-04-06 10:00", 60),
    span("2025-09-06 20:00", "2025-09-07 08:00", 60),
    span("2025-10-25 18:00", "2025-10-26 09:00", 60),
    span("2025-11-01 20:00", "2025-11-02 16:00", 60),
];

const YEAR: [Span; 1] = [span("2025-01-01 00:00", "2026-01-01 00:00", 1_000)];

async fn stored_statuses_match_the_rules_at_every_step(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-01-01 00:00").await?;
    let is_full = std::env::var_os("INSESSION_FULL").is_some();
    for (number, span) in (if is_full { &YEAR[..] } else { &DAYS[..] }).iter().enumerate() {
        simulate(&world, span, u64::try_from(number)?).await?;
    }
    Ok(())
}

/// A session and the meetings of its recurrence around the span.
struct Expected {
    session: i64,
    hours_ahead: TimeDelta,
    meetings: Vec<(Occurrence, Window)>,
}

/// An instance by its session, local date and start.
type Key = (i64, NaiveDate, NaiveTime);

async fn simulate(world: &World, span: &Span, seed: u64) -> Result<()> {
    let (from, to) = (utc(span.from), utc(span.to));
    world.clear().await?;
    world.clock.set(from);
    let expected = insert_sessions(world, span, &mut Dice(seed)).await?;
    let mut timeline = Timeline::new(&expected, from, to);
    let mut steps = 0_u64;

    // The first sweep is exact. It finds what is active already.
    let (mut now, mut mode) = (from, Mode::Exact);
    while now < to {
        world.clock.set(now);
        let report = world.sweep(Scope::Due, mode).await?;
        ensure!(report.errors.is_empty(), "at {now}: {:?}", report.errors);
        let active = find_active(world).await?;
        let (certain, possible) = timeline.active_at(now, mode);
        ensure!(
            certain.is_subset(&active) && active.is_subset(&possible),
            "at {now} ({mode:?}): missing {:?}, too many {:?}",
            certain.difference(&active).collect::<Vec<_>>(),
            active.difference(&possible).collect::<Vec<_>>()
        );
        steps += 1;
        let due = find_next_due(&world.app).await.done()?;
        ensure!(due.is_none_or(|due| now < due), "at {now}: the sweep left something that fell due at {due:?}");
        let tick = next_tick(now);
        (now, mode) = match due {
            Some(due) if due < tick => (due, Mode::Exact),
            // If both are at the same instant, either may be first.
            Some(due) if due == tick && steps.is_multiple_of(2) => (due, Mode::Exact),
            _ => (tick, Mode::Periodic),
        };
        if world.now() == now {
            now += TimeDelta::milliseconds(1);
        }
    }

    let made: BTreeSet<Key> = find_made(world, span.sessions).await?;
    let called_for = expected.iter().flat_map(|it| {
        it.meetings
            .iter()
            .filter(|(occurrence, window)| {
                from < window.closes() && occurrence.meeting.starts_at() - it.hours_ahead < world.now()
            })
            .map(|(occurrence, _)| (it.session, occurrence.date, occurrence.start))
    });
    let called_for: BTreeSet<Key> = called_for.collect();
    ensure!(
        made == called_for,
        "occurrences without an instance: {:?}; instances without an occurrence: {:?}",
        called_for.difference(&made).collect::<Vec<_>>(),
        made.difference(&called_for).collect::<Vec<_>>()
    );
    check_turns(world).await?;
    world.sweep_exactly().await?;
    world.stored().await?.check_statuses(world.now())?;
    eprintln!("{} to {}: {steps} steps, {} instances", span.from, span.to, made.len());
    Ok(())
}

/// Periodic sweeps run at :14, :29, :44 and :59.
fn next_tick(now: DateTime<Utc>) -> DateTime<Utc> {
    let minute = now - TimeDelta::seconds(now.second().into()) - TimeDelta::nanoseconds(now.nanosecond().into());
    (1..=15)
        .map(|minutes| minute + TimeDelta::minutes(minutes))
        .find(|at| at.minute() % 15 == 14)
        .expect("one of fifteen minutes")
}

async fn insert_sessions(world: &World, span: &Span, dice: &mut Dice) -> Result<Vec<Expected>> {
    let mut expected = Vec::new();
    for number in 0..span.sessions {
        let recurrence = some_recurrence(dice);
        let hours_ahead = *dice.pick(&[1, 12, 24, 24, 24, 168]);
        let row = session::Model {
            recurrence: Some(recurrence.to_json()),
            active_buffer_minutes_before: *dice.pick(&[0, 15, 30, 60, 60, 60, 1440]),
            active_buffer_minutes_after: *dice.pick(&[0, 30, 60, 60, 60, 1440]),
            auto_create_instances: true,
            auto_create_hours_ahead: hours_ahead,
            initiation_date: dice.one_in(4).then(|| utc(span.from).date_naive() + Days::new(u64::from(dice.one_in(2)))),
            needs_recompute: true,
            ..blank_session(&format!("Session {number}"), ZONES[number % ZONES.len()])
        };
        let row = world.insert_session(row).await?;
        let value = Session::from(row.clone());
        let zone = value.zone(ZoneData::compiled())?;
        let (calendar, buffers) = (value.calendar(zone, Skips::NONE), value.buffers());
        let first = local_date(zone, utc(span.from)) - Days::new(5);
        let last = local_date(zone, utc(span.to)) + Days::new(10);
        let meetings = recurrence
            .occurrences(&calendar, first, last)
            .map(|occurrence| (occurrence, Window::around(occurrence.meeting, buffers)))
            .collect();
        expected.push(Expected { session: row.id.0, hours_ahead: TimeDelta::hours(hours_ahead.into()), meetings });
    }
    Ok(expected)
}

/// One to three schedules. Half of them start in the hours in which clocks change.
fn some_recurrence(dice: &mut Dice) -> Recurrence {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let schedules = (0..dice.between(1, 3)).map(|_| {
        let weekday = *dice.pick(&[Mon, Tue, Wed, Thu, Fri, Sat, Sat, Sun, Sun, Sun]);
        let hour = if dice.one_in(2) { dice.between(0, 3) } else { dice.between(0, 23) };
        let start = time_of(hour * 60 + *dice.pick(&[0, 0, 15, 30, 45]));
        let end = start.overflowing_add_signed(TimeDelta::minutes((*dice.pick(&[15, 60, 90, 180, 600])).into())).0;
        if dice.one_in(4) {
            Schedule::monthly(weekday, &[*dice.pick(&[1, 2, 4]), -1], start, end)
        } else {
            Schedule::weekly(weekday, (*dice.pick(&[1, 1, 1, 2])).into(), start, end)
        }
    });
    let schedules = schedules.collect::<Result<_, _>>().expect("valid schedules");
    Recurrence::new(schedules).expect("a valid recurrence")
}

fn time_of(minutes: i32) -> NaiveTime {
    let seconds = u32::try_from(minutes * 60).expect("not negative");
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).expect("a time of the day")
}

/// The instances that are expected to be active, from step to step.
struct Timeline {
    /// By the instant from which they may be active: a minute before they open, or when they are created.
    to_come: BTreeMap<DateTime<Utc>, Vec<(Key, Window)>>,
    near: BTreeMap<Key, Window>,
}

impl Timeline {
    fn new(expected: &[Expected], from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let mut to_come: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for it in expected {
            for (occurrence, window) in &it.meetings {
                let made = (occurrence.meeting.starts_at() - it.hours_ahead).max(from);
                let earliest = made.max(window.opens() - LOOKAHEAD);
                if earliest < window.closes() && earliest < to {
                    let key = (it.session, occurrence.date, occurrence.start);
                    to_come.entry(earliest).or_default().push((key, *window));
                }
            }
        }
        Self { to_come, near: BTreeMap::new() }
    }

    /// The instances that must be active, and those that may be active. In the minute before an opening both statuses
    /// are right, except after a periodic sweep.
    fn active_at(&mut self, now: DateTime<Utc>, mode: Mode) -> (BTreeSet<Key>, BTreeSet<Key>) {
        let later = self.to_come.split_off(&(now + TimeDelta::milliseconds(1)));
        self.near.extend(std::mem::replace(&mut self.to_come, later).into_values().flatten());
        self.near.retain(|_, window| now < window.closes());
        let is_certain = |window: &Window| mode == Mode::Periodic || window.opens() <= now;
        let certain = self.near.iter().filter(|(_, window)| is_certain(window)).map(|(key, _)| *key).collect();
        (certain, self.near.keys().copied().collect())
    }
}

#[derive(FromQueryResult)]
struct Row {
    session_id: i64,
    date: NaiveDate,
    start_time: NaiveTime,
}

impl Row {
    fn key(&self) -> Key {
        (self.session_id, self.date, self.start_time)
    }
}

async fn find_active(world: &World) -> Result<BTreeSet<Key>> {
    let sql = "SELECT session_id, date, start_time FROM session_instance WHERE is_active";
    let rows = Row::find_by_statement(Statement::from_string(world.db().get_database_backend(), sql));
    Ok(rows.all(world.db()).await?.iter().map(Row::key).collect())
}

/// All instances. Fails when an occurrence has two.
async fn find_made(world: &World, sessions: usize) -> Result<BTreeSet<Key>> {
    let sql = "SELECT session_id, date, start_time FROM session_instance";
    let rows = Row::find_by_statement(Statement::from_string(world.db().get_database_backend(), sql));
    let rows = rows.all(world.db()).await?;
    let made: BTreeSet<Key> = rows.iter().map(Row::key).collect();
    ensure!(made.len() == rows.len(), "{} instances of {} occurrences, {sessions} sessions", rows.len(), made.len());
    Ok(made)
}

/// Fails when an instance was activated twice.
async fn check_turns(world: &World) -> Result<()> {
    let mut turns: BTreeMap<i64, Vec<ChangeKind>> = BTreeMap::new();
    let mut position = Position(0);
    while log::publish(&world.app).await.done()?.retry_at.is_some() {}
    loop {
        let page = log::read_after(&world.app.db, position, 10_000).await.done()?;
        let Some(last) = page.last() else { break };
        position = last.position;
        for change in page {
            if let Some(change) = change.event.as_session()
                && let Some(instance) = change.instance
            {
                turns.entry(instance.0).or_default().push(change.kind);
            }
        }
    }
    for (instance, turns) in turns {
        let is_right = matches!(turns[..], [ChangeKind::Activated] | [ChangeKind::Activated, ChangeKind::Deactivated]);
        ensure!(is_right, "SessionInstance:{instance}: {turns:?}");
    }
    Ok(())
}
