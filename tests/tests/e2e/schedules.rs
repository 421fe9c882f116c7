//! Skips, months and days of the month, as clients meet them: the API, the calendar and the page.

use anyhow::{Context, Result, ensure};
use chrono::{Days, NaiveDate};
use insession_tests::{Client, Deployment, LIMIT, TestDatabase, eventually, now, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{add_organizer, check_in, create_active_instance, create_person};

on_both_databases!(
    skip_that_covers_now_deactivates_until_it_is_removed,
    skips_have_limits_and_an_audit_entry,
    meeting_moved_to_another_date_stays_when_its_first_date_is_skipped,
    end_of_an_rrule_goes_with_the_rule,
    instance_made_by_hand_stands_for_its_occurrence_everywhere,
    schedules_are_limited_to_months_and_days_of_the_month,
    organiser_adds_and_removes_skips_on_the_page,
    rrule_is_stored_as_schedules_and_previewed,
    sessions_near_a_place_are_listed_by_distance,
);

const CREATE: &str = "mutation($input: CreateSessionInput!) { createSession(input: $input) {
    session { id path skips { id from to reason } recurrence { text rrules schedules {
        __typename
        ... on WeeklySchedule { weekday weekStart months }
        ... on MonthlySchedule { which everyNMonths months }
        ... on MonthDaySchedule { days everyNMonths months }
    } } }
} }";
const ADD: &str = "mutation($input: AddSkipsInput!) { addSkips(input: $input) { sessions { id skips { id } } } }";
const REMOVE: &str = "mutation($id: ID!) { removeSkip(id: $id) { session { id skips { id } } } }";

/// Meets every day, all day, in UTC, without buffers.
fn daily(name: &str) -> Value {
    let days: Vec<i32> = (1..=31).collect();
    json!({
        "name": name, "timeZone": "UTC", "activeBufferMinutesBefore": 0, "activeBufferMinutesAfter": 0,
        "autoCreateInstances": true,
        "schedules": [{ "monthDay": { "days": days, "startTime": "00:00", "endTime": "23:59:59" } }],
    })
}

async fn create(client: &Client, input: Value) -> Result<Value> {
    Ok(client.data(CREATE, json!({ "input": input })).await?["createSession"]["session"].take())
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("{value} is not a text"))
}

/// Waits until the session has this active instance, or none.
async fn active_instance(client: &Client, session: &str, is_active: bool) -> Result<Option<String>> {
    let document = "query($id: ID!) { session(id: $id) { isActive activeInstances { id } } }";
    eventually(LIMIT, "the session to be recomputed", async || {
        let data = client.data(document, json!({ "id": session })).await?;
        ensure!(data["session"]["isActive"] == is_active, "{data}");
        Ok(data["session"]["activeInstances"][0]["id"].as_str().map(str::to_owned))
    })
    .await
}

async fn calendar(client: &Client, path: &str) -> Result<String> {
    let address = client.address(&format!("/sessions/{path}/calendar.ics"));
    Ok(client.http().get(address).send().await?.error_for_status()?.text().await?.replace("\r\n ", ""))
}

fn cookie(client: &Client) -> String {
    format!("insession_token={}", client.token().unwrap_or_default())
}

/// Close to midnight, "today" would change during the test.
async fn today() -> Result<NaiveDate> {
    eventually(LIMIT * 4, "the end of this day", async || {
        let date = now().date_naive();
        ensure!((now() + chrono::TimeDelta::minutes(1)).date_naive() == date, "the day is about to end");
        Ok(date)
    })
    .await
}

async fn skip_that_covers_now_deactivates_until_it_is_removed(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let person = create_person(&admin, "Ada").await?;
    let today = today().await?;
    for is_answered in [false, true] {
        let session = create(&admin, daily(&format!("Daily {is_answered}"))).await?;
        let (id, path) = (text(&session["id"])?, text(&session["path"])?);
        let instance = active_instance(&admin, id, true).await?.context("no active instance")?;
        if is_answered {
            check_in(&admin, &instance, "YES", Some(&person)).await?;
        }
        let yesterday = today - Days::new(1);
        let skips = json!([{ "from": yesterday, "to": today, "reason": "Renovation" }]);
        let added = admin.data(ADD, json!({ "input": { "sessionIds": [id], "skips": skips } })).await?;
        active_instance(&admin, id, false).await?;
        let shown = "query($id: ID!, $instance: ID!, $today: Date!, $tomorrow: Date!) {
            session(id: $id) { skips { from to reason } past: skips(from: $tomorrow) { id }
                occurrences(from: $today, first: 1) { date } }
            sessionInstance(id: $instance) { isCancelled isActive }
        }";
        let tomorrow = today + Days::new(1);
        let variables = json!({ "id": id, "instance": instance, "today": today, "tomorrow": tomorrow });
        let data = admin.data(shown, variables.clone()).await?;
        let expected = json!({
            "skips": [{ "from": yesterday, "to": today, "reason": "Renovation" }], "past": [],
            "occurrences": [{ "date": tomorrow }],
        });
        assert_eq!(data["session"], expected);
        let gone = if is_answered { json!({ "isCancelled": true, "isActive": false }) } else { Value::Null };
        assert_eq!(data["sessionInstance"], gone, "answered: {is_answered}");
        let skipped = today.format("%Y%m%dT000000");
        let feed = calendar(&admin, path).await?;
        ensure!(feed.contains(&format!("EXDATE;TZID=UTC:{skipped}\r\n")), "{feed}");

        let skip = &added["addSkips"]["sessions"][0]["skips"][0]["id"];
        let removed = admin.data(REMOVE, json!({ "id": skip })).await?;
        assert_eq!(removed["removeSkip"]["session"]["skips"], json!([]));
        assert_eq!(active_instance(&admin, id, true).await?, Some(instance), "the same instance comes back");
        let data = admin.data(shown, variables).await?;
        assert_eq!(data["sessionInstance"], json!({ "isCancelled": false, "isActive": true }));
        ensure!(!calendar(&admin, path).await?.contains("EXDATE"), "the occurrence is in the calendar again");
        assert_eq!(admin.error_code(REMOVE, json!({ "id": skip })).await?, "NOT_FOUND");
    }
    Ok(())
}

async fn skips_have_limits_and_an_audit_entry(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let skip = |from: &str, to: &str| json!({ "from": from, "to": to });
    let mut input = daily("Weekly");
    input["skips"] = json!([skip("2025-12-25", "2025-12-26"), skip("2025-12-24", "2026-01-01")]);
    let session = create(&admin, input).await?;
    let froms: Vec<_> = session["skips"].as_array().context("no skips")?.iter().map(|skip| &skip["from"]).collect();
    assert_eq!(froms, ["2025-12-24", "2025-12-25"], "skips may overlap, and are ordered");
    let (first, other) = (text(&session["id"])?, create(&admin, daily("Other")).await?);
    let add = |ids: Value, skips: Value| json!({ "input": { "sessionIds": ids, "skips": skips } });
    for (skips, field, words) in [
        (json!([skip("2025-12-26", "2025-12-25")]), "skips.0.to", "before"),
        (json!([skip("2025-12-25", "2025-12-25"), skip("2025-01-01", "2026-02-05")]), "skips.1.to", "400 days"),
        (json!([skip("0001-12-31", "0002-01-01")]), "skips.0.from", "0002 to 9998"),
        (json!([skip("9998-12-31", "9999-01-01")]), "skips.0.to", "0002 to 9998"),
        (json!(vec![skip("2025-12-25", "2025-12-25"); 499]), "skips", "500"),
        (json!([{ "from": "2025-01-01", "to": "2025-01-01", "reason": "x".repeat(201) }]), "skips.0.reason", "long"),
    ] {
        let answer = admin.query(ADD, add(json!([other["id"], first]), skips)).await?;
        let error = &answer.body["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
        ensure!(error.to_string().contains(field) && error.to_string().contains(words), "{error}");
    }
    assert_eq!(admin.error_code(ADD, add(json!([]), json!([]))).await?, "BAD_USER_INPUT");
    // Nothing was added to the other session either. 498 more are allowed.
    let many = json!(vec![skip("2025-01-01", "2026-02-04"); 498]);
    let added = admin.data(ADD, add(json!([other["id"], first, first]), many)).await?;
    let counts: Vec<_> = added["addSkips"]["sessions"].as_array().context("no sessions")?.iter().collect();
    let counts: Vec<_> = counts.into_iter().filter_map(|session| session["skips"].as_array()).map(Vec::len).collect();
    assert_eq!(counts, [498, 500]);

    let organizer = create_person(&admin, "Olga").await?;
    add_organizer(&admin, first, &organizer).await?;
    let theirs = deployment.first().client_of(&organizer);
    assert_eq!(theirs.error_code(ADD, add(json!([first, other["id"]]), json!([]))).await?, "FORBIDDEN");
    theirs.data(REMOVE, json!({ "id": session["skips"][0]["id"] })).await?;
    let log =
        "query($node: ID) { auditLog(first: 3, nodeId: $node) { nodes { action actor changes { field from to } } } }";
    let log = admin.data(log, json!({ "node": first })).await?;
    let newest = &log["auditLog"]["nodes"][0];
    assert_eq!((&newest["action"], &newest["actor"]), (&json!("removeSkip"), &json!(organizer)));
    ensure!(newest["changes"][0]["from"].to_string().contains("2025-12-24"), "{newest}");
    assert_eq!(log["auditLog"]["nodes"][2]["action"], "addSkips");
    Ok(())
}

/// A person moves a meeting by two days, and then the day on which it was is skipped.
async fn meeting_moved_to_another_date_stays_when_its_first_date_is_skipped(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let first = today().await? + Days::new(2);
    let other = first + Days::new(2);
    let weekday = first.format("%A").to_string().to_uppercase();
    let session = create(
        &admin,
        json!({
            "name": "Moved", "timeZone": "UTC", "autoCreateInstances": true, "autoCreateHoursAhead": 168,
            "schedules": [{ "weekly": { "weekday": weekday, "startTime": "12:00", "endTime": "13:00" } }],
        }),
    )
    .await?;
    let (id, path) = (text(&session["id"])?, text(&session["path"])?);
    let shown = "query($id: ID!, $from: Date) { session(id: $id) {
        instances(first: 5) { nodes { id date isCancelled } } occurrences(from: $from, first: 3) { date sessionInstance { id } }
    } }";
    let dates = async || -> Result<(Vec<String>, Vec<String>)> {
        let data = admin.data(shown, json!({ "id": id, "from": first })).await?["session"].take();
        let of = |list: &Value| {
            list.as_array().into_iter().flatten().map(|it| it["date"].as_str().unwrap_or_default().to_owned()).collect()
        };
        Ok((of(&data["instances"]["nodes"]), of(&data["occurrences"])))
    };
    eventually(LIMIT, "the instance to be created", async || {
        ensure!(dates().await?.0 == [first.to_string()], "no instance yet");
        Ok(())
    })
    .await?;
    let made = admin.data(shown, json!({ "id": id, "from": first })).await?;
    let instance = text(&made["session"]["instances"]["nodes"][0]["id"])?.to_owned();
    let update = "mutation($input: UpdateSessionInstanceInput!) { updateSessionInstance(input: $input) { sessionInstance { date } } }";
    admin.data(update, json!({ "input": { "id": instance, "date": other } })).await?;

    let skip = |date: NaiveDate| json!({ "input": { "sessionIds": [id], "skips": [{ "from": date, "to": date }] } });
    admin.data(ADD, skip(first)).await?;
    let week = |number: u64| (first + Days::new(7 * number)).to_string();
    let (instances, occurrences) = dates().await?;
    assert_eq!(instances, [other.to_string()], "the meeting is on the day that the person has chosen");
    assert_eq!(occurrences, [week(1), week(2), week(3)]);
    let compact = |date: NaiveDate| date.format("%Y%m%dT120000").to_string();
    let feed = calendar(&admin, path).await?;
    ensure!(feed.contains(&format!("EXDATE;TZID=UTC:{}\r\n", compact(first))), "{feed}");
    ensure!(feed.contains(&format!("DTSTART;TZID=UTC:{}\r\n", compact(other))), "{feed}");
    ensure!(!feed.contains("RECURRENCE-ID"), "{feed}");

    // A skip of the other day concerns it.
    let added = admin.data(ADD, skip(other)).await?;
    assert_eq!(dates().await?.0, Vec::<String>::new());
    let skips = added["addSkips"]["sessions"][0]["skips"].as_array().context("no skips")?;
    admin.data(REMOVE, json!({ "id": skips[1]["id"] })).await?;
    assert_eq!(dates().await?.0, [other.to_string()], "it comes back");
    admin.data(REMOVE, json!({ "id": skips[0]["id"] })).await?;
    assert_eq!(dates().await?.0, [other.to_string()], "no second instance for its occurrence");

    // A person changes it while its first date is skipped. It is still the meeting of that date.
    let last = other + Days::new(1);
    for (change, now) in [
        (json!({ "endTime": "14:00" }), other),
        (json!({ "date": last }), last),
        (json!({ "isCancelled": true }), last),
    ] {
        let added = admin.data(ADD, skip(first)).await?;
        let mut input = change.clone();
        input["id"] = json!(instance);
        admin.data(update, json!({ "input": input })).await?;
        assert_eq!(dates().await?.0, [now.to_string()], "{change}");
        if change["isCancelled"].is_null() {
            let added = admin.data(ADD, skip(now)).await?;
            assert_eq!(dates().await?.0, Vec::<String>::new(), "{change}, and then its other date is skipped");
            admin.data(REMOVE, json!({ "id": added["addSkips"]["sessions"][0]["skips"][1]["id"] })).await?;
        }
        admin.data(REMOVE, json!({ "id": added["addSkips"]["sessions"][0]["skips"][0]["id"] })).await?;
        assert_eq!(dates().await?.0, [now.to_string()], "{change}, and then no date is skipped");
    }
    Ok(())
}

async fn end_of_an_rrule_goes_with_the_rule(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let rrule = |rule: &str| json!([{ "rrule": { "rrule": rule, "startTime": "19:00", "endTime": "22:00" } }]);
    let weekly = json!([{ "weekly": { "weekday": "FRIDAY", "startTime": "19:00", "endTime": "22:00" } }]);
    let input = json!({ "name": "Course", "timeZone": "UTC", "initiationDate": "2030-01-07",
        "schedules": rrule("FREQ=WEEKLY;BYDAY=MO;COUNT=3") });
    let session = create(&admin, input).await?;
    let update =
        "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { terminationDate } } }";
    for (change, expected) in [
        (json!({ "name": "Class" }), json!("2030-01-21")),
        (json!({ "schedules": rrule("FREQ=WEEKLY;BYDAY=TU") }), Value::Null),
        (json!({ "schedules": rrule("FREQ=WEEKLY;BYDAY=TU;UNTIL=20300301") }), json!("2030-03-01")),
        (json!({ "schedules": weekly }), Value::Null),
        // A person gives a date. It stays until a rule brings another one.
        (json!({ "terminationDate": "2031-01-01" }), json!("2031-01-01")),
        (json!({ "schedules": rrule("FREQ=WEEKLY;BYDAY=TU") }), json!("2031-01-01")),
        (json!({ "schedules": rrule("FREQ=WEEKLY;BYDAY=TU;COUNT=2") }), json!("2030-01-15")),
        (json!({ "terminationDate": "2030-01-15" }), json!("2030-01-15")),
        (json!({ "schedules": weekly }), json!("2030-01-15")),
        (json!({ "schedules": rrule("FREQ=WEEKLY;COUNT=2"), "terminationDate": "2030-06-01" }), json!("2030-01-14")),
        (json!({ "schedules": weekly, "terminationDate": "2030-06-01" }), json!("2030-06-01")),
        (json!({ "schedules": null }), json!("2030-06-01")),
    ] {
        let mut input = change.clone();
        input["id"] = session["id"].clone();
        let data = admin.data(update, json!({ "input": input })).await?;
        assert_eq!(data["updateSession"]["session"]["terminationDate"], expected, "after {change}");
    }
    Ok(())
}

async fn instance_made_by_hand_stands_for_its_occurrence_everywhere(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let mut input = daily("By hand");
    input["autoCreateInstances"] = json!(false);
    input["schedules"][0]["monthDay"]["startTime"] = json!("19:00");
    let session = create(&admin, input).await?;
    let (id, path) = (text(&session["id"])?, text(&session["path"])?);
    let day = today().await? + Days::new(9);
    let by_hand = "mutation($input: CreateSessionInstanceInput!) {
        createSessionInstance(input: $input) { sessionInstance { id } }
    }";
    let new = json!({ "sessionId": id, "date": day, "startTime": "18:00", "endTime": "20:00" });
    let made = admin.data(by_hand, json!({ "input": new })).await?;
    let made = text(&made["createSessionInstance"]["sessionInstance"]["id"])?;
    let document = "query($id: ID!, $from: Date!) {
        session(id: $id) { occurrences(from: $from, first: 2) { date sessionInstance { id } } }
    }";
    let variables = json!({ "id": id, "from": day });
    let next = day + Days::new(1);
    let data = admin.data(document, variables.clone()).await?;
    let expected = json!([
        { "date": day, "sessionInstance": { "id": made } }, { "date": next, "sessionInstance": null },
    ]);
    assert_eq!(data["session"]["occurrences"], expected);
    let feed = calendar(&admin, path).await?;
    let start = |date: NaiveDate, time: &str| format!("{}T{time}", date.format("%Y%m%d"));
    ensure!(
        feed.contains(&format!(
            "RECURRENCE-ID;TZID=UTC:{}\r\nDTSTART;TZID=UTC:{}",
            start(day, "190000"),
            start(day, "180000")
        )),
        "{feed}"
    );
    // Each day of the month is a series, and there is one exception.
    assert_eq!(feed.matches("BEGIN:VEVENT").count(), 31 + 1, "{feed}");
    let sequence = |feed: &str| -> Result<u32> {
        let line = feed.lines().find_map(|line| line.strip_prefix("SEQUENCE:")).context("no SEQUENCE")?;
        Ok(line.parse()?)
    };
    let before = sequence(&feed)?;

    // Deleted by a person: the occurrence of an instance that was created from it does not take place.
    let delete = "mutation($id: ID!) { deleteSessionInstance(id: $id) { deletedSessionInstanceId } }";
    admin.data(delete, json!({ "id": made })).await?;
    let data = admin.data(document, variables).await?;
    let dates: Vec<_> =
        data["session"]["occurrences"].as_array().context("no list")?.iter().map(|it| &it["date"]).collect();
    assert_eq!(dates, [&json!(next), &json!(next + Days::new(1))], "a deleted meeting does not come back");
    let feed = calendar(&admin, path).await?;
    ensure!(feed.contains(&format!("EXDATE;TZID=UTC:{}\r\n", start(day, "190000"))), "{feed}");
    ensure!(before < sequence(&feed)?, "programs take the change only if SEQUENCE rises");
    Ok(())
}

async fn schedules_are_limited_to_months_and_days_of_the_month(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let times = |mut schedule: Value| {
        schedule["startTime"] = json!("19:00");
        schedule["endTime"] = json!("22:00");
        schedule
    };
    let input = json!({ "name": "Summer", "timeZone": "Europe/Vienna", "initiationDate": "2025-01-15", "schedules": [
        { "weekly": times(json!({ "weekday": "THURSDAY", "everyNWeeks": 2, "weekStart": "SUNDAY", "months": [7, 6, 7] })) },
        { "monthly": times(json!({ "weekday": "SUNDAY", "which": [-1], "everyNMonths": 3 })) },
        { "monthDay": times(json!({ "days": [31, -1], "everyNMonths": 12 })) },
    ] });
    let session = create(&admin, input).await?;
    let recurrence = &session["recurrence"];
    let expected = json!([
        { "__typename": "WeeklySchedule", "weekday": "THURSDAY", "weekStart": "SUNDAY", "months": [6, 7] },
        { "__typename": "MonthlySchedule", "which": [-1], "everyNMonths": 3, "months": null },
        { "__typename": "MonthDaySchedule", "days": [31, -1], "everyNMonths": 12, "months": null },
    ]);
    assert_eq!(recurrence["schedules"], expected);
    assert_eq!(
        recurrence["rrules"],
        json!([
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYMONTH=6,7;BYDAY=TH",
            "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1SU",
            "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31,-1"
        ])
    );
    let document = "query($id: ID!) { session(id: $id) { occurrences(from: \"2025-01-01\", first: 8) { date } } }";
    let data = admin.data(document, json!({ "id": session["id"] })).await?;
    let dates: Vec<_> =
        data["session"]["occurrences"].as_array().context("no list")?.iter().map(|it| &it["date"]).collect();
    let expected = [
        "2025-01-26",
        "2025-01-31",
        "2025-04-27",
        "2025-06-05",
        "2025-06-19",
        "2025-07-03",
        "2025-07-17",
        "2025-07-27",
    ];
    assert_eq!(dates, expected);
    for (schedule, field) in [
        (json!({ "weekly": times(json!({ "weekday": "MONDAY", "months": [13] })) }), "schedules.0.months"),
        (
            json!({ "monthly": times(json!({ "weekday": "MONDAY", "which": [1], "everyNMonths": 0 })) }),
            "schedules.0.everyNMonths",
        ),
        (json!({ "monthDay": times(json!({ "days": [0] })) }), "schedules.0.days"),
    ] {
        let input = json!({ "name": "Wrong", "timeZone": "UTC", "schedules": [schedule] });
        let answer = admin.query(CREATE, json!({ "input": input })).await?;
        ensure!(answer.body["errors"][0].to_string().contains(field), "{}", answer.body);
    }
    Ok(())
}

async fn organiser_adds_and_removes_skips_on_the_page(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let mut input = daily("Page");
    input["autoCreateInstances"] = json!(false);
    let session = create(&admin, input).await?;
    let (id, path) = (text(&session["id"])?, text(&session["path"])?);
    let organizer = create_person(&admin, "Olga").await?;
    add_organizer(&admin, id, &organizer).await?;
    let stranger = create_person(&admin, "Sam").await?;
    let (olga, sam) = (deployment.first().client_of(&organizer), deployment.first().client_of(&stranger));
    let page = async |client: &Client| {
        let request = client.http().get(client.address(&format!("/sessions/{path}")));
        anyhow::Ok(request.header("cookie", cookie(client)).send().await?.error_for_status()?.text().await?)
    };
    let post = async |client: &Client, address: &str, form: &[(&str, &str)]| {
        let request = client.http().post(client.address(&format!("/sessions/{path}/{address}")));
        let body: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"));
        anyhow::Ok(request.header("cookie", cookie(client)).send().await?)
    };
    ensure!(!page(&sam).await?.contains("Dates without a session"), "only organisers have the form");
    ensure!(page(&olga).await?.contains("Dates without a session"), "an organiser has the form");
    let day = (today().await? + Days::new(30)).to_string();
    let form = [("from", &*day), ("to", ""), ("reason", "The pub is closed")];
    assert_eq!(post(&sam, "skips", &form).await?.status(), 403);
    ensure!(post(&olga, "skips", &form).await?.status().is_success(), "the form is followed to the page");
    let date = day.parse::<NaiveDate>()?.format("%A %-d %B");
    let words = format!("No session on {date}: The pub is closed");
    ensure!(page(&sam).await?.contains(&words), "everybody sees the next skip");
    let wrong = post(&olga, "skips", &[("from", &*day), ("to", "2000-01-01")]).await?;
    assert_eq!(wrong.status(), 422);
    ensure!(wrong.text().await?.contains("The last date is before the first one."));

    let data = admin.data("query($id: ID!) { session(id: $id) { skips { id } } }", json!({ "id": id })).await?;
    let skip = text(&data["session"]["skips"][0]["id"])?;
    ensure!(post(&olga, "skips/remove", &[("skip", skip)]).await?.status().is_success());
    ensure!(!page(&sam).await?.contains("No session on"), "the skip is gone");
    Ok(())
}

async fn rrule_is_stored_as_schedules_and_previewed(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let (admin, anybody) = (deployment.admin(), deployment.first().client());
    let rule = |text: &str| json!({ "rrule": { "rrule": text, "startTime": "09:00", "endTime": "10:00" } });
    let preview = "query($input: PreviewRecurrenceInput!) { previewRecurrence(input: $input) {
        text rrules occurrences(first: 3) { date startsAt endsAt }
    } }";
    let input = |rules: &[&str]| {
        let schedules: Vec<_> = rules.iter().map(|text| rule(text)).collect();
        json!({ "timeZone": "America/New_York", "initiationDate": "1997-08-05", "schedules": schedules })
    };
    let mut asked = input(&["FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU"]);
    asked["from"] = json!("1997-08-06");
    asked["skips"] = json!([{ "from": "1997-08-19", "to": "1997-08-19" }]);
    let data = anybody.data(preview, json!({ "input": asked })).await?;
    let expected = json!({
        "text": "Every other Tuesday from 9:00am-10:00am and every other Sunday from 9:00am-10:00am",
        "rrules": [
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU;UNTIL=19970831T130000Z",
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU;UNTIL=19970831T130000Z",
        ],
        "occurrences": [
            { "date": "1997-08-17", "startsAt": "1997-08-17T13:00:00.000Z", "endsAt": "1997-08-17T14:00:00.000Z" },
            { "date": "1997-08-31", "startsAt": "1997-08-31T13:00:00.000Z", "endsAt": "1997-08-31T14:00:00.000Z" },
        ],
    });
    assert_eq!(data["previewRecurrence"], expected);

    let create = "mutation($input: CreateSessionInput!) { createSession(input: $input) {
        session { id initiationDate terminationDate recurrence { rrules } }
    } }";
    let mut new = input(&["FREQ=MONTHLY;BYDAY=2TU;UNTIL=19981231"]);
    new["name"] = json!("Second Tuesdays");
    let data = admin.data(create, json!({ "input": new })).await?;
    let session = &data["createSession"]["session"];
    assert_eq!((&session["initiationDate"], &session["terminationDate"]), (&json!("1997-08-05"), &json!("1998-12-31")));
    let update = "mutation($id: ID!, $schedules: [ScheduleInput!]) {
        updateSession(input: { id: $id, schedules: $schedules }) { session { terminationDate recurrence { rrules } } }
    }";
    let counted = json!({ "id": session["id"], "schedules": [rule("FREQ=DAILY;COUNT=10;BYDAY=MO,WE,FR")] });
    let data = admin.data(update, counted).await?;
    let session = &data["updateSession"]["session"];
    assert_eq!(session["terminationDate"], "1997-08-27");
    let rrules = session["recurrence"]["rrules"].as_array().context("no rules")?;
    assert_eq!(rrules[0], "FREQ=WEEKLY;BYDAY=MO;UNTIL=19970827T130000Z");
    assert_eq!(rrules.len(), 3);

    for (rules, field, part) in [
        (&["FREQ=WEEKLY;BYHOUR=9"][..], "schedules.0.rrule", "BYHOUR"),
        (&["FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1"], "schedules.1.rrule", "BYSETPOS"),
        (&["FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY;BYDAY=MO"], "schedules.1.rrule", "UNTIL"),
    ] {
        let answer = anybody.query(preview, json!({ "input": input(rules) })).await?;
        let error = &answer.body["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
        ensure!(error.to_string().contains(field) && error.to_string().contains(part), "{error}");
    }
    Ok(())
}

async fn sessions_near_a_place_are_listed_by_distance(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let create =
        "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id latitude longitude } } }";
    let mut ids = Vec::new();
    for (name, latitude, longitude) in [
        ("West", 0.0, -179.95),
        ("East", 0.0, 179.9),
        ("Far", 10.0, 179.9),
        ("Pole", 89.9, 10.0),
        ("Other side", 89.9, -170.0),
    ] {
        let input = json!({
            "name": name, "timeZone": "UTC", "latitude": latitude, "longitude": longitude,
            "city": "Austin", "country": "US", "activeBufferMinutesBefore": 0, "activeBufferMinutesAfter": 0,
        });
        let data = admin.data(create, json!({ "input": input })).await?;
        let session = &data["createSession"]["session"];
        assert_eq!((&session["latitude"], &session["longitude"]), (&json!(latitude), &json!(longitude)));
        ids.push(text(&session["id"])?.to_owned());
    }
    for input in
        [json!({ "latitude": 1.0 }), json!({ "longitude": 1.0 }), json!({ "latitude": 91.0, "longitude": 1.0 })]
    {
        let mut input = input;
        input["name"] = json!("Wrong");
        input["timeZone"] = json!("UTC");
        assert_eq!(admin.error_code(create, json!({ "input": input })).await?, "BAD_USER_INPUT");
    }
    let list = "query($near: GeoFilter!, $first: Int, $after: String) {
        sessions(filter: { near: $near }, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } nodes { name distanceKm }
        }
    }";
    let near = |latitude: f64, longitude: f64, km: f64| json!({ "latitude": latitude, "longitude": longitude, "withinKm": km });
    let names = |data: &Value| -> Vec<String> {
        let nodes = data["sessions"]["nodes"].as_array().cloned().unwrap_or_default();
        nodes.iter().map(|node| node["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let across = json!({ "near": near(0.0, 179.99, 25.0) });
    let data = admin.data(list, across).await?;
    assert_eq!(names(&data), ["West", "East"]);
    assert_eq!(data["sessions"]["totalCount"], 2);
    let km = data["sessions"]["nodes"][0]["distanceKm"].as_f64().context("no distance")?;
    ensure!((km - 6.68).abs() < 0.07, "{km}");
    let first = admin.data(list, json!({ "near": near(0.0, 179.99, 25.0), "first": 1 })).await?;
    assert_eq!((names(&first), &first["sessions"]["pageInfo"]["hasNextPage"]), (vec!["West".to_owned()], &json!(true)));
    let after = &first["sessions"]["pageInfo"]["endCursor"];
    let second = admin.data(list, json!({ "near": near(0.0, 179.99, 25.0), "first": 1, "after": after })).await?;
    assert_eq!(
        (names(&second), &second["sessions"]["pageInfo"]["hasNextPage"]),
        (vec!["East".to_owned()], &json!(false))
    );
    let pole = admin.data(list, json!({ "near": near(89.9, 10.0, 25.0) })).await?;
    assert_eq!(names(&pole), ["Pole", "Other side"], "the pole is between them");
    assert_eq!(admin.error_code(list, json!({ "near": near(0.0, 0.0, 500.1) })).await?, "BAD_USER_INPUT");

    let west = create_active_instance(&admin, &ids[0]).await?;
    let east = create_active_instance(&admin, &ids[1]).await?;
    let pole = create_active_instance(&admin, &ids[3]).await?;
    let active = "query($near: GeoFilter!) { activeSessionInstances(filter: { near: $near }) {
        totalCount nodes { id session { distanceKm } nearbyActiveInstances { id } }
    } }";
    let data = admin.data(active, json!({ "near": near(0.0, 179.9, 100.0) })).await?;
    let nodes = &data["activeSessionInstances"]["nodes"];
    assert_eq!((&nodes[0]["id"], &nodes[1]["id"], &nodes[2]), (&json!(east), &json!(west), &Value::Null), "{data}");
    assert_eq!(nodes[0]["session"]["distanceKm"], 0.0);
    assert_eq!(nodes[0]["nearbyActiveInstances"], json!([]), "the same city, but 17 km and more away");
    // Without coordinates, the city decides.
    let clear = "mutation($id: ID!) {
        updateSession(input: { id: $id, latitude: null, longitude: null }) { session { latitude longitude } }
    }";
    admin.data(clear, json!({ "id": ids[3] })).await?;
    let data = admin.data(active, json!({ "near": near(0.0, 179.9, 100.0) })).await?;
    assert_eq!(data["activeSessionInstances"]["nodes"][0]["nearbyActiveInstances"], json!([{ "id": pole }]));
    Ok(())
}
