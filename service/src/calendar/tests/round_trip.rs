//! A feed that another installation imports and exports again is the same file.

use std::collections::BTreeMap;

use domain::{
    import::{Feed, FileSession, ImportRecord, MeetingState},
    recurrence::Skips,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRng, TestRunner},
};

use super::*;

/// What another installation has after an import of this feed.
fn imported(feed: &str) -> SessionCalendar {
    let setting = import::ImportContext {
        data: ZoneData::compiled(),
        time_zone: None,
        now: now(),
        installation: "other".to_owned(),
    };
    let mut contents = import::read(feed.as_bytes(), &setting).unwrap();
    assert_eq!((contents.sessions.len(), &contents.refused), (1, &Vec::new()));
    let FileSession { session: found, source, .. } = contents.sessions.remove(0);
    let zone = ZoneData::compiled().zone(&found.time_zone).unwrap();
    let instances = found.meetings.iter().zip(1..).map(|(meeting, id)| {
        let (start, end) = (meeting.start, meeting.end);
        let instants = Instants::compute(zone, Buffers::default(), meeting.date, start, end);
        Instance {
            start_time: start,
            end_time: end,
            starts_at: instants.starts_at,
            ends_at: instants.ends_at,
            occurrence_date: meeting.occurrence.map(|(date, _)| date),
            occurrence_start: meeting.occurrence.map(|(_, start)| start),
            location_override: meeting.location.clone(),
            is_cancelled: meeting.state == MeetingState::Cancelled,
            deleted_at: (meeting.state == MeetingState::Deleted).then(now),
            ..instance(id, None, (&meeting.date.to_string(), None))
        }
    });
    let skips = found.skips.iter().zip(1..).map(|(date, id)| skip(id, *date, *date));
    let coordinates =
        found.coordinates.and_then(|(latitude, longitude)| GeoPoint::stored(Some(latitude), Some(longitude)));
    let record = ImportRecord {
        instances: found.meetings.iter().zip(1..).map(|(meeting, id)| (meeting.key.clone(), id)).collect(),
        session: found.clone(),
        skips: BTreeMap::new(),
        has_rule_end: true,
    };
    SessionCalendar {
        instances: instances.collect(),
        skips: skips.collect(),
        names: EventNames::copied(Feed::of_source(&source).unwrap(), &record, "other"),
        session: Session {
            id: SessionId(99),
            name: found.name.clone(),
            city: None,
            state: None,
            location: found.location.clone(),
            coordinates,
            time_zone: found.time_zone.clone(),
            recurrence: found.recurrence.clone(),
            initiation_date: found.initiation,
            termination_date: found.termination,
            ..session(&[])
        },
    }
}

fn written(calendar: &SessionCalendar) -> String {
    let source = Source { calendar: calendar.clone(), page: None };
    render(ZoneData::compiled(), &source.calendar.session.name, std::slice::from_ref(&source), now())
}

/// What people did with an occurrence.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Elsewhere,
    Cancelled,
    /// Moved by so many days and minutes.
    Moved(i64, i64),
    Deleted,
    /// An instance made by hand, so many days and minutes later.
    ByHand(i64, i64),
    /// An instance without times, so many days later.
    Timeless(i64),
    /// Skipped, with so many days after it.
    Skipped(u64),
}

/// A session, with edits of some of its occurrences: those with these numbers.
#[derive(Debug, Clone)]
struct Case {
    schedules: Vec<Schedule>,
    zone: &'static str,
    initiation: Option<NaiveDate>,
    termination: Option<NaiveDate>,
    has_place: bool,
    location: Option<&'static str>,
    edits: Vec<(usize, Edit)>,
}

impl Case {
    fn session(&self) -> Session {
        Session {
            time_zone: self.zone.to_owned(),
            recurrence: Some(Recurrence::new(self.schedules.clone()).unwrap().to_json()),
            coordinates: GeoPoint::new(30.25, -97.75).ok().filter(|_| self.has_place),
            location: self.location.map(str::to_owned),
            city: None,
            state: None,
            initiation_date: self.initiation,
            termination_date: self.termination,
            created_at: "2025-01-03T20:00:00Z".parse().unwrap(),
            ..session(&[])
        }
    }

    fn calendar(&self) -> SessionCalendar {
        let (session, zone) = (self.session(), ZoneData::compiled().zone(self.zone).unwrap());
        let recurrence = Recurrence::new(self.schedules.clone()).unwrap();
        let calendar = session.calendar(zone, Skips::NONE);
        // Some of them are long after the years that a feed lists.
        let (from, to) = (date("2025-01-01"), date("2069-12-01"));
        let planned: Vec<_> = recurrence.occurrences(&calendar, from, to).take(60).collect();
        let (mut instances, mut skips) = (Vec::new(), Vec::new());
        for ((nth, edit), id) in self.edits.iter().zip(1..) {
            let Some(of) = planned.get(*nth) else { continue };
            let by = |days: i64, minutes: i64| {
                let starts = of.date.and_time(of.start) + TimeDelta::days(days) + TimeDelta::minutes(minutes);
                let length = TimeDelta::seconds((of.end - of.start).num_seconds().rem_euclid(24 * 60 * 60));
                let (start, end) = (Some(starts.time()), Some((starts + length).time()));
                let instants = Instants::compute(zone, Buffers::default(), starts.date(), start, end);
                Instance {
                    start_time: start,
                    end_time: end,
                    starts_at: instants.starts_at,
                    ends_at: instants.ends_at,
                    listed_at: instants.listed_at,
                    occurrence_date: Some(of.date),
                    occurrence_start: Some(of.start),
                    ..instance(id, None, (&starts.date().to_string(), None))
                }
            };
            let made = match *edit {
                Edit::Elsewhere => Instance { location_override: Some("Park; by the lake".to_owned()), ..by(0, 0) },
                Edit::Cancelled => Instance { is_cancelled: true, ..by(0, 0) },
                Edit::Moved(days, minutes) => by(days, minutes),
                Edit::Deleted => Instance { deleted_at: Some(now()), ..by(0, 0) },
                Edit::ByHand(days, minutes) => {
                    Instance { occurrence_date: None, occurrence_start: None, ..by(days, minutes) }
                }
                Edit::Timeless(days) => instance(id, None, (&(of.date + TimeDelta::days(days)).to_string(), None)),
                Edit::Skipped(days) => {
                    skips.push(skip(id, of.date, of.date + chrono::Days::new(days)));
                    continue;
                }
            };
            instances.push(made);
        }
        SessionCalendar { session, instances, skips, names: EventNames::new(SessionId(7), "test") }
    }

    /// Exports, imports and exports again.
    fn check(&self) {
        let calendar = self.calendar();
        let zone = ZoneData::compiled().zone(self.zone).unwrap();
        let exported = written(&calendar);
        if !exported.contains("BEGIN:VEVENT") {
            // A rule that never gives a meeting, such as one for March, every six months from January.
            let recurrence = calendar.session.recurrence().unwrap().unwrap();
            let days = calendar.session.calendar(zone, Skip::all_dates(&calendar.skips));
            let mut occurrences = recurrence.occurrences(&days, date("2025-01-01"), NaiveDate::MAX);
            assert_eq!(occurrences.next(), None, "{self:?}");
            return;
        }
        let copy = imported(&exported);
        let again = written(&copy);
        let changed =
            |one: &str, other: &str| one.lines().filter(|line| !other.contains(line)).map(str::to_owned).collect();
        let (lost, new): (Vec<_>, Vec<_>) = (changed(&exported, &again), changed(&again, &exported));
        assert!(again == exported, "lost {lost:#?}, new {new:#?}: {self:#?}");
        let later = |calendar: &SessionCalendar| {
            let recurrence = calendar.session.recurrence().unwrap().unwrap_or_default();
            let days = calendar.session.calendar(zone, Skip::all_dates(&calendar.skips));
            let occurrences = recurrence.occurrences(&days, date("2070-01-01"), NaiveDate::MAX);
            occurrences.take(50).map(|it| it.meeting).collect::<Vec<_>>()
        };
        assert_eq!(later(&copy), later(&calendar), "meetings after all edits: {self:?}");
    }
}

/// All forms of schedules, each with a meeting that is cancelled, one that is moved, one that is elsewhere, one that is deleted
/// and one that is skipped, and an instance that was made by hand.
#[test]
fn feed_that_was_imported_and_exported_again_is_the_same() {
    let (evening, night) = ((time("19:00"), time("22:30")), (time("01:30"), time("03:30")));
    let weekly = |day, n, (start, end)| Schedule::weekly(day, n, start, end).unwrap();
    let monthly =
        |day, which: &[i64], n| Schedule::monthly(day, which, evening.0, evening.1).unwrap().every_n_months(n).unwrap();
    let days = |days: &[i64], n| Schedule::month_day(days, night.0, night.1).unwrap().every_n_months(n).unwrap();
    let forms = [
        vec![weekly(Weekday::Thu, 1, evening)],
        vec![weekly(Weekday::Sun, 2, night).with_week_start(Weekday::Sun)],
        vec![weekly(Weekday::Sun, 1, night).in_months(&[3, 11]).unwrap(), weekly(Weekday::Sun, 2, evening)],
        // The first Tuesday is in week 1, and the first Monday in week 2.
        vec![weekly(Weekday::Mon, 2, evening), weekly(Weekday::Tue, 1, evening)],
        vec![monthly(Weekday::Mon, &[1, 4, -1], 1)],
        vec![monthly(Weekday::Mon, &[5, -2, -5], 1), weekly(Weekday::Mon, 1, (time("19:00"), time("21:00")))],
        vec![monthly(Weekday::Fri, &[5], 1)],
        vec![monthly(Weekday::Fri, &[-3], 2), monthly(Weekday::Sat, &[2], 3)],
        // The rule that is written as single events is the second one.
        vec![weekly(Weekday::Tue, 1, evening), monthly(Weekday::Fri, &[5], 1)],
        vec![days(&[1, 15, 31], 1)],
        vec![days(&[-1, -2, -31], 1), days(&[29], 2).in_months(&[2, 4, 6]).unwrap()],
        vec![days(&[-4], 12)],
    ];
    let zones = ["America/Chicago", "Australia/Lord_Howe", "UTC"];
    let cases = forms.iter().flat_map(|form| zones.map(|zone| (form, zone)));
    for (index, (form, zone)) in cases.enumerate() {
        let edits = vec![
            (0, Edit::Elsewhere),
            (2, Edit::Cancelled),
            (4, Edit::Moved(1, 0)),
            (6, Edit::Deleted),
            (7, Edit::ByHand(2, 0)),
            (9, Edit::Skipped(0)),
            (11, Edit::Timeless(0)),
            (12, Edit::Timeless(1)),
        ];
        let case = Case {
            schedules: form.clone(),
            zone,
            initiation: (index % 4 > 0).then(|| date("2025-01-04")),
            termination: (index % 5 == 0).then(|| date("2040-08-15")),
            has_place: index % 2 == 0,
            location: (index % 3 > 0).then_some("Old hangar, at the back"),
            edits,
        };
        case.check();
    }
}

/// Neither a rule nor another meeting says the zone of the session.
#[test]
fn instance_without_times_comes_back_on_its_date() {
    let session = Session { recurrence: None, city: None, state: None, ..session(&[]) };
    let instances = vec![instance(1, None, ("2025-07-01", None)), instance(2, None, ("2025-07-02", None))];
    let names = EventNames::new(SessionId(7), "test");
    let calendar = SessionCalendar { session, instances, skips: Vec::new(), names };
    let copy = imported(&written(&calendar));
    assert_eq!(copy.session.time_zone, "America/Chicago");
    assert_eq!(written(&copy), written(&calendar));
}

/// The recurrence is not only equivalent: the rules and words are those of the first installation.
#[test]
fn positions_of_one_schedule_come_back_as_one_schedule() {
    let (start, end) = (time("19:00"), time("22:30"));
    let monthly = Schedule::monthly(Weekday::Sun, &[3, 1, -1], start, end).unwrap().every_n_months(2).unwrap();
    let days = Schedule::month_day(&[-2, 1, 15], start, end).unwrap().in_months(&[3, 7]).unwrap();
    let weekly = Schedule::weekly(Weekday::Mon, 1, start, end).unwrap();
    let case = Case {
        schedules: vec![weekly, monthly, days],
        zone: "Europe/Berlin",
        initiation: Some(date("2025-01-04")),
        termination: None,
        has_place: false,
        location: None,
        edits: Vec::new(),
    };
    case.check();
    let copy = imported(&written(&case.calendar()));
    assert_eq!(copy.session.recurrence().unwrap().unwrap().schedules(), case.schedules);
}

/// No meeting of this rule is in the years for which a feed lists meetings.
#[test]
fn rule_without_a_meeting_in_the_next_years_is_in_the_feed() {
    let (start, end) = (time("19:00"), time("22:30"));
    let fifth = |n| Schedule::monthly(Weekday::Fri, &[5], start, end).unwrap().every_n_months(n).unwrap();
    for schedule in [fifth(1).in_months(&[2]).unwrap(), fifth(94)] {
        let case = Case {
            schedules: vec![schedule],
            zone: "Europe/Berlin",
            initiation: Some(date("2025-02-04")),
            termination: None,
            has_place: false,
            location: None,
            edits: Vec::new(),
        };
        case.check();
        assert!(written(&case.calendar()).contains("BEGIN:VEVENT"), "{case:?}");
    }
}

fn schedules() -> impl Strategy<Value = Schedule> {
    // Few days and times, so that schedules overlap.
    let days = select(vec![Weekday::Mon, Weekday::Fri, Weekday::Sun]).boxed();
    let hours = select(vec![("19:00", "22:30"), ("19:00", "21:00"), ("22:30", "01:00"), ("01:30", "03:30")]);
    let hours = hours.prop_map(|(start, end)| (time(start), time(end))).boxed();
    let months = select(vec![1, 1, 2, 3, 4, 6, 12]).boxed();
    let weekly = (days.clone(), select(vec![1, 1, 2, 3, 4]), select(vec![Weekday::Mon, Weekday::Sun]), hours.clone())
        .prop_map(|(day, n, first, (start, end))| Schedule::weekly(day, n, start, end).unwrap().with_week_start(first));
    let positions = vec(select(vec![1, 2, 3, 4, 5, -1, -2, -3, -4, -5]), 1..5);
    let monthly = (days, positions, months.clone(), hours.clone()).prop_map(|(day, which, n, (start, end))| {
        Schedule::monthly(day, &which, start, end).unwrap().every_n_months(n).unwrap()
    });
    let numbers = vec(select(vec![1, 2, 15, 28, 29, 30, 31, -1, -2, -3, -30, -31]), 1..5);
    let month_day = (numbers, months, hours)
        .prop_map(|(days, n, (start, end))| Schedule::month_day(&days, start, end).unwrap().every_n_months(n).unwrap());
    let limits = prop_oneof![3 => Just(Vec::new()), 1 => vec(1..=12i64, 1..6)];
    (prop_oneof![2 => weekly, 2 => monthly, 1 => month_day], limits)
        .prop_map(|(schedule, months)| if months.is_empty() { schedule } else { schedule.in_months(&months).unwrap() })
}

fn cases() -> impl Strategy<Value = Case> {
    let shift = (-3..4i64, select(vec![-600, -60, 0, 0, 30, 240]));
    let edit = prop_oneof![
        Just(Edit::Elsewhere),
        Just(Edit::Cancelled),
        shift.clone().prop_map(|(days, minutes)| Edit::Moved(days, minutes)),
        Just(Edit::Deleted),
        shift.prop_map(|(days, minutes)| Edit::ByHand(days, minutes)),
        (0..9u64).prop_map(Edit::Skipped),
        (0..2i64).prop_map(Edit::Timeless),
    ];
    // Each occurrence is edited once at most.
    let edits = vec((0..60usize, edit), 0..9).prop_map(|mut edits| {
        edits.sort_by_key(|(nth, _)| *nth);
        edits.dedup_by_key(|(nth, _)| *nth);
        edits
    });
    let day = |text: &str, days: u64| date(text) + chrono::Days::new(days);
    let bounds = (option::of(0..90u64), option::of(0..3_000u64));
    let zone = select(vec!["America/Chicago", "Australia/Lord_Howe", "UTC", "Africa/Casablanca", "Europe/Dublin"]);
    (vec(schedules(), 1..6), zone, bounds, any::<bool>(), edits).prop_map(
        move |(schedules, zone, (initiation, termination), has_place, edits)| Case {
            schedules,
            zone,
            initiation: initiation.map(|days| day("2024-12-20", days)),
            termination: termination.map(|days| day("2026-01-01", days)),
            has_place,
            location: has_place.then_some("Old hangar, at the back"),
            edits,
        },
    )
}

/// The cases are the same in each run. `ROUND_TRIPS` gives another number of them.
#[test]
fn feed_of_random_schedules_and_edits_is_the_same_after_a_round_trip() {
    let cases_wanted = std::env::var("ROUND_TRIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let config = Config { cases: cases_wanted, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&cases(), |case| {
        case.check();
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
