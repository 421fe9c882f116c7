//! Joining, leaving and admission with thousands in the queue for a few seats, with commits to disk.
//!
//! Each step goes through the service, as in a server. The baseline is a hand-written transaction with prepared
//! statements. It takes the same locks, writes the same rows and the same log, and counts the position. The two run in
//! turn, step by step, on one database, whose queue keeps its length. Both count positions, so the length of the queue
//! slows both down. The ratio shows what the service adds.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::{
    access::Viewer,
    ids::{PersonId, PresenceId},
};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait, Value};
use service::{
    App,
    presence::seats::{self, IfFull, Leaver},
};

use crate::{
    figures::{Aim, Figures},
    measure::{median, milliseconds, time_async},
    stage::{self, Stage, number},
};

#[derive(clap::Args)]
pub struct Options {
    /// Number of people in the queue
    #[arg(long, default_value_t = 10_000)]
    waiting: i64,
    /// Number of seats
    #[arg(long, default_value_t = 3)]
    seats: i64,
    /// Number of measurements of each step
    #[arg(long, default_value_t = 100)]
    repetitions: usize,
}

const KEY: &str = "interview";

/// The durations of each step on one side.
#[derive(Default)]
struct Times {
    join: Vec<Duration>,
    leave: Vec<Duration>,
    admit: Vec<Duration>,
}

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    ensure!(options.waiting > 0 && options.seats > 0 && options.repetitions > 0, "nothing to measure");
    let Stage { mut app, postgres: _postgres, .. } = Stage::set(4, &[]).await?;
    fill(&app, &options).await?;
    // Nobody sends a heartbeat. A long window keeps all visits online.
    app.presence.rules.online_window = chrono::TimeDelta::days(1);
    println!("{} wait for {} seats\n", options.waiting, options.seats);

    let (mut ours, mut by_hand) = (Times::default(), Times::default());
    // The person who joins and leaves. Everybody else has a seat, or waits.
    let newcomer = options.waiting + options.seats + 1;
    for _ in 0..options.repetitions {
        let (time, position) = time_async(join(&app, newcomer)).await;
        ensure!(position? == options.waiting + 1, "the newcomer is not the last");
        ours.join.push(time);
        let (time, left) = time_async(leave(&app, newcomer)).await;
        left?;
        ours.leave.push(time);
        let (from, to) = (find(&app, SEATED).await?, find(&app, FIRST).await?);
        let (time, admitted) = time_async(admit(&app, from, to)).await;
        admitted?;
        ours.admit.push(time);
        join(&app, from).await?;
        expect_same(&app, &options).await?;

        let (time, position) = time_async(hand_join(&app, newcomer)).await;
        ensure!(position? == options.waiting + 1, "the newcomer is not the last");
        by_hand.join.push(time);
        let (time, left) = time_async(hand_leave(&app, newcomer)).await;
        left?;
        by_hand.leave.push(time);
        let (from, to) = (find(&app, SEATED).await?, find(&app, FIRST).await?);
        let (time, admitted) = time_async(hand_admit(&app, from, to)).await;
        admitted?;
        by_hand.admit.push(time);
        hand_join(&app, from).await?;
        expect_same(&app, &options).await?;
    }
    for (what, ours, by_hand) in [
        ("join the queue, with the position", ours.join, by_hand.join),
        ("leave the queue", ours.leave, by_hand.leave),
        ("leave, offer and claim one seat", ours.admit, by_hand.admit),
    ] {
        figures.add(what, "ms", milliseconds(median(&ours)), Some(milliseconds(median(&by_hand))), Aim::None);
    }
    Ok(())
}

/// Person `n` has the visit `n`. The first people have a seat. The others wait in the order of their numbers, except
/// the last one, who is the newcomer.
async fn fill(app: &App, options: &Options) -> Result<()> {
    let Options { waiting, seats, .. } = options;
    let (last_waiting, all) = (seats + waiting, seats + waiting + 1);
    let sql = format!(
        "INSERT INTO activity (id, key, name, max_concurrent, seats_per, created_at)
         VALUES (1, '{KEY}', 'Interview', {seats}, 'PERSON', now());
         INSERT INTO person (id, display_name, name_key, created_at)
         SELECT n, 'Person ' || n, 'person ' || n, now() FROM generate_series(1, {all}) n;
         INSERT INTO presence (id, person_id, activity_id, seat_since, status, is_live, started_at, last_seen_at)
         SELECT lpad(to_hex(n), 32, '0')::uuid::text, n, CASE WHEN n <= {seats} THEN 1 END,
           CASE WHEN n <= {seats} THEN now() END, 'ACTIVE', TRUE, now(), now() FROM generate_series(1, {all}) n;
         INSERT INTO queue_place (activity_id, presence_id, person_id, joined_at, leaves_at)
         SELECT 1, lpad(to_hex(n), 32, '0')::uuid::text, n, now(), now() + interval '1 day'
         FROM generate_series({seats} + 1, {last_waiting}) n ORDER BY n;
         ANALYZE"
    );
    stage::execute(app.db.pool(), &sql).await
}

const SEATED: &str = "SELECT person_id FROM presence WHERE activity_id = 1 ORDER BY seat_since, person_id LIMIT 1";
const FIRST: &str = "SELECT person_id FROM queue_place WHERE activity_id = 1 ORDER BY id LIMIT 1";

async fn find(app: &App, sql: &str) -> Result<i64> {
    number(app.db.pool(), sql, []).await
}

/// Checks that a step has left the seats and the queue as they were before.
async fn expect_same(app: &App, options: &Options) -> Result<()> {
    for (sql, expected) in [
        ("SELECT COUNT(*) FROM queue_place", options.waiting),
        ("SELECT COUNT(*) FROM presence WHERE activity_id = 1", options.seats),
        ("SELECT COUNT(offer_ends_at) FROM queue_place", 0),
    ] {
        let found = find(app, sql).await?;
        ensure!(found == expected, "{sql}: {found} instead of {expected}");
    }
    Ok(())
}

fn visit(person: i64) -> PresenceId {
    PresenceId::from(u128::from(person.unsigned_abs()))
}

async fn enter(app: &App, person: i64) -> Result<seats::Entered> {
    let viewer = Viewer::person(PersonId(person));
    Ok(seats::enter_activity(app, viewer, None, visit(person), KEY, IfFull::Wait).await?)
}

/// Joins the queue. Returns the position.
async fn join(app: &App, person: i64) -> Result<i64> {
    Ok(enter(app, person).await?.place.context("a place")?.position.into())
}

async fn leave(app: &App, person: i64) -> Result<()> {
    seats::leave_queue(app, Viewer::person(PersonId(person)), None, visit(person), None, Leaver::Person).await?;
    Ok(())
}

/// One visit gives its seat back. The first one in the queue gets an offer, and claims it.
async fn admit(app: &App, from: i64, to: i64) -> Result<()> {
    seats::leave_activity(app, Viewer::person(PersonId(from)), None, visit(from), None).await?;
    ensure!(enter(app, to).await?.verdict.is_admitted, "the first in the queue was refused");
    Ok(())
}

async fn execute<C: ConnectionTrait>(db: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<()> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let done = db.execute_raw(statement).await.with_context(|| sql.to_owned())?;
    ensure!(done.rows_affected() == 1, "{} rows: {sql}", done.rows_affected());
    Ok(())
}

const LOCK: &str = "SELECT id FROM activity WHERE key = 'interview' FOR NO KEY UPDATE";
const LOCK_VISIT: &str = "SELECT COUNT(*) FROM (SELECT id FROM presence WHERE id = $1 FOR NO KEY UPDATE) AS locked";
const LOG: &str = "WITH batch AS (INSERT INTO change_batch (occurred_at, size) VALUES (now(), 1) RETURNING id) \
    INSERT INTO change_log (batch_id, ordinal, kind, has_previous_place, is_delayed, activity_id) \
    SELECT id, 0, 'OCCUPANCY', FALSE, FALSE, 1 FROM batch";

fn id(person: i64) -> Value {
    visit(person).uuid().into()
}

async fn hand_join(app: &App, person: i64) -> Result<i64> {
    let tx = app.db.pool().begin().await?;
    number(&tx, LOCK, []).await?;
    number(&tx, LOCK_VISIT, [id(person)]).await?;
    let taken = "SELECT (SELECT COUNT(*) FROM presence WHERE activity_id = 1) \
                 + (SELECT COUNT(*) FROM queue_place WHERE activity_id = 1 AND offer_ends_at IS NOT NULL)";
    number(&tx, taken, []).await?;
    let place = number(
        &tx,
        "INSERT INTO queue_place (activity_id, presence_id, person_id, joined_at, leaves_at) \
         VALUES (1, $1, $2, clock_timestamp(), now() + interval '1 day') RETURNING id",
        [id(person), person.into()],
    )
    .await?;
    execute(&tx, "UPDATE presence SET last_seen_at = now() WHERE id = $1", [id(person)]).await?;
    let position = number(&tx, "SELECT COUNT(*) FROM queue_place WHERE activity_id = 1 AND id <= $1", [place.into()]);
    let position = position.await?;
    execute(&tx, LOG, []).await?;
    tx.commit().await?;
    Ok(position)
}

async fn hand_leave(app: &App, person: i64) -> Result<()> {
    let tx = app.db.pool().begin().await?;
    number(&tx, LOCK, []).await?;
    number(&tx, LOCK_VISIT, [id(person)]).await?;
    execute(&tx, "DELETE FROM queue_place WHERE person_id = $1 AND activity_id = 1", [person.into()]).await?;
    execute(&tx, LOG, []).await?;
    tx.commit().await?;
    Ok(())
}

async fn hand_admit(app: &App, from: i64, to: i64) -> Result<()> {
    let tx = app.db.pool().begin().await?;
    number(&tx, LOCK_VISIT, [id(from)]).await?;
    let free = "UPDATE presence SET activity_id = NULL, seat_since = NULL WHERE id = $1";
    execute(&tx, free, [id(from)]).await?;
    execute(&tx, "INSERT INTO seat_hold (activity_id, held_ms) VALUES (1, 1)", []).await?;
    execute(&tx, LOG, []).await?;
    tx.commit().await?;

    let tx = app.db.pool().begin().await?;
    number(&tx, LOCK, []).await?;
    let offer = "UPDATE queue_place SET offer_ends_at = now() + interval '30 seconds' WHERE id = \
                   (SELECT id FROM queue_place WHERE activity_id = 1 AND offer_ends_at IS NULL ORDER BY id LIMIT 1)";
    execute(&tx, offer, []).await?;
    execute(&tx, LOG, []).await?;
    tx.commit().await?;

    let tx = app.db.pool().begin().await?;
    number(&tx, LOCK, []).await?;
    number(&tx, LOCK_VISIT, [id(to)]).await?;
    let claim = "DELETE FROM queue_place WHERE person_id = $1 AND activity_id = 1 AND offer_ends_at > now()";
    execute(&tx, claim, [to.into()]).await?;
    let take = "UPDATE presence SET activity_id = 1, seat_since = now(), last_seen_at = now() WHERE id = $1";
    execute(&tx, take, [id(to)]).await?;
    execute(&tx, LOG, []).await?;
    tx.commit().await?;
    Ok(())
}
