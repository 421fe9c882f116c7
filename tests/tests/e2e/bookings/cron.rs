//! `GET` and `POST /cron/sweep`, for schedulers that request an address, and `insession sweep`, for schedulers that run
//! a command.

use anyhow::{Context, Result, bail, ensure};
use chrono::TimeDelta;
use insession_tests::{
    LIMIT, Program, Settings, TestDatabase,
    database::{execute, number},
    eventually, on_both_databases, program,
    program::CRON_SECRET,
};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

on_both_databases!(
    cron_endpoint_requires_the_secret,
    cron_endpoint_is_off_without_a_secret,
    failed_sweep_answers_500_without_internals,
    sweep_command_sweeps_bookings,
);

/// A server without workers, so that nothing sweeps unless the test requests it.
async fn serve(database: &TestDatabase, change: impl FnOnce(Settings) -> Settings) -> Result<Program> {
    Program::serve(&change(Settings::new(&database.url).redis("redis://127.0.0.1:1/"))).await
}

async fn ask(server: &Program, method: Method, authorization: Option<&str>) -> Result<reqwest::Response> {
    let mut request = server.client().http().request(method, format!("{}/cron/sweep", server.url()));
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let answer = request.send().await?;
    if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
    Ok(answer)
}

async fn cron_endpoint_requires_the_secret(database: TestDatabase) -> Result<()> {
    program::run(&Settings::new(&database.url), &["migrate"]).await?.expect_success()?;
    let connection = database.connect().await?;
    // The booking is there before the server starts, because a start must not sweep it.
    insert_due_booking(&connection).await?;
    let server = serve(&database, |settings| settings).await?;
    let right = format!("Bearer {CRON_SECRET}");
    for wrong in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer undefined"),
        Some(CRON_SECRET),
        Some(&format!("Basic {CRON_SECRET}")),
        Some(&right[..right.len() - 1]),
    ] {
        let answer = ask(&server, Method::POST, wrong).await?;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong:?}");
        ensure!(answer.json::<Value>().await?["error"].is_string(), "{wrong:?}");
    }
    let in_address = server.client().http().post(format!("{}/cron/sweep?secret={CRON_SECRET}", server.url()));
    assert_eq!(
        in_address.send().await?.status(),
        StatusCode::UNAUTHORIZED,
        "the secret is not accepted in the address, because addresses are logged"
    );
    assert_eq!(ask(&server, Method::PUT, Some(&right)).await?.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(number(&connection, "SELECT count(*) FROM sweep_run").await?, 0);

    let answer = ask(&server, Method::GET, Some(&right)).await?;
    assert_eq!(answer.status(), StatusCode::OK);
    let report: Value = answer.json().await?;
    assert_eq!(report["bookings"][0]["new_status"], "ONGOING");
    assert_eq!(number(&connection, "SELECT count(*) FROM sweep_run WHERE finished_at IS NOT NULL").await?, 1);
    // The report has the same fields as that of the command.
    let settings = Settings::new(&database.url);
    let command = program::run(&settings, &["sweep", "--json"]).await?.expect_success()?.json()?;
    let names = |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
    assert_eq!(names(&report), names(&command));

    // Ten requests a minute are allowed. The test has sent ten, but on a slow machine more may be allowed by now.
    let (refused, answered) = refused_after(&server, &right).await?;
    let wait = refused.headers().get(header::RETRY_AFTER).context("no Retry-After")?.to_str()?.parse::<u64>()?;
    ensure!((1..=60).contains(&wait), "{wait}");
    assert_eq!(
        number(&connection, "SELECT count(*) FROM sweep_run").await?,
        2 + answered,
        "one sweep by GET, one by the command, and one for each answer since"
    );
    Ok(())
}

/// Requests sweeps until one is refused because of the rate. Returns the refusal, and the number of sweeps that were
/// answered before.
///
/// Requests with a wrong secret count too, and are cheap. Before each request for a sweep, they use up the rate.
async fn refused_after(server: &Program, authorization: &str) -> Result<(reqwest::Response, i64)> {
    for answered in 0..100 {
        eventually(LIMIT, "a wrong secret to be refused because of the rate", async || {
            let status = ask(server, Method::POST, Some("Bearer wrong")).await?.status();
            ensure!(status == StatusCode::TOO_MANY_REQUESTS, "{status}");
            Ok(())
        })
        .await?;
        let answer = ask(server, Method::POST, Some(authorization)).await?;
        match answer.status() {
            StatusCode::TOO_MANY_REQUESTS => return Ok((answer, answered)),
            status => assert_eq!(status, StatusCode::OK),
        }
    }
    bail!("a hundred sweeps were answered")
}

async fn cron_endpoint_is_off_without_a_secret(database: TestDatabase) -> Result<()> {
    for settings in [
        Settings::new(&database.url).without("CRON_SECRET"),
        Settings::new(&database.url).with("CRON_SECRET", ""),
        Settings::new(&database.url).with("CRON_SECRET", "  "),
    ] {
        let server = Program::serve(&settings).await?;
        for authorization in [None, Some("Bearer"), Some("Bearer "), Some("Bearer undefined"), Some("Bearer null")] {
            for method in [Method::GET, Method::POST] {
                let answer = ask(&server, method, authorization).await?;
                assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{authorization:?}");
            }
        }
    }
    Ok(())
}

async fn failed_sweep_answers_500_without_internals(database: TestDatabase) -> Result<()> {
    let server = serve(&database, |settings| settings.with("CRON_REQUESTS_PER_MINUTE", "1000")).await?;
    let connection = database.connect().await?;
    execute(&connection, "ALTER TABLE booking RENAME TO mislaid").await?;
    let right = format!("Bearer {CRON_SECRET}");
    let answer = ask(&server, Method::POST, Some(&right)).await?;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body: Value = answer.json().await?;
    let message = body["error"].as_str().context("an error")?;
    ensure!(!message.contains("booking"), "the error shows internals: {message}");
    execute(&connection, "ALTER TABLE mislaid RENAME TO booking").await?;
    for method in [Method::GET, Method::POST].iter().cycle().take(20) {
        assert_eq!(
            ask(&server, method.clone(), Some(&right)).await?.status(),
            StatusCode::OK,
            "the setting allows more requests"
        );
    }
    Ok(())
}

async fn sweep_command_sweeps_bookings(database: TestDatabase) -> Result<()> {
    let settings = Settings::new(&database.url);
    program::run(&settings, &["migrate"]).await?.expect_success()?;
    let connection = database.connect().await?;
    insert_due_booking(&connection).await?;
    let run = async |arguments: &[&str]| program::run(&settings, arguments).await?.expect_success();
    let later = (insession_tests::now() + TimeDelta::hours(2)).to_rfc3339();
    let expected = json!([{
        "booking_id": 1, "old_status": "SCHEDULED", "new_status": "ONGOING", "is_delayed": true,
        "reason": "Its start time passed and nobody had started it.",
    }]);
    for arguments in [
        &["sweep", "--json", "--dry-run"] as &[&str],
        &["sweep", "--json", "--dry-run", "--all"],
        &["sweep", "--json", "--dry-run", "--simulate-time", &later],
    ] {
        assert_eq!(run(arguments).await?.json()?["bookings"], expected, "{arguments:?}");
    }
    let past = run(&["sweep", "--json", "--dry-run", "--simulate-time", "2020-01-01 00:00"]).await?;
    assert_eq!(past.json()?["bookings"], json!([]));
    assert_eq!(number(&connection, "SELECT count(*) FROM change_log").await?, 0, "a dry run wrote to the log");
    let text = run(&["sweep", "--simulate-time", &later, "--yes"]).await?.stdout;
    let line = "  - booking_id=1: SCHEDULED -> ONGOING, delayed. Its start time passed and nobody had started it.";
    ensure!(text.contains(" - Bookings: 1 steps\n") && text.contains(line), "{text}");
    assert_eq!(run(&["sweep", "--json", "--all"]).await?.json()?["bookings"], json!([]));
    Ok(())
}

/// Inserts a booking whose slot began a minute ago.
async fn insert_due_booking(connection: &sea_orm::DatabaseConnection) -> Result<()> {
    let at = |minutes| (insession_tests::now() + TimeDelta::minutes(minutes)).to_rfc3339();
    let (from, to) = (at(-1), at(59));
    let sql = format!(
        "INSERT INTO person (id, display_name, name_key, created_at) VALUES (1, 'A', 'a', '{from}'), (2, 'B', 'b', '{from}');
         INSERT INTO time_slot (id, mentor_id, starts_at, ends_at, created_at) VALUES (1, 1, '{from}', '{to}', '{from}');
         INSERT INTO booking (time_slot_id, mentor_id, student_id, status, due_at, created_at)
         VALUES (1, 1, 2, 'SCHEDULED', '{from}', '{from}')"
    );
    execute(connection, &sql).await
}
