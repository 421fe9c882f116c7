//! The machine's clock is set an hour forward and back again. Statuses, timers and tokens follow the clock. Cursors and the
//! order of the log do not depend on it.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use insession_tests::{Client, Deployment, LIMIT, Received, Shim, Socket, TestDatabase, on_both_databases, token};
use serde_json::{Value, json};

use super::SIZE;
use crate::{
    fixtures::{
        CHANGES, check_in, create_instance, create_person, create_session, in_seconds, instant, instant_for_timers,
        next_sweep_of_instances,
    },
    load::{Load, Tolerance},
};

on_both_databases!(statuses_and_tokens_follow_a_changed_clock,);

async fn statuses_and_tokens_follow_a_changed_clock(database: TestDatabase) -> Result<()> {
    let shim = Shim::new().await?;
    let nowhere = std::path::Path::new("/nonexistent");
    let mut deployment = Deployment::start_with(&database, |settings| shim.before(settings, nowhere)).await?;
    let load = Load::start(&database, &deployment, SIZE, Tolerance::default()).await?;

    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let later = create_instance(&admin, &session, in_seconds(1_800), in_seconds(7_200)).await?;
    let mut badge = Badge::subscribe(&deployment, &session).await?;
    let here = create_instance(&admin, &session, in_seconds(-60), in_seconds(9_000)).await?;
    let there = create_instance(&admin, &session, in_seconds(-60), in_seconds(9_000)).await?;
    let ann = create_person(&admin, "Ann").await?;
    let bob = create_person(&admin, "Bob").await?;
    badge.next_change("ACTIVATED", &there).await?;
    check_in(&admin, &here, "YES", Some(&ann)).await?;
    let short = token::lasting(&ann, TimeDelta::minutes(30));
    let brief = deployment.first().client().with_token(&short);

    for _ in 0..2 {
        shim.set_clock(TimeDelta::hours(1))?;
        badge.next_change("ACTIVATED", &later).await?;
        load.expect_recovery(&deployment.servers).await?;
        let refused = brief.error_code("{ viewer { id } }", json!({})).await?;
        ensure!(refused == "UNAUTHENTICATED", "an expired token was refused with {refused}");
        check_in(&admin, &later, "YES", Some(&ann)).await?;
        badge.next_change("UPDATED", &later).await?;
        ensure!(place_of(&admin, &ann).await? == *later, "Ann is elsewhere");
        // These changes have instants that lie in the future when the clock is set back. In the second round Bob is at
        // `here` already, so he leaves first.
        check_in(&admin, &here, "NO", Some(&bob)).await?;
        check_in(&admin, &here, "YES", Some(&bob)).await?;
        badge.next_change("UPDATED", &here).await?;

        shim.set_clock(TimeDelta::zero())?;
        badge.next_change("DEACTIVATED", &later).await?;
        load.expect_recovery(&deployment.servers).await?;
        brief.data("{ viewer { id } }", json!({})).await?;
        ensure!(place_of(&admin, &ann).await? == *here, "Ann is not where she was before");
        check_in(&admin, &here, "NO", Some(&bob)).await?;
        badge.next_change("UPDATED", &here).await?;
        // The arrival that was reported last counts as the latest, whatever the clock says.
        check_in(&admin, &there, "YES", Some(&bob)).await?;
        check_in(&admin, &here, "YES", Some(&bob)).await?;
        ensure!(place_of(&admin, &bob).await? == *here, "Bob did not get here");
        check_in(&admin, &there, "YES", Some(&ann)).await?;
        ensure!(place_of(&admin, &ann).await? == *there, "Ann did not get there");
        check_in(&admin, &here, "YES", Some(&ann)).await?;
        // Timers work as before: one opens the instance at its instant, before a periodic sweep would.
        let opens = instant_for_timers();
        let soon = create_instance(&admin, &session, opens, in_seconds(9_000)).await?;
        let activated = badge.next_change("ACTIVATED", &soon).await?;
        let at = instant(&activated.field("activeSessionChanged")["occurredAt"])?;
        let sweep = next_sweep_of_instances(opens);
        ensure!(opens <= at && at < sweep, "due at {opens}, it opened at {at}; the next sweep is at {sweep}");
    }

    let mut socket = deployment.first().socket(Some(&short)).await?;
    shim.set_clock(TimeDelta::hours(1))?;
    badge.next_change("ACTIVATED", &later).await?;
    // A socket checks its token with each request and each ping. A ping may have closed it already.
    if let Err(gone) = socket.subscribe("1", CHANGES, json!({})) {
        println!("{gone:#}");
    }
    let closed = socket.closed(LIMIT).await?;
    ensure!(closed.code == 4403, "a socket whose token expired was closed with {closed:?}");
    shim.set_clock(TimeDelta::zero())?;
    badge.next_change("DEACTIVATED", &later).await?;
    load.finish(&database).await?;
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.expect_running()?;
    }
    Ok(())
}

async fn place_of(admin: &Client, person: &str) -> Result<Value> {
    let document = "query($id: ID!) { person(id: $id) { activeSessionInstance { id } } }";
    Ok(admin.data(document, json!({ "id": person })).await?["person"]["activeSessionInstance"]["id"].take())
}

struct Badge(Socket);

impl Badge {
    async fn subscribe(deployment: &Deployment, session: &str) -> Result<Self> {
        let mut socket = deployment.second().socket(None).await?;
        socket.subscribe("badge", CHANGES, json!({ "sessionIds": [session] }))?;
        socket.next_for("badge", LIMIT).await?;
        Ok(Self(socket))
    }

    async fn next_change(&mut self, kind: &str, instance: &str) -> Result<Received> {
        let is_wanted = |received: &Received| {
            let change = received.field("activeSessionChanged");
            change["kind"] == kind && change["sessionInstanceId"] == instance
        };
        self.0.next_where("badge", 2 * LIMIT, is_wanted).await.with_context(|| format!("{kind} of {instance}"))
    }
}
