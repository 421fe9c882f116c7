//! Placement of people (rules 13, 14): reads the facts in sets, lets `domain::placement` decide, and writes the result.
//!
//! Locks (rule 21), in this order:
//!
//! 1. The caller has locked the instances that it changes, in the order of their ids.
//! 2. People are locked in the order of their ids. Only then are the facts read.
//! 3. An instance that somebody moves to, and that the caller has not locked, gets a share lock. This lock is out of
//!    order, so it is only tried, never waited for. If it is not free, the transaction starts again.
//!
//! So nobody is ever placed at an instance that has just become inactive, and there are no deadlocks.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    ids::{PersonId, SessionId, SessionInstanceId},
    news::Location,
    placement::{Candidate, PlacementRule, decide_placement},
};
use entity::person;
use sea_orm::FromQueryResult;

use crate::{
    db::{Column, Named, Tx, execute, is_in, list, numbers, rows, values_table},
    error::{Error, Result},
    log::ChangeTarget,
};

/// A changed placement of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    pub person: PersonId,
    pub from: Option<SessionInstanceId>,
    pub to: Option<SessionInstanceId>,
}

/// The people whose placement to compute.
#[derive(Debug, Clone, Copy)]
pub enum Affected<'a> {
    /// The people who said yes to one of these instances or are placed there. The status of the instances has just
    /// changed.
    Of { activated: &'a [SessionInstanceId], deactivated: &'a [SessionInstanceId] },
    /// These people.
    People(&'a [PersonId]),
}

#[derive(FromQueryResult)]
struct PersonRow {
    id: PersonId,
    is_deactivated: bool,
    active_session_instance_id: Option<SessionInstanceId>,
}

#[derive(FromQueryResult)]
struct CandidateRow {
    person_id: PersonId,
    session_instance_id: SessionInstanceId,
    starts_at: Option<DateTime<Utc>>,
    arrived_at: Option<DateTime<Utc>>,
    checked_in_at: DateTime<Utc>,
}

/// Computes the placements of the affected people from the facts that this transaction sees, writes them, and logs who
/// moved.
///
/// `held` contains the instances that this transaction has locked.
pub async fn update_placements(
    tx: &Tx,
    rule: PlacementRule,
    affected: Affected<'_>,
    held: &BTreeSet<SessionInstanceId>,
) -> Result<Vec<Move>> {
    let people = lock_people(tx, affected).await?;
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let candidates = read_candidates(tx, &people, affected).await?;
    let moves: Vec<Move> = people
        .iter()
        .filter_map(|person| {
            let yeses = candidates.get(&person.id).map_or(&[][..], Vec::as_slice);
            decide_move(rule, person.id, person.is_deactivated, person.active_session_instance_id, yeses)
        })
        .collect();
    lock_targets(tx, &moves, held).await?;
    write_moves(tx, &moves, affected).await?;
    Ok(moves)
}

fn decide_move(
    rule: PlacementRule,
    person: PersonId,
    is_deactivated: bool,
    from: Option<SessionInstanceId>,
    yeses: &[Candidate],
) -> Option<Move> {
    let to = if is_deactivated { None } else { decide_placement(rule, yeses) };
    (from != to).then_some(Move { person, from, to })
}

/// Computes the placement of one locked person from facts that were read under this lock. Writes it at the end of the
/// transaction.
///
/// `yeses` are the person's yeses to active instances. `held` contains the instances that this transaction has locked.
/// `targets` contains the change targets that the caller knows.
pub async fn update_placement_of(
    tx: &Tx,
    rule: PlacementRule,
    person: &person::Model,
    yeses: &[Candidate],
    held: &BTreeSet<SessionInstanceId>,
    mut targets: HashMap<SessionInstanceId, ChangeTarget>,
) -> Result<Option<Move>> {
    let moved = decide_move(rule, person.id, person.is_deactivated, person.active_session_instance_id, yeses);
    let Some(moved) = moved else { return Ok(None) };
    lock_targets(tx, &[moved], held).await?;
    tx.write_later(
        "UPDATE person SET active_session_instance_id = :instance WHERE id = :person",
        [("instance", moved.to.map(|instance| instance.0).into()), ("person", person.id.into())],
    );
    let involved: BTreeSet<SessionInstanceId> = [moved.from, moved.to].into_iter().flatten().collect();
    let unknown: BTreeSet<SessionInstanceId> =
        involved.iter().filter(|id| !targets.contains_key(id)).copied().collect();
    if !unknown.is_empty() {
        targets.extend(find_targets(tx, &unknown).await?);
    }
    log_moves(tx, &[moved], &targets, involved);
    Ok(Some(moved))
}

async fn lock_people(tx: &Tx, affected: Affected<'_>) -> Result<Vec<PersonRow>> {
    let lock = tx.locking("FOR NO KEY UPDATE");
    let columns = "id, is_deactivated, active_session_instance_id";
    match affected {
        Affected::People(ids) => {
            let sql = format!("SELECT {columns} FROM person WHERE {} ORDER BY id {lock}", is_in(tx, "id", "people"));
            rows(tx, &sql, [("people", list(tx, ids.iter().copied()))]).await
        }
        Affected::Of { activated, deactivated } => {
            let sql = format!(
                "SELECT {columns} FROM person WHERE id IN (\
                   SELECT person_id FROM check_in WHERE {} AND attendance = 'YES' \
                   UNION SELECT id FROM person WHERE {}) ORDER BY id {lock}",
                is_in(tx, "session_instance_id", "activated"),
                is_in(tx, "active_session_instance_id", "deactivated"),
            );
            let values = [
                ("activated", list(tx, activated.iter().copied())),
                ("deactivated", list(tx, deactivated.iter().copied())),
            ];
            rows(tx, &sql, values).await
        }
    }
}

/// Locks the people whose placement a new status of this instance may change, and one more person, in the order of
/// their ids.
pub async fn lock_people_of(tx: &Tx, instance: SessionInstanceId, besides: PersonId) -> Result<()> {
    if tx.is_postgres() {
        let sql = "SELECT id FROM person WHERE id IN (\
                     SELECT person_id FROM check_in WHERE session_instance_id = :instance AND attendance = 'YES' \
                     UNION SELECT id FROM person WHERE active_session_instance_id = :instance \
                     UNION SELECT id FROM person WHERE id = :besides) ORDER BY id FOR NO KEY UPDATE";
        numbers(tx, sql, [("instance", instance.into()), ("besides", besides.into())]).await?;
    }
    Ok(())
}

/// Reads the yeses to active instances among which these people's placements are decided.
///
/// For instances whose status changed, the stored placements make most yeses unnecessary:
///
/// - A person who stays at a placement has lost no better one. Only the opened instances and the placement itself
///   count.
/// - A person without a placement had no yes to an active instance. Only the opened instances count.
/// - A person whose instance closed needs all their yeses.
async fn read_candidates(
    tx: &Tx,
    people: &[PersonRow],
    affected: Affected<'_>,
) -> Result<HashMap<PersonId, Vec<Candidate>>> {
    let yeses = "SELECT c.person_id, c.session_instance_id, i.starts_at, c.arrived_at, c.checked_in_at \
                 FROM check_in c JOIN session_instance i ON i.id = c.session_instance_id AND i.is_active";
    let found: Vec<CandidateRow> = match affected {
        Affected::People(ids) => {
            let sql = format!("{yeses} WHERE c.attendance = 'YES' AND {}", is_in(tx, "c.person_id", "people"));
            rows_for(tx, people, &sql, vec![("people", list(tx, ids.iter().copied()))]).await?
        }
        Affected::Of { activated, deactivated } => {
            let closed: BTreeSet<SessionInstanceId> = deactivated.iter().copied().collect();
            let placed = |person: &&PersonRow| person.active_session_instance_id.is_some();
            let (displaced, staying): (Vec<_>, Vec<_>) = people
                .iter()
                .filter(placed)
                .partition(|person| person.active_session_instance_id.is_some_and(|place| closed.contains(&place)));
            let sql = format!(
                "{yeses} WHERE c.attendance = 'YES' AND {opened} \
                 UNION ALL {yeses} \
                   JOIN person p ON p.id = c.person_id AND p.active_session_instance_id = c.session_instance_id \
                   WHERE c.attendance = 'YES' AND {staying} \
                 UNION ALL {yeses} WHERE c.attendance = 'YES' AND {displaced}",
                opened = is_in(tx, "c.session_instance_id", "opened"),
                staying = is_in(tx, "p.id", "staying"),
                displaced = is_in(tx, "c.person_id", "displaced"),
            );
            let ids = |people: Vec<&PersonRow>| list(tx, people.into_iter().map(|person| person.id));
            let values = vec![
                ("opened", list(tx, activated.iter().copied())),
                ("staying", ids(staying)),
                ("displaced", ids(displaced)),
            ];
            rows_for(tx, people, &sql, values).await?
        }
    };
    let mut candidates: HashMap<PersonId, Vec<Candidate>> = HashMap::new();
    for row in found {
        candidates.entry(row.person_id).or_default().push(Candidate {
            instance: row.session_instance_id,
            starts_at: row.starts_at,
            arrived_at: row.arrived_at,
            checked_in_at: row.checked_in_at,
        });
    }
    Ok(candidates)
}

/// Reads rows with a query plan for exactly these lists. After some executions PostgreSQL uses a generic plan for lists
/// of any length, which is bad for long ones: it would read every yes that these people ever gave. Afterwards generic
/// plans are allowed again, because planning each foreign key check would double the cost of a sweep.
async fn rows_for<T: FromQueryResult>(tx: &Tx, people: &[PersonRow], sql: &str, values: Vec<Named>) -> Result<Vec<T>> {
    if !tx.is_postgres() || people.len() == 1 {
        return rows(tx, sql, values).await;
    }
    execute(tx, "SET LOCAL plan_cache_mode = force_custom_plan", []).await?;
    let found = rows(tx, sql, values).await?;
    execute(tx, "SET LOCAL plan_cache_mode = auto", []).await?;
    Ok(found)
}

async fn lock_targets(tx: &Tx, moves: &[Move], held: &BTreeSet<SessionInstanceId>) -> Result<()> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let wanted: BTreeSet<SessionInstanceId> =
        moves.iter().filter_map(|m| m.to).filter(|to| !held.contains(to)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let is_wanted = is_in(tx, "id", "wanted");
    let sql = format!("SELECT id FROM session_instance WHERE {is_wanted} AND is_active FOR SHARE SKIP LOCKED");
    let locked = numbers(tx, &sql, [("wanted", list(tx, wanted.iter().copied()))]).await?;
    if locked.len() == wanted.len() { Ok(()) } else { Err(Error::Again("a target instance is being changed")) }
}

async fn write_moves(tx: &Tx, moves: &[Move], affected: Affected<'_>) -> Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    let columns = vec![
        Column::ids("id", moves.iter().map(|m| Some(m.person))),
        Column::ids("instance", moves.iter().map(|m| m.to)),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!("UPDATE person SET active_session_instance_id = v.instance FROM {table} WHERE person.id = v.id");
    execute(tx, &sql, [values]).await?;
    let mut involved = BTreeSet::new();
    for moved in moves {
        involved.extend([moved.from, moved.to].into_iter().flatten());
    }
    let targets = find_targets(tx, &involved).await?;
    // Instances whose status changed in this transaction need no extra change for counts: their own messages show the new
    // counts.
    if let Affected::Of { activated, deactivated } = affected {
        for id in activated.iter().chain(deactivated) {
            involved.remove(id);
        }
    }
    log_moves(tx, moves, &targets, involved);
    Ok(())
}

/// Logs who moved, and the instances whose counts changed.
fn log_moves(
    tx: &Tx,
    moves: &[Move],
    targets: &HashMap<SessionInstanceId, ChangeTarget>,
    counted: BTreeSet<SessionInstanceId>,
) {
    tx.log(|news| {
        for Move { person, from, to } in moves {
            let about = |id: Option<SessionInstanceId>| id.and_then(|id| targets.get(&id).cloned());
            news.person_moved(*person, about(*from), about(*to));
        }
        for instance in counted {
            news.counts_changed(instance);
        }
    });
}

/// The change targets of these instances.
async fn find_targets(tx: &Tx, ids: &BTreeSet<SessionInstanceId>) -> Result<HashMap<SessionInstanceId, ChangeTarget>> {
    #[derive(FromQueryResult)]
    struct Named {
        id: SessionInstanceId,
        session_id: SessionId,
        city: Option<String>,
        country: Option<String>,
    }
    let sql = format!(
        "SELECT i.id, i.session_id, s.city, s.country FROM session_instance i JOIN session s ON s.id = i.session_id WHERE {}",
        is_in(tx, "i.id", "instances")
    );
    let named: Vec<Named> = rows(tx, &sql, [("instances", list(tx, ids.iter().copied()))]).await?;
    let named = named.into_iter().map(|row| {
        let instance = row.id;
        let location = Location { city: row.city, country: row.country };
        (instance, ChangeTarget { session: row.session_id, instance, location })
    });
    Ok(named.collect())
}
