//! Calendar import: by the mutation and by the command, again and again, and of our own feeds.

use std::{collections::BTreeSet, fs::File, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use insession_tests::{
    Client, Deployment, LIMIT, Settings, TestDatabase,
    database::number,
    eventually, on_both_databases,
    program::{run, start},
};
use serde_json::{Value, json};

use crate::fixtures::{add_organizer, check_in, create_person, create_session};

on_both_databases!(
    calendar_becomes_sessions_with_exactly_its_meetings,
    second_import_changes_only_what_changed_in_the_file,
    meeting_whose_change_a_file_no_longer_has_follows_its_rule_again,
    organisers_import_and_organise_what_they_imported,
    feed_imported_elsewhere_and_exported_again_is_the_same,
    command_imports_files_and_goes_on_after_an_interruption,
    bad_calendars_are_refused_with_a_reason,
);

const IMPORT: &str = "mutation($input: ImportCalendarInput!) { importCalendar(input: $input) {
    dryRun imported { uid action session { id name path } notes } refused { uid summary reason }
} }";

const SESSION: &str = "query($id: ID!) { session(id: $id) {
    name path location city country latitude longitude timeZone initiationDate terminationDate autoCreateInstances
    organizers { id } recurrence { rrules } skips { from to }
    occurrences(from: \"2030-01-01\", first: 10) { date startsAt sessionInstance { id } }
    instances(first: 20) { nodes { id date startTime endTime isCancelled locationOverride } }
} }";

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/calendars").join(name)
}

fn weekly() -> Result<String> {
    Ok(std::fs::read_to_string(file("weekly.ics"))?)
}

pub async fn import(client: &Client, input: Value) -> Result<Value> {
    Ok(client.data(IMPORT, json!({ "input": input })).await?["importCalendar"].take())
}

/// The id of the session that a UID became.
pub fn session_of(imported: &Value, uid: &str) -> Result<String> {
    let all = imported["imported"].as_array().context("no list")?;
    let found = all.iter().find(|event| event["uid"] == uid).with_context(|| format!("{uid} is not in {imported}"))?;
    Ok(found["session"]["id"].as_str().context("no session")?.to_owned())
}

pub fn actions(imported: &Value) -> Vec<(&str, &str)> {
    let all = imported["imported"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|event| Some((event["uid"].as_str()?, event["action"].as_str()?))).collect()
}

async fn shown(client: &Client, id: &str) -> Result<Value> {
    Ok(client.data(SESSION, json!({ "id": id })).await?["session"].take())
}

fn instances(session: &Value) -> Vec<(&str, &str, &str, bool, Option<&str>)> {
    let nodes = session["instances"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    nodes
        .iter()
        .filter_map(|node| {
            Some((
                node["date"].as_str()?,
                node["startTime"].as_str()?,
                node["endTime"].as_str()?,
                node["isCancelled"].as_bool()?,
                node["locationOverride"].as_str(),
            ))
        })
        .collect()
}

/// How many sessions there are.
pub async fn count(client: &Client) -> Result<i64> {
    let data = client.data("{ sessions { totalCount } }", json!({})).await?;
    data["sessions"]["totalCount"].as_i64().context("no count")
}

async fn calendar_becomes_sessions_with_exactly_its_meetings(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let input = json!({ "ics": weekly()?, "city": "Austin", "country": "USA" });
    let mut dry = input.clone();
    dry["dryRun"] = json!(true);
    let planned = import(&admin, dry).await?;
    assert_eq!((&planned["dryRun"], count(&admin).await?), (&json!(true), 0));
    let created = [("weekly@test", "CREATED"), ("single@test", "CREATED"), ("windows@test", "CREATED")];
    assert_eq!(actions(&planned), created);
    ensure!(planned["imported"][0]["session"].is_null(), "{planned}");

    let imported = import(&admin, input).await?;
    assert_eq!(actions(&imported), created);
    assert_eq!(imported["refused"], planned["refused"]);
    let reasons: Vec<_> = imported["refused"].as_array().context("no list")?.iter().collect();
    for (refused, (uid, words)) in reasons.iter().zip([
        ("floating@test", "without a time zone"),
        ("day@test", "has no time of day"),
        ("hourly@test", "FREQ"),
    ]) {
        assert_eq!(refused["uid"], uid);
        ensure!(refused["reason"].as_str().is_some_and(|reason| reason.contains(words)), "{refused}");
    }
    assert_eq!(reasons.len(), 3);

    let session = shown(&admin, &session_of(&imported, "weekly@test")?).await?;
    let expected = json!({
        "name": "Thursday, in the hangar", "location": "Old hangar, Mueller", "city": "Austin", "country": "USA",
        "latitude": 30.3, "longitude": -97.7, "timeZone": "America/Chicago", "initiationDate": "2030-01-03",
        "terminationDate": "2030-02-07", "path": "thursday-in-the-hangar", "autoCreateInstances": true,
        "skips": [{ "from": "2030-01-10", "to": "2030-01-10" }],
    });
    for (field, value) in expected.as_object().context("no object")? {
        assert_eq!(session[field], *value, "{field}");
    }
    let shown_dates: Vec<_> = session["occurrences"].as_array().context("no list")?.iter().collect();
    let dates: Vec<_> = shown_dates.iter().filter_map(|it| it["date"].as_str()).collect();
    assert_eq!(dates, ["2030-01-03", "2030-01-17", "2030-01-24", "2030-01-31", "2030-02-07"]);
    let expected = BTreeSet::from([
        ("2030-01-12", "15:00:00", "18:00:00", false, None),
        ("2030-01-18", "20:00:00", "23:00:00", false, Some("The other hangar")),
        ("2030-01-24", "19:00:00", "22:00:00", true, None),
    ]);
    let made = instances(&session);
    let found: BTreeSet<_> = made.iter().copied().collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (one, other) in found.iter().zip(&expected) {
        assert_eq!(
            (one.0, &one.1[..5], &one.2[..5], one.3, one.4),
            (other.0, &other.1[..5], &other.2[..5], other.3, other.4)
        );
    }
    let single = shown(&admin, &session_of(&imported, "single@test")?).await?;
    assert_eq!((&single["recurrence"]["rrules"], instances(&single).len()), (&json!([]), 1), "{single}");
    let monthly = shown(&admin, &session_of(&imported, "windows@test")?).await?;
    assert_eq!(monthly["timeZone"], "Europe/Berlin");
    assert_eq!(monthly["recurrence"]["rrules"], json!(["FREQ=MONTHLY;BYDAY=1FR"]));
    // A time zone for the times that have none.
    let again = import(&admin, json!({ "ics": weekly()?, "timeZone": "Europe/Vienna" })).await?;
    ensure!(actions(&again).contains(&("floating@test", "CREATED")), "{again}");
    Ok(())
}

async fn second_import_changes_only_what_changed_in_the_file(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let person = create_person(&admin, "Ada").await?;
    let text = weekly()?;
    let imported = import(&admin, json!({ "ics": text })).await?;
    let (weekly, single) = (session_of(&imported, "weekly@test")?, session_of(&imported, "single@test")?);
    let festival = shown(&admin, &single).await?["instances"]["nodes"][0]["id"].take();
    let festival = festival.as_str().context("no instance")?;
    check_in(&admin, festival, "YES", Some(&person)).await?;
    let rename = "mutation($id: ID!) { updateSession(input: { id: $id, name: \"Renamed\", autoCreateInstances: false }) { session { id } } }";
    admin.data(rename, json!({ "id": weekly })).await?;
    let before = shown(&admin, &weekly).await?;

    let again = import(&admin, json!({ "ics": text })).await?;
    let unchanged = actions(&again);
    assert_eq!(unchanged.len(), 3);
    ensure!(unchanged.iter().all(|(_, action)| *action == "UNCHANGED"), "{again}");
    assert_eq!(shown(&admin, &weekly).await?, before);

    // The summary is as it was, so the new name stays. Everything else changed.
    let changed = text
        .replace("LOCATION:Old hangar\\nMueller", "LOCATION:New hangar")
        .replace("EXDATE;TZID=Customized Time Zone:20300110T190000", "EXDATE;TZID=Customized Time Zone:20300131T190000")
        .replace("20300112T150000", "20300113T150000")
        .replace(
            "DTSTART;TZID=Customized Time Zone:20300118T200000",
            "DTSTART;TZID=Customized Time Zone:20300118T210000",
        )
        .replace("STATUS:CANCELLED\n", "")
        .replace("DTSTART:20300601T180000Z", "DTSTART:20300602T180000Z");
    let updated = import(&admin, json!({ "ics": changed })).await?;
    assert_eq!(
        actions(&updated),
        [("weekly@test", "UPDATED"), ("single@test", "UPDATED"), ("windows@test", "UNCHANGED")]
    );
    let after = shown(&admin, &weekly).await?;
    assert_eq!((&after["name"], &after["location"]), (&json!("Renamed"), &json!("New hangar")));
    assert_eq!(after["skips"], json!([{ "from": "2030-01-31", "to": "2030-01-31" }]));
    assert_eq!(after["autoCreateInstances"], false);
    let dates: BTreeSet<_> =
        instances(&after).iter().map(|(date, start, _, cancelled, _)| (*date, &start[..5], *cancelled)).collect();
    let expected = BTreeSet::from([
        ("2030-01-13", "15:00", false),
        ("2030-01-18", "21:00", false),
        ("2030-01-24", "19:00", false),
    ]);
    assert_eq!(dates, expected);
    let moved = shown(&admin, &single).await?;
    assert_eq!(moved["instances"]["nodes"][0]["id"], festival, "the instance is the same one");
    assert_eq!(instances(&moved)[0].0, "2030-06-02");
    let kept = "query($id: ID!) { sessionInstance(id: $id) { checkIns { totalCount } } }";
    let data = admin.data(kept, json!({ "id": festival })).await?;
    assert_eq!(data["sessionInstance"]["checkIns"]["totalCount"], 1);
    // Another zone for times that have none changes nothing, because the file has not changed.
    let back = import(&admin, json!({ "ics": changed, "timeZone": "America/Chicago" })).await?;
    let known: Vec<_> = actions(&back).into_iter().filter(|(uid, _)| *uid != "floating@test").collect();
    ensure!(known.len() == 3 && known.iter().all(|(_, action)| *action == "UNCHANGED"), "{back}");

    // A meeting that somebody deleted here stays deleted, and a session that somebody deleted is created again.
    let delete = "mutation($id: ID!) { deleteSession(id: $id) { deletedSessionId } }";
    admin.data(delete, json!({ "id": single })).await?;
    let renewed = import(&admin, json!({ "ics": changed })).await?;
    ensure!(actions(&renewed).contains(&("single@test", "CREATED")), "{renewed}");
    Ok(())
}

/// A rule moves to another hour, and the file no longer moves the meeting of 14 January.
async fn meeting_whose_change_a_file_no_longer_has_follows_its_rule_again(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let person = create_person(&admin, "Ada").await?;
    let uids = ["choir", "visited"];
    let file = |hour: u32, change: &str| {
        let events = uids.map(|uid| {
            let event = |lines: &str| {
                format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{uid}\nDURATION:PT2H\nLOCATION:Hall\n{lines}END:VEVENT\n")
            };
            let zone = "TZID=Europe/Berlin";
            let rule = event(&format!("DTSTART;{zone}:20300107T{hour}0000\nRRULE:FREQ=WEEKLY\n"));
            let changed =
                event(&format!("RECURRENCE-ID;{zone}:20300114T190000\nDTSTART;{zone}:20300115T190000\n{change}"));
            if change.is_empty() { rule } else { rule + &changed }
        });
        format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.concat())
    };
    for change in ["STATUS:CONFIRMED\n", "STATUS:CANCELLED\n"] {
        let imported = import(&admin, json!({ "ics": file(19, "STATUS:CONFIRMED\n") })).await?;
        let [choir, visited] = [session_of(&imported, uids[0])?, session_of(&imported, uids[1])?];
        let first = shown(&admin, &visited).await?["instances"]["nodes"][0]["id"].take();
        check_in(&admin, first.as_str().context("no instance")?, "YES", Some(&person)).await?;
        import(&admin, json!({ "ics": file(19, change) })).await?;
        let updated = import(&admin, json!({ "ics": file(20, "") })).await?;
        assert_eq!(actions(&updated), uids.map(|uid| (uid, "UPDATED")));
        for session in [&choir, &visited] {
            eventually(LIMIT, "the meeting to follow its rule", async || {
                let after = shown(&admin, session).await?;
                let made: Vec<_> = instances(&after).iter().map(|it| (it.0, &it.1[..5], &it.2[..5], it.3)).collect();
                ensure!(made == [("2030-01-14", "20:00", "22:00", false)], "{change}: {after}");
                Ok(())
            })
            .await?;
        }
        assert_eq!(shown(&admin, &visited).await?["instances"]["nodes"][0]["id"], first, "people stay checked in");
        let delete = "mutation($id: ID!) { deleteSession(id: $id) { deletedSessionId } }";
        for session in [choir, visited] {
            admin.data(delete, json!({ "id": session })).await?;
        }
    }
    Ok(())
}

async fn organisers_import_and_organise_what_they_imported(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let [olga, sam] = [create_person(&admin, "Olga").await?, create_person(&admin, "Sam").await?];
    let (as_olga, as_sam) = (deployment.first().client_of(&olga), deployment.first().client_of(&sam));
    let input = json!({ "input": { "ics": weekly()? } });
    assert_eq!(as_olga.error_code(IMPORT, input.clone()).await?, "FORBIDDEN");
    assert_eq!(deployment.first().client().error_code(IMPORT, input.clone()).await?, "UNAUTHENTICATED");
    add_organizer(&admin, &session, &olga).await?;
    let imported = import(&as_olga, input["input"].clone()).await?;
    let id = session_of(&imported, "weekly@test")?;
    assert_eq!(shown(&admin, &id).await?["organizers"], json!([{ "id": olga }]));
    // Another organiser cannot change these sessions by importing the same UIDs.
    add_organizer(&admin, &session, &sam).await?;
    let other = import(&as_sam, json!({ "ics": weekly()?.replace("SUMMARY:Festival", "SUMMARY:Mine") })).await?;
    assert_eq!(other["imported"], json!([]));
    let refused: Vec<_> = other["refused"].as_array().context("no list")?.iter().map(|it| &it["reason"]).collect();
    assert_eq!(
        refused
            .iter()
            .filter(
                |reason| **reason == "belongs to a session that you do not organise: ask its organisers to import it"
            )
            .count(),
        3
    );
    Ok(())
}

pub async fn feed(client: &Client, path: &str) -> Result<String> {
    let address = client.address(&format!("/sessions/{path}/calendar.ics"));
    Ok(client.http().get(address).send().await?.error_for_status()?.text().await?)
}

/// The lines of a feed, without what belongs to the moment and the address.
fn comparable(feed: &str) -> Vec<String> {
    let unfolded = feed.replace("\r\n ", "");
    let is_of_the_moment =
        |line: &&str| ["DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "URL"].iter().any(|it| line.starts_with(it));
    unfolded.lines().filter(|line| !is_of_the_moment(line)).map(str::to_owned).collect()
}

async fn feed_imported_elsewhere_and_exported_again_is_the_same(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let times = json!({ "startTime": "22:00", "endTime": "01:00" });
    let create = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id path } } }";
    let input = json!({
        "name": "Late; and later", "city": "Berlin", "timeZone": "Europe/Berlin", "latitude": 52.5, "longitude": 13.4,
        "initiationDate": "2026-12-03", "terminationDate": "2027-12-31",
        "schedules": [
            { "weekly": { "weekday": "THURSDAY", "startTime": times["startTime"], "endTime": times["endTime"] } },
            { "weekly": { "weekday": "SUNDAY", "everyNWeeks": 2, "startTime": "01:30", "endTime": "03:30" } },
            { "monthly": { "weekday": "MONDAY", "which": [1, -1], "startTime": "19:00", "endTime": "22:00" } },
        ],
        "skips": [{ "from": "2026-12-24", "to": "2027-01-02", "reason": "Christmas" }],
    });
    let session = admin.data(create, json!({ "input": input })).await?["createSession"]["session"].take();
    let (id, path) = (session["id"].as_str().context("no id")?, session["path"].as_str().context("no path")?);
    let add = "mutation($input: CreateSessionInstanceInput!) { createSessionInstance(input: $input) { sessionInstance { id } } }";
    for (date, start) in [("2026-12-05", "10:00"), ("2027-02-01", "18:00"), ("2027-12-30", "22:00")] {
        let input = json!({ "sessionId": id, "date": date, "startTime": start, "endTime": "23:00" });
        admin.data(add, json!({ "input": input })).await?;
    }
    let input = json!({ "sessionId": id, "date": "2027-03-04", "startTime": "22:00", "endTime": "01:00" });
    let cancelled =
        admin.data(add, json!({ "input": input })).await?["createSessionInstance"]["sessionInstance"]["id"].take();
    let cancel = "mutation($id: ID!) { updateSessionInstance(input: { id: $id, isCancelled: true }) { sessionInstance { id } } }";
    admin.data(cancel, json!({ "id": cancelled })).await?;

    let exported = feed(&admin, path).await?;
    let sessions = count(&admin).await?;
    // The feed of this server is known to it.
    let same = import(&admin, json!({ "ics": exported })).await?;
    ensure!(!actions(&same).is_empty(), "{same}");
    ensure!(actions(&same).iter().all(|(_, action)| *action == "UNCHANGED"), "{same}");
    assert_eq!((same["refused"].clone(), count(&admin).await?), (json!([]), sessions));
    let edited = import(&admin, json!({ "ics": exported.replace("T220000", "T223000") })).await?;
    assert_eq!(edited["imported"], json!([]), "what was changed elsewhere is not lost silently");
    // The feed of another server is one session here.
    let installation =
        exported.lines().find_map(|line| line.strip_prefix("UID:")).and_then(|uid| uid.split('@').nth(1));
    let installation = installation.context("no UID")?.to_owned();
    let foreign = exported.replace("\r\n ", "").replace(&installation, "elsewhere");
    let imported = import(&admin, json!({ "ics": foreign })).await?;
    assert_eq!((imported["refused"].clone(), count(&admin).await?), (json!([]), sessions + 1), "{imported}");
    let ids: BTreeSet<_> = imported["imported"]
        .as_array()
        .context("no list")?
        .iter()
        .filter_map(|it| it["session"]["id"].as_str())
        .collect();
    assert_eq!(ids.len(), 1, "{imported}");
    let copy = shown(&admin, ids.first().context("no session")?).await?;
    let other = feed(&admin, copy["path"].as_str().context("no path")?).await?;
    assert_eq!(comparable(&other), comparable(&foreign), "the events keep their names and their order");
    let again = import(&admin, json!({ "ics": foreign })).await?;
    ensure!(actions(&again).iter().all(|(_, action)| *action == "UNCHANGED"), "{again}");
    // Where the session is from, the feed of the copy is known too.
    let back = other.replace("\r\n ", "").replace("@elsewhere", &format!("@{installation}"));
    let same = import(&admin, json!({ "ics": back })).await?;
    let known = same["imported"].as_array().context("no list")?.iter().map(|it| (&it["action"], &it["session"]["id"]));
    ensure!(known.clone().count() > 3 && known.clone().all(|it| it == (&json!("UNCHANGED"), &session["id"])), "{same}");
    assert_eq!((same["refused"].clone(), count(&admin).await?), (json!([]), sessions + 1));
    Ok(())
}

/// A calendar with so many weekly events.
fn many(count: usize) -> String {
    let event = |number: usize| {
        format!(
            "BEGIN:VEVENT\r\nUID:many-{number}\r\nSUMMARY:Session {}\r\nDTSTART;TZID=Europe/Berlin:20300103T190000\r\n\
             DURATION:PT3H\r\nRRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Berlin:20300110T190000\r\nEND:VEVENT\r\n",
            number % 7
        )
    };
    let events: String = (0..count).map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

async fn command_imports_files_and_goes_on_after_an_interruption(database: TestDatabase) -> Result<()> {
    let settings = Settings::new(&database.url);
    let folder = insession_tests::TemporaryFolder::new()?;
    let write = |name: &str, text: &str| -> Result<String> {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    };
    let (part, whole) = (write("part.ics", &many(30))?, write("whole.ics", &many(1_500))?);
    let report = async |arguments: &[&str]| run(&settings, arguments).await?.expect_success()?.json();
    let first = report(&["import", &part, "--json", "--city", "Berlin", "--country", "Germany"]).await?;
    assert_eq!(actions(&first).iter().filter(|(_, action)| *action == "CREATED").count(), 30);
    ensure!(first["imported"][0]["session"]["path"] == "session-0", "{first}");
    let connection = database.connect().await?;
    let mut interrupted = start(&settings, &["import", &whole], Stdio::null())?;
    let saved = async || number(&connection, "SELECT count(*) FROM session").await;
    eventually(LIMIT, "a batch to be saved", async || {
        ensure!(saved().await? > 30, "only the first file is saved");
        Ok(())
    })
    .await?;
    interrupted.kill_9()?;
    let kept = usize::try_from(saved().await?)?;
    ensure!(kept < 1_500, "the import was not interrupted");
    let second = report(&["import", &whole, "--json", "--dry-run"]).await?;
    assert_eq!(second["dryRun"], true);
    let input = start(&settings, &["import", "-", "--json"], File::open(&whole)?.into())?;
    let third = input.finish().await?.expect_success()?.json()?;
    for (report, name) in [(&second, "dry run"), (&third, "import")] {
        let count = |wanted: &str| actions(report).iter().filter(|(_, action)| *action == wanted).count();
        assert_eq!((count("UNCHANGED"), count("CREATED"), count("UPDATED")), (kept, 1_500 - kept, 0), "{name}");
    }
    let text = run(&settings, &["import", &whole]).await?.expect_success()?.stdout;
    assert_eq!(text, "Created: 0 events\nUpdated: 0 events\nUnchanged: 1500 events\nRefused: 0 events\n");
    // Events that were refused are no success. The others are imported all the same, and the report is complete.
    let weekly = file("weekly.ics").display().to_string();
    let partly = run(&settings, &["import", &weekly, "--dry-run", "--json"]).await?;
    assert_eq!(partly.status.code(), Some(1));
    ensure!(partly.stderr.contains("3 of 6 events were refused"), "{}", partly.stderr);
    assert_eq!(actions(&partly.json()?).len(), 3);
    let nonsense = write("nonsense.ics", "<!DOCTYPE html>")?;
    for (file, words) in [(nonsense.as_str(), "is no calendar"), ("missing.ics", "cannot read missing.ics")] {
        let failed = run(&settings, &["import", file]).await?;
        ensure!(!failed.status.success() && failed.stderr.contains(words), "{}", failed.stderr);
    }
    let server = insession_tests::Program::serve(&settings).await?;
    let admin = server.admin();
    assert_eq!(count(&admin).await?, 1_500);
    // Nothing is left to be done for the sessions.
    eventually(LIMIT, "all sessions to be recomputed", async || {
        let data = admin
            .data(
                "{ sessions(first: 1) { nodes { occurrences(from: \"2030-01-01\", first: 2) { date } } } }",
                json!({}),
            )
            .await?;
        let dates = &data["sessions"]["nodes"][0]["occurrences"];
        ensure!(*dates == json!([{ "date": "2030-01-03" }, { "date": "2030-01-17" }]), "{data}");
        Ok(())
    })
    .await
}

async fn bad_calendars_are_refused_with_a_reason(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let deep = format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\n".repeat(9_000));
    let many = many(201);
    for text in [
        "",
        "nonsense",
        "BEGIN:VCARD\nEND:VCARD",
        &deep,
        &many,
        &"a".repeat(210_000),
        &format!("BEGIN:{}", "A".repeat(200_000)),
    ] {
        let error = admin.error(IMPORT, json!({ "input": { "ics": text } })).await?;
        assert_eq!(error.code, "BAD_USER_INPUT", "{}", error.message);
        ensure!(error.message.contains("ics") && error.message.len() < 400, "{}", error.message);
    }
    let event = |lines: &str| {
        format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:bad\nSUMMARY:Bad\n{lines}\nEND:VEVENT\nEND:VCALENDAR")
    };
    let flood: Vec<String> = (0..5_000)
        .map(|number| format!("2030{:02}{:02}T{:02}0000Z", number % 12 + 1, number % 28 + 1, number % 24))
        .collect();
    for (lines, words) in [
        ("DTSTART:00010101T190000Z".to_owned(), "years"),
        ("DTSTART:99991231T190000Z".to_owned(), "years"),
        ("DTSTART:20300101T190000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=100000000".to_owned(), "COUNT"),
        (format!("DTSTART:20300101T190000Z\nRDATE:{}", flood.join(",")), "more than 1000 dates"),
        ("DTSTART;TZID=Moon/Base:20300101T190000".to_owned(), "Moon/Base"),
        (format!("DTSTART:20300101T190000Z\nLOCATION:{}", "x".repeat(201)), "LOCATION"),
        ("DTSTART:20300101T190000Z\nLOCATION:a\u{202e}b".to_owned(), "LOCATION"),
        ("DTSTART:20300101T190000Z\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2".to_owned(), "RRULE"),
        ("DTSTART:20300101T190000Z\nGEO:91;0".to_owned(), "GEO"),
        ("DTSTART:20300101T190000Z\nGEO:0;-180.1".to_owned(), "GEO"),
        (format!("DTSTART:{}", "x".repeat(100_000)), "DTSTART"),
    ] {
        let imported = import(&admin, json!({ "ics": event(&lines) })).await?;
        assert_eq!((&imported["imported"], &imported["refused"][0]["uid"]), (&json!([]), &json!("bad")));
        let reason = imported["refused"][0]["reason"].as_str().context("no reason")?;
        ensure!(reason.contains(words) && reason.len() < 400, "{imported}");
    }
    assert_eq!(count(&admin).await?, 0);
    Ok(())
}
