//! A badge turns in time, on every server, whichever process made the change.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{
    Deployment, LIMIT, Received, Socket, TestDatabase, in_one_of_three, in_time, now, on_both_databases, token,
};
use serde_json::json;

use crate::fixtures::{
    CHANGES, cancel, check_in, create_active_instance, create_instance, create_person, create_session, in_seconds,
};

/// How late a badge may be.
const USUAL: TimeDelta = TimeDelta::seconds(1);
const WITHOUT_REDIS: TimeDelta = TimeDelta::seconds(2);

on_both_databases!(
    a_badge_turns_at_its_instant,
    a_check_in_places_and_a_cancellation_moves_on,
    an_instance_that_is_on_is_active_as_soon_as_it_is_saved,
);

async fn a_badge_turns_at_its_instant(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;

    in_one_of_three(async || {
        let (opens, closes) = (in_seconds(3), in_seconds(6));
        let instance = create_instance(&deployment.admin(), &session, opens, closes).await?;
        badge.turns("ACTIVATED", &instance, opens, USUAL).await?;
        let last = badge.turns("DEACTIVATED", &instance, closes, USUAL).await?;
        ensure!(last.at >= closes, "it closed {} early", closes - last.at);
        Ok(())
    })
    .await
}

async fn an_instance_that_is_on_is_active_as_soon_as_it_is_saved(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;

    in_one_of_three(async || {
        let instance = create_instance(&deployment.admin(), &session, in_seconds(-60), in_seconds(600)).await?;
        badge.turns("ACTIVATED", &instance, now(), USUAL).await?;
        let document = "mutation($id: ID!) { deleteSessionInstance(id: $id) { deletedSessionInstanceId } }";
        deployment.admin().data(document, json!({ "id": instance })).await?;
        let deleted = badge.turns("DEACTIVATED", &instance, now(), USUAL).await?;
        let shown = &deleted.field(FIELD)["sessionInstance"];
        ensure!(shown.is_null(), "a deleted instance is not shown: {}", deleted.message);
        Ok(())
    })
    .await
}

async fn a_check_in_places_and_a_cancellation_moves_on(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    in_one_of_three(async || check_in_and_cancel(&deployment).await).await
}

async fn check_in_and_cancel(deployment: &Deployment) -> Result<()> {
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let person = create_person(&admin, "Ann").await?;
    let mut badge = Badge::subscribe(deployment, &session).await?;
    let mut own = deployment.second().socket(Some(&token::of(&person))).await?;
    own.subscribe("own", CHANGES, json!({ "personId": person }))?;
    assert_eq!(own.next_for("own", LIMIT).await?.field(FIELD)["kind"], "SNAPSHOT");

    let payload = check_in(&deployment.first().client_of(&person), &instance, "YES", None).await?;
    let answered = now();
    assert_eq!(payload["person"]["activeSessionInstance"]["id"], *instance);
    assert_eq!(payload["sessionInstance"]["presentCount"], 1);
    let moved = own.next_where("own", LIMIT, |received| is_kind(received, "PERSON_MOVED")).await?;
    in_time(moved.at, answered, USUAL)?;
    assert_eq!(moved.field(FIELD)["sessionInstanceId"], *instance);
    assert_eq!(moved.field(FIELD)["person"]["id"], *person);
    assert_eq!(moved.field(FIELD)["person"]["activeSessionInstance"]["id"], *instance);
    let counted = badge.turns("UPDATED", &instance, answered, USUAL).await?;
    assert_eq!(counted.field(FIELD)["sessionInstance"]["presentCount"], 1);

    cancel(&admin, &instance).await?;
    let answered = now();
    let gone = badge.turns("DEACTIVATED", &instance, answered, USUAL).await?;
    assert_eq!(gone.field(FIELD)["sessionInstance"]["isCancelled"], true);
    let moved = own.next_where("own", LIMIT, |received| is_kind(received, "PERSON_MOVED")).await?;
    in_time(moved.at, answered, USUAL)?;
    assert_eq!(moved.field(FIELD)["previousSessionInstance"]["id"], *instance);
    ensure!(moved.field(FIELD)["person"]["activeSessionInstance"].is_null(), "nowhere else to be: {}", moved.message);
    Ok(())
}

#[tokio::test]
async fn badges_turn_while_redis_is_stopped_and_after_it_is_back() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let mut deployment = Deployment::start(&database).await?;
    let session = create_session(&deployment.admin(), "Monday").await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;

    deployment.redis.as_mut().context("there is Redis beside PostgreSQL")?.stop().await?;
    in_one_of_three(async || turn_on_and_cancel(&deployment, &mut badge, &session, WITHOUT_REDIS).await).await?;
    deployment.redis.as_mut().context("there is Redis beside PostgreSQL")?.start_again().await?;
    in_one_of_three(async || turn_on_and_cancel(&deployment, &mut badge, &session, USUAL).await).await?;
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.expect_running()?;
    }
    Ok(())
}

async fn turn_on_and_cancel(
    deployment: &Deployment,
    badge: &mut Badge,
    session: &str,
    tolerance: TimeDelta,
) -> Result<()> {
    let opens = in_seconds(3);
    let instance = create_instance(&deployment.admin(), session, opens, in_seconds(600)).await?;
    badge.turns("ACTIVATED", &instance, opens, tolerance).await?;
    cancel(&deployment.admin(), &instance).await?;
    badge.turns("DEACTIVATED", &instance, now(), tolerance).await?;
    Ok(())
}

const FIELD: &str = "activeSessionChanged";

/// A subscriber without a token, at another server than the one that is asked for changes.
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

    /// The next change of this kind, which comes at most `tolerance` after `due`.
    async fn turns(
        &mut self,
        kind: &str,
        instance: &str,
        due: DateTime<Utc>,
        tolerance: TimeDelta,
    ) -> Result<Received> {
        let is_wanted = |received: &Received| {
            is_kind(received, kind) && received.field(FIELD)["sessionInstanceId"].as_str() == Some(instance)
        };
        let received = self.0.next_where("badge", LIMIT, is_wanted).await.with_context(|| kind.to_owned())?;
        in_time(received.at, due, tolerance)?;
        let shown = &received.field(FIELD)["sessionInstance"];
        ensure!(shown.is_null() || shown["isActive"] == (kind != "DEACTIVATED"), "{kind}, and yet {shown}");
        Ok(received)
    }
}

fn is_kind(received: &Received, kind: &str) -> bool {
    received.field(FIELD)["kind"] == kind
}
