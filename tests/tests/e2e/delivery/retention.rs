//! The log is pruned after its retention, and cursors expire with it.

use std::sync::Arc;

use anyhow::{Result, ensure};
use chrono::{NaiveDate, TimeDelta, Utc};
use domain::{
    access::Viewer,
    clock::{Clock, ManualClock},
    ids::{SessionId, SessionInstanceId},
    news::Position,
    placement::PlacementRule,
    zone::Tz,
};
use entity::session_instance;
use insession_tests::{
    Program, Settings, TestDatabase,
    database::{execute, number},
    now, on_both_databases,
};
use sea_orm::{DatabaseConnection, EntityTrait, QueryOrder};
use serde_json::json;
use service::{
    App,
    app::NoJobQueue,
    db::Db,
    instances,
    log::{self, wake::Wake},
    prune, sessions,
};

use super::{FIELD, LIMIT, NEWS, app_on, set_active, test_error};
use crate::fixtures::{create_active_instance, create_session};

on_both_databases!(
    cursors_from_before_the_pruned_log_expire,
    log_is_pruned_from_its_start_and_keeps_its_last_batch,
    deleted_instances_are_pruned_when_over_and_no_longer_in_the_log,
);

async fn cursors_from_before_the_pruned_log_expire(database: TestDatabase) -> Result<()> {
    let mut server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let mut socket = server.socket(None).await?;
    socket.subscribe("1", NEWS, json!({}))?;
    let first = socket.next_for("1", LIMIT).await?.field(FIELD)["cursor"].clone();
    let mut cursors = vec![first];
    for active in [false, true, false, true] {
        set_active(&admin, &instance, active).await?;
        cursors.push(socket.next_for("1", LIMIT).await?.field(FIELD)["cursor"].clone());
    }

    // All batches but the last two become eight days old.
    let connection = database.connect().await?;
    let eight_days_ago = (now() - TimeDelta::days(8)).to_rfc3339();
    let old = "first_position < (SELECT MAX(first_position) FROM change_batch) - 1";
    execute(&connection, &format!("UPDATE change_batch SET occurred_at = '{eight_days_ago}' WHERE {old}")).await?;
    server.terminate().await?;
    let pruned = prune::prune(&app_on(&database).await?).await.map_err(test_error)?;
    ensure!(pruned.batches > 0, "nothing was pruned");
    assert_eq!(number(&connection, "SELECT count(*) FROM change_batch").await?, 2);
    assert_eq!(number(&connection, "SELECT count(*) FROM change_log").await?, 2);
    server.start_again().await?;

    // The log has the last two changes, so cursors from directly before them are valid.
    let mut socket = server.socket(None).await?;
    for (index, cursor) in cursors.iter().enumerate() {
        let id = format!("{index}");
        socket.subscribe(&id, NEWS, json!({ "after": cursor }))?;
        if index < 2 {
            let answer = socket.any_for(&id, LIMIT).await?;
            assert_eq!(answer.kind(), "error", "{index}: {}", answer.message);
            assert_eq!(answer.message["payload"][0]["extensions"]["code"], "CURSOR_EXPIRED");
        } else {
            for due in &cursors[index + 1..] {
                assert_eq!(socket.next_for(&id, LIMIT).await?.field(FIELD)["cursor"], *due);
            }
        }
    }
    Ok(())
}

/// The service on an empty database, with a clock that the test moves.
struct World {
    app: App,
    clock: Arc<ManualClock>,
    connection: DatabaseConnection,
}

const START: &str = "2025-06-14T12:00:00Z";

impl World {
    async fn new(database: &TestDatabase) -> Result<Self> {
        let clock = Arc::new(ManualClock::at(START.parse()?));
        let db = Db::connect(&database.url, 4).await.map_err(test_error)?;
        db.migrate().await.map_err(test_error)?;
        let app = App::new(db, clock.clone(), Wake::local(), Arc::new(NoJobQueue), PlacementRule::default());
        Ok(Self { app, clock, connection: database.connect().await? })
    }

    async fn session(&self) -> Result<SessionId> {
        let new = sessions::NewSession {
            name: "Monday".to_owned(),
            path: None,
            city: None,
            state: None,
            country: None,
            location: None,
            latitude: None,
            longitude: None,
            time_zone: Tz::UTC,
            recurrence: None,
            active_buffer_minutes_before: 0,
            active_buffer_minutes_after: 0,
            auto_create_instances: false,
            auto_create_hours_ahead: 24,
            initiation_date: None,
            termination_date: None,
            skips: Vec::new(),
            check_in_codes: domain::door::CheckInCodes::None,
            requires_code: false,
            description: None,
            website: None,
            picture_url: None,
        };
        let row = sessions::insert_session(&self.app, Viewer::ADMIN, new).await.map_err(test_error)?;
        Ok(row.id)
    }

    async fn instance(&self, session: SessionId, date: NaiveDate) -> Result<SessionInstanceId> {
        let new = instances::NewInstance {
            session,
            date,
            start_time: "00:30:00".parse().ok(),
            end_time: "23:30:00".parse().ok(),
            location_override: None,
            allows_duplicate: false,
        };
        let row = instances::insert_instance(&self.app, Viewer::ADMIN, new).await.map_err(test_error)?;
        Ok(row.id)
    }

    async fn set_active(&self, instance: SessionInstanceId, active: bool) -> Result<()> {
        instances::set_override(&self.app, Viewer::ADMIN, instance, active, None).await.map_err(test_error)?;
        log::publish(&self.app).await.map_err(test_error)?;
        Ok(())
    }

    async fn positions(&self) -> Result<Vec<i64>> {
        let read = log::read_after(&self.app.db, Position(0), 100).await.map_err(test_error)?;
        Ok(read.into_iter().map(|change| change.position.0).collect())
    }

    async fn prune(&self) -> Result<prune::Pruned> {
        prune::prune(&self.app).await.map_err(test_error)
    }

    async fn instances(&self) -> Result<Vec<i64>> {
        let all = session_instance::Entity::find().order_by_asc(session_instance::Column::Id);
        Ok(all.all(&self.connection).await?.into_iter().map(|row| row.id.0).collect())
    }

    fn today(&self) -> NaiveDate {
        self.clock.now().date_naive()
    }
}

async fn log_is_pruned_from_its_start_and_keeps_its_last_batch(database: TestDatabase) -> Result<()> {
    let world = World::new(&database).await?;
    let session = world.session().await?;
    let instance = world.instance(session, world.today()).await?;
    log::publish(&world.app).await.map_err(test_error)?;
    for day in 1..=4 {
        world.clock.advance(TimeDelta::days(1));
        world.set_active(instance, day % 2 == 0).await?;
    }
    assert_eq!(world.positions().await?, [1, 2, 3, 4, 5]);
    // By its clock the third batch is as old as the first. It must stay, or the log would have a gap.
    let start: chrono::DateTime<Utc> = START.parse()?;
    execute(
        &world.connection,
        &format!("UPDATE change_batch SET occurred_at = '{}' WHERE first_position = 3", start.to_rfc3339()),
    )
    .await?;
    world.clock.set(start + TimeDelta::days(8));
    assert_eq!(world.prune().await?.batches, 1);
    assert_eq!(world.positions().await?, [2, 3, 4, 5]);
    assert_eq!(world.prune().await?.batches, 0);
    assert_eq!(log::oldest(&world.app).await.map_err(test_error)?, Position(2));

    world.clock.advance(TimeDelta::days(365));
    assert_eq!(world.prune().await?.batches, 3);
    assert_eq!(world.positions().await?, [5], "the last batch stays, because it holds the position");
    world.set_active(instance, false).await?;
    world.set_active(instance, true).await?;
    assert_eq!(world.positions().await?, [5, 6, 7]);
    world.clock.advance(TimeDelta::days(2));
    let short = world.app.clone().keeping_changes_for(TimeDelta::days(1));
    assert_eq!(prune::prune(&short).await.map_err(test_error)?.batches, 2);
    assert_eq!(world.positions().await?, [7]);
    Ok(())
}

async fn deleted_instances_are_pruned_when_over_and_no_longer_in_the_log(database: TestDatabase) -> Result<()> {
    let world = World::new(&database).await?;
    let session = world.session().await?;
    let today = world.today();
    let soon = world.instance(session, today + TimeDelta::days(1)).await?;
    let later = world.instance(session, today + TimeDelta::days(30)).await?;
    let kept = world.instance(session, today).await?;
    log::publish(&world.app).await.map_err(test_error)?;
    for instance in [soon, later] {
        instances::delete_instance(&world.app, Viewer::ADMIN, instance).await.map_err(test_error)?;
    }
    world.set_active(kept, false).await?;
    assert_eq!(world.prune().await?.instances, 0);

    // They were deleted long ago, but the log still reaches back to that.
    world.clock.advance(TimeDelta::days(20));
    let patient = world.app.clone().keeping_changes_for(TimeDelta::days(100));
    assert_eq!(prune::prune(&patient).await.map_err(test_error)?.instances, 0);
    // After another change, the deleted instance that is over is pruned.
    world.set_active(kept, true).await?;
    assert_eq!(world.prune().await?.instances, 1);
    assert_eq!(world.instances().await?, [later.0, kept.0]);
    // A deleted instance in the future stays, so that its occurrence is not created again.
    world.clock.advance(TimeDelta::days(18));
    assert_eq!(world.prune().await?.instances, 0);
    world.clock.advance(TimeDelta::days(2));
    assert_eq!(world.prune().await?.instances, 1);
    assert_eq!(world.instances().await?, [kept.0]);
    Ok(())
}
