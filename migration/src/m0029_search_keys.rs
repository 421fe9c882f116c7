//! The keys by which names are searched and ordered: without accents, and with one form of each mark. See `domain::search`.
//!
//! Servers of the previous version still write keys with accents. Such a name is found without its accents after its next
//! change.

use domain::search;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        write_keys(manager, search::key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        write_keys(manager, str::to_lowercase).await
    }
}

/// How many rows are read in one step.
const READ: u64 = 1_000;

async fn write_keys(manager: &SchemaManager<'_>, key_of: fn(&str) -> String) -> Result<(), DbErr> {
    let db = manager.get_connection();
    for (table, name) in [("session", "name"), ("person", "display_name")] {
        let mut after = i64::MIN;
        loop {
            let query = Query::select()
                .columns(["id", name, "name_key"])
                .from(table)
                .and_where(Expr::col("id").gt(after))
                .order_by("id", Order::Asc)
                .limit(READ)
                .to_owned();
            let rows = db.query_all(&query).await?;
            let Some(last) = rows.last() else { break };
            after = last.try_get("", "id")?;
            for row in &rows {
                let (id, name, before): (i64, String, String) =
                    (row.try_get("", "id")?, row.try_get("", name)?, row.try_get("", "name_key")?);
                let key = key_of(&name);
                if key != before {
                    let update = Query::update()
                        .table(table)
                        .value("name_key", key)
                        .and_where(Expr::col("id").eq(id))
                        .to_owned();
                    db.execute(&update).await?;
                }
            }
        }
    }
    Ok(())
}
