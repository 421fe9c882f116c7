//! What operators see: request ids in answers and in the log, metrics of sweeps, and overdue work.

use anyhow::{Result, ensure};
use chrono::{Datelike, TimeDelta};
use insession_tests::{
    Backend, Deployment, LIMIT, TestDatabase,
    database::{execute, number},
    eventually, now, on_both_databases,
    program::{Settings, run},
    token,
};
use serde_json::json;

use crate::fixtures::{create_instance, create_session, in_seconds};

const REQUEST_ID: &str = "x-request-id";

on_both_databases!(
    log_names_the_ids_of_requests,
    log_names_the_ids_of_socket_operations,
    metrics_report_sweep_results_and_lag,
    verbose_sweep_logs_each_change_and_its_reason,
    dry_run_creates_no_database,
    dry_run_page_shows_its_mode_and_offers_both,
    answer_to_a_save_shows_the_recomputed_session,
);

async fn log_names_the_ids_of_requests(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let client = deployment.admin();
    let ask = |id: Option<&str>| {
        let mut request =
            client.http().post(client.address("/graphql")).json(&json!({ "query": "{ sessions { totalCount } }" }));
        if let Some(id) = id {
            request = request.header(REQUEST_ID, id);
        }
        request.send()
    };
    let own = ask(None).await?;
    ensure!(own.headers().get(REQUEST_ID).is_some_and(|id| id.len() == 36), "{:?}", own.headers());

    // Every query for sessions fails now.
    execute(&database.connect().await?, "ALTER TABLE session RENAME TO lost").await?;
    let answer = ask(Some("of-the-client-7")).await?;
    ensure!(answer.headers().get(REQUEST_ID).is_some_and(|id| id == "of-the-client-7"), "{:?}", answer.headers());
    let body = answer.text().await?;
    ensure!(body.contains("INTERNAL") && !body.contains("lost"), "{body}");
    eventually(LIMIT, "the log to name the request", async || {
        let log = deployment.first().log();
        let named = log.lines().any(|line| line.contains("ERROR") && line.contains("of-the-client-7"));
        ensure!(named, "it does not: {log}");
        Ok(())
    })
    .await
}

async fn log_names_the_ids_of_socket_operations(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let mut socket = deployment.first().socket(deployment.admin().token()).await?;
    let request_id = socket.request_id().unwrap_or_default().to_owned();
    ensure!(request_id.len() == 36, "{request_id}");

    // Every query for sessions fails now.
    execute(&database.connect().await?, "ALTER TABLE session RENAME TO lost").await?;
    // The client chooses the ids. This one looks like a log line of its own.
    let forged = "9\n2026-01-01T00:00:00Z ERROR forged";
    let query = "query Names { sessions { totalCount } }";
    let mutation =
        "mutation Rename { updateSession(input: { id: \"Session:1\", name: \"Tuesday\" }) { session { id } } }";
    for (id, document) in [("of-a-query", query), ("of-a-mutation", mutation), (forged, query)] {
        socket.subscribe(id, document, json!({}))?;
        let answer = socket.any_for(id, LIMIT).await?;
        let body = format!("{answer:?}");
        ensure!(body.contains("INTERNAL") && !body.contains("lost"), "{id}: {body}");
    }
    eventually(LIMIT, "the log to name the operations", async || {
        let log = deployment.first().log();
        for id in ["of-a-query", "of-a-mutation", "ERROR forged"] {
            let names =
                |line: &&str| line.contains(&request_id) && line.contains(id) && line.contains("internal error");
            ensure!(log.lines().any(|line| names(&line)), "{id} is not in {log}");
        }
        ensure!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z")), "{log}");
        Ok(())
    })
    .await
}

/// The value of a metric, by its name with its labels.
fn value(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

async fn verbose_sweep_logs_each_change_and_its_reason(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_instance(&admin, &session, in_seconds(-60), in_seconds(3600)).await?;
    for (options, is_logged) in [(["sweep", "--all"].as_slice(), false), (&["sweep", "--all", "--verbose"], true)] {
        // The status is changed by hand.
        execute(&database.connect().await?, "UPDATE session_instance SET is_active = FALSE").await?;
        let sweep = run(&deployment.settings, options).await?;
        let logged = sweep.stderr.lines().any(|line| line.contains(&instance) && line.contains("Active since"));
        ensure!(logged == is_logged, "{options:?}: {}", sweep.stderr);
        sweep.expect_success()?;
    }
    Ok(())
}

async fn dry_run_creates_no_database(database: TestDatabase) -> Result<()> {
    let settings = Settings::new(&database.url);
    let sweep = run(&settings, &["sweep", "--dry-run"]).await?;
    ensure!(!sweep.status.success() && sweep.stderr.contains("database"), "{}", sweep.stderr);
    match database.backend {
        Backend::Sqlite => {
            let file = database.url.trim_start_matches("sqlite://");
            ensure!(!std::path::Path::new(file).exists(), "{file} was created");
        }
        Backend::Postgres => {
            let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
            assert_eq!(number(&database.connect().await?, tables).await?, 0);
        }
    }
    run(&settings, &["migrate"]).await?.expect_success()?;
    run(&settings, &["sweep", "--dry-run"]).await?.expect_success()?;
    Ok(())
}

/// In the minute before an opening, periodic sweeps activate and timers do not.
async fn dry_run_page_shows_its_mode_and_offers_both(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let opens = in_seconds(86_400);
    create_instance(&admin, &session, opens, opens + TimeDelta::hours(1)).await?;
    let at = (opens - TimeDelta::seconds(30)).format("%Y-%m-%dT%H:%M:%S").to_string();
    let arguments = ["sweep", "--dry-run", "--json", "--simulate-time", &at];
    let report = run(&deployment.settings, &arguments).await?.expect_success()?.json()?;
    assert_eq!(report["activated"].as_array().map(Vec::len), Some(1), "{report}");
    let cookie = format!("insession_token={}", token::admin());
    for (query, shown, activated) in [
        ("", "Mode: periodic sweep", 1),
        ("&mode=periodic", "Mode: periodic sweep", 1),
        ("&mode=exact", "Mode: timer", 0),
    ] {
        let address = admin.address(&format!("/admin?try_at={at}{query}"));
        let page = admin.http().get(address).header("cookie", &cookie).send().await?.error_for_status()?.text().await?;
        for text in [shown, &format!("Activated: {activated}"), "value=\"periodic\"", "value=\"exact\""] {
            ensure!(page.contains(text), "{query:?}: the page lacks {text:?}");
        }
    }
    Ok(())
}

async fn answer_to_a_save_shows_the_recomputed_session(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let document = "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session {
        isActive problem activeInstances { id } instances { nodes { id isActive } }
    } } }";
    let weekday = now().weekday();
    let days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    let today = days[usize::try_from(weekday.num_days_from_monday())?];
    for round in 0..5 {
        let session = create_session(&admin, &format!("Session {round}")).await?;
        // The recurrence covers now, also shortly after midnight.
        let input = json!({
            "id": session, "autoCreateInstances": true, "activeBufferMinutesBefore": 60, "activeBufferMinutesAfter": 60,
            "schedules": [{ "weekly": { "weekday": today, "startTime": "00:00", "endTime": "23:59" } }],
        });
        let answer = admin.data(document, json!({ "input": input })).await?["updateSession"]["session"].take();
        let active = answer["activeInstances"].as_array().map(Vec::len);
        let shown =
            answer["instances"]["nodes"].as_array().map(|all| all.iter().filter(|it| it["isActive"] == true).count());
        ensure!(answer["isActive"] == true && active == Some(1) && shown == Some(1), "{answer}");

        let id = session.trim_start_matches("Session:");
        let broken = format!("UPDATE session SET time_zone = 'Nowhere', problem = 'unknown zone' WHERE id = {id}");
        execute(&database.connect().await?, &broken).await?;
        let input = json!({ "id": session, "timeZone": "UTC" });
        let answer = admin.data(document, json!({ "input": input })).await?["updateSession"]["session"].take();
        ensure!(answer["problem"].is_null() && answer["isActive"] == true, "{answer}");
    }
    Ok(())
}

#[tokio::test]
async fn scenario_places_people_by_the_configured_rule() -> Result<()> {
    for (rule, places) in [("earliest-start", 1), ("latest-start", 2)] {
        let settings = Settings::new("sqlite://unused.db").with("PLACEMENT_RULE", rule);
        let output = run(&settings, &["scenario", "overlap"]).await?.expect_success()?.stdout;
        // At the second sweep, both meetings are active.
        let second = output.split("Current UTC time: ").nth(2).unwrap_or_default();
        ensure!(second.contains(&format!("Ada is at instance {places}")), "{rule}: {output}");
    }
    Ok(())
}

async fn metrics_report_sweep_results_and_lag(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    // Sweeps look ahead at openings but not at closings. Every server reports the lag, whichever process did the work.
    create_instance(&admin, &session, in_seconds(-60), in_seconds(8)).await?;
    for server in [deployment.first(), deployment.second()] {
        eventually(LIMIT, "the server to report it", async || {
            let metrics = server.metrics().await?;
            let value = |name: &str| value(&metrics, &format!("insession_{name}"));
            ensure!(value("due_lag_seconds_count").is_some_and(|count| count >= 1.0), "{metrics}");
            ensure!(value("due_lag_seconds_sum").is_some_and(|lag| lag >= 0.0), "{metrics}");
            Ok(())
        })
        .await?;
    }

    run(&deployment.settings, &["sweep"]).await?.expect_success()?;
    for server in [deployment.first(), deployment.second()] {
        eventually(LIMIT, "the server to report it", async || {
            let metrics = server.metrics().await?;
            let value = |name: &str| value(&metrics, &format!("insession_{name}"));
            ensure!(value("sweep_duration_seconds{scope=\"due\"}").is_some_and(|took| took >= 0.0), "{metrics}");
            let finished = value("sweep_finished_timestamp_seconds{scope=\"due\"}");
            ensure!(finished.is_some_and(|at| at > 1_700_000_000.0), "{metrics}");
            ensure!(value("sweep_errors{scope=\"due\"}") == Some(0.0), "{metrics}");
            ensure!(value("sweeps_unfinished") == Some(0.0), "{metrics}");
            ensure!(value("sessions_marked") == Some(0.0), "{metrics}");
            // Without Redis there is no queue length.
            let jobs = value("queue_jobs");
            ensure!(jobs.is_some_and(|jobs| jobs.is_nan() != deployment.redis.is_some()), "{metrics}");
            ensure!(value("tasks").is_some_and(|tasks| tasks > 0.0), "{metrics}");
            Ok(())
        })
        .await?;
    }

    let broken = "UPDATE session SET time_zone = 'Nowhere', needs_recompute = TRUE";
    execute(&database.connect().await?, broken).await?;
    run(&deployment.settings, &["sweep"]).await?.expect_success()?;
    eventually(LIMIT, "the error to be reported", async || {
        let metrics = deployment.second().metrics().await?;
        ensure!(value(&metrics, "insession_sweep_errors{scope=\"due\"}") == Some(1.0), "{metrics}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn overdue_work_is_reported_while_no_worker_runs() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::sized(&database, 1, 1, |settings| settings).await?;
    ensure!(deployment.servers[0].health().await?["overdue_seconds"] == 0.0, "with workers");

    deployment.workers[0].kill_9()?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    // Its window opens soon, and no worker opens it.
    create_instance(&deployment.admin(), &session, in_seconds(2), in_seconds(600)).await?;
    eventually(LIMIT, "the server to report it", async || {
        let overdue = deployment.servers[0].health().await?["overdue_seconds"].as_f64();
        ensure!(overdue.is_some_and(|seconds| seconds > 1.0), "{overdue:?}");
        let metrics = deployment.servers[0].metrics().await?;
        let metric = metrics.lines().find_map(|line| line.strip_prefix("insession_overdue_seconds "));
        ensure!(metric.is_some_and(|seconds| seconds.parse().is_ok_and(|seconds: f64| seconds > 1.0)), "{metric:?}");
        Ok(())
    })
    .await?;

    deployment.workers[0].start_again().await?;
    eventually(LIMIT, "a worker to open it", async || {
        let overdue = deployment.servers[0].health().await?["overdue_seconds"].as_f64();
        ensure!(overdue == Some(0.0), "{overdue:?}");
        Ok(())
    })
    .await
}
