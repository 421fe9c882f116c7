//! Every case of the vector files that concerns this crate. A case that can't be read also fails.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use insession_domain::{
    autocreate,
    booking::{BookingStatus, Slot, State},
    ids::SessionInstanceId,
    matching::{Existence, ExistingInstance},
    placement::{Candidate, PlacementRule, decide_placement, is_arrival},
    recurrence::{Calendar, Occurrence, Recurrence, Skips},
    status::{InstanceFacts, Mode, decide},
    window::{Buffers, MeetingTimes, Window},
    zone::{Zone, ZoneData},
};
use serde_json::Value;

pub fn cases(file: &str, list: &str) -> Vec<Value> {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = value[list].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// `None` for null. A text that can't be parsed fails the test.
fn optional<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> Option<T> {
    value.as_str().map(|text| text.parse().unwrap())
}

fn time(value: &Value) -> Option<NaiveTime> {
    value.as_str().map(|text| NaiveTime::parse_from_str(&format!("{text}:00")[..8], "%H:%M:%S").unwrap())
}

fn zone(value: &Value) -> Zone {
    ZoneData::compiled().zone(text(&value["timezone"])).unwrap()
}

fn recurrence(value: &Value) -> Recurrence {
    Recurrence::from_json(&value["schedules"].to_string()).unwrap()
}

fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The facts and the meeting of a session and an instance of `windows.json` or `placement.json`.
fn facts(session: &Value, instance: &Value) -> (InstanceFacts, Option<MeetingTimes>) {
    let minutes = |key: &str| i32::try_from(session[key].as_i64().unwrap()).unwrap();
    let buffers = Buffers::new(minutes("buffer_before"), minutes("buffer_after")).unwrap();
    let date = optional(&instance["date"]).unwrap();
    let times = time(&instance["start_time"]).zip(time(&instance["end_time"]));
    let meeting = times.map(|(start, end)| MeetingTimes::new(zone(session), date, start, end).unwrap());
    let facts = InstanceFacts {
        window: meeting.map(|meeting| Window::around(meeting, buffers)),
        is_cancelled: instance["is_cancelled"].as_bool().unwrap_or(false),
        is_past_termination: optional(&session["termination_date"]).is_some_and(|last: NaiveDate| last < date),
        ..InstanceFacts::default()
    };
    (facts, meeting)
}

#[test]
fn vectors_of_windows() {
    for case in cases("windows.json", "windows") {
        let (facts, _) = facts(&case["session"], &case["instance"]);
        let id = text(&case["id"]);
        let instants = facts.window.map(|window| (utc(window.opens()), utc(window.closes())));
        let expected = case["opens_utc"].as_str().zip(case["closes_utc"].as_str());
        assert_eq!(instants, expected.map(|(opens, closes)| (opens.to_owned(), closes.to_owned())), "{id}");
        for probe in case["probes"].as_array().unwrap() {
            let now = optional(&probe[0]).unwrap();
            let decision = decide(&facts, false, now, Mode::Periodic);
            assert_eq!(decision.is_active, probe[1].as_bool().unwrap(), "{id} at {now}");
        }
    }
}

#[test]
fn vectors_of_placement() {
    for case in cases("placement.json", "placement") {
        let find = |list: &str, id: &Value| {
            case[list].as_array().unwrap().iter().find(|item| item["id"] == *id).unwrap().clone()
        };
        let is_active = |id: &Value| case["active_instances"].as_array().unwrap().contains(id);
        let candidate = |check_in: &Value| {
            let instance = find("instances", &check_in["instance_id"]);
            let (facts, meeting) = facts(&find("sessions", &instance["session_id"]), &instance);
            let at = optional(&check_in["at"]).unwrap();
            Candidate {
                instance: SessionInstanceId(instance["id"].as_i64().unwrap()),
                starts_at: meeting.map(|meeting| meeting.starts_at()),
                arrived_at: is_arrival(&facts, at).then_some(at),
                checked_in_at: at,
            }
        };
        // The caller of the domain selects the candidates: yes check-ins of an active person to active instances.
        let counts = |check_in: &&Value| {
            check_in["attendance"] == "yes"
                && check_in["person_id"] == case["person"]["id"]
                && case["person"]["active"] == true
                && is_active(&check_in["instance_id"])
        };
        let candidates: Vec<_> = case["checkins"].as_array().unwrap().iter().filter(counts).map(candidate).collect();
        for (rule, expected) in
            [(PlacementRule::EarliestStart, "expect"), (PlacementRule::LatestStart, "expect_latest_start")]
        {
            let expected = case[expected].as_i64().map(SessionInstanceId);
            assert_eq!(decide_placement(rule, &candidates), expected, "{} {rule:?}", case["id"]);
        }
    }
}

fn calendar(case: &Value) -> Calendar {
    let initiation = optional(&case["anchor"]);
    Calendar { zone: zone(case), anchor: initiation, initiation, termination: None, skips: Skips::NONE }
}

/// An occurrence in the form of the vectors.
fn formatted(occurrence: &Occurrence, zone: Zone) -> [String; 7] {
    let Occurrence { date, start, end, meeting } = *occurrence;
    let end_date = if end < start { date.succ_opt().unwrap() } else { date };
    let local = |at: DateTime<Utc>| at.with_timezone(&zone.offset(at)).format("%Y-%m-%dT%H:%M:%S%:z").to_string();
    [
        date.to_string(),
        date.and_time(start).format("%Y-%m-%dT%H:%M").to_string(),
        end_date.and_time(end).format("%Y-%m-%dT%H:%M").to_string(),
        local(meeting.starts_at()),
        local(meeting.ends_at()),
        utc(meeting.starts_at()),
        utc(meeting.ends_at()),
    ]
}

fn expected(occurrence: &Value) -> [String; 7] {
    ["date", "start", "end", "start_local", "end_local", "start_utc", "end_utc"]
        .map(|key| text(&occurrence[key]).to_owned())
}

#[test]
fn vectors_of_occurrences() {
    for case in cases("recurrence.json", "occurrences") {
        let (recurrence, calendar) = (recurrence(&case), calendar(&case));
        let (from, to) = (optional(&case["from"]).unwrap(), optional(&case["to"]).unwrap());
        let found: Vec<_> =
            recurrence.occurrences(&calendar, from, to).map(|found| formatted(&found, calendar.zone)).collect();
        let expected: Vec<_> = case["expect"].as_array().unwrap().iter().map(expected).collect();
        assert_eq!(found, expected, "{}", case["id"]);
    }
}

#[test]
fn vectors_of_the_next_occurrence() {
    for case in cases("recurrence.json", "next") {
        let (recurrence, calendar) = (recurrence(&case), calendar(&case));
        let found = recurrence.next_after(&calendar, optional(&case["after_utc"]).unwrap());
        let expected = (!case["expect"].is_null()).then(|| expected(&case["expect"]));
        assert_eq!(found.map(|found| formatted(&found, calendar.zone)), expected, "{}", case["id"]);
    }
}

#[test]
fn vectors_of_recurrence_texts() {
    for case in cases("recurrence.json", "text") {
        assert_eq!(recurrence(&case).text(), text(&case["expect"]), "{}", case["id"]);
    }
}

#[test]
fn stored_form_of_every_vector_is_read_back_unchanged() {
    for case in cases("recurrence.json", "occurrences") {
        let recurrence = recurrence(&case);
        assert_eq!(Recurrence::from_json(&recurrence.to_json()), Ok(recurrence));
    }
}

#[test]
fn vectors_of_auto_creation() {
    for case in cases("autocreate.json", "autocreate") {
        let session = &case["session"];
        let initiation = optional(&session["initiation_date"]);
        let termination = optional(&session["termination_date"]);
        let calendar =
            Calendar { zone: zone(session), anchor: initiation, initiation, termination, skips: Skips::NONE };
        let existing = case["existing"].as_array().unwrap().iter().map(|instance| ExistingInstance {
            date: optional(&instance["date"]).unwrap(),
            start: time(&instance["start_time"]),
            occurrence: None,
            existence: Existence::Present,
        });
        let hours_ahead = i32::try_from(session["hours_ahead"].as_i64().unwrap()).unwrap();
        let plan = autocreate::plan(
            &recurrence(session),
            &calendar,
            Buffers::default(),
            hours_ahead,
            &existing.collect::<Vec<_>>(),
            optional(&case["now"]).unwrap(),
        );
        assert_eq!(session["auto_create"], true, "the caller only plans sessions with auto-creation");
        let created: Vec<_> =
            plan.create.iter().map(|it| (it.date, it.start, it.end, utc(it.meeting.starts_at()))).collect();
        let expected: Vec<_> = case["expect_created"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                let times = (time(&it["start_time"]).unwrap(), time(&it["end_time"]).unwrap());
                (optional(&it["date"]).unwrap(), times.0, times.1, text(&it["start_utc"]).to_owned())
            })
            .collect();
        assert_eq!(created, expected, "{}", case["id"]);
    }
}

/// The cases of `bookings.json` with one booking. The bulk cases are tested with the database.
#[test]
fn vectors_of_bookings() {
    for case in cases("bookings.json", "bookings") {
        let id = text(&case["id"]);
        let instant = |value: &Value| optional::<DateTime<Utc>>(value).unwrap();
        let slot = Slot::new(instant(&case["slot"]["start"]), instant(&case["slot"]["end"])).unwrap();
        let state_of = |value: &Value| State {
            status: BookingStatus::parse(text(&value["status"])).unwrap(),
            is_delayed: value["isDelayed"].as_bool().unwrap(),
        };
        let mut state = state_of(&case["initial"]);
        let (actions, expected) = (case["actions"].as_array().unwrap(), case["expect"].as_array().unwrap());
        assert_eq!(actions.len(), expected.len(), "{id}");
        for (action, expected) in actions.iter().zip(expected) {
            let before = state;
            let step = match text(&action["op"]) {
                "sweep" => state.fall_due(&slot, instant(&action["at"])),
                "start" => state.start().ok(),
                "complete" => state.complete().ok(),
                "cancel" => state.cancel().ok(),
                other => panic!("{id}: unknown operation: {other}"),
            };
            state = step.map_or(state, |step| step.to);
            assert_eq!(state, state_of(expected), "{id}: {action}");
            if let Some(http) = expected.get("http") {
                assert_eq!(step.is_some(), http == 200, "{id}: {action}");
            }
            if let Some(change) = expected.get("change") {
                let actual = step.map(|step| format!("{}->{}", before.status.as_str(), step.to.status.as_str()));
                assert_eq!(actual.as_deref(), change.as_str(), "{id}: {action}");
            }
        }
    }
}
