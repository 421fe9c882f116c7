//! The number of SQL statements of a request does not depend on the length of the page.

use anyhow::{Result, ensure};
use insession_tests::{LIMIT, Postgres, PostgresOptions, Program, Settings, TestDatabase, database, eventually};
use sea_orm::DatabaseConnection;
use serde_json::json;

use crate::{
    bookings::interface::{create_booking, create_slot},
    fixtures::{create_active_instance, create_person, create_session, in_seconds},
};

/// The most different statements of a page with all fields.
const MAX_STATEMENTS: i64 = 14;
/// The same for slots and bookings: the page, its count, and one loader each for people, slots and open bookings.
const MAX_BOOKING_STATEMENTS: i64 = 6;
/// The most runs of the same statement for one page. Mentors and students share one, and a busy machine may split a
/// batch of a loader. One statement for each row would be forty.
const MAX_CALLS: i64 = 6;
const ROUNDS: i64 = 20;
const ROWS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn statement_count_does_not_grow_with_page_length() -> Result<()> {
    let settings = vec![("shared_preload_libraries".to_owned(), "pg_stat_statements".to_owned())];
    let postgres = Postgres::start_with(PostgresOptions { settings, ..PostgresOptions::default() }).await?;
    let database = TestDatabase::on(&postgres).await?;
    let connection = database.connect().await?;
    database::execute(&connection, "CREATE EXTENSION pg_stat_statements").await?;
    // With an unreachable Redis, the server runs no jobs.
    let server = Program::serve(&Settings::new(&database.url).redis("redis://127.0.0.1:1/")).await?;
    note_own_statements(&connection).await?;
    let admin = server.admin();
    let students = [create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?];
    for index in 0..ROWS {
        let session = create_session(&admin, &format!("Session {index}")).await?;
        let instance = create_active_instance(&admin, &session).await?;
        let person = create_person(&admin, &format!("Person {index}")).await?;
        let yes = "mutation($input: CheckInInput!) { checkIn(input: $input) { checkIn { id } } }";
        let input = json!({ "sessionInstanceId": instance, "personId": person, "attendance": "YES" });
        admin.data(yes, json!({ "input": input })).await?;
        let from = in_seconds(7200 * i64::try_from(index + 1)?);
        let slot = create_slot(&admin, &person, from, from + chrono::TimeDelta::hours(1)).await?;
        create_booking(&admin, &slot, &students[index % 2]).await?;
    }
    let active = "query($first: Int!) { activeSessionInstances(first: $first) { totalCount nodes { \
        id isActive activeExplanation presentCount attendingCount viewerCheckIn { id } \
        session { id name isActive viewerCanEdit problem organizers { displayName } activeInstances { id } \
          occurrences(first: 3) { date sessionInstance { id } } } \
        nearbyActiveInstances { id } } } }";
    let slots = "query($first: Int!) { timeSlots(first: $first) { totalCount nodes { \
        id startsAt isFree mentor { displayName } booking { id status student { displayName } timeSlot { id } } } } }";
    let bookings = "query($first: Int!) { bookings(first: $first) { totalCount nodes { \
        id status student { displayName } timeSlot { startsAt isFree mentor { displayName } booking { id } } } } }";
    let count = async |document: &str, field: &str, first: usize| -> Result<(i64, i64)> {
        database::execute(&connection, "SELECT pg_stat_statements_reset()").await?;
        for _ in 0..ROUNDS {
            let answer = admin.data(document, json!({ "first": first })).await?;
            let rows = answer[field]["nodes"].as_array().map_or(0, Vec::len);
            ensure!(rows == first, "{rows} rows instead of {first}: {answer}");
        }
        let of_pages = format!(
            "FROM pg_stat_statements WHERE calls >= {ROUNDS} AND queryid NOT IN (SELECT queryid FROM own_statement)"
        );
        let different = database::number(&connection, &format!("SELECT count(*) {of_pages}")).await?;
        let most_calls = database::number(&connection, &format!("SELECT max(calls) {of_pages}")).await?;
        Ok((different, most_calls))
    };
    for (document, field, most) in [
        (active, "activeSessionInstances", MAX_STATEMENTS),
        (slots, "timeSlots", MAX_BOOKING_STATEMENTS),
        (bookings, "bookings", MAX_BOOKING_STATEMENTS),
    ] {
        for first in [2, ROWS] {
            let (different, most_calls) = count(document, field, first).await?;
            ensure!(different <= most, "{different} different statements for {first} {field}; {most} are allowed");
            ensure!(
                most_calls < ROUNDS * (MAX_CALLS + 1),
                "{most_calls} times the same for {ROUNDS} pages of {first} {field}"
            );
        }
    }
    // The calendar of a city has all its sessions.
    database::execute(&connection, "SELECT pg_stat_statements_reset()").await?;
    let calendar = reqwest::get(server.client().address("/calendar.ics?city=Austin")).await?.error_for_status()?;
    assert_eq!(calendar.text().await?.matches("BEGIN:VEVENT").count(), ROWS);
    let reads = "SELECT max(calls) FROM pg_stat_statements WHERE query LIKE '%FROM \"session_instance\"%'";
    let calls = database::number(&connection, reads).await?;
    ensure!(calls <= MAX_CALLS, "the instances of {ROWS} sessions were read by {calls} statements");
    Ok(())
}

/// Notes the statements that the server runs about once a second, without any request.
async fn note_own_statements(connection: &DatabaseConnection) -> Result<()> {
    database::execute(connection, "SELECT pg_stat_statements_reset()").await?;
    eventually(LIMIT, "the server's own statements", async || {
        // What has run five times runs each second. By then, each of them has run.
        let calls = "SELECT max(calls) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'";
        let calls = database::number(connection, calls).await?;
        ensure!(calls >= 5, "{calls} calls");
        Ok(())
    })
    .await?;
    database::execute(connection, "CREATE TABLE own_statement AS SELECT queryid FROM pg_stat_statements").await
}
