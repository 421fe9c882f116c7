//! What clients and people read while the database is away, or has no connection or lock free in time: the error says to try again,
//! and a form is given back as it was sent.

use anyhow::{Context, Result, ensure};
use insession_tests::{Client, LIMIT, Postgres, Program, Settings, TestDatabase, database::execute, eventually, token};
use reqwest::{StatusCode, header::RETRY_AFTER};
use sea_orm::TransactionTrait as _;
use serde_json::json;

use crate::{
    fixtures::{create_person, create_session},
    pages::Visitor,
};

const EDIT: &str = "/sessions/monday/edit";

/// Requests may take long, so that the limits of the database come first on a slow machine, too.
fn settings(database: &TestDatabase) -> Settings {
    Settings::new(&database.url).with("REQUEST_SECONDS", "300")
}

#[tokio::test]
async fn a_stopped_database_is_unavailable_and_forms_keep_what_was_typed() -> Result<()> {
    let mut postgres = Postgres::start().await?;
    let database = TestDatabase::on(&postgres).await?;
    let server = Program::serve(&settings(&database)).await?;
    let admin = server.admin();
    create_session(&admin, "Monday").await?;
    let visitor = Visitor::of(&admin);
    let form = visitor.get(EDIT).await?;
    let zone = form.value("timeZone")?;

    postgres.stop().await?;
    is_unavailable(&admin, "{ sessions { totalCount } }").await?;
    is_unavailable(&admin, CREATE).await?;
    // A program gets the status of the error, too.
    let request = admin.http().post(admin.address("/graphql")).json(&json!({ "query": "{ viewerIsAdmin }" }));
    let answer =
        request.header("accept", "application/graphql-response+json").bearer_auth(token::of("Person:1")).send().await?;
    ensure!(answer.status() == StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    ensure!(answer.headers().contains_key(RETRY_AFTER), "{answer:?}");

    let typed = form_of(&[("name", "Tunes & \"Songs\""), ("description", "Bring <ears>"), ("timeZone", &zone)]);
    let kept = visitor.post(EDIT, &typed).await?;
    ensure!(kept.status == StatusCode::SERVICE_UNAVAILABLE, "{}: {}", kept.status, kept.text);
    let mut kept = kept.says("Nothing was saved")?.says(&format!("action=\"{EDIT}\""))?;
    for (name, value) in
        [("name", "Tunes &amp; &quot;Songs&quot;"), ("description", "Bring &lt;ears&gt;"), ("timeZone", &zone)]
    {
        kept = kept.says(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"))?;
    }

    postgres.start_again().await?;
    eventually(LIMIT, "the form to be saved", async || {
        visitor.post(EDIT, &typed).await?.confirms("The session is saved.").map(drop)
    })
    .await?;
    let data = admin.data("{ session(id: \"Session:1\") { name description } }", json!({})).await?;
    assert_eq!(data["session"], json!({ "name": "Tunes & \"Songs\"", "description": "Bring <ears>" }));
    Ok(())
}

#[tokio::test]
async fn a_lock_that_another_process_keeps_makes_sqlite_unavailable_for_changes() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&settings(&database)).await?;
    let admin = server.admin();
    create_session(&admin, "Monday").await?;
    let visitor = Visitor::of(&admin);
    let zone = visitor.get(EDIT).await?.value("timeZone")?;

    let connection = database.connect_up_to(1).await?;
    execute(&connection, "BEGIN IMMEDIATE").await?;
    // Who only reads does not notice.
    admin.data("{ sessions { totalCount } }", json!({})).await?;
    let typed = form_of(&[("name", "Tuesday"), ("timeZone", &zone)]);
    let (changed, sent) = tokio::join!(is_unavailable(&admin, CREATE), visitor.post(EDIT, &typed));
    changed?;
    let kept = sent?;
    ensure!(kept.status == StatusCode::SERVICE_UNAVAILABLE, "{}: {}", kept.status, kept.text);
    kept.says("Nothing was saved")?.says("<input type=\"hidden\" name=\"name\" value=\"Tuesday\">")?;

    execute(&connection, "ROLLBACK").await?;
    visitor.post(EDIT, &typed).await?.confirms("The session is saved.")?;
    Ok(())
}

#[tokio::test]
async fn changes_without_a_free_connection_are_unavailable() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let server = Program::serve(&settings(&database).with("DATABASE_CONNECTIONS", "2")).await?;
    let admin = server.admin();
    create_person(&admin, "Ann").await?;
    let connection = database.connect().await?;
    let lock = connection.begin().await?;
    execute(&lock, "LOCK TABLE person IN EXCLUSIVE MODE").await?;
    // The first one waits for the table, and the others for its connection.
    let (first, second, third) =
        tokio::join!(is_unavailable(&admin, CREATE), is_unavailable(&admin, CREATE), is_unavailable(&admin, CREATE));
    first.and(second).and(third)?;
    lock.rollback().await?;
    create_person(&admin, "Bob").await?;
    Ok(())
}

const CREATE: &str = "mutation { createPerson(input: { displayName: \"Cleo\" }) { person { id } } }";

/// The form of `/edit`, with these fields.
fn form_of<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("path", "monday"),
        ("activeBufferMinutesBefore", "0"),
        ("activeBufferMinutesAfter", "0"),
        ("autoCreateHoursAhead", "24"),
        ("checkInCodes", "none"),
    ];
    fields.iter().copied().chain(usual).collect()
}

/// Checks that a request fails with an error that says when to try again, and shows nothing of the database.
async fn is_unavailable(client: &Client, document: &str) -> Result<()> {
    let answer = client.query(document, json!({})).await?;
    let error = answer.error().with_context(|| format!("no error: {}", answer.body))?;
    assert_eq!(error.code, "INTERNAL", "{}", answer.body);
    for hidden in ["127.0.0.1", "localhost", "pool", "SQL", "refused", "lock"] {
        ensure!(!error.message.contains(hidden), "{}", answer.body);
    }
    assert_eq!(answer.body["errors"][0]["extensions"], json!({ "code": "INTERNAL", "retryAfter": 10 }));
    Ok(())
}
