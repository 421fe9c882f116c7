//! An activity whose seats begin to count people, or visits, while people have seats and wait (rules 17 and 28).
//!
//! - From visits to people: a person keeps the seat that was taken last, and gives the others back. Of several places in the queue a
//!   person keeps the earliest. Whoever has a seat does not wait.
//! - From people to visits: each seat and place is that of the visit which has it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    ids::{ActivityId, PersonId},
    presence::{PresenceRules, SeatsPer},
};
use entity::{activity, presence, queue_place};
use sea_orm::FromQueryResult;

use super::{
    facts_of, queue,
    visits::{end_leases, free_seats},
};
use crate::{
    Result,
    db::{Tx, execute, ids, rows},
};

/// Makes seats and places follow [`activity::Model::seats_per`], which has just been changed. The activity is locked, and places
/// that are over have been removed.
pub(super) async fn follow(
    tx: &Tx,
    rules: &PresenceRules,
    activity: &activity::Model,
    now: DateTime<Utc>,
) -> Result<()> {
    match activity.seats_per {
        SeatsPer::Person => {
            lock_people(tx, activity.id).await?;
            let seated = keep_one_seat_each(tx, rules, activity.id, now).await?;
            keep_one_place_each(tx, activity.id, seated).await?;
        }
        SeatsPer::Visit => {
            let sql = "UPDATE queue_place SET person_id = NULL WHERE activity_id = :activity AND person_id IS NOT NULL";
            execute(tx, sql, [("activity", activity.id.0.into())]).await?;
        }
    }
    tx.log(|news| news.occupancy_changed(activity.id));
    Ok(())
}

/// Locks the people who wait, in the order of rule 21: their places will refer to them.
async fn lock_people(tx: &Tx, activity: ActivityId) -> Result<()> {
    let sql = format!(
        "SELECT id FROM person WHERE id IN (SELECT p.person_id FROM queue_place q JOIN presence p ON p.id = q.presence_id \
           WHERE q.activity_id = :activity) ORDER BY id {}",
        tx.locking("FOR KEY SHARE")
    );
    let _locked: Vec<PersonId> = ids(tx, &sql, [("activity", activity.0.into())]).await?;
    Ok(())
}

/// Returns who has a seat.
async fn keep_one_seat_each(
    tx: &Tx,
    rules: &PresenceRules,
    activity: ActivityId,
    now: DateTime<Utc>,
) -> Result<BTreeSet<PersonId>> {
    let sql = format!(
        "SELECT * FROM presence WHERE activity_id = :activity AND person_id IS NOT NULL ORDER BY id {}",
        tx.locking("FOR NO KEY UPDATE")
    );
    let held: Vec<presence::Model> = rows(tx, &sql, [("activity", activity.into())]).await?;
    let (mut held, stale): (Vec<_>, Vec<_>) = held.into_iter().partition(|visit| facts_of(visit).is_online(rules, now));
    end_leases(tx, rules, &stale).await?;
    held.sort_by_key(|visit| std::cmp::Reverse(visit.seat_since));
    let mut seated = BTreeSet::new();
    let (_, others): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|visit| visit.person_id.is_some_and(|person| seated.insert(person)));
    free_seats(tx, &others, now).await?;
    Ok(seated)
}

async fn keep_one_place_each(tx: &Tx, activity: ActivityId, mut served: BTreeSet<PersonId>) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Row {
        owner: PersonId,
        #[sea_orm(nested)]
        place: queue_place::Model,
    }
    let sql = "SELECT q.*, p.person_id AS owner FROM queue_place q JOIN presence p ON p.id = q.presence_id \
               WHERE q.activity_id = :activity AND p.person_id IS NOT NULL ORDER BY q.id";
    let waiting: Vec<Row> = rows(tx, sql, [("activity", activity.0.into())]).await?;
    let mut kept = BTreeMap::new();
    let mut needless = Vec::new();
    for Row { owner, place } in waiting {
        if served.insert(owner) {
            kept.insert(owner, place.id);
            continue;
        }
        if let Some(kept) = kept.get(&owner) {
            queue::wait_at(tx, &[owner], *kept, &place).await?;
        }
        needless.push(place);
    }
    queue::remove(tx, &needless).await?;
    let sql = "UPDATE queue_place SET person_id = (SELECT p.person_id FROM presence p WHERE p.id = queue_place.presence_id) \
               WHERE activity_id = :activity";
    execute(tx, sql, [("activity", activity.0.into())]).await?;
    Ok(())
}
