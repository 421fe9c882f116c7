//! The rows of places: finding, adding, changing and removing them. The callers have locked the activities.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{ActivityId, PersonId, PresenceId, QueuePlaceId},
    presence::PresenceRules,
};
use entity::{activity, queue_place::Model};
use sea_orm::FromQueryResult;

use super::{LockedQueues, Owner, rules_of};
use crate::{
    Error, Result,
    db::{Column, Tx, execute, ids, is_in, list, rows, values_table},
    log::News,
};

/// The place of a visit, or of its person, in the queue of an activity.
pub(crate) async fn find_place(
    tx: &Tx,
    activity: ActivityId,
    visit: PresenceId,
    person: Option<PersonId>,
) -> Result<Option<Model>> {
    let sql = "SELECT * FROM queue_place WHERE activity_id = :activity AND (presence_id = :visit OR person_id = :person) \
               ORDER BY id LIMIT 1";
    let person = person.map(|person| person.0);
    let values = [("activity", activity.0.into()), ("visit", visit.into()), ("person", person.into())];
    Ok(rows(tx, sql, values).await?.pop())
}

/// The places of a visit and of its person in all queues. Those at which the visit waits come first.
pub(crate) async fn find_places_of(tx: &Tx, owner: Owner) -> Result<Vec<Model>> {
    let sql = "SELECT * FROM queue_place WHERE presence_id = :visit OR person_id = :person ORDER BY activity_id";
    let values = [("visit", owner.visit.into()), ("person", owner.person.map(|person| person.0).into())];
    let mut places: Vec<Model> = rows(tx, sql, values).await?;
    places.sort_by_key(|place| !owner.waits_at(place));
    Ok(places)
}

/// Adds a place at the end. The activity is locked, so the order of the ids is the order of joining.
pub(crate) async fn join(
    tx: &Tx,
    rules: &PresenceRules,
    activity: &activity::Model,
    visit: PresenceId,
    owner: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<Model> {
    // On PostgreSQL, all servers use the clock of the database here. The clock may have been set back since the last
    // place was added.
    let (joined_at, start) = if tx.is_postgres() {
        let last = "SELECT joined_at FROM queue_place WHERE activity_id = :activity ORDER BY id DESC LIMIT 1";
        (format!("GREATEST(date_trunc('milliseconds', clock_timestamp()), ({last}))"), None)
    } else {
        (":now".to_owned(), Some(("now", now.into())))
    };
    let sql = format!(
        "INSERT INTO queue_place (activity_id, presence_id, person_id, joined_at, leaves_at) \
         VALUES (:activity, :visit, :owner, {joined_at}, :leaves_at) RETURNING *"
    );
    let mut values = vec![
        ("activity", activity.id.0.into()),
        ("visit", visit.into()),
        ("owner", owner.map(|owner| owner.0).into()),
        ("leaves_at", rules_of(activity).leaves_at(rules, now).into()),
    ];
    values.extend(start);
    let joined: Vec<Model> = rows(tx, &sql, values).await?;
    tx.log(|news| news.occupancy_changed(activity.id));
    joined.into_iter().next().ok_or_else(|| Error::internal("INSERT ... RETURNING returned nothing"))
}

/// Moves a place to another visit of the same person, which keeps it from now on.
pub(crate) async fn carry(tx: &Tx, place: &mut Model, visit: PresenceId) -> Result<()> {
    let sql = "UPDATE queue_place SET presence_id = :visit WHERE id = :place";
    execute(tx, sql, [("visit", visit.into()), ("place", place.id.0.into())]).await?;
    place.presence_id = visit;
    // Both visits are told which of them has the place.
    note_changed(tx, std::slice::from_ref(place));
    Ok(())
}

/// A visit no longer waits at a place. The visit and the queue are locked. Another visit of the person that waits there keeps the
/// place. Otherwise the place is removed. Returns whether it was.
pub(crate) async fn stop_waiting(
    tx: &Tx,
    rules: &PresenceRules,
    visit: PresenceId,
    place: Model,
    now: DateTime<Utc>,
) -> Result<bool> {
    #[derive(FromQueryResult)]
    struct Other {
        id: PresenceId,
        last_seen_at: DateTime<Utc>,
        queue_grace_seconds: i32,
    }
    let sql = "SELECT p.id, p.last_seen_at, a.queue_grace_seconds \
               FROM queue_place q JOIN activity a ON a.id = q.activity_id JOIN presence p ON p.person_id = q.person_id \
               WHERE q.id = :place AND p.id <> :visit AND p.status <> 'COMPLETED' \
                 AND (p.waits_at_id = q.id OR p.id = q.presence_id) ORDER BY p.last_seen_at DESC, p.id LIMIT 1";
    let others: Vec<Other> = rows(tx, sql, [("place", place.id.0.into()), ("visit", visit.into())]).await?;
    let keeps = |other: &Other| {
        let grace = TimeDelta::seconds(other.queue_grace_seconds.into());
        now < rules.offline_at(other.last_seen_at) + grace
    };
    match others.into_iter().find(keeps) {
        Some(other) if place.presence_id == visit => carry(tx, &mut { place }, other.id).await.map(|()| false),
        Some(_) => {
            // The visit is told that only others wait there.
            note_changed(tx, &[place]);
            Ok(false)
        }
        None => remove(tx, &[place]).await.map(|()| true),
    }
}

/// Removes places.
pub(crate) async fn remove(tx: &Tx, places: &[Model]) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let sql = format!("DELETE FROM queue_place WHERE {}", is_in(tx, "id", "places"));
    execute(tx, &sql, [("places", list(tx, places.iter().map(|place| place.id)))]).await?;
    note_changed(tx, places);
    Ok(())
}

/// Logs that these places change or are removed.
fn note_changed(tx: &Tx, places: &[Model]) {
    let activities: BTreeSet<ActivityId> = places.iter().map(|place| place.activity_id).collect();
    tx.log(|news| activities.into_iter().for_each(|activity| news.occupancy_changed(activity)));
}

/// Makes these places due at once. A visit that kept them is completed, so they may be over.
pub(crate) async fn look_again(tx: &Tx, places: &[Model], now: DateTime<Utc>) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE queue_place SET leaves_at = :now WHERE {}", is_in(tx, "id", "places"));
    execute(tx, &sql, [("places", list(tx, places.iter().map(|place| place.id))), ("now", now.into())]).await?;
    tx.log(News::due_changed);
    Ok(())
}

/// Makes all places of an activity due at once, because a setting has changed.
pub(crate) async fn look_at_all_again(tx: &Tx, activity: ActivityId, now: DateTime<Utc>) -> Result<()> {
    let sql = "UPDATE queue_place SET leaves_at = :now WHERE activity_id = :activity";
    execute(tx, sql, [("activity", activity.0.into()), ("now", now.into())]).await?;
    Ok(())
}

/// Removes the places of a person and of the person's visits, which are locked. Returns the activities concerned.
pub(crate) async fn remove_all_of(tx: &Tx, locked: &LockedQueues, person: PersonId) -> Result<BTreeSet<ActivityId>> {
    let sql = "SELECT * FROM queue_place WHERE person_id = :person \
               OR presence_id IN (SELECT id FROM presence WHERE person_id = :person)";
    let places: Vec<Model> = rows(tx, sql, [("person", person.0.into())]).await?;
    locked.check(&places)?;
    remove(tx, &places).await?;
    Ok(places.into_iter().map(|place| place.activity_id).collect())
}

/// Moves the places of `from` to `into`, because they are the same person. If both wait in a queue, the earlier place
/// is kept. If one of them has a seat in the activity, and a heartbeat since `online_since`, no place in its queue is
/// kept. Returns the activities concerned.
pub(crate) async fn merge_places(
    tx: &Tx,
    locked: &LockedQueues,
    from: PersonId,
    into: PersonId,
    online_since: DateTime<Utc>,
) -> Result<BTreeSet<ActivityId>> {
    let both = || [("from", from.0.into()), ("into", into.0.into())];
    let sql = "SELECT * FROM queue_place WHERE person_id = :from OR person_id = :into ORDER BY id";
    let places: Vec<Model> = rows(tx, sql, both()).await?;
    locked.check(&places)?;
    let sql = "SELECT DISTINCT activity_id FROM presence WHERE (person_id = :from OR person_id = :into) \
               AND activity_id IS NOT NULL AND last_seen_at >= :online_since";
    let [from_value, into_value] = both();
    let seated: Vec<ActivityId> = ids(tx, sql, [from_value, into_value, ("online_since", online_since.into())]).await?;
    let mut seen: BTreeSet<ActivityId> = seated.into_iter().collect();
    let concerned: BTreeSet<ActivityId> = places.iter().map(|place| place.activity_id).collect();
    let (kept, needless): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| seen.insert(place.activity_id));
    for place in &needless {
        if let Some(kept) = kept.iter().find(|kept| kept.activity_id == place.activity_id) {
            wait_at(tx, &[from, into], kept.id, place).await?;
        }
    }
    remove(tx, &needless).await?;
    let sql = "UPDATE queue_place SET person_id = :into WHERE person_id = :from";
    execute(tx, sql, both()).await?;
    note_changed(tx, &kept);
    Ok(concerned)
}

/// Visits of these people, who are one person, that wait at the second place wait at the first one from now on.
pub(crate) async fn wait_at(tx: &Tx, people: &[PersonId], kept: QueuePlaceId, needless: &Model) -> Result<()> {
    let sql = format!(
        "UPDATE presence SET waits_at_id = :kept WHERE id = :visit OR (waits_at_id = :needless AND {})",
        is_in(tx, "person_id", "people")
    );
    let values = [
        ("kept", kept.0.into()),
        ("needless", needless.id.0.into()),
        ("visit", needless.presence_id.into()),
        ("people", list(tx, people.iter().copied())),
    ];
    execute(tx, &sql, values).await?;
    Ok(())
}

/// Writes when these offers end.
pub(crate) async fn put_offers(tx: &Tx, offers: &[(QueuePlaceId, DateTime<Utc>)]) -> Result<()> {
    put_instants(tx, "offer_ends_at", offers).await
}

/// Writes an instant of each of these places.
pub(super) async fn put_instants(tx: &Tx, column: &str, instants: &[(QueuePlaceId, DateTime<Utc>)]) -> Result<()> {
    if instants.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::ids("place", instants.iter().map(|(id, _)| Some(*id))),
        Column::Instant("at", instants.iter().map(|(_, at)| Some(*at)).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!("UPDATE queue_place SET {column} = v.at FROM {table} WHERE id = v.place");
    execute(tx, &sql, [values]).await?;
    Ok(())
}
