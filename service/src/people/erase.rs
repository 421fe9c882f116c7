//! Erases a person. Nothing is left that says who they were or where they have been. Counts stay.
//!
//! What goes: the name, city, country and external id; check-ins and visits; the role of organiser; API keys; offered
//! time slots; the person's part in the audit log and in the change log.
//!
//! What stays: a row without a name, because past bookings refer to it; the number of people who said yes to a meeting
//! that has begun (`erased_count`); the number of visits in each hour; a keyed hash of each external id
//! (`erased_identity`).
//!
//! All tokens of the person end at once. With the hashes, a token from before the erasure is refused and registers
//! nobody.

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    booking::BookingStatus,
    check_in::Attendance,
    ids::{ApiKeyId, PersonId, SessionInstanceId},
    search,
};
use entity::{booking, person};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, sea_query::LockType};
use serde_json::json;

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    bookings::{end_open, lock_open_of_person},
    db::{Tx, execute, ids, is_in, list, text_list},
    people::{
        answered::{find_answered_by, lock_answered_by},
        erased_identity::note_erasure,
        merge::with_merged,
        profile::is_someone,
    },
    presence::{
        queue::{lock_queues_of_people, settle_queues},
        visits::erase_visits,
    },
    rights,
    status::placement::{Affected, update_placements},
    transaction,
};

/// The name that is shown for an erased person.
const NAMELESS: &str = "Erased";

/// Erases a person. Only for the person and administrators. This cannot be undone.
///
/// # Errors
/// [`Error::NotFound`] if there is no such person, or the person is already erased or merged into another.
pub async fn erase_person(app: &App, viewer: Viewer, id: PersonId) -> Result<()> {
    rights::require_signed_in(viewer, "to erase a person")?;
    rights::require(viewer.may_act_for(id), Refusal::PersonOnly("erase a person"))?;
    // The person's own API keys are deleted too, so the audit log cannot name one of them.
    let viewer = Viewer { api_key: viewer.api_key.filter(|_| !viewer.is(id)), ..viewer };
    let key = app.cursor_key().await?;
    let now = app.now();
    let freed = transaction!(app, now, |tx| {
        // Lock in the order of rule 21: queues, instances, slots, bookings, the person. Then check that nothing was added
        // before the person was locked.
        let queues = lock_queues_of_people(tx, &[id]).await?;
        let answered = lock_answered_by(tx, &[id], "FOR NO KEY UPDATE").await?;
        let bookings = lock_open_of_person(tx, id).await?;
        // This lock excludes new rows that refer to the person: whoever inserts one locks the person's key.
        let row = person::Entity::find_by_id(id).lock(LockType::Update).one(tx).await?;
        let row = row.filter(is_someone).ok_or_else(|| Error::not_found("person", id))?;
        if find_answered_by(tx, &[id]).await? != answered || lock_open_of_person(tx, id).await? != bookings {
            return Err(Error::Again("the person's check-ins or bookings changed meanwhile"));
        }
        erase_check_ins(tx, id, now).await?;
        erase_bookings(tx, viewer, id, bookings, now).await?;
        let freed = erase_visits(tx, &queues, id, now).await?;
        // Before the keys go, which say what is about them in the log.
        erase_from_logs(tx, id).await?;
        execute(tx, "DELETE FROM session_organizer WHERE person_id = :person", [("person", id.into())]).await?;
        execute(tx, "DELETE FROM api_key WHERE person_id = :person", [("person", id.into())]).await?;
        let sql = "SELECT external_id FROM person \
                   WHERE (id = :person OR merged_into_id = :person) AND external_id IS NOT NULL";
        note_erasure(tx, key, &ids::<String, _>(tx, sql, [("person", id.into())]).await?, now).await?;
        let sql = "UPDATE person SET display_name = :nameless, name_key = :nameless, city = NULL, country = NULL, \
                     external_id = NULL WHERE merged_into_id = :person";
        execute(tx, sql, [("person", id.into()), ("nameless", NAMELESS.into())]).await?;
        nameless(&row, now).into_active_model().reset_all().update(tx).await?;
        tx.log(|news| news.standing_changed(id));
        tx.audit(viewer, "erasePerson", id, Changes::default().with("isErased", json!(false), json!(true)));
        update_placements(tx, app.placement_rule, Affected::People(&[id]), &answered).await?;
        Ok(freed)
    })?;
    settle_queues(app, freed).await;
    Ok(())
}

/// The row without personal data.
fn nameless(row: &person::Model, now: DateTime<Utc>) -> person::Model {
    person::Model {
        display_name: NAMELESS.to_owned(),
        name_key: search::key(NAMELESS),
        city: None,
        country: None,
        is_deactivated: true,
        hides_place: true,
        external_id: None,
        tokens_not_before: Some(now),
        erased_at: Some(now),
        ..row.clone()
    }
}

/// Deletes check-ins. Meetings that have begun keep their counts; upcoming meetings no longer count the person.
async fn erase_check_ins(tx: &Tx, id: PersonId, now: DateTime<Utc>) -> Result<()> {
    let sql = "SELECT session_instance_id FROM check_in WHERE person_id = :person AND attendance = :yes";
    let attended: Vec<SessionInstanceId> =
        ids(tx, sql, [("person", id.into()), ("yes", Attendance::Yes.into())]).await?;
    let sql = format!(
        "UPDATE session_instance SET erased_count = erased_count + 1 \
         WHERE {} AND (opens_at <= :now OR (opens_at IS NULL AND listed_at <= :now))",
        is_in(tx, "id", "attended")
    );
    execute(tx, &sql, [("attended", list(tx, attended.iter().copied())), ("now", now.into())]).await?;
    execute(tx, "DELETE FROM check_in WHERE person_id = :person", [("person", id.into())]).await?;
    tx.log(|news| attended.iter().for_each(|instance| news.counts_changed(*instance)));
    Ok(())
}

/// Removes from the logs what they say about the person, and about people who were merged into the person. The entries that the
/// erasure itself makes are written later.
async fn erase_from_logs(tx: &Tx, id: PersonId) -> Result<()> {
    let all = with_merged(tx, id).await?;
    let sql = format!("UPDATE change_log SET person_id = NULL WHERE {}", is_in(tx, "person_id", "people"));
    execute(tx, &sql, [("people", list(tx, all.iter().copied()))]).await?;
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    // The names of API keys, too, were chosen by the person.
    let sql = format!("SELECT id FROM api_key WHERE {}", is_in(tx, "person_id", "people"));
    let keys: Vec<ApiKeyId> = ids(tx, &sql, [("people", list(tx, all.iter().copied()))]).await?;
    let sql = format!("UPDATE audit_entry SET changes = '{{}}' WHERE {}", is_in(tx, "node", "nodes"));
    let nodes = names.iter().cloned().chain(keys.iter().map(ToString::to_string));
    execute(tx, &sql, [("nodes", text_list(tx, nodes))]).await?;
    let sql = format!("DELETE FROM idempotency_key WHERE {}", is_in(tx, "actor", "people"));
    execute(tx, &sql, [("people", text_list(tx, names))]).await?;
    Ok(())
}

/// Ends the bookings of the person, and deletes offered slots without a booking.
async fn erase_bookings(
    tx: &Tx,
    viewer: Viewer,
    id: PersonId,
    open: Vec<booking::Model>,
    now: DateTime<Utc>,
) -> Result<()> {
    for row in open {
        let ended = end_open(tx, &row, now).await?;
        let (from, to) = (json!(row.status), json!(ended.as_str()));
        tx.audit(viewer, "erasePerson", row.id, Changes::default().with("status", from, to));
    }
    let sql = "UPDATE time_slot SET deleted_at = :now WHERE mentor_id = :person AND deleted_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM booking WHERE time_slot_id = time_slot.id AND status <> :cancelled)";
    let cancelled = BookingStatus::Cancelled.as_str();
    execute(tx, sql, [("person", id.into()), ("now", now.into()), ("cancelled", cancelled.into())]).await?;
    Ok(())
}
