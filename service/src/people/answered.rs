//! The instances that people have answered, for the transactions that erase and merge people.

use std::collections::BTreeSet;

use domain::ids::{PersonId, SessionInstanceId};

use crate::{
    Result,
    db::{Tx, ids, is_in, list, numbers},
};

/// The instances with a check-in of any of these people.
pub(super) async fn find_answered_by(tx: &Tx, people: &[PersonId]) -> Result<BTreeSet<SessionInstanceId>> {
    let sql = format!("SELECT session_instance_id FROM check_in WHERE {}", is_in(tx, "person_id", "people"));
    Ok(ids(tx, &sql, [("people", list(tx, people.iter().copied()))]).await?.into_iter().collect())
}

/// Locks the instances with a check-in of any of these people in the order of their ids (rule 21), and returns their ids. `lock` is
/// that of PostgreSQL, such as `FOR SHARE`, which keeps their status as it is.
pub(super) async fn lock_answered_by(
    tx: &Tx,
    people: &[PersonId],
    lock: &'static str,
) -> Result<BTreeSet<SessionInstanceId>> {
    let answered = find_answered_by(tx, people).await?;
    if tx.is_postgres() {
        let is_answered = is_in(tx, "id", "answered");
        let sql = format!("SELECT id FROM session_instance WHERE {is_answered} ORDER BY id {lock}");
        numbers(tx, &sql, [("answered", list(tx, answered.iter().copied()))]).await?;
    }
    Ok(answered)
}
