//! Each change is sent to the subscribers on every server, whichever process made the change.
//!
//! The benchmarks measure how soon it arrives. Here a change must arrive, and the server must state the right instant.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use insession_tests::{Deployment, LIMIT, Received, Socket, TestDatabase, now, on_both_databases, token};
use serde_json::json;

use crate::fixtures::{
    CHANGES, cancel, check_in, create_active_instance, create_instance, create_person, create_session, in_seconds,
    instant, instant_for_timers, next_sweep_of_instances,
};

on_both_databases!(
    timers_open_and_close_an_instance_at_its_instants,
    check_in_places_a_person_and_cancellation_moves_them_on,
    instance_saved_within_its_window_is_active_at_once,
);

async fn timers_open_and_close_an_instance_at_its_instants(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;

    let opens = instant_for_timers();
    let closes = opens + TimeDelta::seconds(3);
    let instance = create_instance(&deployment.admin(), &session, opens, closes).await?;
    badge.changes_by_timer("ACTIVATED", &instance, opens).await?;
    badge.changes_by_timer("DEACTIVATED", &instance, closes).await
}

async fn instance_saved_within_its_window_is_active_at_once(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;

    let asked = now();
    let instance = create_instance(&deployment.admin(), &session, in_seconds(-60), in_seconds(600)).await?;
    let answered = now();
    let activated = badge.changes("ACTIVATED", &instance).await?;
    expect_between(asked, occurred_at(&activated)?, answered)?;

    let document = "mutation($id: ID!) { deleteSessionInstance(id: $id) { deletedSessionInstanceId } }";
    let asked = now();
    deployment.admin().data(document, json!({ "id": instance })).await?;
    let answered = now();
    let deleted = badge.changes("DEACTIVATED", &instance).await?;
    expect_between(asked, occurred_at(&deleted)?, answered)?;
    let shown = &deleted.field(FIELD)["sessionInstance"];
    ensure!(shown.is_null(), "a deleted instance is still shown: {}", deleted.message);
    Ok(())
}

async fn check_in_places_a_person_and_cancellation_moves_them_on(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let person = create_person(&admin, "Ann").await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;
    let mut own = deployment.second().socket(Some(&token::of(&person))).await?;
    own.subscribe("own", CHANGES, json!({ "personId": person }))?;
    assert_eq!(own.next_for("own", LIMIT).await?.field(FIELD)["kind"], "SNAPSHOT");

    let asked = now();
    let payload = check_in(&deployment.first().client_of(&person), &instance, "YES", None).await?;
    let answered = now();
    assert_eq!(payload["person"]["activeSessionInstance"]["id"], *instance);
    assert_eq!(payload["sessionInstance"]["presentCount"], 1);
    let moved = own.next_where("own", LIMIT, |received| is_kind(received, "PERSON_MOVED")).await?;
    expect_between(asked, occurred_at(&moved)?, answered)?;
    assert_eq!(moved.field(FIELD)["sessionInstanceId"], *instance);
    assert_eq!(moved.field(FIELD)["person"]["id"], *person);
    assert_eq!(moved.field(FIELD)["person"]["activeSessionInstance"]["id"], *instance);
    let counted = badge.changes("UPDATED", &instance).await?;
    assert_eq!(counted.field(FIELD)["sessionInstance"]["presentCount"], 1);

    let asked = now();
    cancel(&admin, &instance).await?;
    let answered = now();
    let cancelled = badge.changes("DEACTIVATED", &instance).await?;
    expect_between(asked, occurred_at(&cancelled)?, answered)?;
    assert_eq!(cancelled.field(FIELD)["sessionInstance"]["isCancelled"], true);
    let moved = own.next_where("own", LIMIT, |received| is_kind(received, "PERSON_MOVED")).await?;
    expect_between(asked, occurred_at(&moved)?, answered)?;
    assert_eq!(moved.field(FIELD)["previousSessionInstance"]["id"], *instance);
    ensure!(moved.field(FIELD)["person"]["activeSessionInstance"].is_null(), "Ann is elsewhere: {}", moved.message);
    Ok(())
}

#[tokio::test]
async fn changes_reach_subscribers_while_redis_is_stopped_and_after_it_restarts() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;

    deployment.redis.as_mut().context("no Redis beside PostgreSQL")?.stop().await?;
    open_and_cancel(&deployment, &mut badge, &session).await?;
    deployment.redis.as_mut().context("no Redis beside PostgreSQL")?.start_again().await?;
    open_and_cancel(&deployment, &mut badge, &session).await?;
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.expect_running()?;
    }
    Ok(())
}

async fn open_and_cancel(deployment: &Deployment, badge: &mut Badge, session: &str) -> Result<()> {
    let opens = instant_for_timers();
    let instance = create_instance(&deployment.admin(), session, opens, opens + TimeDelta::minutes(10)).await?;
    badge.changes_by_timer("ACTIVATED", &instance, opens).await?;
    let asked = now();
    cancel(&deployment.admin(), &instance).await?;
    let answered = now();
    let cancelled = badge.changes("DEACTIVATED", &instance).await?;
    expect_between(asked, occurred_at(&cancelled)?, answered)
}

const FIELD: &str = "activeSessionChanged";

/// A subscriber without a token, on another server than the one that changes are requested from.
struct Badge(Socket);

impl Badge {
    async fn subscribe(deployment: &Deployment, session: &str) -> Result<Self> {
        let mut socket = deployment.second().socket(None).await?;
        socket.subscribe("badge", CHANGES, json!({ "sessionIds": [session] }))?;
        let first = socket.next_for("badge", LIMIT).await?;
        assert_eq!(first.field(FIELD)["kind"], "SNAPSHOT");
        assert_eq!(first.field(FIELD)["sessions"][0]["id"], *session);
        Ok(Self(socket))
    }

    /// The next change of this kind of this instance.
    async fn changes(&mut self, kind: &str, instance: &str) -> Result<Received> {
        let is_wanted = |received: &Received| {
            is_kind(received, kind) && received.field(FIELD)["sessionInstanceId"].as_str() == Some(instance)
        };
        let received = self.0.next_where("badge", 2 * LIMIT, is_wanted).await.with_context(|| kind.to_owned())?;
        let shown = &received.field(FIELD)["sessionInstance"];
        ensure!(shown.is_null() || shown["isActive"] == (kind != "DEACTIVATED"), "{kind} shows {shown}");
        Ok(received)
    }

    /// Waits for a change that falls due at `due`. A timer must commit it: not before `due`, and before the next
    /// periodic sweep, which would find it too.
    async fn changes_by_timer(&mut self, kind: &str, instance: &str, due: DateTime<Utc>) -> Result<()> {
        let at = occurred_at(&self.changes(kind, instance).await?)?;
        let sweep = next_sweep_of_instances(due);
        ensure!(due <= at && at < sweep, "{kind} was due at {due} and occurred at {at}; the next sweep is at {sweep}");
        Ok(())
    }
}

/// The instant of the transaction, as the server states it.
fn occurred_at(received: &Received) -> Result<DateTime<Utc>> {
    instant(&received.field(FIELD)["occurredAt"])
}

/// The change was committed while the client waited for its answer. `occurredAt` has whole milliseconds.
fn expect_between(asked: DateTime<Utc>, occurred: DateTime<Utc>, answered: DateTime<Utc>) -> Result<()> {
    ensure!(
        asked.trunc_subsecs(3) <= occurred && occurred <= answered,
        "asked at {asked}, answered at {answered}, but it occurred at {occurred}"
    );
    Ok(())
}

fn is_kind(received: &Received, kind: &str) -> bool {
    received.field(FIELD)["kind"] == kind
}
