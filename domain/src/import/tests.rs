use super::*;
use crate::{
    matching::{Existence, ExistingInstance, Matcher},
    recurrence::{Calendar, Recurrence, SkippedDates, Skips},
    window::MeetingTimes,
};

fn context() -> ImportContext {
    ImportContext {
        data: ZoneData::compiled(),
        time_zone: None,
        now: "2026-01-15T12:00:00Z".parse().unwrap(),
        installation: "here".to_owned(),
    }
}

fn calendar(body: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{body}\nEND:VCALENDAR\n")
}

/// An event on Thursday, 1 January 2026, from 19:00 to 22:00 in Berlin, with more lines.
fn event(more: &str) -> String {
    let given = |name: &str| more.lines().any(|line| line.starts_with(name));
    let mut lines = vec!["BEGIN:VEVENT"];
    for (name, line) in [
        ("UID", "UID:one"),
        ("SUMMARY", "SUMMARY:Session"),
        ("DTSTART", "DTSTART;TZID=Europe/Berlin:20260101T190000"),
        ("DTEND", "DTEND;TZID=Europe/Berlin:20260101T220000"),
    ] {
        if !(given(name) || name == "DTEND" && given("DURATION")) {
            lines.push(line);
        }
    }
    lines.extend(more.lines());
    lines.push("END:VEVENT");
    lines.join("\n")
}

fn import(body: &str) -> Contents {
    read(calendar(body).as_bytes(), &context()).unwrap()
}

fn one(body: &str) -> ImportedSession {
    let mut contents = import(body);
    assert_eq!((contents.sessions.len(), &contents.refused), (1, &Vec::new()), "{body}");
    contents.sessions.remove(0).session
}

fn reason(body: &str) -> String {
    let contents = import(body);
    assert!(contents.sessions.is_empty(), "{body}: {:?}", contents.sessions);
    contents.refused.first().map(|refused| refused.reason.clone()).unwrap()
}

/// The meetings that people see, from January to March 2026, such as `01-08 19:00` in local time. Cancelled ones have an x.
fn meetings(session: &ImportedSession) -> Vec<String> {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let all = shown(session, date("2026-01-01"), date("2026-03-31"));
    let text = |it: &Shown| {
        let mark = if it.is_cancelled { "x" } else { "" };
        format!("{} {}{mark}", it.date.format("%m-%d"), it.start_text())
    };
    all.iter().map(text).collect()
}

/// A meeting as people see it.
struct Shown {
    date: NaiveDate,
    start: Option<NaiveTime>,
    end: Option<NaiveTime>,
    is_cancelled: bool,
    location: Option<String>,
}

impl Shown {
    fn start_text(&self) -> String {
        self.start.map_or("all day".to_owned(), |start| start.format("%H:%M").to_string())
    }
}

/// The meetings between two dates, in their order.
fn shown(session: &ImportedSession, from: NaiveDate, to: NaiveDate) -> Vec<Shown> {
    let zone = ZoneData::compiled().zone(&session.time_zone).unwrap();
    let recurrence = Recurrence::stored(session.recurrence.as_deref()).unwrap().unwrap_or_default();
    let calendar = Calendar {
        zone,
        anchor: session.initiation,
        initiation: session.initiation,
        termination: session.termination,
        skips: Skips::new(session.skips.iter().map(|date| SkippedDates::new(*date, *date).unwrap())),
    };
    let existing = session.meetings.iter().map(|it| ExistingInstance {
        date: it.date,
        start: it.start,
        occurrence: it.occurrence(),
        existence: Existence::stored(it.state == MeetingState::Deleted, false, false),
    });
    let occurrences: Vec<_> = recurrence.occurrences(&calendar, from, to).collect();
    let matched = Matcher::new(existing).with_instances(&recurrence, &calendar, occurrences);
    let unmade = matched.into_iter().filter(|(_, instance)| instance.is_none()).map(|(it, _)| Shown {
        date: it.date,
        start: Some(it.start),
        end: Some(it.end),
        is_cancelled: false,
        location: None,
    });
    let made = session.meetings.iter().filter(|it| it.state != MeetingState::Deleted);
    let made = made.filter(|it| (from..=to).contains(&it.date)).map(|it| {
        if let Some((start, end)) = it.start.zip(it.end) {
            MeetingTimes::new(zone, it.date, start, end).unwrap();
        }
        let is_cancelled = it.state == MeetingState::Cancelled;
        Shown { date: it.date, start: it.start, end: it.end, is_cancelled, location: it.location.clone() }
    });
    let mut all: Vec<_> = unmade.chain(made).collect();
    all.sort_unstable_by_key(|it| (it.date, it.start, it.end));
    all
}

/// What becomes of a file, as text.
fn described(contents: &Contents) -> String {
    let mut lines = Vec::new();
    for found in &contents.sessions {
        let session = &found.session;
        lines.push(format!("{} becomes {:?} in {}", found.source, session.name, session.time_zone));
        let (from, to) = ("2026-01-01".parse().unwrap(), "2036-01-01".parse().unwrap());
        for it in shown(session, from, to).iter().take(8) {
            let end = it.end.map(|end| format!("-{}", end.format("%H:%M"))).unwrap_or_default();
            let cancelled = if it.is_cancelled { ", cancelled" } else { "" };
            let location = it.location.as_ref().map(|location| format!(", {location}")).unwrap_or_default();
            lines.push(format!("  {} {}{end}{cancelled}{location}", it.date, it.start_text()));
        }
        lines.extend(found.notes.iter().map(|note| format!("  note: {note}")));
    }
    for refused in &contents.refused {
        let uid = refused.uid.as_deref().unwrap_or("an event without a UID");
        lines.push(format!("{uid} is refused: it {}", refused.reason));
    }
    lines.join("\n") + "\n"
}

/// Each file of the tests has a text beside it that says what becomes of it. `WRITE_EXPECTED=1` writes these texts anew.
#[test]
fn calendar_files_become_what_is_written_beside_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/calendars");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|it| it == "ics")).collect();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let found = described(&read(&std::fs::read(&file).unwrap(), &context()).unwrap());
        let beside = file.with_extension("txt");
        if std::env::var_os("WRITE_EXPECTED").is_some() {
            std::fs::write(&beside, &found).unwrap();
        }
        assert_eq!(found, std::fs::read_to_string(&beside).unwrap(), "{}", file.display());
    }
}

#[test]
fn weekly_event_becomes_a_session_with_a_schedule() {
    let found = one(&event("LOCATION:Old hangar\\, Berlin\nGEO:52.52;13.405\nRRULE:FREQ=WEEKLY;COUNT=4\nUID:a"));
    assert_eq!((found.name.as_str(), found.location.as_deref()), ("Session", Some("Old hangar, Berlin")));
    assert_eq!(found.coordinates, Some((525_200_000, 134_050_000)));
    assert_eq!(found.time_zone, "Europe/Berlin");
    assert_eq!(found.initiation.map(|date| date.to_string()).as_deref(), Some("2026-01-01"));
    assert_eq!(meetings(&found), ["01-01 19:00", "01-08 19:00", "01-15 19:00", "01-22 19:00"]);
    assert!(found.skips.is_empty() && found.meetings.is_empty());
}

#[test]
fn exceptions_give_exactly_the_meetings_of_rfc_5545() {
    let weekly = "RRULE:FREQ=WEEKLY;UNTIL=20260122T180000Z";
    let changed = |id: &str, more: &str| event(&format!("RECURRENCE-ID;TZID=Europe/Berlin:{id}\n{more}"));
    for (body, expected) in [
        (
            event(&format!("{weekly}\nEXDATE;TZID=Europe/Berlin:20260108T190000")),
            &["01-01 19:00", "01-15 19:00", "01-22 19:00"][..],
        ),
        // The same instant, in another zone. The other date is no meeting.
        (
            event(&format!("{weekly}\nEXDATE:20260108T180000Z,20260109T180000Z")),
            &["01-01 19:00", "01-15 19:00", "01-22 19:00"],
        ),
        // Another meeting on a date of the rule.
        (
            event(&format!("{weekly}\nRDATE;TZID=Europe/Berlin:20260115T110000,20260116T190000")),
            &["01-01 19:00", "01-08 19:00", "01-15 11:00", "01-15 19:00", "01-16 19:00", "01-22 19:00"],
        ),
        // The same one as the rule gives, and one that is excluded.
        (
            event(&format!("{weekly}\nRDATE:20260115T180000Z,20260116T180000Z\nEXDATE:20260116T180000Z")),
            &["01-01 19:00", "01-08 19:00", "01-15 19:00", "01-22 19:00"],
        ),
        // Moved to another date, and then to a date of the rule.
        (
            format!(
                "{}\n{}",
                event(weekly),
                changed(
                    "20260108T190000",
                    "DTSTART;TZID=Europe/Berlin:20260109T200000\nDTEND;TZID=Europe/Berlin:20260109T210000"
                )
            ),
            &["01-01 19:00", "01-09 20:00", "01-15 19:00", "01-22 19:00"],
        ),
        (
            format!(
                "{}\n{}",
                changed(
                    "20260108T190000",
                    "DTSTART;TZID=Europe/Berlin:20260115T100000\nDTEND;TZID=Europe/Berlin:20260115T110000"
                ),
                event(weekly)
            ),
            &["01-01 19:00", "01-15 10:00", "01-15 19:00", "01-22 19:00"],
        ),
        // The last meeting is moved to a date after the end of the rule.
        (
            format!(
                "{}\n{}",
                event(weekly),
                changed(
                    "20260122T190000",
                    "DTSTART;TZID=Europe/Berlin:20260206T190000\nDTEND;TZID=Europe/Berlin:20260206T220000"
                )
            ),
            &["01-01 19:00", "01-08 19:00", "01-15 19:00", "02-06 19:00"],
        ),
        (
            format!(
                "{}\n{}",
                event(weekly),
                changed("20260108T190000", "STATUS:CANCELLED\nDTSTART:20260108T180000Z\nDTEND:20260108T210000Z")
            ),
            &["01-01 19:00", "01-08 19:00x", "01-15 19:00", "01-22 19:00"],
        ),
        // Whether this UNTIL is read as a time of the zone or of UTC, the last meeting is the same one.
        (event("RRULE:FREQ=WEEKLY;UNTIL=20260109T000000"), &["01-01 19:00", "01-08 19:00"]),
        // There is no meeting on the date of UNTIL, so it does not matter whether it means its beginning or its end.
        (event("RRULE:FREQ=WEEKLY;UNTIL=20260109"), &["01-01 19:00", "01-08 19:00"]),
        // Single meetings.
        (event(""), &["01-01 19:00"]),
        (event("STATUS:CANCELLED"), &["01-01 19:00x"]),
        (event("RDATE;VALUE=PERIOD:20260105T180000Z/PT1H"), &["01-01 19:00", "01-05 19:00"]),
        (event("RDATE:20260105T180000Z\nEXDATE:20260101T180000Z"), &["01-05 19:00"]),
        // A change without the event that it changes.
        (changed("20260108T190000", "DTSTART:20260109T180000Z\nDTEND:20260109T190000Z"), &["01-09 18:00"]),
    ] {
        assert_eq!(meetings(&one(&body)), expected, "{body}");
    }
}

#[test]
fn event_that_cannot_be_kept_exactly_is_refused_with_the_reason() {
    for (more, words) in [
        ("DTSTART;VALUE=DATE:20260101", "no time of day"),
        ("DTSTART:20260101", "no time of day"),
        ("DTSTART:20260101T190000", "has a DTSTART without a time zone"),
        ("DTSTART;TZID=Mars/Base:20260101T190000", "Mars/Base"),
        ("DTSTART:soon", "DTSTART that cannot be read"),
        ("DTSTART:00010101T190000Z", "years 0002 to 9998"),
        ("DTSTART:99990101T190000Z", "years 0002 to 9998"),
        ("DTEND;TZID=Europe/Berlin:20260101T180000", "ends before it starts"),
        ("DTEND;TZID=Europe/Berlin:20260102T190000", "lasts a day or longer"),
        (
            "DTSTART;TZID=Europe/Berlin:20271031T023000\nDURATION:PT1H",
            "which is another instant by the clocks of Europe/Berlin",
        ),
        ("DURATION:P1D", "lasts a day or longer"),
        ("DTEND:20260101T200000Z\nDURATION:PT1H", "both DTEND and DURATION"),
        ("DURATION:PT0S\nRRULE:FREQ=WEEKLY", "no end"),
        ("RRULE:FREQ=WEEKLY;BYDAY=FR", "no meeting of its RRULE"),
        ("RRULE:FREQ=HOURLY", "FREQ"),
        ("RRULE:FREQ=WEEKLY;UNTIL=20260108T183000", "not in UTC"),
        ("RRULE:FREQ=WEEKLY;UNTIL=20260115", "UNTIL=20260115T180000Z includes it"),
        // Midnight in UTC is before the meeting of the evening.
        (
            "DTSTART;TZID=America/Chicago:20260101T193000\nDTEND;TZID=America/Chicago:20260101T203000\n\
          RRULE:FREQ=WEEKLY;UNTIL=20260116",
            "not in UTC",
        ),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=1", "BYWEEKNO"),
        ("RRULE:FREQ=WEEKLY;INTERVAL=521", "it must have an INTERVAL of at most ten years"),
        ("RRULE:FREQ=MONTHLY;INTERVAL=121", "it must have an INTERVAL of at most ten years"),
        ("RRULE:FREQ=DAILY;COUNT=999999999999", "COUNT"),
        ("RRULE:FREQ=WEEKLY\nRRULE:FREQ=DAILY", "more than one RRULE"),
        ("SUMMARY:One\nSUMMARY:Two", "more than one SUMMARY"),
        ("UID:one\nUID:two", "more than one UID"),
        ("LOCATION:Here\nLOCATION:There", "more than one LOCATION"),
        ("STATUS:CONFIRMED\nSTATUS:CANCELLED", "more than one STATUS"),
        ("DTSTART;TZID=Europe/Berlin;TZID=Asia/Tokyo:20260101T190000", "DTSTART;TZID=Europe/Berlin"),
        ("RRULE:FREQ=WEEKLY;BYDAY=", "has a part BYDAY that cannot be read: write it like BYDAY=MO,TH"),
        ("RRULE:FREQ=WEEKLY;=TH", "parts such as FREQ=WEEKLY"),
        (
            "DTSTART;TZID=Europe/Berlin:99981220T190000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=10",
            "COUNT of meetings in the years 0002 to 9998",
        ),
        (
            "RDATE:20280101T180000Z\nRRULE:FREQ=DAILY;COUNT=2",
            "(RDATE or RECURRENCE-ID) so long after the end of its RRULE",
        ),
        (
            "RDATE:99991231T235959Z",
            "has an RDATE of 9999-12-31 23:59 in UTC, whose date must be in the years 0002 to 9998",
        ),
        (
            "RRULE:FREQ=WEEKLY\nEXDATE;TZID=America/Chicago:99991231T235959",
            "has an EXDATE of 9999-12-31 23:59 in America/Chicago",
        ),
        ("RECURRENCE-ID:00010101T000000Z", "has a RECURRENCE-ID of 0001-01-01 00:00 in UTC"),
        (
            "RRULE:FREQ=DAILY;UNTIL=20261101T000000Z\nRDATE:20261025T013000Z",
            "has an RDATE of 2026-10-25 02:30:00, which the clocks of Europe/Berlin show twice",
        ),
        ("RRULE:FREQ=WEEKLY\nEXRULE:FREQ=DAILY", "EXRULE"),
        ("RRULE:FREQ=WEEKLY\nSTATUS:CANCELLED", "cancelled as a whole"),
        ("RRULE:FREQ=WEEKLY\nEXDATE;VALUE=DATE:20260108", "has an EXDATE without a time"),
        ("RRULE:FREQ=WEEKLY\nRDATE;VALUE=DATE:20260109", "has an RDATE without a time"),
        ("RECURRENCE-ID;VALUE=DATE:20260109", "has a RECURRENCE-ID without a time"),
        ("RRULE:FREQ=WEEKLY\nEXDATE:never", "has an EXDATE that cannot be read"),
        ("RECURRENCE-ID;RANGE=THISANDFUTURE:20260108T180000Z", "RANGE"),
        ("SUMMARY:", "no SUMMARY"),
        ("UID:", "no UID"),
        ("GEO:91;0", "GEO"),
        ("EXDATE:20260101T180000Z", "no meeting"),
    ] {
        let reason = reason(&event(more));
        assert!(reason.contains(words), "{more}: {reason}");
    }
    let twice = format!("{}\n{}", event("RRULE:FREQ=WEEKLY"), event("RRULE:FREQ=DAILY"));
    assert!(reason(&twice).contains("twice"));
    let newer = format!("{}\n{}", event("RRULE:FREQ=WEEKLY"), event("RRULE:FREQ=DAILY;COUNT=2\nSEQUENCE:1"));
    assert_eq!(meetings(&one(&newer)), ["01-01 19:00", "01-02 19:00"]);
    let cut = import("BEGIN:VEVENT\nUID:cut\nSUMMARY:Half");
    assert_eq!(cut.refused[0].uid.as_deref(), Some("cut"));
}

#[test]
fn event_whose_vtimezone_contradicts_its_zone_is_refused() {
    let zone = |offset: &str, rule: &str| {
        format!(
            "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19961027T030000\nTZOFFSETFROM:+0200\n\
             TZOFFSETTO:{offset}\n{rule}END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19810329T020000\nTZOFFSETFROM:{offset}\n\
             TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
        )
    };
    let in_autumn = "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n";
    let weekly = event("RRULE:FREQ=WEEKLY;UNTIL=20260326T180000Z");
    let ten = one(&format!("{}{weekly}", zone("+0100", in_autumn)));
    assert_eq!(meetings(&ten).len(), 13);
    let wrong = "has a VTIMEZONE that contradicts the time zone of its TZID at 2026-01-01 18:00 UTC";
    assert!(reason(&format!("{}{weekly}", zone("-0500", in_autumn))).starts_with(wrong));
    assert!(reason(&format!("{}{}", zone("-0500", in_autumn), event(""))).starts_with(wrong));
    // By the definition, summer begins on 8 March. The meetings before that day are the same.
    let american = zone("+0100", in_autumn).replace("BYMONTH=3;BYDAY=-1SU", "BYMONTH=3;BYDAY=2SU");
    let until_march = event("RRULE:FREQ=WEEKLY;UNTIL=20260305T180000Z");
    assert_eq!(meetings(&one(&format!("{american}{until_march}"))).len(), 10);
    assert!(reason(&format!("{american}{weekly}")).contains("at 2026-03-12 18:00 UTC"));
    let skipped = "EXDATE;TZID=Europe/Berlin:20260312T190000,20260319T190000,20260326T190000";
    let reason = reason(&format!("{american}{}", event(&format!("RRULE:FREQ=WEEKLY\n{skipped}"))));
    assert!(reason.contains("at 2026-03-12 18:00 UTC"), "the dates themselves are not certain: {reason}");
}

/// A meeting that starts together with an occurrence of the rule, and differs from it in anything else.
#[test]
fn meeting_that_starts_as_the_rule_says_keeps_its_end_location_and_state() {
    let rule = event("RRULE:FREQ=WEEKLY;COUNT=3\nLOCATION:Hall\nGEO:52.5;13.4");
    let second = "2026-01-08T18:00:00Z";
    let (id, start) =
        ("RECURRENCE-ID;TZID=Europe/Berlin:20260108T190000", "DTSTART;TZID=Europe/Berlin:20260108T190000");
    let change = |more: &str| event(&format!("{id}\n{start}\n{more}"));
    let all = |session: &ImportedSession| {
        let all = shown(session, "2026-01-01".parse().unwrap(), "2026-03-31".parse().unwrap());
        let text = |it: &Shown| {
            let end = it.end.map_or_else(String::new, |end| end.format("%H:%M").to_string());
            let location = it.location.as_deref().unwrap_or_default();
            format!("{} {end} {location}{}", it.date.format("%d"), if it.is_cancelled { " x" } else { "" })
        };
        all.iter().map(text).collect::<Vec<_>>()
    };
    let long = "DTEND;TZID=Europe/Berlin:20260108T230000";
    let same = "DTEND;TZID=Europe/Berlin:20260108T220000";
    for (body, expected) in [
        (change(&format!("{long}\nLOCATION:Hall")), "08 23:00 "),
        (change(&format!("{same}\nLOCATION:Park")), "08 22:00 Park"),
        (change(&format!("{same}\nLOCATION:Hall\nSTATUS:CANCELLED")), "08 22:00  x"),
        (change(&format!("{long}\nLOCATION:Park\nSTATUS:CANCELLED")), "08 23:00 Park x"),
        (change("DURATION:PT0S\nLOCATION:Hall"), "08  "),
        (change(&format!("{same}\nLOCATION:Hall")), "08 22:00 "),
    ] {
        let found = one(&format!("{rule}\n{body}"));
        assert_eq!(all(&found), ["01 22:00 ", expected, "15 22:00 "], "{body}");
    }
    // A date of the rule that is also an RDATE is one meeting. The end of a period counts.
    for (dates, expected) in [
        ("RDATE:20260108T180000Z", "08 22:00 "),
        ("RDATE;VALUE=PERIOD:20260108T180000Z/20260108T193000Z", "08 20:30 "),
        ("RDATE;VALUE=PERIOD:20260108T180000Z/PT90M\nRDATE:20260108T180000Z", "08 20:30 "),
    ] {
        let found = one(&rule.replace("LOCATION", &format!("{dates}\nLOCATION")));
        assert_eq!(all(&found), ["01 22:00 ", expected, "15 22:00 "], "{dates}");
    }
    // Two events of one of our feeds are two meetings.
    let uid = |name: &str, text: &str| text.replace("UID:one", &format!("UID:session-7-{name}@there"));
    let by_hand = event(&format!("{start}\n{long}\nLOCATION:Park\nSTATUS:CANCELLED"));
    let feed = format!("PRODID:{PRODID}\n{}\n{}", uid("weekly-byday-th-190000", &rule), uid("instance-3", &by_hand));
    assert_eq!(all(&one(&feed)), ["01 22:00 ", "08 22:00 ", "08 23:00 Park x", "15 22:00 "]);
    // What a single meeting cannot have is noted.
    let at = second.parse::<DateTime<Utc>>().unwrap().format("%Y-%m-%d %H:%M UTC");
    for (more, note) in [
        (
            "LOCATION:Hall\nGEO:52.6;13.4",
            "has the GEO 52.6;13.4 for its meeting of {} only, which has the coordinates of the session here",
        ),
        ("GEO:52.5;13.4", "has no LOCATION for its meeting of {} only, which has the location of the session here"),
        ("LOCATION:Hall\nGEO:52.5;13.4", ""),
        ("STATUS:CANCELLED", ""),
    ] {
        let contents = import(&format!("{rule}\n{}", change(&format!("{same}\n{more}"))));
        let expected: Vec<_> =
            Some(note.replace("{}", &at.to_string())).filter(|note| !note.is_empty()).into_iter().collect();
        assert_eq!(contents.sessions[0].notes, expected, "{more}");
    }
}

#[test]
fn exdate_that_is_no_meeting_is_noted() {
    let notes = |more: &str| import(&event(more)).sessions[0].notes.clone();
    let weekly = "RRULE:FREQ=WEEKLY;UNTIL=20260122T180000Z";
    let note = |at: &str| format!("has the EXDATE 2026-01-{at} UTC, at which it has no meeting");
    let berlin = |dates: &str| format!("{weekly}\nEXDATE;TZID=Europe/Berlin:{dates}");
    assert_eq!(notes(&berlin("20260108T190000")), Vec::<String>::new());
    assert_eq!(notes(&berlin("20260108T180000,20260115T190000")), [note("08 17:00")]);
    assert_eq!(notes(&berlin("20260129T190000")), [note("29 18:00")], "after the end of the rule");
    assert_eq!(notes(&format!("{}\nRDATE:20260109T180000Z", berlin("20260109T190000"))), Vec::<String>::new());
    assert_eq!(notes("RDATE:20260109T180000Z\nEXDATE:20260101T180000Z,20260102T180000Z"), [note("02 18:00")]);
    let many: Vec<String> = (1..=20).map(|minute| format!("20260108T18{minute:02}00")).collect();
    let many = notes(&berlin(&many.join(",")));
    assert_eq!((many.len(), many[10].as_str()), (11, "has more that its session cannot keep"));
}

#[test]
fn instance_of_our_feed_after_the_end_of_its_rule_does_not_move_that_end() {
    let uid = |name: &str| format!("UID:session-7-{name}@there");
    let feed = format!(
        "PRODID:{PRODID}\n{}\n{}",
        event(&format!("{}\nRRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20260115T180000Z", uid("weekly-byday-th-190000"))),
        event(&format!("{}\nDTSTART:20260210T180000Z\nDURATION:PT1H", uid("instance-3"))),
    );
    let found = one(&feed);
    assert_eq!(found.termination.map(|date| date.to_string()).as_deref(), Some("2026-01-15"));
    assert_eq!(meetings(&found), ["01-01 19:00", "01-08 19:00", "01-15 19:00", "02-10 19:00"]);
    assert!(found.skips.is_empty());
}

#[test]
fn name_of_a_single_meeting_is_noted() {
    let changed = "RECURRENCE-ID;TZID=Europe/Berlin:20260108T190000\nDTSTART;TZID=Europe/Berlin:20260108T200000\n\
                   DTEND;TZID=Europe/Berlin:20260108T220000";
    let body = |more: &str| format!("{}\n{}", event("RRULE:FREQ=WEEKLY;COUNT=3"), event(&format!("{changed}{more}")));
    let contents = import(&body("\nSUMMARY:Party"));
    let found = &contents.sessions[0];
    assert_eq!(meetings(&found.session), ["01-01 19:00", "01-08 20:00", "01-15 19:00"]);
    let note = "has the SUMMARY \"Party\" for its meeting of 2026-01-08 18:00 UTC only, which has the name of the session here";
    assert_eq!((found.session.name.as_str(), found.notes.as_slice()), ("Session", &[note.to_owned()][..]));
    assert!(import(&body("")).sessions[0].notes.is_empty());
}

/// Two calendars in one file have nothing to do with each other.
#[test]
fn zones_of_a_calendar_are_used_for_its_own_events_only() {
    let custom = |offset: &str| {
        format!(
            "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:{offset}\n\
             TZOFFSETTO:{offset}\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
    };
    let utc = |uid: &str| event(&format!("UID:{uid}\nDTSTART:20260101T190000Z\nDURATION:PT1H"));
    let mine = |uid: &str| event(&format!("UID:{uid}\nDTSTART;TZID=Mine:20260101T190000\nDURATION:PT1H"));
    let file = [
        calendar(&format!("X-WR-TIMEZONE:\"europe/PARIS\"\n{}{}\n{}", custom("+0200"), utc("a"), mine("b"))),
        calendar(&format!("X-WR-TIMEZONE:Asia/Tokyo\n{}{}\n{}", custom("-0300"), utc("c"), mine("d"))),
        calendar(&format!("{}\n{}", utc("e"), mine("f"))),
    ];
    let contents = read(file.concat().as_bytes(), &context()).unwrap();
    let found = contents.sessions.iter().map(|it| (it.source.as_str(), it.session.time_zone.as_str()));
    let expected = [("a", "Europe/Paris"), ("b", "Etc/GMT-2"), ("c", "Asia/Tokyo"), ("d", "Etc/GMT+3"), ("e", "UTC")];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    let refused: Vec<_> = contents.refused.iter().map(|it| (it.uid.as_deref(), it.reason.as_str())).collect();
    let reason = "has the TZID \"Mine\", which is no IANA name and no name of Windows, and its calendar has no VTIMEZONE for \
                  it: use an IANA name such as Europe/Berlin";
    assert_eq!(refused, [(Some("f"), reason)]);
}

#[test]
fn unknown_zone_of_a_calendar_is_named() {
    let body = |start: &str, more: &str| {
        calendar(&format!(
            "X-WR-TIMEZONE:Mars\n{}",
            event(&format!("DTSTART{start}\nDURATION:PT1H\nRRULE:FREQ=WEEKLY{more}"))
        ))
    };
    let refused = read(body(":20260101T190000", "").as_bytes(), &context()).unwrap().refused.remove(0).reason;
    assert!(
        refused.ends_with("for such times (the X-WR-TIMEZONE of its calendar, \"Mars\", is not known)"),
        "{refused}"
    );
    let berlin = ImportContext { time_zone: ZoneData::compiled().zone("Europe/Berlin").ok(), ..context() };
    let notes = |text: String| read(text.as_bytes(), &berlin).unwrap().sessions.remove(0).notes;
    let advice =
        "the X-WR-TIMEZONE of its calendar, \"Mars\", is not known. It should be an IANA name, such as Europe/Berlin";
    let floating = "has times without a time zone, which are read as times in Europe/Berlin";
    assert_eq!(notes(body(":20260101T190000", "")), [format!("{floating}: {advice}")]);
    assert_eq!(
        notes(body(":20260101T190000Z", "")),
        [format!("has times in UTC, and its session is in UTC: {advice}")]
    );
    assert!(notes(body(";TZID=Asia/Tokyo:20260101T190000", "")).is_empty());
}

/// Any of the UIDs may be the right one. So no event with any of them is imported.
#[test]
fn event_with_two_uids_is_refused_under_both() {
    let contents = import(&format!("{}\n{}\n{}", event("UID:a"), event("UID:b\nUID:a"), event("UID:c")));
    let sources: Vec<_> = contents.sessions.iter().map(|it| it.source.as_str()).collect();
    assert_eq!(sources, ["c"]);
    let refused: Vec<_> = contents.refused.iter().map(|it| (it.uid.as_deref(), it.reason.as_str())).collect();
    assert_eq!(
        refused,
        [(Some("b"), "has more than one UID: leave one"), (Some("a"), "has more than one UID: leave one")]
    );
}

/// The date in the zone of the session counts, as it does everywhere.
#[test]
fn first_and_last_midnight_are_imported_from_times_in_utc() {
    let at = |start: &str, zone: &str| {
        let body = event(&format!("DTSTART:{start}\nDURATION:PT1H"));
        let found = import(&format!("X-WR-TIMEZONE:{zone}\n{body}"));
        found.sessions.first().map(|it| (it.session.time_zone.clone(), it.session.meetings[0].date.to_string()))
    };
    let found = |zone: &str, date: &str| Some((zone.to_owned(), date.to_owned()));
    assert_eq!(at("00011231T230632Z", "Europe/Berlin"), found("Europe/Berlin", "0002-01-01"));
    assert_eq!(at("99990101T040000Z", "America/New_York"), found("America/New_York", "9998-12-31"));
    assert_eq!(at("00011231T230632Z", "America/New_York"), None);
    assert_eq!(at("99990101T040000Z", "Europe/Berlin"), None);
}

#[test]
fn records_of_older_versions_are_read() {
    let stored = r#"{"session":{"name":"Session","location":null,"place":[525200000,134050000],
        "time_zone":"Europe/Berlin","recurrence":null,"initiation":null,"termination":null,"skips":["2026-12-24"],
        "meetings":[]},"instances":{"":7}}"#;
    let read: ImportRecord = serde_json::from_str(stored).unwrap();
    assert_eq!(read.session.coordinates, Some((525_200_000, 134_050_000)));
    assert_eq!((read.instances.len(), read.skips.len(), read.has_rule_end), (1, 0, false));
    assert!(!read.lacks_rule_end());
    let ended = stored.replace(r#""termination":null"#, r#""termination":"2026-12-31""#);
    assert!(serde_json::from_str::<ImportRecord>(&ended).unwrap().lacks_rule_end());
}

#[test]
fn refusal_concerns_its_uid_only() {
    let contents = import(&format!(
        "{}\n{}\n{}",
        event("UID:a"),
        event("UID:b\nDTSTART:20260101"),
        event("UID:c\nRRULE:FREQ=WEEKLY")
    ));
    let uids: Vec<_> = contents.sessions.iter().flat_map(|found| found.uids.clone()).collect();
    assert_eq!(uids, ["a", "c"]);
    let refused = &contents.refused[0];
    assert_eq!(
        (refused.uid.as_deref(), refused.summary.as_deref(), refused.reason.as_str()),
        (Some("b"), Some("Session"), "has no time of day: give its DTSTART a time, such as 20260131T190000")
    );
}

#[test]
fn many_dates_take_bounded_time() {
    let dates: Vec<String> = (0..50_000)
        .map(|second| format!("20260101T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60))
        .collect();
    for name in ["RDATE", "EXDATE"] {
        let flood = event(&format!("RRULE:FREQ=WEEKLY\n{name}:{}", dates.join(",")));
        assert!(reason(&flood).contains("more than 1000 dates"));
    }
}

#[test]
fn times_are_read_in_the_zone_that_the_file_or_the_import_names() {
    let floating = ImportContext { time_zone: ZoneData::compiled().zone("America/Chicago").ok(), ..context() };
    let text = calendar(&event("DTSTART:20260101T190000\nDTEND:20260101T200000"));
    let found = read(text.as_bytes(), &floating).unwrap();
    assert_eq!(found.sessions[0].session.time_zone, "America/Chicago");
    // A meeting in UTC is shown in the zone of the calendar, and repeats in UTC.
    let shown = |more: &str| {
        one(&format!(
            "X-WR-TIMEZONE:Europe/Paris\n{}",
            event(&format!("DTSTART:20260101T190000Z\nDTEND:20260101T200000Z\n{more}"))
        ))
    };
    assert_eq!((shown("").time_zone.as_str(), meetings(&shown(""))), ("Europe/Paris", vec!["01-01 20:00".to_owned()]));
    assert_eq!(shown("RRULE:FREQ=WEEKLY").time_zone, "UTC");
    // An import in another zone can show the meetings in the zone that they are in.
    let mut setting = floating.clone();
    let utc = calendar(&event("DTSTART:20260101T190000Z\nDTEND:20260101T200000Z"));
    let first = read(utc.as_bytes(), &setting).unwrap().sessions.remove(0);
    setting.time_zone = None;
    let second = read(utc.as_bytes(), &setting).unwrap().sessions.remove(0);
    assert_eq!((first.session.time_zone.as_str(), second.session.time_zone.as_str()), ("America/Chicago", "UTC"));
    assert_eq!(second.in_zone(setting.data, "America/Chicago"), Some(first.session));
    // A zone of the file does not depend on the import.
    let custom = "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:-0600\n\
                  TZOFFSETTO:-0600\nEND:STANDARD\nEND:VTIMEZONE\n";
    let custom = calendar(&format!("{custom}{}", event("DTSTART;TZID=Mine:20260101T190000\nDURATION:PT1H")));
    let zone = |time_zone: Option<&str>| {
        let time_zone = time_zone.and_then(|name| ZoneData::compiled().zone(name).ok());
        let found =
            read(custom.as_bytes(), &ImportContext { time_zone, ..setting.clone() }).unwrap().sessions.remove(0);
        (found.session.time_zone.clone(), found.in_zone(setting.data, "UTC"))
    };
    assert_eq!(zone(Some("America/Regina")), zone(None));
    assert_eq!(zone(None).1, None);
    // The second 2:30 of the night can only be kept in UTC.
    let night =
        one(&format!("X-WR-TIMEZONE:Europe/Paris\n{}", event("DTSTART:20261025T013000Z\nDTEND:20261025T020000Z")));
    assert_eq!(night.time_zone, "UTC");
    assert_eq!(
        one(&event("DTSTART;TZID=W. Europe Standard Time:20260101T190000\nDURATION:PT1H")).time_zone,
        "Europe/Berlin"
    );
}

/// Many programs use the X-WR-TIMEZONE of a file for times that RFC 5545 reads otherwise.
#[test]
fn report_says_which_zone_was_used_if_the_file_names_another_one() {
    let file = |zone: &str, start: &str| {
        calendar(&format!(
            "X-WR-TIMEZONE:{zone}\n{}",
            event(&format!("DTSTART:{start}\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"))
        ))
    };
    let notes = |text: &str, time_zone: &str| {
        let time_zone = ZoneData::compiled().zone(time_zone).ok();
        read(text.as_bytes(), &ImportContext { time_zone, ..context() }).unwrap().sessions.remove(0).notes
    };
    let paris = "W. Europe Standard Time";
    let refused = read(file(paris, "20260101T190000").as_bytes(), &context()).unwrap().refused.remove(0).reason;
    assert_eq!(
        refused,
        "has a DTSTART without a time zone: give the import a time zone for such times, such as Europe/Berlin, the \
         X-WR-TIMEZONE of its calendar"
    );
    assert_eq!(
        notes(&file(paris, "20260101T190000"), "America/Chicago"),
        [
            "has times without a time zone, which are read as times in America/Chicago: if they are in the X-WR-TIMEZONE of its \
          calendar, import it with the time zone Europe/Berlin"
        ]
    );
    assert!(notes(&file(paris, "20260101T190000"), "Europe/Berlin").is_empty());
    assert_eq!(
        notes(&file("Europe/Paris", "20260101T190000Z"), "America/Chicago"),
        [
            "has a rule in UTC, so its meetings keep their time in UTC when the clocks change: if they keep their time in the \
          X-WR-TIMEZONE of its calendar, give its DTSTART the TZID Europe/Paris"
        ]
    );
    assert!(notes(&file("Asia/Kolkata", "20260101T190000Z"), "America/Chicago").is_empty());
}

/// Outlook writes the midnight of the day in some of them.
#[test]
fn recurrence_id_at_which_there_is_no_meeting_is_noted() {
    let changed = |id: &str| {
        let change =
            format!("RECURRENCE-ID;TZID=Europe/Berlin:{id}\nDTSTART;TZID=Europe/Berlin:20260108T180000\nDURATION:PT1H");
        import(&format!("{}\n{}", event("RRULE:FREQ=WEEKLY;COUNT=2"), event(&change))).sessions.remove(0)
    };
    let matched = changed("20260108T190000");
    assert_eq!(
        (meetings(&matched.session), matched.notes),
        (vec!["01-01 19:00".to_owned(), "01-08 18:00".to_owned()], Vec::new())
    );
    let unmatched = changed("20260108T000000");
    assert_eq!(meetings(&unmatched.session), ["01-01 19:00", "01-08 18:00", "01-08 19:00"]);
    let note =
        "has the RECURRENCE-ID 2026-01-07 23:00 UTC, at which it has no meeting, so this is a meeting of its own";
    assert_eq!(unmatched.notes, [note]);
}

#[test]
fn floating_times_of_an_event_are_in_the_zone_of_its_start() {
    let series = |start: &str, end: &str, more: &str| {
        event(&format!("DTSTART{start}\nDTEND:{end}\nRRULE:FREQ=WEEKLY;COUNT=3\n{more}"))
    };
    let dates = "EXDATE:20260108T190000\nRDATE:20260109T190000,20260110T190000/20260110T200000";
    let moved = |start: &str| event(&format!("RECURRENCE-ID:20260115T190000\nDTSTART{start}\nDURATION:PT1H"));
    // The zone of the import must not matter.
    for import_zone in [None, Some("America/New_York"), Some("Europe/Berlin")] {
        let time_zone = import_zone.map(|name| ZoneData::compiled().zone(name).unwrap());
        let context = ImportContext { time_zone, ..context() };
        for (zone, start, other) in [
            ("Europe/Berlin", ";TZID=Europe/Berlin:20260101T190000", ";TZID=Europe/Berlin:20260116T200000"),
            ("UTC", ":20260101T190000Z", ":20260116T200000Z"),
            ("UTC", ";TZID=Asia/Tokyo:20260101T190000Z", ":20260116T200000Z"),
        ] {
            let body = format!("{}\n{}", series(start, "20260101T220000", dates), moved(other));
            let contents = read(calendar(&body).as_bytes(), &context).unwrap();
            assert_eq!((contents.sessions.len(), &contents.refused), (1, &Vec::new()), "{import_zone:?} {start}");
            let session = &contents.sessions[0].session;
            assert_eq!(session.time_zone, zone);
            assert_eq!(meetings(session), ["01-01 19:00", "01-09 19:00", "01-10 19:00", "01-16 20:00"], "{start}");
            let (from, to) = ("2026-01-01".parse().unwrap(), "2026-01-31".parse().unwrap());
            let ends: Vec<_> = shown(session, from, to).iter().map(|it| it.end.unwrap().to_string()).collect();
            assert_eq!(ends, ["22:00:00", "22:00:00", "20:00:00", "21:00:00"], "{start}");
        }
    }
}

#[test]
fn no_event_vanishes_if_a_component_has_not_ended_or_not_begun() {
    let whole = |uid: &str| event(&format!("UID:{uid}"));
    let open = |uid: &str| whole(uid).replace("\nEND:VEVENT", "");
    let (a, b, c) = (whole("a"), whole("b"), whole("c"));
    for (body, imported, refused) in [
        (format!("{}\n{b}\n{c}", open("a")), &["b", "c"][..], &[Some("a")][..]),
        (format!("{}\n{}\n{c}", open("a"), open("b")), &["c"], &[Some("a"), Some("b")]),
        // An event in an event. The end of the outer one has lost its beginning.
        (format!("{}\n{b}\nEND:VEVENT\n{c}", open("a")), &["b", "c"], &[Some("a"), None]),
        (format!("{}\nBEGIN:VALARM\nTRIGGER:-PT5M\n{b}", open("a")), &["b"], &[Some("a")]),
        (format!("BEGIN:VTODO\nUID:t\n{a}\n{b}"), &["a", "b"], &[]),
        (format!("BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\n{a}"), &["a"], &[]),
        // Calendars in calendars, and one in an event.
        (format!("{a}\nBEGIN:VCALENDAR\n{b}\nEND:VCALENDAR\n{c}"), &["b", "a", "c"], &[]),
        (format!("{a}\nEND:VCALENDAR\nBEGIN:VCALENDAR\nBEGIN:VCALENDAR\n{b}"), &["a", "b"], &[]),
        (format!("{}\nBEGIN:VCALENDAR\n{b}", open("a")), &["b"], &[Some("a")]),
        (format!("{a}\n{}\n{c}", b.replace("BEGIN:VEVENT\n", "")), &["a", "c"], &[None]),
    ] {
        let contents = import(&body);
        let found: Vec<_> = contents.sessions.iter().map(|it| it.source.as_str()).collect();
        assert_eq!(found, imported, "{body}");
        let reasons: Vec<_> = contents.refused.iter().map(|it| it.uid.as_deref()).collect();
        assert_eq!(reasons, refused, "{body}");
        assert!(contents.refused.iter().all(|it| it.reason.starts_with("is cut off")), "{:?}", contents.refused);
    }
}

#[test]
fn events_of_one_of_our_feeds_are_one_session() {
    let uid = |name: &str, host: &str| format!("UID:session-7-{name}@{host}");
    let feed = |host: &str| {
        format!(
            "PRODID:{PRODID}\n{}\n{}\n{}",
            event(&format!("{}\nRRULE:FREQ=WEEKLY;BYDAY=TH", uid("weekly-byday-th-190000", host))),
            event(&format!(
                "{}\nDTSTART;TZID=Europe/Berlin:20260105T190000\nDTEND;TZID=Europe/Berlin:20260105T200000\n\
                 RRULE:FREQ=WEEKLY;BYDAY=MO\nEXDATE;TZID=Europe/Berlin:20260112T190000",
                uid("weekly-byday-mo-190000", host)
            )),
            event(&format!(
                "{}\nSUMMARY:Cancelled: Session\nSTATUS:CANCELLED\nDTSTART:20260103T100000Z\nDTEND:20260103T110000Z",
                uid("instance-3", host)
            )),
        )
    };
    let contents = import(&feed("there"));
    assert_eq!((contents.sessions.len(), contents.refused.len()), (1, 0), "{:?}", contents.refused);
    let found = &contents.sessions[0];
    assert_eq!((found.source.as_str(), found.uids.len(), found.own), ("session-7@there", 3, None));
    assert_eq!(found.session.name, "Session");
    let shown = meetings(&found.session);
    assert_eq!(shown[..5], ["01-01 19:00", "01-03 11:00x", "01-05 19:00", "01-08 19:00", "01-15 19:00"]);
    assert_eq!(import(&feed("here")).sessions[0].own, Some(SessionId(7)));
}

#[test]
fn long_texts_of_a_file_are_cut_off_in_messages() {
    let long = "x".repeat(1_000_000);
    let mut texts = Vec::new();
    for body in [
        event(&format!("UID:{long}")),
        event(&format!("SUMMARY:{long}\nDTSTART:soon")),
        event(&format!("DTSTART:{long}")),
        event(&format!("DTSTART;TZID={long}:20260101T190000")),
        event(&format!("RRULE:{long}")),
        event(&format!("RRULE:FREQ={long}")),
        event(&format!("GEO:{long}")),
        event(&format!("DURATION:{long}")),
        event(&format!("END:{long}")),
        event(&long),
        format!("BEGIN:VEVENT\nUID:a\nBEGIN:{long}"),
    ] {
        let refused = import(&body).refused.remove(0);
        texts.extend([refused.uid.unwrap_or_default(), refused.summary.unwrap_or_default(), refused.reason]);
    }
    texts.push(read(format!("BEGIN:{long}").as_bytes(), &context()).unwrap_err().to_string());
    for text in texts {
        assert!(text.len() < 400, "{} bytes: {}", text.len(), &text[..200]);
    }
}

#[test]
fn part_of_a_rule_that_a_file_no_longer_has_does_not_come_back() {
    let part = |date: &str, more: &str| {
        event(&format!(
            "UID:session-7-monthly-byday-5th-190000-{date}@there\nDTSTART;TZID=Europe/Berlin:{date}T190000\n\
             DTEND;TZID=Europe/Berlin:{date}T220000\nX-INSESSION-RECURRENCE-ID;TZID=Europe/Berlin:{date}T190000\n{more}"
        ))
    };
    let rule = "X-INSESSION-DTSTART;TZID=Europe/Berlin:20260101T190000\nX-INSESSION-DURATION:PT3H\n\
                X-INSESSION-RRULE:FREQ=MONTHLY;BYDAY=1TH,3TH\nX-INSESSION-EXDATE;TZID=Europe/Berlin:20260319T190000";
    let feed = |first: &str| format!("PRODID:{PRODID}\n{}\n{}", part("20260101", first), part("20260205", ""));
    let found = one(&feed(rule));
    assert_eq!(meetings(&found), ["01-01 19:00", "02-05 19:00", "02-19 19:00", "03-05 19:00"]);
    // A meeting after the last date for which all are listed is one that was changed. The others go on.
    let until = format!("{rule}\nX-INSESSION-UNTIL:20260108");
    let found = one(&feed(&until));
    assert_eq!(meetings(&found)[..5], ["01-01 19:00", "01-15 19:00", "02-05 19:00", "02-19 19:00", "03-05 19:00"]);
    // Without the rule, they are single meetings, as they are in the file of another program.
    assert_eq!(meetings(&one(&feed(""))), ["01-01 19:00", "02-05 19:00"]);
    let other = feed(rule).replace(PRODID, "-//Other//EN");
    assert_eq!(import(&other).sessions.len(), 2);
}
