//! A database of an earlier version is migrated without losing anything, and the program works with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use insession_tests::{
    Backend, Postgres, Program, Settings, TestDatabase,
    database::{execute, number},
    on_both_databases,
    program::run,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;

on_both_databases!(database_of_version_0_1_keeps_its_rows_when_migrated);

pub async fn database_of_version_0_1_keeps_its_rows_when_migrated(database: TestDatabase) -> Result<()> {
    restore(&database, "insession-0.1").await?;
    let connection = database.connect().await?;
    // One person was merged into another. Version 0.1 had no foreign key for that.
    execute(&connection, "UPDATE person SET merged_into_id = 1 WHERE id = 4").await?;
    let columns = columns(&connection).await?;
    let before = contents(&connection, &columns).await?;
    ensure!(before["person"].len() == 4 && before["change_log"].len() == 9 && before["audit_entry"].len() == 25);

    let settings = Settings::new(&database.url);
    run(&settings, &["migrate"]).await?.expect_success()?;
    let after = contents(&connection, &columns).await?;
    for (table, rows) in &before {
        assert_eq!(Some(rows), after.get(table), "{table}");
    }

    let server = Program::serve(&settings).await?;
    let query = "{ sessions { totalCount } people { totalCount } bookings { totalCount nodes { status } }
                   session(id: \"Session:3\") { name } person(id: \"Person:2\") { displayName } activity(key: \"interview\") { name }
                   auditLog { totalCount } changeCursor }";
    let data = server.admin().data(query, json!({})).await?;
    // Bookings are listed newest first. Merged people are not listed.
    let statuses = json!([{ "status": "SCHEDULED" }, { "status": "CANCELLED" }, { "status": "ONGOING" }]);
    assert_eq!(data["bookings"], json!({ "totalCount": 3, "nodes": statuses }));
    assert_eq!(data["sessions"]["totalCount"], 3);
    assert_eq!(data["people"]["totalCount"], 3);
    assert_eq!(data["session"]["name"], "セッション");
    assert_eq!(data["person"]["displayName"], "Ben Flute");
    assert_eq!(data["activity"]["name"], "Interview");

    // New rows get ids after those that were there.
    let create = "mutation { createPerson(input: { displayName: \"Dora Drum\" }) { person { id } } }";
    let created = server.admin().data(create, json!({})).await?;
    assert_eq!(created["createPerson"]["person"]["id"], "Person:5");
    ensure!(number(&connection, "SELECT count(*) FROM person WHERE merged_into_id = 1").await? == 1);
    Ok(())
}

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file)
}

/// Fills a database with a copy of the file `name` in `tests/data`.
async fn restore(database: &TestDatabase, name: &str) -> Result<()> {
    match database.backend {
        Backend::Sqlite => {
            let file = database.url.strip_prefix("sqlite://").context("a file")?;
            fs::copy(data(&format!("{name}.sqlite3")), file)?;
        }
        Backend::Postgres => {
            let mut psql = Postgres::shared().await?.program("psql", &database.url);
            psql.args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]);
            psql.stdin(File::open(data(&format!("{name}.pg.sql")))?);
            let output = tokio::task::spawn_blocking(move || psql.output()).await?.context("cannot run psql")?;
            ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    Ok(())
}

/// The names of the tables, and of their columns.
async fn columns(connection: &DatabaseConnection) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let sql = match connection.get_database_backend() {
        sea_orm::DbBackend::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'"
        }
        _ => {
            "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
        }
    };
    let mut columns: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in query(connection, sql).await? {
        columns.entry(row.try_get_by_index(0)?).or_default().insert(row.try_get_by_index(1)?);
    }
    // This table lists the migrations, so it changes.
    columns.remove("seaql_migrations");
    Ok(columns)
}

/// All rows of the tables, each as JSON, sorted. Columns that are not named are left out.
async fn contents(
    connection: &DatabaseConnection,
    columns: &BTreeMap<String, BTreeSet<String>>,
) -> Result<BTreeMap<String, Vec<String>>> {
    let mut contents = BTreeMap::new();
    for (table, columns) in columns {
        let list: Vec<_> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let array = match connection.get_database_backend() {
            sea_orm::DbBackend::Postgres => "json_build_array",
            _ => "json_array",
        };
        let sql = format!("SELECT CAST({array}({}) AS text) FROM \"{table}\" ORDER BY 1", list.join(", "));
        let rows = query(connection, &sql).await?;
        let rows: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        contents.insert(table.clone(), rows);
    }
    Ok(contents)
}

async fn query(connection: &DatabaseConnection, sql: &str) -> Result<Vec<sea_orm::QueryResult>> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.with_context(|| format!("the database refused: {sql}"))
}
