use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use domain::{
    geo::GeoPoint,
    ids::{SessionId, SessionInstanceId, SkipId},
    import,
    recurrence::{Recurrence, Schedule},
    window::{Buffers, Instants},
    zone::ZoneData,
};

use super::*;
use crate::{
    instances::Instance,
    sessions::{Session, Skip},
};

mod round_trip;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn now() -> DateTime<Utc> {
    "2025-06-02T12:00:00Z".parse().unwrap()
}

/// Thursdays in Chicago, since 2 January 2025.
fn session(schedules: &[(&str, &[i64], &str, &str)]) -> Session {
    let schedule = |(weekday, which, start, end): &(&str, &[i64], &str, &str)| {
        let weekday = weekday.parse().unwrap();
        if which.is_empty() {
            Schedule::weekly(weekday, 1, time(start), time(end)).unwrap()
        } else {
            Schedule::monthly(weekday, which, time(start), time(end)).unwrap()
        }
    };
    let recurrence = Recurrence::new(schedules.iter().map(schedule).collect()).unwrap();
    Session {
        id: SessionId(7),
        name: "Mueller, Thursday; and friends".to_owned(),
        name_key: "mueller, thursday; and friends".to_owned(),
        path: "mueller".to_owned(),
        city: Some("Austin".to_owned()),
        state: Some("TX".to_owned()),
        country: None,
        location: Some("Old hangar".to_owned()),
        coordinates: None,
        metres_away: None,
        time_zone: "America/Chicago".to_owned(),
        recurrence: Some(recurrence.to_json()),
        active_buffer_minutes_before: 60,
        active_buffer_minutes_after: 60,
        auto_create_instances: false,
        auto_create_hours_ahead: 24,
        initiation_date: Some(date("2025-01-02")),
        termination_date: None,
        problem: None,
        revision: 3,
        changed_at: now(),
        created_at: now(),
        deleted_at: None,
        check_in_codes: domain::door::CheckInCodes::None,
        requires_code: false,
        description: None,
        website: None,
        picture_url: None,
    }
}

/// An instance in Chicago, created from the occurrence at `of`.
fn instance(id: i64, of: Option<(&str, &str)>, at: (&str, Option<(&str, &str)>)) -> Instance {
    let (start_time, end_time) = at.1.map(|(start, end)| (time(start), time(end))).unzip();
    let chicago = ZoneData::compiled().zone("America/Chicago").unwrap();
    let instants = Instants::compute(chicago, Buffers::default(), date(at.0), start_time, end_time);
    Instance {
        id: SessionInstanceId(id),
        session_id: SessionId(7),
        date: date(at.0),
        start_time,
        end_time,
        location_override: None,
        metres_away: None,
        starts_at: instants.starts_at,
        ends_at: instants.ends_at,
        opens_at: instants.opens_at,
        closes_at: instants.closes_at,
        listed_at: instants.listed_at,
        is_active: false,
        is_cancelled: false,
        override_active: None,
        override_until: None,
        occurrence_date: of.map(|(day, _)| date(day)),
        occurrence_start: of.map(|(_, start)| time(start)),
        is_cancelled_by_recurrence: false,
        is_removed_by_recurrence: false,
        deleted_at: None,
    }
}

fn rendered(session: Session, instances: Vec<Instance>) -> String {
    let names = EventNames::new(session.id, "test");
    let calendar = SessionCalendar { session, instances, skips: Vec::new(), names };
    let page = Some("https://example.org/sessions/mueller".to_owned());
    let name = calendar.session.name.clone();
    let text = render(ZoneData::compiled(), &name, &[Source { calendar, page }], now());
    text.parse::<icalendar::Calendar>().unwrap_or_else(|error| panic!("{error}\n{text}"));
    text
}

/// Each VEVENT, without the lines that all of them have.
fn events(text: &str) -> Vec<String> {
    let unfolded = text.replace("\r\n ", "").replace("\r\n", "\n");
    let events = unfolded.split("BEGIN:VEVENT\n").skip(1).map(|event| {
        let lines = event.split_once("END:VEVENT").unwrap().0.lines();
        let same = [
            "DTSTAMP:20250602T120000Z",
            "LAST-MODIFIED:20250602T120000Z",
            "SEQUENCE:3",
            "URL:https://example.org/sessions/mueller",
        ];
        let (known, rest): (Vec<&str>, Vec<&str>) = lines.partition(|line| same.contains(line));
        assert_eq!(known.len(), 4, "{event}");
        let short = rest.join(" ").replace(";TZID=America/Chicago", "");
        short
            .replace(" SUMMARY:Mueller\\, Thursday\\; and friends", "")
            .replace("Mueller\\, Thursday\\; and friends", "Mueller")
            .replace(" LOCATION:Old hangar\\, Austin\\, TX", "")
    });
    events.collect()
}

const THURSDAYS: (&str, &[i64], &str, &str) = ("thu", &[], "19:00", "22:30");

#[test]
fn weekly_session_is_one_series() {
    let text = rendered(session(&[THURSDAYS]), vec![]);
    let expected = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//InSession//InSession//EN\nCALSCALE:GREGORIAN\n\
        NAME:Mueller\\, Thursday\\; and friends\nX-WR-CALNAME:Mueller\\, Thursday\\; and friends\n\
        REFRESH-INTERVAL;VALUE=DURATION:PT1H\nX-PUBLISHED-TTL:PT1H\n\
        BEGIN:VTIMEZONE\nTZID:America/Chicago\n\
        BEGIN:STANDARD\nDTSTART:20241103T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0600\nTZNAME:CST\n\
        RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:20250309T020000\nTZOFFSETFROM:-0600\nTZOFFSETTO:-0500\nTZNAME:CDT\n\
        RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n\
        BEGIN:VEVENT\nUID:session-7-weekly-byday-th-190000@test\nDTSTAMP:20250602T120000Z\nLAST-MODIFIED:20250602T120000Z\nSEQUENCE:3\n\
        DTSTART;TZID=America/Chicago:20250102T190000\nDURATION:PT3H30M\nRRULE:FREQ=WEEKLY;BYDAY=TH\n\
        SUMMARY:Mueller\\, Thursday\\; and friends\nLOCATION:Old hangar\\, Austin\\, TX\n\
        URL:https://example.org/sessions/mueller\nEND:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(text.replace("\r\n", "\n"), expected);
    let ended = Session { termination_date: Some(date("2025-06-26")), ..session(&[THURSDAYS]) };
    assert!(rendered(ended, vec![]).contains("RRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20250627T000000Z\r\n"));
    let none = Session { recurrence: None, ..session(&[]) };
    let none = rendered(none, vec![]);
    assert!(!none.contains("VEVENT") && none.contains("BEGIN:VTIMEZONE"), "a calendar has at least one component");
    let broken = Session { time_zone: "Mars/Base".to_owned(), ..session(&[]) };
    assert!(rendered(broken, vec![]).contains("BEGIN:VTIMEZONE\r\nTZID:UTC\r\n"));
}

/// The names are those of the other schedules, whichever was there first.
#[test]
fn each_position_is_a_series_and_rules_that_are_not_widely_read_are_single_events() {
    let ended = Session {
        termination_date: Some(date("2025-03-31")),
        ..session(&[("sun", &[1, -1], "15:00", "18:00"), ("fri", &[5], "19:00", "22:30")])
    };
    let rows = vec![Instance {
        is_cancelled: true,
        ..instance(1, Some(("2025-01-31", "19:00")), ("2025-01-31", Some(("19:00", "22:30"))))
    }];
    let expected = [
        "UID:session-7-monthly-byday-1su-150000@test DTSTART:20250105T150000 DURATION:PT3H \
         RRULE:FREQ=MONTHLY;BYDAY=1SU;UNTIL=20250331T200000Z",
        "UID:session-7-monthly-byday--1su-150000@test DTSTART:20250126T150000 DURATION:PT3H \
         RRULE:FREQ=MONTHLY;BYDAY=-1SU;UNTIL=20250331T200000Z",
        // The rule is there for imports.
        "UID:session-7-monthly-byday-5fr-190000-20250131@test DTSTART:20250131T190000 DTEND:20250131T223000 \
         X-INSESSION-RECURRENCE-ID:20250131T190000 X-INSESSION-DTSTART:20250131T190000 X-INSESSION-DURATION:PT3H30M \
         X-INSESSION-RRULE:FREQ=MONTHLY;BYDAY=5FR;UNTIL=20250401T000000Z X-INSESSION-UNTIL:20301231 \
         SUMMARY:Cancelled: Mueller STATUS:CANCELLED",
    ];
    assert_eq!(events(&rendered(ended, rows)), expected);
}

fn skip(id: i64, from: NaiveDate, to: NaiveDate) -> Skip {
    Skip { id: SkipId(id), session_id: SessionId(7), from, to, reason: None }
}

#[test]
fn skipped_occurrence_is_excluded_even_long_after_the_exceptions_end() {
    let skips = vec![skip(1, date("2025-12-20"), date("2026-01-07")), skip(2, date("2040-12-25"), date("2041-01-01"))];
    let calendar = SessionCalendar {
        session: session(&[THURSDAYS]),
        instances: vec![],
        skips,
        names: EventNames::new(SessionId(7), "test"),
    };
    let text = render(ZoneData::compiled(), "Mueller", &[Source { calendar, page: None }], now()).replace("\r\n ", "");
    let excluded: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("EXDATE;TZID=America/Chicago:")).collect();
    assert_eq!(excluded, ["20251225T190000", "20260101T190000", "20401227T190000"]);
}

#[test]
fn instance_made_by_hand_or_moved_replaces_the_occurrence_that_it_stands_for() {
    let rows = vec![
        instance(1, None, ("2025-06-05", Some(("18:00", "20:00")))),
        // Moved from a Thursday to the next one, which has no second meeting.
        instance(2, Some(("2025-06-12", "19:00")), ("2025-06-19", Some(("20:00", "22:00")))),
    ];
    let expected = [
        "UID:session-7-weekly-byday-th-190000@test DTSTART:20250102T190000 DURATION:PT3H30M \
         RRULE:FREQ=WEEKLY;BYDAY=TH EXDATE:20250619T190000",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20250605T190000 DTSTART:20250605T180000 \
         DTEND:20250605T200000",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20250612T190000 DTSTART:20250619T200000 \
         DTEND:20250619T220000",
    ];
    assert_eq!(events(&rendered(session(&[THURSDAYS]), rows)), expected);
}

/// However far away an instance is, its meeting is shown once.
#[test]
fn instance_long_after_the_listed_years_replaces_the_occurrence_that_it_stands_for() {
    let made = |id, day| instance(id, Some((day, "19:00")), (day, Some(("19:00", "22:30"))));
    let rows = || {
        vec![
            instance(1, None, ("2032-06-03", Some(("18:00", "20:00")))),
            instance(2, Some(("2035-01-04", "19:00")), ("2035-01-05", Some(("20:00", "22:00")))),
            Instance { deleted_at: Some(now()), ..made(3, "2040-05-31") },
            Instance { is_cancelled: true, ..made(4, "2051-06-01") },
            made(5, "2051-06-08"),
        ]
    };
    let expected = [
        "UID:session-7-weekly-byday-th-190000@test DTSTART:20250102T190000 DURATION:PT3H30M \
         RRULE:FREQ=WEEKLY;BYDAY=TH EXDATE:20400531T190000",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20320603T190000 DTSTART:20320603T180000 \
         DTEND:20320603T200000",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20350104T190000 DTSTART:20350105T200000 \
         DTEND:20350105T220000",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20510601T190000 DTSTART:20510601T190000 \
         DTEND:20510601T223000 SUMMARY:Cancelled: Mueller STATUS:CANCELLED",
    ];
    assert_eq!(events(&rendered(session(&[THURSDAYS]), rows())), expected);
    // All of these are fifth Thursdays, or no meeting at all. The rule is written as single events.
    let fifth = events(&rendered(session(&[("thu", &[5], "19:00", "22:30")]), rows()));
    let later: Vec<_> =
        fifth.iter().filter(|event| !event.contains("DTSTART:202") && !event.contains("DTSTART:2030")).collect();
    assert_eq!(later.len(), 4, "{later:#?}");
    assert!(fifth[0].contains("X-INSESSION-EXDATE:20400531T190000 X-INSESSION-UNTIL:20301231"), "{fifth:#?}");
}

#[test]
fn instance_that_differs_is_an_exception() {
    let made = |id, day| instance(id, Some((day, "19:00")), (day, Some(("19:00", "22:30"))));
    let rows = vec![
        made(1, "2025-06-05"),
        Instance { is_cancelled: true, ..made(2, "2025-06-12") },
        instance(3, Some(("2025-06-19", "19:00")), ("2025-06-20", Some(("18:00", "01:00")))),
        Instance { deleted_at: Some(now()), ..made(4, "2025-06-26") },
        Instance { location_override: Some("Park".to_owned()), ..made(5, "2025-07-03") },
        // Its times are not known.
        instance(6, Some(("2025-07-10", "19:00")), ("2025-07-10", None)),
        // Its occurrence no longer exists.
        Instance {
            is_cancelled: true,
            is_cancelled_by_recurrence: true,
            ..instance(7, Some(("2025-07-15", "19:00")), ("2025-07-15", Some(("19:00", "22:30"))))
        },
        Instance { deleted_at: Some(now()), is_removed_by_recurrence: true, ..made(8, "2025-07-17") },
        // Made by hand: at the time of an occurrence, on another day, and deleted.
        instance(9, None, ("2025-07-24", Some(("19:00", "22:30")))),
        instance(10, None, ("2025-07-25", Some(("10:00", "11:00")))),
        Instance { deleted_at: Some(now()), ..instance(11, None, ("2025-07-31", Some(("19:00", "22:30")))) },
    ];
    let expected = [
        "UID:session-7-weekly-byday-th-190000@test DTSTART:20250102T190000 DURATION:PT3H30M RRULE:FREQ=WEEKLY;BYDAY=TH \
         EXDATE:20250626T190000 EXDATE:20250710T190000",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20250612T190000 DTSTART:20250612T190000 DTEND:20250612T223000 \
         SUMMARY:Cancelled: Mueller STATUS:CANCELLED",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20250619T190000 DTSTART:20250620T180000 DTEND:20250621T010000",
        "UID:session-7-weekly-byday-th-190000@test RECURRENCE-ID:20250703T190000 DTSTART:20250703T190000 DTEND:20250703T223000 \
         LOCATION:Park",
        "UID:session-7-instance-6@test DTSTART;VALUE=DATE:20250710 X-INSESSION-TZID:America/Chicago",
        "UID:session-7-instance-7@test DTSTART:20250715T190000 DTEND:20250715T223000 SUMMARY:Cancelled: Mueller STATUS:CANCELLED",
        "UID:session-7-instance-10@test DTSTART:20250725T100000 DTEND:20250725T110000",
    ];
    assert_eq!(events(&rendered(session(&[THURSDAYS]), rows)), expected);
}

#[test]
fn coinciding_schedules_are_one_occurrence() {
    // On the first Thursday it lasts longer; the third is in both, equally long.
    let ended = Session {
        termination_date: Some(date("2025-02-28")),
        ..session(&[("thu", &[1, 3], "19:00", "22:30"), THURSDAYS, ("thu", &[1], "19:00", "23:00")])
    };
    let expected = [
        "UID:session-7-weekly-byday-th-190000@test DTSTART:20250102T190000 DURATION:PT3H30M \
         RRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20250301T010000Z EXDATE:20250102T190000 EXDATE:20250206T190000",
        "UID:session-7-monthly-byday-1th-190000@test DTSTART:20250102T190000 DURATION:PT4H \
         RRULE:FREQ=MONTHLY;BYDAY=1TH;UNTIL=20250301T010000Z",
    ];
    assert_eq!(events(&rendered(ended, vec![])), expected);
}

#[test]
fn meeting_across_a_clock_change_is_an_exception() {
    let nights = Session {
        termination_date: Some(date("2025-11-30")),
        ..session(&[("sun", &[], "01:30", "04:00"), ("sun", &[], "02:30", "05:00"), ("sun", &[], "03:30", "05:00")])
    };
    let ended = "UNTIL=20251130T";
    let expected = [
        // An hour shorter, an hour longer.
        format!(
            "UID:session-7-weekly-byday-su-013000@test DTSTART:20250105T013000 DURATION:PT2H30M RRULE:FREQ=WEEKLY;BYDAY=SU;{ended}073000Z"
        ),
        "UID:session-7-weekly-byday-su-013000@test RECURRENCE-ID:20250309T013000 DTSTART:20250309T013000 DTEND:20250309T040000"
            .into(),
        "UID:session-7-weekly-byday-su-013000@test RECURRENCE-ID:20251102T013000 DTSTART:20251102T063000Z DTEND:20251102T040000"
            .into(),
        // 02:30 is read as 03:30 when the clocks skip it: the same meeting as that of the third schedule.
        format!(
            "UID:session-7-weekly-byday-su-023000@test DTSTART:20250105T023000 DURATION:PT2H30M RRULE:FREQ=WEEKLY;BYDAY=SU;{ended}083000Z EXDATE:20250309T023000"
        ),
        format!(
            "UID:session-7-weekly-byday-su-033000@test DTSTART:20250105T033000 DURATION:PT1H30M RRULE:FREQ=WEEKLY;BYDAY=SU;{ended}093000Z"
        ),
    ];
    assert_eq!(events(&rendered(nights, vec![])), expected);
}

#[test]
fn end_that_the_clocks_skip_is_written() {
    let night = Session { termination_date: Some(date("2025-03-31")), ..session(&[("sat", &[], "23:00", "02:30")]) };
    let expected = "UID:session-7-weekly-byday-sa-230000@test RECURRENCE-ID:20250308T230000 DTSTART:20250308T230000 DTEND:20250309T033000";
    assert_eq!(events(&rendered(night, vec![]))[1..], [expected]);
}

#[test]
fn session_with_a_problem_has_its_instances_in_utc() {
    let rows = || vec![instance(1, Some(("2025-06-05", "19:00")), ("2025-06-05", Some(("19:00", "22:30"))))];
    for broken in [
        Session { time_zone: "Mars/Base".to_owned(), ..session(&[THURSDAYS]) },
        Session { recurrence: Some("oops".to_owned()), ..session(&[THURSDAYS]) },
    ] {
        let text = rendered(broken, rows());
        assert!(!text.contains("VTIMEZONE"), "{text}");
        assert_eq!(events(&text), ["UID:session-7-instance-1@test DTSTART:20250606T000000Z DTEND:20250606T033000Z"]);
    }
}

#[test]
fn ambiguous_local_time_is_written_in_utc() {
    // The second half past one of the night on which the clocks go back.
    let mut row = instance(1, None, ("2025-11-02", Some(("01:30", "04:00"))));
    row.starts_at = Some("2025-11-02T07:30:00Z".parse().unwrap());
    let written = events(&rendered(session(&[]), vec![row]));
    assert_eq!(written, ["UID:session-7-instance-1@test DTSTART:20251102T073000Z DTEND:20251102T040000"]);
}
