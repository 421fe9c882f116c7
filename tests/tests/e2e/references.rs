//! Each column whose name ends in `_id` is a foreign key, or is listed here with the reason why it is not.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use insession_tests::{TestDatabase, database::number, on_both_databases};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use service::db::Db;

use crate::load::test_error;

on_both_databases!(each_reference_is_a_foreign_key_or_has_a_reason);

/// The log is written with every change of a status, and is only ever appended to and pruned. A foreign key would lock
/// each row that the log names, in the order of the log, although the log is written last. Deleted rows stay, marked as
/// deleted, for as long as the log names them.
const LOG: &str = "change_log names rows without locking them";

/// The name that an identity provider has for a person.
const EXTERNAL: &str = "external_id names nothing in this database";

/// Places are deleted often. A foreign key would write the visits of each deleted place.
const PLACE: &str = "waits_at_id may name a place that is gone; ids of places are not used again";

const EXCEPTIONS: [(&str, &str, &str); 11] = [
    ("change_log", "activity_id", LOG),
    ("change_log", "booking_id", LOG),
    ("change_log", "mentor_id", LOG),
    ("change_log", "person_id", LOG),
    ("change_log", "previous_session_id", LOG),
    ("change_log", "previous_session_instance_id", LOG),
    ("change_log", "session_id", LOG),
    ("change_log", "session_instance_id", LOG),
    ("change_log", "student_id", LOG),
    ("person", "external_id", EXTERNAL),
    ("presence", "waits_at_id", PLACE),
];

async fn each_reference_is_a_foreign_key_or_has_a_reason(database: TestDatabase) -> Result<()> {
    let db = Db::connect(&database.url, 2).await.map_err(test_error)?;
    db.migrate().await.map_err(test_error)?;
    let connection = database.connect().await?;
    let (named, foreign) = match connection.get_database_backend() {
        DbBackend::Postgres => (
            r"SELECT table_name::text, column_name::text FROM information_schema.columns
               WHERE table_schema = 'public' AND column_name LIKE '%\_id'",
            "SELECT c.conrelid::regclass::text, a.attname::text
               FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
              WHERE c.contype = 'f'",
        ),
        _ => (
            r"SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
               WHERE t.type = 'table' AND c.name LIKE '%\_id' ESCAPE '\'",
            r#"SELECT t.name, f."from" FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"#,
        ),
    };
    let (named, foreign) = (pairs(&connection, named).await?, pairs(&connection, foreign).await?);
    let exceptions: BTreeSet<_> =
        EXCEPTIONS.iter().map(|(table, column, _)| ((*table).to_owned(), (*column).to_owned())).collect();
    let without: BTreeSet<_> = named.difference(&foreign).cloned().collect();
    assert_eq!(without, exceptions);
    if connection.get_database_backend() == DbBackend::Postgres {
        let unchecked = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated";
        ensure!(number(&connection, unchecked).await? == 0, "a constraint was added and not validated");
    }
    Ok(())
}

async fn pairs(connection: &DatabaseConnection, sql: &str) -> Result<BTreeSet<(String, String)>> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}
