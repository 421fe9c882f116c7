//! Merges two people who are the same person. Check-ins, visits, roles of organiser and bookings of both belong to the
//! one who is left.
//!
//! If both checked in to an instance, the later check-in counts, and an arrival of either. The row of the other stays,
//! hidden, with its external id: somebody who signs in as the other is the person who is left (`sign_in`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{ActivityId, PersonId, SessionInstanceId},
    presence::SeatsPer,
};
use entity::{activity, check_in, person, presence};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};
use serde_json::{Value, json};

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    bookings::lock_open_of_person,
    db::{Tx, execute, ids, numbers, rows},
    people::{
        Person,
        answered::{find_answered_by, lock_answered_by},
        browsers::{end_guest_keys_of, end_sign_ins_of},
        profile::is_someone,
    },
    presence::{
        queue::{lock_queues_of_people, merge_places, settle_queues},
        visits::free_seats,
    },
    rights,
    status::placement::{Affected, update_placements},
    transaction,
};

/// Merges `from` into `into`. Only for administrators. The profile of `into` stays; empty fields are filled from the
/// other. The placement is hidden if one of them hid it.
///
/// # Errors
/// [`Error::Conflict`] if they have booked each other's time slots, or have overlapping slots.
pub async fn merge_people(app: &App, viewer: Viewer, from: PersonId, into: PersonId) -> Result<Person> {
    rights::require_admin(viewer, "to merge people", "merge people")?;
    if from == into {
        return Err(Error::invalid("intoId", "must be another person than fromId"));
    }
    merge(app, viewer, from, into).await
}

/// Merges a guest into the person who has signed in.
pub(crate) async fn merge_guest(app: &App, viewer: Viewer, guest: PersonId, person: PersonId) -> Result<()> {
    merge(app, viewer, guest, person).await.map(drop)
}

/// The person, and the people who were merged into them.
pub(super) async fn with_merged<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<PersonId>> {
    ids(db, "SELECT id FROM person WHERE id = :person OR merged_into_id = :person", [("person", id.into())]).await
}

async fn merge(app: &App, viewer: Viewer, from: PersonId, into: PersonId) -> Result<Person> {
    let now = app.now();
    let (merged, freed) = transaction!(app, now, |tx| {
        let queues = lock_queues_of_people(tx, &[from, into]).await?;
        let answered = lock_answered_by(tx, &[from, into], "FOR SHARE").await?;
        let bookings = lock_open_of_person(tx, from).await?;
        let [mut gone, mut left] = lock_both(tx, from, into).await?;
        if find_answered_by(tx, &[from, into]).await? != answered || lock_open_of_person(tx, from).await? != bookings {
            return Err(Error::Again("check-ins or bookings of these people changed meanwhile"));
        }
        merge_check_ins(tx, from, into).await?;
        merge_bookings(tx, from, into).await?;
        let mut freed = give_back_second_seats(tx, from, into, now).await?;
        freed.extend(merge_places(tx, &queues, from, into, app.presence.rules.online_since(now)).await?);
        for sql in [
            "INSERT INTO session_organizer (session_id, person_id) SELECT session_id, :into FROM session_organizer \
             WHERE person_id = :from ON CONFLICT DO NOTHING",
            "UPDATE presence SET person_id = :into WHERE person_id = :from",
            "UPDATE api_key SET person_id = :into WHERE person_id = :from AND NOT is_for_guest AND NOT is_sign_in",
            "UPDATE person SET merged_into_id = :into WHERE merged_into_id = :from",
        ] {
            execute(tx, sql, [("from", from.into()), ("into", into.into())]).await?;
        }
        execute(tx, "DELETE FROM session_organizer WHERE person_id = :from", [("from", from.into())]).await?;

        left.city = left.city.or_else(|| gone.city.clone());
        left.hides_place |= gone.hides_place;
        let becomes_a_member = left.is_guest && !gone.is_guest;
        left.is_guest &= gone.is_guest;
        end_guest_keys_of(tx, from, now).await?;
        end_sign_ins_of(tx, from, now).await?;
        if becomes_a_member {
            end_guest_keys_of(tx, into, now).await?;
            tx.log(|news| news.standing_changed(into));
        }
        left.country = left.country.or_else(|| gone.country.clone());
        left.into_active_model().reset_all().update(tx).await?;
        gone.is_deactivated = true;
        gone.tokens_not_before = Some(now);
        gone.merged_into_id = Some(into);
        gone.into_active_model().reset_all().update(tx).await?;
        tx.log(|news| news.standing_changed(from));
        tx.audit(
            viewer,
            "mergePeople",
            from,
            Changes::default().with("mergedInto", Value::Null, json!(into.to_string())),
        );
        tx.audit(
            viewer,
            "mergePeople",
            into,
            Changes::default().with("mergedFrom", Value::Null, json!(from.to_string())),
        );
        update_placements(tx, app.placement_rule, Affected::People(&[from, into]), &answered).await?;
        let row = person::Entity::find_by_id(into).one(tx).await?;
        let merged = row.map(Person::from).ok_or_else(|| Error::not_found("person", into))?;
        Ok((merged, freed))
    })?;
    settle_queues(app, freed).await;
    Ok(merged)
}

/// A person has one seat in an activity whose seats count people (rule 17). If both people have one, that of `from` is
/// free.
async fn give_back_second_seats(
    tx: &Tx,
    from: PersonId,
    into: PersonId,
    now: DateTime<Utc>,
) -> Result<BTreeSet<ActivityId>> {
    let sql = format!(
        "SELECT * FROM presence WHERE person_id = :from OR person_id = :into ORDER BY id {}",
        tx.locking("FOR NO KEY UPDATE")
    );
    let visits: Vec<presence::Model> = rows(tx, &sql, [("from", from.into()), ("into", into.into())]).await?;
    let counting_people =
        activity::Entity::find().filter(activity::Column::SeatsPer.eq(SeatsPer::Person)).all(tx).await?;
    let has_seat = |person: PersonId, activity| {
        visits.iter().any(|visit| visit.person_id == Some(person) && visit.activity_id == Some(activity))
    };
    let twice: BTreeSet<ActivityId> =
        counting_people.iter().map(|row| row.id).filter(|id| has_seat(from, *id) && has_seat(into, *id)).collect();
    let is_second = |visit: &presence::Model| {
        visit.person_id == Some(from) && visit.activity_id.is_some_and(|activity| twice.contains(&activity))
    };
    let second: Vec<_> = visits.iter().filter(|visit| is_second(visit)).cloned().collect();
    free_seats(tx, &second, now).await?;
    Ok(twice)
}

/// Locks both people. This excludes new rows that refer to them: whoever inserts one locks the person's key.
async fn lock_both(tx: &Tx, from: PersonId, into: PersonId) -> Result<[person::Model; 2]> {
    let both = person::Entity::find()
        .filter(person::Column::Id.is_in([from.0, into.0]))
        .order_by_asc(person::Column::Id)
        .lock(LockType::Update)
        .all(tx)
        .await?;
    let find = |id: PersonId| {
        let row = both.iter().find(|row| row.id == id && is_someone(row));
        row.cloned().ok_or_else(|| Error::not_found("person", id))
    };
    Ok([find(from)?, find(into)?])
}

async fn merge_check_ins(tx: &Tx, from: PersonId, into: PersonId) -> Result<()> {
    let both = check_in::Entity::find().filter(check_in::Column::PersonId.is_in([from.0, into.0])).all(tx).await?;
    let mut by_instance: BTreeMap<SessionInstanceId, Vec<check_in::Model>> = BTreeMap::new();
    for row in both {
        by_instance.entry(row.session_instance_id).or_default().push(row);
    }
    for (instance, mut answers) in by_instance {
        answers.sort_by_key(|row| (row.checked_in_at, row.id));
        let Some(mut kept) = answers.pop() else { continue };
        if let Some(other) = answers.pop() {
            if kept.attendance == Attendance::Yes {
                kept.arrived_at = kept.arrived_at.max(other.arrived_at);
            }
            other.delete(tx).await?;
            tx.log(|news| news.counts_changed(instance));
        }
        kept.person_id = into;
        kept.into_active_model().reset_all().update(tx).await?;
    }
    Ok(())
}

async fn merge_bookings(tx: &Tx, from: PersonId, into: PersonId) -> Result<()> {
    let people = || [("from", from.into()), ("into", into.into())];
    let with_each_other = "SELECT id FROM booking WHERE (mentor_id = :from AND student_id = :into) \
                           OR (mentor_id = :into AND student_id = :from) LIMIT 1";
    if !numbers(tx, with_each_other, people()).await?.is_empty() {
        return Err(Error::Conflict(Refusal::BookedEachOther));
    }
    let overlapping = "WITH busy AS ( \
                         SELECT mentor_id AS person, starts_at, ends_at FROM time_slot \
                          WHERE deleted_at IS NULL AND mentor_id IN (:from, :into) \
                         UNION ALL \
                         SELECT b.student_id, t.starts_at, t.ends_at FROM booking b JOIN time_slot t ON t.id = b.time_slot_id \
                          WHERE b.status IN ('SCHEDULED', 'ONGOING') AND b.student_id IN (:from, :into)) \
                       SELECT CAST(1 AS bigint) FROM busy a JOIN busy b ON b.starts_at < a.ends_at AND a.starts_at < b.ends_at \
                       WHERE a.person = :from AND b.person = :into LIMIT 1";
    if !numbers(tx, overlapping, people()).await?.is_empty() {
        return Err(Error::Conflict(Refusal::BusyAtOnce));
    }
    execute(tx, "UPDATE booking SET student_id = :into WHERE student_id = :from", people()).await?;
    // A booking has the mentor of its slot. A foreign key enforces this, so both must change together.
    if tx.is_postgres() {
        let sql = "WITH slots AS (UPDATE time_slot SET mentor_id = :into WHERE mentor_id = :from) \
                   UPDATE booking SET mentor_id = :into WHERE mentor_id = :from";
        execute(tx, sql, people()).await?;
    } else {
        execute(tx, "PRAGMA defer_foreign_keys = ON", []).await?;
        for table in ["time_slot", "booking"] {
            execute(tx, &format!("UPDATE {table} SET mentor_id = :into WHERE mentor_id = :from"), people()).await?;
        }
    }
    Ok(())
}
