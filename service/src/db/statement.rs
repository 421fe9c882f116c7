//! Statements that are written by hand.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, TryGetable, Value};

use crate::error::{Error, Result};

fn statement<C: ConnectionTrait>(db: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// Runs one statement. Returns how many rows it affected.
pub(crate) async fn execute<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    Ok(db.execute_raw(statement(db, sql, values)).await?.rows_affected())
}

/// Reads rows into `T`.
pub(crate) async fn rows<T: FromQueryResult, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>> {
    Ok(T::find_by_statement(statement(db, sql, values)).all(db).await?)
}

/// Reads the first column of each row as a number.
pub(crate) async fn numbers<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<i64>> {
    ids(db, sql, values).await
}

/// Reads the first column of each row as an id.
pub(crate) async fn ids<T: TryGetable, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>> {
    let found = db.query_all_raw(statement(db, sql, values)).await?;
    found.iter().map(|row| row.try_get_by_index::<T>(0).map_err(Error::from)).collect()
}
