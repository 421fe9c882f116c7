//! Sessions near a point are found by an index.

use anyhow::{Result, ensure};
use entity::session;
use insession_tests::{TestDatabase, on_both_databases};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, DbBackend, EntityTrait, FromQueryResult, IntoActiveModel,
    JsonValue, QueryFilter, QueryTrait, Statement,
};
use service::sessions::Near;

use super::world::{Done, World, blank_session};

on_both_databases!(neighbours_are_found_by_an_index);

async fn neighbours_are_found_by_an_index(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 12:00").await?;
    // A session at each point of a grid over the earth, and as many without coordinates.
    for longitude in -45..45 {
        let rows = (-22..=22).flat_map(|latitude| {
            [Some((latitude * 40_000_000, longitude * 40_000_000)), None].map(|place: Option<(i32, i32)>| {
                let (north, east) = place.unzip();
                let name = format!("{latitude} {longitude} {}", place.is_some());
                let row = session::Model { latitude: north, longitude: east, ..blank_session(&name, "UTC") };
                session::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() }
            })
        });
        session::Entity::insert_many(rows).exec_without_returning(world.db()).await?;
    }
    world.raw("ANALYZE session").await?;
    let backend = world.db().get_database_backend();
    // Across the 180th meridian there are two ranges of longitudes, and around a pole there is only one of latitudes.
    for (latitude, longitude) in [(48.2, 16.37), (0.0, 179.99), (-0.1, -180.0), (89.9, 10.0)] {
        let near = Near::new(latitude, longitude, 25.0).done()?;
        let query = session::Entity::find().filter(session::Column::DeletedAt.is_null()).filter(near.condition());
        let Statement { sql, values, .. } = query.build(backend);
        let explain = if backend == DbBackend::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
        let statement = Statement { sql: format!("{explain} {sql}"), values, db_backend: backend };
        let plan = JsonValue::find_by_statement(statement).all(world.db()).await?;
        let plan = serde_json::json!(plan).to_string();
        ensure!(plan.contains("idx_session_coordinates"), "{latitude} {longitude}: {plan}");
    }
    Ok(())
}
