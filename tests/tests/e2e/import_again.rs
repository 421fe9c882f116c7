//! Calendar import again: files that changed, sessions that people changed in the meantime, and feeds of this installation.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context, Result, ensure};
use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use insession_tests::{
    Client, Deployment, LIMIT, TestDatabase,
    database::{execute, number},
    eventually, now, on_both_databases,
    program::run,
};
use serde_json::{Value, json};

use crate::{
    fixtures::{add_skip, check_in, create_person},
    import::{actions, count, feed, import, session_of},
};

on_both_databases!(
    state_after_random_updates_is_that_of_the_last_file,
    skip_of_a_person_survives_an_import,
    end_of_a_rule_goes_when_a_file_replaces_it_and_a_date_of_a_person_stays,
    report_names_the_meetings_in_which_a_session_differs_from_its_file,
    end_of_a_rule_that_an_older_version_imported_goes_with_the_rule,
    moved_meeting_survives_a_file_that_leaves_out_its_first_date,
    meeting_that_a_person_made_is_not_made_again,
    edits_of_a_meeting_stay_unless_the_file_changed_the_same,
    instance_keeps_its_check_ins_when_its_meeting_comes_back,
    own_feed_is_unchanged_and_any_edit_of_it_is_seen,
);

const STATE: &str = "query($id: ID!) { session(id: $id) {
    name location latitude longitude timeZone initiationDate terminationDate recurrence { rrules }
    skips { from to reason }
    occurrences(from: \"2030-01-01\", first: 60) { startsAt endsAt sessionInstance { id } }
    instances(first: 100, from: \"2029-01-01\") { nodes { id date startsAt endsAt isCancelled locationOverride } }
} }";

/// What people see of a session: everything but its meetings, those that take place, and those that are cancelled.
#[derive(Debug, PartialEq, Eq)]
struct State {
    session: Value,
    planned: Vec<String>,
    cancelled: Vec<String>,
}

impl State {
    fn differences(&self, expected: &Self) -> String {
        let only =
            |one: &[String], other: &[String]| one.iter().filter(|it| !other.contains(it)).cloned().collect::<Vec<_>>();
        let between = |found: &[String], expected: &[String]| {
            format!("missing {:?}, extra {:?}", only(expected, found), only(found, expected))
        };
        let session = if self.session == expected.session {
            String::new()
        } else {
            format!("{} is not {}, ", self.session, expected.session)
        };
        let (planned, cancelled) =
            (between(&self.planned, &expected.planned), between(&self.cancelled, &expected.cancelled));
        format!("{session}planned: {planned}, cancelled: {cancelled}")
    }
}

async fn state(client: &Client, id: &str) -> Result<State> {
    let mut session = client.data(STATE, json!({ "id": id })).await?["session"].take();
    let (occurrences, instances) = (session["occurrences"].take(), session["instances"]["nodes"].take());
    let (mut planned, mut cancelled) = (Vec::new(), Vec::new());
    let text = |it: &Value| format!("{} {} {}", it["startsAt"], it["endsAt"], it["locationOverride"]);
    for it in occurrences.as_array().context("no list")?.iter().filter(|it| it["sessionInstance"].is_null()) {
        planned.push(text(it));
    }
    for it in instances.as_array().context("no list")? {
        if it["isCancelled"] == true { &mut cancelled } else { &mut planned }.push(text(it));
    }
    planned.sort_unstable();
    cancelled.sort_unstable();
    session["instances"] = Value::Null;
    Ok(State { session, planned, cancelled })
}

/// Random numbers that are the same in each run.
struct Random(u64);

impl Random {
    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        // Xorshift, by George Marsaglia.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or_default()]
    }
}

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn stamp(at: NaiveDateTime) -> String {
    at.format("%Y%m%dT%H%M%S").to_string()
}

/// Whether a rule has a meeting on a date.
type Gives = Box<dyn Fn(NaiveDate) -> bool>;

/// The events of one session, as random as those of a busy calendar. All are in January and February of 2030.
fn events(random: &mut Random) -> String {
    let zone = random.one(&["Europe/Berlin", "Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Tokyo"]);
    let hour: i64 = random.one(&[1, 9, 16, 19, 19, 23]);
    let first = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap_or_default() + Days::new(random.below(5));
    let starts = first.and_time(NaiveTime::MIN) + TimeDelta::minutes(60 * hour + random.one(&[0, 0, 30]));
    let weekday = |date: NaiveDate| DAYS[date.weekday().num_days_from_monday() as usize];
    let days: BTreeSet<&str> = (0..random.below(3)).map(|_| random.one(&DAYS)).chain([weekday(first)]).collect();
    let days: Vec<_> = days.into_iter().collect();
    let month_days = [first.day(), first.day() + 7, 28];
    let (rule, gives): (Option<String>, Gives) = match random.below(6) {
        0 => (None, Box::new(move |date| date == first)),
        1 | 2 => (Some("FREQ=DAILY".to_owned()), Box::new(|_| true)),
        3 => {
            let rule = format!("FREQ=WEEKLY;BYDAY={}", days.join(","));
            (Some(rule), Box::new(move |date| days.contains(&weekday(date))))
        }
        4 => {
            let rule = format!("FREQ=WEEKLY;INTERVAL=2;BYDAY={}", days.join(","));
            let monday = first - Days::new(first.weekday().num_days_from_monday().into());
            let is_in_step = move |date: NaiveDate| (date - monday).num_days() / 7 % 2 == 0;
            (Some(rule), Box::new(move |date| is_in_step(date) && days.contains(&weekday(date))))
        }
        _ => {
            let rule = format!("FREQ=MONTHLY;BYMONTHDAY={},{},28", month_days[0], month_days[1]);
            (Some(rule), Box::new(move |date| month_days.contains(&date.day())))
        }
    };
    let last = first + Days::new(if random.chance(30) { 5 + random.below(30) } else { 40 });
    let ends_early = rule.is_some() && random.chance(30);
    let occurrences: Vec<NaiveDateTime> = first
        .iter_days()
        .take_while(|date| *date <= last)
        .filter(|date| gives(*date))
        .map(|it| it.and_time(starts.time()))
        .collect();
    // Most changes concern the same few days, so that successive versions collide.
    let near: Vec<_> = occurrences.iter().copied().filter(|at| (5..12).contains(&at.day())).collect();
    let near = if near.is_empty() { occurrences.clone() } else { near };
    let length = TimeDelta::minutes(random.one(&[30, 60, 60, 120]));
    let at = |name: &str, at: NaiveDateTime| format!("{name};TZID={zone}:{}\n", stamp(at));
    let name = random.one(&["Choir", "Choir", "Band"]);
    let mut master = format!("SUMMARY:{name}\n{}{}", at("DTSTART", starts), at("DTEND", starts + length));
    if random.chance(40) {
        let _ = writeln!(master, "LOCATION:{}", random.one(&["Hall", "Park"]));
    }
    if random.chance(20) {
        master += "GEO:52.5;13.4\n";
    }
    if let Some(rule) = &rule {
        // An hour of the zone's own day after the last meeting.
        let until = if ends_early {
            format!(";UNTIL={}Z", stamp(last.and_time(NaiveTime::MIN) + TimeDelta::seconds(36 * 3600 - 1)))
        } else {
            String::new()
        };
        let _ = writeln!(master, "RRULE:{rule}{until}");
    }
    let mut used = BTreeSet::new();
    for _ in 0..random.below(3) {
        let dropped = random.one(&near);
        if rule.is_some() && used.insert(dropped) {
            master += &at("EXDATE", dropped);
        }
    }
    for _ in 0..random.below(3) {
        let added =
            random.one(&near) + TimeDelta::days(random.one(&[0, 0, 1, 3])) + TimeDelta::hours(random.one(&[1, -3, 5]));
        if used.insert(added) && !occurrences.contains(&added) {
            master += &at("RDATE", added);
        }
    }
    let mut all = vec![master];
    for _ in 0..if rule.is_some() { random.below(4) } else { 0 } {
        let of = random.one(&near);
        if !used.insert(of) {
            continue;
        }
        let moved = of + TimeDelta::days(random.one(&[0, 0, 1, -1, 2])) + TimeDelta::hours(random.one(&[0, 2, -1]));
        let mut change = format!("SUMMARY:{name}\n{}{}", at("RECURRENCE-ID", of), at("DTSTART", moved));
        change += &at("DTEND", moved + random.one(&[length, TimeDelta::minutes(45)]));
        let _ = write!(change, "{}", random.one(&["", "STATUS:CANCELLED\n", "LOCATION:Garden\n"]));
        all.push(change);
    }
    all.iter().fold(String::new(), |text, event| text + &format!("BEGIN:VEVENT\nUID:the-uid\n{event}END:VEVENT\n"))
}

fn calendar<'a>(events: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let events: String = events.into_iter().map(|(uid, events)| events.replace("the-uid", uid)).collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n")
}

/// Each session gets some versions of its events, one of them twice. After each import it is as if only that version had ever been
/// imported. In some sessions people have checked in. There, a meeting that the file no longer has is cancelled.
async fn state_after_random_updates_is_that_of_the_last_file(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let person = create_person(&admin, "Ada").await?;
    let seed = std::env::var("IMPORT_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_300_101);
    let mut random = Random(seed);
    let uids: Vec<String> = (0..12).map(|number| format!("changing-{number}")).collect();
    let mut history: Vec<Vec<String>> = uids.iter().map(|_| Vec::new()).collect();
    let mut accepted = 0;
    for version in 0..4 {
        for versions in &mut history {
            let next = if version == 2 { versions[0].clone() } else { events(&mut random) };
            versions.push(next);
        }
        let last: Vec<String> = history.iter().filter_map(|versions| versions.last().cloned()).collect();
        let fresh: Vec<String> = uids.iter().map(|uid| format!("{uid}-only-{version}")).collect();
        let updated = import(&admin, json!({ "ics": calendar(uids.iter().zip(&last)) })).await?;
        let alone = import(&admin, json!({ "ics": calendar(fresh.iter().zip(&last)) })).await?;
        let again = import(&admin, json!({ "ics": calendar(uids.iter().zip(&last)) })).await?;
        ensure!(actions(&again).iter().all(|(_, action)| *action == "UNCHANGED"), "{again}");
        for (number, (uid, fresh)) in uids.iter().zip(&fresh).enumerate() {
            let (Ok(id), Ok(expected)) = (session_of(&updated, uid), session_of(&alone, fresh)) else {
                let refused = |report: &Value, uid: &str| session_of(report, uid).is_err();
                ensure!(refused(&updated, uid) && refused(&alone, fresh), "{uid}: {updated} {alone}");
                continue;
            };
            accepted += 1;
            let has_check_ins = number % 3 == 0;
            let expected = state(&admin, &expected).await?;
            eventually(LIMIT, "the session to be as in the file", async || {
                let found = state(&admin, &id).await?;
                let mut cancelled = found.cancelled.clone();
                if has_check_ins {
                    cancelled.retain(|it| expected.cancelled.contains(it));
                }
                let is_right = (&found.session, &found.planned, &cancelled)
                    == (&expected.session, &expected.planned, &expected.cancelled);
                ensure!(is_right, "{id}: {}, after {:#?}", found.differences(&expected), history[number]);
                Ok(())
            })
            .await?;
            if has_check_ins {
                let data = admin.data(STATE, json!({ "id": id })).await?;
                let all = data["session"]["instances"]["nodes"].as_array().context("no list")?;
                for instance in all.iter().filter(|it| it["isCancelled"] == false) {
                    check_in(&admin, instance["id"].as_str().context("no id")?, "YES", Some(&person)).await?;
                }
            }
        }
    }
    ensure!(accepted > 40, "only {accepted} imports were accepted");
    Ok(())
}

/// An event on Mondays from 7 January 2030 on, with more lines, and other events.
fn mondays(uid: &str, hour: u32, more: &str, others: &[&str]) -> String {
    let event = |lines: &str| format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:Choir\nDURATION:PT2H\n{lines}END:VEVENT\n");
    let rule = event(&format!("DTSTART;TZID=Europe/Berlin:20300107T{hour}0000\nRRULE:FREQ=WEEKLY\n{more}"));
    let others: String = others.iter().map(|lines| event(lines)).collect();
    format!("BEGIN:VCALENDAR\n{rule}{others}END:VCALENDAR\n")
}

async fn skip_of_a_person_survives_an_import(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let excluded = |dates: &[&str]| {
        let dates: Vec<_> = dates.iter().map(|date| format!("EXDATE;TZID=Europe/Berlin:{date}T190000\n")).collect();
        mondays("skips@test", 19, &dates.concat(), &[])
    };
    let imported = import(&admin, json!({ "ics": excluded(&["20300114", "20300121"]) })).await?;
    let id = session_of(&imported, "skips@test")?;
    // On dates that the file leaves out too, one that it does not mention, and one with a reason.
    add_skip(&admin, &id, "2030-01-14").await?;
    add_skip(&admin, &id, "2030-01-28").await?;
    let add = "mutation($input: AddSkipsInput!) { addSkips(input: $input) { sessions { id } } }";
    let cause = json!({ "from": "2030-01-21", "to": "2030-01-21", "reason": "Strike" });
    admin.data(add, json!({ "input": { "sessionIds": [id], "skips": [cause] } })).await?;
    let skips = async || -> Result<Vec<String>> {
        let data = admin.data(STATE, json!({ "id": id })).await?;
        let all = data["session"]["skips"].as_array().context("no list")?;
        Ok(all.iter().map(|it| format!("{} {}", it["from"].as_str().unwrap_or_default(), it["reason"])).collect())
    };
    let notes = |report: &Value| report["imported"][0]["notes"].clone();
    let by_people = ["2030-01-14 null", "2030-01-21 \"Strike\"", "2030-01-28 null"];
    // The file has these meetings again. The skips of the import go, and those of people stay. The report says so.
    let updated = import(&admin, json!({ "ics": excluded(&[]) })).await?;
    assert_eq!(actions(&updated), [("skips@test", "UPDATED")]);
    assert_eq!(skips().await?, by_people);
    let dates = "2030-01-14 19:00, 2030-01-21 19:00 and 2030-01-28 19:00";
    let note = format!("has meetings on {dates}, which the session here skips");
    assert_eq!(notes(&updated), json!([note]));
    // The file leaves out a date that a person has skipped, and then the rule changes.
    import(&admin, json!({ "ics": excluded(&["20300128"]) })).await?;
    assert_eq!(skips().await?, ["2030-01-14 null", "2030-01-21 \"Strike\"", "2030-01-28 null", "2030-01-28 null"]);
    let moved = import(&admin, json!({ "ics": mondays("skips@test", 20, "", &[]) })).await?;
    assert_eq!(actions(&moved), [("skips@test", "UPDATED")]);
    assert_eq!(skips().await?, by_people);
    Ok(())
}

/// People change the end of a session between imports, with a date or with a rule of their own.
async fn end_of_a_rule_goes_when_a_file_replaces_it_and_a_date_of_a_person_stays(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let event = |rule: &str| {
        mondays("end@test", 19, "", &[]).replace("RRULE:FREQ=WEEKLY\n", &format!("RRULE:FREQ=WEEKLY;{rule}\n"))
    };
    let rrule = |rule: &str| json!([{ "rrule": { "rrule": rule, "startTime": "19:00", "endTime": "21:00" } }]);
    let imported = import(&admin, json!({ "ics": event("BYDAY=MO") })).await?;
    let id = session_of(&imported, "end@test")?;
    let update =
        "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { terminationDate } } }";
    let show = "query($id: ID!) { session(id: $id) { terminationDate } }";
    for (by_person, file, expected) in [
        // The end of a person's rule goes when the file replaces the rule.
        (json!({ "schedules": rrule("FREQ=WEEKLY;BYDAY=MO;COUNT=2") }), "BYDAY=MO,FR", Value::Null),
        (json!({ "schedules": rrule("FREQ=WEEKLY;BYDAY=TU;COUNT=2") }), "BYDAY=MO,TH", Value::Null),
        (json!({}), "BYDAY=MO;COUNT=5", json!("2030-02-04")),
        // A date that a person gave stays until the file brings another one.
        (json!({ "terminationDate": "2030-01-24" }), "BYDAY=MO", json!("2030-01-24")),
        (json!({}), "BYDAY=MO,FR", json!("2030-01-24")),
        (json!({}), "BYDAY=MO,FR;COUNT=4", json!("2030-01-18")),
        // The file only loses its end. A person's rule keeps its own.
        (json!({ "schedules": rrule("FREQ=WEEKLY;BYDAY=WE;COUNT=2") }), "BYDAY=MO,FR", json!("2030-01-16")),
        (json!({}), "BYDAY=MO", Value::Null),
    ] {
        let mut input = by_person.clone();
        input["id"] = json!(id);
        admin.data(update, json!({ "input": input })).await?;
        import(&admin, json!({ "ics": event(file) })).await?;
        let session = admin.data(show, json!({ "id": id })).await?;
        assert_eq!(session["session"]["terminationDate"], expected, "{by_person}, then {file}");
    }
    Ok(())
}

/// People change a session between imports. Each import says what follows, also one that changes nothing and one that is only tried.
async fn report_names_the_meetings_in_which_a_session_differs_from_its_file(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let moved =
        |to: &str| format!("RECURRENCE-ID;TZID=Europe/Berlin:20300114T190000\nDTSTART;TZID=Europe/Berlin:{to}\n");
    let file = |to: &str| mondays("differs@test", 19, "RDATE;TZID=Europe/Berlin:20300117T190000\n", &[&moved(to)]);
    let imported = import(&admin, json!({ "ics": file("20300114T210000") })).await?;
    let id = session_of(&imported, "differs@test")?;
    assert_eq!(imported["imported"][0]["notes"], json!([]));
    let reported = async |text: &str, action: &str| -> Result<Vec<String>> {
        let tried = import(&admin, json!({ "ics": text, "dryRun": true })).await?;
        let imported = import(&admin, json!({ "ics": text })).await?;
        assert_eq!(tried["imported"][0]["notes"], imported["imported"][0]["notes"]);
        let again = import(&admin, json!({ "ics": text })).await?;
        assert_eq!(imported["imported"][0]["notes"], again["imported"][0]["notes"]);
        assert_eq!(
            (actions(&imported), actions(&again)),
            (vec![("differs@test", action)], vec![("differs@test", "UNCHANGED")])
        );
        let notes = imported["imported"][0]["notes"].as_array().context("no list")?;
        Ok(notes.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    // The file moves a meeting within a day that is skipped here.
    add_skip(&admin, &id, "2030-01-14").await?;
    assert_eq!(
        reported(&file("20300114T220000"), "UPDATED").await?,
        ["has a meeting on 2030-01-14 22:00, which the session here skips"]
    );
    // It moves the meeting to a day that is not skipped. There the meeting takes place.
    assert_eq!(reported(&file("20300115T190000"), "UPDATED").await?, Vec::<String>::new());
    let takes_place = state(&admin, &id).await?.planned;
    ensure!(takes_place.iter().any(|it| it.contains("2030-01-15T18:00")), "{takes_place:?}");

    // A person moves the added meeting, and moves it back.
    let instance = instances(&admin, &id).await?.into_iter().find(|it| it.0.starts_with("2030-01-17"));
    let (.., added) = instance.context("no instance of the added date")?;
    let move_to = "mutation($input: UpdateSessionInstanceInput!) { updateSessionInstance(input: $input) { sessionInstance { id } } }";
    admin.data(move_to, json!({ "input": { "id": added, "date": "2030-01-18" } })).await?;
    assert_eq!(
        reported(&file("20300115T190000"), "UNCHANGED").await?,
        [
            "has a meeting on 2030-01-17 19:00, which is at another time here",
            "has no meeting on 2030-01-18 19:00, when the session here meets",
        ]
    );
    admin.data(move_to, json!({ "input": { "id": added, "date": "2030-01-17" } })).await?;
    let cancel = "mutation($id: ID!) { updateSessionInstance(input: { id: $id, isCancelled: true }) { sessionInstance { id } } }";
    admin.data(cancel, json!({ "id": added })).await?;
    assert_eq!(
        reported(&file("20300115T190000"), "UNCHANGED").await?,
        ["has a meeting on 2030-01-17 19:00, which is cancelled here"]
    );
    let update = "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }";
    admin.data(update, json!({ "input": { "id": id, "terminationDate": "2030-02-04" } })).await?;
    let ended = reported(&file("20300115T190000"), "UNCHANGED").await?;
    let dates = "2030-02-11 19:00, 2030-02-18 19:00, 2030-02-25 19:00, 2030-03-04 19:00, 2030-03-11 19:00 and ";
    let last = ended.last().context("no note")?;
    ensure!(
        last.starts_with(&format!("has meetings on {dates}")) && last.contains("the session here ends on 2030-02-04"),
        "{ended:?}"
    );

    let tuesday = json!([{ "weekly": { "weekday": "TUESDAY", "startTime": "19:00", "endTime": "21:00" } }]);
    admin.data(update, json!({ "input": { "id": id, "terminationDate": null, "schedules": tuesday } })).await?;
    let changed = reported(&file("20300115T190000"), "UNCHANGED").await?;
    let [_, missing, added] = changed.as_slice() else { anyhow::bail!("{changed:?}") };
    ensure!(missing.starts_with("has meetings on 2030-01-07 19:00, 2030-01-21 19:00"), "{missing}");
    ensure!(missing.contains("which no schedule of the session here gives"), "{missing}");
    ensure!(added.starts_with("has no meeting on 2030-01-08 19:00, 2030-01-22 19:00"), "{added}");

    // A person changes the zone, and nothing else.
    let monday = json!([{ "weekly": { "weekday": "MONDAY", "startTime": "19:00", "endTime": "21:00" } }]);
    admin.data(update, json!({ "input": { "id": id, "schedules": monday, "timeZone": "Asia/Tokyo" } })).await?;
    let in_tokyo = reported(&file("20300115T190000"), "UNCHANGED").await?;
    ensure!(
        in_tokyo.iter().any(|note| note.ends_with(" in Europe/Berlin, but the session here is in Asia/Tokyo"))
            && in_tokyo.iter().any(|note| note.ends_with(" in Asia/Tokyo, when the session here meets")),
        "{in_tokyo:?}"
    );
    Ok(())
}

/// The end is that of the file, although the version that imported it did not store so.
async fn end_of_a_rule_that_an_older_version_imported_goes_with_the_rule(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let event = |rule: &str| {
        mondays("old@test", 19, "", &[]).replace("RRULE:FREQ=WEEKLY\n", &format!("RRULE:FREQ=WEEKLY;{rule}\n"))
    };
    let show = "query($id: ID!) { session(id: $id) { terminationDate } }";
    let update =
        "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { terminationDate } } }";
    let connection = database.connect().await?;
    let tuesday = json!([{ "weekly": { "weekday": "TUESDAY", "startTime": "19:00", "endTime": "21:00" } }]);
    let id = session_of(&import(&admin, json!({ "ics": event("COUNT=3") })).await?, "old@test")?;
    let forget = async || {
        for statement in [
            "UPDATE session SET recurrence = replace(recurrence, '\"rule_end\":\"2030-01-21\",', '')",
            "UPDATE imported_session SET contents = replace(contents, ',\"has_rule_end\":true', '')",
        ] {
            execute(&connection, statement).await?;
        }
        let kept = "SELECT count(*) FROM session WHERE recurrence LIKE '%rule_end%'";
        let stored = "SELECT count(*) FROM imported_session WHERE contents LIKE '%has_rule_end%'";
        assert_eq!((number(&connection, kept).await?, number(&connection, stored).await?), (0, 0));
        anyhow::Ok(())
    };
    forget().await?;
    import(&admin, json!({ "ics": event("BYDAY=MO") })).await?;
    assert_eq!(admin.data(show, json!({ "id": id })).await?["session"]["terminationDate"], Value::Null);

    // The same file again repairs it once. Then the end goes when a person replaces the rule.
    import(&admin, json!({ "ics": event("COUNT=3") })).await?;
    forget().await?;
    for action in ["UPDATED", "UNCHANGED"] {
        let again = import(&admin, json!({ "ics": event("COUNT=3") })).await?;
        assert_eq!(actions(&again), [("old@test", action)]);
    }
    let changed = admin.data(update, json!({ "input": { "id": id, "schedules": tuesday } })).await?;
    assert_eq!(changed["updateSession"]["session"]["terminationDate"], Value::Null);
    Ok(())
}

/// A person moves the meeting that the recurrence made, and then the calendar program leaves out its first date.
async fn moved_meeting_survives_a_file_that_leaves_out_its_first_date(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let first = now().date_naive() + Days::new(2);
    let other = first + Days::new(2);
    let compact = |date: NaiveDate| date.format("%Y%m%dT120000").to_string();
    let folder = insession_tests::TemporaryFolder::new()?;
    let path = folder.join("moved.ics");
    let import_file = async |more: &str| -> Result<Value> {
        let event = format!(
            "BEGIN:VEVENT\r\nUID:moved@test\r\nSUMMARY:Choir\r\nDTSTART;TZID=Europe/Berlin:{}\r\nDURATION:PT1H\r\n\
             RRULE:FREQ=WEEKLY\r\n{more}END:VEVENT\r\n",
            compact(first)
        );
        std::fs::write(&path, format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{event}END:VCALENDAR\r\n"))?;
        let arguments = ["import", path.to_str().context("no path")?, "--json"];
        run(&deployment.settings, &arguments).await?.expect_success()?.json()
    };
    let imported = import_file("").await?;
    let id = session_of(&imported, "moved@test")?;
    let update = "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }";
    admin.data(update, json!({ "input": { "id": id, "autoCreateHoursAhead": 168 } })).await?;
    let shown = "query($id: ID!, $from: Date) { session(id: $id) {
        skips { from } instances(first: 5) { nodes { id date } } occurrences(from: $from, first: 2) { date }
    } }";
    let state = async || -> Result<(Vec<String>, Vec<String>, Value)> {
        let session = admin.data(shown, json!({ "id": id, "from": first })).await?["session"].take();
        let dates = |list: &Value| {
            list.as_array().into_iter().flatten().filter_map(|it| it["date"].as_str().map(str::to_owned)).collect()
        };
        Ok((dates(&session["instances"]["nodes"]), dates(&session["occurrences"]), session))
    };
    eventually(LIMIT, "the instance to be created", async || {
        ensure!(state().await?.0 == [first.to_string()], "no instance yet");
        Ok(())
    })
    .await?;
    let instance = state().await?.2["instances"]["nodes"][0]["id"].take();
    let move_to = "mutation($input: UpdateSessionInstanceInput!) { updateSessionInstance(input: $input) { sessionInstance { id } } }";
    admin.data(move_to, json!({ "input": { "id": instance, "date": other } })).await?;

    let week = |number: u64| (first + Days::new(7 * number)).to_string();
    let excluded = format!("EXDATE;TZID=Europe/Berlin:{}\r\n", compact(first));
    for (more, action, skips) in [(excluded.as_str(), "UPDATED", 1), (&excluded, "UNCHANGED", 1), ("", "UPDATED", 0)] {
        let report = import_file(more).await?;
        assert_eq!(actions(&report), [("moved@test", action)]);
        eventually(LIMIT, "the file to be imported", async || {
            let (instances, occurrences, session) = state().await?;
            let all = (instances, session["skips"].as_array().map_or(0, Vec::len));
            ensure!(all == (vec![other.to_string()], skips), "{session}");
            ensure!(skips == 0 || occurrences == [week(1), week(2)], "{session}");
            Ok(())
        })
        .await?;
        let at = |date: NaiveDate| format!("{date} 12:00");
        let mut notes = vec![format!("has no meeting on {}, when the session here meets", at(other))];
        if skips == 0 {
            notes.insert(0, format!("has a meeting on {}, which is at another time here", at(first)));
        }
        assert_eq!(report["imported"][0]["notes"], json!(notes));
    }
    Ok(())
}

/// The instances of a session: date, local start, whether it is cancelled, and its id.
async fn instances(client: &Client, id: &str) -> Result<Vec<(String, bool, String)>> {
    let data = client.data(STATE, json!({ "id": id })).await?;
    let all = data["session"]["instances"]["nodes"].as_array().context("no list")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(all.iter().map(|it| (text(&it["startsAt"]), it["isCancelled"] == true, text(&it["id"]))).collect())
}

async fn meeting_that_a_person_made_is_not_made_again(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let file = |more: &str| mondays("twice@test", 19, more, &[]);
    let imported = import(&admin, json!({ "ics": file("") })).await?;
    let id = session_of(&imported, "twice@test")?;
    let by_hand = "mutation($input: CreateSessionInstanceInput!) { createSessionInstance(input: $input) { sessionInstance { id } } }";
    let input = json!({ "sessionId": id, "date": "2030-01-09", "startTime": "19:00", "endTime": "21:00" });
    let made = admin.data(by_hand, json!({ "input": input })).await?;
    let made = made["createSessionInstance"]["sessionInstance"]["id"].as_str().context("no id")?;
    let added = "RDATE;TZID=Europe/Berlin:20300109T190000\n";
    for (more, action) in [(added, "UPDATED"), (added, "UNCHANGED"), ("", "UPDATED")] {
        let report = import(&admin, json!({ "ics": file(more) })).await?;
        assert_eq!(actions(&report), [("twice@test", action)]);
        let all = instances(&admin, &id).await?;
        let [(at, false, instance)] = all.as_slice() else { anyhow::bail!("{all:?}") };
        ensure!(at.starts_with("2030-01-09T18:00") && instance == made, "{all:?}");
    }
    Ok(())
}

async fn edits_of_a_meeting_stay_unless_the_file_changed_the_same(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let file = |to: &str| {
        let moved = format!("RECURRENCE-ID;TZID=Europe/Berlin:20300114T190000\nDTSTART;TZID=Europe/Berlin:{to}\n");
        mondays("edits@test", 19, "", &[&moved])
    };
    let imported = import(&admin, json!({ "ics": file("20300115T200000") })).await?;
    let id = session_of(&imported, "edits@test")?;
    let (.., instance) = instances(&admin, &id).await?.pop().context("no instance")?;
    let update = "mutation($input: UpdateSessionInstanceInput!) { updateSessionInstance(input: $input) { sessionInstance { id } } }";
    let begins_at = async || -> Result<String> {
        let all = instances(&admin, &id).await?;
        Ok(all.into_iter().find(|it| it.2 == instance).context("the instance is gone")?.0)
    };
    admin.data(update, json!({ "input": { "id": instance, "startTime": "20:30" } })).await?;
    // The file moves the meeting to another day, at the same time.
    import(&admin, json!({ "ics": file("20300116T200000") })).await?;
    ensure!(begins_at().await?.starts_with("2030-01-16T19:30"), "{}", begins_at().await?);
    // A person moves it, and the file changes its time.
    admin.data(update, json!({ "input": { "id": instance, "date": "2030-01-17" } })).await?;
    import(&admin, json!({ "ics": file("20300116T170000") })).await?;
    ensure!(begins_at().await?.starts_with("2030-01-17T16:00"), "{}", begins_at().await?);
    Ok(())
}

/// People have checked in to a meeting that was moved, and to an added one. Then the series moves, the file loses both changes, and
/// they come back. All the time the people are at a meeting that takes place, if there is one on that day.
async fn instance_keeps_its_check_ins_when_its_meeting_comes_back(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let person = create_person(&admin, "Ada").await?;
    let uid = "back@test";
    let moved = |hour: u32, to: u32| {
        format!("RECURRENCE-ID;TZID=Europe/Berlin:20300114T{hour}0000\nDTSTART;TZID=Europe/Berlin:20300114T{to}0000\n")
    };
    let added = "RDATE;TZID=Europe/Berlin:20300117T110000\n";
    let first = mondays(uid, 19, added, &[&moved(19, 21)]);
    let id = session_of(&import(&admin, json!({ "ics": first })).await?, uid)?;
    let made = instances(&admin, &id).await?;
    let [(_, _, change), (_, _, addition)] = made.as_slice() else { anyhow::bail!("{made:?}") };
    for instance in [change, addition] {
        check_in(&admin, instance, "YES", Some(&person)).await?;
    }
    for (step, (file, of_change, of_addition)) in [
        // The series moves by an hour, and nothing else is left.
        (mondays(uid, 20, "", &[]), Some("2030-01-14T19:00"), None),
        (first.clone(), Some("2030-01-14T20:00"), Some("2030-01-17T10:00")),
        // The series moves, and its meeting is changed again under the new time.
        (mondays(uid, 17, added, &[&moved(17, 22)]), Some("2030-01-14T21:00"), Some("2030-01-17T10:00")),
        (first.clone(), Some("2030-01-14T20:00"), Some("2030-01-17T10:00")),
        // No series on that day.
        (mondays(uid, 19, added, &[]).replace("20300107T", "20300108T"), None, Some("2030-01-17T10:00")),
        (first.clone(), Some("2030-01-14T20:00"), Some("2030-01-17T10:00")),
        // The meeting is left out for a while.
        (mondays(uid, 19, "EXDATE;TZID=Europe/Berlin:20300114T190000\n", &[]), None, None),
        (first.clone(), Some("2030-01-14T20:00"), Some("2030-01-17T10:00")),
    ]
    .into_iter()
    .enumerate()
    {
        let updated = import(&admin, json!({ "ics": file })).await?;
        assert_eq!(actions(&updated), [(uid, "UPDATED")], "step {step}");
        eventually(LIMIT, "the instances to follow the file", async || {
            let all = instances(&admin, &id).await?;
            for (instance, expected) in [(change, of_change), (addition, of_addition)] {
                let found = all.iter().find(|(.., id)| id == instance).context("an instance with check-ins is gone")?;
                let start = expected.is_none_or(|start| found.0.starts_with(start));
                ensure!(start && found.1 == expected.is_none(), "step {step}: {all:?}");
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn own_feed_is_unchanged_and_any_edit_of_it_is_seen(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let create = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id path } } }";
    let new = async |number: usize, mut input: Value| -> Result<(String, String)> {
        input["name"] = json!(format!("Session {number}"));
        input["timeZone"] = json!("Europe/Berlin");
        input["city"] = json!("Berlin");
        let mut made = admin.data(create, json!({ "input": input })).await?["createSession"]["session"].take();
        let mut text = |field: &str| made[field].take().as_str().context("no text").map(str::to_owned);
        Ok((text("id")?, text("path")?))
    };
    let evening = json!({ "startTime": "19:00", "endTime": "22:00" });
    let with = |kind: &str, more: Value| {
        let mut schedule = evening.clone();
        for (field, value) in more.as_object().into_iter().flatten() {
            schedule[field] = value.clone();
        }
        json!([{ kind: schedule }])
    };
    let weekly = with("weekly", json!({ "weekday": "MONDAY" }));
    let far_skip = json!([
        { "from": "2040-01-02", "to": "2040-01-02" },
        { "from": "2041-12-24", "to": "2042-01-06", "reason": "Holidays" },
    ]);
    let forms = [
        json!({ "schedules": weekly }),
        json!({ "schedules": with("weekly", json!({ "weekday": "FRIDAY", "everyNWeeks": 3 })), "autoCreateInstances": true }),
        json!({ "schedules": with("monthly", json!({ "weekday": "FRIDAY", "which": [5, -2] })) }),
        json!({ "schedules": with("monthDay", json!({ "days": [-1, 31, 15], "everyNMonths": 2 })) }),
        json!({ "schedules": with("rrule", json!({ "rrule": "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=22" })), "terminationDate": "2031-02-26" }),
        json!({ "schedules": weekly, "initiationDate": "2027-03-01", "terminationDate": "2045-03-01", "skips": far_skip,
            "location": "Hall", "latitude": 52.5, "longitude": 13.4 }),
        json!({}),
    ];
    let mut sessions = Vec::new();
    for (number, input) in forms.into_iter().enumerate() {
        let (id, path) = new(number, input).await?;
        // One instance on a day of its own, one that stands for a Monday in far years, one after the termination date.
        let add = "mutation($input: CreateSessionInstanceInput!) { createSessionInstance(input: $input) { sessionInstance { id } } }";
        for (date, location) in [("2030-05-08", Some("Park")), ("2043-01-05", None), ("2046-01-01", None)] {
            let times = json!({ "sessionId": id, "date": date, "startTime": "19:00", "endTime": "20:10", "locationOverride": location });
            admin.data(add, json!({ "input": times })).await?;
        }
        // Its times are not known.
        admin.data(add, json!({ "input": { "sessionId": id, "date": "2030-06-09" } })).await?;
        sessions.push((id, path));
    }
    let sessions_before = count(&admin).await?;
    // The feed of the city has all of them.
    let address = admin.address("/calendar.ics?city=Berlin");
    let all = admin.http().get(address).send().await?.error_for_status()?.text().await?;
    let same = import(&admin, json!({ "ics": all })).await?;
    assert_eq!((&same["refused"], count(&admin).await?), (&json!([]), sessions_before), "{same}");
    ensure!(actions(&same).iter().all(|(_, action)| *action == "UNCHANGED"), "{same}");
    let known: BTreeSet<_> =
        same["imported"].as_array().context("no list")?.iter().map(|it| it["session"]["id"].as_str()).collect();
    assert_eq!(known, sessions.iter().map(|(id, _)| Some(id.as_str())).collect());

    // Another installation has the same feed after an import, and this one knows it.
    let installation =
        all.lines().find_map(|line| line.strip_prefix("UID:")?.split('@').nth(1)).context("no UID")?.to_owned();
    let foreign = all.replace("\r\n ", "").replace(&installation, "elsewhere");
    let imported = import(&admin, json!({ "ics": foreign })).await?;
    assert_eq!(imported["refused"], json!([]));
    let copies: BTreeSet<_> =
        imported["imported"].as_array().context("no list")?.iter().map(|it| it["session"]["path"].as_str()).collect();
    assert_eq!(copies.len(), sessions.len());
    let mut copied = String::new();
    for path in copies.into_iter().flatten() {
        copied += &feed(&admin, path).await?.replace("\r\n ", "");
    }
    for file in [copied.clone(), copied.replace("@elsewhere", &format!("@{installation}"))] {
        let again = import(&admin, json!({ "ics": file })).await?;
        ensure!(actions(&again).iter().all(|(_, action)| *action == "UNCHANGED"), "{again}");
        assert_eq!((actions(&again).len(), &again["refused"]), (actions(&same).len(), &json!([])));
    }

    let (_, path) = &sessions[5];
    let exported = feed(&admin, path).await?.replace("\r\n ", "");
    for (from, to) in [
        ("LOCATION:Hall", "LOCATION:Cellar"),
        ("LOCATION:Park", "LOCATION:Cellar"),
        ("GEO:52.5;13.4", "GEO:52.5;13.5"),
        ("EXDATE;TZID=Europe/Berlin:20400102T190000\r\n", ""),
        ("EXDATE;TZID=Europe/Berlin:20411230T190000\r\n", ""),
        ("UNTIL=2045", "UNTIL=2044"),
        ("SUMMARY:Session 5", "SUMMARY:Session 6"),
        ("DURATION:PT3H", "DURATION:PT4H"),
        ("DTEND;TZID=Europe/Berlin:20430105T201000", "DTEND;TZID=Europe/Berlin:20430105T203000"),
        ("DTSTART;TZID=Europe/Berlin:20460101T190000", "DTSTART;TZID=Europe/Berlin:20460101T193000"),
    ] {
        ensure!(exported.contains(from), "{from} is not in {exported}");
        let edited = import(&admin, json!({ "ics": exported.replace(from, to) })).await?;
        assert_eq!(edited["imported"], json!([]), "{from} became {to}");
        let reason = edited["refused"][0]["reason"].as_str().unwrap_or_default();
        ensure!(reason.starts_with("differs from the session of this server"), "{edited}");
    }
    // What nobody stores does not matter.
    let unlike = exported.replace("SEQUENCE:", "SEQUENCE:9").replace("X-PUBLISHED-TTL:PT1H", "X-PUBLISHED-TTL:PT2H");
    let same = import(&admin, json!({ "ics": unlike })).await?;
    ensure!(!actions(&same).is_empty() && actions(&same).iter().all(|(_, action)| *action == "UNCHANGED"), "{same}");
    Ok(())
}
