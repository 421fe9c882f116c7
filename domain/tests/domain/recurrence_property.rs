//! Tests recurrence against the naive implementation, with random schedules in all zones.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use insession_domain::{
    recurrence::{Calendar, Recurrence, Schedule, SkippedDates, Skips},
    window::MeetingTimes,
    zone::{Zone, ZoneData, clock_changes, instant_of},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::naive;

fn zones() -> impl Strategy<Value = Zone> {
    // Zones with unusual clock changes are chosen more often.
    let odd = [
        "Pacific/Apia",
        "Pacific/Kwajalein",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Africa/Casablanca",
        "Asia/Tehran",
        "America/Nuuk",
        "Antarctica/Troll",
        "America/Havana",
        "America/Juneau",
    ];
    let zone = |name: &str| ZoneData::compiled().zone(name).unwrap();
    let all: Vec<Zone> = ZoneData::compiled().names().map(zone).collect();
    let odd: Vec<Zone> = odd.into_iter().map(zone).collect();
    prop_oneof![3 => select(all), 1 => select(odd)]
}

/// Times that are often in the small hours, when clocks change. Many are the same, so that schedules start together.
fn times() -> impl Strategy<Value = NaiveTime> {
    let minutes = prop_oneof![(0..16u32).prop_map(|quarter| quarter * 15), 0..24 * 60u32];
    minutes.prop_map(|minutes| NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0).unwrap())
}

pub fn schedules() -> impl Strategy<Value = Schedule> {
    let weekday = (0..7u8).prop_map(|day| Weekday::try_from(day).unwrap()).boxed();
    let hours = (times(), times()).prop_filter("start and end differ", |(start, end)| start != end).boxed();
    let positions = vec(select(vec![1, 2, 3, 4, 5, -1, -2, -3, -4, -5]), 1..4);
    let every_n_weeks = prop_oneof![3 => Just(1), 3 => 2..7i64, 1 => 7..=520i64];
    let every_n_months = prop_oneof![2 => Just(1), 2 => 2..7i64, 1 => 7..=120i64].boxed();
    let days = vec(prop_oneof![1..=31i64, -31..=-1i64, Just(31), Just(-1)], 1..4);
    let of_weekdays = (weekday.clone(), option::of(positions), every_n_weeks, every_n_months.clone(), hours.clone())
        .prop_map(|(weekday, which, weeks, months, (start, end))| match which {
            Some(which) => Schedule::monthly(weekday, &which, start, end).unwrap().every_n_months(months).unwrap(),
            None => Schedule::weekly(weekday, weeks, start, end).unwrap(),
        });
    let of_days = (days, every_n_months, hours).prop_map(|(days, months, (start, end))| {
        Schedule::month_day(&days, start, end).unwrap().every_n_months(months).unwrap()
    });
    let any = prop_oneof![3 => of_weekdays, 1 => of_days];
    let limits = prop_oneof![2 => Just(vec![]), 1 => vec(1..=12i64, 1..6)];
    (any, limits, prop_oneof![2 => Just(Weekday::Mon), 1 => weekday]).prop_map(|(schedule, months, week_start)| {
        let schedule = schedule.with_week_start(week_start);
        if months.is_empty() { schedule } else { schedule.in_months(&months).unwrap() }
    })
}

fn dates() -> impl Strategy<Value = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap();
    let modern = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    prop_oneof![
        (0..73_000u64).prop_map(move |days| first + Days::new(days)),
        (0..25_000u64).prop_map(move |days| modern + Days::new(days)),
        // Around the days that Samoa and Kwajalein skipped.
        (0..28u64).prop_map(|days| NaiveDate::from_ymd_opt(2011, 12, 16).unwrap() + Days::new(days)),
        (0..28u64).prop_map(|days| NaiveDate::from_ymd_opt(1993, 8, 7).unwrap() + Days::new(days)),
    ]
}

/// A calendar whose first and last dates are near `from`, so that they matter, and the date `from`.
pub fn calendars() -> impl Strategy<Value = (Calendar, NaiveDate)> {
    let bounds = (0..2000u64, option::of(0..200u64), option::of(0..400u64));
    let skips = prop_oneof![1 => Just(vec![]), 1 => vec((0..200u64, 0..30u64), 1..4)];
    (zones(), dates(), bounds, skips).prop_map(|(zone, from, (before, initiation, termination), skips)| {
        let anchor = from - Days::new(before % 600);
        let calendar = Calendar {
            zone,
            anchor: Some(anchor),
            initiation: initiation.map(|days| anchor + Days::new(days)),
            termination: termination.map(|days| from + Days::new(days)),
            skips: Skips::new(skips.into_iter().map(|(after, days)| {
                let first = from + Days::new(after) - Days::new(20);
                SkippedDates::new(first, first + Days::new(days)).unwrap()
            })),
        };
        (calendar, from)
    })
}

/// The range from `before` days before `from` to `after` days after it.
fn days(from: NaiveDate, before: u64, after: u64) -> (NaiveDate, NaiveDate) {
    (from - Days::new(before), from + Days::new(after))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn instants_equal_the_naive_ones(zone in zones(), date in dates(), time in times()) {
        let local = date.and_time(time);
        prop_assert_eq!(instant_of(zone, local), naive::instant_of(zone, local), "{} {}", local, zone);
    }

    #[test]
    fn occurrences_equal_the_naive_ones(
        schedules in vec(schedules(), 0..5),
        (calendar, from) in calendars(),
        length in 0..150u64,
    ) {
        let recurrence = Recurrence::new(schedules.clone()).unwrap();
        let to = from + Days::new(length);
        let found: Vec<_> = recurrence.occurrences(&calendar, from, to).collect();
        // They are ordered, no two start at the same instant, and each has the instants of its date and times.
        prop_assert!(found.is_sorted_by(|one, other| one.meeting.starts_at() < other.meeting.starts_at()));
        for it in &found {
            prop_assert!(from <= it.date && it.date <= to);
            prop_assert_eq!(MeetingTimes::new(calendar.zone, it.date, it.start, it.end), Ok(it.meeting));
        }
        let instants = found.iter().map(|it| (it.meeting.starts_at(), it.meeting.ends_at()));
        let mut naive = naive::occurrences(&schedules, &calendar, (from, to));
        // At the edges of the range the dates may differ: a clock change can merge two occurrences with different
        // dates.
        let edge = |date: NaiveDate| instant_of(calendar.zone, date.and_time(NaiveTime::MIN));
        let inner = (edge(from + Days::new(1)), edge(to));
        let is_inner = |at: &DateTime<Utc>| inner.0 <= *at && *at < inner.1;
        naive.retain(|starts_at, _| is_inner(starts_at));
        let instants: Vec<_> = instants.filter(|(starts_at, _)| is_inner(starts_at)).collect();
        prop_assert_eq!(instants, naive.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn searches_by_instant_equal_the_naive_ones(
        schedules in vec(schedules(), 1..4),
        (calendar, from) in calendars(),
        seconds in 0..400_000i64,
        at_a_start in any::<bool>(),
    ) {
        let recurrence = Recurrence::new(schedules.clone()).unwrap();
        let naive = naive::occurrences(&schedules, &calendar, days(from, 10, 150));
        let mut after = from.and_time(NaiveTime::MIN).and_utc() + TimeDelta::seconds(seconds);
        if at_a_start && let Some((starts_at, _)) = naive.range(after..after + TimeDelta::days(20)).next() {
            after = *starts_at;
        }
        let horizon = after + TimeDelta::days(120);
        let next = recurrence.next_after(&calendar, after).map(|it| it.meeting.starts_at());
        let naive_next = naive.range(after..).map(|(at, _)| *at).find(|at| after < *at);
        prop_assert_eq!(next.filter(|at| *at <= horizon), naive_next.filter(|at| *at <= horizon));
        let found: Vec<_> = recurrence.starting_in(&calendar, after, horizon).iter().map(|it| it.meeting.starts_at()).collect();
        prop_assert_eq!(found, naive.range(after..=horizon).map(|(at, _)| *at).collect::<Vec<_>>());
    }
}

/// Local times around every clock change from 1970 to 2099, in every zone.
#[test]
fn instants_around_every_clock_change_equal_the_naive_ones() {
    let mut changes = 0;
    for name in ZoneData::compiled().names() {
        let zone = ZoneData::compiled().zone(name).unwrap();
        for change in clock_changes(zone) {
            changes += 1;
            for minutes in [-60, -30, -1, 0, 30, 60] {
                let local = change.at.with_timezone(&change.before).naive_local() + TimeDelta::minutes(minutes);
                assert_eq!(instant_of(zone, local), naive::instant_of(zone, local), "{local} {zone}");
            }
        }
    }
    assert!(changes > 10_000, "{changes}");
}

/// A series that begins in the year 2 is searched at the end of the calendar. A series that has ended has no
/// occurrence.
#[test]
fn search_does_not_depend_on_the_age_of_the_series_and_ends() {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let every_520_weeks = Schedule::weekly(Weekday::Fri, 520, time(23), time(1)).unwrap();
    let fifth = Schedule::monthly(Weekday::Fri, &[5], time(23), time(1)).unwrap();
    let recurrence = Recurrence::new(vec![every_520_weeks, fifth]).unwrap();
    let first = NaiveDate::from_ymd_opt(2, 1, 1);
    let calendar = Calendar {
        zone: ZoneData::compiled().zone("Pacific/Apia").unwrap(),
        anchor: first,
        initiation: first,
        termination: None,
        skips: Skips::NONE,
    };
    let last = recurrence.next_after(&calendar, "9998-10-25T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(last.date.to_string(), "9998-10-30");
    assert_eq!(recurrence.next_after(&calendar, last.meeting.starts_at()), None);
    for after in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let next = recurrence.next_after(&calendar, after).map(|it| it.date.to_string());
        assert_eq!(next.as_deref(), (after == DateTime::<Utc>::MIN_UTC).then_some("0002-01-04"));
    }
    let over = Calendar { termination: first, ..calendar.clone() };
    assert_eq!(recurrence.next_after(&over, DateTime::UNIX_EPOCH), None);
    assert_eq!(recurrence.occurrences(&calendar, NaiveDate::MAX, NaiveDate::MIN).count(), 0);
}
